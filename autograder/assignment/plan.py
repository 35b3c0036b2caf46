"""What is asked for: exercises by name or by an assignment, and the language of the feedback."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from autograder.assignment import Assignment
from autograder.languages import translations
from autograder.model import Exercise, Report, Submission
from autograder.phrase import ENGLISH, Language
from autograder.report import wording


@dataclass(frozen=True, slots=True)
class Plan:
    """An assignment, and which language each student reads."""

    assignment: Assignment
    language: str  # that was asked for; empty when none was
    speaks: Callable[[Submission], Language]

    @property
    def exercises(self) -> tuple[Exercise, ...]:
        return self.assignment.exercises

    @property
    def due(self) -> str:
        return self.assignment.due.isoformat() if self.assignment.due else ""

    def finished(self, report: Report, own_due: datetime | None = None) -> Report:
        """In its language, with what being late costs; `own_due`: that the host knows, if any."""
        told = self.assignment.finished(report, datetime.now(UTC), own_due)
        return replace(told, language=self.speaks(report.submission))


def plan(names: Sequence[str] = (), file: Path | None = None, language: str = "") -> Plan:
    """Of the exercises of these names, of those in an assignment's file, or of all. Raises SpecError."""
    from autograder import spec

    if names and file:
        raise spec.SpecError("--exercise and --assignment: the assignment names its exercises; leave one away")
    known = spec.load_all()
    for name in names:
        if name not in known:
            raise spec.SpecError(f"--exercise: unknown exercise {name!r}{wording.did_you_mean(name, known)}")
    chosen = tuple(exercise for name, exercise in known.items() if name in names or not names)
    assignment = _read(file, known) if file else Assignment(chosen)
    asked = language or assignment.language
    return Plan(assignment, asked, translations.chooser(asked or ENGLISH.code, assignment.exercises))


def _read(file: Path, known: Mapping[str, Exercise]) -> Assignment:
    from autograder.assignment import reading

    return reading.load(file, known)
