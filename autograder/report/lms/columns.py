"""Blackboard and Brightspace: the column that the teacher exported, filled in; every other byte is kept."""

import re
from collections.abc import Mapping, Sequence

from autograder.model import Report, Run
from autograder.report.files import Refused
from autograder.report.lms.export import Export, Options
from autograder.report.lms.filling import Columns, fill, finder, template
from autograder.sheet import Sheet, value

_BLACKBOARD = re.compile(r".*\[Total Pts:\s*(?:up to )?(?P<most>[\d.,]+)?.*\].*", re.DOTALL)
_BRIGHTSPACE = re.compile(r".+ Points Grade\b(?:.*MaxPoints:(?P<most>[\d.,]+))?.*", re.DOTALL)


def blackboard(run: Run, reports: Sequence[Report], options: Options) -> Export:
    """A file of the full grade centre or of one column; the header carries [Total Pts: …] |id."""
    ids = {"username": ("Username",), "student_id": ("Student ID",)}
    return _filled(reports, options, _BLACKBOARD, ids, '"HW1 [Total Pts: 40 Score] |123"')


def brightspace(run: Run, reports: Sequence[Report], options: Options) -> Export:
    """A sheet with OrgDefinedId or Username, `<Item> Points Grade` and End-of-Line Indicator."""
    ids = {"student_id": ("OrgDefinedId",), "username": ("Username",), "email": ("Email",)}
    return _filled(reports, options, _BRIGHTSPACE, ids, '"HW1 Points Grade"')


def _filled(
    reports: Sequence[Report],
    options: Options,
    header: re.Pattern[str],
    names: Mapping[str, Sequence[str]],
    example: str,
) -> Export:
    sheet = template(options)
    grade = _grade(sheet, options, header, example)
    ids = {kind: column for kind, those in names.items() if (column := sheet.column(*those)) is not None}
    first, last = sheet.column("First Name"), sheet.column("Last Name")
    found = header.fullmatch(sheet.header[grade])
    most = float(found["most"].replace(",", ".")) if found and found["most"] else None
    columns = Columns(ids, lambda row: f"{value(row, last)}, {value(row, first)}".strip(" ,"), grade, lambda row: most)
    filled = fill(sheet, columns, reports, finder(sheet, columns, reports), options)
    content = sheet.filled(filled.changes)
    return Export(content, len(filled.rows), filled.unchanged, tuple(filled.unmatched), tuple(filled.notes))


def _grade(sheet: Sheet, options: Options, header: re.Pattern[str], example: str) -> int:
    told = options.columns.get("grade")
    known = [i for i, name in enumerate(sheet.header) if header.fullmatch(name)]
    wanted = [i for i in known if told is None or sheet.header[i].casefold().startswith(told.casefold())]
    if len(wanted) != 1:
        there = "; ".join(sheet.header[i] for i in known) or "none"
        raise Refused(f"name the one column to fill in, as in --column grade={example}; there are: {there}")
    return wanted[0]
