"""The papers that can be reproduced, and how to ask for one."""

from __future__ import annotations

import difflib
import importlib

from neuromorph.progress import Progress, silent
from neuromorph.reproduce.reproduction import Reproduction

# A paper's module has reproduce(progress, workers).
PAPERS = {
    "alif": "neuromorph.reproduce.alif",
    "noise": "neuromorph.reproduce.noise",
    "euler-maruyama": "neuromorph.reproduce.euler_maruyama",
}
"""Module of every paper by the name that it is asked for."""


def paper_names() -> tuple[str, ...]:
    """The names of the papers."""
    return tuple(PAPERS)


def reproduce(paper: str, *, progress: Progress = silent, workers: int | None = None) -> Reproduction:
    """Run everything that a paper's figures need, and judge what the paper says.

    Parameters
    ----------
    paper : str
        One of :func:`paper_names`.
    progress : Progress
        Told how far the runs are.
    workers : int, optional
        Number of processes; as many as there are processors where it is left out.

    Returns
    -------
    Reproduction
        Claims, variants (SI units), pictures.

    Raises
    ------
    ValueError
        When there is no such paper.
    SimulationError
        When a run failed.
    """
    if paper not in PAPERS:
        near = difflib.get_close_matches(str(paper), list(PAPERS), n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ValueError(f"no paper {paper!r}; {hint}choices: {', '.join(PAPERS)}")
    outcome: Reproduction = importlib.import_module(PAPERS[paper]).reproduce(progress=progress, workers=workers)
    return outcome
