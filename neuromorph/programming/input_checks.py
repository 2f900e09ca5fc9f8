"""What several parts of programming accept: seeds, models, numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from neuromorph.crossbars.masked import refuse_masked
from neuromorph.devices.memristor import MemristorModel

__all__ = ["check_model", "check_seed", "numbers"]


def check_seed(seed: Any) -> None:
    """Raise ``ValueError`` when a seed is no whole number from 0."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(f"seed must be a whole number from 0, got {seed!r}")


def check_model(model: Any) -> None:
    """Raise ``ValueError`` when something is no memristor model."""
    if not isinstance(model, MemristorModel):
        raise ValueError(f"model must be a memristor model, such as nm.MMS(), got {model!r}")


def numbers(name: str, given: Any) -> np.ndarray:
    """A new array of what was given, or ``ValueError`` that names it when it has no real numbers.

    Parameters
    ----------
    name : str
        What it is, for the message.
    given : array_like
        As the caller has it (any unit).

    Returns
    -------
    ndarray
        In the same unit.
    """
    refuse_masked(name, given)
    try:
        return np.array(given, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be real numbers, with rows of one length, got {given!r}") from None
