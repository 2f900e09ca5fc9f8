"""A deck in VACASK's own language: the netlist, and the Verilog-A that it loads."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from neuromorph.schematic.deck import Deck
from neuromorph.schematic.vacask.contents import Contents
from neuromorph.schematic.vacask.expressions import Signal, evaluated
from neuromorph.schematic.vacask.modules import Expression, Modules, assigned
from neuromorph.schematic.vacask.netlist import GROUND, Element, Netlist, read_netlist
from neuromorph.schematic.vacask.options import VacaskOptions
from neuromorph.schematic.vacask.sources import waveform
from neuromorph.schematic.vacask.switches import Switching, switching_of
from neuromorph.schematic.vacask.topology import (
    amplifiers_of,
    jumping_nodes,
    probed_elements,
    stepping_nodes,
    with_ammeters,
)

# Parts that the simulator brings itself, by the letter of the element: file, device, and what the model's type means.
_SUPPLIED: dict[str, tuple[str, str, dict[str, dict[str, float]]]] = {
    "d": ("spice/diode.osdi", "sp_diode", {"d": {}}),
    "m": ("spice/mos1.osdi", "sp_mos1", {"nmos": {"type": 1.0}, "pmos": {"type": -1.0}}),
}
_EXPRESSION = re.compile(r"(i|v)\s*=\s*(.+)")
# Order 5 is not stable enough for what switches do.
_METHODS = {"gear": 'tran_method="bdf" tran_maxord=4', "trap": 'tran_method="trap"'}
# The step behind a bend of a waveform is made without error control; it is this share of the way to the next one at most.
_AFTER_BREAKPOINT = 0.02
# How much shorter a step would have to be for its error to be refused. VACASK's own 2.5 lets a method of order 4 pass a hundred
# times its tolerance, and so accepts a step in which a latch has jumped as a whole.
_REFUSED = 1.3
# A step over a threshold takes more iterations than VACASK's own ten: the threshold has no derivative.
_ITERATIONS = 30
# Longest step, in the steps that the circuit asks for where the step alone sets the accuracy.
_STEPS = 16.0
# The same where a line is: nothing but a step in it shows the simulator that a pulse arrives.
_STEPS_OF_LINES = 2.0
# Relative tolerance from which on one convergent iteration of Newton's method proves enough.
_TIGHT = 1e-7


@dataclass(frozen=True, kw_only=True)
class VacaskDeck:
    """What VACASK reads for one deck.

    Parameters
    ----------
    text : str
        The netlist (SI units).
    source : str
        Verilog-A of the modules that it loads.
    names : mapping of str to str or None
        Where each vector of the deck [V or A] is found in the results; ``None`` for ground.
    origins : mapping of str to str
        The deck's name for each of VACASK's [V or A].
    contents : Contents
        What the circuit consists of (pure numbers).
    """

    text: str
    source: str
    names: Mapping[str, str | None]
    origins: Mapping[str, str]
    contents: Contents


def vacask_deck(
    deck: Deck, options: VacaskOptions | None = None, osdi: str = "deck.osdi", slack: float = 1.0
) -> VacaskDeck:
    """State a deck in VACASK's language.

    Parameters
    ----------
    deck : Deck
        What is to be run.
    options : VacaskOptions, optional
        Settings of the run.
    osdi : str
        File of the compiled modules, as the netlist names it.
    slack : float
        How many times larger the absolute tolerance of currents is than rounding asks for (pure number).

    Returns
    -------
    VacaskDeck
        Netlist, modules, and where the deck's vectors are.

    Raises
    ------
    ValueError
        When something has no counterpart in VACASK; the message names it and the remedy.
    """
    options = options or VacaskOptions()
    if deck.compatibility:
        raise ValueError(f"VACASK has no compatibility mode {deck.compatibility!r}: use ngspice")
    netlist = with_ammeters(read_netlist(deck.body, deck.verilog_a), deck.vectors)
    if deck.t_stop is None:
        _refuse_what_moves(deck, netlist)
    return _Writer(deck, netlist, options, deck.t_stop or 1.0, slack).written(osdi)


def _refuse_what_moves(deck: Deck, netlist: Netlist) -> None:
    """An operating point is one only where nothing has a past or a time."""
    if netlist.initial:
        raise ValueError(
            f"the operating point {deck.name!r} has initial voltages, which VACASK would hold; use ngspice"
        )
    for element in netlist.elements:
        if element.kind == "s":
            raise element.refusal("the operating point of a switch with hysteresis depends on what was before")
        if element.kind in "vi" and waveform(element, 1.0)["type"] != "dc":
            raise element.refusal("an operating point needs sources that are constant")


class _Writer:
    """Turns elements into instances, one after the other."""

    def __init__(self, deck: Deck, netlist: Netlist, options: VacaskOptions, t_stop: float, slack: float) -> None:
        self.slack = slack
        self.deck, self.netlist, self.options, self.t_stop = deck, netlist, options, t_stop
        self.devices = {name.lower(): text for name, text in deck.verilog_a.items()}
        self.modules = Modules()
        self.jumping = jumping_nodes(netlist, deck.resolution.chgtol)
        self.stepping = stepping_nodes(netlist)
        self.amplifiers = amplifiers_of(netlist, deck.vectors)
        self.switching: Switching = switching_of(netlist, deck.resolution, t_stop, self.jumping, self.amplifiers)
        self.names: dict[tuple[str, str], str] = {}
        self.origins: dict[str, tuple[str, str]] = {}
        self.models: dict[tuple[str, str], str] = {}
        self.loads: dict[str, None] = {}
        self.instances: list[str] = []
        self.nodes = {node for e in netlist.elements for node in e.nodes}
        self.fluxes = {e.name for e in netlist.elements if e.kind == "l"}
        voltages = (e for e in netlist.elements if e.kind in "veh" or self._is_voltage_expression(e))
        self.stepped = {e.name for e in voltages if self.stepping & set(e.nodes[:2])}
        self.currents = {e.name for e in netlist.elements if e.kind in "vehl" or self._is_voltage_expression(e)}

    def written(self, osdi: str) -> VacaskDeck:
        """Netlist, modules and names."""
        spared = {id(element) for element in self.amplifiers.values()}
        for element in self.netlist.elements:
            if id(element) not in spared:
                self._instance(element)
        tau = self.switching.tau / self.options.refinement
        for latch in self.switching.latches:
            ends = (latch.plus, latch.minus)
            nodes = [*map(self._node, ends), self._name("x", latch.name), self._name("s", latch.name)]
            module = self.modules.latch([*map(self._letter, ends)])
            values = {"v_on": latch.v_on, "v_off": latch.v_off, "width": latch.width, "tau": tau}
            self._add(latch.name, nodes, module, values)
        abstol = self.switching.abstol(self.options.abstol, tau, self.slack)
        source = self.modules.source(abstol, self.options.vntol)
        vectors = {vector: self._result(vector) for vector in self.deck.vectors}
        text = self._text(osdi, vectors.values(), abstol)
        origins = {chosen: f"{kind}({name})" for chosen, (kind, name) in self.origins.items() if kind in "vi"}
        contents = Contents(
            elements=len(self.netlist.elements),
            thresholds=len(self.switching.latches),
            devices=sum(element.kind == "x" for element in self.netlist.elements),
        )
        return VacaskDeck(text=text, source=source, names=vectors, origins=origins, contents=contents)

    def _text(self, osdi: str, results: Iterable[str | None], abstol: float) -> str:
        how, analysis = self._transient() if self.deck.t_stop is not None else ([], "op")
        options = self.options
        reltol = options.relative_tolerance(self.deck.resolution.reltol)
        saved = " ".join(f"v({name})" for name in dict.fromkeys(results) if name is not None)
        models = [f"model {name} {device} {values}".rstrip() for (device, values), name in self.models.items()]
        return "\n".join(
            [
                "neuromorph deck",
                "ground 0",
                f'load "{osdi}"',
                *(f'load "{file}"' for file in self.loads),
                *models,
                *self.instances,
                "control",
                '  options rawfile="binary" strictoutput=0 tolmode="mixed"',
                f"  options reltol={reltol!r} vntol={options.vntol!r} abstol={abstol!r}",
                *how,
                f"  save {saved}",
                f"  analysis out {analysis}",
                "endc",
                "",
            ]
        )

    def _transient(self) -> tuple[list[str], str]:
        """Options of a transient analysis, and the analysis."""
        options, resolution, t_stop = self.options, self.deck.resolution, self.t_stop
        steps = _STEPS_OF_LINES if any(element.kind == "t" for element in self.netlist.elements) else _STEPS
        longest = options.t_max or min(steps * resolution.longest_step(t_stop), t_stop / 10)
        longest = longest / (options.refinement if options.t_max else 1)
        first = min(longest, resolution.longest_step(t_stop)) / 10
        reltol = options.relative_tolerance(resolution.reltol)
        initial = [f'"{self._node(node)}", {value!r}' for node, value in self.netlist.initial.items()]
        for latch in self.switching.latches:
            x, s = (1.0, 1.0) if latch.starts_closed else (0.0, -1.0)
            initial += [f'"{self._name("x", latch.name)}", {x!r}', f'"{self._name("s", latch.name)}", {s!r}']
        mode = "uic" if options.use_initial_conditions else "op"
        # With a loose tolerance Newton's method may stop while a current through a switch is still some per cent off.
        twice = ["  options nr_conviter=2"] if self.switching.latches and reltol > _TIGHT else []
        strict = [f"  options tran_redofactor={_REFUSED!r} tran_itl={_ITERATIONS}"] if self.switching.latches else []
        how = [f"  options {_METHODS[options.method]}", *twice, *strict, f"  options tran_fbr={_AFTER_BREAKPOINT!r}"]
        at_start = f" ic={{{', '.join(initial)}}}" if initial else ""
        return how, f'tran step={first!r} stop={t_stop!r} maxstep={longest!r} icmode="{mode}"{at_start}'

    def _result(self, vector: str) -> str | None:
        """The variable of the results that is a vector of the deck."""
        if vector.startswith("v("):
            node = vector[2:-1]
            if node in ("0", "gnd"):
                return None
            if node not in self.nodes:
                raise ValueError(f"probe {vector!r}: the circuit that VACASK gets has no node {node!r}; use ngspice")
            return self._node(node)
        if vector.startswith("@"):
            vector = f"i({probed_elements([vector])[vector]})"
        name = vector[2:-1]
        # ngspice writes an inner element v.x1.v1, with its letter first.
        name = re.sub(r"^[a-z]\.(?=x)", "", name)
        if name not in self.currents:
            raise ValueError(
                f"probe {vector!r}: VACASK records the current of voltage sources and inductors; use ngspice"
            )
        return self._name("i", name)

    def _instance(self, element: Element) -> None:
        try:
            handler = getattr(self, f"_{element.kind}")
            handler(element)
        except ValueError as error:
            if "use ngspice" in str(error):
                raise
            raise ValueError(f"VACASK cannot run {element.line.strip()[:80]!r}: {error}; use ngspice") from None

    def _r(self, element: Element) -> None:
        resistance = _only_value(element, "r")
        if resistance == 0:
            raise element.refusal("its resistance is zero")
        self._branch(element, "current", lambda s: f"{s.difference(*element.nodes)}/{s.constant(resistance)}")

    def _c(self, element: Element) -> None:
        value = _only_value(element, "c")
        self._branch(element, "charge", lambda s: f"{s.constant(value)}*{s.difference(*element.nodes)}")

    def _l(self, element: Element) -> None:
        value = _only_value(element, "l")
        self._branch(element, "flux", lambda s: s.constant(value))

    def _e(self, element: Element) -> None:
        self._controlled(element, "voltage")

    def _g(self, element: Element) -> None:
        self._controlled(element, "current")

    def _controlled(self, element: Element, form: str) -> None:
        if len(element.words) != 1:
            raise element.refusal("of controlled sources only the linear ones can be translated")
        gain = element.scope.number(element.words[0])
        plus, minus = element.nodes[2:]
        self._branch(element, form, lambda s: f"{s.constant(gain)}*{s.difference(plus, minus)}")

    def _f(self, element: Element) -> None:
        self._current_controlled(element, "current")

    def _h(self, element: Element) -> None:
        self._current_controlled(element, "voltage")

    def _current_controlled(self, element: Element, form: str) -> None:
        if len(element.words) != 2:
            raise element.refusal("of controlled sources only the linear ones can be translated")
        source, gain = element.words[0], element.scope.number(element.words[1])
        self._branch(element, form, lambda s: f"{s.constant(gain)}*{s.current(source)}")

    def _b(self, element: Element) -> None:
        match = _EXPRESSION.fullmatch(element.words[0].strip()) if element.words else None
        if match is None:
            raise element.refusal("it states neither i= nor v=")

        def stated(scope: _BranchScope) -> str:
            value = evaluated(match[2], scope)
            return value.text if isinstance(value, Signal) else scope.constant(value)

        self._branch(element, "voltage" if match[1] == "v" else "current", stated)

    def _v(self, element: Element) -> None:
        form = waveform(element, self.t_stop)
        if form["type"] == "dc":
            value = form["dc"]
            assert isinstance(value, float)
            self._branch(element, "voltage", lambda s: s.constant(value))
            return
        # The simulator's own current source knows when its waveform bends; its current through 1 ohm is the voltage.
        shape = self._name("w", element.name)
        self._add(f"{element.name}_shape", ["0", shape], self._model("isource"), form)
        ohm = self._expression("current", [shape, "0"], lambda s: f"{s.difference(shape, GROUND)}/{s.constant(1.0)}")
        self._add(f"{element.name}_ohm", [shape, "0"], ohm[0], ohm[1].constants)
        self._branch(element, "voltage", lambda s: s.potential(shape))

    def _i(self, element: Element) -> None:
        nodes = [self._node(node) for node in element.nodes]
        self._add(element.name, nodes, self._model("isource"), waveform(element, self.t_stop))

    def _s(self, element: Element) -> None:
        switch = self.switching.switches[element.name]
        nodes = [*map(self._node, element.nodes[:2]), self._name("x", switch.latch)]
        module = self.modules.switch([*map(self._letter, element.nodes[:2])])
        self._add(element.name, nodes, module, {"r_on": switch.r_on, "r_off": switch.r_off, "load": switch.load})

    def _t(self, element: Element) -> None:
        z0, td = _line_values(element)
        nodes = [self._node(node) for node in element.nodes]
        module = self.modules.line([*map(self._letter, element.nodes)])
        arriving = [self._name(kind, element.name) for kind in ("e1", "e2")]
        self._add(element.name, [*nodes, *arriving], module, {"z0": z0, "td": td})

    def _x(self, element: Element) -> None:
        module = self.modules.device(self.devices[element.words[0]])
        values = {}
        for name, value in element.scope.parameters.items():
            own = module.own_name(name)
            if own is None:
                raise element.refusal(f"its Verilog-A has no parameter {name!r}")
            values[own] = value
        self._add(element.name, [self._node(node) for node in element.nodes], module.name, values)

    def _d(self, element: Element) -> None:
        self._supplied(element)

    def _m(self, element: Element) -> None:
        self._supplied(element)

    def _supplied(self, element: Element) -> None:
        file, device, kinds = _SUPPLIED[element.kind]
        model = element.scope.model(element.words[0]) if element.words else None
        if model is None:
            raise element.refusal("the deck has no such model")
        if model.kind not in kinds:
            raise element.refusal(f"a model of type {model.kind} has no counterpart there")
        parameters = dict(model.parameters)
        if element.kind == "m" and parameters.pop("level", 1.0) != 1.0:
            raise element.refusal("of MOS models only level 1 is translated")
        values = {}
        for word in element.words[1:]:
            name, sign, text = word.partition("=")
            values[name if sign else "area"] = element.scope.number(text if sign else word)
        self.loads[file] = None
        card = self._model(device, assigned(kinds[model.kind] | parameters))
        self._add(element.name, [self._node(node) for node in element.nodes], card, values)

    def _branch(self, element: Element, form: str, stated: Callable[[_BranchScope], str]) -> None:
        nodes = [self._node(node) for node in element.nodes[:2]]
        module, expression = self._expression(form, nodes, stated, element)
        if form in ("voltage", "flux"):
            nodes = [*nodes, *expression.terminals.values(), self._name("i", element.name)]
        else:
            nodes = [*nodes, *expression.terminals.values()]
        self._add(element.name, nodes, module, expression.constants)

    def _expression(
        self, form: str, nodes: list[str], stated: Callable[[_BranchScope], str], element: Element | None = None
    ) -> tuple[str, Expression]:
        scope = _BranchScope(self, element, nodes)
        expression = replace(scope.expression, text=stated(scope))
        kinds = [self._kind(node) for node in (*nodes, *expression.terminals.values())]
        return self.modules.branch(form, expression, kinds), expression

    def _letter(self, node: str) -> str:
        """Whether the voltage of a node jumps or steps."""
        return "S" if node in self.stepping else "J" if node in self.jumping else ""

    def _kind(self, name: str) -> str:
        """The same of what VACASK calls `name`."""
        kind, own = self.origins.get(name, ("", ""))
        if kind == "v":
            return self._letter(own)
        if kind != "i" or own in self.fluxes:
            return ""
        return "S" if own in self.stepped else "J"

    @staticmethod
    def _is_voltage_expression(element: Element) -> bool:
        return element.kind == "b" and bool(element.words) and element.words[0].lstrip().startswith("v")

    def _model(self, device: str, values: str = "") -> str:
        return self.models.setdefault((device, values), f"model{len(self.models)}")

    def _add(self, name: str, nodes: list[str], module: str, values: Mapping[str, object]) -> None:
        model = module if module.startswith("model") else self._model(module)
        words = " ".join(f"{key}={_word(value)}" for key, value in values.items())
        self.instances.append(f"{self._name('e', name)} ({' '.join(nodes)}) {model} {words}".rstrip())

    def _node(self, node: str) -> str:
        return "0" if node == GROUND else self._name("v", node)

    def _name(self, kind: str, name: str) -> str:
        """A name of VACASK's for what the deck calls `name`: letters, digits and '_', none twice."""
        known = self.names.get((kind, name))
        if known is not None:
            return known
        chosen = plain = f"{kind}_{re.sub(r'[^a-z0-9_]', '_', name.lower())}"
        number = 2
        while chosen in self.origins:
            chosen, number = f"{plain}_{number}", number + 1
        self.origins[chosen] = (kind, name)
        self.names[kind, name] = chosen
        return chosen


class _BranchScope:
    """What names of a branch's expression stand for; collects its terminals and constants."""

    def __init__(self, writer: _Writer, element: Element | None, nodes: list[str]) -> None:
        self.writer, self.element, self.nodes = writer, element, nodes
        self.expression = Expression()
        self.by_node = {}
        for terminal, node in zip(("n", "p"), reversed(nodes), strict=True):
            self.by_node[node] = terminal

    def parameter(self, name: str) -> float | None:
        return None if self.element is None else self.element.scope.parameter(name)

    def voltage(self, node: str) -> str:
        assert self.element is not None
        return self.at(self.element.scope.node(node))

    def at(self, node: str) -> str:
        """The potential of a node of the flat circuit."""
        return "0.0" if node == GROUND else self.potential(self.writer._node(node))

    def difference(self, plus: str, minus: str) -> str:
        """The voltage between two nodes of the flat circuit, or of their names."""
        texts = [
            "0.0" if node in (GROUND, "0") else self.potential(node if node in self.nodes else self.writer._node(node))
            for node in (plus, minus)
        ]
        return f"({texts[0]} - {texts[1]})"

    def potential(self, name: str) -> str:
        """The potential of what VACASK calls `name`."""
        terminal = self.by_node.get(name)
        if terminal is None:
            terminal = self.by_node[name] = f"t{len(self.expression.terminals)}"
            self.expression.terminals[terminal] = name
        return f"{self.writer._kind(name)}V({terminal})"

    def current(self, source: str) -> str:
        assert self.element is not None
        name = self.element.scope.element(source)
        if name not in self.writer.currents:
            raise ValueError(f"i({source}) names no voltage source or inductor")
        return self.potential(self.writer._name("i", name))

    def constant(self, value: float) -> str:
        if not math.isfinite(value):
            raise ValueError("an expression needs finite numbers")
        name = f"k{len(self.expression.constants)}"
        self.expression.constants[name] = float(value)
        return name


def _only_value(element: Element, key: str) -> float:
    words = [word.removeprefix(f"{key}=") for word in element.words]
    if len(words) != 1:
        raise element.refusal("only its value can be translated")
    return element.scope.number(words[0])


def _line_values(element: Element) -> tuple[float, float]:
    """Impedance [ohm] and delay [s] of a transmission line."""
    values = {}
    for word in element.words:
        name, _, text = word.partition("=")
        if name not in ("z0", "td", "f", "nl") or not text:
            raise element.refusal(f"of a transmission line Z0, TD, F and NL can be translated, not {word!r}")
        values[name] = element.scope.number(text)
    if "td" not in values and values.get("f", 0.0) > 0:
        values["td"] = values.get("nl", 0.25) / values["f"]
    if not (values.get("z0", 0.0) > 0 and values.get("td", 0.0) > 0):
        raise element.refusal("a transmission line needs a positive Z0 and TD, or Z0 and F")
    return values["z0"], values["td"]


def _word(value: object) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return f"[{', '.join(map(repr, value))}]"
    return repr(float(value))  # type: ignore[arg-type]
