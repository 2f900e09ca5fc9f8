"""Models beside each other on the same records, ranked by what they foretell."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.errors import ConvergenceError, MeasurementError
from neuromorph.fit.memristor_fit import fit_memristor
from neuromorph.progress import Progress, silent

if TYPE_CHECKING:
    from neuromorph.fit.memristor_fit import MemristorFit
    from neuromorph.fit.prediction import Prediction


@dataclass(frozen=True)
class Row:
    """One model of a comparison.

    Parameters
    ----------
    model : str
        Its name.
    fit : MemristorFit
        The fit to all records.
    prediction : Prediction or None
        What it foretells, where something could be left out.
    fitted : float
        Mean NRMSE of the fit (pure number).
    foretold : float or None
        Mean NRMSE of what was left out (pure number).
    n_free : int
        Number of free parameters.
    aic, bic : float
        With one effective number of samples for all models (pure numbers).
    """

    model: str
    fit: MemristorFit
    prediction: Prediction | None
    fitted: float
    foretold: float | None
    n_free: int
    aic: float
    bic: float


@dataclass(frozen=True)
class Comparison:
    """Models ranked by cross-validation, best first; by BIC where nothing could be left out.

    Parameters
    ----------
    by : str
        What was left out, or ``""``.
    rows : tuple of Row
        One a model.
    failed : dict of str to str
        Models that could not be fitted, with the reason.
    """

    by: str
    rows: tuple[Row, ...]
    failed: dict[str, str]

    @property
    def best(self) -> Row:
        """The first row."""
        return self.rows[0]

    def summary(self) -> str:
        """The ranking as text (pure numbers)."""
        width = max(5, *(len(r.model) for r in self.rows))
        ranked = f"ranked by what is foretold, left out by {self.by}" if self.by else "ranked by BIC"
        lines = [f"{'model':<{width}}  foretold  fitted  parameters     AIC     BIC   ({ranked})"]
        for r in self.rows:
            foretold = "       -" if r.foretold is None else f"{r.foretold:8.4f}"
            lines.append(f"{r.model:<{width}}  {foretold}  {r.fitted:.4f}  {r.n_free:10d}  {r.aic:6.1f}  {r.bic:6.1f}")
        lines += [f"{name} could not be fitted: {why}" for name, why in self.failed.items()]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON (pure numbers)."""
        return {
            "left_out_by": self.by or None,
            "ranking": [
                {
                    "model": r.model,
                    "foretold_nrmse": r.foretold,
                    "fitted_nrmse": r.fitted,
                    "n_free": r.n_free,
                    "aic": r.aic,
                    "bic": r.bic,
                }
                for r in self.rows
            ],
            "failed": self.failed,
        }


def compare_memristor_models(
    measurements: Any, models: Sequence[Any], *, progress: Progress = silent, **options: Any
) -> Comparison:
    """Fit several models to the same records and rank them by what they foretell of records that were left out.

    Parameters
    ----------
    measurements : Measurement or sequence of Measurement
        What was measured [s, V, A].
    models : sequence
        Models as :func:`fit_memristor` takes them.
    progress : callable
        Told how far it is.
    **options
        For :func:`fit_memristor`.

    Returns
    -------
    Comparison
        Ranked by leaving out frequencies where there are several, else records; by BIC where there is one record.

    Raises
    ------
    ValueError
        When a model is unknown, or there is none.
    ConvergenceError
        When none could be fitted.
    """
    if not models:
        raise ValueError("give at least one model to compare")
    fits: list[tuple[str, MemristorFit, Prediction | None]] = []
    failed: dict[str, str] = {}
    used = ""
    for number, model in enumerate(models):
        name = (
            model if isinstance(model, str) else getattr(model, "subcircuit_name", getattr(model, "__name__", "model"))
        )

        def inner(fraction: float, what: str, number: int = number, name: str = name) -> None:
            progress((number + fraction) / len(models), f"{name}: {what}")

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            try:
                fit = fit_memristor(measurements, model, progress=inner, **options)
                prediction = _left_out(fit, inner)
            except ConvergenceError as error:
                failed[name] = str(error)
                continue
        used = prediction.by if prediction is not None else used
        fits.append((name, fit, prediction))
    if not fits:
        raise ConvergenceError(
            "none of the models could be fitted: " + "; ".join(f"{n}: {w}" for n, w in failed.items())
        )
    # Criteria can be compared only over the same number of samples.
    n = float(np.median([fit.uncertainty.n_effective for _, fit, _ in fits]))
    rows = []
    for name, fit, prediction in fits:
        information = fit.uncertainty.information(n)
        foretold = prediction.mean if prediction is not None else None
        free = len(fit.problem.free)
        rows.append(
            Row(name, fit, prediction, float(fit.nrmse.mean()), foretold, free, information["aic"], information["bic"])
        )
    rows.sort(key=lambda r: r.foretold if r.foretold is not None else r.bic)
    progress(1.0, "compared")
    return Comparison(used, tuple(rows), failed)


def _left_out(fit: MemristorFit, progress: Progress) -> Prediction | None:
    for by in ("frequency", "record"):
        try:
            return fit.leave_one_out(by, progress=progress)
        except MeasurementError:
            continue
    return None
