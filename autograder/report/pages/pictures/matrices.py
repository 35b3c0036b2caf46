"""A matrix and the expected one as heat maps, side by side."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autograder.exhibits import Matrices, Number, Numbers
from autograder.phrase import Phrase
from autograder.report.pages.pictures.axes import WIDTH, differing

LARGEST_CELL, MAP = 44.0, 184.0  # of a matrix
MOST_OUTLINES = 40  # more would hide what they outline
NUMBERS_UP_TO = 5  # columns, so that numbers fit into the cells


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


def drawn(exhibit: Matrices) -> MatrixPlot | None:
    """Both maps in one shade for one size of number."""
    if not exhibit.expected or not exhibit.theirs:
        return None
    entries = [abs(v) for rows in (exhibit.theirs, exhibit.expected) for row in rows for v in row if v is not None]
    largest = max(entries, default=0.0) or 1.0
    columns = max(len(row) for row in (*exhibit.theirs, *exhibit.expected))
    rows = max(len(exhibit.theirs), len(exhibit.expected))
    size = round(min(LARGEST_CELL, MAP / max(columns, rows, 1)), 1)
    off = _off(exhibit)
    yours = Phrase("yours, {shape}", shape=_by(exhibit.shape))
    wanted = Phrase("expected, {shape}", shape=_by(exhibit.expected_shape))
    maps = (
        _map(yours, 8.0, exhibit.theirs, size, largest, off),
        _map(wanted, WIDTH / 2 + 8.0, exhibit.expected, size, largest, set()),
    )
    caption, said = Phrase("Your matrix and the expected one"), _about_matrices(exhibit, off)
    return MatrixPlot(caption, said, rows * size + 34.0, maps)


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


def _off(exhibit: Matrices) -> set[tuple[int, int]]:
    """Entries that are not the expected ones, if the shapes are equal."""
    if exhibit.shape != exhibit.expected_shape:
        return set()
    width = len(exhibit.expected[0])
    flat = [tuple(v for row in rows for v in row) for rows in (exhibit.theirs, exhibit.expected)]
    return {divmod(i, width) for i in differing(flat[0], flat[1])}


def _about_matrices(exhibit: Matrices, off: set[tuple[int, int]]) -> str:
    if exhibit.shape != exhibit.expected_shape:
        template = "Yours is {shape}, the expected one is {expected}."
        return Phrase(template, shape=_by(exhibit.shape), expected=_by(exhibit.expected_shape))
    if not off:
        return Phrase("They are equal.")
    total = sum(map(len, exhibit.expected))
    first = ", ".join(map(str, sorted(off)[:6])) + (", …" if len(off) > 6 else ".")
    outlined = "{off} of {total} entries differ, outlined in yours: {first}"
    plain = "{off} of {total} entries differ: {first}"
    return Phrase(outlined if len(off) <= MOST_OUTLINES else plain, off=len(off), total=total, first=first)


def _by(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape)) or Phrase("one number")


def _short(value: Number) -> str:
    return "nan" if value is None else f"{value:.3g}".replace("e+", "e").replace("e0", "e").replace("-", "−")
