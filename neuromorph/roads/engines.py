"""SPICE engines by name, and the settings that each one takes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from neuromorph.recording import Recording

if TYPE_CHECKING:
    from neuromorph.schematic import Deck
    from neuromorph.spice import Engine

# The SPICE engines by the name that commands and arguments spell.
_SPICE_ENGINES = {"ngspice": "Ngspice", "ngspice-shared": "NgspiceShared", "vacask": "Vacask"}
# The equations' road has two names: the system, or the caller by `solver`, chooses the method.
ENGINES = ("ode", "rk4", *_SPICE_ENGINES, "auto")


def engine_of(engine: str | Engine) -> Engine:
    """The SPICE engine of a name, or the engine itself; ``ValueError`` lists the choices."""
    if not isinstance(engine, str):
        if not hasattr(engine, "run"):
            raise ValueError(f"engine must be one of {', '.join(ENGINES)}, or an engine object, got {engine!r}")
        return engine
    if engine not in _SPICE_ENGINES:
        if engine in ENGINES:
            raise ValueError(
                f"engine {engine!r} solves equations, and a circuit needs one of {', '.join((*_SPICE_ENGINES, 'auto'))}"
            )
        raise ValueError(f"no engine {engine!r}; choices: {', '.join(ENGINES)}")
    from neuromorph import spice

    found: Engine = getattr(spice, _SPICE_ENGINES[engine])()
    return found


def engine_for(engine: str | Engine, deck: Deck, options: Any = None) -> tuple[Engine, str | None]:
    """The SPICE engine for a deck.

    Parameters
    ----------
    engine : str or Engine
        A name, ``"auto"`` among them, or the engine itself.
    deck : Deck
        What is to be run.
    options : NgspiceOptions or VacaskOptions, optional
        Settings of the run.

    Returns
    -------
    engine : Engine
        What runs the deck.
    why : str or None
        The reason, where the engine was chosen here.

    Raises
    ------
    ValueError
        When there is no such engine.
    EngineNotFoundError
        When none is here that can run the deck.
    """
    if engine != "auto":
        spice = engine_of(engine)
        settings_for(spice, options)
        return spice, None
    from neuromorph.spice.choice import choose_engine

    choice = choose_engine(deck, options)
    return choice.engine, choice.why


def settings_for(engine: Engine, options: Any) -> Any:
    """Settings that an engine takes.

    Parameters
    ----------
    engine : Engine
        What is to run.
    options : NgspiceOptions or VacaskOptions, optional
        As given, in SI units.

    Returns
    -------
    NgspiceOptions or VacaskOptions
        The engine's own defaults where nothing is given.

    Raises
    ------
    ValueError
        When VACASK's settings are given to another engine, or others have no counterpart in VACASK.
    """
    from neuromorph.schematic import NgspiceOptions, VacaskOptions

    own = getattr(engine, "default_options", NgspiceOptions)()
    if isinstance(own, VacaskOptions):
        return VacaskOptions.of(options)
    if isinstance(options, VacaskOptions):
        raise ValueError(f"engine {engine.name!r} takes NgspiceOptions; VacaskOptions are for engine='vacask'")
    return options or own


def chosen_because(recording: Recording, why: str) -> Recording:
    """The recording with the reason for its engine in its provenance, under ``engine_choice``."""
    return replace(recording, provenance={**recording.provenance, "engine_choice": why})
