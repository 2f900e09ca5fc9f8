"""From the log of an ngspice run to its cause, in terms that a designer can act on."""

from __future__ import annotations

import re
from dataclasses import dataclass

from neuromorph.spice.ngspice_faults import DECK_FAULTS, SOLUTION_FAULTS, Fault

__all__ = ["Diagnosis", "diagnose"]

_MAX_LINES = 6
# Progress stands before a message on its line, without a newline between them.
_PROGRESS = re.compile(
    r"[ \t]*(?:Reference value : +(?P<at>[-+.\deE]+)|Trying gmin = +[-+.\deE]+"
    r"|Supplies reduced to +[-+.\deE]+%)"
)
_ABORTED = re.compile(r"^run simulation(?:\(s\) aborted| interrupted)", re.MULTILINE)
_STOPPED_AT = re.compile(r"^doAnalyses: TRAN: +Timestep too small; time = (?P<time>[^\s,]+)", re.MULTILINE)
_SINGULAR = re.compile(r"^Warning: singular matrix: +check nodes? (?P<node>\S+)(?: and (?P<other>\S+))?", re.MULTILINE)
_END_OF_CURES = re.compile(
    r"^Note: (?:(?P<cured>\w[\w ]* stepping completed)|Transient op finished)"
    r"|^Error: Transient op failed|^doAnalyses:",
    re.MULTILINE,
)
# Tables of node voltages, which may be long; a row with nan stays.
_TABLE_ROW = re.compile(r"^\S+(?: +[-+]?\d[-+.\deE]*){1,2}(?: \*)?\n", re.MULTILINE)
_FLATTENED = re.compile(r"[a-z]\.(?=x)", re.IGNORECASE)


@dataclass(frozen=True)
class Diagnosis:
    """Why a run failed, or cannot be trusted.

    Parameters
    ----------
    cause : str
        What is wrong, in the designer's terms.
    remedy : str
        What to try.
    where : str or None
        Element, node, file or line of the deck.
    lines : tuple of str
        The decisive lines of the log.
    time_reached : float, optional
        Simulated time at which the run stopped [s].
    """

    cause: str
    remedy: str
    where: str | None
    lines: tuple[str, ...]
    time_reached: float | None = None


def diagnose(log: str, deck_text: str = "") -> Diagnosis | None:
    """Find the first cause of a failure in a log of ngspice.

    ngspice ends with status 0 after many faults, and prints warnings on many good runs; this looks for the
    lines that decide. A warning that a later step of the same solution cured is no fault.

    Parameters
    ----------
    log : str
        What ngspice printed in batch mode, standard output and standard error in any order.
    deck_text : str
        The deck, to show the line that a fault is on. The log of a parameter expression gives a number only.

    Returns
    -------
    Diagnosis or None
        None when the log shows no fault.

    Notes
    -----
    Some faults leave no trace in the log: a variable that a .save line names beside others, a node with one
    terminal, a division by zero in a B source (it gives 1e32), an option that does not exist, a crash. The
    caller has to check the exit status, the variables and the last time of the raw file.

    Examples
    --------
    >>> found = diagnose("Error: Could not find include file devices.lib")
    >>> found.cause
    'the include file devices.lib does not exist'
    """
    cleaned = _PROGRESS.sub("\n", log.replace("\r", "\n"))
    cleaned = "".join(f"{line.rstrip()}\n" for line in cleaned.splitlines() if line.strip())
    cleaned = _TABLE_ROW.sub("", cleaned)
    deck = deck_text.splitlines()
    reached = _time_reached(log, cleaned)
    is_aborted = _ABORTED.search(cleaned) is not None
    for fault in DECK_FAULTS:
        if match := fault.search(cleaned, is_aborted):
            return _from_table(fault, match, cleaned, deck, reached)
    if match := _uncured_singularity(cleaned):
        return _singular(match, cleaned)
    for fault in SOLUTION_FAULTS:
        if match := fault.search(cleaned, is_aborted):
            return _from_table(fault, match, cleaned, deck, reached)
    if "Total analysis time" in cleaned and "No. of Data" not in cleaned:
        return Diagnosis(
            cause="ngspice ran no analysis",
            remedy="add an analysis such as .tran or .op, and check that no .if leaves it out",
            where=None,
            lines=(),
        )
    return None


def _time_reached(log: str, cleaned: str) -> float | None:
    if stopped := _STOPPED_AT.search(cleaned):
        return float(stopped["time"])
    # The progress of other analyses is a frequency or a swept source.
    is_transient = re.search(r"^Initial Transient Solution|transient initial conditions", cleaned, re.MULTILINE)
    progress = [match["at"] for match in _PROGRESS.finditer(log) if match["at"]]
    return float(progress[-1]) if is_transient and progress else None


def _from_table(fault: Fault, match: re.Match[str], log: str, deck: list[str], time_reached: float | None) -> Diagnosis:
    groups = {name: (text or "").strip() for name, text in match.groupdict().items()}
    if "element" in groups:
        groups["element"] = _FLATTENED.sub("", groups["element"], count=1)
    if groups.get("text") == "":
        groups["text"] = "the end of the line"
    where = fault.where.format_map(groups) or _deck_line(groups, deck)
    return Diagnosis(
        cause=fault.cause.format_map(groups),
        remedy=fault.remedy.format_map(groups),
        where=where or None,
        lines=_decisive(match.group(0), log),
        time_reached=time_reached,
    )


def _deck_line(groups: dict[str, str], deck: list[str]) -> str:
    """The line of the deck that the log gives by its number, or by a word on it."""
    number = int(groups.get("number") or 0)
    # The word is the better guide: ngspice counts the lines of included files too.
    symbol = groups.get("symbol", "")
    if symbol:
        word = re.compile(rf"(?<![\w.]){re.escape(symbol)}(?![\w.])", re.IGNORECASE)
        for position, line in enumerate(deck[1:], start=2):
            if not line.lstrip().startswith("*") and word.search(line):
                return f"line {position}: {line.strip()}"
        return symbol
    if 0 < number <= len(deck):
        return f"line {number}: {deck[number - 1].strip()}"
    return f"line {number}" if number else ""


def _decisive(matched: str, log: str) -> tuple[str, ...]:
    lines = [line.strip() for line in matched.splitlines() if line.strip()]
    if len(lines) > _MAX_LINES:
        lines = [lines[0], *lines[1 - _MAX_LINES :]]
    lines.extend(line for line in log.splitlines() if line.startswith("doAnalyses:") and line not in lines)
    return tuple(dict.fromkeys(lines))


def _uncured_singularity(log: str) -> re.Match[str] | None:
    for match in _SINGULAR.finditer(log):
        end = _END_OF_CURES.search(log, match.end())
        if end is None or end["cured"] is None:
            return match
    return None


def _singular(match: re.Match[str], log: str) -> Diagnosis:
    lines = _decisive(match.group(0), log)
    if match["other"]:
        nodes = f"{match['node']} and {match['other']}"
        return Diagnosis(
            cause=f"the equations of the nodes {nodes} depend on each other",
            remedy="look for a loop of voltage sources, or for a part without a path to ground",
            where=nodes,
            lines=lines,
        )
    node = match["node"]
    if node.endswith("#branch"):
        element = _FLATTENED.sub("", node.removesuffix("#branch"), count=1)
        return Diagnosis(
            cause=f"{element} closes a loop of voltage sources or inductors: its current is not determined",
            remedy="put a small resistor in series with one of them",
            where=element,
            lines=lines,
        )
    return Diagnosis(
        cause=f"the node {node} has no path for direct current to ground, so its voltage is not determined",
        remedy=f"put a large resistor from {node} to ground (.option rshunt=1e12 puts one at every node); "
        f"in a transient, .ic v({node})=... also settles it",
        where=node,
        lines=lines,
    )
