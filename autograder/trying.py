"""What a student is told before handing in: of the run as written, and of no other.

A criterion that has hidden cases is judged as if these had shown nothing, and it is noticed whether it looked at them.
If it did, a pass is one so far, and of a failure nothing is said. So nothing that is said here depends on a hidden
case; none is run.
"""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from types import TracebackType
from typing import Any, Self

import numpy as np

from autograder import judge, oracle, places, reports, sandbox, server, spec
from autograder.ladder import Rung
from autograder.later import Later
from autograder.model import Criterion, Exercise, Report, Status, Submission, Verdict
from autograder.packed import Packed
from autograder.run import Grader, Looked, is_run
from autograder.seen import Log, Seen


class Sight(Enum):
    """How a criterion looks as far as one can see here."""

    RIGHT = "right"
    SO_FAR = "so far"  # in this run; other conditions are tried when it is graded
    WRONG = "wrong"
    WORDS = "words"  # a person reads them
    MISSING = "missing"
    LATER = "later"  # it rests on what is tried when it is graded
    OURS = "ours"


@dataclass(frozen=True, slots=True)
class Tried:
    """One exercise of one submission, criterion by criterion; nothing, if nothing is about it."""

    exercise: Exercise
    criteria: tuple[tuple[Sight, Verdict], ...]


class Trial:
    """A warm sandbox to try submissions in; a context manager."""

    def __init__(
        self,
        exercises: Sequence[Exercise],
        rung: Rung,
        *,
        seconds: float | None = None,
        warmth: server.Warmth = server.FOR_A_CLASS,
    ) -> None:
        self._exercises = tuple(exercises)
        visible = [replace(exercise, cases=()) for exercise in exercises]
        seed = secrets.randbelow(2**31)
        self._grader = Grader(visible, rung, seed=seed, jobs=1, seconds=seconds, warmth=warmth)
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self._open.enter_context(self._grader)
        sandbox.be_dumpable(True)  # this process holds no secret, and may be a notebook's
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, value, trace)

    def run(self, submission: Submission) -> tuple[Report, tuple[Tried, ...]]:
        """A report without answers, for how the run ended and its notes; and what was seen of each exercise."""
        if not is_run(submission):
            return reports.not_run(submission, self._exercises), ()
        looked = self._grader.look(submission)
        self._grader.leave(looked)
        report = reports.graded(submission, looked.written, (), (), Packed())
        return report, tuple(_tried(exercise, looked, submission) for exercise in self._exercises)


def _tried(exercise: Exercise, looked: Looked, submission: Submission) -> Tried:
    if exercise.name not in looked.ways:
        return Tried(exercise, ())
    grader, seen = spec.grader_of(exercise), looked.seen[exercise.name]
    found = (_sight(one, exercise, grader, seen) for one in exercise.criteria)
    return Tried(exercise, tuple((sight, places.placed(submission, verdict)) for sight, verdict in found))


@np.errstate(all="ignore")  # as in judge
def _sight(criterion: Criterion, exercise: Exercise, grader: Any, as_written: Seen) -> tuple[Sight, Verdict]:
    function = getattr(grader, criterion.name)
    hidden = {case.name: Later(partial(_nothing, as_written, exercise, case.name)) for case in exercise.cases}
    try:
        claim = function(*(hidden.get(name, as_written) for name in judge.cases_of(function)))
        verdict = judge.settle(_as_far_as_here(claim), criterion)
    except Exception:  # noqa: BLE001  with nothing to look at, a grader may do anything
        looked = any(case.seen for case in hidden.values())
        return (Sight.LATER if looked else Sight.OURS), Verdict(criterion, Status.NOT_REACHED)
    return _as_seen(verdict, any(case.seen for case in hidden.values()), _asks_more(claim)), verdict


def _as_seen(verdict: Verdict, looked: bool, asks_more: bool) -> Sight:
    """`looked`: at a hidden case, of which nothing is known; `asks_more`: it would, of what passes."""
    match verdict.status:
        case Status.PASSED:
            return Sight.SO_FAR if looked or asks_more else Sight.RIGHT
        case Status.NEEDS_REVIEW:
            return Sight.LATER if looked or asks_more else Sight.WORDS
        case Status.FAILED:
            return Sight.LATER if looked else Sight.WRONG
        case _:
            unknown = verdict.status is Status.NOT_REACHED and (looked or asks_more)
            return Sight.LATER if unknown else Sight.MISSING


def _nothing(as_written: Seen, exercise: Exercise, name: str) -> Seen:
    """The hidden case, as if the child had sent nothing."""
    case = next(case for case in exercise.cases if case.name == name)
    return replace(as_written, case=case, log=Log(), called=(), parameters=oracle.swap_parameters(case.swap, 0))


def _as_far_as_here(claim: judge.Claim) -> judge.Claim:
    """Without what another case would have to bear out."""
    match claim:
        case judge.Confirmed() | judge.Then():
            return _as_far_as_here(claim.claim)
        case judge.Best():
            return replace(claim, claims=tuple(map(_as_far_as_here, claim.claims)))
        case _:
            return claim


def _asks_more(claim: judge.Claim) -> bool:
    """Something has to be borne out by another case."""
    match claim:
        case judge.Confirmed() | judge.Then():
            return True
        case judge.Best():
            return any(map(_asks_more, claim.claims))
        case _:
            return False


def shown(tried: Sequence[Tried], wanted: Sequence[str]) -> Iterator[Tried]:
    """Those that were asked for; else those that something is about."""
    for one in tried:
        if one.exercise.name in wanted or (one.criteria and not wanted):
            yield one
