"""One thing that a paper says, with the number that decides."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

AS_PRINTED, READING, NOT, WRONG = "reproduced", "reproduced under a stated reading", "not reproduced", "wrong"
VERDICTS = (AS_PRINTED, READING, NOT, WRONG)
"""What becomes of a claim, the best first."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A statement of a paper, what was measured of it, and the verdict.

    Parameters
    ----------
    figure : str
        Where the paper says it.
    claim : str
        What the paper says.
    measure : str
        What was measured, in words.
    value : float
        What came out [unit].
    low, high : float
        Limits of the value that the verdict rests on [unit].
    unit : str
        Unit of value and limits, empty for pure numbers.
    verdict : {"reproduced", "reproduced under a stated reading", "not reproduced", "wrong"}
        What the value means for the claim when it is within its limits.
    why : str
        The reading, or what explains the value.

    Raises
    ------
    ValueError
        When the verdict is none of these, or `low` is not below `high`.

    Notes
    -----
    A claim that is judged wrong passes when the measurement shows just that.
    """

    figure: str
    claim: str
    measure: str
    value: float
    low: float
    high: float
    verdict: str
    why: str
    unit: str = ""

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise ValueError(f"verdict must be one of {', '.join(VERDICTS)}, got {self.verdict!r}")
        if not self.low < self.high:
            raise ValueError(f"low must be below high ({self.high!r}), got {self.low!r}")

    @property
    def passed(self) -> bool:
        """Whether the value is within its limits; not-a-number is not."""
        return math.isfinite(self.value) and self.low <= self.value <= self.high

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON [in `unit`]."""
        return {
            "figure": self.figure,
            "claim": self.claim,
            "measure": self.measure,
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "unit": self.unit,
            "passed": self.passed,
            "verdict": self.verdict,
            "why": self.why,
        }
