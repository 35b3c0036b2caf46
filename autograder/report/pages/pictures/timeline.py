"""Backward passes from top to bottom, and what each left."""

from dataclasses import dataclass

from autograder.exhibits import Step, Timeline
from autograder.report.pages.pictures.axes import told

STEP = 46.0  # height of a pass in a timeline


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
    told = (f"{i}. {stop.call}: {stop.result}" for i, stop in enumerate(stops, 1))
    more = f" (the first {len(stops)} of {exhibit.size})" if exhibit.size > len(stops) else ""
    return TimelinePlot(f"Backward passes, in order{more}", " ".join(told), len(stops) * STEP + 8.0, stops)


def _stop(number: int, step: Step) -> Stop:
    call = f"{step.call}({'retain_graph=True' if step.retain else ''})"
    if step.error:
        return Stop(number * STEP + 16.0, call, step.where, f"stopped: {step.error}", True)
    entries = ", ".join(map(told, step.gradient)) + (", …" * (step.size > len(step.gradient)))
    result = f"left the gradient {entries}" if step.size == 1 else f"left the gradient [{entries}]"
    return Stop(number * STEP + 16.0, call, step.where, result if step.size else "left no gradient", False)
