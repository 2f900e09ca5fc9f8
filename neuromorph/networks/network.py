"""A graph as a design: one hybrid system and one circuit."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from neuromorph.devices import CurrentConveyor
from neuromorph.networks.fidelity import plan_at_fidelity
from neuromorph.networks.plan import Plan, plan_of
from neuromorph.neurons import WorkingPoint
from neuromorph.neurons.fidelity import Fidelity
from neuromorph.stimulus import Stimulus

if TYPE_CHECKING:
    import networkx

    from neuromorph.schematic.circuit import Schematic
    from neuromorph.systems import HybridNetwork

# Above this many neurons only spikes are recorded, unless neurons are named.
_MOST_RECORDED = 32
# ngspice 39 ends at names of some 450 characters; those of an edge hold two.
_LONGEST_NAME = 100


@dataclass(frozen=True, eq=False)
class Network:
    """Neurons and synapses as one design with two roads; made by :func:`compose`.

    Parameters
    ----------
    graph : networkx.DiGraph
        As it was given, frozen.
    plan : Plan
        Its parts, read and checked (SI units).
    recorded : tuple of str
        Names of the neurons whose waveforms are recorded; spikes are, of all.
    """

    graph: networkx.DiGraph[str]
    plan: Plan
    recorded: tuple[str, ...]
    fidelity: Fidelity | None = field(default=None, repr=False)

    @property
    def design_name(self) -> str:
        """Name of the graph."""
        return self.plan.title

    @property
    def neurons(self) -> tuple[str, ...]:
        """Names of the neurons, in the order of the graph."""
        return tuple(part.name for part in self.plan.neurons)

    def driven_by(self, drives: Mapping[str, Stimulus]) -> Network:
        """The same network with other currents into some neurons, by name [A]; ``ValueError`` for a name that is no neuron."""
        # The equations of a large network are worth keeping.
        return dataclasses.replace(self, plan=self.plan.driven_by(drives)) if drives else self

    def at_fidelity(self, fidelity: Fidelity) -> Network:
        """The same network with parts as real as that says; ``ValueError`` where a neuron says so itself."""
        return dataclasses.replace(self, plan=plan_at_fidelity(self.plan, fidelity), fidelity=fidelity)

    def drives(self) -> dict[str, Stimulus]:
        """What drives the ports of the circuit, by name [A or V]."""
        from neuromorph.networks.spice import network_drives

        return network_drives(self.plan)

    def dynamics(self) -> HybridNetwork:
        """The equations of all neurons and synapses (SI units)."""
        return self._dynamics

    @cached_property
    def _dynamics(self) -> HybridNetwork:
        from neuromorph.networks.equations import network_equations

        return network_equations(self.plan, self.recorded)

    def schematic(self) -> Schematic:
        """The circuit of all neurons, drivers, synapses and summing circuits (SI units)."""
        from neuromorph.networks.spice import network_circuit

        return network_circuit(self.plan, self.recorded)

    def working_point(self) -> WorkingPoint:
        """What the graph says of itself: its own drives [A], and how long to run [s]; 20 ms where it does not say."""
        return WorkingPoint({}, self.plan.duration)


def compose(
    graph: networkx.DiGraph[str],
    *,
    fidelity: Fidelity | None = None,
    record: Sequence[str] | None = None,
    conveyor: CurrentConveyor | None = None,
) -> Network:
    """One design from a graph of neurons and synapses, for :func:`simulate` and :func:`cross_validate`.

    Parameters
    ----------
    graph : networkx.DiGraph
        Nodes have one of the attributes ``neuron`` (with ``drive`` [A], ``driver``, ``gain``, ``conveyor`` beside it), ``input`` (a
        stimulus [A]), ``spikes`` (times [s], with ``driver``) and ``crossbar``. Edges between neurons have ``synapse``, those
        from an input ``gain``, those into a crossbar ``row`` and ``delay`` [s], those out of it ``column`` and ``inhibitory``.
    fidelity : str or mapping of str to str or VendorModel, optional
        How real the parts are: those of the neurons, as in :meth:`neuromorph.Neuron.schematic`, and the network's own, ``"driver"``
        and ``"conveyor"``. One word is for all; what a mapping does not name is ideal. Without it neurons are as the graph has them.
    record : sequence of str, optional
        Neurons whose waveforms are recorded; by default all of up to 32 neurons, and none of more. Spikes are recorded
        of all.
    conveyor : CurrentConveyor, optional
        What sums the synapses of each neuron whose node says nothing, where conveyors are not ideal.

    Returns
    -------
    Network
        A design with both roads.

    Raises
    ------
    ValueError
        When the graph is not complete, or has what cannot be simulated; the message names the node or edge.

    Examples
    --------
    >>> import networkx
    >>> import neuromorph as nm
    >>> graph = networkx.DiGraph(t_stop=5e-3)
    >>> graph.add_node("a", neuron=nm.LIF(), drive=nm.Constant(value=0.2e-3))
    >>> graph.add_node("b", neuron=nm.LIF())
    >>> graph.add_edge("a", "b", synapse=nm.StaticSynapse(conductance=2e-3))
    >>> nm.compose(graph).neurons
    ('a', 'b')
    """
    if isinstance(graph, Network):
        raise ValueError(
            "this is a network already: simulate and cross_validate take it as it is; nm.compose(network.graph, ...) composes "
            "its graph anew"
        )
    import networkx

    if conveyor is not None:
        if not isinstance(conveyor, CurrentConveyor):
            raise ValueError(
                f"conveyor must be a CurrentConveyor, such as nm.CurrentConveyor(r_x=50.0), got {conveyor!r}"
            )
        graph = _with_conveyors(graph, conveyor)
    plan = plan_of(graph)
    _check_texts(plan)
    if fidelity is not None:
        plan = plan_at_fidelity(plan, fidelity)
    names = [part.name for part in plan.neurons]
    if record is None:
        record = names if len(names) <= _MOST_RECORDED else ()
    if isinstance(record, str):
        raise ValueError(f"record must be a sequence of names, got {record!r}: give [{record!r}]")
    for name in record:
        if name not in names:
            raise ValueError(f"cannot record {name!r}: the network has no neuron of that name")
    return Network(networkx.freeze(graph.copy()), plan, tuple(n for n in names if n in set(record)), fidelity)


def _check_texts(plan: Plan) -> None:
    """Refuse what would stop the circuit only, so that both roads run the same networks."""
    if not plan.title.isprintable():
        raise ValueError(f"name of the graph {plan.title!r} must be one line of printable characters")
    parts = (plan.neurons, plan.spike_sources, plan.current_sources, plan.crossbars)
    longest = max((part.name for group in parts for part in group), key=len)
    if len(longest) > _LONGEST_NAME:
        raise ValueError(
            f"node name {longest[:16]!r}... has {len(longest)} characters, and ngspice takes no names of any length: give "
            f"{_LONGEST_NAME} at most (networkx.relabel_nodes renames all)"
        )


def _with_conveyors(graph: networkx.DiGraph[str], conveyor: CurrentConveyor) -> networkx.DiGraph[str]:
    """A copy whose neurons have that conveyor unless they have one of their own."""
    # What is no graph is refused where graphs are read.
    if not hasattr(graph, "nodes"):
        return graph
    graph = graph.copy()
    for _, attributes in graph.nodes(data=True):
        if "neuron" in attributes:
            attributes.setdefault("conveyor", conveyor)
    return graph
