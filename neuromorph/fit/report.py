"""The report of a fit: one page of HTML that stands by itself, pictures, JSON, and both cards."""

from __future__ import annotations

import base64
import html
import io
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuromorph.errors import EngineNotFoundError, MeasurementError, NeuromorphError
from neuromorph.files import write_text_atomically
from neuromorph.progress import Progress, silent
from neuromorph.quantities import format_quantity
from neuromorph.version import __version__

if TYPE_CHECKING:
    from neuromorph.fit.comparison import Comparison
    from neuromorph.fit.memristor_fit import MemristorFit
    from neuromorph.fit.prediction import Prediction
    from neuromorph.fit.profile import Profile
    from neuromorph.fit.verification import Verification

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; max-width: 62em; margin: 2em auto; padding: 0 1em; color: #222; }
table { border-collapse: collapse; margin: 0.7em 0; } td, th { padding: 0.15em 0.9em 0.15em 0; text-align: left; border-bottom: 1px solid #ddd; }
td.n { text-align: right; font-variant-numeric: tabular-nums; } img { max-width: 100%; } h1 { font-size: 1.5em; } h2 { font-size: 1.15em; margin-top: 1.8em; }
.warning { background: #fff3cd; padding: 0.5em 1em; border-left: 4px solid #e69f00; } pre { background: #f6f6f6; padding: 0.8em; overflow-x: auto; font-size: 12px; }
"""


def write_report(
    fit: MemristorFit, folder: Path, *, comparison: Comparison | None = None, progress: Progress = silent
) -> Path:
    """Write ``index.html``, ``fit.json``, ``fit.png``, ``<model>.lib`` and ``<model>.toml`` into a folder.

    Parameters
    ----------
    fit : MemristorFit
        What to report.
    folder : Path
        Made when it is not there.
    comparison : Comparison, optional
        With other models.
    progress : callable
        Told how far it is.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    OSError
        When the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    free = [name for name in fit.problem.free_names if name not in fit.at_bound and "__" not in name]
    steps = len(free) + 2
    profiles = []
    for k, name in enumerate(free):
        progress(k / steps, f"profile of {name}")
        profiles.append(fit.profile(name, points=9))
    progress(len(free) / steps, "left-out records")
    prediction = _prediction(fit)
    progress((len(free) + 1) / steps, "the fitted device in SPICE")
    verification, why_not = _verification(fit)
    stem = fit.model.subcircuit_name
    fit.to_spice(folder / f"{stem}.lib")
    fit.to_toml(folder / f"{stem}.toml")
    fit.plot(folder / "fit.png")
    content = fit.to_dict()
    content["profiles"] = [_profile_dict(p) for p in profiles]
    content["prediction"] = prediction.to_dict() if prediction is not None else None
    if verification is not None:
        content["verification"] = {
            "engine": verification.engine,
            "record": verification.name,
            "disagreement": verification.disagreement,
        }
    if comparison is not None:
        content["comparison"] = comparison.to_dict()
    write_text_atomically(folder / "fit.json", json.dumps(_finite(content), indent=2, allow_nan=False) + "\n")
    page = _page(fit, profiles, prediction, verification, why_not, comparison)
    write_text_atomically(folder / "index.html", page)
    progress(1.0, "report written")
    return folder / "index.html"


def _prediction(fit: MemristorFit) -> Prediction | None:
    """By frequency where there are several: to foretell another frequency is harder than another record."""
    for by in ("frequency", "record"):
        try:
            return fit.leave_one_out(by)
        except MeasurementError:
            continue
    return None


def _verification(fit: MemristorFit) -> tuple[Verification | None, str]:
    try:
        return fit.verify(0), ""
    except EngineNotFoundError as error:
        return None, f"ngspice is not installed: {error}"
    except NeuromorphError as error:
        return None, f"ngspice could not run the fitted device: {error}"


def _profile_dict(profile: Profile) -> dict[str, Any]:
    return {
        "name": profile.name,
        "unit": profile.unit,
        "values": profile.values.tolist(),
        "deviance": profile.deviance.tolist(),
        "limit": profile.limit,
        "interval": list(profile.interval()),
    }


def _finite(value: Any) -> Any:
    """JSON has no NaN and no infinity: they become null."""
    if isinstance(value, dict):
        return {str(k): _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


def _page(
    fit: MemristorFit,
    profiles: list[Profile],
    prediction: Prediction | None,
    verification: Verification | None,
    why_not: str,
    comparison: Comparison | None,
) -> str:
    from neuromorph.plots.fits import plot_comparison, plot_correlation, plot_fit, plot_profiles, plot_verification

    title = f"{type(fit.model).__name__} fitted to {', '.join(fit.names)}"
    parts = [f"<h1>{html.escape(title)}</h1>"]
    if fit.at_bound:
        parts.append(
            f'<p class="warning">At a bound, so not determined by these records: {html.escape(", ".join(fit.at_bound))}.</p>'
        )
    parts += [f'<p class="warning">{html.escape(doubt)}.</p>' for doubt in fit.doubts]
    parts += [
        "<h2>Records</h2>",
        _records(fit),
        _image(plot_fit(fit)),
        "<h2>Parameters</h2>",
        _parameters(fit, profiles),
    ]
    spread, direction = fit.uncertainty.worst_direction()
    if direction:
        most = sorted(direction.items(), key=lambda item: -abs(item[1]))[:4]
        text = ", ".join(f"{value:+.2f} {html.escape(name)}" for name, value in most)
        parts.append(
            f"<p>Least determined is the combination {text}: standard error {spread:.3g}, where 1 is a factor e of what is "
            "fitted as a logarithm, and the width of the starting range of what is not.</p>"
        )
    information = fit.information()
    parts.append(
        f"<p>{fit.uncertainty.n_samples} samples count for {information['n_effective']:.0f} independent ones, because the "
        f"residuals run in waves. AIC {information['aic']:.1f}, BIC {information['bic']:.1f}.</p>"
    )
    if len(fit.uncertainty.names) > 1:
        parts.append(_image(plot_correlation(fit.uncertainty.names, fit.uncertainty.correlation), width="60%"))
    if profiles:
        parts += ["<h2>Profile likelihood</h2>", _image(plot_profiles(profiles))]
    parts.append("<h2>Prediction</h2>")
    parts.append(
        _prediction_table(prediction)
        if prediction is not None
        else "<p>One record alone: nothing could be left out. What this fit foretells of other drives is not known.</p>"
    )
    if comparison is not None:
        rows = comparison.rows
        parts += ["<h2>Other models</h2>", _comparison_table(comparison)]
        parts.append(
            _image(
                plot_comparison([r.model for r in rows], [r.fitted for r in rows], [r.foretold for r in rows]), "60%"
            )
        )
    parts.append("<h2>In SPICE</h2>")
    parts.append(
        _image(plot_verification(verification)) if verification is not None else f"<p>{html.escape(why_not)}</p>"
    )
    parts += ["<pre>", html.escape(fit.to_spice()), "</pre>", "<h2>Starts</h2>", _optima(fit)]
    cleaning = [
        f"<li>{html.escape(r.name)}: {html.escape('; '.join(str(step) for step in getattr(r.measurement, 'cleaning', ())) or 'as measured')}</li>"
        for r in fit.problem.records
    ]
    parts += ["<h2>Cleaning</h2>", "<ul>", *cleaning, "</ul>", f"<p>neuromorph {html.escape(__version__)}</p>"]
    head = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title><style>{_STYLE}</style></head>'
    return "\n".join([head, "<body>", *parts, "</body></html>", ""])


def _table(head: list[str], rows: list[list[str]], first_is_text: int = 1) -> str:
    lines = ["<table><tr>" + "".join(f"<th>{html.escape(cell)}</th>" for cell in head) + "</tr>"]
    for row in rows:
        cells = [f"<td{'' if k < first_is_text else ' class=n'}>{html.escape(cell)}</td>" for k, cell in enumerate(row)]
        lines.append("<tr>" + "".join(cells) + "</tr>")
    return "\n".join([*lines, "</table>"])


def _records(fit: MemristorFit) -> str:
    sizes = fit.uncertainty.effective_sizes
    rows = [
        [
            record.name,
            f"{fit.nrmse[k]:.4f}",
            f"{fit.null_nrmse[k]:.4f}",
            str(record.time.size),
            f"{sizes[k]:.1f}",
        ]
        for k, record in enumerate(fit.problem.records)
    ]
    return _table(["record", "NRMSE", "NRMSE of a resistor", "samples", "independent"], rows)


def _parameters(fit: MemristorFit, profiles: list[Profile]) -> str:
    from neuromorph.plots.fits import interval_text

    intervals, profiled = fit.intervals(), {p.name: p for p in profiles}
    rows = []
    for p in fit.problem.parameters:
        value = format_quantity(float(fit.parameters[p.name].value), p.unit)
        curved = interval_text(*intervals[p.name], p.unit) if p.name in intervals else ""
        by_profile = interval_text(*profiled[p.name].interval(), p.unit) if p.name in profiled else ""
        note = "at its bound" if p.name in fit.at_bound else p.reason
        rows.append([p.name, value, curved, by_profile, note])
    return _table(["parameter", "value", "95 % by curvature", "95 % by profile", ""], rows)


def _prediction_table(prediction: Prediction) -> str:
    rows = [
        [name, group, f"{error:.4f}", f"{fitted:.4f}", f"{null:.4f}"]
        for name, group, error, fitted, null in zip(
            prediction.names,
            prediction.groups,
            prediction.nrmse,
            prediction.fitted_nrmse,
            prediction.null_nrmse,
            strict=True,
        )
    ]
    rows.append(["mean", "", f"{prediction.mean:.4f}", f"{prediction.fitted_nrmse.mean():.4f}", ""])
    head = ["record", f"left out by {prediction.by}", "foretold", "fitted", "resistor"]
    return _table(head, rows, first_is_text=2)


def _comparison_table(comparison: Comparison) -> str:
    rows = [
        [
            r.model,
            f"{r.fitted:.4f}",
            "" if r.foretold is None else f"{r.foretold:.4f}",
            str(r.n_free),
            f"{r.aic:.1f}",
            f"{r.bic:.1f}",
        ]
        for r in comparison.rows
    ]
    return _table(["model", "fitted", "foretold", "parameters", "AIC", "BIC"], rows)


def _optima(fit: MemristorFit) -> str:
    rows = [[str(o.start + 1), f"{o.cost:.6g}", *(f"{v:.4g}" for v in o.values.values())] for o in fit.optima]
    return _table(["start", "cost", *fit.problem.free_names], rows)


def _image(figure: Any, width: str = "100%") -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    return f'<p><img style="width: {width}" alt="" src="data:image/png;base64,{data}"></p>'
