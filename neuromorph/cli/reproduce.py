"""The command ``neuromorph reproduce``: published figures, with the numbers that decide."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from neuromorph.cli.options import Json
from neuromorph.cli.output import AGREE, DISAGREE, DelayedProgress, check_outputs, reported, say, write_json
from neuromorph.progress import Progress


@reported
def reproduce(
    paper: Annotated[
        str | None,
        typer.Argument(help="A paper's name (alif, noise, euler-maruyama); every paper where it is left out."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder for the pictures, the tables and the JSON.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", help="Processes; as many as processors by default.")
    ] = None,
    json: Json = None,
) -> None:
    """Compute a paper's figures, compare each number with what the paper says, and draw them.

    The exit status is 0 when every value is within its limits, 1 otherwise.
    """
    from neuromorph.reproduce import paper_names
    from neuromorph.reproduce import reproduce as computed

    check_outputs(json=json)
    if out is not None and out.exists() and not out.is_dir():
        raise ValueError(f"--out {out}: this is a file; give the name of a folder")
    names = [paper] if paper is not None else list(paper_names())
    outcomes = []
    for place, name in enumerate(names):
        with DelayedProgress() as progress:
            outcomes.append(computed(name, progress=_part_of(progress, place, len(names)), workers=workers))
        say(outcomes[-1].summary(), json)
        if out is not None:
            for path in outcomes[-1].save(out):
                say(f"written: {path}", json)
    write_json(_joined([outcome.to_dict() for outcome in outcomes]), json)
    raise typer.Exit(AGREE if all(outcome.passed for outcome in outcomes) else DISAGREE)


def _part_of(progress: Progress, place: int, count: int) -> Progress:
    def told(fraction: float, what: str) -> None:
        progress((place + fraction) / count, what)

    return told


def _joined(papers: list[dict[str, Any]]) -> dict[str, Any]:
    """One content for one paper or several: each row names its paper."""
    rows: dict[str, list[dict[str, Any]]] = {"claims": [], "variants": []}
    for content in papers:
        for name, table in content.items():
            if isinstance(table, list) and all(isinstance(row, dict) for row in table):
                rows.setdefault(name, []).extend({"paper": content["paper"], **row} for row in table)
    titles = {content["paper"]: content["title"] for content in papers}
    return {"papers": titles, "passed": all(content["passed"] for content in papers), **rows}
