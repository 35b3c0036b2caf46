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
    file: str = ""  # the text of the assignment's file, if there is one
    is_checked: bool = True  # its exercises were held beside their graders

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


def plan(names: Sequence[str] = (), file: Path | None = None, language: str = "", *, checked: bool = True) -> Plan:
    """Of the exercises of these names, of those in an assignment's file, or of all. Raises SpecError.

    `checked`: against their graders, which is left to whoever judges where nothing may have to be judged.
    """
    from autograder import spec, strict_yaml

    if names and file:
        raise spec.SpecError("--exercise and --assignment: the assignment names its exercises; leave one away")
    known = spec.load_all(checked=checked)
    text = strict_yaml.text_of(file, file.name) if file else ""
    assignment = _read(text, file.name, known) if file else Assignment(chosen(known, names))
    return replace(_plan(assignment, language, text), is_checked=checked)


def chosen(known: Mapping[str, Exercise], names: Sequence[str], said: str = "--exercise") -> tuple[Exercise, ...]:
    """Those of these names, in the order of the folder; all without any. `said`: where they were named.

    Raises SpecError.
    """
    from autograder import spec

    for name in names:
        if name not in known:
            raise spec.SpecError(f"{said}: unknown exercise {wording.clean(name)!r}{wording.did_you_mean(name, known)}")
    return tuple(exercise for name, exercise in known.items() if name in names or not names)


def again(file: str, language: str, known: Mapping[str, Exercise]) -> Plan:
    """What was asked for before: an assignment's file with this text, or all of these exercises. Raises SpecError."""
    assignment = _read(file, "the assignment", known) if file else Assignment(tuple(known.values()))
    return _plan(assignment, language, file)


def _plan(assignment: Assignment, language: str, file: str) -> Plan:
    asked = language or assignment.language
    return Plan(assignment, asked, translations.chooser(asked or ENGLISH.code, assignment.exercises), file)


def _read(text: str, name: str, known: Mapping[str, Exercise]) -> Assignment:
    from autograder.assignment import reading

    return reading.of(text, name, known)
