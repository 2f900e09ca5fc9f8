"""The course of write-verify: which device gets which pulse, and what is kept of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neuromorph.crossbars import DeviceArray
from neuromorph.programming.pulsed_devices import PulsedDevices
from neuromorph.programming.write_verify_result import WriteVerifyResult
from neuromorph.progress import Progress

if TYPE_CHECKING:
    from neuromorph.programming.write_verify import WriteVerify

# Shares of the selected device's voltage: on its own lines, and on devices that share no line with it.
_SCHEMES = {"V/2": (1.0 / 2.0, 0.0), "V/3": (1.0 / 3.0, -1.0 / 3.0)}


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
        self.verified = np.zeros(shape, dtype=bool)
        self.pulses = np.zeros(shape, dtype=int)
        self.energy, self.read_energy, self.time = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self.disturbance_energy = 0.0
        self.measured, self.at_last_read = np.full(shape, np.nan), self.start.copy()
        self.direction, self.amplitude, self.width = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self.trajectory: list[np.ndarray] = [self.start.copy()]
        self.voltages: list[np.ndarray] = []

    def execute(self) -> None:
        """Write all selected devices."""
        if self.protocol.scheme == "isolated":
            for _ in range(self.protocol.passes):
                self._write(self.selected.copy())
        else:
            order = np.argwhere(self.selected)
            for visit in range(self.protocol.passes):
                for count, (i, j) in enumerate(order):
                    done = (visit * len(order) + count) / (self.protocol.passes * len(order))
                    self.progress(done, f"writing device ({i}, {j})")
                    one = np.zeros_like(self.selected)
                    one[i, j] = True
                    self._write(one)
        self.progress(1.0, "written")

    def _write(self, devices: np.ndarray) -> None:
        """Write some devices, all at the same time."""
        self.direction[devices] = 0.0
        allowed = self.pulses + self.protocol.max_pulses
        self._read(devices)
        while True:
            active = devices & ~self.verified & (self.pulses < allowed)
            if not active.any():
                return
            if self.protocol.scheme == "isolated":
                self.progress(float(1.0 - active.sum() / devices.sum()), "writing devices")
            self._choose_pulses(active)
            voltages = np.where(active, self.on_sign * self.direction * self.amplitude, 0.0)
            self.energy[active] += self._expose(voltages, self.width, active)
            if self.protocol.pause > 0.0:
                self._expose(np.zeros_like(voltages), np.full_like(self.width, self.protocol.pause), active)
            self.pulses[active] += 1
            self._read(active)
            self._keep(active, voltages)

    def _choose_pulses(self, active: np.ndarray) -> None:
        p = self.protocol
        direction = np.where(self.measured < self.targets, 1.0, -1.0)
        goes_on = direction == self.direction
        first = np.where(direction > 0.0, p.v_set, p.v_reset)
        largest = np.where(direction > 0.0, p.v_set_max, p.v_reset_max)
        amplitude = np.where(goes_on, np.minimum(self.amplitude + p.v_step, largest), first)
        width = np.where(goes_on, np.minimum(self.width * p.width_growth, self.longest), p.width)
        for kept, new in ((self.direction, direction), (self.amplitude, amplitude), (self.width, width)):
            kept[active] = new[active]

    def _read(self, devices: np.ndarray) -> None:
        p = self.protocol
        true = self.devices.conductances(p.read_voltage)
        readings = true * (1.0 + p.read_noise * self.rng.standard_normal(true.shape))
        self.measured[devices] = readings[devices]
        self.verified[devices] = (np.abs(readings - self.targets) <= self.tolerance)[devices]
        if p.read_width > 0.0:
            voltages = np.where(devices, p.read_voltage, 0.0)
            self.read_energy[devices] += self._expose(voltages, np.full_like(true, p.read_width), devices, read=True)
        self.at_last_read[devices] = true[devices]

    def _expose(
        self, voltages: np.ndarray, durations: np.ndarray, active: np.ndarray, read: bool = False
    ) -> np.ndarray:
        """Apply voltages to the active devices and what follows to the others; energies of the active ones."""
        self.time[active] += durations[active]
        if self.protocol.scheme == "isolated":
            return np.asarray(self.devices.pulse(voltages, np.where(active, durations, 0.0))[active])
        i, j = np.argwhere(active)[0]
        v, duration = voltages[i, j], durations[i, j]
        # A read holds all other lines at the potential of its bit line.
        on_its_lines, elsewhere = (0.0, 0.0) if read else _SCHEMES[self.protocol.scheme]
        seen = np.full(voltages.shape, elsewhere * v)
        seen[i, :] = seen[:, j] = on_its_lines * v
        seen[i, j] = v
        energies = self.devices.pulse(seen, duration)
        self.disturbance_energy += float(energies.sum() - energies[i, j])
        return np.asarray(energies[active])

    def _keep(self, active: np.ndarray, voltages: np.ndarray) -> None:
        if not self.protocol.keep_trajectory:
            return
        # Devices that are written at the same time may be at different pulses of their own.
        for number in np.unique(self.pulses[active]):
            while len(self.voltages) < number:
                self.voltages.append(np.full(voltages.shape, np.nan))
                self.trajectory.append(np.full(voltages.shape, np.nan))
            these = active & (self.pulses == number)
            self.voltages[number - 1][these] = voltages[these]
            self.trajectory[number][these] = self.at_last_read[these]

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
