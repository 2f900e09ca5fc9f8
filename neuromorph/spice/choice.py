"""Which SPICE engine suits a deck, among those that are here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from neuromorph.errors import EngineNotFoundError
from neuromorph.schematic import Deck
from neuromorph.schematic.vacask import Contents, VacaskOptions, vacask_deck
from neuromorph.spice.engine import Engine
from neuromorph.spice.ngspice import Ngspice
from neuromorph.spice.vacask import Vacask

# From so many steps times elements on VACASK is ahead where no switch acts: below, what counts is the start of a program.
_LARGE_RUN = 200_000
# The same of the elements of an operating point, whose equations ngspice's old solver takes the cube of their number for.
_LARGE_POINT = 1500


@dataclass(frozen=True)
class Choice:
    """An engine, and why it was chosen.

    Parameters
    ----------
    engine : Engine
        What is to run the deck.
    why : str
        In one sentence.
    """

    engine: Engine
    why: str


def choose_engine(deck: Deck, options: Any = None) -> Choice:
    """The engine for a deck: the only one that is here and can state it, or the one that is faster for what it holds.

    Parameters
    ----------
    deck : Deck
        What is to be run.
    options : NgspiceOptions or VacaskOptions, optional
        Settings of the run, which VACASK may not have. VACASK's own are a choice of it.

    Returns
    -------
    Choice
        Engine and reason.

    Raises
    ------
    EngineNotFoundError
        When no engine that could run the deck is here.

    Notes
    -----
    Measured: when a switch with hysteresis acts, VACASK takes some hundred time points to follow it and ngspice some ten,
    for the whole circuit. Memristors on the other hand are compiled in VACASK, and ngspice holds a longest time step.
    So VACASK is the faster one where there are as many memristors as thresholds or more; where nothing switches, in
    all runs but small ones. `docs/which_engine.md` has the times.

    Examples
    --------
    >>> import neuromorph as nm
    >>> circuit = nm.Schematic("lowpass", probes={"v": "v(out)"})
    >>> _ = circuit.V("in", "in", circuit.gnd, 1.0), circuit.R("1", "in", "out", 1e3)
    >>> _ = circuit.C("1", "out", circuit.gnd, 1e-6)
    >>> choose_engine(nm.make_deck(circuit, t_stop=1e-3)).why
    'a small run without switches, in which ngspice starts sooner'
    """
    vacask, ngspice = Vacask(), Ngspice()
    cannot = _refusal(ngspice)
    refusal = _refusal(vacask)
    contents = None
    if refusal is None:
        try:
            contents = vacask_deck(deck, VacaskOptions.of(options)).contents
        except ValueError as error:
            refusal = str(error)
    if contents is None:
        if cannot is not None:
            raise EngineNotFoundError(f"no SPICE engine can run {deck.name!r}. {cannot}. {refusal}")
        if isinstance(options, VacaskOptions):
            raise EngineNotFoundError(f"the options are VACASK's, and {refusal}")
        return Choice(ngspice, f"ngspice, because {refusal}")
    if isinstance(options, VacaskOptions):
        return Choice(vacask, "the options are VACASK's")
    if cannot is not None:
        return Choice(vacask, f"VACASK has all that the circuit needs, and {cannot}")
    is_for_vacask, why = _faster(deck, contents)
    return Choice(vacask if is_for_vacask else ngspice, why)


def _refusal(engine: Vacask | Ngspice) -> str | None:
    """Why an engine cannot be used here, if so."""
    try:
        engine.executable()
    except EngineNotFoundError as missing:
        return f"{'VACASK' if engine.name == 'vacask' else engine.name} cannot be used: {missing}"
    return None


def _faster(deck: Deck, contents: Contents) -> tuple[bool, str]:
    """Whether VACASK is the faster one, and why."""
    thresholds, devices = contents.thresholds, contents.devices
    if thresholds:
        counted = f"{_number(devices, 'memristor')} and {_number(thresholds, 'threshold')} of switches"
        if devices >= thresholds:
            return (
                True,
                f"{counted}: VACASK has memristors compiled, which outweighs its short steps when a switch acts",
            )
        return False, f"{counted}: when one acts ngspice takes fewer steps than VACASK"
    if deck.t_stop is None:
        if contents.elements >= _LARGE_POINT:
            return True, f"an operating point of {contents.elements} elements, for which VACASK has the faster solver"
        return False, "a small operating point, for which ngspice starts sooner"
    if contents.elements * deck.t_stop / deck.resolution.longest_step(deck.t_stop) >= _LARGE_RUN:
        return True, "nothing switches: VACASK keeps its tolerance in fewer steps"
    return False, "a small run without switches, in which ngspice starts sooner"


def _number(count: int, what: str) -> str:
    return f"{count or 'no'} {what}{'' if count == 1 else 's'}"
