"""Weights to conductances and back: differential pairs or a reference column, levels, clipping."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.programming.input_checks import numbers
from neuromorph.quantities import Parameters, choice, format_quantity, parameter

if TYPE_CHECKING:
    from neuromorph.programming.programmed_array import ProgrammedArray


@dataclass(frozen=True, kw_only=True)
class WeightMapping(Parameters):
    """How a matrix of weights is stored in the conductances of a crossbar.

    Weights have the shape (m, n) of the crossbar: `m` inputs on word lines, `n` outputs, so that the product is
    ``x @ weights``. Matrices of the other convention, (outputs, inputs), are transposed first. Each weight may be
    negative; a conductance may not, so an output is a difference of two currents.

    ``scheme="differential"``: output j is the current of bit line 2 j less that of bit line 2 j + 1, in (m, 2 n) devices. With
    ``pair="one-sided"`` one device of a pair is at the low end of the window, with ``"balanced"`` both lie symmetrically around
    its middle.

    ``scheme="offset"``: output j is the current of bit line j less that of the last bit line, whose devices all have the
    conductance that stands for zero: (m, n + 1) devices.

    Parameters
    ----------
    r_on, r_off : float
        Lowest and highest resistance that is used [ohm]. The default values are those of :class:`neuromorph.MMS`.
    levels : int, optional
        Number of conductances that can be written; any within the window when left out.
    spacing : {"conductance", "resistance"}
        In which of the two the levels are equally far apart.
    scheme : {"differential", "offset"}
        What is subtracted from what.
    pair : {"one-sided", "balanced"}
        How a weight is divided between the devices of a differential pair.
    w_max : float, optional
        Weight that uses the window up to its end (pure number); by default the largest one of the matrix, or its quantile.
    clipping : {"none", "absolute", "quantile"}
        What becomes of larger weights: refused, set to `w_max`, or set to the given quantile of the magnitudes.
    quantile : float
        Which quantile (pure number from 0 to 1).

    Raises
    ------
    ValueError
        When a value is not accepted, or two contradict each other.

    Notes
    -----
    Every conductance goes to the nearest level in conductance, whatever the spacing. Zero is a level in a one-sided pair and in
    the reference column, so a zero weight has no error of quantisation there.

    Examples
    --------
    >>> mapping = WeightMapping(r_on=500.0, r_off=1500.0)
    >>> mapping.conductances([[1.0, -0.5]]).round(7).tolist()
    [[0.002, 0.0006667, 0.0006667, 0.0013333]]
    """

    r_on: float = parameter(500.0, unit="ohm", positive=True, doc="lowest resistance that is used")
    r_off: float = parameter(1500.0, unit="ohm", positive=True, doc="highest resistance that is used")
    levels: int | None = None
    spacing: str = choice("conductance", ("conductance", "resistance"), doc="in which the levels are equally far apart")
    scheme: str = choice("differential", ("differential", "offset"), doc="what is subtracted from what")
    pair: str = choice("one-sided", ("one-sided", "balanced"), doc="how a weight is divided between two devices")
    w_max: float | None = parameter(None, unit="", positive=True, optional=True, doc="weight that fills the window")
    clipping: str = choice("none", ("none", "absolute", "quantile"), doc="what becomes of larger weights")
    quantile: float = parameter(0.995, unit="", low=0.0, high=1.0, doc="quantile of the magnitudes that is kept")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.r_on >= self.r_off:
            raise ValueError(f"r_on must be below r_off, got {self.r_on:g} ohm and {self.r_off:g} ohm")
        if self.levels is not None:
            least = 2 if self.scheme == "differential" else 3
            if isinstance(self.levels, bool) or not isinstance(self.levels, int | np.integer) or self.levels < least:
                raise ValueError(
                    f"levels must be a whole number of at least {least} with the {self.scheme} scheme, or None for a "
                    f"continuous window, got {self.levels!r}"
                )
        if self.clipping == "absolute" and self.w_max is None:
            raise ValueError('clipping="absolute" needs w_max, the magnitude at which weights are clipped')
        if self.clipping == "quantile" and self.w_max is not None:
            raise ValueError('with clipping="quantile", w_max follows from the weights: leave it out')

    @property
    def g_on(self) -> float:
        """Highest conductance that is used [S]."""
        return 1.0 / self.r_on

    @property
    def g_off(self) -> float:
        """Lowest conductance that is used [S]."""
        return 1.0 / self.r_off

    @property
    def level_conductances(self) -> np.ndarray | None:
        """Conductances that can be written, rising, shape (levels,) [S]; None where the window is continuous.

        Returns
        -------
        ndarray or None
            Conductances [S].
        """
        if self.levels is None:
            return None
        if self.spacing == "conductance":
            return np.linspace(self.g_off, self.g_on, self.levels)
        return 1.0 / np.linspace(self.r_off, self.r_on, self.levels)

    @property
    def g_zero(self) -> float:
        """Conductance of the reference column, or of both devices of a pair that stores zero [S]."""
        if self.scheme == "differential" and self.pair == "one-sided":
            return self.g_off
        return float(self._to_levels(np.array(0.5 * (self.g_on + self.g_off))))

    @property
    def conductance_per_weight(self) -> float:
        """Difference of two conductances that stands for a weight of one [S]; needs `w_max`."""
        if self.w_max is None:
            raise ValueError("w_max is not known yet: give it, or take the mapping that fitted(weights) returns")
        if self.scheme == "differential":
            return (self.g_on - self.g_off) / self.w_max
        return min(self.g_on - self.g_zero, self.g_zero - self.g_off) / self.w_max

    def fitted(self, weights: Any) -> WeightMapping:
        """This mapping with `w_max` known, where it follows from the weights.

        Parameters
        ----------
        weights : ndarray, shape (m, n)
            Weights (pure numbers).

        Returns
        -------
        WeightMapping
            Itself when `w_max` was given.

        Raises
        ------
        ValueError
            When the weights are not a matrix of finite numbers, or when all that count are zero.
        """
        if self.w_max is not None:
            return self
        sizes = np.abs(_matrix("weights", weights))
        clipped = self.clipping == "quantile"
        w_max = float(np.quantile(sizes, self.quantile)) if clipped else float(sizes.max())
        if w_max == 0.0:
            which = f"the {self.quantile:g} quantile of the weights' magnitudes is" if clipped else "all weights are"
            raise ValueError(f"{which} zero, so no weight fills the window; give w_max")
        return type(self)(
            **{**self._own_values(), "w_max": w_max, "clipping": "absolute" if clipped else self.clipping}
        )

    def conductances(self, weights: Any) -> np.ndarray:
        """Conductances that store the weights.

        Parameters
        ----------
        weights : ndarray, shape (m, n)
            Weights (pure numbers).

        Returns
        -------
        ndarray, shape (m, 2 n) or (m, n + 1)
            Conductances within the window, on levels where there are any [S].

        Raises
        ------
        ValueError
            When the weights are not a matrix of finite numbers, or some are larger than `w_max` and are not to be
            clipped.
        """
        w = _matrix("weights", weights)
        fitted = self.fitted(w)
        w_max = fitted.w_max
        assert w_max is not None
        if fitted.clipping == "none":
            _refuse_large(w, w_max)
        w = np.clip(w, -w_max, w_max)
        scale = fitted.conductance_per_weight
        m, n = w.shape
        if self.scheme == "offset":
            g = np.full((m, n + 1), self.g_zero)
            g[:, :n] += scale * w
        else:
            g = np.empty((m, 2 * n))
            if self.pair == "one-sided":
                g[:, 0::2] = self.g_off + scale * np.maximum(w, 0.0)
                g[:, 1::2] = self.g_off + scale * np.maximum(-w, 0.0)
            else:
                middle = 0.5 * (self.g_on + self.g_off)
                g[:, 0::2] = middle + 0.5 * scale * w
                g[:, 1::2] = middle - 0.5 * scale * w
        # The ends of the window are reached up to rounding.
        return self._to_levels(np.clip(g, self.g_off, self.g_on))

    def weights(self, conductances: Any) -> np.ndarray:
        """Weights that conductances stand for; `w_max` must be known.

        Parameters
        ----------
        conductances : ndarray, shape (m, 2 n) or (m, n + 1)
            Conductances, also outside of the window [S].

        Returns
        -------
        ndarray, shape (m, n)
            Weights (pure numbers).

        Raises
        ------
        ValueError
            When the shape does not fit the scheme, or `w_max` is not known.
        """
        return self._difference(_matrix("conductances", conductances)) / self.conductance_per_weight

    def outputs(self, currents: Any, read_voltage: float) -> np.ndarray:
        """The vector-matrix product that the currents of the bit lines stand for; `w_max` must be known.

        Parameters
        ----------
        currents : ndarray, shape (bit lines,) or (p, bit lines)
            Currents out of the bit lines [A].
        read_voltage : float
            Voltage of an input of one [V].

        Returns
        -------
        ndarray, shape (n,) or (p, n)
            Outputs (pure numbers).

        Raises
        ------
        ValueError
            When the number of lines does not fit the scheme, or `w_max` is not known.
        """
        return self._difference(numbers("currents", currents)) / (self.conductance_per_weight * read_voltage)

    def bit_lines(self, n: int) -> int:
        """How many bit lines `n` outputs need."""
        return 2 * n if self.scheme == "differential" else n + 1

    def program(self, weights: Any, seed: int = 0) -> ProgrammedArray:
        """An array whose devices have exactly the conductances that store the weights.

        Parameters
        ----------
        weights : ndarray, shape (m, n)
            Weights (pure numbers).
        seed : int
            From which the randomness of later transformations follows.

        Returns
        -------
        ProgrammedArray
            With an empty history.

        Raises
        ------
        ValueError
            As :meth:`conductances` does.
        """
        from neuromorph.programming.programmed_array import ProgrammedArray

        array = ProgrammedArray(mapping=self.fitted(weights), weights=_matrix("weights", weights), seed=seed)
        # Computed at once, so that weights outside of the window are refused here.
        array.targets  # noqa: B018
        return array

    def summary(self) -> str:
        """The mapping in one line."""
        window = f"{format_quantity(self.r_on, 'ohm')} to {format_quantity(self.r_off, 'ohm')}"
        scheme = f"{self.pair} pairs" if self.scheme == "differential" else "reference column"
        levels = "continuous" if self.levels is None else f"{self.levels} levels uniform in {self.spacing}"
        end = "their largest" if self.w_max is None else f"{self.w_max:.4g}"
        if self.clipping == "quantile":
            end = f"their {self.quantile:g} quantile"
        beyond = "refused" if self.clipping == "none" else "clipped"
        return f"{window}, {scheme}, {levels}, weights up to {end} (larger ones {beyond})"

    def _own_values(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    def _to_levels(self, g: np.ndarray) -> np.ndarray:
        levels = self.level_conductances
        if levels is None:
            return g
        return np.asarray(levels[np.searchsorted(0.5 * (levels[1:] + levels[:-1]), g)])

    def _difference(self, lines: np.ndarray) -> np.ndarray:
        count = lines.shape[-1] if lines.ndim else 0
        if self.scheme == "offset":
            if count < 2:
                raise ValueError(f"the offset scheme has at least 2 bit lines, the last one the reference; got {count}")
            return np.asarray(lines[..., :-1] - lines[..., -1:])
        if count == 0 or count % 2:
            raise ValueError(f"the differential scheme has an even number of bit lines, two an output; got {count}")
        return np.asarray(lines[..., 0::2] - lines[..., 1::2])


def _matrix(name: str, given: Any) -> np.ndarray:
    matrix = numbers(name, given)
    if matrix.ndim != 2 or matrix.size == 0:
        raise ValueError(f"{name} must be a matrix with a row for each word line, got the shape {matrix.shape}")
    if not np.isfinite(matrix).all():
        i, j = np.argwhere(~np.isfinite(matrix))[0]
        raise ValueError(f"{name} must be finite numbers, got {matrix[i, j]} in row {i}, column {j}")
    return matrix


def _refuse_large(w: np.ndarray, w_max: float) -> None:
    # A weight of w_max that went through single precision is not outside.
    outside = np.abs(w) > w_max * (1.0 + 1e-6)
    if outside.any():
        i, j = np.unravel_index(np.abs(w).argmax(), w.shape)
        raise ValueError(
            f"{outside.sum()} of {w.size} weights lie outside the window of +-{w_max:g}; the largest is {w[i, j]:g} in row {i}, "
            f'column {j}. Raise w_max, or clip them with clipping="absolute" or clipping="quantile"'
        )
