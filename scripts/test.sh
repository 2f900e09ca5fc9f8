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

if (($#)); then
    check pytest -q -n 2 "$@"
    exit
fi
check ruff check
check ruff format --check
check mypy
check lint-imports
check pytest -q -n 2 --ignore=tests/benchmarks
# Times mean something only while nothing else runs.
check pytest -q tests/benchmarks
