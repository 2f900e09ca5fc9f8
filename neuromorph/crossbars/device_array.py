"""An array of memristors: one model, a state for each device, parameters that vary, devices that are stuck."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuromorph.crossbars.masked import refuse_masked
from neuromorph.crossbars.solving.voltages import read_only
from neuromorph.devices import MemristorModel
from neuromorph.quantities import check_names, is_choice

if TYPE_CHECKING:
    from neuromorph.crossbars.device_equations import ArrayKernel

__all__ = ["DeviceArray"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class DeviceArray:
    """Memristors of one model in m rows and n columns.

    Parameters
    ----------
    model : MemristorModel
        Equations, and the parameters of every device that `variations` does not change.
    states : array_like, shape (m, n)
        State of each device (pure numbers from 0 to 1).
    variations : mapping of str to array_like, optional
        Values of a parameter, device by device, by the parameter's name; each of shape (m, n), or one that is
        broadcast to it, in the SI unit of the parameter.
    stuck : array_like, shape (m, n), optional
        Conductance of each device that has failed [S], NaN where the device works. A stuck device is a resistor, 0 S
        an open one; its state does not move.

    Raises
    ------
    ValueError
        When shapes do not match, a state lies outside of 0 to 1, a parameter is unknown, a value is not one that the
        model accepts, or a stuck conductance is negative or infinite; the message names the device.

    Examples
    --------
    >>> import neuromorph as nm
    >>> devices = nm.DeviceArray(nm.MMS(), [[0.0, 1.0]], variations={"r_on": [[500.0, 400.0]]})
    >>> devices.conductances().tolist()
    [[0.0006666666666666666, 0.0025]]
    """

    model: MemristorModel
    states: FloatArray
    variations: Mapping[str, FloatArray] = field(default_factory=dict)
    stuck: FloatArray | None = None

    def __init__(
        self,
        model: MemristorModel,
        states: ArrayLike,
        variations: Mapping[str, ArrayLike] | None = None,
        stuck: ArrayLike | None = None,
    ) -> None:
        if not isinstance(model, MemristorModel):
            raise ValueError(f"model must be a memristor model, such as nm.MMS(), got {model!r}")
        values = _checked_states(states)
        object.__setattr__(self, "model", model)
        object.__setattr__(self, "states", values)
        object.__setattr__(
            self, "variations", _checked_variations(model, {} if variations is None else variations, values.shape)
        )
        object.__setattr__(self, "stuck", _checked_stuck(stuck, values.shape))

    def __reduce__(self) -> tuple[object, ...]:
        # Mapping proxies do not pickle, and arrays of devices travel to worker processes.
        return (DeviceArray, (self.model, self.states, dict(self.variations), self.stuck))

    def __repr__(self) -> str:
        m, n = self.shape
        varied = f", {', '.join(self.variations)} varied" if self.variations else ""
        count = 0 if self.stuck is None else int(np.count_nonzero(~np.isnan(self.stuck)))
        return f"DeviceArray({m} x {n} {type(self.model).__name__}{varied}{f', {count} stuck' if count else ''})"

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return (self.states.shape[0], self.states.shape[1])

    @property
    def is_linear(self) -> bool:
        """Whether every current is a conductance times the voltage, as the model's equation has it for any state."""
        return self.kernel.is_linear

    @property
    def is_stuck(self) -> NDArray[np.bool_]:
        """Which devices have failed, shape (m, n)."""
        return np.zeros(self.shape, dtype=bool) if self.stuck is None else ~np.isnan(self.stuck)

    def with_states(self, states: ArrayLike) -> DeviceArray:
        """The same devices in other states.

        Parameters
        ----------
        states : array_like, shape (m, n)
            States (pure numbers from 0 to 1).

        Returns
        -------
        DeviceArray
            With the same model, variations and stuck devices [SI units].
        """
        other = object.__new__(DeviceArray)
        values = _checked_states(states)
        if values.shape != self.shape:
            raise ValueError(f"states must have the shape of the array, {self.shape}, got {values.shape}")
        for name in ("model", "variations", "stuck"):
            object.__setattr__(other, name, getattr(self, name))
        object.__setattr__(other, "states", values)
        for name in ("kernel", "constants", "stuck_flat"):
            # What follows from the parameters alone is not computed again.
            if name in self.__dict__:
                other.__dict__[name] = self.__dict__[name]
        return other

    def parameter(self, name: str) -> FloatArray:
        """Values of a parameter, device by device.

        Parameters
        ----------
        name : str
            The parameter's name.

        Returns
        -------
        ndarray, shape (m, n)
            In the SI unit of the parameter.

        Raises
        ------
        ValueError
            When the model has no such parameter; the message lists the choices.
        """
        check_names(type(self.model).__name__, [name], self.model.values())
        return np.broadcast_to(self.variations.get(name, np.float64(self.model.values()[name])), self.shape)

    @cached_property
    def kernel(self) -> ArrayKernel:
        """Compiled functions of the model over an array."""
        from neuromorph.crossbars.device_equations import array_kernel_of

        return array_kernel_of(self.model)

    @cached_property
    def constants(self) -> FloatArray:
        """What the kernel's functions need of the parameters, shape (m n, n_constants), or of one row [SI units]."""
        names = list(self.model.values())
        if self.variations:
            columns = [np.broadcast_to(self.parameter(name), self.shape).ravel() for name in names]
            parameters = np.ascontiguousarray(np.stack(columns, axis=1))
        else:
            parameters = np.array([[*self.model.values().values()]])
        constants = np.empty((len(parameters), self.kernel.n_constants))
        self.kernel.functions.fill_constants(parameters, constants)
        return constants

    @cached_property
    def stuck_flat(self) -> FloatArray:
        """As the kernel's functions take it: shape (m n,), or (0,) where no device is stuck [S]."""
        return np.empty(0) if not self.is_stuck.any() else np.ascontiguousarray(self.stuck).ravel()

    def conductances(self, voltage: ArrayLike | None = None) -> FloatArray:
        """Current over voltage.

        Parameters
        ----------
        voltage : float or array_like, shape (m, n), optional
            Voltage of the devices [V]; needed where the current is not linear. At 0 V the differential conductance
            is taken.

        Returns
        -------
        ndarray, shape (m, n)
            Conductances [S].

        Raises
        ------
        ValueError
            When the current is not linear in the voltage and no voltage is given, or current flows at 0 V.
        """
        if self.is_linear:
            out = np.empty(self.states.size)
            self.kernel.functions.fill_conductances(self.states.ravel(), self.constants, self.stuck_flat, out)
            return out.reshape(self.shape)
        if voltage is None:
            raise ValueError(
                f"the current of {type(self.model).__name__} is not linear in the voltage, so its conductance depends "
                "on it: give voltage in V, such as conductances(voltage=0.1)"
            )
        v = np.broadcast_to(np.asarray(voltage, dtype=float), self.shape)
        current, slope = self.current_and_slope(v)
        if np.any((v == 0) & (current != 0)):
            raise ValueError(
                f"{type(self.model).__name__} carries a current at 0 V with these parameters, so it has no conductance "
                "there: give another voltage"
            )
        return np.where(v == 0, slope, current / np.where(v == 0, 1.0, v))

    def current(self, voltage: ArrayLike) -> FloatArray:
        """Current of each device.

        Parameters
        ----------
        voltage : float or array_like, shape (m, n) or (p, m, n)
            Voltage [V].

        Returns
        -------
        ndarray, shape (m, n) or (p, m, n)
            Current [A].
        """
        (current,) = self._evaluate("fill_currents", voltage, 1)
        return current

    def current_and_slope(self, voltage: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Current and differential conductance of each device.

        Parameters
        ----------
        voltage : float or array_like, shape (m, n) or (p, m, n)
            Voltage [V].

        Returns
        -------
        tuple of ndarray, shape (m, n) or (p, m, n) each
            Current [A] and its derivative by the voltage [S].
        """
        current, slope = self._evaluate("fill_currents_and_slopes", voltage, 2)
        return current, slope

    def state_rate(self, voltage: ArrayLike) -> FloatArray:
        """Rate of each state.

        Parameters
        ----------
        voltage : float or array_like, shape (m, n) or (p, m, n)
            Voltage [V]. NaN, where no path leads to a device, moves nothing.

        Returns
        -------
        ndarray, shape (m, n) or (p, m, n)
            Rate [1/s], 0 for stuck devices.
        """
        (rate,) = self._evaluate("fill_rates", voltage, 1)
        return rate

    def derivatives(self, voltage: ArrayLike) -> dict[str, FloatArray]:
        """Exact partial derivatives of both equations, device by device.

        Parameters
        ----------
        voltage : float or array_like, shape (m, n) or (p, m, n)
            Voltage [V].

        Returns
        -------
        dict of str to ndarray, shape (m, n) or (p, m, n) each
            ``current_dv`` [S], ``current_dx`` [A], ``state_rate_dv`` [1/(V s)], ``state_rate_dx`` [1/s].
        """
        found = self._evaluate("fill_partials", voltage, 4)
        return dict(zip(("current_dv", "current_dx", "state_rate_dv", "state_rate_dx"), found, strict=True))

    def _evaluate(self, function: str, voltage: ArrayLike, count: int) -> list[FloatArray]:
        v = np.asarray(voltage, dtype=float)
        try:
            v = np.broadcast_to(v, np.broadcast_shapes(v.shape, self.shape))
            fits = v.shape[-2:] == self.shape
        except ValueError:
            fits = False
        if not fits:
            raise ValueError(
                f"voltages must have the shape of the array, {self.shape}, or (p, *{self.shape}), got {v.shape}"
            )
        flat = np.ascontiguousarray(v).reshape(-1, self.states.size)
        out = [np.empty(flat.shape) for _ in range(count)]
        run = getattr(self.kernel.functions, function)
        run(flat, self.states.ravel(), self.constants, self.stuck_flat, *out)
        return [values.reshape(v.shape) for values in out]


def _floats(name: str, given: ArrayLike) -> FloatArray:
    refuse_masked(name, given, "np.nan" if name == "stuck" else "")
    try:
        return np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be numbers, got {given!r}") from None


def _device(where: NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(int(k) for k in np.argwhere(where)[0])


def _checked_states(states: ArrayLike) -> FloatArray:
    values = _floats("states", states)
    if values.ndim != 2 or values.size == 0:
        raise ValueError(f"states must have the shape (rows, columns) of the array, got {values.shape}")
    wrong = ~((values >= 0) & (values <= 1))
    if wrong.any():
        at = _device(wrong)
        raise ValueError(f"states must be numbers from 0 to 1, got states[{at[0]}, {at[1]}] = {values[at]}")
    return read_only(np.array(values))


def _checked_variations(
    model: MemristorModel, variations: Mapping[str, ArrayLike], shape: tuple[int, ...]
) -> Mapping[str, FloatArray]:
    if not isinstance(variations, Mapping):
        raise ValueError(
            'variations must be a mapping from names of parameters to values, such as {"r_on": [[500.0, 400.0]]}, got '
            f"{type(variations).__name__}"
        )
    fields = {f.name: f for f in dataclasses.fields(model) if not is_choice(f)}
    check_names(type(model).__name__, variations, fields)
    checked = {}
    for name, given in variations.items():
        values = _floats(f"variations[{name!r}]", given)
        try:
            values = np.broadcast_to(values, shape)
        except ValueError:
            raise ValueError(
                f"variations[{name!r}] must have the shape of the array, {shape}, got {values.shape}"
            ) from None
        _check_range(f"variations[{name!r}]", values, fields[name].metadata)
        checked[name] = read_only(np.array(values))
    if checked:
        _check_together(model, checked)
    return MappingProxyType(checked)


def _check_range(name: str, values: FloatArray, metadata: Mapping[str, Any]) -> None:
    low, high, unit = metadata.get("low"), metadata.get("high"), metadata.get("unit", "")
    wrong = ~np.isfinite(values)
    wanted = "finite"
    if metadata.get("positive"):
        wanted, wrong = "positive and finite", wrong | ~(values > 0)
    if low is not None:
        wanted, wrong = f"{wanted}, at least {low:g}", wrong | ~(values >= low)
    if high is not None:
        wanted, wrong = f"{wanted}, at most {high:g}", wrong | ~(values <= high)
    if wrong.any():
        at = _device(wrong)
        raise ValueError(
            f"{name} must be {wanted}{f' in {unit}' if unit else ''}, got {values[at]} of device ({at[0]}, {at[1]})"
        )


def _check_together(model: MemristorModel, variations: Mapping[str, FloatArray]) -> None:
    """A model may refuse values that each field accepts: ask it about the extremes of what varies."""
    for pick in (np.argmin, np.argmax):
        for of in variations.values():
            at = np.unravel_index(int(pick(of)), of.shape)
            values = {name: float(varied[at]) for name, varied in variations.items()}
            try:
                model.replace(**values)
            except ValueError as error:
                raise ValueError(f"the parameters of device ({at[0]}, {at[1]}) do not go together: {error}") from None


def _checked_stuck(stuck: ArrayLike | None, shape: tuple[int, ...]) -> FloatArray | None:
    if stuck is None:
        return None
    values = _floats("stuck", stuck)
    if np.asarray(stuck).dtype == bool:
        # A mask would be taken as devices of 1 S and open ones.
        raise ValueError(
            "stuck must have conductances in S, NaN where a device works, got booleans: for a mask give "
            "np.where(mask, g, np.nan) with the conductance g of the devices that have failed"
        )
    if values.shape != shape:
        raise ValueError(f"stuck must have the shape of the array, {shape}, got {values.shape}")
    wrong = (values < 0) | np.isinf(values)
    if wrong.any():
        at = _device(wrong)
        hint = "; give the conductance of the short" if math.isinf(values[at]) else ""
        raise ValueError(
            f"stuck must have conductances of at least 0 S, NaN where a device works, got {values[at]} S for device "
            f"({at[0]}, {at[1]}){hint}"
        )
    return read_only(np.array(values))
