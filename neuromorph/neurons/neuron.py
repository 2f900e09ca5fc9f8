"""What every neuron has: component values, equations, a schematic, and a point to work at."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from neuromorph.neurons.design_checks import DesignFinding
from neuromorph.neurons.fidelity import Fidelity, fidelity_of_parts
from neuromorph.quantities import Parameters
from neuromorph.stimulus import Stimulus

if TYPE_CHECKING:
    from neuromorph.schematic.circuit import Schematic
    from neuromorph.systems import HybridSystem

RELATIVE_PRECISION = 1e-7
"""Relative tolerance (pure number) of the circuits of ideal neurons, which have few and well-scaled nodes: a tenth
of what other circuits are run with costs nothing here and brings spike times three times closer."""
CHARGE_PRECISION = 0.1
"""Share of a membrane's charge [C/C] down to which the error control of its circuit is relative to the charge.

Below it the control is absolute. Far smaller shares stop a run: where a switch makes the current jump while
the charge is near zero, no time step is short enough for a relative tolerance."""


@dataclass(frozen=True)
class WorkingPoint:
    """A drive and a duration that show what a neuron does.

    Parameters
    ----------
    drive : Stimulus, or mapping of str to Stimulus
        Input current [A], or what drives each of several inputs, by name.
    t_stop : float
        Length of the run [s].
    """

    drive: Stimulus | Mapping[str, Stimulus]
    t_stop: float


@dataclass(frozen=True, kw_only=True)
class Neuron(Parameters, ABC):
    """A neuron as one object with two roads: equations and a circuit."""

    design_name: ClassVar[str]
    parts: ClassVar[tuple[str, ...]] = ()
    """The parts that have more than one fidelity."""

    @abstractmethod
    def dynamics(self, fidelity: Fidelity = "ideal") -> HybridSystem:
        """The neuron's equations (SI units), with parts as real as `fidelity` says."""

    @abstractmethod
    def schematic(self, fidelity: Fidelity = "ideal") -> Schematic:
        """The neuron as a circuit.

        Parameters
        ----------
        fidelity : str or mapping of str to str or VendorModel
            How real the parts are: one word for all, or one for each of some.

        Returns
        -------
        Schematic
            A PySpice circuit with ports and probes (SI units).

        Raises
        ------
        ValueError
            When the fidelity is unknown.
        """

    @abstractmethod
    def working_point(self) -> WorkingPoint:
        """The drive [A or 1/s] and duration [s] at which the neuron is shown when nothing else is asked."""

    def design_findings(
        self, i_max: float, *, fidelity: Fidelity = "ideal", t_max: float | None = None
    ) -> Iterable[DesignFinding]:
        """Faults that are known before a run; a neuron that has checks overrides this.

        Parameters
        ----------
        i_max : float
            Largest input current [A].
        fidelity : str or mapping of str to str or VendorModel
            As in :meth:`schematic`.
        t_max : float, optional
            Longest time step of the SPICE run, where one was asked for [s].

        Returns
        -------
        iterable of DesignFinding
            Each with the parameter and the value that would do (SI units).
        """
        return ()

    def at_fidelity(self, fidelity: Fidelity) -> NeuronAtFidelity:
        """The neuron with parts as real as `fidelity` says, as a design of its own (SI units)."""
        return NeuronAtFidelity(self, fidelity)


@dataclass(frozen=True, kw_only=True)
class EquationsOnly(Neuron):
    """A neuron of the literature that is stated as equations and has no circuit here."""

    def schematic(self, fidelity: Fidelity = "ideal") -> Schematic:
        """Always refused (SI units).

        Raises
        ------
        ValueError
            Says what to do instead.
        """
        raise ValueError(
            f"{self.design_name!r} is stated as equations and has no circuit: simulate it with engine='ode', or pair its "
            "dynamics() with a circuit of yours as neuromorph.Pair"
        )


@dataclass(frozen=True)
class NeuronAtFidelity:
    """A neuron whose parts are as real as was asked for; it goes wherever a neuron goes.

    Parameters
    ----------
    neuron : Neuron
        Component values (SI units).
    fidelity : str or mapping of str to str or VendorModel
        As in :meth:`Neuron.schematic`.

    Raises
    ------
    ValueError
        When the neuron has no such fidelity.
    """

    neuron: Neuron
    fidelity: Fidelity

    def __post_init__(self) -> None:
        fidelity_of_parts(self.fidelity, self.neuron.parts, self.design_name)

    @property
    def design_name(self) -> str:
        """Name of the neuron."""
        return self.neuron.design_name

    @property
    def stand_ins(self) -> tuple[str, ...]:
        """Parts whose equations are those of a macromodel, because the circuit's own have none."""
        parts = fidelity_of_parts(self.fidelity, self.neuron.parts, self.design_name)
        return tuple(
            role
            for role, word in parts.items()
            if (role, word) == ("comparator", "transistor") or not isinstance(word, str)
        )

    def dynamics(self) -> HybridSystem:
        """The neuron's equations (SI units)."""
        return self.neuron.dynamics(self.fidelity)

    def schematic(self) -> Schematic:
        """The neuron as a circuit (SI units)."""
        return self.neuron.schematic(self.fidelity)

    def design_findings(self, i_max: float, *, t_max: float | None = None) -> Iterable[DesignFinding]:
        """Faults that are known before a run.

        Parameters
        ----------
        i_max : float
            Largest input current [A].
        t_max : float, optional
            Longest time step of the SPICE run, where one was asked for [s].

        Returns
        -------
        iterable of DesignFinding
            Each with the parameter and the value that would do (SI units).
        """
        return self.neuron.design_findings(i_max, fidelity=self.fidelity, t_max=t_max)

    def working_point(self) -> WorkingPoint:
        """The neuron's own drive [A] and duration [s]."""
        return self.neuron.working_point()
