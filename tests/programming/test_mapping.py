"""Weights to conductances and back: exact inverses, bounds of quantisation, clipping, and what is refused."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import neuromorph as nm

SCHEMES = [
    {"scheme": "differential", "pair": "one-sided"},
    {"scheme": "differential", "pair": "balanced"},
    {"scheme": "offset"},
]
each_scheme = pytest.mark.parametrize("scheme", SCHEMES, ids=["one-sided", "balanced", "offset"])


def weights(m=7, n=5, seed=0):
    return np.random.default_rng(seed).standard_normal((m, n))


@each_scheme
@given(
    seed=st.integers(0, 2**32),
    m=st.integers(1, 9),
    n=st.integers(1, 9),
    r_on=st.floats(1.0, 1e6),
    ratio=st.floats(1.01, 1e5),
)
def test_conductances_give_the_weights_back(scheme, seed, m, n, r_on, ratio):
    """Rounding of a conductance against the window: an ulp of the largest conductance over the smaller half window."""
    w = weights(m, n, seed)
    mapping = nm.WeightMapping(r_on=r_on, r_off=r_on * ratio, **scheme).fitted(w)
    g = mapping.conductances(w)
    assert g.shape == (m, mapping.bit_lines(n))
    assert g.min() >= mapping.g_off
    assert g.max() <= mapping.g_on
    error = 8 * np.finfo(float).eps * mapping.g_on / mapping.conductance_per_weight
    assert np.abs(mapping.weights(g) - w).max() <= error


@each_scheme
def test_currents_give_the_product_back(scheme):
    """Ohm's and Kirchhoff's laws by loops over devices, against ``x @ w``."""
    w, x = weights(), np.random.default_rng(1).uniform(-1, 1, (3, 7))
    mapping = nm.WeightMapping(**scheme).fitted(w)
    g = mapping.conductances(w)
    currents = np.zeros((3, g.shape[1]))
    for k, i, j in itertools.product(range(3), range(7), range(g.shape[1])):
        currents[k, j] += 0.2 * x[k, i] * g[i, j]
    np.testing.assert_allclose(mapping.outputs(currents, 0.2), x @ w, rtol=0, atol=1e-12)
    np.testing.assert_allclose(mapping.outputs(currents[0], 0.2), x[0] @ w, rtol=0, atol=1e-12)


def test_conductances_by_hand():
    """A window of 1 mS to 3 mS and weights up to 2: 1 mS is a weight of one."""
    window = {"r_on": 1 / 3e-3, "r_off": 1 / 1e-3, "w_max": 2.0}
    w = [[2.0, -1.0], [0.0, 0.5]]
    pairs = nm.WeightMapping(**window).conductances(w)
    np.testing.assert_allclose(pairs, np.array([[3, 1, 1, 2], [1, 1, 1.5, 1]]) * 1e-3, rtol=1e-14)
    balanced = nm.WeightMapping(**window, pair="balanced").conductances(w)
    np.testing.assert_allclose(balanced, np.array([[3, 1, 1.5, 2.5], [2, 2, 2.25, 1.75]]) * 1e-3, rtol=1e-14)
    offset = nm.WeightMapping(**window, scheme="offset").conductances(w)
    np.testing.assert_allclose(offset, np.array([[3, 1.5, 2], [2, 2.25, 2]]) * 1e-3, rtol=1e-14)


@each_scheme
@pytest.mark.parametrize("spacing", ["conductance", "resistance"])
@pytest.mark.parametrize("levels", [3, 4, 16, 33])
def test_levels(scheme, spacing, levels):
    """Every conductance is a level, and no weight is further off than half a step for each device that was rounded."""
    w = weights(20, 20)
    mapping = nm.WeightMapping(r_on=1e3, r_off=2e4, levels=levels, spacing=spacing, **scheme).fitted(w)
    ends = (1 / 2e4, 1 / 1e3) if spacing == "conductance" else (2e4, 1e3)
    allowed = np.linspace(*ends, levels) if spacing == "conductance" else 1 / np.linspace(*ends, levels)
    np.testing.assert_allclose(mapping.level_conductances, allowed, rtol=1e-14)
    g = mapping.conductances(w)
    assert np.isin(g, mapping.level_conductances).all()
    rounded = 2 if scheme.get("pair") == "balanced" else 1
    bound = rounded * 0.5 * np.diff(allowed).max() / mapping.conductance_per_weight
    error = np.abs(mapping.weights(g) - w).max()
    assert error <= bound * (1 + 1e-9)
    if spacing == "conductance":
        # The bound is met to a good part, so a step of half the size would break it.
        assert error > 0.3 * bound


@pytest.mark.parametrize("scheme", [SCHEMES[0], SCHEMES[2]], ids=["one-sided", "offset"])
def test_zero_is_a_level(scheme):
    mapping = nm.WeightMapping(levels=4, w_max=1.0, spacing="resistance", **scheme)
    assert mapping.weights(mapping.conductances(np.zeros((3, 2)))).tolist() == np.zeros((3, 2)).tolist()


def test_more_levels_have_smaller_errors():
    w = weights(30, 30)
    errors = []
    for levels in (2, 4, 8, 16, 32, None):
        mapping = nm.WeightMapping(levels=levels).fitted(w)
        errors.append(np.sqrt(np.mean((mapping.weights(mapping.conductances(w)) - w) ** 2)))
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 1e-12


def test_clipping_absolute_and_at_a_quantile():
    w = weights(40, 40)
    mapping = nm.WeightMapping(clipping="absolute", w_max=1.5)
    np.testing.assert_allclose(mapping.weights(mapping.conductances(w)), np.clip(w, -1.5, 1.5), atol=1e-12)
    fitted = nm.WeightMapping(clipping="quantile", quantile=0.9).fitted(w)
    assert fitted.w_max == np.quantile(np.abs(w), 0.9)
    back = fitted.weights(fitted.conductances(w))
    assert np.count_nonzero(np.abs(back - w) > 1e-9) == 160
    assert np.abs(back).max() == pytest.approx(fitted.w_max, rel=1e-12)


def test_the_mapping_is_that_of_its_weights():
    w = weights()
    assert nm.WeightMapping().fitted(w).w_max == np.abs(w).max()
    with pytest.raises(
        ValueError, match=r"w_max is not known yet: give it, or take the mapping that fitted\(weights\)"
    ):
        nm.WeightMapping().weights(np.ones((2, 2)))
    assert "weights up to 2 (larger ones refused)" in nm.WeightMapping(w_max=2.0).summary()
    assert "16 levels uniform in resistance" in nm.WeightMapping(levels=16, spacing="resistance").summary()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"r_on": 2e3}, "r_on must be below r_off, got 2000 ohm and 1500 ohm"),
        ({"r_on": -1.0}, "r_on must be a positive resistance in ohm, got -1.0"),
        ({"r_off": np.nan}, "r_off must be a positive resistance in ohm, got nan"),
        ({"levels": 1}, "levels must be a whole number of at least 2 with the differential scheme"),
        ({"levels": 2, "scheme": "offset"}, "levels must be a whole number of at least 3 with the offset scheme"),
        ({"levels": 4.0}, "levels must be a whole number"),
        ({"scheme": "triple"}, "scheme must be one of differential, offset, got 'triple'"),
        ({"spacing": "log"}, "spacing must be one of conductance, resistance, got 'log'"),
        ({"clipping": "absolute"}, 'clipping="absolute" needs w_max'),
        ({"clipping": "quantile", "w_max": 1.0}, "w_max follows from the weights: leave it out"),
        ({"quantile": 1.1}, "quantile must be a finite number from 0 to 1, got 1.1"),
        ({"w_max": 0.0}, "w_max must be a positive number, or None, got 0.0"),
    ],
)
def test_settings_that_are_refused(settings, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        nm.WeightMapping(**settings)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([1.0, 2.0], r"weights must be a matrix with a row for each word line, got the shape \(2,\)"),
        (np.empty((0, 3)), r"got the shape \(0, 3\)"),
        ([[1.0, np.nan]], "weights must be finite numbers, got nan in row 0, column 1"),
        ([[np.inf], [1.0]], "got inf in row 0, column 0"),
        ([[0.0, 0.0]], "all weights are zero, so no weight fills the window; give w_max"),
    ],
)
def test_weights_that_are_refused(given, message):
    for call in (nm.WeightMapping().fitted, nm.WeightMapping().conductances, nm.WeightMapping().program):
        with pytest.raises(ValueError, match=message):
            call(given)


def test_weights_outside_of_the_window_are_refused_unless_they_are_clipped():
    w = [[0.5, -1.7], [1.2, 0.3]]
    message = (
        r"2 of 4 weights lie outside the window of \+-1; the largest is -1.7 in row 0, column 1. Raise w_max, or clip"
    )
    with pytest.raises(ValueError, match=message):
        nm.WeightMapping(w_max=1.0).program(w)
    clipped = nm.WeightMapping(w_max=1.0, clipping="absolute").program(w)
    np.testing.assert_allclose(clipped.stored_weights, [[0.5, -1.0], [1.0, 0.3]], atol=1e-14)


def test_shapes_that_do_not_fit_the_scheme():
    pairs, offset = nm.WeightMapping(w_max=1.0), nm.WeightMapping(w_max=1.0, scheme="offset")
    with pytest.raises(ValueError, match="an even number of bit lines, two an output; got 3"):
        pairs.weights(np.ones((2, 3)))
    with pytest.raises(ValueError, match="an even number of bit lines, two an output; got 5"):
        pairs.outputs(np.ones(5), 0.1)
    with pytest.raises(ValueError, match="at least 2 bit lines, the last one the reference; got 1"):
        offset.weights(np.ones((2, 1)))
