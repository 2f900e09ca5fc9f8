"""The circuit that empties a membrane at its threshold and holds it for a refractory time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neuromorph.schematic.circuit import Schematic

# A reset in no time has no circuit: the switch discharges with this share of the membrane time constant. What the input leaves
# across it while it holds the membrane shortens the next interval, by about as large a share.
_HOLDING_SHARE = 1e-6
# A switch that opens on its way past the reset voltage has to act in a small part of that time itself.
_PASSING_SHARE = 1e-5
# The timer of the refractory time is emptied with this share of it.
_TIMER_SHARE = 1e-3


def add_reset(
    circuit: Schematic,
    *,
    capacitance: float,
    r_leak: float,
    v_th: float,
    v_reset: float,
    t_refractory: float,
) -> None:
    """Add a latching switch from ``mem`` to the reset voltage, its timer, and the output ``spike``.

    The switch closes when ``(v_mem - v_reset) / (v_th - v_reset)`` minus the timer's voltage reaches
    1 V and opens when it has fallen to -1 V: once the membrane is reset, that is when the timer, which
    rises by 1 V in `t_refractory`, has run out. Without a refractory time the switch pulls past
    `v_reset` and opens there.

    Parameters
    ----------
    circuit : Schematic
        Has the node ``mem``.
    capacitance : float
        Of the membrane [F].
    r_leak : float
        Of the membrane [ohm].
    v_th, v_reset : float
        Threshold and reset voltage [V].
    t_refractory : float
        Refractory time [s].
    """
    from neuromorph.schematic.threshold import Threshold

    tau_m, swing = r_leak * capacitance, v_th - v_reset
    has_timer = t_refractory > 0
    circuit.V("reset", "reset", circuit.gnd, v_reset if has_timer else v_reset - swing)
    level = f"(v(mem)-({{{v_reset!r}}}))/({{{swing!r}}})"
    if has_timer:
        circuit.B("level", "level", circuit.gnd, voltage_expression=f"{level}-v(timer)")
        # One volt on the timer is the charge of the membrane's swing, so one charge tolerance fits both.
        charge = capacitance * swing
        circuit.C("timer", "timer", circuit.gnd, charge)
        rise, fall = charge / t_refractory, charge / (_TIMER_SHARE * min(t_refractory, tau_m))
        timing = f"v(spike)*({{{rise!r}}})-(1-v(spike))*v(timer)*({{{fall!r}}})"
        circuit.B("timer", circuit.gnd, "timer", current_expression=timing)
    else:
        circuit.B("level", "level", circuit.gnd, voltage_expression=level)
    # The reset is over well before the refractory time is.
    share = min(_HOLDING_SHARE, t_refractory / (20 * tau_m)) if has_timer else _PASSING_SHARE
    threshold = Threshold(circuit, "level", "0", v_high=1.0, v_low=-1.0 if has_timer else 0.0)
    threshold.add_switch("reset", "mem", "reset", r_on=share * r_leak, r_off=1e8 * r_leak)
    threshold.add_spike_output()
