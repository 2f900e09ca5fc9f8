"""What a sweep measured, over its parameters: a line, a family of lines, a map, a histogram."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.plots.figures import REFERENCE, new_figure, scaled_values
from neuromorph.quantities import format_quantity

if TYPE_CHECKING:
    from neuromorph.sweeps import SweepResult

# More values of a second parameter make a map instead of a family of lines.
_MOST_LINES = 8
# Up to this number each value of a logarithmic axis gets a tick of its own.
_MOST_TICKS = 10


def plot_sweep(result: SweepResult, measure: str, *, at: Mapping[str, float] | None = None, ax: Any = None) -> Any:
    """Draw one measure of a sweep.

    Parameters
    ----------
    result : SweepResult
        What to draw.
    measure : str
        Which measure.
    at : mapping of str to float, optional
        Parameters that are held, each in its unit; the nearest value that was run is taken.
    ax : matplotlib Axes, optional
        Where to draw; a new figure where it is left out.

    Returns
    -------
    matplotlib.figure.Figure
        Axes in SI units with prefixes.

    Raises
    ------
    ValueError
        When more than two parameters are left to draw over.
    """
    axes, values, has_samples = _held(result, result.values(measure), at or {})
    if ax is None:
        _, (ax,) = new_figure(1, size=(7.0, 4.5))
    scale, unit = scaled_values(values[np.isfinite(values)], result.units.get(measure, ""))
    values = values * scale
    label = result.labels.get(measure, measure) + (f" [{unit}]" if unit else "")
    if not axes:
        _draw_histogram(ax, values, label)
    elif len(axes) == 1:
        _draw_line(ax, result, axes[0], values, has_samples)
        ax.set_ylabel(label)
    elif len(axes) == 2:
        if has_samples:
            values = _mean(values)
        _draw_two(ax, result, axes, values, label)
    else:
        names = ", ".join(axis[0] for axis in axes)
        raise ValueError(f"a picture shows two parameters at most, left are {names}: hold some with at={{name: value}}")
    ax.set_title(result.design, loc="left", fontsize="medium")
    return ax.figure


def _held(result: SweepResult, values: Any, at: Mapping[str, float]) -> tuple[list[tuple[str, ...]], Any, bool]:
    """The axes that are left, the values over them, and whether samples are the last axis."""
    axes, left = list(result.axes), []
    for name in at:
        if not any(name in axis for axis in axes):
            choices = ", ".join(n for axis in axes for n in axis) or "none"
            raise ValueError(f"at holds {name!r}, which is not an axis of the sweep; choices: {choices}")
    index: list[Any] = []
    for axis in axes:
        held = [n for n in axis if n in at]
        if not held:
            left.append(axis)
            index.append(slice(None))
            continue
        name = held[0]
        own = result.axis(name)
        matches = own == at[name] if own.dtype == object else np.abs(own - at[name]) == np.abs(own - at[name]).min()
        if not np.any(matches):
            raise ValueError(f"at holds {name} at {at[name]!r}; its values: {', '.join(map(str, own))}")
        index.append(int(np.flatnonzero(matches)[0]))
    return left, values[tuple(index)], len(result.shape) > len(result.axes)


def _draw_histogram(ax: Any, values: Any, label: str) -> None:
    finite = values[np.isfinite(values)]
    ax.hist(finite, bins="auto" if len(finite) > 1 else 1, color=REFERENCE, alpha=0.8)
    ax.set_xlabel(label)
    ax.set_ylabel("runs")


def _draw_line(ax: Any, result: SweepResult, axis: tuple[str, ...], values: Any, has_samples: bool) -> None:
    places = _places(ax, "x", result, axis)
    if not has_samples:
        ax.plot(places, values, ".-", color=REFERENCE)
        return
    mean, spread = _mean(values), _spread(values)
    ax.fill_between(places, mean - spread, mean + spread, color=REFERENCE, alpha=0.2, linewidth=0)
    ax.plot(np.repeat(places, values.shape[-1]), values.ravel(), ".", color=REFERENCE, alpha=0.3, markersize=3)
    ax.plot(places, mean, "-", color=REFERENCE, label="mean and standard deviation")
    ax.legend(frameon=False)


def _draw_two(ax: Any, result: SweepResult, axes: list[tuple[str, ...]], values: Any, label: str) -> None:
    if values.shape[1] > _MOST_LINES < values.shape[0]:
        places, others = _places(ax, "x", result, axes[0]), _places(ax, "y", result, axes[1])
        mesh = ax.pcolormesh(places, others, values.T, shading="nearest", cmap="viridis")
        ax.figure.colorbar(mesh, ax=ax, label=label)
        return
    # The parameter with fewer values makes the family.
    family = 0 if values.shape[0] < values.shape[1] and values.shape[1] > _MOST_LINES else 1
    lines = values if family == 0 else values.T
    places = _places(ax, "x", result, axes[1 - family])
    from matplotlib import colormaps

    colors = colormaps["viridis"](np.linspace(0.0, 0.9, len(lines)))
    name = axes[family][0]
    for value, line, color in zip(result.axis(name), lines, colors, strict=True):
        shown = format_quantity(value, result.units.get(name, "")) if isinstance(value, float) else str(value)
        ax.plot(places, line, ".-", color=color, label=shown)
    ax.legend(title=name, frameon=False)
    ax.set_ylabel(label)


def _places(ax: Any, side: str, result: SweepResult, names: tuple[str, ...]) -> Any:
    """Places of a parameter's values on one side of the axes, which is labelled and scaled to suit them."""
    axis = getattr(ax, f"{side}axis")
    own = result.axis(names[0])
    if own.dtype == object:
        axis.set_ticks(range(len(own)), [str(value) for value in own])
        axis.set_label_text(names[0])
        return np.arange(len(own))
    scale, unit = scaled_values(own, result.units.get(names[0], ""))
    together = f" (with {', '.join(names[1:])})" if len(names) > 1 else ""
    axis.set_label_text(f"{names[0]}{together}" + (f" [{unit}]" if unit else ""))
    if _is_geometric(own):
        getattr(ax, f"set_{side}scale")("log")
        if len(own) <= _MOST_TICKS:
            axis.set_ticks(own * scale, [f"{value:.3g}" for value in own * scale])
            axis.set_ticks([], minor=True)
    return own * scale


def _is_geometric(values: Any) -> bool:
    """Whether neighbours have one ratio rather than one distance."""
    if len(values) < 3 or np.any(values <= 0):
        return False
    ratios, steps = np.diff(np.log(values)), np.diff(values)
    if not ratios.all():
        return False
    return bool(np.std(ratios) / abs(np.mean(ratios)) < min(0.2, 0.5 * np.std(steps) / abs(np.mean(steps))))


def _mean(values: Any) -> Any:
    return _over_samples(values, np.mean)


def _spread(values: Any) -> Any:
    return _over_samples(values, np.std)


def _over_samples(values: Any, function: Any) -> Any:
    """Over the runs that gave a number; not-a-number where none did."""
    rows = values.reshape(-1, values.shape[-1])
    found = [function(row[np.isfinite(row)]) if np.any(np.isfinite(row)) else np.nan for row in rows]
    return np.array(found).reshape(values.shape[:-1])
