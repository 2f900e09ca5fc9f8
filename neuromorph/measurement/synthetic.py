"""Bench data that was never on a bench: a model in series with a resistor under a periodic drive, with noise."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from neuromorph.measurement.measurement import Measurement


class Device(Protocol):
    """What is asked of a device: its two equations in sympy, and the values of their parameters (SI units)."""

    def expressions(self) -> tuple[Any, Any]:
        """Current [A] and state rate [1/s] in the symbols v [V] and x and the parameters' names."""

    def values(self) -> dict[str, float]:
        """Parameter values by name (SI units)."""


def synthetic_measurement(
    model: Device,
    drive_amplitude: float,
    frequency: float,
    series_resistor: float,
    noise: float = 0.0,
    seed: int = 0,
    *,
    samples: int = 200,
    shape: str = "sine",
    phase: float = 0.0,
    name: str | None = None,
) -> Measurement:
    """One period of a device in the periodic steady state, behind a series resistor, as a bench records it.

    The circuit is integrated by scipy's LSODA at a relative tolerance of 1e-10, apart from every solver of this package.

    Parameters
    ----------
    model : MemristorModel
        The device.
    drive_amplitude : float
        Amplitude of the source [V].
    frequency : float
        Of the source [Hz].
    series_resistor : float
        Between source and device [ohm].
    noise : float
        Standard deviation of the noise of voltage and current, each as a share of its peak-to-peak range (pure number).
    seed : int
        Of the noise.
    samples : int
        Per period.
    shape : {"sine", "triangle"}
        Of the source's voltage.
    phase : float
        Where in the period the record starts, as a share of it (pure number).
    name : str, optional
        Of the record; made of the drive's values when not given.

    Returns
    -------
    Measurement
        With ``drive``, the source's voltage without noise [V].

    Raises
    ------
    ValueError
        When there is no such shape, or the state leaves [0, 1], so that it has no periodic course there.

    Examples
    --------
    >>> import neuromorph as nm
    >>> record = synthetic_measurement(nm.MMS(), 0.5, 100.0, 1e3)
    >>> len(record), record.periodic
    (200, True)
    """
    from scipy.integrate import solve_ivp
    from scipy.optimize import brentq

    if shape not in _SHAPES:
        raise ValueError(f"no drive of the shape {shape!r}; choices: {', '.join(_SHAPES)}")
    wave = _SHAPES[shape]
    period = 1.0 / frequency
    current, slope, rate = _functions(model)

    def voltage_at(share: float, x: float) -> float:
        return _device_voltage(current, slope, drive_amplitude * wave(share), x, series_resistor)

    def run(x: float) -> Any:
        return solve_ivp(
            lambda share, y: [period * rate(voltage_at(share, y[0]), y[0])],
            (0.0, 1.0),
            [x],
            method="LSODA",
            t_eval=grid,
            rtol=1e-10,
            atol=1e-12,
            max_step=0.02,
        ).y[0]

    grid = np.linspace(0.0, 1.0, samples + 1)
    # The course is periodic where the state after a period is the state before; it may take thousands to get there.
    after_none, after_all = run(0.0)[-1], run(1.0)[-1] - 1.0
    if after_none < -1e-9 or after_all > 1e-9:
        raise ValueError(
            f"the state leaves [0, 1] under this drive (by {max(-after_none, after_all):.2g}): no periodic course"
        )
    if after_none <= 0 or after_all >= 0:
        start = 0.0 if after_none <= 0 else 1.0
    else:
        start = float(brentq(lambda x: run(x)[-1] - x, 0.0, 1.0, xtol=1e-10))
    course = run(start)[:-1]
    first = round(phase * samples) % samples
    share, state = np.roll(grid[:-1], -first), np.roll(course, -first)
    drive = drive_amplitude * np.array([wave(s) for s in share])
    voltage = np.array([voltage_at(s, x) for s, x in zip(share, state, strict=True)])
    through = np.array([current(v, x) for v, x in zip(voltage, state, strict=True)])
    generator = np.random.default_rng(seed)
    voltage = voltage + noise * np.ptp(voltage) * generator.standard_normal(samples)
    through = through + noise * np.ptp(through) * generator.standard_normal(samples)
    return Measurement(
        time=np.arange(samples) * period / samples,
        voltage=voltage,
        current=through,
        drive=drive,
        series_resistor=series_resistor,
        frequency=frequency,
        periodic=True,
        name=name or f"{type(model).__name__} {drive_amplitude:g} V {frequency:g} Hz {series_resistor:g} ohm",
        metadata={"amplitude": drive_amplitude, "noise": noise, "seed": seed, "shape": shape},
    )


def _functions(model: Device) -> tuple[Callable[..., float], Callable[..., float], Callable[..., float]]:
    """Current, its slope by the voltage and the state's rate as plain functions of two floats."""
    import sympy

    v, x = sympy.symbols("v x", real=True)
    values = {sympy.Symbol(name, real=True): value for name, value in model.values().items()}
    current, rate = (expression.xreplace(values) for expression in model.expressions())
    functions = [
        sympy.lambdify((v, x), expression, modules=[{"logistic": _logistic}, "math"])
        for expression in (current, sympy.diff(current, v), rate)
    ]
    return functions[0], functions[1], functions[2]


def _logistic(u: float) -> float:
    return 1.0 / (1.0 + math.exp(-u)) if u > -700 else math.exp(u)


def _device_voltage(
    current: Callable[..., float], slope: Callable[..., float], source: float, x: float, resistor: float
) -> float:
    """Voltage across the device in series with the resistor, by Newton's method kept within a bracket."""
    # A current at zero voltage, as of a barrier, moves the solution past either end.
    low, high = min(0.0, source) - 0.1, max(0.0, source) + 0.1
    v = 0.5 * source
    for _ in range(200):
        excess = v + resistor * current(v, x) - source
        if excess > 0:
            high = v
        else:
            low = v
        step = -excess / (1.0 + resistor * slope(v, x))
        if abs(step) <= 1e-15 + 1e-14 * abs(v):
            return v + step
        v = v + step if low < v + step < high else 0.5 * (low + high)
    return v


def _sine(share: float) -> float:
    return float(np.sin(2.0 * np.pi * share))


def _triangle(share: float) -> float:
    return float(abs((4.0 * share - 1.0) % 4.0 - 2.0) - 1.0)


_SHAPES = {"sine": _sine, "triangle": _triangle}
