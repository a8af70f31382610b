"""What an answer of OANDA, or the lack of one, means: done, refused, nothing sent, or in doubt; pure, sends nothing.

A write is refused only by a refusal that can be read, and not sent only where no byte has left; all else is in doubt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from rickctl.adapters.oanda.hosts import SANDBOX
from rickctl.adapters.oanda.parse import parse_json
from rickctl.adapters.transport import Why, WireFailure
from rickctl.domain.errors import OrderRejected, OutcomeUnknown, RickctlError, SetupError, Unreachable
from rickctl.domain.instants import SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rickctl.adapters.oanda.hosts import Hosts
    from rickctl.adapters.transport import Answer

OK, CREATED, BAD_REQUEST, NO_TOKEN, FORBIDDEN, NOT_FOUND, BUSY = 200, 201, 400, 401, 403, 404, 429
AGAIN = frozenset({OK, BUSY, 500, 502, 503, 504})
"""Statuses after which a failed read may be tried again; 200 with half a body is one."""

_LONGEST_WORDS = 200
_LONGEST_WAIT_S = 86_400


class Reply(NamedTuple):
    """A parsed answer and its circumstances; instants are ours. `skew_ns`: the venue's clock minus ours, at the least.

    `skew_ns` is None where the answer had no date to measure by.
    """

    status: int
    body: Mapping[str, Any]
    request_id: str | None
    sent_ns: int
    received_ns: int
    skew_ns: int | None


def name_of(hosts: Hosts) -> str:
    """`oanda practice`, as messages have it; the exchange on this machine is named as such."""
    return "the sandbox exchange" if hosts.source == SANDBOX else f"oanda {hosts.mode.value}"


def not_sent(hosts: Hosts, failure: WireFailure) -> Unreachable:
    """The failure of a read, or of a write of which no byte has left."""
    if failure.why is Why.RATE:
        return Unreachable(f"{name_of(hosts)}: {failure.detail}", code="rate_limited")
    if failure.why in {Why.TRUNCATED, Why.GARBLED, Why.TOO_LARGE}:
        return Unreachable(f"{name_of(hosts)} sent no answer that can be read: {failure.detail}", code="bad_answer")
    return Unreachable(f"{name_of(hosts)} does not answer: {failure.detail}", code="venue_away")


def judge_failed_write(hosts: Hosts, failure: WireFailure) -> RickctlError:
    """A write without a whole answer: in doubt, unless no byte of it has left."""
    if not failure.has_left:
        return not_sent(hosts, failure)
    return _in_doubt(hosts, failure.detail)


def judge_read(hosts: Hosts, answer: Answer) -> dict[str, Any]:
    """The body of a read that was answered. Raises Unreachable, SetupError."""
    try:
        body = parse_json(answer.body)
    except ValueError as error:
        body, malformed = None, str(error)
    if answer.status == OK:
        if body is not None:
            return body
        message = f"{name_of(hosts)} sent no answer that can be read: {malformed}"
        raise Unreachable(message, code="bad_answer", request_id=answer.headers.get("requestid"))
    words = _words(body)
    if answer.status in {NO_TOKEN, FORBIDDEN}:
        raise _no_entry(hosts, answer, words)
    if body is not None and answer.status in {BAD_REQUEST, NOT_FOUND} and "account" in words.lower():
        raise _no_account(hosts, answer, words)
    raise _read_refused(hosts, answer, words)


def judge_write(hosts: Hosts, answer: Answer) -> dict[str, Any]:
    """The body of a write the venue took. Raises OrderRejected, SetupError, OutcomeUnknown."""
    try:
        body = parse_json(answer.body)
    except ValueError as error:
        if answer.status == NO_TOKEN:
            raise _no_entry(hosts, answer, "") from None
        raise _in_doubt(hosts, f"status {answer.status}, and {error}", answer) from None
    refusal = _refusal(body)
    is_done = answer.status in {OK, CREATED}
    if is_done and refusal is None:
        return body
    if is_done or BAD_REQUEST <= answer.status < 500:  # noqa: PLR2004 - above it the server failed
        if refusal is not None:
            raise _rejected(hosts, answer, _words(body), refusal)
        if answer.status in {NO_TOKEN, FORBIDDEN} and "errorMessage" in body:
            raise _no_entry(hosts, answer, _words(body))
        if "errorMessage" in body:
            raise _rejected(hosts, answer, _words(body), None)
    raise _in_doubt(hosts, f"status {answer.status}", answer)


def retry_after_ns(headers: Mapping[str, str]) -> int:
    """How long the venue asks to wait; zero where it does not say so in seconds."""
    text = headers.get("retry-after", "")
    return min(int(text), _LONGEST_WAIT_S) * SECOND_NS if text.isascii() and text.isdecimal() else 0


def _refusal(body: Mapping[str, Any]) -> str | None:
    """Why the venue refused, in its own word, from the code or a rejecting transaction."""
    code = body.get("errorCode")
    if isinstance(code, str) and code:
        return code
    for name, transaction in body.items():
        if name.endswith("RejectTransaction") and name != "orderReissueRejectTransaction":
            reason = transaction.get("rejectReason") if isinstance(transaction, dict) else None
            return str(reason or "REJECTED")
    return None


def _words(body: Mapping[str, Any] | None) -> str:
    words = (body or {}).get("errorMessage")
    return words[:_LONGEST_WORDS] if isinstance(words, str) else ""


def _rejected(hosts: Hosts, answer: Answer, words: str, code: str | None) -> OrderRejected:
    said = words or code or f"status {answer.status}"
    message = f"{name_of(hosts)} said no: {said}"
    return OrderRejected(message, code="venue_rejected", venue_code=code, request_id=answer.headers.get("requestid"))


def _no_entry(hosts: Hosts, answer: Answer, words: str) -> SetupError:
    said = words or f"status {answer.status}"
    message = f"{name_of(hosts)} does not accept the token: {said}"
    hint = f"rickctl login oanda --mode {hosts.mode.value}"
    return SetupError(message, code="bad_token", hint=hint, request_id=answer.headers.get("requestid"))


def _no_account(hosts: Hosts, answer: Answer, words: str) -> SetupError:
    message = f"{name_of(hosts)} does not know the account: {words}"
    return SetupError(
        message, code="account_refused", hint="rickctl whoami", request_id=answer.headers.get("requestid")
    )


def _read_refused(hosts: Hosts, answer: Answer, words: str) -> Unreachable:
    request_id = answer.headers.get("requestid")
    if answer.status == BUSY:
        wait_s = retry_after_ns(answer.headers) // SECOND_NS
        message = f"{name_of(hosts)} asks for fewer requests" + (f"; try again in {wait_s} s" if wait_s else "")
        return Unreachable(message, code="rate_limited", request_id=request_id)
    said = f": {words}" if words else ""
    message = f"{name_of(hosts)} answered with status {answer.status}{said}"
    return Unreachable(message, code="venue_failed", request_id=request_id)


def _in_doubt(hosts: Hosts, why: str, answer: Answer | None = None) -> OutcomeUnknown:
    message = f"{name_of(hosts)} may have acted: {why}"
    request_id = None if answer is None else answer.headers.get("requestid")
    return OutcomeUnknown(message, code="outcome_unknown", request_id=request_id)
