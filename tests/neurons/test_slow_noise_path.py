"""A path of noise on a membrane of 100 s: the times of a deck have twelve digits, and lines between samples have a length."""

from __future__ import annotations

import math

import numpy as np
import pytest

import neuromorph as nm


@pytest.mark.parametrize("engine", ["ode", "ngspice"])
def test_a_path_of_half_an_hour_is_the_exact_one(engine):
    """Each sample is held for 1 s, so from sample to sample the voltage is an exponential."""
    neuron = nm.LIF(capacitance=1e-3, r_leak=100e3, v_th=1.0, t_refractory=10.0, noise_current=1e-6)
    pair, drives = nm.frozen_noise(neuron, nm.Constant(value=0.0), 2000.0, seed=2, dt=1.0)
    exact, kept = [0.0], math.exp(-1.0 / 100.0)
    for sample in drives["noise"].values:
        exact.append(kept * exact[-1] + (1 - kept) * 100e3 * 1e-6 * sample)
    found = nm.simulate(pair, drives, 2000.0, engine)
    error = np.interp(np.arange(2001.0), found.time, found["v_mem"]) - exact
    assert np.sqrt(np.mean(error**2)) < 1e-3 * np.std(exact)
