"""Where a verdict points: its sentence and its line → a unit that was handed in, and a line of its text.

What a child says of lines is held against the text here. Whatever it says, it points at a line that is there, of the
cell or script that the sentence names, or at none.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from autograder.model import Submission, Unit, Verdict

MOST_DIGITS = 9  # of a number of a line
MOST_DECORATORS = 8  # lines of them, above a function


@dataclass(frozen=True, slots=True)
class Spot:
    """A line of a unit, from 1; 0 when only the unit is known."""

    unit: Unit
    line: int

    @property
    def home(self) -> str:
        """The cell, or the file of a script."""
        return self.unit.where


def lines_of(unit: Unit) -> list[str]:
    """As Python counts them."""
    return unit.text.removesuffix("\n").split("\n") if unit.text else []


def find(submission: Submission, where: str, line: int = 0) -> Spot | None:
    """The spot that is meant by "ada.ipynb, cell 7", "hw.py, line 3" or "a call of f()"; None if there is none."""
    if not where:
        return None
    units = [unit for file in submission.files for unit in file.units]
    for unit in units:
        if unit.label and where == unit.where:
            return Spot(unit, _there(unit, line))
        number = where.removeprefix(f"{unit.file}, line ")
        if unit.kind == "script" and number != where and number.isdecimal() and len(number) <= MOST_DIGITS:
            return Spot(unit, _there(unit, line) or _there(unit, int(number)))
    called = re.fullmatch(r"a call of (\w+)\(\)", where)
    return _definition(units, called[1], line) if called else None


def placed(submission: Submission, verdict: Verdict) -> Verdict:
    """With no line but one that is there."""
    spot = find(submission, verdict.where, verdict.line)
    line = spot.line if spot else 0
    return verdict if line == verdict.line else replace(verdict, line=line)


def _there(unit: Unit, line: int) -> int:
    return line if 0 < line <= len(lines_of(unit)) else 0


def _definition(units: Sequence[Unit], function: str, line: int) -> Spot | None:
    """Where a function that was called stands, if it can be one only."""
    found = [Spot(unit, number) for unit in units for number in _defined(unit, function, line)]
    return found[0] if len(found) == 1 else None


def _defined(unit: Unit, function: str, line: int) -> Iterator[int]:
    """The line with its name, if it begins at `line`, decorators included."""
    begins = re.compile(rf"\s*(async\s+)?def\s+{re.escape(function)}\b")
    for number, text in enumerate(lines_of(unit)[line - 1 : line + MOST_DECORATORS] if line else (), line):
        if begins.match(text):
            yield number
        if not text.lstrip().startswith("@"):
            return
