"""The memristor of a neuron chosen on the command line, by the name of its model or by a card."""

from __future__ import annotations

import pytest

import neuromorph as nm
from neuromorph.cli.designs import UsageError, requested


def neuron(*settings):
    return requested("memristive-alif", list(settings), [], None).design


def test_a_model_by_name_with_parameters_and_choices():
    design = neuron(
        "memristor=vteam", "memristor.k_on=2e4", "window=biolek", "memristor.v_on=300mV", "capacitance=10nF"
    )
    assert design == nm.MemristiveALIF(memristor=nm.VTEAM(k_on=2e4, window="biolek", v_on=0.3), capacitance=10e-9)
    assert neuron("memristor=linear-ion-drift").memristor == nm.LinearIonDrift()
    assert neuron("memristor.schottky=pinched", "memristor=gmms").memristor == nm.GMMS(schottky="pinched")


def test_a_model_from_a_card(root):
    card = root / "models" / "yakopcic.toml"
    assert neuron(f"memristor={card}", "a1=10mA").memristor == nm.Yakopcic(a1=0.01)


def test_a_card_of_a_part(root):
    card = root / "models" / "2n7002.toml"
    with pytest.raises(UsageError, match=r"2n7002\.toml is the card of a part \(Mosfet\), not of a memristor"):
        neuron(f"memristor={card}")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            ["memristor=vtaem"],
            "no memristor model 'vtaem'; choices: mms, gmms, vteam, yakopcic, linear-ion-drift, or the path",
        ),
        (["memristor=missing.toml"], "missing.toml"),
        (["memristor=vteam", "memristor.tau=1ms"], "no parameter 'memristor.tau'.*memristor.k_on"),
        (["k_on=1e3"], "no parameter 'k_on'"),
        (["memristor=vteam", "window=team"], "window must be one of none, joglekar, biolek, prodromakis, got 'team'"),
    ],
)
def test_what_cannot_be_used(settings, message):
    with pytest.raises((UsageError, ValueError), match=message):
        neuron(*settings)
