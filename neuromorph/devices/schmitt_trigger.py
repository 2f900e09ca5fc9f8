"""The Schmitt trigger: a comparator with positive feedback, its resistors found from the two thresholds."""

from __future__ import annotations

import bisect
import dataclasses
import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, ClassVar

from neuromorph.devices.comparator import Comparator
from neuromorph.devices.part import Part
from neuromorph.devices.preferred_values import SERIES, preferred_values
from neuromorph.quantities import format_quantity, parameter
from neuromorph.systems.nodal import NodalEquations

_LEAST_LOOP_GAIN = 10.0
# The same where the change of the bias current in the resistors is counted against it.
_LEAST_WITH_BIAS = 5.0
# No gap between two neighbours of a series is wider than its square: 15/13 in E24.
_WIDEST_STEP = 1.08
# Where "about" is asked for, values within this factor are tried.
_AROUND = 1.5
# What a bias current must make in the input resistor to be named as a cause [V].
_NOTABLE = 0.1
_ROUNDS = 20


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


def _near(resistance: float, series: str) -> tuple[float, ...]:
    """Preferred values on both sides of a resistance [ohm]."""
    return preferred_values(resistance / _WIDEST_STEP, resistance * _WIDEST_STEP, series)


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
        Its output levels and the currents out of its inputs enter the design.
    v_supply : float
        Supply, from which the reference is divided [V].
    r_a : float
        Input resistor, about [ohm]: the chosen one is within a factor of 1.5. It must be far above the output
        resistance of what drives it, which adds to it. The comparator's bias current through it shifts both
        thresholds down, which the reference makes up for; by as much they are uncertain as the bias current is.
    r_reference : float
        Lower resistor of the reference divider, about [ohm]: the chosen one is within a factor of 1.5.
    series : {"E24", "E96"}
        Preferred values of IEC 60063.

    Raises
    ------
    ValueError
        When `v_low` is not below `v_high`, the series is unknown, no reference within the supply gives these
        thresholds, the comparator's gain is too small for so little feedback, or `r_a` is too large for its
        bias current.

    Examples
    --------
    >>> trigger = SchmittTrigger(v_high=0.80, v_low=0.05)
    >>> [round(v, 3) for v in trigger.thresholds]
    [0.803, 0.047]
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
        shift = self.comparator.i_bias * self.r_a
        # Where the loop gain is not well above one, the difference of the thresholds is not what resistors say.
        fed_back = (self.v_high - self.v_low) / (self.v_high - self.v_low + self.comparator.swing)
        if self.comparator.gain * fed_back < _LEAST_LOOP_GAIN:
            raise ValueError(
                f"thresholds of {self.v_high:g} V and {self.v_low:g} V feed back 1/{1 / fed_back:.3g} of the output, too "
                f"little for a comparator with a gain of {self.comparator.gain:g}: the loop gain must be at least "
                f"{_LEAST_LOOP_GAIN:g}; set them further apart or use a comparator with more gain"
            )
        reference = self._wanted_reference(self.r_a)
        if not 0 < reference < self.v_supply:
            raise ValueError(
                f"thresholds of {self.v_high:g} V and {self.v_low:g} V need a reference of {reference:.3g} V, which a "
                f"supply of {self.v_supply:g} V cannot give: change v_high, v_low or v_supply"
                + (f", or lower r_a, in which the bias current makes {shift:.3g} V" if shift > _NOTABLE else "")
            )
        if self._loop_gain_with_bias(fed_back / (1 - fed_back)) < _LEAST_WITH_BIAS:
            raise ValueError(
                f"thresholds of {self.v_high:g} V and {self.v_low:g} V leave a loop gain of "
                f"{self._loop_gain_with_bias(fed_back / (1 - fed_back)):.3g} with r_a = {self.r_a:g} ohm, in which the "
                f"comparator's bias current makes {shift:.3g} V: it must be at least {_LEAST_WITH_BIAS:g}; lower r_a or "
                "set them further apart"
            )

    def _loop_gain_with_bias(self, ratio: float) -> float:
        comparator = self.comparator
        per_volt = comparator.i_bias / comparator.v_pair
        return comparator.gain * ratio / (1 + ratio + per_volt * (self.r_a + self.r_reference * (1 + ratio)))

    def _wanted_ratio(self, r_a: float) -> float:
        """Input resistor over feedback resistor (pure number): hysteresis over the output's swing, gain allowed for.

        The currents out of the inputs change sides between the thresholds, so they take from the hysteresis.
        """
        comparator = self.comparator
        hysteresis, swing = self.v_high - self.v_low, float(comparator.swing)
        ratio = hysteresis / swing
        for _ in range(4):
            before, come, steered = self._runaway(ratio, r_a, self.r_reference)
            drop = comparator.i_bias * steered
            ratio = (hysteresis + 2 * before + 2 * drop * (r_a + self.r_reference)) / (
                swing - 2 * come - 2 * before - 2 * drop * self.r_reference
            )
        return ratio

    def _wanted_reference(self, r_a: float) -> float:
        """Open-circuit voltage of the divider [V] between the outputs' and the inputs' middle, bias allowed for."""
        ratio, i_bias = self._wanted_ratio(r_a), self.comparator.i_bias
        balanced = self._balanced_reference(ratio, r_a, self.v_high + self.v_low)
        # The resistance of the divider falls as its voltage rises.
        return (balanced - i_bias * self.r_reference) / (1 - i_bias * self.r_reference / self.v_supply)

    def _balanced_reference(self, ratio: float, r_a: float, sum_of_thresholds: float) -> float:
        """Voltage at the negative input with the inputs in balance, which puts the middle of both thresholds right [V]."""
        comparator = self.comparator
        output = (comparator.v_high + comparator.v_low) / 2
        at_input = sum_of_thresholds / 2 + r_a * comparator.i_bias
        return float((at_input + ratio * output) / (1 + ratio) + comparator.v_offset)

    def _runaway(self, ratio: float, r_a: float, r_divider: float) -> tuple[float, float, float]:
        """Where the output rises as fast as the feedback can follow: distances from balance and from the output's level
        [V], and share of the bias current that has changed sides (pure number)."""
        comparator = self.comparator
        before, come = comparator.point_of_slope(1 + 1 / ratio, (r_a + (1 + ratio) * r_divider) / ratio)
        return before, come, math.tanh(before / comparator.v_pair)

    @cached_property
    def resistors(self) -> TriggerResistors:
        """The chosen resistors [ohm]: those whose thresholds are nearest to the wanted ones."""
        return _chosen_resistors(self)

    def _choose_resistors(self) -> TriggerResistors:
        best, least = None, math.inf
        for r_a in preferred_values(self.r_a / _AROUND, self.r_a * _AROUND, self.series):
            reference = self._wanted_reference(r_a)
            if not 0 < reference < self.v_supply:
                continue
            dividers = self._dividers(reference)
            rising = sorted(dividers)
            for r_b in _near(r_a / self._wanted_ratio(r_a), self.series):
                # Both thresholds move with the reference, so the best one puts their middle right.
                ratio = r_a / (r_b + self.comparator.r_out)
                above = bisect.bisect(rising, self._balanced_reference(ratio, r_a, self.v_high + self.v_low))
                for balanced in rising[max(above - 1, 0) : above + 1]:
                    chosen = TriggerResistors(r_a, r_b, *dividers[balanced])
                    high, low = self._thresholds(chosen)
                    miss = max(abs(high - self.v_high), abs(low - self.v_low))
                    if miss < least:
                        best, least = chosen, miss
        assert best is not None
        return best

    def _dividers(self, reference: float) -> dict[float, tuple[float, float]]:
        """Upper and lower resistor [ohm] by the voltage that they give with the inputs in balance [V]."""
        dividers = {}
        for bottom in preferred_values(self.r_reference / _AROUND, self.r_reference * _AROUND, self.series):
            for top in _near(bottom * (self.v_supply / reference - 1), self.series):
                voltage = (self.v_supply / top + self.comparator.i_bias) / (1 / top + 1 / bottom)
                dividers[voltage] = (top, bottom)
        return dividers

    @cached_property
    def v_reference(self) -> float:
        """Voltage of the divider alone [V]: current out of the comparator's negative input adds some millivolts to it."""
        resistors = self.resistors
        return self.v_supply * resistors.r_bottom / (resistors.r_bottom + resistors.r_top)

    @cached_property
    def thresholds(self) -> tuple[float, float]:
        """Upper and lower threshold [V] that the chosen resistors give to a slow input.

        Offset, output resistance, finite gain and bias current of the comparator are included: the output runs
        away before the inputs are equal, where the loop gain reaches one. A fast input is past the threshold by
        what it rises in the comparator's delay.
        """
        return self._thresholds(self.resistors)

    def _thresholds(self, resistors: TriggerResistors) -> tuple[float, float]:
        comparator, r_a = self.comparator, resistors.r_a
        r_b = resistors.r_b + comparator.r_out
        r_divider = 1 / (1 / resistors.r_top + 1 / resistors.r_bottom)
        before, come, steered = self._runaway(r_a / r_b, r_a, r_divider)

        def at_input(side: int, output: float) -> float:
            i_p, i_n = (comparator.i_bias * (1 + sign * side * steered) for sign in (-1, 1))
            v_n = (self.v_supply / resistors.r_top + i_n) * r_divider
            v_p = v_n - comparator.v_offset + side * before
            return v_p + r_a * ((v_p - output) / r_b - i_p)

        return at_input(-1, comparator.v_low + come), at_input(1, comparator.v_high - come)

    def describe(self) -> str:
        """The resistors [ohm] and the thresholds [V] that they give, as text."""
        parts = [f"{name} {format_quantity(value, 'ohm')}" for name, value in vars(self.resistors).items()]
        high, low = self.thresholds
        wanted = f"(wanted {self.v_high:.4g} V and {self.v_low:.4g} V)"
        return f"{', '.join(parts)}: thresholds {high:.4g} V and {low:.4g} V {wanted}, {self.series}"

    def symbolic(self, prefix: str) -> Any:
        """A twin whose resistors [ohm], supply [V] and comparator are symbols."""
        import sympy

        twin = object.__new__(type(self))
        names = ("r_a", "r_b", "r_top", "r_bottom")
        resistors = TriggerResistors(*(sympy.Symbol(prefix + name, real=True) for name in names))
        vars(twin).update(
            resistors=resistors,
            v_supply=sympy.Symbol(prefix + "v_supply", real=True),
            comparator=self.comparator.symbolic(f"{prefix}comparator_"),
        )
        return twin

    def values(self, prefix: str = "") -> dict[str, float]:
        """Values of the resistors [ohm], the supply [V], and of the comparator."""
        own = vars(self.resistors) | {"v_supply": self.v_supply}
        return {prefix + name: value for name, value in own.items()} | self.comparator.values(f"{prefix}comparator_")

    def stamp(self, equations: NodalEquations, name: str, **nodes: str) -> None:
        """Feedback resistors around the node ``<name>_in``, and the divider at the node ``<name>_reference``."""
        inner, reference = f"{name}_in", f"{name}_reference"
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
        resistors, comparator = self.resistors, self.comparator
        r_a, r_b = resistors.r_a, resistors.r_b + comparator.r_out
        r_divider = 1 / (1 / resistors.r_top + 1 / resistors.r_bottom)
        inner = (v_in * r_b + comparator.v_low * r_a) / (r_a + r_b)
        reference = self.v_reference
        # The currents depend on the voltages that they move, by little: both settle in a few rounds.
        i_p = i_n = 0.0
        for _ in range(_ROUNDS):
            v_d = inner + i_p * r_a * r_b / (r_a + r_b) - reference - i_n * r_divider
            i_p, i_n = (float(i_in) for i_in in comparator.input_currents(v_d))
        inner, reference = inner + i_p * r_a * r_b / (r_a + r_b), reference + i_n * r_divider
        return {f"v_{name}_in": inner, f"v_{name}_reference": reference, f"{name}_stage": -1.0}


@lru_cache(maxsize=1024)
def _chosen_resistors(trigger: SchmittTrigger) -> TriggerResistors:
    """Kept, because the neurons of a sweep have equal triggers."""
    return trigger._choose_resistors()
