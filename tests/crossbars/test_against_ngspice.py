"""Both roads of a crossbar: the equations' solution and transient against ngspice's, and each against itself."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

import neuromorph as nm
from neuromorph.crossbars.spice import road as spice_road
from neuromorph.crossbars.spice.deck import crossbar_deck
from neuromorph.crossbars.spice.road import simulate_in_ngspice, solve_in_ngspice

SIDES = ("left", "right", "top", "bottom")


def conductances(rng: np.random.Generator, shape: tuple[int, int], decades: float = 3.0) -> np.ndarray:
    return 10.0 ** rng.uniform(-3 - decades, -3, shape)


def memristors(rng: np.random.Generator, shape: tuple[int, int], **variations: object) -> nm.DeviceArray:
    return nm.DeviceArray(nm.MMS(), rng.uniform(0.1, 0.9, shape), variations=variations)


def sines(m: int) -> list[nm.Sine]:
    return [nm.Sine(amplitude=0.45 + 0.1 * i / m, frequency=[100.0, 130.0, 250.0][i % 3]) for i in range(m)]


def off(found: np.ndarray, exact: np.ndarray) -> float:
    return float(np.abs(found - exact).max() / np.abs(exact).max())


# ---------------------------------------------------------------- operating points


@pytest.mark.parametrize("shape", [(8, 8), (16, 16), (32, 32), (3, 20), (20, 3), (1, 7), (7, 1), (1, 1)])
def test_linear_arrays(shape: tuple[int, int]) -> None:
    """Voltages, and the currents that ngspice itself measures in its sources."""
    rng = np.random.default_rng(shape[0])
    crossbar = nm.Crossbar(conductances(rng, shape), r_word=1.5, r_bit=2.5, r_driver=40.0, r_sense=10.0)
    v = rng.uniform(-0.5, 0.5, shape[0])
    python, spice = crossbar.solve(v, method="direct"), solve_in_ngspice(crossbar, v)
    assert off(spice.node_voltages, python.node_voltages) < 1e-11
    assert off(spice.output_currents, python.output_currents) < 1e-10
    assert spice.residual < 1e-10
    assert spice.method == "ngspice"
    measured = nm.Ngspice().run(crossbar_deck(crossbar, v))
    for side in ("left", "bottom"):
        sources = np.array([measured[f"i_{side}_{k}"][0] for k in range(len(python.terminal_currents[side]))])
        assert off(sources, python.terminal_currents[side]) < 1e-10
    power = spice.power
    assert sum(power.values()) == pytest.approx(2 * power["delivered"], rel=1e-9)
    wrong = dataclasses.replace(crossbar, r_word=1.02 * crossbar.r_word)
    assert off(solve_in_ngspice(wrong, v).node_voltages, python.node_voltages) > 1e-6, "a wire off by 2 % must show"


@pytest.mark.parametrize("seed", range(24))
def test_any_pattern_of_ends_wires_and_devices(seed: int) -> None:
    """Ideal and cut wires, open devices, lines that nothing reaches, several driven sides, two vectors."""
    rng = np.random.default_rng(seed)
    m, n = rng.integers(1, 7, 2)
    g = conductances(rng, (m, n), 5.0) * (rng.random((m, n)) > 0.3 * (seed % 2))
    values = [0.0, 1.0, 30.0, math.inf] if seed % 3 == 0 else [0.0, 0.5, 20.0]
    wires = {name: float(rng.choice(values)) for name in ("r_word", "r_bit")}
    ends = {name: float(rng.choice([0.0, 5.0])) for name in ("r_driver", "r_sense")}
    kinds = ["driven", "sensed", "grounded", "floating"]
    words = {s: [str(w) for w in rng.choice(kinds, m if s in ("left", "right") else n)] for s in SIDES}
    words["left"][0] = "driven"
    try:
        crossbar = nm.Crossbar(g, **wires, **ends, **words)
    except ValueError as error:
        if "has no resistance and joins" not in str(error):
            raise
        crossbar = nm.Crossbar(g, **{**wires, "r_word": 0.25, "r_bit": 0.125}, **ends, **words)
    driven = crossbar.terminations.sides_with("driven")
    having = crossbar.terminations.having
    v = {s: np.where(having(s, "driven"), rng.uniform(-1, 1, (2, having(s, "driven").size)), 0.0) for s in driven}
    if not any(np.isfinite(crossbar.terminations.resistances(s, crossbar.wires)).any() for s in SIDES):
        with pytest.raises(ValueError, match="no end of the array is joined to anything"):
            solve_in_ngspice(crossbar, v)
        return
    python, spice = crossbar.solve(v, method="direct"), solve_in_ngspice(crossbar, v)
    np.testing.assert_array_equal(np.isnan(python.node_voltages), np.isnan(spice.node_voltages))
    np.testing.assert_allclose(spice.node_voltages, python.node_voltages, rtol=0, atol=1e-11)
    for side in SIDES:
        scale = max(np.abs(python.terminal_currents[s]).max() for s in SIDES)
        np.testing.assert_allclose(
            spice.terminal_currents[side], python.terminal_currents[side], rtol=0, atol=1e-9 * scale + 1e-18
        )


def test_devices_that_bend() -> None:
    """Currents that are no conductance times a voltage, each device with parameters of its own, one stuck."""
    rng = np.random.default_rng(5)
    stuck = np.full((4, 6), np.nan)
    stuck[1, 2], stuck[3, 5] = 2e-3, 0.0
    model = nm.Yakopcic()
    devices = nm.DeviceArray(model, rng.uniform(0.2, 0.8, (4, 6)), stuck=stuck)
    assert not devices.is_linear
    crossbar = nm.Crossbar(devices, r_word=3.0, r_bit=5.0, r_driver=20.0)
    v = rng.uniform(-1.0, 1.0, 4)
    spice = solve_in_ngspice(crossbar, v)
    assert spice.residual < 1e-9, "the model's own currents must fulfil Kirchhoff's law at ngspice's voltages"
    off_by = nm.Crossbar(devices.with_states(0.98 * devices.states), r_word=3.0, r_bit=5.0, r_driver=20.0)
    assert off(solve_in_ngspice(off_by, v).node_voltages, spice.node_voltages) > 1e-5


def test_held_states_of_linear_memristors() -> None:
    rng = np.random.default_rng(6)
    devices = memristors(rng, (5, 4), r_on=rng.uniform(300, 700, (5, 4)))
    crossbar = nm.Crossbar(devices, r_word=2.0, r_bit=1.0)
    v = rng.uniform(0, 0.2, 5)
    assert off(solve_in_ngspice(crossbar, v).output_currents, crossbar.solve(v).output_currents) < 1e-10


# ---------------------------------------------------------------- transients


@pytest.mark.parametrize("shape", [(8, 8), (16, 16), (5, 11), (9, 2)])
def test_states_after_10_ms_and_on_the_way(shape: tuple[int, int]) -> None:
    """Every state within 1e-3 in all frames, within 1e-5 at the end; currents, energies and their balance too."""
    rng = np.random.default_rng(shape[1])
    devices = memristors(rng, shape, r_on=rng.uniform(400, 600, shape), v_on=rng.uniform(0.25, 0.3, shape))
    crossbar = nm.Crossbar(devices, r_word=1.0, r_bit=2.0, r_driver=20.0, r_sense=5.0)
    # Coarser steps for the larger arrays, which cost as much again for each device.
    options = nm.NgspiceOptions(method="trap", t_max=2e-5) if shape == (16, 16) else None
    python = crossbar.simulate(sines(shape[0]), 10e-3, tolerance=1e-6)
    spice = simulate_in_ngspice(crossbar, sines(shape[0]), 10e-3, options=options)
    np.testing.assert_array_equal(spice.time, python.time)
    slack = 4 if options else 1
    assert np.abs(spice.states - python.states).max() < slack * 1e-3
    assert np.abs(spice.states[-1] - python.states[-1]).max() < slack * 2.5e-4
    assert np.ptp(python.states, axis=0).max() > 0.3, "the states must have moved"
    assert off(spice.output_currents, python.output_currents) < slack * 1e-3
    for side in SIDES:
        np.testing.assert_allclose(spice.terminal_voltages[side], python.terminal_voltages[side], atol=1e-12)
    for name, energy in python.energy.items():
        assert spice.energy[name][-1] == pytest.approx(energy[-1], rel=slack * 1e-4), name
    assert spice.energy_balance < 1e-4
    assert spice.statistics["residual"] < 1e-4
    assert spice.is_complete
    assert spice.provenance["engine"] == "ngspice"


def test_energy_between_the_few_steps_that_ngspice_needs_where_states_rest() -> None:
    """A device that does not move is a resistor: under a triangle it takes ``g amplitude^2 t / 3``."""
    devices = nm.DeviceArray(nm.MMS(tau=1e4), [[0.5]])
    spice = nm.Crossbar(devices).simulate(nm.Triangle(amplitude=1.0, frequency=1e3), 1e-3, engine="ngspice", save_at=2)
    exact = float(devices.conductances()[0, 0]) * 1e-3 / 3
    # Demanded 4e-4, measured 1.6e-4; chords between the steps make 8e-4.
    assert spice.energy["devices"][-1] == pytest.approx(exact, rel=4e-4)
    assert spice.energy["delivered"][-1] == pytest.approx(exact, rel=4e-4)


def test_the_largest_array_at_the_end() -> None:
    """32 x 32 with steps of a fifth of the switches' time constant: the states after 10 ms are within 1e-3."""
    rng = np.random.default_rng(32)
    crossbar = nm.Crossbar(memristors(rng, (32, 32)), r_word=1.0, r_bit=1.0)
    drive = nm.Sine(amplitude=0.6, frequency=100.0)
    options = nm.NgspiceOptions(method="trap", t_max=1e-4, reltol=1e-3)
    spice = simulate_in_ngspice(crossbar, drive, 10e-3, options=options)
    python = crossbar.simulate(drive, 10e-3)
    assert np.abs(spice.states[-1] - python.states[-1]).max() < 1e-3
    assert np.ptp(python.states, axis=0).max() > 0.3


def test_a_parameter_off_by_two_per_cent_shows() -> None:
    rng = np.random.default_rng(3)
    devices = memristors(rng, (3, 3))
    crossbar = nm.Crossbar(devices, r_word=1.0, r_bit=1.0)
    python = crossbar.simulate(sines(3), 5e-3)
    model = nm.MMS(v_on=1.02 * nm.MMS().v_on)
    other = dataclasses.replace(crossbar, devices=nm.DeviceArray(model, devices.states))
    spice = simulate_in_ngspice(other, sines(3), 5e-3)
    assert np.abs(spice.states - python.states).max() > 5e-3


def test_faults_islands_and_jumps() -> None:
    """A stuck device keeps its state; a device that nothing reaches drifts without a voltage; pulses jump."""
    stuck = np.full((3, 3), np.nan)
    stuck[0, 0], stuck[1, 1] = 2e-3, 0.0
    devices = nm.DeviceArray(nm.MMS(tau=1e-5), np.full((3, 3), 0.3), stuck=stuck)
    crossbar = nm.Crossbar(
        devices, r_word=1.0, r_bit=math.inf, left=["driven", "driven", "floating"], top="sensed", right="floating"
    )
    pulses = nm.PulseTrain(times=[1e-4, 6e-4], width=2e-4, amplitude=0.8)
    python = crossbar.simulate([pulses, pulses, None], 1e-3)
    spice = simulate_in_ngspice(crossbar, [pulses, pulses, None], 1e-3)
    np.testing.assert_allclose(spice.states, python.states, atol=2e-4)
    assert (spice.states[:, 0, 0] == 0.3).all()
    assert np.ptp(spice.states[:, 2, 2]) > 1e-4, "at rest the state drifts"
    reached = dataclasses.replace(crossbar, r_bit=1.0)
    python, spice = (
        reached.simulate([pulses, pulses, None], 1e-3),
        simulate_in_ngspice(reached, [pulses, pulses, None], 1e-3),
    )
    np.testing.assert_allclose(spice.states, python.states, atol=2e-3)
    assert spice.states[-1, 1, 0] > 0.9


def test_frames_are_ngspices_steps_or_given_times() -> None:
    crossbar = nm.Crossbar(memristors(np.random.default_rng(1), (2, 2)), r_word=1.0)
    every = simulate_in_ngspice(crossbar, sines(2), 1e-3, save_at="steps")
    assert every.statistics["steps"] == len(every.time) - 1 > 100
    assert every.time[-1] == 1e-3
    some = simulate_in_ngspice(crossbar, sines(2), 1e-3, save_at=[0.0, 2.5e-4, 1e-3])
    assert some.time.tolist() == [0.0, 2.5e-4, 1e-3]
    np.testing.assert_allclose(some.states[[0, 2]], every.states[[0, -1]], rtol=0, atol=1e-12)
    assert some.energy["delivered"][-1] == pytest.approx(every.energy["delivered"][-1], rel=1e-12)


def test_a_run_that_is_stopped_keeps_what_it_computed() -> None:
    crossbar = nm.Crossbar(memristors(np.random.default_rng(7), (4, 4)), r_word=1.0)
    with pytest.raises(nm.SimulationError, match="had not finished after 2 s") as caught:
        crossbar.simulate(sines(4), 10.0, engine=nm.Ngspice(timeout=2.0), longest=math.inf, save_at=100_001)
    partial = caught.value.partial
    assert not partial.is_complete
    assert 1e-3 < partial.time[-1] < 9.0
    assert partial.time[:3].tolist() == [0.0, 1e-4, 2e-4]
    whole = crossbar.simulate(sines(4), 1e-3, engine="ngspice")
    np.testing.assert_allclose(partial.states[10], whole.states[-1], atol=1e-3)


# ---------------------------------------------------------------- the crossbar's own methods


def test_one_word_chooses_the_road() -> None:
    crossbar = nm.Crossbar(memristors(np.random.default_rng(4), (2, 3)), r_word=1.0, r_bit=1.0)
    v = np.array([[0.1, 0.2], [0.3, -0.1]])
    spice = crossbar.solve(v, engine="ngspice")
    assert spice.method == "ngspice"
    assert spice.output_currents.shape == (2, 3)
    assert off(spice.output_currents, crossbar.solve(v).output_currents) < 1e-10
    seen: list[float] = []
    engine, options = nm.Ngspice(timeout=60.0), nm.NgspiceOptions(t_max=1e-5)
    moved = crossbar.simulate(
        sines(2), 1e-3, engine=engine, options=options, save_at=5, progress=lambda share, what: seen.append(share)
    )
    assert moved.provenance["options"]["t_max"] == 1e-5
    assert moved.states.shape == (5, 2, 3)
    assert crossbar.deck([0.1, 0.2]).text() == crossbar_deck(crossbar, [0.1, 0.2]).text()
    with pytest.raises(ValueError, match="method belongs to engine 'ode', got 'lines' with another engine"):
        crossbar.solve(v, method="lines", engine="ngspice")


@pytest.mark.parametrize("engine", ["ngspice-shared", "vacask"])
def test_other_engines(engine: str) -> None:
    crossbar = nm.Crossbar(memristors(np.random.default_rng(8), (3, 4)), r_word=1.0, r_bit=2.0, r_driver=10.0)
    options = nm.VacaskOptions(t_max=1e-5) if engine == "vacask" else None
    python = crossbar.simulate(sines(3), 4e-3)
    spice = crossbar.simulate(sines(3), 4e-3, engine=engine, options=options)
    assert spice.provenance["engine"] == engine
    assert np.abs(spice.states - python.states).max() < 1e-3
    assert spice.energy_balance < 1e-3


def test_three_engines_and_the_equations_agree_at_their_default_settings() -> None:
    """The transient of the page on crossbars, at its smallest size; other sizes are in its table."""
    states = np.random.default_rng(8).uniform(0.1, 0.9, (8, 8))
    drive = nm.Sine(amplitude=0.6, frequency=100.0)

    def run(model: nm.MMS, engine: str) -> np.ndarray:
        crossbar = nm.Crossbar(nm.DeviceArray(model, states), r_word=1.0, r_bit=1.0)
        return crossbar.simulate(drive, 10e-3, engine=engine).states

    found = {engine: run(nm.MMS(), engine) for engine in ("ode", "ngspice", "vacask")}
    assert np.ptp(list(found.values()), axis=0).max() < 1e-3
    assert np.ptp(found["ode"], axis=0).min() > 0.1, "states move"
    slower = run(nm.MMS(tau=1.02e-4), "vacask")
    assert np.abs(slower - found["ode"]).max() > 1e-3


# ---------------------------------------------------------------- refusals


def test_what_the_road_refuses() -> None:
    linear = nm.Crossbar([[1e-3]])
    with pytest.raises(
        ValueError, match="a transient needs devices that have states: make the crossbar of a DeviceArray"
    ):
        simulate_in_ngspice(linear, nm.Constant(value=1.0), 1e-3)
    with pytest.raises(ValueError, match="no engine 'xyce'; choices: ode, ngspice, ngspice-shared, vacask"):
        solve_in_ngspice(linear, [1.0], engine="xyce")
    with pytest.raises(
        ValueError, match="engine must be one of ngspice, ngspice-shared, vacask, or an engine object, got 3"
    ):
        solve_in_ngspice(linear, [1.0], engine=3)
    with pytest.raises(ValueError, match="KLU"):
        solve_in_ngspice(linear, [1.0], longest=1e-9)
    assert spice_road.LONGEST == 300.0
