"""Which SPICE engine suits a deck, among those that are here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from neuromorph.errors import EngineNotFoundError
from neuromorph.schematic import Deck
from neuromorph.schematic.vacask import VacaskOptions, vacask_deck
from neuromorph.spice.engine import Engine
from neuromorph.spice.ngspice import Ngspice
from neuromorph.spice.vacask import Vacask


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
    """The engine for a deck: VACASK where it is here and can state the deck, else ngspice.

    VACASK keeps its tolerance without a bound on the time step, which makes it several times faster on neurons.

    Parameters
    ----------
    deck : Deck
        What is to be run.
    options : NgspiceOptions or VacaskOptions, optional
        Settings of the run, which VACASK may not have.

    Returns
    -------
    Choice
        Engine and reason.

    Raises
    ------
    EngineNotFoundError
        When no engine that could run the deck is here.

    Examples
    --------
    >>> import neuromorph as nm
    >>> circuit = nm.Schematic("lowpass", probes={"v": "v(out)"})
    >>> _ = circuit.V("in", "in", circuit.gnd, 1.0), circuit.R("1", "in", "out", 1e3)
    >>> _ = circuit.C("1", "out", circuit.gnd, 1e-6)
    >>> choose_engine(nm.make_deck(circuit, t_stop=1e-3)).why
    'VACASK is here and has all that the circuit needs'
    """
    vacask, ngspice = Vacask(), Ngspice()
    try:
        vacask.installation()
    except EngineNotFoundError as missing:
        reason = f"VACASK cannot be used: {missing}"
    else:
        try:
            vacask_deck(deck, VacaskOptions.of(options))
            return Choice(vacask, "VACASK is here and has all that the circuit needs")
        except ValueError as error:
            reason = str(error)
    try:
        ngspice.executable()
    except EngineNotFoundError as missing:
        raise EngineNotFoundError(f"no SPICE engine can run {deck.name!r}. ngspice: {missing}. {reason}") from None
    if isinstance(options, VacaskOptions):
        raise EngineNotFoundError(f"the options are VACASK's, and {reason}")
    return Choice(ngspice, f"ngspice, because {reason}")
