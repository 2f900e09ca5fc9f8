"""What a sweep measures of each run, by name."""

from __future__ import annotations

import difflib
import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from neuromorph.analysis import EnergyBalance, SpikeStatistics, energy, rheobase, spikes
from neuromorph.recording import Recording
from neuromorph.sweeps.setup import Setup


class Run:
    """One run and what follows from it; nothing is computed that no measure asks for.

    Parameters
    ----------
    setup : Setup
        What is run (SI units).
    """

    def __init__(self, setup: Setup) -> None:
        self.setup = setup

    @cached_property
    def recording(self) -> Recording:
        """The waveforms, in their units."""
        return self.setup.run()

    @cached_property
    def statistics(self) -> SpikeStatistics:
        """Counts and intervals [s]."""
        return spikes(self.recording, self.setup.drive)

    @cached_property
    def balance(self) -> EnergyBalance:
        """Where the energy went [J]."""
        return energy(self.recording)


@dataclass(frozen=True)
class Measure:
    """A number that a run gives.

    Parameters
    ----------
    name : str
        Name under which it is asked for.
    unit : str
        SI unit symbol, ``""`` for a pure number, ``"drive"`` for that of the drive.
    label : str
        What it is, for axes and tables.
    function : callable
        From a :class:`Run` to the number, in `unit`.
    """

    name: str
    unit: str
    label: str
    function: Callable[[Run], Any]


def _statistic(name: str, unit: str, label: str) -> Measure:
    return Measure(name, unit, label, functools.partial(_of_statistics, name=name))


def _of_statistics(run: Run, name: str) -> float:
    return float(getattr(run.statistics, name))


def _of_balance(run: Run, name: str) -> float:
    return float(getattr(run.balance, name))


def _power_by_part(run: Run) -> dict[str, float]:
    return run.balance.power


def _threshold(run: Run) -> float:
    setup = run.setup
    return rheobase(setup.design, setup.drive, setup.t_stop, warn=False, **setup.arguments())


_ALL = (
    _statistic("spike_count", "", "spikes"),
    _statistic("rate", "Hz", "spike rate"),
    _statistic("latency", "s", "latency of the first spike"),
    _statistic("count_first", "", "spikes in the first on-phase"),
    _statistic("count_steady", "", "spikes in the last on-phase"),
    _statistic("isi_first", "s", "first interval"),
    _statistic("isi_last", "s", "last interval of the first on-phase"),
    _statistic("isi_steady", "s", "steady interval"),
    _statistic("isi_mean", "s", "mean interval"),
    _statistic("adaptation_ratio", "", "adaptation ratio"),
    _statistic("onset_adaptation", "", "adaptation within the first on-phase"),
    _statistic("cv", "", "coefficient of variation"),
    Measure("threshold", "drive", "threshold (rheobase)", _threshold),
    Measure("energy", "J", "energy delivered", functools.partial(_of_balance, name="total_delivered")),
    Measure("energy_per_spike", "J", "energy per spike", functools.partial(_of_balance, name="per_spike")),
    Measure("power", "W", "mean power", functools.partial(_of_balance, name="mean_power")),
    Measure("power_by_part", "W", "mean power", _power_by_part),
    Measure("energy_imbalance", "", "energy missing in the balance", functools.partial(_of_balance, name="imbalance")),
)
MEASURES: Mapping[str, Measure] = {measure.name: measure for measure in _ALL}
"""The measures that a sweep knows by name."""

DEFAULT_MEASURES = ("spike_count", "rate", "isi_first", "isi_steady", "adaptation_ratio")

Asked = str | Callable[[Recording], Any]


def measures_of(asked: Asked | Sequence[Asked] | Mapping[str, Asked] | None) -> dict[str, Measure]:
    """The measures that were asked for, by the name that they get in the result.

    Parameters
    ----------
    asked : str, callable, sequence or mapping of these, or None
        Names of :data:`MEASURES`, or functions of a :class:`neuromorph.Recording` that return a number, or a dict of
        numbers by name.

    Returns
    -------
    dict of str to Measure
        At least one.

    Raises
    ------
    ValueError
        When a name is unknown (the message lists the choices) or given twice.
    """
    if asked is None:
        asked = DEFAULT_MEASURES
    if isinstance(asked, Mapping):
        measures = [_measure(name, one) for name, one in asked.items()]
    elif isinstance(asked, Sequence) and not isinstance(asked, str):
        measures = [_measure(None, one) for one in asked]
    else:
        measures = [_measure(None, asked)]
    if not measures:
        raise ValueError(f"give at least one measure: {', '.join(MEASURES)}, or a function of a Recording")
    names = [measure.name for measure in measures]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two measures are named {name!r}: give a dict of measures by name")
    return dict(zip(names, measures, strict=True))


def _measure(name: str | None, asked: Any) -> Measure:
    if isinstance(asked, str):
        if asked not in MEASURES:
            near = difflib.get_close_matches(asked, list(MEASURES), n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ";"
            raise ValueError(f"no measure {asked!r}{hint} choices: {', '.join(MEASURES)}, or a function of a Recording")
        known = MEASURES[asked]
        return Measure(name or known.name, known.unit, known.label, known.function)
    if not callable(asked):
        raise ValueError(f"a measure is a name or a function of a Recording, got {asked!r}")
    own = name or getattr(asked, "__name__", type(asked).__name__).replace("<lambda>", "measure")
    return Measure(own, "", own, functools.partial(_of_recording, function=asked))


def _of_recording(run: Run, function: Callable[[Recording], Any]) -> Any:
    return function(run.recording)


def measured(run: Run, measures: Mapping[str, Measure]) -> dict[str, float]:
    """The values of all measures.

    Parameters
    ----------
    run : Run
        What is measured.
    measures : mapping of str to Measure
        What to measure.

    Returns
    -------
    dict of str to float
        In the unit of each; those of a measure with several numbers as ``measure.name``.

    Raises
    ------
    ValueError
        When a function returns something else than numbers.
    """
    values: dict[str, float] = {}
    for name, measure in measures.items():
        found = measure.function(run)
        several = found if isinstance(found, Mapping) else None
        for key, value in several.items() if several is not None else [(None, found)]:
            values[name if key is None else f"{name}.{key}"] = _number(name, value)
    return values


def _number(name: str, value: Any) -> float:
    if value is None:
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueError(f"measure {name!r} must return a number, or a dict of numbers, got {value!r}") from None
