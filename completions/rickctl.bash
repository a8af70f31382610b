# bash completion for rickctl.
# Written by `rickctl complete --shell bash`: to change it, change the commands.
# shellcheck shell=bash disable=SC2034,SC2207

# What may follow: sets verbs, options, places, and slot for the value of option $2.
_rickctl_look() {
    verbs="" options="" slot="" places=()
    case "$1" in
    "") verbs="quote stream candles order why positions position pnl account arm disarm pin kill resume charter journal broker login logout whoami sandbox status doctor config complete schema" ;;
    "order") verbs="place cancel modify list show history resolve" ;;
    "position") verbs="close" ;;
    "account") verbs="create list show deposit reset close advance" ;;
    "pin") verbs="set change" ;;
    "charter") verbs="validate show explain diff path seal edit" ;;
    "journal") verbs="list show verify export backup" ;;
    "broker") verbs="list status capabilities" ;;
    "sandbox") verbs="start faults" ;;
    "config") verbs="show get set unset path" ;;
    "quote")
        options="--account -a --at --watch -w --out --lock --if-market-open --output -o --help -h"
        places=("*@symbols")
        case "$2" in
        --account | -a) slot="@accounts" ;;
        --at) slot="@text" ;;
        --out) slot="@files" ;;
        --lock) slot="@text" ;;
        --if-market-open) slot="@symbols" ;;
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "stream")
        options="--count -n --duration --account -a --output -o --help -h"
        places=("*@symbols")
        case "$2" in
        --count | -n) slot="@text" ;;
        --duration) slot="@text" ;;
        --account | -a) slot="@accounts" ;;
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "candles")
        options="--granularity -g --count -n --at --account -a --out --lock --if-market-open --output -o --help -h"
        places=("@symbols")
        case "$2" in
        --granularity | -g) slot="S5 S10 S15 S30 M1 M5 M15 M30 H1 H4 D W" ;;
        --count | -n) slot="@text" ;;
        --at) slot="@text" ;;
        --account | -a) slot="@accounts" ;;
        --out) slot="@files" ;;
        --lock) slot="@text" ;;
        --if-market-open) slot="@symbols" ;;
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "order place")
        options="--risk --limit --stop-entry --stop-loss --take-profit --trailing --ttl --timeframe --quality --key --account -a --dry-run --all --lock --if-market-open --output -o --help -h"
        places=("@symbols" "buy sell" "@text")
        case "$2" in
        --risk) slot="@text" ;;
        --limit) slot="@text" ;;
        --stop-entry) slot="@text" ;;
        --stop-loss) slot="@text" ;;
        --take-profit) slot="@text" ;;
        --trailing) slot="@text" ;;
        --ttl) slot="@text" ;;
        --timeframe) slot="S5 S10 S15 S30 M1 M5 M15 M30 H1 H4 D W" ;;
        --quality) slot="@text" ;;
        --key) slot="@text" ;;
        --account | -a) slot="@accounts" ;;
        --lock) slot="@text" ;;
        --if-market-open) slot="@symbols" ;;
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "order cancel")
        options="--all --account -a --dry-run --output -o --help -h"
        places=("@orders")
        case "$2" in
        --account | -a) slot="@accounts" ;;
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "order modify")
        options="--stop-loss --take-profit --trailing --price --units --ttl --account -a --dry-run --output -o --help -h"
        places=("@numbers")
        case "$2" in
        --stop-loss) slot="@text" ;;
        --take-profit) slot="@text" ;;
        --trailing) slot="@text" ;;
        --price) slot="@text" ;;
        --units) slot="@text" ;;
        --ttl) slot="@text" ;;
        --account | -a) slot="@accounts" ;;
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "order list")
        options="--state --count -n --account -a --out --lock --if-market-open --output -o --help -h"
        case "$2" in
        --state) slot="refused rejected unknown working filled cancelled expired" ;;
        --count | -n) slot="@text" ;;
        --account | -a) slot="@accounts" ;;
        --out) slot="@files" ;;
        --lock) slot="@text" ;;
        --if-market-open) slot="@symbols" ;;
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "order show")
        options="--account -a --output -o --help -h"
        places=("@numbers")
        case "$2" in
        --account | -a) slot="@accounts" ;;
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "order history")
        options="--account -a --output -o --help -h"
        places=("@numbers")
        case "$2" in
        --account | -a) slot="@accounts" ;;
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "order resolve")
        options="--account -a --dry-run --output -o --help -h"
        case "$2" in
        --account | -a) slot="@accounts" ;;
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "why")
        options="--account -a --output -o --help -h"
        places=("@numbers")
        case "$2" in
        --account | -a) slot="@accounts" ;;
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "positions")
        options="--account -a --watch -w --out --lock --if-market-open --output -o --help -h"
        case "$2" in
        --account | -a) slot="@accounts" ;;
        --out) slot="@files" ;;
        --lock) slot="@text" ;;
        --if-market-open) slot="@symbols" ;;
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "position close")
        options="--trade --units --all --account -a --dry-run --output -o --help -h"
        places=("@symbols")
        case "$2" in
        --trade) slot="@trades" ;;
        --units) slot="@text" ;;
        --account | -a) slot="@accounts" ;;
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "pnl")
        options="--account -a --base --watch -w --out --lock --if-market-open --output -o --help -h"
        case "$2" in
        --account | -a) slot="@accounts" ;;
        --base) slot="@text" ;;
        --out) slot="@files" ;;
        --lock) slot="@text" ;;
        --if-market-open) slot="@symbols" ;;
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "account create")
        options="--kind --currency --balance --source --seed --spread --slippage --latency --commission --speed --start --dry-run --output -o --help -h"
        places=("@text")
        case "$2" in
        --kind) slot="margin spot" ;;
        --currency) slot="@text" ;;
        --balance) slot="@text" ;;
        --source) slot="@text" ;;
        --seed) slot="@text" ;;
        --spread) slot="@text" ;;
        --slippage) slot="@text" ;;
        --latency) slot="@text" ;;
        --commission) slot="@text" ;;
        --speed) slot="wall step" ;;
        --start) slot="@text" ;;
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "account list")
        options="--out --lock --output -o --help -h"
        case "$2" in
        --out) slot="@files" ;;
        --lock) slot="@accounts" ;;
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "account show")
        options="--output -o --help -h"
        places=("@accounts")
        case "$2" in
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "account deposit")
        options="--dry-run --output -o --help -h"
        places=("@accounts" "@text")
        case "$2" in
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "account reset")
        options="--dry-run --output -o --help -h"
        places=("@accounts")
        case "$2" in
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "account close")
        options="--dry-run --output -o --help -h"
        places=("@accounts")
        case "$2" in
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "account advance")
        options="--by --to --dry-run --output -o --help -h"
        places=("@accounts")
        case "$2" in
        --by) slot="@text" ;;
        --to) slot="@text" ;;
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "arm")
        options="--account -a --for --reason --dry-run --output -o --help -h"
        case "$2" in
        --account | -a) slot="@accounts" ;;
        --for) slot="@text" ;;
        --reason) slot="@text" ;;
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "disarm")
        options="--account -a --reason --dry-run --output -o --help -h"
        case "$2" in
        --account | -a) slot="@accounts" ;;
        --reason) slot="@text" ;;
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "pin set")
        options="--dry-run --output -o --help -h"
        case "$2" in
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "pin change")
        options="--dry-run --output -o --help -h"
        case "$2" in
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "kill")
        options="--reason --dry-run --output -o --help -h"
        case "$2" in
        --reason) slot="@text" ;;
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "resume")
        options="--dry-run --output -o --help -h"
        case "$2" in
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "charter validate")
        options="--output -o --help -h"
        case "$2" in
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "charter show")
        options="--section -s --output -o --help -h"
        case "$2" in
        --section | -s) slot="@text" ;;
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "charter explain")
        options="--output -o --help -h"
        places=("1.1 1.2 1.3 1.4 1.5 1.6 2.1 2.2 2.3 2.4 2.5 2.6 2.7 3.1 3.2 3.3 3.4 3.5 3.6 4.1 4.2 4.3 4.4 5.1 5.2 6.1 6.2 6.3 6.4 7.1 7.2 7.3 7.4 7.5 7.6 7.7 8.1 8.2 10.1 11.1 11.2 11.3 11.4")
        case "$2" in
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "charter diff")
        options="--output -o --help -h"
        case "$2" in
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "charter path")
        options="--output -o --help -h"
        case "$2" in
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "charter seal")
        options="--expect --mode --dry-run --output -o --help -h"
        case "$2" in
        --expect) slot="@text" ;;
        --mode) slot="paper practice" ;;
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "charter edit")
        options="--dry-run --output -o --help -h"
        case "$2" in
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "journal list")
        options="--account -a --kind --order --count -n --out --lock --output -o --help -h"
        case "$2" in
        --account | -a) slot="@accounts" ;;
        --kind) slot="@text" ;;
        --order) slot="@numbers" ;;
        --count | -n) slot="@text" ;;
        --out) slot="@files" ;;
        --lock) slot="@text" ;;
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "journal show")
        options="--output -o --help -h"
        places=("@text")
        case "$2" in
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "journal verify")
        options="--anchor --output -o --help -h"
        case "$2" in
        --anchor) slot="@files" ;;
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "journal export")
        options="--anchor --out --help -h"
        case "$2" in
        --out) slot="@files" ;;
        esac
        ;;
    "journal backup")
        options="--dry-run --output -o --help -h"
        places=("@files")
        case "$2" in
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "broker list")
        options="--output -o --help -h"
        case "$2" in
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "broker status")
        options="--output -o --help -h"
        places=("@text")
        case "$2" in
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "broker capabilities")
        options="--output -o --help -h"
        places=("@text")
        case "$2" in
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "login")
        options="--mode --account --token-file --token-stdin --insecure-file --dry-run --output -o --help -h"
        places=("@text")
        case "$2" in
        --mode) slot="paper practice live" ;;
        --account) slot="@accounts" ;;
        --token-file) slot="@files" ;;
        --insecure-file) slot="@files" ;;
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "logout")
        options="--mode --account --dry-run --output -o --help -h"
        places=("@text")
        case "$2" in
        --mode) slot="paper practice live" ;;
        --account) slot="@accounts" ;;
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "whoami")
        options="--check --credential-source --output -o --help -h"
        case "$2" in
        --credential-source) slot="@text" ;;
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "sandbox start")
        options="--oanda --market --seed --always-open --tls --control --faults --state --accounts --balance --currency --hedging --fifo --strict --quiet -q --dry-run --output -o --help -h"
        case "$2" in
        --oanda) slot="@text" ;;
        --market) slot="@text" ;;
        --seed) slot="@text" ;;
        --faults) slot="@files" ;;
        --state) slot="@text" ;;
        --accounts) slot="@accounts" ;;
        --balance) slot="@text" ;;
        --currency) slot="@text" ;;
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "sandbox faults")
        options="--output -o --help -h"
        case "$2" in
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "status")
        options="--account -a --history --out --lock --output -o --help -h"
        case "$2" in
        --account | -a) slot="@accounts" ;;
        --out) slot="@files" ;;
        --lock) slot="@text" ;;
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "doctor")
        options="--output -o --help -h"
        case "$2" in
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "config show")
        options="--output -o --help -h"
        case "$2" in
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "config get")
        options="--output -o --help -h"
        places=("output account colour execution_enabled quality_threshold max_hold_min active_broker credential_source log_level log_file credential_command credential_file keyring_backend")
        case "$2" in
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "config set")
        options="--dry-run --output -o --help -h"
        places=("output account colour execution_enabled quality_threshold max_hold_min active_broker credential_source log_level log_file credential_command credential_file keyring_backend" "@text")
        case "$2" in
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "config unset")
        options="--dry-run --output -o --help -h"
        places=("output account colour execution_enabled quality_threshold max_hold_min active_broker credential_source log_level log_file credential_command credential_file keyring_backend")
        case "$2" in
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "config path")
        options="--output -o --help -h"
        case "$2" in
        --output | -o) slot="table json jsonl csv" ;;
        esac
        ;;
    "complete")
        options="--shell --help -h"
        case "$2" in
        --shell) slot="bash zsh fish powershell" ;;
        esac
        ;;
    "schema")
        options="--help -h"
        ;;
    esac
}

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

complete -F _rickctl rickctl
