"""What the samples say of the exercises: whether each comes out as stated, and what no sample shows.

Kattis's verifyproblem is the model: whatever an author claims is tried, with the real sandbox and the real grader.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from autograder import judge, spec
from autograder.cases import Ways
from autograder.kit.samples import Sample, words
from autograder.model import Exercise, Outcome, Status
from autograder.run import Grader, Looked, is_run

AS_WRITTEN = spec.AS_WRITTEN.name
FOR_A_PERSON = frozenset((Status.NEEDS_REVIEW.value, Status.NOT_REACHED.value, Status.NOT_ATTEMPTED.value))
NEUTRAL = {"sin": (1.0, 0.0, 0.0)}  # parameters with which a swapped operation has its own derivative

Told = Mapping[str, str]  # criterion → a status, or the reason of a failure


@dataclass(frozen=True, slots=True)
class Tried:
    """What came out for one sample."""

    sample: Sample
    outcome: str
    told: Mapping[str, Told]  # exercise → verdicts
    blind: Mapping[tuple[str, str], Told] = field(
        default_factory=dict
    )  # (exercise, case) → if that case changed nothing


@dataclass(frozen=True, slots=True)
class CaseShown:
    """What the samples show of one case of an exercise."""

    name: str
    criteria: tuple[str, ...]  # that look at it
    told: tuple[str, ...]  # mistakes that these criteria told in some sample
    untold: tuple[str, ...]  # mistakes of theirs that no sample makes
    decides: int | None  # samples whose verdict would be another if this case had changed nothing; None as written


@dataclass(frozen=True, slots=True)
class Shown:
    """What the samples show of one exercise."""

    exercise: Exercise
    right: int
    wrong: int
    cases: tuple[CaseShown, ...]
    by_a_person: tuple[str, ...]  # criteria whose words await review, whatever a sample does
    faults: tuple[str, ...]  # sentences


def try_out(grader: Grader, sample: Sample, exercises: Sequence[Exercise]) -> Tried:
    """Run one sample and judge these exercises. Raises SandboxError."""
    if not is_run(sample.submission):
        return Tried(sample, grader.grade_one(sample.submission).outcome.value, {})
    looked = grader.look(sample.submission, only=[exercise.name for exercise in exercises])
    attempted = [exercise for exercise in exercises if exercise.name in looked.ways]
    told = {exercise.name: words(grader.judged(looked, exercise)) for exercise in attempted}
    blind = {
        (exercise.name, case.name): words(grader.judged(_blinded(looked, exercise, case.name), exercise))
        for exercise in attempted
        for case in exercise.cases
    }
    outcome = Outcome.GRADER_ERROR if any(looked.written.faults) else looked.written.first.outcome
    return Tried(sample, outcome.value, told, blind)


def _blinded(looked: Looked, exercise: Exercise, case: str) -> Looked:
    """As if a hidden case had changed nothing and called nobody."""
    as_written, ways = looked.seen[exercise.name], looked.ways[exercise.name]
    own = next(one for one in exercise.cases if one.name == case)
    parameters = NEUTRAL.get(own.swap, (1.0,)) if own.swap else ()
    unchanged = replace(as_written, case=own, parameters=parameters)
    blind: Ways = [{**way, case: lambda: unchanged} for way in ways]
    return replace(looked, ways={**looked.ways, exercise.name: blind})


def differences(tried: Tried, exercises: Collection[str]) -> Iterator[str]:
    """Where a sample does not come out as its manifest states, in sentences."""
    sample = tried.sample
    if tried.outcome != sample.outcome:
        yield f"{sample.path}: stated is the outcome {sample.outcome}, and it {tried.outcome.replace('_', ' ')}"
    for name in exercises:
        stated, came = sample.expected.get(name), tried.told.get(name)
        if stated is None and came is not None:
            yield f"{sample.path}: {name} is not stated, and was found to be attempted: {_listed(came)}"
        elif stated is not None and came is None:
            yield f"{sample.path}: {name} is stated, and nothing was found to be an attempt at it"
        elif stated is not None and came is not None:
            pairs = ((criterion, stated[criterion], came[criterion]) for criterion in came)
            yield from (
                f"{sample.path}: {name}.{criterion} is stated to be {wanted}, and came out as {got}"
                for criterion, wanted, got in pairs
                if wanted != got
            )


def shown(exercise: Exercise, tried: Sequence[Tried]) -> Shown:
    """All that these samples show of an exercise."""
    mine = [one for one in tried if exercise.name in one.told]
    right = sum(one.sample.is_right(exercise.name) for one in mine)
    cases = tuple(_case_shown(exercise, name, mine) for name in (AS_WRITTEN, *(case.name for case in exercise.cases)))
    by_a_person = tuple(c.name for c in exercise.criteria if mine and _words_of(c.name, exercise, mine) <= FOR_A_PERSON)
    return Shown(exercise, right, len(mine) - right, cases, by_a_person, tuple(_faults(exercise, mine, cases)))


def _case_shown(exercise: Exercise, name: str, mine: Sequence[Tried]) -> CaseShown:
    criteria = [c for c in exercise.criteria if name in _parameters(exercise, c.name)]
    earned = {one.told[exercise.name][c.name] for one in mine for c in criteria}
    texts = dict.fromkeys(reason for c in criteria for reason in c.feedback)
    decides = sum(one.told[exercise.name] != one.blind.get((exercise.name, name)) for one in mine)
    return CaseShown(
        name,
        tuple(c.name for c in criteria),
        tuple(reason for reason in texts if reason in earned),
        tuple(reason for reason in texts if reason not in earned),
        None if name == AS_WRITTEN else decides,
    )


def _faults(exercise: Exercise, mine: Sequence[Tried], cases: Sequence[CaseShown]) -> Iterator[str]:
    """What is wrong with an exercise, beside samples that do not come out as stated."""
    name = exercise.name
    if not mine:
        yield f"{name}: no sample attempts it; add some under submissions/ and state what must come out"
        return
    told = {reason for case in cases for reason in case.told}
    for reason in dict.fromkeys(reason for c in exercise.criteria for reason in c.feedback if reason not in told):
        yield f"{name}: no sample earns the feedback '{reason}', so nobody has seen it printed"
    for case in cases[1:]:
        if not case.criteria:
            yield f"{name}: no criterion looks at the case '{case.name}', which costs a run of every attempt"
    for criterion in exercise.criteria:
        if fault := _fault(exercise, criterion.name, _words_of(criterion.name, exercise, mine)):
            yield f"{name}: {fault}"


def _fault(exercise: Exercise, criterion: str, got: set[str]) -> str:
    """What is wrong with a criterion that got these words in all samples; nothing if it is decided."""
    if Status.GRADER_ERROR.value in got:
        return f"the grader raises an exception in '{criterion}'"
    if got <= FOR_A_PERSON:
        asks = _asks_a_person(exercise, criterion)
        return "" if asks else f"no case decides '{criterion}': in every sample it waits for a person"
    return "" if Status.PASSED.value in got else f"no sample passes '{criterion}'"


def _words_of(criterion: str, exercise: Exercise, mine: Sequence[Tried]) -> set[str]:
    return {one.told[exercise.name][criterion] for one in mine}


def _asks_a_person(exercise: Exercise, criterion: str) -> bool:
    """It judges words, and looks at nothing but them: the run as written."""
    return _parameters(exercise, criterion) == (AS_WRITTEN,)


def _parameters(exercise: Exercise, criterion: str) -> tuple[str, ...]:
    function: Callable[..., object] = getattr(spec.grader_of(exercise), criterion)
    return judge.cases_of(function)


def _listed(told: Told) -> str:
    return ", ".join(f"{criterion} {word}" for criterion, word in told.items())
