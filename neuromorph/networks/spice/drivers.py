"""What makes pulses of spikes, and pulses that come later: comparators, monostables and delay lines."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from neuromorph.schematic.threshold import OPEN_LEVEL, Threshold

if TYPE_CHECKING:
    from neuromorph.schematic.circuit import Schematic

__all__ = ["delay_circuit", "driver_circuit"]

# A spike charges the timer in this share of a pulse, so that every pulse has its whole length; and of the neuron's time
# step, since one that resets in no time spikes for some thousandths of that only.
_RISE_SHARE, _RISE_STEP_SHARE = 1e-3, 5e-5
# The timer is charged to _V_FULL, and the pulse is over at _V_EMPTY [V]. At rest it is at 0 V, below both thresholds: between
# them a switch would keep what it did in a step that was rejected.
_V_FULL, _V_CLOSES, _V_EMPTY = 1.5, 0.75, 0.5
# So many pulses long is the time constant with which the timer comes to rest.
_IDLE_PULSES = 20.0
# A ramp needs no error control, which for far smaller charges than the neuron's is off.
_CHARGE_SHARE = 1e-5
# Of the thresholds behind a delay line [V], and of the end of the ramp before it [1/V].
_HYSTERESIS, _SHARPNESS = 0.05, 10


def driver_circuit(
    t_pulse: float, *, is_logic: bool, level: float, end_level: float, charge: float, t_max: float
) -> Schematic | None:
    """The circuit between the node ``spike`` of a neuron and the node ``pulse``, which is at 1 V or 0 V.

    A pulse lasts from the spike until `t_pulse` after the spike is over; a spike in that time prolongs it.

    Parameters
    ----------
    t_pulse : float
        How long a pulse goes on [s].
    is_logic : bool
        Whether the neuron's spike node is at 1 V or 0 V itself.
    level, end_level : float
        Voltages of the spike node at which a spike begins and is over [V].
    charge : float
        That matters to the neuron [C].
    t_max : float
        Longest time step of the neuron [s].

    Returns
    -------
    Schematic or None
        ``None`` where the spike node is the pulse already.

    Notes
    -----
    The timer is a capacitor that a spike charges and a constant current empties; the switch behind ``pulse`` is closed
    until it is empty. No control voltage of a switch jumps unless it passes its threshold: ngspice would not get past that.
    """
    from neuromorph.schematic.circuit import Schematic

    if is_logic and t_pulse == 0:
        return None
    circuit = Schematic("pulse driver")
    fired = "spike"
    if not is_logic:
        if not end_level < level:
            # A comparator needs some hysteresis.
            end_level = level - max(abs(level), 1e-3) / 1000
        fired = "pulse" if t_pulse == 0 else "fired"
        Threshold(circuit, "spike", "0", v_high=level, v_low=end_level, name="compared").add_spike_output(fired)
        if t_pulse == 0:
            return circuit
    capacitance = _CHARGE_SHARE * charge
    rise = min(_RISE_SHARE * t_pulse, _RISE_STEP_SHARE * t_max)
    fall = _fall()
    # While it is charged the timer is emptied too, hence a little more than full.
    target = _V_FULL + rise * (fall + _V_FULL / _IDLE_PULSES) / t_pulse
    circuit.C("timer", "timer", circuit.gnd, capacitance)
    # The square, because Newton's method must not see a current that rises with the spike while the timer stands still.
    charging = (
        f"(v({fired})*v({fired})-({{{OPEN_LEVEL**2!r}}}))*(({{{target!r}}})-v(timer))*({{{capacitance / rise!r}}})"
    )
    circuit.B("charging", circuit.gnd, "timer", current_expression=charging)
    circuit.VCCS("emptying", "timer", circuit.gnd, "pulse", circuit.gnd, transconductance=fall * capacitance / t_pulse)
    circuit.R("timer", "timer", circuit.gnd, _IDLE_PULSES * t_pulse / capacitance)
    Threshold(circuit, "timer", "0", v_high=_V_CLOSES, v_low=_V_EMPTY).add_spike_output("pulse")
    return circuit


def _fall() -> float:
    """Current that takes the timer from full to empty in one pulse, in its capacitance times 1 V by the pulse (pure number)."""
    left = math.exp(-1 / _IDLE_PULSES)
    return (_V_FULL * left - _V_EMPTY) / (_IDLE_PULSES * (1 - left))


def delay_circuit(delay: float, ramp: float, charge: float) -> Schematic:
    """The circuit between the nodes ``pulse`` and ``out``, which is at 1 V when `pulse` was above 0.5 V some time ago, else at 0 V.

    Parameters
    ----------
    delay : float
        Time from the input to the output [s].
    ramp : float
        Length of the edges inside [s], shorter than the pulses, the gaps between them, and the delay.
    charge : float
        Of a capacitor at 1 V [C].

    Returns
    -------
    Schematic
        A ramp, an ideal transmission line that ends in its own impedance, and a threshold.

    Notes
    -----
    ngspice meets a threshold exactly when it sees it come, hence the ramp: it would see a jump that leaves the line at the
    end of some step only.
    """
    from neuromorph.schematic.circuit import Schematic

    circuit = Schematic("delay line")
    circuit.C("ramp", "ramp", circuit.gnd, charge)
    missing = "(v(pulse) > 0.5 ? 1 : 0)-v(ramp)"
    slope = f"({{{charge / ramp!r}}})*max(-1, min(1, {_SHARPNESS}*({missing})))"
    circuit.B("ramp", circuit.gnd, "ramp", current_expression=slope)
    circuit.VCVS("ramp", "near", circuit.gnd, "ramp", circuit.gnd, voltage_gain=1)
    high, low = 0.5 + _HYSTERESIS, 0.5 - _HYSTERESIS
    z0 = 50.0
    circuit.raw_spice += f"Tline near 0 far 0 z0={z0!r} td={delay - high * ramp!r}\n"
    circuit.R("far", "far", circuit.gnd, z0)
    Threshold(circuit, "far", "0", v_high=high, v_low=low).add_spike_output("out")
    return circuit
