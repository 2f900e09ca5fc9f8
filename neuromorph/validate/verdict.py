"""What counts as agreement, and whether a difference is numerical error or one of the models."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from neuromorph.quantities import format_quantity
from neuromorph.validate.compare import Comparison
from neuromorph.validate.spikes import SpikeMatch

# A difference is put down to the numerics when it is not larger than this multiple of both roads' errors.
_NUMERICAL = 2.0
# Excesses that differ by less are one.
_STEADY = 1e-2
# Keeps quotients of times finite [s].
_NO_TIME = 1e-300


@dataclass(frozen=True, kw_only=True)
class Tolerances:
    """What still counts as agreement; an infinite tolerance leaves its quantity unjudged.

    Parameters
    ----------
    spike_count : int
        Spikes that one road may have and the other not, such as one on the very end of a pulse (pure number).
    spike_count_inside : int
        How many of these may be inside a train, with neither a pause nor the end of the run behind them (pure number).
    spike_time : float
        Largest spike-time error, as a share of the shortest interspike interval (pure number). From one spike to the next the
        error may grow by no more either.
    drift : float
        What spike times may be off by for each interval before them where that is more than `spike_time`, as a share of the shortest
        interval (pure number); also the share of the spikes that one road may have and the other not.
    isi : float
        Largest relative error of an interspike interval (pure number).
    state : float
        Largest difference of a state over its range, away from spikes (pure number).
    nrmse : float
        Largest normalised root mean square difference of a waveform, away from spikes (pure number).
    energy : float
        Largest relative difference of the energy drawn from the source, and largest difference of a part's energy
        over what was delivered (pure number).
    conservation : float
        Largest share of the energy of a road that its balance may miss (pure number).
    weight : float
        Largest relative difference of the measured conductance of a network's edge (pure number).
    pulse : float
        Largest relative difference of the mean length of a neuron's pulses in a network (pure number).
    left_over : float
        Largest share of a neuron's synaptic current that the edges of the network do not explain (pure number).

    Notes
    -----
    Errors of intervals add up: roads whose rates differ by one part in a hundred thousand are a hundredth of an interval apart after
    a thousand spikes. So the time of spike ``k``, counted from 0, may be off by the shortest interval times the larger of `spike_time`
    and ``k * drift``. `drift` is a tenth of what one interval may be off by (`isi`): a rate that is off by more is found in a train of any
    length from fifty spikes on, and short trains are judged by `spike_time` alone. A single spike that is shifted is found by its two
    intervals, as late in the train as it may be. Where spike times differ by more than `spike_time`, waveforms and states are compared at
    times equally far from one spike to the next.
    """

    spike_count: int = 1
    spike_count_inside: int = 0
    spike_time: float = 5e-3
    drift: float = 1e-4
    isi: float = 1e-3
    state: float = 2e-2
    nrmse: float = 5e-3
    energy: float = 2.5e-3
    conservation: float = 1e-2
    weight: float = 1e-2
    pulse: float = 1e-2
    left_over: float = 1e-2

    def __post_init__(self) -> None:
        for f in dataclasses.fields(self):
            value = getattr(self, f.name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
                raise ValueError(f"tolerance {f.name} must be a number of at least 0, got {value!r}")

    @classmethod
    def for_stand_ins(cls) -> Tolerances:
        """Where a macromodel's equations stand for a more detailed circuit: intervals within 3 % (pure number).

        Spike times and waveforms are not judged then, since a small difference of intervals adds up in them.
        """
        return cls(isi=3e-2, drift=3e-2, spike_time=math.inf, nrmse=math.inf, state=math.inf, energy=math.inf)

    @classmethod
    def for_networks(cls) -> Tolerances:
        """For networks: intervals within 2 %, spike times within 10 % of the shortest interval, edges within 1 % (pure numbers).

        Neurons hand on what they are off by, and it adds up in spike times and waveforms.
        """
        return cls(isi=2e-2, spike_time=0.1, nrmse=5e-2, state=0.1, spike_count_inside=1)


@dataclass(frozen=True)
class Criterion:
    """One line of the verdict.

    Parameters
    ----------
    name : str
        What was measured.
    value, limit : float
        The number and what is still agreement, in `unit`.
    unit : str
        SI unit symbol, ``""`` for a pure number.
    numerical : float or None
        What the numerical errors of both roads account for, in `unit`.
    remark : str
        How the limit came about, where that is not said by its tolerance alone.
    """

    name: str
    value: float
    limit: float
    unit: str = ""
    numerical: float | None = None
    remark: str = ""

    @property
    def passed(self) -> bool:
        """Whether the value is within its limit."""
        return self.value <= self.limit

    @property
    def is_numerical(self) -> bool | None:
        """Whether numerical error explains the value; ``None`` where it was not measured."""
        return None if self.numerical is None else self.value <= _NUMERICAL * self.numerical


def criteria_of(
    comparison: Comparison, tolerances: Tolerances, budget: Mapping[str, Mapping[str, Any]]
) -> list[Criterion]:
    """The verdict on a comparison, line by line.

    Parameters
    ----------
    comparison : Comparison
        The differences of the two roads.
    tolerances : Tolerances
        What still counts as agreement.
    budget : mapping of str to mapping
        Metrics of each road against itself at a finer tolerance; empty where they were not measured.

    Returns
    -------
    list of Criterion
        Those that the recordings allow to be judged and the tolerances ask for.
    """
    metrics = comparison.metrics()

    def accounted(*path: str) -> float | None:
        """What numerical error of both roads accounts for in a metric."""
        if not budget:
            return None
        total = 0.0
        for road in budget.values():
            value: Any = road
            for key in path:
                value = None if value is None else value.get(key)
            total += value or 0.0
        return total

    match = comparison.match
    criteria = [
        Criterion(
            "unmatched spikes",
            float(metrics["spikes_unmatched"]),
            float(_most_unmatched(match, tolerances)),
            numerical=accounted("spikes_unmatched"),
            remark=f"{match.inside} of them inside a train" if match.inside else "",
        )
    ]
    if metrics["spike_time_error_max"] is not None and math.isfinite(tolerances.spike_time):
        criteria.append(_spike_time(match, tolerances, accounted))
    if metrics["isi_error_max"] is not None:
        criteria.append(
            Criterion(
                "interspike interval",
                metrics["isi_error_max"],
                tolerances.isi,
                numerical=accounted("isi_error_max"),
            )
        )
    aligned = "_aligned" if _have_drifted(match, tolerances) else ""
    state_error = f"state_error{aligned}_max"
    if metrics[state_error] is not None:
        criteria.append(Criterion("state", metrics[state_error], tolerances.state, numerical=accounted(state_error)))
    for name, value in metrics[f"nrmse{aligned}"].items():
        numerical = accounted(f"nrmse{aligned}", name)
        criteria.append(Criterion(f"waveform {name}", value, tolerances.nrmse, numerical=numerical))
    if metrics["energy_error"] is not None:
        criteria.append(
            Criterion("source energy", metrics["energy_error"], tolerances.energy, numerical=accounted("energy_error"))
        )
    parts = comparison.part_errors()
    if parts:
        worst = max(parts, key=lambda name: parts[name])
        numerical = accounted("part_energy_error", worst)
        if numerical is not None:
            # The few points of a short discharge miss some of its energy at any step: the balance knows how much.
            numerical += sum(balance.imbalance for balance in comparison.energies)
        criteria.append(Criterion("energy by part", parts[worst], tolerances.energy, numerical=numerical))
    if comparison.energies:
        # A road that moves its imbalance when it is run more finely misses energy by its time steps: of first order where a power jumps,
        # so that half of it is left at half the step. A discharge of few points is further off than that shows.
        moved = [abs(a - b) for a, b in (road["energy_imbalance"] for road in budget.values())]
        imbalance = max(balance.imbalance for balance in comparison.energies)
        bends = max(balance.unresolved / balance.moved if balance.moved else 0.0 for balance in comparison.energies)
        numerical = 2 * max(moved) + bends if budget else None
        criteria.append(Criterion("energy conserved", imbalance, tolerances.conservation, numerical=numerical))
    return [criterion for criterion in criteria if math.isfinite(criterion.limit)]


def _most_unmatched(match: SpikeMatch, tolerances: Tolerances) -> int:
    """How many spikes may be without a partner."""
    if match.inside > tolerances.spike_count_inside:
        return 0
    # One spike more or less is the end of a train; one against none is no agreement.
    drifted = math.floor(tolerances.drift * len(match.pairs))
    return min(tolerances.spike_count + drifted, len(match.pairs))


def _shortest(match: SpikeMatch) -> float:
    """Shortest interval of the reference [s]; the time of its only spike."""
    times = match.reference
    return float(np.diff(times).min()) if len(times) > 1 else float(times[0])


def _have_drifted(match: SpikeMatch, tolerances: Tolerances) -> bool:
    """Whether spikes are further apart than without drift."""
    errors = match.time_errors()
    return bool(errors.size) and float(np.max(np.abs(errors))) > tolerances.spike_time * _shortest(match)


def _spike_time(match: SpikeMatch, tolerances: Tolerances, accounted: Callable[[str], float | None]) -> Criterion:
    """The spike whose time is furthest off for its place in the train, or that is shifted against the one before it."""
    shortest, places = _shortest(match), match.pairs[:, 0]
    errors, base, each = np.abs(match.time_errors()), tolerances.spike_time * shortest, tolerances.drift * shortest
    limits = np.maximum(base, each * places)
    # Drives that begin anew bring drifted spikes together again: that is no shift.
    steps = np.diff(errors)
    excess = errors / np.maximum(limits, _NO_TIME)
    # Of a steady drift the last spike, whose error is largest.
    worst = int(np.flatnonzero(excess >= (1 - _STEADY) * excess.max())[-1])
    remarks = []
    if steps.size and steps.max() / max(base, _NO_TIME) > max(1.0, excess[worst]):
        step = int(np.argmax(steps))
        first, second = places[[step, step + 1]] + 1
        remarks.append(f"spike {second} is shifted by so much against spike {first}")
        value, limit, numerical = float(steps[step]), base, accounted("spike_step_error_max")
    else:
        if limits[worst] > base:
            remarks.append(
                f"limit of spike {places[worst] + 1}: {format_quantity(each, 's', 3)} for each interval before it"
            )
        value, limit, numerical = float(errors[worst]), float(limits[worst]), accounted("spike_time_error_max")
    if match.drift and (excess.max() > 1.0 or limits[worst] > base):
        longer = "longer" if match.drift > 0 else "shorter"
        remarks.append(f"the candidate's intervals are {abs(match.drift):.1e} {longer} on the whole")
    return Criterion("spike time", value, limit, "s", numerical, "; ".join(remarks))
