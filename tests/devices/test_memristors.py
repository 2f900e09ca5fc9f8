"""Memristors: current, rate and derivatives against mpmath; the SPICE subcircuit against the same; LSODA in time."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, make_dataclass

import mpmath
import numpy as np
import pytest
import sympy
from scipy.integrate import solve_ivp
from user_memristor import Sinh

import neuromorph as nm
from neuromorph import parameter
from neuromorph.devices.memristor import BOLTZMANN, ELEMENTARY_CHARGE
from neuromorph.schematic import NgspiceOptions, Port, Schematic
from neuromorph.spice import Ngspice, read_raw
from neuromorph.systems import HybridSystem, Mode, Output, State

MMS_OTHER = nm.MMS(r_on=123.4, r_off=98765.0, v_on=0.17, v_off=0.31, tau=3.3e-5, temperature=351.7)
MODELS = {"MMS": nm.MMS(), "MMS with other values": MMS_OTHER, "user's own": Sinh()}
each_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)

VOLTAGES = np.array([-0.9, -0.5, -0.31, -0.27, -0.1, -1e-4, 1e-4, 0.05, 0.27, 0.33, 0.6, 0.8])
STATES = np.array([0.0, 1e-6, 0.1, 0.5, 0.87, 0.99999, 1.0])


def s(u):
    return 1 / (1 + mpmath.exp(-u))


def by_hand(model):
    """Current and rate in mpmath, written out from the source, not from the model's expressions."""
    p = {name: mpmath.mpf(value) for name, value in model.values().items()}
    if isinstance(model, nm.MMS):
        v_t = mpmath.mpf(BOLTZMANN) * p["temperature"] / mpmath.mpf(ELEMENTARY_CHARGE)

        def current(v, x):
            return v * (x / p["r_on"] + (1 - x) / p["r_off"])

        def rate(v, x):
            return ((1 - x) * s((v - p["v_on"]) / v_t) - x * (1 - s((v + p["v_off"]) / v_t))) / p["tau"]

    else:

        def current(v, x):
            return (x / p["r_on"] + (1 - x) / p["r_off"]) * p["v_0"] * mpmath.sinh(v / p["v_0"])

        def rate(v, x):
            return (s((v - p["v_on"]) / p["v_w"]) - x) / p["tau"]

    return current, rate


@each_model
def test_equations_and_derivatives_against_mpmath(model):
    """1e-12 of each value; where two terms of the rate cancel, of the larger one."""
    with mpmath.workdps(50):
        current, rate = by_hand(model)
        v, x = (a.ravel() for a in np.meshgrid(VOLTAGES, STATES))
        computed = {"current": model.current(v, x), "state_rate": model.state_rate(v, x), **model.derivatives(v, x)}
        exact = {
            "current": current,
            "state_rate": rate,
            "current_dv": lambda a, b: mpmath.diff(lambda q: current(q, b), a),
            "current_dx": lambda a, b: mpmath.diff(lambda q: current(a, q), b),
            "state_rate_dv": lambda a, b: mpmath.diff(lambda q: rate(q, b), a),
            "state_rate_dx": lambda a, b: mpmath.diff(lambda q: rate(a, q), b),
        }
        assert set(computed) == set(exact)
        for name, function in exact.items():
            for k in range(v.size):
                a, b = mpmath.mpf(v[k]), mpmath.mpf(x[k])
                value = function(a, b)
                scale = abs(value)
                if name == "state_rate":
                    # At fixed v the rate is linear in x: its two terms are those at x = 0 and the rest.
                    scale = abs(rate(a, mpmath.mpf(0))) + b * abs(rate(a, mpmath.mpf(1)) - rate(a, mpmath.mpf(0)))
                    if isinstance(model, nm.MMS):
                        scale = (1 - b) * abs(rate(a, mpmath.mpf(0))) + b * abs(rate(a, mpmath.mpf(1)))
                elif name == "state_rate_dv":
                    scale = max(scale, abs(exact[name](a, mpmath.mpf(0))) * (1 - b))
                assert abs(mpmath.mpf(float(computed[name][k])) - value) <= 1e-12 * scale, (name, v[k], x[k])


def test_mms_by_hand():
    """Numbers worked out on paper: equal shares of on and off; half of the switches at the threshold."""
    model = nm.MMS(r_on=500.0, r_off=1500.0, tau=1e-4)
    assert model.current(0.3, 0.5) == pytest.approx(0.3 * (0.5 / 500 + 0.5 / 1500), rel=1e-15)
    assert model.state_rate(0.27, 0.0) == pytest.approx(0.5 / 1e-4, rel=1e-14)
    assert model.state_rate(-0.27, 1.0) == pytest.approx(-0.5 / 1e-4, rel=1e-14)
    assert model.derivatives(0.0, 1.0)["current_dv"] == pytest.approx(1 / 500, rel=1e-15)


@pytest.mark.parametrize("name", ["r_on", "r_off", "v_on", "v_off", "tau", "temperature"])
def test_every_mms_parameter_counts(name):
    model = nm.MMS()
    other = model.replace(**{name: getattr(model, name) * 1.01})
    v, x = np.array([0.3, -0.3]), np.array([0.4, 0.4])
    moved = np.abs(other.current(v, x) / model.current(v, x) - 1) + np.abs(
        other.state_rate(v, x) / model.state_rate(v, x) - 1
    )
    assert moved.max() > 1e-3


def test_shapes_broadcast():
    model = nm.MMS()
    assert model.current(0.3, 0.5).shape == ()
    assert model.state_rate(0.3, np.array([0.5])).shape == (1,)
    assert model.current(VOLTAGES[:, None], STATES).shape == (VOLTAGES.size, STATES.size)
    assert model.derivatives(VOLTAGES[:, None], STATES)["state_rate_dv"].shape == (VOLTAGES.size, STATES.size)
    np.testing.assert_array_equal(
        model.current(VOLTAGES[::-2], 0.5), model.current(np.ascontiguousarray(VOLTAGES[::-2]), 0.5)
    )


@each_model
def test_subcircuit_current_and_rate_equal_the_equations(model, tmp_path):
    """One operating point of ngspice: a device for each pair of voltage and state, the state held by a source.

    The current out of the held state pin is the capacitor's share of dx/dt, so the rate is measured too.
    """
    v, x = (a.ravel() for a in np.meshgrid(VOLTAGES, STATES))
    lines = ["* memristors", model.subcircuit(), ".options reltol=1e-13 vntol=1e-15 abstol=1e-20 gmin=1e-30"]
    for k in range(v.size):
        lines += [f"V{k} p{k} 0 {float(v[k])!r}", f"W{k} x{k} 0 {float(x[k])!r}".replace("W", "Vx")]
        values = " ".join(f"{name}={value!r}" for name, value in model.values().items())
        lines.append(f"X{k} p{k} 0 x{k} {model.subcircuit_name} {values}")
    (tmp_path / "devices.cir").write_text("\n".join([*lines, ".save all", ".op", ".end", ""]), encoding="utf-8")
    command = ["ngspice", "-n", "-b", "-r", "out.raw", "devices.cir"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    (plot,) = read_raw(tmp_path / "out.raw")
    current = -np.array([float(plot[f"i(v{k})"][0]) for k in range(v.size)])
    rate = np.array([float(plot[f"i(vx{k})"][0]) for k in range(v.size)]) / 1e-6
    assert np.max(np.abs(current / model.current(v, x) - 1)) < 1e-14
    assert np.max(np.abs(rate - model.state_rate(v, x)) / np.abs(model.state_rate(v, x)).max()) < 1e-14


def one_memristor(model):
    v_in, x = sympy.symbols("v_in x")
    current, rate = model.expressions()
    system = HybridSystem(
        name=f"{model.subcircuit_name}-alone",
        states={"x": State(0.3)},
        inputs={"v_in": "V"},
        parameters=model.values(),
        modes={"on": Mode(rates={"x": rate.xreplace({s: v_in for s in rate.free_symbols if s.name == "v"})})},
        outputs={"i": Output(current.xreplace({s: v_in for s in current.free_symbols if s.name == "v"}), "A")},
    )
    circuit = Schematic(
        f"{model.subcircuit_name}-alone",
        ports={"v_in": Port("p", kind="voltage")},
        probes={"x": "v(x)", "v_in": "v(p)"},
        initial={"x": 0.3},
        states=("x",),
    )
    circuit.raw_spice += model.subcircuit()
    circuit.X("device", model.subcircuit_name, "p", circuit.gnd, "x", **model.values())
    return system, circuit, x


def in_numpy(model):
    """Current and rate, written out once more."""
    p = model.values()

    def s(u):
        return 1 / (1 + np.exp(-u))

    if isinstance(model, nm.MMS):
        v_t = BOLTZMANN * p["temperature"] / ELEMENTARY_CHARGE
        return (
            lambda v, x: v * (x / p["r_on"] + (1 - x) / p["r_off"]),
            lambda v, x: ((1 - x) * s((v - p["v_on"]) / v_t) - x * s(-(v + p["v_off"]) / v_t)) / p["tau"],
        )
    return (
        lambda v, x: (x / p["r_on"] + (1 - x) / p["r_off"]) * p["v_0"] * np.sinh(v / p["v_0"]),
        lambda v, x: (s((v - p["v_on"]) / p["v_w"]) - x) / p["tau"],
    )


@each_model
def test_state_on_a_sine_against_lsoda(model):
    """0.5 V at 100 Hz for ten periods: the state within 1e-4 on both roads."""
    system, circuit, _ = one_memristor(model)
    drive, t_stop = nm.Sine(amplitude=0.5, frequency=100.0), 0.1
    current, rate = in_numpy(model)
    exact = solve_ivp(
        lambda t, x: rate(0.5 * np.sin(2 * np.pi * 100.0 * t), x[0]),
        (0.0, t_stop),
        [0.3],
        method="LSODA",
        rtol=1e-10,
        atol=1e-12,
        max_step=1e-4,
        dense_output=True,
    )
    ode = nm.simulate(system, drive, t_stop)
    assert np.max(np.abs(ode["x"] - exact.sol(ode.time)[0])) < 1e-7
    assert np.max(np.abs(ode["i"] - current(ode["v_in"], ode["x"]))) < 1e-15
    spice = Ngspice().run(nm.make_deck(circuit, drives=drive, t_stop=t_stop), NgspiceOptions(t_max=2e-6))
    assert np.max(np.abs(spice["x"] - exact.sol(spice.time)[0])) < 1e-4


def test_verilog_a_text():
    """What a compiler needs: terminals, real parameters with their values, both equations with their signs."""
    text = MMS_OTHER.verilog_a()
    lines = [line.strip() for line in text.splitlines()]
    assert '`include "disciplines.vams"' in lines
    assert "module mms(p, n, x);" in lines
    assert lines[-1] == "endmodule"
    for name, value in MMS_OTHER.values().items():
        assert [line for line in lines if line.startswith(f"parameter real {name} = {value!r};")], name
    (current,) = [line for line in lines if line.startswith("I(p, n) <+")]
    assert "V(p,n)" in current
    assert "/r_on" in current
    (charge, rate) = [line for line in lines if line.startswith("I(x) <+")]
    assert "ddt(" in charge
    assert rate.startswith("I(x) <+ -")
    assert rate.count("exp(") == 6
    assert text.count("(") == text.count(")")


def test_subcircuit_text_states_meaning_and_unit_of_each_parameter():
    text = nm.MMS().subcircuit()
    for line in ("*   r_on: resistance with all switches on [ohm]", "*   temperature: absolute temperature [K]"):
        assert line in text
    assert text.rstrip().endswith(".ends mms")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"r_on": -500.0}, "r_on must be a positive resistance in ohm, got -500.0"),
        ({"r_off": 0}, "r_off must be a positive resistance in ohm, got 0"),
        ({"tau": float("nan")}, "tau must be a positive time in s, got nan"),
        ({"temperature": float("inf")}, "temperature must be a positive temperature in K, got inf"),
        ({"v_on": -0.1}, "v_on must be"),
    ],
)
def test_bad_parameters(changes, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        nm.MMS(**changes)


def test_a_model_named_like_a_keyword_of_verilog_a():
    """The user's model is called Sinh; openvaf-r, by hand: "reserved keyword 'sinh' was used as an identifier"."""
    text = Sinh().verilog_a()
    assert "module sinh_(p, n, x);" in text
    assert "*sinh(V(p,n)/v_0)" in text


def test_a_parameter_named_like_a_terminal_or_a_keyword(tmp_path):
    @dataclass(frozen=True, kw_only=True)
    class Odd(nm.MemristorModel):
        n: float = parameter(2.0, unit="ohm", doc="resistance")
        real: float = parameter(3.0, unit="s", doc="time constant")

        def current_equation(self, v, x):
            return v / self.n

        def state_equation(self, v, x):
            return (v - x) / self.real

    model = Odd()
    assert model.current(1.0, 0.0) == 0.5
    text = model.verilog_a()
    assert "parameter real n_ = 2.0;" in text
    assert "parameter real real_ = 3.0;" in text
    assert "I(p, n) <+ V(p,n)/n_;" in text
    deck = [
        "* odd",
        model.subcircuit(),
        "V1 a 0 1",
        "Vx x 0 0.25",
        "X1 a 0 x odd n=2 real=3",
        ".save all",
        ".op",
        ".end",
        "",
    ]
    (tmp_path / "odd.cir").write_text("\n".join(deck), encoding="utf-8")
    subprocess.run(["ngspice", "-n", "-b", "-r", "out.raw", "odd.cir"], cwd=tmp_path, capture_output=True, check=True)
    (plot,) = read_raw(tmp_path / "out.raw")
    assert float(plot["i(v1)"][0]) == pytest.approx(-0.5, rel=1e-12)
    assert float(plot["i(vx)"][0]) == pytest.approx(1e-6 * 0.25, rel=1e-9)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("v",), "has the name of the voltage"),
        (("X",), "has the name of the state"),
        (("r_on", "R_on"), "parameter 'r_on'"),
    ],
)
def test_parameter_names_that_mean_two_things_are_refused(names, message):
    fields = [(name, float, parameter(1.0, unit="ohm", doc="something")) for name in names]
    equations = {name: lambda self, v, x: v - x for name in ("current_equation", "state_equation")}
    model = make_dataclass(
        "Twice", fields, bases=(nm.MemristorModel,), namespace=equations, frozen=True, kw_only=True
    )()
    with pytest.raises(ValueError, match=f"parameter {names[-1]!r} of Twice .*{message}"):
        model.subcircuit()
