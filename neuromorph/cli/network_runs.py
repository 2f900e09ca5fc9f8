"""The commands ``neuromorph network simulate`` and ``validate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neuromorph.cli.options import (
    Dt,
    Engine,
    Fidelity,
    Json,
    Method,
    Plot,
    RelTol,
    SaveRoads,
    Set,
    SpiceEngine,
    TMax,
    TStop,
    parsed_fidelity,
    say_choice,
    seconds,
    spice_options,
)
from neuromorph.cli.output import (
    AGREE,
    DISAGREE,
    DelayedProgress,
    check_outputs,
    partial_saved_beside,
    reported,
    roads_saved_beside,
    save_roads,
    say,
    write_json,
)

if TYPE_CHECKING:
    import neuromorph as nm

NetworkArgument = Annotated[
    str,
    typer.Argument(
        metavar="NETWORK",
        help="A file (.json), a script with design() (.py), or chain:4, layered:4-3-2, recurrent:6+2, winner-take-all:4, "
        "random:20 (or :0.3:SEED), crossbar:4x3, recurrent-crossbar:8 (or :SEED).",
    ),
]
Record = Annotated[
    str | None,
    typer.Option("--record", help="Neurons whose waveforms are kept: n0,n1, all or none; spikes are kept of all."),
]
CurrentsInto = Annotated[
    list[str],
    typer.Option(
        "--drive", help="A current into a neuron, such as 'n0=constant(value=1mA)', in place of its own; repeatable."
    ),
]


@reported
def simulate(
    network: NetworkArgument,
    engine: Engine = None,
    t_stop: TStop = None,
    drive: CurrentsInto = [],  # noqa: B006 - typer's spelling of a repeatable option
    record: Record = None,
    setting: Set = [],  # noqa: B006
    fidelity: Fidelity = None,
    dt: Dt = None,
    reltol: RelTol = None,
    t_max: TMax = None,
    method: Method = None,
    plot: Plot = None,
    save: Annotated[Path | None, typer.Option("--save", help="Write waveforms and spikes as netCDF.")] = None,
    json: Json = None,
) -> None:
    """Simulate a network by one engine."""
    from neuromorph.cli.designs import currents_into
    from neuromorph.cli.network_graphs import network_of

    check_outputs(json=json, save=save, plot=plot)
    design = network_of(network, setting, record, parsed_fidelity(fidelity))
    run_network(
        design,
        currents_into(design, drive),
        engine=engine,
        t_stop=seconds(t_stop),
        dt=seconds(dt),
        options=spice_options(reltol, t_max, method, engine),
        save=save,
        plot=plot,
        json=json,
    )


@reported
def validate(
    network: NetworkArgument,
    engine: SpiceEngine = "ngspice",
    t_stop: TStop = None,
    drive: CurrentsInto = [],  # noqa: B006
    record: Record = None,
    setting: Set = [],  # noqa: B006
    fidelity: Fidelity = None,
    dt: Dt = None,
    reltol: RelTol = None,
    t_max: TMax = None,
    method: Method = None,
    error_budget: Annotated[
        bool,
        typer.Option(help="Run both roads at a finer tolerance too, to tell numerical error from a model difference."),
    ] = True,
    plot: Plot = None,
    save: SaveRoads = None,
    json: Json = None,
) -> None:
    """Run a network as equations and as a circuit, and say neuron by neuron and edge by edge how far they agree."""
    import neuromorph as nm
    from neuromorph.cli.designs import currents_into
    from neuromorph.cli.network_graphs import network_of

    check_outputs(json=json, save=save, plot=plot)
    design = network_of(network, setting, record, parsed_fidelity(fidelity))
    drives = currents_into(design, drive)
    with DelayedProgress() as progress, roads_saved_beside(save):
        check = nm.cross_validate(
            design,
            drives or None,
            seconds(t_stop),
            dt=seconds(dt),
            engine=engine,
            options=spice_options(reltol, t_max, method, engine),
            error_budget=error_budget,
            progress=progress,
        )
    say(check.summary(), json)
    say_choice(check.candidate, json)
    save_roads(save, json, reference=check.reference, candidate=check.candidate)
    write_json(check.to_dict(), json)
    if plot is not None:
        check.plot(plot)
        say(f"picture: {plot}", json)
    raise typer.Exit(AGREE if check.passed else DISAGREE)


def run_network(
    design: nm.Network,
    drives: Any,
    *,
    engine: str | None,
    t_stop: float | None,
    dt: float | None,
    options: Any,
    save: Path | None,
    plot: Path | None,
    json: str | None,
) -> None:
    """Simulate a network, say what it did, and write what was asked for (SI units)."""
    import neuromorph as nm
    from neuromorph.cli.network_report import describe_run, run_dict

    with DelayedProgress() as progress, partial_saved_beside(save):
        recording = nm.simulate(design, drives or None, t_stop, engine, dt=dt, options=options, progress=progress)
    say(describe_run(design, recording), json)
    say_choice(recording, json)
    if save is not None:
        recording.save(save)
        say(f"waveforms: {save}", json)
    write_json(run_dict(design, recording), json)
    if plot is not None:
        from neuromorph.plots import plot_network, save_figure

        save_figure(plot_network(design, recording), plot)
        say(f"picture: {plot}", json)
