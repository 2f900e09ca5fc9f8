"""The differences of two recordings as numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neuromorph.analysis import EnergyBalance, energy
from neuromorph.analysis.energy_balance import has_energy, is_energy_signal
from neuromorph.errors import ValidationError
from neuromorph.recording import Recording
from neuromorph.validate.spikes import SpikeMatch, match_spikes

# Waveforms are compared outside this share of the shortest interval around each spike.
_MARGIN = 0.05
# A range away from spikes counts as at least this share of the whole range.
_LEAST_RANGE = 1e-3
# What varies by less than this share of its size is a constant, and the roads' roundings of it are no difference.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Comparison:
    """The differences of two recordings.

    Parameters
    ----------
    match : SpikeMatch
        Which spikes belong together.
    nrmse : dict of str to float
        Root mean square difference of each waveform over its range, away from discontinuities (pure number).
    state_errors : dict of str to float
        Largest difference of each state over its range, away from discontinuities (pure number).
    final_state_errors : dict of str to float
        Difference of each state at the end, in its unit.
    energy_error : float or None
        Relative difference of the energy that the source delivered (pure number).
    energies : tuple of EnergyBalance
        The balances of reference and candidate [J]; empty where one of them lacks the signals.
    """

    match: SpikeMatch
    nrmse: dict[str, float]
    state_errors: dict[str, float]
    final_state_errors: dict[str, float]
    energy_error: float | None
    energies: tuple[EnergyBalance, ...] = ()

    def part_errors(self) -> dict[str, float]:
        """Difference of each part's energy over the energy moved, for the parts of both roads (pure number)."""
        if not self.energies:
            return {}
        flows = [{**balance.delivered, **balance.dissipated} for balance in self.energies]
        moved = max(balance.moved for balance in self.energies)
        return {name: abs(flows[1][name] - flows[0][name]) / moved for name in flows[0] if name in flows[1] and moved}

    def metrics(self) -> dict[str, Any]:
        """The numbers that a report shows; ``None`` where there was nothing to compare [s, pure numbers]."""
        errors, intervals = self.match.time_errors(), self.match.interval_errors()
        return {
            "spike_count_reference": len(self.match.reference),
            "spike_count_candidate": len(self.match.candidate),
            "spikes_unmatched": self.match.unmatched,
            "spike_time_error_max": float(np.max(np.abs(errors))) if errors.size else None,
            "spike_time_error_rms": float(np.sqrt(np.mean(errors**2))) if errors.size else None,
            "isi_error_max": float(np.max(np.abs(intervals))) if intervals.size else None,
            "state_error_max": max(self.state_errors.values(), default=None),
            "final_state_error": self.final_state_errors,
            "nrmse": self.nrmse,
            "energy_error": self.energy_error,
            "part_energy_error": self.part_errors(),
            "energy_imbalance": [balance.imbalance for balance in self.energies],
        }


@dataclass(frozen=True)
class _Grid:
    """Times at which both recordings are smooth, and the weight of each [s]."""

    times: Any
    weights: Any = field(repr=False)


def compare(reference: Recording, candidate: Recording) -> Comparison:
    """Compare two recordings of one design.

    Parameters
    ----------
    reference, candidate : Recording
        Of the same duration [s], with at least one signal in common.

    Returns
    -------
    Comparison
        Differences of spikes, waveforms, states and energy.

    Raises
    ------
    ValidationError
        When the recordings have no signal in common, or differ in duration.
    """
    shared = [name for name in reference.names if name in candidate.names]
    if not shared:
        raise ValidationError(
            f"nothing to compare: the reference has {', '.join(reference.names)}, the candidate has "
            f"{', '.join(candidate.names)}; give the circuit's probes the names of the system's states and outputs"
        )
    inputs = set(reference.provenance.get("inputs", ()))
    if inputs.issuperset(shared):
        raise ValidationError(
            f"only inputs could be compared ({', '.join(shared)}), which agree whatever the circuit is; give the circuit's "
            f"probes the names of what the system computes: {', '.join(n for n in reference.names if n not in inputs)}"
        )
    # Pulses that are the spikes: their edges are compared as spike times, and would be all edges as waveforms.
    pulses = {recording.provenance.get("spike_signal") for recording in (reference, candidate)}
    shared = [name for name in shared if name not in pulses]
    if not np.isclose(reference.time[-1], candidate.time[-1], rtol=1e-9):
        raise ValidationError(f"the recordings end at {reference.time[-1]:g} s and at {candidate.time[-1]:g} s")
    match = match_spikes(reference.spikes.times, candidate.spikes.times)
    # The power in a switch is a needle at each spike: what counts is its energy.
    waveforms = [name for name in shared if not is_energy_signal(name, reference.units[name])]
    grid = _smooth_grid(reference, candidate, match)
    ranges = {name: _range(reference, candidate, name, grid) for name in waveforms}
    states = [name for name in reference.provenance.get("states", ()) if name in shared]
    return Comparison(
        match=match,
        nrmse={name: _nrmse(reference, candidate, name, grid, ranges[name]) for name in waveforms},
        state_errors={name: _largest(reference, candidate, name, grid, ranges[name]) for name in states},
        final_state_errors={name: abs(float(candidate[name][-1] - reference[name][-1])) for name in states},
        energy_error=_energy_error(reference, candidate) if "p_in" in shared else None,
        energies=(energy(reference), energy(candidate)) if has_energy(reference) and has_energy(candidate) else (),
    )


def _smooth_grid(reference: Recording, candidate: Recording, match: SpikeMatch) -> _Grid:
    """The points of the sparser recording that are away from spikes of either one."""
    times = min((reference.time, candidate.time), key=len)
    times = np.unique(times)
    spikes = np.sort(np.concatenate([match.reference, match.candidate]))
    own_intervals = np.concatenate([np.diff(match.reference), np.diff(match.candidate)])
    weights = np.zeros(len(times))
    steps = np.diff(times)
    weights[:-1] += 0.5 * steps
    weights[1:] += 0.5 * steps
    if spikes.size:
        span = own_intervals.min() if own_intervals.size else times[-1] - times[0]
        margin = _MARGIN * span + float(np.max(np.abs(match.time_errors()), initial=0.0))
        nearest = np.clip(np.searchsorted(spikes, times), 1, max(len(spikes) - 1, 1))
        distance = np.abs(times - spikes[nearest - 1])
        if len(spikes) > 1:
            distance = np.minimum(distance, np.abs(times - spikes[nearest]))
        far = distance > margin
        if far.any():
            return _Grid(times[far], weights[far])
    return _Grid(times, weights)


def _range(reference: Recording, candidate: Recording, name: str, grid: _Grid) -> float:
    """Range of a signal where it is compared: a glitch at a spike must not make everything else look small.

    What is left of a pulse between its pulses is noise, though, and no range to compare with; zero where both
    recordings hold the same constant.
    """
    values = np.concatenate([np.interp(grid.times, r.time, r[name]) for r in (reference, candidate)])
    whole = max(float(np.ptp(r[name])) for r in (reference, candidate))
    span = max(float(values.max() - values.min()), _LEAST_RANGE * whole)
    return 0.0 if span <= _ROUNDING * float(np.max(np.abs(values))) else span


def _differences(reference: Recording, candidate: Recording, name: str, grid: _Grid) -> Any:
    a = np.interp(grid.times, reference.time, reference[name])
    b = np.interp(grid.times, candidate.time, candidate[name])
    return np.abs(b - a)


def _nrmse(reference: Recording, candidate: Recording, name: str, grid: _Grid, span: float) -> float:
    differences = _differences(reference, candidate, name, grid)
    if span == 0.0:
        return 0.0
    return float(np.sqrt(np.average(differences**2, weights=grid.weights)) / span)


def _largest(reference: Recording, candidate: Recording, name: str, grid: _Grid, span: float) -> float:
    return float(np.max(_differences(reference, candidate, name, grid)) / span) if span else 0.0


def _energy_error(reference: Recording, candidate: Recording) -> float:
    a = float(np.trapezoid(reference["p_in"], reference.time))
    b = float(np.trapezoid(candidate["p_in"], candidate.time))
    scale = max(abs(a), abs(b))
    return abs(b - a) / scale if scale else 0.0
