"""From what is to be varied to the list of runs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from neuromorph.quantities import check_names
from neuromorph.sweeps.distributions import Distribution
from neuromorph.sweeps.setup import Setup

MODES = ("grid", "zip")
# A larger one was hardly meant: a task a millisecond would take hours.
_MOST_TASKS = 10_000_000


@dataclass(frozen=True)
class Plan:
    """The runs of a sweep.

    Parameters
    ----------
    axes : tuple of tuple of str
        Names of the parameters that vary along each axis; several where they vary together.
    values : dict of str to tuple
        Values of each parameter along its axis, each in its unit.
    shape : tuple of int
        Number of values along each axis, and of samples where parameters are drawn.
    tasks : tuple of dict
        Every parameter of every run by name, in the order of the flattened shape [each in its unit].
    """

    axes: tuple[tuple[str, ...], ...]
    values: dict[str, tuple[Any, ...]]
    shape: tuple[int, ...]
    tasks: tuple[dict[str, Any], ...]


def axis_values(name: str, given: Any) -> tuple[Any, ...]:
    """The values of one parameter as plain numbers or words, in its unit; ``ValueError`` when there are none."""
    if isinstance(given, str) or not hasattr(given, "__iter__"):
        raise ValueError(f"over[{name!r}] must be a sequence of values, such as [1e-9, 2e-9], got {given!r}")
    values = tuple(value.item() if isinstance(value, np.generic) else value for value in given)
    if not values:
        raise ValueError(f"over[{name!r}] has no values")
    for value in values:
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not (is_number or isinstance(value, str) or value is None):
            raise ValueError(
                f"over[{name!r}] must hold finite numbers, or words for fidelity and engine, got {value!r}"
            )
    return tuple(float(value) if isinstance(value, int) else value for value in values)


def plan_of(over: Mapping[str, Any], setup: Setup, mode: str, samples: int | None, seed: int) -> Plan:
    """The runs that a sweep asks for.

    Parameters
    ----------
    over : mapping of str to sequence or Distribution
        Values of each parameter, in its unit, or what they are drawn from.
    setup : Setup
        What is varied (SI units).
    mode : {"grid", "zip"}
        Every combination of values, or the first of each, the second of each and so on.
    samples : int or None
        How often the distributions are drawn from, at each point of the grid.
    seed : int
        Every run draws from a stream of its own that is spawned from this.

    Returns
    -------
    Plan
        Tasks in the order of the grid, the last parameter fastest.

    Raises
    ------
    ValueError
        When a name or a value cannot be used.
    """
    units = setup.units()
    check_names(f"the sweep of {_name_of(setup.design)}", over, units)
    drawn = {name: given for name, given in over.items() if isinstance(given, Distribution)}
    values = {name: axis_values(name, given) for name, given in over.items() if name not in drawn}
    if bool(drawn) != (samples is not None):
        raise ValueError(
            "give samples, the number of draws from the distributions"
            if drawn
            else f"samples={samples!r} draws from distributions, such as Normal(relative=0.05), and over has none"
        )
    if samples is not None and (isinstance(samples, bool) or not isinstance(samples, int) or samples < 1):
        raise ValueError(f"samples must be an integer of at least 1, got {samples!r}")
    axes = _axes(values, mode)
    shape = tuple(len(values[axis[0]]) for axis in axes) + ((samples,) if samples is not None else ())
    if math.prod(shape) > _MOST_TASKS:
        raise ValueError(
            f"{math.prod(shape)} runs are more than {_MOST_TASKS}: vary fewer parameters or values at once"
        )
    rows = [
        {name: value for axis, place in zip(axes, places, strict=True) for name, value in _at(values, axis, place)}
        for places in itertools.product(*(range(len(values[axis[0]])) for axis in axes))
    ]
    tasks = []
    for i, row in enumerate(rows):
        if samples is None:
            tasks.append(_in_order(over, row))
            continue
        fixed = setup.changed(row) if row else setup
        for j in range(samples):
            rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(i, j)))
            own = {name: given.draw(rng, fixed.value(name)) for name, given in drawn.items()}
            tasks.append(_in_order(over, row | own))
    return Plan(tuple(axes), values, shape, tuple(tasks))


def _axes(values: Mapping[str, tuple[Any, ...]], mode: str) -> list[tuple[str, ...]]:
    if mode not in MODES:
        raise ValueError(f"no mode {mode!r}; choices: {', '.join(MODES)}")
    if mode == "grid" or not values:
        return [(name,) for name in values]
    lengths = {name: len(own) for name, own in values.items()}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise ValueError(f"mode 'zip' takes one value of each parameter at a time, but their numbers differ: {listed}")
    return [tuple(values)]


def _at(values: Mapping[str, tuple[Any, ...]], axis: tuple[str, ...], place: int) -> list[tuple[str, Any]]:
    return [(name, values[name][place]) for name in axis]


def _in_order(over: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in over}


def _name_of(design: Any) -> str:
    return str(getattr(design, "design_name", None) or getattr(design, "name", None) or type(design).__name__)
