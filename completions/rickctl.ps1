# PowerShell completion for rickctl.
# Written by `rickctl complete --shell powershell`: to change it, change the commands.

function Get-RickctlTree {
    $verbs = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $options = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $takes = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $places = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $verbs[''] = @('quote', 'stream', 'candles', 'charter', 'journal', 'doctor', 'complete', 'schema')
    $verbs['charter'] = @('validate', 'show', 'explain', 'diff', 'path', 'seal', 'edit')
    $verbs['journal'] = @('list', 'show', 'verify', 'export', 'backup')
    $options['quote'] = @('--account', '-a', '--at', '--output', '-o', '--help', '-h')
    $takes['quote'] = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $takes['quote']['--account'] = '@accounts'
    $takes['quote']['-a'] = '@accounts'
    $takes['quote']['--at'] = '@text'
    $takes['quote']['--output'] = 'table json jsonl csv'
    $takes['quote']['-o'] = 'table json jsonl csv'
    $places['quote'] = @('*@symbols')
    $options['stream'] = @('--count', '-n', '--duration', '--account', '-a', '--output', '-o', '--help', '-h')
    $takes['stream'] = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $takes['stream']['--count'] = '@text'
    $takes['stream']['-n'] = '@text'
    $takes['stream']['--duration'] = '@text'
    $takes['stream']['--account'] = '@accounts'
    $takes['stream']['-a'] = '@accounts'
    $takes['stream']['--output'] = 'table json jsonl csv'
    $takes['stream']['-o'] = 'table json jsonl csv'
    $places['stream'] = @('*@symbols')
    $options['candles'] = @('--granularity', '-g', '--count', '-n', '--at', '--account', '-a', '--output', '-o', '--help', '-h')
    $takes['candles'] = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $takes['candles']['--granularity'] = 'S5 S10 S15 S30 M1 M5 M15 M30 H1 H4 D W'
    $takes['candles']['-g'] = 'S5 S10 S15 S30 M1 M5 M15 M30 H1 H4 D W'
    $takes['candles']['--count'] = '@text'
    $takes['candles']['-n'] = '@text'
    $takes['candles']['--at'] = '@text'
    $takes['candles']['--account'] = '@accounts'
    $takes['candles']['-a'] = '@accounts'
    $takes['candles']['--output'] = 'table json jsonl csv'
    $takes['candles']['-o'] = 'table json jsonl csv'
    $places['candles'] = @('@symbols')
    $options['charter validate'] = @('--output', '-o', '--help', '-h')
    $takes['charter validate'] = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $takes['charter validate']['--output'] = 'table json jsonl csv'
    $takes['charter validate']['-o'] = 'table json jsonl csv'
    $places['charter validate'] = @()
    $options['charter show'] = @('--section', '-s', '--output', '-o', '--help', '-h')
    $takes['charter show'] = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $takes['charter show']['--section'] = '@text'
    $takes['charter show']['-s'] = '@text'
    $takes['charter show']['--output'] = 'table json jsonl csv'
    $takes['charter show']['-o'] = 'table json jsonl csv'
    $places['charter show'] = @()
    $options['charter explain'] = @('--output', '-o', '--help', '-h')
    $takes['charter explain'] = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $takes['charter explain']['--output'] = 'table json jsonl csv'
    $takes['charter explain']['-o'] = 'table json jsonl csv'
    $places['charter explain'] = @('1.1 1.2 1.3 1.4 1.5 2.1 2.2 2.3 2.4 2.5 2.6 2.7 3.1 3.2 3.3 3.4 3.5 3.6 4.1 4.2 4.3 4.4 5.1 5.2 6.1 6.2 6.3 7.1 7.2 7.3 7.4 7.5 7.6 7.7 8.1 8.2 10.1 11.1 11.2 11.3 11.4')
    $options['charter diff'] = @('--output', '-o', '--help', '-h')
    $takes['charter diff'] = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $takes['charter diff']['--output'] = 'table json jsonl csv'
    $takes['charter diff']['-o'] = 'table json jsonl csv'
    $places['charter diff'] = @()
    $options['charter path'] = @('--output', '-o', '--help', '-h')
    $takes['charter path'] = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $takes['charter path']['--output'] = 'table json jsonl csv'
    $takes['charter path']['-o'] = 'table json jsonl csv'
    $places['charter path'] = @()
    $options['charter seal'] = @('--expect', '--mode', '--output', '-o', '--help', '-h')
    $takes['charter seal'] = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $takes['charter seal']['--expect'] = '@text'
    $takes['charter seal']['--mode'] = 'paper practice'
    $takes['charter seal']['--output'] = 'table json jsonl csv'
    $takes['charter seal']['-o'] = 'table json jsonl csv'
    $places['charter seal'] = @()
    $options['charter edit'] = @('--output', '-o', '--help', '-h')
    $takes['charter edit'] = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $takes['charter edit']['--output'] = 'table json jsonl csv'
    $takes['charter edit']['-o'] = 'table json jsonl csv'
    $places['charter edit'] = @()
    $options['journal list'] = @('--account', '-a', '--kind', '--order', '--count', '-n', '--output', '-o', '--help', '-h')
    $takes['journal list'] = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $takes['journal list']['--account'] = '@accounts'
    $takes['journal list']['-a'] = '@accounts'
    $takes['journal list']['--kind'] = '@text'
    $takes['journal list']['--order'] = '@orders'
    $takes['journal list']['--count'] = '@text'
    $takes['journal list']['-n'] = '@text'
    $takes['journal list']['--output'] = 'table json jsonl csv'
    $takes['journal list']['-o'] = 'table json jsonl csv'
    $places['journal list'] = @()
    $options['journal show'] = @('--output', '-o', '--help', '-h')
    $takes['journal show'] = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $takes['journal show']['--output'] = 'table json jsonl csv'
    $takes['journal show']['-o'] = 'table json jsonl csv'
    $places['journal show'] = @('@text')
    $options['journal verify'] = @('--anchor', '--output', '-o', '--help', '-h')
    $takes['journal verify'] = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $takes['journal verify']['--anchor'] = '@files'
    $takes['journal verify']['--output'] = 'table json jsonl csv'
    $takes['journal verify']['-o'] = 'table json jsonl csv'
    $places['journal verify'] = @()
    $options['journal export'] = @('--anchor', '--out', '--help', '-h')
    $takes['journal export'] = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $takes['journal export']['--out'] = '@files'
    $places['journal export'] = @()
    $options['journal backup'] = @('--output', '-o', '--help', '-h')
    $takes['journal backup'] = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $takes['journal backup']['--output'] = 'table json jsonl csv'
    $takes['journal backup']['-o'] = 'table json jsonl csv'
    $places['journal backup'] = @('@files')
    $options['doctor'] = @('--output', '-o', '--help', '-h')
    $takes['doctor'] = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $takes['doctor']['--output'] = 'table json jsonl csv'
    $takes['doctor']['-o'] = 'table json jsonl csv'
    $places['doctor'] = @()
    $options['complete'] = @('--shell', '--help', '-h')
    $takes['complete'] = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $takes['complete']['--shell'] = 'bash zsh fish powershell'
    $places['complete'] = @()
    $options['schema'] = @('--help', '-h')
    $takes['schema'] = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $places['schema'] = @()
    @{ Verbs = $verbs; Options = $options; Takes = $takes; Places = $places }
}

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
}
