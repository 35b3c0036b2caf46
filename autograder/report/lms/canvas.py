"""Canvas: the exported gradebook with one assignment filled in; and pages under names that Canvas takes back.

In an import an empty cell takes a grade away, and a row of Points Possible changes the assignment. So only the rows
that get a grade are in the file, the columns that say who it is, and the one of the assignment.
"""

import re
from collections.abc import Sequence

from autograder.model import Report, Run
from autograder.report import feedback
from autograder.report.files import Refused
from autograder.report.lms.export import Export, Options, held, waiting, who, zipped
from autograder.report.lms.filling import Columns, Filled, fill, finder, maximum, template
from autograder.sheet import Row, Sheet, value

_ASSIGNMENT = re.compile(r".+ \(\d+\)")
_NO_ATTACHMENT = (
    "no attachment of Canvas's is known, which a feedback file needs; grade the zip of Download Submissions"
)
_EXCUSED = "EX"


def gradebook(run: Run, reports: Sequence[Report], options: Options) -> Export:
    """The rows and columns that change, as they stand in the export."""
    sheet = template(options)
    student, section = sheet.column("Student"), sheet.column("Section")
    if student is None or section is None or sheet.column("ID") is None:
        raise Refused(f"{options.template_name} is no gradebook of Canvas's: it lacks Student, ID or Section")
    grade = _assignment(sheet, options)
    kinds = {"canvas": "ID", "student_id": "SIS User ID", "username": "SIS Login ID", "email": "SIS Login ID"}
    ids = {kind: column for kind, name in kinds.items() if (column := sheet.column(name)) is not None}
    possible = next((row for row in sheet.body if "points possible" in row[0].value.casefold()), ())
    columns = Columns(ids, lambda row: value(row, student), grade, lambda row: maximum(possible, grade))
    filled = fill(sheet, columns, reports, finder(sheet, columns, reports), options)
    _excused(columns, filled)
    content = sheet.selected([sheet.rows[0], *_in_order(sheet, filled)], [*range(section + 1), grade], filled.changes)
    return Export(content, len(filled.rows), filled.unchanged, tuple(filled.unmatched), tuple(filled.notes))


def _assignment(sheet: Sheet, options: Options) -> int:
    told = options.columns.get("grade")
    known = [i for i, name in enumerate(sheet.header) if _ASSIGNMENT.fullmatch(name)]
    wanted = [i for i in known if told is None or sheet.header[i].casefold().startswith(told.casefold())]
    if len(wanted) != 1:
        there = "; ".join(sheet.header[i] for i in known) or "none"
        raise Refused(f'name the one assignment to fill in, as in --column grade="HW1 (4711)"; there are: {there}')
    return wanted[0]


def _excused(columns: Columns, filled: Filled) -> None:
    excused = [row for row in filled.rows if value(row, columns.grade).upper() == _EXCUSED]
    filled.unmatched += [f"{columns.name(row)}: is excused in Canvas, and stays so" for row in excused]
    for row in excused:
        filled.changes.pop(row[columns.grade])
        filled.rows.remove(row)


def _in_order(sheet: Sheet, filled: Filled) -> list[Row]:
    return [row for row in sheet.body if row in filled.rows]


def feedback_zip(run: Run, reports: Sequence[Report], options: Options) -> Export:
    """Canvas finds the student by the user's and the attachment's number in the name, and passes over all else."""
    out, unmatched = held(reports, options)
    files, sent = {}, []
    for report in out:
        beginning = report.submission.ids.get("canvas_file")
        if beginning is None:
            unmatched.append(f"{who(report)}: {_NO_ATTACHMENT}")
            continue
        files[f"{beginning}_feedback.html"] = feedback.page(report)
        sent.append(report)
    return Export(zipped(files), len(files), 0, tuple(unmatched), tuple(waiting(sent)))
