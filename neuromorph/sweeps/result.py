"""What a sweep gives back."""

from __future__ import annotations

import csv
import io
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.files import write_text_atomically
from neuromorph.quantities import check_names, format_quantity, pluralised


@dataclass(frozen=True)
class Failure:
    """A run that gave no result, or one that a check of the design warns of.

    Parameters
    ----------
    index : int
        Its number, counted from 0.
    parameters : mapping of str to float
        Its parameters, each in its unit.
    message : str
        What went wrong.
    """

    index: int
    parameters: Mapping[str, Any]
    message: str


@dataclass(frozen=True, kw_only=True)
class SweepResult:
    """The runs of a sweep and what was measured of each.

    Parameters
    ----------
    design : str
        Name of the design.
    axes : tuple of tuple of str
        Names of the parameters that vary along each axis of the grid; several where they vary together.
    axis_values : mapping of str to tuple
        Values of each parameter along its axis, each in its unit.
    shape : tuple of int
        Number of values along each axis; where parameters were drawn, the number of samples comes last.
    tasks : tuple of mapping
        Parameters of each run by name, in the order of the flattened grid, each in its unit.
    measures : tuple of str
        What was measured.
    units : mapping of str to str
        Unit of each parameter and measure by name.
    labels : mapping of str to str
        What each measure is, in words.
    outcomes : tuple of mapping or None
        Of each run ``values`` by measure [in the unit of each] or ``failure``; ``None`` where it was not done.
    reused : int
        Runs whose results were found in the store.
    store : Path or None
        Where results are kept.
    settings : mapping of str to object
        How it was run, for the record (SI units).
    """

    design: str
    axes: tuple[tuple[str, ...], ...]
    axis_values: Mapping[str, tuple[Any, ...]]
    shape: tuple[int, ...]
    tasks: tuple[Mapping[str, Any], ...]
    measures: tuple[str, ...]
    units: Mapping[str, str]
    labels: Mapping[str, str]
    outcomes: tuple[Mapping[str, Any] | None, ...]
    reused: int = 0
    store: Path | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.tasks)

    def __repr__(self) -> str:
        failed = f", {len(self.failures)} failed" if self.failures else ""
        size = " x ".join(map(str, self.shape))
        return f"SweepResult({self.design}, {size} {'run' if len(self) == 1 else 'runs'}{failed}: {', '.join(self.measures)})"

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The runs that failed, with what went wrong and their parameters, each in its unit."""
        return tuple(
            Failure(i, task, outcome["failure"])
            for i, (task, outcome) in enumerate(zip(self.tasks, self.outcomes, strict=True))
            if outcome is not None and "failure" in outcome
        )

    @property
    def warnings(self) -> tuple[Failure, ...]:
        """What the design's own checks said, run by run, with the parameters of each in its unit."""
        return tuple(
            Failure(i, task, message)
            for i, (task, outcome) in enumerate(zip(self.tasks, self.outcomes, strict=True))
            for message in (outcome or {}).get("warnings", ())
        )

    def values(self, measure: str | None = None) -> NDArray[np.float64]:
        """What was measured, as an array.

        Parameters
        ----------
        measure : str, optional
            Which measure; the only one where it is left out.

        Returns
        -------
        ndarray, shape of the grid
            In the measure's unit; not-a-number where a run failed or was not done.

        Raises
        ------
        ValueError
            When there is no such measure; the message lists the choices.
        """
        name = self._measure(measure)
        found = [math.nan if o is None else o.get("values", {}).get(name, math.nan) for o in self.outcomes]
        return np.array(found, dtype=np.float64).reshape(self.shape)

    def axis(self, name: str) -> NDArray[Any]:
        """The values of a parameter.

        Parameters
        ----------
        name : str
            Which parameter.

        Returns
        -------
        ndarray, shape (n_values,)
            Along its axis, or of every run where it was drawn from a distribution [in its unit].

        Raises
        ------
        ValueError
            When it was not varied; the message lists the choices.
        """
        check_names("the sweep", [name], list(self.tasks[0]))
        values = self.axis_values.get(name) or tuple(task[name] for task in self.tasks)
        return np.array(values) if all(isinstance(v, float) for v in values) else np.array(values, dtype=object)

    def table(self) -> list[dict[str, Any]]:
        """One row for each run.

        Returns
        -------
        list of dict
            Parameters and measures by name, each in its unit, and ``failure``, which is ``None`` for most.
        """
        rows = []
        for task, outcome in zip(self.tasks, self.outcomes, strict=True):
            values = (outcome or {}).get("values", {})
            failure = "not done" if outcome is None else outcome.get("failure")
            rows.append({**task, **{m: values.get(m, math.nan) for m in self.measures}, "failure": failure})
        return rows

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON (each number in its unit); ``None`` where there is none."""
        return {
            "design": self.design,
            "settings": dict(self.settings),
            "axes": [list(axis) for axis in self.axes],
            "shape": list(self.shape),
            "parameters": {
                name: {"unit": self.units.get(name, ""), "values": list(self.axis_values.get(name, ())) or None}
                for name in self.tasks[0]
            },
            "measures": {
                name: {"unit": self.units.get(name, ""), "label": self.labels.get(name, name)} for name in self.measures
            },
            "rows": [{name: _finite(value) for name, value in row.items()} for row in self.table()],
            "failures": len(self.failures),
            "warnings": [{"run": warning.index, "message": warning.message} for warning in self.warnings],
            "reused": self.reused,
        }

    def to_json(self, path: str | os.PathLike[str]) -> Path:
        """Write everything as JSON, whole or not at all.

        Parameters
        ----------
        path : path-like
            File to make or to replace.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        OSError
            When it cannot be written.
        """
        write_text_atomically(path, json.dumps(self.to_dict(), indent=2, allow_nan=False) + "\n")
        return Path(path)

    def to_csv(self, path: str | os.PathLike[str]) -> Path:
        """Write the table, whole or not at all; a column is named ``name [unit]``.

        Parameters
        ----------
        path : path-like
            File to make or to replace.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        OSError
            When it cannot be written.
        """
        rows = self.table()
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([self._heading(name) for name in rows[0]])
        for row in rows:
            shown = [_finite(value) for value in row.values()]
            writer.writerow(["" if value is None else value for value in shown])
        write_text_atomically(path, text.getvalue())
        return Path(path)

    def summary(self, most: int = 24) -> str:
        """The table as text (SI units with prefixes).

        Parameters
        ----------
        most : int
            Rows to show.

        Returns
        -------
        str
            Several lines; failures last.
        """
        names = [*self.tasks[0], *self.measures]
        rows = [[self._shown(name, row[name]) for name in names] for row in self.table()[:most]]
        widths = [max(len(name), *(len(row[i]) for row in rows)) for i, name in enumerate(names)]
        lines = ["  ".join(name.rjust(width) for name, width in zip(names, widths, strict=True))]
        lines += ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
        if len(self) > most:
            lines.append(f"... and {len(self) - most} more")
        if self.failures:
            lines.append(f"{pluralised(len(self.failures), 'run')} failed, the first at {self._told(self.failures[0])}")
        if self.warnings:
            runs = len({warning.index for warning in self.warnings})
            lines.append(f"{pluralised(runs, 'run')} with a warning, the first at {self._told(self.warnings[0])}")
        return "\n".join(lines)

    def plot(
        self, path: str | Path | None = None, measure: str | None = None, *, at: Mapping[str, float] | None = None
    ) -> Any:
        """Draw one measure: a line over one parameter, a family of lines or a map over two, a histogram of samples.

        Parameters
        ----------
        path : str or Path, optional
            Picture to write; its ending names the format.
        measure : str, optional
            Which measure; the first where it is left out.
        at : mapping of str to float, optional
            Parameters that are held, where more than two were varied, each in its unit.

        Returns
        -------
        matplotlib.figure.Figure
            Axes in SI units with prefixes.

        Raises
        ------
        ValueError
            When more than two parameters are left to draw over.
        """
        from neuromorph.plots import finished_figure, plot_sweep

        return finished_figure(plot_sweep(self, measure or self.measures[0], at=at or {}), path)

    def _measure(self, name: str | None) -> str:
        if name is None:
            if len(self.measures) > 1:
                raise ValueError(f"say which measure: {', '.join(self.measures)}")
            return self.measures[0]
        if name not in self.measures:
            raise ValueError(f"the sweep has no measure {name!r}; choices: {', '.join(self.measures)}")
        return name

    def _told(self, said: Failure) -> str:
        where = ", ".join(f"{name} = {self._shown(name, value)}" for name, value in said.parameters.items())
        return f"{where}: {said.message}"

    def _heading(self, name: str) -> str:
        unit = self.units.get(name, "")
        return f"{name} [{unit}]" if unit else name

    def _shown(self, name: str, value: Any) -> str:
        if not isinstance(value, float):
            return str(value)
        return format_quantity(value, self.units.get(name, "")) if math.isfinite(value) else "-"


def expanded_measures(asked: Sequence[str], outcomes: Sequence[Mapping[str, Any] | None]) -> tuple[str, ...]:
    """The measures by name, one that gave several numbers replaced by ``measure.name`` of each."""
    found = list(dict.fromkeys(name for o in outcomes if o is not None for name in o.get("values", {})))
    return tuple(n for name in asked for n in ([f for f in found if f.startswith(f"{name}.")] or [name]))


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
