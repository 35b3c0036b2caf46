"""What a student's page shows. For the student: no acts, no seed, nothing of hidden runs, none of our own errors."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import escape

from autograder.model import Answer, Outcome, Override, Report, Run, Status, Verdict
from autograder.report import tally, wording
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
    anchor: str  # of the cell that was judged, if it is shown


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
    return {
        "student": wording.one_line(report.submission.student, 120),
        "files": [wording.one_line(file.name, 160) for file in report.submission.files[:MOST_REMARKS]],
        "report": report,
        "counts": counts,
        "ended": _ended(report),
        "remarks": [wording.one_line(remark) for remark in _remarks(report)][:MOST_REMARKS],
        "answers": [_answer(report, answer, shown) for answer, shown in zip(tried, _cells(report, tried), strict=True)],
        "missing": [answer.exercise for answer in report.answers if not tally.is_tried(answer)],
        "date": run.finished[:10],
        "version": run.version,
    }


def _ended(report: Report) -> str:
    if report.outcome is Outcome.GRADER_ERROR:
        return wording.GENERAL["grader_error"]
    ended = wording.outcome(report)
    return ended[:1].upper() + ended[1:] + ("." if ended else "")


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
        for number, cell in enumerate(cells.judged(report.submission, answer), 1):
            room -= sum(len(escape(line.text).encode()) for line in cell.lines)
            shown += [(f"{answer.exercise.name}-{number}", cell)] if room >= 0 else []
        yield shown


def _answer(report: Report, answer: Answer, shown: Anchored) -> AnswerView:
    exercise = answer.exercise
    drawn = (pictures.of(exhibit) for exhibit in report.exhibits.get(exercise.name, ()))
    return AnswerView(
        name=exercise.name,
        title=exercise.title,
        score=answer.score,
        most=exercise.max_points,
        waiting=answer.awaiting_review,
        override=answer.override,
        graded=answer.graded,
        criteria=tuple(_criterion(verdict, shown) for verdict in answer.verdicts),
        pictures=tuple(picture for picture in drawn if picture),
        cells=tuple(shown),
    )


def _criterion(verdict: Verdict, shown: Anchored) -> CriterionView:
    return CriterionView(
        title=verdict.criterion.title,
        status=verdict.effective.value,
        word="read by a person" if verdict.override else WORDS[verdict.status],
        points=verdict.points,
        most=verdict.criterion.points,
        waits=verdict.waits,
        sentence=_sentence(verdict),
        quote=wording.clean(verdict.detail) if verdict.status is Status.NEEDS_REVIEW else "",
        where=wording.one_line(verdict.where),
        anchor=next(_anchors(verdict.where, shown), ""),
    )


def _sentence(verdict: Verdict) -> str:
    """Of words that are quoted, only that they wait; of a failure of ours, not what failed; what a person said."""
    if verdict.override:
        return wording.comment(verdict.override)
    if verdict.status in (Status.NEEDS_REVIEW, Status.GRADER_ERROR):
        return wording.one_line(wording.feedback(verdict))
    return wording.sentence(verdict)


def _anchors(where: str, shown: Anchored) -> Iterator[str]:
    """The cell, or the window of a script in which that line is marked."""
    file, _, number = where.rpartition(", line ")
    for anchor, cell in shown:
        marked = {str(line.number) for line in cell.lines if line.marked}
        if cell.where == where or (file and cell.where.rpartition(", line ")[0] == file and number in marked):
            yield anchor
