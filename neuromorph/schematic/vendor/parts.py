"""Model cards and switches of a vendor's file, as ngspice has them."""

from __future__ import annotations

import math
from collections.abc import Mapping

from neuromorph.schematic.vendor.library import ModelCard
from neuromorph.schematic.vendor.values import number_text

INFORMATION = ("mfg", "vceo", "icrating", "iave", "vpk", "type", "pkg", "pn", "qg", "vds", "irms", "vrated", "noiseless")  # fmt: skip
"""Parameters for people and part lists, with which no simulator computes."""

_IDEAL_DIODE = ("ron", "roff", "vfwd", "vrev", "rrev", "epsilon", "revepsilon", "ilimit", "revilimit")
_PLAIN_KINDS = {"d", "npn", "pnp", "lpnp", "njf", "pjf", "nmos", "pmos", "vdmos"}
SWITCHES = {"sw", "vswitch", "csw", "iswitch"}
VALUES = {"res": "r", "r": "r", "cap": "c", "c": "c", "ind": "l", "l": "l"}
KINDS = tuple(sorted(_PLAIN_KINDS | SWITCHES | set(VALUES)))
# Amplified before it reaches a switch of ngspice, which acts up to 50 mV past its threshold: 5 uV are left.
SWITCH_GAIN = 1e4
_SWITCH_NAMES = {
    "vswitch": ("von", "voff", "vt", "vh"),
    "sw": ("", "", "vt", "vh"),
    "iswitch": ("ion", "ioff", "it", "ih"),
    "csw": ("", "", "it", "ih"),
}


def model_line(name: str, card: ModelCard, values: Mapping[str, float | None]) -> str:
    """A model card of a diode or transistor for ngspice.

    Parameters
    ----------
    name : str
        Name of the model in the deck.
    card : ModelCard
        The card.
    values : mapping of str to float or None
        Its parameters (SI units); None for a flag.

    Returns
    -------
    str
        The line.

    Raises
    ------
    ValueError
        When ngspice has no such model, or would compute something else from it.
    """
    where = card.statement.where
    kind, values = card.kind, dict(values)
    if kind not in _PLAIN_KINDS:
        raise ValueError(f"{where}: a model of type {kind!r} cannot stand here; known types: {', '.join(KINDS)}")
    if kind == "d" and any(key in values for key in _IDEAL_DIODE):
        found = next(key for key in _IDEAL_DIODE if key in values)
        raise ValueError(
            f"{where}: {found!r} makes it LTspice's diode of straight lines, which ngspice does not have: give is=, n= and rs="
        )
    level = values.pop("level", None)
    if level is not None and level not in ((1, 2, 3) if kind in ("nmos", "pmos") else (1,)):
        raise ValueError(
            f"{where}: level={level:g} of {kind!r} is another model in ngspice than in the vendor's simulator: use a card of level 1"
            + (", 2 or 3" if kind in ("nmos", "pmos") else "")
        )
    for key in [key for key in values if key in INFORMATION or (kind == "vdmos" and key == "ron")]:
        del values[key]
    if "t_measured" in values:
        values["tnom"] = values.pop("t_measured")
    for key in ("t_abs", "t_rel_global", "t_rel_local"):
        if key in values:
            raise ValueError(
                f"{where}: {key} gives the part a temperature of its own, which is not supported: remove it"
            )
    if kind == "lpnp":
        kind, values["subs"] = "pnp", -1.0
    if level not in (None, 1):
        values = {"level": level, **values}
    words = [key if value is None else f"{key}={_card_number(value)}" for key, value in values.items()]
    return f".model {name} {kind}({' '.join(words)})"


def _card_number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e6 else repr(value)


def switch_lines(
    name: str,
    ends: tuple[str, str],
    control: tuple[str, str] | str,
    inner: str,
    card: ModelCard,
    given: Mapping[str, float | None],
) -> list[str]:
    """A switch with its model for ngspice.

    Parameters
    ----------
    name : str
        What names in the deck begin with.
    ends : tuple of str
        The nodes that it connects.
    control : tuple of str, or str
        The nodes whose voltage controls it [V], or the voltage source whose current does [A].
    inner : str
        A node of its own.
    card : ModelCard
        Its model.
    given : mapping of str to float
        Parameters of the card (V, A, ohm).

    Returns
    -------
    list of str
        Lines.

    Raises
    ------
    ValueError
        When a parameter has no counterpart in ngspice.

    Notes
    -----
    PSpice's VSWITCH has no threshold: between `voff` and `von` the logarithm of its resistance follows a
    cubic polynomial. So does LTspice's SW where `vh` is negative.
    """
    on, off, threshold, hysteresis = _SWITCH_NAMES[card.kind]
    values = {key: float(value or 0.0) for key, value in given.items() if key not in INFORMATION}
    is_voltage = isinstance(control, tuple)
    is_pspice = card.kind in ("vswitch", "iswitch")
    known = {key for key in (on, off, threshold, hysteresis, "ron", "roff") if key}
    where = card.statement.where
    for key in values:
        if key not in known:
            raise ValueError(
                f"{where}: a switch in ngspice has no {key!r}; known parameters: {', '.join(sorted(known))}"
            )
    if (card.kind in ("vswitch", "sw")) != is_voltage:
        raise ValueError(f"{where}: a model of type {card.kind!r} belongs to {'W' if is_voltage else 'S'} elements")
    r_on, r_off = values.get("ron", 1.0), values.get("roff", 1e6 if is_pspice else 1e12)
    if not (r_on > 0 and r_off > 0):
        raise ValueError(f"{where}: ron and roff must be positive")
    has_threshold = threshold in values or hysteresis in values or not is_pspice
    if has_threshold and (on in values or off in values) and on:
        raise ValueError(f"{where} has both {on}/{off} and {threshold}/{hysteresis}: remove one pair")
    middle, half = values.get(threshold, 0.0), values.get(hysteresis, 0.0)
    if is_voltage:
        assert isinstance(control, tuple)
        signal = f"v({control[0]},{control[1]})"
    else:
        signal = f"i({control})"
    if has_threshold and half >= 0:
        if is_voltage:
            assert isinstance(control, tuple)
            return [
                f"e{name} {inner} 0 {control[0]} {control[1]} {SWITCH_GAIN!r}",
                f"s{name} {ends[0]} {ends[1]} {inner} 0 {name}_m",
                f".model {name}_m sw(vt={middle * SWITCH_GAIN!r} vh={half * SWITCH_GAIN!r} ron={r_on!r} roff={r_off!r})",
            ]
        return [
            f"w{name} {ends[0]} {ends[1]} {control} {name}_m",
            f".model {name}_m csw(it={middle!r} ih={half!r} ron={r_on!r} roff={r_off!r})",
        ]
    if has_threshold:
        if is_pspice:
            raise ValueError(f"{where}: {hysteresis} must not be negative, got {half!r}")
        first, last = middle + abs(half), middle - abs(half)
    else:
        first, last = values.get(on, 1.0 if is_voltage else 1e-3), values.get(off, 0.0)
    if first == last:
        raise ValueError(f"{where}: {on or threshold} and {off or hysteresis} leave no room between on and off")
    share = f"min(max(({signal}-{number_text((first + last) / 2)})/{number_text(first - last)},(-0.5)),0.5)"
    log_middle, log_ratio = math.log(math.sqrt(r_on * r_off)), math.log(r_on / r_off)
    curve = f"({share}*(1.5-2.0*{share}*{share}))"
    conductance = f"exp(-({number_text(log_middle)}+{number_text(log_ratio)}*{curve}))"
    return [f"b{name} {ends[0]} {ends[1]} i=v({ends[0]},{ends[1]})*{conductance}"]
