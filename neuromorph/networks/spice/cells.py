"""Neurons as subcircuits: equal ones share one, made from the neuron's own circuit."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from neuromorph.networks.plan import NeuronPart
from neuromorph.networks.spice.circuit_names import CircuitNames
from neuromorph.schematic.hierarchy import definitions, split_lines
from neuromorph.schematic.options import Resolution
from neuromorph.schematic.probes import Probe

__all__ = ["Cell", "Subcircuits"]

_NODE_VOLTAGE = re.compile(r"v\(\s*([\w.#]+)\s*\)", re.IGNORECASE)
_ASSIGNED = re.compile(r"([a-z_]\w*)\s*=", re.IGNORECASE)
# A circuit that states no charge tolerance has the default of NgspiceOptions [C].
_CHGTOL = 1e-15


@dataclass(frozen=True)
class Cell:
    """A neuron as a subcircuit, and what its own circuit says of itself.

    Parameters
    ----------
    subcircuit : str
        Name of the subcircuit.
    pins : tuple of str
        Its pins: the node of the input current, and that of the spikes where there is one.
    spike_node : str or None
        ``None`` for a neuron that never spikes.
    is_logic : bool
        Whether the spike node is at 0 V or 1 V and nothing between.
    spike_level, spike_end_level : float
        Voltages of the spike node at which a spike begins and is over [V].
    states : tuple of str
        Names of the probes that are states.
    probes : mapping of str to Probe
        States and membrane voltage, as inside.
    initial : mapping of str to float
        Node voltages at time zero [V], by inner node.
    resolution : Resolution
        What resolves it [s, C].
    parameter_values : mapping of str to float
        Component values (SI units).
    """

    subcircuit: str
    pins: tuple[str, ...]
    spike_node: str | None
    is_logic: bool
    spike_level: float
    spike_end_level: float
    states: tuple[str, ...]
    probes: Mapping[str, Probe]
    initial: Mapping[str, float]
    resolution: Resolution
    parameter_values: Mapping[str, float]

    @property
    def charge(self) -> float:
        """The charge that matters to it [C]."""
        return 10 * (self.resolution.chgtol or _CHGTOL)


class Subcircuits:
    """The subcircuits of a network, each once."""

    def __init__(self) -> None:
        self.lines: dict[str, tuple[str, ...]] = {}
        self.verilog_a: dict[str, str] = {}
        self._names = CircuitNames()
        self._cells: list[tuple[Any, Cell]] = []
        self._by_hash: dict[Hashable, Cell] = {}
        self._by_body: dict[tuple[str, ...], str] = {}
        self._shared: set[str] = set()

    def add_fixed(self, name: str, lines: tuple[str, ...]) -> str:
        """A subcircuit with its lines from ``.subckt`` to ``.ends``; its name, for its instances."""
        self._define(name, lines)
        return name

    def add(self, wanted: str, pins: tuple[str, ...], lines: list[str], verilog_a: Mapping[str, str]) -> str:
        """A circuit as a subcircuit.

        Parameters
        ----------
        wanted : str
            The name it should have; an equal one is shared, another one of that name gets a number.
        pins : tuple of str
            Its nodes that are connected.
        lines : list of str
            Its checked lines (SI units).
        verilog_a : mapping of str to str
            Verilog-A of its subcircuits.

        Returns
        -------
        str
            The name that it got.
        """
        split = split_lines(lines)
        for name, block in definitions(split.shared).items():
            self._define(name, block)
        for name, text in verilog_a.items():
            self.verilog_a.setdefault(name, text)
        key = (" ".join(pins), *split.body)
        if key not in self._by_body:
            plain = re.sub(r"\W", "_", wanted, flags=re.ASCII) or "cell"
            name = self._names.take(plain if plain[0].isalpha() else f"c_{plain}")
            self._by_body[key] = name
            self.lines[name.lower()] = (f".subckt {name} {' '.join(pins)}", *split.body, f".ends {name}")
        return self._by_body[key]

    def add_device(self, model: Any) -> str:
        """A memristor's subcircuit, whose instances state all parameters; its name."""
        from neuromorph.schematic.raw_text import checked_raw_spice

        self._define(model.subcircuit_name, tuple(checked_raw_spice(model.subcircuit())))
        self.verilog_a.setdefault(model.subcircuit_name, model.verilog_a())
        return str(model.subcircuit_name)

    def cell(self, part: NeuronPart) -> Cell:
        """The subcircuit of a neuron; equal neurons share it (SI units).

        Parameters
        ----------
        part : NeuronPart
            The neuron.

        Returns
        -------
        Cell
            Name, pins and what the neuron's own circuit says.

        Raises
        ------
        ValueError
            When the neuron has no circuit, or not one input current, or its spikes are no voltage of a node.
        """
        try:
            known = self._by_hash.get(part.neuron)
        except TypeError:  # a fidelity may be a dict
            known = next((cell for neuron, cell in self._cells if neuron == part.neuron), None)
        if known is None:
            known = self._new_cell(part)
            self._cells.append((part.neuron, known))
            with contextlib.suppress(TypeError):
                self._by_hash[part.neuron] = known
        return known

    def _new_cell(self, part: NeuronPart) -> Cell:
        from neuromorph.schematic.pyspice import circuit_lines

        circuit = part.neuron.schematic()
        port = next(iter(circuit.ports.values()), None)
        if len(circuit.ports) != 1 or port is None or port.kind != "current" or port.minus != "0":
            raise ValueError(
                f"neuron {part.name!r} ({circuit.title}) has the inputs {', '.join(circuit.ports) or 'none'}: a neuron of a network "
                "has one input current, and no noise of its own: give that as its drive"
            )
        spike_node = None
        if circuit.spikes is not None:
            match = _NODE_VOLTAGE.fullmatch(circuit.spikes.strip())
            if match is None:
                raise ValueError(
                    f"the spikes of neuron {part.name!r} are {circuit.spikes!r}: in a network they have to be the voltage of a node, v(node)"
                )
            spike_node = match[1]
        pins = tuple(dict.fromkeys(node for node in (port.plus, spike_node) if node is not None))
        recorded = {
            name: probe if isinstance(probe, Probe) else Probe(probe)
            for name, probe in circuit.probes.items()
            if name in (*circuit.states, "v_mem")
        }
        return Cell(
            subcircuit=self.add(str(circuit.title), pins, circuit_lines(circuit), circuit.verilog_a),
            pins=pins,
            spike_node=spike_node,
            is_logic=spike_node in circuit.logic_nodes,
            spike_level=circuit.spike_level,
            spike_end_level=circuit.spike_end_level,
            states=circuit.states,
            probes=recorded,
            initial=circuit.initial,
            resolution=circuit.resolution,
            parameter_values=circuit.parameter_values,
        )

    def _define(self, name: str, block: tuple[str, ...]) -> None:
        key = name.lower()
        known = self.lines.get(key)
        if known is None:
            self._names.take(name)
            self.lines[key] = block
        elif known != block:
            # Two memristors of one kind share the subcircuit of the first.
            self._shared.add(key)
            if _without_defaults(known) == _without_defaults(block):
                return
            raise ValueError(
                f"{name!r} is defined twice in the circuit of the network, and differently; SPICE would use one for both: rename one"
            )

    def text(self) -> list[str]:
        """All lines.

        Returns
        -------
        list of str
            In the order in which they were added (SI units).

        Raises
        ------
        ValueError
            When an instance relies on defaults that are not those of its own device.
        """
        found = [line for block in self.lines.values() for line in block]
        for line in found:
            words = line.lower().split()
            for name in self._shared & set(words[1:]) if line[:1] in "xX" else ():
                header = next(text for text in self.lines[name] if text.lower().startswith(".subckt"))
                missing = set(_ASSIGNED.findall(header.lower())) - set(_ASSIGNED.findall(line.lower()))
                if missing:
                    raise ValueError(
                        f"{line.strip()[:80]!r} leaves out {', '.join(sorted(missing))} of {name!r}, whose values differ in the network: "
                        "state them"
                    )
        return found


def _without_defaults(block: tuple[str, ...]) -> tuple[str, ...]:
    """The lines of a subcircuit without what its parameters are unless an instance says so, and without comments."""
    lines = [line for line in block if not line.lstrip().startswith("*")]
    return (re.sub(r"=\s*\S+", "=", lines[0]), *lines[1:])
