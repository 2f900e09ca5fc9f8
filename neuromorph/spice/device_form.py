"""In which form ngspice gets the devices of a deck: compiled Verilog-A where that is possible, else B sources."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neuromorph.errors import EngineNotFoundError, SimulationError
from neuromorph.schematic import Deck, NgspiceOptions
from neuromorph.schematic.compiled_devices import with_compiled_devices
from neuromorph.spice.capabilities import Capabilities
from neuromorph.spice.vacask_program import find_compiler
from neuromorph.spice.verilog_a import compiled


@dataclass(frozen=True)
class DeviceForm:
    """A deck, as it is to be run.

    Parameters
    ----------
    deck : Deck
        With compiled devices or with B sources (SI units).
    why : str
        Which of them, and why, in one sentence; empty where the deck has no such device.
    file : Path or None
        Compiled modules that the deck loads.
    source : str
        Their Verilog-A.
    """

    deck: Deck
    why: str
    file: Path | None = None
    source: str = ""


def obstacle(deck: Deck, options: NgspiceOptions, capabilities: Capabilities) -> str:
    """Why the devices of a deck cannot be compiled, as far as that is known without trying.

    Parameters
    ----------
    deck : Deck
        What is to be run.
    options : NgspiceOptions
        Settings of the run.
    capabilities : Capabilities
        Of the found ngspice.

    Returns
    -------
    str
        Empty where nothing is in the way.
    """
    if not deck.verilog_a:
        return "the deck has no device with Verilog-A"
    if options.devices == "sources":
        return "the options say so"
    if deck.compatibility:
        return f"the deck needs the compatibility mode {deck.compatibility!r}"
    if not capabilities.osdi:
        return f"ngspice {capabilities.version} does not load compiled Verilog-A here"
    try:
        find_compiler()
    except EngineNotFoundError as missing:
        return str(missing)
    return ""


def device_form(deck: Deck, options: NgspiceOptions, capabilities: Capabilities) -> DeviceForm:
    """Choose the form of a deck's devices, and compile them where they are to be compiled.

    Parameters
    ----------
    deck : Deck
        What is to be run.
    options : NgspiceOptions
        Settings of the run; ``devices`` decides.
    capabilities : Capabilities
        Of the found ngspice.

    Returns
    -------
    DeviceForm
        What is run, and why.

    Raises
    ------
    SimulationError
        When the options ask for compiled devices, and that is not possible.
    """
    why = obstacle(deck, options, capabilities)
    stated = None if why else with_compiled_devices(deck)
    if stated is not None:
        try:
            file = compiled(stated.source, find_compiler())
        except SimulationError as error:
            if options.devices == "compiled":
                raise
            why = f"{error.cause}: {' '.join(error.log_lines[:1])}".rstrip(": ")
        else:
            return DeviceForm(stated.deck, f"compiled (OSDI): {', '.join(stated.names)}", file, stated.source)
    elif not why:
        why = "something in the deck refers to the inside of its devices, or their Verilog-A has other pins"
    if options.devices == "compiled":
        raise SimulationError(
            cause=f"the devices of {deck.name!r} cannot be compiled for ngspice: {why}",
            remedy="use devices='auto', or an ngspice that loads compiled Verilog-A, such as 44 of Debian 13",
        )
    return DeviceForm(deck, f"B sources, since {why}" if deck.verilog_a else "")
