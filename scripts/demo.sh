#!/usr/bin/env bash
# Installs what is missing, then simulates a memristive neuron twice, by equations and in ngspice, and compares
# the two: a report, and a picture in alif.png. Arguments are passed on, as in "demo.sh --plot other.png".
set -euo pipefail
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

bash "$root/scripts/setup.sh" demo
exec "$root/.venv/bin/neuromorph" validate memristive-alif --plot alif.png "$@"
