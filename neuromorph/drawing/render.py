"""Marks drawn by schemdraw: as SVG by its own means, as PNG and PDF through matplotlib."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from neuromorph.drawing.marks import Circle, Mark, Shape, Symbol, Wire, Words, extent
from neuromorph.files import atomic_path

FORMATS = ("svg", "png", "pdf")
"""Endings of the files that can be written."""

_DOTS_PER_INCH = 130
# matplotlib makes no pictures of 65536 dots; few programs show more than this.
_LONGEST_SIDE = 16000
_MARGIN = 0.4


def write(marks: Sequence[Mark], path: str | Path) -> None:
    """Write a drawing, complete or not at all.

    Parameters
    ----------
    marks : sequence of Mark
        What to draw.
    path : str or Path
        Where; its ending names the format.

    Raises
    ------
    ValueError
        When the ending is none of `FORMATS`.
    """
    path = Path(path)
    ending = check_format(path)
    with atomic_path(path) as temporary:
        temporary.write_bytes(image(marks, ending))


def check_format(path: Path) -> str:
    """The format that a file's ending names; ``ValueError`` lists the choices."""
    ending = path.suffix.lower().removeprefix(".")
    if ending not in FORMATS:
        raise ValueError(f"cannot write a drawing as {path.name!r}: give an ending out of {', '.join(FORMATS)}")
    return ending


def image(marks: Sequence[Mark], ending: str) -> bytes:
    """A drawing as the contents of a file of one of `FORMATS`."""
    if ending == "svg":
        with _plain_svg():
            picture = _drawing(marks, "svg")
            picture.draw(show=False)
            return _tidied(picture.fig.getimage().decode("utf-8")).encode("utf-8")
    import io

    from matplotlib import rc_context
    from matplotlib.figure import Figure

    # A figure outside pyplot's registry: nothing is shown and nothing stays.
    figure = Figure()
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_aspect("equal")
    axes.set_axis_off()
    picture = _drawing(marks, axes)
    picture.draw(show=False)
    left, bottom, right, top = _paper(marks)
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    figure.set_size_inches((right - left) / 2, (top - bottom) / 2)
    dots = min(_DOTS_PER_INCH, _LONGEST_SIDE / max(figure.get_size_inches()))
    content = io.BytesIO()
    metadata = {"CreationDate": None} if ending == "pdf" else None
    # Lines of symbols and wires would snap to different pixels.
    with rc_context({"path.snap": False}):
        figure.savefig(content, format=ending, dpi=dots, facecolor="white", metadata=metadata)
    return content.getvalue()


def _tidied(svg: str) -> str:
    """The same picture in the same words on every machine, an element a line."""
    # The last digits of a sine differ between machines, and no eye sees a hundredth of a pixel.
    svg = re.sub(r"-?\d+\.\d{3,}", lambda match: f"{float(match[0]) + 0.0:.2f}".rstrip("0").rstrip("."), svg)
    svg = re.sub(r'\b(width|height)="([\d.]+)pt"', r'\1="\2"', svg, count=2)
    svg = svg.replace("stroke-dasharray:-;", "").replace('font-family="sans"', 'font-family="sans-serif"')
    return re.sub(r"(?<=>)(?=<(?:polygon|circle|path|text|g|ellipse|/svg)\b)", "\n", svg) + "\n"


@contextmanager
def _plain_svg() -> Iterator[None]:
    """Text as text, placed without what only browsers know, whatever else is installed; settings as before after it."""
    import schemdraw

    config = schemdraw.svgconfig
    before = config.text, config.useBatik
    config.text, config.useBatik = "text", True
    try:
        yield
    finally:
        config.text, config.useBatik = before


def _drawing(marks: Sequence[Mark], canvas: Any) -> Any:
    import schemdraw

    drawing = schemdraw.Drawing(canvas=canvas, show=False)
    drawing.config(unit=2.0, inches_per_unit=0.5, fontsize=11, font="sans-serif", lw=1.3, margin=0.0, bgcolor="white")
    left, bottom, right, top = _paper(marks)
    # The paper itself: how wide words are is known here better than there.
    paper = Shape(((left, bottom), (right, bottom), (right, top), (left, top)), closed=True)
    drawing.add(_element(paper, ink="white", fill="white", layer=0))
    for mark in marks:
        drawing.add(_element(mark))
    return drawing


def _paper(marks: Sequence[Mark]) -> tuple[float, float, float, float]:
    left, bottom, right, top = extent(marks)
    return left - _MARGIN, bottom - _MARGIN, right + _MARGIN, top + _MARGIN


def _element(mark: Mark, ink: str = "black", fill: str | None = None, layer: int = 1) -> Any:
    import schemdraw.elements as elm
    from schemdraw.segments import Segment, SegmentCircle, SegmentPoly, SegmentText

    if isinstance(mark, Symbol):
        return _symbol(mark)
    element = elm.Element()
    if isinstance(mark, Wire):
        element.segments.append(Segment(mark.points, ls="--" if mark.dashed else "-"))
    elif isinstance(mark, Shape):
        fill = "black" if mark.filled else fill
        if mark.closed:
            element.segments.append(SegmentPoly(mark.points, fill=fill, color=ink, zorder=layer))
        else:
            element.segments.append(Segment(mark.points))
    elif isinstance(mark, Circle):
        fill = "black" if mark.filled else "white"
        element.segments.append(SegmentCircle(mark.centre, mark.radius, fill=fill, zorder=4))
    elif isinstance(mark, Words):
        element.segments.append(
            SegmentText(
                mark.at,
                mark.text,
                align=(mark.across, mark.up),
                fontsize=mark.size,
                color=mark.ink,
                rotation=0,
            )
        )
    return element.at((0, 0)).theta(0)


def _symbol(mark: Symbol) -> Any:
    import schemdraw.elements as elm

    kinds = {
        "resistor": elm.ResistorIEC,
        "capacitor": elm.Capacitor,
        "inductor": elm.Inductor2,
        "memristor": elm.Memristor,
        "diode": elm.Diode,
        "switch": elm.Switch,
        "voltage source": elm.SourceV,
        "current source": elm.SourceI,
        "controlled voltage": elm.SourceControlledV,
        "controlled current": elm.SourceControlledI,
        "box": elm.RBox,
    }
    if mark.kind == "ground":
        return elm.Ground().at(mark.start).theta(0)
    # Sources point upwards of their own accord, unless both angle and length are given.
    (x0, y0), (x1, y1) = mark.start, mark.end
    angle, length = math.degrees(math.atan2(y1 - y0, x1 - x0)), math.hypot(x1 - x0, y1 - y0)
    return kinds[mark.kind]().at(mark.start).theta(angle).length(length)
