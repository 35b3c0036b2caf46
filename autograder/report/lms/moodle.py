"""Moodle: the offline grading worksheet of the teacher, filled in; and a zip with a page for each student.

Moodle drops a grade above the maximum without a word and keeps its comment, so such a sheet is refused here. The number
of a participant counts in one assignment only; where the sheet has another name for it, it is another assignment's.
"""

import re
from collections.abc import Iterator, Sequence

from autograder.model import Report, Run
from autograder.report import feedback
from autograder.report.lms.export import Export, Options, held, waiting, who, zipped
from autograder.report.lms.filling import (
    Columns,
    Filled,
    Find,
    column_of,
    fill,
    finder,
    maximum,
    needed,
    template,
)
from autograder.sheet import Row, Sheet, same_person, value

_NUMBER = re.compile(r"(\d+)\s*$")
# The rest of the headers is told by a person: --column grade="Calificación".
_HEADERS = {
    "id": ("Identifier", "ID"),
    "grade": ("Grade", "Bewertung"),
    "maximum": ("Maximum grade", "Bestwertung"),
    "feedback": ("Feedback comments", "Feedback als Kommentar"),
    "name": ("Full name", "Vollständiger Name"),
    "group": ("Group", "Gruppe"),
    "changeable": ("Grade can be changed", "Bewertung kann geändert werden"),
}
_NO_NUMBER = "has no number of Moodle's, which a feedback file needs; grade the zip of Download all submissions"
_UNSAFE = re.compile(r"""[\\/:*?"<>|&'`]""")


def worksheet(run: Run, reports: Sequence[Report], options: Options) -> Export:
    """The sheet with Grade and Feedback comments filled in, and every other byte as it was."""
    sheet = template(options)
    at = {kind: column_of(sheet, options, kind, *names) for kind, names in _HEADERS.items()}
    name = at["name"]
    columns = Columns(
        ids={"moodle": needed(at["id"], "id", sheet, options)},
        name=lambda row: value(row, name),
        grade=needed(at["grade"], "grade", sheet, options),
        most=lambda row: maximum(row, at["maximum"]),
    )
    group = at["group"]
    find = _by_group(sheet, group) if group is not None else _by_number(sheet, columns, name, reports)
    filled = fill(sheet, columns, reports, find, options)
    _locked(columns, at["changeable"], filled)
    _comments(at["feedback"], filled)
    content = sheet.filled(filled.changes)
    return Export(content, len(filled.rows), filled.unchanged, tuple(filled.unmatched), tuple(filled.notes))


def _by_number(sheet: Sheet, columns: Columns, name: int | None, reports: Sequence[Report]) -> Find:
    rows = {match[1]: row for row in sheet.body if (match := _NUMBER.search(value(row, columns.ids["moodle"])))}
    by_name = finder(sheet, Columns({}, columns.name, columns.grade, columns.most), reports)

    def find(report: Report) -> tuple[Sequence[Row], str]:
        number = report.submission.ids.get("moodle")
        if number is None:
            return by_name(report)
        row = rows.get(number)
        if row is None:
            return (), f"the sheet has no participant {number}"
        there, here = same_person(value(row, name)), same_person(report.submission.student)
        if there and here and not there & here:
            return (), f"participant {number} is {value(row, name)} in the sheet; is it of another assignment?"
        return [row], ""

    return find


def _by_group(sheet: Sheet, group: int) -> Find:
    """Of a team assignment: the number in the download is the group's, and the sheet has names of groups only."""

    def find(report: Report) -> tuple[Sequence[Row], str]:
        name = _as_in_a_download(report.submission.ids.get("group", report.submission.student))
        rows = [row for row in sheet.body if _as_in_a_download(value(row, group)) == name]
        return rows, "" if rows else "the sheet has no group of this name"

    return find


def _as_in_a_download(name: str) -> str:
    """Moodle takes out what no file name may have, and an underscore becomes a blank."""
    return " ".join(_UNSAFE.sub("", name.replace("_", " ")).split()).casefold()


def _locked(columns: Columns, column: int | None, filled: Filled) -> None:
    locked = [row for row in filled.rows if value(row, column).casefold() in ("no", "nein")]
    filled.unmatched += [f"{columns.name(row)}: the sheet says that this grade cannot be changed" for row in locked]
    for row in locked:
        filled.changes.pop(row[columns.grade])
        filled.rows.remove(row)


def _comments(column: int | None, filled: Filled) -> None:
    """Ours are replaced, and a teacher's are kept."""
    if column is None:
        filled.notes.append(
            "the sheet has no column for comments; switch Feedback comments on, or send the zip as well"
        )
        return
    for report, row in filled.matched:
        if column >= len(row):
            continue
        before = re.sub(r"<[^>]*>", "", row[column].value).strip()
        if before and not feedback.is_ours(before):
            filled.notes.append(f"{who(report)}: the comment that is there is kept")
        elif row[column].value != (comment := feedback.fragment(report)):
            filled.changes[row[column]] = comment


def feedback_zip(run: Run, reports: Sequence[Report], options: Options) -> Export:
    """One page a student, in folders by whose number Moodle knows them."""
    out, unmatched = held(reports, options)
    numbered = [report for report in out if "moodle" in report.submission.ids]
    without = [report for report in out if "moodle" not in report.submission.ids]
    unmatched += [f"{who(report)}: {_NO_NUMBER}" for report in without]
    files = dict(_pages(numbered))
    return Export(zipped(files), len(files), 0, tuple(unmatched), tuple(waiting(numbered)))


def _pages(reports: Sequence[Report]) -> Iterator[tuple[str, bytes]]:
    for report in reports:
        # Only the number counts, but a dot in front would hide the file, and four parts are expected.
        name = _UNSAFE.sub("", report.submission.student).replace("_", " ").strip(" .~") or "student"
        yield f"{name}_{report.submission.ids['moodle']}_assignfeedback_file/feedback.html", feedback.page(report)
