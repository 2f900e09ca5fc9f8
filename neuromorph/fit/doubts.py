"""What should make one doubt a fit before its numbers are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neuromorph.fit.response import RecordSimulator
from neuromorph.quantities import format_quantity

if TYPE_CHECKING:
    from neuromorph.fit.memristor_fit import MemristorFit

# A model that leaves this share of what a resistor leaves has not described a memristor.
_HARDLY = 0.8
# Difference of the branches, over the current's peak to peak, from which on the sense of a loop is beyond doubt.
_SENSE = 0.02
# Reads at smaller voltages [V] switch nothing: their loops are interference.
_READ = 0.1
# Current without a voltage, over the current's peak to peak, that is no longer rounding.
_IDLE = 0.003


def doubts_of(fit: MemristorFit) -> tuple[str, ...]:
    """Reasons to doubt a fit, in words.

    Parameters
    ----------
    fit : MemristorFit
        The fit.

    Returns
    -------
    tuple of str
        Records that it describes hardly better than a resistor, a current without a voltage, and records whose loops run the
        other way round.
    """
    doubts = [
        f"{name}: hardly better than a resistor (NRMSE {error:.4f}, that of a resistor {null:.4f})"
        for name, error, null in zip(fit.names, fit.nrmse, fit.null_nrmse, strict=True)
        if not error < _HARDLY * null
    ]
    doubts += _active(fit)
    return (*doubts, *(backwards(record) for record in fit.problem.records if runs_backwards(record)))


def _active(fit: MemristorFit) -> list[str]:
    """A current without a voltage: the published form of GMMS has one where its barriers differ."""
    idle = max((float(fit.model.current(0.0, x)) for x in (0.0, 1.0)), key=abs)
    if abs(idle) < _IDLE * min(record.span for record in fit.problem.records):
        return []
    return [
        f"the fitted device carries {format_quantity(idle, 'A', 3)} without a voltage, which no passive device does; a form "
        "of the model that is zero there, such as gmms-pinched, is better in a circuit"
    ]


def backwards(record: RecordSimulator) -> str:
    """What to say of a loop that runs the other way round."""
    return (
        f"{record.name}: the device turns on under a negative voltage, in the models under a positive one; was it "
        "connected the other way round? Then change the sign of voltage, current and drive"
    )


def runs_backwards(record: RecordSimulator) -> bool:
    """Whether a loop shows a device that conducts better after a negative voltage than after a positive one.

    Parameters
    ----------
    record : RecordSimulator
        Drive [V] and current [A].

    Returns
    -------
    bool
        ``False`` where the record is not periodic or only reads the device, or the branches hardly differ.
    """
    if not record.periodic or float(np.abs(record.voltage).max()) < _READ:
        return False
    drive = record.drive - record.drive.mean()
    slope = np.roll(drive, -1) - np.roll(drive, 1)
    size = np.abs(drive) / np.abs(drive).max()

    def gain(branch: np.ndarray) -> float:
        """More current on the way back to zero than on the way out, over peak to peak."""
        outwards, back = branch & (drive * slope > 0), branch & (drive * slope < 0)
        if not (outwards.any() and back.any()):
            return 0.0
        return float(record.measured[back].mean() - record.measured[outwards].mean()) / record.span

    # Turned on by a positive voltage: more current on the way back there, less (of a negative one) after the negative peak.
    far, near = size > 0.3, size < 0.1
    halves = [gain(far & (drive > 0)), gain(far & (drive < 0))]
    # What does not close at zero is interference, a capacitor, or noise.
    gap = abs(gain(near & (drive > 0)) - gain(near & (drive < 0)))
    return max(halves) < 0.0 and sum(halves) < -max(_SENSE, gap)
