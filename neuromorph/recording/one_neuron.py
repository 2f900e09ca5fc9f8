"""The part of a network's recording that belongs to one neuron."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from neuromorph.recording.spikes import SpikeTrains
from neuromorph.recording.waveforms import Recording

# The pulses on a neuron's lines: they show its spikes.
_LINE = "v_line"


def recording_of_neuron(recording: Recording, name: str) -> Recording:
    """What was recorded of one neuron of a network.

    Parameters
    ----------
    recording : Recording
        Of a network: its provenance lists the names of its neurons under ``neurons``.
    name : str
        Name of the neuron.

    Returns
    -------
    Recording
        Signals under their own names, each in its unit of `units`, and spikes [s].

    Raises
    ------
    ValueError
        When there is no such neuron; the message lists the choices.
    """
    neurons = recording.provenance.get("neurons", ())
    if not neurons:
        design = recording.provenance.get("design", "the recording")
        raise ValueError(f"{design!r} is no network, so there is no neuron {name!r} in it: take the recording as it is")
    if name not in neurons:
        raise ValueError(f"there is no neuron {name!r}; choices: {', '.join(neurons)}")
    prefix = f"{name}."
    signals = {s.removeprefix(prefix): values for s, values in recording.signals.items() if s.startswith(prefix)}

    def own(names: Iterable[str]) -> list[str]:
        return [s.removeprefix(prefix) for s in names if s.startswith(prefix)]

    provenance: dict[str, Any] = {key: value for key, value in recording.provenance.items() if key != "neurons"}
    provenance |= {
        "network": provenance.get("design"),
        "design": name,
        "states": own(provenance.get("states", ())),
        "inputs": own(provenance.get("inputs", ())),
        "parameters": {
            key.removeprefix(prefix): value
            for key, value in provenance.get("parameters", {}).items()
            if key.startswith(prefix)
        },
        "spike_signal": _LINE if _LINE in signals else None,
    }
    return Recording(
        recording.time,
        signals,
        {s: recording.units[prefix + s] for s in signals},
        SpikeTrains(recording.spikes.of(name), names=(name,)),
        provenance,
    )
