"""GMMS, VTEAM, Yakopcic, linear ion drift: both equations against the papers', derivatives, ngspice, the ends, the neuron."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest
import sympy
from published_equations import published
from scipy.integrate import solve_ivp

import neuromorph as nm
from neuromorph.devices.cards import MODELS, model_named
from neuromorph.devices.windows import WINDOWS
from neuromorph.schematic import NgspiceOptions, Port, Schematic
from neuromorph.spice import Ngspice, read_raw
from neuromorph.systems import HybridSystem, Mode, Output, State

ODD_GMMS = {"phi": 0.7, "alpha_f": 3e-4, "alpha_r": 1e-4, "beta_f": 2.5, "beta_r": 5.5, "v_on": 0.2}
ODD_VTEAM = {"alpha_on": 3.0, "alpha_off": 1.7, "v_on": 0.2, "v_off": 0.31, "k_on": 8e3, "k_off": 2e4}
ODD_YAKOPCIC = {"a1": 0.02, "a2": 0.03, "b": 3.0, "a_p": 700.0, "v_n": 0.3, "x_p": 0.6, "x_n": 0.2, "alpha_p": 0.5}
CASES = [
    nm.GMMS(),
    nm.GMMS(schottky="pinched"),
    nm.GMMS(**ODD_GMMS),
    nm.GMMS(**ODD_GMMS, schottky="pinched"),
    *(nm.VTEAM(window=window, p=2.0, j=0.8) for window in WINDOWS),
    nm.VTEAM(**ODD_VTEAM, iv="exponential"),
    nm.VTEAM(**ODD_VTEAM, iv="exponential", window="biolek", p=3.0),
    nm.Yakopcic(),
    nm.Yakopcic(**ODD_YAKOPCIC),
    nm.Yakopcic(**ODD_YAKOPCIC, eta="reverse"),
    # Ten thousand times the published mobility: the film is crossed within a millisecond, not within seconds.
    *(
        nm.LinearIonDrift(r_off=2e3, mobility=1e-12, window=window, p=p, j=0.8)
        for window in WINDOWS
        for p in (1.0, 4.0)
    ),
]
each_model = pytest.mark.parametrize("model", CASES, ids=lambda m: f"{CASES.index(m)}-{m.subcircuit_name}")
# Voltages off the thresholds, states off the kinks: there each derivative is one number.
VOLTAGES = np.array([-0.9, -0.5, -0.28, -0.1, -1e-3, 1e-3, 0.05, 0.26, 0.33, 0.6, 0.8])
STATES = np.array([0.0, 0.013, 0.1, 0.25, 0.55, 0.63, 0.87, 0.998, 1.0])
INSIDE = STATES[1:-2]


@each_model
def test_equations_are_those_of_the_paper(model):
    """1e-12 of each value, or of the largest where it is a difference; bare ends apart, where a line replaces the jump."""
    current, rate = published(model)
    is_bare = model.choices().get("window") == "none"
    v, x = (a.ravel() for a in np.meshgrid(VOLTAGES, INSIDE if is_bare else STATES))
    np.testing.assert_allclose(model.current(v, x), current(v, x), rtol=1e-12, atol=1e-15 * np.abs(current(v, x)).max())
    np.testing.assert_allclose(model.state_rate(v, x), rate(v, x), rtol=1e-12, atol=1e-14 * np.abs(rate(v, x)).max())


@each_model
def test_derivatives_against_differences_of_the_papers_equations(model):
    """Five-point differences of the numpy statement: 1e-7 of the largest slope."""
    functions = published(model)
    h = 1e-4
    v, x = (a.ravel() for a in np.meshgrid(VOLTAGES, INSIDE))
    # A difference must not reach over the sign of the voltage.
    h_v = np.minimum(h, np.abs(v) / 4)
    computed = model.derivatives(v, x)
    for name, function in zip(("current", "state_rate"), functions, strict=True):
        by_v = (
            8 * (function(v + h_v, x) - function(v - h_v, x)) - function(v + 2 * h_v, x) + function(v - 2 * h_v, x)
        ) / (12 * h_v)
        by_x = (8 * (function(v, x + h) - function(v, x - h)) - function(v, x + 2 * h) + function(v, x - 2 * h)) / (
            12 * h
        )
        for slope, expected in ((computed[f"{name}_dv"], by_v), (computed[f"{name}_dx"], by_x)):
            np.testing.assert_allclose(slope, expected, rtol=1e-6, atol=1e-7 * np.abs(expected).max())


@each_model
def test_derivatives_are_finite_everywhere(model):
    """Also at thresholds, at zero volts, at the middle and the ends of the state."""
    marks = [value for name, value in model.values().items() if name.startswith("v_")]
    v = np.array([0.0, *VOLTAGES, *marks, *(-mark for mark in marks)])
    states = [0.5, *STATES, *(value for name, value in model.values().items() if name.startswith("x_"))]
    for values in model.derivatives(v[:, None], np.array(states)).values():
        assert np.isfinite(values).all()


@each_model
def test_subcircuit_current_and_rate_equal_the_equations(model, tmp_path):
    """One operating point of ngspice; the state is held by a source, and its current is the rate."""
    v, x = (a.ravel() for a in np.meshgrid(VOLTAGES, STATES))
    lines = ["* memristors", model.subcircuit(), ".options reltol=1e-13 vntol=1e-15 abstol=1e-20 gmin=1e-30"]
    values = " ".join(f"{name}={value!r}" for name, value in model.values().items())
    for k in range(v.size):
        lines += [f"V{k} p{k} 0 {float(v[k])!r}", f"Vx{k} x{k} 0 {float(x[k])!r}"]
        lines.append(f"X{k} p{k} 0 x{k} {model.subcircuit_name} {values}")
    (tmp_path / "devices.cir").write_text("\n".join([*lines, ".save all", ".op", ".end", ""]), encoding="utf-8")
    command = ["ngspice", "-n", "-b", "-r", "out.raw", "devices.cir"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    (plot,) = read_raw(tmp_path / "out.raw")
    current = -np.array([float(plot[f"i(v{k})"][0]) for k in range(v.size)])
    rate = np.array([float(plot[f"i(vx{k})"][0]) for k in range(v.size)]) / 1e-6
    assert np.max(np.abs(current - model.current(v, x))) < 1e-13 * np.abs(model.current(v, x)).max()
    assert np.max(np.abs(rate - model.state_rate(v, x))) < 1e-13 * np.abs(model.state_rate(v, x)).max()


def alone(model, x0):
    """The model between the terminals of a source, on both roads."""
    v_in = sympy.Symbol("v_in")
    current, rate = (e.xreplace({s: v_in for s in e.free_symbols if s.name == "v"}) for e in model.expressions())
    system = HybridSystem(
        name=f"{model.subcircuit_name}-alone",
        states={"x": State(x0)},
        inputs={"v_in": "V"},
        parameters=model.values(),
        modes={"on": Mode(rates={"x": rate}, time_scale=model.time_scale(sympy.Float(0.8)))},
        outputs={"i": Output(current, "A")},
    )
    circuit = Schematic(
        f"{model.subcircuit_name}-alone",
        ports={"v_in": Port("p", kind="voltage")},
        probes={"x": "v(x)", "v_in": "v(p)"},
        initial={"x": x0},
        states=("x",),
    )
    circuit.raw_spice += model.subcircuit()
    circuit.X("device", model.subcircuit_name, "p", circuit.gnd, "x", **model.values())
    return system, circuit


def lsoda(rate, x0, amplitude, frequency, t_stop):
    run = solve_ivp(
        lambda t, x: rate(amplitude * np.sin(2 * np.pi * frequency * t), x[0]),
        (0.0, t_stop),
        [x0],
        method="LSODA",
        rtol=1e-10,
        atol=1e-12,
        max_step=2e-2 / frequency,
        dense_output=True,
    )
    return run.sol


# Drives that move the state through most of its range; the ends are another test's.
ON_A_SINE = {
    "gmms": (nm.GMMS(), 0.5),
    "gmms pinched": (nm.GMMS(**ODD_GMMS, schottky="pinched"), 0.5),
    "vteam": (nm.VTEAM(window="biolek", alpha_on=1.0, k_on=2e3, k_off=1e3), 0.5),
    "vteam exponential": (
        nm.VTEAM(**ODD_VTEAM | {"k_on": 300.0, "k_off": 900.0}, iv="exponential", window="prodromakis"),
        0.6,
    ),
    "yakopcic": (nm.Yakopcic(), 0.5),
    "yakopcic reverse": (nm.Yakopcic(**ODD_YAKOPCIC, eta="reverse"), 0.5),
    "drift bare": (nm.LinearIonDrift(r_off=2e3, mobility=2e-13), 0.3),
    "drift joglekar": (nm.LinearIonDrift(r_off=2e3, mobility=4e-13, window="joglekar", p=2.0), 0.3),
    "drift biolek": (nm.LinearIonDrift(r_off=2e3, mobility=1e-12, window="biolek"), 0.3),
    "drift prodromakis": (nm.LinearIonDrift(r_off=2e3, mobility=1e-12, window="prodromakis", p=3.0), 0.3),
}


def some_slow(cases, quick):
    """Cases of which each compiles a kernel of its own: those that are not named run where there is time."""
    return [
        pytest.param(*case, id=name, marks=[] if name in quick else [pytest.mark.slow]) for name, case in cases.items()
    ]


@pytest.mark.parametrize(
    ("model", "amplitude"),
    some_slow(ON_A_SINE, ("gmms pinched", "vteam exponential", "yakopcic", "drift biolek")),
)
def test_state_on_a_sine_against_lsoda(model, amplitude):
    """100 Hz for five periods, the numpy statement at 1e-10: within 1e-5 (RK4, default step, kinks at thresholds) and 1e-4 (ngspice)."""
    system, circuit = alone(model, 0.3)
    drive, t_stop = nm.Sine(amplitude=amplitude, frequency=100.0), 0.05
    current, rate = published(model)
    exact = lsoda(rate, 0.3, amplitude, 100.0, t_stop)
    ode = nm.simulate(system, drive, t_stop)
    assert np.ptp(ode["x"]) > 0.1
    assert ode["x"].min() >= 0
    assert ode["x"].max() <= 1
    assert np.max(np.abs(ode["x"] - exact(ode.time)[0])) < 1e-5
    assert np.max(np.abs(ode["i"] - current(ode["v_in"], ode["x"]))) < 1e-12 * np.abs(ode["i"]).max()
    spice = Ngspice().run(nm.make_deck(circuit, drives=drive, t_stop=t_stop), NgspiceOptions(t_max=2e-6))
    assert np.max(np.abs(spice["x"] - exact(spice.time)[0])) < 1e-4


ENDS = {
    "vteam": nm.VTEAM(k_on=2e3, k_off=3e3),
    "drift": nm.LinearIonDrift(r_off=2e3, mobility=1e-12),
    "drift biolek": nm.LinearIonDrift(r_off=2e3, mobility=1e-12, window="biolek", p=2.0),
    "yakopcic": nm.Yakopcic(),
}


@pytest.mark.parametrize("model", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("engine", ["rk4", "ngspice"])
def test_the_state_stops_at_its_ends_and_comes_back(model, engine):
    """A hard drive for three periods: from end to end, never beyond by more than the engine's own error."""
    system, circuit = alone(model, 0.5)
    drive, t_stop = nm.Sine(amplitude=0.8, frequency=100.0), 0.03
    if engine == "rk4":
        recording, slack = nm.simulate(system, drive, t_stop), 0.0
    else:
        recording, slack = Ngspice().run(nm.make_deck(circuit, drives=drive, t_stop=t_stop)), 2e-4
    assert recording["x"].min() >= -slack
    assert recording["x"].max() <= 1 + slack
    for period in range(3):
        part = (recording.time >= period * 0.01) & (recording.time < (period + 1) * 0.01)
        assert recording["x"][part].max() > 0.95
        assert recording["x"][part].min() < 0.2


def test_bare_ends_take_a_thousandth_to_stop():
    model = nm.VTEAM()
    free = float(model.state_rate(0.4, 0.5))
    np.testing.assert_allclose(model.state_rate(0.4, [0.0, 0.999, 0.9995, 1.0]), [free, free, free / 2, 0.0], rtol=1e-9)
    np.testing.assert_allclose(
        model.state_rate(-0.4, [1.0, 0.001, 0.0005, 0.0]), [-free, -free, -free / 2, 0.0], rtol=1e-9
    )


@pytest.mark.parametrize("window", ["joglekar", "prodromakis"])
def test_a_state_at_an_end_stays_there_with_these_windows(window):
    """The terminal state problem, as published; outside of [0, 1] nothing drives the state away."""
    model = nm.LinearIonDrift(window=window, p=2.0)
    assert (model.state_rate([[-0.5], [0.5]], [0.0, 1.0, -1e-6, 1 + 1e-6]) == 0).all()
    free = nm.LinearIonDrift(window="biolek", p=2.0)
    assert (free.state_rate([0.5, -0.5], [0.0, 1.0]) == nm.LinearIonDrift().state_rate([0.5, -0.5], [0.0, 1.0])).all()


def test_joglekar_takes_a_charge_in_closed_form():
    """p = 1: the logit of x grows by four times the drift; a pulse of known charge, integrated by hand."""
    model = nm.LinearIonDrift(r_on=100.0, r_off=100.0, mobility=1e-12, window="joglekar")
    system, _ = alone(model, 0.2)
    recording = nm.simulate(system, nm.Constant(value=0.1), 5e-3)
    drift = model.mobility / model.depth**2 * 0.1 * recording.time
    np.testing.assert_allclose(recording["x"], 1 / (1 + 4 * np.exp(-4 * drift)), rtol=1e-8)


@pytest.mark.parametrize(
    "model", [nm.GMMS(), nm.VTEAM(), nm.Yakopcic(), nm.LinearIonDrift(window="prodromakis")], ids=str
)
def test_every_parameter_counts(model):
    """1 % in each parameter moves current or rate; the window's exponents only where the window has them."""
    unused = {"VTEAM": {"p", "j"}}.get(type(model).__name__, set())
    v, x = np.meshgrid([-0.6, -0.4, 0.4, 0.6], [0.2, 0.4, 0.8])
    for name, value in model.values().items():
        other = model.replace(**{name: value * 1.01 if name != "p" else value + 0.1})
        moved = np.abs(other.current(v, x) - model.current(v, x)).max() / np.abs(model.current(v, x)).max()
        moved += np.abs(other.state_rate(v, x) - model.state_rate(v, x)).max() / np.abs(model.state_rate(v, x)).max()
        assert (moved > 1e-4) == (name not in unused), name


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nm.GMMS(schottky="pinch"), "schottky must be one of published, pinched, got 'pinch'"),
        (lambda: nm.GMMS(phi=1.2), "phi must be a finite number from 0 to 1, got 1.2"),
        (lambda: nm.VTEAM(window="team"), "window must be one of none, joglekar, biolek, prodromakis, got 'team'"),
        (lambda: nm.VTEAM(v_on=-0.2), "v_on must be a positive voltage in V, got -0.2"),
        (lambda: nm.VTEAM(k_off=0), "k_off must be a positive rate in 1/s, got 0"),
        (lambda: nm.VTEAM(alpha_on=0.5), "alpha_on must be a finite number of at least 1, got 0.5"),
        (lambda: nm.Yakopcic(x_p=1.0), "x_p must be a finite number from 0 to 0.999, got 1.0"),
        (lambda: nm.Yakopcic(eta=1), "eta must be one of forward, reverse, got 1"),
        (lambda: nm.LinearIonDrift(mobility=0), r"mobility must be a positive mobility in m\^2/\(V s\), got 0"),
        (lambda: nm.GMMS().replace(shottky="pinched"), "GMMS has no parameter 'shottky'; did you mean 'schottky'"),
        (
            lambda: model_named("vtaem"),
            "no memristor model 'vtaem'; choices: mms, gmms, vteam, yakopcic, linear-ion-drift",
        ),
    ],
)
def test_bad_parameters(make, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        make()


def test_models_by_name():
    assert model_named("Linear_Ion_Drift") is nm.LinearIonDrift
    assert {name: model_named(name) for name in MODELS} == MODELS


def test_a_choice_is_no_value_and_names_the_subcircuit():
    model = nm.VTEAM(iv="exponential", window="biolek")
    assert model.choices() == {"iv": "exponential", "window": "biolek"}
    assert not {"iv", "window"} & set(model.values())
    assert model.subcircuit_name == "vteam_exponential_biolek"
    assert "module linear_ion_drift(p, n, x);" in nm.LinearIonDrift().verilog_a()
    assert "parameter real p_ = 1.0; // exponent of the window [number]" in nm.LinearIonDrift().verilog_a()


@each_model
def test_verilog_a_text(model):
    text = model.verilog_a()
    lines = [line.strip() for line in text.splitlines()]
    assert f"module {model.subcircuit_name}(p, n, x);" in lines
    assert sum(line.startswith("parameter real ") for line in lines) == len(model.values())
    assert text.count("(") == text.count(")")
    assert not [word for word in ("Piecewise", "Heaviside", "Abs", "logistic") if word in text]


@each_model
def test_time_scale_is_that_of_the_fastest_state(model):
    """No state moves faster under the stated voltage than the time scale says, by more than the ends' allowance."""
    scale = model.time_scale(sympy.Float(0.5)).xreplace(
        {sympy.Symbol(n, real=True): x for n, x in model.values().items()}
    )
    v, x = np.meshgrid(np.linspace(-0.5, 0.5, 41), np.linspace(0.01, 0.99, 99))
    fastest = np.maximum(np.abs(model.state_rate(v, x)), np.abs(model.derivatives(v, x)["state_rate_dx"])).max()
    # The drift of an undoped film to a doped one speeds up on the way by the ratio of resistances, which is no stiffness.
    slack = 2.0 if not isinstance(model, nm.LinearIonDrift) else model.r_off / model.r_on
    assert 1 / 100 < float(scale) * fastest < slack * 1.1


# Each with its time scale and its resistance brought near to those of the neuron's own memristor.
IN_THE_NEURON = {
    "gmms": (nm.GMMS(alpha_f=2e-4, alpha_r=1e-4, schottky="pinched"), 0.0, "alpha_f"),
    "gmms published": (nm.GMMS(alpha_f=1e-4, alpha_r=1e-4), 0.0, "phi"),
    "vteam": (nm.VTEAM(), 0.0, "k_on"),
    "vteam exponential": (nm.VTEAM(iv="exponential", window="biolek", alpha_on=3.0), 0.0, "v_on"),
    "yakopcic": (nm.Yakopcic(a1=0.04, a2=0.04), 0.3, "a1"),
    "drift": (nm.LinearIonDrift(r_on=500.0, r_off=1500.0, mobility=2e-13), 0.0, "mobility"),
    "drift joglekar": (nm.LinearIonDrift(r_on=500.0, r_off=1500.0, mobility=2e-13, window="joglekar"), 0.2, "mobility"),
    "drift biolek": (nm.LinearIonDrift(r_on=500.0, r_off=1500.0, mobility=2e-13, window="biolek"), 0.0, "mobility"),
    "drift prodromakis": (
        nm.LinearIonDrift(r_on=500.0, r_off=1500.0, mobility=2e-13, window="prodromakis", p=5.0),
        0.2,
        "mobility",
    ),
}


@pytest.mark.parametrize(
    ("model", "x0", "off"), some_slow(IN_THE_NEURON, ("gmms", "vteam", "yakopcic", "drift biolek"))
)
def test_the_neuron_works_with_it_on_both_roads(model, x0, off):
    """It spikes, it adapts, both roads agree; with one parameter off by 5 % on one road they do not."""
    neuron = nm.MemristiveALIF(memristor=model, x0=x0)
    check = nm.cross_validate(neuron, t_stop=2e-3, error_budget=False)
    assert check.passed, check.summary()
    assert len(check.reference.spikes) > 10
    other = neuron.replace(memristor=model.replace(**{off: 1.05 * getattr(model, off)}))
    pair = nm.Pair(neuron.dynamics(), other.schematic())
    assert not nm.cross_validate(pair, neuron.working_point().drive, 2e-3, error_budget=False).passed
