"""Inside Gradescope's container, /autograder: submission/ and submission_metadata.json in, results/results.json out.

The host gives half a processor, 768 MB and ten minutes. What is for the instructor is printed: students do not see what
is printed.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autograder.hosts import one
from autograder.model import Submission
from autograder.report import files, terminal, wording
from autograder.report.lms import gradescope

BOX = one.Box(patience=2.0, memory_mib=256)  # half a processor; the warm process and its copies stand beside
REASON = "Instructors see the reason."


@dataclass(frozen=True, slots=True)
class Told:
    """What submission_metadata.json says that is used here."""

    number: str = ""
    names: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    worth: str = ""  # points of the assignment, a text as Gradescope writes it
    handed_in: str = ""  # ISO 8601, with its offset
    due: tuple[str, ...] = ()  # the same: of each of a group, where somebody has an extension


def main(argv: Sequence[str] | None = None) -> int:
    """Grade what lies under the root that is named, /autograder; 1 when the grader failed."""
    (root,) = map(Path, sys.argv[1:] if argv is None else argv)
    results = root / "results" / files.RESULTS

    def failed(why: str) -> None:
        print(why)
        one.write(results, gradescope.sentence(f"{one.told(one.OURS)} {one.told(REASON)}"))

    return one.attempt(lambda: one.write(results, _graded(root)), failed)


def _graded(root: Path) -> bytes:
    from autograder.assignment import lateness

    wanted, told = one.planned(), read(root / "submission_metadata.json")
    graded = one.grade(root / "submission", wanted.exercises, BOX, lambda found: _named(found, told))
    dates = [date for text in told.due if (date := lateness.moment(text, None))]
    report = wanted.finished(graded.report, max(dates) if dates and wanted.due else None)
    for warning in graded.warnings:
        print(f"warning: {warning}")
    print(terminal.render(graded.run, [report], graded.skipped))
    if told.worth and _number(told.worth) != report.max_score:
        print(f"The assignment is worth {told.worth} points, and the exercises {wording.points(report.max_score)}.")
    return gradescope.render(graded.run, report)


def read(file: Path) -> Told:
    """What the host says of the submission; nothing where it says nothing. Raises nothing."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return Told()
    whole = _mapping(found)
    people = whole.get("users")
    users = [_mapping(user) for user in people] if isinstance(people, list) else []
    return Told(
        _text(whole.get("id")),
        tuple(filter(None, (_text(user.get("name")) for user in users))),
        tuple(filter(None, (_text(user.get("email")) for user in users))),
        _text(_mapping(whole.get("assignment")).get("total_points")),
        _text(whole.get("created_at")),
        tuple(filter(None, map(_due, users))) or tuple(filter(None, [_due(whole)])),
    )


def _due(found: Mapping[str, Any]) -> str:
    return _text(_mapping(found.get("assignment")).get("due_date"))


def _mapping(found: object) -> Mapping[str, Any]:
    return found if isinstance(found, dict) else {}


def _text(found: object) -> str:
    return str(found) if isinstance(found, str | int | float) else ""


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _named(submission: Submission, told: Told) -> Submission:
    """Named by the host; several of a group."""
    ids = {"gradescope": told.number, "email": "; ".join(told.emails)}
    name = ", ".join(told.names) or submission.student
    known = {kind: text for kind, text in ids.items() if text}
    return replace(submission, student=name, ids=known, handed_in=told.handed_in)


if __name__ == "__main__":
    sys.exit(main())
