"""Stable integer noise and how a node of the path splits; no float, no state, no library whose answers may change."""

from __future__ import annotations

from math import isqrt
from typing import NamedTuple

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15

ONE = 1 << 16
"""Scale of shares, of their square roots and of the bound factors."""

SLACK = 256
"""More than flooring can add up to over every level of a tree."""


def mixed(value: int) -> int:
    """64 bits that look unrelated for neighbouring values."""
    value = (value * _GOLDEN) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def key_of(text: str) -> int:
    """A 63-bit key from text; the same in every process and Python."""
    key = 0
    for byte in text.encode():
        key = mixed(key ^ byte)
    return key >> 1


class Cascade(NamedTuple):
    """How a node shares its variance: 16 equally likely splits, and the furthest a tree of each depth can stray.

    Rows are the left share, its root, the right share's root and the middle's deviation times √3, all by 1 << 16.
    `reach[d]` times a node's sigma, shifted down by 16, bounds how far its inside goes beyond its ends when `d` levels
    lie below it.
    """

    rows: tuple[tuple[int, int, int, int], ...]
    reach: tuple[int, ...]


def build_cascade(lopsided_percent: int, levels: int, below: int = 0) -> Cascade:
    """A cascade whose halves differ by up to `lopsided_percent` from even, on top of a tree that reaches `below`."""
    shares = [ONE // 2 + ONE * lopsided_percent * (2 * choice - 15) // 3000 for choice in range(16)]
    rows = tuple(
        (share, isqrt(share * ONE), isqrt((ONE - share) * ONE), isqrt(3 * share * (ONE - share))) for share in shares
    )
    steepest = max(max(row[1], row[2]) for row in rows) + 1
    widest = max(row[3] for row in rows) + 1
    reach = [below]
    for _ in range(levels):
        reach.append(widest + (steepest * reach[-1] >> 16) + 2)
    return Cascade(rows, tuple(reach))


def uniform(bits: int, sigma: int) -> int:
    """A value between plus and minus √3 `sigma`, every one as likely, so its deviation is `sigma`."""
    return sigma * _ROOT_OF_THREE * ((bits >> 39) - (1 << 24)) >> 40


def split(
    index: int, x_first: int, x_last: int, sigma: int, rows: tuple[tuple[int, int, int, int], ...]
) -> tuple[int, int, int]:
    """The value in the middle of a node, and the deviations of its left and its right half.

    One uniform a node: what a longer stretch adds up to sums those of every level, and is bell-shaped by that.
    """
    # `mixed`, written out: this is the innermost line of every search, and a call would be a fifth of it.
    bits = (index * _GOLDEN) & _MASK
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & _MASK
    bits ^= bits >> 31
    share, left, right, middle = rows[bits & 15]
    noise = sigma * middle * ((bits >> 39) - (1 << 24)) >> 40
    return x_first + ((x_last - x_first) * share >> 16) + noise, sigma * left >> 16, sigma * right >> 16


_ROOT_OF_THREE = isqrt(3 * ONE * ONE)
