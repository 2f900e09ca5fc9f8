"""What one run of a sweep is made of, and how a parameter of it is changed by name."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from neuromorph.quantities import Parameters, check_names
from neuromorph.recording import Recording
from neuromorph.roads import (
    ENGINES,
    at_fidelity,
    check_design,
    deck_of,
    engine_of,
    equations_of,
    equations_or_none,
    simulate,
    working_point,
)
from neuromorph.stimulus import Stimulus

DRIVE = "drive"
# Of the run, not of the design; engine and fidelity take words.
_OF_RUN = {"t_stop": "s", "engine": "", "fidelity": ""}


@dataclass(frozen=True, kw_only=True)
class Setup:
    """A design with what it is to be run with.

    Parameters
    ----------
    design : object
        What is simulated.
    factory : callable or None
        Makes the design from the values of its parameters.
    drive : Stimulus, mapping or None
        What drives it [A or V].
    t_stop : float
        Length of the run [s].
    engine, fidelity, dt, options, probes
        As :func:`neuromorph.simulate` takes them [SI units].
    """

    design: Any
    factory: Callable[..., Any] | None
    drive: Mapping[str, Stimulus] | Stimulus | None
    t_stop: float
    engine: Any = None
    fidelity: Any = None
    dt: float | None = None
    options: Any = None
    probes: Any = None

    def arguments(self) -> dict[str, Any]:
        """What :func:`neuromorph.simulate` takes besides design, drive and duration [SI units]."""
        given = {name: getattr(self, name) for name in ("engine", "fidelity", "dt", "options", "probes")}
        return {name: value for name, value in given.items() if value is not None}

    def run(self) -> Recording:
        """Simulate (signals in their units)."""
        # A sweep goes where designs fail, on purpose; what the checks say is kept with the result.
        return simulate(self.design, self.drive, self.t_stop, warn=False, **self.arguments())

    def findings(self) -> list[str]:
        """What the design's own checks say about it (SI units in the messages)."""
        found = check_design(self.design, self.drive, self.t_stop, fidelity=self.fidelity, options=self.options)
        return [finding.message for finding in found]

    def units(self) -> dict[str, str]:
        """Unit of every parameter that can be changed, by name."""
        return {**_design_units(self.design, self.factory), **_drive_units(self.design, self.drive), **_OF_RUN}

    def value(self, name: str) -> float | None:
        """The present value of a parameter, in its unit; ``None`` where it has none in numbers."""
        if self.factory is not None and name in (stated := inspect.signature(self.factory).parameters):
            default = stated[name].default
            return float(default) if isinstance(default, int | float) else None
        owner: Any = self
        if name.partition(".")[0] not in (DRIVE, *_OF_RUN):
            owner = self.design
        if hasattr(owner, "transitions") and name in owner.parameters:
            return float(owner.parameters[name])
        for part in name.split("."):
            owner = owner.get(part) if isinstance(owner, Mapping) else getattr(owner, part, None)
        return float(owner) if isinstance(owner, int | float) else None

    def changed(self, values: Mapping[str, Any]) -> Setup:
        """The same with some parameters changed.

        Parameters
        ----------
        values : mapping of str to float
            By dotted name, each in its unit.

        Returns
        -------
        Setup
            With a new design and drive.

        Raises
        ------
        ValueError
            When a value is not accepted.
        """
        of_drive = {name.removeprefix(f"{DRIVE}."): v for name, v in values.items() if name.startswith(f"{DRIVE}.")}
        of_run = {name: value for name, value in values.items() if name in _OF_RUN}
        own = {n: v for n, v in values.items() if n not in of_run and not n.startswith(f"{DRIVE}.")}
        changes: dict[str, Any] = dict(of_run)
        if of_drive:
            changes["drive"] = _changed_drive(self.drive, of_drive)
        if self.factory is not None:
            changes["design"] = self.factory(**own)
        elif own:
            changes["design"] = _changed_design(self.design, own)
        return dataclasses.replace(self, **changes)

    def to_send(self) -> Setup:
        """The same (SI units) for another process, which makes the design itself where there is a factory for it."""
        return self if self.factory is None else dataclasses.replace(self, design=None)

    def statement(self) -> str:
        """What is run, as text that changes with the design's code as well as with its values (SI units)."""
        design = at_fidelity(self.design, self.fidelity)
        engine, version = self.engine, ""
        if engine is None:
            engine = ENGINES[0] if hasattr(equations_or_none(design), "modes") else ENGINES[-1]
        if engine in ENGINES[:-1]:
            road = repr(equations_of(design))
        else:
            spice = engine_of(engine)
            version = spice.capabilities().version if hasattr(spice, "capabilities") else ""
            road = deck_of(design, self.drive, self.t_stop, self.probes).text(self.options)
        rest = (self.drive, self.t_stop, engine, version, self.fidelity, self.dt, self.options, self.probes)
        return "\n".join([road, *map(repr, rest)])


def setup_of(
    design: Any,
    drive: Mapping[str, Stimulus] | Stimulus | None,
    t_stop: float | None,
    first: Mapping[str, Any],
    **arguments: Any,
) -> Setup:
    """The setup of a sweep before anything is changed.

    Parameters
    ----------
    design : object, or callable that makes one
        What is swept.
    drive : Stimulus, mapping or None
        As given; the design's working point where it is left out [A or V].
    t_stop : float or None
        As given; the design's working point where it is left out [s].
    first : mapping of str to float
        The first values of the parameters, for a callable that has no defaults, each in its unit.
    **arguments
        Other fields of :class:`Setup`.

    Returns
    -------
    Setup
        With a design, a drive and a duration.

    Raises
    ------
    ValueError
        When there is no way to run it.
    """
    factory = None
    if callable(design) and not isinstance(design, type) and not _is_design(design):
        factory, own = design, {n: v for n, v in first.items() if n.partition(".")[0] not in (DRIVE, *_OF_RUN)}
        check_names(getattr(factory, "__name__", "the function"), own, _factory_units(factory, own))
        design = factory() if _needs_nothing(factory) else factory(**own)
    if isinstance(design, tuple):
        from neuromorph.roads import Pair

        design = Pair(*design)
    drive, t_stop = working_point(design, drive, t_stop)
    return Setup(design=design, factory=factory, drive=drive, t_stop=t_stop, **arguments)


def _is_design(thing: Any) -> bool:
    return any(hasattr(thing, name) for name in ("dynamics", "schematic", "transitions", "raw_spice", "vectors"))


def _needs_nothing(factory: Callable[..., Any]) -> bool:
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    parameters = inspect.signature(factory).parameters.values()
    return all(p.default is not inspect.Parameter.empty or p.kind in kinds for p in parameters)


def _factory_units(factory: Callable[..., Any], given: Sequence[str] | Mapping[str, Any] = ()) -> dict[str, str]:
    stated: Mapping[str, str] | None = getattr(factory, "units", None)
    if stated is not None:
        return dict(stated)
    parameters = inspect.signature(factory).parameters
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        return dict.fromkeys([*parameters, *given], "")
    return dict.fromkeys(parameters, "")


def _design_units(design: Any, factory: Callable[..., Any] | None) -> dict[str, str]:
    if factory is not None:
        return _factory_units(factory)
    if isinstance(design, Parameters):
        return design.nested_units()
    if hasattr(design, "transitions"):
        return dict.fromkeys(design.parameters, "")
    return {}


def _drive_units(design: Any, drive: Mapping[str, Stimulus] | Stimulus | None) -> dict[str, str]:
    inputs = _input_units(design)
    if isinstance(drive, Stimulus):
        return {f"{DRIVE}.{n}": u for n, u in _stimulus_units(drive, next(iter(inputs.values()), "")).items()}
    units: dict[str, str] = {}
    for name, stimulus in (drive or {}).items():
        own = _stimulus_units(stimulus, inputs.get(name, ""))
        units |= {f"{DRIVE}.{name}.{field}": unit for field, unit in own.items()}
    return units


def _input_units(design: Any) -> dict[str, str]:
    system = equations_or_none(design)
    if system is not None:
        return dict(system.inputs)
    ports = getattr(design.schematic() if hasattr(design, "schematic") else design, "ports", {})
    return {name: "A" if port.kind == "current" else "V" for name, port in ports.items()}


def _stimulus_units(stimulus: Stimulus, unit: str) -> dict[str, str]:
    known = {f.name: f.metadata["unit"] for f in dataclasses.fields(stimulus) if "unit" in f.metadata}
    return {name: unit if " or " in own else own for name, own in known.items()}


def _changed_design(design: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(design, Parameters):
        return design.with_nested(values)
    return dataclasses.replace(design, parameters={**design.parameters, **values})


def _changed_drive(
    drive: Mapping[str, Stimulus] | Stimulus | None, values: Mapping[str, Any]
) -> Mapping[str, Stimulus] | Stimulus:
    if isinstance(drive, Stimulus):
        changed: Stimulus = drive.replace(**values)
        return changed
    drives = dict(drive or {})
    for name, value in values.items():
        port, _, field = name.partition(".")
        drives[port] = drives[port].replace(**{field: value})
    return drives
