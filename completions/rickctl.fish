# fish completion for rickctl.
# Written by `rickctl complete --shell fish`: to change it, change the commands.

# The options of a command that take a value.
function __rickctl_takes
    switch $argv[1]
        case 'quote'
            printf '%s\n' '--account' '-a' '--at' '--output' '-o'
        case 'stream'
            printf '%s\n' '--count' '-n' '--duration' '--account' '-a' '--output' '-o'
        case 'candles'
            printf '%s\n' '--granularity' '-g' '--count' '-n' '--at' '--account' '-a' '--output' '-o'
        case 'charter validate'
            printf '%s\n' '--output' '-o'
        case 'charter show'
            printf '%s\n' '--section' '-s' '--output' '-o'
        case 'charter explain'
            printf '%s\n' '--output' '-o'
        case 'charter diff'
            printf '%s\n' '--output' '-o'
        case 'charter path'
            printf '%s\n' '--output' '-o'
        case 'charter seal'
            printf '%s\n' '--expect' '--mode' '--output' '-o'
        case 'charter edit'
            printf '%s\n' '--output' '-o'
        case 'journal list'
            printf '%s\n' '--account' '-a' '--kind' '--order' '--count' '-n' '--output' '-o'
        case 'journal show'
            printf '%s\n' '--output' '-o'
        case 'journal verify'
            printf '%s\n' '--anchor' '--output' '-o'
        case 'journal export'
            printf '%s\n' '--out'
        case 'journal backup'
            printf '%s\n' '--output' '-o'
        case 'doctor'
            printf '%s\n' '--output' '-o'
        case 'complete'
            printf '%s\n' '--shell'
    end
end

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
complete -c rickctl -f

complete -c rickctl -n '__rickctl_after ""' -a quote -d 'bid, ask, spread and age of symbols'
complete -c rickctl -n '__rickctl_at "quote"' -l account -s a -x -a '(__rickctl_ask accounts)' -d 'NAME or mode:broker:name [env: RICKCTL_ACCOUNT]'
complete -c rickctl -n '__rickctl_at "quote"' -l at -x -d 'ask about the past, e.g. 2026-03-02T14:00:00Z'
complete -c rickctl -n '__rickctl_at "quote"' -l output -s o -x -a 'table json jsonl csv' -d 'table, json, jsonl or csv [env: RICKCTL_OUTPUT]'
complete -c rickctl -n '__rickctl_at "quote"' -l help -s h -d 'what it does and how it is written'
complete -c rickctl -n '__rickctl_at "quote" 0+' -a '(__rickctl_ask symbols)' -d 'SYMBOL…'

complete -c rickctl -n '__rickctl_after ""' -a stream -d 'prices as they change'
complete -c rickctl -n '__rickctl_at "stream"' -l count -s n -x -d 'end after N quotes'
complete -c rickctl -n '__rickctl_at "stream"' -l duration -x -d 'end after this long, e.g. 30s'
complete -c rickctl -n '__rickctl_at "stream"' -l account -s a -x -a '(__rickctl_ask accounts)' -d 'NAME or mode:broker:name [env: RICKCTL_ACCOUNT]'
complete -c rickctl -n '__rickctl_at "stream"' -l output -s o -x -a 'table json jsonl csv' -d 'table, json, jsonl or csv [env: RICKCTL_OUTPUT]'
complete -c rickctl -n '__rickctl_at "stream"' -l help -s h -d 'what it does and how it is written'
complete -c rickctl -n '__rickctl_at "stream" 0+' -a '(__rickctl_ask symbols)' -d 'SYMBOL…'

complete -c rickctl -n '__rickctl_after ""' -a candles -d 'bars of one symbol'
complete -c rickctl -n '__rickctl_at "candles"' -l granularity -s g -x -a 'S5 S10 S15 S30 M1 M5 M15 M30 H1 H4 D W' -d 'S5 … M1 M5 M15 M30 H1 H4 D W'
complete -c rickctl -n '__rickctl_at "candles"' -l count -s n -x -d 'how many bars, the newest last'
complete -c rickctl -n '__rickctl_at "candles"' -l at -x -d 'ask about the past, e.g. 2026-03-02T14:00:00Z'
complete -c rickctl -n '__rickctl_at "candles"' -l account -s a -x -a '(__rickctl_ask accounts)' -d 'NAME or mode:broker:name [env: RICKCTL_ACCOUNT]'
complete -c rickctl -n '__rickctl_at "candles"' -l output -s o -x -a 'table json jsonl csv' -d 'table, json, jsonl or csv [env: RICKCTL_OUTPUT]'
complete -c rickctl -n '__rickctl_at "candles"' -l help -s h -d 'what it does and how it is written'
complete -c rickctl -n '__rickctl_at "candles" 0' -a '(__rickctl_ask symbols)' -d 'SYMBOL'

complete -c rickctl -n '__rickctl_after ""' -a charter -d 'the limits every order must pass'
complete -c rickctl -n '__rickctl_after "charter"' -a validate -d 'Say whether orders may be checked by the charter in use, and print sections 10 and 11.'
complete -c rickctl -n '__rickctl_after "charter"' -a show -d 'Print every limit in force, its unit, and the hard floor a file cannot pass.'
complete -c rickctl -n '__rickctl_after "charter"' -a explain -d 'Give the reason for a rule, its values, and a line that passes and one that is refused.'
complete -c rickctl -n '__rickctl_after "charter"' -a diff -d 'Print every value that is not as shipped.'
complete -c rickctl -n '__rickctl_after "charter"' -a path -d 'Print where the charter in use lies: the configuration folder\'s own, else the shipped one.'
complete -c rickctl -n '__rickctl_after "charter"' -a seal -d 'Seal the charter in use for a mode, if it is the one whose hash you give; recorded in the journal.'
complete -c rickctl -n '__rickctl_after "charter"' -a edit -d 'Open your copy of the charter in $VISUAL or $EDITOR (made from the shipped one if missing) and validate it.'
complete -c rickctl -n '__rickctl_at "charter validate"' -l output -s o -x -a 'table json jsonl csv' -d 'table, json, jsonl or csv [env: RICKCTL_OUTPUT]'
complete -c rickctl -n '__rickctl_at "charter validate"' -l help -s h -d 'what it does and how it is written'
complete -c rickctl -n '__rickctl_at "charter show"' -l section -s s -x -d 'one section only'
complete -c rickctl -n '__rickctl_at "charter show"' -l output -s o -x -a 'table json jsonl csv' -d 'table, json, jsonl or csv [env: RICKCTL_OUTPUT]'
complete -c rickctl -n '__rickctl_at "charter show"' -l help -s h -d 'what it does and how it is written'
complete -c rickctl -n '__rickctl_at "charter explain"' -l output -s o -x -a 'table json jsonl csv' -d 'table, json, jsonl or csv [env: RICKCTL_OUTPUT]'
complete -c rickctl -n '__rickctl_at "charter explain"' -l help -s h -d 'what it does and how it is written'
complete -c rickctl -n '__rickctl_at "charter explain" 0' -a '1.1 1.2 1.3 1.4 1.5 2.1 2.2 2.3 2.4 2.5 2.6 2.7 3.1 3.2 3.3 3.4 3.5 3.6 4.1 4.2 4.3 4.4 5.1 5.2 6.1 6.2 6.3 7.1 7.2 7.3 7.4 7.5 7.6 7.7 8.1 8.2 10.1 11.1 11.2 11.3 11.4' -d 'RULE'
complete -c rickctl -n '__rickctl_at "charter diff"' -l output -s o -x -a 'table json jsonl csv' -d 'table, json, jsonl or csv [env: RICKCTL_OUTPUT]'
complete -c rickctl -n '__rickctl_at "charter diff"' -l help -s h -d 'what it does and how it is written'
complete -c rickctl -n '__rickctl_at "charter path"' -l output -s o -x -a 'table json jsonl csv' -d 'table, json, jsonl or csv [env: RICKCTL_OUTPUT]'
complete -c rickctl -n '__rickctl_at "charter path"' -l help -s h -d 'what it does and how it is written'
complete -c rickctl -n '__rickctl_at "charter seal"' -l expect -x -d 'the hash you looked at, 12 digits or more'
complete -c rickctl -n '__rickctl_at "charter seal"' -l mode -x -a 'paper practice' -d 'paper or practice'
complete -c rickctl -n '__rickctl_at "charter seal"' -l output -s o -x -a 'table json jsonl csv' -d 'table, json, jsonl or csv [env: RICKCTL_OUTPUT]'
complete -c rickctl -n '__rickctl_at "charter seal"' -l help -s h -d 'what it does and how it is written'
complete -c rickctl -n '__rickctl_at "charter edit"' -l output -s o -x -a 'table json jsonl csv' -d 'table, json, jsonl or csv [env: RICKCTL_OUTPUT]'
complete -c rickctl -n '__rickctl_at "charter edit"' -l help -s h -d 'what it does and how it is written'

complete -c rickctl -n '__rickctl_after ""' -a journal -d 'the record of everything, and its proof'
complete -c rickctl -n '__rickctl_after "journal"' -a list -d 'Print the newest records, oldest first.'
complete -c rickctl -n '__rickctl_after "journal"' -a show -d 'Print one record whole.'
complete -c rickctl -n '__rickctl_after "journal"' -a verify -d 'Prove that no record was edited, deleted, inserted, moved, cut off or rewritten; exit 9 with what was found.'
complete -c rickctl -n '__rickctl_after "journal"' -a export -d 'Print the journal, one JSON object a line, or with --anchor its head alone.'
complete -c rickctl -n '__rickctl_after "journal"' -a backup -d 'Copy the state to a new file and check the copy; the journal\'s key is not in it.'
complete -c rickctl -n '__rickctl_at "journal list"' -l account -s a -x -a '(__rickctl_ask accounts)' -d 'NAME or mode:broker:name [env: RICKCTL_ACCOUNT]'
complete -c rickctl -n '__rickctl_at "journal list"' -l kind -x -d 'only this kind'
complete -c rickctl -n '__rickctl_at "journal list"' -l order -x -a '(__rickctl_ask orders)' -d 'only of this order'
complete -c rickctl -n '__rickctl_at "journal list"' -l count -s n -x -d 'how many, the newest last'
complete -c rickctl -n '__rickctl_at "journal list"' -l output -s o -x -a 'table json jsonl csv' -d 'table, json, jsonl or csv [env: RICKCTL_OUTPUT]'
complete -c rickctl -n '__rickctl_at "journal list"' -l help -s h -d 'what it does and how it is written'
complete -c rickctl -n '__rickctl_at "journal show"' -l output -s o -x -a 'table json jsonl csv' -d 'table, json, jsonl or csv [env: RICKCTL_OUTPUT]'
complete -c rickctl -n '__rickctl_at "journal show"' -l help -s h -d 'what it does and how it is written'
complete -c rickctl -n '__rickctl_at "journal verify"' -l anchor -r -F -d 'hold it to an exported anchor too'
complete -c rickctl -n '__rickctl_at "journal verify"' -l output -s o -x -a 'table json jsonl csv' -d 'table, json, jsonl or csv [env: RICKCTL_OUTPUT]'
complete -c rickctl -n '__rickctl_at "journal verify"' -l help -s h -d 'what it does and how it is written'
complete -c rickctl -n '__rickctl_at "journal export"' -l anchor -d 'only the head, to keep elsewhere'
complete -c rickctl -n '__rickctl_at "journal export"' -l out -r -F -d 'write there in one step'
complete -c rickctl -n '__rickctl_at "journal export"' -l help -s h -d 'what it does and how it is written'
complete -c rickctl -n '__rickctl_at "journal backup"' -l output -s o -x -a 'table json jsonl csv' -d 'table, json, jsonl or csv [env: RICKCTL_OUTPUT]'
complete -c rickctl -n '__rickctl_at "journal backup"' -l help -s h -d 'what it does and how it is written'
complete -c rickctl -n '__rickctl_at "journal backup" 0' -F -d 'FILE'

complete -c rickctl -n '__rickctl_after ""' -a doctor -d 'whether everything here is in order'
complete -c rickctl -n '__rickctl_at "doctor"' -l output -s o -x -a 'table json jsonl csv' -d 'table, json, jsonl or csv [env: RICKCTL_OUTPUT]'
complete -c rickctl -n '__rickctl_at "doctor"' -l help -s h -d 'what it does and how it is written'

complete -c rickctl -n '__rickctl_after ""' -a complete -d 'the completion script of your shell'
complete -c rickctl -n '__rickctl_at "complete"' -l shell -x -a 'bash zsh fish powershell' -d 'bash, zsh, fish or powershell'
complete -c rickctl -n '__rickctl_at "complete"' -l help -s h -d 'what it does and how it is written'

complete -c rickctl -n '__rickctl_after ""' -a schema -d 'the command tree as JSON'
complete -c rickctl -n '__rickctl_at "schema"' -l help -s h -d 'what it does and how it is written'
