"""Inside Gradescope's container, /autograder: submission/ and submission_metadata.json in, results/results.json out.

The host gives half a processor, 768 MB and ten minutes. So a run may take twice its usual seconds, and little memory on
top of the warm process. results.json is there before anything is loaded, and is replaced as a whole: a student who is
cut off by the host still reads a sentence. What is for the instructor is printed: students do not see what is printed.
"""

import json
import secrets
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autograder import __version__, languages
from autograder.model import Exercise, Limits, Report, Run, Submission
from autograder.report import files, terminal, wording
from autograder.report.lms import gradescope

ASSIGNMENT = Path(__file__).resolve().parents[2] / "assignment.yaml"
MEMORY_MIB = 256  # of the 768, with the warm process and its copies beside
PATIENCE = 2.0  # half a processor
UNFINISHED = (
    "The grader has started and has not finished. If you still read this after ten minutes, submit again; "
    "if it stays, tell your instructor. The 0 is no mark."
)
OURS = (
    "The grader itself failed on this submission, which is no fault of yours. The 0 is no mark; "
    "tell your instructor, who sees the reason."
)


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
    _say(results, gradescope.sentence(_told(UNFINISHED)))
    try:
        _say(results, _graded(root))
    except Exception:  # noqa: BLE001  whatever it is, the student reads a sentence and the instructor the reason
        traceback.print_exc(file=sys.stdout)
        _say(results, gradescope.sentence(_told(OURS)))
        return 1
    return 0


def _told(text: str) -> str:
    """In the language of the assignment, whatever else is wrong here."""
    try:
        return languages.aloud(text, languages.asked_in(ASSIGNMENT))
    except Exception:  # noqa: BLE001  a sentence in English is better than none
        return text


def _say(results: Path, content: bytes) -> None:
    """Written once, whole, and never by way of stdout."""
    results.parent.mkdir(parents=True, exist_ok=True)
    files.write([(results, content)])


def _graded(root: Path) -> bytes:
    from autograder import intake
    from autograder.assignment import lateness, plan

    wanted = plan.plan(file=ASSIGNMENT if ASSIGNMENT.is_file() else None)
    told = read(root / "submission_metadata.json")
    found = intake.whole(root / "submission")
    run, graded = _report([_fitted(one) for one in wanted.exercises], _named(found.submissions[0], told))
    dates = [date for text in told.due if (date := lateness.moment(text, None))]
    report = wanted.finished(graded, max(dates) if dates and wanted.due else None)
    print(terminal.render(run, [report], found.skipped))
    if told.worth and _number(told.worth) != report.max_score:
        print(f"The assignment is worth {told.worth} points, and the exercises {wording.points(report.max_score)}.")
    return gradescope.render(run, report)


def _fitted(exercise: Exercise) -> Exercise:
    limits = exercise.limits
    return replace(exercise, limits=Limits(limits.seconds * PATIENCE, min(limits.memory_mib, MEMORY_MIB)))


def _report(exercises: Sequence[Exercise], submission: Submission) -> tuple[Run, Report]:
    from autograder import ladder
    from autograder.run import Grader

    rung, seed, started = ladder.find(), secrets.randbelow(2**31), _now()
    with Grader(exercises, rung, seed=seed, jobs=1) as grader:
        report = grader.grade_one(submission)
        for warning in grader.warnings:
            print(f"warning: {warning}")
        return Run(seed, started, _now(), __version__, grader.torch, f"{rung.name}: {rung.says}"), report


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


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
