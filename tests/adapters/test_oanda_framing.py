"""A body is the same however it was framed and however the network cut it; broken framing is never a body."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rickctl.adapters.transport.http import Body

PARTS = st.lists(st.binary(min_size=1, max_size=40) | st.just(b"\r\n") | st.just(b"5\r\nabcde\r\n"), max_size=8)
CUTS = st.lists(st.integers(0, 400), max_size=12)
CHUNKED = {"transfer-encoding": "chunked"}


def taken(headers: dict[str, str], wire: bytes, cuts: list[int]) -> tuple[bytes, Body]:
    """What a body makes of bytes that come in these pieces."""
    body = Body(200, headers)
    places = [0, *sorted(min(cut, len(wire)) for cut in cuts), len(wire)]
    found = b"".join(body.take(wire[start:end]) for start, end in itertools.pairwise(places) if end > start)
    return found, body


@given(PARTS, CUTS, st.booleans(), st.sampled_from(["%x", "%X", "00%x", "%x;name=value"]))
def test_chunks_are_put_together(parts: list[bytes], cuts: list[int], ends: bool, size: str) -> None:  # noqa: FBT001 - drawn
    wire = b"".join((size % len(part)).encode() + b"\r\n" + part + b"\r\n" for part in parts)
    found, body = taken(CHUNKED, wire + (b"0\r\n\r\n" if ends else b""), cuts)
    assert found == b"".join(parts)
    assert body.has_ended is body.is_whole is ends


@given(PARTS, CUTS, st.integers(1, 30))
def test_chunks_that_break_off_are_no_whole_body(parts: list[bytes], cuts: list[int], lost: int) -> None:
    wire = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    found, body = taken(CHUNKED, wire[: max(0, len(wire) - lost - 4)], cuts)
    assert not body.is_whole
    assert b"".join(parts).startswith(found)


@given(st.binary(max_size=200), st.binary(max_size=20), CUTS)
def test_a_body_of_a_stated_length_ends_there(content: bytes, more: bytes, cuts: list[int]) -> None:
    found, body = taken({"content-length": str(len(content))}, content + more, cuts)
    assert found == content
    assert body.has_ended


@given(st.binary(max_size=200), CUTS)
def test_a_body_without_a_length_goes_on_to_the_end_of_the_connection(content: bytes, cuts: list[int]) -> None:
    found, body = taken({}, content, cuts)
    assert found == content
    assert (body.has_ended, body.is_whole) == (False, True)


@pytest.mark.parametrize("wire", [b"zz\r\nab\r\n", b"-2\r\nab\r\n", b"ffffffff\r\n", b"\r\n\r\n", b"x" * 300])
def test_a_chunk_of_no_size_is_refused(wire: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        Body(200, CHUNKED).take(wire)


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_that_has_no_body_has_none(status: int) -> None:
    assert Body(status, {"content-length": "5"}).has_ended


@pytest.mark.parametrize("length", ["-5", "many", "", "5, 5", "0x5", "５"])
def test_a_length_that_is_none_is_refused(length: str) -> None:
    with pytest.raises(ValueError, match="length"):
        Body(200, {"content-length": length})
