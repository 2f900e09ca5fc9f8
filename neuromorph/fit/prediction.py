"""How well a model foretells records that it was not fitted to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.errors import ConvergenceError, MeasurementError
from neuromorph.fit.problem import CIRCUIT
from neuromorph.fit.response import RecordSimulator
from neuromorph.progress import Progress, silent

if TYPE_CHECKING:
    from neuromorph.fit.memristor_fit import MemristorFit

GROUPS = ("record", "frequency", "amplitude", "series_resistor")
"""By what records are left out together."""


@dataclass(frozen=True)
class Prediction:
    """Errors of records that were left out of the fit.

    Parameters
    ----------
    by : str
        What was left out together, out of :data:`GROUPS`.
    names : tuple of str
        The records.
    groups : tuple of str
        To which group each belongs.
    nrmse : ndarray, shape (n_records,)
        Of each record, foretold by a fit to all records of other groups (pure numbers).
    fitted_nrmse : ndarray, shape (n_records,)
        Of the same records in the fit to all (pure numbers).
    null_nrmse : ndarray, shape (n_records,)
        Of the best resistor in the other groups (pure numbers).
    fits : tuple of MemristorFit
        One a group, in their order.
    """

    by: str
    names: tuple[str, ...]
    groups: tuple[str, ...]
    nrmse: np.ndarray
    fitted_nrmse: np.ndarray
    null_nrmse: np.ndarray
    fits: tuple[Any, ...]

    @property
    def mean(self) -> float:
        """Mean NRMSE of the records foretold (pure number)."""
        return float(np.mean(self.nrmse))

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON (pure numbers)."""
        return {
            "by": self.by,
            "mean_nrmse": self.mean,
            "records": [
                {"name": n, "left_out": g, "nrmse": float(e), "fitted_nrmse": float(f), "null_nrmse": float(o)}
                for n, g, e, f, o in zip(
                    self.names, self.groups, self.nrmse, self.fitted_nrmse, self.null_nrmse, strict=True
                )
            ],
        }

    def summary(self) -> str:
        """As text (pure numbers)."""
        width = max(len(name) for name in self.names)
        lines = [f"{'left out':<{width}}  foretold  fitted  resistor"]
        for name, error, fitted, null in zip(self.names, self.nrmse, self.fitted_nrmse, self.null_nrmse, strict=True):
            lines.append(f"{name:<{width}}  {error:8.4f}  {fitted:6.4f}  {null:8.4f}")
        return "\n".join([*lines, f"{'mean':<{width}}  {self.mean:8.4f}  {np.mean(self.fitted_nrmse):6.4f}"])


def leave_one_out(fit: MemristorFit, by: str = "record", *, progress: Progress = silent) -> Prediction:
    """Fit anew without each record, or each group of records, and foretell what was left out.

    Parameters
    ----------
    fit : MemristorFit
        Gives records, model and all options.
    by : {"record", "frequency", "amplitude", "series_resistor"}
        What is left out together.
    progress : callable
        Told how far it is.

    Returns
    -------
    Prediction
        With the error of each record (pure numbers).

    Raises
    ------
    MeasurementError
        When there are fewer than two groups, so that nothing would be left to fit.
    ValueError
        When `by` is none of the choices.

    Notes
    -----
    What each record has for itself (offsets, for instance) is not known of a record that was left out: it gets the mean of the others.
    """
    if by not in GROUPS:
        raise ValueError(f"by must be one of {', '.join(GROUPS)}, got {by!r}")
    records = fit.problem.records
    keys = [_key(record, by, k) for k, record in enumerate(records)]
    groups = list(dict.fromkeys(keys))
    if len(groups) < 2:
        raise MeasurementError(
            f"all records have the same {by.replace('_', ' ')}: nothing would be left to fit; give records of several"
            if by != "record"
            else "one record alone cannot be left out; give at least two"
        )
    errors, null = np.empty(len(records)), np.empty(len(records))
    fits = []
    for number, group in enumerate(groups):
        kept = [k for k, key in enumerate(keys) if key != group]
        left = [k for k, key in enumerate(keys) if key == group]

        def inner(fraction: float, what: str, number: int = number) -> None:
            progress((number + fraction) / len(groups), f"left out {number + 1} of {len(groups)}: {what}")

        partial = _refit(fit, kept, inner)
        fits.append(partial)
        conductance = _conductance([records[k] for k in kept])
        for k in left:
            errors[k] = foretold_error(partial, records[k])
            record = records[k]
            null[k] = np.sqrt(np.mean((conductance * record.voltage - record.measured) ** 2)) / record.span
    progress(1.0, "left out all")
    return Prediction(by, fit.names, tuple(keys), errors, fit.nrmse, null, tuple(fits))


def foretold_error(fit: MemristorFit, record: RecordSimulator) -> float:
    """NRMSE of a record that the fit has not seen (pure number).

    Parameters
    ----------
    fit : MemristorFit
        The fit.
    record : RecordSimulator
        Another record [s, V, A].

    Returns
    -------
    float
        RMS of the residual over peak to peak (pure number).

    Raises
    ------
    ConvergenceError
        When the fitted device cannot be simulated under its drive.
    """
    problem = fit.problem
    values = [
        _mean(problem.all_values(fit.theta), problem.number, name, len(problem.records))
        for name in problem.model.values()
    ]
    circuit = {
        name: _mean(problem.all_values(fit.theta), problem.number, name, len(problem.records)) for name in CIRCUIT
    }
    status, current, *_ = record.run(
        np.array(values),
        capacitance=circuit["parasitic_capacitance"],
        offset=circuit["drive_offset"],
        x0=circuit["x0"],
    )
    if status != 0:
        raise ConvergenceError(f"{record.name} cannot be simulated with the fitted device {fit.model}")
    current = current + circuit["current_offset"]
    return float(np.sqrt(np.mean((current - record.measured) ** 2)) / record.span)


def _mean(values: np.ndarray, number: Mapping[str, int], base: str, n_records: int) -> float:
    if base in number:
        return float(values[number[base]])
    own = [values[number[f"{base}__{r}"]] for r in range(n_records) if f"{base}__{r}" in number]
    return float(np.mean(own)) if own else 0.0


def _key(record: RecordSimulator, by: str, number: int) -> str:
    if by == "record":
        return str(number)
    if by == "frequency":
        return f"{record.frequency:g} Hz" if record.frequency else "no frequency"
    if by == "series_resistor":
        return f"{record.series_resistor:g} ohm" if record.series_resistor else "no resistor"
    # Amplitudes that differ by noise are one.
    return f"{float(np.ptp(record.drive)) / 2:.2g} V"


def _refit(fit: MemristorFit, kept: Sequence[int], progress: Progress) -> Any:
    import warnings

    from neuromorph.fit.memristor_fit import fit_memristor

    options = dict(fit.options)
    for name in ("bounds", "fixed", "tied"):
        if isinstance(options[name], dict):
            options[name] = _renumbered(options[name], kept)
    with warnings.catch_warnings():
        # The fit to all records has said so already.
        warnings.simplefilter("ignore", UserWarning)
        return fit_memristor(
            [fit.problem.records[k].measurement for k in kept],
            options.pop("model"),
            weights=[float(fit.problem.weights[k]) for k in kept],
            progress=progress,
            **options,
        )


def _renumbered(named: Mapping[str, Any], kept: Sequence[int]) -> dict[str, Any]:
    """Settings of single records under their numbers among those that are kept."""
    result = {}
    for name, value in named.items():
        base, separator, record = name.partition("__")
        if not separator:
            result[name] = value
        elif int(record) in kept:
            result[f"{base}__{list(kept).index(int(record))}"] = value
    return result


def _conductance(records: Sequence[RecordSimulator]) -> float:
    """The resistor that fits several records best, as a conductance [S]."""
    top = sum(float(r.voltage @ r.measured) / r.span**2 for r in records)
    bottom = sum(float(r.voltage @ r.voltage) / r.span**2 for r in records)
    return top / bottom if bottom > 0 else 0.0
