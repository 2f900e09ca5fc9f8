#!/usr/bin/env bash
# Installs what is missing, then runs every check. With arguments it runs pytest only, and passes them on, as in
# "test.sh tests/test_quantities.py -n 0".
set -euo pipefail
CDPATH='' cd -- "$(dirname -- "$0")/.."

bash scripts/setup.sh dev
PATH=$PWD/.venv/bin:$PATH

check() {
    echo "== $*"
    "$@"
}

if (($# == 0)); then
    check ruff check
    check ruff format --check
    check mypy
    check lint-imports
fi
check pytest -q -n 2 "$@"
