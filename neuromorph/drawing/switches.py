"""At what voltages the switches of a deck act, in words."""

from __future__ import annotations

from neuromorph.drawing.sheet import Sheet
from neuromorph.quantities import format_quantity


def threshold_words(sheet: Sheet, name: str) -> tuple[str, ...]:
    """Where a switch closes and opens, in front of the amplifier of its control voltage where there is one.

    Parameters
    ----------
    sheet : Sheet
        With the deck.
    name : str
        The switch.

    Returns
    -------
    tuple of str
        Two lines, or none where the deck does not say it in numbers.
    """
    switch = sheet.element(name)
    amplifiers = [e for e in sheet.netlist.elements.values() if e.kind == "E" and e.controls]
    amplifier = next((e for e in amplifiers if e.nodes[0] == switch.controls[0]), None)
    found = sheet.netlist.thresholds(switch, amplifier)
    if found is None:
        return ()
    plus, minus = amplifier.controls if amplifier else switch.controls
    voltage = f"v({plus})" if minus == "0" else f"v({plus}, {minus})"
    return f"closes at {voltage} = {format_quantity(found[0], 'V')}", f"opens at {format_quantity(found[1], 'V')}"
