"""The numbers of NIR, which have no units, as volts, seconds and ohms."""

from __future__ import annotations

from dataclasses import dataclass

from neuromorph.quantities import Parameters, format_quantity, parameter

__all__ = ["NirUnits"]


@dataclass(frozen=True, kw_only=True)
class NirUnits(Parameters):
    """What the number 1 of NIR stands for.

    Parameters
    ----------
    v_unit : float
        A voltage of 1 [V].
    t_unit : float
        A time of 1 [s].
    r_unit : float
        A resistance of 1 [ohm].
    spike_area : float
        What one spike integrates to, in NIR's unit of time (pure number).
    """

    v_unit: float = parameter(unit="V", positive=True, doc="a voltage of 1")
    t_unit: float = parameter(unit="s", positive=True, doc="a time of 1")
    r_unit: float = parameter(unit="ohm", positive=True, doc="a resistance of 1")
    spike_area: float = parameter(1.0, unit="", positive=True, doc="what a spike integrates to")

    @property
    def i_unit(self) -> float:
        """A current of 1 [A]: through a resistance of 1 it makes a voltage of 1."""
        return self.v_unit / self.r_unit

    @property
    def charge(self) -> float:
        """What a spike of weight 1 puts on a membrane [C]."""
        return self.i_unit * self.t_unit * self.spike_area

    def note(self) -> str:
        """The units in one line."""
        return (
            f"1 in NIR is {format_quantity(self.v_unit, 'V')}, {format_quantity(self.t_unit, 's')}, "
            f"{format_quantity(self.r_unit, 'ohm')} and {format_quantity(self.i_unit, 'A')}; a spike of weight 1 is a charge of "
            f"{self.charge:.4g} C"
        )
