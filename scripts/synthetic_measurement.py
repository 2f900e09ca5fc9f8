"""Makes the project's own bench data: a known memristor behind 5 kohm at 1, 10 and 1000 Hz, in the formats that load.

Usage: python scripts/synthetic_measurement.py FOLDER [--noise 0.003] [--seed 0]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import neuromorph as nm

DEVICE = nm.MMS(r_on=8e3, r_off=120e3, v_on=0.25, v_off=0.12, tau=2e-3)
"""The device that a fit of the files should find."""
RESISTOR, AMPLITUDE, FREQUENCIES = 5e3, 0.8, (1.0, 10.0, 1000.0)
# What instruments do: channels are off by some millivolts, a record starts anywhere and holds many periods.
OFFSETS, PERIODS = (-4e-3, -2.5e-3), 20


def two_columns(record: nm.Measurement, stem: Path) -> None:
    """Voltage [V] and current [uA] without a header, and the source's voltage in a file of its own."""
    for path, voltage in (
        (stem.with_name(f"{stem.name}.csv"), record.voltage),
        (stem.with_name(f"{stem.name}_drive.csv"), None),
    ):
        volts = record.voltage + RESISTOR * record.current if voltage is None else voltage
        np.savetxt(path, np.column_stack([volts, 1e6 * record.current]), delimiter=",", fmt="%.10g")


def oscilloscope(record: nm.Measurement, path: Path, noise: float, seed: int) -> None:
    """Time [s], channel 1 across the resistor and channel 2 at the source [V], with offsets, over many periods."""
    generator = np.random.default_rng(seed)
    across, source = RESISTOR * record.current, record.voltage + RESISTOR * record.current
    rows = np.arange(PERIODS * len(record))
    channels = []
    for values, offset in ((across, OFFSETS[0]), (source, OFFSETS[1])):
        spread = noise * np.ptp(values) * generator.standard_normal(rows.size)
        channels.append(np.tile(values, PERIODS) + offset + spread)
    time = (rows - rows.size // 2) * record.dt
    head = "x-axis,1,2\nsecond,Volt,Volt"
    np.savetxt(path, np.column_stack([time, *channels]), delimiter=",", fmt="%+.8E", header=head, comments="")


def named_columns(record: nm.Measurement, path: Path) -> None:
    """Semicolons, decimal commas, names with units."""
    rows = zip(1e3 * record.time, record.voltage, 1e6 * record.current, strict=True)
    lines = [";".join(f"{value:.9g}".replace(".", ",") for value in row) for row in rows]
    path.write_text("\n".join(["time [ms];voltage [V];I (uA)", *lines, ""]), encoding="utf-8")


def make(folder: Path, noise: float = 0.003, seed: int = 0) -> None:
    """All the files.

    Parameters
    ----------
    folder : Path
        Made when it is not there.
    noise : float
        Standard deviation, as a share of each column's range (pure number).
    seed : int
        Of the noise.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for k, frequency in enumerate(FREQUENCIES):
        record = nm.synthetic_measurement(DEVICE, AMPLITUDE, frequency, RESISTOR, noise, seed + k, phase=0.3)
        clean = nm.synthetic_measurement(DEVICE, AMPLITUDE, frequency, RESISTOR, phase=0.3)
        name = f"{AMPLITUDE:g}V_{frequency:g}Hz_S1"
        two_columns(record, folder / f"5k_{name}")
        oscilloscope(clean, folder / f"scope_5k_{name}.csv", noise, seed + 100 + k)
        named_columns(record, folder / f"named_5k_{name}.csv")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--noise", type=float, default=0.003, help="share of each column's range")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    make(given.folder, given.noise, given.seed)
