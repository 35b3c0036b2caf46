"""One submission in the box of a host: graded by one warm process, and whatever happens somebody reads a sentence.

The script that starts us has written a valid result already. It is replaced as a whole.
"""

import secrets
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from autograder import __version__, clock, languages
from autograder.model import Exercise, Limits, Report, Run, Skipped, Submission
from autograder.report import files

if TYPE_CHECKING:  # it imports what takes time
    from autograder.assignment.plan import Plan

ASSIGNMENT = Path(__file__).resolve().parents[2] / "assignment.yaml"  # as bundle/contents.py
OURS = "The grader itself failed on this submission, which is no fault of yours. This is no mark; tell your instructor."


@dataclass(frozen=True, slots=True)
class Box:
    """What a host gives to a run, beside what the exercises say."""

    patience: float  # times their seconds
    memory_mib: int  # at most, on top of the warm process


@dataclass(frozen=True, slots=True)
class Graded:
    """All that a host's format, and its instructor, are told."""

    run: Run
    report: Report
    skipped: tuple[Skipped, ...]
    warnings: tuple[str, ...]


def told(text: str) -> str:
    """A sentence of ours in the language of the assignment, whatever else is wrong here."""
    try:
        return languages.aloud(text, languages.asked_in(ASSIGNMENT))
    except Exception:  # noqa: BLE001  a sentence in English is better than none
        return text


def planned() -> "Plan":
    """The assignment that the bundle carries, or all exercises in it."""
    from autograder.assignment import plan

    return plan.plan(file=ASSIGNMENT if ASSIGNMENT.is_file() else None)


def grade(
    path: Path,
    exercises: Iterable[Exercise],
    box: Box,
    named: Callable[[Submission], Submission] = lambda submission: submission,
) -> Graded:
    """All that lies at `path`, as one submission."""
    from autograder import intake

    found = intake.whole(path)
    fitted = [_fitted(exercise, box) for exercise in exercises]
    run, report, warnings = _report(fitted, named(found.submissions[0]))
    return Graded(run, report, found.skipped, warnings)


def grade_assigned(path: Path, box: Box) -> Graded:
    """All that lies at `path`, by the assignment that the bundle carries, with what being late costs."""
    wanted = planned()
    graded = grade(path, wanted.exercises, box)
    return replace(graded, report=wanted.finished(graded.report))


def _fitted(exercise: Exercise, box: Box) -> Exercise:
    limits = exercise.limits
    return replace(exercise, limits=Limits(limits.seconds * box.patience, min(limits.memory_mib, box.memory_mib)))


def _report(exercises: Sequence[Exercise], submission: Submission) -> tuple[Run, Report, tuple[str, ...]]:
    from autograder import ladder, server
    from autograder.run import Grader

    rung, seed, started = ladder.find(), secrets.randbelow(2**31), clock.now()
    with Grader(exercises, rung, seed=seed, jobs=1, warmth=server.warmth_for([submission])) as grader:
        report = grader.grade_one(submission)
        run = Run(seed, started, clock.now(), __version__, grader.torch, f"{rung.name}: {rung.says}")
        return run, report, grader.warnings


def attempt(graded: Callable[[], None], failed: Callable[[str], None]) -> int:
    """Grade; where that fails, tell `failed` why, in words that students may read. 1 then, as the script expects."""
    try:
        graded()
    except Exception as error:  # noqa: BLE001  whatever it is, somebody reads a sentence
        failed(_why(error))
        return 1
    return 0


def _why(error: Exception) -> str:
    """Where our code failed, and none of its lines: a host may show them to students."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(frame.filename).name}, line {frame.lineno})"


def verbatim(text: str) -> str:
    """For a page on which nothing in it is to be read as Markdown."""
    return "\n".join(("```text", text.replace("```", "'''"), "```", ""))


def write(path: Path, content: bytes) -> None:
    """Whole or not at all, and never by way of stdout."""
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write([(path, content)])
