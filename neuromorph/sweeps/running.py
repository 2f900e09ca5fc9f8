"""Many runs of one design in parallel, each result kept as it comes."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any

from neuromorph.errors import NeuromorphError
from neuromorph.progress import Progress, silent
from neuromorph.quantities import pluralised
from neuromorph.stimulus import Stimulus
from neuromorph.sweeps.distributions import Distribution
from neuromorph.sweeps.identity import base_digest, task_key
from neuromorph.sweeps.measures import Asked, Measure, measures_of
from neuromorph.sweeps.plan import Plan, axis_values, plan_of
from neuromorph.sweeps.result import SweepResult, expanded_measures
from neuromorph.sweeps.setup import Setup, setup_of
from neuromorph.sweeps.store import Store
from neuromorph.sweeps.task import perform
from neuromorph.sweeps.workers import WorkerPool, processors, refuse_what_cannot_travel

if TYPE_CHECKING:
    from neuromorph.schematic import NgspiceOptions, Probe, VacaskOptions
    from neuromorph.spice import Engine


class SweepInterrupted(KeyboardInterrupt):
    """Ctrl-C during a sweep; the message says what was kept and where.

    Parameters
    ----------
    message : str
        How far the sweep was.
    result : SweepResult
        What had been measured until then.
    """

    def __init__(self, message: str, result: SweepResult) -> None:
        super().__init__(message)
        self.result = result


def sweep(
    design: Any,
    over: Mapping[str, Any],
    *,
    drive: Mapping[str, Stimulus] | Stimulus | None = None,
    t_stop: float | None = None,
    measure: Asked | Sequence[Asked] | Mapping[str, Asked] | None = None,
    mode: str = "grid",
    samples: int | None = None,
    engine: str | Engine | None = None,
    fidelity: Any = None,
    dt: float | None = None,
    options: NgspiceOptions | VacaskOptions | None = None,
    probes: Mapping[str, Probe | str] | Sequence[str] | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
    store: str | os.PathLike[str] | None = None,
    retry: bool = False,
    seed: int = 0,
    progress: Progress = silent,
) -> SweepResult:
    """Run a design over ranges of its parameters and measure each run.

    Parameters
    ----------
    design : Neuron, HybridSystem, or callable
        What is swept; a callable gets the parameters by name and returns a design.
    over : mapping of str to sequence of float or Distribution
        Values of each parameter, in its unit, or what they are drawn from. Names are dotted:
        ``capacitance``, ``memristor.tau``, ``drive.amplitude``, ``drive.<input>.amplitude`` of several drives;
        ``t_stop``, and ``engine`` and ``fidelity``, which take words.
    drive : Stimulus, or mapping of str to Stimulus, optional
        What drives the runs [A or V]; the working point of the design as given where it is left out.
    t_stop : float, optional
        Length of each run [s]; the working point of the design as given where it is left out.
    measure : str, callable, or sequence or mapping of these, optional
        Names of ``neuromorph.sweeps.MEASURES``, or functions of a :class:`Recording` that return a number, or
        numbers by name. By default spikes, rate, first and steady interval and adaptation ratio.
    mode : {"grid", "zip"}
        Every combination of values, or the first of each, the second of each and so on.
    samples : int, optional
        How often the distributions are drawn from, at each point of the grid.
    engine, fidelity, dt, options, probes
        As :func:`simulate` takes them [SI units].
    executor : concurrent.futures.Executor, optional
        Does the runs; processes of this machine where it is left out.
    workers : int, optional
        Number of processes; 1 runs in this one. As many as processors where it is left out.
    store : path-like, optional
        Folder, or file whose name ends in .jsonl, that keeps each result as it comes. What stands there is not
        run again; whatever changes the results (the design, the drive, a measure, a setting) makes another run of it.
    retry : bool
        Run again what failed, according to the store.
    seed : int
        From which every run that draws from a distribution gets a stream of its own.
    progress : Progress
        Told how many runs are done.

    Returns
    -------
    SweepResult
        Arrays of shape of the grid, in the unit of each measure, and the runs that failed, with why.

    Raises
    ------
    ValueError
        When a name or an argument cannot be used; the message lists the choices.
    EngineNotFoundError
        When the simulator program is not there.
    SweepInterrupted
        On Ctrl-C: a ``KeyboardInterrupt`` that has the results until then.

    Notes
    -----
    A run that fails is a result that says why; the others go on. Results do not depend on the number of workers.

    Examples
    --------
    >>> import neuromorph as nm
    >>> result = nm.sweep(nm.LIF(), {"drive.value": [0.1e-3, 0.2e-3]}, t_stop=5e-3, measure="spike_count", workers=1)
    >>> result.values().tolist()
    [0.0, 5.0]
    """
    if not isinstance(over, Mapping) or not over:
        raise ValueError(
            f"over must be a dict of values by parameter, such as {{'capacitance': [1e-9, 2e-9]}}, got {over!r}"
        )
    first = {n: axis_values(n, given)[0] for n, given in over.items() if not isinstance(given, Distribution)}
    given = {"engine": engine, "fidelity": fidelity, "dt": dt, "options": options, "probes": probes}
    setup = setup_of(design, drive, t_stop, first, **given)
    chosen = measures_of(measure)
    plan = plan_of(over, setup, mode, samples, seed)
    if executor is not None and (workers is not None or not hasattr(executor, "submit")):
        raise ValueError(f"give an executor (something with submit) or workers, got {executor!r} and {workers!r}")
    _check_engines(setup, plan)
    if "fidelity" not in over:
        _refuse_idle(setup, over)
    book = Store(store) if store is not None else None
    work = _Work(setup, plan, chosen, book, retry, seed, progress)
    with _executor(executor, workers, len(work.pending)) as chosen_executor:
        work.do(chosen_executor)
    return work.result()


def f_i_curve(design: Any, amplitudes: Sequence[float], **options: Any) -> SweepResult:
    """Spikes against the size of the drive.

    Parameters
    ----------
    design : Neuron, HybridSystem, or callable
        What is driven.
    amplitudes : sequence of float
        Amplitudes of the drive, or values of a constant one [A or V].
    **options
        What else :func:`sweep` takes.

    Returns
    -------
    SweepResult
        Of shape (n_amplitudes,); measures in their units, rates in Hz.

    Raises
    ------
    ValueError
        When the drive has neither an amplitude nor a value.

    Examples
    --------
    >>> import neuromorph as nm
    >>> curve = nm.f_i_curve(nm.LIF(), [0.1e-3, 0.2e-3], t_stop=5e-3, workers=1)
    >>> curve.values("rate").tolist()
    [0.0, 1000.0]
    """
    setup = setup_of(design, options.get("drive"), options.get("t_stop"), {})
    known = setup.units()
    name = next((n for n in ("drive.amplitude", "drive.value") if n in known), None)
    if name is None:
        raise ValueError(
            "the drive must be one stimulus with an amplitude or a value; name the parameter in nm.sweep(..., over=...): "
            f"{', '.join(n for n in known if n.startswith('drive.')) or 'there is none'}"
        )
    return sweep(design, {name: amplitudes}, **options)


class _Work:
    """What is to be run, and what has come back."""

    def __init__(
        self,
        setup: Setup,
        plan: Plan,
        measures: Mapping[str, Measure],
        store: Store | None,
        retry: bool,
        seed: int,
        progress: Progress,
    ) -> None:
        self._setup, self._plan, self._measures, self._store = setup, plan, measures, store
        self._seed, self._progress = seed, progress
        self._outcomes: list[dict[str, Any] | None] = [None] * len(plan.tasks)
        self._keys: list[str] = []
        if store is not None:
            base = base_digest(setup, measures, plan.values)
            self._keys = [task_key(base, task) for task in plan.tasks]
            for i, key in enumerate(self._keys):
                found = store.results.get(key)
                if found is not None and not (retry and "failure" in found):
                    self._outcomes[i] = found
        self.pending = [i for i, outcome in enumerate(self._outcomes) if outcome is None]
        self._reused = len(plan.tasks) - len(self.pending)

    def do(self, executor: Executor | None) -> None:
        """Run what is not there yet; ``None`` runs it here."""
        try:
            if executor is None:
                for i in self.pending:
                    self._keep(i, perform(*self._call(i)))
                return
            if isinstance(executor, WorkerPool):
                refuse_what_cannot_travel(self._call(0))
            futures = {executor.submit(perform, *self._call(i)): i for i in self.pending}
            try:
                for future in _as_completed(futures):
                    self._keep(futures[future], _outcome_of(future))
            except BaseException:
                for future in futures:
                    future.cancel()
                raise
        except KeyboardInterrupt:
            raise SweepInterrupted(self._where(), self.result()) from None
        except concurrent.futures.BrokenExecutor as error:
            raise NeuromorphError(f"the executor broke: {error}; {self._where()}") from error

    def result(self) -> SweepResult:
        """What has come back so far."""
        setup, plan = self._setup, self._plan
        names = expanded_measures(list(self._measures), self._outcomes)
        known = {name: self._measures.get(name) or self._measures[name.rpartition(".")[0]] for name in names}
        parameter_units = setup.units()
        units = {name: parameter_units[name] for name in plan.tasks[0]}
        drive_unit = next((u for n, u in parameter_units.items() if n.endswith((".amplitude", ".value"))), "")
        units |= {name: drive_unit if measure.unit == "drive" else measure.unit for name, measure in known.items()}
        return SweepResult(
            design=str(
                getattr(setup.design, "design_name", None) or getattr(setup.design, "name", type(setup.design).__name__)
            ),
            axes=plan.axes,
            axis_values=plan.values,
            shape=plan.shape,
            tasks=plan.tasks,
            measures=names,
            units=units,
            labels={
                n: m.label if n in self._measures else f"{m.label}: {n.rpartition('.')[2]}" for n, m in known.items()
            },
            outcomes=tuple(self._outcomes),
            reused=self._reused,
            store=self._store.path if self._store is not None else None,
            settings={
                "t_stop": setup.t_stop,
                "drive": None if setup.drive is None else repr(setup.drive),
                "engine": None if setup.engine is None else getattr(setup.engine, "name", setup.engine),
                "fidelity": None if setup.fidelity is None else str(setup.fidelity),
                "seed": self._seed,
            },
        )

    def _call(self, i: int) -> tuple[Setup, Mapping[str, Measure], dict[str, Any]]:
        return self._setup.to_send(), self._measures, self._plan.tasks[i]

    def _keep(self, i: int, outcome: dict[str, Any]) -> None:
        self._outcomes[i] = outcome
        if self._store is not None:
            self._store.add(self._keys[i], self._plan.tasks[i], outcome)
        done, total = self._done(), len(self._outcomes)
        self._progress(done / total, f"{done} of {pluralised(total, 'run')}")

    def _done(self) -> int:
        return sum(outcome is not None for outcome in self._outcomes)

    def _where(self) -> str:
        text = f"{self._done()} of {pluralised(len(self._outcomes), 'run')} are done"
        if self._store is None:
            return f"{text}; give a store to keep them"
        return f"{text} and kept in {self._store.path}; the same sweep goes on from there"


def _outcome_of(future: Future[dict[str, Any]]) -> dict[str, Any]:
    try:
        return future.result()
    except concurrent.futures.BrokenExecutor:
        raise
    except Exception as error:
        # The run itself returns its failures: this is one of the way there or back.
        return {"failure": f"{type(error).__name__}: {error}"}


def _as_completed(futures: Mapping[Any, int]) -> Iterator[Any]:
    """In the order in which they end, where they are of the standard library."""
    if all(isinstance(future, Future) for future in futures):
        return concurrent.futures.as_completed(futures)
    return iter(futures)


@contextlib.contextmanager
def _executor(given: Executor | None, workers: int | None, n_tasks: int) -> Iterator[Executor | None]:
    if given is not None:
        yield given
        return
    pool = WorkerPool(min(workers or processors(), n_tasks)) if _is_parallel(workers, n_tasks) else None
    try:
        yield pool
    except BaseException:
        if pool is not None:
            pool.stop()
        raise
    if pool is not None:
        pool.shutdown()


def _is_parallel(workers: int | None, n_tasks: int) -> bool:
    if workers is not None and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 1):
        raise ValueError(f"workers must be an integer of at least 1, got {workers!r}")
    return n_tasks > 1 and (processors() if workers is None else workers) > 1


def _refuse_idle(setup: Setup, over: Mapping[str, Any]) -> None:
    """Say before anything runs that an axis would give equal rows."""
    from neuromorph.neurons.fidelity import idle_parameters
    from neuromorph.roads import at_fidelity

    idle = idle_parameters(at_fidelity(setup.design, setup.fidelity), over)
    if idle:
        raise ValueError(
            f"{', '.join(idle)} has no effect while every part is ideal: give a fidelity, such as fidelity='macromodel'"
        )


def _check_engines(setup: Setup, plan: Plan) -> None:
    """Say once, and before anything runs, that an engine is unknown or missing."""
    from neuromorph.roads import ENGINES, engine_of

    for engine in plan.values.get("engine", (setup.engine,)):
        if engine is None or engine in ENGINES[:-1]:
            continue
        capabilities: Callable[[], Any] | None = getattr(engine_of(engine), "capabilities", None)
        if capabilities is not None:
            capabilities()
