"""What verdicts rest on: the numbers of the claims that pass, and the question that the program asked."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder import judge
from autograder.evidence import Array, MaybeArray
from autograder.judge import Best, Claim, Close, Confirmed, Fact, Then
from autograder.model import Criterion, Status, Tolerance
from autograder.seen import Seen

SAME = Tolerance(1e-5, 1e-7)
DIGITS = 5  # that two numbers have in common if they are the same

Numbers = tuple[Array, ...]  # observed, expected; none where a fact is told of none


@dataclass(frozen=True, slots=True)
class Question:
    """What the program asked: at which points, with which weights; the values and Jacobians of functions there."""

    given: frozenset[bytes]
    values: frozenset[bytes]
    slopes: frozenset[bytes]


def question(as_written: Seen) -> Question:
    """Of a whole run. The points count one by one and as a row, since the same ones may be asked in another order."""
    passes, transforms = as_written.passes, as_written.derivatives
    leaves = [leaf for p in passes for leaf in (*p.leaves, *p.retained)]
    points = _known(leaf.x for leaf in leaves)
    given = [*(p.weights for p in passes), *(curve.x for curve in as_written.curves)]
    given += [array for one in transforms for array in (*one.inputs, one.direction)]
    slopes = [*(leaf.jacobian for leaf in leaves), *(one.reference for one in transforms)]
    row = (b"".join(points),) if len(points) > 1 else ()
    return Question(
        frozenset((*points, *row, *_known(given))),
        frozenset(_known(p.root for p in passes)),
        frozenset(_known(slopes)),
    )


@np.errstate(all="ignore")
def grounds(criterion: Criterion, grader: Any, seen: Mapping[str, Any]) -> list[Numbers]:
    """What a criterion that passes can rest on; the first is what it does rest on."""
    function = getattr(grader, criterion.name)
    cases = [seen[name] for name in judge.cases_of(function)]
    return [_numbers(claim, cases) for claim in _passing(function(*cases), criterion)]


def are_same(one: Numbers, other: Numbers) -> bool:
    """The same was observed where the same was expected."""
    return len(one) == len(other) and all(map(_is_same, one, other))


def _numbers(claim: Close | Fact, cases: Sequence[Seen]) -> Numbers:
    """Of a fact those of the curve that it is told of, if of any. That a pass ran, or a net learned, has none."""
    if isinstance(claim, Close):
        return () if claim.observed is None else (claim.observed, claim.expected)
    curves = (curve for seen in cases for curve in seen.curves if curve.order == claim.order > 0)
    return next(((curve.x, curve.y) for curve in curves), ())


def _passing(claim: Claim, criterion: Criterion) -> Iterator[Close | Fact]:
    if isinstance(claim, Best):
        for one in claim.claims:
            yield from _passing(one, criterion)
    elif isinstance(claim, Confirmed):
        yield from _passing(claim.claim, criterion) if claim.by() else ()
    elif isinstance(claim, Then):
        first = list(_passing(claim.claim, criterion))
        yield from (*first, *_passing(claim.more(), criterion)) if first else ()
    elif isinstance(claim, Close | Fact) and judge.settle(claim, criterion).status is Status.PASSED:
        yield claim


def _known(arrays: Iterable[MaybeArray]) -> list[bytes]:
    """Each once, by its numbers without what rounding makes of them."""
    real = (np.asarray(array, float) for array in arrays if array is not None and array.dtype.kind in "biuf")
    return list(dict.fromkeys(repr(a.shape).encode() + _rounded(a).tobytes() for a in real))


def _rounded(array: Array) -> Array:
    with np.errstate(all="ignore"):
        size = 10.0 ** (DIGITS - np.ceil(np.log10(np.max(np.abs(array), initial=1e-30))))
        return np.asarray(np.round(array * size) / size + 0.0)


def _is_same(one: Array, other: Array) -> bool:
    if one.shape != other.shape:
        return False
    if one.dtype.kind not in "biuf" or other.dtype.kind not in "biuf":
        return bool(np.array_equal(one, other))
    return not one.size or judge.agree(one.astype(float), other.astype(float), SAME)
