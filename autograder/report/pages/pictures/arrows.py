"""A plane vector field and its parts, as arrows on a grid, side by side and in one scale."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.exhibits import Arrows, Field
from autograder.phrase import Phrase
from autograder.report.pages.pictures.axes import WIDTH, told

LEFT, BETWEEN, ABOVE, BELOW = 8.0, 14.0, 24.0, 8.0
SIDE = (WIDTH - 2 * LEFT - 2 * BETWEEN) / 3  # of a panel
LONGEST = 0.95  # of the distance between two arrows
HEAD, OPENING = 0.35, 0.5  # of an arrow's length; half its angle, in radians
SHORTEST = 0.05  # of the distance: below it an arrow is a dot
NOTHING = 1e-4  # of all derivatives
TITLES = {"field": "the field", "solenoidal": "solenoidal part", "irrotational": "irrotational part"}


@dataclass(frozen=True, slots=True)
class Panel:
    """One field: all its arrows as the `d` of one SVG path."""

    title: str
    left: float
    width: float
    height: float
    d: str


@dataclass(frozen=True, slots=True)
class ArrowPlot:
    """Fields side by side."""

    kind = "arrows"
    caption: str
    said: str
    height: float
    panels: tuple[Panel, ...]


def drawn(exhibit: Arrows) -> ArrowPlot | None:
    """A panel for each field; None if there is none."""
    shown = [field for field in exhibit.fields if field.u and field.u[0]]
    if not shown:
        return None
    step = SIDE / max(max(len(field.u), len(field.u[0])) for field in shown)
    longest = max((math.hypot(u, v) for field in shown for _, _, u, v in _vectors(field)), default=0.0) or 1.0
    panels = tuple(_panel(number, field, step, longest) for number, field in enumerate(shown))
    height = ABOVE + max(panel.height for panel in panels) + BELOW
    return ArrowPlot(Phrase("The field and the parts that you took it apart into"), _said(exhibit), height, panels)


def _panel(number: int, field: Field, step: float, longest: float) -> Panel:
    width, height = len(field.u[0]) * step, len(field.u) * step
    scale = LONGEST * step / longest
    arrows = (
        _arrow((j + 0.5) * step, height - (i + 0.5) * step, u * scale, -v * scale, SHORTEST * step)
        for i, j, u, v in _vectors(field)
    )
    left = round(LEFT + number * (SIDE + BETWEEN), 1)
    return Panel(TITLES[field.part], left, round(width, 1), round(height, 1), "".join(arrows))


def _vectors(field: Field) -> Iterator[tuple[int, int, float, float]]:
    """(row, column, u, v) where both are numbers."""
    for i, (us, vs) in enumerate(zip(field.u, field.v, strict=True)):
        for j, (u, v) in enumerate(zip(us, vs, strict=True)):
            if u is not None and v is not None:
                yield i, j, u, v


def _arrow(x: float, y: float, dx: float, dy: float, shortest: float) -> str:
    """Its middle at (x, y)."""
    if math.hypot(dx, dy) < shortest:
        return f"M{x:.1f} {y:.1f}h0"
    tip = (x + dx / 2, y + dy / 2)
    ends = ((tip[0] - HEAD * a, tip[1] - HEAD * b) for a, b in (_turned(dx, dy, OPENING), _turned(dx, dy, -OPENING)))
    (ax, ay), (bx, by) = ends
    shaft = f"M{x - dx / 2:.1f} {y - dy / 2:.1f}L{tip[0]:.1f} {tip[1]:.1f}"
    return f"{shaft}M{ax:.1f} {ay:.1f}L{tip[0]:.1f} {tip[1]:.1f}L{bx:.1f} {by:.1f}"


def _turned(x: float, y: float, angle: float) -> tuple[float, float]:
    cos, sin = math.cos(angle), math.sin(angle)
    return cos * x - sin * y, sin * x + cos * y


def _said(exhibit: Arrows) -> str:
    left = {"divergence": _share(exhibit.divergence), "curl": _share(exhibit.curl)}
    template = "Left of a divergence in the solenoidal part: {divergence}, of a curl in the irrotational one: {curl}."
    return Phrase(template, **left)


def _share(value: float | None) -> str:
    """Of the size of all derivatives."""
    if value is None:
        return told(None)
    return f"{100 * value:.2g} %" if abs(value) >= NOTHING else "0 %"
