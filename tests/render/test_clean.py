"""Text from outside cannot steer a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rickctl.render.clean import clean_text


@pytest.mark.parametrize(
    ("dirty", "shown"),
    [
        ("\x1b]0;pwned\x07", "�]0;pwned�"),
        ("\x1b[31mred\x1b[0m", "�[31mred�[0m"),
        ("two\nlines\r", "two�lines�"),
        ("tab\there", "tab here"),
        ("\u202eevil\u2066", "�evil�"),
        ("zero\u200bwidth", "zero�width"),
        ("csi \x9b31m", "csi �31m"),
        ("[bold]markup[/bold]", "[bold]markup[/bold]"),
        ("−500.00 USD ≥ 0.80 ✗", "−500.00 USD ≥ 0.80 ✗"),
    ],
)
def test_control_and_invisible_characters_are_shown_as_replacements(dirty: str, shown: str) -> None:
    assert clean_text(dirty) == shown


@given(st.text())
def test_no_text_gets_a_control_character_through(text: str) -> None:
    cleaned = clean_text(text)

    assert len(cleaned) == len(text)
    assert not any(ord(sign) < 32 or 0x7F <= ord(sign) < 0xA0 for sign in cleaned)
