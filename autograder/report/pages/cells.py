"""The code that was judged, as the student wrote it: the cell, or some lines around the line, with that line marked."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from autograder.model import Answer, Submission, Unit
from autograder.phrase import Phrase, place
from autograder.report import wording
from autograder.text import cleaned

MOST_CELLS = 5  # of an exercise
MOST_LINES = 60  # of a cell
AROUND = 8  # lines before and after the one that is marked
LONGEST = 240  # characters of a line


@dataclass(frozen=True, slots=True)
class CodeLine:
    """A line with its number; `marked`: it is the one that was judged."""

    number: int
    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of a submission, as much of it as is shown."""

    where: str
    is_code: bool
    lines: tuple[CodeLine, ...]
    more: int  # lines after these; around a marked line nobody asks
    saved: str = ""  # the output that the notebook was saved with

    @property
    def title(self) -> str:
        """The cell, or from which line to which, as a phrase."""
        file, line, _ = self.where.rpartition(", line ")
        if not (line and self.lines):
            return place(self.where)
        first, last = self.lines[0].number, self.lines[-1].number
        return Phrase("{file}, lines {first}–{last}", file=file, first=first, last=last)


def judged(submission: Submission, answer: Answer) -> tuple[Cell, ...]:
    """Every place that a verdict of this answer names, in the order of the verdicts."""
    return at(submission, (verdict.where for verdict in answer.verdicts))


def at(submission: Submission, places: Iterable[str]) -> tuple[Cell, ...]:
    """The code or words at these places, each once; what is no place is passed over."""
    found = (cell for where in dict.fromkeys(places) if where and (cell := _cell(submission, where)))
    return tuple(cell for cell, _ in zip(_merged(found), range(MOST_CELLS), strict=False))


def every(submission: Submission, most: int) -> Iterator[Cell]:
    """All that was handed in, at most so many lines of it."""
    for unit in (unit for file in submission.files for unit in file.units):
        where = f"{unit.file}, {unit.label}" if unit.label else unit.file
        cell = _whole(unit, where, most)
        most -= len(cell.lines)
        yield cell


def _cell(submission: Submission, where: str) -> Cell | None:
    for unit in (unit for file in submission.files for unit in file.units):
        if unit.label and where == f"{unit.file}, {unit.label}":
            return _whole(unit, where)
        number = where.removeprefix(f"{unit.file}, line ")
        if unit.kind == "script" and number != where and number.isdecimal():
            return _around(unit, where, int(number))
    return None


def _whole(unit: Unit, where: str, most: int = MOST_LINES) -> Cell:
    lines = unit.text.splitlines()
    shown = tuple(CodeLine(i, _shown(line)) for i, line in enumerate(lines[:most], 1))
    return Cell(where, unit.kind != "markdown", shown, len(lines) - len(shown), unit.saved)


def _around(unit: Unit, where: str, number: int) -> Cell | None:
    lines = unit.text.splitlines()
    first = max(number - AROUND, 1)
    shown = enumerate(lines[first - 1 : number + AROUND], first)
    return Cell(where, True, tuple(CodeLine(i, _shown(line), i == number) for i, line in shown), 0)


def _merged(cells: Iterable[Cell]) -> Iterator[Cell]:
    """Windows of one script that overlap are one, with each judged line marked."""
    found: list[Cell] = []
    for cell in cells:
        last = next((other for other in found if _overlap(other, cell)), None)
        if last:
            found[found.index(last)] = _joined(last, cell)
        else:
            found.append(cell)
    yield from found


def _overlap(one: Cell, other: Cell) -> bool:
    file, place = one.where.rpartition(", line ")[::2], other.where.rpartition(", line ")[::2]
    if not file[0] or file[0] != place[0] or not (one.lines and other.lines):
        return False
    return one.lines[0].number <= other.lines[-1].number + 1 and other.lines[0].number <= one.lines[-1].number + 1


def _joined(one: Cell, other: Cell) -> Cell:
    lines = {line.number: line for line in (*one.lines, *other.lines)}
    marked = {line.number for line in (*one.lines, *other.lines) if line.marked}
    joined = (CodeLine(n, lines[n].text, n in marked) for n in sorted(lines))
    return Cell(one.where, True, tuple(joined)[:MOST_LINES], 0)


def _shown(line: str) -> str:
    return wording.clean(cleaned(line.expandtabs(4), LONGEST))
