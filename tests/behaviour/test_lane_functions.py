"""Functions for lanes beside exact values, and random numbers beside known answers and the normal distribution."""

from __future__ import annotations

from importlib import resources

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from neuromorph.equations import load_kernel

BODY = """
@kernel
def words_of(c, k):
    return np.array(philox(c[0], c[1], c[2], c[3], k[0], k[1]))


@kernel
def exp_of(x):
    return np.array([lane_exp(v) for v in x])


@kernel
def log_of(x):
    return np.array([lane_log(v) for v in x])


@kernel
def tanh_of(x):
    return np.array([lane_tanh(v) for v in x])


@kernel
def logistic_of(x):
    return np.array([lane_logistic(v) for v in x])


@kernel
def logistic_pairs_of(x, totals):
    out = np.empty((len(x), 2))
    for i in range(len(x)):
        out[i, 0], out[i, 1] = logistic_pair(x[i], totals[i])
    return out


@kernel
def normals_of(words):
    out = np.empty((2, len(words)))
    for i in range(len(words)):
        out[0, i], out[1, i] = two_normals(words[i])
    return out


@kernel
def normals_at(n_counts, n_neurons, n_sources, seed):
    key = (np.uint64(seed & LOW_32), np.uint64(seed >> BIT_32))
    out = np.empty((4, n_counts, n_neurons, n_sources))
    for count in range(n_counts):
        for neuron in range(n_neurons):
            for source in range(n_sources):
                first, second = two_words(count, neuron, source, WIENER, key)
                a, b = two_normals(first)
                c, d = two_normals(second)
                out[0, count, neuron, source], out[1, count, neuron, source] = a, b
                out[2, count, neuron, source], out[3, count, neuron, source] = c, d
    return out


@kernel
def uniforms_at(n, seed):
    key = (np.uint64(seed & LOW_32), np.uint64(seed >> BIT_32))
    return np.array([uniform_at(i, 0, 0, JUMP, key) for i in range(n)])


@kernel
def passages(a, b, n, seed):
    key = (np.uint64(seed & LOW_32), np.uint64(seed >> BIT_32))
    return np.array([first_passage(a, b, i, 0, 0, key) for i in range(n)])
"""


@pytest.fixture(scope="module")
def lane():
    folder = resources.files("neuromorph.behaviour")
    names = ("lane_functions_kernel", "random_kernel", "stochastic_kernel")
    texts = [folder.joinpath(f"{name}.py").read_text("utf-8") for name in names]
    return load_kernel(
        "lane_functions",
        "\n\n".join(["inlined = plain = njit\nCROSSINGS, GRID, BRIDGE = 1, 0, 2", *texts, BODY]),
    )


@pytest.mark.parametrize(
    ("counter", "key", "answer"),
    [
        ([0] * 4, [0] * 2, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            [0xA4093822, 0x299F31D0],
            "d16cfe09 94fdcceb 5001e420 24126ea1",
        ),
    ],
)
def test_philox_gives_the_known_answers_of_random123(lane, counter, key, answer):
    words = lane.words_of(np.array(counter, dtype=np.uint64), np.array(key, dtype=np.uint64))
    assert " ".join(f"{int(w):08x}" for w in words) == answer


def in_units_of_last_place(values, exact):
    """Largest error, in spacings of floats at the exact value."""
    spacing = np.spacing(np.abs(exact.astype(float)))
    return float(np.max(np.abs(values - exact) / spacing))


def long(x):
    return x.astype(np.longdouble)


def test_functions_are_exact_to_some_units_of_the_last_place(lane):
    rng = np.random.default_rng(7)
    x = np.concatenate([rng.uniform(-708, 709, 200_000), rng.normal(size=200_000), [0.0, -0.0, 1.0]])
    assert in_units_of_last_place(lane.exp_of(x), np.exp(long(x))) <= 1.0
    y = np.concatenate([np.exp(rng.uniform(-745, 709, 200_000)), rng.uniform(0.5, 2.0, 200_000), [5e-324, 1e-310]])
    assert in_units_of_last_place(lane.log_of(y), np.log(long(y))) <= 1.0
    z = np.concatenate([rng.normal(size=200_000), rng.uniform(-30, 30, 200_000), 10 ** rng.uniform(-300, 0, 1000)])
    assert in_units_of_last_place(lane.tanh_of(z), np.tanh(long(z))) <= 2.5
    assert in_units_of_last_place(lane.logistic_of(z), 1 / (1 + np.exp(-long(z)))) <= 2.5


def test_functions_at_the_ends_of_their_range(lane):
    x = np.array([np.inf, -np.inf, 1e300, -1e300, 709.78, 709.79, -745.1, -746.0])
    np.testing.assert_allclose(lane.exp_of(x), [np.inf, 0, np.inf, 0, np.exp(709.78), np.inf, 5e-324, 0.0], rtol=1e-15)
    np.testing.assert_array_equal(lane.log_of(np.array([0.0, np.inf, 1.0])), [-np.inf, np.inf, 0.0])
    np.testing.assert_array_equal(lane.tanh_of(np.array([np.inf, -np.inf, 0.0])), [1.0, -1.0, 0.0])
    np.testing.assert_array_equal(lane.logistic_of(np.array([1e4, -1e4, 0.0])), [1.0, 0.0, 0.5])
    for function in (lane.exp_of, lane.log_of, lane.tanh_of, lane.logistic_of):
        assert np.isnan(function(np.array([np.nan]))).all()
    assert np.isnan(lane.log_of(np.array([-1.0]))).all()


def test_normal_numbers_are_those_of_box_and_muller(lane):
    words = np.random.default_rng(8).integers(0, 2**64, 200_000, dtype=np.uint64)
    words[:4] = [0, 2**64 - 1, 2**24 - 1, 2**63]
    u = (long(words >> np.uint64(24)) + np.longdouble(0.5)) / np.longdouble(2) ** 40
    # 22 bits of a quarter of the circle; a bit for the opposite quarter, and one for those between.
    part = (long((words >> np.uint64(2)) & np.uint64(2**22 - 1)) + np.longdouble(0.5)) / np.longdouble(2) ** 22
    angle = (part - np.longdouble(0.5)) * np.arctan2(np.longdouble(1), np.longdouble(0))
    cosine = np.where(words & np.uint64(1), -np.cos(angle), np.cos(angle))
    between = (words & np.uint64(2)) > 0
    exact = np.where(between, np.sin(angle), cosine), np.where(between, cosine, np.sin(angle))
    radius = np.sqrt(-2 * np.log(u))
    x, y = lane.normals_of(words)
    # Beside a zero of sine or cosine, an error is small against the radius.
    assert np.max(np.abs(x - radius * exact[0]) / radius) < 2.5 * 2.0**-52
    assert np.max(np.abs(y - radius * exact[1]) / radius) < 2.5 * 2.0**-52
    assert np.isfinite([x, y]).all()
    assert np.max(np.abs([x, y])) < 7.6


def test_normal_numbers_have_the_moments_and_tails_of_the_normal_distribution(lane):
    # 4 million numbers; bounds of 4.5 standard errors fail a right generator once in 1e5. A mean off by 0.0023, a
    # variance off by 0.4 %, or a kurtosis off by 0.011 is found with more than 50 %.
    normals = lane.normals_at(1000, 250, 4, 12345).ravel()
    n = len(normals)
    for power, moment, variance in [(1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96), (6, 15, 10170)]:
        assert abs(np.mean(normals**power) - moment) < 4.5 * np.sqrt(variance / n)
    for level in (1.0, 2.0, 3.0, 4.0, 4.8):
        expected = 2 * n * stats.norm.sf(level)
        assert abs(np.count_nonzero(np.abs(normals) > level) - expected) < 4.5 * np.sqrt(expected) + 1
    assert stats.kstest(normals[:1_000_000], "norm").pvalue > 1e-5


def test_normal_numbers_of_neighbours_have_nothing_in_common(lane):
    # A correlation of 0.005 is found with more than 80 %.
    normals = lane.normals_at(400, 100, 4, 99)
    other_seed = lane.normals_at(400, 100, 4, 100)
    assert abs(np.mean(normals * other_seed)) < 4.5 / np.sqrt(normals.size)
    for axis in range(4):
        for f in (lambda x: x, np.square):
            a = f(np.moveaxis(normals, axis, 0)[:-1])
            b = f(np.moveaxis(normals, axis, 0)[1:])
            assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 4.5 / np.sqrt(a.size)


def test_uniform_numbers_are_uniform_and_never_zero_or_one(lane):
    u = lane.uniforms_at(1_000_000, 3)
    assert 0 < u.min() < u.max() < 1
    assert stats.kstest(u, "uniform").pvalue > 1e-5


@pytest.mark.parametrize(("a", "b"), [(0.7, 0.4), (0.7, -0.4), (1.5, 0.0), (0.05, 1.0)])
def test_first_passage_of_a_bridge_has_its_distribution(lane, a, b):
    """The density is that of the first passage of a Wiener process, times that of the rest of the way."""
    # Kolmogorov and Smirnov with 2e4 numbers find a shift by 3 % of the step's length with more than 99 %.
    s = np.linspace(0, 1, 20_001)[1:-1]
    density = a / np.sqrt(2 * np.pi * s**3) * np.exp(-(a**2) / (2 * s))
    density *= np.exp(-(b**2) / (2 * (1 - s))) / np.sqrt(1 - s)
    cumulated = np.cumsum(density) / density.sum()
    drawn = lane.passages(a, b, 20_000, 5)
    assert stats.kstest(drawn, lambda x: np.interp(x, s, cumulated)).pvalue > 1e-5


def test_pairs_of_logistic_functions_are_exact_and_do_not_overflow(lane):
    """Also where the sum of both arguments is large: of switches with thresholds of many volts, or in the cold."""
    rng = np.random.default_rng(8)
    x = np.concatenate([rng.normal(size=100_000), rng.uniform(-340, 340, 200_000)])
    other = np.concatenate([rng.normal(size=100_000), rng.uniform(-340, 340, 200_000)])
    total = x + other
    found = lane.logistic_pairs_of(x, total)
    for values, argument in zip(found.T, (long(x), long(total) - long(x)), strict=True):
        assert in_units_of_last_place(values, 1 / (1 + np.exp(-argument))) <= 4.0
    # Far from both thresholds, on either side of them and between them.
    x, total = (a.ravel() for a in np.meshgrid([-1e6, -5e3, -700.0, 700.0, 5e3, 1e6], [-2e6, -1e4, 0.0, 1e4, 2e6]))
    found = lane.logistic_pairs_of(x, total)
    with np.errstate(over="ignore"):
        assert_allclose(found[:, 0], 1 / (1 + np.exp(-long(x))), rtol=1e-15, atol=1e-149)
        assert_allclose(found[:, 1], 1 / (1 + np.exp(long(x) - long(total))), rtol=1e-15, atol=1e-149)
    assert np.isnan(lane.logistic_pairs_of(np.array([np.nan]), np.array([1.0]))).all()
