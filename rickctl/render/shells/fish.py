"""Draws the completion script of fish; knows no command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.render.shells.pieces import HELP_SUMMARY, all_verbs, banner, double, last_word, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rickctl.services.grammar import Branch, Slot, Verb

_FISH_BODY = r"""
function __rickctl_ask
    set -l typed (commandline -opc)
    set -l word (commandline -ct | string replace -r -- '^--[^=]*=' '')
    $typed[1] complete $argv[1] "$word" $typed 2>/dev/null
end

# Whether the words typed so far are exactly these.
function __rickctl_after
    set -l typed (commandline -opc)
    test "$typed[2..-1]" = "$argv[1]"
end

# Whether they lead to this command, and the next argument is number $argv[2] of it, or any from there on with +.
function __rickctl_at
    set -l typed (commandline -opc)
    set -e typed[1]
    for word in (string split ' ' -- $argv[1])
        test "$typed[1]" = $word; or return 1
        set -e typed[1]
    end
    set -q argv[2]; or return 0
    set -l takes (__rickctl_takes $argv[1])
    set -l place 0
    set -l is_value 0
    for word in $typed
        if test $is_value = 1
            set is_value 0
        else if contains -- $word $takes
            set is_value 1
        else if not string match -q -- '-*' $word
            set place (math $place + 1)
        end
    end
    test $place = (string replace + '' -- $argv[2]); and return 0
    string match -q -- '*+' $argv[2]; and test $place -gt (string replace + '' -- $argv[2])
end

complete -c rickctl -e
complete -c rickctl -f"""


def draw(branches: Sequence[Branch]) -> Iterator[str]:
    """The lines of the script."""
    yield "# fish completion for rickctl."
    yield banner("fish")
    yield ""
    yield "# The options of a command that take a value."
    yield "function __rickctl_takes"
    yield "    switch $argv[1]"
    for verb in all_verbs(branches):
        names = [name for flag in verb.flags if flag.slot is not None for name in flag.names]
        if names:
            yield f"        case {_single(verb.path)}"
            yield f"            printf '%s\\n' {' '.join(map(_single, names))}"
    yield "    end"
    yield "end"
    yield _FISH_BODY
    for branch in branches:
        yield ""
        yield _fish_word("", branch.name, branch.summary)
        if not branch.is_leaf:
            for verb in branch.verbs:
                yield _fish_word(branch.name, last_word(verb), verb.summary)
        for verb in branch.verbs:
            yield from _fish_verb(verb)


def _single(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _fish_word(after: str, word: str, summary: str) -> str:
    condition = _single(f"__rickctl_after {double(after)}")
    return f"complete -c rickctl -n {condition} -a {word} -d {_single(one_line(summary))}"


def _fish_verb(verb: Verb) -> Iterator[str]:
    condition = _single(f"__rickctl_at {double(verb.path)}")
    for flag in verb.flags:
        named = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in flag.names)
        value = "" if flag.slot is None else _fish_value(flag.slot)
        yield f"complete -c rickctl -n {condition} {named}{value} -d {_single(one_line(flag.summary))}"
    yield f"complete -c rickctl -n {condition} -l help -s h -d '{HELP_SUMMARY}'"
    for number, place in enumerate(verb.places):
        offered = _fish_offered(place.slot)
        if offered:
            where = _single(f"__rickctl_at {double(verb.path)} {number}{'+' if place.repeats else ''}")
            yield f"complete -c rickctl -n {where} {offered} -d {_single(one_line(place.metavar))}"


def _fish_value(slot: Slot) -> str:
    if slot.kind == "files":
        return " -r -F"
    offered = _fish_offered(slot)
    return f" -x {offered}" if offered else " -x"


def _fish_offered(slot: Slot) -> str:
    if slot.kind == "files":
        return "-F"
    if slot.kind == "text":
        return ""
    return f"-a {_single(' '.join(slot.words) if slot.words else f'(__rickctl_ask {slot.kind})')}"
