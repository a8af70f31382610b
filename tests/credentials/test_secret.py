"""A secret never shows itself, and is found in a text whatever shape it took."""

from __future__ import annotations

import copy
import pickle
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rickctl.domain.credentials import (
    HIDDEN,
    Secret,
    Slot,
    account_variable_of,
    hide,
    hide_all,
    mask_account,
    variable_of,
)
from rickctl.domain.scope import Mode
from tests.credentials.kit import TOKEN

TEXTS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=12, max_size=80)
AROUND = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=9)


def test_a_secret_shows_nothing_in_any_way_of_printing() -> None:
    secret = Secret(TOKEN)
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r:>80}", f"{[secret]}", "%s" % secret, ascii(secret)]  # noqa: UP031 - one way more
    assert not any(TOKEN[:8] in text for text in shown)
    assert not hasattr(secret, "__dict__")
    assert secret.reveal() == TOKEN


@pytest.mark.parametrize("write", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_secret_is_not_written_down_or_copied(write: object) -> None:
    assert callable(write)
    with pytest.raises(TypeError, match="not written down"):
        write(Secret(TOKEN))


def test_secrets_are_equal_as_their_texts() -> None:
    assert Secret("a") == Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2


@given(TEXTS, AROUND, AROUND)
def test_a_secret_is_hidden_in_every_shape(text: str, before: str, after: str) -> None:
    secret = [Secret(text)]
    assert text not in hide(before + text + after, secret)
    for encoded in (quote(text), quote(text, safe=""), quote_plus(text)):
        assert HIDDEN in hide(before + encoded + after, secret)
    for encode in (b64encode, urlsafe_b64encode):
        long = encode((before + text + after).encode()).decode()
        hidden = hide(long, secret)
        assert HIDDEN in hidden
        # Of what is left, at most the digits that a secret shares with its neighbours are its own.
        assert len(long) - len(hidden) + len(HIDDEN) >= len(text) * 8 // 6 - 2


def test_short_secrets_do_not_tear_words_apart() -> None:
    assert hide("a cat sat", [Secret("a"), Secret("")]) == "a cat sat"


def test_what_an_environment_names_and_what_looks_like_a_token_is_hidden_too() -> None:
    text = f"sent {TOKEN} and abcdefgh12 to the venue"
    environment = {"COINBASE_API_SECRET": "abcdefgh12", "HOME": "venue", "EMPTY_TOKEN": ""}
    assert hide_all(text, (), environment) == f"sent {HIDDEN} and {HIDDEN} to the venue"


@pytest.mark.parametrize(
    ("slot", "name"),
    [
        (Slot("oanda", Mode.PRACTICE), "OANDA_PRACTICE_TOKEN"),
        (Slot("oanda", Mode.LIVE), "OANDA_LIVE_TOKEN"),
        (Slot("oanda", Mode.LIVE, "001-001-7-001"), "OANDA_LIVE_TOKEN_001_001_7_001"),
    ],
)
def test_a_slot_has_its_name_in_the_environment(slot: Slot, name: str) -> None:
    assert variable_of(slot) == name


def test_an_account_id_has_its_name_in_the_environment() -> None:
    assert account_variable_of(Slot("oanda", Mode.PRACTICE, "x")) == "OANDA_PRACTICE_ACCOUNT_ID"


@pytest.mark.parametrize(
    ("account", "shown"),
    [("101-001-1234567-001", "101-***-001"), ("demo1", "***o1"), ("u123", "***"), ("a-b", "***"), ("", "***")],
)
def test_an_account_is_masked(account: str, shown: str) -> None:
    assert mask_account(account) == shown
