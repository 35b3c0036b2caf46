"""A trial as lines for the student: what looks right, what does not, and what is only seen when it is graded."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from autograder.model import Report, Verdict
from autograder.phrase import place
from autograder.report import feedback, wording
from autograder.report.terminal import Line, Tone

if TYPE_CHECKING:  # it imports what takes time
    from autograder.trying import Tried

_SIGNS: dict[str, tuple[str, Tone]] = {
    "right": ("✓", "good"),
    "so far": ("○", "good"),
    "wrong": ("✗", "lost"),
    "words": ("?", "waits"),
    "missing": ("–", "waits"),
    "later": ("·", "quiet"),
    "ours": ("!", "ours"),
}
_LEGEND = {
    "so far": "right in this run; when it is graded, other conditions are tried as well",
    "later": "only seen when it is graded",
}
_INDENT = 2


def lines(report: Report, tried: Iterable["Tried"]) -> Iterator[Line]:
    """How the run ended, each exercise, notes, and what the signs mean."""
    if ended := wording.outcome(report):
        yield Line(wording.one_line(ended), "waits")
    shown = tuple(tried)
    for one in shown:
        yield from _exercise(one)
    if not shown and not ended:
        yield Line("Nothing in it is about an exercise that is known here.", "waits")
    yield from (Line(f"note: {wording.one_line(note)}", "quiet") for note in feedback.notes(report))
    met = {sight.value for one in shown for sight, _ in one.criteria}
    yield from (Line(f"{_SIGNS[kind][0]} {said}", "quiet") for kind, said in _LEGEND.items() if kind in met)
    yield Line("This is no mark.", "quiet")


def _exercise(one: "Tried") -> Iterator[Line]:
    yield Line(f"{one.exercise.name}: {wording.one_line(one.exercise.title)}")
    if not one.criteria:
        yield Line("– nothing that ran is about this exercise yet", "waits", _INDENT)
    for sight, verdict in one.criteria:
        sign, tone = _SIGNS[sight.value]
        said = _said(sight.value, verdict)
        yield Line(f"{sign} {wording.one_line(verdict.criterion.title)}{f': {said}' if said else ''}", tone, _INDENT)


def _said(kind: str, verdict: Verdict) -> str:
    match kind:
        case "wrong" | "missing":
            where = f" ({wording.one_line(place(verdict.where, verdict.line))})" if verdict.where else ""
            return f"{wording.sentence(verdict)}{where}"
        case "words":
            quoted = f" “{wording.one_line(verdict.detail, 120)}”" if verdict.detail else ""
            return f"{wording.one_line(wording.feedback(verdict))}{quoted}"
        case "ours":
            return "the grader itself failed here, which is no fault of yours"
        case _:
            return ""
