"""The least of a submission that still gets its verdicts: what an answer is made of, without all that stands around it.

Pieces are a notebook's cells and a script's statements. Words and comments stay, since graders read them, and so does
the number of each line. Found by halving, as delta debugging does (Zeller, *Yesterday, my program worked*, 1999).
"""

import ast
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from autograder.kit.mutants import NO_PYTHON
from autograder.model import Submission, Unit

Check = Callable[[Submission], bool]


@dataclass(frozen=True, slots=True)
class _Piece:
    """Lines of a unit, from 1, that can be left out together; of a notebook, all."""

    file: int
    unit: int
    first: int
    last: int

    def stands_at(self, submission: Submission, places: Collection[str]) -> bool:
        unit = submission.files[self.file].units[self.unit]
        lines = [f"line {n}" for n in range(self.first, self.last + 1)] if unit.kind == "script" else [unit.label]
        return any(f"{unit.file}, {line}" in places for line in lines)


def least(submission: Submission, holds: Check, always: Collection[str] = ()) -> Submission:
    """A part of the submission for which `holds` is true, as small as halving finds it.

    What stands at one of the places `always` ("ada.ipynb, cell 3", "hw.py, line 12") is not left out.
    """
    everything = _pieces(submission)
    kept = everything
    size = max(1, len(kept) // 2)
    while True:
        for start in reversed(range(0, len(kept), size)):
            within = {piece for piece in kept[start : start + size] if not piece.stands_at(submission, always)}
            fewer = [piece for piece in kept if piece not in within]
            if fewer and within and holds(_only(submission, everything, fewer)):
                kept = fewer
        if size == 1:
            return _only(submission, everything, kept)
        size = max(1, size // 2)


def _pieces(submission: Submission) -> list[_Piece]:
    units = ((i, j, unit) for i, file in enumerate(submission.files) for j, unit in enumerate(file.units))
    return [_Piece(i, j, *lines) for i, j, unit in units if unit.kind != "markdown" for lines in _stretches(unit)]


def _stretches(unit: Unit) -> list[tuple[int, int]]:
    """(first line, last line) of what can be left out by itself."""
    whole = [(1, len(unit.text.splitlines()))]
    if unit.kind != "script":
        return whole
    try:
        body = ast.parse(NO_PYTHON.sub(r"\1pass", unit.text)).body
    except (SyntaxError, ValueError, RecursionError):
        return whole
    return list(dict.fromkeys((node.lineno, node.end_lineno or node.lineno) for node in body)) or whole


def _only(submission: Submission, everything: Sequence[_Piece], kept: Sequence[_Piece]) -> Submission:
    dropped = set(everything) - set(kept)
    files = tuple(
        replace(
            file,
            units=tuple(
                _without(unit, [p for p in dropped if (p.file, p.unit) == (i, j)]) for j, unit in enumerate(file.units)
            ),
        )
        for i, file in enumerate(submission.files)
    )
    return replace(submission, files=files)


def _without(unit: Unit, dropped: Sequence[_Piece]) -> Unit:
    """Comments stay, and so do the numbers of lines."""
    gone = {line for piece in dropped for line in range(piece.first, piece.last + 1)}
    lines = unit.text.splitlines()
    kept = (line if n not in gone or line.lstrip().startswith("#") else "" for n, line in enumerate(lines, 1))
    return replace(unit, text="\n".join(kept)) if gone else unit
