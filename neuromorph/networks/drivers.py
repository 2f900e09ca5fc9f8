"""What makes pulses of spikes: a comparator where the spike is no logic level, and a monostable where pulses are longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neuromorph.schematic.circuit import Schematic

__all__ = ["driver_circuit"]

# A spike charges the timer in this share of a pulse, so that every pulse has its whole length; and of the neuron's time
# step, since one that resets in no time spikes for some thousandths of that only.
_RISE_SHARE, _RISE_STEP_SHARE = 1e-3, 2e-4
# Where the timer waits [V]: below both thresholds. Between them a switch would keep what it did in a step that was rejected.
_V_IDLE = -0.5
# A ramp needs no error control, which for smaller charges than the neuron's is off.
_CHARGE_SHARE = 1e-2
# Between pulses there is time.
_IDLE_SHARE = 1e-2


def driver_circuit(
    t_pulse: float, *, is_logic: bool, level: float, end_level: float, charge: float, t_max: float
) -> Schematic | None:
    """The circuit between the node ``spike`` of a neuron and the node ``pulse``, which is above 0.5 V or not.

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
    What a switch leaves of 1 V when it is open is no spike, hence the comparisons. The timer is a capacitor that a spike charges to 1 V and a constant current empties; the switch behind ``hold`` is closed
    until it is empty. No control voltage of a switch jumps unless it passes its threshold: ngspice would not get past that.
    """
    from neuromorph.schematic.circuit import Schematic
    from neuromorph.schematic.threshold import Threshold

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
    charge = _CHARGE_SHARE * charge
    rise = min(_RISE_SHARE * t_pulse, _RISE_STEP_SHARE * t_max)
    circuit.C("timer", "timer", circuit.gnd, charge)
    idle = f"({{{-charge / (_IDLE_SHARE * t_pulse)!r}}})*(v(timer)+({{{-_V_IDLE!r}}}))"
    running = f"v(hold) > 0.5 ? ({{{-charge / t_pulse!r}}}) : ({idle})"
    timing = f"v({fired}) > 0.5 ? (1-v(timer))*({{{charge / rise!r}}}) : ({running})"
    circuit.B("timer", circuit.gnd, "timer", current_expression=timing)
    Threshold(circuit, "timer", "0", v_high=0.5, v_low=0.0).add_spike_output("hold")
    circuit.B("pulse", "pulse", circuit.gnd, voltage_expression=f"v({fired})+v(hold) > 0.5 ? 1 : 0")
    return circuit
