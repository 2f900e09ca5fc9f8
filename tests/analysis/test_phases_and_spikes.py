"""On-phases of stimuli and the statistics of spike trains, against trains made by hand and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

import neuromorph as nm
from neuromorph.analysis import on_phases, spikes

SQUARE = nm.SquareWave(amplitude=1e-3, frequency=1e3, rise=2e-6, fall=2e-6)


def _recording(times, t_stop=5e-3):
    return nm.Recording([0.0, t_stop], {"v": [0.0, 0.0]}, spikes=nm.SpikeTrains(times))


@pytest.mark.parametrize(
    ("drive", "expected"),
    [
        (None, [[0, 2e-3]]),
        (nm.Constant(value=1e-3), [[0, 2e-3]]),
        (nm.Constant(value=0.0), []),
        (SQUARE, [[1e-6, 501e-6], [1001e-6, 1501e-6]]),
        # Pulses of an inhibitory current are phases, too, and so are pulses on a pedestal.
        (nm.SquareWave(amplitude=-1e-3, frequency=1e3, rise=2e-6, fall=2e-6), [[1e-6, 501e-6], [1001e-6, 1501e-6]]),
        (
            nm.SquareWave(amplitude=1e-3, frequency=1e3, offset=5e-3, rise=2e-6, fall=2e-6),
            [[1e-6, 501e-6], [1001e-6, 1501e-6]],
        ),
        (nm.PulseTrain(times=[0.5e-3, 1e-3], width=0.1e-3, amplitude=1.0), [[0.5e-3, 0.6e-3], [1e-3, 1.1e-3]]),
        (nm.Sine(amplitude=1.0, frequency=1e3), [[0, 0.5e-3], [1e-3, 1.5e-3]]),
        (nm.Triangle(amplitude=1.0, frequency=1e3), [[0, 0.5e-3], [1e-3, 1.5e-3]]),
        ({"i_in": SQUARE, "other": nm.Constant(value=1.0)}, [[1e-6, 501e-6], [1001e-6, 1501e-6]]),
    ],
)
def test_on_phases(drive, expected):
    found = on_phases(drive, 2e-3)
    assert found.shape == (len(expected), 2)
    assert found == pytest.approx(np.array(expected).reshape(-1, 2), abs=2e-8)


def test_a_phase_is_cut_by_the_end_of_the_run():
    assert on_phases(SQUARE, 1.2e-3)[-1] == pytest.approx([1001e-6, 1.2e-3])


def test_numbers_of_a_train_made_by_hand():
    times = [0.1e-3, 0.15e-3, 0.25e-3, 1.1e-3, 1.3e-3, 2.05e-3]
    found = spikes(_recording(times, 2.1e-3), SQUARE)
    assert found.counts == (3, 2, 1)
    assert (found.spike_count, found.count_first, found.count_steady) == (6, 3, 2)  # the third phase is cut short
    assert found.rate == pytest.approx(6 / 2.1e-3)
    assert found.latency == pytest.approx(0.099e-3)
    assert found.isi_first == pytest.approx(50e-6)
    assert found.isi_last == pytest.approx(100e-6)
    assert found.isi_steady == pytest.approx(200e-6)
    assert found.adaptation_ratio == pytest.approx(4.0)
    assert found.onset_adaptation == pytest.approx(2.0)
    intervals = np.array([50e-6, 100e-6, 200e-6])  # pauses between phases are no intervals
    assert found.isi_mean == pytest.approx(intervals.mean())
    assert found.cv == pytest.approx(intervals.std() / intervals.mean())


def test_a_spike_just_after_a_phase_belongs_to_it():
    assert spikes(_recording([0.4e-3, 0.52e-3]), SQUARE).counts == (2, 0, 0, 0, 0)


def test_a_neuron_that_falls_silent_has_no_steady_interval():
    found = spikes(_recording([0.1e-3, 0.2e-3, 0.3e-3]), SQUARE)
    assert found.isi_first == pytest.approx(100e-6)
    assert math.isnan(found.isi_steady)
    assert math.isnan(found.adaptation_ratio)
    assert found.count_steady == 0


def test_no_spikes_is_no_error():
    found = spikes(_recording([]), SQUARE)
    assert found.rate == 0
    assert all(math.isnan(v) for v in (found.latency, found.isi_first, found.isi_steady, found.isi_mean, found.cv))
    content = found.to_dict()
    assert content["isi_first"] is None
    assert content["counts"] == (0,) * 5
    assert "spikes      0 in 5 ms" in found.summary()


def test_a_drive_of_zero_has_no_phases():
    found = spikes(_recording([1e-3]), nm.Constant(value=0.0))
    assert found.counts == ()
    assert found.spike_count == 1
    assert math.isnan(found.isi_first)


def test_one_neuron_of_several():
    recording = nm.Recording([0, 1e-2], {"v": [0, 0]}, spikes=nm.SpikeTrains([1e-3, 2e-3, 5e-3], [0, 1, 1], ("a", "b")))
    assert spikes(recording, source="b").isi_first == pytest.approx(3e-3)
    with pytest.raises(ValueError, match="no source 'c'"):
        spikes(recording, source="c")


def test_an_empty_recording_is_refused():
    with pytest.raises(nm.ValidationError, match="empty"):
        spikes(nm.Recording([], {}))


def test_published_neuron_at_its_working_point():
    """The intervals of the prototype's instant reset: 19.77 and 44.72 us, steady 53.11 us, 15 and 9 spikes."""
    neuron = nm.MemristiveALIF(r_switch=None)
    found = spikes(nm.simulate(neuron), neuron.working_point().drive)
    assert found.counts == (15, 9, 9, 9, 9)
    assert [round(t * 1e6, 2) for t in (found.isi_first, found.isi_last, found.isi_steady)] == [19.77, 44.72, 53.11]
    assert found.adaptation_ratio == pytest.approx(2.687, abs=1e-3)
