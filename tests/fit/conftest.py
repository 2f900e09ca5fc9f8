"""What the tests of fits share: records that were computed by scipy."""

from __future__ import annotations

import pytest

import neuromorph as nm

DEVICE = nm.MMS(r_on=1.2e3, r_off=9e4, v_on=0.31, v_off=0.13, tau=3e-4)


@pytest.fixture(scope="session")
def bench():
    """Three records of one device at three frequencies, with 0.3 % of noise."""
    return [nm.synthetic_measurement(DEVICE, 0.8, f, 5e3, noise=0.003, seed=k) for k, f in enumerate((1.0, 10.0, 1e3))]


@pytest.fixture(scope="session")
def joint_fit(bench):
    return nm.fit_memristor(bench, "mms")
