"""Mutants that a person has looked at and found as right as the sample, each with the reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder import strict_yaml
from autograder.kit.samples import Sample
from autograder.kit.trials import Trial
from autograder.model import Exercise
from autograder.report import wording
from autograder.shapes import At, Key, List, Record, SpecError, Text

FILE = Path(__file__).resolve().parents[2] / "graders" / "accepted_mutants.yaml"
_ENTRY = Record(
    {
        "exercise": Key(Text(), "in which it is right", required=True),
        "sample": Key(Text(), "of which it was made, such as sample/amara.ipynb", required=True),
        "was": Key(Text(), "the line of the sample", required=True),
        "is": Key(Text(), "the line of the mutant", required=True),
        "why": Key(Text(), "it is as right as the sample", required=True),
    }
)
_ENTRIES = List(_ENTRY, "mutants")


@dataclass(frozen=True, slots=True)
class Accepted:
    """One of them."""

    exercise: str
    sample: str
    was: str
    instead: str

    def is_of(self, trial: Trial) -> bool:
        mine = (self.exercise, self.sample, self.was, self.instead)
        return mine == (trial.exercise, trial.sample, trial.mutant.line.strip(), trial.mutant.instead.strip())


def load(exercises: Mapping[str, Exercise], samples: Sequence[Sample], file: Path = FILE) -> list[Accepted]:
    """All that the file lists. Raises SpecError, also for a sample or exercise that is not there any more."""
    if not file.exists():
        return []
    at, known = At(file.name), [sample.path for sample in samples]
    entries = _ENTRIES.read(at, strict_yaml.read(file) or [])
    for i, entry in enumerate(entries):
        for key, there in (("exercise", list(exercises)), ("sample", known)):
            if entry[key] not in there:
                raise SpecError(f"{file.name}: {i}.{key} is {entry[key]!r}{wording.did_you_mean(entry[key], there)}")
    return [Accepted(e["exercise"], e["sample"], e["was"].strip(), e["is"].strip()) for e in entries]
