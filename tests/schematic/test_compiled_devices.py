"""A deck with compiled devices in the place of B sources: what changes, and when nothing may."""

from __future__ import annotations

import pytest

import neuromorph as nm
from neuromorph.roads import deck_of, working_point
from neuromorph.schematic.compiled_devices import with_compiled_devices

MMS = nm.MMS()
RESISTOR = """
module ohmic(a, b);
    inout a, b;
    electrical a, b;
    parameter real r = 1000.0;
    parameter real real_ = 1.0;
    analog I(a, b) <+ V(a, b)/r/real_;
endmodule
"""


def circuit(*lines: str, probes: tuple[str, ...] = ("v(a)",), source: str = RESISTOR) -> nm.Deck:
    """A source and a device `ohmic` with a definition of one's own."""
    drawn = nm.Schematic("device", probes={text: text for text in probes}, verilog_a={"Ohmic": source})
    drawn.raw_spice = "\n".join(["Vin in 0 1", "Rin in a 1k", "X1 a 0 ohmic r=2k", *lines])
    return nm.make_deck(drawn, t_stop=1e-3)


PLAIN = (".subckt Ohmic p n params: r=1k real=1", "Binner p n I=v(p,n)/({r})", ".ends Ohmic")


def test_the_neurons_memristor_becomes_one_device() -> None:
    neuron = nm.MemristiveALIF()
    deck = deck_of(neuron, *working_point(neuron, None, None))
    found = with_compiled_devices(deck)
    assert found is not None
    assert found.names == ("mms",)
    device = [line for line in found.deck.body if line.startswith("Ndevice")]
    values = " ".join(f"{name}={{{name}}}" for name in MMS.values())
    assert device == [f"Ndevice p n x mms_compiled {values}"]
    assert ".model mms_compiled mms" in found.deck.body
    assert not any(line.startswith("B") for line in found.deck.body)
    # The instance and all else stand as they were.
    kept = [
        line
        for line in deck.body
        if line.startswith(("X", "V", "C", "R", "S", "E", "I", ".ic")) and "Cstate" not in line
    ]
    assert [line for line in found.deck.body if line in kept] == kept
    assert found.source.count('(* type="instance" *) parameter real') == len(MMS.values())
    assert found.source.startswith('`include "disciplines.vams"')


def test_the_text_loads_the_file_before_the_circuit_and_only_when_told() -> None:
    deck = circuit(*PLAIN)
    assert ".control" not in deck.text()
    lines = deck.text(osdi="deck.osdi").splitlines()
    assert lines[1:5] == [".control", "set num_threads=1", "pre_osdi deck.osdi", ".endc"]
    assert lines[:1] + lines[5:] == deck.text().splitlines()


def test_a_definition_in_any_spelling() -> None:
    found = with_compiled_devices(
        circuit(
            ".SUBCKT OHMIC P N",
            "* a comment",
            "+ PARAMS: R = 1k",
            "+ real=1",
            "binner p n i=v(p,n)/({r})",
            ".ENDS",
            "R2 a 0 1k",
        )
    )
    assert found is not None
    at = found.deck.body.index(".subckt ohmic p n params: r = 1k real=1")
    assert found.deck.body[at + 1 : at + 5] == (
        "Ndevice p n ohmic_compiled r={r} real_={real}",
        ".ends ohmic",
        ".model ohmic_compiled ohmic",
        "R2 a 0 1k",
    )


def test_a_definition_inside_another_keeps_its_place() -> None:
    found = with_compiled_devices(
        circuit(".subckt outer a b", "X2 a b ohmic", *PLAIN, "R9 a b 1k", ".ends outer", "X3 a 0 outer", *PLAIN)
    )
    assert found is not None
    text = "\n".join(found.deck.body)
    assert text.count("Ndevice p n ohmic_compiled") == 2
    assert text.count(".ends outer") == 1
    assert "X2 a b ohmic\n.subckt ohmic" in text


@pytest.mark.parametrize(
    ("lines", "probes", "source"),
    [
        (PLAIN, ("v(a)", "@b.x1.binner[i]"), RESISTOR),
        ((".subckt ohmic p n params: r=1k real=1", "R1 p mid 1", "R2 mid n {r}", ".ends"), ("v(x1.mid)",), RESISTOR),
        ((*PLAIN, ".ic v(x1.binner)=0.1"), ("v(a)",), RESISTOR),
        ((*PLAIN, ".model ohmic_compiled d"), ("v(a)",), RESISTOR),
        ((".subckt ohmic p n params: r=1k tau=1", "R1 p n {r}", ".ends"), ("v(a)",), RESISTOR),
        ((".subckt ohmic p n x params: r=1k", "R1 p n {r}", "R2 x 0 1", ".ends", "R8 x 0 1"), ("v(in)",), RESISTOR),
        (PLAIN, ("v(a)",), "no module at all"),
        (("Rother a 0 1k", ".subckt other p n", "R1 p n 1", ".ends"), ("v(a)",), RESISTOR),
    ],
    ids=[
        "inner current",
        "inner node",
        "inner initial voltage",
        "name taken",
        "parameter",
        "pins",
        "no module",
        "none",
    ],
)
def test_what_stays_as_it_is(lines: tuple[str, ...], probes: tuple[str, ...], source: str) -> None:
    drawn = nm.Schematic("device", probes={text: text for text in probes}, verilog_a={"ohmic": source})
    instance = (
        [] if any("other" in line for line in lines) else ["X1 a 0 x ohmic" if "p n x" in lines[0] else "X1 a 0 ohmic"]
    )
    drawn.raw_spice = "\n".join(["Vin in 0 1", "Rin in a 1k", *instance, *lines])
    assert with_compiled_devices(nm.make_deck(drawn, t_stop=1e-3)) is None


def test_two_devices_whose_modules_have_one_name() -> None:
    """The first is compiled, the other stays as it is."""
    drawn = nm.Schematic(
        "two", probes={"a": "v(a)"}, verilog_a={"ohmic": RESISTOR, "other": RESISTOR.replace("/r/", "/2/r/")}
    )
    second = [line.replace("Ohmic", "other") for line in PLAIN]
    drawn.raw_spice = "\n".join(["Vin in 0 1", "Rin in a 1k", "X1 a 0 ohmic", "X2 a 0 other", *PLAIN, *second])
    found = with_compiled_devices(nm.make_deck(drawn, t_stop=1e-3))
    assert found is not None
    assert found.names == ("ohmic",)
    assert found.source.count("endmodule") == 1
    assert second[1] in found.deck.body
