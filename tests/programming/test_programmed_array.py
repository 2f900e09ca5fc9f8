"""Arrays and their histories: undone bit for bit, seeds, order, products through wires, tables."""

from __future__ import annotations

import dataclasses
import pickle

import numpy as np
import pytest

import neuromorph as nm

STEPS = (
    nm.WriteNoise(of_window=0.03),
    nm.DeviceVariation(sigma=0.1),
    nm.StuckDevices(p_on=0.05, p_off=0.05),
    nm.ReadNoise(relative=0.02),
    nm.Drift(time=100.0, t_0=1.0, nu=0.05, nu_sigma=0.01),
    nm.Retention(time=1.0, tau=30.0),
    nm.TemperatureShift(temperature=330.0, coefficient=-1e-3),
    nm.GainTrim(),
)


def fresh(seed=11, m=12, n=5, **settings):
    weights = np.random.default_rng(0).standard_normal((m, n))
    return nm.WeightMapping(**settings).program(weights, seed=seed)


def bits(array, read=0):
    state = array.state
    parts = (state.conductances, state.stuck, state.line_gains, state.output_gains, array.read_conductances(read))
    return b"".join(part.tobytes() for part in parts)


def test_undo_restores_every_state_bit_for_bit():
    array = fresh()
    before = [bits(array)]
    for step in STEPS:
        array = array.after(step)
        before.append(bits(array))
    assert len(set(before)) == len(before)
    for expected in reversed(before[:-1]):
        array = array.undo()
        assert bits(array) == expected
    with pytest.raises(ValueError, match="nothing has been done to this array, so there is nothing to undo"):
        array.undo()


@pytest.mark.parametrize("position", range(len(STEPS)))
def test_without_a_step_is_as_if_it_had_never_been(position):
    array = fresh().after(*STEPS)
    name = array.history.names[position]
    left = [step for k, step in enumerate(STEPS) if k != position]
    assert bits(array.without(name)) == bits(fresh().after(*left))
    assert array.without(name).history.names == tuple(n for n in array.history.names if n != name)


def test_same_seed_same_bits_other_seed_other_bits():
    assert bits(fresh().after(*STEPS), 3) == bits(fresh().after(*STEPS), 3)
    assert bits(fresh(seed=12).after(*STEPS)) != bits(fresh().after(*STEPS))
    own = fresh().after(STEPS[0], seed=5)
    assert bits(own) == bits(fresh(seed=99).after(STEPS[0], seed=5))
    assert bits(own) != bits(fresh().after(STEPS[0]))


def test_steps_with_one_seed_draw_different_numbers():
    """Noise and variation with the same seed are uncorrelated; so are two steps of one kind."""
    base = fresh(m=200, n=50, r_on=500.0, r_off=1500.0)
    noise = base.after(nm.WriteNoise(relative=0.01), seed=1).conductances / base.conductances - 1
    varied = np.log(base.after(nm.DeviceVariation(sigma=0.01), seed=1).conductances / base.conductances)
    once = base.after(nm.WriteNoise(relative=0.01), seed=1)
    twice = once.after(nm.WriteNoise(relative=0.01), seed=1)
    assert twice.history.names == ("write noise", "write noise 2")
    again = twice.conductances / once.conductances - 1
    for other in (varied, again):
        assert abs(np.corrcoef(noise.ravel(), other.ravel())[0, 1]) < 6 / np.sqrt(noise.size)


def test_arrays_never_change():
    array = fresh()
    kept = bits(array)
    array.after(*STEPS).state  # noqa: B018
    assert bits(array) == kept
    for values in (array.conductances, array.after(STEPS[0]).conductances, array.weights):
        with pytest.raises(ValueError, match="read-only"):
            values[0, 0] = 1.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        array.seed = 4


def test_a_weight_matrix_that_is_changed_later_changes_nothing():
    weights = np.ones((2, 2))
    array = nm.WeightMapping(w_max=2.0).program(weights)
    weights[0, 0] = 5.0
    assert array.weights[0, 0] == 1.0


def test_order_counts():
    """Noise that is drawn before a drift is smaller by the drift's factor than noise that is drawn after it."""
    drift, noise = nm.Drift(time=100.0, t_0=1.0, nu=0.1), nm.WriteNoise(of_window=0.01)
    base, factor = fresh().conductances, 100.0**-0.1
    drawn = fresh().after(noise).conductances - base
    np.testing.assert_allclose(fresh().after(noise, drift).conductances, (base + drawn) * factor, rtol=1e-13)
    np.testing.assert_allclose(fresh().after(drift, noise).conductances, base * factor + drawn, rtol=1e-13)
    # Faults and what happens to working devices do not get in each other's way.
    stuck = nm.StuckDevices(p_on=0.3)
    assert bits(fresh().after(stuck, drift)) == bits(fresh().after(drift, stuck))


def test_a_trim_knows_only_what_came_before_it():
    """Trimmed after the drift, a uniform drift is gone; trimmed before, it stays."""
    x = np.random.default_rng(4).uniform(-1, 1, (20, 12))
    drift = nm.Drift(time=1e4, t_0=1.0, nu=0.05)
    factor = 1e4**-0.05
    assert fresh().after(drift, nm.GainTrim()).multiply(x).relative_error < 1e-12
    assert fresh().after(nm.GainTrim(), drift).multiply(x).relative_error == pytest.approx(1 - factor, rel=1e-9)


def test_read_noise_comes_last_wherever_it_stands():
    noise, drift = nm.ReadNoise(relative=0.1), nm.Drift(time=100.0, t_0=1.0, nu=0.1)
    one, other = fresh().after(noise, drift), fresh().after(drift, noise)
    assert (one.read_conductances(5) == other.read_conductances(5)).all()
    # A trim is measured without it.
    assert bits(fresh().after(noise, nm.GainTrim()).without("read noise")) == bits(fresh().after(nm.GainTrim()))
    gains = fresh().after(noise, nm.GainTrim()).state.line_gains
    np.testing.assert_allclose(gains, 1.0, rtol=1e-14)


@pytest.mark.parametrize("scheme", ["differential", "offset"])
def test_product_without_wires_and_without_steps_is_exact(scheme):
    array = fresh(scheme=scheme)
    x = np.random.default_rng(4).uniform(-1, 1, (20, 12))
    product = array.multiply(x)
    assert product.outputs.shape == product.ideal.shape == (20, 5)
    np.testing.assert_allclose(product.outputs, x @ array.weights, rtol=0, atol=1e-12)
    np.testing.assert_allclose(array.multiply(x, read_voltage=0.3).outputs, product.outputs, rtol=0, atol=1e-12)
    np.testing.assert_allclose(array.multiply(x, read_voltage=0.3).currents, 3 * product.currents, rtol=1e-12)
    assert array.multiply(x[0]).outputs.shape == (5,)


def dense_currents(g, v, r_word, r_bit, r_driver, r_sense):
    """Kirchhoff's law at every node of both layers as one dense system."""
    m, n = g.shape
    word, bit = np.arange(m * n).reshape(m, n), m * n + np.arange(m * n).reshape(m, n)
    a, b = np.zeros((2 * m * n, 2 * m * n)), np.zeros((2 * m * n, len(v)))

    def join(p, q, conductance):
        for one, other in ((p, q), (q, p)):
            a[one, one] += conductance
            a[one, other] -= conductance

    for i in range(m):
        a[word[i, 0], word[i, 0]] += 1 / (r_word + r_driver)
        b[word[i, 0]] += v[:, i] / (r_word + r_driver)
        for j in range(n):
            join(word[i, j], bit[i, j], g[i, j])
            if j:
                join(word[i, j - 1], word[i, j], 1 / r_word)
            if i:
                join(bit[i - 1, j], bit[i, j], 1 / r_bit)
    a[bit[-1], bit[-1]] += 1 / (r_bit + r_sense)
    return np.linalg.solve(a, b)[bit[-1]].T / (r_bit + r_sense)


@pytest.mark.parametrize("scheme", ["differential", "offset"])
def test_product_through_wires_against_a_dense_solve(scheme):
    array = fresh(scheme=scheme).after(nm.WriteNoise(of_window=0.05), nm.ReadNoise(relative=0.05), nm.GainTrim())
    wires = {"r_word": 1.5, "r_bit": 2.5, "r_driver": 30.0, "r_sense": 10.0}
    x = np.random.default_rng(4).uniform(-1, 1, (3, 12))
    product = array.multiply(x, read_voltage=0.2, first_read=4, **wires)
    expected = np.array(
        [dense_currents(array.read_conductances(4 + k), 0.2 * x[k : k + 1], **wires)[0] for k in range(3)]
    )
    np.testing.assert_allclose(product.currents, expected, rtol=0, atol=1e-10 * np.abs(expected).max())
    outputs = array.mapping.outputs(expected * array.state.line_gains, 0.2)
    np.testing.assert_allclose(product.outputs, outputs, rtol=0, atol=1e-9 * np.abs(outputs).max())
    solution = array.crossbar(read=4, **wires).solve(0.2 * x[0])
    np.testing.assert_allclose(solution.output_currents, expected[0], rtol=0, atol=1e-10 * np.abs(expected).max())
    assert (array.crossbar(**wires).conductances == array.conductances).all()


def test_wires_make_errors_that_grow_with_them():
    array, x = fresh(m=24, n=8), np.random.default_rng(4).uniform(-1, 1, (20, 24))
    errors = [array.multiply(x, r_word=r, r_bit=r).relative_error for r in (0.0, 1e-3, 0.1, 1.0, 10.0)]
    assert errors == sorted(errors)
    assert errors[0] < 1e-12
    assert 1e-6 < errors[1] < 1e-3
    assert errors[-1] > 0.3


def test_error_measures_by_hand():
    product = nm.VectorMatrixProduct(
        outputs=np.array([[1.0, 2.0, 0.1], [3.0, 5.0, 0.0]]),
        ideal=np.array([[1.0, 1.0, 0.0], [3.0, 7.0, 0.0]]),
        currents=np.zeros((2, 6)),
    )
    assert product.errors.tolist() == [[0.0, 1.0, 0.1], [0.0, -2.0, 0.0]]
    assert product.relative_error == pytest.approx(np.sqrt(5.01 / 60), rel=1e-14)
    by_output = product.relative_error_by_output
    assert by_output[:2] == pytest.approx([0.0, np.sqrt(5 / 50)], rel=1e-14)
    assert np.isnan(by_output[2])
    assert product.summary() == "3 outputs, 2 vectors: relative RMS error 28.896%, largest 31.623% at output 1"


def test_stored_weights_are_what_ideal_wires_give():
    array = fresh().after(nm.DeviceVariation(sigma=0.2))
    x = np.eye(12)
    np.testing.assert_allclose(array.multiply(x).outputs, array.stored_weights, rtol=0, atol=1e-12)


def test_history_as_table_and_as_data():
    array = fresh().after(*STEPS[:3]).after(STEPS[0], name="second write", seed=8)
    history = array.history
    assert history.names == ("write noise", "device variation", "stuck devices", "second write")
    assert len(history) == 4
    effect = history["device variation"]
    assert (effect.before == history[0].after).all()
    assert (effect.difference == effect.after - effect.before).all()
    assert effect.rms_change == pytest.approx(np.sqrt(np.mean(effect.difference**2)) / (1 / 500 - 1 / 1500))
    assert (history[-1].after == array.conductances).all()
    assert (history["stuck devices"].stuck == array.state.stuck).all()
    rows = history.rows()
    assert rows[3]["step"] == "second write"
    assert rows[3]["seed"] == 8
    lines = str(history).splitlines()
    assert lines[0].split() == ["step", "changed", "RMS", "of", "window", "settings"]
    assert lines[2].startswith("2  device variation  120")
    assert lines[4].endswith("  of_window=0.03 (seed 8)")
    assert str(fresh().history) == "nothing has been done to this array"
    assert "after write noise, device variation, stuck devices, second write" in repr(array)
    assert array.summary().startswith(
        "12 x 5 weights in 12 x 10 devices: 500 ohm to 1.5 kohm, one-sided pairs, continuous"
    )
    with pytest.raises(KeyError, match="no step is named 'drift'; steps: write noise, device variation"):
        history["drift"]


def test_the_table_shows_what_read_noise_does_at_a_read():
    effect = fresh().after(nm.ReadNoise(relative=0.02)).history["read noise"]
    assert effect.changed_devices == 120
    assert 0.01 < effect.rms_change < 0.05


def test_arrays_travel_between_processes():
    array = fresh().after(*STEPS)
    assert bits(pickle.loads(pickle.dumps(array))) == bits(array)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda a: a.multiply(np.ones(11)), r"inputs must have the shape \(12,\) or \(p, 12\), .* got \(11,\)"),
        (lambda a: a.multiply(np.ones((2, 2, 12))), r"got \(2, 2, 12\)"),
        (lambda a: a.multiply(np.full(12, np.nan)), "inputs must be finite numbers"),
        (lambda a: a.multiply(np.ones(12), read_voltage=0.0), "read_voltage must be a positive voltage in V, got 0.0"),
        (lambda a: a.multiply(np.ones(12), r_wrd=1.0), "no parameter 'r_wrd'; did you mean 'r_word'"),
        (lambda a: a.multiply(np.ones(12), r_word=-1.0), "r_word.*must be at least 0"),
        (lambda a: a.multiply(np.ones(12), r_word=np.nan), "r_word.*must be at least 0"),
        (lambda a: a.read_conductances(-1), "read is the number of a read, a whole number from 0, got -1"),
        (lambda a: a.without("drift"), "no step is named 'drift'; steps: none"),
        (lambda a: a.after("noise"), "'noise' is no transformation; give objects such as"),
        (
            lambda a: a.after(STEPS[0], name="x").after(STEPS[1], name="x"),
            "there is a step named 'x' already; steps: x",
        ),
        (lambda a: a.after(*STEPS[:2], name="x"), "a name is for one transformation, got 2"),
        (lambda a: a.after(STEPS[0], seed=-1), "seed must be a whole number from 0, got -1"),
        (lambda a: a.mapping.program(a.weights, seed=1.5), "seed must be a whole number from 0, got 1.5"),
    ],
)
def test_calls_that_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(fresh())
