"""Confidence: correlated residuals, profiles, correlations, information, against closed forms and repeated noise."""

from __future__ import annotations

import numpy as np
import pytest

import neuromorph as nm
from neuromorph.fit.uncertainty import effective_size

DEVICE = nm.MMS(r_on=1.2e3, r_off=9e4, v_on=0.31, v_off=0.13, tau=3e-4)


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_effective_size_of_an_autoregressive_series(rho):
    """Closed form n (1 - rho) / (1 + rho)."""
    rng = np.random.default_rng(1)
    n = 20000
    noise = rng.standard_normal(n)
    series = np.empty(n)
    series[0] = noise[0]
    for k in range(1, n):
        series[k] = rho * series[k - 1] + noise[k]
    assert effective_size(series) == pytest.approx(n * (1 - rho) / (1 + rho), rel=0.2)


def test_white_residuals_give_the_textbook_covariance(joint_fit):
    """sigma^2 (J^T J)^-1, which is what the sandwich is without correlation."""
    uncertainty = joint_fit.uncertainty
    n = uncertainty.n_samples
    residual = np.concatenate(uncertainty.residuals)
    jacobian = uncertainty.jacobian[:n]
    textbook = np.linalg.inv(jacobian.T @ jacobian) * (residual @ residual) / (n - jacobian.shape[1])
    ratio = np.sqrt(np.diag(uncertainty.covariance) / np.diag(textbook))
    assert np.all((ratio > 0.6) & (ratio < 1.7)), ratio
    assert uncertainty.n_effective > 0.5 * n


def test_intervals_cover_the_truth_as_often_as_they_say():
    """Repeated noise that runs in waves; without allowance for it the intervals would be three times too narrow."""
    clean = nm.synthetic_measurement(DEVICE, 0.8, 10.0, 5e3)
    span, inside, narrow = np.ptp(clean.current), [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        spectrum = np.fft.rfft(rng.standard_normal(200)) * (np.arange(101) < 8)
        waves = np.fft.irfft(spectrum, 200)
        waves *= 0.005 * span / waves.std()
        record = clean.replace(current=clean.current + waves)
        fit = nm.fit_memristor(
            record, DEVICE.replace(tau=3.01e-4), fixed={"tau": 3e-4, "v_on": 0.31, "v_off": 0.13}, starts=1, clean=False
        )
        low, high = fit.intervals(0.9)["r_on"]
        inside.append(low < 1.2e3 < high)
        jacobian = fit.uncertainty.jacobian
        residual = fit.uncertainty.residuals[0]
        naive = 1.645 * np.sqrt(np.linalg.inv(jacobian.T @ jacobian)[0, 0] * residual @ residual / 198)
        narrow.append(abs(np.log(fit.model.r_on / 1.2e3)) < naive)
    assert 0.75 <= np.mean(inside) <= 1.0, np.mean(inside)
    assert np.mean(narrow) < 0.75


def test_profile_agrees_with_the_curvature_where_all_is_well_determined(joint_fit):
    profile = joint_fit.profile("r_off", points=11)
    low, high = profile.interval()
    by_curvature = joint_fit.intervals()["r_off"]
    assert low is not None
    assert high is not None
    assert np.log(high / low) == pytest.approx(np.log(by_curvature[1] / by_curvature[0]), rel=0.5)
    assert profile.deviance.min() > -0.05
    assert profile.values[np.argmin(profile.deviance)] == pytest.approx(joint_fit.model.r_off, rel=1e-2)


@pytest.mark.filterwarnings("ignore::neuromorph.BoundWarning")
def test_profile_of_what_is_not_determined_stays_open():
    """Below v_on only tau exp(v_on / v_t) is determined, so one of the two runs away."""
    slow = nm.synthetic_measurement(DEVICE.replace(v_on=0.5, v_off=0.3, tau=1e-6), 0.8, 1.0, 5e3, noise=0.01)
    fit = nm.fit_memristor(slow, "mms", starts=3, prior=None, bounds={"tau": (1e-9, 1e-1)})
    names = fit.uncertainty.names
    correlation = fit.uncertainty.correlation[names.index("tau"), names.index("v_on")]
    assert abs(correlation) > 0.99
    spread, direction = fit.uncertainty.worst_direction()
    assert spread > 2.0
    assert max(direction, key=lambda name: abs(direction[name])) in ("tau", "v_on")
    low, high = fit.profile("tau", points=9).interval()
    assert low is None or high is None or high / low > 5


@pytest.mark.filterwarnings("ignore::neuromorph.BoundWarning")
def test_prior_decides_only_what_the_records_leave_open(bench, joint_fit):
    without = nm.fit_memristor(bench, "mms", prior=None)
    assert without.model.tau == pytest.approx(joint_fit.model.tau, rel=2e-3)
    slow = nm.synthetic_measurement(DEVICE.replace(v_on=0.5, tau=1e-6), 0.8, 1.0, 5e3, noise=0.01)
    fit = nm.fit_memristor(slow, "mms", starts=3, prior={"tau": (1e-5, 2.0)})
    assert 2e-6 < fit.model.tau < 5e-5


def test_unknown_profile_lists_what_is_free(joint_fit):
    with pytest.raises(
        ValueError, match="'temperature' is not free in this fit; choices: r_on, r_off, v_on, v_off, tau"
    ):
        joint_fit.profile("temperature")


def test_information_prefers_the_true_model_to_one_with_idle_parameters(bench, joint_fit):
    richer = nm.fit_memristor(bench, "mms", free=("temperature", "drive_offset"), starts=3)
    n = joint_fit.uncertainty.n_effective
    assert joint_fit.information()["bic"] < richer.uncertainty.information(n)["bic"]


@pytest.mark.parametrize("loss", ["linear", "soft_l1"])
def test_a_profile_counts_what_is_known_beforehand_and_the_loss_as_the_fit_does(bench, loss):
    """No point of a profile lies below the optimum, though the prior pulls at it."""
    fit = nm.fit_memristor(bench, "mms", prior={"tau": (3.1e-4, 1.002), "v_on": (0.32, 0.002)}, starts=2, loss=loss)
    assert fit.problem.prior_strength > 0
    for name in ("tau", "r_off"):
        profile = fit.profile(name, points=13)
        assert profile.deviance.min() > -0.02
        # As steep as the likelihood and the prior together.
        low, high = profile.interval()
        assert low is not None
        assert high is not None
        by_curvature = fit.intervals()[name]
        assert np.log(high / low) == pytest.approx(np.log(by_curvature[1] / by_curvature[0]), rel=0.5)


@pytest.mark.filterwarnings("ignore::neuromorph.BoundWarning")
def test_what_only_the_prior_determines_is_as_uncertain_as_the_prior():
    """Small voltages say nothing of v_off beside tau: its interval is that of the prior, 1.96 spreads to each side."""
    slow = nm.synthetic_measurement(DEVICE.replace(v_on=0.5, v_off=0.3, tau=1e-6), 0.8, 1.0, 5e3, noise=0.01)
    fit = nm.fit_memristor(slow, "mms", starts=3, prior={"tau": (1e-6, 3.0)}, bounds={"tau": (1e-12, 1e3)})
    low, high = fit.intervals()["tau"]
    assert np.log(high / low) == pytest.approx(2 * 1.96 * np.log(3.0), rel=0.25)
