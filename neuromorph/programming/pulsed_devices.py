"""Devices that are pulsed one by one: states moved by the model's equation, read at a voltage, the energy counted."""

from __future__ import annotations

from importlib import resources
from types import ModuleType
from typing import Any

import numpy as np

from neuromorph.crossbars import DeviceArray
from neuromorph.crossbars.device_equations import device_functions
from neuromorph.devices import MemristorModel
from neuromorph.equations import load_kernel
from neuromorph.errors import ConvergenceError

# Error of the state in one step, by the embedded method, which is of one order less.
TOLERANCE = 1e-9

_kernels: dict[Any, tuple[ModuleType, bool]] = {}


class PulsedDevices:
    """An array whose devices are each between the two terminals of a source.

    Parameters
    ----------
    devices : DeviceArray
        Model, states, parameters that vary and stuck devices [SI units].
    """

    def __init__(self, devices: DeviceArray) -> None:
        self._devices = devices
        self._kernel, self.is_exact = _kernel_of(devices.model)
        self._states = np.array(devices.states, dtype=float).ravel()
        # Copies, since the compiled functions are for arrays that may be written to.
        self._constants, self._stuck = np.array(devices.constants), np.array(devices.stuck_flat)

    @classmethod
    def of(cls, model: MemristorModel, states: np.ndarray) -> PulsedDevices:
        """Devices of one model, all alike.

        Parameters
        ----------
        model : MemristorModel
            The devices.
        states : ndarray, shape (m, n)
            Their states (pure numbers).

        Returns
        -------
        PulsedDevices
            New.
        """
        return cls(DeviceArray(model, states))

    @property
    def devices(self) -> DeviceArray:
        """The array in its present state."""
        return self._devices.with_states(self.states)

    @property
    def states(self) -> np.ndarray:
        """A copy of the states, shape (m, n) (pure numbers)."""
        return self._states.reshape(self._devices.shape).copy()

    @states.setter
    def states(self, states: np.ndarray) -> None:
        self._states = np.array(states, dtype=float).ravel()

    def conductances(self, read_voltage: float) -> np.ndarray:
        """Current over voltage, shape (m, n) [S], without moving the states."""
        return np.asarray(self.devices.conductances(voltage=read_voltage))

    def pulse(self, voltages: np.ndarray, duration: Any, tolerance: float = TOLERANCE) -> np.ndarray:
        """One pulse on each device, all at the same time.

        Parameters
        ----------
        voltages : ndarray, shape (m, n)
            Voltage during the pulse [V]; 0 V is a pause.
        duration : float or ndarray, shape (m, n)
            Length of the pulse [s]; for 0 s nothing happens.
        tolerance : float
            Error of the state in a step, where the rate is not linear in the state (pure number).

        Returns
        -------
        ndarray, shape (m, n)
            Energy that each device took [J].

        Raises
        ------
        ConvergenceError
            When no step is short enough; names the device.
        """
        shape = self._devices.shape
        v = np.array(np.broadcast_to(np.asarray(voltages, dtype=float), shape)).ravel()
        durations = np.array(np.broadcast_to(np.asarray(duration, dtype=float), shape)).ravel()
        energies = np.zeros(self._states.size)
        failed = self._kernel.apply_pulses(
            v,
            durations,
            self._states,
            self._constants,
            self._stuck,
            tolerance,
            self.is_exact,
            energies,
        )
        if failed >= 0:
            i, j = divmod(int(failed), shape[1])
            raise ConvergenceError(
                f"the state of device ({i}, {j}) of model {type(self._devices.model).__name__} could not be followed from "
                f"{self._states[failed]:.6g} through {durations[failed]:g} s at {v[failed]:g} V: the step became too short. "
                "Check the state equation near this state, or give shorter pulses"
            )
        return energies.reshape(shape)


def states_of(model: MemristorModel, conductances: np.ndarray, read_voltage: float) -> np.ndarray:
    """States in which devices have given conductances.

    Parameters
    ----------
    model : MemristorModel
        The devices; its current must rise with the state.
    conductances : ndarray, shape (m, n)
        Current over voltage at the read voltage [S].
    read_voltage : float
        In V.

    Returns
    -------
    ndarray, shape (m, n)
        States (pure numbers from 0 to 1).

    Raises
    ------
    ValueError
        When no state has one of the conductances; names the first and the model's range.
    """
    g = np.array(conductances, dtype=float)
    devices = DeviceArray(model, np.zeros(g.shape))
    kernel, _ = _kernel_of(model)
    found = np.empty(g.size)
    kernel.find_states(g.ravel(), float(read_voltage), np.array(devices.constants), found)
    states: np.ndarray = found.reshape(g.shape)
    if np.isnan(states).any():
        i, j = np.argwhere(np.isnan(states))[0]
        low, high = (float(model.current(read_voltage, x)) / read_voltage for x in (0.0, 1.0))
        raise ValueError(
            f"{np.isnan(states).sum()} of {g.size} conductances are outside of what {type(model).__name__} has, {low:.6g} S to "
            f"{high:.6g} S at {read_voltage:g} V; the first is {g[i, j]:.6g} S of device ({i}, {j}). Give a model with this range, "
            "or put this transformation before those that leave it"
        )
    return states


def _kernel_of(model: MemristorModel) -> tuple[ModuleType, bool]:
    """The compiled functions, and whether the rate is linear in the state."""
    import sympy

    current, rate = model.expressions()
    key = (model.subcircuit_name, current, rate, tuple(model.values()))
    if key not in _kernels:
        x = sympy.Symbol("x", real=True)
        is_linear = not rate.diff(x).expand().has(x)
        loops = resources.files("neuromorph.programming").joinpath("pulse_kernel.py").read_text("utf-8")
        equations, _, _ = device_functions(model)
        kernel = load_kernel(f"{model.subcircuit_name[:40]}_pulses", f"{equations}\n\n{loops}")
        _kernels[key] = (kernel, is_linear)
    return _kernels[key]
