#!/bin/sh
# Places the orders of a file, one a line: SYMBOL SIDE UNITS STOP TARGET. Every order carries both exits; when one fills,
# the other is gone. Each line has a key made of NAME and its number, so running it again places nothing twice.
#
#   place-oco.sh NAME FILE [options of `rickctl order place`, such as --account rehearsal]
#
# Where nothing was sent (5) a line is tried three times, PAUSE seconds apart (5).
# Exit code: 0 when every order was placed or skipped, else that of the first one that was not.
set -u
[ $# -ge 2 ] || { echo "usage: place-oco.sh NAME FILE [OPTION…]" >&2; exit 2; }
name=$1 file=$2
shift 2
[ -r "$file" ] || { echo "$file cannot be read" >&2; exit 2; }

RICKCTL=${RICKCTL:-rickctl}
tries=3
pause=${PAUSE:-5}
result=0
number=0

place() {
    attempt=1
    while :; do
        "$RICKCTL" order place "$symbol" "$side" "$units" --stop-loss "$stop" --take-profit "$target" \
            --key "$name-$number" "$@" </dev/null
        code=$?
        # 5: nothing was sent. The key makes trying again safe even so.
        [ "$code" -eq 5 ] && [ "$attempt" -lt "$tries" ] || return "$code"
        attempt=$((attempt + 1))
        sleep "$pause"
    done
}

while read -r symbol side units stop target rest; do
    case $symbol in '' | '#'*) continue ;; esac
    [ -z "$rest" ] || { echo "line of $symbol: too many words" >&2; exit 2; }
    number=$((number + 1))
    place "$@"
    code=$?
    case $code in
        0) what="placed" go=on ;;
        1) what="a bug of rickctl: stop and report it" go=stop ;;
        2) what="the line is wrong: mend it" go=on ;;
        3) what="this machine's set-up cannot be used: stop and mend it" go=stop ;;
        4) what="the broker said no" go=on ;;
        5) what="unreachable, nothing was sent: try later" go=stop ;;
        6) what="refused by our own rules: the lines above tell which" go=on ;;
        7) what="OUTCOME UNKNOWN: do not place it again" go=stop ;;
        8) what="skipped on purpose" go=on ;;
        9) what="answered with findings: read them" go=on ;;
        130) what="interrupted" go=stop ;;
        *) what="ended with $code, which is not one of rickctl's" go=stop ;;
    esac
    echo "$name-$number $symbol $side $units: $what" >&2
    if [ "$result" -eq 0 ] && [ "$code" -ne 8 ]; then result=$code; fi
    if [ "$code" -eq 7 ]; then "$RICKCTL" order resolve "$@" </dev/null >&2; fi
    [ "$go" = on ] || exit "$result"
done <"$file"
exit "$result"
