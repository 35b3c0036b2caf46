"""A run as lines for a person. Plain values: whoever prints them decides on colours and width."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from autograder.model import Answer, Outcome, Report, Run, Skipped, Status, Verdict
from autograder.phrase import Language
from autograder.report import wording

Tone = Literal["plain", "good", "lost", "waits", "ours", "quiet"]

_WIDEST_COLUMN = 32
_QUOTE_CHARACTERS = 120
_MOST_NAMES = 6
_REASON_INDENT = 4


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what it says, what a colour may say about it, how far it is set in."""

    text: str
    tone: Tone = "plain"
    indent: int = 0


@dataclass(frozen=True, slots=True)
class Columns:
    """Widths in terminal cells, so that points stand below points."""

    student: int
    exercise: int


def render(run: Run, reports: Sequence[Report], skipped: Sequence[Skipped], *, verbose: bool = False) -> str:
    """The lines as one text: no colours, and nothing is wrapped."""
    shown = (*lines(reports, skipped, verbose=verbose), Line(""), Line(summary(run, reports, skipped)))
    return "".join(f"{' ' * line.indent}{line.text}\n" for line in shown)


def lines(reports: Sequence[Report], skipped: Sequence[Skipped], *, verbose: bool = False) -> Iterator[Line]:
    """Each submission, and each file that was skipped; `verbose`: with the criteria that passed."""
    columns = columns_of(reports)
    for report in reports:
        yield from report_lines(report, columns, verbose=verbose)
    yield from (Line(f"skipped  {wording.clean(file.path)}: {_flat(file.why)}", "quiet") for file in skipped)


def columns_of(reports: Sequence[Report]) -> Columns:
    """Widths that fit these reports."""
    students = (wording.clean(report.submission.student) for report in reports)
    exercises = (answer.exercise.name for report in reports for answer in report.answers if _shown(answer))
    return Columns(_width(students), _width(exercises))


def report_lines(report: Report, columns: Columns, *, verbose: bool = False) -> Iterator[Line]:
    """How it ended if it did not finish; each exercise that was attempted; what was not; remarks."""
    student = _padded(wording.clean(report.submission.student), columns.student)
    say, ended = report.language, _flat(wording.outcome(report))
    if ended:
        yield Line(
            f"{student}  {_flat(say(wording.outcome(report)))}",
            "ours" if report.outcome is Outcome.GRADER_ERROR else "waits",
        )
    for answer in filter(_shown, report.answers):
        yield _answer_line(student, answer, columns)
        yield from _decision(answer)
        yield from _reasons((v for v in answer.verdicts if verbose or v.effective is not Status.PASSED), say)
    if report.late and report.late.seconds and report.outcome not in wording.UNGRADED:
        yield Line(f"late: {_flat(say(report.late.why))}", "plain", _REASON_INDENT)
    missing = [answer.exercise.name for answer in report.answers if not _shown(answer)]
    if missing and report.outcome not in wording.UNGRADED:
        yield Line(f"{student}  not attempted: {_listed(missing, len(report.answers))}", "quiet")
    for remark in wording.remarks(report):
        if _flat(remark) not in ended:
            yield Line(f"note: {_flat(say(remark))}", "quiet", _REASON_INDENT)
    for act in map(_flat, report.acts):
        yield Line(f"look at this: {act}", "waits", _REASON_INDENT)


def summary(run: Run, reports: Sequence[Report], skipped: Sequence[Skipped]) -> str:
    """How many, how many need a person, how long, and the seed that draws the same inputs again."""
    ungraded = sum(report.outcome in wording.UNGRADED for report in reports)
    waiting = sum(report.awaiting_review > 0 for report in reports)
    points = sum(report.awaiting_review for report in reports)
    counts = (
        f"{len(reports) - ungraded} graded",
        f"{ungraded} could not be graded" if ungraded else "",
        f"{_points(points)} in {waiting} submission{'' if waiting == 1 else 's'} await a person" if points else "",
        f"{len(skipped)} skipped",
    )
    return f"{', '.join(filter(None, counts))}, in {_duration(run)} (seed {run.seed})"


def _shown(answer: Answer) -> bool:
    return answer.attempted or answer.is_touched or answer.score > 0 or answer.awaiting_review > 0


def _answer_line(student: str, answer: Answer, columns: Columns) -> Line:
    had, most = answer.score, answer.exercise.max_points
    waits = answer.awaiting_review
    text = f"{student}  {_padded(answer.exercise.name, columns.exercise)}  "
    text += f"{wording.points(had)} / {wording.points(most)}"
    if not waits:
        return Line(text, "good" if had >= most else "lost")
    verb = "awaits" if waits == 1 else "await"
    return Line(f"{text}  ({wording.points(waits)} {verb} review)", "waits" if had + waits >= most else "lost")


def _decision(answer: Answer) -> Iterator[Line]:
    if answer.override:
        graded = wording.points(answer.graded)
        text = f"set by a person, in place of {graded}: {_flat(answer.override.why)}"
        yield Line(text, "plain", _REASON_INDENT)


def _reasons(verdicts: Iterable[Verdict], say: Language) -> Iterator[Line]:
    """Criteria that would be told the same share one line."""
    groups: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in verdicts:
        groups.setdefault(_said(verdict, say), []).append(verdict)
    for (mark, sentence), group in groups.items():
        names = ", ".join(verdict.criterion.name for verdict in group)
        places = dict.fromkeys(_flat(verdict.where) for verdict in group if verdict.where)
        where = f" ({', '.join(places)})" if places else ""
        said = f": {sentence}" if sentence else ""
        yield Line(f"{mark} {names}{said}{where}", _tone(group[0]), _REASON_INDENT)


def _said(verdict: Verdict, say: Language) -> tuple[str, str]:
    """The mark in front of a line and the sentence after the criterion's name."""
    if verdict.override:
        had, why = wording.points(verdict.points), _flat(verdict.override.why)
        said = f"{had} of {wording.points(verdict.criterion.points)}, set by a person{f': {why}' if why else ''}"
        return "✓" if verdict.effective is Status.PASSED else "✗", said
    match verdict.status:
        case Status.PASSED:
            return "✓", ""
        case Status.NEEDS_REVIEW:
            return "?", _awaits(verdict, say)
        case Status.GRADER_ERROR:
            cause = f" ({_flat(verdict.detail)})" if verdict.detail else ""
            return "!", f"the grader failed here{cause}; no points were taken"
        case Status.NOT_REACHED | Status.NOT_ATTEMPTED:
            return "–", wording.sentence(verdict, say)
        case _:
            return "✗", wording.sentence(verdict, say)


def _awaits(verdict: Verdict, say: Language) -> str:
    kind = " (found, but it did not run)" if verdict.reason == "not_executed" else ""
    if not verdict.detail:
        return f"awaits review{kind}: {wording.one_line(say(wording.feedback(verdict)))}"
    return f"awaits review{kind}: “{wording.one_line(verdict.detail, _QUOTE_CHARACTERS)}”"


def _tone(verdict: Verdict) -> Tone:
    if verdict.effective is Status.GRADER_ERROR:
        return "ours"
    if verdict.effective is Status.PASSED:
        return "quiet"
    return "waits" if verdict.effective is Status.NEEDS_REVIEW else "plain"


def _listed(names: Sequence[str], of: int) -> str:
    """A few by name; of many, how many."""
    return ", ".join(names) if len(names) <= _MOST_NAMES else f"{len(names)} of {of} exercises"


def _points(value: float) -> str:
    return f"{wording.points(value)} {'point' if value == 1 else 'points'}"


def _duration(run: Run) -> str:
    passed = datetime.fromisoformat(run.finished) - datetime.fromisoformat(run.started)
    seconds = max(passed.total_seconds(), 0.0)
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def _flat(text: str) -> str:
    return wording.one_line(text)


def _width(texts: Iterable[str]) -> int:
    return min(max(map(_cells, texts), default=0), _WIDEST_COLUMN)


def _padded(text: str, cells: int) -> str:
    return text + " " * (cells - _cells(text))


def _cells(text: str) -> int:
    """Terminal cells: 王 takes two, an accent that combines takes none."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) > 0 for character in text)
