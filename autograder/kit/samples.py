"""The samples: classes of submissions, and the manifest of each, which states what must come out.

A class is a folder below `submissions/`; its manifest is the YAML file of the same name beside it. The tests and
`grade.py check` read both here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder import intake, spec, strict_yaml
from autograder.model import Answer, Exercise, Outcome, Report, Status, Submission
from autograder.report import wording
from autograder.shapes import SpecError

OUTCOME = "outcome"  # the key beside the exercises, where a sample does not finish
STATUSES = tuple(status.value for status in Status if status is not Status.FAILED)
FOLDER = Path(__file__).resolve().parents[2] / "submissions"


@dataclass(frozen=True, slots=True)
class Sample:
    """A submission, and what must come out for it, criterion by criterion."""

    group: str  # the class
    submission: Submission
    outcome: str
    expected: Mapping[str, Mapping[str, str]]  # exercise → criterion → a status, or the reason of a failure

    @property
    def path(self) -> str:
        """As a person finds it below `submissions/`."""
        return f"{self.group}/{self.submission.path}"

    def is_right(self, exercise: str) -> bool:
        """Whether all that a program can judge is right, and something of it was passed."""
        words = set(self.expected.get(exercise, {}).values())
        return words <= {Status.PASSED.value, Status.NEEDS_REVIEW.value} and Status.PASSED.value in words


def load_all(exercises: Mapping[str, Exercise], folder: Path | None = None) -> tuple[Sample, ...]:
    """Every sample of every class. Raises SpecError."""
    manifests = sorted((folder or FOLDER).glob("*.yaml"))
    return tuple(sample for manifest in manifests for sample in load(manifest, exercises))


def load(manifest: Path, exercises: Mapping[str, Exercise]) -> tuple[Sample, ...]:
    """The samples of one class, in the order of its folder. Raises SpecError."""
    stated = _stated(manifest)
    folder = manifest.with_suffix("")
    submissions = {one.path: one for one in _submissions(folder)}
    for path in sorted({*stated, *submissions}):
        if path not in stated:
            raise SpecError(f"{manifest.name} does not state what must come out for {folder.name}/{path}")
        if path not in submissions:
            raise SpecError(f"{manifest.name}: {path} is not in {folder.name}{wording.did_you_mean(path, submissions)}")
    return tuple(
        _sample(manifest, submission, stated[path] or {}, exercises) for path, submission in submissions.items()
    )


def told(report: Report) -> dict[str, dict[str, str]]:
    """What came out, in the words of a manifest: of each exercise that was attempted."""
    return {answer.exercise.name: words(answer) for answer in report.answers if answer.attempted}


def words(answer: Answer) -> dict[str, str]:
    """Criterion → a status, or the reason of a failure."""
    return {v.criterion.name: v.reason if v.status is Status.FAILED else v.status.value for v in answer.verdicts}


def _stated(manifest: Path) -> dict[str, Any]:
    stated = strict_yaml.read(manifest)
    if not isinstance(stated, dict):
        raise SpecError(f"{manifest.name} has to map each file of {manifest.stem}/ to what must come out for it")
    return stated


def _submissions(folder: Path) -> Sequence[Submission]:
    try:
        submissions, skipped = intake.find([folder])
    except intake.IntakeError as error:
        raise SpecError(str(error)) from None
    for file in skipped:
        raise SpecError(f"{folder.name}/{file.path} is no sample: {file.why}")
    return submissions


def _sample(manifest: Path, submission: Submission, stated: Any, exercises: Mapping[str, Exercise]) -> Sample:
    for trouble in _troubles(stated, exercises):
        raise SpecError(f"{manifest.name}: {submission.path}{trouble}")
    expected = {name: verdicts for name, verdicts in stated.items() if name != OUTCOME}
    return Sample(manifest.stem, submission, stated.get(OUTCOME, Outcome.FINISHED.value), expected)


def _troubles(stated: Any, exercises: Mapping[str, Exercise]) -> Iterator[str]:
    """What no run could give, in the ends of sentences."""
    if not isinstance(stated, dict):
        yield " has to be a mapping of exercises to what must come out"
        return
    outcomes = [outcome.value for outcome in Outcome]
    for name, verdicts in stated.items():
        if name == OUTCOME:
            yield from _unknown("outcome", [verdicts], outcomes)
        elif name not in exercises:
            yield from _unknown("exercise", [name], exercises)
        elif not isinstance(verdicts, dict):
            yield f".{name} has to be a mapping such as {{{exercises[name].criteria[0].name}: passed}}"
        else:
            yield from (f".{name}{trouble}" for trouble in _in_verdicts(verdicts, exercises[name]))


def _in_verdicts(verdicts: Mapping[str, Any], exercise: Exercise) -> Iterator[str]:
    criteria = [criterion.name for criterion in exercise.criteria]
    for missing in criteria:
        if missing not in verdicts:
            yield f" lacks the criterion {missing!r}"
    yield from _unknown("criterion", verdicts, criteria)
    known = (*STATUSES, *sorted(spec.reasons(spec.grader_of(exercise))))
    for name in criteria:
        yield from (f".{name}{trouble}" for trouble in _unknown("status or reason", [verdicts.get(name)], known))


def _unknown(kind: str, words: Iterable[Any], known: Iterable[str]) -> Iterator[str]:
    names = list(known)
    for word in words:
        if word not in names:
            yield f" names an unknown {kind} {word!r}{wording.did_you_mean(str(word), names)}"
