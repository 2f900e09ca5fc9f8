"""The fitted device in ngspice under the measured drive, beside the measurement and the fit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.fit.response import RecordSimulator
from neuromorph.progress import Progress, silent

if TYPE_CHECKING:
    from neuromorph.fit.memristor_fit import MemristorFit
    from neuromorph.schematic import Schematic
    from neuromorph.spice import Engine


@dataclass(frozen=True)
class Verification:
    """One record: measured, fitted, and run by the engine.

    Parameters
    ----------
    name : str
        The record.
    engine : str
        What ran it.
    time : ndarray, shape (n,)
        Times of the samples [s].
    voltage, measured : ndarray, shape (n,)
        Measured voltage [V] and current [A].
    fitted_voltage, fitted : ndarray, shape (n,)
        The same from the fit's own simulation [V, A].
    spice_voltage, spice : ndarray, shape (n,)
        The same from the engine [V, A].
    """

    name: str
    engine: str
    time: np.ndarray
    voltage: np.ndarray
    measured: np.ndarray
    fitted_voltage: np.ndarray
    fitted: np.ndarray
    spice_voltage: np.ndarray
    spice: np.ndarray

    @property
    def disagreement(self) -> float:
        """Largest difference of engine and fit, over the peak to peak of the fit (pure number)."""
        return float(np.max(np.abs(self.spice - self.fitted)) / np.ptp(self.fitted))

    @property
    def nrmse(self) -> float:
        """Of the engine's current against the measurement (pure number)."""
        return float(np.sqrt(np.mean((self.spice - self.measured) ** 2)) / np.ptp(self.measured))

    def plot(self, path: str | Path | None = None) -> Any:
        """Draw measurement, fit and engine in one picture.

        Parameters
        ----------
        path : str or Path, optional
            Picture to write; its ending names the format.

        Returns
        -------
        matplotlib.figure.Figure
            I-V curve and course in time, SI units with prefixes.
        """
        from neuromorph.plots import finished_figure
        from neuromorph.plots.fits import plot_verification

        return finished_figure(plot_verification(self), path)


def verify(
    fit: MemristorFit, record: int = 0, engine: str | Engine = "ngspice", *, progress: Progress = silent
) -> Verification:
    """Run the fitted device's subcircuit under the drive of a record.

    Parameters
    ----------
    fit : MemristorFit
        The fit.
    record : int
        Number of the record, counted from zero.
    engine : {"ngspice"} or Engine
        What runs it.
    progress : callable
        Told how far the run is.

    Returns
    -------
    Verification
        Currents [A] and voltages [V] at the samples.

    Raises
    ------
    SimulationError
        When the run fails.
    """
    from neuromorph.roads import engine_of
    from neuromorph.schematic import NgspiceOptions, make_deck
    from neuromorph.stimulus import PiecewiseLinear

    problem = fit.problem
    simulator: RecordSimulator = problem.records[record]
    status, fitted, _, fitted_voltage, state = problem.simulate(problem.all_values(fit.theta), record)
    assert status == 0, "the fit has simulated this before"
    circuit = problem.circuit(fit.theta, record)
    model = problem.device(fit.theta, record)
    period = float(simulator.intervals.sum())
    start = simulator.time[0]
    # The state settles within a first period from where the fit found it; the second is compared.
    cycles = 2 if simulator.periodic else 1
    drive = simulator.drive + circuit.get("drive_offset", 0.0)
    times = np.concatenate([simulator.time - start + k * period for k in range(cycles)])
    values = np.tile(drive, cycles)
    if simulator.periodic:
        times, values = np.append(times, cycles * period), np.append(values, drive[0])
    t_stop = float(times[-1])
    schematic = _schematic(
        model,
        simulator.series_resistor,
        circuit.get("parasitic_capacitance", 0.0),
        float(state[0]),
        float(fitted_voltage[0]),
        t_stop,
        period,
    )
    waveform = PiecewiseLinear(times=times.tolist(), values=values.tolist())
    deck = make_deck(schematic, drives={"v_d": waveform}, t_stop=t_stop)
    options = NgspiceOptions(reltol=1e-5, t_max=float(simulator.intervals.min()) / 4)
    recording = engine_of(engine).run(deck, options, progress)
    at = simulator.time - start + (cycles - 1) * period
    offset = circuit.get("current_offset", 0.0)
    return Verification(
        name=simulator.name,
        engine=f"{recording.provenance['engine']} {recording.provenance['version']}",
        time=simulator.time,
        voltage=simulator.voltage,
        measured=simulator.measured,
        fitted_voltage=fitted_voltage,
        fitted=fitted,
        spice_voltage=np.interp(at, recording.time, recording["v"]),
        spice=np.interp(at, recording.time, recording["i"]) + offset,
    )


def _schematic(
    model: Any, resistor: float | None, capacitance: float, x0: float, v0: float, t_stop: float, period: float
) -> Schematic:
    """The measuring circuit with the device (SI units)."""
    from neuromorph.schematic import Port, Resolution, Schematic

    circuit = Schematic(
        f"{model.subcircuit_name} under a measured drive",
        ports={"v_d": Port("drive", kind="voltage")},
        probes={"v": "v(top)", "i": "i(Vsense)"},
        initial={"x": x0, "top": v0},
        resolution=Resolution(t_max=period / 800, reltol=1e-5, chgtol=1e-15),
    )
    circuit.raw_spice += model.subcircuit()
    if resistor is None:
        circuit.V("sense", "drive", "top", 0.0)
    else:
        circuit.R("series", "drive", "behind", resistor)
        circuit.V("sense", "behind", "top", 0.0)
    circuit.X("memristor", model.subcircuit_name, "top", circuit.gnd, "x", **model.values())
    if capacitance > 0.0:
        circuit.C("stray", "top", circuit.gnd, capacitance)
    return circuit
