"""Draws the completion script of zsh; knows no command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.render.shells.pieces import HELP, HELP_SUMMARY, REPEATS, banner, last_word, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rickctl.services.grammar import Branch, Flag, Place, Slot, Verb

_ZSH_BODY = r"""
_rickctl_ask() {
    local -a found
    found=("${(@f)$(${(Q)_rickctl_typed[1]} complete $1 "$PREFIX" "${(@Q)_rickctl_typed}" 2>/dev/null)}")
    [[ -n $found ]] && compadd -U -a found
}
"""


def draw(branches: Sequence[Branch]) -> Iterator[str]:
    """The lines of the script."""
    yield "#compdef rickctl"
    yield banner("zsh")
    yield _ZSH_BODY
    yield "_rickctl() {"
    yield '    local -a _rickctl_typed=("${words[@]}") _rickctl_verbs'
    yield "    local curcontext=$curcontext"
    yield "    if ((CURRENT == 2)); then"
    yield from _zsh_described([(branch.name, branch.summary) for branch in branches], " " * 8)
    yield "    fi"
    yield "    case $words[2] in"
    for branch in branches:
        yield f"    {branch.name})"
        yield from _zsh_leaf(branch.verbs[0], 1) if branch.is_leaf else _zsh_verbs(branch)
        yield "        ;;"
    yield "    esac"
    yield "}"
    yield ""
    yield 'if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _rickctl "$@"; else compdef _rickctl rickctl; fi'


def _zsh_described(rows: Sequence[tuple[str, str]], pad: str) -> Iterator[str]:
    yield f"{pad}_rickctl_verbs=("
    for name, summary in rows:
        yield f"{pad}    {_quoted(f'{name}:{one_line(summary)}')}"
    yield f"{pad})"
    yield f"{pad}_describe -t commands command _rickctl_verbs"
    yield f"{pad}return"


def _zsh_verbs(branch: Branch) -> Iterator[str]:
    yield "        if ((CURRENT == 3)); then"
    yield from _zsh_described([(last_word(verb), verb.summary) for verb in branch.verbs], " " * 12)
    yield "        fi"
    yield "        case $words[3] in"
    for verb in branch.verbs:
        yield f"        {last_word(verb)})"
        yield from _zsh_leaf(verb, 2)
        yield "            ;;"
    yield "        esac"


def _zsh_leaf(verb: Verb, depth: int) -> Iterator[str]:
    specs = [spec for flag in verb.flags for spec in _zsh_flag(flag)]
    specs += [f"({' '.join(HELP)}){name}[{HELP_SUMMARY}]" for name in HELP]
    specs += [_zsh_place(place, number) for number, place in enumerate(verb.places, start=1)]
    pad = "    " * (depth + 1)
    yield f"{pad}shift {depth} words"
    yield f"{pad}((CURRENT -= {depth}))"
    yield f"{pad}_arguments -s -S : \\"
    for number, spec in enumerate(specs, start=1):
        yield f"{pad}    {_quoted(spec)}" + (" \\" if number < len(specs) else "")


def _zsh_flag(flag: Flag) -> Iterator[str]:
    others = f"({' '.join(flag.names)})" if len(flag.names) > 1 else ""
    summary = one_line(flag.summary).replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")
    for name in flag.names:
        if flag.slot is None:
            yield f"{others}{name}[{summary}]"
        else:
            glue = "=" if name.startswith("--") else "+"
            yield f"{others}{name}{glue}[{summary}]:{_zsh_message(flag.metavar)}:{_zsh_action(flag.slot)}"


def _zsh_place(place: Place, number: int) -> str:
    where = REPEATS if place.repeats else str(number)
    return f"{where}:{_zsh_message(place.metavar)}:{_zsh_action(place.slot)}"


def _zsh_message(text: str) -> str:
    return one_line(text).replace(":", "\\:") or " "


def _zsh_action(slot: Slot) -> str:
    if slot.kind == "words":
        return f"({' '.join(slot.words)})"
    return {"files": "_files", "text": " "}.get(slot.kind, f"{{_rickctl_ask {slot.kind}}}")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
