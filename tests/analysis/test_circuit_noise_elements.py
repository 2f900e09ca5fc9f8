"""Noise of circuits with elements that ngspice treats in ways of its own: closed switches, newer transistors, resonances."""

from __future__ import annotations

import math

import numpy as np
import pytest

import neuromorph as nm

K, Q, T = 1.380649e-23, 1.602176634e-19, 300.15


def membrane(lines, capacitance=1e-12):
    circuit = nm.Schematic("membrane", ports={"i_in": nm.Port("mem")}, probes={"v_mem": "v(mem)"})
    circuit.C("mem", "mem", circuit.gnd, capacitance)
    circuit.raw_spice += lines
    return circuit


class TestSwitches:
    """Small signals of ngspice, 39 and 44, take every switch as open; its operating point does not."""

    @pytest.mark.parametrize(
        "lines",
        [
            "S1 mem 0 c 0 m\nVc c 0 2\n.model m sw vt=1 ron=1k roff=1e9",
            "S1 mem 0 c 0 m\n* a comment\n+ off\nVc c 0 2\n.model m sw(vt=1 vh=0.5 ron=1k roff=1e9)",
            "S1 mem 0 c 0 m on\nVc c 0 1.2\n.model m sw vt=1 vh=0.5 ron=1k",
            "S1 mem 0 c 0 m ; on or off\nVc c 0 2\n.model m sw vt=1 ron=1k roff=1e9;ron=3\n* next\n+ $ vt=5 ron=7",
            "W1 mem 0 Vs m\nVs a 0 0\nIs 0 a 1\n.model m csw it=0.5 ron=1k roff=1e9",
        ],
    )
    def test_a_closed_one_has_the_noise_of_its_resistance(self, lines):
        noise = nm.circuit_noise(membrane(lines), f_range=(1.0, 1e11), points_per_decade=20)
        np.testing.assert_allclose(noise.impedance[0], 1e3, rtol=1e-4)
        assert noise.white_level == pytest.approx(4 * K * T / 1e3, rel=1e-4)
        assert noise.v_rms == pytest.approx(math.sqrt(K * T / 1e-12), rel=1e-3)
        assert noise.contributions[0].element == lines[:2].lower()

    def test_an_open_one_too(self):
        for control in (0.0, 1.2):
            lines = f"S1 mem 0 c 0 m\nVc c 0 {control}\nR1 mem 0 1k\n.model m sw vt=1 vh=0.5 ron=10 roff=1k"
            noise = nm.circuit_noise(membrane(lines), f_range=(1.0, 1e12), points_per_decade=20)
            assert noise.white_level == pytest.approx(4 * K * T / 500, rel=1e-4)
            assert noise.v_rms == pytest.approx(math.sqrt(K * T / 1e-12), rel=1e-3)

    def test_a_neuron_in_its_spike_has_the_noise_of_its_discharge(self):
        """10 ohm in parallel with 500 ohm and 1 kohm, of which the memristor's 500 are quiet."""
        with pytest.warns(UserWarning, match="in its spike"):
            noise = nm.circuit_noise(nm.MemristiveALIF(), at=2.0, fidelity="ideal", points_per_decade=5)
        assert noise.contributions[0].element == "sdischarge"
        assert noise.impedance[0] == pytest.approx(2.0 / noise.bias_current, rel=1e-3)
        quiet = 1000.0 / 1500.0**2  # 1 kohm behind 500 ohm without noise
        assert noise.white_level == pytest.approx(4 * K * T * (1 / 10.0 + quiet), rel=1e-3)

    SUB = "X1 mem c part\nVc c 0 {control}\nR1 mem 0 1k\n.subckt part a k\nE1 g 0 k 0 10\nS1 a 0 g 0 m\n.model m sw vt=10 ron=10 roff=1k\n.ends"

    def test_inside_a_subcircuit_an_open_one_is_right_and_a_closed_one_is_refused(self):
        assert nm.circuit_noise(membrane(self.SUB.format(control=0.9)), points_per_decade=5).impedance[
            0
        ] == pytest.approx(500.0)
        with pytest.raises(ValueError, match=r"switch 's\.x1\.s1' is closed .* put a resistor in its place"):
            nm.circuit_noise(membrane(self.SUB.format(control=1.1)), points_per_decade=5)

    def test_one_whose_state_cannot_be_told_is_refused(self):
        lines = ".param level=1\nS1 mem 0 mem 0 m\nR1 mem 0 1k\n.model m sw vt={level} ron=10"
        with pytest.raises(ValueError, match=r"whether switch 's1' is closed cannot be told.*state vt=\{level\}"):
            nm.circuit_noise(membrane(lines), points_per_decade=5)


class TestTransistors:
    BIPOLAR = "Q1 mem b 0 q\nVb s 0 0.78\nRb s b 1k\n.model q npn level=4 kfn={k_f} rci=10 rbi=100 rbx=10 rcx=5 re=1"

    def test_flicker_noise_of_a_vbic_transistor_is_not_white(self):
        """Five orders of magnitude: its flicker noise bears another name than that of other transistors."""
        noisy, white = (nm.circuit_noise(membrane(self.BIPOLAR.format(k_f=k)), at=1.0) for k in (1e-12, 0.0))
        assert noisy.white_level == pytest.approx(white.white_level, rel=1e-6)
        np.testing.assert_allclose(noisy.spectrum - noisy.flicker_spectrum, white.spectrum, rtol=1e-3)
        assert noisy.flicker_spectrum[0] > 1e8 * noisy.white_level
        assert {(c.element, c.mechanism) for c in noisy.contributions if c.share > 1e-12} >= {
            ("q1", "flicker"),
            ("q1", "shot"),
        }

    @pytest.mark.parametrize(
        "card", ["level=8 version=3.3.0", "level=14 version=4.5 rgatemod=1", "level=14 version=4.5 igcmod=1"]
    )
    def test_a_bsim_transistor_has_noise(self, card):
        circuit = membrane(f"M1 mem g 0 0 n w=10u l=1u\nVg g 0 2\nR1 mem 0 1k\n.model n nmos {card}")
        noise = nm.circuit_noise(circuit, at=1.0, f_range=(1.0, 1e8), points_per_decade=10)
        total = np.sum([c.voltage_spectrum for c in noise.contributions], axis=0)
        np.testing.assert_allclose(total, noise.voltage_spectrum, rtol=1e-6)
        assert {(c.element, c.source, c.mechanism) for c in noise.contributions} >= {
            ("m1", "id", "thermal"),
            ("m1", "", "flicker"),
        }
        np.testing.assert_allclose(noise.flicker_spectrum * noise.frequency, noise.flicker_spectrum[0], rtol=2e-3)
        assert noise.white_level > 4 * K * T / 1e3


class TestTemperature:
    def test_one_in_the_circuit_is_refused(self):
        """It would win over the argument, while the result says the argument."""
        with pytest.raises(ValueError, match=r"argument: leave '\.temp 126\.85' out of the circuit"):
            nm.circuit_noise(membrane("R1 mem 0 1k\n.temp 126.85"), temperature=300.0)

    def test_a_resistor_of_its_own_temperature_is_refused_but_a_difference_is_right(self):
        with pytest.raises(
            ValueError, match=r"'r1 mem 0 1k temp=126\.85' the noise of the circuit's temperature.*dtemp="
        ):
            nm.circuit_noise(membrane("R1 mem 0 1k temp=126.85"), temperature=300.0)
        noise = nm.circuit_noise(membrane("R1 mem 0 1k dtemp=100 ; temp=3"), temperature=300.0, points_per_decade=5)
        assert noise.white_level == pytest.approx(4 * K * 400.0 / 1e3, rel=1e-5)


def test_a_behavioural_resistor_is_named_as_noiseless():
    lines = "R1 mem 0 r='1k+0*v(mem)'\nR2 mem 0 1k ; v(mem)\nR3 mem 0 r='1k+0*v(mem)' noisy=1"
    noise = nm.circuit_noise(membrane(lines), points_per_decade=5)
    assert noise.noiseless == {"r1": "behavioural resistors have no noise"}
    assert noise.white_level == pytest.approx(2 * 4 * K * T / 1e3, rel=1e-5)


class TestResonance:
    """A coil of 1 H beside 1 pF: whatever the quality factor, the voltage is that of kT/C."""

    @pytest.mark.parametrize(("quality", "points"), [(30, 50), (100, 50), (1000, 300)])
    def test_one_that_the_points_miss_is_warned_of(self, quality, points):
        with pytest.warns(UserWarning, match=f"a resonance that {points} points in a decade do not resolve"):
            nm.circuit_noise(membrane(f"R1 mem 0 {quality}meg\nL1 mem 0 1"), points_per_decade=points)

    @pytest.mark.parametrize(("quality", "points"), [(2, 50), (30, 1000)])
    def test_one_that_is_resolved_has_kt_over_c(self, quality, points):
        noise = nm.circuit_noise(
            membrane(f"R1 mem 0 {quality}meg\nL1 mem 0 1"), points_per_decade=points, f_range=(1.0, 1e9)
        )
        assert noise.v_rms == pytest.approx(math.sqrt(K * T / 1e-12), rel=2e-3)
        assert noise.white_level == pytest.approx(4 * K * T / (quality * 1e6), rel=1e-5)
