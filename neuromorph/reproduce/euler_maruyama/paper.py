"""The studies, what becomes of the statements, and the pictures."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from neuromorph.progress import Progress, silent
from neuromorph.reproduce.euler_maruyama.claims import claims_of
from neuromorph.reproduce.euler_maruyama.studies import Sizes, Studies, run_studies
from neuromorph.reproduce.reproduction import Reproduction

TITLE = "Numerical analysis for leaky-integrate-fire networks under Euler-Maruyama (2026), abstract"


def reproduce(*, progress: Progress = silent, workers: int | None = None, sizes: Sizes | None = None) -> Reproduction:
    """Measure orders, crossing speeds and Lyapunov exponents of a chain of neurons, and judge what the abstract says.

    Parameters
    ----------
    progress : Progress
        Told how far the runs are.
    workers : int, optional
        Number of threads; as many as there are processors where it is left out.
    sizes : Sizes, optional
        How many paths (pure numbers).

    Returns
    -------
    Reproduction
        Claims, a row for every order (SI units), pictures.

    Raises
    ------
    SimulationError
        When a run failed.
    """
    studies = run_studies(sizes, threads=workers, progress=progress)
    studied: list[Any] = [
        studies.grid,
        studies.interpolated,
        studies.weak,
        studies.crossings,
        *studies.lyapunov.values(),
    ]
    return Reproduction(
        paper="euler-maruyama",
        title=TITLE,
        claims=claims_of(studies),
        variants=order_rows(studies),
        tables={
            "crossing_speeds": [studies.crossings.to_dict()],
            "lyapunov": [found.to_dict() for found in studies.lyapunov.values()],
        },
        notes="\n\n".join(found.summary() for found in studied),
        figures={
            "orders": partial(_drawn, studies.grid),
            "orders_interpolated": partial(_drawn, studies.interpolated),
            "orders_weak": partial(_drawn, studies.weak),
            "crossing_speeds": partial(_drawn, studies.crossings),
            **{f"lyapunov_{state}": partial(_drawn, found) for state, found in studies.lyapunov.items()},
        },
    )


def order_rows(studies: Studies) -> list[Mapping[str, Any]]:
    """One row for every order.

    Parameters
    ----------
    studies : Studies
        What was simulated.

    Returns
    -------
    list of dict
        Kind, name, crossings, paths, steps [s], errors [SI units], order with its limits (pure numbers).
    """
    rows: list[Mapping[str, Any]] = []
    for found in (studies.grid, studies.interpolated, studies.weak):
        content = found.to_dict()
        for kind in ("strong", "strong_matched", "weak", "mismatch", "spike_times"):
            for name, order in content[kind].items():
                rows.append({"kind": kind, "method": found.method, "paths": found.n, **order, "name": name})
    return rows


def _drawn(found: Any) -> Any:
    return found.plot()
