"""A memristor model fitted to what was measured."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neuromorph.devices import MemristorModel
from neuromorph.errors import ConvergenceError
from neuromorph.fit.optimum import Optimum, search
from neuromorph.fit.problem import Problem
from neuromorph.fit.setup import named_model, problem_of, records_of
from neuromorph.progress import Progress, silent

__all__ = ["MemristorFit", "fit_memristor"]


class BoundWarning(UserWarning):
    """A fitted parameter lies at its bound: the data, or the model, does not determine it."""


@dataclass(frozen=True, kw_only=True)
class MemristorFit:
    """A fitted memristor, with what the data say about it.

    Parameters
    ----------
    model : MemristorModel
        The fitted device; with per-record device parameters that of the first record [SI units].
    parameters : lmfit.Parameters
        Values, bounds, standard errors and correlations [SI units].
    nrmse : ndarray, shape (n_records,)
        RMS of the current's residual over the peak to peak of the measured current, of each record (pure numbers).
    null_nrmse : ndarray, shape (n_records,)
        The same for the best resistor with an offset (pure numbers).
    optima : tuple of Optimum
        Where the starts ended, best first.
    problem : Problem
        Records and parameters as they were fitted.
    theta : ndarray
        The solution in the coordinates of `problem` (pure numbers).
    at_bound : tuple of str
        Parameters that lie at a bound.
    seconds : float
        How long the fit took [s].
    options : dict
        The arguments of the fit, to repeat it on other records.
    """

    model: MemristorModel
    parameters: Any
    nrmse: np.ndarray
    null_nrmse: np.ndarray
    optima: tuple[Optimum, ...]
    problem: Problem
    theta: np.ndarray
    at_bound: tuple[str, ...]
    seconds: float
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the records."""
        return tuple(record.name for record in self.problem.records)

    @property
    def measurements(self) -> tuple[Any, ...]:
        """The measurements that were fitted [s, V, A]."""
        return tuple(record.measurement for record in self.problem.records)

    def summary(self) -> str:
        """The fit as text (SI units)."""
        from neuromorph.fit.summary import summary_of

        return summary_of(self)

    def to_dict(self) -> dict[str, Any]:
        """Everything but the waveforms, ready for JSON (SI units)."""
        from neuromorph.fit.summary import dict_of

        return dict_of(self)


def fit_memristor(
    measurements: Any,
    model: str | type[MemristorModel] | MemristorModel = "mms",
    *,
    series_resistor: float | Sequence[float] | None = None,
    drive: str = "source",
    bounds: Mapping[str, tuple[float, float]] | None = None,
    fixed: Mapping[str, float] | Sequence[str] = (),
    free: Sequence[str] = (),
    tied: Mapping[str, str] | None = None,
    per_record: Sequence[str] = (),
    weights: Sequence[float] | None = None,
    loss: str = "linear",
    loss_scale: float = 0.02,
    starts: int = 6,
    seed: int = 0,
    parasitic_capacitance: float | str = "auto",
    progress: Progress = silent,
) -> MemristorFit:
    """Fit a memristor model to one or several measured records.

    The measured circuit is simulated (the source through the series resistor into the device, in the periodic steady
    state), and the current's residual is minimised by least squares with exact derivatives, from several starts.

    Parameters
    ----------
    measurements : Measurement or sequence of Measurement
        What was measured; several records are fitted jointly [s, V, A].
    model : str, class or MemristorModel
        ``"mms"``, ``"gmms"``, ``"vteam"``, ``"yakopcic"``, ``"linear-ion-drift"``, a class, or an object; the values of an
        object that are not its class's defaults are the centre of the starting points.
    series_resistor : float or sequence of float, optional
        Overrides that of the measurements [ohm].
    drive : {"source", "voltage"}
        Whether the source's voltage is known, or the voltage across the device was imposed.
    bounds : mapping of str to (float, float), optional
        Low and high of parameters [unit of each]. A parameter that is held by default is fitted when it is given bounds.
    fixed : mapping of str to float, or sequence of str
        Parameters that are not fitted, with their values; names alone hold the model's value [unit of each].
    free : sequence of str
        Parameters to fit that are held by default (a temperature, `phi` of GMMS), or of the circuit:
        ``"current_offset"`` [A], ``"drive_offset"`` [V], ``"parasitic_capacitance"`` [F].
    tied : mapping of str to str, optional
        Parameters that follow from others, such as ``{"v_off": "v_on"}`` or ``{"r_off": "80 * r_on"}``.
    per_record : sequence of str
        Parameters, of the model or of the circuit, that each record has for itself. Their names get ``__0``, ``__1``...
    weights : sequence of float, optional
        Weights of the records' residuals (pure numbers).
    loss : {"linear", "soft_l1", "huber", "cauchy", "arctan"}
        What large residuals count; the last four bound the pull of outliers.
    loss_scale : float
        Residual from which on it counts as large, as a share of the current's peak to peak (pure number).
    starts : int
        Number of starting points that are followed; they are the best of a larger Latin hypercube.
    seed : int
        Of the starting points; the same seed gives the same result.
    parasitic_capacitance : float or {"auto", "fit"}
        Across the device [F]. ``"auto"`` fits it where 0.2 nF would carry a visible current.
    progress : callable
        Told how many starts are done.

    Returns
    -------
    MemristorFit
        The best optimum with its report.

    Raises
    ------
    MeasurementError
        When a record cannot be used, or two are the same.
    ConvergenceError
        When no start could be simulated.
    ValueError
        When an argument names an unknown parameter or is out of range.

    Warns
    -----
    BoundWarning
        When a parameter ends at a bound.
    """
    began = time.perf_counter()
    device, start_is_given = named_model(model)
    if starts < 1:
        raise ValueError(f"starts must be at least 1, got {starts!r}")
    records = records_of(measurements, device, drive, series_resistor)
    problem = problem_of(
        device,
        start_is_given,
        records,
        bounds=bounds or {},
        fixed=fixed,
        free=free,
        tied=tied or {},
        per_record=per_record,
        weights=weights,
        parasitic_capacitance=parasitic_capacitance,
    )
    optima, result = search(problem, starts, np.random.default_rng(seed), loss, loss_scale, progress)
    if result is None:
        raise ConvergenceError(f"no start of {starts} could be simulated; give bounds or a model with better values")
    theta = result.theta
    errors = problem.errors(theta)
    at_bound = _at_bound(problem, theta)
    for name in at_bound:
        warnings.warn(
            f"{name} ended at its bound: the records do not determine it, or the model does not fit; "
            f"fix it, or give other bounds",
            BoundWarning,
            stacklevel=2,
        )
    from neuromorph.fit.uncertainty import lmfit_parameters

    return MemristorFit(
        model=problem.device(theta),
        parameters=lmfit_parameters(problem, theta),
        nrmse=errors,
        null_nrmse=np.array([_resistor_error(record) for record in records]),
        optima=optima,
        problem=problem,
        theta=theta,
        at_bound=at_bound,
        seconds=time.perf_counter() - began,
        options={
            "model": device if start_is_given else type(device)(**device.choices()),
            "drive": drive,
            "bounds": dict(bounds or {}),
            "fixed": dict(fixed) if isinstance(fixed, Mapping) else tuple(fixed),
            "free": tuple(free),
            "tied": dict(tied or {}),
            "per_record": tuple(per_record),
            "loss": loss,
            "loss_scale": loss_scale,
            "starts": starts,
            "seed": seed,
            "parasitic_capacitance": parasitic_capacitance,
        },
    )


def _at_bound(problem: Problem, theta: np.ndarray) -> tuple[str, ...]:
    width = problem.upper - problem.lower
    near = np.minimum(theta - problem.lower, problem.upper - theta) <= 1e-4 * np.minimum(width, 1.0)
    return tuple(name for name, is_near in zip(problem.free_names, near, strict=True) if is_near)


def _resistor_error(record: Any) -> float:
    """NRMSE of the best resistor with an offset (pure number)."""
    design = np.column_stack([record.voltage, np.ones(record.voltage.size)])
    fitted = design @ np.linalg.lstsq(design, record.measured, rcond=None)[0]
    return float(np.sqrt(np.mean((fitted - record.measured) ** 2)) / record.span)
