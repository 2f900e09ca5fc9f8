"""Preferred values against the numbers of IEC 60063, and their properties."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import neuromorph as nm

# As printed, for each series.
IEC_60063 = {
    "E24": "10 11 12 13 15 16 18 20 22 24 27 30 33 36 39 43 47 51 56 62 68 75 82 91",
    "E96": """
        100 102 105 107 110 113 115 118 121 124 127 130 133 137 140 143 147 150 154 158 162 165 169 174
        178 182 187 191 196 200 205 210 215 221 226 232 237 243 249 255 261 267 274 280 287 294 301 309
        316 324 332 340 348 357 365 374 383 392 402 412 422 432 442 453 464 475 487 499 511 523 536 549
        562 576 590 604 619 634 649 665 681 698 715 732 750 768 787 806 825 845 866 887 909 931 953 976
    """,
}
# Half of the widest step of each, in ratio: 13 to 15, and 100 to 102 or 105 to 107 and the like.
LARGEST_MISS = {"E24": math.sqrt(15 / 13), "E96": math.sqrt(105 / 102)}
each_series = pytest.mark.parametrize("series", IEC_60063)


@each_series
@pytest.mark.parametrize("exponent", [-3, 0, 2, 4, 7])
def test_a_decade_is_that_of_the_standard(series, exponent):
    digits = IEC_60063[series].split()
    scale = exponent - len(digits[0]) + 1
    expected = tuple(float(f"{d}e{scale}") for d in digits)
    decade = nm.preferred_values(10.0**exponent, 9.9 * 10.0**exponent, series)
    assert decade == expected
    assert len(decade) == int(series[1:])


@given(
    resistance=st.floats(1e-3, 1e9),
    series=st.sampled_from(sorted(IEC_60063)),
)
def test_nearest_is_in_the_series_and_as_near_as_the_series_allows(resistance, series):
    value = nm.nearest_preferred_value(resistance, series)
    assert value in nm.preferred_values(0.9 * value, 1.1 * value, series)
    assert max(value / resistance, resistance / value) <= LARGEST_MISS[series] * (1 + 1e-12)
    neighbours = nm.preferred_values(resistance / 1.2, resistance * 1.2, series)
    best = min(max(v / resistance, resistance / v) for v in neighbours)
    assert max(value / resistance, resistance / value) == pytest.approx(best, rel=1e-12)


@given(low=st.floats(1e-3, 1e8), ratio=st.floats(1.0, 1e4), series=st.sampled_from(sorted(IEC_60063)))
def test_values_of_a_range_rise_lie_in_it_and_none_is_missing(low, ratio, series):
    values = nm.preferred_values(low, low * ratio, series)
    assert all(low * (1 - 1e-11) <= v <= low * ratio * (1 + 1e-11) for v in values)
    assert list(values) == sorted(set(values))
    # Ends included: a wider range has them all, and adds only what lies outside.
    wider = nm.preferred_values(low / 2, low * ratio * 2, series)
    assert [v for v in wider if low <= v <= low * ratio] == [v for v in values if low <= v <= low * ratio]


@each_series
def test_ends_are_included(series):
    assert nm.preferred_values(1000.0, 1000.0, series) == (1000.0,)
    assert nm.nearest_preferred_value(9.99e3, series) == 10e3


def test_bad_input():
    with pytest.raises(ValueError, match=r"^no series 'E7' of preferred values; choices: E24, E96"):
        nm.preferred_values(1.0, 10.0, "E7")
    with pytest.raises(
        ValueError, match=r"^preferred values need a range of positive resistances in ohm, got 10.0 to 1.0"
    ):
        nm.preferred_values(10.0, 1.0)
    for bad in (0.0, -47.0, math.nan, math.inf):
        with pytest.raises(ValueError, match=r"^resistance must be a positive number of ohm, got"):
            nm.nearest_preferred_value(bad)
