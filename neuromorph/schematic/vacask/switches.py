"""Hysteretic switches: one latch for all that follow the same threshold, and how fast it has to act."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from neuromorph.schematic.options import Resolution
from neuromorph.schematic.vacask.netlist import GROUND, Element, Netlist

# A latch acts within this share of the time in which its switch discharges a capacitor, and of the circuit's time step.
_SHARE_OF_DISCHARGE = 3e-5
_SHARE_OF_STEP = 1e-3
# The same where lines delay pulses by times that a latch's own must not add to; a latch of the other time [s] adds nothing.
_SHARE_OF_STEP_OF_LINES, _NO_DELAY = 5e-5, 1e-10
_SHORTEST, _LONGEST = 1e-14, 1e-6
# Steps of a latch that is faster than this share of a run are lost in the rounding of the time.
_SHORTEST_SHARE_OF_RUN = 1e-13
# A switch that goes on this much longer than it should passes the voltage at which it opens by some thousandths of the swing.
_MOST_TOO_SLOW = 30.0
# Width of a threshold as a share of the hysteresis.
_SHARPNESS = 1e-5
# Steps are down to this share of a latch's time; what rounding leaves of a charge in such a step is no current.
_SHORTEST_STEP = 0.05
# Where one switch drives another, whose control then passes its threshold in far less time than a latch takes.
_SHORTEST_STEP_OF_MANY = 5e-4
_ROUNDING = 5 * 2.2e-16
# Charge of a memristor's state in its Verilog-A [A s].
_STATE_CHARGE = 1e-6


@dataclass(frozen=True)
class Latch:
    """A voltage compared with two thresholds.

    Parameters
    ----------
    name : str
        Of the instance.
    plus, minus : str
        Nodes of the control voltage.
    v_on, v_off : float
        Thresholds [V].
    starts_closed : bool
        Whether its switches are closed at time zero.
    """

    name: str
    plus: str
    minus: str
    v_on: float
    v_off: float
    starts_closed: bool

    @property
    def width(self) -> float:
        """Width of a threshold [V]."""
        return _SHARPNESS * max(self.v_on - self.v_off, abs(self.v_on), 1e-6)


@dataclass(frozen=True)
class Switch:
    """A switch and what it follows.

    Parameters
    ----------
    latch : str
        Name of its latch.
    r_on, r_off : float
        Resistance when it is closed and open [ohm].
    load : float
        Resistance that it switches [ohm]; far below `r_on` where a capacitor is switched.
    """

    latch: str
    r_on: float
    r_off: float
    load: float


@dataclass(frozen=True)
class Switching:
    """All switches of a circuit.

    Parameters
    ----------
    latches : tuple of Latch
        One for all switches with the same control and thresholds.
    switches : mapping of str to Switch
        By element.
    tau : float
        Time in which a latch acts [s].
    charge : float
        The largest charge that a step of the latch has to resolve [A s].
    """

    latches: tuple[Latch, ...]
    switches: Mapping[str, Switch]
    tau: float
    charge: float

    def abstol(self, asked: float, tau: float, slack: float = 1.0) -> float:
        """Absolute tolerance of currents: as asked for [A], but not below what rounding leaves in the steps of a latch.

        Parameters
        ----------
        asked : float
            As the settings say [A].
        tau : float
            Time in which a latch acts [s].
        slack : float
            How much more rounding there is than estimated (pure number).

        Returns
        -------
        float
            A power of ten where rounding decides [A].
        """
        if not self.latches:
            return slack * asked
        shortest = _SHORTEST_STEP if len(self.latches) == 1 else _SHORTEST_STEP_OF_MANY
        floor = slack * _ROUNDING * self.charge / (shortest * tau)
        return max(asked, 10.0 ** math.ceil(math.log10(floor)))


def switching_of(
    netlist: Netlist,
    resolution: Resolution,
    t_stop: float,
    jumping: frozenset[str],
    amplifiers: Mapping[str, Element],
) -> Switching:
    """Find the switches of a circuit.

    Parameters
    ----------
    netlist : Netlist
        The circuit.
    resolution : Resolution
        What the circuit asks for [s, C].
    t_stop : float
        Length of the run [s].
    jumping : frozenset of str
        Nodes whose voltages jump [V].
    amplifiers : mapping of str to Element
        Of control voltages [V], by the node that they drive: the switches look at what is amplified.

    Returns
    -------
    Switching
        Latches, switches and times.

    Raises
    ------
    ValueError
        When a switch has no counterpart.
    """
    latches: dict[tuple[object, ...], Latch] = {}
    switches: dict[str, Switch] = {}
    step = resolution.longest_step(t_stop)
    times, shortest = [_SHARE_OF_STEP * step], min(_SHORTEST, _SHORTEST_SHARE_OF_RUN * t_stop)
    if any(element.kind == "t" for element in netlist.elements):
        times.append(max(_SHARE_OF_STEP_OF_LINES * step, _NO_DELAY))
    capacitance = _at_nodes(netlist, "c", lambda values: sum(values))
    resistance = _at_nodes(netlist, "r", lambda values: 1 / sum(1 / max(value, 1e-12) for value in values))
    for element in netlist.elements:
        if element.kind != "s":
            continue
        v_t, v_h, r_on, r_off, starts_closed = _model(element)
        plus, minus = element.nodes[2:]
        if (amplifier := amplifiers.get(plus)) is not None:
            gain = amplifier.scope.number(amplifier.words[0])
            plus, minus = amplifier.nodes[2:] if gain > 0 else amplifier.nodes[:1:-1]
            v_t, v_h = v_t / abs(gain), v_h / abs(gain)
        key = (plus, minus, v_t, v_h, starts_closed)
        latch = latches.setdefault(key, Latch(f"latch{len(latches)}", plus, minus, v_t + v_h, v_t - v_h, starts_closed))
        ends = element.nodes[:2]
        load = min((resistance[n] for n in ends if n in jumping and n in resistance), default=1e-3 * r_on)
        switches[element.name] = Switch(latch.name, r_on, r_off, load)
        discharges = [_SHARE_OF_DISCHARGE * r_on * capacitance[n] for n in ends if n in capacitance]
        if discharges and min(discharges) * _MOST_TOO_SLOW < shortest:
            raise element.refusal(
                f"it discharges in {min(discharges) / _SHARE_OF_DISCHARGE:.1g} s, which a run of {t_stop:.3g} s cannot resolve there: make "
                "the run shorter or its resistance larger"
            )
        times += discharges
    largest = max(capacitance.values(), default=1e-12)
    charge = 10 * resolution.chgtol if resolution.chgtol else 5 * largest
    if any(element.kind == "x" for element in netlist.elements):
        charge = max(charge, _STATE_CHARGE)
    return Switching(tuple(latches.values()), switches, min(max(min(times), shortest), _LONGEST), charge)


def _model(element: Element) -> tuple[float, float, float, float, bool]:
    model = element.scope.model(element.words[0]) if element.words else None
    if model is None or model.kind != "sw":
        raise element.refusal("the deck has no model of type SW for it")
    values = {"vt": 0.0, "vh": 0.0, "ron": 1.0, "roff": 1e12, **model.parameters}
    if unknown := set(values) - {"vt", "vh", "ron", "roff"}:
        raise element.refusal(f"its model has {', '.join(sorted(unknown))}")
    if values["vh"] < 0:
        raise element.refusal("a negative hysteresis makes another kind of switch")
    if not (values["ron"] > 0 and values["roff"] > 0):
        raise element.refusal("its resistances must be positive")
    words = element.words[1:]
    if set(words) - {"on", "off"}:
        raise element.refusal(f"{' '.join(words)!r} has no counterpart there")
    return values["vt"], values["vh"], values["ron"], values["roff"], "on" in words


def _at_nodes(netlist: Netlist, kind: str, combined: object) -> dict[str, float]:
    """What elements of one kind make together at each node that they touch (ohm, F)."""
    values: dict[str, list[float]] = {}
    for element in netlist.elements:
        if element.kind == kind and len(element.words) == 1:
            value = element.scope.number(element.words[0].removeprefix(f"{kind}="))
            for node in element.nodes:
                if node != GROUND:
                    values.setdefault(node, []).append(abs(value))
    return {node: combined(found) for node, found in values.items()}  # type: ignore[operator]
