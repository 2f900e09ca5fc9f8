#!/usr/bin/env bash
# Installs what is missing, then simulates a memristive neuron twice, by equations and in ngspice, and compares
# the two: a report, and a picture in alif.png. Where ngspice is not and cannot be installed, VACASK takes its place.
# Arguments are passed on, as in "demo.sh --plot other.png".
set -euo pipefail
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

bash "$root/scripts/setup.sh" demo
engine=ngspice
if [[ -z ${NEUROMORPH_NGSPICE:-} ]] && ! type -P ngspice >/dev/null; then engine=auto; fi
exec "$root/.venv/bin/neuromorph" validate memristive-alif --engine "$engine" --plot alif.png "$@"
