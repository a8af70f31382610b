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
        case 'order place'
            printf '%s\n' '--risk' '--limit' '--stop-entry' '--stop-loss' '--take-profit' '--trailing' '--ttl' '--timeframe' '--quality' '--key' '--account' '-a' '--lock' '--if-market-open' '--output' '-o'
        case 'order cancel'
            printf '%s\n' '--account' '-a' '--output' '-o'
        case 'order modify'
            printf '%s\n' '--stop-loss' '--take-profit' '--trailing' '--price' '--units' '--ttl' '--account' '-a' '--output' '-o'
        case 'order list'
            printf '%s\n' '--state' '--count' '-n' '--account' '-a' '--out' '--output' '-o'
        case 'order show'
            printf '%s\n' '--account' '-a' '--output' '-o'
        case 'order history'
            printf '%s\n' '--account' '-a' '--output' '-o'
        case 'order resolve'
            printf '%s\n' '--account' '-a' '--output' '-o'
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
        case 'config show'
            printf '%s\n' '--output' '-o'
        case 'config get'
            printf '%s\n' '--output' '-o'
        case 'config set'
            printf '%s\n' '--output' '-o'
        case 'config unset'
            printf '%s\n' '--output' '-o'
        case 'config path'
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

complete -c rickctl -n '__rickctl_after ""' -a order -d 'place, cancel, modify, list and explain orders'
complete -c rickctl -n '__rickctl_after "order"' -a place -d 'Place an entry with its stop-loss and take-profit as one order; when one exit fills, the other is gone.'
complete -c rickctl -n '__rickctl_after "order"' -a cancel -d 'Cancel what is not filled of an order, or with --all of every working entry; open positions keep their exits.'
complete -c rickctl -n '__rickctl_after "order"' -a modify -d 'Change a working order, or move the exits of the position it opened; what widens risk passes every rule again.'
complete -c rickctl -n '__rickctl_after "order"' -a list -d 'List the newest orders, refused ones too, of one account or of all.'
complete -c rickctl -n '__rickctl_after "order"' -a show -d 'Show one order whole, and the rules its account fills by.'
complete -c rickctl -n '__rickctl_after "order"' -a history -d 'Print everything that happened to an order and its position, oldest first.'
complete -c rickctl -n '__rickctl_after "order"' -a resolve -d 'Ask the broker what became of orders without an answer; nothing is sent again. Exit 7 while one is unknown.'
complete -c rickctl -n '__rickctl_at "order place"' -l risk -x -d 'size it: 0.5% of equity, or an amount'
complete -c rickctl -n '__rickctl_at "order place"' -l limit -x -d 'enter there or better'
complete -c rickctl -n '__rickctl_at "order place"' -l stop-entry -x -d 'enter once reached'
complete -c rickctl -n '__rickctl_at "order place"' -l stop-loss -x -d 'a price, 20p, 0.5%'
complete -c rickctl -n '__rickctl_at "order place"' -l take-profit -x -d 'a price, 40p, 1%, 2R'
complete -c rickctl -n '__rickctl_at "order place"' -l trailing -x -d '20p or 0.5%: the stop follows'
complete -c rickctl -n '__rickctl_at "order place"' -l ttl -x -d 'life of a resting entry, at most 6h'
complete -c rickctl -n '__rickctl_at "order place"' -l timeframe -x -a 'S5 S10 S15 S30 M1 M5 M15 M30 H1 H4 D W' -d 'what a strategy\'s order is based on'
complete -c rickctl -n '__rickctl_at "order place"' -l quality -x -d 'your own score, 0 to 100'
complete -c rickctl -n '__rickctl_at "order place"' -l key -x -d 'the same key is the same order, 30 days'
complete -c rickctl -n '__rickctl_at "order place"' -l account -s a -x -a '(__rickctl_ask accounts)' -d 'NAME or mode:broker:name [env: RICKCTL_ACCOUNT]'
complete -c rickctl -n '__rickctl_at "order place"' -l dry-run -d 'print what would be sent and every verdict; write nothing'
complete -c rickctl -n '__rickctl_at "order place"' -l all -d 'with --dry-run: the rules that passed too'
complete -c rickctl -n '__rickctl_at "order place"' -l lock -x -d 'skip (exit 8) while NAME runs elsewhere'
complete -c rickctl -n '__rickctl_at "order place"' -l if-market-open -x -a '(__rickctl_ask symbols)' -d 'skip (exit 8) while SYMBOL is closed'
complete -c rickctl -n '__rickctl_at "order place"' -l output -s o -x -a 'table json jsonl csv' -d 'table, json, jsonl or csv [env: RICKCTL_OUTPUT]'
complete -c rickctl -n '__rickctl_at "order place"' -l help -s h -d 'what it does and how it is written'
complete -c rickctl -n '__rickctl_at "order place" 0' -a '(__rickctl_ask symbols)' -d 'SYMBOL'
complete -c rickctl -n '__rickctl_at "order place" 1' -a 'buy sell' -d 'SIDE'
complete -c rickctl -n '__rickctl_at "order cancel"' -l all -d 'everything of the account'
complete -c rickctl -n '__rickctl_at "order cancel"' -l account -s a -x -a '(__rickctl_ask accounts)' -d 'NAME or mode:broker:name [env: RICKCTL_ACCOUNT]'
complete -c rickctl -n '__rickctl_at "order cancel"' -l dry-run -d 'print what would be sent and every verdict; write nothing'
complete -c rickctl -n '__rickctl_at "order cancel"' -l output -s o -x -a 'table json jsonl csv' -d 'table, json, jsonl or csv [env: RICKCTL_OUTPUT]'
complete -c rickctl -n '__rickctl_at "order cancel"' -l help -s h -d 'what it does and how it is written'
complete -c rickctl -n '__rickctl_at "order cancel" 0' -a '(__rickctl_ask orders)' -d '[ORDER]'
complete -c rickctl -n '__rickctl_at "order modify"' -l stop-loss -x -d 'a price, 20p, 0.5%'
complete -c rickctl -n '__rickctl_at "order modify"' -l take-profit -x -d 'a price, 40p, 1%, 2R'
complete -c rickctl -n '__rickctl_at "order modify"' -l trailing -x -d '20p or 0.5%: the stop follows'
complete -c rickctl -n '__rickctl_at "order modify"' -l price -x -d 'of a resting entry'
complete -c rickctl -n '__rickctl_at "order modify"' -l units -x -d 'of a resting entry'
complete -c rickctl -n '__rickctl_at "order modify"' -l ttl -x -d 'life of a resting entry, at most 6h'
complete -c rickctl -n '__rickctl_at "order modify"' -l account -s a -x -a '(__rickctl_ask accounts)' -d 'NAME or mode:broker:name [env: RICKCTL_ACCOUNT]'
complete -c rickctl -n '__rickctl_at "order modify"' -l dry-run -d 'print what would be sent and every verdict; write nothing'
complete -c rickctl -n '__rickctl_at "order modify"' -l output -s o -x -a 'table json jsonl csv' -d 'table, json, jsonl or csv [env: RICKCTL_OUTPUT]'
complete -c rickctl -n '__rickctl_at "order modify"' -l help -s h -d 'what it does and how it is written'
complete -c rickctl -n '__rickctl_at "order modify" 0' -a '(__rickctl_ask orders)' -d 'ORDER'
complete -c rickctl -n '__rickctl_at "order list"' -l state -x -a 'refused rejected unknown working filled cancelled expired' -d 'working, filled, refused …'
complete -c rickctl -n '__rickctl_at "order list"' -l count -s n -x -d 'how many, the newest first'
complete -c rickctl -n '__rickctl_at "order list"' -l account -s a -x -a '(__rickctl_ask accounts)' -d 'NAME or mode:broker:name [env: RICKCTL_ACCOUNT]'
complete -c rickctl -n '__rickctl_at "order list"' -l out -r -F -d 'write the result there in one step'
complete -c rickctl -n '__rickctl_at "order list"' -l output -s o -x -a 'table json jsonl csv' -d 'table, json, jsonl or csv [env: RICKCTL_OUTPUT]'
complete -c rickctl -n '__rickctl_at "order list"' -l help -s h -d 'what it does and how it is written'
complete -c rickctl -n '__rickctl_at "order show"' -l account -s a -x -a '(__rickctl_ask accounts)' -d 'NAME or mode:broker:name [env: RICKCTL_ACCOUNT]'
complete -c rickctl -n '__rickctl_at "order show"' -l output -s o -x -a 'table json jsonl csv' -d 'table, json, jsonl or csv [env: RICKCTL_OUTPUT]'
complete -c rickctl -n '__rickctl_at "order show"' -l help -s h -d 'what it does and how it is written'
complete -c rickctl -n '__rickctl_at "order show" 0' -a '(__rickctl_ask orders)' -d 'ORDER'
complete -c rickctl -n '__rickctl_at "order history"' -l account -s a -x -a '(__rickctl_ask accounts)' -d 'NAME or mode:broker:name [env: RICKCTL_ACCOUNT]'
complete -c rickctl -n '__rickctl_at "order history"' -l output -s o -x -a 'table json jsonl csv' -d 'table, json, jsonl or csv [env: RICKCTL_OUTPUT]'
complete -c rickctl -n '__rickctl_at "order history"' -l help -s h -d 'what it does and how it is written'
complete -c rickctl -n '__rickctl_at "order history" 0' -a '(__rickctl_ask orders)' -d 'ORDER'
complete -c rickctl -n '__rickctl_at "order resolve"' -l account -s a -x -a '(__rickctl_ask accounts)' -d 'NAME or mode:broker:name [env: RICKCTL_ACCOUNT]'
complete -c rickctl -n '__rickctl_at "order resolve"' -l output -s o -x -a 'table json jsonl csv' -d 'table, json, jsonl or csv [env: RICKCTL_OUTPUT]'
complete -c rickctl -n '__rickctl_at "order resolve"' -l help -s h -d 'what it does and how it is written'

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
complete -c rickctl -n '__rickctl_at "journal export"' -l out -r -F -d 'write the result there in one step'
complete -c rickctl -n '__rickctl_at "journal export"' -l help -s h -d 'what it does and how it is written'
complete -c rickctl -n '__rickctl_at "journal backup"' -l output -s o -x -a 'table json jsonl csv' -d 'table, json, jsonl or csv [env: RICKCTL_OUTPUT]'
complete -c rickctl -n '__rickctl_at "journal backup"' -l help -s h -d 'what it does and how it is written'
complete -c rickctl -n '__rickctl_at "journal backup" 0' -F -d 'FILE'

complete -c rickctl -n '__rickctl_after ""' -a doctor -d 'whether everything here is in order'
complete -c rickctl -n '__rickctl_at "doctor"' -l output -s o -x -a 'table json jsonl csv' -d 'table, json, jsonl or csv [env: RICKCTL_OUTPUT]'
complete -c rickctl -n '__rickctl_at "doctor"' -l help -s h -d 'what it does and how it is written'

complete -c rickctl -n '__rickctl_after ""' -a config -d 'settings and where they come from'
complete -c rickctl -n '__rickctl_after "config"' -a show -d 'Print every setting in force and its source; of venues\' variables only whether they are there.'
complete -c rickctl -n '__rickctl_after "config"' -a get -d 'Print the value in force of one setting.'
complete -c rickctl -n '__rickctl_after "config"' -a set -d 'Write one setting into the file, comments and all else kept, and print what is then in force.'
complete -c rickctl -n '__rickctl_after "config"' -a unset -d 'Take one setting out of the file and print what is then in force.'
complete -c rickctl -n '__rickctl_after "config"' -a path -d 'Print where the file lies, or would lie.'
complete -c rickctl -n '__rickctl_at "config show"' -l output -s o -x -a 'table json jsonl csv' -d 'table, json, jsonl or csv [env: RICKCTL_OUTPUT]'
complete -c rickctl -n '__rickctl_at "config show"' -l help -s h -d 'what it does and how it is written'
complete -c rickctl -n '__rickctl_at "config get"' -l output -s o -x -a 'table json jsonl csv' -d 'table, json, jsonl or csv [env: RICKCTL_OUTPUT]'
complete -c rickctl -n '__rickctl_at "config get"' -l help -s h -d 'what it does and how it is written'
complete -c rickctl -n '__rickctl_at "config get" 0' -a 'output account colour log_level execution_enabled quality_threshold max_hold_min active_broker' -d 'KEY'
complete -c rickctl -n '__rickctl_at "config set"' -l dry-run -d 'print what the file would hold, write nothing'
complete -c rickctl -n '__rickctl_at "config set"' -l output -s o -x -a 'table json jsonl csv' -d 'table, json, jsonl or csv [env: RICKCTL_OUTPUT]'
complete -c rickctl -n '__rickctl_at "config set"' -l help -s h -d 'what it does and how it is written'
complete -c rickctl -n '__rickctl_at "config set" 0' -a 'output account colour log_level execution_enabled quality_threshold max_hold_min active_broker' -d 'KEY'
complete -c rickctl -n '__rickctl_at "config unset"' -l dry-run -d 'print what the file would hold, write nothing'
complete -c rickctl -n '__rickctl_at "config unset"' -l output -s o -x -a 'table json jsonl csv' -d 'table, json, jsonl or csv [env: RICKCTL_OUTPUT]'
complete -c rickctl -n '__rickctl_at "config unset"' -l help -s h -d 'what it does and how it is written'
complete -c rickctl -n '__rickctl_at "config unset" 0' -a 'output account colour log_level execution_enabled quality_threshold max_hold_min active_broker' -d 'KEY'
complete -c rickctl -n '__rickctl_at "config path"' -l output -s o -x -a 'table json jsonl csv' -d 'table, json, jsonl or csv [env: RICKCTL_OUTPUT]'
complete -c rickctl -n '__rickctl_at "config path"' -l help -s h -d 'what it does and how it is written'

complete -c rickctl -n '__rickctl_after ""' -a complete -d 'the completion script of your shell'
complete -c rickctl -n '__rickctl_at "complete"' -l shell -x -a 'bash zsh fish powershell' -d 'bash, zsh, fish or powershell'
complete -c rickctl -n '__rickctl_at "complete"' -l help -s h -d 'what it does and how it is written'

complete -c rickctl -n '__rickctl_after ""' -a schema -d 'the command tree as JSON'
complete -c rickctl -n '__rickctl_at "schema"' -l help -s h -d 'what it does and how it is written'
