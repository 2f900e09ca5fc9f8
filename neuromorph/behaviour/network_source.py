"""From a network to the source of its kernel: a module for each kind of neuron and device, and one that goes through them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import resources
from types import ModuleType
from typing import Any

import sympy

from neuromorph.behaviour.generate import (
    EquationWriter,
    indented,
    numbered_symbols,
    real_symbol,
    solver_files,
    statement_of,
    tuple_text,
)
from neuromorph.behaviour.lanes import LaneForm, LaneWriter
from neuromorph.equations import load_kernel, print_numba
from neuromorph.systems import HybridSystem
from neuromorph.systems.network import HybridNetwork, derived_signals

WIDTH = 64
"""Neurons in a tile."""
# Groups, devices and lines are tuples of arrays.
_BARE = "njit = bare\n"
_modules: dict[Any, ModuleType] = {}


def network_kernel(network: HybridNetwork, groups: Sequence[ModuleType]) -> ModuleType:
    """The compiled run of networks that have these kinds of neurons and devices.

    Parameters
    ----------
    network : HybridNetwork
        Its values do not matter: they are arguments of the kernel.
    groups : sequence of module
        The compiled functions of each kind of neuron.

    Returns
    -------
    module
        With the function ``run_network``.
    """
    devices = [device_module(group.model, group.behind_resistance) for group in network.devices]
    return load_kernel(
        "network", "\n\n".join([_BARE, _imports(groups, devices), *_passes(groups, devices), _text("network_kernel")])
    )


def group_module(system: HybridSystem, solver: str, lanes: ModuleType | None) -> ModuleType:
    """The compiled functions of one kind of neuron, its values apart; with lanes, or each neuron by itself."""
    key = ("neuron", solver, lanes is None, statement_of(system))
    if key not in _modules:
        texts = [_BARE, _GroupWriter(system).source(derivatives=solver == "rosenbrock_kernel"), _pass_over_lanes(lanes)]
        texts += [_text(name) for name in (*solver_files(solver), "integrate_kernel", "network_group_kernel")]
        _modules[key] = load_kernel(f"{_stem(system.name)}_in_network_{solver}", "\n\n".join(texts))
    return _modules[key]


def lane_module(system: HybridSystem) -> ModuleType:
    """The compiled step of many neurons of one kind at once."""
    key = ("lanes", statement_of(system))
    if key not in _modules:
        inlined = "plain = bare\nnjit = inlined = functools.partial(bare, forceinline=True)\n"
        form = LaneForm(method="rk4", own_parameters=True, inputs=("own",), width=WIDTH)
        texts = [inlined, _text("lane_functions_kernel"), _LanesInNetwork(system, form).source(), "njit = plain"]
        texts += [_text("rk4_lanes_kernel"), _text("network_lanes_kernel")]
        _modules[key] = load_kernel(f"{_stem(system.name)}_in_network_lanes", "\n\n".join(texts))
    return _modules[key]


def _pass_over_lanes(lanes: ModuleType | None) -> str:
    """``pass_over_lanes``: the step of all members at once, or nothing."""
    if lanes is None:
        return "@njit\ndef pass_over_lanes(t, end, group, currents, events):\n    return\n"
    return (
        f"from {lanes.__name__} import quiet_pass\n\n\n@njit\ndef pass_over_lanes(t, end, group, currents, events):\n"
        "    quiet_pass(t, end, group[TILES], group[MEMBERS], group[STATES], group[UNKNOWNS], group[MODES], group[ENTERED], currents,\n"
        "               group[METHOD], group[NEW_STATES], group[NEW_UNKNOWNS], group[QUIET], events)\n"
    )


def device_module(model: Any, behind_resistance: bool = False) -> ModuleType:
    """The compiled functions of one memristor model, its values apart; with a resistance in series [ohm] or without."""
    key = ("device", type(model), tuple(model.choices().items()), behind_resistance)
    if key not in _modules:
        source = _source_behind_resistance(model) if behind_resistance else _device_source(model)
        texts = [_BARE, source, _text("network_cubic_kernel"), _text("network_devices_kernel")]
        _modules[key] = load_kernel(f"{_stem(type(model).__name__)}_in_network", "\n\n".join(texts))
    return _modules[key]


class _CubicInput(EquationWriter):
    """Equations of a neuron whose input is a cubic polynomial of time."""

    def _stimulus(self) -> str:
        pieces = "@njit\ndef piece_coefficients(pieces, i):\n    return (0.0, 0.0, 0.0, 0.0)\n"
        value = "(c[0] + since * (c[1] + since * (c[2] + since * c[3])),)"
        return f"{pieces}\n\n@njit\ndef stimulus_at(since, c):\n    return {value}\n"

    def _stimulus_slope(self) -> str:
        slope = "(c[1] + since * (2.0 * c[2] + since * 3.0 * c[3]),)"
        return f"@njit\ndef stimulus_slope_at(since, c):\n    return {slope}\n"


class _LanesInNetwork(_CubicInput, LaneWriter):
    """Such equations for lanes."""


class _GroupWriter(_CubicInput):
    """Such equations for one neuron at a time."""

    def source(self, derivatives: bool) -> str:
        shown = len(self.system.states) + len(self.system.unknowns)
        text = super().source(derivatives)
        count = len(self.tuples["p"])
        pack = f"@njit\ndef pack_constants(a):\n    return {tuple_text(f'a[{i}]' for i in range(count))}\n"
        kept = "\n".join(
            ["@kernel", "def keep_constants(a, kept):", "    p = constants(a)"]
            + [f"    kept[{i}] = p[{i}]" for i in range(max(count, 1))]
        )
        return "\n\n".join(
            [
                text,
                f"N_SHOWN = {shown}\nN_DERIVED = {len(derived_signals(self.system))}\nN_CONSTANTS = {max(count, 1)}",
                pack,
                kept + "\n",
            ]
        )


def _device_source(model: Any) -> str:
    """``device_current``, ``device_slope`` (by the state) and ``device_rate`` of a model."""
    current, rate = model.expressions()
    slope = sympy.diff(current, real_symbol("x"))
    functions = {"device_current": current, "device_slope": slope, "device_rate": rate}
    return "\n\n".join([*_functions(model, functions), _pack(len(model.values()))])


def _source_behind_resistance(model: Any) -> str:
    """The same of a device in series with a resistance, whose far end is at an offset: both stand behind the model's parameters."""
    current, rate = model.expressions()
    v, x = real_symbol("v"), real_symbol("x")
    functions = {
        "own_current": current,
        "own_conductance": sympy.diff(current, v),
        "own_slope": sympy.diff(current, x),
        "own_rate": rate,
    }
    count = len(model.values())
    placed = f"RESISTANCE, V_OFFSET = {count}, {count + 1}\n"
    return "\n\n".join([*_functions(model, functions), placed, _text("network_series_kernel"), _pack(count + 2)])


def _functions(model: Any, functions: dict[str, Any]) -> list[str]:
    """Functions of voltage, state and parameters of a model, each from an expression."""
    names = list(model.values())
    symbols = {real_symbol(name): real_symbol(f"p_{name}") for name in names}
    parts = []
    for function, expression in functions.items():
        expression = expression.xreplace(symbols)
        shared, (value,) = sympy.cse([expression], symbols=numbered_symbols("c_"), order="none")
        used = {s.name for s in expression.free_symbols}
        lines = [f"p_{name} = p[{i}]" for i, name in enumerate(names) if f"p_{name}" in used]
        lines += [f"{symbol} = {print_numba(e)}" for symbol, e in shared]
        lines.append(f"return {print_numba(value)}")
        parts.append("\n".join(["@njit", f"def {function}(v, x, p):", *indented(lines), ""]))
    return parts


def _pack(count: int) -> str:
    return f"@njit\ndef pack_values(a):\n    return {tuple_text(f'a[{i}]' for i in range(count))}\n"


_GROUP_FUNCTIONS = ("advance_group", "accept_group", "jump_member", "longest_stretch", "observe_member")
_DEVICE_FUNCTIONS = ("advance_devices", "accept_devices", "add_device_currents")


def _imports(groups: Sequence[ModuleType], devices: Sequence[ModuleType]) -> str:
    lines = []
    for modules, kind, functions in ((groups, "g", _GROUP_FUNCTIONS), (devices, "d", _DEVICE_FUNCTIONS)):
        for i, module in enumerate(modules):
            # Names with the text's hash in them: whoever changes a module changes this text, too.
            lines += [f"from {module.__name__} import {f} as {f}_{kind}{i}" for f in functions]
    return "\n".join([*lines, "", _text("network_cubic_kernel")])


def _passes(groups: Sequence[ModuleType], devices: Sequence[ModuleType]) -> list[str]:
    """Functions that do the same for every group, written out: groups are of different types."""
    g, d = range(len(groups)), range(len(devices))

    def function(head: str, lines: list[str]) -> str:
        return "\n".join(["@njit", f"def {head}:", *indented(lines), ""])

    advance = [
        line
        for i in g
        for line in (
            f"status, who = advance_group_g{i}(t, end, groups[{i}], currents, events, fired, looks)",
            "if status != 0:",
            "    return status, who",
        )
    ]
    jump = [
        line
        for i in g
        for line in (f"if group == {i}:", f"    return jump_member_g{i}(t, place, guard, groups[{i}], current)")
    ]
    observe = [
        line
        for i in g
        for line in (f"if group == {i}:", f"    return observe_member_g{i}(t, place, groups[{i}], current, row, at)")
    ]
    longest = [f"least = min(least, longest_stretch_g{i}(groups[{i}], limits[{i}]))" for i in g]
    states = [
        line
        for i in d
        for line in (
            f"for k in range(which[{i}].shape[0]):",
            f"    row[at] = devices[{i}][6][which[{i}][k]]",
            "    at += 1",
        )
    ]
    return [
        function("advance_all(t, end, groups, currents, events, fired, looks)", [*advance, "return 0, -1"]),
        function("accept_all(groups)", [f"accept_group_g{i}(groups[{i}])" for i in g]),
        function("jump_any(t, group, place, guard, groups, current)", [*jump, "return False, False, False, False"]),
        function("observe_any(t, group, place, groups, current, row, at)", [*observe, "return 0.0"]),
        function("longest_of_all(groups, limits)", [f"least = limits[{len(groups)}]", *longest, "return least"]),
        function(
            "advance_all_devices(h, devices, active, currents, adds)",
            [*(f"advance_devices_d{i}(h, devices[{i}], active, currents, adds)" for i in d), "return"],
        ),
        function("accept_all_devices(devices)", [*(f"accept_devices_d{i}(devices[{i}])" for i in d), "return"]),
        function(
            "add_all_device_currents(devices, active, synaptic)",
            [*(f"add_device_currents_d{i}(devices[{i}], active, synaptic)" for i in d), "return"],
        ),
        function("write_all_states(devices, which, row, at)", [*states, "return"]),
    ]


def _text(name: str) -> str:
    return resources.files("neuromorph.behaviour").joinpath(f"{name}.py").read_text("utf-8")


def _stem(name: str) -> str:
    return re.sub(r"\W+", "_", name).strip("_")[:40] or "system"
