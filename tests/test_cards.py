"""Parameter cards and the locator of model files."""

from __future__ import annotations

import tomllib

import pytest

import neuromorph as nm

CARD = """
model = "mms"
[parameters]
r_on = {value = 400.0, unit = "ohm"}
r_off = {value = 2000.0, unit = "ohm"}
v_on = {value = 0.3, unit = "V"}
v_off = {value = 0.2, unit = "V"}
tau = {value = 2e-4, unit = "s"}
temperature = {value = 300.0, unit = "K"}
"""


def test_shipped_card_is_the_default_device():
    assert nm.load_card("mms") == nm.MMS()


@pytest.mark.parametrize(
    ("card", "model"),
    [
        ("gmms", nm.GMMS()),
        ("yakopcic", nm.Yakopcic()),
        ("linear_ion_drift", nm.LinearIonDrift(window="joglekar")),
        ("op482", nm.OpAmp()),
        ("ad8561", nm.Comparator()),
        ("ad844", nm.CurrentConveyor()),
    ],
)
def test_other_shipped_cards(card, model):
    assert nm.load_card(card) == model


def test_vteam_moves_as_its_source_says():
    """In metres a second over 3 nm, and with the opposite sign: -10 at -0.4 V (a threshold of -0.2 V), 0.5e-3 at 0.04 V (0.02 V)."""
    device = nm.load_card("vteam")
    assert device.state_rate(0.4, 0.5) * 3e-9 == pytest.approx(10.0)
    assert device.state_rate(0.6, 0.5) * 3e-9 == pytest.approx(80.0)
    assert device.state_rate(-0.04, 0.5) * 3e-9 == pytest.approx(-0.5e-3)
    assert device.state_rate(-0.06, 0.5) * 3e-9 == pytest.approx(-1e-3)
    assert device.state_rate(0.2, 0.5) == device.state_rate(-0.02, 0.5) == 0.0
    assert [float(device.current(0.01, x)) for x in (0.0, 1.0)] == pytest.approx([0.01 / 1000.0, 0.01 / 50.0])


def test_every_card_states_the_source_of_each_value(root):
    for path in (root / "models").glob("*.toml"):
        content = tomllib.loads(path.read_text("utf-8"))
        assert content["equations"]
        assert content["validity"]
        for name, entry in content["parameters"].items():
            assert entry["source"], f"{path.name}: {name}"


def test_a_choice_that_is_unknown(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(CARD + '[choices]\nwindow = "biolek"\n')
    with pytest.raises(ValueError, match=r"mine\.toml: choice 'window' is unknown; choices of MMS: none"):
        nm.load_card(path)


def test_a_choice_of_a_form_that_is_not_there(root, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text((root / "models" / "gmms.toml").read_text("utf-8").replace('"published"', '"other"'))
    with pytest.raises(ValueError, match=r"mine\.toml: schottky must be one of published, pinched, got 'other'"):
        nm.load_card(path)


def test_own_card(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(CARD)
    assert nm.load_card(path) == nm.MMS(r_on=400.0, r_off=2000.0, v_on=0.3, v_off=0.2, tau=2e-4, temperature=300.0)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('model = "mms"', 'model = "msm"', "model is 'msm'; choices: mms"),
        ('model = "mms"', 'part = "opamp"', "part is 'opamp'; choices: op-amp, comparator, mosfet"),
        ('model = "mms"', 'model = "mms"\npart = "mosfet"', "a card has a model (of a memristor) or a part, not both"),
        ('model = "mms"', 'part = "mosfet"', "parameter 'r_on' is unknown; choices: v_to, k_p"),
        ('unit = "ohm"', 'unit = "kohm"', "'r_on' is in 'ohm', the card says 'kohm'"),
        ("400.0", "-400.0", "r_on must be a positive resistance in ohm, got -400.0"),
        ("r_on =", "ron =", "parameter 'ron' is unknown; choices: r_on"),
        ('r_on = {value = 400.0, unit = "ohm"}', "", "parameters missing: r_on"),
        ("[parameters]", "[parameters", "is not a TOML card"),
        ('r_on = {value = 400.0, unit = "ohm"}', "r_on = 400.0", "needs a table with value, unit and source"),
    ],
)
def test_bad_card_says_what_is_wrong_and_where(tmp_path, old, new, message):
    path = tmp_path / "mine.toml"
    path.write_text(CARD.replace(old, new, 1))
    with pytest.raises(ValueError, match=r"mine\.toml") as caught:
        nm.load_card(path)
    assert message in str(caught.value)


def test_unknown_model_file_lists_the_choices():
    with pytest.raises(FileNotFoundError, match=r"no model file 'foo.lib'; choices: .*mms.lib"):
        nm.model_file("foo.lib")
