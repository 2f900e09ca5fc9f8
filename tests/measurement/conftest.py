"""What the tests of measurements share: a record, and a bench in a folder."""

from __future__ import annotations

import numpy as np
import pytest

import neuromorph as nm


@pytest.fixture(scope="session")
def record() -> nm.Measurement:
    """A device behind 5 kohm at 10 Hz, without noise."""
    return nm.synthetic_measurement(nm.MMS(r_on=8e3, r_off=120e3, tau=2e-3), 0.8, 10.0, 5e3)


@pytest.fixture
def bench(tmp_path, record):
    """A function that writes the record as voltage [V] and current [uA] without a header."""

    def write(name="5k_0.8V_10Hz_M1.csv", *, current_unit=1e-6, drive=True, rows=slice(None), swap=False):
        columns = [record.voltage, record.current / current_unit]
        path = tmp_path / name
        for file, first in ((path, columns[0]), (path.with_stem(f"{path.stem}_drive"), record.drive)):
            if file == path or drive:
                table = np.column_stack([first, columns[1]])[rows]
                np.savetxt(file, table[:, ::-1] if swap else table, delimiter=",")
        return path

    return write
