# PowerShell completion for rickctl.
# Written by `rickctl complete --shell powershell`: to change it, change the commands.

function Get-RickctlTree {
    $verbs = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $options = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $takes = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $places = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $verbs[''] = @('quote', 'stream', 'candles', 'order', 'charter', 'journal', 'doctor', 'config', 'complete', 'schema')
    $verbs['order'] = @('place', 'cancel', 'modify', 'list', 'show', 'history', 'resolve')
    $verbs['charter'] = @('validate', 'show', 'explain', 'diff', 'path', 'seal', 'edit')
    $verbs['journal'] = @('list', 'show', 'verify', 'export', 'backup')
    $verbs['config'] = @('show', 'get', 'set', 'unset', 'path')
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
    $options['order place'] = @('--risk', '--limit', '--stop-entry', '--stop-loss', '--take-profit', '--trailing', '--ttl', '--timeframe', '--quality', '--key', '--account', '-a', '--dry-run', '--all', '--lock', '--if-market-open', '--output', '-o', '--help', '-h')
    $takes['order place'] = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $takes['order place']['--risk'] = '@text'
    $takes['order place']['--limit'] = '@text'
    $takes['order place']['--stop-entry'] = '@text'
    $takes['order place']['--stop-loss'] = '@text'
    $takes['order place']['--take-profit'] = '@text'
    $takes['order place']['--trailing'] = '@text'
    $takes['order place']['--ttl'] = '@text'
    $takes['order place']['--timeframe'] = 'S5 S10 S15 S30 M1 M5 M15 M30 H1 H4 D W'
    $takes['order place']['--quality'] = '@text'
    $takes['order place']['--key'] = '@text'
    $takes['order place']['--account'] = '@accounts'
    $takes['order place']['-a'] = '@accounts'
    $takes['order place']['--lock'] = '@text'
    $takes['order place']['--if-market-open'] = '@symbols'
    $takes['order place']['--output'] = 'table json jsonl csv'
    $takes['order place']['-o'] = 'table json jsonl csv'
    $places['order place'] = @('@symbols', 'buy sell', '@text')
    $options['order cancel'] = @('--all', '--account', '-a', '--dry-run', '--output', '-o', '--help', '-h')
    $takes['order cancel'] = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $takes['order cancel']['--account'] = '@accounts'
    $takes['order cancel']['-a'] = '@accounts'
    $takes['order cancel']['--output'] = 'table json jsonl csv'
    $takes['order cancel']['-o'] = 'table json jsonl csv'
    $places['order cancel'] = @('@orders')
    $options['order modify'] = @('--stop-loss', '--take-profit', '--trailing', '--price', '--units', '--ttl', '--account', '-a', '--dry-run', '--output', '-o', '--help', '-h')
    $takes['order modify'] = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $takes['order modify']['--stop-loss'] = '@text'
    $takes['order modify']['--take-profit'] = '@text'
    $takes['order modify']['--trailing'] = '@text'
    $takes['order modify']['--price'] = '@text'
    $takes['order modify']['--units'] = '@text'
    $takes['order modify']['--ttl'] = '@text'
    $takes['order modify']['--account'] = '@accounts'
    $takes['order modify']['-a'] = '@accounts'
    $takes['order modify']['--output'] = 'table json jsonl csv'
    $takes['order modify']['-o'] = 'table json jsonl csv'
    $places['order modify'] = @('@orders')
    $options['order list'] = @('--state', '--count', '-n', '--account', '-a', '--out', '--output', '-o', '--help', '-h')
    $takes['order list'] = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $takes['order list']['--state'] = 'refused rejected unknown working filled cancelled expired'
    $takes['order list']['--count'] = '@text'
    $takes['order list']['-n'] = '@text'
    $takes['order list']['--account'] = '@accounts'
    $takes['order list']['-a'] = '@accounts'
    $takes['order list']['--out'] = '@files'
    $takes['order list']['--output'] = 'table json jsonl csv'
    $takes['order list']['-o'] = 'table json jsonl csv'
    $places['order list'] = @()
    $options['order show'] = @('--account', '-a', '--output', '-o', '--help', '-h')
    $takes['order show'] = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $takes['order show']['--account'] = '@accounts'
    $takes['order show']['-a'] = '@accounts'
    $takes['order show']['--output'] = 'table json jsonl csv'
    $takes['order show']['-o'] = 'table json jsonl csv'
    $places['order show'] = @('@orders')
    $options['order history'] = @('--account', '-a', '--output', '-o', '--help', '-h')
    $takes['order history'] = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $takes['order history']['--account'] = '@accounts'
    $takes['order history']['-a'] = '@accounts'
    $takes['order history']['--output'] = 'table json jsonl csv'
    $takes['order history']['-o'] = 'table json jsonl csv'
    $places['order history'] = @('@orders')
    $options['order resolve'] = @('--account', '-a', '--output', '-o', '--help', '-h')
    $takes['order resolve'] = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $takes['order resolve']['--account'] = '@accounts'
    $takes['order resolve']['-a'] = '@accounts'
    $takes['order resolve']['--output'] = 'table json jsonl csv'
    $takes['order resolve']['-o'] = 'table json jsonl csv'
    $places['order resolve'] = @()
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
    $options['config show'] = @('--output', '-o', '--help', '-h')
    $takes['config show'] = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $takes['config show']['--output'] = 'table json jsonl csv'
    $takes['config show']['-o'] = 'table json jsonl csv'
    $places['config show'] = @()
    $options['config get'] = @('--output', '-o', '--help', '-h')
    $takes['config get'] = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $takes['config get']['--output'] = 'table json jsonl csv'
    $takes['config get']['-o'] = 'table json jsonl csv'
    $places['config get'] = @('output account colour log_level execution_enabled quality_threshold max_hold_min active_broker')
    $options['config set'] = @('--dry-run', '--output', '-o', '--help', '-h')
    $takes['config set'] = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $takes['config set']['--output'] = 'table json jsonl csv'
    $takes['config set']['-o'] = 'table json jsonl csv'
    $places['config set'] = @('output account colour log_level execution_enabled quality_threshold max_hold_min active_broker', '@text')
    $options['config unset'] = @('--dry-run', '--output', '-o', '--help', '-h')
    $takes['config unset'] = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $takes['config unset']['--output'] = 'table json jsonl csv'
    $takes['config unset']['-o'] = 'table json jsonl csv'
    $places['config unset'] = @('output account colour log_level execution_enabled quality_threshold max_hold_min active_broker')
    $options['config path'] = @('--output', '-o', '--help', '-h')
    $takes['config path'] = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)
    $takes['config path']['--output'] = 'table json jsonl csv'
    $takes['config path']['-o'] = 'table json jsonl csv'
    $places['config path'] = @()
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
