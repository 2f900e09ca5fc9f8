"""Vendors' parts in ngspice against closed forms: translated, and in ngspice's own mode where that is right."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vendor_files

import neuromorph as nm

OP_AMP_PINS = {"in_p": "IN+", "in_n": "IN-", "v_pos": "V+", "v_neg": "V-", "out": "OUT"}
ROLES = ("in_p", "in_n", "v_pos", "v_neg", "out")
BANDWIDTH, SLEW_RATE, GAIN = 1e6, 1e6, 1e5
# Thermal voltage at 27 degrees.
THERMAL = 8.617333262e-5 * 300.15


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "part.lib"
    path.write_bytes(text.encode(encoding))
    return path


def op_amp_circuit(way: str, folder: Path, **nodes: str) -> tuple[nm.Schematic, str]:
    """An op-amp between its supplies, by a vendor's file in one of three ways, and the mode that this needs."""
    circuit = nm.Schematic("bench", probes={"out": "v(out)"})
    circuit.V("p", "vp", 0, 15.0)
    circuit.V("n", "vn", 0, -15.0)
    nodes = {"v_pos": "vp", "v_neg": "vn", "out": "out", **nodes}
    if way == "ltspice":
        pins = {role: position for position, role in enumerate(ROLES, start=1)}
        path = written(folder, vendor_files.LTSPICE_OP_AMP, "utf-16")
        nm.VendorModel(path, "LTOPA", pins).add_to(circuit, "amp", **nodes)
    elif way == "pspice":
        path = written(folder, vendor_files.PSPICE_OP_AMP)
        nm.VendorModel(path, "OPA9", OP_AMP_PINS).add_to(circuit, "amp", **nodes)
    else:
        circuit.include(written(folder, vendor_files.PSPICE_OP_AMP))
        circuit.X("amp", "OPA9", *(nodes[role] for role in ROLES))
        return circuit, "psa"
    return circuit, ""


def run(circuit: Any, t_stop: float, t_max: float | None = None, mode: str = "") -> nm.Recording:
    deck = nm.make_deck(circuit, t_stop=t_stop, compatibility=mode)
    return nm.Ngspice().run(deck, nm.NgspiceOptions(t_max=t_max))


WAYS = ["pspice", "ltspice", "mode psa"]


@pytest.mark.parametrize("way", WAYS)
def test_open_loop_gain(way: str, tmp_path: Path) -> None:
    circuit, mode = op_amp_circuit(way, tmp_path, in_p="plus", in_n="0")
    circuit.V("in", "plus", 0, 20e-6)
    circuit.R("load", "out", 0, 225.0)
    expected = GAIN * 20e-6 * 225 / 300
    assert run(circuit, 1e-6, mode=mode)["out"][-1] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("way", WAYS)
def test_slew_rate_and_bandwidth(way: str, tmp_path: Path) -> None:
    for step, t_stop in ((5.0, 6e-6), (0.01, 1e-6)):
        circuit, mode = op_amp_circuit(way, tmp_path, in_p="plus", in_n="out")
        circuit.PulseVoltageSource(
            "in", "plus", 0, 0.0, step, pulse_width=1.0, period=2.0, rise_time=1e-12, fall_time=1e-12
        )
        recording = run(circuit, t_stop, t_stop / 2000, mode)
        time, out = recording.time, recording["out"]
        if step > 1:
            first, last = np.interp([1.0, 3.0], out, time)
            assert 2.0 / (last - first) == pytest.approx(SLEW_RATE, rel=2e-3)
        else:
            tau = 1 / (2 * math.pi * BANDWIDTH)
            assert np.interp(tau, time, out) == pytest.approx(step * (1 - math.exp(-1)), rel=2e-3)


def test_the_classic_macromodel(tmp_path: Path) -> None:
    circuit = nm.Schematic("bench", probes={"out": "v(out)"})
    circuit.V("p", "vp", 0, 15.0)
    circuit.V("n", "vn", 0, -15.0)
    pins = {role: position for position, role in enumerate(ROLES, start=1)}
    part = nm.VendorModel(written(tmp_path, vendor_files.BOYLE_OP_AMP), "boyle", pins)
    part.add_to(circuit, "u", in_p="plus", in_n="out", v_pos="vp", v_neg="vn", out="out")
    circuit.PulseVoltageSource("in", "plus", 0, -5.0, 5.0, pulse_width=1.0, period=2.0, rise_time=1e-8, fall_time=1e-8)
    recording = run(circuit, 60e-6, 2e-8)
    time, out = recording.time, recording["out"]
    # The current of the input stage charges c2.
    first, last = np.interp([-2.0, 2.0], out, time)
    assert 4.0 / (last - first) == pytest.approx(15.16e-6 / 30e-12, rel=0.03)
    assert (out[0], out[-1]) == pytest.approx((-5.0, 5.0), abs=2e-3)


def test_a_mosfet_card_of_pspice(tmp_path: Path) -> None:
    # Sizes, gate resistor and shunt stand in the card there.
    card = ".model PWR NMOS(Level=1 Vto=2 Kp=20u W=0.1 L=2u Rds=1Meg Rg=100 Cgso=1n N=1 Tt=0)"
    part = nm.VendorModel(written(tmp_path, card), "pwr", {"d": "d", "g": "g", "s": "s"})
    circuit = nm.Schematic("bench", probes={"i": "i(vd)", "off": "i(vo)", "vg": "v(xon.m1_rg)"})
    circuit.V("d", "drain", 0, 10.0)
    circuit.V("o", "drain_off", 0, 10.0)
    circuit.PulseVoltageSource("g", "gate", 0, 0.0, 3.0, pulse_width=1.0, period=2.0, rise_time=1e-12, fall_time=1e-12)
    part.add_to(circuit, "on", d="drain", g="gate", s="0")
    part.add_to(circuit, "off", d="drain_off", g="0", s="0")
    recording = run(circuit, 1e-7, 1e-10)
    assert -recording["off"][0] == pytest.approx(10.0 / 1e6, rel=1e-3)
    assert -recording["i"][-1] == pytest.approx(20e-6 / 2 * 0.1 / 2e-6 + 10.0 / 1e6, rel=1e-3)
    # The gate charges CGSO*W = 0.1 nF through RG.
    tau = np.interp(3.0 * (1 - math.exp(-1)), recording["vg"], recording.time)
    assert tau == pytest.approx(1e-8, rel=1e-2)
    with pytest.raises(ValueError, match=r"tt=1e-07 of the body diode has no counterpart in ngspice's nmos"):
        nm.VendorModel(written(tmp_path, card.replace("Tt=0", "Tt=100n")), "pwr", {"d": "d", "g": "g", "s": "s"})


@pytest.mark.parametrize(
    "card",
    [
        "D(Is=2n N=1.8 Rs=.5 Ikf=40m Xti=3 Eg=1.11 Cjo=4p M=.33 Vj=.5 Fc=.5 Isr=1.5n Nr=2 Bv=100 Ibv=100u Tt=11n)",
        "NPN(Is=14f Xti=3 Eg=1.11 Vaf=70 Bf=250 Ne=1.3 Ise=14f Ikf=.28 Xtb=1.5 Br=6 Nc=2 Isc=0 Ikr=0 Rc=1 Cjc=7p Mjc=.34 Vjc=.75 Fc=.5"
        " Cje=22p Mje=.37 Vje=.75 Tr=46n Tf=411p Itf=.6 Vtf=1.7 Xtf=3 Rb=10)",
        "NJF(Beta=1.3m Rd=1 Rs=1 Lambda=2.2m Vto=-3 Is=33f Cgd=1.6p Pb=1 Fc=.5 Cgs=2.4p Kf=1e-18 Af=1)",
        "NMOS(Level=3 Gamma=0 Delta=0 Eta=0 Theta=0 Kappa=.2 Vmax=0 Xj=0 Tox=100n Uo=600 Phi=.6 Rs=1.6m Kp=20u W=.3 L=2u Vto=2.8 Rd=1m"
        " Rds=444K Cbd=3n Pb=.8 Mj=.5 Fc=.5 Cgso=9n Cgdo=1.6n Rg=13 Is=194E-18)",
        "VDMOS(Rg=3 Vto=1.6 Rd=1 Rs=.75 Rb=.14 Kp=.17 mtriode=1.25 Cgdmax=80p Cgdmin=12p Cgs=50p Cjo=50p Is=.04p ksubthres=.1 mfg=acme Vds=60 Ron=2 Qg=1.5n)",
    ],
)  # fmt: skip
def test_ngspice_knows_the_parameters_that_vendors_give(card: str, tmp_path: Path) -> None:
    # One that it does not know would end the run.
    kind = card.split("(")[0].lower()
    roles = {"d": ("anode", "cathode"), "npn": ("c", "b", "e")}.get(kind, ("d", "g", "s"))
    part = nm.VendorModel(written(tmp_path, f".model PART {card}"), "part", {role: role for role in roles})
    circuit = nm.Schematic("bench", probes={"i": "i(vd)"})
    circuit.V("d", "d", 0, 1.0)
    circuit.V("g", "g", 0, 0.7)
    part.add_to(circuit, "p", **dict(zip(roles, ("d", "0") if kind == "d" else ("d", "g", "0"), strict=True)))
    assert math.isfinite(run(circuit, 1e-9)["i"][-1])


def test_ends_of_a_table_hold(tmp_path: Path) -> None:
    circuit, _ = op_amp_circuit("pspice", tmp_path, in_p="plus", in_n="0")
    circuit.V("in", "plus", 0, 1.0)
    assert run(circuit, 1e-6)["out"][-1] == pytest.approx(12.0, rel=1e-6)


def test_parameters_of_the_subcircuit(tmp_path: Path) -> None:
    circuit = nm.Schematic("bench", probes={"a": "v(a)", "b": "v(b)"})
    path = written(tmp_path, vendor_files.PSPICE_OP_AMP)
    circuit.V("in", "plus", 0, 20e-6)
    for name, parameters in (("a", {}), ("b", {"A0": 3e5})):
        part = nm.VendorModel(path, "opa9", OP_AMP_PINS, parameters=parameters)
        part.add_to(circuit, name, in_p="plus", in_n="0", v_pos="plus", v_neg="0", out=name)
    recording = run(circuit, 1e-6)
    assert (recording["a"][-1], recording["b"][-1]) == pytest.approx((2.0, 6.0), rel=1e-4)


@pytest.mark.parametrize("way", ["pspice", "mode psa"])
def test_delay_of_a_comparator(way: str, tmp_path: Path) -> None:
    circuit = nm.Schematic("bench", probes={"out": "v(out)"})
    circuit.V("cc", "vcc", 0, 5.0)
    circuit.V("low", "low", 0, 1.0)  # its pin GND, which is not ground
    circuit.PulseVoltageSource(
        "in", "plus", 0, -0.1, 0.1, pulse_width=1.0, period=2.0, delay_time=1e-6, rise_time=1e-12
    )
    path = written(tmp_path, vendor_files.PSPICE_COMPARATOR)
    if way == "pspice":
        roles = {"in_p": "INP", "in_n": "INN", "v_pos": "VCC", "v_neg": "GND", "out": "OUT"}
        part = nm.VendorModel(path, "CMP7", roles, parameters={"TD": 0.7e-6})
        part.add_to(circuit, "c", in_p="plus", in_n="0", v_pos="vcc", v_neg="low", out="out")
        mode, low = "", 1.0
    else:
        circuit.include(path)
        circuit.X("c", "CMP7", "plus", "0", "vcc", "low", "out", TD=0.7e-6)
        mode, low = "psa", 0.0  # what ngspice makes of a pin GND, without a word
    recording = run(circuit, 3e-6, 2e-9, mode)
    assert recording["out"][0] == pytest.approx(low, abs=1e-3)
    assert recording["out"][-1] == pytest.approx(5.0, abs=1e-3)
    crossing = np.interp((5 + low) / 2, recording["out"], recording.time)
    assert crossing == pytest.approx(1.7e-6, rel=2e-3)


def test_thresholds_and_delay_of_a_comparator_of_ltspice(tmp_path: Path) -> None:
    roles = dict(zip(ROLES, ("inp", "inn", "vcc", "vee", "out"), strict=True))
    part = nm.VendorModel(written(tmp_path, vendor_files.LTSPICE_COMPARATOR), "LTCMP", roles)
    assert "4700000.0" in part.definition
    circuit = nm.Schematic("bench", probes={"out": "v(out)", "in": "v(plus)", "m": "v(xc.m)"})
    circuit.V("p", "vp", 0, 5.0)
    circuit.V("n", "vn", 0, -5.0)
    circuit.raw_spice += "Vramp plus 0 pwl(0 -0.1 1m 0.1 2m -0.1)\n"
    part.add_to(circuit, "c", in_p="plus", in_n="0", v_pos="vp", v_neg="vn", out="out")
    recording = run(circuit, 2e-3, 0.2e-6)
    is_high = recording["out"] > 0
    up, down = np.flatnonzero(np.diff(is_high.astype(int)) != 0)
    ramp = 0.2 / 1e-3
    # vt+vh and vt-vh; then 1 nF charged over 1 kohm from a divider of 1 and 10 kohm, and discharged over 11 kohm.
    level = 10e3 / 10.001e3
    rise, fall = -1e-6 * math.log(1 - 0.5 / level), -11e-6 * math.log(0.5 / level)
    assert recording["in"][up] == pytest.approx(0.03 + rise * ramp, abs=1e-4)
    assert recording["in"][down] == pytest.approx(-0.01 - fall * ramp, abs=1e-4)


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ("E1 out 0 VALUE={V(a)**3}", -8.0),
        ("E1 out 0 VALUE={-V(a)**2}", -4.0),
        ("E1 out 0 VALUE={V(a)**-3}", -0.125),
        ("E1 (out,0) (a,0) 3", -6.0),
        ("E1 out 0 TABLE {V(a)*-1} ((-3,-1) (3,1))", 2 / 3),
        ("Q1 b b out [0] QX 2\n.model QX NPN IS=1e-15 BF=1e9\nR2 out 0 1e-9", 1e-9 * 2e-15 * math.exp(1 / THERMAL)),
        ("E1 out 0 VALUE={PWR(V(a),3)}", 8.0),
        ("E1 out 0 VALUE={PWRS(V(a),3)}", -8.0),
        ("E1 out 0 VALUE={LIMIT(V(a),-1,1)}", -1.0),
        ("E1 out 0 VALUE={LIMIT(V(a),1,-1)}", -1.0),
        ("E1 out 0 VALUE={TABLE(V(a),-1,-1,1,1)}", -1.0),
        ("E1 out 0 VALUE={TABLE(V(a),-5,0,-3,1,-1,5,1,6)}", 3.0),
        ("E1 out 0 TABLE {V(a)} = (-5,0) (-3,1) (-1,5)", 3.0),
        ("E1 out 0 VALUE={IF((V(a)<1)&(V(a)>-3),10,20)}", 10.0),
        ("E1 out 0 VALUE={IF(~(V(a)<1)|(V(a)!=-2),10,20)}", 20.0),
        ("E1 out 0 VALUE={INT(0.75*V(a))}", -1.0),
        ("E1 out 0 VALUE={STP(V(a))+STP(-V(a))*2}", 2.0),
        ("E1 out 0 VALUE={ARCTAN(V(a))+SGN(V(a))*LOG10(100)+LOG(EXP(1))}", math.atan(-2) - 1),
        ("E1 out 0 VALUE={TEMP}", 27.0),
        ("E1 out 0 VALUE={VT}", THERMAL),
        ("E1 out 0 VALUE={V(a)*2/{q+w}}", -1.0),
        ("E1 out 0 VALUE={V(a)*1.23456789012345}", -2 * 1.23456789012345),
        ("E1 out 0 POLY(2) (a,0) (b,0) 1 2 3 0 0.5", 1 - 4 + 3 - 1),
        ("E1 out 0 POLY(1) a 0 3", -6.0),
        ("G1 0 out POLY(1) (a,0) 0 0 0 0.25", -2.0),
        ("F1 0 out VS 2", 2.0),
        ("H1 out 0 POLY(1) VS 0 0 3", 3.0),
        ("E1 out 0 VALUE={I(VS)+I(RA)}", 1.0 - 2.0),
        ("R1 out b RX 3\n.model RX RES(R=1)\nR2 out 0 1", 0.25),
        ("R1 out b 3 TC=0.1,0.2\nR2 out 0 1", 0.25),
        ("X1 out b inner PARAMS: r={q+2}\nR2 out 0 1", 0.25),
        (".param r = max(1, 3), s=2\nR1 out b {r}\nR2 out 0 {s/2}", 0.25),
        ("V1 out b DC 2 AC 1 0", 3.0),
        ("S1 out b s 0 SX\nR2 out 0 1k\n.model SX VSWITCH(RON=1 ROFF=1e6 VON=1 VOFF=0)", 0.5),
        ("S1 out b q 0 SX\nR2 out 0 1k\n.model SX VSWITCH(RON=1 ROFF=1e6 VON=1 VOFF=0)", 1e3 / (1e3 + math.exp(math.log(1e3) + 0.34375 * math.log(1e6)))),
        ("W1 out b VS WX\nR2 out 0 1k\n.model WX ISWITCH(RON=1 ROFF=1e6 ION=0.9 IOFF=0)", 1e3 / 1001),
        ("D1 b out DX 1e3\nR2 out 0 1e-6\n.model DX D(IS=1e-14 N=1000)", 1e-6 * 1e-11 * math.expm1(1 / (1000 * THERMAL))),
    ],
)  # fmt: skip
def test_elements_of_pspice(element: str, expected: float, tmp_path: Path) -> None:
    text = (
        f".param q=1 w=3\n.subckt inner p n params: r=1\nR1 p n {{r}}\n.ends\n.subckt cell out\nVA a 0 -2\nRA a 0 1\nVB b 0 1\n"
        f"VS0 s0 0 1\nVS s0 s1 0\nRS s1 0 1\nVM s 0 0.5\nVQ q 0 0.25\nRO out 0 1e9\n{element}\n.ends\n"
    )
    # A current into the open output needs a resistor of 1 ohm.
    if element[0] in "GF":
        text = text.replace("RO out 0 1e9", "RO out 0 1")
    check_output(text, expected, tmp_path)


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ("B1 out 0 V=uplim(V(a),-3,0.1)", -3.0),
        ("B1 out 0 V=uplim(V(a),-2,0.5)", -2.125),
        ("B1 out 0 V=dnlim(V(a),-2,0.5)", -1.875),
        ("B1 out 0 V=buf(V(b))*4+inv(V(b))+uramp(V(a))+u(V(b))", 5.0),
        ("B1 out 0 V=V(b) > 0.5 ? 3 : 4", 3.0),
        ("B1 0 out I=V(b)*2 Rpar=1", 2.0),
        ("R1 out b R=3*V(b)\nR2 out 0 1", 0.25),
        ("L1 out b 1u Rser=3\nR2 out 0 1", 0.25),
        ("C1 out b 1u Rpar=3\nR2 out 0 1", 0.25),
        ("R1 out b 4k7 tol=1 pwr=0.1\nR2 out 0 4k7", 0.5),
        ("R1 out b 1000\u00b5\nR2 out gnd 1m", 0.5),
        ("V1 out b 1 Rser=3\nR2 out 0 1", 0.5),
        ("S1 out b b 0 SX\nR2 out 0 1\n.model SX SW(Ron=1 Roff=1e6 Vt=1 Vh=-0.5)", 1 / 1001),
        ("M1 b b out NX\nR2 out 0 1\n.model NX VDMOS(nchan Vto=0 Kp=1 ksubthres=10m mfg=acme Vds=60 Ron=1m Qg=1n)", None),
    ],
)  # fmt: skip
def test_elements_of_ltspice(element: str, expected: float | None, tmp_path: Path) -> None:
    text = f".subckt cell out\nVA a 0 -2\nVB b 0 1\nRO out 0 1e9\n{element}\n.ends\n"
    if expected is None:
        # A diode-connected transistor: (1/2)(1 - v)^2 = v.
        expected = min(np.roots([0.5, -2.0, 0.5]).real)
    check_output(text, expected, tmp_path, "ltspice")


def check_output(text: str, expected: float, folder: Path, dialect: Any = "pspice") -> None:
    circuit = nm.Schematic("bench", probes={"out": "v(out)"})
    circuit.R("far", "out", 0, 1e12)
    nm.VendorModel(written(folder, text), "cell", {"out": "out"}, dialect=dialect).add_to(circuit, "c", out="out")
    assert run(circuit, 1e-6)["out"][-1] == pytest.approx(expected, rel=3e-5, abs=1e-12)


def test_a_part_that_is_a_model_card_only(tmp_path: Path) -> None:
    path = written(
        tmp_path, ".model 2N7002 NMOS(LEVEL=1 VTO=1 KP=2m\n+ LAMBDA=0 mfg=acme)\n.model Q1 NPN(BF=99 IS=1e-16)"
    )
    part = nm.VendorModel(path, "2n7002", {"d": "d", "g": "g", "s": "s"}, parameters={"w": 2e-4, "l": 1e-4})
    circuit = nm.Schematic("bench", probes={"i": "i(vd)"})
    circuit.V("d", "drain", 0, 5.0)
    circuit.V("g", "gate", 0, 3.0)
    part.add_to(circuit, "m", d="drain", g="gate", s="0")
    # KP/2 * W/L * (V_GS - V_TO)^2
    assert -run(circuit, 1e-6)["i"][-1] == pytest.approx(1e-3 * 2 * 2**2, rel=1e-6)


def test_the_deck_runs_in_plain_ngspice(tmp_path: Path) -> None:
    circuit, _ = op_amp_circuit("pspice", tmp_path, in_p="plus", in_n="0")
    circuit.V("in", "plus", 0, 20e-6)
    text = nm.make_deck(circuit, t_stop=1e-6).text()
    assert "part.lib" not in text
    (tmp_path / "part.lib").unlink()
    (tmp_path / "deck.cir").write_text(text)
    done = subprocess.run(["ngspice", "-b", "deck.cir"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    last = [line for line in done.stdout.splitlines() if line[:1].isdigit()][-1]
    assert float(last.split()[2]) == pytest.approx(2.0, rel=1e-4)
