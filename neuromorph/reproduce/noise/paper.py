"""The runs of the study, in parallel, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from functools import partial
from typing import Any

from neuromorph.progress import Progress, silent
from neuromorph.reproduce.noise import classical, conductance
from neuromorph.reproduce.noise.claims import classical_claims
from neuromorph.reproduce.noise.conductance_claims import conductance_claims
from neuromorph.reproduce.noise.figures import figures_of
from neuromorph.reproduce.noise.readings import READINGS
from neuromorph.reproduce.reproduction import Reproduction
from neuromorph.sweeps.workers import WorkerPool

TITLE = (
    "T. K. T. Thieu and R. Melnik, Effects of noise on leaky integrate-and-fire neuron models for neuromorphic computing "
    "applications"
)
_CONDUCTANCE = "W"
# Readings of the second part that decide nothing, on fewer paths.
_OTHERS, _FEWER = ("R*", "pA", "nA", "mV"), 10
_PRINTED = [panel for panel in conductance.CASES if "mean" not in panel]


def reproduce(*, progress: Progress = silent, workers: int | None = None) -> Reproduction:
    """Run every panel of figures 2 to 8, under each reading of the units, and judge what the paper says.

    Parameters
    ----------
    progress : Progress
        Told how many runs are done.
    workers : int, optional
        Number of processes; as many as there are processors where it is left out.

    Returns
    -------
    Reproduction
        Claims, a row for every panel and reading (SI units), figures.

    Raises
    ------
    SimulationError
        When a run failed.
    """
    done = _in_parallel(_tasks(), workers, progress)
    first = {(panel, reading): done[panel, reading] for reading in READINGS for panel in classical.CASES}
    second = {panel: done[panel, _CONDUCTANCE] for panel in conductance.CASES}
    others = [done[panel, reading] for reading in _OTHERS for panel in _PRINTED]
    rows = [run.row() for run in (*first.values(), *second.values(), *others)]
    return Reproduction(
        paper="noise",
        title=TITLE,
        claims=[*classical_claims(first), *conductance_claims(second)],
        variants=rows,
        tables={"readings": [{"reading": r.name, "meaning": r.meaning} for r in READINGS.values()]},
        notes=f"{_readings_text(rows)}\n\n{_panels_text(rows)}",
        figures=figures_of(first, second),
    )


def _tasks() -> dict[tuple[str, str], Callable[[], Any]]:
    """The longest runs first; the classical ones of a reading together."""
    run = conductance.run_conductance
    tasks: dict[tuple[str, str], Callable[[], Any]] = {
        (panel, _CONDUCTANCE): partial(run, panel) for panel in conductance.CASES
    }
    tasks |= {
        (panel, reading): partial(run, panel, reading, n_paths=_FEWER) for reading in _OTHERS for panel in _PRINTED
    }
    for reading in READINGS:
        tasks |= {(panel, reading): partial(classical.run_classical, panel, reading) for panel in classical.CASES}
    return tasks


def _in_parallel(
    tasks: dict[tuple[str, str], Callable[[], Any]], workers: int | None, progress: Progress
) -> dict[tuple[str, str], Any]:
    pool = WorkerPool(workers)
    try:
        futures = {pool.submit(task): name for name, task in tasks.items()}
        done = {}
        for future in as_completed(futures):
            done[futures[future]] = future.result()
            progress(len(done) / len(tasks), "noise")
    except BaseException:
        pool.stop()
        raise
    pool.shutdown()
    return done


def _readings_text(rows: Sequence[dict[str, Any]]) -> str:
    """Figures 2 to 4 under each reading."""
    lines = ["Figures 2 to 4: mean V over 5 to 10 ms, rate after 20 ms, share of the trials that spike in a step"]
    for reading in READINGS.values():
        lines += ["", f"{reading.name}: {reading.meaning}"]
        for row in rows:
            if row["model"] == "classical" and row["reading"] == reading.name:
                lines.append(
                    f"  {row['panel']:10}{row['v_early'] * 1e3:>10.2f} mV{row['rate']:>10.1f} Hz{row['fraction_per_step']:>10.4f}"
                )
    return "\n".join(lines)


def _of_intervals(row: dict[str, Any]) -> str:
    """Regularity and bursts, where there are intervals."""
    return f"{row['cv']:>8.2f}{100 * row['burst_share']:>8.1f} %" if row["rate"] else f"{'-':>8}{'-':>10}"


def _panels_text(rows: Sequence[dict[str, Any]]) -> str:
    """Figures 6 to 8 under each reading."""
    lines = ["Figures 6 to 8: rate, CV of the intervals, share of intervals under 3 ms, free membrane potential"]
    for reading in (_CONDUCTANCE, *_OTHERS):
        lines += ["", f"{reading}: {READINGS[reading].meaning}"]
        lines += [
            f"  {row['panel']:20}{row['rate']:>8.1f} Hz{_of_intervals(row)}{row['free_mean'] * 1e3:>12.5g} +- {row['free_sd'] * 1e3:.3g} mV"
            for row in rows
            if row["model"] == "conductance" and row["reading"] == reading
        ]
    return "\n".join(lines)
