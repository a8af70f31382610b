"""Failures as `rickctl: …` and `hint: …`, or as one JSON object; cleans every word and never shows a traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from rickctl.render.clean import clean_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from rickctl.domain.errors import ExitCode, RickctlError
    from rickctl.domain.orders import Verdict
    from rickctl.domain.scope import Scope


_UNKNOWN = "unknown"
"""What a rule measured where an earlier one had nothing to measure: not worth a line of its own."""


_LONGEST = 1_000
"""Characters of one message: what was typed is told back, but not a whole file of it."""


def write_failure(error: RickctlError, *, exit_code: ExitCode, as_json: bool, err: TextIO) -> None:
    """One failure on stderr."""
    if as_json:
        from rickctl.render.write import json_text  # noqa: PLC0415 - people get two lines instead

        err.write(json_text(failure_record(error, exit_code)) + "\n")
    else:
        word = {"refused": "refused: ", "rejected": "rejected: ", "unknown": "outcome unknown: "}.get(
            error.category, ""
        )
        err.write(clean_text(f"rickctl: {word}{_shortened(error.message)}{_recorded(error)}") + "\n")
        said_no = [verdict for verdict in error.verdicts if not verdict.passed and verdict.measured != _UNKNOWN]
        if len(said_no) > 1:
            err.writelines(clean_text(f"  {verdict_text(verdict)}") + "\n" for verdict in said_no)
        if error.hint:
            err.write(clean_text(f"hint: {_shortened(error.hint)}") + "\n")
    err.flush()


def _recorded(error: RickctlError) -> str:
    """The number a refusal is on record under, for `why`, where the message does not tell it."""
    number = f"order {error.order}"
    is_told = error.category != "refused" or error.order is None or error.message.startswith(f"{number} ")
    return "" if is_told else f" (recorded as {number})"


def _shortened(text: str) -> str:
    """Both ends of a text that is too long to be read."""
    half = _LONGEST // 2
    return text if len(text) <= _LONGEST else f"{text[:half]} … {text[-half:]}"


def write_warning(unknown: Sequence[tuple[Scope, int]], *, as_json: bool, err: TextIO) -> None:
    """Outcomes nobody knows, on stderr: one line and a hint, or one JSON object."""
    scope, number = unknown[0]
    more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
    message = f"the outcome of order {number} of {scope}{more} is unknown"
    hint = f"rickctl order resolve --account {scope}"
    if as_json:
        from rickctl.render.write import json_text  # noqa: PLC0415 - people get two lines instead

        record = {"category": "warning", "code": "outcome_unknown", "message": message, "hint": hint, "order": number}
        err.write(json_text(record) + "\n")
    else:
        err.write(clean_text(f"rickctl: warning: {message}") + "\n" + clean_text(f"hint: {hint}") + "\n")
    err.flush()


def failure_record(error: RickctlError, exit_code: ExitCode) -> dict[str, object]:
    """The JSON object of a failure; `code` is stable, `message` is not."""
    return {
        "category": error.category,
        "code": error.code,
        "message": _shortened(error.message),
        "exit_code": int(exit_code),
        "retryable": error.retryable,
        "hint": None if error.hint is None else _shortened(error.hint),
        "verdicts": [verdict.record() for verdict in error.verdicts],
        "order": error.order,
        "venue_code": error.venue_code,
        "request_id": error.request_id,
    }


def verdict_text(verdict: Verdict) -> str:
    """One rule's answer on a line: `4.1 risk:reward  0.40, needs ≥ 0.80`."""
    detail = f"; {verdict.detail}" if verdict.detail else ""
    return f"{verdict.rule} {verdict.name}: {verdict.measured}, limit {verdict.limit}{detail}"


def write_bug_report(error: Exception, folder: Path, hide: Callable[[str], str]) -> Path | None:
    """Keep the traceback, secrets hidden, in `bug-report.txt` of the state folder; None where it cannot be written."""
    from traceback import format_exception  # noqa: PLC0415 - only a bug needs it

    path = folder / "bug-report.txt"
    try:
        path.write_text(hide("".join(format_exception(error))), encoding="utf-8")
        path.chmod(0o600)
    except OSError:
        return None
    return path
