"""What can be simulated: its equations, its deck, its working point."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from neuromorph.stimulus import Stimulus, WhiteNoise

if TYPE_CHECKING:
    from neuromorph.schematic import Deck, Probe
    from neuromorph.systems import HybridSystem


class Design(Protocol):
    """Anything with both roads: a neuron, or a user's :class:`Pair`."""

    def dynamics(self) -> HybridSystem:
        """The equations (SI units)."""

    def schematic(self) -> Any:
        """The circuit, a PySpice ``Circuit`` (SI units)."""


@dataclass(frozen=True)
class Pair:
    """A user's own equations and circuit of one design.

    Parameters
    ----------
    system : HybridSystem
        The equations (SI units).
    circuit : PySpice.Spice.Netlist.Circuit
        The circuit; a :class:`neuromorph.Schematic` says itself where stimuli enter and what to record.
    """

    system: HybridSystem
    circuit: Any

    def __post_init__(self) -> None:
        if not (hasattr(self.system, "modes") and hasattr(self.circuit, "raw_spice")):
            raise ValueError(
                f"a pair is a HybridSystem and a PySpice Circuit, in this order, got {type(self.system).__name__} and "
                f"{type(self.circuit).__name__}"
            )

    def dynamics(self) -> HybridSystem:
        """The equations (SI units)."""
        return self.system

    def schematic(self) -> Any:
        """The circuit (SI units)."""
        return self.circuit


def at_fidelity(design: Any, fidelity: Any) -> Any:
    """The design with parts as real as `fidelity` says.

    Parameters
    ----------
    design : object
        A neuron, where a fidelity is given.
    fidelity : str or mapping of str to str or VendorModel, or None
        As in :meth:`neuromorph.Neuron.schematic`.

    Returns
    -------
    object
        The design itself where no fidelity is given.

    Raises
    ------
    ValueError
        When the design has no fidelities, or not this one.
    """
    if fidelity is None:
        return design
    if not hasattr(design, "at_fidelity"):
        raise ValueError(f"{type(design).__name__} has no parts of different fidelity: only neurons do")
    return design.at_fidelity(fidelity)


def working_point(
    design: Any, drive: Mapping[str, Stimulus] | Stimulus | None, t_stop: float | None
) -> tuple[Mapping[str, Stimulus] | Stimulus | None, float]:
    """Drive [A or V] and duration [s], from the design's working point where they are left out.

    Parameters
    ----------
    design : object
        A neuron has a working point.
    drive : Stimulus, or mapping of str to Stimulus, or None
        As given.
    t_stop : float or None
        As given [s].

    Returns
    -------
    drive, t_stop
        As :func:`simulate` takes them.

    Raises
    ------
    ValueError
        When the design has no working point and no duration was given.
    """
    if isinstance(design, str) or design is None:
        raise ValueError(f"give a design, such as nm.MemristiveALIF(), got {design!r}")
    if isinstance(design, type):
        raise ValueError(f"give a design, not its class: {design.__name__}() instead of {design.__name__}")
    if hasattr(design, "adj") and hasattr(design, "nodes"):
        raise ValueError(
            f"a networkx.{type(design).__name__} is no design yet: hand in nm.compose(graph), which makes one of it"
        )
    if drive is not None and not isinstance(drive, Stimulus | Mapping):
        raise ValueError(f"drive must be a stimulus, such as nm.Constant(value=1e-3), or a dict of them, got {drive!r}")
    point = design.working_point() if hasattr(design, "working_point") else None
    if t_stop is None and point is None:
        t_stop = getattr(design, "t_stop", None)  # a deck knows
    if t_stop is None:
        if point is None:
            raise ValueError("say how long to simulate: t_stop [s], on the command line --t-stop")
        t_stop = point.t_stop
    if drive is None and point is not None:
        drive = point.drive
    if isinstance(t_stop, str) or not hasattr(t_stop, "__float__"):
        raise ValueError(f"t_stop must be a number in s, got {t_stop!r}; nm.parse_quantity('5ms', 's') reads text")
    return drive, float(t_stop)


def driven(
    design: Any, drive: Mapping[str, Stimulus] | Stimulus | None
) -> tuple[Any, Mapping[str, Stimulus] | Stimulus | None]:
    """The design and what drives it [A or V]; a network takes its drives into itself.

    Parameters
    ----------
    design : object
        A network, or any other design.
    drive : Stimulus, or mapping of str to Stimulus, or None
        As given; by name of the neuron for a network.

    Returns
    -------
    design, drive
        For a network the driven network, and ``None``.

    Raises
    ------
    ValueError
        When one stimulus is given for a network, or a neuron is unknown.
    """
    if not hasattr(design, "driven_by"):
        return design, drive
    if isinstance(drive, Stimulus):
        raise ValueError(
            f"{design.design_name!r} is a network: give a dict with a stimulus for each neuron that gets one; its neurons: "
            f"{', '.join(design.neurons[:8])}{' ...' if len(design.neurons) > 8 else ''}"
        )
    return design.driven_by(drive or {}), None


def equations_or_none(design: Any) -> Any:
    """The design's hybrid system or network (SI units), or ``None`` for a circuit alone."""
    if hasattr(design, "dynamics"):
        return design.dynamics()
    return design if hasattr(design, "modes") and hasattr(design, "transitions") else None


def equations_of(design: Any) -> Any:
    """The design's hybrid system or network (SI units), or ``ValueError`` that says why there is none."""
    system = equations_or_none(design)
    if system is None:
        raise ValueError(
            f"{type(design).__name__} has no equations, so engine 'rk4' cannot run it: use engine='ngspice', or hand in "
            "a Pair(system, circuit)"
        )
    return system


def deck_of(
    design: Any,
    drive: Mapping[str, Stimulus] | Stimulus | None,
    t_stop: float,
    probes: Mapping[str, Probe | str] | Sequence[str] | None = None,
) -> Deck:
    """The deck of a design under a drive.

    Parameters
    ----------
    design : Neuron, Pair, PySpice Circuit or Deck
        What to run.
    drive : Stimulus, or mapping of str to Stimulus, or None
        What drives its ports [A or V].
    t_stop : float
        Length of the run [s].
    probes : mapping or sequence of str, optional
        What to record.

    Returns
    -------
    Deck
        As :func:`neuromorph.make_deck` makes it.

    Raises
    ------
    ValueError
        When the design has no circuit, or white noise at its port ``noise`` is held longer than its fastest time constant.
    """
    from neuromorph.schematic import Deck, make_deck

    if isinstance(design, Deck):
        if drive is not None or probes is not None or t_stop != design.t_stop:
            raise ValueError("a deck holds its own drive, probes and t_stop: make another one with nm.make_deck")
        return design
    if hasattr(design, "driven_by"):
        design, drive = driven(design, drive)
        drive = design.drives()
    if hasattr(design, "schematic"):
        _refuse_slow_noise(design, drive)
        return make_deck(design.schematic(), drives=drive, t_stop=t_stop, probes=probes)
    if hasattr(design, "raw_spice") and hasattr(design, "elements"):
        return make_deck(design, drives=drive, t_stop=t_stop, probes=probes)
    raise ValueError(
        f"{type(design).__name__} has no circuit, so SPICE cannot run it: use engine='rk4', or hand in a "
        "Pair(system, circuit)"
    )


def _refuse_slow_noise(design: Any, drive: Mapping[str, Stimulus] | Stimulus | None) -> None:
    """Refuse samples that stand for a Wiener process of the equations and are too long for it: these would not be white."""
    drawn = {k: s.step for k, s in drive.items() if isinstance(s, WhiteNoise)} if isinstance(drive, Mapping) else {}
    system: Any = equations_or_none(design) if drawn else None
    for name, step in drawn.items():
        if name not in getattr(system, "noise_sources", ()):
            continue
        scale = min((scale for scale in system.time_scales().values() if scale is not None), default=math.inf)
        if step > scale:
            raise ValueError(
                f"step of the white noise at port {name!r} ({step:g} s) is longer than the fastest time constant of "
                f"{system.name!r} ({scale:g} s): what is held for so long is not white; give at most {scale / 10:.3g} s"
            )
