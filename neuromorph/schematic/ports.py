"""Where stimuli enter a circuit, and the sources that stand for them in a deck."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from neuromorph.schematic.names import checked_identifier, checked_line, checked_node, refuse_case_twins
from neuromorph.stimulus import Stimulus


@dataclass(frozen=True)
class Port:
    """Where a stimulus enters a circuit.

    Parameters
    ----------
    plus, minus : str
        Nodes. A current flows into `plus`.
    kind : {"current", "voltage"}
        What the stimulus is [A or V].
    undriven : str
        Why a run without a stimulus here would be wrong, and what to do instead; where it is empty, zero is applied.
    """

    plus: str
    minus: str = "0"
    kind: Literal["current", "voltage"] = "current"
    undriven: str = ""

    def __post_init__(self) -> None:
        checked_node(self.plus, inner=False)
        checked_node(self.minus, inner=False)
        if self.kind not in ("current", "voltage"):
            raise ValueError(f"a port's kind is 'current' or 'voltage', got {self.kind!r}")


def drive_lines(
    title: str, ports: Mapping[str, Port], drives: Mapping[str, Stimulus] | Stimulus | None, t_stop: float
) -> list[str]:
    """Lines of the sources at the ports; an undriven port gets zero.

    Parameters
    ----------
    title : str
        Name of the design.
    ports : mapping of str to Port
        Where stimuli enter.
    drives : Stimulus, or mapping of str to Stimulus, or None
        What drives the ports; one alone for a circuit with one port [A or V].
    t_stop : float
        Length of the run [s].

    Returns
    -------
    list of str
        Lines in SI units.

    Raises
    ------
    ValueError
        When a port is unknown or has to be driven, its name cannot stand in a deck, or a stimulus cannot be stated in SPICE.
    """
    if isinstance(drives, Stimulus):
        free = [name for name, port in ports.items() if not port.undriven]
        if len(free) != 1:
            raise ValueError(
                f"{title!r} has {len(ports)} ports ({', '.join(ports) or 'none'}): give a dict with a stimulus for each"
            )
        drives = {free[0]: drives}
    if not isinstance(drives, Mapping | None):
        raise ValueError(f"drives must be a Stimulus or a dict of them by port, got {drives!r}")
    drives = drives or {}
    for name in drives:
        if name not in ports:
            raise ValueError(f"{title!r} has no port {name!r}; its ports: {', '.join(ports) or 'none'}")
    refuse_case_twins(ports, "port")
    for name, port in ports.items():
        if port.undriven and name not in drives:
            raise ValueError(f"nothing drives port {name!r} of {title!r}: {port.undriven}")
    lines = []
    for name in [*drives, *(name for name in ports if name not in drives)]:
        checked_identifier(name, "port")
        port = ports[name]
        text = source_lines(f"port {name!r}", drives[name], t_stop) if name in drives else ["0"]
        if port.kind == "voltage":
            lines += [f"Vdrive_{name} {port.plus} {port.minus} {text[0]}", *text[1:]]
        else:
            # A source of zero volts carries the current to where a probe can read it: i(Vsense_<port>).
            lines += [f"Idrive_{name} {port.minus} drive_{name} {text[0]}", *text[1:]]
            lines.append(f"Vsense_{name} drive_{name} {port.plus} 0")
    return lines


def source_lines(where: str, stimulus: Stimulus, t_stop: float) -> list[str]:
    """What stands behind the nodes of a source: what a stimulus says of itself, checked.

    Parameters
    ----------
    where : str
        What the source drives, for messages.
    stimulus : Stimulus
        A class of a user's own may say anything [A or V].
    t_stop : float
        Length of the run [s].

    Returns
    -------
    list of str
        One line, and those that continue it (SI units).

    Raises
    ------
    ValueError
        When it is no stimulus, or its text cannot stand in a deck.
    """
    if not isinstance(stimulus, Stimulus):
        raise ValueError(f"the drive of {where} must be a Stimulus, such as Constant(value=1e-3), got {stimulus!r}")
    what = f"the stimulus of {where}"
    text = stimulus.spice(t_stop)
    lines = text.split("\n")
    for position, line in enumerate(lines):
        checked_line(line, what)
        if line.startswith("+") != (position > 0):
            raise ValueError(f"{what} has a line that is no continuation: {line!r}")
    # By words, not by a pattern over the whole: a waveform of samples is long.
    if any(word.lstrip("+-").lower() in ("nan", "inf") for line in lines for word in re.split(r"[\s(),]+", line)):
        raise ValueError(f"{what} is not finite everywhere")
    return lines
