"""Figures 2 to 8 panel by panel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from neuromorph.reproduce.noise.classical import N_TRIALS, ClassicalRun
from neuromorph.reproduce.noise.classical import T_STOP as TRIAL
from neuromorph.reproduce.noise.conductance import SHOWN, ConductanceRun

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Where a spike is drawn up to: the model has none [mV].
_SPIKE_TOP = -30.0
_PROFILE = 0.3


def draw_classical(figure_number: int, runs: Sequence[ClassicalRun]) -> Figure:
    """Figure 2, 3 or 4: mean voltage, raster, and what the paper calls the firing rate.

    Parameters
    ----------
    figure_number : int
        The paper's (pure number).
    runs : sequence of ClassicalRun
        Left and right column.

    Returns
    -------
    matplotlib.figure.Figure
        Time in ms, voltages in mV, shares of the trials that spike in a step of 0.1 ms (pure numbers).
    """
    from neuromorph.plots import plot_raster
    from neuromorph.plots.figures import ACCENT, CANDIDATE, REFERENCE

    figure, axes = _panels(3, 2, (11.0, 8.5))
    for column, run in zip(axes.T, runs, strict=True):
        voltage, raster, share = column
        _draw_mean(voltage, run, REFERENCE)
        plot_raster(run.spikes, 0.0, TRIAL, raster)
        raster.set_xlabel("")
        raster.set_ylabel("trial")
        share.vlines(run.time * 1e3, 0.0, run.fraction, color=CANDIDATE, linewidth=0.7)
        share.axhline(run.rate * 1e-4, color=ACCENT, linewidth=1.0, label=f"mean after 20 ms: {run.rate:.0f} Hz")
        share.set_ylim(0.0, 1.35 * max(0.02, float(run.fraction.max())))
        share.set_ylabel("share of trials in a step")
        share.set_xlabel("time [ms]")
        share.legend(frameon=False, fontsize="small", loc="upper right")
        for ax in column:
            ax.set_xlim(0.0, TRIAL * 1e3)
    figure.suptitle(
        f"Figure {figure_number}: leaky neuron, {N_TRIALS} realisations, reading {runs[0].reading}", fontsize="medium"
    )
    return figure


def draw_figure_5(run: ConductanceRun) -> Figure:
    """Figure 5: the conductances.

    Parameters
    ----------
    run : ConductanceRun
        Any panel: all have the same arriving spikes.

    Returns
    -------
    matplotlib.figure.Figure
        Conductances [nS] over time [ms].
    """
    from neuromorph.plots.figures import CANDIDATE, REFERENCE

    figure, axes = _panels(1, 2, (11.0, 3.6))
    sides = (("excitatory", "g_exc", run.g_exc_mean, REFERENCE), ("inhibitory", "g_inh", run.g_inh_mean, CANDIDATE))
    for ax, (kind, name, mean, color) in zip(axes[0], sides, strict=True):
        inside = run.waveforms["time"] <= _PROFILE
        conductance = run.waveforms[name][inside] * 1e9
        ax.plot(run.waveforms["time"][inside] * 1e3, conductance, color=color, linewidth=0.9)
        ax.axhline(mean * 1e9, color="0.5", linewidth=0.8, linestyle=":", label=f"mean {mean * 1e9:.2f} nS")
        ax.set_ylim(0.0, 1.15 * float(conductance.max()))
        ax.set_xlim(0.0, _PROFILE * 1e3)
        ax.set_xlabel("time [ms]")
        ax.set_ylabel("conductance [nS]")
        ax.set_title(kind, loc="left", fontsize="medium")
        ax.legend(frameon=False, fontsize="small", loc="upper right")
    figure.suptitle("Figure 5: synaptic conductances", fontsize="medium")
    return figure


def draw_conductance(figure_number: int, runs: Sequence[ConductanceRun]) -> Figure:
    """Figure 6, 7 or 8: membrane potential and free membrane potential.

    Parameters
    ----------
    figure_number : int
        The paper's (pure number).
    runs : sequence of ConductanceRun
        Left and right panel.

    Returns
    -------
    matplotlib.figure.Figure
        Voltages [mV] over time [ms].
    """
    from neuromorph.plots.figures import CANDIDATE, REFERENCE

    figure, axes = _panels(1, 2, (11.0, 4.4))
    for ax, run in zip(axes[0], runs, strict=True):
        time = run.waveforms["time"] * 1e3
        free = run.waveforms["v_free"] * 1e3
        ax.plot(time, free, color=CANDIDATE, linewidth=0.7, alpha=0.8, label="free membrane potential")
        ax.plot(time, run.waveforms["v_mem"] * 1e3, color=REFERENCE, linewidth=0.8, label="membrane potential")
        ax.axhline(-55.0, color="0.5", linewidth=0.8, linestyle=":")
        spikes = run.spikes.of(0)
        spikes = spikes[spikes <= SHOWN] * 1e3
        ax.vlines(spikes, -55.0, _SPIKE_TOP, color=REFERENCE, linewidth=0.8)
        ax.set_xlim(0.0, SHOWN * 1e3)
        low = 1e3 * min(float(run.waveforms["v_free"].min()), float(run.waveforms["v_mem"].min()))
        high = max(_SPIKE_TOP, float(free.max()))
        ax.set_ylim(low - 0.05 * (high - low), high + 0.3 * (high - low))
        ax.set_xlabel("time [ms]")
        ax.set_ylabel("voltage [mV]")
        ax.set_title(_conductance_title(run), loc="left", fontsize="small")
        ax.legend(frameon=False, fontsize="small", loc="upper right", ncols=2)
    figure.suptitle(
        f"Figure {figure_number}: neuron with synaptic conductances, reading {runs[0].reading}", fontsize="medium"
    )
    return figure


def figures_of(
    classical: Mapping[tuple[str, str], ClassicalRun], conductance: Mapping[str, ConductanceRun]
) -> dict[str, Any]:
    """Functions that draw every figure, by name.

    Parameters
    ----------
    classical : mapping from (panel, reading) to ClassicalRun
        Of figures 2 to 4 (SI units).
    conductance : mapping from panel to ConductanceRun
        Of figures 6 to 8 (SI units).

    Returns
    -------
    dict
        ``figure_2`` to ``figure_8``.
    """
    from functools import partial

    drawn: dict[str, Any] = {}
    for number in (2, 3, 4):
        columns = [classical[f"{number} {side}", "R*"] for side in ("left", "right")]
        drawn[f"figure_{number}"] = partial(draw_classical, number, columns)
    drawn["figure_5"] = partial(draw_figure_5, conductance["6 left"])
    for number in (6, 7, 8):
        panels = [conductance[f"{number} {side}"] for side in ("left", "right")]
        drawn[f"figure_{number}"] = partial(draw_conductance, number, panels)
    return drawn


def _draw_mean(ax: Axes, run: ClassicalRun, color: str) -> None:
    mean, sd = run.v_mean * 1e3, run.v_sd * 1e3
    if sd.max() < 50.0:
        ax.fill_between(run.time * 1e3, mean - sd, mean + sd, color=color, alpha=0.2, linewidth=0)
    ax.plot(run.time * 1e3, mean, color=color, linewidth=0.9)
    ax.axhline(-50.0, color="0.5", linewidth=0.8, linestyle=":")
    if mean.min() < -100.0:
        # One trial with a heavy tail would hide all the rest.
        ax.set_ylim(-120.0, -40.0)
        lowest = int(mean.argmin())
        told = f"lowest: {mean[lowest]:.0f} mV at {run.time[lowest] * 1e3:.1f} ms"
        ax.text(0.98, 0.05, told, transform=ax.transAxes, ha="right", fontsize="small")
    ax.set_ylabel("mean V [mV]")
    case = run.case
    noise = (
        f" + {case.additive:g} xi"
        if case.additive
        else f" + {case.multiplicative:g} V xi"
        if case.multiplicative
        else ""
    )
    ax.set_title(f"I = {case.i_mean:g}{noise}, t_ref = {_refractory(case)}", loc="left", fontsize="medium")


def _conductance_title(run: ConductanceRun) -> str:
    case = run.case
    noise = (
        f" + {case.additive:g} xi"
        if case.additive
        else f" + {case.multiplicative:g} V xi"
        if case.multiplicative
        else ""
    )
    return (
        f"I = {case.i_mean:g}{noise}, t_ref = {_refractory(case)}, g_L = {case.g_leak * 1e9:g} nS\n{run.rate:.1f} Hz, "
        f"{100 * run.burst_share:.0f} % of ISIs < 3 ms"
    )


def _refractory(case: Any) -> str:
    mean, sd = case.t_refractory * 1e3, case.t_refractory_sd * 1e3
    return f"{mean:g} ms" if sd == 0 else f"max(0, {mean:g} + {sd:g} xi) ms"


def _panels(rows: int, columns: int, size: tuple[float, float]) -> tuple[Figure, Any]:
    from matplotlib.figure import Figure

    from neuromorph.plots.figures import style

    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    for ax in axes.ravel():
        style(ax)
    return figure, axes
