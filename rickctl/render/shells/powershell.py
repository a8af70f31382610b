"""Draws the completion script of PowerShell, from 5.1 on; knows no command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rickctl.render.shells.pieces import all_verbs, banner, coded, coded_place, last_word, option_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rickctl.services.grammar import Branch, Verb

_POWERSHELL_BODY = r"""
Register-ArgumentCompleter -Native -CommandName rickctl -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $word = [string]$wordToComplete
    $typed = @($commandAst.CommandElements |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { $_.Extent.Text })
    $tree = Get-RickctlTree
    $path = ''
    $at = 1
    while ($tree.Verbs.ContainsKey($path) -and $at -lt $typed.Count) {
        if ($tree.Verbs[$path] -cnotcontains $typed[$at]) { return }
        $path = "$path $($typed[$at])".Trim()
        $at++
    }
    $lead = ''
    $slot = ''
    if ($tree.Verbs.ContainsKey($path)) {
        $slot = $tree.Verbs[$path] -join ' '
    } else {
        $takes = $tree.Takes[$path]
        $place = 0
        $flag = $null
        for (; $at -lt $typed.Count; $at++) {
            if ($null -ne $flag) { $flag = $null }
            elseif ($typed[$at].StartsWith('-')) { if ($takes.ContainsKey($typed[$at])) { $flag = $typed[$at] } }
            else { $place++ }
        }
        $places = @($tree.Places[$path])
        if ($null -ne $flag) { $slot = $takes[$flag] }
        elseif ($word -match '^(--[^=]+)=(.*)$') {
            $lead = "$($Matches[1])="
            $word = $Matches[2]
            if ($takes.ContainsKey($Matches[1])) { $slot = $takes[$Matches[1]] }
        }
        elseif ($word.StartsWith('-')) { $slot = $tree.Options[$path] -join ' ' }
        elseif ($place -lt $places.Count) { $slot = $places[$place].TrimStart('*') }
        elseif ($places.Count -gt 0 -and $places[-1].StartsWith('*')) { $slot = $places[-1].TrimStart('*') }
    }
    if ($slot -eq '' -or $slot -eq '@text' -or $slot -eq '@files') { return }
    if ($slot.StartsWith('@')) {
        # Windows PowerShell drops an empty argument; * begins every word too.
        $found = @(& $typed[0] complete $slot.Substring(1) "$word*" @typed 2>$null)
    } else {
        $found = @($slot -split ' ' | Where-Object { $_.StartsWith($word) })
    }
    $found | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new("$lead$_", $_, 'ParameterValue', $_)
    }
}"""


def draw(branches: Sequence[Branch]) -> Iterator[str]:
    """The lines of the script."""
    yield "# PowerShell completion for rickctl."
    yield banner("powershell")
    yield ""
    yield "function Get-RickctlTree {"
    for name in ("Verbs", "Options", "Takes", "Places"):
        yield f"    ${name.lower()} = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)"
    yield f"    $verbs[''] = {_ps_list([branch.name for branch in branches])}"
    for branch in branches:
        if not branch.is_leaf:
            yield f"    $verbs[{_ps(branch.name)}] = {_ps_list(list(map(last_word, branch.verbs)))}"
    for verb in all_verbs(branches):
        yield from _powershell_verb(verb)
    yield "    @{ Verbs = $verbs; Options = $options; Takes = $takes; Places = $places }"
    yield "}"
    yield _POWERSHELL_BODY


def _powershell_verb(verb: Verb) -> Iterator[str]:
    path = _ps(verb.path)
    yield f"    $options[{path}] = {_ps_list(option_names(verb))}"
    yield f"    $takes[{path}] = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)"
    for flag in verb.flags:
        if flag.slot is not None:
            for name in flag.names:
                yield f"    $takes[{path}][{_ps(name)}] = {_ps(coded(flag.slot))}"
    yield f"    $places[{path}] = {_ps_list([coded_place(place) for place in verb.places])}"


def _ps(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _ps_list(texts: Sequence[str]) -> str:
    return f"@({', '.join(map(_ps, texts))})"
