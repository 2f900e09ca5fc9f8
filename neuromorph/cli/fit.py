"""The command ``neuromorph fit``: measured files to a memristor model, with a report."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Annotated, Any

import typer

from neuromorph.cli.options import Json, Plot
from neuromorph.cli.output import DelayedProgress, check_outputs, reported, say, write_json

_PAIR = "name=value"


@reported
def fit(
    files: Annotated[list[Path], typer.Argument(help="Measured records: CSV files.")],
    model: Annotated[
        str, typer.Option("--model", help="mms, gmms, gmms-pinched, vteam, yakopcic, linear-ion-drift, or a TOML card.")
    ] = "mms",
    series_resistor: Annotated[
        str | None,
        typer.Option("--series-resistor", help="Between source and device, such as 5k; else from the files."),
    ] = None,
    frequency: Annotated[str | None, typer.Option("--frequency", help="Of the drive, such as 10Hz.")] = None,
    amplitude: Annotated[
        str | None, typer.Option("--amplitude", help="Of the source, such as 0.8V, to check the numbers against.")
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(
            "--columns", help="What the columns are, in order, such as time,voltage,current; - leaves one out."
        ),
    ] = None,
    unit: Annotated[
        list[str], typer.Option("--unit", metavar="column=unit", help="Such as current=mA; repeatable.")
    ] = [],  # noqa: B006
    cycles: Annotated[
        float | None, typer.Option("--cycles", help="Periods in a file without a column of time; 1 by default.")
    ] = None,
    drive: Annotated[
        str,
        typer.Option(
            "--drive", help="source: its voltage drives device and resistor; voltage: the device's is imposed."
        ),
    ] = "source",
    joint: Annotated[
        bool, typer.Option("--joint/--separate", help="One parameter set for all files, or one for each.")
    ] = True,
    clean: Annotated[
        bool,
        typer.Option("--clean/--raw", help="Average periods, take offsets off, align; or fit what the files hold."),
    ] = True,
    compare: Annotated[
        str | None, typer.Option("--compare", help="Models to rank by cross-validation, such as mms,gmms,vteam.")
    ] = None,
    fixed: Annotated[
        list[str], typer.Option("--fix", metavar=_PAIR, help="Hold a parameter, such as temperature=300K; repeatable.")
    ] = [],  # noqa: B006 - typer's spelling of a repeatable option
    bound: Annotated[
        list[str], typer.Option("--bound", metavar="name=low:high", help="Such as tau=1us:1s; repeatable.")
    ] = [],  # noqa: B006
    tie: Annotated[
        list[str], typer.Option("--tie", metavar="name=formula", help="Such as v_off=v_on; repeatable.")
    ] = [],  # noqa: B006
    free: Annotated[
        list[str], typer.Option("--free", metavar="name", help="Fit a parameter that is held by default; repeatable.")
    ] = [],  # noqa: B006
    per_record: Annotated[
        list[str], typer.Option("--per-record", metavar="name", help="A parameter of each file's own; repeatable.")
    ] = [],  # noqa: B006
    loss: Annotated[str, typer.Option("--loss", help="linear, soft_l1, huber, cauchy or arctan.")] = "linear",
    starts: Annotated[int, typer.Option("--starts", help="Starting points that are followed.")] = 6,
    seed: Annotated[int, typer.Option("--seed", help="Of the starting points.")] = 0,
    parasitic_capacitance: Annotated[
        str, typer.Option("--parasitic-capacitance", help="Across the device: a value such as 0.2nF, auto, or fit.")
    ] = "auto",
    report: Annotated[
        Path | None, typer.Option("--report", help="Folder for a page of HTML, pictures, JSON and both cards.")
    ] = None,
    spice: Annotated[Path | None, typer.Option("--spice", help="Write the SPICE subcircuit.")] = None,
    card: Annotated[Path | None, typer.Option("--card", help="Write the TOML card.")] = None,
    plot: Plot = None,
    json: Json = None,
) -> None:
    """Fit a memristor model to measured current-voltage records."""
    import neuromorph as nm
    from neuromorph.quantities import parse_quantity

    check_outputs(json=json, plot=plot, spice=spice, card=card)
    if card is not None and card.suffix != ".toml":
        raise ValueError(f"--card {card}: cards are written as TOML; give a name that ends in .toml")
    _check_report(report)
    chosen = model_of(model)
    records = _records(files, series_resistor, frequency, amplitude, columns, unit, cycles)
    stray = parasitic_capacitance
    options: dict[str, Any] = {
        "drive": drive,
        "clean": clean,
        "fixed": {name: _value(chosen, name, text) for name, text in _pairs("--fix", fixed, _PAIR)},
        "bounds": {name: _range(chosen, name, text) for name, text in _pairs("--bound", bound, "name=low:high")},
        "tied": dict(_pairs("--tie", tie, "name=formula")),
        "free": tuple(free),
        "per_record": tuple(per_record),
        "loss": loss,
        "starts": starts,
        "seed": seed,
        "parasitic_capacitance": stray if stray in ("auto", "fit") else parse_quantity(stray, "F"),
    }
    if not joint and len(records) > 1:
        if any(path is not None for path in (report, spice, card, plot)) or compare is not None:
            raise ValueError(
                "--separate fits each file by itself: give one file for --report, --spice, --card, --plot, --compare"
            )
        _separate(records, chosen, options, json)
        return
    with DelayedProgress() as progress, warnings.catch_warnings():
        # The summary says it.
        warnings.simplefilter("ignore", nm.BoundWarning)
        comparison = None
        if compare is not None:
            kinds = [model_of(name) for name in compare.split(",") if name.strip()]
            if fixed or bound or tie or free:
                warnings.warn(
                    "--fix, --bound, --tie and --free hold for --model; the ranking of --compare is without them",
                    stacklevel=1,
                )
            general = {
                name: value for name, value in options.items() if name not in ("fixed", "bounds", "tied", "free")
            }
            comparison = nm.compare_memristor_models(records, kinds, progress=progress, **general)
        result = nm.fit_memristor(records, chosen, progress=progress, **options)
        page = None
        if report is not None:
            from neuromorph.fit.report import write_report

            page = write_report(result, report, comparison=comparison, progress=progress)
    say(result.summary(), json)
    if comparison is not None:
        say("\n" + comparison.summary(), json)
    for path, write in ((spice, result.to_spice), (card, result.to_toml), (plot, result.plot)):
        if path is not None:
            write(path)
            say(f"written: {path}", json)
    if page is not None:
        say(f"report: {page}", json)
    content = result.to_dict()
    if comparison is not None:
        content["comparison"] = comparison.to_dict()
    write_json(content, json)


def _records(
    files: list[Path],
    series_resistor: str | None,
    frequency: str | None,
    amplitude: str | None,
    columns: str | None,
    units: list[str],
    cycles: float | None,
) -> list[Any]:
    """The measurements in the files; questions about them name the options that answer them."""
    import neuromorph as nm
    from neuromorph.errors import MeasurementError
    from neuromorph.measurement.metadata import from_name
    from neuromorph.quantities import parse_quantity

    def given(text: str | None, unit: str) -> float | None:
        return None if text is None else parse_quantity(text, unit)

    resistor, rate, peak = given(series_resistor, "ohm"), given(frequency, "Hz"), given(amplitude, "V")
    roles = None
    if columns is not None:
        roles = [None if role.strip() in ("", "-") else role.strip() for role in columns.split(",")]
    kinds = dict(_pairs("--unit", units, "column=unit"))
    # A pattern such as *.csv matches the drives too; each is found by the record that it belongs to.
    files = [path for path in files if not (path.stem.endswith("_drive") and _driven_by(path) in files)]
    records = []
    for path in files:
        named = from_name(path.stem).get("frequency")
        if rate is not None and named is not None and abs(rate - named) > 1e-6 * named:
            raise ValueError(
                f"--frequency {frequency}: the name of {path} says {nm.format_quantity(named, 'Hz')}; leave the option out, "
                "or rename the file"
            )
        try:
            records.append(
                nm.load_measurement(
                    path,
                    series_resistor=resistor,
                    frequency=rate,
                    amplitude=peak,
                    columns=roles,
                    units=kinds or None,
                    cycles=cycles,
                )
            )
        except MeasurementError as error:
            asked = [name for name in _ANSWERS if f"{name}=" in str(error)]
            options = ", ".join(_ANSWERS[name] for name in asked)
            raise MeasurementError(f"{error} (here: {options})" if options else str(error)) from None
    return records


def _driven_by(drive: Path) -> Path:
    return drive.with_stem(drive.stem.removesuffix("_drive"))


# Options for the arguments that the questions of load_measurement name.
_ANSWERS = {
    "series_resistor": "--series-resistor 5k",
    "frequency": "--frequency 10Hz",
    "amplitude": "--amplitude 0.8V",
    "columns": "--columns current,voltage",
    "units": "--unit current=mA",
    "cycles": "--cycles 2",
}


def model_of(name: str) -> Any:
    """A model by its name, with the form of its equations behind a hyphen, or from a card.

    Parameters
    ----------
    name : str
        Such as ``"mms"``, ``"gmms-pinched"``, ``"vteam-exponential"``, ``"linear-ion-drift-biolek"`` or ``"device.toml"``.

    Returns
    -------
    MemristorModel
        With the values of the card, or default ones [SI units].

    Raises
    ------
    ValueError
        When there is no such model; lists the choices.
    """
    from neuromorph.devices import load_card
    from neuromorph.devices.cards import MODELS, model_named

    name = name.strip()
    if name.endswith(".toml"):
        if not Path(name).is_file():
            raise ValueError(f"--model {name}: there is no such card")
        return load_card(name)
    key = name.lower().replace("_", "-")
    # The longest name that it starts with: a form may follow.
    for known in sorted(MODELS, key=len, reverse=True):
        if key == known:
            return MODELS[known]()
        if key.startswith(f"{known}-"):
            return _in_form(name, MODELS[known], key.removeprefix(f"{known}-"))
    return model_named(name)()


def _in_form(name: str, kind: Any, form: str) -> Any:
    import dataclasses

    from neuromorph.quantities import is_choice

    forms = []
    for field in dataclasses.fields(kind):
        if is_choice(field):
            for choice in field.metadata["choices"]:
                if choice == form:
                    return kind(**{field.name: form})
                forms.append(choice)
    raise ValueError(f"no model {name!r}: {kind.__name__} has the forms {', '.join(forms) or 'none'}")


def _separate(records: list[Any], model: Any, options: dict[str, Any], json: str | None) -> None:
    import neuromorph as nm

    contents = []
    with DelayedProgress() as progress, warnings.catch_warnings():
        warnings.simplefilter("ignore", nm.BoundWarning)
        for number, record in enumerate(records):
            progress(number / len(records), record.name)
            result = nm.fit_memristor(record, model, **options)
            contents.append(result.to_dict())
            say(("\n" if number else "") + result.summary(), json)
    write_json({"fits": contents}, json)


def _check_report(folder: Path | None) -> None:
    if folder is None:
        return
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"--report {folder}: this is a file; give a folder")
    if not folder.absolute().parent.is_dir():
        raise ValueError(f"--report {folder}: the folder {folder.parent} does not exist; make it first")


def _pairs(option: str, texts: list[str], syntax: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not name or not value:
            raise ValueError(f"cannot read {option} {text!r}: write {syntax}")
        if name in dict(pairs):
            raise ValueError(f"{option} gives {name!r} twice")
        pairs.append((name, value))
    return pairs


def _unit(model: Any, name: str) -> str:
    from neuromorph.fit.problem import CIRCUIT, unit_of
    from neuromorph.quantities import check_names

    base = name.partition("__")[0]
    check_names(f"a fit of {type(model).__name__}", [base], [*model.values(), *CIRCUIT])
    return unit_of(model, base)


def _value(model: Any, name: str, text: str) -> float:
    from neuromorph.quantities import parse_quantity

    return parse_quantity(text, _unit(model, name))


def _range(model: Any, name: str, text: str) -> tuple[float, float]:
    from neuromorph.quantities import parse_quantity

    low, colon, high = text.partition(":")
    if not colon:
        raise ValueError(f"cannot read --bound {name}={text}: write name=low:high, such as tau=1us:1s")
    unit = _unit(model, name)
    return parse_quantity(low.strip(), unit), parse_quantity(high.strip(), unit)
