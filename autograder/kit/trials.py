"""What a grader makes of wrong programs: each mutant of each right sample is run and judged, and sorted into fates.

A mutant that loses points is refused. One that keeps them all is

    same        if every criterion that is judged by numbers rests on numbers that the right sample rested on as well.
                So is one where a fact still holds, such as that a second pass ran
    other x     if its numbers are others because derivatives were taken at other points, in another order or with
                other weights, and are right there
    other f     if they are others because another function was differentiated, and are right for that one
    a survivor  else: the same question, other numbers, full points. A hole in the grader, until somebody shows that it
                is none

What the second and third excuse is only as good as the reference that a grader compares with, and the third is none
where the exercise states the function. docs/writing-an-exercise.md says what to make of that.
"""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from autograder import spec
from autograder.kit import mutants
from autograder.kit.grounds import Numbers, Question, are_same, grounds, question
from autograder.kit.least import least
from autograder.kit.mutants import Mutant
from autograder.kit.samples import Sample, words
from autograder.later import Later
from autograder.model import Answer, Exercise, Status, Submission
from autograder.run import Grader, Looked
from autograder.sandbox import CannotStart, SandboxError
from autograder.seen import Seen


class Fate(Enum):
    """What became of a mutant."""

    REFUSED = "refused"
    NO_DIFFERENCE = "same"
    ELSEWHERE = "other x"
    OTHER_FUNCTION = "other f"
    SURVIVED = "survived"
    BROKE = "broke the grader"  # an exception of ours


@dataclass(frozen=True, slots=True)
class Trial:
    """A mutant of a sample that is right in an exercise, and what became of it."""

    exercise: str
    sample: str
    mutant: Mutant
    fate: Fate
    criterion: str = ""  # that told, or should have told


@dataclass(frozen=True, slots=True)
class Judged:
    """A program's verdicts in one exercise, what they rest on, and what it asked."""

    answer: Answer
    grounds: dict[str, list[Numbers]]
    question: Question


@dataclass(frozen=True, slots=True)
class Original:
    """A right sample, reduced to what one of its answers is made of."""

    exercise: Exercise
    sample: str
    submission: Submission
    judged: Judged


def original(grader: Grader, exercise: Exercise, sample: Sample) -> Original:
    """The part of a sample that gets exactly what the whole one gets in this exercise.

    All passes over one leaf stay together, though those before the judged one earn nothing: only with them does it
    matter that a gradient is cleared.
    """
    told, seen = _run(grader, exercise, sample.submission)

    def is_enough(part: Submission) -> bool:
        return _run(grader, exercise, part)[0] == told

    part = least(sample.submission, is_enough)
    there = {p.where for p in _run(grader, exercise, part)[1].passes}
    leaves = {leaf.ident for p in seen.passes if p.where in there for leaf in p.leaves}
    together = {p.where for p in seen.passes if leaves & {leaf.ident for leaf in p.leaves}}
    if not together <= there:
        part = least(sample.submission, is_enough, together)
    return Original(exercise, sample.path, part, _judged(grader, exercise, part))


def drawn(original: Original, at_most: int = 0) -> list[Mutant]:
    """Its mutants, in the order of the text; `at_most` so many, evenly drawn, unless that is 0."""
    made = list(mutants.of(original.submission))
    if not 0 < at_most < len(made):
        return made
    return [made[i * len(made) // at_most] for i in range(at_most)]


def trial(grader: Grader, original: Original, mutant: Mutant) -> Trial:
    """Run and judge a mutant, and tell its fate."""
    try:
        fate, criterion = _fate(original.judged, _judged(grader, original.exercise, mutant.submission), mutant)
    except CannotStart:
        raise
    except SandboxError:  # it ended the processes around its own, which is no way to full points
        fate, criterion = Fate.REFUSED, ""
    return Trial(original.exercise.name, original.sample, mutant, fate, criterion)


def _judged(grader: Grader, exercise: Exercise, submission: Submission) -> Judged:
    looked = _look(grader, exercise, submission)
    answer, module = grader.judged(looked, exercise), spec.grader_of(exercise)
    passed = [verdict.criterion for verdict in answer.verdicts if verdict.status is Status.PASSED]
    as_written = looked.seen[exercise.name]
    cases = {name: Later(look) for way in looked.ways.get(exercise.name, ()) for name, look in way.items()}
    seen: dict[str, Any] = {spec.AS_WRITTEN.name: as_written, **cases}
    found = {criterion.name: grounds(criterion, module, seen) for criterion in passed}
    return Judged(answer, found, question(as_written))


def _run(grader: Grader, exercise: Exercise, submission: Submission) -> tuple[dict[str, str], Seen]:
    """The verdicts in the words of a manifest, and what was seen as written."""
    looked = _look(grader, exercise, submission)
    return words(grader.judged(looked, exercise)), looked.seen[exercise.name]


def _look(grader: Grader, exercise: Exercise, submission: Submission) -> Looked:
    """Each case by itself, which decides: a verdict and what it rests on come from the same runs."""
    looked = grader.look(submission, only=(exercise.name,))
    return replace(looked, ways={name: ways[-1:] for name, ways in looked.ways.items()})


def _fate(before: Judged, after: Judged, mutant: Mutant) -> tuple[Fate, str]:
    """And the criterion that told, or should have."""
    changed = ""
    for was, now in zip(before.answer.verdicts, after.answer.verdicts, strict=True):
        name = was.criterion.name
        if now.status is Status.GRADER_ERROR:
            return Fate.BROKE, f"{name}: {now.detail}"
        if was.status is Status.PASSED and now.status is not Status.PASSED:
            return Fate.REFUSED, name
        if was.status is Status.PASSED and not any(
            are_same(after.grounds[name][0], known) for known in before.grounds[name]
        ):
            changed = changed or name
    return (_excuse(before.question, after.question, mutant), changed) if changed else (Fate.NO_DIFFERENCE, "")


def _excuse(before: Question, after: Question, mutant: Mutant) -> Fate:
    """Why numbers that are others may be right."""
    if not after.given <= before.given:
        return Fate.ELSEWHERE
    other = not after.values <= before.values or not (mutant.operator.values_stay or after.slopes <= before.slopes)
    return Fate.OTHER_FUNCTION if other else Fate.SURVIVED
