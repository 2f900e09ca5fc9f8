"""Noise of circuits: closed forms of resistors, junctions and transistors, and neurons that fire with it."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import neuromorph as nm

K, Q, T = 1.380649e-23, 1.602176634e-19, 300.15
# Small, as on a chip, so that thermal noise can be seen at a spike: 10 fF and 1 ms.
SMALL = nm.LIF(capacitance=10e-15, r_leak=100e9, v_th=0.4, t_refractory=0.1e-3)


def membrane(title="membrane", capacitance=1e-12):
    circuit = nm.Schematic(title, ports={"i_in": nm.Port("mem")}, probes={"v_mem": "v(mem)"})
    circuit.C("mem", "mem", circuit.gnd, capacitance)
    return circuit


class TestResistors:
    def test_an_rc_membrane_has_kt_over_c_and_twice_2kt_over_r(self):
        noise = nm.circuit_noise(nm.LIF(), at=0.5)
        assert noise.v_rms == pytest.approx(math.sqrt(K * T / 100e-9), rel=1e-3)
        assert noise.equivalent_capacitance == pytest.approx(100e-9, rel=1e-3)
        assert noise.kt_c_rms == pytest.approx(noise.v_rms, rel=1e-3)
        # One-sided 4kT/R; two-sided, the square of noise_current, half of it.
        np.testing.assert_allclose(noise.spectrum, 4 * K * T / 10e3, rtol=1e-5)
        assert noise.white_level == pytest.approx(4 * K * T / 10e3, rel=1e-5)
        assert noise.noise_current == pytest.approx(math.sqrt(2 * K * T / 10e3), rel=1e-5)
        assert noise.corner_frequency is None
        assert (noise.v_membrane, noise.bias_current) == pytest.approx((0.5, 50e-6))
        assert noise.contributions[0].element == "rleak"
        assert noise.contributions[0].share == pytest.approx(1.0, abs=1e-6)

    def test_noise_follows_the_temperature(self):
        cold, hot = (nm.circuit_noise(nm.LIF(), temperature=t).white_level for t in (150.0, 450.0))
        assert hot / cold == pytest.approx(3.0, rel=1e-5)

    def test_it_does_not_matter_where_a_linear_membrane_is_held(self):
        rest, held = nm.circuit_noise(SMALL), nm.circuit_noise(SMALL, at=0.3)
        np.testing.assert_allclose(held.voltage_spectrum, rest.voltage_spectrum, rtol=1e-6)
        assert rest.bias_current is None


def test_a_junction_has_shot_noise():
    """2 q I one-sided, with the current that reverse and forward current add up to: I + 2 I_s."""
    circuit = membrane()
    circuit.raw_spice += "D1 mem 0 junction\n.model junction d is=1e-15"
    noise = nm.circuit_noise(circuit, at=0.5, f_range=(1.0, 1e6))
    assert noise.contributions[0].mechanism == "shot"
    assert noise.bias_current > 1e-8
    np.testing.assert_allclose(noise.spectrum, 2 * Q * noise.bias_current, rtol=2e-3)


def test_a_bipolar_transistor_has_the_shot_noise_of_its_collector_current():
    circuit = membrane()
    circuit.V("base", "base", circuit.gnd, 0.65)
    circuit.raw_spice += "Q1 mem base 0 bipolar\n.model bipolar npn is=1e-15 bf=100"
    noise = nm.circuit_noise(circuit, at=1.0, f_range=(1.0, 1e6))
    assert noise.contributions[0].source == "ic"
    assert noise.contributions[0].mechanism == "shot"
    np.testing.assert_allclose(noise.spectrum, 2 * Q * noise.bias_current, rtol=2e-3)


def test_names_that_end_like_a_source_of_noise_are_no_sources():
    circuit = membrane()
    for name in ("a", "a_rs", "a_id", "a_channel"):
        circuit.R(name, "mem", circuit.gnd, 4e3)
    noise = nm.circuit_noise(circuit, points_per_decade=10)
    assert sorted(c.element for c in noise.contributions if c.share > 0) == ["ra", "ra_channel", "ra_id", "ra_rs"]
    assert [c.share for c in noise.contributions[:4]] == pytest.approx([0.25] * 4, rel=1e-6)
    assert noise.white_level == pytest.approx(4 * K * T / 1e3, rel=1e-5)
    circuit.R("a_thermal", "mem", circuit.gnd, 4e3)
    with pytest.raises(nm.SimulationError, match="two elements' noise has one name in ngspice: ra_thermal"):
        nm.circuit_noise(circuit)


class TestTransistor:
    """Level 1: 8 k T g_m / 3 in the channel, K_F I^A_F / (f W L C_ox^2) of flicker."""

    KP, K_F, T_OX = 100e-6, 1e-30, 10e-9

    def noise(self, k_f=K_F):
        circuit = membrane()
        circuit.V("gate", "gate", circuit.gnd, 1.0)
        circuit.raw_spice += f"M1 mem gate 0 0 channel w=10u l=1u\n.model channel nmos level=1 vto=0.6 kp={self.KP} kf={k_f} af=1 tox={self.T_OX}"
        return nm.circuit_noise(circuit, at=0.8, f_range=(1.0, 1e8))

    def test_both_parts_and_the_corner_are_those_of_the_model(self):
        noise = self.noise()
        beta, overdrive = 10 * self.KP, 0.4
        current, g_m = beta * overdrive**2 / 2, beta * overdrive
        c_ox = 3.9 * 8.854214871e-12 / self.T_OX
        white = 8 * K * T * g_m / 3
        flicker = self.K_F * current / (10e-6 * 1e-6 * c_ox**2)
        assert noise.bias_current == pytest.approx(current, rel=1e-3)
        np.testing.assert_allclose(noise.flicker_spectrum * noise.frequency, flicker, rtol=2e-3)
        assert noise.white_level == pytest.approx(white, rel=1e-3)
        np.testing.assert_allclose(noise.spectrum, white + flicker / noise.frequency, rtol=2e-3)
        assert noise.corner_frequency == pytest.approx(flicker / white, rel=1e-2)
        assert {(c.element, c.source, c.mechanism) for c in noise.contributions} >= {
            ("m1", "id", "thermal"),
            ("m1", "", "flicker"),
        }

    def test_without_its_coefficient_there_is_no_flicker(self):
        noise = self.noise(k_f=0.0)
        assert noise.corner_frequency is None
        assert not noise.flicker_spectrum.any()


class TestWhatItDoesToSpikes:
    def test_equations_with_the_noise_of_the_leak_have_kt_over_c(self):
        """10 000 neurons: a correct variance is within 6.4 % all but once in 1e5; a mistake of two in the density is 100 %."""
        quiet = SMALL.replace(noise_current=nm.circuit_noise(SMALL).noise_current, v_th=10.0)
        batch = nm.simulate_batch(
            quiet, None, 5e-3, 10_000, solver=nm.EulerMaruyama(dt=10e-6), seed=4, record=("v_mem",), every=500
        )
        variance = K * T / 10e-15 * (1 + 10e-6 / 2e-3)  # that of the method is larger by dt / (2 tau)
        assert batch["v_mem"][-1].var() == pytest.approx(variance, rel=4.5 * math.sqrt(2 / 10_000))

    def test_jitter_is_the_noise_over_the_slope_at_the_threshold(self):
        """About 11 000 intervals: within 3.0 % all but once in 1e5; one-sided for two-sided would be 41 % off."""
        noise = nm.circuit_noise(SMALL, at=0.2)
        tau, drive = 1e-3, nm.Constant(value=2 * 0.4 / 100e9)
        slope = (2 * 0.4 - 0.4) / tau
        rise = tau * math.log(2)
        # Since the reset the membrane has gathered this share of the variance.
        expected = noise.jitter(slope) * math.sqrt(1 - math.exp(-2 * rise / tau))
        noisy = SMALL.replace(noise_current=noise.noise_current)
        batch = nm.simulate_batch(noisy, drive, 90e-3, 100, solver=nm.EulerMaruyama(dt=1e-6), seed=3)
        intervals = np.concatenate(batch.spikes.intervals())
        assert len(intervals) > 10_000
        assert intervals.std() == pytest.approx(expected, rel=4.5 / math.sqrt(2 * len(intervals)))
        assert intervals.mean() == pytest.approx(rise + 0.1e-3, rel=1e-3)


class TestParts:
    def test_a_neuron_that_latches_is_held_in_the_state_that_it_has_at_rest(self):
        """Searched from nothing, its operating point has the discharge closed, at 18 mA and more."""
        currents = [
            nm.circuit_noise(nm.MemristiveALIF(), at=0.3, fidelity=word, points_per_decade=10)
            for word in ("ideal", "macromodel", "transistor")
        ]
        assert [noise.bias_current for noise in currents] == pytest.approx([200e-6] * 3, rel=2e-3)
        assert [noise.v_rms for noise in currents] == pytest.approx([currents[0].v_rms] * 3, rel=2e-3)

    def test_what_has_no_noise_model_is_named(self):
        noise = nm.circuit_noise(nm.MemristiveALIF(), fidelity="macromodel", points_per_decade=10)
        assert set(noise.noiseless) == {"xmemristor", "xamplifier", "xcomparator"}
        assert noise.noiseless["xamplifier"] == (
            "subcircuit opamp holds B sources and controlled sources, which have no noise"
        )
        assert "xtransistor.m1" in noise.silent
        # Half of the membrane's resistance is a memristor, which is quiet here: less than kT/C.
        assert noise.v_rms < 0.9 * noise.kt_c_rms
        text = noise.summary()
        assert "xmemristor: subcircuit mms holds B sources, which have no noise" in text
        assert "rs (thermal)" in text
        assert "noise_current 1.648e-12 A sqrt(s)" in text

    def test_contributions_add_up(self):
        noise = nm.circuit_noise(nm.MemristiveALIF(), fidelity="transistor", points_per_decade=10)
        total = np.sum([c.voltage_spectrum for c in noise.contributions], axis=0)
        np.testing.assert_allclose(total, noise.voltage_spectrum, rtol=1e-6)
        assert sum(c.share for c in noise.contributions) == pytest.approx(1.0, rel=1e-6)

    def test_the_noise_input_of_a_noisy_neuron_is_silent(self):
        assert nm.circuit_noise(nm.LIF(noise_current=1e-6)).noise_current == pytest.approx(9.104e-13, rel=1e-3)


@pytest.mark.parametrize("fidelity", ["ideal", "macromodel"])
def test_a_neuron_that_is_held_above_its_threshold_is_in_its_spike(fidelity):
    with pytest.warns(UserWarning, match="'memristive-alif' is in its spike .* hold the membrane below the threshold"):
        noise = nm.circuit_noise(nm.MemristiveALIF(), at=2.0, fidelity=fidelity, points_per_decade=5)
    assert noise.is_firing
    assert "in its spike: this is the noise of the discharge" in noise.summary()


def test_it_goes_to_json_and_to_a_picture(tmp_path):
    noise = nm.circuit_noise(nm.LIF(), points_per_decade=5)
    read = json.loads(json.dumps(noise.to_dict()))
    assert read["noise_current"] == noise.noise_current
    assert len(read["spectrum"]) == len(noise.frequency)
    noise.plot(tmp_path / "noise.png")
    assert (tmp_path / "noise.png").stat().st_size > 10_000


class TestProof:
    """What ngspice wrote is believed only where it is whole."""

    @pytest.mark.parametrize(
        ("analysis", "message"),
        [
            (".op", "the run holds Operating Point instead of"),
            (".op\n.noise v(mem) inoise_into_membrane dec 50 1 1e3 1", "has 151 frequencies up to 1000 Hz"),
            (".op\n.noise v(mem) inoise_into_membrane dec 50 1e-3 1e9", "does not add up to the noise of the circuit"),
        ],
    )
    def test_another_analysis_is_not_taken_for_it(self, analysis, message, monkeypatch):
        monkeypatch.setattr("neuromorph.schematic.noise_deck.NoiseDeck._analysis", lambda self, options: analysis)
        with pytest.raises(nm.SimulationError, match=message):
            nm.circuit_noise(nm.LIF())

    def test_the_ordinary_run_refuses_its_deck(self):
        from neuromorph.schematic import make_noise_deck

        deck = make_noise_deck(
            nm.LIF().schematic(),
            node="mem",
            at=None,
            drives=None,
            f_range=(1.0, 1e3),
            points_per_decade=5,
            temperature=T,
        )
        with pytest.raises(nm.SimulationError, match="the run holds other analyses"):
            nm.simulate(deck)


@pytest.mark.parametrize(
    ("power", "expected"), [(0.0, 1e3 - 1.0), (-1.0, math.log(1e3)), (-2.0, 1.0 - 1e-3), (1.0, (1e6 - 1.0) / 2)]
)
def test_integrals_of_power_laws_are_exact(power, expected):
    from neuromorph.analysis.intrinsic_noise import power_law_integral

    frequency = np.geomspace(1.0, 1e3, 7)
    assert power_law_integral(frequency, frequency**power) == pytest.approx(expected, rel=1e-12)
    assert power_law_integral(frequency, np.zeros(7)) == 0.0


class TestBadInput:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"temperature": -10.0}, "temperature must be a positive number in K, got -10"),
            ({"temperature": float("nan")}, "temperature must be a positive number in K"),
            ({"f_range": (1e6, 1.0)}, "f_range must go upwards, got 1e\\+06 Hz to 1 Hz"),
            ({"f_range": (0.0, 1.0)}, "f_start must be a positive number in Hz"),
            ({"f_range": (1.0,)}, "f_range must be the lowest and the highest frequency"),
            ({"points_per_decade": 0}, "points_per_decade must be a whole number from 1 on"),
            ({"points_per_decade": 10**6}, "more than 100000 frequencies"),
            ({"at": float("inf")}, "at must be a finite voltage in V"),
            ({"node": "nowhere"}, "nowhere"),
            ({"node": "mem) 1"}, "mem"),
            ({"fidelity": "transistor"}, "fidelity"),
            ({"engine": nm.Vacask()}, "engine must be Ngspice"),
        ],
    )
    def test_arguments_are_refused(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            nm.circuit_noise(nm.LIF(), **arguments)

    def test_a_circuit_without_a_membrane_says_which_nodes_it_has(self):
        circuit = nm.Schematic("divider")
        circuit.R(1, "top", "middle", 1e3)
        circuit.R(2, "middle", circuit.gnd, 1e3)
        with pytest.raises(ValueError, match=r"'divider' has no port 'i_in'.* give node=\.\.\.; nodes: middle, top"):
            nm.circuit_noise(circuit)
        assert nm.circuit_noise(circuit, node="middle").white_level == pytest.approx(4 * K * T / 1e3, rel=1e-5)

    def test_equations_have_no_noise_of_their_own(self):
        with pytest.raises(ValueError, match="has no circuit"):
            nm.circuit_noise(nm.Izhikevich())
        with pytest.raises(ValueError, match="HybridSystem has no circuit, so it has no noise of its own"):
            nm.circuit_noise(nm.LIF().dynamics())

    def test_a_circuit_of_behavioural_sources_has_none(self):
        circuit = membrane("behavioural")
        circuit.B("leak", "mem", circuit.gnd, current_expression="v(mem)/10k")
        with pytest.raises(ValueError, match=r"no element of 'behavioural' brings noise to node 'mem'.*bleak"):
            nm.circuit_noise(circuit)

    def test_a_name_that_the_analysis_needs_is_refused(self):
        circuit = membrane()
        circuit.R("leak", "mem", "held_membrane", 1e3)
        circuit.R("rest", "held_membrane", circuit.gnd, 1e3)
        with pytest.raises(ValueError, match="uses the name 'held_membrane'"):
            nm.circuit_noise(circuit)

    def test_a_fault_of_the_circuit_is_diagnosed(self):
        circuit = membrane()
        circuit.R("leak", "mem", circuit.gnd, 1e3)
        circuit.raw_spice += "M1 mem 0 0 0 missing"
        with pytest.raises(nm.SimulationError, match="missing"):
            nm.circuit_noise(circuit)

    def test_a_slope_must_rise(self):
        with pytest.raises(ValueError, match="slope must be a positive number in V/s"):
            nm.circuit_noise(nm.LIF(), points_per_decade=5).jitter(0.0)


def test_a_neuron_that_resets_itself_again_and_again_has_no_operating_point():
    with pytest.raises(
        nm.SimulationError, match=r"no operating point(.|\n)*choose a voltage at which the circuit rests"
    ):
        nm.circuit_noise(nm.LIF(), at=2.0)
