"""Fits: parameters found again, what is held and why, options, and what is refused."""

from __future__ import annotations

import dataclasses

import lmfit
import numpy as np
import pytest

import neuromorph as nm
from neuromorph.fit.tying import Tie

DEVICE = nm.MMS(r_on=1.2e3, r_off=9e4, v_on=0.31, v_off=0.13, tau=3e-4)


def test_every_parameter_is_found_within_two_percent(joint_fit):
    for name, value in DEVICE.values().items():
        assert joint_fit.parameters[name].value == pytest.approx(value, rel=0.02), name
    assert joint_fit.nrmse.shape == (3,)
    assert joint_fit.nrmse.max() < 0.0035
    assert joint_fit.null_nrmse.min() > 0.1
    assert isinstance(joint_fit.parameters, lmfit.Parameters)
    assert joint_fit.model == nm.MMS(**joint_fit.parameters.valuesdict())


def test_intervals_hold_the_truth_and_are_narrow(joint_fit):
    for name, (low, high) in joint_fit.intervals(0.999).items():
        assert low < DEVICE.values()[name] < high, name
        assert high / low < 1.1


def test_same_seed_same_result_and_another_seed_the_same_optimum(bench, joint_fit):
    again = nm.fit_memristor(bench, "mms")
    assert again.parameters.valuesdict() == joint_fit.parameters.valuesdict()
    other = nm.fit_memristor(bench, "mms", seed=5)
    assert other.parameters["tau"].value == pytest.approx(joint_fit.parameters["tau"].value, rel=1e-4)


def test_a_wrong_model_is_seen(bench):
    """Negative: a device that does not switch as the records do."""
    with pytest.warns(nm.BoundWarning):
        fit = nm.fit_memristor(bench, "mms", bounds={"v_on": (0.6, 0.8), "tau": (1e-4, 1.0)}, prior=None)
    assert fit.nrmse.max() > 0.02


@pytest.mark.filterwarnings("ignore::neuromorph.BoundWarning")
def test_what_the_loop_cannot_tell_is_held(bench):
    fit = nm.fit_memristor(bench[1:2], nm.GMMS(schottky="pinched"), starts=2)
    assert not fit.parameters["phi"].vary
    assert not fit.parameters["temperature"].vary
    assert fit.to_dict()["parameters"]["phi"]["why_held"] == "only phi/r_on, phi/r_off and (1-phi)*alpha are determined"
    assert "only phi/r_on" in fit.summary()


def test_phi_trades_exactly_with_the_scales(bench):
    """The degeneracy: another phi with scaled resistances and barrier is the same device."""
    a = nm.GMMS(phi=0.8, r_on=1e3, r_off=5e4, alpha_f=1e-6, alpha_r=2e-6, beta_f=3.0, beta_r=4.0, schottky="pinched")
    b = a.replace(
        phi=0.5, r_on=1e3 * 0.5 / 0.8, r_off=5e4 * 0.5 / 0.8, alpha_f=1e-6 * 0.2 / 0.5, alpha_r=2e-6 * 0.2 / 0.5
    )
    first, second = (nm.simulate_measured(device, bench[1]).current for device in (a, b))
    np.testing.assert_allclose(first, second, rtol=1e-9, atol=1e-15)


def test_fixed_tied_and_freed_parameters(bench):
    fit = nm.fit_memristor(
        bench[1:], "mms", fixed={"v_on": 0.31}, tied={"r_off": "75 * r_on"}, free=("temperature",), starts=3
    )
    assert fit.model.v_on == 0.31
    assert fit.model.r_off == pytest.approx(75 * fit.model.r_on, rel=1e-12)
    assert fit.parameters["temperature"].vary
    assert fit.model.temperature == pytest.approx(298.5, rel=0.03)
    assert fit.parameters["r_off"].stderr == pytest.approx(75 * fit.parameters["r_on"].stderr, rel=1e-9)


def test_derivatives_of_ties_and_of_single_records(bench):
    fit = nm.fit_memristor(
        bench[1:],
        "mms",
        tied={"v_off": "v_on - 0.18"},
        per_record=("tau", "current_offset"),
        free=("drive_offset",),
        starts=1,
    )
    assert {"tau__0", "tau__1", "current_offset__1", "drive_offset"} <= set(fit.parameters)
    problem, theta = fit.problem, fit.theta
    problem.tolerance = 1e-7
    jacobian = problem.jacobian(theta)
    for k, name in enumerate(problem.free_names):
        step = np.zeros(theta.size)
        step[k] = 1e-5
        numeric = (problem.residual(theta + step) - problem.residual(theta - step)) / 2e-5
        assert np.max(np.abs(numeric - jacobian[:, k])) < 2e-3 * np.max(np.abs(numeric)), name


def test_offset_of_one_record_is_found(bench):
    shifted = bench[1].replace(current=bench[1].current + 2e-6, drive=bench[1].drive)
    fit = nm.fit_memristor([bench[0], shifted], "mms", per_record=("current_offset",), clean=False, starts=3)
    assert fit.parameters["current_offset__1"].value == pytest.approx(2e-6, abs=1e-7)
    assert fit.parameters["current_offset__0"].value == pytest.approx(0.0, abs=1e-7)


def test_a_robust_loss_is_not_pulled_by_outliers(bench):
    spoilt = bench[1].current.copy()
    spoilt[20:30] += 0.3 * np.ptp(spoilt)
    record = bench[1].replace(current=spoilt, drive=bench[1].drive)
    options = {"clean": False, "starts": 3, "fixed": {"tau": 3e-4}}
    plain = nm.fit_memristor(record, "mms", **options)
    robust = nm.fit_memristor(record, "mms", loss="cauchy", loss_scale=0.005, **options)
    assert abs(robust.model.r_on / 1.2e3 - 1.0) < 0.02
    assert abs(plain.model.r_on / 1.2e3 - 1.0) > 3 * abs(robust.model.r_on / 1.2e3 - 1.0)


def test_weights_decide_between_records_that_contradict(bench):
    other = nm.synthetic_measurement(DEVICE.replace(r_on=2.4e3), 0.8, 20.0, 5e3, seed=9)
    errors = [nm.fit_memristor([bench[1], other], "mms", weights=w, starts=2).nrmse for w in ((1.0, 0.05), (0.05, 1.0))]
    assert errors[0][0] < 0.01 < errors[0][1]
    assert errors[1][1] < 0.01 < errors[1][0]


def test_stray_capacitance_is_found():
    record = nm.synthetic_measurement(DEVICE, 0.8, 1e3, 47e3)
    with_stray = nm.simulate_measured(DEVICE, record, parasitic_capacitance=2.5e-10)
    measured = record.replace(voltage=with_stray.voltage, current=with_stray.current)
    fit = nm.fit_memristor(measured, "mms", starts=4)
    assert fit.parameters["parasitic_capacitance"].value == pytest.approx(2.5e-10, rel=0.02)
    assert fit.nrmse[0] < 1e-3
    slow = nm.fit_memristor(nm.synthetic_measurement(DEVICE, 0.8, 1.0, 5e3), "mms", starts=1)
    assert "parasitic_capacitance" not in slow.parameters


def test_a_model_of_a_users_own_is_fitted(bench):
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Own(nm.MMS):
        extra: float = nm.parameter(1e-6, unit="S", low=0.0, doc="conductance beside the switches")

        def current_equation(self, v, x):
            return super().current_equation(v, x) + self.extra * v

    fit = nm.fit_memristor(bench[1], Own, fixed={"r_off": 1e9}, starts=3)
    assert fit.model.extra == pytest.approx(1 / 9e4, rel=0.05)


def test_start_values_of_an_object_are_where_the_search_begins(bench):
    fit = nm.fit_memristor(bench[1], nm.MMS(r_on=1.1e3, r_off=8e4, v_on=0.3, v_off=0.12, tau=4e-4), starts=1)
    assert fit.nrmse[0] < 0.0035


def test_progress_rises_to_one(bench):
    said = []
    nm.fit_memristor(bench[1], "mms", starts=3, progress=lambda fraction, what: said.append((fraction, what)))
    fractions = [fraction for fraction, _ in said]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert said[0][1] == "start 1 of 3"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "mss"}, "no memristor model 'mss'; choices: mms, gmms"),
        ({"model": 3}, "model must be a memristor model or one of the names mms"),
        ({"fixed": {"r_onn": 1.0}}, r"no parameter 'r_onn'; did you mean 'r_on'\? choices"),
        ({"fixed": ["current_offset"]}, "fixed: give a value for 'current_offset'"),
        ({"bounds": {"tau": (1.0, 1e-3)}}, "bounds of 'tau' must rise, got 1 to 0.001"),
        ({"bounds": {"tau": 1.0}}, "bounds of 'tau' must be two numbers, low and high"),
        ({"tied": {"v_off": "v_onn"}}, "v_off is tied to 'v_onn', which the fit does not have"),
        ({"tied": {"v_off": "__import__('os')"}}, "cannot use .* in the formula"),
        ({"tied": {"v_off": "v_on +"}}, "cannot read the formula 'v_on \\+': a formula has numbers, names"),
        ({"tied": {"v_off": "v_on", "v_on": "v_off"}}, "which is tied itself"),
        ({"weights": [1.0, 2.0]}, "weights must be 1 numbers of at least 0, one a record"),
        ({"loss": "l1"}, "loss must be one of linear, soft_l1"),
        ({"starts": 0}, "starts must be at least 1"),
        ({"drive": "current"}, "drive must be one of source, voltage"),
        ({"parasitic_capacitance": "yes"}, "parasitic_capacitance must be a capacitance in F, 'auto' or 'fit'"),
        ({"prior": {"tau": 1e-3}}, "prior of 'tau' must be two numbers, centre and spread"),
        ({"prior": "guess"}, "prior must be 'published', None or a mapping"),
        ({"series_resistor": -5.0}, "series_resistor must be a positive resistance in ohm"),
        ({"fixed": list(DEVICE.values())}, "every parameter is fixed or tied"),
    ],
)
def test_what_is_asked_for_wrongly_is_said(bench, options, message):
    with pytest.raises(ValueError, match=message):
        nm.fit_memristor(bench[1], **options)


def test_two_identical_records_are_refused(bench):
    with pytest.raises(nm.MeasurementError, match="hold the same numbers: the record would count twice"):
        nm.fit_memristor([bench[0], bench[0].replace(name="copy")], "mms")


def test_no_record_and_no_current_are_refused(bench):
    with pytest.raises(nm.MeasurementError, match="there is no measurement to fit"):
        nm.fit_memristor([], "mms")
    with pytest.raises(nm.MeasurementError, match=r"is no measurement; read files with load_measurement"):
        nm.fit_memristor(["sweep.csv"], "mms")
    with pytest.raises(nm.MeasurementError, match="the current is the same in all samples"):
        nm.fit_memristor(bench[0].replace(current=np.zeros(200)), "mms", clean=False)


def test_formulas_have_exact_derivatives():
    tie = Tie("2 * v_on ** 2 + exp(-r_on / 1000) - sqrt(v_on) / 3")
    at = {"v_on": 0.4, "r_on": 700.0}
    for name, slope in tie.slopes(at).items():
        step = 1e-6 * at[name]
        numeric = (tie.value(at | {name: at[name] + step}) - tie.value(at | {name: at[name] - step})) / (2 * step)
        assert slope == pytest.approx(numeric, rel=1e-6)


def test_a_loop_of_very_many_samples_is_thinned(bench):
    """A million samples of one period: fitted as a thousand, and it is written down."""
    fine = nm.synthetic_measurement(DEVICE, 0.8, 10.0, 5e3, samples=200, seed=1)
    time = np.arange(1_000_000) * 1e-7
    columns = {
        name: np.interp(time, np.append(fine.time, 0.1), np.append(getattr(fine, name), getattr(fine, name)[0]))
        for name in ("voltage", "current", "drive")
    }
    fit = nm.fit_memristor(fine.replace(time=time, **columns), "mms", starts=1)
    assert fit.problem.records[0].time.size == 1000
    assert any("resampled" in step for step in fit.measurements[0].cleaning)
    assert fit.nrmse[0] < 2e-3
