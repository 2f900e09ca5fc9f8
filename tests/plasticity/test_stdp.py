"""STDP curves: closed forms, scipy, ngspice and VACASK; windows; what repeats; energies; messages."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import neuromorph as nm
from neuromorph.devices.memristor import BOLTZMANN, ELEMENTARY_CHARGE
from neuromorph.plasticity.experiments import energy_of

# Both roads' states are this close, as a share of the largest change; a parameter off by 2 % is further off.
ROADS = 5e-4
DELAYS = np.array([-200e-6, -90e-6, -30e-6, -12e-6, -4e-6, 4e-6, 12e-6, 30e-6, 90e-6, 200e-6])


@pytest.fixture(scope="module")
def curve():
    return nm.stdp_curve(delays=DELAYS)


@pytest.fixture(scope="module")
def dense():
    return nm.stdp_curve()


def vteam_by_hand(v, model):
    """Rate of a VTEAM that moves in proportion to the excess, away from its ends."""
    up = model.k_on * max(v / model.v_on - 1, 0.0)
    down = model.k_off * max(-v / model.v_off - 1, 0.0)
    return up - down


def corners(drives, t_stop, threshold=None):
    """Times at which a drive has a corner, and where the difference of the drives passes a threshold."""
    times = {0.0, t_stop}
    for drive in drives.values():
        times |= {t for t in getattr(drive, "times", ()) if 0 < t < t_stop}
    times = np.array(sorted(times))
    if threshold is None:
        return times
    v = drives["v_pre"](times) - drives["v_post"](times)
    found = []
    for level in (threshold, -threshold):
        over = (v - level)[:-1] * (v - level)[1:] < 0
        share = (level - v[:-1][over]) / (v[1:][over] - v[:-1][over])
        found.append(times[:-1][over] + share * np.diff(times)[over])
    return np.unique(np.concatenate([times, *found]))


def by_scipy(rate, drives, t_stop, x0, threshold=None):
    """Last state by DOP853 at 1e-10, from corner to corner."""
    x = x0
    times = corners(drives, t_stop, threshold)
    for a, b in pairwise(times):
        if b - a < 1e-14:
            continue
        # A corner's own value depends on the side: lines through the inside of the piece.
        inside = np.array([a + (b - a) / 3, a + 2 * (b - a) / 3])
        v = drives["v_pre"](inside) - drives["v_post"](inside)
        slope = (v[1] - v[0]) / (inside[1] - inside[0])
        line = (v[0], slope, inside[0])
        done = solve_ivp(
            lambda t, y, line=line: [rate(line[0] + line[1] * (t - line[2]), y[0])],
            (a, b),
            [x],
            method="DOP853",
            rtol=1e-10,
            atol=1e-12,
        )
        x = float(done.y[0, -1])
    return x


def test_equations_follow_scipy_over_the_whole_curve(curve):
    synapse, model = curve.changes.synapse, curve.changes.synapse.memristor
    for k, delay in enumerate(DELAYS):
        protocol = nm.SpikeProtocol.pairs(float(delay))
        expected = by_scipy(
            lambda v, x: vteam_by_hand(v, model), synapse.drives(protocol), synapse.duration(protocol), 0.5, model.v_on
        )
        assert curve.changes.x[k] == pytest.approx(expected, abs=1e-7), delay


@pytest.mark.parametrize(
    ("engine", "limit"), [("ngspice", ROADS), ("ngspice-shared", ROADS), ("vacask", 1e-4), ("auto", ROADS)]
)
def test_circuits_agree_with_the_equations(curve, engine, limit):
    circuit = nm.stdp_curve(delays=DELAYS, engine=engine)
    assert curve.difference(circuit) < limit
    np.testing.assert_allclose(circuit.relative_change, curve.relative_change, rtol=0, atol=limit * 0.08)
    # Energies are integrals over the engine's own time points.
    np.testing.assert_allclose(circuit.energy, curve.energy, rtol=1e-3)
    assert circuit.changes.imbalance < 1e-9
    assert circuit.alone.dx == pytest.approx([0.0, 0.0], abs=1e-9)
    assert (engine == "auto") or circuit.engine.startswith(engine)


@pytest.mark.parametrize(
    "off",
    [
        {"memristor": nm.VTEAM(alpha_on=1.0, alpha_off=1.0, k_on=1.02e4)},
        {"memristor": nm.VTEAM(alpha_on=1.0, alpha_off=1.0, v_off=1.02 * 0.27)},
        {"pre": nm.PulseShape.biphasic(v_spike=-0.26, width=10e-6, v_tail=0.2, tau=102e-6)},
        {"post": nm.PulseShape.biphasic(v_spike=-0.26, width=10.2e-6, v_tail=0.2, tau=100e-6)},
    ],
)
def test_a_circuit_with_a_value_off_by_two_percent_does_not_agree(curve, off):
    assert curve.difference(nm.stdp_curve(delays=DELAYS, engine="ngspice", **off)) > 4 * ROADS


def test_the_wrong_polarity_gives_the_curve_upside_down(curve):
    inverted = nm.PulseShape.biphasic(v_spike=0.26, width=10e-6, v_tail=-0.2, tau=100e-6)
    np.testing.assert_allclose(nm.stdp_curve(pre=inverted, post=inverted, delays=DELAYS).dx, -curve.dx, atol=1e-7)
    assert curve.windows(0.5).is_hebbian


def test_one_design_cross_validates_and_another_device_does_not():
    synapse = nm.PlasticSynapse()
    point = synapse.working_point()
    assert nm.cross_validate(synapse).passed
    other = nm.Pair(synapse.replace(memristor=synapse.memristor.replace(k_on=1.5e4)).dynamics(), synapse.schematic())
    check = nm.cross_validate(other, point.drive, point.t_stop)
    assert not check.passed
    assert "x" in check.summary()


def yakopcic_by_hand(v, x, model):
    """Rate of Yakopcic's device, from the paper's formulas."""
    if v > model.v_p:
        slowed = x >= model.x_p
        f = np.exp(-model.alpha_p * (x - model.x_p)) * (1 + (model.x_p - x) / (1 - model.x_p)) if slowed else 1.0
        return model.a_p * (np.exp(v) - np.exp(model.v_p)) * f
    if v < -model.v_n:
        slowed = x <= 1 - model.x_n
        f = np.exp(model.alpha_n * (x + model.x_n - 1)) * x / (1 - model.x_n) if slowed else 1.0
        return -model.a_n * (np.exp(-v) - np.exp(model.v_n)) * f
    return 0.0


@pytest.mark.slow
def test_another_device_with_a_threshold_follows_scipy_on_both_roads():
    model = nm.Yakopcic(v_n=0.16, a_p=2e5, a_n=2e5)
    pulse = nm.PulseShape.biphasic(v_spike=-0.15, width=10e-6, v_tail=0.12, tau=100e-6)
    synapse = nm.PlasticSynapse(memristor=model, pre=pulse, post=pulse)
    protocols = [nm.SpikeProtocol.pairs(float(delay)) for delay in DELAYS]
    equations = nm.weight_changes(synapse, protocols)
    for k, protocol in enumerate(protocols):
        drives, t_stop = synapse.drives(protocol), synapse.duration(protocol)
        expected = by_scipy(lambda v, x: yakopcic_by_hand(v, x, model), drives, t_stop, 0.5, model.v_p)
        assert equations.x[k] == pytest.approx(expected, abs=1e-6)
    assert np.ptp(equations.dx) > 0.1
    for engine in ("ngspice", "vacask"):
        assert equations.difference(nm.weight_changes(synapse, protocols, engine=engine)) < 1e-3


@pytest.mark.slow
def test_a_device_with_a_soft_threshold_agrees_on_both_roads():
    pulse = nm.PulseShape.biphasic(v_spike=-0.2, width=5e-6, v_tail=0.15, tau=100e-6)
    soft = {"pre": pulse, "post": pulse, "delays": DELAYS}
    curve = nm.stdp_curve(nm.MMS(), **soft)
    assert curve.difference(nm.stdp_curve(nm.MMS(), **soft, engine="ngspice")) < 1e-3
    assert 0 < abs(curve.alone.dx[0]) < 0.05 * curve.dx.max()


# ---------------------------------------------------------------- closed forms


def test_a_rate_linear_in_the_state_has_a_closed_form():
    """MMS under rectangles: three constant voltages, three exponentials."""
    model, width, delay, edge = nm.MMS(), 20e-6, 8e-6, 20e-12
    v_t = BOLTZMANN * model.temperature / ELEMENTARY_CHARGE

    def relaxed(x, v, time):
        on = 1 / (1 + np.exp(-(v - model.v_on) / v_t)) / model.tau
        off = 1 / (1 + np.exp((v + model.v_off) / v_t)) / model.tau
        return on / (on + off) + (x - on / (on + off)) * np.exp(-(on + off) * time)

    pre = nm.PulseShape.rectangular(amplitude=0.3, width=width, edge=edge)
    post = nm.PulseShape.rectangular(amplitude=0.26, width=width, edge=edge)
    rest = 3e-3
    found = nm.stdp_curve(model, pre=pre, post=post, delays=[-delay, delay], x0=0.3, rest=rest)
    rest += 0.01 * (width + edge)
    for k, steps in enumerate([(-0.26, 0.04, 0.3), (0.3, 0.04, -0.26)]):
        x = 0.3
        for v, time in zip((*steps, 0.0), (delay, width - delay, delay, rest), strict=True):
            x = relaxed(x, v, time)
        assert found.changes.x[k] == pytest.approx(x, abs=3e-7)
    # Only the order of the two lone parts differs.
    assert abs(found.changes.x[0] - found.changes.x[1]) > 1e-4


def test_a_spike_at_the_threshold_makes_an_exponential_window_of_its_tail():
    """The excess is what the tail has left, so dx = k / v_on * (integral of the tail under the spike)."""
    v_on, k, width, v_tail, tau = 0.27, 1e4, 2e-6, 0.2, 100e-6
    shape = nm.PulseShape.biphasic(v_spike=-v_on, width=width, v_tail=v_tail, tau=tau, length=20 * tau, edge=1e-9)
    delays = np.concatenate([-np.arange(10, 401, 15)[::-1], np.arange(10, 401, 15)]) * 1e-6
    curve = nm.stdp_curve(pre=shape, post=shape, delays=delays)
    after = np.abs(delays) - width
    expected = k / v_on * v_tail * tau * (np.exp(-after / tau) - np.exp(-(after + width) / tau)) * np.sign(delays)
    # The tail's chords are up to a thousandth of its height off.
    np.testing.assert_allclose(curve.dx, expected, rtol=0, atol=1.1e-3 * np.abs(expected).max() * np.exp(0.1))
    windows = curve.windows()
    assert windows.tau_plus == pytest.approx(tau, rel=5e-3)
    assert windows.tau_minus == pytest.approx(tau, rel=5e-3)
    amplitude = k / v_on * v_tail * tau * (np.exp(width / tau) - 1)
    assert windows.a_plus == pytest.approx(amplitude, rel=5e-3)
    assert windows.a_minus == pytest.approx(-amplitude, rel=5e-3)
    assert windows.plus.r_squared > 0.9999


def test_conductance_is_read_at_its_voltage(curve):
    model = curve.changes.synapse.memristor

    def conductance(x):
        return 1 / (model.r_on * x + model.r_off * (1 - x))

    assert curve.changes.conductance_before == pytest.approx(conductance(0.5), rel=1e-12)
    np.testing.assert_allclose(curve.changes.conductance, conductance(0.5 + curve.dx), rtol=1e-12)
    np.testing.assert_allclose(curve.relative_change, conductance(0.5 + curve.dx) / conductance(0.5) - 1, atol=1e-14)


def test_the_energy_of_a_device_that_does_not_move_is_that_of_a_resistor():
    shape = nm.PulseShape.biphasic(v_spike=-0.2, width=10e-6, v_tail=0.05, tau=50e-6)
    alone = nm.SpikeProtocol(pre=[0.0])
    for engine in ("ode", "ngspice"):
        found = nm.weight_changes(nm.PlasticSynapse(pre=shape), alone, engine=engine)
        t, v = np.array(shape.times), np.array(shape.values)
        square = np.sum(np.diff(t) * (v[1:] ** 2 + v[1:] * v[:-1] + v[:-1] ** 2) / 3)
        assert found.energy[0] == pytest.approx(square / 1000.0, rel=1e-6)
        assert found.energy_pre[0] == pytest.approx(found.energy[0], rel=1e-9)
        assert found.energy_post[0] == pytest.approx(0.0, abs=1e-20)


def test_energy_of_straight_voltages_and_currents_is_exact():
    assert energy_of(np.array([0.0, 2.0]), np.array([0.0, 3.0]), np.array([0.0, 1.0])) == pytest.approx(2.0)
    assert energy_of(np.array([0.0, 1.0]), np.array([2.0, 2.0]), np.array([3.0, 3.0])) == pytest.approx(6.0)


# ---------------------------------------------------------------- what the window is made of


def test_pulses_alone_do_nothing_below_the_thresholds_and_something_above(curve):
    assert curve.alone.dx.tolist() == [0.0, 0.0]
    loud = nm.PulseShape.biphasic(v_spike=-0.3, width=10e-6, v_tail=0.2, tau=100e-6)
    alone = nm.stdp_curve(pre=loud, delays=DELAYS).alone.dx
    assert alone[0] == pytest.approx(-1e4 * 10e-6 * (0.3 / 0.27 - 1), rel=0.02)
    assert alone[1] == 0.0


def test_each_side_of_the_window_belongs_to_one_tail():
    short = nm.PulseShape.biphasic(v_spike=-0.26, width=10e-6, v_tail=0.2, tau=40e-6)
    long = nm.PulseShape.biphasic(v_spike=-0.26, width=10e-6, v_tail=0.2, tau=120e-6)
    delays = np.linspace(-300e-6, 300e-6, 61)
    windows = nm.stdp_curve(pre=short, post=long, delays=delays).windows()
    both_short, both_long = (nm.stdp_curve(pre=s, post=s, delays=delays).windows() for s in (short, long))
    assert windows.tau_plus == pytest.approx(both_short.tau_plus, rel=1e-6)
    assert windows.tau_minus == pytest.approx(both_long.tau_minus, rel=1e-6)
    assert both_long.tau_plus / both_short.tau_plus == pytest.approx(3.0, rel=0.06)


def test_pairs_that_do_not_meet_add_up_and_pairs_that_meet_do_not():
    synapse, delay = nm.PlasticSynapse(), 40e-6
    slow, fast = (nm.SpikeProtocol.pairs(delay, 4, f) for f in (1e3, 8e3))
    one, four, meeting = nm.weight_changes(synapse, [nm.SpikeProtocol.pairs(delay), slow, fast]).dx
    assert four == pytest.approx(4 * one, rel=1e-6)
    assert abs(meeting - 4 * one) > 0.2 * one


def test_a_triplet_is_its_pairs_where_pulses_start_anew_and_not_where_they_add_up():
    """The second presynaptic spike meets the postsynaptic tail alone, or what is left of the first one's tail too."""
    protocols = [
        nm.SpikeProtocol.triplet("pre-post-pre", 40e-6, 60e-6),
        nm.SpikeProtocol.pairs(40e-6),
        nm.SpikeProtocol.pairs(-60e-6),
    ]
    restarted, summed = (nm.PlasticSynapse(overlap=overlap) for overlap in ("restart", "sum"))
    triplet, first, second = nm.weight_changes(restarted, protocols).dx
    assert triplet == pytest.approx(first + second, abs=2e-3 * first)
    added, first_again, second_again = nm.weight_changes(summed, protocols).dx
    assert [first_again, second_again] == pytest.approx([first, second], rel=1e-9)
    assert added - (first + second) > 0.5 * first
    for synapse, expected in ((restarted, triplet), (summed, added)):
        assert nm.weight_changes(synapse, protocols[0], engine="ngspice").dx[0] == pytest.approx(
            expected, abs=1e-3 * first
        )


def test_states_stay_within_their_ends():
    found = nm.stdp_curve(delays=[-30e-6, 30e-6], pairs=20, frequency=1e3)
    assert found.changes.x == pytest.approx([0.0, 1.0], abs=1e-3)
    assert found.energy == pytest.approx(found.changes.energy / 20)


def test_a_device_that_forgets_goes_back_while_it_rests():
    model = nm.MMS(v_on=0.1, v_off=0.1)
    v_t = BOLTZMANN * model.temperature / ELEMENTARY_CHARGE
    rate = 2 / (1 + np.exp(0.1 / v_t)) / model.tau
    synapse = nm.PlasticSynapse(memristor=model, x0=0.9)
    at_once, later = (nm.weight_changes(synapse, nm.SpikeProtocol.pairs(30e-6), rest=r).x[0] for r in (0.0, 2e-3))
    assert later - 0.5 == pytest.approx((at_once - 0.5) * np.exp(-rate * 2e-3), rel=1e-5)


# ---------------------------------------------------------------- windows


def exponentials(delays, a_plus=0.06, tau_plus=30e-6, a_minus=-0.04, tau_minus=70e-6):
    return np.where(
        delays > 0, a_plus * np.exp(-np.abs(delays) / tau_plus), a_minus * np.exp(-np.abs(delays) / tau_minus)
    )


def with_states(curve, delays, dx):
    """A curve with changes made up."""
    n = delays.size
    changes = replace(
        curve.changes,
        protocols=tuple(nm.SpikeProtocol.pairs(float(d)) for d in delays),
        x=0.5 + dx,
        energy=np.zeros(n),
        energy_pre=np.zeros(n),
        energy_post=np.zeros(n),
    )
    return replace(curve, delays=delays, changes=changes)


def test_exponentials_are_found_again(curve):
    delays = np.linspace(-200e-6, 200e-6, 40)
    windows = with_states(curve, delays, exponentials(delays)).windows()
    found = [windows.a_plus, windows.tau_plus, windows.a_minus, windows.tau_minus]
    assert found == pytest.approx([0.06, 30e-6, -0.04, 70e-6], rel=1e-6)
    assert windows.is_hebbian
    assert windows.plus([50e-6]) == pytest.approx(0.06 * np.exp(-50 / 30), rel=1e-6)
    assert json.dumps(windows.to_dict())
    assert "window plus   A = +0.0600, tau = 30 us" in windows.summary()


@pytest.mark.parametrize(
    ("delays", "dx", "message"),
    [
        (np.linspace(1e-6, 1e-4, 9), np.linspace(1, 0.1, 9), "delays below zero: the state does not change there"),
        (np.linspace(-1e-4, 1e-4, 40), np.zeros(40), "delays above zero: the state does not change there"),
        (
            np.array([-2e-5, -1e-5, 1e-5, 2e-5]),
            np.array([-0.1, -0.2, 0.2, 0.1]),
            "2 points from its peak on are too few",
        ),
        (np.linspace(-1e-4, 1e-4, 40), np.sin(np.linspace(-9, 9, 40)) * 0.1, "it changes its sign there"),
        (np.linspace(-1e-4, 1e-4, 40), np.full(40, 0.1), "it does not decay within"),
        (
            np.linspace(-1e-4, 1e-4, 40),
            np.where(np.abs(np.linspace(-1, 1, 40)) < 0.9, 0.1, 0.0),
            "explains .* of it, less than 0.9",
        ),
    ],
)
def test_a_curve_without_windows_says_so(curve, delays, dx, message):
    made = with_states(curve, delays, dx)
    with pytest.raises(nm.ValidationError, match=message):
        made.windows()
    assert "has no exponential window" in made.summary()
    assert made.to_dict()["windows"] is None


# ---------------------------------------------------------------- what it looks like


def test_the_default_curve_is_a_textbook_one(dense):
    windows = dense.windows()
    assert windows.is_hebbian
    assert windows.plus.r_squared > 0.98
    assert windows.minus.r_squared > 0.98
    # Spikes 0.01 V below the threshold cut the tail's last part off: the window is a little shorter than the tail.
    assert 75e-6 < windows.tau_plus < 100e-6
    assert dense.dx[dense.delays == 0] == pytest.approx([0.0], abs=1e-12)


def test_summary_dictionary_and_picture(dense, tmp_path):
    text = dense.summary()
    assert "61 delays from -300 us to 300 us" in text
    assert "alone            dx = +0.00e+00 by pre, +0.00e+00 by post" in text
    content = json.loads(json.dumps(dense.to_dict()))
    assert content["dx"] == pytest.approx(dense.dx.tolist())
    assert content["windows"]["plus"]["tau"] == dense.windows().tau_plus
    assert content["memristor"]["model"] == "VTEAM"
    figure = dense.plot(tmp_path / "stdp.png", [dense])
    assert (tmp_path / "stdp.png").read_bytes().startswith(b"\x89PNG")
    assert figure.axes[0].get_ylabel() == "change of conductance [%]"
    assert "pre, 20 us later post" in nm.weight_changes(nm.PlasticSynapse(), nm.SpikeProtocol.pairs(20e-6)).summary()


def test_a_picture_of_a_curve_without_windows(curve, tmp_path):
    delays = np.linspace(-1e-4, 1e-4, 40)
    with_states(curve, delays, np.zeros(40)).plot(tmp_path / "flat.png")
    assert (tmp_path / "flat.png").stat().st_size > 1000


def test_the_number_of_workers_changes_nothing_and_progress_is_told():
    seen = []
    one, two = (
        nm.stdp_curve(delays=DELAYS[4:8], engine="ngspice", workers=n, progress=lambda share, what: seen.append(share))
        for n in (1, 2)
    )
    np.testing.assert_array_equal(one.changes.x, two.changes.x)
    assert seen == pytest.approx(2 * [(k + 1) / 6 for k in range(6)])


# ---------------------------------------------------------------- bad input


@dataclass
class Broken:
    """An engine whose runs fail."""

    name: str = "broken"

    def run(self, deck, options=None, progress=None):
        raise nm.SimulationError("it broke", where="node x")


def test_a_failed_run_names_its_protocol():
    with pytest.raises(nm.SimulationError, match="it broke\n  at: protocol 0: pre, 20 us later post, node x"):
        nm.weight_changes(nm.PlasticSynapse(), nm.SpikeProtocol.pairs(20e-6), engine=Broken())


def test_results_of_other_experiments_are_not_compared(curve):
    with pytest.raises(nm.ValidationError, match="of the same protocols, in the same order"):
        curve.difference(nm.stdp_curve(delays=DELAYS + 1e-6))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"delays": [1e-5, 1e-5]}, "delays must increase, each in s"),
        ({"delays": []}, "delays must be a sequence of finite numbers in s"),
        ({"delays": 1e-5}, "delays must be a sequence of finite numbers in s, got 1e-05"),
        ({"pairs": 5}, "5 pairs need a frequency"),
        ({"v_read": 0.0}, "v_read must be a voltage in V other than 0"),
        ({"rest": -1.0}, "rest must be a time of at least 0 s"),
        ({"engine": "spectre"}, "no engine 'spectre'; choices: ode, rk4, ngspice"),
        ({"workers": 0}, "workers must be a whole number from 1 on, got 0"),
        ({"pre": 0.3}, "pre must be a PulseShape"),
        ({"memristor": nm.MMS}, "memristor must be a MemristorModel"),
        ({"options": nm.NgspiceOptions()}, "engine 'ode' takes no SPICE options"),
        ({"solver": nm.RK4(), "engine": "ngspice"}, "dt and solver belong to the engines"),
    ],
)
def test_what_makes_no_curve_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        nm.stdp_curve(**{"delays": [1e-5], **arguments})


def test_single_experiments_are_taken_by_slices(curve):
    assert curve.changes[2:4].x.tolist() == curve.changes.x[2:4].tolist()
    with pytest.raises(TypeError, match=r"by a slice, such as changes\[:10\], got 3"):
        curve.changes[3]


def test_experiments_need_a_synapse_and_a_protocol():
    with pytest.raises(ValueError, match="synapse must be a PlasticSynapse"):
        nm.weight_changes(nm.VTEAM(), nm.SpikeProtocol.pairs(0.0))
    with pytest.raises(ValueError, match="give at least one protocol"):
        nm.weight_changes(nm.PlasticSynapse(), [])


def test_pulses_whose_edges_nearly_meet_run_on_every_engine():
    """An edge of one line at the end of the other's spike, but for rounding, as any grid of delays has it."""
    delays = [-10e-6 - 1e-18, 10e-6 - 1e-18]
    curve = nm.stdp_curve(delays=delays)
    for engine in ("ngspice", "vacask"):
        assert curve.difference(nm.stdp_curve(delays=delays, engine=engine)) < ROADS


def test_long_rests_between_pairs_keep_the_roads_together():
    slow = {"delays": [-50e-6, 50e-6], "pairs": 5, "frequency": 10.0}
    curve = nm.stdp_curve(**slow)
    assert curve.dx == pytest.approx(5 * nm.stdp_curve(delays=slow["delays"]).dx, rel=1e-6)
    assert curve.difference(nm.stdp_curve(**slow, engine="ngspice")) < ROADS


def test_the_script_of_the_gallery_runs(root, tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", str(root / "circuits" / "stdp_pair.py")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    (difference,) = re.findall(r"difference of the roads: (\S+) of the largest change", done.stdout)
    assert float(difference) < ROADS
    rows = re.findall(r"^ *(-?\d+) us +(\S+) +(\S+) ", done.stdout, re.MULTILINE)
    assert len(rows) == 11
    for _, equations, circuit in rows:
        assert float(circuit) == pytest.approx(float(equations), abs=5e-5)
    assert (tmp_path / "stdp_pair.png").read_bytes().startswith(b"\x89PNG")
