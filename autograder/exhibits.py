"""What a picture is made of: small plain values that a grader picks out, kept with the report and drawn by others.

A grader module may define `exhibit(as_written)`, which yields these. It is no criterion: it is worth nothing, and if it
raises there is no picture. It sees only the run as written, so nothing of a hidden case can get in. Numbers that are
not finite are None; what is long is thinned, or cut with the whole size told beside it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from itertools import islice
from typing import Any, Literal

import numpy as np

MOST_POINTS = 240  # of a line
MOST_LINES = 6
MOST_ROWS = 32  # and columns, of a matrix
MOST_BARS = 32
MOST_ARROWS = 10  # along an axis, of a field
MOST_FIELDS = 3
MOST_STEPS = 12
MOST_ENTRIES = 4  # of a gradient in a timeline
MOST_OF_AN_EXERCISE = 4
MOST_CHARACTERS = 200
LARGEST = 1e30  # beyond it, axes would overflow
DIGITS = 6  # that are kept

Number = float | None
Numbers = tuple[Number, ...]
Part = Literal["f", "slope", "expected", "other", "samples", "fitted", "sampled"]


@dataclass(frozen=True, slots=True)
class Line:
    """One curve: x and y of one length, at most MOST_POINTS; every x is finite."""

    part: Part
    label: str  # the student's own, or empty
    x: Numbers
    y: Numbers


@dataclass(frozen=True, slots=True)
class Curves:
    """f, f′ and the expected derivative over one x axis."""

    drawn: bool  # as the student drew them; else as they were left in x and x.grad
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Fit:
    """Samples, the function that is in them, and what came out if it is a curve; how far the two are apart."""

    lines: tuple[Line, ...]
    gap: Number  # the largest distance, at the x of what came out; None if that is no curve
    size: Number  # of the function


@dataclass(frozen=True, slots=True)
class Matrices:
    """A matrix and the expected one, as rows: at most MOST_ROWS × MOST_ROWS of each, and their whole shapes."""

    theirs: tuple[Numbers, ...]
    expected: tuple[Numbers, ...]
    shape: tuple[int, ...]
    expected_shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """The first entries of a gradient beside the expected ones, and how many there are."""

    theirs: Numbers
    expected: Numbers
    size: int


@dataclass(frozen=True, slots=True)
class Field:
    """A vector field on a grid: both components as rows, the first at the smallest y, along x from left to right."""

    part: Literal["field", "solenoidal", "irrotational"]
    u: tuple[Numbers, ...]
    v: tuple[Numbers, ...]


@dataclass(frozen=True, slots=True)
class Arrows:
    """A plane field and its parts; what is left of a divergence in one and of a curl in the other."""

    fields: tuple[Field, ...]
    divergence: Number  # as a share of all derivatives
    curl: Number


@dataclass(frozen=True, slots=True)
class Step:
    """A backward pass: where and how it was called; what it left in the gradient of its first leaf, or its error."""

    where: str
    call: str
    retain: bool
    error: str
    gradient: Numbers  # the first entries
    size: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """Passes in their order, and how many there were."""

    steps: tuple[Step, ...]
    size: int


Exhibit = Curves | Fit | Matrices | Bars | Arrows | Timeline
Array = np.ndarray


# -- for graders


def line(part: Part, x: Array, y: Array, label: str = "") -> Line:
    """A curve through (x, y), two arrays of one size; points whose x is not finite are left out."""
    x, y = np.ravel(x), np.ravel(y)
    there = np.isfinite(np.asarray(x, float))
    return Line(part, label[:MOST_CHARACTERS], _numbers(_thinned(x[there])), _numbers(_thinned(y[there])))


def curves(lines: Iterable[Line], drawn: bool = True) -> Curves:
    """Lines that share their axes."""
    return Curves(drawn, tuple(islice(lines, MOST_LINES)))


def fit(x: Array, y: Array, function: Callable[[Array], Array], theirs: tuple[Array, Array] | None = None) -> Fit:
    """Samples (x, y) of a function, as vectors, and (x, y) of the curve that was recovered."""
    fine = np.linspace(np.min(x), np.max(x), MOST_POINTS)
    lines = [line("samples", x, y), line("sampled", fine, function(fine))]
    size = _number(float(np.max(np.abs(function(fine)))))
    if theirs is None:
        return Fit(tuple(lines), None, size)
    order = np.argsort(theirs[0])
    u, v = theirs[0][order], theirs[1][order]
    return Fit((*lines, line("fitted", u, v)), _number(float(np.max(np.abs(v - function(u))))), size)


def matrices(theirs: Array, expected: Array) -> Matrices:
    """A matrix beside the expected one; the shapes may differ."""
    return Matrices(_rows(theirs), _rows(expected), np.shape(theirs), np.shape(expected))


def bars(theirs: Array, expected: Array) -> Bars:
    """A gradient beside the expected one, entry by entry."""
    theirs, expected = np.ravel(theirs), np.ravel(expected)
    return Bars(_numbers(theirs[:MOST_BARS]), _numbers(expected[:MOST_BARS]), max(theirs.size, expected.size))


def field(part: Literal["field", "solenoidal", "irrotational"], u: Array, v: Array) -> Field:
    """Both components as arrays (y, x) of one shape; of a fine grid, evenly chosen points."""
    chosen = np.ix_(*(_spread(count) for count in u.shape))
    return Field(part, _rows(u[chosen]), _rows(v[chosen]))


def arrows(fields: Iterable[Field], divergence: float, curl: float) -> Arrows:
    """Fields side by side, and how much divergence and curl their parts have left."""
    return Arrows(tuple(islice(fields, MOST_FIELDS)), _number(divergence), _number(curl))


def timeline(passes: Iterable[Any]) -> Timeline:
    """Passes as the observer saw them (`evidence.Pass`), and what each left in the gradient of its first leaf."""
    seen = tuple(passes)
    return Timeline(tuple(map(_step, seen[:MOST_STEPS])), len(seen))


def _step(p: Any) -> Step:
    after = next((leaf.after for leaf in p.leaves if leaf.after is not None), np.empty(0))
    error = " ".join(p.error.split())[:MOST_CHARACTERS]
    return Step(p.where, p.call, p.retain, error, _numbers(np.ravel(after)[:MOST_ENTRIES]), after.size)


def _rows(matrix: Array) -> tuple[Numbers, ...]:
    return tuple(_numbers(row[:MOST_ROWS]) for row in np.atleast_2d(matrix)[:MOST_ROWS])


def _spread(count: int) -> Array:
    return np.linspace(0, count - 1, min(count, MOST_ARROWS)).round().astype(int)


def _thinned(array: Array) -> Array:
    if array.size <= MOST_POINTS:
        return array
    kept = np.linspace(0, array.size - 1, MOST_POINTS).round().astype(int)
    return np.take(array, kept)


def _numbers(array: Array) -> Numbers:
    """As many digits as a picture can show."""
    values = np.asarray(array, float).tolist()
    written = (f"%.{DIGITS}g " * len(values) % tuple(values)).split()  # of many numbers at once: a third of the time
    return tuple(_shown(*both) for both in zip(values, map(float, written), strict=True))


def _number(value: float) -> Number:
    return _shown(value, float(f"{value:.{DIGITS}g}"))


def _shown(value: float, rounded: float) -> Number:
    return rounded if abs(value) <= LARGEST else None  # written so that NaN is None


# -- for the machinery


def of(grader: Any, as_written: Any) -> tuple[Exhibit, ...]:
    """What a grader has to show of a run as written; nothing if it has no `exhibit`, or if that fails."""
    show: Callable[[Any], Iterable[Exhibit]] | None = getattr(grader, "exhibit", None)
    if show is None:
        return ()
    try:
        found = islice(show(as_written), MOST_OF_AN_EXERCISE)
        return tuple(exhibit for exhibit in found if isinstance(exhibit, Exhibit))
    except Exception:  # noqa: BLE001  a picture is worth no point, and its loss costs none
        return ()


def document(exhibit: Exhibit) -> dict[str, Any]:
    """As plain data for JSON, under its name."""
    return {"kind": type(exhibit).__name__, **_plain(exhibit)}


def _plain(one: Exhibit | Line | Step | Field) -> dict[str, Any]:
    """As `asdict`, which would copy every number, and there are many."""
    values = {field.name: getattr(one, field.name) for field in fields(one)}
    for name in ("lines", "steps", "fields"):
        if name in values:
            values[name] = tuple(map(_plain, values[name]))
    return values


def parsed(data: Mapping[str, Any]) -> Exhibit:
    """What `document` wrote, read again."""
    given = {name: value for name, value in data.items() if name != "kind"}
    match data["kind"]:
        case "Curves":
            return Curves(given["drawn"], tuple(Line(**_frozen(item)) for item in given["lines"]))
        case "Fit":
            return Fit(tuple(Line(**_frozen(item)) for item in given["lines"]), given["gap"], given["size"])
        case "Timeline":
            return Timeline(tuple(Step(**_frozen(item)) for item in given["steps"]), given["size"])
        case "Arrows":
            return Arrows(tuple(Field(**_frozen(item)) for item in given["fields"]), given["divergence"], given["curl"])
        case "Matrices":
            return Matrices(**_frozen(given))
        case _:
            return Bars(**_frozen(given))


def _frozen(data: Mapping[str, Any]) -> dict[str, Any]:
    """JSON's lists as the tuples that they were."""
    return {name: _tuple(value) for name, value in data.items()}


def _tuple(value: Any) -> Any:
    return tuple(map(_tuple, value)) if isinstance(value, list | tuple) else value
