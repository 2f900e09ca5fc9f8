"""The threshold of a neuron: the smallest drive at which it spikes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from neuromorph.errors import ValidationError
from neuromorph.progress import Progress, silent
from neuromorph.quantities import format_quantity
from neuromorph.roads import simulate, working_point
from neuromorph.stimulus import Stimulus

_SIZES = ("amplitude", "value")
# Doublings (or halvings) of the drive before the search is given up: a factor of a million each way.
_MOST_DOUBLINGS = 20


def rheobase(
    design: Any,
    drive: Mapping[str, Stimulus] | Stimulus | None = None,
    t_stop: float | None = None,
    *,
    rtol: float = 1e-3,
    progress: Progress = silent,
    **options: Any,
) -> float:
    """The smallest amplitude of a drive at which a design spikes, by bisection.

    Parameters
    ----------
    design : Neuron, Pair, HybridSystem or PySpice Circuit
        What is driven.
    drive : Stimulus, or mapping of str to Stimulus, optional
        Its shape is kept, its amplitude (the value of a constant) is varied [A or V]; a neuron's working point
        where it is left out.
    t_stop : float, optional
        Length of each run [s]: a spike must come within it. A neuron's working point where it is left out.
    rtol : float
        Width of the interval at the end, over the threshold [pure number].
    progress : Progress
        Told how far the search is.
    **options
        What else :func:`neuromorph.simulate` takes, such as ``engine``.

    Returns
    -------
    float
        The smallest amplitude that was seen to make a spike [A or V]; those below ``(1 - rtol)`` times it made none.

    Raises
    ------
    ValueError
        When an argument cannot be used, or the drive has no amplitude.
    ValidationError
        When even a million times the drive makes no spike, or a millionth of it still does.

    Notes
    -----
    It is taken for granted that a design which spikes at an amplitude spikes at every larger one, too.

    Examples
    --------
    >>> import neuromorph as nm
    >>> neuron = nm.LIF(t_refractory=0.0)  # v_th/r_leak, 100 uA, for a pulse that never ends
    >>> round(nm.analysis.rheobase(neuron, t_stop=20e-3, rtol=1e-5) * 1e6, 1)
    100.0
    """
    if not 0 < rtol < 1:
        raise ValueError(f"rtol must be a number between 0 and 1, got {rtol!r}")
    drive, t_stop = working_point(design, drive, t_stop)
    name, stimulus = _one_stimulus(drive)
    size_name = next((n for n in _SIZES if n in {f.name for f in dataclasses.fields(stimulus)}), None)
    if size_name is None:
        raise ValueError(f"{type(stimulus).__name__} has no amplitude to vary; use a constant, square, sine or pulses")
    size = getattr(stimulus, size_name)
    if size == 0:
        raise ValueError(f"the {size_name} of the drive is 0: give a drive of the size at which a spike is expected")

    def spikes_at(value: float) -> bool:
        changed = dataclasses.replace(stimulus, **{size_name: value})
        whole = changed if name is None else {**dict(drive or {}), name: changed}  # type: ignore[arg-type]
        return len(simulate(design, whole, t_stop, **options).spikes) > 0

    low, high = _bracket(spikes_at, size, design)
    width = 1.0 - low / high
    while (high - low) / high > rtol:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if spikes_at(middle) else (middle, high)
        progress(min(1.0 - ((1.0 - low / high) - rtol) / width, 1.0), "rheobase")
    return float(high)


def _bracket(spikes_at: Any, size: float, design: Any) -> tuple[float, float]:
    """A drive without and one with a spike, a factor of two apart [A or V]."""
    fires = spikes_at(size)
    factor = 0.5 if fires else 2.0
    for _ in range(_MOST_DOUBLINGS):
        other = size * factor
        if spikes_at(other) != fires:
            return (other, size) if fires else (size, other)
        size = other
    what = "still spikes" if fires else "does not spike"
    raise ValidationError(
        f"{getattr(design, 'design_name', type(design).__name__)} {what} at a drive of {format_quantity(size)} (A or V): it has no "
        "threshold in reach; check v_th and the drive"
    )


def _one_stimulus(drive: Mapping[str, Stimulus] | Stimulus | None) -> tuple[str | None, Stimulus]:
    if isinstance(drive, Stimulus):
        return None, drive
    if not drive:
        raise ValueError("give a drive whose amplitude is to be varied, such as nm.Constant(value=1e-3)")
    if len(drive) > 1:
        raise ValueError(f"give one stimulus: of {', '.join(drive)} it is not clear which is to be varied")
    return next(iter(drive.items()))
