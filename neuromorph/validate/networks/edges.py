"""The weight of each edge on both roads, measured from the synaptic currents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from neuromorph.networks.plan import Plan
from neuromorph.recording import Recording
from neuromorph.validate.networks.hardware import HardwareCurrents
from neuromorph.validate.networks.lines import Delivered, Edge, Lines, edges_of, time_weights

# Beyond this inflation of their variance edges are told apart by less than a thousandth of their pulses.
_MOST_INFLATION = 1e3
# A current below this share of that of the strongest edge is what switches that are off let through.
_NOTHING = 1e-3


@dataclass(frozen=True, kw_only=True)
class EdgeComparison:
    """One edge on both roads, or several that cannot be told apart.

    Parameters
    ----------
    name : str
        Of the edge, ``a->b`` or ``crossbar[i,j] (a->b)``; of several, joined by ``+``.
    members : tuple of str
        The edges that were measured together; one, where it can be told apart.
    target : str
        The neuron that gets their current.
    reference, candidate : float or None
        Conductance on each road, of several their sum [S]; ``None`` where it could not be measured.
    difference : float or None
        Candidate over reference minus one; of several, as if the whole difference were that of one of them (pure number).
    uncertainty : float
        Of the difference, from what the edges of the neuron leave over of its current (pure number).
    remark : str
        Why it was not measured, or not by itself.
    """

    name: str
    members: tuple[str, ...]
    target: str
    reference: float | None
    candidate: float | None
    difference: float | None
    uncertainty: float = 0.0
    remark: str = ""


@dataclass(frozen=True)
class EdgeReport:
    """All edges of a network.

    Parameters
    ----------
    edges : tuple of EdgeComparison
        In the order of the graph.
    left_over : dict of str to float
        For each neuron the share of its synaptic current that its edges do not explain, root mean square on the worse road
        (pure number).
    """

    edges: tuple[EdgeComparison, ...]
    left_over: dict[str, float]


@dataclass
class _Column:
    """Edges that are measured together."""

    members: list[int]
    currents: list[Any]


def compare_edges(plan: Plan, reference: Recording, candidate: Recording) -> EdgeReport:
    """Measure the weight of each edge on both roads.

    Parameters
    ----------
    plan : Plan
        What the network is.
    reference, candidate : Recording
        What the roads gave.

    Returns
    -------
    EdgeReport
        The edges in the order of the graph.

    Notes
    -----
    The synaptic current of a neuron is a sum over its edges, each of which delivers a known course times its weight. The
    weights follow by least squares over the road's own time points, each weighted by the time that it stands for. Each
    road is fitted with its own pulses, so a weight does not depend on when the neurons fire.
    """
    by_target: dict[str, list[Edge]] = {}
    hardware = HardwareCurrents(plan, edges_of(plan))
    for edge in hardware.edges:
        by_target.setdefault(edge.target, []).append(edge)
    roads = [Lines(plan, recording) for recording in (reference, candidate)]
    found: dict[str, EdgeComparison] = {}
    left_over: dict[str, float] = {}
    for target, edges in by_target.items():
        known = [edge for edge in edges if all(lines.knows(edge) for lines in roads)]
        if len(known) < len(edges):
            # What one of them delivers would be put down to the others.
            missing = next(edge for edge in edges if edge not in known)
            remark = _not_recorded(missing, roads)
            found |= {edge.name: _unmeasured(edge, remark) for edge in edges}
            continue
        comparisons, left_over[target] = _compare_inputs(target, edges, roads, hardware)
        found |= {comparison.name: comparison for comparison in comparisons}
    return EdgeReport(tuple(found.values()), left_over)


def _not_recorded(edge: Edge, roads: list[Lines]) -> str:
    wanted = [edge.target]
    if any(f"{edge.source}.v_line" not in lines.recording for lines in roads):
        wanted.append(edge.source)
    return f"not recorded: nm.compose(graph, record=...) with {' and '.join(dict.fromkeys(wanted))} measures it"


def _unmeasured(edge: Edge, remark: str) -> EdgeComparison:
    return EdgeComparison(
        name=edge.name,
        members=(edge.name,),
        target=edge.target,
        reference=None,
        candidate=None,
        difference=None,
        remark=remark,
    )


def _compare_inputs(
    target: str, edges: list[Edge], roads: list[Lines], hardware: HardwareCurrents
) -> tuple[list[EdgeComparison], float]:
    delivered = [[lines.delivered(edge) for edge in edges] for lines in roads]
    silent = [k for k in range(len(edges)) if any(not _is_active(road[k]) for road in delivered)]
    columns = [_Column([k], [road[k].current for road in delivered]) for k in range(len(edges)) if k not in silent]
    strongest = max(
        abs(found.conductance * edge.factor * roads[0].plan.drivers[edge.source].v_pulse)
        for road in delivered
        for edge, found in zip(edges, road, strict=True)
    )
    fits = [
        _Fit(lines, target, road, len(columns), _NOTHING * strongest, hardware.others(target, lines))
        for lines, road in zip(roads, delivered, strict=True)
    ]
    _join_alike(columns, fits)
    solved = [fit.solve([column.currents[r] for column in columns]) for r, fit in enumerate(fits)]
    result = {k: _unmeasured(edges[k], "no pulse passed it on one of the roads") for k in silent}
    for c, column in enumerate(columns):
        members = [edges[k] for k in column.members]
        # The course of a memristor's current is known, how much it conducts on the average is a part of the outcome.
        sums = [sum(road[k].conductance for k in column.members) for road in delivered]
        weights = [float(solved[r].factors[c]) * sums[r] for r in range(2)]
        one = sums[0] / len(members)
        pulses = min(road[k].pulses for road in delivered for k in column.members)
        noise = sum(solved[r].spread(c, pulses) for r in range(2)) * len(members)
        names = tuple(edge.name for edge in members)
        result[column.members[0]] = EdgeComparison(
            name=" + ".join(names),
            members=names,
            target=target,
            reference=weights[0],
            candidate=weights[1],
            difference=(weights[1] - weights[0]) / one if one else None,
            uncertainty=noise,
            remark="" if len(members) == 1 else "their pulses come together: only the sum was measured",
        )
    return [result[k] for k in sorted(result)], max((s.left_over for s in solved), default=0.0)


def _is_active(delivered: Delivered) -> bool:
    return bool(np.any(delivered.current[delivered.counts])) and delivered.conductance != 0


@dataclass(frozen=True)
class _Solved:
    """Factors of the edges of a neuron on one road."""

    factors: Any
    inverse: Any
    residual: float
    left_over: float

    def spread(self, c: int, pulses: int) -> float:
        """Uncertainty of a factor if what is left over is independent from pulse to pulse."""
        return float(np.sqrt(self.residual * self.inverse[c, c] / max(pulses, 1)))


class _Fit:
    """Least squares on the time points of one road."""

    def __init__(self, lines: Lines, target: str, road: list[Delivered], count: int, least: float, others: Any) -> None:
        counts = np.ones(len(lines.time), dtype=bool)
        for delivered in road:
            counts &= delivered.counts
        self.weights = np.where(counts, time_weights(lines.time), 0.0)
        self.current = lines.recording[f"{target}.i_syn"] - others
        # What is left over is a share of the current, or of the least that counts where hardly any flows [A].
        self.power = max(float(np.sum(self.weights * self.current**2)), least**2 * float(np.sum(self.weights)))
        self.count = count

    def gram(self, currents: list[Any]) -> Any:
        """Scalar products of what the edges deliver, each scaled to length 1, and the lengths."""
        a = np.array(currents)
        products = (a * self.weights) @ a.T
        squares = np.diag(products).copy()
        # Edges that cancel deliver nothing together, and disturb no other.
        nothing = squares <= 0
        lengths = np.sqrt(np.where(nothing, 1.0, squares))
        return products / np.outer(lengths, lengths) + np.diag(nothing.astype(float)), lengths

    def solve(self, currents: list[Any]) -> _Solved:
        if not currents:
            # Whatever flows is left over.
            residual = float(np.sum(self.weights * self.current**2))
            left_over = np.sqrt(residual / self.power) if self.power else 0.0
            return _Solved(np.empty(0), np.empty((0, 0)), residual, float(left_over))
        a = np.array(currents)
        gram, lengths = self.gram(currents)
        inverse = np.linalg.pinv(gram, hermitian=True)
        factors = inverse @ ((a * self.weights) @ self.current / lengths) / lengths
        rest = self.current - factors @ a
        residual = float(np.sum(self.weights * rest**2))
        left_over = np.sqrt(residual / self.power) if self.power else 0.0
        return _Solved(factors, inverse / np.outer(lengths, lengths), residual, float(left_over))


def _join_alike(columns: list[_Column], fits: list[_Fit]) -> None:
    """Join edges whose pulses cannot be told apart on one of the roads."""
    while len(columns) > 1:
        grams = [fit.gram([column.currents[r] for column in columns])[0] for r, fit in enumerate(fits)]
        # A ridge of rounding keeps equal courses finite.
        inflation = [np.diag(np.linalg.inv(gram + 1e-12 * np.eye(len(columns)))) for gram in grams]
        worst = int(np.argmax([float(np.max(i)) for i in inflation]))
        if float(np.max(inflation[worst])) <= _MOST_INFLATION:
            return
        c = int(np.argmax(inflation[worst]))
        alike = np.abs(grams[worst][c])
        alike[c] = -1.0
        other = int(np.argmax(alike))
        kept, dropped = sorted((c, other))
        columns[kept].members = sorted(columns[kept].members + columns[dropped].members)
        columns[kept].currents = [a + b for a, b in zip(columns[kept].currents, columns[dropped].currents, strict=True)]
        del columns[dropped]
