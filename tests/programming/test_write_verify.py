"""Write-verify: the motion during pulses against LSODA, the course against plain loops, and what is said when it fails."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.special import expit

import neuromorph as nm
from neuromorph.programming.pulsed_devices import PulsedDevices, states_of

V_T = 1.380649e-23 * 298.5 / 1.602176634e-19


def targets(m=8, n=6, low=0.8e-3, high=1.9e-3, seed=0):
    return np.random.default_rng(seed).uniform(low, high, (m, n))


MODELS = {
    "MMS": (nm.MMS(), 3e-4, True),
    "VTEAM": (nm.VTEAM(window="biolek", p=2.0), 1e-4, False),
    "Yakopcic": (nm.Yakopcic(), 1e-3, False),
}


@pytest.mark.parametrize(("model", "duration", "is_exact"), MODELS.values(), ids=MODELS)
def test_pulse_against_lsoda(model, duration, is_exact):
    """State within 2e-9 and energy within 2e-6 of a solution at 1e-11; rates linear in the state are recognised."""
    v = np.array([[-0.8, -0.4, -0.2], [0.2, 0.35, 0.7]])
    x = np.array([[0.9, 0.8, 0.7], [0.1, 0.3, 0.05]])
    devices = PulsedDevices.of(model, x)
    assert devices.is_exact == is_exact
    energy = devices.pulse(v, duration)
    for at in np.ndindex(v.shape):

        def rates(t, y, volts=float(v[at])):
            return [float(model.state_rate(volts, y[0])), volts * float(model.current(volts, y[0]))]

        solution = solve_ivp(rates, (0, duration), [x[at], 0.0], "LSODA", rtol=1e-11, atol=1e-14)
        assert devices.states[at] == pytest.approx(solution.y[0, -1], abs=2e-9)
        assert energy[at] == pytest.approx(solution.y[1, -1], rel=2e-6)


def test_pulse_of_metastable_switches_is_exact_however_long():
    x, v = np.array([[0.2, 0.9, 0.4]]), np.array([[0.4, -0.35, 0.25]])
    on, off = expit((v - 0.27) / V_T) / 1e-4, expit(-(v + 0.27) / V_T) / 1e-4
    for duration in (1e-7, 1e-4, 1e-2, 10.0):
        devices = PulsedDevices.of(nm.MMS(), x)
        devices.pulse(v, duration)
        end = on / (on + off)
        np.testing.assert_allclose(devices.states, end + (x - end) * np.exp(-(on + off) * duration), rtol=1e-12)


def test_nothing_happens_in_no_time_and_to_stuck_devices():
    stuck = np.array([[np.nan, 1.25e-3]])
    devices = PulsedDevices(nm.DeviceArray(nm.MMS(), [[0.3, 0.3]], stuck=stuck))
    assert devices.pulse(np.array([[0.5, 0.5]]), 0.0).tolist() == [[0.0, 0.0]]
    assert devices.states.tolist() == [[0.3, 0.3]]
    energy = devices.pulse(np.array([[0.5, 0.5]]), 1e-5)
    assert devices.states[0, 1] == 0.3 < devices.states[0, 0]
    assert energy[0, 1] == pytest.approx(0.25 * 1.25e-3 * 1e-5, rel=1e-14)


@pytest.mark.parametrize("model", [m for m, _, _ in MODELS.values()], ids=MODELS)
def test_states_of_conductances(model):
    x = np.linspace(0, 1, 12).reshape(3, 4)
    g = model.current(0.1, x) / 0.1
    np.testing.assert_allclose(states_of(model, g, 0.1), x, rtol=0, atol=1e-13)


def by_loops(wanted, protocol):
    """Write-verify of metastable switches written out device by device, with the closed form of their motion."""
    p, shape = protocol, wanted.shape
    x = np.zeros(shape)
    pulses = np.zeros(shape, int)

    def move(at, v, duration):
        on, off = float(expit((v - 0.27) / V_T)) / 1e-4, float(expit(-(v + 0.27) / V_T)) / 1e-4
        end = on / (on + off)
        x[at] = end + (x[at] - end) * math.exp(-(on + off) * duration)

    def expose(i, j, v, duration, lines, elsewhere):
        for k in np.ndindex(shape):
            if k == (i, j):
                move(k, v, duration)
            elif p.scheme != "isolated":
                move(k, v * (lines if k[0] == i or k[1] == j else elsewhere), duration)

    lines, elsewhere = {"isolated": (0, 0), "V/2": (1 / 2, 0), "V/3": (1 / 3, -1 / 3)}[p.scheme]
    for _ in range(p.passes):
        for i, j in np.ndindex(shape):
            sign = amplitude = width = count = 0
            while True:
                reading = x[i, j] / 500.0 + (1 - x[i, j]) / 1500.0
                expose(i, j, p.read_voltage, p.read_width, 0, 0)
                if abs(reading - wanted[i, j]) <= p.tolerance * wanted[i, j] or count == p.max_pulses:
                    break
                before, sign = sign, 1 if reading < wanted[i, j] else -1
                if sign == before:
                    amplitude = min(amplitude + p.v_step, p.v_set_max if sign > 0 else p.v_reset_max)
                    width = min(width * p.width_growth, p.width_max or p.width)
                else:
                    amplitude, width = (p.v_set if sign > 0 else p.v_reset), p.width
                expose(i, j, sign * amplitude, width, lines, elsewhere)
                if p.pause:
                    expose(i, j, 0.0, p.pause, 0, 0)
                count += 1
                pulses[i, j] += 1
    return x / 500.0 + (1 - x) / 1500.0, pulses


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"width_growth": 1.3, "width_max": 40e-6, "v_step": 0.005},
        {"v_set": 0.2, "v_reset_max": 0.3, "pause": 1e-4, "tolerance": 0.003},
        {"scheme": "V/2"},
        {"scheme": "V/2", "passes": 2, "max_pulses": 30},
        {"scheme": "V/3", "pause": 2e-5},
        {"scheme": "V/3", "passes": 3, "max_pulses": 30},
    ],
)
def test_course_against_plain_loops(settings):
    wanted = targets(4, 3)
    protocol = nm.WriteVerify(failures="flagged", **settings)
    result = protocol.run(wanted)
    conductances, pulses = by_loops(wanted, protocol)
    assert (result.pulses == pulses).all()
    np.testing.assert_allclose(result.conductances, conductances, rtol=1e-11)


def test_every_device_comes_within_the_tolerance():
    """But for what the last read moves."""
    for tolerance in (0.02, 0.005, 0.001):
        result = nm.WriteVerify(tolerance=tolerance, read_width=0.0).run(targets(20, 20))
        assert result.verified.all()
        assert np.abs(result.errors).max() <= tolerance
        assert not result.disturbance.any()


def test_a_finer_tolerance_takes_more_pulses():
    pulses = [nm.WriteVerify(tolerance=t).run(targets()).pulses for t in (0.05, 0.01, 0.002, 0.0005)]
    means = [p.mean() for p in pulses]
    assert means == sorted(means)
    assert means[-1] > means[0] + 3


def test_a_target_that_is_there_needs_no_pulse():
    result = nm.WriteVerify(start=0.25).run(np.full((2, 2), 0.25 / 500 + 0.75 / 1500))
    assert not result.pulses.any()
    assert result.trajectory.shape == (1, 2, 2)
    assert result.voltages.shape == (0, 2, 2)
    assert not result.energy.any()


def test_trajectory_and_energies_by_replay():
    """The recorded pulses on one device, integrated by LSODA, give its trajectory and its energies."""
    protocol = nm.WriteVerify()
    result = protocol.run(targets(3, 2))
    i, j = 2, 1
    count = result.pulses[i, j]
    volts = result.voltages[:, i, j]
    assert np.isfinite(volts[:count]).all()
    assert np.isnan(volts[count:]).all()
    assert np.isnan(result.trajectory[count + 1 :, i, j]).all()
    model, x, energy, read_energy = nm.MMS(), 0.0, 0.0, 0.0

    def follow(x, v, duration):
        def rates(t, y):
            return [float(model.state_rate(v, y[0])), v * float(model.current(v, y[0]))]

        return solve_ivp(rates, (0, duration), [x, 0.0], "LSODA", rtol=1e-11, atol=1e-16).y[:, -1]

    for k in range(count + 1):
        assert result.trajectory[k, i, j] == pytest.approx(x / 500 + (1 - x) / 1500, rel=1e-9)
        x, taken = follow(x, protocol.read_voltage, protocol.read_width)
        read_energy += taken
        if k < count:
            x, taken = follow(x, volts[k], protocol.width)
            energy += taken
    assert result.energy[i, j] == pytest.approx(energy, rel=1e-6)
    assert result.read_energy[i, j] == pytest.approx(read_energy, rel=1e-6)
    assert result.time[i, j] == pytest.approx(count * protocol.width + (count + 1) * protocol.read_width, rel=1e-12)
    assert result.total_energy == pytest.approx(result.energy.sum() + result.read_energy.sum(), rel=1e-12)


def test_nothing_is_kept_when_it_is_not_wanted():
    result = nm.WriteVerify(keep_trajectory=False).run(targets())
    assert result.trajectory.size == result.voltages.size == 0
    assert (result.conductances == nm.WriteVerify().run(targets()).conductances).all()


def test_same_seed_same_course():
    protocol = nm.WriteVerify(read_noise=0.003, variation={"r_on": 0.02, "tau": 0.3})
    one, same, other = (protocol.run(targets(), seed=seed) for seed in (4, 4, 5))
    assert one.trajectory.tobytes() == same.trajectory.tobytes()
    assert (one.pulses == same.pulses).all()
    assert one.trajectory.tobytes() != other.trajectory.tobytes()


def test_read_noise_limits_what_is_reached():
    """A reading is within the tolerance, so the true value is but for the noise of that reading, here 7 standard deviations."""
    result = nm.WriteVerify(read_noise=0.003, read_width=0.0).run(targets(30, 30), seed=1)
    assert result.verified.all()
    errors = np.abs(result.errors)
    assert 0.01 < errors.max() < (1.01 / (1 - 7 * 0.003) - 1) * 1.001
    assert nm.WriteVerify(read_width=0.0).run(targets(30, 30)).errors.std() < result.errors.std()


def test_variation_is_lognormal():
    result = nm.WriteVerify(variation={"tau": 0.3}).run(targets(40, 40), seed=2)
    z = np.log(result.devices.variations["tau"] / 1e-4).ravel() / 0.3
    assert abs(z.mean()) < 6 / 40
    assert abs(z.var() - 1) < 6 * math.sqrt(2 / 1600)
    assert result.verified.all()
    assert result.pulses.std() > nm.WriteVerify().run(targets(40, 40)).pulses.std()


def test_reach_is_what_the_largest_pulses_give():
    """200 pulses of 10 us at 0.3 V on metastable switches, by the closed form."""
    result = nm.WriteVerify(v_set_max=0.3, v_reset_max=0.28, start=0.5).run(np.full((1, 1), 1.4e-3))
    for v, reached in ((0.3, result.highest), (-0.28, result.lowest)):
        on, off = expit((v - 0.27) / V_T) / 1e-4, expit(-(v + 0.27) / V_T) / 1e-4
        x = on / (on + off) + (0.5 - on / (on + off)) * math.exp(-(on + off) * 2e-3)
        assert reached[0, 0] == pytest.approx(x / 500 + (1 - x) / 1500, rel=1e-10)


def test_unreachable_targets_are_named():
    wanted = np.array([[1e-3, 5e-3], [1e-4, 1.5e-3]])
    message = (
        r"2 of 4 targets cannot be reached with 200 pulses of up to 0.5 V and -0.5 V: device \(0, 1\) is to have 0.005 S and "
        r"reaches 0.000666667 S to 0.002 S; device \(1, 0\) is to have 0.0001 S.*raise v_set_max.*failures=\"flagged\""
    )
    with pytest.raises(ValueError, match=message):
        nm.WriteVerify().run(wanted)
    result = nm.WriteVerify(failures="flagged").run(wanted)
    assert result.unreachable.tolist() == result.failed.tolist() == [[False, True], [True, False]]
    assert result.pulses[0, 1] == 200
    assert np.abs(result.errors[~result.failed]).max() < 0.0101
    # As close as it gets.
    assert result.conductances[0, 1] == pytest.approx(2e-3, rel=1e-3)
    assert "2 verified, 2 given up, 2 of these out of reach" in result.summary()


def test_devices_that_do_not_come_within_the_tolerance_are_named():
    coarse = {"v_set": 0.3, "v_reset": 0.3, "v_step": 0.1, "width": 1e-4, "tolerance": 1e-4, "max_pulses": 20}
    message = (
        r"of 48 devices were not within 0.0001 of their targets after 20 pulses; the worst is device \(\d, \d\), .* S instead "
        r"of .* S. Give smaller steps"
    )
    with pytest.raises(nm.ConvergenceError, match=message):
        nm.WriteVerify(**coarse).run(targets())
    result = nm.WriteVerify(failures="flagged", **coarse).run(targets())
    assert result.failed.any()
    assert not result.unreachable.any()


def test_only_selected_devices_are_written():
    selected = np.zeros((8, 6), bool)
    selected[2, 3] = selected[5, 0] = True
    wanted = np.where(selected, targets(), 1.0)
    result = nm.WriteVerify().run(wanted, selected=selected)
    assert result.verified.tolist() == selected.tolist()
    assert (result.pulses > 0).tolist() == selected.tolist()
    assert (result.devices.states[~selected] == 0.0).all()
    assert not result.energy[~selected].any()
    none = nm.WriteVerify().run(wanted, selected=np.zeros((8, 6), bool))
    assert none.summary() == "8 x 6 devices, none to be written"


def test_stuck_devices_are_given_up():
    stuck = np.full((8, 6), np.nan)
    stuck[1, 2] = 5e-3
    devices = nm.DeviceArray(nm.MMS(), np.zeros((8, 6)), stuck=stuck)
    with pytest.raises(ValueError, match=r"device \(1, 2\) is to have .* and reaches 0.005 S to 0.005 S"):
        nm.WriteVerify().run(targets(), devices)
    result = nm.WriteVerify(failures="flagged").run(targets(), devices)
    assert np.argwhere(result.failed).tolist() == [[1, 2]]
    assert result.conductances[1, 2] == 5e-3
    np.testing.assert_allclose(result.devices.conductances(), result.conductances, rtol=1e-14)


@pytest.mark.parametrize("model", [nm.Yakopcic(), nm.Yakopcic(eta="reverse"), nm.VTEAM(window="biolek", p=2.0)])
def test_other_models(model):
    """The sign of the pulses follows from the model: with ``eta="reverse"`` a negative voltage turns on."""
    low, high = (float(model.current(0.1, x)) / 0.1 for x in (0.1, 0.8))
    protocol = nm.WriteVerify(model=model, v_set_max=0.8, v_reset_max=0.8, max_pulses=500)
    result = protocol.run(targets(4, 4, low, high))
    assert result.verified.all()
    assert np.abs(result.errors).max() < 0.0101
    assert np.sign(result.voltages[0]).tolist() == np.full((4, 4), -1.0 if "reverse" in str(model) else 1.0).tolist()


def test_writing_neighbours_disturbs_and_a_second_visit_mends():
    """Half of the voltage moves metastable switches, whose threshold is soft; less than a third of it moves them less."""
    wanted = targets(8, 8)
    rms = {}
    for scheme, passes in (("isolated", 1), ("V/2", 1), ("V/2", 3)):
        result = nm.WriteVerify(scheme=scheme, passes=passes, failures="flagged").run(wanted)
        rms[scheme, passes] = np.sqrt(np.mean(result.errors**2))
    assert rms["isolated", 1] < 0.01 < 0.03 < rms["V/2", 1]
    assert rms["V/2", 3] < 0.5 * rms["V/2", 1]


def test_a_hard_threshold_is_not_disturbed_by_half_of_the_voltage():
    model = nm.VTEAM(v_on=0.3, v_off=0.3, window="biolek")
    result = nm.WriteVerify(model=model, scheme="V/2", v_set=0.3, v_reset=0.3, v_set_max=0.55, v_reset_max=0.55).run(
        targets(5, 5, 0.8e-3, 1.8e-3)
    )
    assert not result.disturbance.any()
    assert np.abs(result.errors).max() <= 0.01
    # Current flows through them all the same.
    assert result.disturbance_energy > 0.0


def test_as_a_step_of_an_array():
    weights = np.random.default_rng(0).uniform(-0.9, 0.9, (8, 4))
    array = nm.WeightMapping(r_on=520.0, r_off=1400.0, w_max=1.0).program(weights)
    written = array.after(nm.WriteVerify())
    assert np.abs(written.conductances / array.conductances - 1).max() < 0.0101
    faulty = array.after(nm.StuckDevices(p_on=0.2), nm.WriteVerify(variation={"tau": 0.1}))
    where = faulty.state.stuck
    assert where.any()
    assert (faulty.conductances[where] == array.mapping.g_on).all()
    assert np.abs(faulty.conductances / array.conductances - 1)[~where].max() < 0.0101
    assert faulty.history["write verify"].transformation.variation == {"tau": 0.1}
    assert str(faulty.history).endswith("variation={'tau': 0.1}")


def test_ctrl_c_keeps_what_was_written():
    def impatient(fraction, what):
        if fraction > 0.4:
            raise KeyboardInterrupt

    with pytest.raises(nm.WriteVerifyInterrupted, match="interrupted: 10 of 24 devices were written") as caught:
        nm.WriteVerify(scheme="V/2").run(targets(6, 4), progress=impatient)
    assert np.count_nonzero(caught.value.result.pulses) == 10


def test_progress_is_told():
    told = []
    nm.WriteVerify(scheme="V/3", failures="flagged").run(targets(2, 2), progress=lambda f, what: told.append((f, what)))
    assert [f for f, _ in told] == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert told[1][1] == "writing device (0, 1)"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"v_set": 0.6}, "v_set must not be above v_set_max, got 0.6 and 0.5"),
        ({"v_reset": -0.1}, "v_reset must be a positive voltage in V, got -0.1"),
        ({"width_max": 1e-6}, "width must not be above width_max, got 1e-05 and 1e-06"),
        ({"width_growth": 2.0}, "pulses that grow need width_max"),
        ({"width_growth": 0.5}, "width_growth must be a finite number of at least 1, got 0.5"),
        ({"tolerance": 0.0}, "no reading is exact: give tolerance or tolerance_conductance"),
        ({"max_pulses": 0}, "max_pulses must be a whole number of at least 1, got 0"),
        ({"passes": 1.5}, "passes must be a whole number of at least 1, got 1.5"),
        ({"start": 1.2}, "start must be a finite number from 0 to 1, got 1.2"),
        ({"variation": {"tau": -0.1}}, "variation of 'tau' must be a standard deviation of the logarithm, at least 0"),
        ({"scheme": "V/4"}, "scheme must be one of isolated, V/2, V/3, got 'V/4'"),
        ({"failures": "hidden"}, "failures must be one of raised, flagged, got 'hidden'"),
    ],
)
def test_protocols_that_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        nm.WriteVerify(**settings)


@pytest.mark.parametrize(
    ("given", "settings", "message"),
    [
        ([1e-3, 2e-3], {}, r"targets must be conductances of the shape \(rows, columns\) in S, got \(2,\)"),
        ([[1e-3, np.nan]], {}, r"positive and finite conductances in S, got nan of device \(0, 1\)"),
        ([[0.0]], {}, r"positive and finite conductances in S, got 0.0 of device \(0, 0\)"),
        ([[1e-3]], {"selected": [[1]]}, r"selected must be booleans of the shape \(1, 1\), got int64"),
        ([[1e-3]], {"selected": [True]}, r"selected must be booleans of the shape \(1, 1\), got bool of \(1,\)"),
        (
            [[1e-3]],
            {"devices": nm.DeviceArray(nm.MMS(), np.zeros((2, 2)))},
            r"the targets have the shape \(1, 1\), the devices \(2, 2\)",
        ),
    ],
)
def test_runs_that_are_refused(given, settings, message):
    with pytest.raises(ValueError, match=message):
        nm.WriteVerify().run(given, **settings)


def test_variation_of_what_the_model_lacks():
    with pytest.raises(ValueError, match="MMS has no parameter 'r_of'; did you mean 'r_off'"):
        nm.WriteVerify(variation={"r_of": 0.1}).run([[1e-3]])
    devices = nm.DeviceArray(nm.MMS(), [[0.0]])
    with pytest.raises(ValueError, match="have their own variations: leave variation out"):
        nm.WriteVerify(variation={"r_on": 0.1}).run([[1e-3]], devices)
