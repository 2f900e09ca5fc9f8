"""Masked arrays are refused: conversion to a plain array would bring back what the mask hides."""

from __future__ import annotations

from typing import Any

import numpy as np

from neuromorph.quantities import pluralised


def refuse_masked(name: str, given: Any, instead: str = "") -> None:
    """Raise ``ValueError`` when values are masked.

    Parameters
    ----------
    name : str
        What the values are, for the message.
    given : array_like
        As the caller has it (any unit); a masked array in which nothing is masked is as good as a plain one.
    instead : str, optional
        Value that says that there is none, for the message.
    """
    parts = given if isinstance(given, list | tuple) else [given]
    count = sum(int(np.count_nonzero(np.ma.getmaskarray(part))) for part in parts if np.ma.is_masked(part))
    if count:
        raise ValueError(
            f"{name} must not be masked, got {pluralised(count, 'masked value')}: fill them first, as with "
            f"np.ma.filled(values, {instead or 'value'})"
        )
