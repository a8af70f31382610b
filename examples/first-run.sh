#!/bin/sh
# Installs rickctl into .venv and does its main job once, in a throw-away paper account: no credentials, nothing kept.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
sh .ci/venv.sh app

desk=$(mktemp -d)
trap 'rm -rf "$desk"' EXIT
trap 'exit 130' INT TERM
RICKCTL_STATE_DIR=$desk/state
RICKCTL_CONFIG_DIR=$desk/config
export RICKCTL_STATE_DIR RICKCTL_CONFIG_DIR
unset RICKCTL_ACCOUNT RICKCTL_OUTPUT

show() {
    printf '\n$ rickctl %s\n' "$*"
    "$root/.venv/bin/rickctl" "$@"
}

show quote BTC-USD
show order place BTC-USD buy 0.05 --stop-loss 1% --take-profit 2R
show positions
show pnl
show why 1
