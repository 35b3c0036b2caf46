"""A gradient beside the expected one: two bars an entry."""

import math
from dataclasses import dataclass

from autograder.exhibits import Bars
from autograder.phrase import Phrase, together
from autograder.report.pages.pictures.axes import LEFT, RIGHT, WIDTH, Axes, Scale, Tick, differing, told, vertical


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


def drawn(exhibit: Bars) -> BarPlot | None:
    """Their bars; None if there is no entry."""
    count = max(len(exhibit.theirs), len(exhibit.expected))
    if not count:
        return None
    y = vertical((*exhibit.theirs, *exhibit.expected, 0.0))
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
    return BarPlot(_caption(count, exhibit.size), _about_bars(exhibit), Axes(ticks, y.ticks(4), y(0.0)), tuple(bars))


def _caption(count: int, size: int) -> str:
    if size <= count:
        return Phrase("The gradient, entry by entry")
    return Phrase("The gradient, entry by entry (the first {count} of {size})", count=count, size=size)


def _bar(part: str, x: float, width: float, value: float, y: Scale) -> Bar:
    top, bottom = sorted((y(value), y(0.0)))
    return Bar(part, round(x, 1), top, round(width, 1), max(round(bottom - top, 1), 1.0))


def _about_bars(exhibit: Bars) -> str:
    off = differing(exhibit.theirs, exhibit.expected)
    if not off:
        return Phrase("Every entry is the expected one.")
    entries = together([_about(i, exhibit) for i in off[:4]])
    few, many = "{off} of {size} entries differ: {entries}.", "{off} of {size} entries differ: {entries}; …"
    return Phrase(few if len(off) <= 4 else many, off=len(off), size=len(exhibit.expected), entries=entries)


def _about(i: int, exhibit: Bars) -> str:
    theirs, expected = told(exhibit.theirs[i]), told(exhibit.expected[i])
    return Phrase("entry {i} is {theirs}, not {expected}", i=i, theirs=theirs, expected=expected)
