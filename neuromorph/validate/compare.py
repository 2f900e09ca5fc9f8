"""The differences of two recordings as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.analysis import EnergyBalance, energy
from neuromorph.analysis.energy_balance import has_energy, is_energy_signal
from neuromorph.errors import ValidationError
from neuromorph.recording import Recording
from neuromorph.validate.spikes import SpikeMatch, match_spikes

if TYPE_CHECKING:
    from neuromorph.systems import HybridSystem

# Waveforms are compared outside this share of the shortest interval around each spike.
_MARGIN = 0.05
# A range away from spikes counts as at least this share of the whole range.
_LEAST_RANGE = 1e-3
# What varies by less than this share of its size is a constant, and the roads' roundings of it are no difference.
_ROUNDING = 1e-12
# Spikes that are apart by less than this share of the shortest interval need not be laid over each other.
_APART = 1e-3
# A bounded state that hardly moves is judged against this share of its bounds.
_LEAST_SWING = 1e-2

Bounds = Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Comparison:
    """The differences of two recordings.

    Parameters
    ----------
    match : SpikeMatch
        Which spikes belong together.
    nrmse : dict of str to float
        Root mean square difference of each waveform over its range, away from discontinuities (pure number). The range of a state
        with bounds counts as a hundredth of these at least.
    state_errors : dict of str to float
        Largest difference of each state over its range, away from discontinuities (pure number).
    final_state_errors : dict of str to float
        Difference of each state at the end, in its unit.
    energy_error : float or None
        Relative difference of the energy that the source delivered (pure number).
    energies : tuple of EnergyBalance
        The balances of reference and candidate [J]; empty where one of them lacks the signals.
    nrmse_aligned, state_errors_aligned : dict of str to float
        The same as `nrmse` and `state_errors` at times at which both roads are equally far from one matched spike to the next (pure
        numbers), but no more than these. Roads whose spikes have drifted apart still have one course from spike to spike.
    """

    match: SpikeMatch
    nrmse: dict[str, float]
    state_errors: dict[str, float]
    final_state_errors: dict[str, float]
    energy_error: float | None
    energies: tuple[EnergyBalance, ...] = ()
    nrmse_aligned: dict[str, float] = field(default_factory=dict)
    state_errors_aligned: dict[str, float] = field(default_factory=dict)

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
            "spikes_unmatched_inside": self.match.inside,
            "spike_time_error_max": float(np.max(np.abs(errors))) if errors.size else None,
            "spike_time_error_rms": float(np.sqrt(np.mean(errors**2))) if errors.size else None,
            "spike_step_error_max": float(np.max(np.diff(np.abs(errors)), initial=0.0)) if errors.size > 1 else None,
            "drift": self.match.drift,
            "isi_error_max": float(np.max(np.abs(intervals))) if intervals.size else None,
            "state_error_max": max(self.state_errors.values(), default=None),
            "final_state_error": self.final_state_errors,
            "nrmse": self.nrmse,
            "state_error_aligned_max": max(self.state_errors_aligned.values(), default=None),
            "nrmse_aligned": self.nrmse_aligned,
            "energy_error": self.energy_error,
            "part_energy_error": self.part_errors(),
            "energy_imbalance": [balance.imbalance for balance in self.energies],
        }


def bounds_of(system: HybridSystem) -> dict[str, tuple[float, float]]:
    """Lowest and highest value of each state that has such [state's unit]."""
    return {name: state.bounds for name, state in system.states.items() if state.bounds is not None}


@dataclass(frozen=True)
class _Grid:
    """Times of both recordings at which they are smooth and to be compared, and the weight of each [s]."""

    times: Any
    candidate_times: Any
    weights: Any = field(repr=False)


def compare(
    reference: Recording,
    candidate: Recording,
    *,
    drift: float = 0.0,
    bounds: Bounds | None = None,
) -> Comparison:
    """Compare two recordings of one design.

    Parameters
    ----------
    reference, candidate : Recording
        Of the same duration [s], with at least one signal in common.
    drift : float
        Share by which intervals may differ when spikes are matched (pure number).
    bounds : mapping of str to tuple of float, optional
        Lowest and highest value of each state that has such, as :attr:`neuromorph.State.bounds` has them [state's unit].

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
    match = match_spikes(reference.spikes.times, candidate.spikes.times, drift)
    # The power in a switch is a needle at each spike: what counts is its energy.
    waveforms = [name for name in shared if not is_energy_signal(name, reference.units[name])]
    least = {name: _LEAST_SWING * (high - low) for name, (low, high) in (bounds or {}).items()}
    states = [name for name in reference.provenance.get("states", ()) if name in shared]
    # What drives both roads is the same at the same time, wherever their spikes are.
    moving = [name for name in waveforms if name not in inputs]
    nrmse, state_errors = _waveform_errors(reference, candidate, waveforms, states, match, least)
    aligned, aligned_states = nrmse, state_errors
    if _is_apart(match):
        aligned, aligned_states = _waveform_errors(reference, candidate, moving, states, match, least, is_aligned=True)
    return Comparison(
        match=match,
        nrmse=nrmse,
        state_errors=state_errors,
        final_state_errors={name: abs(float(candidate[name][-1] - reference[name][-1])) for name in states},
        energy_error=_energy_error(reference, candidate) if "p_in" in shared else None,
        energies=(energy(reference), energy(candidate)) if has_energy(reference) and has_energy(candidate) else (),
        nrmse_aligned=_smaller(nrmse, aligned),
        state_errors_aligned=_smaller(state_errors, aligned_states),
    )


def _is_apart(match: SpikeMatch) -> bool:
    if len(match.pairs) < 2:
        return False
    return bool(np.max(np.abs(match.time_errors())) > _APART * np.diff(match.reference).min())


def _smaller(plain: dict[str, float], aligned: dict[str, float]) -> dict[str, float]:
    return {name: min(value, aligned.get(name, value)) for name, value in plain.items()}


def _waveform_errors(
    reference: Recording,
    candidate: Recording,
    waveforms: list[str],
    states: list[str],
    match: SpikeMatch,
    least: dict[str, float],
    is_aligned: bool = False,
) -> tuple[dict[str, float], dict[str, float]]:
    """Root mean square difference of each waveform and largest difference of each state, over their ranges."""
    grid = _smooth_grid(reference, candidate, match, is_aligned)
    ranges = {name: _range(reference, candidate, name, grid, least.get(name, 0.0)) for name in waveforms}
    return (
        {name: _nrmse(reference, candidate, name, grid, ranges[name]) for name in waveforms},
        {name: _largest(reference, candidate, name, grid, ranges[name]) for name in states},
    )


def _smooth_grid(reference: Recording, candidate: Recording, match: SpikeMatch, is_aligned: bool) -> _Grid:
    """The points of the sparser recording that are away from spikes of either one."""
    times = min((reference.time, candidate.time), key=len)
    times = np.unique(times)
    errors, pairs = match.time_errors(), match.pairs
    later = np.zeros_like(times)
    candidate_spikes = match.candidate
    if is_aligned:
        later = np.interp(times, match.reference[pairs[:, 0]], errors)
        candidate_spikes = match.candidate - np.interp(match.candidate, match.candidate[pairs[:, 1]], errors)
    spikes = np.sort(np.concatenate([match.reference, candidate_spikes]))
    own_intervals = np.concatenate([np.diff(match.reference), np.diff(match.candidate)])
    weights = np.zeros(len(times))
    steps = np.diff(times)
    weights[:-1] += 0.5 * steps
    weights[1:] += 0.5 * steps
    if spikes.size:
        span = own_intervals.min() if own_intervals.size else times[-1] - times[0]
        margin = _MARGIN * span + (0.0 if is_aligned else float(np.max(np.abs(errors), initial=0.0)))
        nearest = np.clip(np.searchsorted(spikes, times), 1, max(len(spikes) - 1, 1))
        distance = np.abs(times - spikes[nearest - 1])
        if len(spikes) > 1:
            distance = np.minimum(distance, np.abs(times - spikes[nearest]))
        far = (distance > margin) & (times + later <= candidate.time[-1])
        if far.any():
            return _Grid(times[far], (times + later)[far], weights[far])
    return _Grid(times, times + later, weights)


def _range(reference: Recording, candidate: Recording, name: str, grid: _Grid, least: float) -> float:
    """Range of a signal where it is compared: a glitch at a spike must not make everything else look small.

    What is left of a pulse between its pulses is noise, though, and no range to compare with; zero where both
    recordings hold the same constant.
    """
    values = np.concatenate(
        [
            np.interp(grid.times, reference.time, reference[name]),
            np.interp(grid.candidate_times, candidate.time, candidate[name]),
        ]
    )
    whole = max(float(np.ptp(r[name])) for r in (reference, candidate))
    span = max(float(values.max() - values.min()), _LEAST_RANGE * whole, least)
    return 0.0 if span <= _ROUNDING * float(np.max(np.abs(values))) else span


def _differences(reference: Recording, candidate: Recording, name: str, grid: _Grid) -> Any:
    a = np.interp(grid.times, reference.time, reference[name])
    b = np.interp(grid.candidate_times, candidate.time, candidate[name])
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
