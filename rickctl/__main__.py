"""`python -m rickctl` and the console script: real streams and the real environment in, an exit code out."""

from __future__ import annotations

import os
import sys

_INTERRUPTED = 130


def main() -> int:
    """Run the command line of this process."""
    try:
        _open_streams()
        from rickctl.app.system import system_app  # noqa: PLC0415 - `--version` imports no more than it must
        from rickctl.cli import run  # noqa: PLC0415

        return run(sys.argv[1:], system_app())
    except KeyboardInterrupt:
        return _INTERRUPTED


def _open_streams() -> None:
    """Put nothing where a stream was closed: else the next file opened, the database even, becomes that stream."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            mode = "w" if number else "r"
            while (opened := os.open(os.devnull, os.O_RDWR)) < number:
                continue
            setattr(sys, name, open(opened, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - open until the end


if __name__ == "__main__":
    sys.exit(main())
