"""What an exercise is worth here → what each of its criteria is worth, adding up exactly."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from autograder.model import Exercise

HUNDREDTHS = 100  # no criterion is worth a part of a hundredth of a point


def worth(exercise: Exercise, points: float) -> Exercise:
    """The exercise with its criteria's points scaled to a sum of `points`."""
    shares = scaled([criterion.points for criterion in exercise.criteria], points)
    criteria = (replace(criterion, points=share) for criterion, share in zip(exercise.criteria, shares, strict=True))
    return replace(exercise, criteria=tuple(criteria))


def scaled(points: Sequence[float], total: float) -> list[float]:
    """In the same proportion, with a sum of `total`, to hundredths: what is left over goes to the largest remainders.

    Of equal remainders the first gets it, so 10 points over three equal criteria are 3.34, 3.33, 3.33. Points that
    have this sum already stay as they are. `total` has at most two decimals, and some points are not 0.
    """
    before = [exact(one) for one in points]
    if sum(before) == exact(total):
        return list(points)
    wanted = [one * exact(total) / sum(before) * HUNDREDTHS for one in before]
    whole = [int(one) for one in wanted]
    left = int(exact(total) * HUNDREDTHS) - sum(whole)
    nearest = sorted(range(len(wanted)), key=lambda i: whole[i] - wanted[i])
    for i in nearest[:left]:
        whole[i] += 1
    return [float(Fraction(one, HUNDREDTHS)) for one in whole]


def exact(value: float) -> Fraction:
    """0.1 as a tenth."""
    return Fraction(Decimal(repr(float(value))))
