"""A gain for each column, set by vectors whose products are known."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.crossbars.terminations import Wires
from neuromorph.programming.input_checks import numbers
from neuromorph.programming.transformation import ArrayState, Transformation
from neuromorph.quantities import check_names, choice

if TYPE_CHECKING:
    from neuromorph.programming.programmed_array import ProgrammedArray


@dataclass(frozen=True, kw_only=True)
class GainTrim(Transformation):
    """Factors on the readings of the columns, by least squares over known vectors.

    ``gain = sum(wanted * measured) / sum(measured^2)`` over the vectors. The array is measured as it is where the trim stands in
    the history: what comes later is not compensated. Read noise is left out of the measurement, as after long averaging.

    Parameters
    ----------
    vectors : ndarray, shape (p, m), optional
        Inputs of the calibration (pure numbers); drawn evenly from -1 to 1 when left out.
    count : int
        How many are drawn.
    per : {"line", "output"}
        Whether each bit line has a gain, which makes its current that of the conductances that were meant, or each
        output, which makes it the product with the weights.
    wires : mapping of str to float
        ``r_word``, ``r_bit``, ``r_driver``, ``r_sense`` with which the array is measured [ohm]; without them the wires
        are ideal.

    Raises
    ------
    ValueError
        When a value is not accepted; once it is given to an array, when vectors or wires do not fit it.

    Notes
    -----
    It takes off what acts on a column as a factor: most of the IR drop on its bit line, a mean shift of its devices. A line that
    carries no current in any vector keeps a gain of one.
    """

    vectors: np.ndarray | None = field(default=None)
    count: int = 32
    per: str = choice("line", ("line", "output"), doc="what has a gain of its own")
    wires: Mapping[str, float] = field(default_factory=dict)

    # Arrays have no truth value to compare by.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.count, bool) or not isinstance(self.count, int | np.integer) or self.count < 1:
            raise ValueError(f"count must be a whole number of vectors, at least 1, got {self.count!r}")
        if not isinstance(self.wires, Mapping):
            raise ValueError(f'wires must be a mapping such as {{"r_word": 1.0}} in ohm, got {self.wires!r}')
        if self.vectors is not None:
            vectors = numbers("vectors", self.vectors)
            if vectors.ndim != 2 or vectors.size == 0 or not np.isfinite(vectors).all():
                raise ValueError(
                    "vectors must be finite numbers with a row for each vector and a column for each word line, got the shape "
                    f"{vectors.shape}"
                )
            vectors.setflags(write=False)
            object.__setattr__(self, "vectors", vectors)

    def check(self, array: ProgrammedArray) -> None:
        """Refuse vectors of another length than the array has word lines, and wires that there are not."""
        check_names("the wiring of an array", self.wires, [field.name for field in dataclasses.fields(Wires)])
        Wires(**self.wires)
        if self.vectors is not None and self.vectors.shape[1] != array.shape[0]:
            raise ValueError(
                f"vectors need {array.shape[0]} inputs, one for each word line, got {self.vectors.shape[1]}"
            )

    def changed(self, conductances: np.ndarray, array: ProgrammedArray, rng: np.random.Generator) -> np.ndarray:
        """Conductances [S]: a trim of readings leaves them as they are."""
        return conductances

    def apply(self, state: ArrayState, array: ProgrammedArray, rng: np.random.Generator) -> ArrayState:
        """The state with new gains [conductances in S]."""
        x = self.vectors if self.vectors is not None else rng.uniform(-1.0, 1.0, (self.count, array.shape[0]))
        currents = array.currents_of(x, state.conductances, **self.wires)
        readings = currents * state.line_gains
        if self.per == "line":
            gains = _gains(array.ideal_currents(x), readings)
            return dataclasses.replace(state, line_gains=state.line_gains * gains)
        outputs = array.mapping.outputs(readings, 1.0) * state.output_gains
        gains = _gains(x @ array.weights, outputs)
        return dataclasses.replace(state, output_gains=state.output_gains * gains)


def _gains(wanted: np.ndarray, measured: np.ndarray) -> np.ndarray:
    power: Any = np.sum(measured**2, axis=0)
    products = np.sum(wanted * measured, axis=0)
    return np.asarray(np.divide(products, power, out=np.ones(power.shape), where=power > 0.0))
