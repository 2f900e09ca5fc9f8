"""An array on its way from the conductances that were meant to those that are read, every step kept."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from neuromorph.crossbars import Crossbar
from neuromorph.crossbars.solving.voltages import read_only
from neuromorph.programming.history import History, Step
from neuromorph.programming.input_checks import check_seed, numbers
from neuromorph.programming.mapping import WeightMapping
from neuromorph.programming.product import VectorMatrixProduct
from neuromorph.programming.transformation import ArrayState, Transformation
from neuromorph.quantities import check_names

WIRES = ("r_word", "r_bit", "r_driver", "r_sense")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ProgrammedArray:
    """A crossbar that stores weights, and what happened to its conductances.

    Made by :meth:`neuromorph.WeightMapping.program`. An array never changes: :meth:`after` returns a new one, and :meth:`undo` the
    one before. Conductances are computed when they are asked for and kept.

    Parameters
    ----------
    mapping : WeightMapping
        How weights are stored, with its `w_max` known.
    weights : ndarray, shape (m, n)
        Weights that were meant (pure numbers).
    seed : int
        From which the randomness of each step follows, together with the step's name: leaving one step out does not
        change what is drawn in the others.
    previous : ProgrammedArray, optional
        The array before the last step.
    step : Step, optional
        The last step.

    Examples
    --------
    >>> from neuromorph.programming import StuckDevices, WeightMapping, WriteNoise
    >>> array = WeightMapping().program([[1.0, -0.5], [0.25, 0.0]], seed=7)
    >>> worn = array.after(WriteNoise(of_window=0.02), StuckDevices(p_off=0.1))
    >>> [step.name for step in worn.history]
    ['write noise', 'stuck devices']
    >>> bool((worn.undo().undo().conductances == array.conductances).all())
    True
    """

    mapping: WeightMapping
    weights: np.ndarray
    seed: int = 0
    previous: ProgrammedArray | None = None
    step: Step | None = None

    def __post_init__(self) -> None:
        check_seed(self.seed)
        self.weights.setflags(write=False)

    def __repr__(self) -> str:
        m, lines = self.shape
        names = ", ".join(step.name for step in self._steps()) or "nothing"
        return f"ProgrammedArray({m} x {lines} devices, {self.weights.shape[1]} outputs, after {names})"

    @property
    def shape(self) -> tuple[int, int]:
        """Word lines and bit lines."""
        return self.weights.shape[0], self.mapping.bit_lines(self.weights.shape[1])

    @cached_property
    def targets(self) -> np.ndarray:
        """Conductances that store the weights, before any step, shape (m, lines) [S]."""
        if self.previous is not None:
            return self.previous.targets
        return read_only(self.mapping.conductances(self.weights))

    @cached_property
    def state(self) -> ArrayState:
        """The array after its last step, between reads [conductances in S]."""
        if self.previous is None or self.step is None:
            return ArrayState(
                conductances=self.targets,
                stuck=np.zeros(self.shape, dtype=bool),
                line_gains=np.ones(self.shape[1]),
                output_gains=np.ones(self.weights.shape[1]),
            )
        before = self.previous.state
        if self.step.transformation.at_read:
            return before
        return _frozen(self.step.transformation.apply(before, self.previous, self.step.generator(self.seed)))

    @property
    def conductances(self) -> np.ndarray:
        """Conductances between reads, that is without read noise, shape (m, lines) [S].

        Returns
        -------
        ndarray
            Conductances [S], read-only.
        """
        return self.state.conductances

    def read_conductances(self, read: int = 0) -> np.ndarray:
        """Conductances during a read: those between reads, with the steps that act at every read after all others.

        Parameters
        ----------
        read : int
            Number of the read; the same number gives the same noise.

        Returns
        -------
        ndarray, shape (m, lines)
            Conductances [S].

        Raises
        ------
        ValueError
            When the number is negative.
        """
        _check_read("read", read)
        state = self.state
        for step in self._steps():
            if step.transformation.at_read:
                state = step.transformation.apply(state, self, step.generator(self.seed, int(read)))
        return state.conductances

    @property
    def _is_noisy(self) -> bool:
        return any(step.transformation.at_read for step in self._steps())

    def after(
        self, *transformations: Transformation, name: str | None = None, seed: int | None = None
    ) -> ProgrammedArray:
        """The array after more transformations, in this order.

        Parameters
        ----------
        *transformations : Transformation
            What happens to it.
        name : str, optional
            Name of the step, where only one transformation is given; by default that of the transformation, with a
            number where there is one of this name already.
        seed : int, optional
            Seed of these steps in place of the array's.

        Returns
        -------
        ProgrammedArray
            A new array; this one stays what it is.

        Raises
        ------
        ValueError
            When something else than a transformation is given, one that does not fit the array, or the name is taken.
        """
        if seed is not None:
            check_seed(seed)
        if name is not None and len(transformations) != 1:
            raise ValueError(f"a name is for one transformation, got {len(transformations)}")
        array = self
        for transformation in transformations:
            if not isinstance(transformation, Transformation):
                raise ValueError(
                    f"{transformation!r} is no transformation; give objects such as WriteNoise(of_window=0.02)"
                )
            transformation.check(array)
            taken = [step.name for step in array._steps()]
            if name in taken:
                raise ValueError(f"there is a step named {name!r} already; steps: {', '.join(taken)}")
            array = dataclasses.replace(
                array,
                previous=array,
                step=Step(
                    name=name or _free_name(transformation.name, taken), transformation=transformation, seed=seed
                ),
            )
        return array

    def undo(self) -> ProgrammedArray:
        """The array before the last step.

        Raises
        ------
        ValueError
            When there is none.
        """
        if self.previous is None:
            raise ValueError("nothing has been done to this array, so there is nothing to undo")
        return self.previous

    def without(self, name: str) -> ProgrammedArray:
        """The array as it would be had one step been left out; the others draw the same random numbers.

        Parameters
        ----------
        name : str
            Name of the step.

        Returns
        -------
        ProgrammedArray
            A new array.

        Raises
        ------
        ValueError
            When there is no such step; the message lists those there are.
        """
        steps = self._steps()
        if name not in [step.name for step in steps]:
            raise ValueError(f"no step is named {name!r}; steps: {', '.join(s.name for s in steps) or 'none'}")
        if self.step is not None and self.step.name == name:
            return self.undo()
        assert self.previous is not None
        return dataclasses.replace(self, previous=self.previous.without(name))

    @cached_property
    def history(self) -> History:
        """All steps with what each changed; printed, it is a table."""
        arrays: list[ProgrammedArray] = []
        array: ProgrammedArray | None = self
        while array is not None:
            arrays.insert(0, array)
            array = array.previous
        return History.of(arrays)

    @property
    def stored_weights(self) -> np.ndarray:
        """Weights that the present conductances stand for, without wires and gains, shape (m, n) (pure numbers)."""
        return self.mapping.weights(self.conductances)

    def crossbar(self, *, read: int | None = None, **settings: Any) -> Crossbar:
        """The array with its wires.

        Parameters
        ----------
        read : int, optional
            Number of the read whose noise is included; none when left out.
        **settings
            As :class:`neuromorph.Crossbar` takes them, such as ``r_word`` [ohm].

        Returns
        -------
        Crossbar
            With the present conductances.
        """
        return Crossbar(self.conductances if read is None else self.read_conductances(read), **settings)

    def multiply(
        self, x: Any, *, read_voltage: float = 0.1, first_read: int = 0, **wires: float
    ) -> VectorMatrixProduct:
        """The product of input vectors with the stored weights.

        Every vector is a read of its own. Inputs are voltages ``read_voltage * x`` at the left ends of the word lines, outputs
        the currents at the bottom ends of the bit lines, held at 0 V.

        Parameters
        ----------
        x : ndarray, shape (m,) or (p, m)
            Inputs (pure numbers).
        read_voltage : float
            Voltage of an input of one [V]. Conductances are linear, so only the currents depend on it.
        first_read : int
            Number of the first vector's read; with read noise, other numbers mean other noise.
        **wires : float
            ``r_word``, ``r_bit``, ``r_driver``, ``r_sense`` [ohm]; 0 ohm when left out.

        Returns
        -------
        VectorMatrixProduct
            Outputs, ideal outputs, currents and errors.

        Raises
        ------
        ValueError
            When the inputs do not fit the word lines or are not finite, or a setting is not known.
        """
        vectors = numbers("inputs", x)
        _check_read("first_read", first_read)
        if vectors.ndim not in (1, 2) or vectors.shape[-1] != self.shape[0] or vectors.size == 0:
            raise ValueError(
                f"inputs must have the shape ({self.shape[0]},) or (p, {self.shape[0]}), one for each word line, got {vectors.shape}"
            )
        if not np.isfinite(vectors).all():
            raise ValueError("inputs must be finite numbers")
        if isinstance(read_voltage, bool | str) or not (np.isfinite(read_voltage) and read_voltage > 0.0):
            raise ValueError(f"read_voltage must be a positive voltage in V, got {read_voltage!r}")
        rows = np.atleast_2d(vectors)
        if self._is_noisy:
            currents = np.concatenate(
                [
                    self.currents_of(rows[k : k + 1], self.read_conductances(first_read + k), **wires)
                    for k in range(len(rows))
                ]
            )
        else:
            currents = self.currents_of(rows, self.conductances, **wires)
        currents = read_voltage * currents
        outputs = self.mapping.outputs(currents * self.state.line_gains, read_voltage) * self.state.output_gains
        shape = vectors.shape[:-1]
        return VectorMatrixProduct(
            outputs=outputs.reshape(*shape, -1),
            ideal=(rows @ self.weights).reshape(*shape, -1),
            currents=currents.reshape(*shape, -1),
        )

    def ideal_currents(self, x: np.ndarray) -> np.ndarray:
        """Currents of the bit lines at 1 V for an input of one, had the array its targets and no wires.

        Parameters
        ----------
        x : ndarray, shape (p, m)
            Inputs (pure numbers).

        Returns
        -------
        ndarray, shape (p, lines)
            Currents [A].
        """
        return np.asarray(x @ self.targets)

    def currents_of(self, x: np.ndarray, conductances: np.ndarray, **wires: float) -> np.ndarray:
        """Currents of the bit lines at 1 V for an input of one.

        Parameters
        ----------
        x : ndarray, shape (p, m)
            Inputs (pure numbers).
        conductances : ndarray, shape (m, lines)
            Conductances [S].
        **wires : float
            ``r_word``, ``r_bit``, ``r_driver``, ``r_sense`` [ohm].

        Returns
        -------
        ndarray, shape (p, lines)
            Currents [A].

        Raises
        ------
        ValueError
            When vectors do not fit the array, or a setting is not known.
        """
        check_names("the wiring of an array", wires, WIRES)
        if x.shape[-1] != conductances.shape[0]:
            raise ValueError(f"vectors need {conductances.shape[0]} inputs, one for each word line, got {x.shape[-1]}")
        if not any(wires.values()):
            return np.asarray(x @ conductances)
        resistances: dict[str, Any] = dict(wires)
        return np.asarray(Crossbar(conductances, **resistances).solve(x).output_currents)

    def summary(self) -> str:
        """Mapping and history as text."""
        m, n = self.weights.shape
        head = f"{m} x {n} weights in {m} x {self.shape[1]} devices: {self.mapping.summary()}"
        return f"{head}\n{self.history}"

    def _steps(self) -> list[Step]:
        if self.previous is None or self.step is None:
            return []
        return [*self.previous._steps(), self.step]


def _free_name(name: str, taken: list[str]) -> str:
    count = 1
    while (name if count == 1 else f"{name} {count}") in taken:
        count += 1
    return name if count == 1 else f"{name} {count}"


def _check_read(name: str, read: Any) -> None:
    if isinstance(read, bool) or not isinstance(read, int | np.integer) or read < 0:
        raise ValueError(f"{name} is the number of a read, a whole number from 0, got {read!r}")


def _frozen(state: ArrayState) -> ArrayState:
    for field in dataclasses.fields(state):
        getattr(state, field.name).setflags(write=False)
    return state
