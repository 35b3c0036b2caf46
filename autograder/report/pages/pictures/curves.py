"""f, f′ and the expected derivative, over one pair of axes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autograder.exhibits import Curves, Line
from autograder.phrase import Phrase
from autograder.report import wording
from autograder.report.pages.pictures.axes import Axes, Scale, axes_of, horizontal, vertical

BY_EYE = 0.02
NAMES = {
    "f": "f",
    "slope": "f′",
    "expected": "expected f′",
    "other": "another curve",
    "samples": "samples",
    "fitted": "your curve",
    "sampled": "the function that was sampled",
}


@dataclass(frozen=True, slots=True)
class Path:
    """A curve as the `d` of an SVG path, and what it is."""

    part: str
    name: str
    d: str


@dataclass(frozen=True, slots=True)
class CurvePlot:
    """Curves over one pair of axes."""

    kind = "curves"
    caption: str
    said: str
    axes: Axes
    paths: tuple[Path, ...]

    @property
    def legend(self) -> tuple[Path, ...]:
        """One curve of each name."""
        return tuple({path.name: path for path in self.paths}.values())


def drawn(exhibit: Curves) -> CurvePlot | None:
    """Their lines as paths; None if there is no point."""
    lines = [line for line in exhibit.lines if line.x]
    if not lines:
        return None
    x, y = scales(lines)
    paths = tuple(Path(line.part, _name(line), path(line, x, y)) for line in lines)
    caption = Phrase("As you drew it") if exhibit.drawn else Phrase("As the last pass left the gradient")
    return CurvePlot(caption, _about_curves(lines), axes_of(x, y), paths)


def scales(lines: Sequence[Line]) -> tuple[Scale, Scale]:
    """Of both axes, with room for all of them."""
    x = horizontal((value for line in lines for value in line.x), 0.0)
    return x, vertical(value for line in lines for value in line.y)


def _name(line: Line) -> str:
    """With the student's own label, where matplotlib would show it in a legend."""
    if not line.label.strip() or line.label.startswith("_"):
        return NAMES[line.part]
    return Phrase("{name} (labelled “{label}”)", name=NAMES[line.part], label=wording.one_line(line.label, 60))


def path(line: Line, x: Scale, y: Scale) -> str:
    """Broken where there is no number."""
    steps, pen_up = [], True
    for a, b in zip(line.x, line.y, strict=True):
        if a is not None and b is not None:
            steps.append(f"{'M' if pen_up else 'L'}{x(a):g} {y(b):g}")
        pen_up = b is None
    return "".join(steps)


def _about_curves(lines: Sequence[Line]) -> str:
    expected = next((line for line in lines if line.part == "expected"), None)
    slopes = [line for line in lines if line.part == "slope"]
    if not slopes or expected is None:
        return Phrase("No curve here is f′ or close to it.")
    if not any(_overlap(line, expected) for line in slopes):
        return Phrase("f′ is drawn against another x than that of the expected derivative.")
    gap, scale = (
        min(_gap(line, expected) for line in slopes),
        max((abs(v) for v in expected.y if v is not None), default=0.0),
    )
    if gap <= BY_EYE * scale:
        return Phrase("f′ lies on the expected derivative.")
    if not math.isfinite(gap):
        return Phrase("f′ is incomplete.")
    return Phrase("f′ and the expected derivative are up to {gap} apart.", gap=f"{gap:.2g}")


def _overlap(line: Line, expected: Line) -> bool:
    """At least half of x is where a derivative is expected."""
    low, high = min(v for v in expected.x if v is not None), max(v for v in expected.x if v is not None)
    return 2 * sum(v is not None and low <= v <= high for v in line.x) >= len(line.x)


def _gap(line: Line, expected: Line) -> float:
    """The largest distance, at the x of `line`; infinite where a number is missing."""
    x, y = (np.array([np.nan if v is None else v for v in values]) for values in (line.x, line.y))
    want = np.interp(x, [v or 0.0 for v in expected.x], [v or 0.0 for v in expected.y])
    gap = float(np.max(np.abs(y - want), initial=0.0))
    return gap if math.isfinite(gap) else math.inf
