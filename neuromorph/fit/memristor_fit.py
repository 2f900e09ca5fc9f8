"""A memristor model fitted to what was measured."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.devices import MemristorModel
from neuromorph.errors import ConvergenceError
from neuromorph.files import write_text_atomically
from neuromorph.fit.doubts import backwards, runs_backwards
from neuromorph.fit.optimum import Optimum, search
from neuromorph.fit.problem import Problem
from neuromorph.fit.setup import named_model, problem_of, records_of
from neuromorph.fit.uncertainty import Uncertainty, lmfit_parameters
from neuromorph.progress import Progress, silent

if TYPE_CHECKING:
    from neuromorph.fit.prediction import Prediction
    from neuromorph.fit.profile import Profile
    from neuromorph.fit.verification import Verification
    from neuromorph.spice import Engine

__all__ = ["BoundWarning", "MemristorFit", "fit_memristor"]


class BoundWarning(UserWarning):
    """A fitted parameter lies at its bound: the data, or the model, does not determine it."""


@dataclass(frozen=True, kw_only=True)
class MemristorFit:
    """A fitted memristor, with what the data say about it.

    Parameters
    ----------
    model : MemristorModel
        The fitted device; with device parameters of single records, that of the first one [SI units].
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

    @cached_property
    def parameters(self) -> Any:
        """Values, bounds, standard errors and correlations as ``lmfit.Parameters`` [SI units]."""
        return lmfit_parameters(self.problem, self.theta, self.uncertainty)

    @cached_property
    def uncertainty(self) -> Uncertainty:
        """Covariance, correlations, effective sample size, the worst-determined direction (pure numbers)."""
        return Uncertainty(self.problem, self.theta, self.at_bound)

    @property
    def doubts(self) -> tuple[str, ...]:
        """Reasons to doubt the fit, in words; empty where there are none."""
        from neuromorph.fit.doubts import doubts_of

        return doubts_of(self)

    def intervals(self, level: float = 0.95) -> dict[str, tuple[float, float]]:
        """Confidence intervals of the free parameters that allow for correlated residuals.

        Parameters
        ----------
        level : float
            Confidence (pure number).

        Returns
        -------
        dict of str to (float, float)
            Low and high [unit of each]; parameters at a bound have none.
        """
        return self.uncertainty.intervals(level)

    def information(self) -> dict[str, float]:
        """``aic`` and ``bic`` with the effective number of samples (pure numbers; smaller is better)."""
        return self.uncertainty.information()

    def response(self, record: int = 0) -> dict[str, np.ndarray]:
        """The fit's simulation of a record.

        Parameters
        ----------
        record : int
            Its number, counted from zero.

        Returns
        -------
        dict of str to ndarray
            ``time`` [s], ``drive`` [V], ``voltage`` [V], ``current`` [A], ``state`` (pure number) and ``residual`` [A].
        """
        simulator = self.problem.records[record]
        _, current, _, voltage, state = self.problem.simulate(self.problem.all_values(self.theta), record)
        return {
            "time": simulator.time,
            "drive": simulator.drive,
            "voltage": voltage,
            "current": current,
            "state": state,
            "residual": current - simulator.measured,
        }

    def profile(self, name: str, *, points: int = 15, progress: Progress = silent) -> Profile:
        """Profile likelihood of a parameter: see :func:`neuromorph.fit.profile.profile_likelihood` [its unit]."""
        from neuromorph.fit.profile import profile_likelihood

        return profile_likelihood(self, name, points=points, progress=progress)

    def leave_one_out(self, by: str = "record", *, progress: Progress = silent) -> Prediction:
        """Errors of records foretold by fits without them.

        Parameters
        ----------
        by : {"record", "frequency", "amplitude", "series_resistor"}
            What is left out together.
        progress : callable
            Told how far it is.

        Returns
        -------
        Prediction
            NRMSE of each record (pure numbers).

        Raises
        ------
        MeasurementError
            When there is but one group of records.
        """
        from neuromorph.fit.prediction import leave_one_out

        return leave_one_out(self, by, progress=progress)

    def verify(self, record: int = 0, engine: str | Engine = "ngspice", *, progress: Progress = silent) -> Verification:
        """Run the fitted device in SPICE under the drive of a record.

        Parameters
        ----------
        record : int
            Its number, counted from zero.
        engine : {"ngspice"} or Engine
            What runs it.
        progress : callable
            Told how far the run is.

        Returns
        -------
        Verification
            Measurement, fit and engine side by side [V, A], with ``disagreement`` and ``plot``.

        Raises
        ------
        SimulationError
            When the run fails.
        """
        from neuromorph.fit.verification import verify

        return verify(self, record, engine, progress=progress)

    def summary(self) -> str:
        """The fit as text (SI units)."""
        from neuromorph.fit.summary import summary_of

        return summary_of(self)

    def to_dict(self) -> dict[str, Any]:
        """Everything but the waveforms, ready for JSON (SI units)."""
        from neuromorph.fit.summary import dict_of

        return dict_of(self)

    def plot(self, path: str | Path | None = None) -> Any:
        """Draw I-V curves, courses in time and residuals of the records.

        Parameters
        ----------
        path : str or Path, optional
            Picture to write; its ending names the format.

        Returns
        -------
        matplotlib.figure.Figure
            Axes in SI units with prefixes.
        """
        from neuromorph.plots import finished_figure
        from neuromorph.plots.fits import plot_fit

        return finished_figure(plot_fit(self), path)

    def to_spice(self, path: str | Path | None = None) -> str:
        """The fitted device as an ngspice subcircuit.

        Parameters
        ----------
        path : str or Path, optional
            File to write.

        Returns
        -------
        str
            Text with a ``.subckt`` whose default parameters are the fitted ones (SI units).
        """
        from neuromorph.fit.export import spice_card

        return _written(spice_card(self), path)

    def to_toml(self, path: str | Path | None = None) -> str:
        """The fitted device as a parameter card that :func:`neuromorph.load_card` reads.

        Parameters
        ----------
        path : str or Path, optional
            File to write.

        Returns
        -------
        str
            Text with values, units, confidence and source of each parameter (SI units).
        """
        from neuromorph.fit.export import toml_card

        return _written(toml_card(self), path)

    def report(self, folder: str | Path, *, progress: Progress = silent) -> Path:
        """Write a report: one page of HTML, pictures, JSON and both cards.

        Parameters
        ----------
        folder : str or Path
            Where; made when it is not there.
        progress : callable
            Told how far it is: profiles and left-out records take several fits.

        Returns
        -------
        Path
            The page.
        """
        from neuromorph.fit.report import write_report

        return write_report(self, Path(folder), progress=progress)


def _written(text: str, path: str | Path | None) -> str:
    if path is not None:
        write_text_atomically(path, text)
    return text


def fit_memristor(
    measurements: Any,
    model: str | type[MemristorModel] | MemristorModel = "mms",
    *,
    series_resistor: float | Sequence[float] | None = None,
    drive: str = "source",
    clean: bool = True,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    fixed: Mapping[str, float] | Sequence[str] = (),
    free: Sequence[str] = (),
    tied: Mapping[str, str] | None = None,
    per_record: Sequence[str] = (),
    weights: Sequence[float] | None = None,
    loss: str = "linear",
    loss_scale: float = 0.02,
    prior: Mapping[str, tuple[float, float]] | str | None = "published",
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
        object that are not its class's defaults are the first starting point, and the centre of the others.
    series_resistor : float or sequence of float, optional
        Overrides that of the measurements [ohm].
    drive : {"source", "voltage"}
        Whether the source's voltage is known, or the voltage across the device was imposed.
    clean : bool
        Whether a record of several periods is averaged, offsets are taken off where the drive is symmetric, and it is rolled
        to the rising zero of the drive; what was done is written down in ``fit.measurements``.
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
    prior : {"published"}, mapping of str to (float, float), or None
        What is known beforehand: centre and spread of parameters [unit of each; the spread is a factor where the fit moves
        a logarithm]. It has the weight of one independent observation, so it matters only where the records leave a
        parameter open. ``"published"`` says of MMS and GMMS that `tau` is 1e-4 s within a factor of 10, of GMMS that `beta_f` and
        `beta_r` are (4 +- 8) 1/V, and nothing of other models.
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
    UserWarning
        When a loop runs the other way round than those of the models.

    Examples
    --------
    >>> import neuromorph as nm
    >>> records = [nm.synthetic_measurement(nm.MMS(), 0.6, f, 1e3, noise=0.003) for f in (10.0, 1000.0)]
    >>> fit = fit_memristor(records, "mms")
    >>> bool(abs(fit.model.r_on - 500.0) < 15.0), bool(fit.nrmse.max() < 0.004)
    (True, True)
    """
    began = time.perf_counter()
    device, start_is_given = named_model(model)
    if isinstance(starts, bool) or starts < 1:
        raise ValueError(f"starts must be at least 1, got {starts!r}")
    if isinstance(seed, bool) or seed < 0:
        raise ValueError(f"seed must be a whole number of at least 0, got {seed!r}")
    records = records_of(measurements, device, drive, series_resistor, clean)
    for record in records:
        if runs_backwards(record):
            warnings.warn(backwards(record), UserWarning, stacklevel=2)
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
        prior=prior,
    )
    first = problem.start() if start_is_given else None
    optima, best = search(problem, starts, np.random.default_rng(seed), loss, loss_scale, progress, first)
    if best is None:
        raise ConvergenceError(f"no start of {starts} could be simulated; give bounds or a model with better values")
    theta = best.theta
    at_bound = _at_bound(problem, theta, quiet=parasitic_capacitance == "auto")
    for name in at_bound:
        warnings.warn(
            f"{name} ended at its bound: the records do not determine it, or the model does not fit; "
            "fix it, or give other bounds",
            BoundWarning,
            stacklevel=2,
        )
    return MemristorFit(
        model=problem.device(theta),
        nrmse=problem.errors(theta),
        null_nrmse=np.array([_resistor_error(record) for record in records]),
        optima=optima,
        problem=problem,
        theta=theta,
        at_bound=at_bound,
        seconds=time.perf_counter() - began,
        options={
            "model": device if start_is_given else type(device)(**device.choices()),
            "drive": drive,
            "clean": False,
            "bounds": dict(bounds or {}),
            "fixed": dict(fixed) if isinstance(fixed, Mapping) else tuple(fixed),
            "free": tuple(free),
            "tied": dict(tied or {}),
            "per_record": tuple(per_record),
            "loss": loss,
            "loss_scale": loss_scale,
            "prior": prior,
            "starts": starts,
            "seed": seed,
            "parasitic_capacitance": parasitic_capacitance,
        },
    )


def _at_bound(problem: Problem, theta: np.ndarray, quiet: bool) -> tuple[str, ...]:
    low, high = theta - problem.lower, problem.upper - theta
    reach = 1e-4 * np.minimum(problem.upper - problem.lower, 1.0)
    names = []
    for name, a, b, r in zip(problem.free_names, low, high, reach, strict=True):
        # A stray capacitance that was tried and found to be none is no news.
        if name == "parasitic_capacitance" and quiet and a <= max(r, 2.3):
            continue
        if min(a, b) <= r:
            names.append(name)
    return tuple(names)


def _resistor_error(record: Any) -> float:
    """NRMSE of the best resistor with an offset (pure number)."""
    design = np.column_stack([record.voltage, np.ones(record.voltage.size)])
    fitted = design @ np.linalg.lstsq(design, record.measured, rcond=None)[0]
    return float(np.sqrt(np.mean((fitted - record.measured) ** 2)) / record.span)
