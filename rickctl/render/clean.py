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
