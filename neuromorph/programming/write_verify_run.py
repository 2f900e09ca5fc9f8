"""The course of write-verify: which device gets which pulse, and what is kept of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neuromorph.crossbars import BiasScheme, DeviceArray
from neuromorph.programming.pulsed_devices import PulsedDevices, Written
from neuromorph.programming.write_verify_result import WriteVerifyResult
from neuromorph.progress import Progress

if TYPE_CHECKING:
    from neuromorph.programming.write_verify import WriteVerify


class WriteVerifyRun:
    """One array while it is written.

    Parameters
    ----------
    protocol : WriteVerify
        Amplitudes, widths, tolerances.
    devices : DeviceArray
        The devices at the start.
    targets : ndarray, shape (m, n)
        Conductances that they are to have [S].
    selected : array of bool, shape (m, n)
        Devices that are written.
    rng : numpy.random.Generator
        Gives the read noise.
    progress : Progress
        Is told how many devices are done.
    """

    def __init__(
        self,
        protocol: WriteVerify,
        devices: DeviceArray,
        targets: np.ndarray,
        selected: np.ndarray,
        rng: np.random.Generator,
        progress: Progress,
    ) -> None:
        self.protocol = protocol
        self.devices = PulsedDevices(devices)
        self.targets, self.selected, self.rng, self.progress = targets, selected, rng, progress
        shape = targets.shape
        self.tolerance = np.maximum(protocol.tolerance * targets, protocol.tolerance_conductance)
        self.longest = protocol.width if protocol.width_max is None else protocol.width_max
        rate = float(devices.model.state_rate(protocol.v_set_max, 0.5))
        self.on_sign = -1.0 if rate < 0.0 else 1.0
        self.start = self.devices.conductances(protocol.read_voltage)
        self.lowest, self.highest = self._reach()
        self.shares = None if protocol.scheme == "isolated" else _shares(protocol.scheme)
        self.settings = np.array(
            [
                protocol.v_set,
                protocol.v_reset,
                protocol.v_step,
                protocol.v_set_max,
                protocol.v_reset_max,
                protocol.width,
                protocol.width_growth,
                self.longest,
                protocol.pause,
                protocol.read_voltage,
                protocol.read_width,
                protocol.read_noise,
                self.on_sign,
            ]
        )
        self.verified = np.zeros(shape, dtype=bool)
        self.pulses = np.zeros(shape, dtype=int)
        self.energy, self.read_energy, self.time = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self.disturbance_energy = 0.0
        self.at_last_read = self.start.copy()
        self.trajectory: list[np.ndarray] = [self.start.copy()]
        self.voltages: list[np.ndarray] = []

    def execute(self) -> None:
        """Write all selected devices."""
        order = np.argwhere(self.selected).tolist()
        total = self.protocol.passes * len(order)
        for visit in range(self.protocol.passes):
            for count, (i, j) in enumerate(order):
                self.progress((visit * len(order) + count) / total, f"writing device ({i}, {j})")
                self._write((i, j))
        self.progress(1.0, "written")

    def _write(self, device: tuple[int, int]) -> None:
        p = self.protocol
        readings = p.max_pulses + 1
        noise = self.rng.standard_normal(readings) if p.read_noise > 0.0 else np.zeros(readings)
        written = self.devices.write(
            device, self.targets[device], self.tolerance[device], self.settings, noise, self.shares
        )
        if p.keep_trajectory:
            self._keep(device, written)
        self.verified[device] = written.verified
        self.pulses[device] += written.volts.size
        self.energy[device] += written.energy
        self.read_energy[device] += written.read_energy
        self.disturbance_energy += written.others_energy
        self.time[device] += written.time
        self.at_last_read[device] = written.conductances[-1]

    def _keep(self, device: tuple[int, int], written: Written) -> None:
        """Append to what earlier visits left."""
        first = int(self.pulses[device])
        while len(self.voltages) < first + written.volts.size:
            self.voltages.append(np.full(self.targets.shape, np.nan))
            self.trajectory.append(np.full(self.targets.shape, np.nan))
        for k, (volts, conductance) in enumerate(zip(written.volts, written.conductances[1:], strict=True)):
            self.voltages[first + k][device] = volts
            self.trajectory[first + k + 1][device] = conductance

    def _reach(self) -> tuple[np.ndarray, np.ndarray]:
        p = self.protocol
        ends = [self.start]
        for v in (self.on_sign * p.v_set_max, -self.on_sign * p.v_reset_max):
            devices = PulsedDevices(self.devices.devices)
            devices.pulse(np.full(self.targets.shape, v), p.max_pulses * self.longest)
            ends.append(devices.conductances(p.read_voltage))
        return np.min(ends, axis=0), np.max(ends, axis=0)

    def result(self) -> WriteVerifyResult:
        """The array as it is now."""
        conductances = self.devices.conductances(self.protocol.read_voltage)
        outside = (self.targets < self.lowest - self.tolerance) | (self.targets > self.highest + self.tolerance)
        kept = self.protocol.keep_trajectory
        none = np.empty((0, *self.targets.shape))
        return WriteVerifyResult(
            targets=self.targets,
            conductances=conductances,
            devices=self.devices.devices,
            selected=self.selected,
            verified=self.verified.copy(),
            unreachable=outside & self.selected,
            lowest=self.lowest,
            highest=self.highest,
            pulses=self.pulses.copy(),
            energy=self.energy.copy(),
            read_energy=self.read_energy.copy(),
            disturbance_energy=self.disturbance_energy,
            time=self.time.copy(),
            disturbance=conductances - self.at_last_read,
            trajectory=np.array(self.trajectory) if kept else none,
            voltages=np.array(self.voltages).reshape(-1, *self.targets.shape) if kept else none,
        )


def _shares(scheme: str) -> tuple[float, float]:
    """Of the selected device's voltage, what falls on the devices of its own lines, and on all others."""
    voltages = BiasScheme(kind=scheme).device_voltages((2, 2), (0, 0), 1.0)
    return float(voltages[0, 1]), float(voltages[1, 1])
