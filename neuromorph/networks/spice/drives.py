"""What drives a network's circuit: its own currents, and the pulses of its sources of spikes."""

from __future__ import annotations

from neuromorph.networks.plan import Plan, SpikeSourcePart
from neuromorph.stimulus import Constant, PiecewiseLinear, Stimulus

__all__ = ["network_drives", "pulses_of"]

# Length of an edge as a share of a pulse; the middle of an edge is at the time that is meant.
_EDGE_SHARE = 1e-4


def network_drives(plan: Plan) -> dict[str, Stimulus]:
    """The stimuli of a network, by the ports of its circuit.

    Parameters
    ----------
    plan : Plan
        The parts.

    Returns
    -------
    dict of str to Stimulus
        Currents into neurons and of inputs [A], voltages of the lines of spike sources [V].
    """
    drives = {part.name: part.drive for part in plan.neurons if part.drive is not None}
    drives |= {part.name: part.stimulus for part in plan.current_sources}
    return drives | {part.name: pulses_of(part) for part in plan.spike_sources}


def pulses_of(part: SpikeSourcePart) -> Stimulus:
    """The voltage of a spike source's line [V]: a pulse from each time on, pulses that overlap as one."""
    t_pulse, v_pulse = part.driver.t_pulse, part.driver.v_pulse
    edge = _EDGE_SHARE * t_pulse
    merged: list[list[float]] = []
    for time in part.times:
        # A gap that is shorter than its edges is none.
        if merged and time - merged[-1][1] <= 2 * edge:
            merged[-1][1] = time + t_pulse
        else:
            merged.append([time, time + t_pulse])
    points: list[tuple[float, float]] = []
    for start, end in merged:
        if start > edge / 2:
            points += [(start - edge / 2, 0.0), (start + edge / 2, v_pulse)]
        else:
            # From 0 V on: the operating point before the run would have charged every low-pass, and filled every delay line.
            points += [(0.0, 0.0), (start + edge / 2, v_pulse)]
        points += [(end - edge / 2, v_pulse), (end + edge / 2, 0.0)]
    if not points:
        return Constant(value=0.0)
    return PiecewiseLinear(times=[time for time, _ in points], values=[value for _, value in points])
