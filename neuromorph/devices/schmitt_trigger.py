"""The Schmitt trigger: a comparator with positive feedback, its resistors found from the two thresholds."""

from __future__ import annotations

import bisect
import dataclasses
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from neuromorph.devices.comparator import Comparator
from neuromorph.devices.part import Part
from neuromorph.devices.preferred_values import SERIES, preferred_values
from neuromorph.quantities import format_quantity, parameter
from neuromorph.systems.nodal import NodalEquations

_LEAST_LOOP_GAIN = 10.0
# No gap between two neighbours of a series is wider than its square: 15/13 in E24.
_WIDEST_STEP = 1.08


@dataclass(frozen=True)
class TriggerResistors:
    """The resistors of a Schmitt trigger.

    Parameters
    ----------
    r_a : float
        From the input to the comparator's positive input [ohm].
    r_b : float
        From the output to the comparator's positive input [ohm].
    r_top, r_bottom : float
        Divider of the supply that gives the reference at the negative input [ohm].
    """

    r_a: float
    r_b: float
    r_top: float
    r_bottom: float


def _dividers(near: float, ratio: float, series: str) -> list[tuple[float, float]]:
    """Pairs of preferred values, the first about `near` [ohm], the second about `ratio` times the first."""
    return [
        (first, second)
        for first in preferred_values(near / 1.5, near * 1.5, series)
        for second in preferred_values(first * ratio / _WIDEST_STEP, first * ratio * _WIDEST_STEP, series)
    ]


@dataclass(frozen=True, kw_only=True)
class SchmittTrigger(Part):
    """Non-inverting Schmitt trigger with resistors of standard values.

    The output rises when the input reaches `v_high` and falls when it has fallen to `v_low`. Given these two,
    the resistors are chosen from a series of preferred values; :attr:`thresholds` are those that the chosen
    ones give.

    Parameters
    ----------
    v_high, v_low : float
        Thresholds that are wanted, at the input [V].
    comparator : Comparator
        Its output levels enter the design.
    v_supply : float
        Supply, from which the reference is divided [V].
    r_a : float
        Input resistor, about [ohm]: the chosen one is within a factor of 1.5. It must be far above the output
        resistance of what drives it, which adds to it.
    r_reference : float
        Lower resistor of the reference divider, about [ohm]: the chosen one is within a factor of 1.5.
    series : {"E24", "E96"}
        Preferred values of IEC 60063.

    Raises
    ------
    ValueError
        When `v_low` is not below `v_high`, the series is unknown, no reference within the supply gives these
        thresholds, or the comparator's gain is too small for so little feedback.

    Examples
    --------
    >>> trigger = SchmittTrigger(v_high=0.80, v_low=0.05)
    >>> [round(v, 3) for v in trigger.thresholds]
    [0.798, 0.052]
    """

    v_high: float = parameter(0.8, unit="V", doc="input at which the output rises")
    v_low: float = parameter(0.05, unit="V", doc="input at which the output falls")
    comparator: Comparator = dataclasses.field(default_factory=Comparator)
    v_supply: float = parameter(5.0, unit="V", positive=True, doc="supply, from which the reference is divided")
    r_a: float = parameter(10e3, unit="ohm", positive=True, doc="input resistor, about")
    r_reference: float = parameter(1e3, unit="ohm", positive=True, doc="lower resistor of the divider, about")
    series: str = "E96"

    pins: ClassVar[tuple[str, ...]] = ("in", "v_pos", "v_neg", "out")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.v_low >= self.v_high:
            raise ValueError(f"v_low must be below v_high ({self.v_high:g} V), got {self.v_low!r}")
        if self.series not in SERIES:
            raise ValueError(f"series must be one of {', '.join(SERIES)}, got {self.series!r}")
        # Where the loop gain is not well above one, the difference of the thresholds is not what resistors say.
        fed_back = (self.v_high - self.v_low) / (self.v_high - self.v_low + self.comparator.swing)
        if self.comparator.gain * fed_back < _LEAST_LOOP_GAIN:
            raise ValueError(
                f"thresholds of {self.v_high:g} V and {self.v_low:g} V feed back 1/{1 / fed_back:.3g} of the output, too "
                f"little for a comparator with a gain of {self.comparator.gain:g}: the loop gain must be at least "
                f"{_LEAST_LOOP_GAIN:g}; set them further apart or use a comparator with more gain"
            )
        reference = self._wanted_reference
        if not 0 < reference < self.v_supply:
            raise ValueError(
                f"thresholds of {self.v_high:g} V and {self.v_low:g} V need a reference of {reference:.3g} V, which a "
                f"supply of {self.v_supply:g} V cannot give: change v_high, v_low or v_supply"
            )

    @cached_property
    def _wanted_ratio(self) -> float:
        """Input resistor over feedback resistor (pure number): hysteresis over the output's swing, gain allowed for."""
        hysteresis, swing = self.v_high - self.v_low, float(self.comparator.swing)
        ratio = hysteresis / swing
        for _ in range(4):
            before, come = self.comparator.point_of_slope(1 + 1 / ratio)
            ratio = (hysteresis + 2 * before) / (swing - 2 * come - 2 * before)
        return ratio

    @property
    def _wanted_reference(self) -> float:
        """Reference [V] between the outputs' and the inputs' middle, in the share of the resistors."""
        middle, output = (self.v_high + self.v_low) / 2, (self.comparator.v_high + self.comparator.v_low) / 2
        share = self._wanted_ratio / (1 + self._wanted_ratio)
        return float(middle + share * (output - middle) + self.comparator.v_offset)

    @cached_property
    def resistors(self) -> TriggerResistors:
        """The chosen resistors [ohm]: those whose thresholds are nearest to the wanted ones."""
        dividers = _dividers(self.r_reference, self.v_supply / self._wanted_reference - 1, self.series)
        references = {self.v_supply * bottom / (bottom + top): (top, bottom) for bottom, top in dividers}
        rising = sorted(references)
        best, least = None, math.inf
        for r_a, r_b in _dividers(self.r_a, 1 / self._wanted_ratio, self.series):
            # Both thresholds move with the reference, so the best one puts their middle right.
            high, low = self._thresholds(r_a, r_b, 0.0)
            wanted = (self.v_high + self.v_low - high - low) / 2 / (1 + r_a / (r_b + self.comparator.r_out))
            above = bisect.bisect(rising, wanted)
            for reference in rising[max(above - 1, 0) : above + 1]:
                high, low = self._thresholds(r_a, r_b, reference)
                miss = max(abs(high - self.v_high), abs(low - self.v_low))
                if miss < least:
                    best, least = TriggerResistors(r_a, r_b, *references[reference]), miss
        assert best is not None
        return best

    @cached_property
    def v_reference(self) -> float:
        """Voltage of the divider at the comparator's negative input [V]."""
        resistors = self.resistors
        return self.v_supply * resistors.r_bottom / (resistors.r_bottom + resistors.r_top)

    @cached_property
    def thresholds(self) -> tuple[float, float]:
        """Upper and lower threshold [V] that the chosen resistors give to a slow input.

        Offset, output resistance and finite gain of the comparator are included: the output runs away before
        the inputs are equal, where the loop gain reaches one. A fast input is past the threshold by what it
        rises in the comparator's delay.
        """
        return self._thresholds(self.resistors.r_a, self.resistors.r_b, self.v_reference)

    def _thresholds(self, r_a: float, r_b: float, reference: float) -> tuple[float, float]:
        comparator = self.comparator
        r_b += comparator.r_out
        # The output runs away where it rises as fast as the feedback can follow.
        before, come = comparator.point_of_slope(1 + r_b / r_a)

        def at_input(v_d: float, output: float) -> float:
            return ((reference - comparator.v_offset + v_d) * (r_a + r_b) - output * r_a) / r_b

        return at_input(-before, comparator.v_low + come), at_input(before, comparator.v_high - come)

    def describe(self) -> str:
        """The resistors [ohm] and the thresholds [V] that they give, as text."""
        parts = [f"{name} {format_quantity(value, 'ohm')}" for name, value in vars(self.resistors).items()]
        high, low = self.thresholds
        wanted = f"(wanted {self.v_high:.4g} V and {self.v_low:.4g} V)"
        return f"{', '.join(parts)}: thresholds {high:.4g} V and {low:.4g} V {wanted}, {self.series}"

    def symbolic(self, prefix: str) -> Any:
        """A twin whose resistors [ohm], reference [V] and comparator are symbols."""
        import sympy

        twin = object.__new__(type(self))
        names = ("r_a", "r_b", "r_top", "r_bottom")
        resistors = TriggerResistors(*(sympy.Symbol(prefix + name, real=True) for name in names))
        vars(twin).update(
            resistors=resistors,
            v_reference=sympy.Symbol(prefix + "v_reference", real=True),
            v_supply=sympy.Symbol(prefix + "v_supply", real=True),
            comparator=self.comparator.symbolic(f"{prefix}comparator_"),
        )
        return twin

    def values(self, prefix: str = "") -> dict[str, float]:
        """Values of the resistors [ohm], the reference and the supply [V], and of the comparator."""
        own = vars(self.resistors) | {"v_reference": self.v_reference, "v_supply": self.v_supply}
        return {prefix + name: value for name, value in own.items()} | self.comparator.values(f"{prefix}comparator_")

    def stamp(self, equations: NodalEquations, name: str, **nodes: str) -> None:
        """Feedback resistors around the node ``<name>_in``, and the divider where ``<name>_reference`` is not held."""
        inner, reference = f"{name}_in", f"{name}_reference"
        if not equations.holds(reference):
            equations.add_resistor(nodes["v_pos"], reference, self.resistors.r_top)
            equations.add_resistor(reference, nodes["v_neg"], self.resistors.r_bottom)
        equations.add_resistor(nodes["in"], inner, self.resistors.r_a)
        equations.add_resistor(nodes["out"], inner, self.resistors.r_b)
        pins = {pin: nodes[pin] for pin in ("v_pos", "v_neg", "out")}
        self.comparator.stamp(equations, name, in_p=inner, in_n=reference, **pins)

    def add_to(self, circuit: Any, name: str, **nodes: str) -> None:
        """Resistors and the comparator, as elements of the circuit itself (SI units)."""
        self.add_resistors(circuit, name, **nodes)
        pins = {pin: nodes[pin] for pin in ("v_pos", "v_neg", "out")}
        self.comparator.add_to(circuit, name, in_p=f"{name}_in", in_n=f"{name}_reference", **pins)

    def add_resistors(self, circuit: Any, name: str, **nodes: str) -> None:
        """The four resistors alone [ohm], around the nodes ``<name>_in`` and ``<name>_reference``."""
        circuit.R(f"{name}_a", nodes["in"], f"{name}_in", self.resistors.r_a)
        circuit.R(f"{name}_b", nodes["out"], f"{name}_in", self.resistors.r_b)
        circuit.R(f"{name}_top", nodes["v_pos"], f"{name}_reference", self.resistors.r_top)
        circuit.R(f"{name}_bottom", f"{name}_reference", nodes["v_neg"], self.resistors.r_bottom)

    def subcircuit(self) -> str:
        """The comparator's subcircuit (SI units): the resistors are elements of the circuit."""
        return self.comparator.subcircuit()

    def states_at_rest(self, name: str, v_in: float) -> dict[str, float]:
        """States of the equations with the output low.

        Parameters
        ----------
        name : str
            As in :meth:`stamp`.
        v_in : float
            Input [V].

        Returns
        -------
        dict of str to float
            Voltages of the inner node and of the reference [V], state of the comparator (pure number).
        """
        r_a, r_b = self.resistors.r_a, self.resistors.r_b + self.comparator.r_out
        inner = (v_in * r_b + self.comparator.v_low * r_a) / (r_a + r_b)
        return {f"v_{name}_in": inner, f"v_{name}_reference": self.v_reference, f"{name}_stage": -1.0}
