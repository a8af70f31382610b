"""`python -m rickctl` and the console script: real streams and the real environment in, an exit code out."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line of this process."""
    from rickctl.app import system_app  # noqa: PLC0415 - `--version` imports no more than it must
    from rickctl.cli import run  # noqa: PLC0415

    return run(sys.argv[1:], system_app())


if __name__ == "__main__":
    sys.exit(main())
