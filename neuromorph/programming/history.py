"""What was done to an array: steps in order, what each of them changed."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from neuromorph.programming.transformation import Transformation

if TYPE_CHECKING:
    from neuromorph.programming.programmed_array import ProgrammedArray


@dataclass(frozen=True, kw_only=True)
class Step:
    """A transformation with its place in a history.

    Parameters
    ----------
    name : str
        Unique in the history.
    transformation : Transformation
        What happens.
    seed : int, optional
        In place of the array's.
    """

    name: str
    transformation: Transformation
    seed: int | None = None

    def generator(self, seed: int, read: int | None = None) -> np.random.Generator:
        """The step's own source of randomness, the same at every call.

        Parameters
        ----------
        seed : int
            The array's seed.
        read : int, optional
            Number of the read.

        Returns
        -------
        numpy.random.Generator
            Independent of those of steps with other names.
        """
        # The name is part of the key: two steps with one seed must not draw the same numbers.
        key = (zlib.crc32(self.name.encode()),) if read is None else (zlib.crc32(self.name.encode()), read)
        return np.random.default_rng(
            np.random.SeedSequence(self.seed if self.seed is not None else seed, spawn_key=key)
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class StepEffect:
    """One step of a history and what it changed: the data of a picture.

    Parameters
    ----------
    step : Step
        Name, transformation, seed.
    before, after : ndarray, shape (m, lines)
        Conductances before and after [S]; of a step that acts at every read, those of the first read.
    stuck : array of bool, shape (m, lines)
        Devices that are stuck after it.
    line_gains : ndarray, shape (lines,)
        Factors on the bit lines after it (pure numbers).
    output_gains : ndarray, shape (n,)
        Factors on the outputs after it (pure numbers).
    window : float
        Width of the mapping's window [S].
    """

    step: Step
    before: np.ndarray
    after: np.ndarray
    stuck: np.ndarray
    line_gains: np.ndarray
    output_gains: np.ndarray
    window: float

    @property
    def name(self) -> str:
        """Name of the step."""
        return self.step.name

    @property
    def transformation(self) -> Transformation:
        """What happened."""
        return self.step.transformation

    @property
    def difference(self) -> np.ndarray:
        """Change of each conductance, shape (m, lines) [S]."""
        return np.asarray(self.after - self.before)

    @property
    def rms_change(self) -> float:
        """Root mean square of the change as a share of the window (pure number)."""
        return float(np.sqrt(np.mean(self.difference**2))) / self.window

    @property
    def changed_devices(self) -> int:
        """How many conductances are not what they were."""
        return int(np.count_nonzero(self.difference))


class History(Sequence[StepEffect]):
    """Steps in order; a step is also found by its name. Printed, it is a table."""

    def __init__(self, effects: Sequence[StepEffect]) -> None:
        self._effects = tuple(effects)

    @classmethod
    def of(cls, arrays: Sequence[ProgrammedArray]) -> History:
        """The history of an array from all that it has been, the oldest first."""
        return cls([_effect(before, after) for before, after in pairwise(arrays)])

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the steps."""
        return tuple(effect.name for effect in self._effects)

    def rows(self) -> list[dict[str, Any]]:
        """The table as a list of rows: step, settings, seed, changed devices, RMS change as a share of the window.

        Returns
        -------
        list of dict
            One for each step.
        """
        return [
            {
                "step": effect.name,
                "settings": effect.transformation.settings(),
                "seed": effect.step.seed,
                "changed_devices": effect.changed_devices,
                "rms_change": effect.rms_change,
            }
            for effect in self._effects
        ]

    def __len__(self) -> int:
        return len(self._effects)

    def __iter__(self) -> Iterator[StepEffect]:
        return iter(self._effects)

    @overload
    def __getitem__(self, key: int | str) -> StepEffect: ...
    @overload
    def __getitem__(self, key: slice) -> Sequence[StepEffect]: ...
    def __getitem__(self, key: int | str | slice) -> StepEffect | Sequence[StepEffect]:
        if not isinstance(key, str):
            return self._effects[key]
        if key not in self.names:
            raise KeyError(f"no step is named {key!r}; steps: {', '.join(self.names) or 'none'}")
        return self._effects[self.names.index(key)]

    def __str__(self) -> str:
        if not self._effects:
            return "nothing has been done to this array"
        head = ("", "step", "changed", "RMS of window", "settings")
        lines = [
            (
                str(k + 1),
                str(row["step"]),
                str(row["changed_devices"]),
                f"{row['rms_change']:.3%}",
                str(row["settings"]) + ("" if row["seed"] is None else f" (seed {row['seed']})"),
            )
            for k, row in enumerate(self.rows())
        ]
        widths = [max(len(line[k]) for line in [head, *lines]) for k in range(len(head))]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in [head, *lines]
        )


def _effect(before: ProgrammedArray, after: ProgrammedArray) -> StepEffect:
    assert after.step is not None
    at_read = after.step.transformation.at_read
    return StepEffect(
        step=after.step,
        before=before.conductances,
        after=_at_first_read(after) if at_read else after.conductances,
        stuck=after.state.stuck,
        line_gains=after.state.line_gains,
        output_gains=after.state.output_gains,
        window=after.mapping.g_on - after.mapping.g_off,
    )


def _at_first_read(array: ProgrammedArray) -> np.ndarray:
    """What this step alone makes of the conductances at the first read, without other steps that act at reads."""
    assert array.step is not None
    return array.step.transformation.apply(array.state, array, array.step.generator(array.seed, 0)).conductances
