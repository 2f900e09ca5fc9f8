"""Faults of a design that are known before a run, and warnings of them."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from neuromorph.roads.design import at_fidelity, driven, working_point
from neuromorph.stimulus import Stimulus

if TYPE_CHECKING:
    from neuromorph.neurons.design_checks import DesignFinding
    from neuromorph.schematic import NgspiceOptions, VacaskOptions


def check_design(
    design: Any,
    drive: Mapping[str, Stimulus] | Stimulus | None = None,
    t_stop: float | None = None,
    *,
    fidelity: Any = None,
    options: NgspiceOptions | VacaskOptions | None = None,
) -> tuple[DesignFinding, ...]:
    """Faults of a design that are known before a run, such as a discharge that would never end.

    Parameters
    ----------
    design : object
        A neuron, or a network, whose neurons are looked at under the currents that do not come in pulses; nothing is known of
        other designs.
    drive : Stimulus, or mapping of str to Stimulus
        What drives it [A]; its working point where it is left out. Of a network, currents into neurons by name.
    t_stop : float
        Length of the run [s]; that of its working point where it is left out.
    fidelity : str or mapping of str to str or VendorModel, optional
        How real its parts are; ideal without it.
    options : NgspiceOptions, optional
        Settings of the SPICE run: a time step may be too long.

    Returns
    -------
    tuple of DesignFinding
        Each names the parameter and the value that would do (SI units).

    Raises
    ------
    ValueError
        When an argument cannot be used.

    Examples
    --------
    >>> import neuromorph as nm
    >>> (finding,) = nm.check_design(nm.MemristiveALIF(v_lo=5e-3))
    >>> finding.fault, finding.parameter
    ('latch-up', 'v_lo')
    """
    design = at_fidelity(design, fidelity)
    t_max = None if options is None else options.t_max
    if hasattr(design, "driven_by"):
        from neuromorph.networks.design_findings import network_findings

        drive, t_stop = working_point(design, drive, t_stop)
        network, _ = driven(design, drive)
        return network_findings(network.plan, t_stop, t_max)
    if not hasattr(design, "design_findings"):
        return ()
    from neuromorph.neurons.design_checks import findings_of

    drive, t_stop = working_point(design, drive, t_stop)
    return findings_of(design, drive, t_stop, t_max)


def warn_of(findings: Iterable[DesignFinding]) -> None:
    """Give a :class:`neuromorph.DesignWarning` for each finding, at the line that called :func:`simulate` or :func:`cross_validate`."""
    from neuromorph.neurons.design_checks import DesignWarning

    for finding in findings:
        warnings.warn(finding.message, DesignWarning, stacklevel=3)
