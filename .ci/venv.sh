#!/bin/sh
# Makes .venv and installs rickctl into it; quick when nothing changed.
#   sh .ci/venv.sh app   rickctl with what it needs, as a user would install it
#   sh .ci/venv.sh dev   also what checks and tests need, every version and hash as requirements.lock has them
# Exit 3 where this machine lacks something: one line says what.
set -eu

kind=${1:-app}
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
venv=.venv

fail() {
    printf 'rickctl: %s\n' "$1" >&2
    exit 3
}

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    found=
    for name in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python3.14; do
        if is_new_enough "$name"; then
            found=$name
            if "$name" -c 'import ensurepip, venv' >/dev/null 2>&1; then
                printf '%s\n' "$name"
                return
            fi
        fi
    done
    [ -n "$found" ] || fail 'needs Python 3.11 or newer; install it (Debian, Ubuntu: apt install python3 python3-venv)'
    fail "$found cannot make virtual environments; install venv (Debian, Ubuntu: apt install python3-venv)"
}

install() {
    "$venv/bin/python" -m pip --disable-pip-version-check --no-input --quiet install "$@" ||
        fail 'could not install; pip says why above (is the package index reachable?)'
}

if ! is_new_enough "$venv/bin/python" || ! "$venv/bin/python" -c 'import pip' 2>/dev/null; then
    python=$(find_python)
    printf 'making %s with %s …\n' "$venv" "$("$python" --version)" >&2
    "$python" -m venv --clear "$venv" || fail "$python could not make $venv"
fi

# The place counts too: an environment does not survive a move.
wanted=$({ pwd && cat pyproject.toml requirements.lock .ci/venv.sh; } | cksum)
stamp=$venv/installed-$kind
if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
    printf 'installing into %s …\n' "$venv" >&2
    if [ "$kind" = dev ]; then
        # What the lock pins builds everything that comes as source, so nothing unpinned is fetched to build with.
        sed -n '/^setuptools==/,/[^\\]$/p' requirements.lock >"$venv/build.lock"
        install --require-hashes --requirement "$venv/build.lock"
        install --require-hashes --use-pep517 --no-build-isolation --requirement requirements.lock
        install --no-deps --no-build-isolation --config-settings editable_mode=compat --editable .
        printf '%s' "$wanted" >"$venv/installed-app"
    else
        install --config-settings editable_mode=compat --editable .
    fi
    printf '%s' "$wanted" >"$stamp"
fi
