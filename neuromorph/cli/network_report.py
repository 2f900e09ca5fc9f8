"""What commands say of a network and of a run of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.quantities import format_quantity, pluralised
from neuromorph.validate.report import engine_name

if TYPE_CHECKING:
    from neuromorph.networks import Network
    from neuromorph.recording import Recording

# As many neurons or edges as one reads; of more, the first and the last.
_MOST_LISTED = 24


def describe_run(network: Network, recording: Recording) -> str:
    """The spikes of each neuron in a few lines.

    Parameters
    ----------
    network : Network
        What ran.
    recording : Recording
        What came of it, from either road.

    Returns
    -------
    str
        Several lines (SI units with prefixes).
    """
    t_stop = float(recording.time[-1])
    counts = recording.spikes.counts()
    names = network.neurons
    lines = [
        f"{network.design_name}: {engine_name(recording)}, {pluralised(len(names), 'neuron')}, {format_quantity(t_stop, 's')}",
        f"{pluralised(len(recording.spikes), 'spike')}, "
        f"{format_quantity(float(np.mean(counts)) / t_stop if t_stop else 0.0, 'Hz')} a neuron on the average, "
        f"{int(np.count_nonzero(counts == 0))} silent",
    ]
    width = max([8, *(len(name) + 2 for name in names)])
    lines.append(f"{'neuron':{width}}{'spikes':>8}{'rate':>13}{'first spike':>14}{'first ISI':>12}{'last ISI':>12}")
    rows = [_row(recording, name, width, t_stop) for name in _shown(names)]
    lines += _with_gap(rows, len(names), "neurons")
    if network.recorded:
        shown = ", ".join(_shown(network.recorded)[:6])
        more = f" and {len(network.recorded) - 6} more" if len(network.recorded) > 6 else ""
        lines.append(f"waveforms of {shown}{more}")
    else:
        lines.append("no waveforms were recorded: --record names neurons whose are")
    return "\n".join(lines)


def _row(recording: Recording, name: str, width: int, t_stop: float) -> str:
    times = recording.spikes.of(name)
    intervals = np.diff(times)
    first = format_quantity(float(times[0]), "s") if times.size else "-"
    ends = [format_quantity(float(intervals[k]), "s") if intervals.size else "-" for k in (0, -1)]
    rate = format_quantity(times.size / t_stop if t_stop else 0.0, "Hz")
    return f"{name:{width}}{times.size:>8}{rate:>13}{first:>14}{ends[0]:>12}{ends[1]:>12}"


def run_dict(network: Network, recording: Recording) -> dict[str, Any]:
    """A run ready for JSON: spike times [s] and rates [Hz] by neuron.

    Parameters
    ----------
    network : Network
        What ran.
    recording : Recording
        What came of it.

    Returns
    -------
    dict
        ``design``, ``engine``, ``version``, ``t_stop`` [s], ``spike_times`` [s] and ``rates`` [Hz] by neuron, ``signals``,
        ``n_points`` and the provenance.
    """
    known = dict(recording.provenance)
    t_stop = float(recording.time[-1])
    return {
        "design": network.design_name,
        "engine": known.pop("engine", None),
        "version": known.pop("version", None),
        "t_stop": t_stop,
        "spike_times": {name: recording.spikes.of(name).tolist() for name in network.neurons},
        "rates": {
            name: count / t_stop if t_stop else None
            for name, count in zip(network.neurons, recording.spikes.counts().tolist(), strict=True)
        },
        "signals": list(recording.names),
        "n_points": len(recording.time),
        "provenance": known,
    }


def describe_network(network: Network) -> str:
    """Nodes and edges in a few lines.

    Parameters
    ----------
    network : Network
        What to describe.

    Returns
    -------
    str
        Several lines (SI units with prefixes).
    """
    from neuromorph.plots.networks import weights_of

    plan = network.plan
    counted = [
        pluralised(len(plan.neurons), "neuron"),
        pluralised(len(plan.synapses), "synapse"),
        *(
            pluralised(len(parts), what)
            for parts, what in (
                (plan.spike_sources, "spike source"),
                (plan.current_sources, "current source"),
                (plan.crossbars, "crossbar"),
            )
            if parts
        ),
    ]
    lines = [
        f"{network.design_name}: {', '.join(counted)}; to run for {format_quantity(network.working_point().t_stop, 's')}"
    ]
    width = max([12, *(len(part.name) + 2 for part in plan.neurons)])
    rows = [
        f"{part.name:{width}}{_kind(part.neuron):22}{'-' if part.drive is None else part.drive.describe('A')}"
        for part in plan.neurons
    ]
    lines += ["", f"{'neuron':{width}}{'kind':22}drive", *_with_gap(_ends(rows), len(rows), "neurons")]
    sources = [f"{part.name:{width}}{pluralised(len(part.times), 'spike')}" for part in plan.spike_sources]
    sources += [f"{part.name:{width}}{part.stimulus.describe('A')}" for part in plan.current_sources]
    if sources:
        lines += ["", f"{'source':{width}}what", *_with_gap(_ends(sources), len(sources), "sources")]
    for crossbar in plan.crossbars:
        m, n = crossbar.crossbar.shape
        lines += [
            "",
            f"{crossbar.name}: {m} x {n}, {pluralised(len(crossbar.rows), 'row')} and "
            f"{pluralised(len(crossbar.columns), 'column')} joined",
        ]
    edges = [
        f"{f'{source}->{target}':{2 * width}}{format_quantity(weight, 'S'):>12}  {_manner(part.synapse)}"
        for part, (source, target, weight, _) in zip(plan.synapses, weights_of(network), strict=True)
    ]
    if edges:
        lines += [
            "",
            f"{'synapse':{2 * width}}{'conductance':>12}  kind",
            *_with_gap(_ends(edges), len(edges), "synapses"),
        ]
    return "\n".join(lines)


def network_dict(network: Network) -> dict[str, Any]:
    """Nodes and edges ready for JSON (SI units).

    Parameters
    ----------
    network : Network
        What to write down.

    Returns
    -------
    dict
        ``design``, ``t_stop`` [s], ``neurons`` with kind and drive, ``synapses`` with kind, conductance [S] and delay [s],
        ``inputs`` with gain, and what is joined to ``crossbars``.
    """
    from neuromorph.plots.networks import weights_of

    plan = network.plan
    return {
        "design": network.design_name,
        "t_stop": network.working_point().t_stop,
        "neurons": {
            part.name: {"kind": _kind(part.neuron), "drive": None if part.drive is None else part.drive.describe("A")}
            for part in plan.neurons
        },
        "spike_sources": {part.name: len(part.times) for part in plan.spike_sources},
        "current_sources": {part.name: part.stimulus.describe("A") for part in plan.current_sources},
        "crossbars": {
            part.name: {
                "shape": list(part.crossbar.shape),
                "rows": [{"row": row.row, "source": row.source, "delay": row.delay} for row in part.rows],
                "columns": [
                    {"column": column.column, "target": column.target, "inhibitory": column.inhibitory}
                    for column in part.columns
                ],
            }
            for part in plan.crossbars
        },
        "synapses": [
            {
                "source": source,
                "target": target,
                "kind": type(part.synapse).__name__,
                "conductance": weight,
                "inhibitory": inhibits,
                "delay": part.synapse.delay,
            }
            for part, (source, target, weight, inhibits) in zip(plan.synapses, weights_of(network), strict=True)
        ],
        "inputs": [{"source": part.source, "target": part.target, "gain": part.gain} for part in plan.injections],
    }


def _manner(synapse: Any) -> str:
    """What a synapse is beside its conductance: ``low-pass 100 us, 5 us late, inhibits``."""
    memristor, tau = getattr(synapse, "memristor", None), getattr(synapse, "tau", None)
    kind = "static"
    if memristor is not None:
        kind = f"{type(memristor).__name__} at x = {synapse.x0:g}"
    elif tau is not None:
        kind = f"low-pass {format_quantity(tau, 's')}"
    late = f"{format_quantity(synapse.delay, 's')} late" if synapse.delay else ""
    return ", ".join(filter(None, [kind, late, "inhibits" if synapse.inhibitory else ""]))


def _kind(neuron: Any) -> str:
    return str(getattr(neuron, "design_name", type(neuron).__name__))


def _shown(names: tuple[str, ...]) -> tuple[str, ...]:
    return names if len(names) <= _MOST_LISTED else (*names[: _MOST_LISTED // 2], *names[-_MOST_LISTED // 2 :])


def _ends(rows: list[str]) -> list[str]:
    return list(_shown(tuple(rows)))


def _with_gap(rows: list[str], count: int, what: str) -> list[str]:
    """Rows with a line where some were left out."""
    if count == len(rows):
        return rows
    half = len(rows) // 2
    return [*rows[:half], f"... {count - len(rows)} more {what} ...", *rows[half:]]
