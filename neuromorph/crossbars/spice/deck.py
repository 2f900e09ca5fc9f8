"""A crossbar as a deck: an operating point, or a transient in which states move; as text in milliseconds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.crossbars.spice.netlist import ArrayNetlist
from neuromorph.crossbars.terminations import Terminations, end_voltages
from neuromorph.crossbars.transients.sources import stimuli_by_line
from neuromorph.schematic import Deck, Probe, Resolution
from neuromorph.schematic.ports import source_lines
from neuromorph.stimulus import Constant, Stimulus

if TYPE_CHECKING:
    from neuromorph.crossbars.crossbar import Crossbar

__all__ = ["RECORDS", "crossbar_deck"]

RECORDS = ("currents", "states", "voltages")
"""What a deck can record: currents of the ends, states of the devices, voltages of all nodes."""

# With the trapezoidal rule these keep the states of switching devices within 5e-4 at all times; the step is what counts.
_STEPS_PER_TIME_SCALE = 10
_STEPS_PER_PERIOD = 20
_RELTOL = 1e-5
# A model whose rate is exponential in the voltage names times that few devices ever see: the engine's error control
# finds those, and the step is not shortened beyond this share of the run.
_MOST_STEPS = 20_000
# A tenth of the charge of a state's capacitor [C].
_CHGTOL = 1e-7
# From so many devices on it costs less to save everything than to name it.
_LARGE = 200
# An operating point costs hardly more when Newton's method goes to its end.
_POINT_RELTOL = 1e-9


def crossbar_deck(
    crossbar: Crossbar,
    drive: Any = None,
    t_stop: float | None = None,
    *,
    record: str | Iterable[str] | None = None,
    name: str | None = None,
) -> Deck:
    """The deck of a crossbar.

    Parameters
    ----------
    crossbar : Crossbar
        The array, its wires and what its lines end in.
    drive : array_like, Stimulus, sequence of Stimulus, or mapping of str to these, optional
        Voltages [V] of the driven ends as :meth:`Crossbar.solve` takes them, one vector, or stimuli as
        :meth:`Crossbar.simulate` takes them. Without it 1 V at every driven end.
    t_stop : float, optional
        Length of a transient [s]; an operating point without it, with the states as they are.
    record : str or sequence of str, optional
        ``"currents"`` of the ends, ``"states"`` of the devices, ``"voltages"`` of all nodes. By default currents, and
        states in a transient.
    name : str, optional
        The deck's title.

    Returns
    -------
    Deck
        Complete, engine options apart. Its probes are ``i_left_0`` [A], ``x_0_0``, ``v_w0_0`` [V] and so on.

    Raises
    ------
    ValueError
        When the drive does not fit the driven ends, nothing is joined to any end, or there is nothing to record.

    Notes
    -----
    Nodes that no path joins to an end are left out, as SPICE could not say their voltage.

    Examples
    --------
    >>> import neuromorph as nm
    >>> deck = crossbar_deck(nm.Crossbar([[1e-3, 2e-3]], r_bit=1.0), [0.5])
    >>> print("\\n".join(deck.body[3:]))
    Vleft0 w0 0 0.5
    Vbottom0 bottom0 0 0.0
    Rbottom0 b0_0 bottom0 1.0
    Vbottom1 bottom1 0 0.0
    Rbottom1 b0_1 bottom1 1.0
    Rd0_0 w0 b0_0 1000.0
    Rd0_1 w0 b0_1 500.0
    """
    if name is not None and not isinstance(name, str):
        raise ValueError(f"name, the title of the deck, must be text, got {name!r}")
    netlist = ArrayNetlist(crossbar.devices, crossbar.wires, crossbar.terminations)
    if not any(netlist.ends().values()):
        raise ValueError(
            "no end of the array is joined to anything, so SPICE has no node whose voltage is known: drive, sense or "
            "ground at least one end, through a finite resistance"
        )
    if t_stop is None:
        sources = _constant_sources(crossbar.terminations, drive)
        resolution = Resolution(reltol=_POINT_RELTOL)
    else:
        lines = stimuli_by_line(crossbar.terminations, _as_stimuli(crossbar.terminations, drive))
        sources = _moving_sources(lines, t_stop)
        resolution = _resolution(crossbar.devices, lines, t_stop)
    is_point = t_stop is None
    m, n = crossbar.shape
    recorded = _checked_record(record, is_point)
    model = getattr(crossbar.devices, "model", None)
    is_moving = model is not None and not is_point and bool(netlist.moving.any())
    initial = netlist.initial_states() if is_moving else []
    return Deck(
        name=name or f"crossbar {m} x {n}",
        body=(
            *netlist.head(),
            *netlist.end_lines(sources),
            *netlist.wire_lines(),
            *netlist.device_lines(held=is_point),
            *(f".ic {' '.join(initial[k : k + 8])}" for k in range(0, len(initial), 8)),
        ),
        probes=_probes(netlist, recorded, is_point),
        t_stop=t_stop,
        resolution=resolution,
        saves_all=m * n > _LARGE and set(recorded) == set(RECORDS),
        states=tuple(f"x_{node[1:]}" for node in netlist.state_nodes()) if is_moving and "states" in recorded else (),
        verilog_a={model.subcircuit_name: model.verilog_a()} if model is not None and is_moving else {},
        parameters={
            key: value
            for key in ("r_word", "r_bit", "r_driver", "r_sense")
            if math.isfinite(value := getattr(crossbar, key))
        },
    )


def _checked_record(record: str | Iterable[str] | None, is_point: bool) -> tuple[str, ...]:
    if record is None:
        return ("currents",) if is_point else ("currents", "states")
    asked = (record,) if isinstance(record, str) else tuple(record)
    for what in asked:
        if what not in RECORDS:
            raise ValueError(f"a crossbar's deck records {', '.join(RECORDS)}, got {what!r}")
    return asked


def _probes(netlist: ArrayNetlist, record: tuple[str, ...], is_point: bool) -> dict[str, Probe]:
    probes: dict[str, Probe] = {}
    if "currents" in record:
        for side, ends in netlist.ends().items():
            probes |= {f"i_{side}_{k}": Probe(f"i(v{side}{k})") for k in ends}
    if "states" in record and not is_point:
        probes |= {f"x_{node[1:]}": Probe(f"v({node})", unit="") for node in netlist.state_nodes()}
    if "voltages" in record:
        for layer, names in enumerate((netlist.word, netlist.bit)):
            rows = zip(names, netlist.connected[layer].tolist(), strict=True)
            probes |= {
                f"v_{node}": Probe(f"v({node})") for row, live in rows for node, on in zip(row, live, strict=True) if on
            }
    return probes


def _constant_sources(terminations: Terminations, drive: Any) -> dict[str, list[list[str] | None]]:
    """Text of the sources of an operating point, by side and line [V]."""
    if _has_stimulus(drive):
        raise ValueError("stimuli need a time: give t_stop in s, or numbers in V for an operating point")
    if drive is None:
        drive = {side: terminations.having(side, "driven").astype(float) for side in terminations.sides_with("driven")}
    ends, _ = end_voltages(terminations, drive)
    vectors = len(ends["left"])
    if vectors != 1:
        raise ValueError(f"a deck has one vector of voltages, got {vectors}: make a deck for each")
    return {side: [[repr(value)] for value in values[0].tolist()] for side, values in ends.items()}


def _moving_sources(lines: Mapping[str, Sequence[Stimulus | None]], t_stop: float) -> dict[str, list[list[str] | None]]:
    # By identity: lines share stimuli, whose text may be long.
    texts: dict[int, list[str]] = {}
    sources: dict[str, list[list[str] | None]] = {}
    for side, stimuli in lines.items():
        sources[side] = []
        for k, stimulus in enumerate(stimuli):
            if stimulus is not None and id(stimulus) not in texts:
                texts[id(stimulus)] = source_lines(f"line {k} on side {side}", stimulus, t_stop)
            sources[side].append(None if stimulus is None else texts[id(stimulus)])
    return sources


def _has_stimulus(drive: Any) -> bool:
    if isinstance(drive, Mapping):
        return any(_has_stimulus(of) for of in drive.values())
    if isinstance(drive, Sequence) and not isinstance(drive, str):
        return any(isinstance(one, Stimulus) for one in drive)
    return isinstance(drive, Stimulus)


def _as_stimuli(terminations: Terminations, drive: Any) -> Any:
    """Stimuli as given; of numbers, constants [V]."""
    if drive is None:
        return {side: Constant(value=1.0) for side in terminations.sides_with("driven")}
    driven = terminations.sides_with("driven")
    if isinstance(drive, Mapping):
        return {
            side: of if _has_stimulus(of) or side not in driven else _constants(of, terminations.having(side, "driven"))
            for side, of in drive.items()
        }
    if _has_stimulus(drive) or len(driven) != 1:
        return drive
    return _constants(drive, terminations.having(driven[0], "driven"))


def _constants(voltages: Any, driven: NDArray[np.bool_]) -> Any:
    values = np.asarray(voltages, dtype=float)
    if values.ndim != 1:
        raise ValueError(f"a deck has one vector of voltages for each side, of shape (lines,), got {values.shape}")
    # Ends that are not driven have NaN or 0.
    is_driven = [*driven.tolist(), *[True] * values.size][: values.size]
    return [
        Constant(value=value) if on or not (value == 0 or math.isnan(value)) else None
        for value, on in zip(values.tolist(), is_driven, strict=True)
    ]


def _resolution(devices: Any, lines: Mapping[str, Sequence[Stimulus | None]], t_stop: float) -> Resolution:
    """Steps that see the fastest sine, and devices that switch under the largest voltage."""
    stimuli = {id(stimulus): stimulus for of in lines.values() for stimulus in of if stimulus is not None}
    wanted = [t_stop / 100.0]
    wanted += [p / _STEPS_PER_PERIOD for s in stimuli.values() if (p := s.shortest_period(t_stop)) is not None]
    if not hasattr(devices, "model"):
        return Resolution(t_max=min(wanted), reltol=_RELTOL)
    scale = shortest_time(devices, 2 * max((_bound(s, t_stop) for s in stimuli.values()), default=0.0))
    if scale is not None:
        wanted.append(max(scale / _STEPS_PER_TIME_SCALE, t_stop / _MOST_STEPS))
    return Resolution(t_max=min(wanted), reltol=_RELTOL, chgtol=_CHGTOL)


def _bound(stimulus: Stimulus, t_stop: float) -> float:
    """What a stimulus stays below [V]."""
    rows = stimulus.segments(t_stop)
    ends = rows[:, 1] + rows[:, 2] * np.diff(rows[:, 0], append=t_stop)
    return float(np.max(np.maximum(np.abs(rows[:, 1]), np.abs(ends)) + np.abs(rows[:, 3])))


def shortest_time(devices: Any, voltage: float) -> float | None:
    """Shortest time in which a state moves under a voltage.

    Parameters
    ----------
    devices : DeviceArray
        Their model states its time scale.
    voltage : float
        Largest voltage of a device, of either sign [V].

    Returns
    -------
    float or None
        Time [s]; ``None`` where the model states none.
    """
    import sympy

    v = sympy.Symbol("v", real=True)
    scale = devices.model.time_scale(v)
    if scale is None:
        return None
    names = list(devices.model.values())
    compute = sympy.lambdify([v, *(sympy.Symbol(name, real=True) for name in names)], scale, "numpy")
    times = np.asarray(compute(voltage, *(devices.parameter(name) for name in names)), dtype=float)
    return float(np.min(times, where=times > 0, initial=math.inf)) if np.isfinite(times).any() else None
