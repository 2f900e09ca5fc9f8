"""The statement of a network: many hybrid systems that reach each other through pulses on lines."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.stimulus import Stimulus
from neuromorph.systems.hybrid import HybridSystem

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

LOAD, LOAD_CAPACITANCE, INPUT_VOLTAGE = "synaptic_load", "synaptic_capacitance", "synaptic_v_in"
"""Parameters and output of a neuron that synapses load: conductance [S] and capacitance [F] at its input node, and the voltage there [V]."""


def derived_signals(system: HybridSystem) -> tuple[str, ...]:
    """Names of the outputs of a neuron that are recorded; the voltage at its input is only computed with."""
    return tuple(name for name in system.outputs if name != INPUT_VOLTAGE)


def spiking_modes(system: HybridSystem) -> tuple[str, ...]:
    """Modes in which the line of a neuron is active: those that a spike leads to from another mode."""
    return tuple(
        mode
        for mode in system.modes
        if any(t.emits_spike and t.target == mode and t.source != mode for t in system.transitions)
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class NeuronGroup:
    """Neurons whose equations are the same but for their values.

    Parameters
    ----------
    system : HybridSystem
        The equations, with one input: the current into the neuron [A].
    members : ndarray of int, shape (n,)
        Which neurons of the network these are.
    parameters : ndarray, shape (n, n_parameters)
        Values in the order of ``system.parameters`` (SI units).
    initial : ndarray, shape (n, n_states)
        States at time zero [state's unit].
    """

    system: HybridSystem
    members: IntArray
    parameters: FloatArray
    initial: FloatArray

    def member_system(self, k: int) -> HybridSystem:
        """The equations with the values of one member (SI units)."""
        values = dict(zip(self.system.parameters, self.parameters[k].tolist(), strict=True))
        return dataclasses.replace(self.system, parameters=values)


@dataclass(frozen=True, kw_only=True, eq=False)
class Coupling:
    """What each line adds to each target while it is active, in lists of equal length.

    Parameters
    ----------
    lines, targets : ndarray of int
        Which line, and which target: a neuron, or a low-pass.
    currents : ndarray
        Current while the line is active [A].
    """

    lines: IntArray
    targets: IntArray
    currents: FloatArray

    def joined(self, lines: IntArray, targets: IntArray, currents: FloatArray) -> Coupling:
        """The same with more entries: numbers of lines and targets, and currents [A]."""
        return Coupling(
            lines=np.concatenate([self.lines, lines]),
            targets=np.concatenate([self.targets, targets]),
            currents=np.concatenate([self.currents, currents]),
        )

    def by_line(self, n_lines: int) -> tuple[IntArray, IntArray, FloatArray]:
        """Where each line's entries begin (shape (n_lines + 1,)), their targets, and their currents [A]."""
        order = np.argsort(self.lines, kind="stable")
        starts = np.searchsorted(self.lines[order], np.arange(n_lines + 1))
        return starts.astype(np.int64), self.targets[order], self.currents[order]


@dataclass(frozen=True, kw_only=True, eq=False)
class DeviceGroup:
    """Memristors of one model between lines and virtual grounds, in arrays of one length.

    Parameters
    ----------
    model : object
        Whose ``expressions()`` are current [A] and state rate [1/s], and whose ``time_scale`` is what a step resolves [s].
    names : tuple of str
        By which the states are recorded.
    parameters : ndarray, shape (n, n_parameters)
        In the order of ``model.values()`` (SI units).
    initial : ndarray, shape (n,)
        States at time zero (pure numbers).
    lines, back_lines, targets : ndarray of int, shape (n,)
        Line before the device, line behind it or -1, and the neuron that gets its current.
    v_lines, v_backs : ndarray, shape (n,)
        Voltages of these lines while they are active [V].
    factors : ndarray, shape (n,)
        What the device's current is multiplied by on its way into the neuron (pure numbers).
    resistances, v_offsets : ndarray, shape (n,)
        In series with the devices [ohm], and what the far end is held at besides [V].
    """

    model: Any
    names: tuple[str, ...]
    parameters: FloatArray
    initial: FloatArray
    lines: IntArray
    back_lines: IntArray
    targets: IntArray
    v_lines: FloatArray
    v_backs: FloatArray
    factors: FloatArray
    resistances: FloatArray
    v_offsets: FloatArray

    @property
    def behind_resistance(self) -> bool:
        """Whether a device sees another voltage than that between its lines."""
        return bool(self.resistances.any() or self.v_offsets.any())


@dataclass(frozen=True, kw_only=True, eq=False)
class HybridNetwork:
    """Neurons that reach each other through lines, which pulse while and after a neuron discharges.

    A source is a neuron, or one of the spike sources that are counted after them. A line belongs to a source and has a delay;
    it is active from ``delay`` after each spike until ``delay + t_pulse`` after the end of the discharge.

    Parameters
    ----------
    name : str
        Name of the network.
    neurons : tuple of str
        Their names.
    groups : tuple of NeuronGroup
        Their equations.
    stimuli : tuple of Stimulus
        Analog currents [A].
    inputs : Coupling
        The share of each stimulus, here in place of a line, that goes into each neuron (pure number).
    line_sources : ndarray of int; line_delays, line_voltages : ndarray, shape (n_lines,)
        Source, delay [s] and voltage of a pulse [V] of each line.
    t_pulse : ndarray, shape (n_sources,)
        How long a pulse goes on after the discharge [s]; of a spike source, after its spike.
    spike_times : tuple of ndarray
        Spikes of the spike sources [s].
    static : Coupling
        Currents into neurons.
    filter_targets : ndarray of int; filter_taus : ndarray
        Neuron and time constant [s] of each low-pass.
    filtered : Coupling
        Currents into low-passes.
    devices : tuple of DeviceGroup
        Memristive synapses.
    recorded : tuple of int
        Neurons whose waveforms are recorded.
    """

    name: str
    neurons: tuple[str, ...]
    groups: tuple[NeuronGroup, ...]
    stimuli: tuple[Stimulus, ...]
    inputs: Coupling
    line_sources: IntArray
    line_delays: FloatArray
    line_voltages: FloatArray
    t_pulse: FloatArray
    spike_times: tuple[FloatArray, ...]
    static: Coupling
    filter_targets: IntArray
    filter_taus: FloatArray
    filtered: Coupling
    devices: tuple[DeviceGroup, ...]
    recorded: tuple[int, ...]

    @property
    def n_lines(self) -> int:
        """Number of lines."""
        return len(self.line_sources)

    @property
    def is_random(self) -> bool:
        """Whether two runs may differ: never, as neurons with noise are refused."""
        return False

    def recorded_signals(self) -> Mapping[str, str]:
        """Unit of each recorded signal by its name."""
        group_of = {int(j): group for group in self.groups for j in group.members}
        units: dict[str, str] = {}
        for j in self.recorded:
            system, name = group_of[j].system, self.neurons[j]
            units |= {f"{name}.{s}": state.unit for s, state in system.states.items()}
            units |= {f"{name}.{s}": unknown.unit for s, unknown in system.unknowns.items()}
            units |= {f"{name}.{s}": system.outputs[s].unit for s in derived_signals(system)}
            units |= {f"{name}.i_syn": "A", f"{name}.v_line": "V"}
        recorded = set(self.recorded)
        for devices in self.devices:
            pairs = zip(devices.names, devices.targets.tolist(), strict=True)
            units |= {f"{name}.x": "" for name, target in pairs if target in recorded}
        return units
