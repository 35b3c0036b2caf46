"""gradebook.csv: one row a submission, for spreadsheets. docs/results.md describes the columns."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

from autograder.model import Answer, Report, Run, Skipped
from autograder.report import marks, wording

# What makes a spreadsheet run a cell as a formula, also after blanks and in full width. A semicolon starts
# a new cell wherever the comma is the decimal sign, so what follows one is treated as a start as well.
_FORMULA = re.compile(r"(^|;)(?=[\s\u200b-\u200d\u2060\ufeff]*[=+\-@＝＋－＠]|[\t\r\n])")


def render(run: Run, reports: Sequence[Report], skipped: Sequence[Skipped]) -> str:
    """A header and one row a submission. What was skipped is no submission and has no row."""
    exercises = tuple(dict.fromkeys(answer.exercise.name for report in reports for answer in report.answers))
    late = ("earned", "late_deduction") if any(report.late for report in reports) else ()
    header = ("student", "path", *exercises, *late, "total", "maximum", "awaiting_review", "outcome", "remarks")
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(map(safe, header))
    writer.writerows(_row(report, exercises, bool(late)) for report in reports)
    return file.getvalue()


def _row(report: Report, exercises: Iterable[str], late: bool) -> tuple[str, ...]:
    cells, had = _marks(report), marks.number(report)
    return (
        safe(report.submission.student),
        safe(report.submission.path),
        *(cells.get(name, "") for name in exercises),
        *(_before(report) if late else ()),
        "" if had is None else wording.points(had),
        wording.points(report.max_score) if report.answers else "",
        wording.points(report.awaiting_review),
        report.outcome.value,
        safe("; ".join(_remarks(report))),
    )


def _before(report: Report) -> tuple[str, str]:
    """What was earned, and what is deducted from it for being late."""
    if marks.number(report) is None:
        return "", ""
    return wording.points(report.earned), wording.points(report.late.deduction if report.late else 0.0)


def _marks(report: Report) -> dict[str, str]:
    return {answer.exercise.name: _mark(report, answer) for answer in report.answers}


def _mark(report: Report, answer: Answer) -> str:
    """Points, or nothing: an empty cell cannot be mistaken for the zero of a student who did badly."""
    if answer.is_decided:
        return wording.points(answer.score)
    unknown = marks.failed(answer) or report.outcome in wording.UNGRADED
    waits = answer.awaiting_review == answer.exercise.max_points
    return "" if unknown or waits else wording.points(answer.score)


def _remarks(report: Report) -> tuple[str, ...]:
    """The remarks, after how the run ended where that is not plain from the marks."""
    said = wording.remarks(report)
    ended = (wording.outcome(report),) if report.outcome in wording.UNGRADED else ()
    unsaid = (remark for remark in said if not any(remark in sentence for sentence in ended))
    return tuple(map(report.language, (*ended, *unsaid)))


def safe(text: str) -> str:
    """A cell that no spreadsheet runs."""
    return wording.clean(_FORMULA.sub(r"\1'", text))
