"""The front door: runs the one noun asked for, and alone turns failures into exit codes and lines on stderr."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from rickctl import __version__
from rickctl.commands.table import NOUNS, Noun
from rickctl.domain.errors import (
    ExitCode,
    OrderRejected,
    OutcomeUnknown,
    Refused,
    RickctlError,
    SetupError,
    Skipped,
    Unreachable,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rickctl.app import App


EXIT_CODES: dict[type[RickctlError], ExitCode] = {
    UsageError: ExitCode.USAGE,
    SetupError: ExitCode.SETUP,
    OrderRejected: ExitCode.REJECTED,
    Unreachable: ExitCode.UNREACHABLE,
    Refused: ExitCode.REFUSED,
    OutcomeUnknown: ExitCode.UNKNOWN,
    Skipped: ExitCode.SKIPPED,
}

WITH_VERBS = frozenset({"order", "position", "account", "charter", "journal", "broker", "pin", "config", "sandbox"})
"""Words whose second word is part of the command."""

_UNLOGGED = frozenset({"", "--help", "-h", "help", "--version", "-V", "complete"})
_OF_ALL = frozenset({"positions", "pnl", "order list"})
_URGENT = frozenset({"kill", "disarm"})
_SENDING = frozenset({"order", "position"})
_OF_AN_ACCOUNT = frozenset({"quote", "order", "why", "position", "positions", "pnl"})


def run(argv: Sequence[str], app: App) -> int:
    """Run one command line and return its exit code; nothing it raises gets past here."""
    app.is_rehearsal = "--dry-run" in argv
    _begin_log(argv, app)
    code = _run_one(argv, app)
    app.log.end(code)
    return code


def _begin_log(argv: Sequence[str], app: App) -> None:
    """Name the command to the log: known words only, since anything may have been typed."""
    word, verb = [*argv, "", ""][:2]
    if word in _UNLOGGED:
        return
    if word not in {noun.name for noun in NOUNS}:
        app.log.begin("unknown", None)
        return
    command = f"{word} {verb}" if word in WITH_VERBS and verb.isalpha() and verb.isascii() else word
    app.log.begin(command, _logged_account(command, argv), is_urgent=word in _URGENT)


def _logged_account(command: str, argv: Sequence[str]) -> str | None:
    """The account a command is about, empty where it is the default one; None where it is about none or about all."""
    typed = _typed(argv, "-a", "--account")
    if typed or command in _OF_ALL:
        return typed or None
    if command.startswith("account "):
        return next((word for word in argv[2:3] if not word.startswith("-")), None)
    return "" if argv[0] in _OF_AN_ACCOUNT else None


def _run_one(argv: Sequence[str], app: App) -> int:
    try:
        return _warned(_dispatch(list(argv), app), argv, app)
    except RickctlError as error:
        return _report(error, argv, app)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        _discard(app.out)
        return ExitCode.DONE
    except OSError as error:
        if not error.filename:
            _discard(app.out)
        return _report(_translate_os_error(error, argv, app), argv, app)
    except Exception as error:  # noqa: BLE001 - the one place where a bug becomes a line instead of a traceback
        return _report_bug(error, argv, app)
    finally:
        app.close()


def _dispatch(argv: list[str], app: App) -> int:
    word = argv[0] if argv else "--help"
    if word in {"--help", "-h", "help"}:
        app.out.write(root_help())
        app.out.flush()
        return ExitCode.DONE
    if word in {"--version", "-V"}:
        app.out.write(f"rickctl {__version__}\n")
        app.out.flush()
        return ExitCode.DONE
    _apply_colour(word, app)
    if word == "quote" and _run_plain_quote(argv[1:], app):
        return ExitCode.DONE
    if word == "complete" and _run_words(argv[1:], app):
        return ExitCode.DONE
    for noun in NOUNS:
        if noun.name == word:
            return _run_noun(noun, argv[1:], app)
    message = f"{word!r} is not a command of rickctl"
    raise UsageError(message, code="unknown_command", hint=_nearest_noun(word))


def _apply_colour(word: str, app: App) -> None:
    """Take colour away where the settings say so; a bad file stops no mending of it, no kill and no disarm."""
    if app.screen.has_colour and word not in {"config", *_URGENT} and app.written("colour") == "never":
        app.screen = app.screen._replace(has_colour=False)


def _warned(code: int, argv: Sequence[str], app: App) -> int:
    """The code, once stderr says that an outcome is unknown, whatever the command was about."""
    try:
        found = app.unknown_outcomes() if argv and argv[0] != "complete" else []
    except SetupError:
        return code
    if found:
        from rickctl.render.failure import write_warning  # noqa: PLC0415 - only a warning needs it

        write_warning(found, as_json=_wants_json(argv, app), err=app.err)
    return code


def _run_plain_quote(argv: list[str], app: App) -> bool:
    """Quote without Typer where nothing needs it: building a parser costs more than the quote."""
    from rickctl.commands.hot import plain_quote, show_quotes  # noqa: PLC0415 - only a quote needs it

    words = plain_quote(argv)
    if words is None:
        return False
    show_quotes(app, words)
    return True


def _run_words(argv: list[str], app: App) -> bool:
    """Words for a shell's completion: asked for at every press of a key, so no parser is built."""
    from rickctl.commands.words import is_asked, write_words  # noqa: PLC0415 - only a shell needs it

    if not is_asked(argv):
        return False
    write_words(app, argv)
    return True


def _run_noun(noun: Noun, argv: list[str], app: App) -> int:
    from importlib import import_module  # noqa: PLC0415 - one noun is built a run

    from typer.exceptions import Abort, Exit, TyperException  # noqa: PLC0415 - root help needs no typer
    from typer.main import get_command  # noqa: PLC0415

    command = get_command(import_module(noun.module).cli)
    try:
        code = command.main(args=argv, prog_name=f"rickctl {noun.name}", standalone_mode=False, obj=app)
    except Exit as leave:
        code = leave.exit_code
    except Abort:
        return ExitCode.INTERRUPTED
    except SystemExit as leave:
        # Typer answers a reader that went away by leaving with 1; here that is an ordinary end.
        if isinstance(leave.__context__, BrokenPipeError):
            raise leave.__context__ from None
        raise
    except TyperException as error:
        return _report(_translate_typer_error(error, noun, argv), argv, app)
    app.out.flush()
    return code if isinstance(code, int) else ExitCode.DONE


def root_help() -> str:
    """The page of `rickctl --help`."""
    width = max(len(noun.name) for noun in NOUNS)
    lines = [
        "usage: rickctl COMMAND …",
        "",
        "Quote, stream, place and explain orders: one charter, one journal, many brokers.",
    ]
    group = ""
    for noun in NOUNS:
        if noun.group != group:
            group = noun.group
            lines += ["", f"{group}:"]
        lines.append(f"  {noun.name.ljust(width)}  {noun.summary}")
    lines += [
        "",
        "rickctl COMMAND --help tells more of one. Results go to stdout, talk to stderr.",
        "Exit codes: 0 done, 1 bug, 2 usage, 3 set-up, 4 venue said no, 5 unreachable, 6 refused by rickctl,",
        "7 outcome unknown, 8 skipped on purpose, 9 answered with findings, 130 interrupted.",
    ]
    return "\n".join(lines) + "\n"


def _nearest_noun(word: str) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only a mistyped command pays for it

    near = get_close_matches(word, [noun.name for noun in NOUNS], n=1)
    return f"rickctl {near[0]}" if near else "rickctl --help"


def _translate_typer_error(error: Exception, noun: Noun, argv: Sequence[str]) -> UsageError:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else f"rickctl {noun.name}"
    negative = _negative(error, argv)
    if negative is not None and path.endswith("account deposit"):
        message = f"{negative} reads as an option; an amount below zero stands after --"
        return UsageError(
            message, code="bad_number", hint=f"rickctl account deposit -- {_first_word(argv[1:])} {negative}"
        )
    if negative is not None:
        return UsageError(f"a number here must be above zero, not {negative}", code="bad_number", hint=f"{path} --help")
    message = getattr(error, "format_message", lambda: str(error))()
    typed = message.partition(": ")[2].partition(" is not")[0]
    if typed and getattr(getattr(error, "param", None), "name", None) == "order":
        message = f"an order is named by its number, such as 3, not by {typed[:40]}"
        return UsageError(message, code="bad_usage", hint="rickctl order list")
    first, _, _ = message.strip().partition("\n")
    first = first[:1].lower() + first[1:]
    return UsageError(first.rstrip(".") or "missing command", code="bad_usage", hint=f"{path} --help")


def _negative(error: Exception, argv: Sequence[str]) -> str | None:
    """The number below zero that was taken for an option, if that is what went wrong."""
    option = getattr(error, "option_name", None)
    if not isinstance(option, str) or (not option[1:2].isdigit() and option[1:2] != "."):
        return None
    return next((word for word in argv if word.startswith(option)), None)


def _first_word(argv: Sequence[str]) -> str:
    return next((word for word in argv if not word.startswith("-")), "")


def _translate_os_error(error: OSError, argv: Sequence[str], app: App) -> RickctlError:
    where = f" {error.filename}" if error.filename else ""
    reason = (os.strerror(error.errno) if error.errno else str(error)).lower()
    if not where and app.may_have_acted and argv[0] in _SENDING:
        message = f"it may have been done, but the answer cannot be written: {reason}"
        return OutcomeUnknown(message, code="answer_lost", hint="rickctl order list")
    code = {errno.ENOSPC: "disk_full", errno.EROFS: "read_only", errno.EACCES: "no_permission"}.get(
        error.errno or 0, "io"
    )
    return SetupError(f"cannot use{where or ' the output'}: {reason}", code=code)


def _report(error: RickctlError, argv: Sequence[str], app: App) -> int:
    from rickctl.render.failure import write_failure  # noqa: PLC0415 - only a failure needs it

    code = EXIT_CODES.get(type(error), ExitCode.BUG)
    app.log.failure = error
    error.hint = _name_account(error.hint, argv)
    _hide_secrets(error, app)
    try:
        write_failure(error, exit_code=code, as_json=_wants_json(argv, app), err=app.err)
    except OSError:  # nobody can be told; the exit code still tells
        _discard(app.err)
    return code


def _hide_secrets(error: RickctlError, app: App) -> None:
    """A venue may repeat what it was sent, and a person may type a token where none belongs."""
    error.message = app.hide(error.message)
    error.hint = error.hint and app.hide(error.hint)
    error.venue_code = error.venue_code and app.hide(error.venue_code)
    error.request_id = error.request_id and app.hide(error.request_id)


def _report_bug(error: Exception, argv: Sequence[str], app: App) -> int:
    from rickctl.render.failure import write_bug_report  # noqa: PLC0415 - only a failure needs it

    path = write_bug_report(error, app.folders.state, app.hide)
    message = f"a bug of ours: {type(error).__name__}: {error}"
    hint = f"the details are in {path}" if path else "run it again with RICKCTL_STATE_DIR naming a writable folder"
    return _report(RickctlError(message, code="bug", hint=hint), argv, app)


def _wants_json(argv: Sequence[str], app: App) -> bool:
    from rickctl.config import OUTPUT_VARIABLE  # noqa: PLC0415 - only a failure needs it

    chosen = _typed(argv, "-o", "--output") or app.environment.get(OUTPUT_VARIABLE) or _written_output(app)
    return chosen.lower() in {"json", "jsonl"}


def _typed(argv: Sequence[str], short: str, long: str) -> str:
    """The last value the command line gives an option, empty without one; a line that failed may hold anything."""
    chosen = ""
    for place, word in enumerate(argv):
        if word in {short, long} and place + 1 < len(argv):
            chosen = argv[place + 1]
        elif word.startswith(f"{long}="):
            chosen = word.removeprefix(f"{long}=")
        elif word.startswith(short) and not word.startswith("--"):
            chosen = word.removeprefix(short).removeprefix("=") or chosen
    return chosen


def _name_account(hint: str | None, argv: Sequence[str]) -> str | None:
    """The hint, on the account that was named: typed as it stands, it must not act on another one."""
    words, account = (hint or "").split(), _typed(argv, "-a", "--account")
    speaks_of_one = words[:1] == ["rickctl"] and words[1:2] and words[1] in _OF_AN_ACCOUNT
    if not account or not speaks_of_one or {"--account", "--help"} & set(words):
        return hint
    return f"{hint} --account {account}"


def _written_output(app: App) -> str:
    """The file's format; a file that cannot be read is the failure being told, or another's to tell."""
    try:
        return app.written("output")
    except (RickctlError, OSError):
        return ""


def _discard(stream: TextIO) -> None:
    """Point a stream nowhere, so that the interpreter's own last flush meets no closed pipe and no full disk."""
    with suppress(OSError), open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123 - for its descriptor
        os.dup2(nowhere.fileno(), stream.fileno())
