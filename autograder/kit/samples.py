"""The samples: classes of submissions, and the manifest of each, which states what must come out.

A class is a folder below `submissions/`; its manifest is the YAML file of the same name beside it. The tests and
`grade.py check` read both here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder import intake, strict_yaml
from autograder.model import Answer, Exercise, Outcome, Report, Status, Submission
from autograder.report import wording
from autograder.shapes import SpecError

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
        _sample(manifest, submission, dict(stated[path] or {}), exercises) for path, submission in submissions.items()
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
    outcome = stated.pop("outcome", Outcome.FINISHED.value)
    for trouble in _troubles(stated, exercises):
        raise SpecError(f"{manifest.name}: {submission.path}{trouble}")
    return Sample(manifest.stem, submission, outcome, stated)


def _troubles(stated: Mapping[str, Any], exercises: Mapping[str, Exercise]) -> Iterator[str]:
    """What no run could give."""
    for name, verdicts in stated.items():
        if name not in exercises:
            yield f" names an unknown exercise {name!r}{wording.did_you_mean(name, exercises)}"
        elif not isinstance(verdicts, dict):
            yield f".{name} has to be a mapping such as {{{exercises[name].criteria[0].name}: passed}}"
        else:
            criteria = [criterion.name for criterion in exercises[name].criteria]
            yield from (f".{name} lacks the criterion {missing!r}" for missing in criteria if missing not in verdicts)
            unknown = (word for word in verdicts if word not in criteria)
            yield from (f".{name} has an unknown criterion {w!r}{wording.did_you_mean(w, criteria)}" for w in unknown)
