"""Drawings hold what the deck holds, connected as it is, and can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from designs import by_hand, circuit_of, of_gallery

import neuromorph as nm
from neuromorph.drawing.marks import Circle, Symbol, Wire, Words

ROOT = Path(__file__).resolve().parents[2]
DESIGNS = [*by_hand(), *of_gallery(ROOT)]
every_design = pytest.mark.parametrize(("design", "fidelity"), [d[1:] for d in DESIGNS], ids=[d[0] for d in DESIGNS])


def _text(drawing):
    return re.sub(r"\s+", " ", " ".join(drawing.words))


def _expected(element, models):
    """What must be readable of an element, from PySpice's own object."""
    name = str(element.name)
    if name[0] == "R":
        return [nm.format_quantity(float(element.resistance), "ohm")]
    if name[0] == "C":
        return [nm.format_quantity(float(element.capacitance), "F")]
    if name[0] == "V":
        return [nm.format_quantity(float(element.dc_value), "V")]
    if name[0] == "E":
        return [f"gain {float(element.voltage_gain):.5g}"]
    if name[0] in "SD":
        values = [nm.format_quantity(float(models[element.model]["ron"]), "ohm")] if name[0] == "S" else []
        return [f".model {element.model}:", *values]
    if name[0] == "X":
        return [element.subcircuit_name, f"{name}: "]
    assert name[0] == "B"
    return [f"{name}: ", *re.findall(r"v\(\w+\)", str(element))]


def _is_value(text, value):
    """Whether a text such as ``9 MV/s`` is a value, whatever its unit."""
    number, _, rest = text.partition(" ")
    scale = {"f": 1e-15, "p": 1e-12, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
    factor = scale.get(rest[:1], 1.0) if len(rest) > 1 else 1.0
    return float(number) * factor == pytest.approx(value, rel=1e-3)


@every_design
def test_every_element_of_the_deck_is_there_with_its_value(design, fidelity):
    drawing, circuit = nm.draw_schematic(design, fidelity), circuit_of(design, fidelity)
    text, models = _text(drawing), {model.name: model for model in circuit.models}
    for element in circuit.elements:
        assert str(element.name) in drawing.words
        for part in _expected(element, models):
            assert part in text, f"{element.name}: {part!r} is not in the drawing"
        if str(element.name)[0] == "X":
            note = text.split(f"{element.name}: ")[1]
            for name, value in element.parameters.items():
                shown = re.search(rf"\b{name} ([^,]+?)(?:,| X\w+:| B\w+:| \.model|$)", note)
                assert shown is not None, f"{element.name}: {name}"
                assert _is_value(shown[1], float(value)), f"{element.name}: {name} is {shown[1]}, not {value}"
    for port in circuit.ports:
        assert port in drawing.words
    nodes = {str(node) for element in circuit.elements for node in element.nodes[:2]} - {"0"}
    assert nodes <= set(drawing.words)


@every_design
def test_each_value_stands_beside_its_name(design, fidelity):
    """A name and the value of another element would be worse than none."""
    drawing = nm.draw_schematic(design, fidelity)
    places = {mark.text: mark.at for mark in drawing.marks if isinstance(mark, Words)}
    for element in circuit_of(design, fidelity).elements:
        if str(element.name)[0] in "RCV":
            (value,) = _expected(element, {})
            x, y = places[str(element.name)]
            values = [m.at for m in drawing.marks if isinstance(m, Words) and m.text == value]
            assert any(at[0] == x and 0 < y - at[1] < 0.4 for at in values), element.name


@pytest.mark.parametrize(("design", "fidelity"), [d[1:] for d in by_hand()], ids=[d[0] for d in by_hand()])
def test_neurons_of_the_library_have_a_layout_of_their_own(design, fidelity):
    assert nm.draw_schematic(design, fidelity).by_hand


@every_design
def test_nothing_lies_on_anything_else(design, fidelity):
    marks = nm.draw_schematic(design, fidelity).marks
    words = [mark for mark in marks if isinstance(mark, Words)]
    symbols = [_body(mark) for mark in marks if isinstance(mark, Symbol)]
    wires = [
        (min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1]))
        for mark in marks
        if isinstance(mark, Wire)
        for a, b in zip(mark.points, mark.points[1:], strict=False)
    ]
    leads = [_span(mark) for mark in marks if isinstance(mark, Symbol)]
    dots = [
        (m.centre[0] - m.radius, m.centre[1] - m.radius, m.centre[0] + m.radius, m.centre[1] + m.radius)
        for m in marks
        if isinstance(m, Circle)
    ]
    for number, word in enumerate(words):
        for other in words[number + 1 :]:
            assert not _overlap(word.box, other.box), f"{word.text!r} lies on {other.text!r}"
        for what, boxes in (("a symbol", symbols), ("a line", [*wires, *leads]), ("a dot", dots)):
            for box in boxes:
                assert not _overlap(word.box, box), f"{word.text!r} lies on {what} at {box}"
    for number, symbol in enumerate(symbols):
        for other in symbols[number + 1 :]:
            assert not _overlap(symbol, other)


def _body(symbol):
    """Where a symbol has ink, its leads apart: a circle at most."""
    if symbol.kind == "ground":
        x, y = symbol.start
        return x - 0.25, y - 0.6, x + 0.25, y
    x, y = (symbol.start[0] + symbol.end[0]) / 2, (symbol.start[1] + symbol.end[1]) / 2
    half = 0.5 if "source" in symbol.kind or "controlled" in symbol.kind else 0.25
    is_upright = symbol.start[0] == symbol.end[0]
    return (x - half, y - 0.5, x + half, y + 0.5) if is_upright else (x - 0.5, y - half, x + 0.5, y + half)


def _span(symbol):
    (x0, y0), (x1, y1) = symbol.start, symbol.end
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def _overlap(a, b):
    margin = 0.01
    return a[0] < b[2] - margin and b[0] < a[2] - margin and a[1] < b[3] - margin and b[1] < a[3] - margin


def test_values_follow_the_parameters():
    drawing = nm.draw_schematic(nm.MemristiveALIF(capacitance=4.7e-9, memristor=nm.MMS(r_on=612.0)))
    assert "4.7 nF" in drawing.words
    assert "22 nF" not in drawing.words
    assert "r_on 612 ohm" in _text(drawing)


def test_thresholds_are_those_of_the_neuron():
    words = nm.draw_schematic(nm.MemristiveALIF(v_th=0.35, v_lo=0.03)).words
    assert "closes at v(mem, rest) = 350 mV" in words
    assert "opens at 30 mV" in words


def test_same_drawing_twice():
    neuron = nm.MemristiveALIF()
    assert nm.draw_schematic(neuron, "macromodel").svg() == nm.draw_schematic(neuron, "macromodel").svg()


def test_settings_of_schemdraw_stay_as_they_were():
    import schemdraw

    before = schemdraw.svgconfig.text, schemdraw.svgconfig.useBatik
    nm.draw_schematic(nm.LIF()).svg()
    assert (schemdraw.svgconfig.text, schemdraw.svgconfig.useBatik) == before


@pytest.mark.parametrize(
    ("ending", "first"), [("svg", b"<svg"), ("png", b"\x89PNG"), ("pdf", b"%PDF"), ("PNG", b"\x89PNG")]
)
def test_formats(ending, first, tmp_path):
    path = tmp_path / f"lif.{ending}"
    nm.draw_schematic(nm.LIF()).save(path)
    assert path.read_bytes().startswith(first)


def test_unknown_format_names_the_choices(tmp_path):
    with pytest.raises(ValueError, match=r"cannot write a drawing as 'lif\.bmp': give an ending out of svg, png, pdf"):
        nm.draw_schematic(nm.LIF()).save(tmp_path / "lif.bmp")
    assert not list(tmp_path.iterdir())


def test_unknown_fidelity_names_the_choices():
    with pytest.raises(ValueError, match="no fidelity 'real'; choices: ideal, macromodel, transistor"):
        nm.draw_schematic(nm.MemristiveALIF(), "real")


def test_equations_alone_cannot_be_drawn():
    with pytest.raises(ValueError, match="HybridSystem has no circuit to draw: give a neuron, a Pair"):
        nm.draw_schematic(nm.LIF().dynamics())


def test_class_instead_of_a_design_is_refused():
    with pytest.raises(ValueError, match=r"give a design, not its class: LIF\(\) instead of LIF"):
        nm.draw_schematic(nm.LIF)


def test_neuron_at_a_fidelity_is_drawn_as_such():
    drawing = nm.draw_schematic(nm.RCNeuron().at_fidelity("macromodel"))
    assert drawing.by_hand
    assert "Xtransistor" in drawing.words
    assert "c_gs 30 pF" in _text(drawing)


def test_vendors_part_takes_the_place_of_the_macromodel(tmp_path):
    file = tmp_path / "op.lib"
    file.write_text(
        ".subckt op1 OUT NC VP VN INN INP\nE1 OUT 0 VALUE={LIMIT(1e5*V(INP,INN),-10,10)}\nR1 VP VN 1k\nR2 NC 0 1\n.ends\n"
    )
    pins = {"in_p": "INP", "in_n": "INN", "v_pos": "VP", "v_neg": "VN", "out": "OUT"}
    op_amp = nm.VendorModel(file, "op1", pins, open_pins=("NC",))
    drawing = nm.draw_schematic(nm.MemristiveALIF(), {"amplifier": op_amp})
    assert drawing.by_hand
    assert {"Xamplifier", "op1"} <= set(drawing.words)


@pytest.mark.parametrize(
    ("name", "design", "fidelity"),
    [
        ("memristive_alif", nm.MemristiveALIF(), None),
        ("memristive_alif_hardware", nm.MemristiveALIF(), "macromodel"),
        ("lif", nm.LIF(), None),
        ("rc_neuron", nm.RCNeuron(), None),
        ("rc_neuron_hardware", nm.RCNeuron(), "macromodel"),
        *of_gallery(ROOT),
    ],
)
def test_committed_drawings_are_what_the_code_makes(name, design, fidelity, root, compare_or_update):
    compare_or_update(root / "docs" / "images" / f"circuit_{name}.svg", nm.draw_schematic(design, fidelity).svg())
