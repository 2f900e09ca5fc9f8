"""The runs of the study, in parallel, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, as_completed
from functools import partial
from typing import Any

from neuromorph.progress import Progress, silent
from neuromorph.quantities import format_quantity
from neuromorph.reproduce.alif import figures
from neuromorph.reproduce.alif.budget import CASES, budget_of, budget_text
from neuromorph.reproduce.alif.claims import claims_of
from neuromorph.reproduce.alif.extras import CURRENTS, counts_at, state_after_rest
from neuromorph.reproduce.alif.reading import HARD, IDEAL, damping
from neuromorph.reproduce.alif.reference import HARDWARE
from neuromorph.reproduce.alif.variants import ROADS, VARIANTS, Run, Variant, run_variant
from neuromorph.reproduce.reproduction import Reproduction
from neuromorph.sweeps.workers import WorkerPool

TITLE = (
    "K. Bednarz and B. Garda, Memristor-based adaptive leaky integrate-and-fire neuron model: a simulation study (2024)"
)
_DRAWN = {(IDEAL, "ode"), (HARD, "spice")}


def reproduce(*, progress: Progress = silent, workers: int | None = None) -> Reproduction:
    """Run the ideal and the hardware neuron on both roads, and judge what the paper says.

    Parameters
    ----------
    progress : Progress
        Told how many runs are done.
    workers : int, optional
        Number of processes; as many as there are processors where it is left out.

    Returns
    -------
    Reproduction
        Claims, a row for every variant and road, the budget of delays (SI units), figures.

    Raises
    ------
    SimulationError
        When a run failed.
    """
    done = _in_parallel(_tasks(), workers, progress)
    runs: dict[tuple[Variant, str], Run] = {(v, road): done["run", v, road] for v in VARIANTS for road in ROADS}
    budget = [row for case in CASES for row in done["budget", *case]]
    counts = [done["counts", current] for current in CURRENTS]
    return Reproduction(
        paper="alif",
        title=TITLE,
        claims=claims_of(runs, done["rest",], counts, budget),
        variants=[runs[variant, road].row() for road in ROADS for variant in VARIANTS],
        tables={
            "budget": budget,
            "f_i": [
                {"current": current, "spikes_first": first, "spikes_steady": steady}
                for current, (first, steady) in zip(CURRENTS, counts, strict=True)
            ],
        },
        notes=f"{variants_text(runs)}\n\n{budget_text(budget)}",
        figures={
            "figure_5": partial(figures.draw_figure_5, runs[IDEAL, "ode"]),
            "figure_6": partial(figures.draw_figure_6, runs[HARD, "spice"], runs[IDEAL, "ode"]),
            "damping": partial(figures.draw_damping, runs),
            "budget": partial(figures.draw_budget, budget),
        },
    )


def variants_text(runs: dict[tuple[Variant, str], Run]) -> str:
    """The hardware variants as a table.

    Parameters
    ----------
    runs : dict from (Variant, road) to Run
        Every variant on both roads.

    Returns
    -------
    str
        Counts, intervals [us], adaptation ratios and what is lost of them, with the reference's in brackets.
    """
    lines = [
        "Hardware against the ideal neuron (SPICE; in brackets the reference)",
        "",
        f"{'':28}{'spikes':>12}{'first ISI':>20}{'steady ISI':>20}{'adaptation':>16}{'lost':>16}",
    ]
    for variant in VARIANTS:
        s, known = runs[variant, "spice"].statistics, HARDWARE.get(variant)
        cells = [
            f"{s.spike_count}",
            format_quantity(s.isi_first, "s"),
            format_quantity(s.isi_steady, "s"),
            f"{s.adaptation_ratio:.3f}",
            "" if variant.fidelity == "ideal" else f"{100 * damping(runs, variant):.1f} %",
        ]
        if known:
            told = (
                f"{known.spikes}",
                f"{known.isi_first * 1e6:.4g}",
                f"{known.isi_steady * 1e6:.4g}",
                f"{known.ratio:.2f}",
                f"{100 * known.damping:.1f}",
            )
            cells = [f"{cell} ({other})" for cell, other in zip(cells, told, strict=True)]
        lines.append(f"{variant.label:28}{cells[0]:>12}{cells[1]:>20}{cells[2]:>20}{cells[3]:>16}{cells[4]:>16}")
    return "\n".join(lines)


def _tasks() -> dict[tuple[Any, ...], Callable[[], Any]]:
    """Everything to be run: first what compiles each system once, then the longest runs."""

    def run(variant: Variant, road: str) -> tuple[tuple[Any, ...], Callable[[], Any]]:
        return ("run", variant, road), partial(run_variant, variant, road, (variant, road) in _DRAWN)

    longest_first = sorted(VARIANTS, key=lambda v: (v.fidelity == "ideal", v.capacitance))
    tasks: list[tuple[tuple[Any, ...], Callable[[], Any]]] = [run(HARD, "ode"), (("rest",), state_after_rest)]
    tasks += [(("counts", current), partial(counts_at, current)) for current in CURRENTS]
    tasks += [(("budget", *case), partial(budget_of, *case)) for case in CASES[:1]]
    tasks += [run(variant, "spice") for variant in longest_first]
    tasks += [(("budget", *case), partial(budget_of, *case)) for case in CASES[1:]]
    tasks += [run(variant, "ode") for variant in longest_first if variant != HARD]
    return dict(tasks)


def _in_parallel(
    tasks: dict[tuple[Any, ...], Callable[[], Any]], workers: int | None, progress: Progress
) -> dict[Any, Any]:
    pool = WorkerPool(workers)
    try:
        futures: dict[Future[Any], tuple[Any, ...]] = {pool.submit(task): name for name, task in tasks.items()}
        done = {}
        for future in as_completed(futures):
            done[futures[future]] = future.result()
            progress(len(done) / len(tasks), "alif")
    except BaseException:
        pool.stop()
        raise
    pool.shutdown()
    return done
