"""Parameters of a fit and their residuals: what is shared, what belongs to one record, what is fixed or tied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neuromorph.devices import MemristorModel
from neuromorph.fit.response import TOLERANCE, RecordSimulator
from neuromorph.fit.starts import Range
from neuromorph.fit.tying import Tie

CIRCUIT = ("current_offset", "drive_offset", "parasitic_capacitance", "x0")
"""Parameters of the circuit: offset of the measured current [A], offset of the drive [V], capacitance across the device [F],
state at the start of a record that is not periodic (pure number)."""

# What a failed simulation counts as, in units of the record's peak to peak.
_FAILED = 10.0


@dataclass(frozen=True, kw_only=True)
class FitParameter:
    """One parameter of the fit, of all records or of one.

    Parameters
    ----------
    name : str
        Name in the result: that of the model's field or of the circuit, with ``__k`` behind it for record `k`.
    base : str
        The name without the record.
    record : int or None
        Number of the record, counted from zero; ``None`` where it is shared.
    value : float
        Start, or the value that it is held at [unit of the parameter].
    range : Range
        Bounds and starting range [unit of the parameter].
    unit : str
        SI unit.
    vary : bool
        Whether it is fitted.
    tie : Tie, optional
        What it follows from.
    reason : str
        Why it is held, where it is.
    """

    name: str
    base: str
    record: int | None
    value: float
    range: Range
    unit: str
    vary: bool
    tie: Tie | None = None
    reason: str = ""


class Problem:
    """Least squares over records.

    The free parameters travel as a vector `theta`: logarithms where a parameter is positive by nature, otherwise values
    divided by the width of their starting range, so that a unit step is a sizeable one in each.

    Parameters
    ----------
    model : MemristorModel
        Gives the equations [SI units].
    records : sequence of RecordSimulator
        What is fitted.
    parameters : sequence of FitParameter
        All parameters: free, fixed, tied.
    weights : sequence of float
        Of the records (pure numbers).
    tolerance : float
        Of the simulator (pure number).
    prior : mapping of str to (float, float)
        Centre and spread of what is known of parameters beforehand [unit of each]; the spread is a factor where the fit
        moves a logarithm.
    """

    def __init__(
        self,
        model: MemristorModel,
        records: Sequence[RecordSimulator],
        parameters: Sequence[FitParameter],
        weights: Sequence[float] | np.ndarray,
        tolerance: float = TOLERANCE,
        prior: Mapping[str, tuple[float, float]] | None = None,
    ) -> None:
        self.model, self.records, self.parameters, self.tolerance = model, list(records), list(parameters), tolerance
        self.weights = np.asarray(weights, dtype=float)
        self.number = {p.name: k for k, p in enumerate(self.parameters)}
        self.free = [k for k, p in enumerate(self.parameters) if p.vary]
        self.free_names = [self.parameters[k].name for k in self.free]
        self.is_log = np.array([self.parameters[k].range.is_log for k in self.free], dtype=bool)
        self.scale = np.array(
            [1.0 if p.range.is_log else _width(p.range) for p in (self.parameters[k] for k in self.free)]
        )
        self.lower = self.to_theta([self.parameters[k].range.low for k in self.free])
        self.upper = self.to_theta([self.parameters[k].range.high for k in self.free])
        self._values = np.array([p.value for p in self.parameters])
        self._ties = [(k, p.tie) for k, p in enumerate(self.parameters) if p.tie is not None]
        fields = list(model.values())
        # For every record: where the model's values and the circuit's stand in the list of all parameters.
        self._device = [[self._where(name, r) for name in fields] for r in range(len(self.records))]
        self._circuit = [
            {name: k for name in CIRCUIT if (k := self._where_or_none(name, r)) is not None}
            for r in range(len(self.records))
        ]
        sizes = np.array([record.time.size for record in self.records], dtype=float)
        # Each record counts alike, however many samples it has.
        self._settled: dict[int, tuple[tuple[bytes, float], tuple[float, float, float]]] = {}
        self.prior = dict(prior or {})
        self.prior_strength = 0.0
        known = [
            (k, *self.prior[self.parameters[i].base])
            for k, i in enumerate(self.free)
            if self.parameters[i].base in self.prior
        ]
        self._prior_columns = [k for k, _, _ in known]
        centres = np.zeros(len(self.free))
        centres[self._prior_columns] = [centre for _, centre, _ in known]
        self._prior_centres = self.to_theta(np.where(centres == 0.0, 1.0, centres))[self._prior_columns]
        self._prior_spreads = np.array([np.log(s) if self.is_log[k] else s / self.scale[k] for k, _, s in known])
        self._row_scale = self.weights * np.sqrt(sizes.mean() / sizes) / np.array([r.span for r in self.records])

    def _where_or_none(self, base: str, record: int) -> int | None:
        return self.number.get(f"{base}__{record}", self.number.get(base))

    def _where(self, base: str, record: int) -> int:
        found = self._where_or_none(base, record)
        assert found is not None, base
        return found

    def to_theta(self, values: Sequence[float] | np.ndarray) -> np.ndarray:
        """Free values [SI units] as the vector that the fit moves (pure numbers)."""
        values = np.asarray(values, dtype=float)
        safe = np.where(self.is_log, np.maximum(values, 1e-300), 1.0)
        return np.where(self.is_log, np.log(safe), values / self.scale)

    def start(self) -> np.ndarray:
        """The start values of the free parameters, as the vector `theta` (pure numbers)."""
        start = self.to_theta([self.parameters[k].value for k in self.free])
        return np.asarray(np.clip(start, self.lower, self.upper))

    def to_values(self, theta: np.ndarray) -> np.ndarray:
        """The vector `theta` (pure numbers) as values of the free parameters [SI units]."""
        return np.where(self.is_log, np.exp(np.where(self.is_log, theta, 0.0)), theta * self.scale)

    def all_values(self, theta: np.ndarray) -> np.ndarray:
        """Values of all parameters, held and tied ones too [SI units]."""
        values = self._values.copy()
        values[self.free] = self.to_values(theta)
        for k, tie in self._ties:
            values[k] = tie.value(dict(zip(self.number, values, strict=True)))
        return values

    def slopes(self, theta: np.ndarray) -> np.ndarray:
        """Derivatives of all parameters by `theta`, shape (n_parameters, n_free) [SI units]."""
        by_theta = np.zeros((len(self.parameters), len(self.free)))
        values = self.all_values(theta)
        for column, k in enumerate(self.free):
            by_theta[k, column] = values[k] if self.is_log[column] else self.scale[column]
        named = dict(zip(self.number, values, strict=True))
        for k, tie in self._ties:
            for name, slope in tie.slopes(named).items():
                by_theta[k] += slope * by_theta[self.number[name]]
        return by_theta

    def device(self, theta: np.ndarray, record: int = 0) -> MemristorModel:
        """The model with the values that a record is simulated with."""
        values = self.all_values(theta)
        named = dict(zip(self.model.values(), values[self._device[record]].tolist(), strict=True))
        device: MemristorModel = self.model.replace(**named)
        return device

    def circuit(self, theta: np.ndarray, record: int = 0) -> dict[str, float]:
        """The circuit's values of a record [A, V, F and a pure number]."""
        values = self.all_values(theta)
        return {name: float(values[k]) for name, k in self._circuit[record].items()}

    def simulate(
        self, values: np.ndarray, record: int, columns: Sequence[int] = (), tolerance: float | None = None
    ) -> tuple[int, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """One record with all parameters' values [SI units]; as :meth:`RecordSimulator.run`, the offset included."""
        circuit = {name: values[k] for name, k in self._circuit[record].items()}
        tolerance = self.tolerance if tolerance is None else tolerance
        # The Jacobian is asked for where the residual was: the periodic solution is known there.
        key = (values.tobytes(), tolerance)
        known = self._settled.get(record)
        settled = known[1] if known is not None and known[0] == key and len(columns) else None
        status, current, by, voltage, state = self.records[record].run(
            values[self._device[record]],
            columns,
            capacitance=circuit.get("parasitic_capacitance", 0.0),
            offset=circuit.get("drive_offset", 0.0),
            x0=circuit.get("x0", 0.0),
            tolerance=tolerance,
            settled=settled,
        )
        if status == 0 and settled is None and self.records[record].periodic:
            self._settled[record] = (key, (float(state[0]), float(voltage[0]), float(np.ptp(state))))
        return status, current + circuit.get("current_offset", 0.0), by, voltage, state

    def residual(self, theta: np.ndarray) -> np.ndarray:
        """Differences of the currents over peak to peak, weighted, shape (n_rows,) (pure numbers)."""
        values = self.all_values(theta)
        rows = []
        for r, record in enumerate(self.records):
            status, current, *_ = self.simulate(values, r)
            if status == 0 and np.all(np.isfinite(current)):
                rows.append(self._row_scale[r] * (current - record.measured))
            else:
                rows.append(np.full(record.time.size, _FAILED * self._row_scale[r] * record.span))
        return np.concatenate([*rows, self._prior_rows(theta)])

    def _prior_rows(self, theta: np.ndarray) -> np.ndarray:
        if not self.prior_strength:
            return np.zeros(0)
        return np.asarray(
            self.prior_strength * (theta[self._prior_columns] - self._prior_centres) / self._prior_spreads
        )

    def _prior_slopes(self) -> np.ndarray:
        rows = np.zeros((len(self._prior_columns) if self.prior_strength else 0, len(self.free)))
        for row, column in enumerate(self._prior_columns[: len(rows)]):
            rows[row, column] = self.prior_strength / self._prior_spreads[row]
        return rows

    def prior_square(self, column: int, theta: float) -> float:
        """What the prior of one free parameter adds to the sum of squares at a value of its coordinate (pure numbers)."""
        if column not in self._prior_columns:
            return 0.0
        row = self._prior_columns.index(column)
        return float((self.prior_strength * (theta - self._prior_centres[row]) / self._prior_spreads[row]) ** 2)

    def prior_curvature(self) -> np.ndarray:
        """What the prior adds to ``J^T J``, shape (n_free, n_free) (pure numbers)."""
        rows = self._prior_slopes()
        return np.asarray(rows.T @ rows)

    @property
    def has_prior(self) -> bool:
        """Whether a free parameter has a prior."""
        return bool(self._prior_columns)

    def hold(self, name: str, value: float) -> None:
        """Set a parameter that is not free [its unit]."""
        self._values[self.number[name]] = value

    def jacobian(self, theta: np.ndarray) -> np.ndarray:
        """Derivatives of :meth:`residual` by `theta`, shape (n_rows, n_free) (pure numbers)."""
        values, slopes = self.all_values(theta), self.slopes(theta)
        rows = []
        for r, record in enumerate(self.records):
            moving: list[tuple[int, int]] = []
            for column, k in enumerate(self._device[r]):
                if slopes[k].any():
                    moving.append((column, k))
            for name, k in self._circuit[r].items():
                if slopes[k].any() and name in record.circuit_columns:
                    moving.append((record.circuit_columns[name], k))
            block = np.zeros((record.time.size, len(self.free)))
            if moving:
                status, _, by, *_ = self.simulate(values, r, [column for column, _ in moving])
                if status == 0 and np.all(np.isfinite(by)):
                    block += by @ slopes[[k for _, k in moving]]
            offset = self._circuit[r].get("current_offset")
            if offset is not None:
                block += slopes[offset]
            rows.append(self._row_scale[r] * block)
        return np.concatenate([*rows, self._prior_slopes()])

    def errors(self, theta: np.ndarray) -> np.ndarray:
        """NRMSE of each record: RMS of the current's residual over its peak to peak (pure numbers)."""
        values = self.all_values(theta)
        out = []
        for r, record in enumerate(self.records):
            status, current, *_ = self.simulate(values, r)
            good = status == 0
            out.append(float(np.sqrt(np.mean((current - record.measured) ** 2)) / record.span) if good else np.inf)
        return np.array(out)


def _width(range_: Range) -> float:
    return max(range_.start_high - range_.start_low, 1e-9 * max(abs(range_.low), abs(range_.high)), 1e-30)


def unit_of(model: MemristorModel, base: str) -> str:
    """SI unit of a parameter of the model or of the circuit."""
    units: Mapping[str, str] = {"current_offset": "A", "drive_offset": "V", "parasitic_capacitance": "F", "x0": ""}
    if base in units:
        return units[base]
    field: Any = type(model).__dataclass_fields__[base]
    return str(field.metadata.get("unit", ""))
