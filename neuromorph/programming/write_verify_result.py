"""What write-verify left: conductances, pulses, energies, errors, and what could not be reached."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neuromorph.crossbars import DeviceArray
from neuromorph.quantities import format_quantity


@dataclass(frozen=True, kw_only=True, eq=False)
class WriteVerifyResult:
    """Devices after write-verify.

    Parameters
    ----------
    targets : ndarray, shape (m, n)
        Conductances that were wanted [S].
    conductances : ndarray, shape (m, n)
        Conductances at the end, without read noise [S].
    devices : DeviceArray
        The devices at the end.
    selected : array of bool, shape (m, n)
        Devices that were to be written.
    verified : array of bool, shape (m, n)
        Devices whose last reading was within the tolerance.
    unreachable : array of bool, shape (m, n)
        Devices whose target lies outside of what these pulses can reach.
    lowest, highest : ndarray, shape (m, n)
        Conductances that as many of the largest pulses of one sign reach as are allowed, from the start [S].
    pulses : array of int, shape (m, n)
        Number of pulses.
    energy : ndarray, shape (m, n)
        That each device took from its own pulses [J].
    read_energy : ndarray, shape (m, n)
        That each device took from its own reads [J].
    disturbance_energy : float
        That all devices took while others were written [J].
    time : ndarray, shape (m, n)
        Spent on each device, with pauses and reads [s].
    disturbance : ndarray, shape (m, n)
        Change of each conductance since its own last reading [S].
    trajectory : ndarray, shape (pulses + 1, m, n)
        Conductance at the start and after each pulse of the device, without read noise, NaN once it is done [S];
        empty where it was not kept.
    voltages : ndarray, shape (pulses, m, n)
        Voltage of each pulse of the device, NaN once it is done [V].
    """

    targets: np.ndarray
    conductances: np.ndarray
    devices: DeviceArray
    selected: np.ndarray
    verified: np.ndarray
    unreachable: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray
    pulses: np.ndarray
    energy: np.ndarray
    read_energy: np.ndarray
    disturbance_energy: float
    time: np.ndarray
    disturbance: np.ndarray
    trajectory: np.ndarray
    voltages: np.ndarray

    @property
    def errors(self) -> np.ndarray:
        """Conductance over target less one, shape (m, n) (pure numbers)."""
        return np.asarray(self.conductances / self.targets - 1.0)

    @property
    def failed(self) -> np.ndarray:
        """Devices that were to be written and whose last reading was not within the tolerance, shape (m, n)."""
        return np.asarray(self.selected & ~self.verified)

    @property
    def total_energy(self) -> float:
        """Energy of all pulses and reads, in all devices [J]."""
        return float(self.energy.sum() + self.read_energy.sum()) + self.disturbance_energy

    def summary(self) -> str:
        """What was done, in words."""
        m, n = self.targets.shape
        count = int(self.selected.sum())
        if count == 0:
            return f"{m} x {n} devices, none to be written"
        pulses, errors = self.pulses[self.selected], np.abs(self.errors[self.selected])
        lines = [
            f"{count} of {m} x {n} devices written, {np.count_nonzero(self.verified & self.selected)} verified, "
            f"{np.count_nonzero(self.failed)} given up, {np.count_nonzero(self.unreachable & self.selected)} of these out of reach",
            f"pulses: median {np.median(pulses):g}, at most {pulses.max()}",
            f"error of the conductance: RMS {np.sqrt(np.mean(errors**2)):.3%}, at most {errors.max():.3%}",
            f"energy: {format_quantity(float(self.energy.sum()), 'J')} in pulses, "
            f"{format_quantity(float(self.read_energy.sum()), 'J')} in reads, "
            f"{format_quantity(self.disturbance_energy, 'J')} in other devices",
        ]
        moved = float(np.abs(self.disturbance).max())
        if moved > 0.0:
            lines.append(f"disturbance since the last reading: at most {format_quantity(moved, 'S')}")
        return "\n".join(lines)


class WriteVerifyInterrupted(KeyboardInterrupt):
    """Ctrl-C while an array is written; the message says how many devices were done.

    Parameters
    ----------
    message : str
        How far it was.
    result : WriteVerifyResult
        The array as it is by then.
    """

    def __init__(self, message: str, result: WriteVerifyResult) -> None:
        super().__init__(message)
        self.result = result
