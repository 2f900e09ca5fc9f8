"""What a model gives for a measured record: driven as it was driven, in the periodic steady state where it was periodic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neuromorph.devices import MemristorModel
from neuromorph.errors import ConvergenceError, MeasurementError
from neuromorph.fit.generate import kernel_of

# Error of the state in one step, relative to the state's range in the record.
TOLERANCE = 1e-4

DRIVES = ("source", "voltage")


@dataclass(frozen=True, kw_only=True)
class Response:
    """A model's answer to the drive of a measured record.

    Parameters
    ----------
    time : ndarray, shape (n_samples,)
        Times of the measurement [s].
    drive : ndarray, shape (n_samples,)
        Voltage of the source; with ``drive="voltage"`` the voltage across the device [V].
    voltage : ndarray, shape (n_samples,)
        Voltage across the device [V].
    current : ndarray, shape (n_samples,)
        Current through the series resistor [A].
    state : ndarray, shape (n_samples,)
        State of the device (pure number).
    """

    time: np.ndarray
    drive: np.ndarray
    voltage: np.ndarray
    current: np.ndarray
    state: np.ndarray


class RecordSimulator:
    """One measured record, ready to be simulated again and again with other parameters.

    Parameters
    ----------
    model : MemristorModel
        Gives the equations; its parameter values do not matter [SI units].
    measurement : Measurement
        Time [s], voltage [V], current [A].
    drive : {"source", "voltage"}
        Whether the source behind the series resistor is known, or the voltage across the device.
    series_resistor : float, optional
        Overrides the measurement's [ohm].

    Raises
    ------
    MeasurementError
        When the record lacks what the simulation needs.
    """

    def __init__(
        self, model: MemristorModel, measurement: Any, *, drive: str = "source", series_resistor: float | None = None
    ) -> None:
        if drive not in DRIVES:
            raise ValueError(f"drive must be one of {', '.join(DRIVES)}, got {drive!r}")
        self.measurement = measurement
        self.name: str = str(measurement.name)
        self.time = np.ascontiguousarray(measurement.time, dtype=float)
        self.voltage = np.ascontiguousarray(measurement.voltage, dtype=float)
        self.measured = np.ascontiguousarray(measurement.current, dtype=float)
        self.span = float(np.ptp(self.measured))
        self.periodic = bool(measurement.periodic)
        self.frequency = None if measurement.frequency is None else float(measurement.frequency)
        if self.time.size < 8:
            raise MeasurementError(f"{self.name}: {self.time.size} samples are too few to fit; 8 is the least")
        if not self.span > 0.0:
            raise MeasurementError(f"{self.name}: the current is the same in all samples: nothing can be fitted")
        self.intervals = _intervals(self.name, self.time, self.frequency if self.periodic else None)
        self.is_source = drive == "source"
        if self.is_source:
            resistor = series_resistor if series_resistor is not None else measurement.series_resistor
            if resistor is None:
                raise MeasurementError(
                    f"{self.name}: the series resistor is not known; give series_resistor=... in ohm, "
                    'or drive="voltage" when the voltage across the device was imposed'
                )
            self.series_resistor: float | None = float(resistor)
            given = getattr(measurement, "drive", None)
            self.drive = (
                self.voltage + self.series_resistor * self.measured
                if given is None
                else np.ascontiguousarray(given, dtype=float)
            )
            self.conductance, self.loaded = 1.0 / self.series_resistor, 1.0
        else:
            self.series_resistor = None
            self.drive = self.voltage
            self.conductance, self.loaded = 1.0, 0.0
        self.use(model)

    def use(self, model: MemristorModel) -> None:
        """Take another form of the equations."""
        self.kernel = kernel_of(model)
        self._model = model
        self.n_parameters = int(self.kernel.N_PARAMETERS)
        self.circuit_columns = {
            "drive_offset": int(self.kernel.DRIVE_OFFSET),
            "parasitic_capacitance": int(self.kernel.CAPACITANCE),
            "x0": int(self.kernel.STATE_0),
        }

    def run(
        self,
        parameters: np.ndarray,
        columns: Sequence[int] = (),
        *,
        capacitance: float = 0.0,
        offset: float = 0.0,
        x0: float = 0.0,
        tolerance: float = TOLERANCE,
        settled: tuple[float, float, float] | None = None,
    ) -> tuple[int, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Simulate.

        Parameters
        ----------
        parameters : ndarray, shape (n_parameters,)
            Values of the model in order [SI units].
        columns : sequence of int
            Parameters by which the derivatives are wanted, by number; those of the circuit follow the model's.
        capacitance : float
            Across the device [F].
        offset : float
            Added to the drive [V].
        x0 : float
            State at the start of a record that is not periodic (pure number).
        tolerance : float
            Error in one step, relative to the state's range (pure number).
        settled : tuple of float, optional
            State (pure number), voltage [V] at the start and range of the state (pure number) of the periodic solution, where a
            run with the same parameters has found them.

        Returns
        -------
        tuple
            Status (0 is good), current [A], derivatives of the current, voltage [V], state (pure number).
        """
        n = self.intervals.size
        capacitance = float(capacitance) if self.is_source else 0.0
        # Behind a capacitor the voltage has a history, which the exponential steps do not know.
        kernel = self.kernel if capacitance == 0.0 else kernel_of(self._model, "sdirk")
        wanted = np.array(
            [*columns, self.kernel.STATE_0, self.kernel.VOLTAGE_0] if len(columns) else [], dtype=np.int64
        )
        states, voltages = np.zeros(n + 1), np.zeros(n + 1)
        states_by, voltages_by = np.zeros((n + 1, wanted.size)), np.zeros((n + 1, wanted.size))
        current, current_by = np.zeros(self.time.size), np.zeros((self.time.size, wanted.size))
        start, voltage, x_range = settled or (x0, float(self.voltage[0]), 0.0)
        status, _ = kernel.response(
            start,
            voltage,
            x_range,
            self.periodic,
            self.drive,
            self.intervals,
            self.conductance,
            self.loaded,
            capacitance,
            float(offset),
            tolerance,
            parameters,
            wanted,
            states,
            voltages,
            states_by,
            voltages_by,
            current,
            current_by,
        )
        m = self.time.size
        return int(status), current, current_by[:, : len(columns)], voltages[:m], states[:m]


def simulate_measured(
    model: MemristorModel,
    measurement: Any,
    *,
    drive: str = "source",
    series_resistor: float | None = None,
    parasitic_capacitance: float = 0.0,
    drive_offset: float = 0.0,
    x0: float = 0.0,
    tolerance: float = TOLERANCE,
) -> Response:
    """Simulate a model under the drive of a measurement.

    A periodic record is simulated in its periodic steady state, so the state at its start is computed, not chosen. Where the
    state equation and the current are linear in the state (MMS, GMMS), exponentials solve it, exactly at a constant voltage;
    other models, and any model behind a parasitic capacitance, take the steps of an implicit Runge-Kutta method.

    Parameters
    ----------
    model : MemristorModel
        With its values.
    measurement : Measurement
        Time [s], voltage [V], current [A].
    drive : {"source", "voltage"}
        ``"source"``: the source's voltage drives the device through the series resistor. ``"voltage"``: the measured
        voltage across the device is imposed.
    series_resistor : float, optional
        Overrides the measurement's [ohm].
    parasitic_capacitance : float
        Capacitance across the device [F].
    drive_offset : float
        Added to the source's voltage [V].
    x0 : float
        State at the start of a record that is not periodic (pure number).
    tolerance : float
        Error of the state in one step, relative to its range in the record (pure number).

    Returns
    -------
    Response
        At the times of the measurement.

    Raises
    ------
    MeasurementError
        When the record lacks what is needed, such as the series resistor.
    ConvergenceError
        When the solver finds no solution, or no periodic one.
    """
    record = RecordSimulator(model, measurement, drive=drive, series_resistor=series_resistor)
    status, current, _, voltage, state = record.run(
        np.array([*model.values().values()]),
        capacitance=parasitic_capacitance,
        offset=drive_offset,
        x0=x0,
        tolerance=tolerance,
    )
    if status != 0:
        raise ConvergenceError(f"{record.name}: {failure(record, status)} with {model}")
    return Response(time=record.time, drive=record.drive + drive_offset, voltage=voltage, current=current, state=state)


def failure(record: RecordSimulator, status: int) -> str:
    """What a status other than 0 means, in words."""
    if status < 0:
        return "no periodic steady state was found"
    return f"the solver's step became too short at {record.time[min(status, record.time.size) - 1]:.6g} s"


def _intervals(name: str, time: np.ndarray, frequency: float | None) -> np.ndarray:
    """Times between samples [s]; of a periodic record also that from the last sample to the first of the next."""
    steps = np.diff(time)
    if not np.all(steps > 0.0):
        at = int(np.argmax(steps <= 0.0))
        raise MeasurementError(f"{name}: time does not increase between samples {at} and {at + 1}")
    if frequency is None:
        return np.ascontiguousarray(steps)
    usual = float(np.median(steps))
    length = float(time[-1] - time[0]) + usual
    periods = round(length * frequency)
    last = periods / frequency - float(time[-1] - time[0])
    if periods < 1 or not 0.0 < last < 3.0 * usual:
        raise MeasurementError(
            f"{name}: {length * frequency:.3f} periods of {frequency:g} Hz were recorded; a periodic record has a whole "
            "number of them: give the right frequency, cut the record, or set periodic=False"
        )
    return np.append(steps, last)
