"""A PySpice circuit that knows how to be driven and what to record from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySpice.Spice.Netlist import Circuit

from neuromorph.schematic.options import Resolution
from neuromorph.schematic.ports import Port
from neuromorph.schematic.probes import Probe
from neuromorph.schematic.spike_signal import SpikeSignal

_UNKNOWN = Resolution()


class Schematic(Circuit):
    """A PySpice ``Circuit`` with ports and probes; add elements to it as to any other.

    Parameters
    ----------
    title : str
        Name of the design.
    ports : mapping of str to Port
        Where stimuli enter, by input name.
    probes : mapping of str to Probe or str
        What to record, by the name that it gets in the recording.
    initial : mapping of str to float
        Node voltages at time zero [V].
    spikes : str, optional
        Probe whose rise through `spike_level` [its unit] is a spike.
    spike_level : float
        In the unit of `spikes`.
    spike_end_level : float, optional
        Level below which a spike is over [unit of `spikes`]; `spike_level` where it is left out.
    spike_trains : mapping of str to SpikeSignal or None
        Instead of `spikes`, for a circuit of several neurons: the signal of each by name; ``None`` for one that never spikes.
    states : sequence of str
        Probes that are states of the design.
    resolution : Resolution
        Time step and tolerances that resolve the circuit [s, C].
    parameter_values : mapping of str to float
        Component values, for the recording's provenance (SI units).
    verilog_a : mapping of str to str
        Verilog-A of the same statement, by subcircuit of the circuit, for engines that compile it.

    Attributes
    ----------
    logic_nodes : set of str
        Nodes that are at 0 V or 1 V and nothing between.

    Examples
    --------
    >>> circuit = Schematic("divider", ports={"v_in": Port("in", kind="voltage")}, probes={"v_out": "v(out)"})
    >>> _ = circuit.R("top", "in", "out", 1e3), circuit.R("bottom", "out", circuit.gnd, 1e3)
    """

    def __init__(
        self,
        title: str,
        *,
        ports: Mapping[str, Port] | None = None,
        probes: Mapping[str, Probe | str] | None = None,
        initial: Mapping[str, float] | None = None,
        spikes: str | None = None,
        spike_level: float = 0.5,
        spike_end_level: float | None = None,
        spike_trains: Mapping[str, SpikeSignal | None] | None = None,
        states: Sequence[str] = (),
        resolution: Resolution = _UNKNOWN,
        parameter_values: Mapping[str, float] | None = None,
        verilog_a: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(title)
        self.ports = dict(ports or {})
        self.probes = dict(probes or {})
        self.initial = dict(initial or {})
        self.spikes = spikes
        self.spike_level = spike_level
        self.spike_end_level = spike_level if spike_end_level is None else spike_end_level
        self.spike_trains = dict(spike_trains or {})
        self.logic_nodes: set[str] = set()
        self.states = tuple(states)
        self.resolution = resolution
        self.parameter_values = dict(parameter_values or {})
        self.verilog_a = dict(verilog_a or {})
