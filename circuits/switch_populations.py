"""Switches with different time constants in parallel: several states, which no model of one state expresses.

A mean metastable switch memristor is a large number of switches. Here their time constants are spread, by a log-normal or by a gamma
distribution of the rates, and each of its nodes is a state of its own behind the common voltage. The script fits the spread to
records of several frequencies and foretells each frequency from the others: ``python circuits/switch_populations.py FOLDER``, or
without a folder on synthetic records. It has a simulator and a least-squares fit of its own; a device takes minutes.
"""

import argparse
import math
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from beyond_one_tau import VOLTS_PER_KELVIN, Sets, measured, synthetic
from numba import njit
from scipy.optimize import least_squares
from scipy.special import roots_genlaguerre

import neuromorph as nm

# Steps between two samples, and when a course counts as periodic.
SUBSTEPS = 16
PERIODIC, MOST_PERIODS = 1e-5, 200
# Spreads that a fit starts from, as standard deviations of log(tau).
STARTS = (0.3, 1.5, 3.0)


def log_normal(tau: float, spread: float, nodes: int = 15) -> tuple[np.ndarray, np.ndarray]:
    """Time constants [s] and weights (pure numbers) of a normal distribution of ``log(tau)`` with that standard deviation."""
    z = np.linspace(-2.6, 2.6, nodes)
    weights = np.exp(-z * z / 2)
    return tau * np.exp(spread * z), weights / weights.sum()


def gamma_rates(tau: float, shape: float, nodes: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Time constants [s] and weights (pure numbers) of a gamma distribution of the rates with the mean ``1/tau``."""
    rates, weights = roots_genlaguerre(nodes, shape - 1.0)
    return tau * shape / rates, weights / weights.sum()


@njit(cache=True)
def _logistic(u):
    return 1.0 / (1.0 + math.exp(-u)) if u > 0 else math.exp(u) / (1.0 + math.exp(u))


@njit(cache=True)
def _period(drive, dt, resistor, p, rates, weights, x, keep, gain, voltage):
    """One period from the states x on; the map of each state over it is x -> keep x + gain while the voltage stays the same."""
    r_on, r_off, v_on, v_off, v_t, alpha_f, beta_f, alpha_r, beta_r = p
    slope, h, v = 1.0 / r_on - 1.0 / r_off, dt / SUBSTEPS, voltage[0]
    keep[:] = 1.0
    gain[:] = 0.0
    for sample in range(drive.size):
        after = (sample + 1) % drive.size
        for step in range(SUBSTEPS):
            source = drive[sample] + (drive[after] - drive[sample]) * (step + 1) / SUBSTEPS
            low, high = -abs(source) - 0.2, abs(source) + 0.2
            # The voltage at the end of the step decides the step: implicit, so that a steep state cannot overshoot.
            for _ in range(80):
                on, off = _logistic((v - v_on) / v_t), _logistic(-(v + v_off) / v_t)
                d_on, d_off = on * (1.0 - on) / v_t, -off * (1.0 - off) / v_t
                pace = on + off
                goal = on / pace
                d_goal = (d_on * pace - on * (d_on + d_off)) / pace**2
                mean, d_mean = 0.0, 0.0
                for k in range(rates.size):
                    rest = math.exp(-h * pace * rates[k])
                    mean += weights[k] * (goal + (x[k] - goal) * rest)
                    d_mean += weights[k] * (
                        d_goal * (1.0 - rest) - (x[k] - goal) * rest * h * rates[k] * (d_on + d_off)
                    )
                conductance = 1.0 / r_off + slope * mean
                forward, reverse = alpha_f * math.exp(beta_f * v), alpha_r * math.exp(-beta_r * v)
                excess = v + resistor * (v * conductance + forward - reverse) - source
                if excess > 0.0:
                    high = v
                else:
                    low = v
                by_v = conductance + v * slope * d_mean + forward * beta_f + reverse * beta_r
                found = v - excess / (1.0 + resistor * by_v)
                if not low < found < high:
                    found = 0.5 * (low + high)
                is_there = abs(found - v) < 1e-9
                v = found
                if is_there:
                    break
            on, off = _logistic((v - v_on) / v_t), _logistic(-(v + v_off) / v_t)
            goal = on / (on + off)
            for k in range(rates.size):
                rest = math.exp(-h * (on + off) * rates[k])
                x[k] = goal + (x[k] - goal) * rest
                keep[k] *= rest
                gain[k] = goal + (gain[k] - goal) * rest
        voltage[after] = v


def simulate(record: nm.Measurement, device: nm.MMS, taus: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Current [A] of the switches under a record's drive, in the periodic steady state.

    `device` is an MMS or a GMMS in its published form; its `tau` is not used.
    """
    drive, resistor = record.source_voltage, float(record.series_resistor or 0.0)
    share, barrier = 1.0, (0.0, 0.0, 0.0, 0.0)
    if isinstance(device, nm.GMMS):
        share, rest = device.phi, 1.0 - device.phi
        barrier = (rest * device.alpha_f, device.beta_f, rest * device.alpha_r, device.beta_r)
    p = (
        device.r_on / share,
        device.r_off / share,
        device.v_on,
        device.v_off,
        VOLTS_PER_KELVIN * device.temperature,
        *barrier,
    )
    x, keep, gain = np.full(taus.size, 0.1), np.ones(taus.size), np.zeros(taus.size)
    voltage = np.zeros(drive.size)
    for _ in range(MOST_PERIODS):
        before = x.copy()
        _period(drive, record.dt, resistor, p, 1.0 / taus, weights, x, keep, gain, voltage)
        if np.abs(x - before).max() < PERIODIC:
            break
        # Half of the way to where each state would be periodic if the voltage stayed.
        x = np.clip(0.5 * (x + gain / np.maximum(1.0 - keep, 1e-12)), 0.0, 1.0)
    return np.asarray((drive - voltage) / resistor)


def nrmse(record: nm.Measurement, current: np.ndarray) -> float:
    """RMS of the difference over the peak to peak of the measured current (pure number)."""
    return float(np.sqrt(np.mean((current - record.current) ** 2)) / np.ptp(record.current))


class SpreadFit:
    """A log-normal spread of time constants, fitted from the fit with one.

    Parameters
    ----------
    records : sequence of Measurement
        What was measured [s, V, A].
    model : str
        ``"mms"`` or ``"gmms"``.
    starts : sequence of float
        Spreads that the fit starts from (pure numbers).
    """

    def __init__(self, records: Sequence[nm.Measurement], model: str, starts: Sequence[float] = STARTS) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", nm.BoundWarning)
            self.one_tau = nm.fit_memristor(records, model)
        self.records, self.start = self.one_tau.measurements, self.one_tau.model
        # What is known beforehand is known here with the same weight.
        self.strength = self.one_tau.problem.prior_strength
        self.names = [n for n in self.one_tau.problem.free_names if n != "parasitic_capacitance"]
        self.is_log = np.array([name.startswith(("r_", "tau", "alpha")) for name in self.names] + [False])
        values = np.array([getattr(self.start, name) for name in self.names])
        values[self.is_log[:-1]] = np.log(np.clip(values[self.is_log[:-1]], 1e-14, 1e8))
        low = [math.log(1e-16) if is_log else 0.0 for is_log in self.is_log]
        high = [math.log(1e10) if is_log else 40.0 for is_log in self.is_log]
        low[-1], high[-1] = 0.01, 8.0
        fits = []
        for spread in starts:
            first = np.clip([*values, spread], np.array(low) + 1e-9, np.array(high) - 1e-9)
            scale = np.maximum(0.1 * np.abs(first), 0.05)
            fits.append(
                least_squares(
                    self._residual, first, bounds=(low, high), x_scale=scale, diff_step=1e-4, ftol=1e-5, max_nfev=40
                )
            )
        self.theta = min(fits, key=lambda fit: float(fit.cost)).x
        self.spread = float(self.theta[-1])

    def current(self, record: nm.Measurement) -> np.ndarray:
        """What the fitted switches give under the drive of a record [A]."""
        return self._current(self.theta, record)

    def _current(self, theta: np.ndarray, record: nm.Measurement) -> np.ndarray:
        values = np.where(self.is_log, np.exp(np.where(self.is_log, theta, 0.0)), theta)
        device = self.start.replace(**dict(zip(self.names, values[:-1].tolist(), strict=True)))
        return simulate(record, device, *log_normal(device.tau, float(values[-1])))

    def _residual(self, theta: np.ndarray) -> np.ndarray:
        rows = [(self._current(theta, r) - r.current) / np.ptp(r.current) for r in self.records]
        known = {"tau": (math.log(1e-4), math.log(10.0)), "beta_f": (4.0, 8.0), "beta_r": (4.0, 8.0)}
        prior = [
            self.strength * (theta[k] - known[name][0]) / known[name][1]
            for k, name in enumerate(self.names)
            if name in known
        ]
        rows = [*rows, np.array(prior)]
        return np.nan_to_num(np.concatenate(rows), nan=10.0)


def main(arguments: Sequence[str]) -> None:
    """Fitted and foretold errors of one time constant and of a spread."""
    parser = argparse.ArgumentParser(description="A spread of time constants, fitted and foretold.")
    parser.add_argument("folder", nargs="?", type=Path, help="of measured records; synthetic ones when not given")
    parser.add_argument("--models", default="mms,gmms")
    chosen = parser.parse_args(arguments)
    sets: Sets = synthetic() if chosen.folder is None else measured(chosen.folder)
    print("mean NRMSE fitted / foretold; spread: standard deviation of log(tau), with all records and without each\n")
    for name, records in sets.items():
        if len({record.series_resistor for record in records}) > 1:
            continue
        for model in chosen.models.split(","):
            print(f"{name}, {model}: {row(records, model)}", flush=True)


def row(records: Sequence[nm.Measurement], model: str) -> str:
    """One line of the table."""
    fit: Any = SpreadFit(records, model)
    fitted = [nrmse(record, fit.current(record)) for record in fit.records]
    foretold, spreads = [], []
    for k, record in enumerate(fit.records):
        partial = SpreadFit([other for j, other in enumerate(records) if j != k], model)
        foretold.append(nrmse(record, partial.current(record)))
        spreads.append(partial.spread)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", nm.BoundWarning)
        one = fit.one_tau.leave_one_out("record").mean
    each = ", ".join(f"{r.name} {error:.4f}" for r, error in zip(fit.records, foretold, strict=True))
    return (
        f"one tau {fit.one_tau.nrmse.mean():.4f} / {one:.4f}, spread {np.mean(fitted):.4f} / {np.mean(foretold):.4f} "
        f"({each}); spread {fit.spread:.2f}, {', '.join(f'{s:.2f}' for s in spreads)}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
