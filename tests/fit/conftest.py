"""What the tests of fits share: records that were computed by scipy, and the folder of measured ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import neuromorph as nm

DEVICE = nm.MMS(r_on=1.2e3, r_off=9e4, v_on=0.31, v_off=0.13, tau=3e-4)


@pytest.fixture(scope="session")
def real_records() -> Path:
    """Folder of measurements that do not come with the project."""
    folder = os.environ.get("NEUROMORPH_MEASUREMENTS")
    if not folder:
        pytest.skip("the environment variable NEUROMORPH_MEASUREMENTS names no folder of measured records")
    return Path(folder)


@pytest.fixture(scope="session")
def bench():
    """Three records of one device at three frequencies, with 0.3 % of noise."""
    return [nm.synthetic_measurement(DEVICE, 0.8, f, 5e3, noise=0.003, seed=k) for k, f in enumerate((1.0, 10.0, 1e3))]


@pytest.fixture(scope="session")
def joint_fit(bench):
    return nm.fit_memristor(bench, "mms")
