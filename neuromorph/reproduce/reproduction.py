"""What came of a paper: claims, the runs behind them, tables, pictures."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from neuromorph.files import write_text_atomically
from neuromorph.quantities import format_quantity, pluralised
from neuromorph.reproduce.claim import VERDICTS, Claim

_FIGURE, _MEASURE, _NUMBER = 8, 60, 12


@dataclass(frozen=True, kw_only=True)
class Reproduction:
    """The outcome of one paper.

    Parameters
    ----------
    paper : str
        Name by which the paper is asked for.
    title : str
        Authors, title, year.
    claims : sequence of Claim
        What the paper says, each with its number.
    variants : sequence of mapping
        One row for every variant that was run (SI units).
    tables : mapping of str to sequence of mapping
        Further tables by name (SI units).
    notes : str
        Tables as text, for the summary.
    figures : mapping of str to callable
        Functions that draw a figure, by name.
    """

    paper: str
    title: str
    claims: Sequence[Claim]
    variants: Sequence[Mapping[str, Any]] = ()
    tables: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    notes: str = ""
    figures: Mapping[str, Callable[[], Any]] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether every claim's value is within its limits."""
        return all(claim.passed for claim in self.claims)

    def to_dict(self) -> dict[str, Any]:
        """Claims, variants and tables, ready for JSON (SI units); ``None`` stands for what is not a number."""
        content = {
            "paper": self.paper,
            "title": self.title,
            "passed": self.passed,
            "claims": [claim.to_dict() for claim in self.claims],
            "variants": [dict(row) for row in self.variants],
            **{name: [dict(row) for row in rows] for name, rows in self.tables.items()},
            "figures": list(self.figures),
        }
        plain: dict[str, Any] = _plain(content)
        return plain

    def summary(self) -> str:
        """The claims as a table, and what did not come out as printed (SI units with prefixes)."""
        head = f"{'figure':{_FIGURE}}{'measure':{_MEASURE}}{'value':>{_NUMBER}}{'from':>{_NUMBER}}{'to':>{_NUMBER}}"
        lines = [f"{self.paper}: {self.title}", "", f"{head}        verdict"]
        for claim in self.claims:
            numbers = "".join(f"{_amount(v, claim.unit):>{_NUMBER}}" for v in (claim.value, claim.low, claim.high))
            lines.append(
                f"{claim.figure:{_FIGURE}}{claim.measure:{_MEASURE}}{numbers}  {'ok' if claim.passed else 'FAIL':4}  {claim.verdict}"
            )
        counts = {verdict: sum(c.verdict == verdict for c in self.claims) for verdict in VERDICTS}
        lines += ["", ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)]
        lines += ["ok: the number is within its limits. The verdict is on the paper's statement."]
        said = dict.fromkeys((c.figure, c.claim) for c in self.claims if c.verdict in VERDICTS[:2])
        if said:
            lines += ["", "REPRODUCED:", *(f"    {figure:{_FIGURE}}{statement}" for figure, statement in said)]
        reasons: dict[str, list[str]] = {}
        for claim in self.claims:
            if claim.verdict in VERDICTS[2:]:
                reasons.setdefault(f"{claim.verdict.upper()}, {claim.figure}: {claim.claim}", []).append(claim.why)
        for statement, whys in reasons.items():
            lines += ["", statement, *(f"    {why}" for why in dict.fromkeys(whys))]
        failed = [claim for claim in self.claims if not claim.passed]
        if self.notes:
            lines += ["", self.notes]
        lines += [
            "",
            f"{pluralised(len(failed), 'claim')} out of limits" if failed else "every value within its limits",
        ]
        return "\n".join(lines)

    def save(self, folder: str | Path) -> list[Path]:
        """Write the pictures, the summary and the JSON.

        Parameters
        ----------
        folder : str or Path
            Where; it is made when it is not there.

        Returns
        -------
        list of Path
            What was written: ``<paper>.json`` (SI units), ``<paper>.txt``, ``<paper>_<figure>.png``.
        """
        from neuromorph.plots import save_figure

        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        written = [folder / f"{self.paper}.json", folder / f"{self.paper}.txt"]
        write_text_atomically(written[0], json.dumps(self.to_dict(), indent=2, allow_nan=False) + "\n")
        write_text_atomically(written[1], self.summary() + "\n")
        for name, draw in self.figures.items():
            written.append(folder / f"{self.paper}_{name}.png")
            save_figure(draw(), written[-1])
        return written


def _amount(value: float, unit: str) -> str:
    if not math.isfinite(value):
        return "-"
    return format_quantity(value, unit) if unit and unit != "%" else f"{value:.5g}{' %' if unit else ''}"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value.item() if hasattr(value, "item") else value
