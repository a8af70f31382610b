"""Draws the completion script of bash, from 3.2 on because macOS still brings that; knows no command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.render.shells.pieces import all_verbs, banner, coded, coded_place, double, last_word, option_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rickctl.services.grammar import Branch, Verb

_BASH_BODY = r"""
_rickctl_offer() {
    case "$1" in
    "" | @text) ;;
    @files)
        compopt -o filenames 2>/dev/null
        local IFS=$'\n'
        COMPREPLY=($(compgen -f -- "$2"))
        ;;
    @*) COMPREPLY=($("${words[0]}" complete "${1#@}" "$2" "${words[@]}" 2>/dev/null)) ;;
    *) COMPREPLY=($(compgen -W "$1" -- "$2")) ;;
    esac
}

# Quotes are kept together, and so is paper:paper:main, which bash itself breaks at its colons.
_rickctl_split() {
    local line=$1 word="" quote="" char
    local -i at
    words=()
    for ((at = 0; at < ${#line}; at++)); do
        char=${line:at:1}
        if [[ -n $quote ]]; then
            if [[ $char == "$quote" ]]; then quote=""; else word+=$char; fi
        elif [[ $char == [\"\'] ]]; then
            quote=$char
        elif [[ $char == [[:space:]] ]]; then
            [[ -n $word ]] && words+=("$word")
            word=""
        else
            word+=$char
        fi
    done
    words+=("$word")
}

_rickctl() {
    local IFS=$' \t\n' path="" flag="" verbs options slot word cut
    local -i at=1 place=0 last
    local -a words places
    COMPREPLY=()
    _rickctl_split "${COMP_LINE:0:COMP_POINT}"
    last=$((${#words[@]} - 1))
    word=${words[last]}
    _rickctl_look "" ""
    while [[ -n $verbs && $at -lt $last ]]; do
        [[ " $verbs " == *" ${words[at]} "* ]] || return 0
        path="${path:+$path }${words[at]}"
        at+=1
        _rickctl_look "$path" ""
    done
    if [[ -n $verbs ]]; then
        _rickctl_offer "$verbs" "$word"
        return 0
    fi
    for (( ; at < last; at++)); do
        if [[ -n $flag ]]; then
            flag=""
        elif [[ ${words[at]} == -* ]]; then
            _rickctl_look "$path" "${words[at]}"
            [[ -n $slot ]] && flag=${words[at]}
        else
            place+=1
        fi
    done
    if [[ -n $flag ]]; then
        _rickctl_look "$path" "$flag"
    elif [[ $word == --*=* ]]; then
        _rickctl_look "$path" "${word%%=*}"
        word=${word#*=}
    elif [[ $word == -* ]]; then
        slot=$options
    else
        # Past the last argument only one that repeats is left.
        last=$((${#places[@]} - 1))
        if ((place > last && last >= 0)) && [[ ${places[last]} == \** ]]; then place=$last; fi
        slot=${places[place]-}
        slot=${slot#\*}
    fi
    _rickctl_offer "$slot" "$word"
    # Readline replaces only what follows the last of its own word breaks.
    if [[ $word == *:* && $COMP_WORDBREAKS == *:* ]]; then
        cut=${word%"${word##*:}"}
        for at in "${!COMPREPLY[@]}"; do
            COMPREPLY[at]=${COMPREPLY[at]#"$cut"}
        done
    fi
}

complete -F _rickctl rickctl"""


def draw(branches: Sequence[Branch]) -> Iterator[str]:
    """The lines of the script."""
    yield "# bash completion for rickctl."
    yield banner("bash")
    yield "# shellcheck shell=bash disable=SC2034,SC2207"
    yield ""
    yield "# What may follow: sets verbs, options, places, and slot for the value of option $2."
    yield "_rickctl_look() {"
    yield '    verbs="" options="" slot="" places=()'
    yield '    case "$1" in'
    yield f'    "") verbs="{" ".join(branch.name for branch in branches)}" ;;'
    for branch in branches:
        if not branch.is_leaf:
            yield f'    "{branch.name}") verbs="{" ".join(map(last_word, branch.verbs))}" ;;'
    for verb in all_verbs(branches):
        yield from _bash_verb(verb)
    yield "    esac"
    yield "}"
    yield _BASH_BODY


def _bash_verb(verb: Verb) -> Iterator[str]:
    yield f'    "{verb.path}")'
    yield f'        options="{" ".join(option_names(verb))}"'
    if verb.places:
        yield f"        places=({' '.join(double(coded_place(place)) for place in verb.places)})"
    valued = [(flag, flag.slot) for flag in verb.flags if flag.slot is not None]
    if valued:
        yield '        case "$2" in'
        for flag, slot in valued:
            yield f'        {" | ".join(flag.names)}) slot="{coded(slot)}" ;;'
        yield "        esac"
    yield "        ;;"
