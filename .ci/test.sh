#!/bin/sh
# Installs what the tests need and runs them all; words after it go to pytest.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
sh .ci/venv.sh dev
exec .venv/bin/python -m pytest --numprocesses auto "$@"
