"""Which delay explains the damping: real parts put in one by one, and figures of parts made ideal one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neuromorph.analysis import spikes
from neuromorph.devices import DifferenceAmplifier
from neuromorph.neurons import MemristiveALIF
from neuromorph.quantities import format_quantity
from neuromorph.reproduce.alif.variants import DRIVE, T_STOP, hardware_neuron, quietly
from neuromorph.roads import simulate

CASES = ((22e-9, 2.0), (4.7e-9, 10.0))
"""Capacitance [F] and gain [V/V] of the neurons that are taken apart."""

# How much faster a part's figure is made to be out of the way.
_MUCH = 100.0


PUT_IN = {
    "amplifier": {"amplifier": "macromodel"},
    "comparator": {"comparator": "macromodel"},
    "discharge transistor": {"discharge": "macromodel"},
}
"""Fidelity with which each real part stands alone in the ideal neuron."""
TAKEN_OUT = (
    "amplifier bandwidth",
    "amplifier slew rate",
    "amplifier input capacitance",
    "amplifier input resistors",
    "comparator delay",
    "trigger input RC",
    "discharge resistance",
    "transistor capacitances",
)
"""Figures of parts that are made ideal one at a time."""


def without(neuron: MemristiveALIF, cause: str) -> MemristiveALIF:
    """The hardware neuron with one figure of its parts made ideal.

    Parameters
    ----------
    neuron : MemristiveALIF
        The hardware neuron (SI units).
    cause : str
        One of :data:`TAKEN_OUT`.

    Returns
    -------
    MemristiveALIF
        With that figure a hundred times better.
    """
    amplifier, trigger, transistor = neuron.amplifier, neuron.schmitt_trigger, neuron.transistor
    op_amp, comparator = amplifier.op_amp, trigger.comparator
    changes: dict[str, dict[str, Any]] = {
        "amplifier bandwidth": {"op_amp": op_amp.replace(gbw=_MUCH * op_amp.gbw, slew_rate=_MUCH * op_amp.slew_rate)},
        "amplifier slew rate": {"op_amp": op_amp.replace(slew_rate=_MUCH * op_amp.slew_rate)},
        "amplifier input capacitance": {"op_amp": op_amp.replace(c_in=op_amp.c_in / _MUCH)},
        "amplifier input resistors": {
            # The capacitance shrinks as the resistors grow: only their load on the memristor goes.
            "amplifier": DifferenceAmplifier(
                gain=amplifier.gain, r_in=_MUCH * amplifier.r_in, op_amp=op_amp.replace(c_in=op_amp.c_in / _MUCH)
            )
        },
        "comparator delay": {
            "comparator": comparator.replace(t_delay=comparator.t_delay / _MUCH, t_rise=comparator.t_rise / _MUCH)
        },
        "trigger input RC": {"comparator": comparator.replace(c_in=comparator.c_in / _MUCH)},
        "discharge resistance": {"transistor": transistor.replace(k_p=_MUCH * transistor.k_p)},
        "transistor capacitances": {
            "transistor": transistor.replace(
                c_gs=transistor.c_gs / _MUCH, c_gd=transistor.c_gd / _MUCH, c_ds=transistor.c_ds / _MUCH
            )
        },
    }
    change = changes[cause]
    if "op_amp" in change:
        change = {"amplifier": amplifier.replace(op_amp=change["op_amp"])}
    if "comparator" in change:
        change = {"trigger": trigger.replace(comparator=change["comparator"])}
    changed: MemristiveALIF = neuron.replace(**change)
    return changed


def with_real_thresholds(neuron: MemristiveALIF) -> MemristiveALIF:
    """The neuron whose ideal thresholds are those that the trigger's standard resistors give [V]."""
    high, low = neuron.schmitt_trigger.thresholds
    changed: MemristiveALIF = neuron.replace(v_th=high / neuron.amplifier.gain, v_lo=low / neuron.amplifier.gain)
    return changed


def intervals(neuron: MemristiveALIF, fidelity: Any) -> tuple[float, float]:
    """First and steady interspike interval on the equations' road [s].

    Parameters
    ----------
    neuron : MemristiveALIF
        What to run (SI units).
    fidelity : str or mapping of str to str
        How real its parts are.

    Returns
    -------
    first, steady : float
        Intervals [s].

    Raises
    ------
    SimulationError
        When the run failed.
    """
    with quietly():
        statistics = spikes(simulate(neuron, DRIVE, T_STOP, "ode", fidelity=fidelity), DRIVE)
    return statistics.isi_first, statistics.isi_steady


def budget_of(capacitance: float, gain: float) -> list[dict[str, Any]]:
    """The budget of one neuron.

    Parameters
    ----------
    capacitance : float
        Membrane capacitor [F].
    gain : float
        Gain of the difference amplifier [V/V].

    Returns
    -------
    list of dict
        One row a cause: by how much it lengthens the first and the steady interval [s], and its share of
        the whole lengthening (pure number).

    Raises
    ------
    SimulationError
        When a run failed.
    """
    neuron = hardware_neuron(capacitance, gain)
    ideal, hardware = intervals(neuron, "ideal"), intervals(neuron, "macromodel")
    whole = (hardware[0] - ideal[0], hardware[1] - ideal[1])
    rows = []

    def add(kind: str, cause: str, first: float, steady: float) -> None:
        rows.append(
            {
                "capacitance": capacitance,
                "gain": gain,
                "kind": kind,
                "cause": cause,
                "isi_first": first,
                "isi_steady": steady,
                "share_first": first / whole[0],
                "share_steady": steady / whole[1],
            }
        )

    add("all", "all real parts", *whole)
    # A real comparator brings the thresholds of its resistors, so the others are put in with the same ones.
    with_thresholds = with_real_thresholds(neuron)
    base = intervals(with_thresholds, "ideal")
    add("put in", "thresholds", base[0] - ideal[0], base[1] - ideal[1])
    for cause, fidelity in PUT_IN.items():
        alone = intervals(with_thresholds, fidelity)
        add("put in", cause, alone[0] - base[0], alone[1] - base[1])
    for cause in TAKEN_OUT:
        other = intervals(without(neuron, cause), "macromodel")
        add("taken out", cause, hardware[0] - other[0], hardware[1] - other[1])
    return rows


def budget_text(rows: Sequence[dict[str, Any]]) -> str:
    """The budget as text.

    Parameters
    ----------
    rows : sequence of dict
        Of :func:`budget_of`, for one neuron or several.

    Returns
    -------
    str
        Lengthening of the intervals [s, with a prefix] and shares [%].
    """
    lines = ["Which delay explains the damping: lengthening of the first and the steady ISI against the ideal neuron"]
    for capacitance, gain in dict.fromkeys((row["capacitance"], row["gain"]) for row in rows):
        lines += [
            "",
            f"{format_quantity(capacitance, 'F')}, gain {gain:g}{'first ISI':>33}{'share':>9}{'steady ISI':>14}{'share':>9}",
        ]
        for row in rows:
            if (row["capacitance"], row["gain"]) != (capacitance, gain):
                continue
            lines.append(
                f"  {row['kind']:10}{row['cause']:34}{row['isi_first'] * 1e6:>+8.3f} us{100 * row['share_first']:>+7.0f} %"
                f"{row['isi_steady'] * 1e6:>+11.3f} us{100 * row['share_steady']:>+7.0f} %"
            )
    return "\n".join(lines)
