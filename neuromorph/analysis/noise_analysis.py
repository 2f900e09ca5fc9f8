"""The noise analysis of a design's circuit: from a design to spectra at its membrane."""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.analysis.intrinsic_noise import CircuitNoise, FloatArray, NoiseContribution, power_law_integral
from neuromorph.errors import SimulationError
from neuromorph.roads import at_fidelity
from neuromorph.stimulus import Stimulus

if TYPE_CHECKING:
    from neuromorph.schematic import NoiseDeck
    from neuromorph.spice import Ngspice
    from neuromorph.spice.noise_proof import NoiseSpectra

# Currents of junctions and gates; other sources are thermal, but for those of flicker noise.
_SHOT = set("ic ib iccp ibep ig igs igd igb it iavl ibei ibci ijbcx ijsc fb_ibs fb_ibd".split())
_FLICKER = ("1overf", "1ovf")
# From the circuit's own operating point to the voltage at which the membrane is held.
_HOLDING_STEPS = 4
# Of an integral by half of the points: a single pole changes by 3 % with 5 points in a decade, a quality factor of 10 with 50 by 3 % or more.
_MOST_MISSED = 0.1


def circuit_noise(
    design: Any,
    *,
    at: float | None = None,
    fidelity: Any = None,
    node: str | None = None,
    drive: Mapping[str, Stimulus] | Stimulus | None = None,
    temperature: float = 300.15,
    f_range: tuple[float, float] = (1e-3, 1e9),
    points_per_decade: int = 50,
    engine: Ngspice | None = None,
) -> CircuitNoise:
    """The noise of a design's circuit by its own parts: thermal, shot and flicker noise, at the membrane.

    Parameters
    ----------
    design : Neuron, Pair or PySpice Circuit
        What has a circuit.
    at : float, optional
        Voltage against ground at which a bias current holds the membrane [V]: below the threshold, for the noise of a neuron on
        its way to a spike. A circuit that latches keeps the state that it has at rest. Without it the circuit finds its own
        operating point.
    fidelity : str or mapping of str to str or VendorModel, optional
        How real the parts of a neuron are, as in :meth:`neuromorph.Neuron.schematic`; ideal without it.
    node : str, optional
        The membrane; without it where the input current `i_in`, or the only input current, enters.
    drive : Stimulus, or mapping of str to Stimulus, optional
        Its value at 0 s is applied [A or V]; without it nothing drives the circuit.
    temperature : float
        Of the circuit [K].
    f_range : tuple of float
        Lowest and highest frequency [Hz]. Noise outside is left out, and flicker noise has no lower end of its own.
    points_per_decade : int
        Number of frequencies in each decade (pure number).
    engine : Ngspice, optional
        The program to run.

    Returns
    -------
    CircuitNoise
        One-sided spectra [A^2/Hz, V^2/Hz], by contribution.

    Raises
    ------
    ValueError
        When the design has no circuit, no membrane or no noise, or a value is not physical.
    SimulationError
        When the analysis failed.
    EngineNotFoundError
        When ngspice is not there.

    Warns
    -----
    UserWarning
        When the neuron is in its spike at the operating point, or the spectrum has a resonance that is too narrow for the points.

    Notes
    -----
    Small signals: the spectra hold while the noise does not leave the straight part of every element. Behavioural sources, and so
    every macromodel and every memristor model of this package, have no noise in SPICE; the result names them. The channel of a
    transistor of level 1 has the noise ``8 k T g_m / 3`` in ngspice, also where it is a closed switch with hardly any ``g_m``.

    Examples
    --------
    >>> import neuromorph as nm
    >>> noise = nm.circuit_noise(nm.LIF(), at=0.5)
    >>> f"{noise.noise_current:.3g} A sqrt(s), {noise.v_rms * 1e9:.1f} nV"
    '9.1e-13 A sqrt(s), 203.6 nV'
    """
    from neuromorph.schematic import make_noise_deck
    from neuromorph.schematic.noise_deck import bias_current_vector
    from neuromorph.spice import Ngspice

    engine = Ngspice() if engine is None else engine
    if type(engine) is not Ngspice:
        raise ValueError(
            f"noise of a circuit is found by the program ngspice: engine must be Ngspice(...), got {engine!r}"
        )
    circuit = _circuit_of(at_fidelity(design, fidelity))
    decks = partial(
        make_noise_deck,
        circuit,
        node=membrane_of(circuit) if node is None else node,
        drives=drive,
        f_range=f_range,
        temperature=temperature,
    )
    deck = decks(at=at, points_per_decade=points_per_decade)
    if at is not None:
        guess = _on_the_way(engine, decks, at)
        deck = decks(at=at, points_per_decade=points_per_decade, guess=guess)
    found = _with_switches_held(engine, deck, engine.run_noise(deck))
    if not np.all(found.voltage > 0) or not np.all(np.isfinite(found.impedance)):
        silent = ", ".join(deck.noiseless) or "none"
        raise ValueError(
            f"no element of {deck.name!r} brings noise to node {deck.node!r}; elements without a noise model: {silent}"
        )
    if max(map(partial(_missed, found.frequency), (found.voltage, found.impedance**2))) > _MOST_MISSED:
        warnings.warn(
            f"{deck.name!r} has a resonance that {points_per_decade} points in a decade do not resolve, so v_rms, noise_current and "
            f"the shares may be wrong: raise points_per_decade, or narrow f_range",
            stacklevel=2,
        )
    variance = power_law_integral(found.frequency, found.voltage)
    contributions = [
        NoiseContribution(
            element=_in_deck(element),
            mechanism=_mechanism(element, kind),
            source="" if kind in ("thermal", "1overf") else kind,
            voltage_spectrum=values,
            share=power_law_integral(found.frequency, values) / variance,
        )
        for (element, kind), values in found.contributions.items()
    ]
    loud = {c.element for c in contributions if c.share > 0}
    unheard = dict.fromkeys(c.element for c in contributions if c.element not in loud)
    is_firing = found.operating_point.get(str(vars(circuit).get("spikes")).lower(), -math.inf) >= _spike_level(circuit)
    if is_firing:
        warnings.warn(
            f"{deck.name!r} is in its spike at this operating point, so its noise is that of the discharge: hold the membrane "
            "below the threshold with at=...",
            stacklevel=2,
        )
    return CircuitNoise(
        design=deck.name,
        node=deck.node,
        temperature=deck.temperature,
        v_membrane=found.operating_point[f"v({deck.node.lower()})"],
        bias_current=None if at is None else -found.operating_point[bias_current_vector()],
        frequency=found.frequency,
        voltage_spectrum=found.voltage,
        impedance=found.impedance,
        contributions=tuple(sorted(contributions, key=lambda c: -c.share)),
        noiseless=deck.noiseless,
        silent=tuple(unheard),
        is_firing=is_firing,
        version=found.version,
    )


def _missed(frequency: FloatArray, values: FloatArray) -> float:
    """How much an integral changes when every other point is left out (pure number)."""
    whole, last = power_law_integral(frequency, values), len(frequency) - 1
    halves = [np.unique([0, *range(first, last, 2), last]) for first in (1, 2)]
    return max(abs(power_law_integral(frequency[half], values[half]) / whole - 1) for half in halves)


def _on_the_way(engine: Ngspice, decks: Callable[..., NoiseDeck], at: float) -> dict[str, float] | None:
    """Node voltages near those at which the membrane is held: a circuit that latches keeps the state that it has at rest."""
    try:
        rest = engine.run_noise(decks(at=None, points_per_decade=1))
    except SimulationError:  # at rest it may have no operating point, where it is held it may
        return None
    guess = _node_voltages(rest)
    start = rest.operating_point[f"v({decks(at=None, points_per_decade=1).node.lower()})"]
    for k in range(1, _HOLDING_STEPS):
        held = decks(at=start + (at - start) * k / _HOLDING_STEPS, points_per_decade=1, guess=guess)
        guess = _node_voltages(engine.run_noise(held))
    return guess


def _with_switches_held(engine: Ngspice, deck: NoiseDeck, found: NoiseSpectra) -> NoiseSpectra:
    """The spectra with every switch in the state of the operating point: to ngspice's small signals all are open."""
    from neuromorph.schematic.switch_states import switches, with_held_switches

    known = switches(deck.body)
    states = {switch.name: switch.is_closed(found.operating_point) for switch in known}
    if not any(state is None or state for state in states.values()):
        return found
    # Between its thresholds a switch may be either: what its line says, or what the search passed through.
    starts = {switch.name: switch.starts_closed for switch in known}
    tried: list[dict[str, bool]] = []
    for guess in (starts, dict.fromkeys(starts, True), dict.fromkeys(starts, False)):
        # One inside a subcircuit cannot be held.
        closed = {
            name: state if state is not None else (starts if "." in name else guess)[name]
            for name, state in states.items()
        }
        if closed in tried:
            continue
        tried.append(closed)
        held = engine.run_noise(dataclasses.replace(deck, body=with_held_switches(deck.body, closed)))
        before, after = _node_voltages(found), _node_voltages(held)
        if all(math.isclose(after[name], before[name], rel_tol=1e-3, abs_tol=1e-6) for name in before):
            return held
    raise SimulationError(
        cause=f"which switches of {deck.name!r} are closed at this operating point cannot be told",
        remedy="hold the membrane where their control is outside of their hysteresis, or put resistors in their place",
    )


def _node_voltages(found: NoiseSpectra) -> dict[str, float]:
    return {
        name[2:-1]: value
        for name, value in found.operating_point.items()
        if name.startswith("v(") and "#" not in name and not name.endswith("held_membrane)")
    }


def _spike_level(circuit: Any) -> float:
    return float(vars(circuit).get("spike_level", 0.5))


def membrane_of(circuit: Any) -> str:
    """The node of a circuit where its input current enters.

    Parameters
    ----------
    circuit : PySpice.Spice.Netlist.Circuit
        A :class:`neuromorph.Schematic` says where.

    Returns
    -------
    str
        Name of the node.

    Raises
    ------
    ValueError
        When none or several could be meant.
    """
    currents = {name: port.plus for name, port in vars(circuit).get("ports", {}).items() if port.kind == "current"}
    if "i_in" in currents:
        return str(currents["i_in"])
    if len(set(currents.values())) == 1:
        return str(next(iter(currents.values())))
    nodes = ", ".join(sorted({str(n) for element in circuit.elements for n in element.nodes} - {"0"}))
    raise ValueError(
        f"{circuit.title!r} has no port 'i_in' that says where its membrane is: give node=...; nodes: {nodes}"
    )


def _circuit_of(design: Any) -> Any:
    if hasattr(design, "schematic"):
        return design.schematic()
    if hasattr(design, "raw_spice") and hasattr(design, "elements"):
        return design
    raise ValueError(
        f"{type(design).__name__} has no circuit, so it has no noise of its own: give a neuron, a Pair or a Circuit"
    )


def _in_deck(element: str) -> str:
    """``m.x1.ma`` of ngspice is element ``ma`` of instance ``x1``."""
    return element[2:] if element[1:2] == "." else element


def _mechanism(element: str, kind: str) -> str:
    if kind == "id":
        return "shot" if element[0] == "d" else "thermal"
    if kind.startswith(_FLICKER):
        return "flicker"
    return "shot" if kind in _SHOT else "thermal"
