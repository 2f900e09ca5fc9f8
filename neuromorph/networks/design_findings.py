"""Faults of the neurons of a network that are known before a run, by the names of the neurons."""

from __future__ import annotations

import dataclasses

from neuromorph.networks.plan import Plan
from neuromorph.neurons.design_checks import DesignFinding, largest_current

# So many neurons are named in one finding.
_MOST_NAMED = 8


def network_findings(plan: Plan, t_stop: float, t_max: float | None = None) -> tuple[DesignFinding, ...]:
    """Faults of the neurons of a network that are known before a run.

    Parameters
    ----------
    plan : Plan
        The parts (SI units).
    t_stop : float
        Length of the run [s].
    t_max : float, optional
        Longest time step of the SPICE run, where one was asked for [s].

    Returns
    -------
    tuple of DesignFinding
        As of single neurons; the message names the neurons that have the fault.

    Notes
    -----
    A neuron is looked at under its own drive and the analog currents into it, which flow whatever other neurons do. What pulses
    bring comes on top: so a neuron with synapses is never said not to fire, and one that latches up by pulses alone is not found.
    """
    unknown = {part.target for part in plan.synapses} | {part.target for part in plan.injections if part.gain < 0}
    unknown |= {column.target for crossbar in plan.crossbars for column in crossbar.columns}
    currents = _largest_currents(plan, t_stop)
    known: dict[tuple[int, float], tuple[DesignFinding, ...]] = {}
    found: dict[DesignFinding, list[str]] = {}
    for part in plan.neurons:
        current = currents.get(part.name, 0.0)
        key = (id(part.neuron), current)
        if key not in known:
            known[key] = tuple(part.neuron.design_findings(current, t_max=t_max))
        for finding in known[key]:
            # A drive of nothing is meant so; that a neuron has none was said when the graph was read.
            if finding.fault != "no firing" or (current > 0.0 and part.name not in unknown):
                found.setdefault(finding, []).append(part.name)
    return tuple(
        dataclasses.replace(finding, message=f"{_named(names)}: {finding.message}") for finding, names in found.items()
    )


def _largest_currents(plan: Plan, t_stop: float) -> dict[str, float]:
    """Largest current into each neuron that has one that does not come in pulses [A]."""
    sources = {part.name: largest_current(part.stimulus, t_stop) for part in plan.current_sources}
    largest = {part.name: largest_current(part.drive, t_stop) for part in plan.neurons if part.drive is not None}
    for injection in plan.injections:
        if injection.gain > 0:
            largest[injection.target] = largest.get(injection.target, 0.0) + injection.gain * sources[injection.source]
    return largest


def _named(names: list[str]) -> str:
    listed = ", ".join(map(repr, names[:_MOST_NAMED]))
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"neuron{'s' if len(names) > 1 else ''} {listed}{more}"
