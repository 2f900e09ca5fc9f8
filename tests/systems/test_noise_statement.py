"""Noise and random variables in the statement of a system: what is accepted, what is refused and how it says so."""

from __future__ import annotations

import dataclasses

import pytest
import sympy

from neuromorph.behaviour.ito import commute, ito_drift, milstein_terms
from neuromorph.systems import HybridSystem, Mode, State, Transition, Unknown

v, x, sigma, n = sympy.symbols("v x sigma n", real=True)


def system(**changes):
    stated = {
        "name": "noisy",
        "states": {"v": State(0.0, "V")},
        "parameters": {"sigma": 1.0},
        "modes": {"on": Mode(rates={"v": -v}), "off": Mode(rates={"v": 0}, diffusion={})},
        "diffusion": {"v": {"w": sigma}},
    }
    return HybridSystem(**{**stated, **changes})


def test_a_mode_may_have_a_diffusion_of_its_own():
    noisy = system()
    assert noisy.diffusion_in("on") == {"v": {"w": sigma}}
    assert noisy.diffusion_in("off") == {}
    assert noisy.noise_sources == ("w",)
    assert noisy.is_random
    assert not system(diffusion={}).is_random
    assert system(diffusion={}, random={"n": "uniform"}).is_random


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"diffusion": {"v": {"w": v}}}, r"by 'w' in mode 'on' depends on v: say how .*'ito' or 'stratonovich'"),
        ({"diffusion": {"v": {"w": v}}, "interpretation": "strat"}, "interpretation must be one of ito, stratonovich"),
        ({"diffusion": {"u": {"w": 1}}}, "which is not a state; the states are v"),
        (
            {"diffusion": {"v": {"w": sympy.Symbol("s")}}},
            "diffusion of 'v' by 'w' in mode 'on' uses 's', which nothing",
        ),
        ({"diffusion": {"v": {"v": 1}}}, "'v' names two things of system 'noisy': state and noise source"),
        ({"diffusion": {"v": {"a b": 1}}}, "noise source name 'a b' must be an ASCII identifier"),
        ({"diffusion": {"v": {"w": sympy.sqrt(-2)}}}, "is not real: the square root of a negative variance"),
        ({"random": {"n": "gamma"}}, "random variable 'n' must be one of normal, uniform, got 'gamma'"),
        ({"random": {"sigma": "normal"}}, "'sigma' names two things"),
        ({"modes": {"on": Mode(rates={"v": n})}, "random": {"n": "normal"}}, "rate of 'v' in mode 'on' uses 'n'"),
    ],
)
def test_messages_of_what_cannot_be_stated(changes, message):
    with pytest.raises(ValueError, match=message):
        system(**changes)


def test_a_diffusion_by_an_unknown_needs_an_interpretation_too():
    z = sympy.Symbol("z", real=True)
    with pytest.raises(ValueError, match="depends on z"):
        system(unknowns={"z": Unknown(z - 2 * v)}, diffusion={"v": {"w": z}})


def test_random_variables_are_for_resets_only():
    jump = Transition("on", "off", v - 1, resets={"v": n})
    assert system(random={"n": "normal"}, transitions=[jump]).random == {"n": "normal"}
    with pytest.raises(ValueError, match="guard of transition 'on' to 'off' uses 'n'"):
        system(random={"n": "normal"}, transitions=[dataclasses.replace(jump, guard=v - n)])


def test_drift_of_the_ito_equation_and_milsteins_terms_by_hand():
    a, b, h = sympy.symbols("a b h")
    # b = [[v, 0], [0, v x]]: the second process moves x by v x, whose slope along itself is v * v x.
    diffusion = [[v, 0], [0, v * x]]
    assert ito_drift([0, 0], diffusion, [v, x]) == [v / 2, v**2 * x / 2]
    terms = milstein_terms([[v], [0]], [v, x], [a], h)
    assert sympy.simplify(terms[0] - v * (a**2 - h) / 2) == 0
    assert terms[1] == 0
    assert commute([[v, 0], [0, x]], 0, 1, [v, x])
    assert not commute(diffusion, 0, 1, [v, x])
    # Two processes that act alike: half of (v a + v b)**2 - 2 h in one state.
    alike = milstein_terms([[v, v]], [v], [a, b], h)
    assert sympy.expand(alike[0] - v * ((a + b) ** 2 - 2 * h) / 2) == 0
