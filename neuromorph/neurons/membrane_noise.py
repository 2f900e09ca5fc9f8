"""White noise of a membrane in a circuit: a source whose voltage is the derivative of a Wiener process."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neuromorph.schematic.circuit import Schematic
    from neuromorph.schematic.ports import Port

_UNDRIVEN = (
    "a circuit draws no random numbers, and without noise it would be another neuron. frozen_noise(neuron, drive, t_stop, "
    "seed=..., dt=...) gives one path of the noise as a drive of both roads; WhiteNoise(step=..., seed=...) lets ngspice draw it"
)


def noise_ports(is_noisy: bool) -> dict[str, Port]:
    """The port ``noise``, whose voltage stands for dW/dt [1/sqrt(s)], where there is noise."""
    from neuromorph.schematic.ports import Port

    return {"noise": Port("noise", kind="voltage", undriven=_UNDRIVEN)} if is_noisy else {}


def add_noise(
    circuit: Schematic, noise_current: float, noise_conductance: float, capacitance: float, *, correction: bool
) -> None:
    """Add the current ``(noise_current + noise_conductance v_mem) dW/dt`` into ``mem``.

    Parameters
    ----------
    circuit : Schematic
        Has the node ``mem`` and the port ``noise``.
    noise_current : float
        Additive part [A sqrt(s)].
    noise_conductance : float
        Multiplicative part [S sqrt(s)].
    capacitance : float
        Of the membrane [F].
    correction : bool
        Whether Ito's equation is meant: the noise of a circuit has a correlation time, so it solves Stratonovich's, and the
        difference of the two drifts is taken off.
    """
    from neuromorph.schematic.probes import Probe

    drift = 0.5 * noise_conductance / capacitance if correction else 0.0
    factor = f"(({{{noise_current!r}}})+({{{noise_conductance!r}}})*v(mem))"
    current = f"{factor}*v(noise)"
    if drift:
        current += f"-({{{drift!r}}})*{factor}"
    circuit.R("noise", "noise", circuit.gnd, 1e6)
    circuit.B("noise", circuit.gnd, "mem", current_expression=current)
    # Without it the energy balance of a noisy circuit would not close.
    given = f"v(mem) * ({noise_current!r} + {noise_conductance!r} * v(mem)) * (v(noise) - {drift!r})"
    circuit.probes["p_supply_noise"] = Probe(given, unit="W")
