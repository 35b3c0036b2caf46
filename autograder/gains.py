"""What passes added to the gradients of their leaves, and whether a scaled case bears it out.

A pass adds vᵀJ to what a leaf's gradient held before. Where every cotangent is multiplied by a hidden c, a first
derivative comes out c times as large, one that was taken through a gradient c² times; numbers that were typed in stay.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from autograder.evidence import Array, Leaf, Pass
from autograder.judge import agree, once_a_run
from autograder.model import Tolerance
from autograder.seen import Seen

NEAR = Tolerance(1e-4, 1e-6)


@dataclass(frozen=True, slots=True)
class Gain:
    """What one pass added at one leaf: x, before and added have the leaf's shape, in float64."""

    at: Pass
    leaf: Leaf
    x: Array
    before: Array  # zeros where there was no gradient yet
    added: Array

    @property
    def after(self) -> Array:
        return np.asarray(self.before + self.added)

    def comes_out(self, factor: float, among: "Iterable[Gain]") -> bool:
        """One of these added `factor` times as much, at a leaf with the same values. Zeros show nothing."""
        return bool(np.any(self.added)) and any(
            np.array_equal(self.x, other.x) and agree(other.added, factor * self.added, NEAR) for other in among
        )

    def is_its_reference(self, factor: float) -> bool:
        """It added `factor` times vᵀJ, where the observer knows both. Zeros show nothing."""
        if self.at.seed is None or self.leaf.jacobian is None or self.at.seed.size != self.leaf.jacobian.shape[0]:
            return False
        product = np.asarray(self.at.seed, float).ravel() @ np.asarray(self.leaf.jacobian, float)
        return bool(np.any(product)) and agree(self.added.ravel(), factor * product, NEAR)


def of(p: Pass) -> list[Gain]:
    """What this pass added, where there are numbers; nothing if it raised."""
    return _gains(p, p.leaves)


def inner(p: Pass) -> list[Gain]:
    """What this pass added at inner tensors that were asked to keep their gradient."""
    return _gains(p, p.retained)


@once_a_run
def all_of(seen: Seen) -> list[Gain]:
    """What each pass of a case added at each leaf, in order."""
    return [gain for p in seen.passes for gain in of(p)]


def neighbours(found: Sequence[Gain]) -> Iterator[tuple[Gain, Gain]]:
    """Each gain with the next."""
    return pairwise(found)


def added(leaf: Leaf) -> Array:
    """The gradient after the pass less the one before it."""
    return np.asarray(np.asarray(leaf.after, float) - _before(leaf))


def follows(gain: Gain, scaled: Seen, degree: int = 1) -> bool:
    """The scaled case added the same, c^degree times."""
    return gain.comes_out(scaled.scale**degree, [*all_of(scaled), *(g for p in scaled.passes for g in inner(p))])


def _gains(p: Pass, leaves: Sequence[Leaf]) -> list[Gain]:
    whole = [leaf for leaf in leaves if leaf.x is not None and leaf.after is not None and _fits(leaf)]
    return [Gain(p, leaf, np.asarray(leaf.x, float), _before(leaf), added(leaf)) for leaf in whole if not p.error]


def _fits(leaf: Leaf) -> bool:
    """Real numbers of one shape: a forged leaf must not reach a grader."""
    arrays = [array for array in (leaf.x, leaf.before, leaf.after) if array is not None]
    return len({array.shape for array in arrays}) == 1 and all(array.dtype.kind in "biuf" for array in arrays)


def _before(leaf: Leaf) -> Array:
    return np.zeros_like(leaf.after, float) if leaf.before is None else np.asarray(leaf.before, float)
