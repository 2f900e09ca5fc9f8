"""The command ``stdp``: the learning window of a memristor between two pulsed lines, on both roads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neuromorph.cli.designs import settings_of, with_settings
from neuromorph.cli.options import Json, Method, Plot, RelTol, Set, TMax, spice_options
from neuromorph.cli.output import AGREE, DISAGREE, DelayedProgress, check_outputs, reported, say, write_json
from neuromorph.quantities import parse_quantity

if TYPE_CHECKING:
    from neuromorph.plasticity import StdpCurve

_RANGE = re.compile(r"([^:]+):([^:]+):lin(\d+)")
_EQUATIONS = ("ode", "rk4")


@reported
def stdp(
    memristor: Annotated[
        str | None,
        typer.Option(
            "--memristor", help="The device: mms, gmms, vteam, yakopcic, linear-ion-drift, or a card (.toml)."
        ),
    ] = None,
    setting: Set = [],  # noqa: B006 - typer's spelling of a repeatable option
    pre: Annotated[
        str | None,
        typer.Option(
            "--pre",
            help="Pulse of the presynaptic line: rectangular(amplitude=0.2V, width=10us), biphasic(v_spike=-0.26V, width=10us, "
            "v_tail=0.2V, tau=100us), tails(v_before=-0.2V, v_after=0.2V, tau_before=50us, tau_after=50us, edge=1us).",
        ),
    ] = None,
    post: Annotated[
        str | None, typer.Option("--post", help="Pulse of the postsynaptic line; like --pre without it.")
    ] = None,
    delays: Annotated[
        str | None,
        typer.Option("--delays", help="From pre to post: -300us:300us:lin31, or -50us,-20us,20us,50us."),
    ] = None,
    pairs: Annotated[int, typer.Option("--pairs", help="How many pairs.")] = 1,
    frequency: Annotated[
        str | None, typer.Option("--frequency", help="At which several pairs follow each other, such as 100Hz.")
    ] = None,
    rest: Annotated[str, typer.Option("--rest", help="Wait after the last pulse, such as 1ms.")] = "0s",
    v_read: Annotated[str, typer.Option("--v-read", help="Voltage at which conductances are read.")] = "100mV",
    engine: Annotated[
        str,
        typer.Option(
            "--engine",
            help="The circuit's road, compared with the equations: ngspice, ngspice-shared, vacask, auto; or ode for the "
            "equations alone.",
        ),
    ] = "ngspice",
    limit: Annotated[
        float, typer.Option("--limit", help="Largest difference of both roads, as a share of the largest change.")
    ] = 1e-3,
    reltol: RelTol = None,
    t_max: TMax = None,
    method: Method = None,
    plot: Plot = None,
    json: Json = None,
) -> None:
    """Measure how pairs of spikes change a memristor over the delay between them (STDP), as equations and as a circuit."""
    import neuromorph as nm
    from neuromorph.plasticity.parsing import parse_pulse

    check_outputs(json=json, plot=plot)
    if not 0 < limit < 1:
        raise ValueError(f"--limit must be a number between 0 and 1, got {limit!r}")
    shapes: dict[str, Any] = {} if pre is None else {"pre": parse_pulse(pre), "post": parse_pulse(pre)}
    if post is not None:
        shapes["post"] = parse_pulse(post)
    values = settings_of(setting)
    if memristor is not None:
        values["memristor"] = memristor
    synapse = with_settings(nm.PlasticSynapse(**shapes), values)

    def measured(engine: str, **settings: Any) -> StdpCurve:
        with DelayedProgress() as progress:
            return nm.stdp_curve(
                synapse.memristor,
                pre=synapse.pre,
                post=synapse.post,
                x0=synapse.x0,
                overlap=synapse.overlap,
                delays=None if delays is None else parsed_delays(delays),
                pairs=pairs,
                frequency=None if frequency is None else parse_quantity(frequency, "Hz"),
                rest=parse_quantity(rest, "s"),
                v_read=parse_quantity(v_read, "V"),
                engine=engine,
                progress=progress,
                **settings,
            )

    options = spice_options(reltol, t_max, method, engine)
    if engine in _EQUATIONS:
        curve = measured(engine, options=options)
        say(curve.summary(), json)
        write_json(curve.to_dict(), json)
        _draw(curve, (), plot, json)
        return
    curve, circuit = measured("ode"), measured(engine, options=options)
    difference = curve.difference(circuit)
    passed = difference <= limit
    say(f"{curve.summary()}\n\n{circuit.summary()}\n", json)
    word = "agree" if passed else "DISAGREE"
    say(f"difference of the roads: {difference:.2e} of the largest change, limit {limit:.2e}: {word}", json)
    write_json(
        {
            "passed": passed,
            "difference": difference,
            "limit": limit,
            "reference": curve.to_dict(),
            "candidate": circuit.to_dict(),
        },
        json,
    )
    _draw(curve, (circuit,), plot, json)
    raise typer.Exit(AGREE if passed else DISAGREE)


def parsed_delays(text: str) -> list[float]:
    """Delays as typed: ``a:b:linN``, or values joined by commas.

    Parameters
    ----------
    text : str
        For example ``"-300us:300us:lin31"``.

    Returns
    -------
    list of float
        In s.

    Raises
    ------
    ValueError
        When the text cannot be read.
    """
    found = _RANGE.fullmatch(text.strip())
    try:
        if found is None:
            return [parse_quantity(part.strip(), "s") for part in text.split(",")]
        low, high = (parse_quantity(found[k].strip(), "s") for k in (1, 2))
    except ValueError as error:
        raise ValueError(f"--delays {text}: {error}; write a:b:linN or a,b,c") from None
    if not 2 <= (count := int(found[3])) <= 10_000:
        raise ValueError(f"--delays {text}: a range has from 2 to 10000 delays, got {count}")
    return [low + (high - low) * k / (count - 1) for k in range(count)]


def _draw(curve: StdpCurve, others: tuple[StdpCurve, ...], plot: Path | None, json: str | None) -> None:
    if plot is not None:
        curve.plot(plot, others)
        say(f"picture: {plot}", json)
