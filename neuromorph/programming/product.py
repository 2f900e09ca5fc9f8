"""The product that an array computes, beside the one that was meant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True, eq=False)
class VectorMatrixProduct:
    """Outputs of an array for one or more input vectors.

    Parameters
    ----------
    outputs : ndarray, shape (n,) or (p, n)
        What the array gives (pure numbers).
    ideal : ndarray, shape (n,) or (p, n)
        The product with the weights as they were given, neither clipped nor on levels (pure numbers).
    currents : ndarray, shape (lines,) or (p, lines)
        Currents of the bit lines, before any gain [A].
    """

    outputs: np.ndarray
    ideal: np.ndarray
    currents: np.ndarray

    @property
    def errors(self) -> np.ndarray:
        """Outputs less the ideal ones, shape (n,) or (p, n) (pure numbers)."""
        return np.asarray(self.outputs - self.ideal)

    @property
    def relative_error(self) -> float:
        """Root mean square of the errors over that of the ideal outputs (pure number); NaN where these are all zero."""
        return float(_relative(self.errors, self.ideal, None))

    @property
    def relative_error_by_output(self) -> np.ndarray:
        """The same for each output, over all vectors, shape (n,) (pure numbers); NaN where an ideal output is zero throughout.

        Returns
        -------
        ndarray
            Pure numbers.
        """
        return np.asarray(_relative(np.atleast_2d(self.errors), np.atleast_2d(self.ideal), 0))

    def summary(self) -> str:
        """The errors in words."""
        p, n = np.atleast_2d(self.outputs).shape
        by_output = self.relative_error_by_output
        if np.isnan(by_output).all():
            return f"{n} outputs, {p} vectors: every ideal output is zero, so no error is relative to anything"
        worst = int(np.nanargmax(by_output))
        return (
            f"{n} outputs, {p} vectors: relative RMS error {self.relative_error:.3%}, "
            f"largest {by_output[worst]:.3%} at output {worst}"
        )


def _relative(errors: np.ndarray, ideal: np.ndarray, axis: int | None) -> np.ndarray:
    size = np.sqrt(np.mean(ideal**2, axis=axis))
    error = np.sqrt(np.mean(errors**2, axis=axis))
    return np.asarray(np.divide(error, size, out=np.full(np.shape(size), np.nan), where=size > 0))
