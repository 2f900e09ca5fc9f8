"""What time does to stored conductances: drift, loss of retention, relaxation of the state."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from neuromorph.devices.memristor import BOLTZMANN, ELEMENTARY_CHARGE, MemristorModel
from neuromorph.devices.mms import MMS
from neuromorph.programming.input_checks import check_model
from neuromorph.programming.transformation import ArrayState, Transformation, applied_to_working
from neuromorph.quantities import parameter

if TYPE_CHECKING:
    from neuromorph.programming.programmed_array import ProgrammedArray


@dataclass(frozen=True, kw_only=True)
class Drift(Transformation):
    """Power law of structural relaxation, as in phase-change memory.

    ``g' = g (time / t_0)^(-nu_k)``, with an exponent of its own in every device, ``nu_k = nu + nu_sigma z``

    Parameters
    ----------
    time : float
        Time since programming, at least `t_0` [s].
    t_0 : float
        Time since programming at which the conductances are what was written [s].
    nu : float
        Mean exponent (pure number).
    nu_sigma : float
        Standard deviation of the exponent between devices (pure number).

    Raises
    ------
    ValueError
        When a value is not physical, or `time` lies before `t_0`.

    Notes
    -----
    Source of the law with an exponent for each device: V. Joshi et al., "Accurate deep neural network inference using
    computational phase-change memory", Nat. Commun. 11 (2020) 2473. Exponents are not cut off: with a large dispersion some
    devices drift upwards. `time` counts from programming, not from the transformation before; the exponents drawn do not depend on
    it, so the same seed at another time is the same array, older.
    """

    time: float = parameter(unit="s", positive=True, doc="time since programming")
    t_0: float = parameter(unit="s", positive=True, doc="time at which the conductances are what was written")
    nu: float = parameter(unit="", low=0.0, doc="mean exponent")
    nu_sigma: float = parameter(0.0, unit="", low=0.0, doc="standard deviation of the exponent between devices")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.time < self.t_0:
            raise ValueError(f"time must be at least t_0, {self.t_0:g} s, got {self.time:g} s")

    def changed(self, conductances: np.ndarray, array: ProgrammedArray, rng: np.random.Generator) -> np.ndarray:
        """Conductances at that time [S]."""
        exponents = self.nu + self.nu_sigma * rng.standard_normal(conductances.shape)
        return np.asarray(conductances * np.exp(-exponents * math.log(self.time / self.t_0)))


@dataclass(frozen=True, kw_only=True)
class Retention(Transformation):
    """Exponential loss of what was stored, faster when it is hot.

    ``g' = g_rest + (g - g_rest) exp(-time / tau_T)``

    ``tau_T = tau exp(activation_energy / k (1 / temperature - 1 / reference))``

    Parameters
    ----------
    time : float
        Time since programming [s].
    tau : float
        Time constant at the reference temperature [s].
    g_rest : float, optional
        Conductance at the end of the loss [S]; by default the low end of the window.
    activation_energy : float
        Of the loss [eV]; with 0 eV temperature has no effect.
    temperature, reference : float
        Absolute temperature of the array, and that at which `tau` was measured [K].

    Raises
    ------
    ValueError
        When a value is not physical.

    Notes
    -----
    The Arrhenius law, with which retention measured in an oven is carried over to the temperature of use.
    """

    time: float = parameter(unit="s", low=0.0, doc="time since programming")
    tau: float = parameter(unit="s", positive=True, doc="time constant at the reference temperature")
    g_rest: float | None = parameter(None, unit="S", low=0.0, optional=True, doc="conductance at the end of the loss")
    activation_energy: float = parameter(0.0, unit="eV", low=0.0, doc="activation energy of the loss")
    temperature: float = parameter(298.15, unit="K", positive=True, doc="temperature of the array")
    reference: float = parameter(298.15, unit="K", positive=True, doc="temperature at which tau was measured")

    @property
    def tau_at_temperature(self) -> float:
        """Time constant at the temperature of the array [s]."""
        return self.tau / arrhenius(self.activation_energy, self.temperature, self.reference)

    def changed(self, conductances: np.ndarray, array: ProgrammedArray, rng: np.random.Generator) -> np.ndarray:
        """Conductances at that time [S]."""
        rest = array.mapping.g_off if self.g_rest is None else self.g_rest
        lost = -math.expm1(-self.time / self.tau_at_temperature)
        return np.asarray(conductances + (rest - conductances) * lost)


@dataclass(frozen=True, kw_only=True)
class StateRelaxation(Transformation):
    """The device model's own motion while no voltage is applied.

    The state that gives each conductance at the read voltage is found, moved by the state equation at 0 V, and read again.

    Parameters
    ----------
    time : float
        Time since programming [s].
    model : MemristorModel
        The devices; :class:`neuromorph.MMS` with its default values when left out.
    read_voltage : float
        Voltage at which conductances are read [V].

    Raises
    ------
    ValueError
        When a value is not physical; on use, when a conductance is outside of what the model reaches.

    Notes
    -----
    A memristor of metastable switches relaxes towards the middle of its range, within seconds with the default values. The
    temperature is the model's.
    """

    time: float = parameter(unit="s", low=0.0, doc="time since programming")
    model: MemristorModel = field(default_factory=MMS)
    read_voltage: float = parameter(0.1, unit="V", positive=True, doc="voltage at which conductances are read")

    def __post_init__(self) -> None:
        super().__post_init__()
        check_model(self.model)

    def changed(self, conductances: np.ndarray, array: ProgrammedArray, rng: np.random.Generator) -> np.ndarray:
        """Conductances at that time [S]."""
        from neuromorph.programming.pulsed_devices import PulsedDevices, states_of

        states = states_of(self.model, conductances, self.read_voltage)
        devices = PulsedDevices.of(self.model, states)
        devices.pulse(np.zeros(conductances.shape), self.time)
        return devices.conductances(self.read_voltage)

    def apply(self, state: ArrayState, array: ProgrammedArray, rng: np.random.Generator) -> ArrayState:
        """The state with the working devices relaxed [conductances in S]."""
        # Stuck devices have any conductance, also one that no state of the model gives.
        middle = float(self.model.current(self.read_voltage, 0.5)) / self.read_voltage
        return applied_to_working(self, state, array, rng, middle)


def arrhenius(energy: float, temperature: float, reference: float) -> float:
    """By what a thermally activated rate is faster than at the reference temperature.

    Parameters
    ----------
    energy : float
        Activation energy [eV].
    temperature, reference : float
        Absolute temperatures [K].

    Returns
    -------
    float
        Pure number, 1 at the reference.
    """
    return math.exp(-energy * ELEMENTARY_CHARGE / BOLTZMANN * (1.0 / temperature - 1.0 / reference))
