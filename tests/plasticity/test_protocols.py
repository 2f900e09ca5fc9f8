"""Protocols of spikes: pairs and triplets at their times, what a synapse makes of them, messages."""

from __future__ import annotations

import numpy as np
import pytest

import neuromorph as nm


def test_pairs_follow_each_other_at_their_frequency():
    protocol = nm.SpikeProtocol.pairs(-20e-6, 3, frequency=100.0)
    assert protocol.pre == pytest.approx((0.0, 10e-3, 20e-3))
    assert protocol.post == pytest.approx((-20e-6, 9.98e-3, 19.98e-3))
    assert protocol.describe() == "3 spikes of pre, 3 of post"


@pytest.mark.parametrize(
    ("order", "pre", "post"),
    [
        ("pre-post-pre", (-1e-5, 3e-5), (0.0,)),
        ("post-pre-post", (0.0,), (-1e-5, 3e-5)),
        ("pre-pre-post", (-1e-5, 0.0), (3e-5,)),
    ],
)
def test_triplets(order, pre, post):
    protocol = nm.SpikeProtocol.triplet(order, 10e-6, 30e-6)
    assert (protocol.pre, protocol.post) == (pre, post)


def test_a_protocol_says_what_it_is():
    assert nm.SpikeProtocol.pairs(-20e-6).describe() == "post, 20 us later pre"
    assert nm.SpikeProtocol(pre=[0.0, 1.0]).describe() == "2 spikes of pre alone"
    assert nm.SpikeProtocol.triplet("pre-post-pre", 1e-5, 2e-5).describe() == "pre, 10 us later post, 20 us later pre"


def test_drives_keep_the_delay_and_begin_at_zero():
    synapse = nm.PlasticSynapse()
    for delay in (-40e-6, 0.0, 25e-6):
        protocol = nm.SpikeProtocol.pairs(delay)
        drives, t_stop = synapse.drives(protocol), synapse.duration(protocol, rest=1e-3)
        starts = {name: drive.times[0] for name, drive in drives.items()}
        assert min(starts.values()) == 0.0
        assert starts["v_post"] - starts["v_pre"] == pytest.approx(delay, abs=1e-18)
        last = max(drive.times[-1] for drive in drives.values())
        assert t_stop == pytest.approx(last + 0.01 * synapse.pre.duration + 1e-3, rel=1e-12)


def test_shapes_that_begin_before_their_spike_are_shifted_together():
    shape = nm.PulseShape.tails(v_before=-0.1, v_after=0.1, tau_before=1e-5, tau_after=1e-5, edge=1e-7)
    synapse = nm.PlasticSynapse(pre=shape)  # the postsynaptic pulse begins at its spike
    drives = synapse.drives(nm.SpikeProtocol.pairs(0.0))
    assert drives["v_pre"].times[0] == 0.0
    assert drives["v_post"].times[0] == pytest.approx(-shape.start, rel=1e-12)


def test_the_largest_voltage_is_that_of_the_worst_delay():
    synapse = nm.PlasticSynapse()
    worst = max(
        float(np.abs(drives["v_pre"](t) - drives["v_post"](t)).max())
        for delay in np.linspace(-30e-6, 30e-6, 61)
        for drives in [synapse.drives(nm.SpikeProtocol.pairs(float(delay)))]
        for t in [np.linspace(0, 200e-6, 4001)]
    )
    assert worst == pytest.approx(synapse.largest_voltage, rel=0.02)
    assert worst <= synapse.largest_voltage


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nm.SpikeProtocol(), "a protocol needs at least one spike"),
        (lambda: nm.SpikeProtocol(pre=[1.0, 0.5]), r"pre of a protocol must increase: .*\[1\] = 0.5 s"),
        (lambda: nm.SpikeProtocol.pairs(1e-5, 3), "3 pairs need a frequency in Hz"),
        (lambda: nm.SpikeProtocol.pairs(1e-5, 0), "whole number from 1 on, got 0"),
        (lambda: nm.SpikeProtocol.pairs(1e-5, 2, -1.0), "frequency must be a positive frequency in Hz, got -1.0"),
        (lambda: nm.SpikeProtocol.pairs("20us"), "delay must be a finite time in s, got '20us'"),
        (
            lambda: nm.SpikeProtocol.triplet("pre-post", 1.0, 1.0),
            "order must name three spikes, such as 'pre-post-pre'",
        ),
        (lambda: nm.SpikeProtocol.triplet("pre-post-pre", 0.0, 1.0), "first must be a positive time in s, got 0.0"),
        (lambda: nm.PlasticSynapse(memristor=500.0), "memristor must be a MemristorModel, such as nm.VTEAM"),
        (lambda: nm.PlasticSynapse(pre=nm.Constant(value=1.0)), "pre must be a PulseShape, such as"),
        (lambda: nm.PlasticSynapse(x0=1.5), "x0 must be a finite number from 0 to 1, got 1.5"),
        (lambda: nm.PlasticSynapse(overlap="queue"), "overlap must be one of restart, sum"),
        (
            lambda: nm.PlasticSynapse().duration(nm.SpikeProtocol.pairs(0.0), rest=-1.0),
            "rest must be a time of at least 0 s",
        ),
        (lambda: nm.PlasticSynapse().drives(20e-6), "give a SpikeProtocol, such as"),
    ],
)
def test_what_makes_no_experiment_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("off", [0.0, 2e-21, 1e-18, 1e-12, 0.9e-9])
@pytest.mark.parametrize("sign", [-1, 1])
def test_corners_of_both_lines_that_nearly_meet_are_one(off, sign):
    synapse = nm.PlasticSynapse()
    drives = synapse.drives(nm.SpikeProtocol.pairs(10e-6 + sign * off))  # the width of the spike
    pre, post = (np.array(drives[name].times) for name in ("v_pre", "v_post"))
    gaps = np.diff(np.unique(np.concatenate([pre, post])))
    assert gaps.min() > 0.99e-9
    assert np.diff(post).min() > 0
    assert post[0] == pre[2]


def test_corners_that_are_apart_stay_where_they_are():
    synapse = nm.PlasticSynapse()
    delay = 10e-6 + 1.5e-9
    assert synapse.drives(nm.SpikeProtocol.pairs(delay))["v_post"].times[0] == delay
