"""Devices that are pulsed one by one: states moved by the model's equation, read at a voltage, the energy counted."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from types import ModuleType
from typing import Any

import numpy as np

from neuromorph.crossbars import DeviceArray
from neuromorph.crossbars.device_equations import device_functions, exponential_functions
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
        # When each device was last followed, and the time now [s].
        self._last, self._clock = np.zeros(self._states.size), np.zeros(1)

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
        """The states now, shape (m, n) (pure numbers)."""
        self._check(
            self._kernel.bring_up_to_date(
                self._states, self._last, self._clock, self._constants, self._stuck, TOLERANCE, self.is_exact
            )
        )
        return self._states.reshape(self._devices.shape).copy()

    def conductances(self, read_voltage: float) -> np.ndarray:
        """Current over voltage, shape (m, n) [S], without moving the states."""
        states, out = self.states, np.empty(self._states.size)
        self._kernel.read_devices(float(read_voltage), states.ravel(), self._constants, self._stuck, out)
        return out.reshape(states.shape)

    def pulse(self, voltages: Any, duration: Any) -> np.ndarray:
        """One pulse on each device, all at the same time.

        Parameters
        ----------
        voltages : ndarray, shape (m, n)
            Voltage during the pulse [V]; 0 V is a pause.
        duration : float or ndarray, shape (m, n)
            Length of the pulse [s]; for 0 s nothing happens.

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
        self._check(
            self._kernel.apply_pulses(
                v, durations, self._states, self._constants, self._stuck, TOLERANCE, self.is_exact, energies
            )
        )
        return energies.reshape(shape)

    def write(
        self,
        device: tuple[int, int],
        target: float,
        accepted: float,
        settings: np.ndarray,
        noise: np.ndarray,
        shares: tuple[float, float] | None,
    ) -> Written:
        """Pulses and reads on one device, in turn, until a reading is accepted.

        Parameters
        ----------
        device : tuple of int
            Its row and column.
        target, accepted : float
            Conductance that it is to have, and the largest error of a reading [S].
        settings : ndarray, shape (13,)
            What ``write_kernel.py`` takes of the protocol [SI units].
        noise : ndarray, shape (pulses + 1,)
            Standard normal numbers for the readings (pure numbers); there is one pulse less than readings.
        shares : tuple of float, optional
            What falls on devices of the same lines, and on all others, as shares of the voltage (pure numbers); no
            device but this one notices anything when left out.

        Returns
        -------
        Written
            The course.

        Raises
        ------
        ConvergenceError
            When no step is short enough.
        """
        n = self._devices.shape[1]
        volts, conductances, sums = np.zeros(noise.size - 1), np.zeros(noise.size), np.zeros(4)
        on_its_lines, elsewhere = shares or (0.0, 0.0)
        count, verified = self._kernel.write_device(
            device[0] * n + device[1],
            n,
            float(target),
            float(accepted),
            settings,
            noise,
            0 if shares is None else 1,
            on_its_lines,
            elsewhere,
            self._states,
            self._last,
            self._clock,
            self._constants,
            self._stuck,
            TOLERANCE,
            self.is_exact,
            volts,
            conductances,
            sums,
        )
        if count < 0:
            self._check(int(np.argmax(np.isnan(self._states))))
        return Written(
            volts=volts[:count],
            conductances=conductances[: count + 1],
            verified=bool(verified),
            energy=sums[0],
            read_energy=sums[1],
            others_energy=sums[2],
            time=sums[3],
        )

    def _check(self, failed: int) -> None:
        if failed >= 0:
            i, j = divmod(int(failed), self._devices.shape[1])
            raise ConvergenceError(
                f"the state of device ({i}, {j}) of model {type(self._devices.model).__name__} could not be followed: the step "
                "became too short. Check that the state equation is finite for states from 0 to 1, or give smaller or "
                "shorter pulses"
            )


@dataclass(frozen=True, kw_only=True, eq=False)
class Written:
    """The course of writing one device.

    Parameters
    ----------
    volts : ndarray, shape (pulses,)
        Voltage of each pulse [V].
    conductances : ndarray, shape (pulses + 1,)
        Conductance at the start and after each pulse, without read noise [S].
    verified : bool
        Whether the last reading was accepted.
    energy, read_energy, others_energy : float
        Of its pulses, of its reads, and of all other devices meanwhile [J].
    time : float
        Of all pulses, pauses and reads [s].
    """

    volts: np.ndarray
    conductances: np.ndarray
    verified: bool
    energy: float
    read_energy: float
    others_energy: float
    time: float


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
        folder = resources.files("neuromorph.programming")
        loops = [folder.joinpath(name).read_text("utf-8") for name in ("pulse_kernel.py", "write_kernel.py")]
        equations, _, _ = device_functions(model)
        text = "\n\n".join([equations, exponential_functions(), *loops])
        kernel = load_kernel(f"{model.subcircuit_name[:40]}_pulses", text)
        _kernels[key] = (kernel, is_linear)
    return _kernels[key]
