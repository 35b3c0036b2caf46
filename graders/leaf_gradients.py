"""Criteria for `leaf_gradients`: t is x reshaped or transposed, so no leaf, and keeps its gradient only if it is asked.

    y = f(t):       ∂y/∂t, rearranged, is ∂y/∂x
    y = k t · x:    ∂y/∂t with x held is kx, where x, which also goes through t, gets 2kx

Which of the two it is, the root tells: k Σx².
"""

import numpy as np

from autograder import gains
from autograder.judge import agree, best, close, confirmed, for_a_person, holds, newest, not_reached, once

ABOUT = r"\bleaf\b|\bleaves\b|is_leaf|retain_grad|叶子|非叶|none\b"
NOT_RUN = r"(?s)retain_grad\(\).*\.backward\("
REARRANGING = frozenset("View UnsafeView ReshapeAlias T Transpose Permute Unsqueeze Squeeze Mt Alias Expand".split())


def attempted(as_written):
    """The gradient of a rearranged tensor was kept; or it was missed, beside words about leaves."""
    return bool(_kept(as_written) or _missed(as_written) or _own_leaves(as_written) or _not_executed(as_written))


def none_kept(as_written, scaled):
    """None was shown, or kept, for a rearranged tensor that a pass had gone through."""
    missed = [holds(True, at=value) for value, _ in _missed(as_written)]
    if missed:
        return confirmed(best(missed), by=lambda: any(gains.follows(gain, scaled) for _, gain in _missed(as_written)))
    own = [holds(False, otherwise="made_a_leaf", at=value) for value in _own_leaves(as_written)]
    return newest(own) if own or _kept(as_written) else for_a_person(_not_executed(as_written), "not_executed")


def retained(as_written, scaled):
    """What the inner tensor kept is the gradient of x, rearranged; or half of it, where x has a path of its own."""
    claims = []
    for inner, outer in _kept(as_written):
        right = _rearranged(outer.added, outer.x, inner.x) / _paths(inner, outer)
        claims.append(close(inner.leaf.after, inner.before + right, at=inner.at))
    if claims:
        return confirmed(newest(claims), by=lambda: any(gains.follows(inner, scaled) for inner, _ in _kept(as_written)))
    if _missed(as_written):
        late = as_written.mentions_it(r"retain_grad\(")
        return holds(False, otherwise="asked_too_late" if late else "not_asked", at=_missed(as_written)[-1][0])
    return not_reached() if _own_leaves(as_written) else for_a_person(_not_executed(as_written), "not_executed")


def beside(as_written, scaled):
    """x's own gradient of the same pass was looked at."""
    claims = []
    for inner, outer in _kept(as_written):
        right = _rearranged(inner.added, inner.x, outer.x) * _paths(inner, outer)
        if outer.at.call == "grad" or _is_shown(as_written, outer):
            wrong = {"left_over": outer.before + right} if np.any(outer.before) else {}
            claims.append(close(outer.leaf.after, right, at=outer.at, **wrong))
        else:
            claims.append(holds(False, otherwise="one_side", at=outer.at))
    if claims:
        return confirmed(newest(claims), by=lambda: any(gains.follows(outer, scaled) for _, outer in _kept(as_written)))
    if _missed(as_written) or _own_leaves(as_written):
        return not_reached()
    return for_a_person(_not_executed(as_written), "not_executed")


# ---------------------------------------------------------------------------------- x and t


def _rearranged(values, like, target):
    """`values`, which stand as `like` does, moved to where the same numbers stand in `target`."""
    if np.array_equal(like.ravel(), target.ravel()):
        return values.reshape(target.shape)
    return values.T.reshape(target.shape)


def _is_rearranged(inner, x):
    """The same numbers in another shape or order: reshaped, or transposed (and reshaped)."""
    if inner is None or x is None or inner.size != x.size or x.size < 2 or inner.dtype.kind not in "biuf":
        return False
    other = inner.shape != x.shape or not np.array_equal(inner, x)
    return other and (np.array_equal(inner.ravel(), x.ravel()) or np.array_equal(inner.ravel(), x.T.ravel()))


@once
def _kept(seen):
    """(inner gain, gain at x) of rearranged tensors that kept their gradient, or were asked for in a pass."""
    found = []
    for p in seen.passes:
        if REARRANGING & p.ops.keys():
            leaves = [gain for gain in gains.of(p) if gain.leaf.is_leaf]
            inside = [*gains.inner(p), *(gain for gain in gains.of(p) if not gain.leaf.is_leaf)]
            found += [(t, gain) for t in inside for gain in leaves if _is_rearranged(t.x, gain.x)]
    return found


def _paths(inner, outer):
    """1 where x acts through the inner tensor alone; 2 where the root is k t · x, so that both factors move with x."""
    x, root = outer.x, outer.at.root
    square = float(np.sum(x * x))
    k = root.item() / square if root is not None and root.size == 1 and square else 0.0
    return 2 if k and agree(inner.added, k * inner.x, gains.NEAR) else 1


def _is_shown(seen, outer):
    """x's gradient was printed or kept, in x's own shape."""
    later = [v.array for v in seen.values if v.order > outer.at.order and v.array is not None]
    return any(array.shape == outer.x.shape and agree(array, outer.after, gains.NEAR) for array in later)


# ---------------------------------------------------------------------------------- None, and leaves of one's own


@once
def _missed(seen):
    """(None that was shown or kept, gain at x) after a pass through a rearranged tensor, beside words about leaves."""
    inside = [v for v in seen.values if v.requires_grad and not v.is_leaf and v.grad is None]
    found = []
    for gain in gains.all_of(seen):
        through = set(gain.at.ops) & REARRANGING and any(_is_rearranged(v.array, gain.x) for v in inside)
        spoken = through and (_kept(seen) or seen.own_words_near(ABOUT, gain.at))
        nones = [v for v in seen.values if v.none and v.order > gain.at.order and seen.are_beside(v, gain.at)]
        found += [(value, gain) for value in nones[:1] if spoken]
    return found


def _own_leaves(seen):
    """Rearranged tensors that were asked for gradients themselves, beside words about leaves."""
    if _kept(seen) or _missed(seen):
        return []
    plain = [v.array for v in seen.values if v.array is not None and not v.requires_grad]
    leaves = [v for v in seen.values if v.requires_grad and v.is_leaf and v.grad is not None and v.array is not None]
    made = [v for v in leaves if any(_is_rearranged(v.array, x) for x in plain)]
    return [value for value in made if seen.own_words_near(ABOUT, value)]


def _not_executed(seen):
    return seen.words(NOT_RUN, ("comment", "string", "dead"))
