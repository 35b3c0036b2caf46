"""What a student's page shows. For the student: no acts, no seed, nothing of hidden runs, none of our own errors."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from markupsafe import escape

from autograder import places
from autograder.model import Answer, Outcome, Override, Report, Run, Status, Verdict
from autograder.phrase import Language, Phrase, place
from autograder.report import feedback, marks, tally, wording
from autograder.report.pages import cells, pictures

MOST_REMARKS = 12
MOST_BYTES_OF_CODE = 80_000  # on a page, so that it stays one that a phone opens
WORDS = {
    Status.PASSED: "passed",
    Status.FAILED: "not yet",
    Status.NOT_ATTEMPTED: "not found",
    Status.NOT_REACHED: "not looked at",
    Status.NEEDS_REVIEW: "awaits review",
    Status.GRADER_ERROR: "awaits review",
}
BY_A_PERSON = Phrase("read by a person")

Anchored = Sequence[tuple[str, cells.Cell]]


@dataclass(frozen=True, slots=True)
class CriterionView:
    """A line of the rubric, what became of it, and why."""

    title: str
    status: str  # the enum's value, for the style
    word: str
    points: float
    most: float
    waits: bool
    sentence: str
    quote: str
    where: str
    anchor: str  # of the line or cell that was judged, if it is shown


@dataclass(frozen=True, slots=True)
class AnswerView:
    """An exercise that was attempted."""

    name: str
    title: str
    score: float
    most: float
    waiting: float
    override: Override | None
    graded: float
    criteria: tuple[CriterionView, ...]
    pictures: tuple[pictures.Picture, ...]
    cells: tuple[tuple[str, cells.Cell], ...]  # with their anchors


def view(run: Run, report: Report) -> Mapping[str, object]:
    """The values of templates/student.html."""
    was_judged = report.outcome not in wording.UNGRADED
    tried = [a for a in report.answers if tally.is_tried(a) and (was_judged or a.is_touched)]
    counts = was_judged or bool(tried)
    say = report.language
    return {
        "say": say,
        "student": wording.one_line(report.submission.student, 120),
        "files": [wording.one_line(file.name, 160) for file in report.submission.files[:MOST_REMARKS]],
        "report": report,
        "counts": counts,
        "assignment": wording.one_line(run.title, 120),
        "late": marks.late(report),
        "ended": _ended(report),
        "remarks": [wording.one_line(say(remark)) for remark in _remarks(report)][:MOST_REMARKS],
        "answers": [_answer(report, answer, shown) for answer, shown in zip(tried, _cells(report, tried), strict=True)],
        "missing": [answer.exercise for answer in report.answers if not tally.is_tried(answer)],
        "date": run.finished[:10],
        "version": run.version,
    }


def _ended(report: Report) -> str:
    if report.outcome is Outcome.GRADER_ERROR:
        return report.language(wording.GENERAL["grader_error"])
    ended = report.language("{ended}.", ended=wording.outcome(report)) if wording.outcome(report) else ""
    return ended[:1].upper() + ended[1:]


def _remarks(report: Report) -> Sequence[str]:
    """When the failure was ours, what we remarked on it is for the instructor."""
    if report.outcome is Outcome.GRADER_ERROR:
        return report.submission.remarks
    return [remark for remark in wording.remarks(report) if remark not in wording.outcome(report)]


def _cells(report: Report, answers: Sequence[Answer]) -> Iterator[Anchored]:
    """The judged code of each answer, with anchors, as far as there is room on the page."""
    room = MOST_BYTES_OF_CODE
    for answer in answers:
        shown = []
        for number, cell in enumerate(cells.judged(report.submission, _open(answer)), 1):
            room -= sum(len(escape(line.text).encode()) for line in cell.lines)
            shown += [(f"{answer.exercise.name}-{number}", cell)] if room >= 0 else []
        yield shown


def _open(answer: Answer) -> Answer:
    """Without what is withheld from the student."""
    return replace(answer, verdicts=tuple(verdict for verdict in answer.verdicts if not verdict.withheld))


def _answer(report: Report, answer: Answer, shown: Anchored) -> AnswerView:
    exercise, say = answer.exercise, report.language
    is_open = not any(verdict.withheld for verdict in answer.verdicts)
    drawn = (pictures.of(exhibit) for exhibit in report.exhibits.get(exercise.name, ()) if is_open)
    return AnswerView(
        name=exercise.name,
        title=say(exercise.title),
        score=answer.score,
        most=exercise.max_points,
        waiting=answer.awaiting_review,
        override=answer.override,
        graded=answer.graded,
        criteria=tuple((_withheld if v.withheld else _criterion)(report, v, shown) for v in answer.verdicts),
        pictures=tuple(picture for picture in drawn if picture),
        cells=tuple(shown),
    )


def _criterion(report: Report, verdict: Verdict, shown: Anchored) -> CriterionView:
    say = report.language
    return CriterionView(
        title=say(verdict.criterion.title),
        status=verdict.effective.value,
        word=say(BY_A_PERSON if verdict.override else WORDS[verdict.status]),
        points=verdict.points,
        most=verdict.criterion.points,
        waits=verdict.waits,
        sentence=_sentence(verdict, say),
        quote=wording.clean(verdict.detail) if verdict.status is Status.NEEDS_REVIEW else "",
        where=say(place(wording.one_line(verdict.where), verdict.line)),
        anchor=next(_anchors(report, verdict, shown), ""),
    )


def _withheld(report: Report, verdict: Verdict, shown: Anchored) -> CriterionView:
    """Only that it is there, and what it is worth."""
    say = report.language
    title, most = say(verdict.criterion.title), verdict.criterion.points
    status, word = Status.NOT_REACHED.value, say(feedback.WITHHELD)
    return CriterionView(title, status, word, 0.0, most, True, "", "", "", "")


def _sentence(verdict: Verdict, say: Language) -> str:
    """Of words that are quoted, only that they wait; of a failure of ours, not what failed; what a person said."""
    if verdict.override:
        return wording.comment(verdict.override)
    if verdict.status in (Status.NEEDS_REVIEW, Status.GRADER_ERROR):
        return wording.one_line(say(wording.feedback(verdict)))
    return wording.sentence(verdict, say)


def _anchors(report: Report, verdict: Verdict, shown: Anchored) -> Iterator[str]:
    """The line, where it is marked; else the cell."""
    spot = places.find(report.submission, verdict.where, verdict.line)
    for anchor, cell in shown:
        if spot and cell.has(spot):
            yield cells.of_line(anchor, spot.line) if spot.line else anchor
