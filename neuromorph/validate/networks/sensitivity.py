"""Whether a network makes large differences of small ones: the growth of a perturbation of all its currents."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from neuromorph.behaviour import simulate_system
from neuromorph.recording import Recording
from neuromorph.systems import HybridNetwork
from neuromorph.systems.network import Coupling, DeviceGroup

# One that is far above the rounding of the equations' road, and two as large as what a road may be off by.
PERTURBATIONS = (1e-6, 1e-4, -1e-4)
"""Relative changes of the currents (pure numbers)."""
ROAD_PRECISION = 1e-4
"""What an interval of a road may be off by in a network that is not sensitive (pure number)."""
_SEED = 20


@dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """What a small change of all currents does to a network, on the equations' road.

    Parameters
    ----------
    growth : float
        Largest relative change of an interspike interval over that of the currents; a spike that comes or goes changes an
        interval wholly (pure number).
    limit : float
        Growth from which on the network is called sensitive (pure number).
    neuron : str
        The neuron that showed it; ``""`` without spikes.
    time : float
        When [s].
    perturbation : float
        The relative change of the currents that did it (pure number).
    spikes_changed : int
        Spikes that came or went at the perturbation that changed most of them (pure number).
    times, courses : ndarray, shape (n,)
        Growth up to each time [s], of the smallest perturbation (pure number).
    """

    growth: float
    limit: float
    neuron: str
    time: float
    perturbation: float
    spikes_changed: int
    times: Any = dataclasses.field(repr=False)
    courses: Any = dataclasses.field(repr=False)

    @property
    def is_sensitive(self) -> bool:
        """Whether the spikes of two roads cannot be expected to agree one by one."""
        return self.growth > self.limit

    def to_dict(self) -> dict[str, Any]:
        """All of it but the course, ready for JSON (SI units)."""
        plain = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name not in ("times", "courses")}
        return plain | {"is_sensitive": self.is_sensitive}


def perturbed(network: HybridNetwork, relative: float) -> HybridNetwork:
    """The network with all currents into its neurons changed a little, up or down by neuron.

    Parameters
    ----------
    network : HybridNetwork
        The equations.
    relative : float
        Largest relative change (pure number).

    Returns
    -------
    HybridNetwork
        Half of the neurons get more current, the others less, by half to all of `relative`: equal neurons become unequal.
    """
    rng = np.random.Generator(np.random.PCG64(_SEED))
    n = len(network.neurons)
    signs = rng.permutation(np.where(np.arange(n) % 2, 1.0, -1.0))
    factors = 1.0 + relative * signs * rng.uniform(0.5, 1.0, n)

    def changed(coupling: Coupling, targets: Any) -> Coupling:
        return dataclasses.replace(coupling, currents=coupling.currents * factors[targets])

    def moved(devices: DeviceGroup) -> DeviceGroup:
        return dataclasses.replace(devices, factors=devices.factors * factors[devices.targets])

    return dataclasses.replace(
        network,
        inputs=changed(network.inputs, network.inputs.targets),
        static=changed(network.static, network.static.targets),
        filtered=changed(network.filtered, network.filter_targets[network.filtered.targets]),
        devices=tuple(map(moved, network.devices)),
    )


def sensitivity_of(network: HybridNetwork, reference: Recording, t_stop: float, solver: Any, isi: float) -> Sensitivity:
    """Run a network again with its currents changed a little, and see what becomes of the difference.

    Parameters
    ----------
    network : HybridNetwork
        The equations.
    reference : Recording
        The run without a change.
    t_stop : float
        Length of the runs [s].
    solver : NetworkSolver
        That of the reference.
    isi : float
        Relative error of an interval that still counts as agreement (pure number).

    Returns
    -------
    Sensitivity
        Sensitive is a network in which an error of a road as small as 1e-4 may grow beyond `isi`.
    """
    limit = isi / ROAD_PRECISION
    worst = Sensitivity(
        growth=0.0,
        limit=limit,
        neuron="",
        time=0.0,
        perturbation=PERTURBATIONS[0],
        spikes_changed=0,
        times=np.empty(0),
        courses=np.empty(0),
    )
    course: tuple[Any, Any] = (np.empty(0), np.empty(0))
    spikes_changed = 0
    for relative in PERTURBATIONS:
        other = simulate_system(perturbed(network, relative), None, t_stop, solver)
        seen = [
            _growth(reference.spikes.of(name), other.spikes.of(name), abs(relative), limit, t_stop)
            for name in network.neurons
        ]
        spikes_changed = max(spikes_changed, sum(changed for _, _, changed in seen))
        if relative == PERTURBATIONS[0]:
            course = _largest_so_far([(times, growth) for times, growth, _ in seen])
        for name, (times, growth, _) in zip(network.neurons, seen, strict=True):
            if len(growth) and growth.max() > worst.growth:
                at = int(np.argmax(growth))
                worst = dataclasses.replace(
                    worst, growth=float(growth[at]), neuron=name, time=float(times[at]), perturbation=abs(relative)
                )
    return dataclasses.replace(worst, spikes_changed=spikes_changed, times=course[0], courses=course[1])


def _growth(reference: Any, other: Any, relative: float, limit: float, t_stop: float) -> tuple[Any, Any, int]:
    """Times [s] and growth of each interval's change (the first counts from time zero), and spikes that came or went."""
    both = min(len(reference), len(other))
    intervals = [np.diff(train[:both], prepend=0.0) for train in (reference, other)]
    # Beyond all of an interval nothing is left to grow.
    changes = np.abs(intervals[1] - intervals[0]) / np.maximum(intervals[0], np.finfo(float).tiny)
    growth = np.minimum(changes, 1.0) / relative
    times = reference[:both]
    longer = max(reference, other, key=len)
    extra = longer[both:]
    if len(extra):
        # A spike at the very end may move past it.
        last = float(np.max(np.diff(longer, prepend=0.0)))
        extra = extra[extra < t_stop - limit * relative * last]
    if len(extra):
        times, growth = np.append(times, extra[0]), np.append(growth, 1.0 / relative)
    return times, growth, len(extra)


def _largest_so_far(courses: list[tuple[Any, Any]]) -> tuple[Any, Any]:
    """Largest growth up to each time [s], over all neurons."""
    times = np.concatenate([times for times, _ in courses]) if courses else np.empty(0)
    growth = np.concatenate([growth for _, growth in courses]) if courses else np.empty(0)
    order = np.argsort(times, kind="stable")
    return times[order], np.maximum.accumulate(growth[order])
