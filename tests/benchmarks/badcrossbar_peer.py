"""Solves one array with badcrossbar, in the environment that holds it: file in, file out, seconds printed."""

import logging
import sys
import time

import badcrossbar
import numpy as np

logging.disable(logging.CRITICAL)
given = np.load(sys.argv[1])
seconds = []
for _ in range(int(given["repetitions"])):
    start = time.perf_counter()
    solution = badcrossbar.compute(given["voltages"], given["resistances"], r_i=float(given["r_wire"]))
    seconds.append(time.perf_counter() - start)
np.savez(
    sys.argv[2],
    seconds=min(seconds),
    output=solution.currents.output,
    device=solution.currents.device,
    word=solution.voltages.word_line,
    bit=solution.voltages.bit_line,
)
