"""One path of the noise of a design as drives of both roads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neuromorph.roads.design import Pair, equations_of, working_point
from neuromorph.stimulus import Stimulus


def frozen_noise(
    design: Any,
    drive: Mapping[str, Stimulus] | Stimulus | None = None,
    t_stop: float | None = None,
    *,
    seed: int,
    dt: float,
) -> tuple[Pair, dict[str, Stimulus]]:
    """One path of the noise of a design as drives of both roads, so that they can be compared path by path.

    Parameters
    ----------
    design : Neuron or Pair
        With noise in its equations, and in its circuit a port of the name of each noise source.
    drive : Stimulus, or mapping of str to Stimulus
        What drives the input, or each input by name [A or V]. A neuron's working point where it is left out.
    t_stop : float
        Length of the run, a whole number of steps [s]. A neuron's working point where it is left out.
    seed : int
        Of the path: that of a run by :class:`neuromorph.EulerMaruyama` with the same `seed` and `dt` (pure number).
    dt : float
        How long each sample of the noise is held [s].

    Returns
    -------
    Pair, dict of str to Stimulus
        A design without chance, whose inputs hold the noise [1/sqrt(s)], and what drives it.

    Raises
    ------
    ValueError
        When the design has no noise, or draws numbers at its jumps, or `dt` is longer than its fastest time constant.

    Examples
    --------
    >>> import neuromorph as nm
    >>> neuron = nm.LIF(noise_current=1e-6)
    >>> pair, drives = nm.frozen_noise(neuron, nm.Constant(value=80e-6), 10e-3, seed=1, dt=10e-6)
    >>> nm.cross_validate(pair, drives, 10e-3).passed
    True
    """
    from neuromorph.behaviour import EulerMaruyama
    from neuromorph.behaviour.frozen_noise import noise_path, with_noise_as_inputs
    from neuromorph.stimulus import ZeroOrderHold

    drive, t_stop = working_point(design, drive, t_stop)
    system = equations_of(design)
    smooth = with_noise_as_inputs(system)
    if isinstance(drive, Stimulus):
        if len(system.inputs) != 1:
            raise ValueError(f"{system.name!r} has {len(system.inputs)} inputs: give a dict with a stimulus for each")
        drive = {next(iter(system.inputs)): drive}
    path = noise_path(system, t_stop, EulerMaruyama(dt=dt), seed)
    # A time of a deck has twelve digits: at the end of a long run a shorter edge would be a jump.
    edge = min(max(1e-8, 1e-9 * t_stop), dt / 100)
    noise = {source: ZeroOrderHold(values=values, step=dt, edge=edge) for source, values in path.items()}
    return Pair(smooth, design.schematic()), {**(drive or {}), **noise}
