"""Axes: round numbers along a line, and numbers as they stand beside them.

All positions are in a drawing that is WIDTH wide; nothing here knows of colours or of HTML.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from autograder.exhibits import Number, Numbers
from autograder.phrase import Phrase

WIDTH, HEIGHT = 420.0, 236.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 10.0, 10.0, 26.0
SAME = 1e-4  # of the largest entry: what is drawn as equal
TINY = 1e-30


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
        return tuple(Tick(self(i * step), said(i * step)) for i in range(first, last + 1))


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


def axes_of(x: Scale | None, y: Scale) -> Axes:
    """Ticks of both; without an x scale the axis has entries rather than numbers."""
    zero = y(0.0) if y.low < 0 < y.high else None
    return Axes(x.ticks(6) if x else (), y.ticks(4), zero)


def horizontal(values: Iterable[Number], margin: float) -> Scale:
    """A scale for these values along the drawing."""
    return _scale(values, LEFT, WIDTH - RIGHT, margin)


def vertical(values: Iterable[Number]) -> Scale:
    """A scale for these values up the drawing, with some room."""
    return _scale(values, HEIGHT - BOTTOM, TOP)


def said(value: float) -> str:
    """A number beside an axis."""
    return f"{value:.4g}".replace("e+", "e").replace("e0", "e").replace("-", "−") if value else "0"


def told(value: Number) -> str:
    """A number in a sentence."""
    return Phrase("no number") if value is None else said(value)


def differing(theirs: Numbers, expected: Numbers) -> list[int]:
    """Where two rows of numbers are not drawn as equal; no number differs from every number."""
    largest = max((abs(value) for value in expected if value is not None), default=0.0)
    pairs = enumerate(zip(theirs, expected, strict=False))
    return [i for i, (a, b) in pairs if a is None or b is None or abs(a - b) > SAME * (largest or 1.0)]
