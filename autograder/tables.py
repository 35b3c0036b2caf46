"""Tables of h and q(h): two columns beside one another that a submission printed, kept or drew.

Every pair of columns is a candidate whose steps h lie in [-1, 1] and are not 0; a single column of few numbers belongs
to h = 0.1, 0.01, …. Which of them is a table of what, a grader says.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograder.evidence import Array
from autograder.seen import Seen

FEWEST, LONGEST = 3, 200  # rows
SHORT = 20  # rows of a column without its h: powers of 0.1
MOST = 60  # lists that are paired
COLUMNS = 6  # of one output


class Table(NamedTuple):
    at: Any  # the record that holds it
    h: Array  # rows, in float64
    q: Array  # as many
    digits: float  # unit of the last digit shown; 0 where all are


def tables(seen: Seen) -> Iterator[Table]:
    """All that may be one."""
    yield from _printed(seen)
    yield from _kept(seen)
    yield from _named(seen)
    yield from _shown(seen)
    yield from _drawn(seen)


def _printed(seen: Seen) -> Iterator[Table]:
    """Lines of output with equally many numbers, column against column."""
    for text in seen.texts:
        rows = [_numbers(line) for line in text.text.split("\n")[:LONGEST]] if text.kind_of == "output" else []
        for count in {len(row) for row in rows if row}:
            lines = [row for row in rows if len(row) == count]
            columns = [np.array([row[i][0] for row in lines]) for i in range(count)]
            yield from _paired(text, columns, [max(row[i][1] for row in lines) for i in range(count)])


def _paired(at: Any, columns: Sequence[Array], digits: Sequence[float]) -> Iterator[Table]:
    if len(columns) == 1:
        yield from _without_steps(at, columns[0], digits[0])
    for i, j in np.ndindex(*2 * (min(len(columns), COLUMNS),)):
        if i != j and _may_be_steps(columns[i]):
            rounded = digits[i] < np.min(np.abs(columns[i])) / 50  # h is shown with few digits: q is off by as much
            yield Table(at, columns[i], columns[j], digits[j] + 7 * digits[i] * rounded)


def _kept(seen: Seen) -> Iterator[Table]:
    """Lists and arrays of one length, or one of h and q by turns."""
    arrays: list[tuple[Any, Array | None]] = [(value, value.array) for value in seen.values]
    arrays += [(plain, part) for plain in seen.plain for part in plain.parts]
    flat = [(at, np.ravel(a).astype(float)) for at, a in arrays if a is not None and _is_list(a)]
    distinct = list({a.tobytes(): (at, a) for at, a in flat}.values())[:MOST]
    steps = [h for _, h in distinct if _may_be_steps(h)]
    for at, q in distinct:
        yield from (Table(at, h, q, 0.0) for h in steps if h.size == q.size and h is not q)
        yield from _without_steps(at, q, 0.0)
        if q.size % 2 == 0 and q.size >= 2 * FEWEST:
            pairs = ((q[::2], q[1::2]), (q[1::2], q[::2]))
            yield from (Table(at, h, beside, 0.0) for h, beside in pairs if np.all(h != 0))


def _named(seen: Seen) -> Iterator[Table]:
    """A dictionary of h and q."""
    for p in seen.plain:
        if len(p.keys) >= FEWEST and all(_is_number(key) for key in p.keys) and all(a.size == 1 for a in p.parts):
            yield Table(p, np.array([float(key) for key in p.keys]), np.array([float(a.item()) for a in p.parts]), 0.0)


def _shown(seen: Seen) -> Iterator[Table]:
    """Plain numbers that were printed one after another at one place."""
    groups: dict[tuple[str, int], list[Any]] = {}
    for record in seen.plain:
        if not record.name and record.keys == [""] and record.parts[0].size == 1:
            groups.setdefault((record.where, record.order), []).append(record)
    for found in groups.values():
        numbers = np.array([float(record.parts[0].item()) for record in found])
        for width in (1, 2, 3, 4):
            if len(found) % width == 0 and len(found) >= width * FEWEST:
                yield from _paired(found[0], [numbers[i::width] for i in range(width)], [0.0] * width)


def _drawn(seen: Seen) -> Iterator[Table]:
    """The quotient against h."""
    for curve in seen.curves:
        if FEWEST <= curve.x.size <= LONGEST and _may_be_steps(curve.x):
            yield Table(curve, curve.x, curve.y, 0.0)


def _without_steps(at: Any, q: Array, digits: float) -> Iterator[Table]:
    if np.ptp(q) > 0 and q.size <= SHORT:
        yield Table(at, 0.1 ** np.arange(1, q.size + 1), q, digits)


def _may_be_steps(h: Array) -> bool:
    size = np.abs(h)
    return bool(size.min() > 0 and size.max() <= 1)


def _is_list(array: Array) -> bool:
    return array.dtype.kind in "fiu" and FEWEST <= array.size <= LONGEST


# ---------------------------------------------------------------------------------- numbers in a line of words


def _numbers(line: str) -> list[tuple[float, float]]:
    """(number, unit of its last digit) of each."""
    plain = "".join(c if c in "0123456789.eE+-" else " " for c in line)
    return [(float(token), _last_digit(token.lower())) for token in plain.split() if _is_number(token.lower())]


def _is_number(token: str) -> bool:
    mantissa, mark, exponent = token.partition("e")
    digits, power = mantissa.lstrip("+-").replace(".", "", 1), exponent.lstrip("+-")
    signs = len(mantissa) - len(mantissa.lstrip("+-")) <= 1 and len(exponent) - len(power) <= 1
    return signs and digits.isdigit() and (power.isdigit() if mark else True)


def _last_digit(token: str) -> float:
    mantissa, _, exponent = token.partition("e")
    decimals = len(mantissa.partition(".")[2])
    return float(10.0 ** (int(exponent or 0) - decimals)) if decimals else 0.0
