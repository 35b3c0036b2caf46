"""The code that was judged, as the student wrote it, with each line in question marked.

A cell is shown whole, unless it is long; then, and of scripts, it is some lines around each of those.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from autograder import places
from autograder.model import Answer, Submission, Unit
from autograder.phrase import Phrase, place
from autograder.places import Spot
from autograder.report import wording
from autograder.text import cleaned

MOST_CELLS = 5  # of an exercise
MOST_LINES = 60  # of a cell
AROUND = 8  # lines before and after one that is marked
LONGEST = 240  # characters of a line


@dataclass(frozen=True, slots=True)
class CodeLine:
    """A line with its number; `marked`: it is one that was judged."""

    number: int
    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of a submission, as much of it as is shown."""

    where: str  # the cell, or the file of a script
    is_code: bool
    lines: tuple[CodeLine, ...]
    more: int = 0  # lines after these; around a marked line nobody asks
    is_part: bool = False  # lines around a marked one
    saved: str = ""  # the output that the notebook was saved with

    @property
    def title(self) -> str:
        """The cell, or from which line to which, as a phrase."""
        if not self.is_part:
            return place(self.where)
        first, last = self.lines[0].number, self.lines[-1].number
        return Phrase("{file}, lines {first}–{last}", file=place(self.where), first=first, last=last)

    def has(self, spot: Spot) -> bool:
        """The spot is in it, and its line, if one is known, is marked."""
        return self.where == spot.home and (
            not spot.line or any(n.marked and n.number == spot.line for n in self.lines)
        )


def judged(submission: Submission, answer: Answer) -> tuple[Cell, ...]:
    """Every place that a verdict of this answer names, in the order of the verdicts."""
    return at(submission, ((verdict.where, verdict.line) for verdict in answer.verdicts))


def at(submission: Submission, named: Iterable[tuple[str, int]]) -> tuple[Cell, ...]:
    """The code or words at these places and lines, each once; what is no place is passed over."""
    spots: dict[str, list[Spot]] = {}
    for where, line in dict.fromkeys(named):
        if spot := places.find(submission, where, line):
            spots.setdefault(spot.home, []).append(spot)
    found = (cell for here in spots.values() for cell in _shown(here[0].unit, {spot.line for spot in here} - {0}))
    return tuple(cell for cell, _ in zip(found, range(MOST_CELLS), strict=False))


def of_line(anchor: str, number: int) -> str:
    """The anchor of a marked line, by that of its cell."""
    return f"{anchor}-l{number}"


def every(submission: Submission, most: int) -> Iterator[Cell]:
    """All that was handed in, at most so many lines of it."""
    for unit in (unit for file in submission.files for unit in file.units):
        cell = _whole(unit, set(), most)
        most -= len(cell.lines)
        yield cell


def _shown(unit: Unit, marked: set[int]) -> Iterator[Cell]:
    lines = places.lines_of(unit)
    if not marked or (unit.kind != "script" and len(lines) <= MOST_LINES):
        yield _whole(unit, marked)
        return
    for first, last in _windows(sorted(marked)):
        shown = _numbered(lines[first - 1 : last], first, marked)
        yield Cell(unit.where, unit.kind != "markdown", shown, is_part=True)


def _whole(unit: Unit, marked: set[int], most: int = MOST_LINES) -> Cell:
    lines = places.lines_of(unit)
    shown = _numbered(lines[:most], 1, marked)
    return Cell(unit.where, unit.kind != "markdown", shown, len(lines) - len(shown), saved=unit.saved)


def _windows(marked: Iterable[int]) -> list[tuple[int, int]]:
    """(first line, last line) around each; those that touch are one, if it is no longer than a cell may be."""
    found: list[tuple[int, int]] = []
    for number in marked:
        first, last = max(number - AROUND, 1), number + AROUND
        begun, ended = found[-1] if found else (-MOST_LINES, 0)
        if first <= ended + 1 and last - begun < MOST_LINES:
            found[-1] = (begun, last)
        elif number > ended:
            found.append((max(first, ended + 1), last))
    return found


def _numbered(lines: Iterable[str], first: int, marked: set[int]) -> tuple[CodeLine, ...]:
    return tuple(CodeLine(i, _clean(line), i in marked) for i, line in enumerate(lines, first))


def _clean(line: str) -> str:
    return wording.clean(cleaned(line.expandtabs(4), LONGEST))
