"""One run of a sweep: a pure function that travels to whatever process does it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from neuromorph.errors import NeuromorphError
from neuromorph.sweeps.measures import Measure, Run, measured
from neuromorph.sweeps.setup import Setup


def perform(setup: Setup, measures: Mapping[str, Measure], values: Mapping[str, Any]) -> dict[str, Any]:
    """Change parameters, run, measure.

    Parameters
    ----------
    setup : Setup
        What is run (SI units).
    measures : mapping of str to Measure
        What is measured.
    values : mapping of str to float
        Parameters by dotted name, each in its unit.

    Returns
    -------
    dict
        ``values`` by measure, or ``failure`` with the message of what went wrong; ``warnings`` of the design's own
        checks, if any; ``seconds`` [s] that it took.
    """
    started = time.perf_counter()
    try:
        changed = setup.changed(values)
        outcome: dict[str, Any] = {"values": measured(Run(changed), measures)}
        # Kept with the result: a thousand runs would say the same a thousand times, in other processes.
        if findings := changed.findings():
            outcome["warnings"] = findings
    except Exception as error:
        # Whatever goes wrong in one run, a user's own function included, the others go on.
        known = isinstance(error, NeuromorphError | ValueError)
        outcome = {"failure": str(error) if known and str(error) else f"{type(error).__name__}: {error}"}
    return outcome | {"seconds": time.perf_counter() - started}
