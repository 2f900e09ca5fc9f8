"""Quantities with units: parsed, printed, and checked in parameter classes."""

from __future__ import annotations

import contextlib
import math
import re
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuromorph.quantities import Parameters, format_quantity, parameter, parse_quantity, pluralised

UNITS = ("ohm", "F", "V", "A", "s", "Hz", "K", "S", "W", "J", "A/V^2", "1/s")


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("10nF", "F", 1e-8),
        ("5 ms", "s", 5e-3),
        ("4.7k", "ohm", 4700.0),
        ("4.7kΩ", "ohm", 4700.0),
        ("4.7k\u2126", "ohm", 4700.0),
        ("1M", "ohm", 1e6),
        ("1m", "ohm", 1e-3),
        ("5µs", "s", 5e-6),
        ("5\u03bcs", "s", 5e-6),
        ("-1e-3", "V", -1e-3),
        (".5V", "V", 0.5),
        ("3.", "", 3.0),
        ("50%", "", 0.5),
        ("12.5 %", "", 0.125),
        ("1f", "F", 1e-15),
        ("10 mA/V^2", "A/V^2", 0.01),
        ("1e5", "", 1e5),
        (" 7 ", "", 7.0),
    ],
)
def test_a_quantity_is_read_to_the_last_digit(text: str, unit: str, value: float) -> None:
    assert parse_quantity(text, unit) == value


@pytest.mark.parametrize(
    ("text", "unit", "message"),
    [
        ("10nF", "s", "cannot read '10nF': expected a value in s, such as '10 ms'"),
        ("fast", "Hz", "cannot read 'fast': expected a value in Hz, such as '10 mHz'"),
        ("10nF", "", "cannot read '10nF': expected a number"),
        ("5S", "s", "cannot read '5S': expected a value in s"),
        ("1 2", "V", "expected a value in V"),
        ("nan", "V", "expected a value in V"),
        ("", "V", "cannot read '': expected a value in V"),
        ("50%", "V", "expected a value in V"),
        ("1e400", "V", "out of the range of floating point numbers"),
        ("1e400%", "", "out of the range of floating point numbers"),
        ("1e" + "9" * 5000, "V", "out of the range"),
    ],
)
def test_what_is_no_quantity_is_refused(text: str, unit: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        parse_quantity(text, unit)


@pytest.mark.parametrize(
    ("value", "unit", "digits", "text"),
    [
        (2.2e-8, "F", 4, "22 nF"),
        (0.0, "s", 4, "0 s"),
        (-0.0, "s", 4, "0 s"),
        (999.96, "V", 4, "1 kV"),
        (-999.96, "V", 4, "-1 kV"),
        (150.0, "Hz", 2, "150 Hz"),
        (0.25, "", 4, "0.25"),
        (math.inf, "s", 4, "inf s"),
        (1e-18, "F", 4, "0.001 fF"),
    ],
)
def test_a_quantity_is_printed_with_the_prefix_that_fits(value: float, unit: str, digits: int, text: str) -> None:
    assert format_quantity(value, unit, digits) == text


@given(value=st.floats(-1e12, 1e12).filter(lambda v: v == 0 or abs(v) > 1e-12), unit=st.sampled_from(UNITS))
def test_what_is_printed_in_full_reads_back_the_same(value: float, unit: str) -> None:
    assert parse_quantity(format_quantity(value, unit, digits=17), unit) == pytest.approx(value, rel=1e-15)


@given(value=st.floats(allow_nan=False, allow_infinity=False), unit=st.sampled_from(UNITS))
def test_a_plain_number_reads_back_exactly(value: float, unit: str) -> None:
    assert parse_quantity(repr(value), unit) == value


@given(text=st.text(max_size=12), unit=st.sampled_from(("", *UNITS)))
def test_any_text_is_a_finite_number_or_refused(text: str, unit: str) -> None:
    with contextlib.suppress(ValueError):
        assert math.isfinite(parse_quantity(text, unit))


@dataclass(frozen=True, kw_only=True)
class Divider(Parameters):
    """Parameters for these tests."""

    r_top: float = parameter(unit="ohm", doc="upper resistor", positive=True)
    ratio: float = parameter(0.5, unit="", doc="of the output", low=0, high=1)
    v_in: float = parameter(1.0, unit="V", doc="input")
    c_out: float | None = parameter(None, unit="F", doc="load", low=0, optional=True)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"r_top": -500.0}, "r_top must be a positive resistance in ohm, got -500.0"),
        ({"r_top": 0}, "r_top must be a positive resistance in ohm, got 0"),
        ({"r_top": 1, "ratio": 1.5}, "ratio must be a finite number from 0 to 1, got 1.5"),
        ({"r_top": 1, "v_in": math.nan}, "v_in must be a finite voltage in V, got nan"),
        ({"r_top": 1, "v_in": math.inf}, "v_in must be a finite voltage in V, got inf"),
        ({"r_top": 1, "v_in": "1V"}, "v_in must be a finite voltage in V, got '1V'"),
        ({"r_top": True}, "r_top must be a positive resistance in ohm, got True"),
        ({"r_top": 1, "v_in": None}, "v_in must be a finite voltage in V, got None"),
        ({"r_top": 1, "c_out": -1}, "c_out must be a finite capacitance in F of at least 0, or None, got -1"),
    ],
)
def test_a_parameter_out_of_range_is_refused(values: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Divider(**values)


def test_an_integer_beyond_the_floats_is_refused() -> None:
    with pytest.raises(ValueError, match="r_top must be a positive resistance in ohm"):
        Divider(r_top=10**400)


def test_parameters_are_floats() -> None:
    divider = Divider(r_top=1, v_in=2)
    assert type(divider.r_top) is float
    assert divider.c_out is None


def test_replace_changes_a_copy_and_checks_it() -> None:
    divider = Divider(r_top=1.0)
    assert divider.replace(r_top=2.0) == Divider(r_top=2.0)
    assert divider == Divider(r_top=1.0)
    with pytest.raises(ValueError, match="r_top must be a positive resistance"):
        divider.replace(r_top=-1)
    message = "Divider has no parameter 'r_to'; did you mean 'r_top'? choices: r_top, ratio, v_in, c_out"
    with pytest.raises(ValueError, match=re.escape(message)):
        divider.replace(r_to=2)
    with pytest.raises(ValueError, match=re.escape("Divider has no parameter 'xyz'; choices: r_top")):
        divider.replace(xyz=2)


def test_counts_read_well() -> None:
    assert [pluralised(n, "spike") for n in (0, 1, 2)] == ["0 spikes", "1 spike", "2 spikes"]
