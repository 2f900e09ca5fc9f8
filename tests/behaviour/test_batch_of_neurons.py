"""Batches: the same bits for any division of the work, the same spikes as single runs, memory, drives, bad input."""

from __future__ import annotations

import dataclasses
import time
import tracemalloc

import numpy as np
import pytest
import sympy
from noisy_systems import noisy_lif

import neuromorph as nm
from neuromorph.behaviour import EulerMaruyama, lanes, simulate_batch, simulate_system
from neuromorph.behaviour.tile import Tile
from neuromorph.systems import HybridSystem, Mode, State

SOLVER = EulerMaruyama(dt=0.1e-3)
N = 600


def spikes_of(batch):
    return batch.spikes.times.tolist(), batch.spikes.sources.tolist(), batch.last["v"].tolist()


@pytest.fixture(scope="module")
def reference():
    return simulate_batch(noisy_lif(), 0.5, 0.3, N, solver=SOLVER, seed=7, threads=1, record=["v"], every=100)


def test_the_same_seed_gives_the_same_bits_for_any_number_of_threads_and_calls(reference):
    assert len(reference.spikes) > 5 * N
    for threads in (2, 5):
        batch = simulate_batch(
            noisy_lif(), 0.5, 0.3, N, solver=SOLVER, seed=7, threads=threads, record=["v"], every=100
        )
        assert spikes_of(batch) == spikes_of(reference)
        np.testing.assert_array_equal(batch["v"], reference["v"])
    parts = [
        simulate_batch(noisy_lif(), 0.5, 0.3, n, solver=SOLVER, seed=7, first=k) for k, n in [(0, 130), (130, 470)]
    ]
    assert np.concatenate([p.last["v"] for p in parts]).tolist() == reference.last["v"].tolist()
    assert parts[1].spikes.of(5).tolist() == reference.spikes.of(135).tolist()
    other = simulate_batch(noisy_lif(), 0.5, 0.3, N, solver=SOLVER, seed=8)
    assert spikes_of(other) != spikes_of(reference)


def test_the_same_seed_gives_the_same_bits_for_any_width_of_a_tile(reference, monkeypatch):
    monkeypatch.setattr(lanes, "WIDTH", 64)
    batch = simulate_batch(noisy_lif(), 0.5, 0.3, N, solver=SOLVER, seed=7, record=["v"], every=100)
    assert spikes_of(batch) == spikes_of(reference)


@pytest.mark.parametrize("crossings", lanes.CROSSINGS)
def test_one_run_is_neuron_0_of_a_batch_bit_for_bit_with_its_spikes(crossings):
    solver = EulerMaruyama(dt=0.1e-3, crossings=crossings)
    drive = nm.SquareWave(amplitude=1.0, frequency=33.0, duty=0.4)
    alone = simulate_system(noisy_lif(), drive, 0.3, solver, seed=7)
    batch = simulate_batch(noisy_lif(), drive, 0.3, 3, solver=solver, seed=7)
    assert len(alone.spikes) > 5
    np.testing.assert_array_equal(alone.spikes.times, batch.spikes.of(0))
    assert alone.last["v"] == batch.last["v"][0]


@pytest.mark.parametrize("crossings", lanes.CROSSINGS)
def test_a_neuron_that_begins_above_its_threshold_spikes_at_once_in_a_batch_too(crossings):
    """By the end of the first step it has decayed to below the threshold."""
    solver, start = EulerMaruyama(dt=10e-3, crossings=crossings), [0.5, 2.0, 1.0]
    system = dataclasses.replace(noisy_lif(), parameters={**noisy_lif().parameters, "sigma": 1e-3, "mu": 0.0})
    batch = simulate_batch(system, -1.0, 40e-3, 3, solver=solver, seed=7, initial={"v": start})
    assert [batch.spikes.of(k).tolist() for k in range(3)] == [[], [0.0], [0.0]]
    above = dataclasses.replace(system, states={"v": State(2.0)})
    alone = simulate_system(above, nm.Constant(value=-1.0), 40e-3, solver, seed=7)
    assert alone.spikes.times.tolist() == [0.0]


def test_parameters_drives_and_initial_states_of_their_own():
    n = 40
    rng = np.random.default_rng(1)
    mean, start, drive = rng.uniform(0.5, 2.0, n), rng.uniform(0, 0.9, n), rng.uniform(0, 1, n)
    batch = simulate_batch(
        noisy_lif(), drive, 0.1, n, solver=SOLVER, seed=7, parameters={"mu": mean}, initial={"v": start}
    )
    stimuli = [nm.Constant(value=x) for x in drive]
    by_stimuli = simulate_batch(
        noisy_lif(), stimuli, 0.1, n, solver=SOLVER, seed=7, parameters={"mu": mean}, initial={"v": start}
    )
    assert spikes_of(by_stimuli) == spikes_of(batch)
    # The drive adds to the mean, so neuron k of a batch in which all have its values does the same.
    for k in (3, 17):
        alike = simulate_batch(
            noisy_lif(),
            float(drive[k]),
            0.1,
            k + 1,
            solver=SOLVER,
            seed=7,
            parameters={"mu": float(mean[k])},
            initial={"v": float(start[k])},
        )
        np.testing.assert_allclose(alike.spikes.of(k), batch.spikes.of(k), rtol=1e-9)
        assert alike.last["v"][k] == pytest.approx(batch.last["v"][k], abs=1e-9)


def test_no_charge_of_a_pulse_is_lost_between_the_steps():
    """An integrator under pulses that begin and end inside steps, and a sine."""
    system = HybridSystem(
        name="integrator",
        states={"q": State(0.0)},
        inputs={"i": "A"},
        modes={"only": Mode(rates={"q": sympy.Symbol("i")})},
    )
    pulses = nm.PulseTrain(times=[0.11e-3, 1.37e-3, 2.005e-3], width=0.0213e-3, amplitude=2.0)
    sine = nm.Sine(amplitude=1.0, frequency=700.0)
    batch = simulate_batch(system, [pulses, sine], 3e-3, 2, solver=EulerMaruyama(dt=0.1e-3))
    wave = (1 - np.cos(2 * np.pi * 700 * 3e-3)) / (2 * np.pi * 700)
    np.testing.assert_allclose(batch.last["q"], [3 * 2.0 * 0.0213e-3, wave], rtol=1e-12)
    assert batch.n == 2


@pytest.mark.parametrize("neuron", [nm.MemristiveALIF(), nm.MemristiveALIF(r_switch=None), nm.LIF()])
def test_spikes_of_rk4_in_a_batch_are_those_of_single_runs(neuron):
    currents = np.linspace(0.6, 2.0, 5) * (1e-3 if isinstance(neuron, nm.MemristiveALIF) else 5e-4)
    drives = [nm.SquareWave(amplitude=i, frequency=1e3, duty=0.5) for i in currents]
    dt = 0.2e-6 if isinstance(neuron, nm.MemristiveALIF) else 10e-6
    batch = simulate_batch(neuron, drives, 3e-3, 5, solver=nm.RK4(dt=dt))
    for k, drive in enumerate(drives):
        alone = nm.simulate(neuron, drive, 3e-3, dt=dt, warn=False).spikes.times
        assert batch.spikes.of(k).shape == alone.shape
        np.testing.assert_allclose(batch.spikes.of(k), alone, atol=1e-10)
    assert len(batch.spikes) > 20


def test_steps_of_a_neuron_in_a_batch_shorten_where_their_error_demands_it():
    """Membranes that pass the range in which a memristor switches within one step, beside one that does not fire."""
    device = nm.MMS(r_on=110.0, r_off=1400.0, v_on=2.7, v_off=0.9, tau=33e-9)
    neuron = nm.MemristiveALIF(memristor=device, capacitance=45e-12, r_s=280.0, v_th=2.87, r_switch=None)
    currents, t_stop = np.array([0.02, 1.0, 0.8]) * 77e-3, 40e-9
    exact = [nm.simulate(neuron, nm.Constant(value=i), t_stop, solver=nm.RK4(rtol=1e-13), warn=False) for i in currents]
    errors = {}
    for name, solver in {"equal": nm.RK4(rtol=0.0), "default": nm.RK4(), "strict": nm.RK4(rtol=1e-12)}.items():
        batch = simulate_batch(neuron, currents, t_stop, 3, solver=solver, threads=2)
        assert batch.spikes.counts().tolist() == [len(r.spikes) for r in exact]
        intervals = [np.diff(r.spikes.times) for r in exact[1:]]
        found = [np.diff(batch.spikes.of(k)) for k in (1, 2)]
        errors[name] = max(np.max(np.abs(a / b - 1)) for a, b in zip(found, intervals, strict=True))
        assert batch.provenance["options"].get("rtol", 0.0) == solver.tolerance
        alone = simulate_batch(neuron, currents[2], t_stop, 1, solver=solver)
        assert alone.spikes.times.tolist() == batch.spikes.of(2).tolist()
    assert len(exact[0].spikes) == 0
    assert len(exact[2].spikes) > 10
    assert errors["equal"] > 2e-4
    assert errors["default"] < 3e-5
    assert errors["strict"] < 1e-8


def test_a_batch_of_neurons_that_run_away_is_as_exact_as_single_runs():
    """The upstroke of a spike is faster than the membrane by orders: single runs are Rosenbrock's, a batch has RK4."""
    neuron = nm.AdaptiveExponentialIF()
    currents = np.array([0.8, 1.0, 2.0]) * 1e-9
    batch = simulate_batch(neuron, currents, 0.2, 3)
    for k, current in enumerate(currents):
        alone = nm.simulate(neuron, nm.Constant(value=current), 0.2, solver=nm.Rosenbrock(rtol=1e-11))
        assert len(alone.spikes) > 3
        np.testing.assert_allclose(batch.spikes.of(k), alone.spikes.times, rtol=0, atol=1e-8)
    coarse = simulate_batch(neuron, currents, 0.2, 3, solver=nm.RK4(rtol=0.0))
    assert np.max(np.abs(coarse.spikes.of(2) - batch.spikes.of(2))) > 1e-5


def test_no_tile_is_begun_after_one_that_was_stopped(monkeypatch):
    begun = []

    def stopped(tile, *rest):
        begun.append(tile.start)
        time.sleep(0.02)
        if tile.start == 0:
            raise KeyboardInterrupt

    monkeypatch.setattr(Tile, "advance", stopped)
    with pytest.raises(KeyboardInterrupt):
        simulate_batch(noisy_lif(), 0.5, 0.3, 20 * N, solver=SOLVER, seed=7, threads=2)
    assert len(begun) < 10 < 20 * N / lanes.WIDTH


def test_a_recording_of_many_gives_that_of_one(reference):
    one = reference.of(17)
    assert one.names == ("v",)
    np.testing.assert_array_equal(one["v"], reference["v"][:, 17])
    np.testing.assert_array_equal(one.spikes.times, reference.spikes.of(17))
    assert reference.time[:2] == pytest.approx([0.01, 0.02])
    assert one.provenance["neuron"] == 17
    assert repr(reference).startswith("BatchRecording(600 neurons, 300 ms, ")
    with pytest.raises(KeyError, match=r"no signal 'drive'; recorded: v; ask for it with record=\['drive'\]"):
        reference["drive"]


def test_memory_does_not_grow_with_the_steps_unless_asked():
    def peak(t_stop, **more):
        tracemalloc.start()
        simulate_batch(noisy_lif(), -5.0, t_stop, 5000, solver=SOLVER, seed=1, threads=2, **more)
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    peak(0.01)
    short, long = peak(0.41), peak(1.64)
    assert long < 1.1 * short + 1e5
    # 5000 neurons take less than 25 MB, hence 1e5 less than 500 MB.
    assert long < 25e6
    assert peak(0.41, record=["v"]) > short + 4000 * 5000 * 8


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n": 0}, "n must be a whole number from 1 on, got 0"),
        ({"threads": 0}, "threads must be a whole number from 1 on, got 0"),
        ({"every": 0.5}, "every must be a whole number from 1 on, got 0.5"),
        ({"record": ["u"]}, r"cannot record 'u'; 'noisy_lif' has the signals v, drive"),
        ({"parameters": {"taum": 1.0}}, r"no parameter 'taum'; choices: tau, mu, sigma, t_ref"),
        ({"parameters": {"tau": [1e-3, 2e-3]}}, r"parameter 'tau' must be one number or 4, .* got shape \(2,\)"),
        ({"parameters": {"mu": [0, 1, np.nan, 1]}}, "parameter 'mu' must be finite, got nan for neuron 2"),
        ({"initial": {"v": np.inf}}, "initial state 'v' must be finite"),
        ({"parameters": {"tau": [1e-2, 1e-2, 5e-5, 1e-2]}}, r"dt \(0\.0001 s\) is longer than .* \(5e-05 s\)"),
        ({"drives": {"i": 1.0}}, r"'noisy_lif' has no input 'i'; its inputs: drive"),
        ({"drives": [nm.Constant(value=1.0)] * 3}, "input 'drive' has 3 stimuli for 4 neurons"),
        (
            {"drives": [nm.Constant(value=1.0), 1.0, 1.0, 1.0]},
            "input 'drive' has stimuli and numbers: give a number for each",
        ),
        ({"solver": nm.Rosenbrock()}, "a batch needs a method whose steps all neurons share"),
        ({"first": 2**32}, "numbered below"),
        ({"record": ["v"], "every": 101}, "every is 101, but the run has 100 steps: nothing would be recorded"),
        ({"seed": None}, "give a seed"),
    ],
)
def test_messages_of_what_a_batch_cannot_use(change, message):
    wanted = {"drives": 0.0, "t_stop": 0.01, "n": 4, "solver": SOLVER, "seed": 1, **change}
    drives, t_stop, n = wanted.pop("drives"), wanted.pop("t_stop"), wanted.pop("n")
    with pytest.raises(ValueError, match=message):
        simulate_batch(noisy_lif(), drives, t_stop, n, **wanted)


def test_values_that_do_not_go_together_are_found_in_the_midst_of_others():
    thresholds, resets = [0.5, 0.3, 0.9, 0.41, 0.5], [-0.1, 0.2, 0.8, 0.45, 0.1]
    with pytest.raises(ValueError, match=r"neuron 3: v_reset must be below v_th \(0\.41 V\), got 0\.45"):
        simulate_batch(nm.LIF(), 1e-4, 1e-3, 5, parameters={"v_th": thresholds, "v_reset": resets})


def test_a_seed_without_chance_is_refused():
    with pytest.raises(ValueError, match="seed belongs to a random system, and 'lif' is not one"):
        simulate_batch(nm.LIF(), 1e-4, 1e-3, 2, solver=nm.RK4(dt=1e-5), seed=1)
