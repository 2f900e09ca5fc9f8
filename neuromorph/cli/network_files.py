"""The commands ``neuromorph network show``, ``draw`` and ``convert``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from neuromorph.cli.network_runs import NetworkArgument
from neuromorph.cli.options import Json, Set
from neuromorph.cli.output import check_outputs, reported, say, write_json
from neuromorph.errors import EngineNotFoundError
from neuromorph.quantities import parse_quantity

_JSON = ".json"


@reported
def show(
    network: NetworkArgument,
    setting: Set = [],  # noqa: B006 - typer's spelling of a repeatable option
    json: Json = None,
) -> None:
    """List the neurons, sources, crossbars and synapses of a network."""
    from neuromorph.cli.network_graphs import network_of
    from neuromorph.cli.network_report import describe_network, network_dict

    check_outputs(json=json)
    design = network_of(network, setting)
    say(describe_network(design), json)
    write_json(network_dict(design), json)


@reported
def draw(
    network: NetworkArgument,
    output: Annotated[Path, typer.Option("--output", "-o", help="Write the picture (png, pdf, svg).")],
    setting: Set = [],  # noqa: B006
) -> None:
    """Draw the graph of a network, synapses as wide as they are strong; its circuit is drawn by `neuromorph draw`."""
    from neuromorph.cli.network_graphs import network_of
    from neuromorph.plots import plot_graph, save_figure

    check_outputs(plot=output)
    design = network_of(network, setting)
    save_figure(plot_graph(design).figure, output)
    say(f"picture: {output}")


@reported
def convert(
    network: Annotated[
        str,
        typer.Argument(metavar="NETWORK", help="What to convert: a NIR file (.nir), or what the other commands take."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Write a network (.json) or NIR (.nir).")],
    setting: Set = [],  # noqa: B006
    v_unit: Annotated[str | None, typer.Option("--v-unit", help="What a voltage of 1 in NIR is, such as 1V.")] = None,
    t_unit: Annotated[str | None, typer.Option("--t-unit", help="What a time of 1 in NIR is, such as 1s.")] = None,
    r_unit: Annotated[
        str | None, typer.Option("--r-unit", help="What a resistance of 1 in NIR is, such as 1Mohm.")
    ] = None,
    spike_area: Annotated[
        float, typer.Option("--spike-area", help="What one spike integrates to, in NIR's unit of time.")
    ] = 1.0,
    memristive_state: Annotated[
        float | None,
        typer.Option(
            "--memristive-state", help="Write memristive neurons as leaky ones with the leak of this state, 0 to 1."
        ),
    ] = None,
    through: Annotated[
        str, typer.Option("--through", help="What weights of NIR become: edges, or crossbar.")
    ] = "edges",
    json: Json = None,
) -> None:
    """Convert a network between node-link JSON and NIR, and say what is lost."""
    import neuromorph as nm
    from neuromorph.cli.network_graphs import NIR_ENDINGS, graph_of
    from neuromorph.networks.nir.report import NirReport

    check_outputs(json=json, output=output)
    if output.suffix not in (_JSON, *NIR_ENDINGS):
        raise ValueError(f"--output {output}: give a name that ends in .json (a network) or .nir (NIR)")
    source = Path(network)
    is_nir = source.suffix in NIR_ENDINGS
    if is_nir and output.suffix != _JSON:
        raise ValueError(f"--output {output}: NIR becomes a network; give a name that ends in .json")
    report: NirReport | None = None
    lost: list[str] = []
    units: dict[str, Any] = {}
    if is_nir or output.suffix != _JSON:
        typed = {"--v-unit": (v_unit, "V"), "--t-unit": (t_unit, "s"), "--r-unit": (r_unit, "ohm")}
        missing = [option for option, (text, _) in typed.items() if text is None]
        if missing:
            raise ValueError(
                f"NIR's numbers have no units: say what 1 is with {', '.join(missing)}, such as --v-unit 1V --t-unit 1s --r-unit 1Mohm"
            )
        units = {
            option[2:].replace("-", "_"): parse_quantity(text or "", unit) for option, (text, unit) in typed.items()
        }
    elif any(text is not None for text in (v_unit, t_unit, r_unit)):
        raise ValueError("--v-unit, --t-unit and --r-unit are for NIR, and neither of these files is one")
    elif spike_area != 1.0:
        raise ValueError("--spike-area is for NIR, and neither of these files is one")
    if setting and is_nir:
        raise ValueError(f"--set is for arguments of a script's design(), and {network!r} is no script (.py)")
    if through != "edges" and not is_nir:
        raise ValueError("--through says what weights of NIR become: it is for a NIR file that becomes a network")
    if memristive_state is not None and (is_nir or output.suffix == _JSON):
        raise ValueError(
            "--memristive-state says how memristive neurons are written as NIR: give --output a name in .nir"
        )
    if is_nir or output.suffix != _JSON:
        _nir()
    if is_nir:
        graph, report = nm.from_nir(_read_nir(source), **units, spike_area=spike_area, through=through)
        nm.save_network(graph, output)
    else:
        graph = graph_of(network, setting)
        if hasattr(graph, "driven_by"):
            if graph.fidelity is not None:
                lost.append(_lost_fidelity(graph.fidelity))
            graph = graph.graph
        if output.suffix == _JSON:
            nm.save_network(graph, output)
        else:
            nir_graph, report = nm.to_nir(graph, **units, spike_area=spike_area, memristive_state=memristive_state)
            _write_nir(nir_graph, output)
    if report is not None or lost:
        report = NirReport(lost=(*lost, *(report.lost if report else ())), notes=report.notes if report else ())
        say(str(report), json)
    say(f"written: {output}", json)
    write_json(
        {
            "output": str(output),
            "lost": list(report.lost) if report is not None else [],
            "read_as": list(report.notes) if report is not None else [],
        },
        json,
    )


def _lost_fidelity(fidelity: Any) -> str:
    said = fidelity if isinstance(fidelity, str) else ",".join(f"{part}={chosen}" for part, chosen in fidelity.items())
    return f"real parts become ideal ones: give --fidelity {said} to the command that runs the network"


def _nir() -> Any:
    from neuromorph.networks.nir.report import nir_module

    try:
        return nir_module()
    except ImportError as error:
        raise EngineNotFoundError(str(error)) from None


def _read_nir(path: Path) -> object:
    nir = _nir()
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {str(path)!r}")
    try:
        return nir.read(path)
    except Exception as error:  # h5py and nir raise many kinds, all of which mean this
        raise ValueError(f"{path} is no NIR file that can be read: {error}") from None


def _write_nir(graph: object, path: Path) -> None:
    from neuromorph.files import atomic_path

    nir = _nir()
    with atomic_path(path) as unfinished:
        nir.write(unfinished, graph)
