"""What counts as agreement, and whether a difference is numerical error or one of the models."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from neuromorph.validate.compare import Comparison

# A difference is put down to the numerics when it is not larger than this multiple of both roads' errors.
_NUMERICAL = 2.0


@dataclass(frozen=True, kw_only=True)
class Tolerances:
    """What still counts as agreement; an infinite tolerance leaves its quantity unjudged.

    Parameters
    ----------
    spike_count : int
        Spikes that one road may have and the other not, such as one on the very end of a pulse (pure number).
    spike_time : float
        Largest spike-time error, as a share of the shortest interspike interval (pure number).
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
    """

    spike_count: int = 1
    spike_time: float = 5e-3
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
        return cls(isi=3e-2, spike_time=math.inf, nrmse=math.inf, state=math.inf, energy=math.inf)

    @classmethod
    def for_networks(cls) -> Tolerances:
        """For networks: intervals within 2 %, spike times within 10 % of the shortest interval, edges within 1 % (pure numbers).

        Neurons hand on what they are off by, and it adds up in spike times and waveforms.
        """
        return cls(isi=2e-2, spike_time=0.1, nrmse=5e-2, state=0.1)


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
    """

    name: str
    value: float
    limit: float
    unit: str = ""
    numerical: float | None = None

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

    criteria = [
        Criterion(
            "unmatched spikes",
            float(metrics["spikes_unmatched"]),
            # One spike more or less is the end of a train; one against none is no agreement.
            float(min(tolerances.spike_count, len(comparison.match.pairs))),
            numerical=accounted("spikes_unmatched"),
        )
    ]
    if metrics["spike_time_error_max"] is not None:
        times = comparison.match.reference
        shortest = float(np.diff(times).min()) if len(times) > 1 else float(times[0])
        criteria.append(
            Criterion(
                "spike time",
                metrics["spike_time_error_max"],
                tolerances.spike_time * shortest,
                "s",
                accounted("spike_time_error_max"),
            )
        )
    if metrics["isi_error_max"] is not None:
        criteria.append(
            Criterion(
                "interspike interval",
                metrics["isi_error_max"],
                tolerances.isi,
                numerical=accounted("isi_error_max"),
            )
        )
    if metrics["state_error_max"] is not None:
        criteria.append(
            Criterion("state", metrics["state_error_max"], tolerances.state, numerical=accounted("state_error_max"))
        )
    for name, value in comparison.nrmse.items():
        criteria.append(Criterion(f"waveform {name}", value, tolerances.nrmse, numerical=accounted("nrmse", name)))
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
        # A road that moves its imbalance when it is run more finely misses energy by its time steps.
        moved = [abs(a - b) for a, b in (road["energy_imbalance"] for road in budget.values())]
        imbalance = max(balance.imbalance for balance in comparison.energies)
        numerical = max(moved) if budget else None
        criteria.append(Criterion("energy conserved", imbalance, tolerances.conservation, numerical=numerical))
    return [criterion for criterion in criteria if math.isfinite(criterion.limit)]
