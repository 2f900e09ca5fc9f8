"""How figures are made and written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from neuromorph.files import atomic_path
from neuromorph.quantities import format_quantity

# Distinguishable for all, in print and on a screen (Okabe and Ito).
REFERENCE, CANDIDATE, ACCENT = "#0072B2", "#D55E00", "#009E73"

_LABELS = {
    "v_mem": "membrane voltage",
    "v_c": "capacitor voltage",
    "x": "memristor state",
    "i_in": "input current",
    "p_in": "input power",
}


def new_figure(n_rows: int, height_ratios: list[float] | None = None, size: tuple[float, float] = (9.0, 7.0)) -> Any:
    """A figure with a column of axes, off screen and outside pyplot's registry.

    Parameters
    ----------
    n_rows : int
        Number of axes.
    height_ratios : list of float, optional
        Relative heights (pure numbers).
    size : tuple of float
        Width and height [inch].

    Returns
    -------
    figure, axes
        Axes as an array, shape (n_rows,).
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(n_rows, 1, squeeze=False, gridspec_kw={"height_ratios": height_ratios})[:, 0]
    for ax in axes:
        style(ax)
    return figure, axes


def style(ax: Any) -> Any:
    """The house style of an Axes."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(visible=True, alpha=0.25, linewidth=0.6)
    return ax


def label_of(name: str, unit: str) -> str:
    """Axis label of a signal, with its unit."""
    text = _LABELS.get(name, name)
    return f"{text} [{unit}]" if unit else text


def scaled_time(t_stop: float) -> tuple[float, str]:
    """Factor from s to the unit that suits a duration [s], and that unit."""
    unit = format_quantity(t_stop, "s").split()[1]
    return {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9, "ps": 1e12}.get(unit, 1.0), unit


def scaled_values(values: Any, unit: str) -> tuple[float, str]:
    """Factor from a unit to the one with the prefix that suits the values, and that unit."""
    import numpy as np

    largest = float(np.max(np.abs(values))) if len(values) else 0.0
    if not unit or largest == 0.0:
        return 1.0, unit
    prefixed = format_quantity(largest, unit).split()[1]
    # 0.4 V reads better than 400 mV: a prefix is worth it below a tenth.
    if 0.1 <= largest < 1e3:
        return 1.0, unit
    prefix = prefixed.removesuffix(unit)
    exponent = {"f": 15, "p": 12, "n": 9, "u": 6, "m": 3, "k": -3, "M": -6, "G": -9, "T": -12}.get(prefix, 0)
    return 10.0**exponent, prefixed


def save_figure(figure: Any, path: str | Path) -> None:
    """Write a figure, complete or not at all.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What to write.
    path : str or Path
        Where; its ending names the format (png at 150 dots per inch, pdf, svg).

    Raises
    ------
    ValueError
        When the ending names no format that matplotlib writes.
    """
    path = Path(path)
    formats = figure.canvas.get_supported_filetypes()
    ending = path.suffix.lower().removeprefix(".")
    if ending not in formats:
        raise ValueError(f"cannot write a picture as {path.name!r}: give an ending out of {', '.join(sorted(formats))}")
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=150, format=ending)


def finished_figure(figure: Any, path: str | Path | None) -> Any:
    """A figure as ``plot(path)`` of a result returns it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What was drawn.
    path : str or Path or None
        Where to write it too, as :func:`save_figure` does.

    Returns
    -------
    matplotlib.figure.Figure
        The same figure.

    Raises
    ------
    ValueError
        When the ending names no format that matplotlib writes.
    """
    if path is not None:
        save_figure(figure, path)
    return figure
