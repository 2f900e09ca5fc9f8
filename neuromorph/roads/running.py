"""A run of a design by one engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from neuromorph.progress import Progress, silent
from neuromorph.recording import Recording
from neuromorph.roads.design import at_fidelity, deck_of, driven, equations_of, equations_or_none, working_point
from neuromorph.roads.engines import chosen_because, engine_for, engine_of
from neuromorph.roads.findings import check_design, warn_of
from neuromorph.stimulus import Stimulus

if TYPE_CHECKING:
    from neuromorph.behaviour.euler_maruyama import EulerMaruyama
    from neuromorph.behaviour.simulate import Solver
    from neuromorph.schematic import NgspiceOptions, Probe, VacaskOptions
    from neuromorph.spice import Engine


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
    design : Neuron, Network, Pair, HybridSystem, PySpice Circuit or Deck
        What to simulate. The deck of an operating point has no time and takes no `t_stop`.
    drive : Stimulus, or mapping of str to Stimulus
        What drives the input, or each input by name [A or V]. A neuron's working point where it is left out. Of a network,
        currents into neurons by name, in place of those that its graph has.
    t_stop : float
        Length of the run [s]. A neuron's working point where it is left out.
    engine : {"ode", "rk4", "ngspice", "ngspice-shared", "vacask", "auto"} or Engine, optional
        ``"ode"``, or ``"rk4"`` for the same, integrates the equations; it is the default for what has them, and
        ``"ngspice"``, the program, for a circuit. ``"ngspice-shared"`` is ngspice as a library, ``"vacask"``
        the simulator VACASK; ``"auto"`` picks a SPICE engine, and the provenance says why under ``engine_choice``.
    dt : float, optional
        Longest step of the equations' solver [s].
    solver : RK4, Rosenbrock, EulerMaruyama, Milstein or NetworkSolver, optional
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
    design, drive = driven(design, drive)
    if warn:
        warn_of(check_design(design, drive, t_stop, options=options))
    if engine is None:
        engine = "ngspice" if equations_or_none(design) is None else "ode"
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
