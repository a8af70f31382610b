"""A Secret Service that owns its name and never answers; run by path, ends when it is killed."""

from __future__ import annotations

import sys
from time import sleep

from jeepney import message_bus  # type: ignore[import-untyped]
from jeepney.io.blocking import Proxy, open_dbus_connection  # type: ignore[import-untyped]


def main() -> None:
    """Take the name, say so, and never read another message."""
    bus = Proxy(message_bus, open_dbus_connection(bus="SESSION"))
    bus.RequestName("org.freedesktop.secrets")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sleep(600)


if __name__ == "__main__":
    main()
