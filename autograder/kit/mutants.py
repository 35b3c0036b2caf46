"""Wrong programs made of a right one: a submission with one place changed, each."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from autograder.kit import operators
from autograder.kit.operators import Operator
from autograder.model import SourceFile, Submission, Unit

NO_PYTHON = re.compile(r"^([ \t]*)[%!?].*$", re.MULTILINE)  # magics and commands, which stand in for nothing


@dataclass(frozen=True, slots=True)
class Mutant:
    """A submission with one place changed."""

    submission: Submission
    operator: Operator
    where: str  # "ada.ipynb, cell 3, line 2"
    line: str  # as it was
    instead: str


def of(submission: Submission) -> Iterator[Mutant]:
    """Every mutant of a submission, in the order of its text; two ways to one text are one."""
    for i, file in enumerate(submission.files):
        for j, unit in enumerate(file.units):
            if unit.kind != "markdown":
                for changed, operator, line in _texts(unit):
                    whole = _with(submission, i, _with_text(file, j, changed))
                    before, after = unit.text.splitlines(), changed.splitlines()
                    yield Mutant(whole, operator, _where(unit, line), before[line - 1], _at(after, line))


def _texts(unit: Unit) -> Iterator[tuple[str, Operator, int]]:
    """(text, operator, line) of a unit's mutants; none of what is no Python."""
    try:
        tree = ast.parse(NO_PYTHON.sub(r"\1pass", unit.text))
    except (SyntaxError, ValueError, RecursionError):
        return
    known = {unit.text}
    starts = _line_starts(unit.text)
    for operator, node, text in operators.everywhere(tree):
        begin, end = _span(unit.text, starts, node)
        changed = unit.text[:begin] + text + unit.text[end:]
        if changed not in known:
            known.add(changed)
            yield changed, operator, node.lineno  # type: ignore[attr-defined]


def _line_starts(text: str) -> list[int]:
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts


def _span(text: str, starts: list[int], node: ast.AST) -> tuple[int, int]:
    """Where a node stands in the text: Python counts the bytes of a line, we count characters."""
    places = ((node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset))  # type: ignore[attr-defined]
    begin, end = (
        starts[line - 1] + len(text[starts[line - 1] :].encode()[:column].decode(errors="ignore"))
        for line, column in places
    )
    return begin, end


def _with(submission: Submission, i: int, file: SourceFile) -> Submission:
    return replace(submission, files=(*submission.files[:i], file, *submission.files[i + 1 :]))


def _with_text(file: SourceFile, j: int, text: str) -> SourceFile:
    return replace(file, units=(*file.units[:j], replace(file.units[j], text=text), *file.units[j + 1 :]))


def _where(unit: Unit, line: int) -> str:
    return ", ".join(filter(None, (unit.file, unit.label, f"line {line}")))


def _at(lines: list[str], line: int) -> str:
    return lines[line - 1] if line <= len(lines) else ""
