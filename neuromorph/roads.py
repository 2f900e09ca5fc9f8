"""One design, two roads: what can be simulated, by which engine, and how to ask for it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from neuromorph.progress import Progress, silent
from neuromorph.recording import Recording
from neuromorph.stimulus import Stimulus

if TYPE_CHECKING:
    from neuromorph.behaviour.euler_maruyama import EulerMaruyama
    from neuromorph.behaviour.simulate import Solver
    from neuromorph.neurons.design_checks import DesignFinding
    from neuromorph.schematic import Deck, NgspiceOptions, Probe, VacaskOptions
    from neuromorph.spice import Engine
    from neuromorph.systems import HybridSystem

# The SPICE engines by the name that commands and arguments spell.
_SPICE_ENGINES = {"ngspice": "Ngspice", "ngspice-shared": "NgspiceShared", "vacask": "Vacask"}
# The equations' road has two names: the system, or the caller by `solver`, chooses the method.
ENGINES = ("ode", "rk4", *_SPICE_ENGINES, "auto")


class Design(Protocol):
    """Anything with both roads: a neuron, or a user's :class:`Pair`."""

    def dynamics(self) -> HybridSystem:
        """The equations (SI units)."""

    def schematic(self) -> Any:
        """The circuit, a PySpice ``Circuit`` (SI units)."""


@dataclass(frozen=True)
class Pair:
    """A user's own equations and circuit of one design.

    Parameters
    ----------
    system : HybridSystem
        The equations (SI units).
    circuit : PySpice.Spice.Netlist.Circuit
        The circuit; a :class:`neuromorph.Schematic` says itself where stimuli enter and what to record.
    """

    system: HybridSystem
    circuit: Any

    def __post_init__(self) -> None:
        if not (hasattr(self.system, "modes") and hasattr(self.circuit, "raw_spice")):
            raise ValueError(
                f"a pair is a HybridSystem and a PySpice Circuit, in this order, got {type(self.system).__name__} and "
                f"{type(self.circuit).__name__}"
            )

    def dynamics(self) -> HybridSystem:
        """The equations (SI units)."""
        return self.system

    def schematic(self) -> Any:
        """The circuit (SI units)."""
        return self.circuit


def simulate(
    design: Any,
    drive: Mapping[str, Stimulus] | Stimulus | None = None,
    t_stop: float | None = None,
    engine: str | Engine | None = None,
    *,
    dt: float | None = None,
    solver: Solver | EulerMaruyama | None = None,
    options: NgspiceOptions | VacaskOptions | None = None,
    probes: Mapping[str, Probe | str] | Sequence[str] | None = None,
    fidelity: Any = None,
    seed: int | None = None,
    warn: bool = True,
    progress: Progress = silent,
) -> Recording:
    """Simulate a design by one engine.

    Parameters
    ----------
    design : Neuron, Pair, HybridSystem, PySpice Circuit or Deck
        What to simulate. The deck of an operating point has no time and takes no `t_stop`.
    drive : Stimulus, or mapping of str to Stimulus
        What drives the input, or each input by name [A or V]. A neuron's working point where it is left out.
    t_stop : float
        Length of the run [s]. A neuron's working point where it is left out.
    engine : {"ode", "rk4", "ngspice", "ngspice-shared", "vacask", "auto"} or Engine, optional
        ``"ode"``, or ``"rk4"`` for the same, integrates the equations; it is the default for what has them, and
        ``"ngspice"``, the program, for a circuit. ``"ngspice-shared"`` is ngspice as a library, ``"vacask"``
        the simulator VACASK; ``"auto"`` picks a SPICE engine, and the provenance says why under ``engine_choice``.
    dt : float, optional
        Longest step of the equations' solver [s].
    solver : RK4, Rosenbrock, EulerMaruyama or Milstein, optional
        The solver, instead of `dt`. Without it RK4, Rosenbrock where the system says that it is stiff, or
        EulerMaruyama where it is random.
    options : NgspiceOptions or VacaskOptions, optional
        Settings of the SPICE run.
    probes : mapping or sequence of str, optional
        What to record from a circuit, such as ``["v(out)"]`` or ``{"v_out": "v(out)"}``.
    fidelity : str or mapping of str to str or VendorModel, optional
        How real the parts of a neuron are, as in :meth:`neuromorph.Neuron.schematic`; ideal without it.
    seed : int, optional
        Chooses the path of a system with noise or random resets (pure number).
    warn : bool
        Whether to give a :class:`neuromorph.DesignWarning` for each fault that :func:`check_design` finds.
    progress : Progress
        Told how far the run is.

    Returns
    -------
    Recording
        Signals of shape (n_steps,) over the engine's own time points [s], and spikes.

    Raises
    ------
    ValueError
        When the design lacks the road that is asked for, or an argument cannot be used.
    SimulationError
        When the run failed.
    EngineNotFoundError
        When the simulator program is not there.

    Examples
    --------
    >>> import neuromorph as nm
    >>> recording = nm.simulate(nm.LIF(), nm.Constant(value=0.2e-3), t_stop=5e-3)
    >>> len(recording.spikes)
    5
    """
    design = at_fidelity(design, fidelity)
    if getattr(design, "is_operating_point", False):
        if any(given is not None for given in (drive, t_stop, dt, solver, probes)):
            raise ValueError("the deck of an operating point takes an engine and options only")
        return engine_of(engine or "ngspice").run(design, options, progress)
    drive, t_stop = working_point(design, drive, t_stop)
    if warn:
        warn_of(check_design(design, drive, t_stop, options=options))
    if engine is None:
        engine = "ode" if hasattr(equations_or_none(design), "modes") else "ngspice"
    if engine in ("ode", "rk4"):
        from neuromorph.behaviour import default_solver, simulate_system

        if solver is not None and dt is not None:
            raise ValueError("give dt or solver, not both")
        if options is not None or probes:
            raise ValueError(
                f"engine {engine!r} takes no SPICE options (reltol, t_max, method) and no probes; it records every signal of the "
                "system, with steps of at most dt"
            )
        system = equations_of(design)
        return simulate_system(system, drive, t_stop, solver or default_solver(system, dt), progress, seed)
    if seed is not None:
        raise ValueError(
            "seed belongs to the engines 'ode' and 'rk4'; noise that ngspice draws is a drive: WhiteNoise(step=..., seed=...)"
        )
    if dt is not None or solver is not None:
        raise ValueError(
            "dt and solver belong to the engines 'ode' and 'rk4'; a SPICE engine takes options, such as t_max and reltol"
        )
    deck = deck_of(design, drive, t_stop, probes)
    spice, why = engine_for(engine, deck, options)
    recording = spice.run(deck, options, progress)
    return recording if why is None else chosen_because(recording, why)


def frozen_noise(
    design: Any,
    drive: Mapping[str, Stimulus] | Stimulus | None = None,
    t_stop: float | None = None,
    *,
    seed: int,
    dt: float,
) -> tuple[Pair, dict[str, Stimulus]]:
    """One path of the noise of a design as drives of both roads, so that they can be compared path by path.

    Parameters
    ----------
    design : Neuron or Pair
        With noise in its equations, and in its circuit a port of the name of each noise source.
    drive : Stimulus, or mapping of str to Stimulus
        What drives the input, or each input by name [A or V]. A neuron's working point where it is left out.
    t_stop : float
        Length of the run, a whole number of steps [s]. A neuron's working point where it is left out.
    seed : int
        Of the path: that of a run by :class:`neuromorph.EulerMaruyama` with the same `seed` and `dt` (pure number).
    dt : float
        How long each sample of the noise is held [s].

    Returns
    -------
    Pair, dict of str to Stimulus
        A design without chance, whose inputs hold the noise [1/sqrt(s)], and what drives it.

    Raises
    ------
    ValueError
        When the design has no noise, or draws numbers at its jumps.

    Examples
    --------
    >>> import neuromorph as nm
    >>> neuron = nm.LIF(noise_current=1e-6)
    >>> pair, drives = nm.frozen_noise(neuron, nm.Constant(value=80e-6), 10e-3, seed=1, dt=10e-6)
    >>> nm.cross_validate(pair, drives, 10e-3).passed
    True
    """
    from neuromorph.behaviour import EulerMaruyama
    from neuromorph.behaviour.frozen_noise import noise_path, with_noise_as_inputs
    from neuromorph.stimulus import ZeroOrderHold

    drive, t_stop = working_point(design, drive, t_stop)
    system = equations_of(design)
    smooth = with_noise_as_inputs(system)
    if isinstance(drive, Stimulus):
        if len(system.inputs) != 1:
            raise ValueError(f"{system.name!r} has {len(system.inputs)} inputs: give a dict with a stimulus for each")
        drive = {next(iter(system.inputs)): drive}
    path = noise_path(system, t_stop, EulerMaruyama(dt=dt), seed)
    noise = {source: ZeroOrderHold(values=values, step=dt, edge=min(1e-8, dt / 100)) for source, values in path.items()}
    return Pair(smooth, design.schematic()), {**(drive or {}), **noise}


def engine_of(engine: str | Engine) -> Engine:
    """The SPICE engine of a name, or the engine itself; ``ValueError`` lists the choices."""
    if not isinstance(engine, str):
        if not hasattr(engine, "run"):
            raise ValueError(f"engine must be one of {', '.join(ENGINES)}, or an engine object, got {engine!r}")
        return engine
    if engine not in _SPICE_ENGINES:
        raise ValueError(f"no engine {engine!r}; choices: {', '.join(ENGINES)}")
    from neuromorph import spice

    found: Engine = getattr(spice, _SPICE_ENGINES[engine])()
    return found


def engine_for(engine: str | Engine, deck: Deck, options: Any = None) -> tuple[Engine, str | None]:
    """The SPICE engine for a deck.

    Parameters
    ----------
    engine : str or Engine
        A name, ``"auto"`` among them, or the engine itself.
    deck : Deck
        What is to be run.
    options : NgspiceOptions or VacaskOptions, optional
        Settings of the run.

    Returns
    -------
    engine : Engine
        What runs the deck.
    why : str or None
        The reason, where the engine was chosen here.

    Raises
    ------
    ValueError
        When there is no such engine.
    EngineNotFoundError
        When none is here that can run the deck.
    """
    if engine != "auto":
        spice = engine_of(engine)
        settings_for(spice, options)
        return spice, None
    from neuromorph.spice.choice import choose_engine

    choice = choose_engine(deck, options)
    return choice.engine, choice.why


def settings_for(engine: Engine, options: Any) -> Any:
    """Settings that an engine takes.

    Parameters
    ----------
    engine : Engine
        What is to run.
    options : NgspiceOptions or VacaskOptions, optional
        As given, in SI units.

    Returns
    -------
    NgspiceOptions or VacaskOptions
        The engine's own defaults where nothing is given.

    Raises
    ------
    ValueError
        When VACASK's settings are given to another engine, or others have no counterpart in VACASK.
    """
    from neuromorph.schematic import NgspiceOptions, VacaskOptions

    own = getattr(engine, "default_options", NgspiceOptions)()
    if isinstance(own, VacaskOptions):
        return VacaskOptions.of(options)
    if isinstance(options, VacaskOptions):
        raise ValueError(f"engine {engine.name!r} takes NgspiceOptions; VacaskOptions are for engine='vacask'")
    return options or own


def chosen_because(recording: Recording, why: str) -> Recording:
    """The recording with the reason for its engine in its provenance, under ``engine_choice``."""
    return replace(recording, provenance={**recording.provenance, "engine_choice": why})


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
        A neuron; nothing is known of other designs.
    drive : Stimulus, or mapping of str to Stimulus
        What drives it [A]; its working point where it is left out.
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
    if not hasattr(design, "design_findings"):
        return ()
    from neuromorph.neurons.design_checks import findings_of

    drive, t_stop = working_point(design, drive, t_stop)
    return findings_of(design, drive, t_stop, None if options is None else options.t_max)


def warn_of(findings: Iterable[DesignFinding]) -> None:
    """Give a :class:`neuromorph.DesignWarning` for each finding, at the line that called :func:`simulate` or :func:`cross_validate`."""
    from neuromorph.neurons.design_checks import DesignWarning

    for finding in findings:
        warnings.warn(finding.message, DesignWarning, stacklevel=3)


def at_fidelity(design: Any, fidelity: Any) -> Any:
    """The design with parts as real as `fidelity` says.

    Parameters
    ----------
    design : object
        A neuron, where a fidelity is given.
    fidelity : str or mapping of str to str or VendorModel, or None
        As in :meth:`neuromorph.Neuron.schematic`.

    Returns
    -------
    object
        The design itself where no fidelity is given.

    Raises
    ------
    ValueError
        When the design has no fidelities, or not this one.
    """
    if fidelity is None:
        return design
    if not hasattr(design, "at_fidelity"):
        raise ValueError(f"{type(design).__name__} has no parts of different fidelity: only neurons do")
    return design.at_fidelity(fidelity)


def working_point(
    design: Any, drive: Mapping[str, Stimulus] | Stimulus | None, t_stop: float | None
) -> tuple[Mapping[str, Stimulus] | Stimulus | None, float]:
    """Drive [A or V] and duration [s], from the design's working point where they are left out.

    Parameters
    ----------
    design : object
        A neuron has a working point.
    drive : Stimulus, or mapping of str to Stimulus, or None
        As given.
    t_stop : float or None
        As given [s].

    Returns
    -------
    drive, t_stop
        As :func:`simulate` takes them.

    Raises
    ------
    ValueError
        When the design has no working point and no duration was given.
    """
    if isinstance(design, str) or design is None:
        raise ValueError(f"give a design, such as nm.MemristiveALIF(), got {design!r}")
    if isinstance(design, type):
        raise ValueError(f"give a design, not its class: {design.__name__}() instead of {design.__name__}")
    if drive is not None and not isinstance(drive, Stimulus | Mapping):
        raise ValueError(f"drive must be a stimulus, such as nm.Constant(value=1e-3), or a dict of them, got {drive!r}")
    point = design.working_point() if hasattr(design, "working_point") else None
    if t_stop is None and point is None:
        t_stop = getattr(design, "t_stop", None)  # a deck knows
    if t_stop is None:
        if point is None:
            raise ValueError("say how long to simulate: t_stop [s], on the command line --t-stop")
        t_stop = point.t_stop
    if drive is None and point is not None:
        drive = point.drive
    if isinstance(t_stop, str) or not hasattr(t_stop, "__float__"):
        raise ValueError(f"t_stop must be a number in s, got {t_stop!r}; nm.parse_quantity('5ms', 's') reads text")
    return drive, float(t_stop)


def equations_or_none(design: Any) -> HybridSystem | None:
    """The design's hybrid system (SI units), or ``None`` for a circuit alone."""
    if hasattr(design, "dynamics"):
        system: HybridSystem = design.dynamics()
        return system
    return design if hasattr(design, "modes") and hasattr(design, "transitions") else None


def equations_of(design: Any) -> HybridSystem:
    """The design's hybrid system (SI units), or ``ValueError`` that says why there is none."""
    system = equations_or_none(design)
    if system is None:
        raise ValueError(
            f"{type(design).__name__} has no equations, so engine 'rk4' cannot run it: use engine='ngspice', or hand in "
            "a Pair(system, circuit)"
        )
    return system


def deck_of(
    design: Any,
    drive: Mapping[str, Stimulus] | Stimulus | None,
    t_stop: float,
    probes: Mapping[str, Probe | str] | Sequence[str] | None = None,
) -> Deck:
    """The deck of a design under a drive.

    Parameters
    ----------
    design : Neuron, Pair, PySpice Circuit or Deck
        What to run.
    drive : Stimulus, or mapping of str to Stimulus, or None
        What drives its ports [A or V].
    t_stop : float
        Length of the run [s].
    probes : mapping or sequence of str, optional
        What to record.

    Returns
    -------
    Deck
        As :func:`neuromorph.make_deck` makes it.

    Raises
    ------
    ValueError
        When the design has no circuit.
    """
    from neuromorph.schematic import Deck, make_deck

    if isinstance(design, Deck):
        if drive is not None or probes is not None or t_stop != design.t_stop:
            raise ValueError("a deck holds its own drive, probes and t_stop: make another one with nm.make_deck")
        return design
    if hasattr(design, "schematic"):
        return make_deck(design.schematic(), drives=drive, t_stop=t_stop, probes=probes)
    if hasattr(design, "raw_spice") and hasattr(design, "elements"):
        return make_deck(design, drives=drive, t_stop=t_stop, probes=probes)
    raise ValueError(
        f"{type(design).__name__} has no circuit, so SPICE cannot run it: use engine='rk4', or hand in a "
        "Pair(system, circuit)"
    )
