"""Exponential learning windows fitted to an STDP curve."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.errors import ValidationError
from neuromorph.quantities import format_quantity

__all__ = ["LearningWindow", "LearningWindows", "fitted_windows"]

Array = NDArray[np.float64]

_FEWEST_POINTS = 4
# Changes of the state below this are none.
_NOTHING = 1e-9
# A change of the other sign up to this share of the largest does not spoil a window.
_OTHER_SIGN = 0.05


@dataclass(frozen=True, kw_only=True)
class LearningWindow:
    """One side of an STDP curve as ``amplitude * exp(-|delay| / tau)``.

    Parameters
    ----------
    amplitude : float
        Change of the state extrapolated to no delay (pure number).
    tau : float
        Time constant [s].
    r_squared : float
        Share of the changes' variance that the exponential explains (pure number).
    peak : float
        Largest change of the curve itself (pure number).
    peak_delay : float
        Where it is [s].
    """

    amplitude: float
    tau: float
    r_squared: float
    peak: float
    peak_delay: float

    def __call__(self, delays: Any) -> Array:
        """The fitted change.

        Parameters
        ----------
        delays : array_like, shape (n,)
            Of this side [s].

        Returns
        -------
        ndarray, shape (n,)
            Change of the state (pure number).
        """
        return np.asarray(self.amplitude * np.exp(-np.abs(np.asarray(delays, dtype=float)) / self.tau))


@dataclass(frozen=True, kw_only=True)
class LearningWindows:
    """Both sides of an STDP curve: `plus` where the postsynaptic spike comes after the presynaptic one.

    Parameters
    ----------
    plus, minus : LearningWindow
        For delays above and below zero [s, pure numbers].
    """

    plus: LearningWindow
    minus: LearningWindow

    @property
    def a_plus(self) -> float:
        """Amplitude for delays above zero (pure number)."""
        return self.plus.amplitude

    @property
    def a_minus(self) -> float:
        """Amplitude for delays below zero, negative for depression (pure number)."""
        return self.minus.amplitude

    @property
    def tau_plus(self) -> float:
        """Time constant for delays above zero [s]."""
        return self.plus.tau

    @property
    def tau_minus(self) -> float:
        """Time constant for delays below zero [s]."""
        return self.minus.tau

    @property
    def is_hebbian(self) -> bool:
        """Whether pre before post makes the synapse stronger, and post before pre weaker."""
        return self.a_plus > 0 > self.a_minus

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON (SI units)."""
        return {side: dict(vars(getattr(self, side))) for side in ("plus", "minus")}

    def summary(self) -> str:
        """Two lines, times with prefixes of s."""
        return "\n".join(
            f"window {side:6} A = {window.amplitude:+.4f}, tau = {format_quantity(window.tau, 's', 3)}, r^2 = {window.r_squared:.4f}"
            for side, window in (("plus", self.plus), ("minus", self.minus))
        )


def fitted_windows(delays: Array, dx: Array, least_r_squared: float) -> LearningWindows:
    """Fit both sides of a curve.

    Parameters
    ----------
    delays : ndarray, shape (n,)
        From the presynaptic to the postsynaptic spike [s].
    dx : ndarray, shape (n,)
        Change of the state (pure number).
    least_r_squared : float
        Below it a side is not an exponential (pure number).

    Returns
    -------
    LearningWindows
        Amplitudes (pure numbers) and time constants [s].

    Raises
    ------
    ValidationError
        When a side is not an exponential window; says which and why.
    """
    sides = {
        side: _fitted(f"{side} zero", delays[chosen], dx[chosen], least_r_squared)
        for side, chosen in (("above", delays > 0), ("below", delays < 0))
    }
    return LearningWindows(plus=sides["above"], minus=sides["below"])


def _fitted(side: str, delays: Array, dx: Array, least_r_squared: float) -> LearningWindow:
    from scipy.optimize import least_squares

    def refuse(why: str) -> ValidationError:
        return ValidationError(f"the curve has no exponential window for delays {side}: {why}")

    if delays.size == 0 or np.max(np.abs(dx)) < _NOTHING:
        raise refuse(
            "the state does not change there; give delays within the pulses, and pulses whose overlap moves the device"
        )
    order = np.argsort(np.abs(delays))
    delays, dx = delays[order], dx[order]
    top = int(np.argmax(np.abs(dx)))
    peak, peak_delay = float(dx[top]), float(delays[top])
    # Closer to zero the spikes overlap each other, and the change falls off again.
    after, change = np.abs(delays[top:]), dx[top:] / peak
    if after.size < _FEWEST_POINTS:
        raise refuse(
            f"{after.size} points from its peak on are too few, at least {_FEWEST_POINTS} are needed: give more delays"
        )
    if change.min() < -_OTHER_SIGN:
        raise refuse("it changes its sign there")
    reach = float(after[-1] - after[0])

    def residual(p: Array) -> Array:
        return np.asarray(math.exp(p[0]) * np.exp(-(after - after[0]) / (reach * math.exp(p[1]))) - change)

    fit = least_squares(
        residual, [0.0, -1.0], x_scale="jac", bounds=([-5.0, -12.0], [5.0, 12.0]), xtol=1e-12, ftol=1e-12
    )
    at_peak, tau = math.exp(fit.x[0]), reach * math.exp(fit.x[1])
    if tau > 10 * reach:
        raise refuse(f"it does not decay within {format_quantity(reach, 's', 3)}: give longer delays")
    spread = change - change.mean()
    r_squared = 1.0 - float(fit.fun @ fit.fun) / float(spread @ spread)
    if r_squared < least_r_squared:
        raise refuse(f"the best exponential explains {r_squared:.3f} of it, less than {least_r_squared:g}")
    return LearningWindow(
        amplitude=peak * at_peak * math.exp(after[0] / tau),
        tau=tau,
        r_squared=r_squared,
        peak=peak,
        peak_delay=peak_delay,
    )
