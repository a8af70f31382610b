"""Makes text from outside harmless: no control, escape, bidirectional or invisible character gets through."""

from __future__ import annotations

import unicodedata

_DROPPED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def clean_text(text: str) -> str:
    """`text` on one line with every character that is not a visible sign or a plain space replaced by `�`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        " " if sign == "\t" else "�" if unicodedata.category(sign) in _DROPPED_CATEGORIES else sign for sign in text
    )


def escape_hidden(text: str) -> str:
    """JSON `text` with each such character as an escape: the value stays what it was, a terminal sees none of it."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(sign) if unicodedata.category(sign) in _DROPPED_CATEGORIES else sign for sign in text)


def _escape(sign: str) -> str:
    pairs = sign.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{pairs[place]:02x}{pairs[place + 1]:02x}" for place in range(0, len(pairs), 2))
