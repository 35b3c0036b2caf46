"""The CSV that `nbgrader export` writes, a row a submission. A submission that nobody judged has no row."""

import csv
import io
from collections.abc import Sequence

from autograder.model import Report, Run
from autograder.report import marks, wording
from autograder.report.gradebook_csv import safe
from autograder.report.lms.export import Export, Options, held, waiting, who

_HEADER = "assignment,duedate,timestamp,student_id,last_name,first_name,email,raw_score,late_submission_penalty,score"


def export(run: Run, reports: Sequence[Report], options: Options) -> Export:
    out, unmatched = held(reports, options)
    graded = [report for report in out if marks.number(report) is not None]
    unmatched += [f"{who(report)}: no mark, so no row" for report in out if marks.number(report) is None]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow((*_HEADER.split(","), "max_score"))
    writer.writerows(_row(report) for report in graded)
    content = file.getvalue().encode("utf-8", "replace")
    return Export(content, len(graded), 0, tuple(unmatched), tuple(waiting(graded)))


def _row(report: Report) -> tuple[str, ...]:
    ids = report.submission.ids
    last, comma, first = ids.get("name", "").partition(",")
    assignment = ids.get("assignment", "")
    student = ids.get("student_id", report.submission.student)
    deduction = report.late.deduction if report.late else 0.0
    points = map(wording.points, (report.earned, deduction, report.score, report.max_score))
    names = (last.strip(), first.strip()) if comma else ("", last.strip())
    return (*map(safe, (assignment, "", "", student, *names, ids.get("email", ""))), *points)
