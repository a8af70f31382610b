"""HTTP/1.1 to one host with a total deadline, one send and no second try; knows no venue, no account and no retry.

Time-outs of a socket bound one read each: neither a body that drips nor a name look-up is stopped by them. Here every
read gets what is left of one deadline. What fails says whether a byte of the request can have left. Redirects are
answers like any other, proxies and `.netrc` of the environment are never read, certificates are always checked.
"""

from __future__ import annotations

from rickctl.adapters.transport.dial import Deadline, Host, Why, WireFailure
from rickctl.adapters.transport.http import MOST_BODY, Answer, Connection, Opened, Request, redacted
from rickctl.adapters.transport.rates import Allowance, Limits, private_folder

__all__ = [
    "MOST_BODY",
    "Allowance",
    "Answer",
    "Connection",
    "Deadline",
    "Host",
    "Limits",
    "Opened",
    "Request",
    "Why",
    "WireFailure",
    "private_folder",
    "redacted",
]
