"""Maps of crossbars: conductance, voltage, current, IR drop, with faults marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuromorph.plots.figures import ACCENT, CANDIDATE, REFERENCE, scaled_values, style

if TYPE_CHECKING:
    from neuromorph.crossbars import CrossbarSolution, HalfSelectDisturbance
    from neuromorph.programming import ProgrammedArray

# Marks of more faults than this would hide the map.
_MARKS = 2_000


def plot_map(
    values: ArrayLike,
    unit: str = "",
    ax: Any = None,
    *,
    title: str = "",
    faults: ArrayLike | None = None,
    diverging: bool = False,
    logarithmic: bool = False,
) -> Any:
    """Draw a quantity of every device of a crossbar.

    Parameters
    ----------
    values : array_like, shape (m, n)
        Word lines from top to bottom, bit lines from left to right, in `unit`; not-a-number is left white.
    unit : str
        SI unit; the prefix is chosen.
    ax : matplotlib Axes, optional
        Where to draw; a new figure where it is left out.
    title : str
        What is shown.
    faults : array_like of bool, shape (m, n), optional
        Devices that get a cross.
    diverging : bool
        Whether colours tell the sign, white at zero.
    logarithmic : bool
        Whether colours go by decades; values that are not positive are left white.

    Returns
    -------
    matplotlib Axes
        With a colour bar.

    Raises
    ------
    ValueError
        When `values` is no matrix, or `faults` has another shape.
    """
    shown = np.asarray(values, dtype=float)
    if shown.ndim != 2:
        raise ValueError(f"a map needs a value for every device, shape (m, n), got shape {shown.shape}")
    if ax is None:
        from matplotlib.figure import Figure

        ax = Figure(figsize=(5.5, 4.5), layout="constrained").subplots()
    known = shown[np.isfinite(shown)]
    factor, scaled_unit = scaled_values(known, unit)
    image = ax.imshow(
        np.where(shown > 0, shown, np.nan) * factor if logarithmic else shown * factor,
        interpolation="nearest" if shown.size < 250_000 else "antialiased",
        aspect="equal" if 0.25 <= shown.shape[0] / shown.shape[1] <= 4 else "auto",
        **_colours(known * factor, diverging, logarithmic),
    )
    bar = ax.figure.colorbar(image, ax=ax, shrink=0.85)
    bar.set_label(f"[{scaled_unit}]" if scaled_unit else "")
    ax.set_title(title, fontsize=10)
    ax.set_xlabel("bit line")
    ax.set_ylabel("word line")
    for axis, count in ((ax.xaxis, shown.shape[1]), (ax.yaxis, shown.shape[0])):
        axis.get_major_locator().set_params(integer=True)
        if count == 1:
            axis.set_ticks([0])
    if faults is not None:
        _mark(ax, np.asarray(faults, dtype=bool), shown.shape)
    return ax


def plot_crossbar(solution: CrossbarSolution, *, vector: int = 0, faults: ArrayLike | None = None) -> Any:
    """Draw a solved crossbar on one page: conductances, device voltages, device currents, IR drop.

    Parameters
    ----------
    solution : CrossbarSolution
        What to draw.
    vector : int
        Which input vector, where there are several.
    faults : array_like of bool, shape (m, n), optional
        Devices that get a cross.

    Returns
    -------
    matplotlib.figure.Figure
        Four maps [S, V, A, V].

    Raises
    ------
    ValueError
        When there is no such vector.
    """
    from matplotlib.figure import Figure

    batch = 1 if solution.single else len(solution.device_voltages)
    if not 0 <= vector < batch:
        raise ValueError(f"there is no vector {vector}: the solution has {batch}, counted from 0")
    voltages, currents, drop = (
        _of_vector(values, vector) for values in (solution.device_voltages, solution.device_currents, solution.ir_drop)
    )
    devices = solution.crossbar.devices
    if isinstance(devices, np.ndarray) or devices.is_linear:
        conductances = solution.crossbar.conductances
    else:
        conductances = devices.conductances(voltages)
    tall = conductances.shape[0] > conductances.shape[1]
    figure = Figure(figsize=(10.0, 9.0) if tall else (11.0, 8.0), layout="constrained")
    axes = figure.subplots(2, 2).ravel()
    decades = _decades(conductances)
    plot_map(conductances, "S", axes[0], title="conductance", faults=faults, logarithmic=decades > 2)
    plot_map(voltages, "V", axes[1], title="voltage across the device", diverging=_has_both_signs(voltages))
    plot_map(currents, "A", axes[2], title="current through the device", diverging=_has_both_signs(currents))
    plot_map(drop, "V", axes[3], title="IR drop: what the device lacks", diverging=_has_both_signs(drop))
    return figure


def _of_vector(values: NDArray[np.float64], vector: int) -> NDArray[np.float64]:
    return values if values.ndim == 2 else values[vector]


def _colours(known: NDArray[np.float64], diverging: bool, logarithmic: bool) -> dict[str, Any]:
    if not known.size:
        return {}
    if logarithmic:
        from matplotlib.colors import LogNorm

        positive = known[known > 0]
        return {"cmap": "viridis", "norm": LogNorm(positive.min(), positive.max())} if positive.size else {}
    if diverging:
        largest = float(np.abs(known).max()) or 1.0
        return {"cmap": "RdBu_r", "vmin": -largest, "vmax": largest}
    return {"cmap": "viridis"}


def _decades(values: NDArray[np.float64]) -> float:
    positive = values[np.isfinite(values) & (values > 0)]
    return float(np.log10(positive.max() / positive.min())) if positive.size else 0.0


def _has_both_signs(values: NDArray[np.float64]) -> bool:
    largest = np.nanmax(np.abs(values)) if np.isfinite(values).any() else 0.0
    return bool((values > 1e-9 * largest).any() and (values < -1e-9 * largest).any())


def _mark(ax: Any, faults: NDArray[np.bool_], shape: tuple[int, ...]) -> None:
    if faults.shape != shape:
        raise ValueError(f"faults must have the map's shape {shape}, got {faults.shape}")
    rows, columns = np.nonzero(faults)
    every = max(1, -(-len(rows) // _MARKS))
    size = max(9.0, min(40.0, (300.0 / max(shape)) ** 2 / 4))
    # White below, so that it is seen on every colour of the map.
    for width, colour in ((2.4, "white"), (1.0, CANDIDATE)):
        ax.scatter(columns[::every], rows[::every], marker="x", s=size, linewidths=width, color=colour)
    share = f"one in {every} of {len(rows)} faults" if every > 1 else f"{len(rows)} faults"
    ax.set_title(f"{ax.get_title()} (x: {share})", fontsize=10)


def plot_programming(array: ProgrammedArray) -> Any:
    """Draw what became of weights: the targets, what each step changed in the devices, and what is in the array now.

    Parameters
    ----------
    array : ProgrammedArray
        With its history.

    Returns
    -------
    matplotlib.figure.Figure
        Maps of conductance and of its changes [S], stuck devices marked.
    """
    from matplotlib.figure import Figure

    effects = [effect for effect in array.history if effect.changed_devices]
    panels = len(effects) + 2
    columns = min(panels, 3)
    rows = -(-panels // columns)
    figure = Figure(figsize=(4.8 * columns, 4.2 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    plot_map(array.targets, "S", axes[0], title="target")
    for ax, effect in zip(axes[1:], effects, strict=False):
        change = f"{effect.name}: {100 * effect.rms_change:.2g} % of the window, RMS"
        plot_map(effect.difference, "S", ax, title=change, diverging=True)
    stuck = array.state.stuck
    plot_map(array.conductances, "S", axes[panels - 1], title="now", faults=stuck if stuck.any() else None)
    for ax in axes[panels:]:
        ax.set_visible(False)
    return figure


def plot_half_select(disturbance: HalfSelectDisturbance) -> Any:
    """Draw how far the cells moved while one of them was written: a map, and the course over the pulses.

    Parameters
    ----------
    disturbance : HalfSelectDisturbance
        What pulses did to an array.

    Returns
    -------
    matplotlib.figure.Figure
        Shifts of the states (pure numbers), the selected cell marked.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11.0, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    shift = disturbance.states[-1] - disturbance.states[0]
    row, column = disturbance.cell
    others = shift.copy()
    others[row, column] = np.nan
    plot_map(others, "", left, title=f"shift of the other cells, {disturbance.scheme.kind}", diverging=True)
    left.plot(column, row, marker="s", markersize=6, markerfacecolor="none", color=CANDIDATE)
    style(right)
    pulses = np.arange(len(disturbance.states))
    looks = ((CANDIDATE, "o", "-"), (REFERENCE, "s", "--"), (ACCENT, "^", ":"), ("0.5", "d", "-"))
    moved = False
    for (colour, marker, line), (group, cells) in zip(looks, disturbance.groups.items(), strict=True):
        if not cells.any():
            continue
        largest = np.abs(disturbance.largest_shift(group))[1:]
        name = group.replace("_", " ")
        moved |= bool((largest > 0).any())
        label = name if (largest > 0).any() else f"{name} (no shift)"
        right.plot(
            pulses[1:], np.where(largest > 0, largest, np.nan), marker=marker, linestyle=line, color=colour, label=label
        )
    if moved:
        right.set_yscale("log")
    right.xaxis.get_major_locator().set_params(integer=True)
    right.set_xlabel("pulses")
    right.set_ylabel("largest shift of a state")
    right.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, 1.12), ncols=4, fontsize=9)
    return figure
