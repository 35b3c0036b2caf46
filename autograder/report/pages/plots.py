"""Exhibits → what a template has to draw: positions, ticks, and a sentence for whoever cannot see the picture.

All positions are in a drawing of WIDTH units; nothing here knows of colours or of HTML.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from autograder.exhibits import Bars, Curves, Exhibit, Line, Matrices, Number, Numbers, Step, Timeline
from autograder.report import wording

WIDTH, HEIGHT = 420.0, 236.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 10.0, 10.0, 26.0
STEP = 46.0  # height of a pass in a timeline
LARGEST_CELL, MAP = 44.0, 184.0  # of a matrix
MOST_OUTLINES = 40  # more would hide what they outline
NUMBERS_UP_TO = 5  # columns, so that numbers fit into the cells
SAME = 1e-4  # of the largest entry: what is drawn as equal
BY_EYE = 0.02
TINY = 1e-30
NAMES = {"f": "f", "slope": "f′", "expected": "expected f′", "other": "another curve"}


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Axes:
    """Ticks of both axes, and where zero is."""

    x: tuple[Tick, ...]
    y: tuple[Tick, ...]
    zero: float | None


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


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle; `part` is theirs or expected."""

    part: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class BarPlot:
    """Two bars an entry."""

    kind = "bars"
    caption: str
    said: str
    axes: Axes
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Fill:
    """All entries of a matrix that are filled alike, as the `d` of one SVG path."""

    strength: float
    negative: bool
    d: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A number in the middle of its square."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class HeatMap:
    """One matrix."""

    title: str
    left: float
    size: float  # of a square, which is the unit of the paths
    fills: tuple[Fill, ...]
    off: str  # outlines of the entries that are others than expected, as the `d` of a path
    entries: tuple[Entry, ...]  # of a small matrix


@dataclass(frozen=True, slots=True)
class MatrixPlot:
    """Theirs and the expected one, side by side."""

    kind = "matrices"
    caption: str
    said: str
    height: float
    maps: tuple[HeatMap, ...]


@dataclass(frozen=True, slots=True)
class Stop:
    """One pass of a timeline."""

    y: float
    call: str
    where: str
    result: str
    failed: bool


@dataclass(frozen=True, slots=True)
class TimelinePlot:
    """Passes from top to bottom."""

    kind = "timeline"
    caption: str
    said: str
    height: float
    stops: tuple[Stop, ...]


Plot = CurvePlot | BarPlot | MatrixPlot | TimelinePlot


def of(exhibit: Exhibit) -> Plot | None:
    """The drawing of an exhibit; None where there is nothing to draw, or no way to."""
    try:
        return _drawn(exhibit)
    except Exception:  # noqa: BLE001  numbers of strangers: a page is worth more than a picture
        return None


def _drawn(exhibit: Exhibit) -> Plot | None:
    match exhibit:
        case Curves():
            return _curves(exhibit)
        case Bars():
            return _bars(exhibit)
        case Matrices():
            return _matrices(exhibit)
        case Timeline():
            return _timeline(exhibit)


# -- axes


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear map of [low, high] onto [start, end]."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return round(self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start), 1)

    def ticks(self, wanted: int = 5) -> tuple[Tick, ...]:
        """At round numbers."""
        step = _round_step((self.high - self.low) / wanted)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return tuple(Tick(self(i * step), _said(i * step)) for i in range(first, last + 1))


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)


def _scale(values: Iterable[Number], start: float, end: float, margin: float = 0.04) -> Scale:
    known = [value for value in values if value is not None] or [0.0]
    low, high = min(known), max(known)
    room = (high - low) * margin
    if high - low <= max(1e-9 * max(abs(low), abs(high)), TINY):  # one number: it stands in the middle
        room = abs(low) if abs(low) > TINY else 1.0
    return Scale(low - room, high + room, start, end)


def _said(value: float) -> str:
    return f"{value:.4g}".replace("e+", "e").replace("e0", "e").replace("-", "−") if value else "0"


def _axes(x: Scale | None, y: Scale) -> Axes:
    zero = y(0.0) if y.low < 0 < y.high else None
    return Axes(x.ticks(6) if x else (), y.ticks(4), zero)


def _horizontal(values: Iterable[Number], margin: float) -> Scale:
    return _scale(values, LEFT, WIDTH - RIGHT, margin)


def _vertical(values: Iterable[Number]) -> Scale:
    return _scale(values, HEIGHT - BOTTOM, TOP)


# -- curves


def _curves(exhibit: Curves) -> CurvePlot | None:
    lines = [line for line in exhibit.lines if line.x]
    if not lines:
        return None
    x = _horizontal((value for line in lines for value in line.x), 0.0)
    y = _vertical(value for line in lines for value in line.y)
    paths = tuple(Path(line.part, _name(line), _path(line, x, y)) for line in lines)
    caption = "As you drew it" if exhibit.drawn else "As the last pass left the gradient"
    return CurvePlot(caption, _about_curves(lines), _axes(x, y), paths)


def _name(line: Line) -> str:
    """With the student's own label, where matplotlib would show it in a legend."""
    labelled = line.label.strip() and not line.label.startswith("_")
    return NAMES[line.part] + (f" (labelled “{wording.one_line(line.label, 60)}”)" if labelled else "")


def _path(line: Line, x: Scale, y: Scale) -> str:
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
        return "No curve here is f′ or close to it."
    if not any(_overlap(line, expected) for line in slopes):
        return "f′ is drawn against another x than that of the expected derivative."
    gap, scale = (
        min(_gap(line, expected) for line in slopes),
        max((abs(v) for v in expected.y if v is not None), default=0.0),
    )
    if gap <= BY_EYE * scale:
        return "f′ lies on the expected derivative."
    return f"f′ and the expected derivative are up to {gap:.2g} apart." if math.isfinite(gap) else "f′ is incomplete."


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


# -- bars


def _bars(exhibit: Bars) -> BarPlot | None:
    count = max(len(exhibit.theirs), len(exhibit.expected))
    if not count:
        return None
    y = _vertical((*exhibit.theirs, *exhibit.expected, 0.0))
    slot = (WIDTH - LEFT - RIGHT) / count
    width = min(slot * 0.38, 26.0)
    bars = [
        _bar(part, LEFT + (i + 0.5) * slot + shift * width, width, value, y)
        for part, shift, values in (("theirs", -1.0, exhibit.theirs), ("expected", 0.0, exhibit.expected))
        for i, value in enumerate(values)
        if value is not None
    ]
    every = max(1, math.ceil(count / 12))
    ticks = tuple(Tick(round(LEFT + (i + 0.5) * slot, 1), str(i)) for i in range(0, count, every))
    caption = "The gradient, entry by entry" + (f" (the first {count} of {exhibit.size})" * (exhibit.size > count))
    return BarPlot(caption, _about_bars(exhibit), Axes(ticks, y.ticks(4), y(0.0)), tuple(bars))


def _bar(part: str, x: float, width: float, value: float, y: Scale) -> Bar:
    top, bottom = sorted((y(value), y(0.0)))
    return Bar(part, round(x, 1), top, round(width, 1), max(round(bottom - top, 1), 1.0))


def _about_bars(exhibit: Bars) -> str:
    off = _differing(exhibit.theirs, exhibit.expected)
    if not off:
        return "Every entry is the expected one."
    entries = "; ".join(f"entry {i} is {_text(exhibit.theirs[i])}, not {_text(exhibit.expected[i])}" for i in off[:4])
    return f"{len(off)} of {len(exhibit.expected)} entries differ: {entries}{'; …' if len(off) > 4 else '.'}"


def _text(value: Number) -> str:
    return "no number" if value is None else _said(value)


def _differing(theirs: Numbers, expected: Numbers) -> list[int]:
    largest = max((abs(value) for value in expected if value is not None), default=0.0)
    pairs = enumerate(zip(theirs, expected, strict=False))
    return [i for i, (a, b) in pairs if a is None or b is None or abs(a - b) > SAME * (largest or 1.0)]


# -- matrices


def _matrices(exhibit: Matrices) -> MatrixPlot | None:
    if not exhibit.expected or not exhibit.theirs:
        return None
    entries = [abs(v) for rows in (exhibit.theirs, exhibit.expected) for row in rows for v in row if v is not None]
    largest = max(entries, default=0.0) or 1.0
    columns = max(len(row) for row in (*exhibit.theirs, *exhibit.expected))
    rows = max(len(exhibit.theirs), len(exhibit.expected))
    size = round(min(LARGEST_CELL, MAP / max(columns, rows, 1)), 1)
    off = _off(exhibit)
    maps = (
        _map(f"yours, {_by(exhibit.shape)}", 8.0, exhibit.theirs, size, largest, off),
        _map(f"expected, {_by(exhibit.expected_shape)}", WIDTH / 2 + 8.0, exhibit.expected, size, largest, set()),
    )
    return MatrixPlot("Your matrix and the expected one", _about_matrices(exhibit, off), rows * size + 34.0, maps)


def _by(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape)) or "one number"


def _off(exhibit: Matrices) -> set[tuple[int, int]]:
    """Entries that are not the expected ones, if the shapes are equal."""
    if exhibit.shape != exhibit.expected_shape:
        return set()
    width = len(exhibit.expected[0])
    flat = [tuple(v for row in rows for v in row) for rows in (exhibit.theirs, exhibit.expected)]
    return {divmod(i, width) for i in _differing(flat[0], flat[1])}


def _map(
    title: str, left: float, rows: Sequence[Numbers], size: float, largest: float, off: set[tuple[int, int]]
) -> HeatMap:
    entries = [(i, j, value) for i, row in enumerate(rows) for j, value in enumerate(row)]
    alike: dict[tuple[float, bool], list[tuple[int, int]]] = {}
    for i, j, value in entries:
        alike.setdefault((round(abs(value or 0.0) / largest, 1), (value or 0.0) < 0), []).append((i, j))
    fills = tuple(Fill(*shade, _squares(places)) for shade, places in alike.items())
    middle, small = size / 2, max(map(len, rows), default=0) <= NUMBERS_UP_TO
    texts = (Entry(round(j * size + middle, 1), round(i * size + middle + 4, 1), _short(v)) for i, j, v in entries)
    outlined = _squares(sorted(off)) if len(off) <= MOST_OUTLINES else ""
    return HeatMap(title, left, size, fills, outlined, tuple(texts) if small else ())


def _squares(places: Iterable[tuple[int, int]]) -> str:
    """Squares in these rows and columns, as one path whose unit is a square."""
    return "".join(f"M{j} {i}h1v1h-1z" for i, j in places)


def _short(value: Number) -> str:
    return "nan" if value is None else f"{value:.3g}".replace("e+", "e").replace("e0", "e").replace("-", "−")


def _about_matrices(exhibit: Matrices, off: set[tuple[int, int]]) -> str:
    if exhibit.shape != exhibit.expected_shape:
        return f"Yours is {_by(exhibit.shape)}, the expected one is {_by(exhibit.expected_shape)}."
    if not off:
        return "They are equal."
    total = sum(map(len, exhibit.expected))
    first = ", ".join(map(str, sorted(off)[:6])) + (", …" if len(off) > 6 else ".")
    outlined = ", outlined in yours" if len(off) <= MOST_OUTLINES else ""
    return f"{len(off)} of {total} entries differ{outlined}: {first}"


# -- passes


def _timeline(exhibit: Timeline) -> TimelinePlot | None:
    if not exhibit.steps:
        return None
    stops = tuple(_stop(i, step) for i, step in enumerate(exhibit.steps))
    told = (f"{i}. {stop.call}: {stop.result}" for i, stop in enumerate(stops, 1))
    more = f" (the first {len(stops)} of {exhibit.size})" if exhibit.size > len(stops) else ""
    return TimelinePlot(f"Backward passes, in order{more}", " ".join(told), len(stops) * STEP + 8.0, stops)


def _stop(number: int, step: Step) -> Stop:
    call = f"{step.call}({'retain_graph=True' if step.retain else ''})"
    if step.error:
        return Stop(number * STEP + 16.0, call, step.where, f"stopped: {step.error}", True)
    entries = ", ".join(map(_text, step.gradient)) + (", …" * (step.size > len(step.gradient)))
    result = f"left the gradient {entries}" if step.size == 1 else f"left the gradient [{entries}]"
    return Stop(number * STEP + 16.0, call, step.where, result if step.size else "left no gradient", False)
