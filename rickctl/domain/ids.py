"""Names of orders: our number within a scope, and the client order id a venue knows it by."""

from __future__ import annotations


def order_number(client_order_id: str) -> int:
    """The order's number within its scope, which ends every client order id we make; raises ValueError for another."""
    return int(client_order_id.rpartition("-")[2])
