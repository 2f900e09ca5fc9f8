"""Read margin: whether the current of one cell can be told on from off, whatever the cells around it hold."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from neuromorph.crossbars.crossbar import Crossbar
from neuromorph.crossbars.device_array import DeviceArray
from neuromorph.crossbars.schemes import BiasScheme, checked_cell, checked_scheme, checked_shape
from neuromorph.crossbars.solving.solver import refuse_too_large
from neuromorph.devices import MemristorModel

__all__ = ["ReadMargin", "read_margin", "sneak_conductance"]


@dataclass(frozen=True, kw_only=True)
class ReadMargin:
    """Currents of a cell that is on and of one that is off, each in the background that is worst for it.

    Parameters
    ----------
    current_on : float
        Least current when the cell is on [A].
    current_off : float
        Largest current when the cell is off [A].
    background_on, background_off : str
        What all the others were then: ``"on"`` or ``"off"``.
    scheme : BiasScheme
        What the lines were held at.
    shape, cell : tuple of int
        Size of the array, selected cell.
    """

    current_on: float
    current_off: float
    background_on: str
    background_off: str
    scheme: BiasScheme
    shape: tuple[int, int]
    cell: tuple[int, int]

    @property
    def margin(self) -> float:
        """``(current_on - current_off) / current_on`` (pure number): 1 at best, not above 0 where reading fails."""
        return 1.0 - self.ratio if self.current_on != 0 else -np.inf

    @property
    def ratio(self) -> float:
        """``current_off / current_on`` (pure number), the less the better."""
        return self.current_off / self.current_on if self.current_on != 0 else np.inf


def read_margin(
    device: MemristorModel | tuple[float, float],
    shape: tuple[int, int],
    v_read: float,
    *,
    scheme: BiasScheme | str = "floating",
    cell: tuple[int, int] | None = None,
    r_word: float = 0.0,
    r_bit: float = 0.0,
    r_driver: float = 0.0,
    r_sense: float = 0.0,
) -> ReadMargin:
    """Read one cell, on and off, with all the others on and off, and keep the worst.

    Parameters
    ----------
    device : MemristorModel or tuple of float
        A model, on at state 1 and off at state 0; or two conductances, on and off [S].
    shape : tuple of int
        Word lines and bit lines.
    v_read : float
        Voltage of the selected word line, not 0 [V].
    scheme : BiasScheme or str
        What the other lines are held at.
    cell : tuple of int, optional
        Row and column of the selected cell; by default the one farthest from drivers and sensing inputs, (0, n - 1).
    r_word, r_bit, r_driver, r_sense : float
        Resistances of segments, drivers and the sensing input [ohm].

    Returns
    -------
    ReadMargin
        The worst of four solves.

    Raises
    ------
    ValueError
        When there is no such cell or scheme, or values are not what they should be.
    MemoryError
        When more memory is needed than is free, before anything is computed.

    Notes
    -----
    With lines that float the current of the selected bit line is that of the cell plus that of the sneak network, see
    :func:`neuromorph.crossbars.sneak_paths.sneak_conductance`; worst is an off cell among cells that are on. Where lines are
    held, sneak currents do not reach the bit line but for the wires, and worst may be an on cell
    that shares its drop with cells that are on, so all four cases are looked at. Sources: A. Flocke and T. G. Noll, ESSCIRC
    2007; J. Liang and H.-S. P. Wong, "Cross-point memory array without cell selectors - device characteristics and
    data storage pattern dependencies", IEEE Trans. Electron Devices 57 (2010) 2531.

    Examples
    --------
    >>> import neuromorph as nm
    >>> found = nm.read_margin((1e-3, 1e-5), (2, 2), 0.1)
    >>> f"{found.current_on:.3e} {found.current_off:.3e} {found.margin:.3f}"
    '1.003e-04 3.433e-05 0.658'
    """
    scheme, shape = checked_scheme(scheme), checked_shape(shape)
    if not isinstance(device, MemristorModel):
        device = _checked_conductances(device)
    if v_read == 0:
        raise ValueError("v_read must not be 0 V: no current flows then, whatever a cell holds")
    refuse_too_large(shape, 1, "lines")
    cell = checked_cell(shape, (0, shape[1] - 1) if cell is None else cell)
    wires: dict[str, Any] = {"r_word": r_word, "r_bit": r_bit, "r_driver": r_driver, "r_sense": r_sense}
    currents = {}
    for held in (True, False):
        for background in (True, False):
            is_on = np.full(shape, background)
            is_on[cell] = held
            if isinstance(device, MemristorModel):
                crossbar = Crossbar(DeviceArray(device, is_on.astype(float)), **wires)
            else:
                crossbar = Crossbar(np.where(is_on, *device), **wires)
            biased = scheme.applied_to(crossbar, cell, sense=True)
            solved = biased.solve(scheme.voltages_of(biased, cell, v_read))
            currents[held, background] = float(solved.output_currents[0])
    words = {True: "on", False: "off"}
    # In the direction of the read voltage: sneak currents may turn the sign round.
    sign = -1.0 if v_read < 0 else 1.0
    least = min((True, False), key=lambda background: sign * currents[True, background])
    most = max((True, False), key=lambda background: sign * currents[False, background])
    return ReadMargin(
        current_on=currents[True, least],
        current_off=currents[False, most],
        background_on=words[least],
        background_off=words[most],
        scheme=scheme,
        shape=shape,
        cell=cell,
    )


def _checked_conductances(device: Any) -> tuple[float, float]:
    try:
        on, off = (math.nan if isinstance(g, bool | str) else float(g) for g in device)
    except (TypeError, ValueError):
        raise ValueError(
            "device must be a memristor model, such as nm.MMS(), or two conductances in S, on and off, such as "
            f"(1e-3, 1e-5), got {device!r}"
        ) from None
    for g in (on, off):
        if not 0 <= g < math.inf:
            raise ValueError(f"the conductances of device, on and off, must be finite and at least 0 S, got {g:g}")
    return on, off


def sneak_conductance(shape: tuple[int, int], g: float) -> float:
    """Conductance of all paths around one cell, for lines that float, ideal wires and cells that are alike.

    Three groups of cells in series: those on the selected word line, those on the selected bit line, and those between
    them, ``1 / (1 / ((n - 1) g) + 1 / ((m - 1) (n - 1) g) + 1 / ((m - 1) g))``.

    Parameters
    ----------
    shape : tuple of int
        Word lines and bit lines, m and n.
    g : float
        Conductance of each of the other cells [S].

    Returns
    -------
    float
        Conductance from the selected word line to the selected bit line, the cell itself apart [S].

    Notes
    -----
    Source: A. Flocke and T. G. Noll, ESSCIRC 2007. By symmetry all floating word lines have one voltage, and so have
    all floating bit lines, so the formula is exact.
    """
    m, n = shape
    if m < 2 or n < 2 or g == 0:
        return 0.0
    return g / (1.0 / (n - 1) + 1.0 / ((m - 1) * (n - 1)) + 1.0 / (m - 1))
