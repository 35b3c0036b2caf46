"""A CSV for Moodle's gradebook import: one column that says who it is, the points, and the feedback.

Moodle imports all rows or none, so every row has the one id by which the import finds the student.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from autograder.model import Report, Run
from autograder.report import feedback, marks, wording
from autograder.report.lms.export import Export, Options, held, waiting, who

_HEADERS: Mapping[str, str] = MappingProxyType(
    {"student_id": "ID number", "email": "Email address", "username": "Username"}
)
_ANY = "ID number, Email address or Username"
_ITEM = "Autograd"  # unless --column grade=… names the grade item


def export(run: Run, reports: Sequence[Report], options: Options) -> Export:
    """A row a student, several of a team; who has no such id or no mark has none."""
    out, unmatched = held(reports, options)
    graded = [report for report in out if marks.number(report) is not None]
    unmatched += [f"{who(report)}: no mark, so no row" for report in out if marks.number(report) is None]
    kind = max(_HEADERS, key=lambda kind: sum(kind in report.submission.ids for report in graded))
    called = _HEADERS[kind] if any(kind in report.submission.ids for report in graded) else _ANY
    rows: dict[str, Report] = {}
    for report in graded:
        unmatched += _add(rows, report, kind, called)
    item = options.columns.get("grade", _ITEM)
    sent = list({id(report): report for report in rows.values()}.values())
    return Export(_table(rows, kind, item), len(rows), 0, tuple(unmatched), (*waiting(sent), *_maximum(sent, item)))


def _add(rows: dict[str, Report], report: Report, kind: str, called: str) -> list[str]:
    """Why somebody gets no row; the id is `called` so."""
    if not report.submission.ids.get(kind):
        return [f"{who(report)}: no {called} is known; give --roster"]
    told = []
    for one in report.submission.ids[kind].split("; "):
        if rows.setdefault(one, report) is not report:
            told.append(f"{who(report)}: the row of {who(rows[one])} is the same ({wording.one_line(one)})")
    return told


def _table(rows: Mapping[str, Report], kind: str, item: str) -> bytes:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow((_HEADERS[kind], item, f"{item} feedback"))
    for one, report in rows.items():
        writer.writerow((one, wording.points(marks.number(report) or 0.0), feedback.fragment(report)))
    return file.getvalue().encode("utf-8", "replace")


def _maximum(sent: Sequence[Report], item: str) -> Sequence[str]:
    most = {wording.points(report.max_score) for report in sent}
    return [f"the maximum of {item} in Moodle has to be {one}: of a grade above it nothing is imported" for one in most]
