"""Filling in: whose row is whose, which cells change, and whatever keeps a grade from its row.

A row is found by an id that both sides have. A name decides only where there is no id, and nobody else has that name.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from autograder.model import Report
from autograder.report import marks, wording
from autograder.report.files import Refused
from autograder.report.lms.export import Options, held, waiting, who
from autograder.sheet import Cell, Row, Sheet, same_person, unique, value


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a sheet keeps what."""

    ids: Mapping[str, int]  # kind of id, as a submission has it → column
    name: Callable[[Row], str]
    grade: int
    most: Callable[[Row], float | None]  # the maximum, if the sheet says it


@dataclass(slots=True)
class Filled:
    """What is to be changed, while it is found out."""

    changes: dict[Cell, str] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)  # with a new grade
    matched: list[tuple[Report, Row]] = field(default_factory=list)
    unchanged: int = 0
    unmatched: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


Find = Callable[[Report], tuple[Sequence[Row], str]]
"""The rows of a submission, several of a team; or none, and why."""


def finder(sheet: Sheet, columns: Columns, reports: Sequence[Report]) -> Find:
    """By ids first, by a name that only one of each has last."""
    rows = sheet.body
    by_id = unique(
        (f"{kind}:{_bare(value(row, column))}", i)
        for i, row in enumerate(rows)
        for kind, column in columns.ids.items()
        if value(row, column)
    )
    by_name = unique((name, i) for i, row in enumerate(rows) for name in same_person(columns.name(row)))
    ours = unique((name, i) for i, report in enumerate(reports) for name in same_person(report.submission.student))

    def find(report: Report) -> tuple[Sequence[Row], str]:
        found, why = _by_ids(report, columns, by_id)
        if found or why:
            return [rows[i] for i in found], why
        named = {by_name[name] for name in same_person(report.submission.student) if name in by_name and name in ours}
        alone = len(named) == 1
        return ([rows[named.pop()]], "") if alone else ((), "no id, and no row with this name alone; give --roster")

    return find


def _by_ids(report: Report, columns: Columns, by_id: Mapping[str, int]) -> tuple[Sequence[int], str]:
    """The rows of all that a submission's ids name, and who of them is missing. Ids that disagree name nobody."""
    asked = [(kind, report.submission.ids[kind].split("; ")) for kind in columns.ids if report.submission.ids.get(kind)]
    found = [[by_id[key] for one in ones if (key := f"{kind}:{_bare(one)}") in by_id] for kind, ones in asked]
    best = max(found, key=len, default=[])
    if not asked or not best:
        return (), "the sheet has no row with this id" if asked else ""
    if not set(best).issuperset(row for rows in found for row in rows):
        return (), "its ids are of different rows in the sheet"
    missing = max(len(ones) for _, ones in asked) - len(best)
    return best, f"{missing} of its team are not in the sheet" if missing else ""


def fill(sheet: Sheet, columns: Columns, reports: Sequence[Report], find: Find, options: Options) -> Filled:
    """Every grade into its row. Raises Refused for what the system would drop without a word."""
    filled = Filled()
    taken: dict[Cell, Report] = {}
    for report in reports:
        for row in _rows(report, find, filled):
            first = taken.setdefault(row[0], report)
            if first is report:
                filled.matched.append((report, row))
            else:
                filled.unmatched.append(f"{who(report)}: the row of {who(first)} is the same")
    out, back = held((report for report, _ in filled.matched), options)
    going = {id(report) for report in out}
    filled.matched = [(report, row) for report, row in filled.matched if id(report) in going]
    filled.unmatched += dict.fromkeys(back)
    for report, row in filled.matched:
        _grade(sheet, columns, report, row, filled)
    once = {id(report): report for report, _ in filled.matched}.values()
    filled.notes += [*waiting(once), *_without(sheet, columns, taken, filled)]
    return filled


def _rows(report: Report, find: Find, filled: Filled) -> Iterator[Row]:
    rows, why = find(report)
    if why:
        filled.unmatched.append(f"{who(report)}: {why}")
    yield from rows


def _grade(sheet: Sheet, columns: Columns, report: Report, row: Row, filled: Filled) -> None:
    had = marks.number(report)
    if had is None:
        filled.unmatched.append(f"{who(report)}: {_no_mark(report)}; the cell stays as it is")
        return
    if len(row) <= columns.grade:
        raise Refused(
            f"the row of {columns.name(row) or row[0].value} has no cell for the grade; export the sheet again"
        )
    _refuse_too_much(report, had, columns.most(row))
    cell = row[columns.grade]
    if _number(cell.value) == had:
        filled.unchanged += 1
        return
    if cell.value.strip():
        filled.notes.append(f"{who(report)}: {cell.value.strip()} in the sheet is replaced by {wording.points(had)}")
    filled.changes[cell] = written(had, sheet)
    filled.rows.append(row)


def _no_mark(report: Report) -> str:
    return "the grader failed on it" if marks.standing(report) is marks.Standing.OURS else "it could not be graded"


def _refuse_too_much(report: Report, had: float, most: float | None) -> None:
    if most is not None and had > most:
        points = f"{who(report)} has {wording.points(had)} points, and the sheet's maximum is {wording.points(most)}"
        raise Refused(f"{points}; set the maximum to {wording.points(report.max_score)} there, and export it again")


def _without(sheet: Sheet, columns: Columns, taken: Mapping[Cell, Report], filled: Filled) -> Iterator[str]:
    """Who is in the sheet and has no submission here; and a maximum that means another scale."""
    missing = [columns.name(row) or row[0].value for row in sheet.body if row[0] not in taken and _is_person(row)]
    if missing:
        names = ", ".join(map(wording.clean, missing[:10])) + (f" and {len(missing) - 10} more" * (len(missing) > 10))
        yield f"{len(missing)} in the sheet have no submission here, and keep what they have: {names}"
    for report, row in filled.matched[:1]:
        most = columns.most(row)
        if most is not None and most != report.max_score:
            yield f"the sheet's maximum is {wording.points(most)}, and ours is {wording.points(report.max_score)}"


def _is_person(row: Row) -> bool:
    return "points possible" not in row[0].value.casefold()


def _bare(text: str) -> str:
    """Brightspace guards ids with #, and mail addresses are equal in any case."""
    return text.strip().removeprefix("#").casefold()


def _number(text: str) -> float | None:
    try:
        return round(float(text.strip().replace(",", ".")), 9)
    except ValueError:
        return None


def maximum(row: Row, column: int | None) -> float | None:
    return _number(value(row, column))


def written(had: float, sheet: Sheet) -> str:
    """With the decimal sign that the sheet itself uses."""
    text = wording.points(had)
    return text.replace(".", ",") if _uses_comma(sheet) else text


def _uses_comma(sheet: Sheet) -> bool:
    cells = [cell.value.strip() for row in sheet.body for cell in row]
    with_comma = sum("," in cell and "." not in cell and _number(cell) is not None for cell in cells)
    with_point = sum("." in cell and "," not in cell and _number(cell) is not None for cell in cells)
    return with_comma > with_point


def column_of(sheet: Sheet, options: Options, kind: str, *names: str) -> int | None:
    """A column by its header; a person's word for it comes first."""
    told = options.columns.get(kind)
    if told is None:
        return sheet.column(*names)
    column = sheet.column(told)
    if column is None:
        raise Refused(f"--column {kind}={told}: the sheet has no such header{wording.did_you_mean(told, sheet.header)}")
    return column


def needed(column: int | None, kind: str, sheet: Sheet, options: Options) -> int:
    if column is None:
        headers = ", ".join(map(wording.clean, sheet.header))
        raise Refused(
            f"{options.template_name} has no column that is known for {kind}; its headers are {headers}; "
            f'say --column {kind}="…"'
        )
    return column


def template(options: Options) -> Sheet:
    if options.template is None:
        raise Refused("this format fills in a sheet of the system's own; name it with --template FILE")
    return options.template
