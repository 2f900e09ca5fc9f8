"""Write-verify: pulses and reads in turn until each device has the conductance that it is to have."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.crossbars import DeviceArray
from neuromorph.crossbars.masked import refuse_masked
from neuromorph.devices.memristor import MemristorModel
from neuromorph.devices.mms import MMS
from neuromorph.errors import ConvergenceError
from neuromorph.programming.input_checks import check_model, check_seed, numbers
from neuromorph.programming.transformation import ArrayState, Transformation
from neuromorph.programming.write_verify_result import WriteVerifyInterrupted, WriteVerifyResult
from neuromorph.programming.write_verify_run import WriteVerifyRun
from neuromorph.progress import Progress, silent
from neuromorph.quantities import check_names, choice, parameter, pluralised

if TYPE_CHECKING:
    from neuromorph.programming.programmed_array import ProgrammedArray


@dataclass(frozen=True, kw_only=True)
class WriteVerify(Transformation):
    """A protocol that tunes devices with pulses, and its simulation with the devices' own dynamics.

    Each device is read. Where the reading misses the target by more than the tolerance, a pulse of the sign that moves it towards the
    target follows. Its amplitude starts low and rises by `v_step` with every pulse of the same sign; once the target has been
    overshot, it starts low again with the other sign, so the last steps are small.

    With ``scheme="isolated"`` no device notices the pulses of another, as behind a transistor that is off. With ``"V/2"`` or
    ``"V/3"`` devices are written one after the other, row by row, and the others see the voltages of half-selected devices with
    ideal wires meanwhile (:class:`neuromorph.BiasScheme`): half the voltage on the lines of the selected device and none elsewhere; or a third on
    its lines and minus a third elsewhere. They also age while they wait.

    The default values are an example that suits :class:`neuromorph.MMS` with its own default values; other devices need others.

    Parameters
    ----------
    model : MemristorModel
        The devices.
    v_set, v_reset : float
        First amplitude of pulses that turn on, and of those that turn off [V].
    v_step : float
        By how much the amplitude rises from pulse to pulse [V].
    v_set_max, v_reset_max : float
        Amplitude at which it stops rising [V].
    width : float
        Length of a first pulse [s].
    width_growth : float
        By what factor pulses of one sign get longer, at least 1 (pure number).
    width_max : float, optional
        Length at which they stop growing [s]; `width` when left out.
    pause : float
        Time between a pulse and the read that verifies it [s].
    read_voltage : float
        Amplitude of a read [V].
    read_width : float
        Length of a read, which moves the state a little as well [s].
    read_noise : float
        Standard deviation of a reading as a share of the conductance (pure number).
    tolerance : float
        Largest accepted error of a reading as a share of the target (pure number).
    tolerance_conductance : float
        Error that is accepted in any case [S].
    max_pulses : int
        Pulses after which a device is given up.
    start : float
        State of all devices before the first pulse (pure number from 0 to 1).
    variation : mapping of str to float
        Standard deviation of the logarithm of a parameter from device to device, by the parameter's name (pure numbers).
    scheme : {"isolated", "V/2", "V/3"}
        What the devices that are not being written see.
    passes : int
        How many times all devices are visited; a later visit mends what writing the others has disturbed.
    failures : {"raised", "flagged"}
        Whether a target that cannot be reached, or was not, is an error or a mark in the result.
    keep_trajectory : bool
        Whether conductances and voltages of every pulse are kept.

    Raises
    ------
    ValueError
        When a value is not accepted or two contradict each other.

    Notes
    -----
    The algorithm is that of F. Alibart, L. Gao, B. D. Hoskins and D. B. Strukov, "High precision tuning of state for memristive
    devices by adaptable variation-tolerant algorithm", Nanotechnology 23 (2012) 075201, with rising amplitudes and a new
    start at each change of sign.

    The state moves by the model's equation during each pulse: where that is linear in the state the step is exact, else it is
    integrated with an error control of 1e-9 of the state's range per step. The pulse's voltage falls across the device alone.

    Examples
    --------
    >>> result = WriteVerify().run([[1e-3, 1.5e-3]])
    >>> bool(abs(result.conductances / result.targets - 1).max() < 0.02)
    True
    """

    model: MemristorModel = field(default_factory=MMS)
    v_set: float = parameter(0.15, unit="V", positive=True, doc="first amplitude of pulses that turn on")
    v_reset: float = parameter(0.15, unit="V", positive=True, doc="first amplitude of pulses that turn off")
    v_step: float = parameter(0.01, unit="V", low=0.0, doc="rise of the amplitude from pulse to pulse")
    v_set_max: float = parameter(0.5, unit="V", positive=True, doc="largest amplitude of pulses that turn on")
    v_reset_max: float = parameter(0.5, unit="V", positive=True, doc="largest amplitude of pulses that turn off")
    width: float = parameter(10e-6, unit="s", positive=True, doc="length of a first pulse")
    width_growth: float = parameter(1.0, unit="", low=1.0, doc="factor from pulse to pulse")
    width_max: float | None = parameter(None, unit="s", positive=True, optional=True, doc="length of the longest pulse")
    pause: float = parameter(0.0, unit="s", low=0.0, doc="time between a pulse and its read")
    read_voltage: float = parameter(0.1, unit="V", positive=True, doc="amplitude of a read")
    read_width: float = parameter(1e-6, unit="s", low=0.0, doc="length of a read")
    read_noise: float = parameter(0.0, unit="", low=0.0, doc="standard deviation as a share of the conductance")
    tolerance: float = parameter(0.01, unit="", low=0.0, doc="accepted error as a share of the target")
    tolerance_conductance: float = parameter(0.0, unit="S", low=0.0, doc="error that is accepted in any case")
    max_pulses: int = 200
    start: float = parameter(0.0, unit="", low=0.0, high=1.0, doc="state before the first pulse")
    variation: Mapping[str, float] = field(default_factory=dict)
    scheme: str = choice("isolated", ("isolated", "V/2", "V/3"), doc="what the other devices see")
    passes: int = 1
    failures: str = choice("raised", ("raised", "flagged"), doc="what becomes of targets that are not reached")
    keep_trajectory: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_model(self.model)
        for name in ("max_pulses", "passes"):
            given = getattr(self, name)
            if isinstance(given, bool) or not isinstance(given, int | np.integer) or given < 1:
                raise ValueError(f"{name} must be a whole number of at least 1, got {given!r}")
        for first, largest in (("v_set", "v_set_max"), ("v_reset", "v_reset_max"), ("width", "width_max")):
            low, high = getattr(self, first), getattr(self, largest)
            if high is not None and low > high:
                raise ValueError(f"{first} must not be above {largest}, got {low:g} and {high:g}")
        if self.width_growth > 1.0 and self.width_max is None:
            raise ValueError("pulses that grow need width_max, the length in s at which they stop growing")
        if self.tolerance == 0.0 and self.tolerance_conductance == 0.0:
            raise ValueError("no reading is exact: give tolerance or tolerance_conductance a value above zero")
        if not isinstance(self.variation, Mapping):
            raise ValueError(
                'variation must be a mapping from names of parameters to standard deviations, such as {"r_on": 0.05}, '
                f"got {self.variation!r}"
            )
        for name, sigma in self.variation.items():
            if isinstance(sigma, bool) or not isinstance(sigma, int | float) or not 0.0 <= sigma < math.inf:
                raise ValueError(
                    f"variation of {name!r} must be a standard deviation of the logarithm, at least 0, got {sigma!r}"
                )

    def run(
        self,
        targets: Any,
        devices: DeviceArray | None = None,
        *,
        selected: Any = None,
        seed: int | np.random.Generator = 0,
        progress: Progress = silent,
    ) -> WriteVerifyResult:
        """Write conductances into devices.

        Parameters
        ----------
        targets : ndarray, shape (m, n)
            Conductances at the read voltage that the devices are to have [S].
        devices : DeviceArray, optional
            The devices as they are at the start, in place of `model`, `start` and `variation`.
        selected : array of bool, shape (m, n), optional
            Devices that are written; all when left out.
        seed : int or numpy.random.Generator
            From which variation and read noise follow.
        progress : Progress
            Is told how many devices are done.

        Returns
        -------
        WriteVerifyResult
            Pulses, energies, errors, trajectories, and the devices as they are at the end.

        Raises
        ------
        ValueError
            When shapes or values are not accepted; with ``failures="raised"``, when a target lies outside of what its
            device can reach with these pulses.
        ConvergenceError
            With ``failures="raised"``, when `max_pulses` did not suffice for a device.
        WriteVerifyInterrupted
            On Ctrl-C; its `result` holds the array as it is by then.
        """
        wanted = _checked_targets(targets)
        if not isinstance(seed, np.random.Generator):
            check_seed(seed)
        rng = seed if isinstance(seed, np.random.Generator) else np.random.default_rng(seed)
        array = self._devices(wanted.shape, rng) if devices is None else self._given(devices, wanted.shape)
        refuse_masked("selected", selected)
        mask = np.ones(wanted.shape, dtype=bool) if selected is None else np.array(selected)
        if mask.dtype != bool or mask.shape != wanted.shape:
            raise ValueError(f"selected must be booleans of the shape {wanted.shape}, got {mask.dtype} of {mask.shape}")
        run = WriteVerifyRun(self, array, wanted, mask, rng, progress)
        if self.failures == "raised":
            _refuse_unreachable(run.result(), self)
        try:
            run.execute()
        except KeyboardInterrupt:
            result = run.result()
            raise WriteVerifyInterrupted(
                f"interrupted: {np.count_nonzero(result.verified)} of {mask.sum()} devices were written", result
            ) from None
        result = run.result()
        if self.failures == "raised":
            _refuse_unfinished(result, self)
        return result

    def check(self, array: ProgrammedArray) -> None:
        """Refuse variation of parameters that the model does not have."""
        check_names(type(self.model).__name__, self.variation, self.model.values())

    def changed(self, conductances: np.ndarray, array: ProgrammedArray, rng: np.random.Generator) -> np.ndarray:
        """Conductances as they were written, with those before as targets [S]."""
        return self.run(conductances, seed=rng).conductances

    def apply(self, state: ArrayState, array: ProgrammedArray, rng: np.random.Generator) -> ArrayState:
        """The state with the working devices written [conductances in S]."""
        if not state.stuck.any():
            return super().apply(state, array, rng)
        working = self._devices(state.conductances.shape, rng)
        stuck = np.where(state.stuck, state.conductances, np.nan)
        devices = DeviceArray(working.model, working.states, working.variations, stuck)
        protocol = self.replace(variation={}) if self.variation else self
        # A stuck device is not written, and one that is open has no conductance that could be a target.
        targets = np.where(state.stuck, array.mapping.g_off, state.conductances)
        written = protocol.run(targets, devices, selected=~state.stuck, seed=rng).conductances
        return ArrayState(
            conductances=np.where(state.stuck, state.conductances, written),
            stuck=state.stuck,
            line_gains=state.line_gains,
            output_gains=state.output_gains,
        )

    def _devices(self, shape: tuple[int, ...], rng: np.random.Generator) -> DeviceArray:
        values = self.model.values()
        varied = {
            name: values.get(name, 1.0) * np.exp(sigma * rng.standard_normal(shape))
            for name, sigma in self.variation.items()
        }
        return DeviceArray(self.model, np.full(shape, self.start), varied)

    def _given(self, devices: DeviceArray, shape: tuple[int, ...]) -> DeviceArray:
        if not isinstance(devices, DeviceArray):
            raise ValueError(
                f"devices must be a DeviceArray, such as nm.DeviceArray(nm.MMS(), states), got {devices!r}; a model alone goes "
                "into WriteVerify(model=...)"
            )
        if self.variation:
            raise ValueError("devices that are given have their own variations: leave variation out of the protocol")
        if devices.shape != shape:
            raise ValueError(f"the targets have the shape {shape}, the devices {devices.shape}")
        return devices


def _checked_targets(targets: Any) -> np.ndarray:
    wanted = numbers("targets", targets)
    if wanted.ndim != 2 or wanted.size == 0:
        raise ValueError(f"targets must be conductances of the shape (rows, columns) in S, got {wanted.shape}")
    wrong = ~(np.isfinite(wanted) & (wanted > 0.0))
    if wrong.any():
        i, j = np.argwhere(wrong)[0]
        raise ValueError(
            f"targets must be positive and finite conductances in S, got {wanted[i, j]} of device ({i}, {j})"
        )
    return wanted


def _refuse_unreachable(result: WriteVerifyResult, protocol: WriteVerify) -> None:
    if not result.unreachable.any():
        return
    where = np.argwhere(result.unreachable)
    shown = "; ".join(
        f"device ({i}, {j}) is to have {result.targets[i, j]:.6g} S and reaches {result.lowest[i, j]:.6g} S to "
        f"{result.highest[i, j]:.6g} S"
        for i, j in where[:3]
    )
    more = f"; and {len(where) - 3} more" if len(where) > 3 else ""
    raise ValueError(
        f"{len(where)} of {result.targets.size} targets cannot be reached with {pluralised(protocol.max_pulses, 'pulse')} of up to "
        f"{protocol.v_set_max:g} V and -{protocol.v_reset_max:g} V: {shown}{more}. Give targets within reach, raise v_set_max, "
        'v_reset_max, width_max or max_pulses, or pass failures="flagged"'
    )


def _refuse_unfinished(result: WriteVerifyResult, protocol: WriteVerify) -> None:
    failed = result.failed
    if not failed.any():
        return
    worst = np.where(failed, np.abs(result.errors), -1.0)
    i, j = np.unravel_index(int(worst.argmax()), worst.shape)
    raise ConvergenceError(
        f"{np.count_nonzero(failed)} of {failed.size} devices were not within {protocol.tolerance:g} of their targets after "
        f"{pluralised(protocol.max_pulses, 'pulse')}; the worst is device ({i}, {j}), {result.conductances[i, j]:.6g} S instead of "
        f"{result.targets[i, j]:.6g} S. Give smaller steps (v_step, v_set, v_reset, width), less read_noise, more max_pulses, a "
        'wider tolerance, or pass failures="flagged"'
    )
