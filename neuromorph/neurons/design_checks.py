"""Faults of a design that a simulator does not name: found before the run, with the value that would do."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.quantities import format_quantity
from neuromorph.stimulus import Stimulus, WhiteNoise
from neuromorph.stimulus.held import same_spikes

if TYPE_CHECKING:
    from neuromorph.devices import MemristorModel
    from neuromorph.neurons.spike_circuit import SpikeCircuit

# What a finding recommends keeps this distance from the limit.
_MARGIN = 1.2


class DesignWarning(UserWarning):
    """A design that runs, but not as a neuron; the message names the parameter and a value that would do."""


@dataclass(frozen=True)
class DesignFinding:
    """One fault of a design.

    Parameters
    ----------
    fault : str
        Which one: ``"latch-up"``, ``"no firing"``, ``"common mode"``, ``"output range"``, ``"time step"`` or ``"same spikes"``.
    parameter : str
        The parameter to change.
    limit : float
        What the parameter has to be above or below [its unit].
    message : str
        The fault, its reason and the remedy.
    """

    fault: str
    parameter: str
    limit: float
    message: str


def current_at(memristor: MemristorModel, v: float, x: float) -> float:
    """Current of a memristor at one point, without a compiled kernel, which would take longer to load.

    Parameters
    ----------
    memristor : MemristorModel
        The device.
    v, x : float
        Voltage [V] and state (pure number).

    Returns
    -------
    float
        Current [A].
    """
    return float(memristor.current_equation(v, x))


def largest_current(drive: Mapping[str, Stimulus] | Stimulus | None, t_stop: float) -> float:
    """Largest value of a neuron's drive.

    Parameters
    ----------
    drive : Stimulus, or mapping of str to Stimulus, or None
        As :func:`neuromorph.simulate` takes it [A].
    t_stop : float
        Length of the run [s].

    Returns
    -------
    float
        Current [A]; of a sum of several inputs no less than its largest value, of white noise its mean.
    """
    stimuli = [drive] if isinstance(drive, Stimulus) else list((drive or {}).values())
    total = 0.0
    for stimulus in stimuli:
        if isinstance(stimulus, WhiteNoise):
            total += stimulus.mean
            continue
        table = stimulus.segments(t_stop)
        ends = np.append(table[1:, 0], t_stop)
        last = table[:, 1] + table[:, 2] * (ends - table[:, 0])
        total += float(np.max(np.maximum(table[:, 1], last) + np.abs(table[:, 3])))
    return total


def latch_up(
    circuit: SpikeCircuit,
    i_max: float,
    share: float,
    gain: float,
    v_rest: float,
    *,
    v_offset: float = 0.0,
    parameter: str = "v_lo",
) -> Iterator[DesignFinding]:
    """The discharge that never ends: its transistor cannot pull below the lower threshold against the drive.

    Parameters
    ----------
    circuit : SpikeCircuit
        Thresholds and switch (SI units).
    i_max : float
        Largest input current [A].
    share : float
        Largest share of the capacitor's voltage that is sensed (pure number).
    gain : float
        From the sensed share to the comparator's input [V/V].
    v_rest : float
        Resting voltage [V].
    v_offset : float
        What the amplifier adds to the sensed voltage [V].
    parameter : str
        The parameter that sets the lower threshold: ``"v_lo"`` [V], or that of a trigger [V, after the gain].

    Yields
    ------
    DesignFinding
        Where the lower threshold is below what the current leaves across the switch, or nothing switches on.
    """
    on = circuit.on_resistance(v_rest)
    if math.isinf(on):
        gate = circuit.trigger.comparator.v_high
        yield DesignFinding(
            "latch-up",
            "transistor.v_to",
            gate - v_rest,
            f"the discharge never conducts: the gate's {_amount(gate, 'V')} over v_rest = {_amount(v_rest, 'V')} is not above "
            f"the transistor's threshold of {_amount(circuit.transistor.v_to, 'V')}; lower v_rest below "
            f"{_amount(gate - circuit.transistor.v_to, 'V')}, or transistor.v_to below {_amount(gate - v_rest, 'V')}",
        )
        return
    held = i_max * on * share + v_offset
    v_low = circuit.lower_threshold / gain
    if held < v_low:
        return
    scale = 1.0 if parameter == "v_lo" else gain
    wanted = _MARGIN * max(held, v_offset) * scale
    left = v_low - v_offset
    remedies = [f"raise {parameter} to {_amount(wanted, 'V')}"] if wanted > 0 else []
    if left > 0 and i_max > 0:
        remedies.append(f"use a discharge of at most {_amount(left / (_MARGIN * i_max * share), 'ohm')}")
    elif v_offset > 0 and v_low > 0:
        remedies.append(f"an amplifier whose offset adds less than {_amount(v_low, 'V')}")
    offset = " and the amplifier's offset keep" if v_offset else " keeps"
    yield DesignFinding(
        "latch-up",
        parameter,
        held * scale,
        f"latch-up: {_amount(i_max, 'A')} through the discharge's {_amount(on, 'ohm')}{offset} the sensed voltage at "
        f"{_amount(held, 'V')}, not below the lower threshold of {_amount(v_low, 'V')}, so the discharge never ends; "
        + ", or ".join(remedies or ["give the trigger a lower threshold above zero"]),
    )


def memristor_too_conductive(
    memristor: MemristorModel, v_th: float, i_max: float, *, parameter: str = "v_th", gain: float = 1.0
) -> Iterator[DesignFinding]:
    """A threshold that the memristor's voltage does not reach when the memristor is fully on.

    Parameters
    ----------
    memristor : MemristorModel
        The leak.
    v_th : float
        Threshold, at the memristor [V].
    i_max : float
        Largest input current [A].
    parameter : str
        The parameter that sets the threshold.
    gain : float
        That parameter over the threshold [V/V].

    Yields
    ------
    DesignFinding
        Where the whole current flows through the memristor below the threshold.
    """
    if i_max <= 0 < v_th:
        yield _no_drive(parameter, i_max, current_at(memristor, v_th, 0.0))
        return
    for x, when in (
        (0.0, "never fires: even a memristor that is off"),
        (1.0, "ceases to fire: a memristor that is on"),
    ):
        if current_at(memristor, v_th, x) < i_max:
            continue
        reached = _voltage_of(memristor, x, i_max, v_th)
        needed = current_at(memristor, v_th, x)
        at = f" at the memristor, {_amount(gain * v_th, 'V')} at the trigger" if gain != 1.0 else ""
        yield DesignFinding(
            "no firing",
            parameter,
            gain * reached,
            f"the neuron {when} carries {_amount(i_max, 'A')} at {_amount(reached, 'V')}, below {'v_th =' if parameter == 'v_th' else 'the threshold of'} "
            f"{_amount(v_th, 'V')}{at}; lower {parameter} to {_amount(gain * reached / _MARGIN, 'V')}, or drive it with {_amount(_MARGIN * needed, 'A')}",
        )
        return


def _no_drive(parameter: str, i_max: float, needed: float) -> DesignFinding:
    """A drive that never charges the membrane: no threshold would do."""
    return DesignFinding(
        "no firing",
        parameter,
        0.0,
        f"the neuron never fires: the largest input current is {_amount(i_max, 'A')}, which does not charge the membrane; "
        f"drive it with {_amount(_MARGIN * needed, 'A')}",
    )


def leak_too_conductive(
    r_leak: float, v_th: float, v_rest: float, i_max: float, *, parameter: str = "v_th"
) -> Iterator[DesignFinding]:
    """A threshold above what the drive brings the membrane to.

    Parameters
    ----------
    r_leak : float
        Leak, with what loads the membrane [ohm].
    v_th, v_rest : float
        Threshold and resting voltage [V].
    i_max : float
        Largest input current [A].
    parameter : str
        What sets the threshold.

    Yields
    ------
    DesignFinding
        Where the threshold is not reached.
    """
    reached = v_rest + r_leak * i_max
    if reached > v_th:
        return
    if i_max <= 0:
        yield _no_drive(parameter, i_max, (v_th - v_rest) / r_leak)
        return
    yield DesignFinding(
        "no firing",
        parameter,
        reached,
        f"the neuron never fires: {_amount(i_max, 'A')} brings the membrane to {_amount(reached, 'V')}, not above the threshold of "
        f"{_amount(v_th, 'V')}; lower {parameter} to {_amount(v_rest + (reached - v_rest) / _MARGIN, 'V')}, or drive it with "
        f"{_amount(_MARGIN * (v_th - v_rest) / r_leak, 'A')}",
    )


def outside_common_mode(circuit: SpikeCircuit) -> Iterator[DesignFinding]:
    """Thresholds at which the comparator's inputs are where it does not compare.

    Parameters
    ----------
    circuit : SpikeCircuit
        The trigger (SI units).

    Yields
    ------
    DesignFinding
        Where the reference lies outside the comparator's common-mode range.
    """
    if circuit.comparator == "ideal":
        return
    trigger = circuit.trigger
    low, high = trigger.comparator.common_mode_low, trigger.comparator.common_mode_high
    reference = trigger.v_reference
    if low <= reference <= high:
        return
    limit = low if reference < low else high
    # The reference is in proportion to the thresholds, nearly.
    wanted = trigger.v_high * limit / reference
    verb, other = ("raise", "p-channel") if reference < low else ("lower", "n-channel")
    yield DesignFinding(
        "common mode",
        "trigger.v_high",
        wanted,
        f"common mode: the comparator switches with its inputs at {_amount(reference, 'V')}, outside its range of "
        f"{_amount(low, 'V')} to {_amount(high, 'V')}; {verb} trigger.v_high (through the amplifier's gain) to about "
        f"{_amount(wanted, 'V')}, or use a comparator with {other} inputs",
    )


def outside_output_range(v_high: float, highest: float, parameter: str = "amplifier.gain") -> Iterator[DesignFinding]:
    """A threshold that the amplifier's output cannot reach.

    Parameters
    ----------
    v_high : float
        Upper threshold at the amplifier's output [V].
    highest : float
        Highest output [V].
    parameter : str
        ``"amplifier.gain"`` [V/V], or the parameter of a trigger that was given, ``"trigger.v_high"`` [V].

    Yields
    ------
    DesignFinding
        Where the threshold is above.
    """
    if v_high < highest:
        return
    factor = _MARGIN * v_high / highest
    remedy = "lower amplifier.gain or v_th" if parameter == "amplifier.gain" else f"lower {parameter}"
    yield DesignFinding(
        "output range",
        parameter,
        highest,
        f"output range: the threshold at the amplifier's output, {_amount(v_high, 'V')}, is above its highest output of "
        f"{_amount(highest, 'V')}, so the neuron never fires; {remedy} by a factor of {factor:.3g}",
    )


def step_too_long(
    circuit: SpikeCircuit, capacitance: float, v_rest: float, t_max: float | None
) -> Iterator[DesignFinding]:
    """A time step longer than the discharge, past which spikes are lost or made up.

    Parameters
    ----------
    circuit : SpikeCircuit
        The discharge (SI units).
    capacitance : float
        Membrane capacitor [F].
    v_rest : float
        Resting voltage [V].
    t_max : float or None
        Longest time step of the SPICE run, where one was asked for [s].

    Yields
    ------
    DesignFinding
        Where real parts discharge faster than that.
    """
    # An ideal comparator's switches are met exactly, whatever the step.
    if t_max is None or circuit.comparator == "ideal":
        return
    discharge = circuit.on_resistance(v_rest) * capacitance
    if t_max <= discharge:
        return
    yield DesignFinding(
        "time step",
        "t_max",
        discharge,
        f"time step: steps of up to {_amount(t_max, 's')} do not resolve the discharge, whose time constant is "
        f"{_amount(discharge, 's')}, so spikes may be lost or made up; shorten t_max to {_amount(discharge / 4, 's')}",
    )


def _voltage_of(memristor: MemristorModel, x: float, current: float, above: float) -> float:
    """Voltage at which a memristor in state `x` carries a current, by bisection [V]."""
    low, high = 0.0, above
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if current_at(memristor, middle, x) > current else (middle, high)
    return high


def _amount(value: float, unit: str) -> str:
    return format_quantity(value, unit, digits=3) if math.isfinite(value) else f"infinite {unit}"


def findings_of(design: Any, drive: Any, t_stop: float, t_max: float | None = None) -> tuple[DesignFinding, ...]:
    """All faults of a design that are known before a run.

    Parameters
    ----------
    design : Neuron or NeuronAtFidelity
        Anything else has no checks.
    drive : Stimulus, or mapping of str to Stimulus, or None
        What drives it [A].
    t_stop : float
        Length of the run [s].
    t_max : float, optional
        Longest time step of the SPICE run, where one was asked for [s].

    Returns
    -------
    tuple of DesignFinding
        Empty where nothing was found.
    """
    check = getattr(design, "design_findings", None)
    if check is None:
        return ()
    found = tuple(check(largest_current(drive, t_stop), t_max=t_max))
    alike = same_spikes(drive) if isinstance(drive, Mapping) else None
    return (
        found if alike is None else (*found, DesignFinding("same spikes", "seed", alike[0], f"same spikes: {alike[1]}"))
    )
