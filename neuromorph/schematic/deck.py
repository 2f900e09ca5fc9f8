"""The deck: a circuit with its sources, what to record, and the run, as text that ngspice reads."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from neuromorph.recording.waveforms import RESERVED_NAMES
from neuromorph.schematic.names import checked_node, checked_title, refuse_case_twins
from neuromorph.schematic.options import NgspiceOptions, Resolution
from neuromorph.schematic.ports import Port, drive_lines
from neuromorph.schematic.probes import Probe
from neuromorph.schematic.raw_text import checked_raw_spice
from neuromorph.schematic.spike_signal import SpikeSignal
from neuromorph.stimulus import Stimulus, WhiteNoise

# ngspice's modes for files of PSpice and LTspice; "a": the whole deck is meant, not only files that it includes.
_COMPATIBILITIES = ("", "ps", "psa", "lt", "lta", "ltps", "ltpsa")
# The modes of PSpice give these a meaning of their own, also in the rest of the deck.
_PSPICE_PARAMETERS = re.compile(r"^\.(?:param|subckt)\b.*\b(vt|temp|gmin)\s*=", re.IGNORECASE)
# The longest step sees a sine that drives the circuit this often in each period.
_STEPS_PER_PERIOD = 20
# ngspice's time grows with the square of the names in .save lines, 0.7 s for 8000; a single point of all nodes is small.
_LONG_SAVE = 500


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
    t_stop : float or None
        Length of the run [s]; ``None`` for an operating point, which has no time.
    resolution : Resolution
        What resolves the circuit [s, C].
    spikes : Probe, optional
        Signal whose rise through `spike_level` is a spike.
    spike_level : float
        In the unit of `spikes`.
    spike_trains : mapping of str to SpikeSignal or None
        Instead of `spikes`: the signals of several neurons by name; ``None`` for a neuron that never spikes.
    states : tuple of str
        Recorded signals that are states of the design.
    parameters : mapping of str to float
        Component values, for the recording's provenance (SI units).
    compatibility : str
        ngspice's compatibility mode for this deck alone, such as ``"psa"``; for files in a dialect of PSpice or
        LTspice that the circuit includes. A :class:`VendorModel` needs none.
    saves_all : bool
        Whether the raw file gets every node and source current, where most of thousands are wanted: naming them
        costs ngspice time that grows with the square of their number.
    verilog_a : mapping of str to str
        Verilog-A of the same statement, by subcircuit: an engine that compiles it needs no B sources.
    seed : int, optional
        Of ngspice's random numbers (pure number), where a source draws some.
    """

    name: str
    body: tuple[str, ...]
    probes: Mapping[str, Probe]
    t_stop: float | None
    resolution: Resolution = field(default_factory=Resolution)
    spikes: Probe | None = None
    spike_level: float = 0.5
    spike_trains: Mapping[str, SpikeSignal | None] = field(default_factory=dict)
    states: tuple[str, ...] = ()
    parameters: Mapping[str, float] = field(default_factory=dict)
    compatibility: str = ""
    saves_all: bool = False
    verilog_a: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None

    def __post_init__(self) -> None:
        checked_title(self.name)
        self._check_compatibility()
        if self.t_stop is not None and not (math.isfinite(self.t_stop) and self.t_stop > 0):
            raise ValueError(f"t_stop must be a positive time in s, got {self.t_stop!r}")
        if self.seed is not None and not (type(self.seed) is int and 0 < self.seed < 2**31):
            raise ValueError(f"a deck's seed must be a whole number from 1 to 2147483647, got {self.seed!r}")
        for name in self.probes:
            # A recording would refuse it too, but only after the run.
            if not isinstance(name, str) or not name or not name.isprintable() or name in RESERVED_NAMES:
                raise ValueError(
                    f"a probe's name must be printable and none of {', '.join(RESERVED_NAMES)}, got {name!r}"
                )
        if not self.vectors:
            raise ValueError(
                f"nothing to record from {self.name!r}: give probes, such as ['v(out)', 'i(V1)'], on the command line --probe"
            )
        if checked_raw_spice("\n".join(self.body)) != list(self.body):
            raise ValueError(
                f"the body of deck {self.name!r} must be a tuple of single lines with absolute include paths"
            )

    def _check_compatibility(self) -> None:
        if self.compatibility not in _COMPATIBILITIES:
            raise ValueError(
                f"compatibility must be one of {', '.join(map(repr, _COMPATIBILITIES))}, got {self.compatibility!r}"
            )
        for line in self.body if "ps" in self.compatibility else ():
            if match := _PSPICE_PARAMETERS.match(line):
                raise ValueError(
                    f"in the compatibility mode {self.compatibility!r} ngspice would replace the parameter {match[1]!r} of "
                    f"{line.strip()[:60]!r} by its own: rename it, or place the vendor's file as a VendorModel, which needs no mode"
                )

    @property
    def is_operating_point(self) -> bool:
        """Whether it has no time, but one solution for the sources' values at the start."""
        return self.t_stop is None

    @property
    def spike_signal(self) -> str | None:
        """Name of the recorded signal whose rises are the spikes, where it is recorded [the signal's unit]."""
        same = (name for name, probe in self.probes.items() if self.spikes and probe.vectors == self.spikes.vectors)
        return next(same, None)

    @cached_property
    def vectors(self) -> tuple[str, ...]:
        """The SPICE vectors to save [V or A]."""
        probes = [*self.probes.values(), *([self.spikes] if self.spikes else [])]
        probes += [signal.probe for signal in self.spike_trains.values() if signal is not None]
        return tuple(dict.fromkeys(vector for probe in probes for vector in probe.vectors))

    def text(self, options: NgspiceOptions | None = None, use_klu: bool = False, osdi: str = "") -> str:
        """The whole deck.

        Parameters
        ----------
        options : NgspiceOptions, optional
            Settings of the run.
        use_klu : bool
            Whether to ask for the KLU solver.
        osdi : str
            File of compiled Verilog-A that the circuit needs, as named from the deck's folder; none as it stands.

        Returns
        -------
        str
            Text that ``ngspice -b`` runs as it is (SI units); with a compatibility mode its second line says how.
        """
        options = options or NgspiceOptions()
        mode = [f"* in ngspice: ngspice -D ngbehavior={self.compatibility} -b FILE"] if self.compatibility else []
        return "\n".join(
            [
                f"* {self.name}",
                *mode,
                *_loading(osdi),
                *self.body,
                self._options(options, use_klu),
                *self._recorded(),
                self._analysis(options),
                ".end",
                "",
            ]
        )

    def _options(self, options: NgspiceOptions, use_klu: bool) -> str:
        line = options.line(self.resolution, use_klu)
        if self.seed is None:
            return line
        if any(name.lower() == "seed" for name in options.extra):
            raise ValueError(f"the white noise of {self.name!r} brings its seed: leave the option 'seed' out")
        # Read with the circuit, before a source draws; the command setseed would need a control block.
        return f"{line} seed={self.seed}"

    def _recorded(self) -> list[str]:
        is_long = len(self.vectors) > _LONG_SAVE and not any(vector.startswith("@") for vector in self.vectors)
        if self.saves_all or (self.is_operating_point and is_long):
            return [".save all"]
        # The second for a run by hand without a raw file, which needs something to print.
        analysis = "op" if self.is_operating_point else "tran"
        return [*_wrapped(".save", self.vectors), *_wrapped(f".print {analysis}", self.vectors)]

    def _analysis(self, options: NgspiceOptions) -> str:
        if self.t_stop is None:
            return ".op"
        run = options.transient(self.resolution, self.t_stop)
        suffix = " uic" if options.use_initial_conditions else ""
        return f".tran {run.t_max:.12g} {run.t_stop:.12g} 0 {run.t_max:.12g}{suffix}"

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
    compatibility: str = "",
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
    compatibility : str
        ngspice's compatibility mode for this deck, such as ``"psa"``, where the circuit includes a file that needs it.

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
    from neuromorph.schematic.pyspice import circuit_lines
    from neuromorph.schematic.topology import refuse_unknown_vectors

    own = vars(circuit)
    ports = dict(own.get("ports", {}) if ports is None else ports)
    initial = dict(own.get("initial", {}) if initial is None else initial)
    spike_text = own.get("spikes") if spikes is None else spikes
    title = checked_title(str(circuit.title) or "circuit")
    lines = circuit_lines(circuit)
    sources = drive_lines(title, ports, drives, t_stop)
    _refuse_floating_nodes(title, circuit, ports, initial, lines)
    deck = Deck(
        name=title,
        body=(*lines, *sources, *_wrapped(".ic", _initial_voltages(initial))),
        probes=_as_probes(own.get("probes", {}) if probes is None else probes),
        t_stop=t_stop,
        resolution=_resolving(own.get("resolution", Resolution()), drives, t_stop),
        spikes=Probe(spike_text) if spike_text else None,
        spike_level=own.get("spike_level", 0.5) if spike_level is None else spike_level,
        spike_trains=dict(own.get("spike_trains", {})),
        states=tuple(own.get("states", ())),
        parameters=dict(own.get("parameter_values", {})),
        compatibility=compatibility,
        verilog_a=dict(own.get("verilog_a", {})),
        seed=_seed(drives),
    )
    refuse_unknown_vectors(circuit, deck.vectors, lines, sources)
    return deck


def _resolving(resolution: Resolution, drives: Mapping[str, Stimulus] | Stimulus | None, t_stop: float) -> Resolution:
    """The circuit's resolution, with a time step that sees the fastest sine that drives it."""
    stimuli = _stimuli(drives)
    periods = [period for s in stimuli if (period := s.shortest_period(t_stop)) is not None]
    if not periods:
        return resolution
    longest = min(resolution.longest_step(t_stop), min(periods) / _STEPS_PER_PERIOD)
    return replace(resolution, t_max=longest)


def _stimuli(drives: Mapping[str, Stimulus] | Stimulus | None) -> list[Stimulus]:
    return [drives] if isinstance(drives, Stimulus) else list((drives or {}).values())


def _seed(drives: Mapping[str, Stimulus] | Stimulus | None) -> int | None:
    seeds = sorted({stimulus.seed for stimulus in _stimuli(drives) if isinstance(stimulus, WhiteNoise)})
    if len(seeds) > 1:
        raise ValueError(
            f"ngspice has one generator of random numbers: give all white noise of a run one seed, got {seeds}; several "
            "sources draw different samples from it"
        )
    return seeds[0] if seeds else None


def _as_probes(given: Mapping[str, Probe | str] | Sequence[str]) -> dict[str, Probe]:
    given = [given] if isinstance(given, str) else given
    named = dict(given) if isinstance(given, Mapping) else {text: text for text in given}
    return {name: probe if isinstance(probe, Probe) else Probe(probe) for name, probe in named.items()}


def _initial_voltages(initial: Mapping[str, float]) -> list[str]:
    refuse_case_twins(initial, "initial node")
    for node, value in initial.items():
        if not math.isfinite(value):
            raise ValueError(f"the initial voltage of node {node!r} must be finite, got {value!r}")
    return [f"v({checked_node(node)})={float(value)!r}" for node, value in initial.items()]


def _refuse_floating_nodes(
    title: str, circuit: Any, ports: Mapping[str, Port], initial: Mapping[str, float], lines: Sequence[str]
) -> None:
    from neuromorph.schematic.topology import floating_nodes, known_nodes

    nodes = known_nodes(circuit, lines)
    for name, port in ports.items():
        if f"drive_{name}".lower() in nodes and port.kind == "current":
            raise ValueError(
                f"node 'drive_{name}' of {title!r} has the name that the source at port {name!r} needs: rename it"
            )
        for node in (port.plus, port.minus):
            if node.lower() not in nodes:
                raise ValueError(
                    f"port {name!r} enters at node {node!r}, which {title!r} does not have; nodes: {', '.join(sorted(nodes))}"
                )
    driven = [(port.plus, port.minus) for port in ports.values() if port.kind == "voltage"]
    floating = floating_nodes(circuit, {node.lower() for node in initial}, driven, lines)
    if floating:
        node, elements = next(iter(floating.items()))
        raise ValueError(
            f"node {node!r} of {title!r} floats: no direct current reaches it from ground (connected to "
            f"{', '.join(elements)}); add a resistor to ground, or give its initial voltage"
        )


def _loading(osdi: str) -> list[str]:
    # Threads for a single device cost up to a hundred times what they save, most of all on a machine that is not idle.
    return [".control", "set num_threads=1", f"pre_osdi {osdi}", ".endc"] if osdi else []


def _wrapped(command: str, items: Sequence[str], per_line: int = 8) -> list[str]:
    groups = [items[i : i + per_line] for i in range(0, len(items), per_line)]
    return [f"{command} {' '.join(group)}" for group in groups]
