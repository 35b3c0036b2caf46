"""Backward passes from top to bottom, and what each left."""

from collections.abc import Sequence
from dataclasses import dataclass

from autograder.exhibits import Step, Timeline
from autograder.phrase import Phrase, place
from autograder.report.pages.pictures.axes import told

STEP = 46.0  # height of a pass in a timeline
LONGEST = 18  # characters of a file's name


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


def drawn(exhibit: Timeline) -> TimelinePlot | None:
    """A stop a pass; None if there was none."""
    if not exhibit.steps:
        return None
    stops = tuple(_stop(i, step) for i, step in enumerate(exhibit.steps))
    return TimelinePlot(_caption(len(stops), exhibit.size), _said(stops), len(stops) * STEP + 8.0, stops)


def _caption(count: int, size: int) -> str:
    if size <= count:
        return Phrase("Backward passes, in order")
    return Phrase("Backward passes, in order (the first {count} of {size})", count=count, size=size)


def _said(stops: Sequence[Stop], first: int = 1) -> str:
    """All of them in one, as a phrase."""
    stop, *rest = stops
    one = Phrase("{number}. {call}: {result}", number=first, call=stop.call, result=stop.result)
    return Phrase("{first} {rest}", first=one, rest=_said(rest, first + 1)) if rest else one


def _stop(number: int, step: Step) -> Stop:
    call = f"{step.call}({'retain_graph=True' if step.retain else ''})"
    if step.error:
        return Stop(
            number * STEP + 16.0, call, place(_short(step.where)), Phrase("stopped: {error}", error=step.error), True
        )
    entries = ", ".join(map(told, step.gradient)) + (", …" * (step.size > len(step.gradient)))
    left = Phrase("left the gradient {entries}", entries=entries if step.size == 1 else f"[{entries}]")
    return Stop(
        number * STEP + 16.0, call, place(_short(step.where)), left if step.size else Phrase("left no gradient"), False
    )


def _short(where: str) -> str:
    """With the ends of a long file's name, so that there is room for the cell."""
    file, comma, number = where.rpartition(", ")
    return f"{file[: LONGEST // 2]}…{file[-LONGEST // 2 :]}{comma}{number}" if len(file) > LONGEST else where
