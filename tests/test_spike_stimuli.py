"""Spikes that arrive at given or random times, and held samples."""

from __future__ import annotations

import math

import numpy as np
import pytest

import neuromorph as nm
from neuromorph.stimulus import (
    PoissonInput,
    SpikeInput,
    ZeroOrderHold,
    parse_stimulus,
)


class TestSpikeInput:
    @pytest.mark.parametrize("edge", [10e-9, 0.85e-4])
    def test_each_spike_has_the_area_one_in_whatever_step_it_falls(self, edge):
        times = np.sort([0.0, *np.random.default_rng(0).uniform(0, 0.1, 199)])
        stimulus = SpikeInput(times=times, width=1.7e-4, edge=edge)
        rows = stimulus.segments(0.2)
        ends = np.append(rows[1:, 0], 0.2)
        area = np.sum((ends - rows[:, 0]) * (rows[:, 1] + rows[:, 2] * (ends - rows[:, 0]) / 2))
        assert area == pytest.approx(200.0, rel=1e-9)

    @pytest.mark.parametrize("width", [1e-4, 1e-4 / 3, 1e-3 / 7])
    def test_a_spike_on_the_grid_begins_its_own_step(self, width):
        stimulus = SpikeInput(times=np.arange(500) * width, width=width)
        assert stimulus((np.arange(500) + 0.5) * width) == pytest.approx(1 / width)
        assert stimulus(500.5 * width) == 0.0

    def test_spikes_add_up(self):
        stimulus = SpikeInput(times=[1e-3] * 3, width=1e-4)
        assert stimulus(1.05e-3) == pytest.approx(3e4)

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({"times": [-1e-3]}, "times must be at least 0 s"),
            ({"times": [math.nan]}, "times"),
            ({"times": [0.0], "width": 1e-8}, "edge must be at most half of width"),
        ],
    )
    def test_bad_spikes_are_refused(self, given, message):
        with pytest.raises(ValueError, match=message):
            SpikeInput(**given)


class TestPoissonInput:
    def test_a_longer_run_begins_with_the_shorter_one(self):
        stimulus = PoissonInput(rate=300.0, seed=5)
        longer = stimulus.counts(0.4)
        assert stimulus.counts(0.1).tolist() == longer[:1000].tolist()
        assert not np.array_equal(longer, PoissonInput(rate=300.0, seed=6).counts(0.4))

    # 1e6 steps with a mean of 0.1: 4.5 standard errors, 1.4 % and 1.6 %, which a right law exceeds once in 1e5; a rate or a
    # variance that is off by 2.5 % is found with 99 %.
    @pytest.mark.parametrize(("counting", "variance"), [("poisson", 0.1), ("bernoulli", 0.1 * (1 - 0.001))])
    def test_counts_have_the_mean_and_variance_of_their_law(self, counting, variance):
        counts = PoissonInput(rate=10.0, n_sources=100, counting=counting, seed=1).counts(100.0)
        assert counts.mean() == pytest.approx(0.1, abs=4.5 * math.sqrt(0.1 / 1e6))
        assert counts.var() == pytest.approx(variance, rel=4.5 * math.sqrt((2 + 1 / 0.1) / 1e6))

    def test_one_spike_a_step_is_warned_of_when_steps_are_crowded(self):
        with pytest.warns(UserWarning, match=r"fires in 0\.2 of all steps of 100 us.*lower width"):
            PoissonInput(rate=2e3, counting="bernoulli")
        with pytest.raises(ValueError, match="lower width, or use counting='poisson'"):
            PoissonInput(rate=2e4, counting="bernoulli")
        assert PoissonInput(rate=2e4).counts(1.0).mean() == pytest.approx(2.0, abs=0.1)

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({"rate": -1.0}, "rate"),
            ({"rate": 1.0, "n_sources": 0}, "n_sources"),
            ({"rate": 1.0, "n_sources": 1.5}, "n_sources must be a whole number"),
            ({"rate": 1.0, "counting": "uniform"}, "counting"),
        ],
    )
    def test_bad_sources_are_refused(self, given, message):
        with pytest.raises(ValueError, match=message):
            PoissonInput(**given)

    def test_from_text(self):
        text = "poisson(rate=10Hz, n_sources=100, counting=bernoulli, seed=3)"
        assert parse_stimulus(text) == PoissonInput(rate=10.0, n_sources=100, counting="bernoulli", seed=3)


def test_an_edge_longer_than_the_hold_is_refused():
    with pytest.raises(ValueError, match="edge must be at most half of step"):
        ZeroOrderHold(values=[1.0, 2.0], step=1e-8)


SAME = {"s_exc": PoissonInput(rate=1e3), "s_inh": PoissonInput(rate=500.0, n_sources=2)}


class TestSeedsOfTwoInputs:
    """Excitation and inhibition that draw from one seed are one train of spikes."""

    MESSAGE = "s_exc and s_inh get the same random spikes at the same times, since both have the seed 0: .* seed=1"

    def test_they_do_spike_together(self):
        one, other = SAME.values()
        np.testing.assert_array_equal(one.counts(1.0), other.counts(1.0))
        assert one.draws_like(other)

    @pytest.mark.parametrize(
        "other",
        [
            PoissonInput(rate=1e3, seed=1),
            PoissonInput(rate=800.0),
            PoissonInput(rate=1e3, width=5e-5),
            PoissonInput(rate=1e3, counting="bernoulli"),
        ],
    )
    def test_others_do_not(self, other):
        one = SAME["s_exc"]
        a, b = (p.counts(100.0)[:1_000_000] for p in (one, other))
        # A million steps: 4.5 standard errors of a correlation that is zero.
        assert abs(np.corrcoef(a, b)[0, 1]) < 4.5e-3
        assert not one.draws_like(other)

    def test_a_run_and_a_batch_warn(self):
        with pytest.warns(nm.DesignWarning, match=self.MESSAGE):
            nm.simulate(nm.ConductanceLIF(), SAME, 1e-3)
        with pytest.warns(UserWarning, match=self.MESSAGE):
            nm.simulate_batch(nm.ConductanceLIF(), SAME, 1e-3, 2, solver=nm.RK4(dt=1e-5))
        trains = {"s_exc": [PoissonInput(rate=1e3, seed=k) for k in (1, 2)], "s_inh": PoissonInput(rate=1e3, seed=2)}
        with pytest.warns(UserWarning, match="neuron 1: s_exc and s_inh get the same"):
            nm.simulate_batch(nm.ConductanceLIF(), trains, 1e-3, 2, solver=nm.RK4(dt=1e-5))
