"""The deck of a noise analysis: a circuit at an operating point, its membrane held there, and what it cannot tell."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from neuromorph.schematic.deck import Deck, make_deck
from neuromorph.schematic.names import checked_node
from neuromorph.schematic.options import NgspiceOptions
from neuromorph.schematic.raw_text import statements, top_level_lines, words_of
from neuromorph.stimulus import Constant, Stimulus

# So large that no current of any frequency passes it, and a direct one does without a voltage across it [H].
_HOLDING_INDUCTANCE = 1e18
_PROBE, _HOLD, _HELD = "inoise_into_membrane", "hold_membrane", "held_membrane"
_MOST_POINTS = 100_000
_ZERO_CELSIUS = 273.15
# Elements that state a relation, with no noise behind it.
_WITHOUT_NOISE = {"b": "B sources", **dict.fromkeys("efgh", "controlled sources"), "a": "XSPICE models"}
_BEHAVIOURAL = "behavioural resistors"
_BEHAVIOURAL_RESISTOR = re.compile(r"r\S* .*\b[vi]\s*\(")
_NOISY = re.compile(r"\bnois[ye]\s*=\s*1")
# Whose noise ngspice computes with the temperature of the whole circuit.
_OWN_TEMPERATURE = re.compile(r"r\S* .*\btemp\s*=|j\S* .*\bd?temp\s*=")


@dataclass(frozen=True, kw_only=True)
class NoiseDeck(Deck):
    """A circuit with the run that finds its small-signal noise.

    Parameters
    ----------
    node : str
        The membrane.
    f_start, f_stop : float
        Range of frequencies [Hz].
    points_per_decade : int
        Number of points (pure number).
    temperature : float
        Of the whole circuit [K].
    noiseless : mapping of str to str
        Elements that have no noise model, with the reason.
    """

    node: str
    f_start: float
    f_stop: float
    points_per_decade: int
    temperature: float
    noiseless: Mapping[str, str]

    def __post_init__(self) -> None:
        super().__post_init__()
        checked_node(self.node)
        for name in ("f_start", "f_stop", "temperature"):
            value = getattr(self, name)
            if isinstance(value, bool) or not (math.isfinite(value) and value > 0):
                unit = "K" if name == "temperature" else "Hz"
                raise ValueError(f"{name} must be a positive number in {unit}, got {value!r}")
        if not self.f_start < self.f_stop:
            raise ValueError(
                f"f_range must go upwards, got {self.f_start:g} Hz to {self.f_stop:g} Hz: give the lower frequency first"
            )
        per_decade = self.points_per_decade
        if isinstance(per_decade, bool) or per_decade != int(per_decade) or per_decade < 1:
            raise ValueError(f"points_per_decade must be a whole number from 1 on, got {per_decade!r}")
        if per_decade * math.log10(self.f_stop / self.f_start) > _MOST_POINTS:
            raise ValueError(f"more than {_MOST_POINTS} frequencies are asked for: lower points_per_decade")

    def _options(self, options: NgspiceOptions, use_klu: bool) -> str:
        if any(name.lower() == "temp" for name in options.extra):
            raise ValueError("the temperature of a noise analysis is its argument: leave the option 'temp' out")
        return f"{super()._options(options, use_klu)} temp={self.temperature - _ZERO_CELSIUS:.12g}"

    def _recorded(self) -> list[str]:
        return []

    def _analysis(self, options: NgspiceOptions) -> str:
        sweep = f"dec {int(self.points_per_decade)} {self.f_start:.12g} {self.f_stop:.12g}"
        # The last number asks for what each element contributes.
        return f".op\n.noise v({self.node}) {_PROBE} {sweep} 1"


def make_noise_deck(
    circuit: Any,
    *,
    node: str,
    at: float | None,
    drives: Mapping[str, Stimulus] | Stimulus | None,
    f_range: tuple[float, float],
    points_per_decade: int,
    temperature: float,
    guess: Mapping[str, float] | None = None,
) -> NoiseDeck:
    """The noise analysis of any PySpice circuit.

    Parameters
    ----------
    circuit : PySpice.Spice.Netlist.Circuit
        The circuit.
    node : str
        The membrane, where the noise is looked at and the current enters to which it is referred.
    at : float or None
        Voltage at which a bias current holds the membrane [V]; the circuit's own operating point without it.
    drives : Stimulus, or mapping of str to Stimulus, or None
        Whose values at 0 s are applied [A or V]; nothing enters the other ports.
    f_range : tuple of float
        Lowest and highest frequency [Hz].
    points_per_decade : int
        Number of frequencies in each decade (pure number).
    temperature : float
        Of the whole circuit [K].
    guess : mapping of str to float, optional
        Voltages of nodes from which the operating point is searched [V]: of several states of a circuit it is then the one
        nearby. The circuit's own initial voltages without it.

    Returns
    -------
    NoiseDeck
        For :meth:`neuromorph.Ngspice.run_noise` (SI units).

    Raises
    ------
    ValueError
        When there is no such node, a value is not physical, or the circuit uses a name that the analysis needs.
    """
    if at is not None and not math.isfinite(at):
        raise ValueError(f"at must be a finite voltage in V, got {at!r}")
    if not (isinstance(f_range, tuple | list) and len(f_range) == 2):
        raise ValueError(f"f_range must be the lowest and the highest frequency in Hz, got {f_range!r}")
    own = vars(circuit)
    ports = own.get("ports", {})
    silent = {name: Constant(value=0.0) for name, port in ports.items() if port.undriven}
    free = [name for name in ports if name not in silent]
    if isinstance(drives, Stimulus) and silent and len(free) == 1:
        drives = {free[0]: drives}
    if isinstance(drives, Mapping) or drives is None:
        drives = {**silent, **(drives or {})}
    plain = make_deck(circuit, drives=drives, t_stop=1.0, probes=[f"v({checked_node(node)})"])
    refuse_own_temperatures(plain.body)
    taken = words_of(line.lower() for line in top_level_lines(plain.body)) & {_PROBE, f"l{_HOLD}", f"v{_HOLD}", _HELD}
    if taken:
        raise ValueError(f"{plain.name!r} uses the name {min(taken)!r}, which the noise analysis needs: rename it")
    lines = [f"{_PROBE} 0 {node} DC 0 AC 1"]
    if at is not None:
        lines += [f"l{_HOLD} {node} {_HELD} {_HOLDING_INDUCTANCE!r}", f"v{_HOLD} {_HELD} 0 {float(at)!r}"]
    # An operating point does not see .ic; a circuit of several states starts its search from the initial one.
    guess = own.get("initial", {}) if guess is None else guess
    lines += [f".nodeset v({name})={float(value)!r}" for name, value in guess.items() if name.lower() != node.lower()]
    return NoiseDeck(
        name=plain.name,
        body=(*plain.body, *lines),
        probes=plain.probes,
        t_stop=None,
        resolution=plain.resolution,
        parameters=plain.parameters,
        node=node,
        f_start=float(f_range[0]),
        f_stop=float(f_range[1]),
        points_per_decade=points_per_decade,
        temperature=float(temperature),
        noiseless=noiseless_elements(plain.body),
    )


def bias_current_vector() -> str:
    """The vector of the current that holds the membrane [A]; it leaves the circuit."""
    return f"i(l{_HOLD})"


def refuse_own_temperatures(lines: Iterable[str]) -> None:
    """Raise ``ValueError`` when a circuit says itself how warm it is, so that it would not be as warm as the analysis says.

    Parameters
    ----------
    lines : iterable of str
        Lines of a circuit.
    """
    for line in statements(lines):
        if line.split()[0] == ".temp":
            raise ValueError(f"the temperature of a noise analysis is its argument: leave {line!r} out of the circuit")
        if _OWN_TEMPERATURE.match(line):
            raise ValueError(
                f"ngspice gives {line!r} the noise of the circuit's temperature, not of its own: leave it out"
                + ("" if line[0] == "j" else ", or state the difference, dtemp=")
            )


def _is_behavioural_resistor(line: str) -> bool:
    """Whether ngspice makes a B source of it, whose noise has to be asked for."""
    return bool(_BEHAVIOURAL_RESISTOR.match(line)) and not _NOISY.search(line)


def noiseless_elements(lines: Iterable[str]) -> dict[str, str]:
    """Elements of a circuit for which SPICE has no noise, though their counterparts in hardware have some.

    Parameters
    ----------
    lines : iterable of str
        Lines of a circuit.

    Returns
    -------
    dict of str to str
        Reason by element, of the top level.
    """
    inside: dict[str, set[str]] = {}
    calls: dict[str, set[str]] = {}
    scopes = [""]
    found: dict[str, str] = {}
    instances: dict[str, str] = {}
    for line in statements(lines):
        words = line.split()
        if words[0] == ".subckt" and len(words) > 1:
            scopes.append(words[1])
        elif words[0] == ".ends" and len(scopes) > 1:
            scopes.pop()
        elif words[0][0] == "x":
            plain = line.split("params:")[0].split("=")[0].split() if "=" in line else words
            # Before the first parameter's name, or at the end.
            name = plain[-2] if "=" in line and "params:" not in line else plain[-1]
            calls.setdefault(scopes[-1], set()).add(name)
            if len(scopes) == 1:
                instances[words[0]] = name
        elif kind := _BEHAVIOURAL if _is_behavioural_resistor(line) else _WITHOUT_NOISE.get(words[0][0]):
            inside.setdefault(scopes[-1], set()).add(kind)
            if len(scopes) == 1:
                found[words[0]] = f"{kind} have no noise"
    for element, name in instances.items():
        kinds, seen, todo = set[str](), set[str](), [name]
        while todo:
            if (scope := todo.pop()) not in seen:
                seen.add(scope)
                kinds |= inside.get(scope, set())
                todo += calls.get(scope, ())
        if kinds:
            found[element] = f"subcircuit {name} holds {' and '.join(sorted(kinds))}, which have no noise"
    return found
