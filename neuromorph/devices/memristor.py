"""What every memristor model has: two equations, and all that follows from them."""

from __future__ import annotations

import dataclasses
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np

from neuromorph.quantities import Parameters, is_choice

BOLTZMANN = 1.380649e-23
"""Boltzmann constant [J/K], exact (SI 2019)."""
ELEMENTARY_CHARGE = 1.602176634e-19
"""Elementary charge [C], exact (SI 2019)."""

# The state is the voltage of this capacitor in SPICE [F]. Below 1 nF the engine's absolute charge
# tolerance would hide its error.
_STATE_CAPACITANCE = 1e-6

_FUNCTIONS = ("current", "state_rate", "current_dv", "current_dx", "state_rate_dv", "state_rate_dx")


@dataclass(frozen=True, kw_only=True)
class MemristorModel(Parameters, ABC):
    """A memristor with one state: ``i(v, x)`` and ``dx/dt(v, x)``.

    A model of your own is a frozen dataclass that derives from this one, has its parameters as
    :func:`neuromorph.parameter` fields and writes the two equations below. It then works wherever the
    built-in models do, in Python and in SPICE.

    By convention a positive voltage turns the device on, and `x` is 1 where it conducts best.

    Notes
    -----
    The equations are called with symbols for `v`, `x` and every parameter, so that one compiled kernel
    serves all parameter values: write them with arithmetic, sympy's functions and
    :func:`neuromorph.logistic`, without ``if`` on a value (``sympy.Piecewise`` does that). An ``if`` on a
    :func:`neuromorph.choice` field is right: each choice has equations, and a subcircuit, of its own.
    """

    @abstractmethod
    def current_equation(self, v: Any, x: Any) -> Any:
        """Current from the positive terminal to the negative one [A].

        Parameters
        ----------
        v : sympy symbol
            Voltage across the device [V].
        x : sympy symbol
            State (pure number).

        Returns
        -------
        sympy expression
            Current [A].
        """

    @abstractmethod
    def state_equation(self, v: Any, x: Any) -> Any:
        """Rate of the state.

        Parameters
        ----------
        v : sympy symbol
            Voltage across the device [V].
        x : sympy symbol
            State (pure number).

        Returns
        -------
        sympy expression
            ``dx/dt`` [1/s].
        """

    def time_scale_equation(self, v: Any) -> Any:
        """Shortest time in which the state moves: what a solver's step has to resolve.

        A model overrides it where times do not stand among its parameters.

        Parameters
        ----------
        v : sympy symbol
            Largest voltage across the device, of either sign [V].

        Returns
        -------
        sympy expression or None
            A time above zero [s]; by default the shortest parameter in seconds, ``None`` where there is none.
        """
        import sympy

        times = [getattr(self, f.name) for f in dataclasses.fields(self) if f.metadata.get("unit") == "s"]
        return sympy.Min(*times) if times else None

    def symbolic(self) -> Any:
        """A twin whose parameters are symbols of the same names (SI units); choices stay what they are."""
        import sympy

        twin = object.__new__(type(self))
        for field in dataclasses.fields(self):
            value = getattr(self, field.name) if is_choice(field) else sympy.Symbol(field.name, real=True)
            object.__setattr__(twin, field.name, value)
        return twin

    def time_scale(self, v: Any) -> Any:
        """The model's time scale in the symbols of the parameters' names.

        Parameters
        ----------
        v : sympy expression
            Largest voltage across the device, of either sign [V].

        Returns
        -------
        sympy expression or None
            A time [s], ``None`` where the model states none.
        """
        import sympy

        scale = self.symbolic().time_scale_equation(v)
        return None if scale is None else sympy.sympify(scale)

    def expressions(self) -> tuple[Any, Any]:
        """Current [A] and state rate [1/s] in the symbols ``v`` [V], ``x`` and the parameters' names."""
        import sympy

        self._check_parameter_names()
        v, x = sympy.symbols("v x", real=True)
        twin = self.symbolic()
        return sympy.sympify(twin.current_equation(v, x)), sympy.sympify(twin.state_equation(v, x))

    def _check_parameter_names(self) -> None:
        """Refuse what would be taken for voltage or state, or what SPICE, blind to case, takes for one name."""
        seen = {"v": "the voltage", "x": "the state"}
        for field in dataclasses.fields(self):
            if field.name.lower() in seen:
                raise ValueError(
                    f"parameter {field.name!r} of {type(self).__name__} has the name of {seen[field.name.lower()]}; "
                    "rename it"
                )
            seen[field.name.lower()] = f"parameter {field.name!r}, to SPICE"

    def values(self) -> dict[str, float]:
        """Parameter values by name, in the SI unit of each; a choice is no value and left out."""
        return {f.name: float(getattr(self, f.name)) for f in dataclasses.fields(self) if not is_choice(f)}

    def choices(self) -> dict[str, str]:
        """Which form of its equations the model has, by the name of each choice."""
        return {f.name: str(getattr(self, f.name)) for f in dataclasses.fields(self) if is_choice(f)}

    def current(self, v: Any, x: Any) -> Any:
        """Current.

        Parameters
        ----------
        v : float or ndarray [V]
            Voltage.
        x : float or ndarray
            State (pure number), broadcast against `v`.

        Returns
        -------
        ndarray [A]
            Of the broadcast shape.
        """
        return self._evaluate("current", v, x)

    def state_rate(self, v: Any, x: Any) -> Any:
        """Rate of the state.

        Parameters
        ----------
        v : float or ndarray [V]
            Voltage.
        x : float or ndarray
            State (pure number), broadcast against `v`.

        Returns
        -------
        ndarray [1/s]
            Of the broadcast shape.
        """
        return self._evaluate("state_rate", v, x)

    def derivatives(self, v: Any, x: Any) -> dict[str, Any]:
        """Exact partial derivatives of both equations.

        Parameters
        ----------
        v : float or ndarray [V]
            Voltage.
        x : float or ndarray
            State (pure number), broadcast against `v`.

        Returns
        -------
        dict of str to ndarray
            ``current_dv`` [S], ``current_dx`` [A], ``state_rate_dv`` [1/(V s)], ``state_rate_dx`` [1/s].
        """
        return {name: self._evaluate(name, v, x) for name in _FUNCTIONS[2:]}

    @cached_property
    def kernel(self) -> ModuleType:
        """Compiled functions ``current``, ``state_rate`` and their derivatives, of (v, x, p) [SI units].

        `v` and `x` are arrays of equal shape (n,), `p` the values of :meth:`values` in order.
        """
        from neuromorph.devices.generate import kernel_of

        return kernel_of(self)

    def _evaluate(self, function: str, v: Any, x: Any) -> Any:
        v, x = np.broadcast_arrays(np.asarray(v, dtype=float), np.asarray(x, dtype=float))
        flat = getattr(self.kernel, function)(
            # Copies: a broadcast array of one value is a view that must not be written to.
            np.array(v).ravel(),
            np.array(x).ravel(),
            np.array([*self.values().values()]),
        )
        return flat.reshape(v.shape)[()]

    @property
    def subcircuit_name(self) -> str:
        """Name of the model's subcircuit in SPICE and of its module in Verilog-A.

        A choice that is not the default is part of it, since it has equations of its own.
        """
        chosen = [
            f"_{getattr(self, f.name)}"
            for f in dataclasses.fields(self)
            if is_choice(f) and getattr(self, f.name) != f.default
        ]
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(self).__name__).lower() + "".join(chosen)

    def subcircuit(self) -> str:
        """The model as an ngspice subcircuit with pins ``p n x``, its parameters at this object's values.

        The voltage of pin ``x`` against ground is the state.

        Returns
        -------
        str
            From ``.subckt`` to ``.ends``, parameters in SI units.
        """
        from neuromorph.devices.generate import subcircuit_of

        return subcircuit_of(self, _STATE_CAPACITANCE)

    def verilog_a(self) -> str:
        """The model as a Verilog-A module with terminals ``p n x``.

        Returns
        -------
        str
            Source text, parameters in SI units, their defaults at this object's values.
        """
        from neuromorph.devices.generate import verilog_a_of

        return verilog_a_of(self)
