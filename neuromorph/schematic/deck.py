"""The deck: a circuit with its sources, what to record, and the run, as text that ngspice reads."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from neuromorph.schematic.names import checked_identifier, checked_line, checked_node, checked_title
from neuromorph.schematic.probes import Probe
from neuromorph.stimulus import Stimulus

# Longest default time step as a share of the run, where the circuit does not say better.
_DEFAULT_STEPS_PER_RUN = 2000
# A tenth of ngspice's own, for circuits that do not say what charges they have [C].
_DEFAULT_CHGTOL = 1e-15


@dataclass(frozen=True)
class Port:
    """Where a stimulus enters a circuit.

    Parameters
    ----------
    plus, minus : str
        Nodes. A current flows into `plus`.
    kind : {"current", "voltage"}
        What the stimulus is [A or V].
    """

    plus: str
    minus: str = "0"
    kind: Literal["current", "voltage"] = "current"

    def __post_init__(self) -> None:
        checked_node(self.plus)
        checked_node(self.minus)
        if self.kind not in ("current", "voltage"):
            raise ValueError(f"a port's kind is 'current' or 'voltage', got {self.kind!r}")


@dataclass(frozen=True)
class Transient:
    """A transient analysis from time zero.

    Parameters
    ----------
    t_stop : float
        Length of the run [s].
    t_max : float
        Longest time step [s].
    """

    t_stop: float
    t_max: float

    def __post_init__(self) -> None:
        for name, value in (("t_stop", self.t_stop), ("t_max", self.t_max)):
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"{name} must be a positive time in s, got {value!r}")
        if self.t_stop < self.t_max:
            raise ValueError(
                f"t_stop ({self.t_stop:g} s) is shorter than one time step ({self.t_max:g} s): lengthen it or shorten t_max"
            )


@dataclass(frozen=True, kw_only=True)
class NgspiceOptions:
    """Settings of an ngspice transient run.

    Parameters
    ----------
    method : {"gear", "trap"}
        Integration method. Gear does not ring after a switch has closed.
    reltol : float
        Relative tolerance of the time-step control and of Newton's method (pure number).
    abstol, vntol : float
        Absolute tolerances of currents [A] and voltages [V].
    chgtol : float, optional
        Charges [C] below which the error control is relative to this one. Near the charges of the circuit
        it switches the error control off; far below them it stops a run where a charge passes zero. The
        circuit's own hint where it is left out.
    t_max : float, optional
        Longest time step [s]; the circuit's own hint where it is left out.
    linear_solver : {"auto", "sparse", "klu"}
        KLU only where the found ngspice has it; ``"auto"`` uses it for large decks.
    use_initial_conditions : bool
        Start from the ``.ic`` voltages without an operating point (``uic``).
    extra : mapping of str to float or str
        Other ``.options`` by name, in the unit of each.
    refinement : int
        1 as set; every further power of two halves the time step and divides `reltol` by ten.
    """

    method: Literal["gear", "trap"] = "gear"
    reltol: float = 1e-6
    abstol: float = 1e-12
    vntol: float = 1e-7
    chgtol: float | None = None
    t_max: float | None = None
    linear_solver: Literal["auto", "sparse", "klu"] = "auto"
    use_initial_conditions: bool = False
    extra: Mapping[str, float | str] = field(default_factory=dict)
    refinement: int = 1

    def __post_init__(self) -> None:
        if self.method not in ("gear", "trap"):
            raise ValueError(f"method is 'gear' or 'trap', got {self.method!r}")
        if self.linear_solver not in ("auto", "sparse", "klu"):
            raise ValueError(f"linear_solver is 'auto', 'sparse' or 'klu', got {self.linear_solver!r}")
        for name in ("reltol", "abstol", "vntol", "chgtol", "t_max"):
            value = getattr(self, name)
            if value is None and name in ("t_max", "chgtol"):
                continue
            if isinstance(value, bool) or not isinstance(value, int | float) or not (math.isfinite(value) and value > 0):
                raise ValueError(f"{name} must be a positive number, got {value!r}")
        for name, value in self.extra.items():
            checked_line(f"{checked_identifier(name, 'option')}={value}", f"option {name!r}")

    def refined(self) -> NgspiceOptions:
        """The same settings with half the time step and a tenth of `reltol` [pure number]."""
        return replace(self, refinement=2 * self.refinement)

    def line(self, chgtol: float | None, use_klu: bool) -> str:
        """The ``.options`` line.

        Parameters
        ----------
        chgtol : float or None
            The circuit's hint for the charge tolerance [C].
        use_klu : bool
            Whether to ask for the KLU solver.

        Returns
        -------
        str
            One line; tolerances in SI units.
        """
        reltol = self.reltol * 10.0 ** -round(math.log2(self.refinement))
        pairs = {"method": self.method, "reltol": f"{reltol:.12g}"}
        tolerances = {"abstol": self.abstol, "vntol": self.vntol, "chgtol": self.chgtol or chgtol or _DEFAULT_CHGTOL}
        pairs |= {name: f"{value:.12g}" for name, value in tolerances.items()}
        pairs |= {name: str(value) for name, value in self.extra.items()}
        return ".options " + " ".join(f"{k}={v}" for k, v in pairs.items()) + (" klu" if use_klu else "")

    def longest_step(self, hint: float | None, t_stop: float) -> float:
        """Longest time step [s], from these settings, a circuit's hint [s], or the length of the run [s]."""
        t_max = self.t_max or (hint and min(hint, t_stop)) or t_stop / _DEFAULT_STEPS_PER_RUN
        return t_max / self.refinement


@dataclass(frozen=True, kw_only=True)
class Deck:
    """A circuit ready to run: plain data, which travels between processes.

    Parameters
    ----------
    name : str
        Name of the design; the deck's title.
    body : tuple of str
        Lines of circuit, sources and initial conditions (SI units).
    probes : mapping of str to Probe
        What to record, by the name that it gets in the recording.
    t_stop : float
        Length of the run [s].
    t_max : float, optional
        The circuit's own hint for the longest time step [s].
    chgtol : float, optional
        The circuit's own hint for the charge tolerance [C].
    spikes : Probe, optional
        Signal whose rise through `spike_level` is a spike.
    spike_level : float
        In the unit of `spikes`.
    states : tuple of str
        Recorded signals that are states of the design.
    parameters : mapping of str to float
        Component values, for the recording's provenance (SI units).
    """

    name: str
    body: tuple[str, ...]
    probes: Mapping[str, Probe]
    t_stop: float
    t_max: float | None = None
    chgtol: float | None = None
    spikes: Probe | None = None
    spike_level: float = 0.5
    states: tuple[str, ...] = ()
    parameters: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        checked_title(self.name)
        if not (math.isfinite(self.t_stop) and self.t_stop > 0):
            raise ValueError(f"t_stop must be a positive time in s, got {self.t_stop!r}")

    @property
    def vectors(self) -> tuple[str, ...]:
        """The SPICE vectors to save [V or A]."""
        probes = [*self.probes.values(), *([self.spikes] if self.spikes else [])]
        return tuple(dict.fromkeys(vector for probe in probes for vector in probe.vectors))

    def text(self, options: NgspiceOptions | None = None, use_klu: bool = False) -> str:
        """The whole deck.

        Parameters
        ----------
        options : NgspiceOptions, optional
            Settings of the run.
        use_klu : bool
            Whether to ask for the KLU solver.

        Returns
        -------
        str
            Text that ``ngspice -b`` runs as it is (SI units).
        """
        options = options or NgspiceOptions()
        run = Transient(self.t_stop, options.longest_step(self.t_max, self.t_stop))
        suffix = " uic" if options.use_initial_conditions else ""
        return "\n".join(
            [
                f"* {self.name}",
                *self.body,
                options.line(self.chgtol, use_klu),
                *_wrapped(".save", self.vectors),
                f".tran {run.t_max:.12g} {run.t_stop:.12g} 0 {run.t_max:.12g}{suffix}",
                ".end",
                "",
            ]
        )

    @staticmethod
    def digest(text: str) -> str:
        """Hash by which a recording names the deck that made it."""
        return hashlib.sha256(text.encode()).hexdigest()


def make_deck(
    circuit: Any,
    *,
    drives: Mapping[str, Stimulus] | Stimulus | None = None,
    t_stop: float,
    probes: Mapping[str, Probe | str] | Sequence[str] | None = None,
    ports: Mapping[str, Port] | None = None,
    initial: Mapping[str, float] | None = None,
    spikes: str | None = None,
    spike_level: float | None = None,
) -> Deck:
    """A deck from any PySpice circuit.

    What a :class:`Schematic` says of itself (probes, ports, initial voltages, spikes) is taken from there
    where the arguments leave it out.

    Parameters
    ----------
    circuit : PySpice.Spice.Netlist.Circuit
        The circuit.
    drives : Stimulus, or mapping of str to Stimulus
        What drives the ports, by port; one alone for a circuit with one port [A or V].
    t_stop : float
        Length of the run [s].
    probes : mapping of str to Probe or str, or sequence of str
        What to record.
    ports : mapping of str to Port
        Where stimuli enter.
    initial : mapping of str to float
        Node voltages at time zero [V].
    spikes : str
        Probe whose rise through `spike_level` [its unit] is a spike.
    spike_level : float
        In the unit of `spikes`.

    Returns
    -------
    Deck
        Complete, engine options apart.

    Raises
    ------
    ValueError
        When a name cannot stand in a deck, a port or drive is unknown, a node floats, or there is nothing
        to record.
    FileNotFoundError
        When an included file does not exist.
    """
    from neuromorph.schematic.pyspice import circuit_lines, floating_nodes

    own = vars(circuit)
    ports = dict(own.get("ports", {}) if ports is None else ports)
    initial = dict(own.get("initial", {}) if initial is None else initial)
    given = own.get("probes", {}) if probes is None else probes
    named = dict(given) if isinstance(given, Mapping) else {text: text for text in given}
    recorded = {name: Probe(p) if isinstance(p, str) else p for name, p in named.items()}
    spike_text = own.get("spikes") if spikes is None else spikes
    title = checked_title(str(circuit.title) or "circuit")
    if not recorded:
        raise ValueError(f"nothing to record from {title!r}: give probes, such as ['v(out)', 'i(V1)']")

    lines = circuit_lines(circuit)
    drive_lines = _drive_lines(title, ports, drives, t_stop)
    held = {node.lower() for node in initial} | {p.plus.lower() for p in ports.values() if p.kind == "voltage"}
    floating = floating_nodes(circuit, held)
    if floating:
        node, elements = next(iter(floating.items()))
        raise ValueError(
            f"node {node!r} of {title!r} floats: no direct current reaches it from ground (connected to "
            f"{', '.join(elements)}); add a resistor to ground, or give its initial voltage"
        )
    conditions = [f"v({checked_node(node)})={float(value)!r}" for node, value in initial.items()]
    return Deck(
        name=title,
        body=(*lines, *drive_lines, *_wrapped(".ic", conditions)),
        probes=recorded,
        t_stop=t_stop,
        t_max=own.get("t_max"),
        chgtol=own.get("chgtol"),
        spikes=Probe(spike_text) if spike_text else None,
        spike_level=own.get("spike_level", 0.5) if spike_level is None else spike_level,
        states=tuple(own.get("states", ())),
        parameters=dict(own.get("parameter_values", {})),
    )


def _drive_lines(
    title: str, ports: Mapping[str, Port], drives: Mapping[str, Stimulus] | Stimulus | None, t_stop: float
) -> list[str]:
    if isinstance(drives, Stimulus):
        if len(ports) != 1:
            raise ValueError(
                f"{title!r} has {len(ports)} ports ({', '.join(ports) or 'none'}): give a dict with a stimulus for each"
            )
        drives = {next(iter(ports)): drives}
    lines = []
    for name, stimulus in (drives or {}).items():
        if name not in ports:
            raise ValueError(f"{title!r} has no port {name!r}; its ports: {', '.join(ports) or 'none'}")
        checked_identifier(name, "port")
        port, text = ports[name], stimulus.spice(t_stop)
        if port.kind == "voltage":
            lines.append(f"Vdrive_{name} {port.plus} {port.minus} {text}")
        else:
            # A source of zero volts carries the current to where a probe can read it: i(Vsense_<port>).
            lines.append(f"Idrive_{name} {port.minus} drive_{name} {text}")
            lines.append(f"Vsense_{name} drive_{name} {port.plus} 0")
    undriven = [name for name in ports if name not in (drives or {})]
    for name in undriven:
        if ports[name].kind == "current":
            lines.append(f"Idrive_{name} {ports[name].minus} drive_{name} 0")
            lines.append(f"Vsense_{name} drive_{name} {ports[name].plus} 0")
        else:
            lines.append(f"Vdrive_{name} {ports[name].plus} {ports[name].minus} 0")
    return [line for block in lines for line in block.split("\n")]


def _wrapped(command: str, items: Sequence[str], per_line: int = 8) -> list[str]:
    groups = [items[i : i + per_line] for i in range(0, len(items), per_line)]
    return [f"{command} {' '.join(group)}" for group in groups]
