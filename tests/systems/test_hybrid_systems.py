"""The statement of a hybrid system: what it accepts, what it refuses and how it says so."""

from __future__ import annotations

import dataclasses

import pytest
import sympy

import neuromorph as nm
from neuromorph.systems import HybridSystem, Mode, Output, State, Transition, Unknown
from neuromorph.systems.hybrid import canonical

v, x, i_in, tau, w, t_mode, t = sympy.symbols("v x i_in tau w t_mode t")


def stated(**changes):
    parts = {
        "name": "neuron",
        "states": {"v": State(0.0, "V"), "x": State(0.5)},
        "inputs": {"i_in": "A"},
        "parameters": {"tau": 1e-3},
        "modes": {
            "on": Mode(rates={"v": -v / tau + i_in, "x": w}, time_scale=tau),
            "off": Mode(rates={"v": 0, "x": 0}),
        },
        "transitions": [Transition("on", "off", v - 1, resets={"v": 0}), Transition("off", "on", t_mode - tau)],
        "unknowns": {"w": Unknown(w**3 + w - v, "V")},
        "outputs": {"power": Output(v * i_in, "W")},
    }
    return HybridSystem(**(parts | changes))


def test_a_system_that_is_right():
    system = stated()
    assert system.mode_names == ("on", "off")
    assert system.units() == {"v": "V", "x": "", "w": "V", "i_in": "A", "power": "W"}
    assert system.time_scales() == {"on": 1e-3, "off": None}


ON = {"v": -v / tau, "x": 0}
NAMES = sympy.Symbol

REFUSED = {
    "no mode": ({"modes": {}, "transitions": []}, "system 'neuron' needs at least one mode"),
    "no state": ({"states": {}}, "system 'neuron' needs at least one state"),
    "rate missing": ({"modes": {"on": Mode({"v": 0}), "off": Mode(ON)}}, "mode 'on' has no rate for 'x'; give 0"),
    "two rates missing": ({"modes": {"on": Mode(ON), "off": Mode({})}}, "mode 'off' has no rate for 'v', 'x'"),
    "rate of no state": (
        {"modes": {"on": Mode(ON | {"y": 0}), "off": Mode(ON)}},
        "rates of mode 'on' name 'y', which is not a state; the states are v, x",
    ),
    "symbol in a rate": (
        {"modes": {"on": Mode({"v": NAMES("g_leak") * v, "x": 0}), "off": Mode(ON)}},
        "rate of 'v' in mode 'on' uses 'g_leak', which nothing defines; known: v, x, i_in, tau, t, t_mode, w",
    ),
    "symbol in a guard": (
        {"transitions": [Transition("on", "off", v - NAMES("v_th"))]},
        "guard of transition 'on' to 'off' uses 'v_th', which nothing defines",
    ),
    "symbol in a reset": (
        {"transitions": [Transition("on", "off", v, resets={"x": NAMES("b")})]},
        "reset of 'x' in transition 'on' to 'off' uses 'b', which nothing defines",
    ),
    "symbol in an output": ({"outputs": {"power": Output(NAMES("q"))}}, "output 'power' uses 'q', which nothing"),
    "symbol in an output of one mode": (
        {"outputs": {"power": Output({"on": v * i_in, "off": NAMES("q")})}},
        "output 'power' in mode 'off' uses 'q', which nothing defines",
    ),
    "output missing in a mode": (
        {"outputs": {"power": Output({"on": v * i_in})}},
        "output 'power' has no expression for mode 'off'; give one for each",
    ),
    "output of no mode": (
        {"outputs": {"power": Output({"on": v, "off": 0, "up": 1})}},
        "expressions of output 'power' name 'up', which is not a mode; the modes are on, off",
    ),
    "an output in an output": (
        {"outputs": {"power": Output(v), "twice": Output(2 * NAMES("power"))}},
        "output 'twice' uses 'power', which nothing defines",
    ),
    "symbol in a residual": ({"unknowns": {"w": Unknown(w - NAMES("q"))}}, "residual of 'w' uses 'q', which nothing"),
    "an unknown before it is stated": (
        {"unknowns": {"w": Unknown(w - NAMES("z")), "z": Unknown(NAMES("z") - v)}},
        "residual of 'w' uses 'z', which nothing defines",
    ),
    "residual without its unknown": (
        {"unknowns": {"w": Unknown(v - x)}},
        "the residual of unknown 'w' does not contain",
    ),
    "source of no mode": ({"transitions": [Transition("up", "off", v)]}, "names the mode 'up'; the modes are on, off"),
    "target of no mode": (
        {"transitions": [Transition("on", "down", v)]},
        "names the mode 'down'; the modes are on, off",
    ),
    "reset of no state": (
        {"transitions": [Transition("on", "off", v, resets={"i_in": 0})]},
        "resets of a transition name 'i_in', which is not a state; the states are v, x",
    ),
    "one name for two": (
        {"parameters": {"tau": 1.0, "v": 1.0}},
        "'v' names two things of system 'neuron': state and parameter",
    ),
    "an output named like an input": (
        {"outputs": {"i_in": Output(v)}},
        "'i_in' names two things of system 'neuron': input and output",
    ),
    "a state named like the clock": (
        {"states": {"v": State(0.0), "x": State(0.0), "t": State(0.0)}},
        "'t' names two things of system 'neuron': clock and state",
    ),
    "not ASCII": ({"parameters": {"tau": 1.0, "τ": 1.0}}, "parameter name 'τ' must be an ASCII identifier"),
    "not an identifier": ({"inputs": {"i_in": "A", "i in": "A"}}, "input name 'i in' must be an ASCII identifier"),
    "a keyword": ({"parameters": {"tau": 1.0, "lambda": 1.0}}, "parameter name 'lambda' must be an ASCII identifier"),
}


@pytest.mark.parametrize(("changes", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_and_how(changes, message):
    with pytest.raises(ValueError, match=r".") as caught:
        stated(**changes)
    assert message in str(caught.value)


def test_assumptions_of_symbols_do_not_matter():
    """The same equations with plain, real and positive symbols, mixed: one system, one kernel, one result."""

    def system(**assumptions):
        voltage, rate = sympy.Symbol("v", **assumptions), sympy.Symbol("g")
        return HybridSystem(
            name="mixed",
            states={"v": State(1.0)},
            parameters={"g": 3.0},
            modes={"on": Mode(rates={"v": -rate * voltage}, time_scale=1 / sympy.Symbol("g", **assumptions))},
            transitions=[Transition("on", "on", sympy.Symbol("v", integer=True) - 2, resets={"v": 0})],
        )

    systems = (system(), system(real=True), system(positive=True))
    results = [nm.simulate(s, t_stop=1.0, dt=0.01)["v"].tolist() for s in systems]
    assert results[0] == results[1] == results[2]
    assert canonical(sympy.Symbol("v", positive=True)) == canonical(sympy.Symbol("v"))


def test_time_scales_are_made_of_parameters():
    modes = {"on": Mode(rates=ON, time_scale=2 * tau), "off": Mode(rates=ON, time_scale=5e-6)}
    assert stated(modes=modes).time_scales() == {"on": pytest.approx(2e-3), "off": 5e-6}


@pytest.mark.parametrize("scale", [v, -tau, 0, tau * i_in, sympy.nan, sympy.sqrt(-tau), sympy.oo], ids=str)
def test_a_time_scale_that_is_no_positive_time(scale):
    modes = {"on": Mode(rates=ON, time_scale=scale), "off": Mode(rates=ON)}
    with pytest.raises(
        ValueError, match=r"time_scale of mode 'on' must be a positive time \[s\] made of parameters, got"
    ):
        stated(modes=modes).time_scales()


def test_systems_are_frozen_and_can_be_replaced():
    system = stated()
    with pytest.raises(dataclasses.FrozenInstanceError):
        system.name = "other"
    assert dataclasses.replace(system, parameters={"tau": 2e-3}).time_scales()["on"] == 2e-3


@pytest.mark.parametrize("bounds", [(1.0, 0.0), (0.0, 0.0), (0.0, float("inf")), (0.0,)])
def test_bad_bounds(bounds):
    with pytest.raises(ValueError, match=r"bounds of a state must be its lowest and its highest value, .* got \("):
        State(0.0, bounds=bounds)


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf")])
def test_bad_scales(scale):
    with pytest.raises(ValueError, match="scale of a state must be positive, in the state's unit, got"):
        State(0.0, "C", scale=scale)


def test_an_output_may_differ_between_modes():
    system = stated(outputs={"power": Output({"on": v * i_in, "off": 0}, "W"), "twice": Output(2 * v, "V")})
    assert [system.outputs["power"].in_mode(mode) for mode in system.modes] == [v * i_in, 0]
    assert [system.outputs["twice"].in_mode(mode) for mode in system.modes] == [2 * v, 2 * v]
    assert system.units()["power"] == "W"
