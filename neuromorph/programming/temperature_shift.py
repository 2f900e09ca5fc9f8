"""Conductances at another temperature than that at which they were written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuromorph.devices.memristor import MemristorModel
from neuromorph.programming.ageing import arrhenius
from neuromorph.programming.input_checks import check_model
from neuromorph.programming.transformation import ArrayState, Transformation, applied_to_working
from neuromorph.quantities import parameter

if TYPE_CHECKING:
    from neuromorph.programming.programmed_array import ProgrammedArray


@dataclass(frozen=True, kw_only=True)
class TemperatureShift(Transformation):
    """Conductances at the temperature of use, by exactly one of three laws.

    ``g' = g (1 + coefficient (temperature - reference))``, the metallic or weakly semiconducting device

    ``g' = g exp(-activation_energy / k (1 / temperature - 1 / reference))``, thermally activated conduction

    ``g' = g i(v, x; temperature) / i(v, x; reference)``, the current equation of a model with a parameter `temperature`

    Parameters
    ----------
    temperature : float
        Absolute temperature of use [K].
    reference : float
        Absolute temperature at which the conductances are what was written [K].
    coefficient : float, optional
        Relative change of the conductance per kelvin [1/K].
    activation_energy : float, optional
        Of the conduction [eV].
    model : MemristorModel, optional
        Devices whose current depends on temperature.
    read_voltage : float
        Voltage at which the model is read [V].

    Raises
    ------
    ValueError
        When not exactly one law is chosen, or the model's current does not depend on temperature.
    """

    temperature: float = parameter(unit="K", positive=True, doc="temperature of use")
    reference: float = parameter(298.15, unit="K", positive=True, doc="temperature of writing")
    coefficient: float | None = parameter(None, unit="1/K", optional=True, doc="relative change of g per kelvin")
    activation_energy: float | None = parameter(
        None, unit="eV", optional=True, doc="activation energy of the conduction"
    )
    model: MemristorModel | None = None
    read_voltage: float = parameter(0.1, unit="V", positive=True, doc="voltage at which the model is read")

    def __post_init__(self) -> None:
        super().__post_init__()
        laws = ("coefficient", "activation_energy", "model")
        chosen = [name for name in laws if getattr(self, name) is not None]
        if len(chosen) != 1:
            raise ValueError(f"give exactly one of {', '.join(laws)}, got {', '.join(chosen) or 'none'}")
        if self.model is not None:
            check_model(self.model)
            current, _ = self.model.expressions()
            if "temperature" not in {symbol.name for symbol in current.free_symbols}:
                raise ValueError(
                    f"the current of {type(self.model).__name__} does not depend on a parameter temperature, so its "
                    "conductance does not either: give coefficient or activation_energy, or let the state move at that "
                    "temperature with StateRelaxation"
                )

    def changed(self, conductances: np.ndarray, array: ProgrammedArray, rng: np.random.Generator) -> np.ndarray:
        """Conductances at that temperature [S]."""
        if self.coefficient is not None:
            return np.asarray(conductances * (1.0 + self.coefficient * (self.temperature - self.reference)))
        if self.activation_energy is not None:
            return np.asarray(conductances * arrhenius(self.activation_energy, self.temperature, self.reference))
        from neuromorph.programming.pulsed_devices import states_of

        assert self.model is not None
        cold = self.model.replace(temperature=self.reference)
        hot = self.model.replace(temperature=self.temperature)
        states = states_of(cold, conductances, self.read_voltage)
        return np.asarray(hot.current(self.read_voltage, states) / self.read_voltage)

    def apply(self, state: ArrayState, array: ProgrammedArray, rng: np.random.Generator) -> ArrayState:
        """The state with the working devices at that temperature [conductances in S]."""
        if self.model is None:
            return super().apply(state, array, rng)
        # Stuck devices have any conductance, also one that no state of the model gives.
        cold = self.model.replace(temperature=self.reference)
        return applied_to_working(
            self, state, array, rng, float(cold.current(self.read_voltage, 0.5)) / self.read_voltage
        )
