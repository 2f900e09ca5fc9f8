"""The memristive adaptive neuron at its reference working point, on both roads, and with every parameter off by 2 %.

Numbers: K. Bednarz and B. Garda (2024) leaves the component values out; those here were worked out beforehand by programs
of their own for the equations (instant reset and switch) and for ngspice, drive 1 mA, 1 kHz, 50 %.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import sympy
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

import neuromorph as nm
from neuromorph import MemristorModel, logistic, parameter
from neuromorph.behaviour import RK4, simulate_system
from neuromorph.schematic import NgspiceOptions
from neuromorph.stimulus import Constant, Sine, SquareWave
from neuromorph.validate import Tolerances, compare, cross_validate
from neuromorph.validate.verdict import criteria_of

T_STOP, PERIOD = 5e-3, 1e-3
INSTANT, SWITCH = nm.MemristiveALIF(r_switch=None), nm.MemristiveALIF()


def pulses(amplitude=1e-3):
    return SquareWave(amplitude=amplitude, frequency=1e3, duty=0.5)


def on_phase(recording, number):
    """Spike times of one on-phase, counted from 1; one on its falling edge may come a little later."""
    start = (number - 1) * PERIOD
    return recording.spikes.between(start, start + 0.6 * PERIOD).times


@pytest.fixture(scope="module")
def runs():
    """The runs that several tests look at: equations with either reset, and ngspice."""
    return {
        "instant": nm.simulate(INSTANT, pulses(), T_STOP),
        "switch": nm.simulate(SWITCH, pulses(), T_STOP),
        "ngspice": nm.simulate(SWITCH, pulses(), T_STOP, "ngspice"),
        "ngspice, instant": nm.simulate(INSTANT, pulses(), T_STOP, "ngspice"),
    }


TABLE = {
    # run: spikes, intervals in the first on-phase [us]: first and last, in the fifth: first and last, x at the end
    "instant": (51, (19.77, 44.72), (53.10, 53.11), 0.99987),
    "switch": (51, (19.73, 44.32), (52.45, 52.46), 0.99987),
    "ngspice": (51, (19.71, 44.25), (52.42, 52.42), 0.99987),
    "ngspice, instant": (51, (19.77, 44.72), (53.10, 53.11), 0.99987),
}


@pytest.mark.parametrize(("run", "row"), TABLE.items(), ids=TABLE)
def test_reference_working_point(runs, run, row):
    recording, (count, first_phase, fifth_phase, x) = runs[run], row
    assert abs(len(recording.spikes) - count) <= 1
    assert abs(len(on_phase(recording, 1)) - 15) <= 1
    assert abs(len(on_phase(recording, 5)) - 9) <= 1
    for number, expected in ((1, first_phase), (5, fifth_phase)):
        intervals = np.diff(on_phase(recording, number)) * 1e6
        assert intervals[0] == pytest.approx(expected[0], rel=1e-2)
        assert intervals[-1] == pytest.approx(expected[1], rel=1e-2)
    assert recording["x"][-1] == pytest.approx(x, abs=1e-4)
    # The equations agree with the earlier program to its last digit.
    if not run.startswith("ngspice"):
        assert np.diff(on_phase(recording, 1))[0] * 1e6 == pytest.approx(first_phase[0], abs=5e-3)
        assert np.diff(on_phase(recording, 5))[-1] * 1e6 == pytest.approx(fifth_phase[1], abs=6e-3)


def test_the_neuron_adapts(runs):
    """Intervals grow in each on-phase, from the first to the second, and to a steady value."""
    for recording in runs.values():
        assert np.all(np.diff(np.diff(on_phase(recording, 1))[1:]) > 0)
        assert on_phase(recording, 2).size < on_phase(recording, 1).size
        steady = np.diff(on_phase(recording, 5))
        assert np.ptp(steady) < 2e-3 * steady[0]


def test_state_after_the_first_two_on_phases(runs):
    recording = runs["instant"]
    x = np.interp([0.5 * PERIOD, 1.5 * PERIOD], recording.time, recording["x"])
    assert x == pytest.approx([0.886, 0.991], abs=5e-4)


@pytest.mark.parametrize(("equations", "circuit"), [("switch", "ngspice"), ("instant", "ngspice, instant")])
def test_ngspice_meets_the_spike_times_of_the_equations(runs, equations, circuit):
    """Demanded 0.5 us; measured 11 ns with the switch and 2 ns with the reset in no time."""
    difference = runs[circuit].spikes.times - runs[equations].spikes.times
    assert np.max(np.abs(difference)) < 50e-9
    assert abs(runs[circuit]["x"][-1] - runs[equations]["x"][-1]) < 1e-6


RATES = {0.4e-3: (0, 0), 0.6e-3: (2, 0), 0.8e-3: (9, 1), 1e-3: (15, 9), 1.5e-3: (28, 19), 2e-3: (41, 29)}


@pytest.mark.filterwarnings("ignore:the neuron (never fires|ceases to fire)")
@pytest.mark.parametrize(("amplitude", "counts"), RATES.items(), ids=[f"{a * 1e3:g} mA" for a in RATES])
def test_spikes_over_current(amplitude, counts):
    """Spikes in the first on-phase and in a steady one; exact with instant reset, within one with the switch."""
    recording = nm.simulate(INSTANT, pulses(amplitude), T_STOP)
    assert (len(on_phase(recording, 1)), len(on_phase(recording, 5))) == counts
    recording = nm.simulate(SWITCH, pulses(amplitude), T_STOP)
    assert abs(len(on_phase(recording, 1)) - counts[0]) <= 1
    assert abs(len(on_phase(recording, 5)) - counts[1]) <= 1


@pytest.mark.parametrize("engine", ["rk4", "ngspice"])
def test_capacitance_scales_time(engine):
    recording = nm.simulate(INSTANT.replace(capacitance=10e-9), pulses(), T_STOP, engine)
    assert abs(len(on_phase(recording, 1)) - 35) <= 1
    assert np.diff(on_phase(recording, 1))[0] * 1e6 == pytest.approx(8.26, rel=2e-3)
    assert np.diff(on_phase(recording, 5))[-1] * 1e6 == pytest.approx(24.14, rel=2e-3)


@pytest.mark.filterwarnings("ignore:the neuron never fires")
def test_at_rest_the_state_is_kept_and_not_reset():
    """Against the paper: x = 1 at 0 V moves towards 1/2 with tau / (2 s(-v_on / v_t)), 1.8 s, not to zero."""
    neuron = INSTANT.replace(x0=1.0)
    recording = nm.simulate(neuron, Constant(value=0.0), 20e-3, dt=1e-4)
    m = neuron.memristor
    v_t = 1.380649e-23 * m.temperature / 1.602176634e-19
    drift = m.tau * (1 + np.exp(m.v_on / v_t)) / 2
    assert drift == pytest.approx(1.81, abs=0.01)
    assert recording["x"][-1] == pytest.approx(0.5 + 0.5 * np.exp(-20e-3 / drift), abs=1e-9)


# --- negative tests: a difference of 2 % in any one parameter must not pass ---


def passes(perturbed, candidate, drive, t_stop):
    """The verdict of cross_validate without its error budget; the run of ngspice is shared by all perturbations."""
    reference = nm.simulate(perturbed, drive, t_stop)
    return all(criterion.passed for criterion in criteria_of(compare(reference, candidate), Tolerances(), {}))


def off_by(factor, name):
    if hasattr(SWITCH, name):
        return SWITCH.replace(**{name: factor * getattr(SWITCH, name)})
    return SWITCH.replace(memristor=SWITCH.memristor.replace(**{name: factor * getattr(SWITCH.memristor, name)}))


def test_the_unperturbed_pair_passes(runs):
    assert passes(SWITCH, runs["ngspice"], pulses(), T_STOP)


@pytest.mark.parametrize("factor", [0.98, 1.02])
@pytest.mark.parametrize(
    "name", ["capacitance", "r_s", "v_th", "v_lo", "r_switch", "r_on", "r_off", "v_on", "tau", "temperature"]
)
def test_a_parameter_off_by_2_percent_does_not_pass(runs, name, factor):
    assert not passes(off_by(factor, name), runs["ngspice"], pulses(), T_STOP)


def test_v_off_shows_only_where_the_current_changes_its_sign(runs):
    """Under unipolar pulses 2 % of v_off do not show; under a sine of 1 mA and 200 Hz the state gives them away."""
    sine, t_stop = Sine(amplitude=1e-3, frequency=200.0), 10e-3
    candidate = nm.simulate(SWITCH, sine, t_stop, "ngspice")
    assert passes(SWITCH, candidate, sine, t_stop)
    for factor in (0.98, 1.02):
        assert passes(off_by(factor, "v_off"), runs["ngspice"], pulses(), T_STOP)
        assert not passes(off_by(factor, "v_off"), candidate, sine, t_stop)


def test_cross_validate_refuses_a_circuit_that_is_off_by_2_percent():
    pair = (SWITCH.dynamics(), off_by(1.02, "r_off").schematic())
    check = cross_validate(pair, pulses(), 2e-3, error_budget=False)
    assert not check.passed
    assert "DISAGREE" in check.summary()


# --- a user's own memristor in the neuron: the membrane voltage has to be solved for ---


@dataclass(frozen=True, kw_only=True)
class SinhLeak(MemristorModel):
    """A memristor whose current is not linear in the voltage."""

    r_on: float = parameter(500.0, unit="ohm", positive=True, doc="resistance on")
    r_off: float = parameter(1500.0, unit="ohm", positive=True, doc="resistance off")
    v_0: float = parameter(0.3, unit="V", positive=True, doc="scale of the sinh")
    v_on: float = parameter(0.25, unit="V", doc="switching voltage")
    v_w: float = parameter(0.04, unit="V", positive=True, doc="width")
    tau: float = parameter(1e-4, unit="s", positive=True, doc="time constant")

    def current_equation(self, v, x):
        """Current [A]."""
        return (x / self.r_on + (1 - x) / self.r_off) * self.v_0 * sympy.sinh(v / self.v_0)

    def state_equation(self, v, x):
        """State rate [1/s]."""
        return ((1 - x) * logistic((v - self.v_on) / self.v_w) - x * logistic((-v - self.v_on) / self.v_w)) / self.tau


def test_a_users_nonlinear_memristor_against_scipy():
    """scipy's DOP853 with the membrane voltage from brentq at each evaluation, until the third spike."""
    neuron = nm.MemristiveALIF(memristor=SinhLeak(), r_switch=None)
    m = neuron.memristor

    def current(v, x):
        return (x / m.r_on + (1 - x) / m.r_off) * m.v_0 * np.sinh(v / m.v_0)

    def v_mem(y):
        return brentq(lambda v: y[0] - v - neuron.r_s * current(v, y[1]), -2.0, 2.0, xtol=1e-16, rtol=1e-15)

    def rates(t, y):
        v = v_mem(y)
        on, off = 1 / (1 + np.exp(-(v - m.v_on) / m.v_w)), 1 / (1 + np.exp((v + m.v_on) / m.v_w))
        return [(1e-3 - current(v, y[1])) / neuron.capacitance, ((1 - y[1]) * on - y[1] * off) / m.tau]

    def threshold(t, y):
        return v_mem(y) - neuron.v_th

    threshold.terminal = True
    t, y, spikes = 0.0, [0.0, 0.0], []
    for _ in range(3):
        part = solve_ivp(rates, (t, 1.0), y, events=threshold, method="DOP853", rtol=1e-11, atol=1e-13)
        t, y = part.t[-1], [0.0, part.y[1, -1]]
        spikes.append(t)
    recording = simulate_system(neuron.dynamics(), Constant(value=1e-3), t * 1.01, RK4(dt=100e-9))
    np.testing.assert_allclose(recording.spikes.times, spikes, rtol=1e-9)
    residual = recording["v_c"] - recording["v_mem"] - neuron.r_s * current(recording["v_mem"], recording["x"])
    assert np.max(np.abs(residual)) < 1e-15


@pytest.mark.filterwarnings("ignore:the neuron ceases to fire")
def test_a_users_nonlinear_memristor_on_both_roads():
    neuron = nm.MemristiveALIF(memristor=SinhLeak())
    check = cross_validate(neuron, pulses(), 1e-3, options=NgspiceOptions(), error_budget=False)
    assert len(check.reference.spikes) > 5
    assert check.passed, check.summary()
    assert check.metrics["spike_time_error_max"] < 50e-9


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"capacitance": 0.0}, "capacitance must be a positive capacitance in F, got 0.0"),
        ({"r_s": -1e3}, "r_s must be a positive resistance in ohm, got -1000.0"),
        ({"r_switch": 0.0}, "r_switch must be a positive resistance in ohm"),
        ({"v_th": float("nan")}, "v_th must be a positive voltage in V, got nan"),
        ({"v_lo": 0.5}, r"v_lo must be below v_th \(0.4 V\), got 0.5"),
        ({"x0": 1.2}, "x0 must be"),
        ({"memristor": 500.0}, r"memristor must be a MemristorModel, such as nm.MMS\(\), got 500.0"),
    ],
)
def test_bad_parameters(changes, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        nm.MemristiveALIF(**changes)


def test_unknown_fidelity_lists_the_choices():
    with pytest.raises(ValueError, match=r"no fidelity 'spherical'; choices: ideal, macromodel, transistor"):
        nm.MemristiveALIF().schematic("spherical")
