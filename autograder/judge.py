"""From claims to verdicts. Pure: no torch, no student code, no exercise.

A grader's criterion returns a claim: `close` compares numbers and knows what each mistake would look like, `holds`
states a fact, `best` takes the claim that serves the student best, `for_a_person` hands over words, `not_reached` says
that an earlier failure already explains this one. Numbers agree when |got − want| ≤ rtol · max(|want|, median of the
non-zero |want|), with equal shapes; nothing broadcasts, NaN never agrees.
"""

import functools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np

from autograder.later import Later, Look, Unproven, Unseen
from autograder.model import Answer, Criterion, Exercise, Outcome, Status, Tolerance, Verdict
from autograder.phrase import Phrase
from autograder.seen import Seen
from autograder.words import Passage

Array = np.ndarray
Found = TypeVar("Found")
MISTAKE_RTOL = 1e-4  # a mistake is recognised at this tolerance, or the criterion's own if that is wider
MAX_QUOTE = 300  # characters of a student's words in a verdict


@dataclass(frozen=True, slots=True)
class Close:
    """These numbers should be those; or they are one of these mistakes."""

    observed: Array | None
    expected: Array
    mistakes: Mapping[str, Array]
    where: str = ""
    line: int = 0
    order: int = 0


@dataclass(frozen=True, slots=True)
class Fact:
    """Something is so, or it is not and `reason` says what is the matter."""

    true: bool
    reason: str = ""
    where: str = ""
    line: int = 0
    order: int = 0


@dataclass(frozen=True, slots=True)
class Person:
    """Only a person can judge this."""

    reason: str
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Best:
    """The claim that serves the student best."""

    claims: tuple["Claim", ...]
    latest: bool = False  # of those that fail, only the last in time counts


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A claim that rests on what the child says of itself, and whether another case bears it out."""

    claim: "Claim"
    by: Callable[[], bool]  # asked only if the claim passes


@dataclass(frozen=True, slots=True)
class Then:
    """A claim, and what more is claimed if it passes."""

    claim: "Claim"
    more: Callable[[], "Claim"]


Claim = Close | Fact | Person | Best | Confirmed | Then


class Placed(Protocol):
    """What stands somewhere: an observation, or a claim on one."""

    @property
    def where(self) -> str: ...
    @property
    def line(self) -> int: ...
    @property
    def order(self) -> int: ...


def close(observed: Array | None, expected: Array, /, *, at: Placed | None = None, **mistakes: Array) -> Close:
    """The numbers observed `at` equal the expected ones; each mistake is what it would have given instead."""
    return Close(observed, np.asarray(expected), mistakes, *_place(at))


def holds(condition: bool, otherwise: str = "", at: Placed | None = None) -> Fact:
    """A fact, and the reason to give if it is none."""
    return Fact(bool(condition), otherwise, *_place(at))


def _place(at: Placed | None) -> tuple[str, int, int]:
    return (at.where, at.line, at.order) if at is not None else ("", 0, 0)


def best(claims: Iterable[Claim]) -> Best:
    """The first claim that passes; else the first whose mistake has a name; else the nearest. None: not attempted."""
    return Best(tuple(claims))


def newest(claims: Iterable[Close | Fact]) -> Best:
    """As `best`, but of failures only the latest counts: what came before it was tried and given up."""
    return Best(tuple(claims), latest=True)


def for_a_person(passages: Iterable[Passage], reason: str = "in_words") -> Person:
    """Awaiting review, with the words quoted."""
    quoted = tuple(passages)
    return Person(reason if quoted else "no_words", quoted)


def confirmed(claim: Claim, by: Callable[[], bool]) -> Confirmed:
    """As `claim`; but if it passes and `by`, which is asked only then, does not hold, a person has to look."""
    return Confirmed(claim, by)


def and_then(claim: Claim, more: Callable[[], Claim]) -> Then:
    """As `claim`; and if it passes, what `more` claims: that is where hidden cases are looked at, each worth a run."""
    return Then(claim, more)


def not_reached() -> Fact:
    """A consequence of a failure that another criterion reports."""
    return Fact(False, "not_reached")


def agree(got: Array | None, want: Array, tolerance: Tolerance = Tolerance()) -> bool:  # noqa: B008  frozen
    """The acceptance rule, as a yes or no. Asked thousands of times, it works out no median where it need not."""
    if got is None or not _comparable(got, want):
        return False
    want = np.asarray(want, float)
    error, size = np.abs(got - want), np.abs(want)
    worst, largest = float(_largest(error, axis=None)), float(_largest(size, axis=None))
    if not largest:
        return worst <= tolerance.atol
    if not (math.isfinite(largest) and worst <= tolerance.rtol * largest):  # written so that NaN fails
        return False  # the median is no larger than the largest
    return bool(np.all(error <= tolerance.rtol * size)) or _distance(got, want, tolerance) <= 1.0


def agrees_with_one(got: Array | None, wants: Iterable[Array], tolerance: Tolerance = Tolerance()) -> bool:  # noqa: B008  frozen
    """Whether it agrees with one of these that is not all 0: of many of its shape, one look leaves those that may."""
    fit = [] if got is None else [want for want in wants if _comparable(got, want)]
    if got is None or not fit:
        return False
    rows = np.array(fit, float).reshape(len(fit), -1)
    largest = np.abs(rows).max(axis=1)
    near = np.abs(np.ravel(got) - rows).max(axis=1) <= tolerance.rtol * largest
    return any(agree(got, fit[i], tolerance) for i in np.flatnonzero(near & (largest > 0)))


_largest = np.maximum.reduce  # as `max`, without its detour


def _comparable(got: Array, want: Array) -> bool:
    """Some real numbers, as many in the same shape: nothing broadcasts."""
    return got.shape == np.shape(want) and got.dtype.kind in "biuf" and got.size > 0


def _distance(got: Array | None, want: Array, tolerance: Tolerance) -> float:
    """The largest error in units of what is allowed; infinite for another shape, and for NaN."""
    if got is None or not _comparable(got, want):
        return np.inf
    error = _errors(got, want, tolerance)
    return float(np.max(error)) if np.all(np.isfinite(error)) else np.inf  # written so that NaN fails


def _errors(got: Array, want: Array, tolerance: Tolerance) -> Array:
    """Entry by entry, in units of what is allowed; NaN stays NaN."""
    want = np.asarray(want, float)
    size = np.abs(want)
    scale = float(np.median(size[size > 0])) if np.any(size > 0) else 0.0
    allowed = tolerance.rtol * np.maximum(size, scale) if scale else np.full(want.shape, tolerance.atol)
    with np.errstate(all="ignore"):
        errors: Array = np.abs(np.asarray(got, float) - want) / allowed
    return errors


@np.errstate(all="ignore")  # students divide by zero; whoever judges them compares so that NaN never agrees
def attempted(grader: Any, as_written: Seen) -> bool:
    """Whether anything in a run is about the grader's exercise."""
    return bool(grader.attempted(as_written))


@np.errstate(all="ignore")
def judge(exercise: Exercise, grader: Any, as_written: Seen, ways: Sequence[Mapping[str, Look]] | None) -> Answer:
    """One exercise of one submission; None for `ways` if it is not attempted.

    Each of the `ways` says how to look at the hidden cases, by their names. The last one decides; an earlier one can
    only show that a criterion passes. A case that cannot be run on this torch leaves what depends on it to a person.
    """
    if ways is None and as_written.lacks_here():
        return Answer(exercise, True, tuple(Verdict(c, Status.NEEDS_REVIEW, "not_here") for c in exercise.criteria))
    if ways is None:
        return Answer(exercise, False, tuple(_absent(criterion, as_written) for criterion in exercise.criteria))
    verdicts = (
        _verdict(criterion, getattr(grader, criterion.name), as_written, ways) for criterion in exercise.criteria
    )
    return Answer(exercise, True, tuple(verdicts))


def once(look: Callable[[Seen], Found]) -> Callable[[Seen], Found]:
    """What is found in a run, and nothing else, is found once, however many criteria ask. Nobody changes it."""
    return _remembered(look, lambda seen: seen.found)


def once_a_run(look: Callable[[Seen], Found]) -> Callable[[Seen], Found]:
    """As `once`, of what is the same for every exercise: it looks at the log and nothing else."""
    return _remembered(look, lambda seen: seen.log.found)


def _remembered(look: Callable[[Seen], Found], place: Callable[[Seen], dict[Any, Any]]) -> Callable[[Seen], Found]:
    @functools.wraps(look)
    def found(seen: Seen) -> Found:
        known = place(seen)
        if look not in known:
            known[look] = look(seen)
        answer: Found = known[look]
        return answer

    return found


def cases_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """The cases that a criterion looks at: the names of its parameters."""
    return function.__code__.co_varnames[: function.__code__.co_argcount]


def _verdict(criterion: Criterion, function: Any, as_written: Seen, ways: Sequence[Mapping[str, Look]]) -> Verdict:
    for looks in ways[:-1]:
        cases = _cases(function, looks)
        verdict = _tried(criterion, function, as_written, cases)
        if not any(case.seen for case in cases.values()) or _is_beyond_doubt(verdict, as_written, cases):
            return verdict
    return _tried(criterion, function, as_written, _cases(function, ways[-1]))


def _cases(function: Any, looks: Mapping[str, Look]) -> dict[str, Later]:
    """The hidden cases that a criterion asks for."""
    return {name: Later(looks[name]) for name in cases_of(function) if name in looks}


def _is_beyond_doubt(verdict: Verdict, as_written: Seen, cases: Mapping[str, Later]) -> bool:
    """It passes, in runs that came as far as the one as written."""
    return verdict.status is Status.PASSED and not _trouble_in(as_written, _looked_at(cases))


def _looked_at(cases: Mapping[str, Later]) -> list[Seen]:
    return [case.seen for case in cases.values() if case.seen]


def _tried(criterion: Criterion, function: Any, as_written: Seen, cases: Mapping[str, Later]) -> Verdict:
    try:
        found = settle(function(*(cases.get(name, as_written) for name in cases_of(function))), criterion)
    except Unproven:
        return Verdict(criterion, Status.NEEDS_REVIEW, "case_unproven")
    except Unseen as unseen:  # our run failed, not this criterion
        raise unseen.why from None
    except Exception as error:  # noqa: BLE001  our own mistake: it never costs points, and the exit code says so
        return Verdict(criterion, Status.GRADER_ERROR, "grader_error", detail=f"{type(error).__name__}: {error}")
    trouble = _trouble_in(as_written, _looked_at(cases)) if found.status is Status.FAILED else ""
    if as_written.lacks and found.status in _LOST:
        trouble = "not_here"
    if trouble:
        return Verdict(criterion, Status.NEEDS_REVIEW, trouble, where=found.where, line=found.line)
    return found if found.status is not Status.NOT_ATTEMPTED else _absent(criterion, as_written)


_LOST = (Status.FAILED, Status.NOT_REACHED, Status.NOT_ATTEMPTED)  # the points of a criterion


def _trouble_in(as_written: Seen, cases: Sequence[Seen]) -> str:
    """Why what a hidden case lacks is no evidence against anybody, if so."""
    if _is_cut_short(as_written, cases):
        return "case_cut_short"
    known = {(error.where, error.line) for error in as_written.errors}
    raised = ((error.where, error.line) for case in cases for error in case.errors)
    return "" if known.issuperset(raised) else "case_raised"


def _is_cut_short(as_written: Seen, cases: Iterable[Seen]) -> bool:
    """It ran to its end as written, and a hidden case did not."""
    unfinished = any(case.outcome is not Outcome.FINISHED for case in cases)
    return as_written.outcome is Outcome.FINISHED and unfinished


def _absent(criterion: Criterion, seen: Seen) -> Verdict:
    """Nothing was seen: not there, or not reached because the run was cut short, or in what had to be left out."""
    if seen.outcome is Outcome.FINISHED and not seen.left_out:
        return Verdict(criterion, Status.NOT_ATTEMPTED, "not_attempted")
    return Verdict(criterion, Status.NOT_REACHED, "cut_short")


def settle(claim: Claim, criterion: Criterion) -> Verdict:
    """Claim → verdict."""
    settled: Verdict = _SETTLERS[type(claim)](claim, criterion)
    return settled


def _settle_best(claim: Best, criterion: Criterion) -> Verdict:
    failed: list[tuple[Claim, Verdict]] = []
    for candidate in claim.claims:
        verdict = settle(candidate, criterion)
        if verdict.status is Status.PASSED:
            return verdict
        failed.append((candidate, verdict))
    last = max((_order(candidate) for candidate, _ in failed), default=0)
    left = [pair for pair in failed if not claim.latest or _order(pair[0]) == last]
    nothing = (claim, Verdict(criterion, Status.NOT_ATTEMPTED))
    return min(left, default=nothing, key=lambda pair: _rank(pair[1], pair[0], criterion))[1]


def _order(claim: Claim) -> int:
    return claim.order if isinstance(claim, Close | Fact) else 0


def _rank(verdict: Verdict, claim: Claim, criterion: Criterion) -> float:
    """Passages for a person and named reasons come first, in their order; then numbers, the nearest first."""
    if not isinstance(claim, Close) or verdict.reason in claim.mistakes:
        return -1.0 if verdict.status is not Status.NOT_ATTEMPTED else np.inf
    return _distance(claim.observed, claim.expected, criterion.tolerance)


def _settle_fact(claim: Fact, criterion: Criterion) -> Verdict:
    if claim.true:
        return _passed(criterion, claim)
    if claim.reason == "not_reached":
        return Verdict(criterion, Status.NOT_REACHED, claim.reason)
    return _failed(criterion, claim.reason, "", claim)


def _settle_confirmed(claim: Confirmed, criterion: Criterion) -> Verdict:
    verdict = settle(claim.claim, criterion)
    if verdict.status is not Status.PASSED or claim.by():
        return verdict
    return Verdict(criterion, Status.NEEDS_REVIEW, "not_confirmed", where=verdict.where, line=verdict.line)


def _settle_then(claim: Then, criterion: Criterion) -> Verdict:
    verdict = settle(claim.claim, criterion)
    if verdict.status is not Status.PASSED:
        return verdict
    more = settle(claim.more(), criterion)
    return verdict if more.status is Status.PASSED else more


def _settle_person(claim: Person, criterion: Criterion) -> Verdict:
    quote = _quoted("\n".join(dict.fromkeys(passage.text.strip() for passage in claim.passages)))
    where, line = (claim.passages[0].where, claim.passages[0].line) if claim.passages else ("", 0)
    said = (claim.reason, criterion.feedback.get(claim.reason, ""), quote)
    return Verdict(criterion, Status.NEEDS_REVIEW, *said, where, line)


def _quoted(words: str) -> str:
    """As much as is quoted, up to the end of a word."""
    if len(words) <= MAX_QUOTE:
        return words
    return words[:MAX_QUOTE].rsplit(maxsplit=1)[0] + " …"


def _settle_close(claim: Close, criterion: Criterion) -> Verdict:
    tolerance = criterion.tolerance
    if _precise(claim.observed) and agree(claim.observed, claim.expected, tolerance):
        return _passed(criterion, claim)
    reason = _mistake(claim, tolerance) or _trouble(claim)
    return _failed(criterion, reason, _detail(claim, tolerance), claim)


def _passed(criterion: Criterion, claim: Close | Fact) -> Verdict:
    return Verdict(criterion, Status.PASSED, where=claim.where, line=claim.line)


def _failed(criterion: Criterion, reason: str, detail: str, claim: Close | Fact) -> Verdict:
    said = (reason, criterion.feedback.get(reason, ""), detail)
    return Verdict(criterion, Status.FAILED, *said, claim.where, claim.line)


def _precise(observed: Array | None) -> bool:
    """Real numbers, of single precision at least."""
    coarse = observed is not None and observed.dtype.kind == "f" and observed.dtype.itemsize < 4
    return observed is not None and observed.dtype.kind in "biuf" and not coarse


def _mistake(claim: Close, tolerance: Tolerance) -> str:
    """The first mistake whose numbers these are, if the right answer has other ones."""
    wide = Tolerance(max(tolerance.rtol, MISTAKE_RTOL), max(tolerance.atol, 1e-6))
    for name, array in claim.mistakes.items():
        if agree(claim.observed, array, wide) and not agree(np.asarray(array, float), claim.expected, wide):
            return name
    return ""


def _trouble(claim: Close) -> str:
    observed = claim.observed
    if observed is None:
        return "none"
    if observed.shape != claim.expected.shape:
        return "shape"
    if not _precise(observed):
        return "dtype"
    return "values" if np.all(np.isfinite(np.asarray(observed, float))) else "not_finite"


def _detail(claim: Close, tolerance: Tolerance) -> str:
    """What was measured: shapes, or how many are off, how far and where."""
    if claim.observed is None:
        return ""
    if not _precise(claim.observed):
        return Phrase("numbers of type {type}", type=claim.observed.dtype)
    if claim.observed.shape != claim.expected.shape:
        return Phrase("shape {shape}, expected {expected}", shape=claim.observed.shape, expected=claim.expected.shape)
    got, want = np.asarray(claim.observed, float), np.asarray(claim.expected, float)
    off = int(np.sum(~(_errors(got, want, tolerance) <= 1)))  # written so that NaN counts
    ratio = _ratio(got, want)
    if ratio is None:
        return Phrase("{off} of {size} values differ", off=off, size=want.size)
    template = "{off} of {size} values differ; each is {ratio} times the expected one"
    return Phrase(template, off=off, size=want.size, ratio=f"{ratio:.4g}")


def _ratio(got: Array, want: Array) -> float | None:
    """The one factor between the two, if there is one."""
    large = np.abs(want) > 1e-3 * np.max(np.abs(want), initial=0.0)
    if not np.any(large) or not np.all(np.isfinite(got)):
        return None
    ratios = got[large] / want[large]
    ratio = float(np.median(ratios))
    one_factor = np.ptp(ratios) <= 1e-3 * abs(ratio) and abs(ratio - 1) > 1e-2  # "1 times" would say nothing
    return ratio if one_factor else None


_SETTLERS: dict[type, Callable[[Any, Criterion], Verdict]] = {
    Close: _settle_close,
    Fact: _settle_fact,
    Person: _settle_person,
    Best: _settle_best,
    Confirmed: _settle_confirmed,
    Then: _settle_then,
}
