"""The commands."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from neuromorph.cli.crossbar import crossbar
from neuromorph.cli.draw import draw
from neuromorph.cli.fit import fit
from neuromorph.cli.network import network
from neuromorph.cli.network_runs import run_network
from neuromorph.cli.noise import noise
from neuromorph.cli.options import (
    Design,
    Drive,
    Dt,
    Engine,
    Fidelity,
    Json,
    Method,
    Plot,
    Probes,
    RelTol,
    SaveRoads,
    Seed,
    Set,
    SpiceEngine,
    TMax,
    TStop,
    named_probes,
    ngspice_options,
    parsed_fidelity,
    say_choice,
    seconds,
    spice_options,
    warn_of_idle_settings,
)
from neuromorph.cli.output import (
    AGREE,
    DISAGREE,
    ENGINE_MISSING,
    DelayedProgress,
    check_outputs,
    partial_saved_beside,
    reported,
    roads_saved_beside,
    save_roads,
    say,
    write_json,
)
from neuromorph.cli.reproduce import reproduce
from neuromorph.cli.stdp import stdp
from neuromorph.cli.sweep import sweep
from neuromorph.version import __version__

app = typer.Typer(
    name="neuromorph",
    help="Circuit-level simulator for neuromorphic hardware: SPICE and equations, cross-validated.",
    epilog="Exit status: 0 agree, 1 disagree, 2 usage, 3 engine missing, 4 simulation failed.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        say(f"neuromorph {__version__}")
        raise typer.Exit


@app.callback()
def configure(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say what is being done.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Set logging up; the library itself never does."""
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, format="%(name)s: %(message)s")


@app.command()
@reported
def doctor(json: Json = None) -> None:
    """Say which engines are here, what they can do, and how to get what is missing."""
    from neuromorph.cli.doctor import findings

    found = findings()
    write_json(found, json)
    ngspice = found["engines"]["ngspice"]
    lines = [f"neuromorph {found['neuromorph']}, Python {found['python']}, kernels and findings in {found['cache']}"]
    lines.append("rk4             ready")
    for name in ("ngspice", "ngspice-shared", "vacask"):
        engine = found["engines"][name]
        if not engine["found"]:
            lines.append(f"{name:16}missing: {engine['why']}")
            continue
        known = [ability for ability in ("klu", "osdi") if ability in engine]
        can = ", ".join(f"{ability.upper()} {'yes' if engine[ability] else 'no'}" for ability in known)
        extra = can or f"Verilog-A compiler {engine['compiler']}"
        lines.append(f"{name:16}ready: {engine['program']}, version {engine['version']} ({extra})")
    say("\n".join(lines), json)
    if not (ngspice["found"] or found["engines"]["vacask"]["found"]):
        raise typer.Exit(ENGINE_MISSING)


@app.command()
@reported
def simulate(
    design: Design,
    engine: Engine = None,
    drive: Drive = [],  # noqa: B006 - typer's spelling of a repeatable option
    t_stop: TStop = None,
    setting: Set = [],  # noqa: B006
    fidelity: Fidelity = None,
    probe: Probes = [],  # noqa: B006
    dt: Dt = None,
    seed: Seed = None,
    reltol: RelTol = None,
    t_max: TMax = None,
    method: Method = None,
    plot: Plot = None,
    save: Annotated[Path | None, typer.Option("--save", help="Write the waveforms as netCDF.")] = None,
    json: Json = None,
) -> None:
    """Simulate a design by one engine."""
    import neuromorph as nm
    from neuromorph.cli.designs import UsageError, requested
    from neuromorph.roads import at_fidelity
    from neuromorph.validate.report import describe_recording, recording_dict

    check_outputs(json=json, save=save, plot=plot)
    request = requested(design, setting, drive, t_stop)
    warn_of_idle_settings(request.design, setting, parsed_fidelity(fidelity))
    if hasattr(request.design, "driven_by"):
        if probe or seed is not None:
            raise UsageError(
                f"{design} is a network: --probe and --seed are for other designs; nm.compose(record=...) names what is kept"
            )
        run_network(
            at_fidelity(request.design, parsed_fidelity(fidelity)),
            request.drive,
            engine=engine,
            t_stop=request.t_stop,
            dt=seconds(dt),
            options=spice_options(reltol, t_max, method, engine),
            save=save,
            plot=plot,
            json=json,
        )
        return
    with DelayedProgress() as progress, partial_saved_beside(save):
        recording = nm.simulate(
            request.design,
            request.drive,
            request.t_stop,
            engine,
            dt=seconds(dt),
            options=spice_options(reltol, t_max, method, engine),
            probes=named_probes(probe),
            fidelity=parsed_fidelity(fidelity),
            seed=seed,
            progress=progress,
        )
    say(describe_recording(recording), json)
    say_choice(recording, json)
    if save is not None:
        recording.save(save)
        say(f"waveforms: {save}", json)
    write_json(recording_dict(recording), json)
    if plot is not None:
        from neuromorph.plots import plot_recording, save_figure

        save_figure(plot_recording(recording), plot)
        say(f"picture: {plot}", json)


@app.command()
@reported
def validate(
    design: Design,
    engine: SpiceEngine = "ngspice",
    drive: Drive = [],  # noqa: B006
    t_stop: TStop = None,
    setting: Set = [],  # noqa: B006
    fidelity: Fidelity = None,
    probe: Probes = [],  # noqa: B006
    dt: Dt = None,
    seed: Seed = None,
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
    """Run a design as equations and as a circuit, and say how far they agree and why."""
    import neuromorph as nm
    from neuromorph.cli.designs import UsageError, requested
    from neuromorph.roads import at_fidelity

    check_outputs(json=json, save=save, plot=plot)
    request = requested(design, setting, drive, t_stop)
    warn_of_idle_settings(request.design, setting, parsed_fidelity(fidelity))
    drives, t_stop_s, step = request.drive, request.t_stop, seconds(dt)
    asked, chosen = request.design, parsed_fidelity(fidelity)
    if hasattr(asked, "driven_by"):
        if probe or seed is not None:
            raise UsageError(f"{design} is a network: --probe and --seed are for other designs")
        # Its neurons are as real as it was composed.
        asked, chosen = at_fidelity(asked, chosen), None
    if seed is not None:
        if step is None:
            raise UsageError(
                "--seed draws one path of noise for both roads: say with --dt how long each sample is held"
            )
        if t_stop_s is None and hasattr(asked, "working_point"):
            t_stop_s = asked.working_point().t_stop
        asked, drives = nm.frozen_noise(asked, drives, t_stop_s, seed=seed, dt=step)
        step = None
    with DelayedProgress() as progress, roads_saved_beside(save):
        check = nm.cross_validate(
            asked,
            drives,
            t_stop_s,
            dt=step,
            engine=engine,
            options=spice_options(reltol, t_max, method, engine),
            probes=named_probes(probe),
            fidelity=chosen,
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


@app.command()
@reported
def netlist(
    design: Design,
    drive: Drive = [],  # noqa: B006
    t_stop: TStop = None,
    setting: Set = [],  # noqa: B006
    fidelity: Fidelity = None,
    probe: Probes = [],  # noqa: B006
    reltol: RelTol = None,
    t_max: TMax = None,
    method: Method = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the deck to a file.")] = None,
    json: Json = None,
) -> None:
    """Print the deck of a design, to read, to run by hand (ngspice -b), to open in another simulator."""
    from neuromorph.cli.designs import requested
    from neuromorph.files import write_text_atomically
    from neuromorph.roads import at_fidelity, deck_of, working_point

    check_outputs(json=json, output=output)
    request = requested(design, setting, drive, t_stop)
    warn_of_idle_settings(request.design, setting, parsed_fidelity(fidelity))
    built = at_fidelity(request.design, parsed_fidelity(fidelity))
    stimulus, duration = working_point(built, request.drive, request.t_stop)
    deck = deck_of(built, stimulus, duration, named_probes(probe))
    text = deck.text(ngspice_options(reltol, t_max, method))
    if output is not None:
        write_text_atomically(output, text)
        say(f"deck: {output}", json)
    elif json != "-":
        say(text.rstrip("\n"))
    write_json(
        {
            "design": deck.name,
            "deck": text,
            "deck_hash": deck.digest(text),
            "probes": {name: p.expression for name, p in deck.probes.items()},
        },
        json,
    )


app.command()(draw)
app.command()(sweep)
app.command()(fit)
app.command()(noise)
app.command()(stdp)
app.command()(reproduce)
app.add_typer(crossbar, name="crossbar")
app.add_typer(network, name="network")


def main() -> None:
    """Run the command line."""
    app()
