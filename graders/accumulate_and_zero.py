"""Criteria for `accumulate_and_zero`: backward adds to x.grad, until somebody clears it.

    f and g at one x:    after f  f′(x),  then after g  f′(x) + g′(x),  and cleared in between  g′(x)

The book clears before each of its passes, so those are no attempt. What is looked for is the sum of two functions at
one leaf, beside words about it or with one of the two alone afterwards, at a gradient that was cleared.
"""

import numpy as np

from autograder import gains
from autograder.evidence import error_kind
from autograder.judge import agree, best, close, confirmed, for_a_person, holds, newest, not_reached, once

ABOUT = r"accumul|add(s|ed|ing)? (up|to|onto|together)|\bsum of (both|the two)|累加|累积|叠加"
CLEARING = r"zero_|clear|reset|清零|清除|= ?None"
NOT_RUN = rf"(?s)\A(?=.*({ABOUT}|{CLEARING}))(?=.*\.backward\(.*\.backward\()"
MAX_PASSES = 8  # over one leaf: more are a loop


def attempted(as_written):
    """Two functions added up at one leaf, and somebody speaks of it or cleared it; or it was tried at two leaves."""
    return bool(_pairs(as_written) or list(_tried(as_written)) or _not_executed(as_written))


def adds(as_written, scaled):
    """What the second pass left is the first gradient and the second together."""
    claims = [
        close(second.leaf.after, first.after + _alone(as_written, second), at=second.at)
        for first, second in _pairs(as_written)
    ]
    if claims:
        return confirmed(newest(claims), by=lambda: _follow(as_written, scaled))
    tried = list(_tried(as_written))
    return newest(tried) if tried else for_a_person(_not_executed(as_written), "not_executed")


def cleared(as_written, scaled):
    """Some pass started from nothing although an earlier one had left a gradient; or nothing was shown to be left.

    Zeros that are left since the pass after them stopped with an error show nothing.
    """
    leaves = {second.leaf.ident for _, second in _pairs(as_written)}
    alone = [gain for gain in _alone_again(as_written) if gain.leaf.ident in leaves]
    claims = [close(gain.leaf.after, _alone(as_written, gain), at=gain.at) for gain in alone]
    if claims:
        return confirmed(newest(claims), by=lambda: any(gains.follows(gain, scaled) for gain in alone))
    if _pairs(as_written):
        failed = _without_graph(as_written)
        shown = [failed or holds(True, at=value) for value in _shown_empty(as_written)]
        return confirmed(best(shown or [_not_cleared(as_written)]), by=lambda: _follow(as_written, scaled))
    if list(_tried(as_written)):
        return not_reached()
    return for_a_person(_not_executed(as_written), "not_executed")


def explanation(as_written):
    """Words are for a person."""
    near = next((second.at for _, second in _pairs(as_written)), None)
    return for_a_person(as_written.words(kinds=("markdown", "comment", "string", "output"), near=near))


# ---------------------------------------------------------------------------------- passes over one leaf


@once
def _leaves(seen):
    """The gains at each leaf, in order, of leaves that only a few passes reached."""
    found = {}
    for gain in gains.all_of(seen):
        if gain.at.call == "backward" and gain.at.of < 0 and gain.leaf.is_leaf:
            found.setdefault(gain.leaf.ident, []).append(gain)
    return [group for group in found.values() if 2 <= len(group) <= MAX_PASSES]


@once
def _pairs(seen):
    """(first, second): passes of two functions at one leaf, of which the second found what the first left; as meant."""
    return [pair for pair in _sums(seen) if _is_meant(seen, pair)]


def _sums(seen):
    return [
        (first, second)
        for group in _leaves(seen)
        for first, second in gains.neighbours(group)
        if np.any(first.after) and agree(second.before, first.after, gains.NEAR) and _are_two(first, second)
    ]


def _are_two(first, second):
    """Different functions of the same x, each with a graph of its own: no rows, and no second run of one."""
    p, q = first.at, second.at
    same = np.array_equal(first.x, second.x) and (p.graph < 0 or p.graph != q.graph)
    return same and q.repeat_of < 0 and q.rebuilt_of < 0 and _differ(first, second)


def _differ(first, second):
    return first.at.ops != second.at.ops or not agree(second.added, first.added, gains.NEAR)


def _alone(seen, gain):
    """The gradient of this function by itself: of a pass that found nothing, else by its Jacobian, else what came."""
    for group in _leaves(seen):
        for other in group:
            if other.at is not gain.at and not np.any(other.before) and _is_same_function(other, gain):
                return other.added
    jacobian, seed = gain.leaf.jacobian, gain.at.seed
    if jacobian is not None and seed is not None and seed.size == len(jacobian):
        return (np.ravel(seed).astype(float) @ jacobian).reshape(gain.x.shape)
    return gain.added


def _is_same_function(a, b):
    roots = a.at.root is not None and b.at.root is not None and agree(a.at.root, b.at.root, gains.NEAR)
    return roots and a.at.ops == b.at.ops and np.array_equal(a.x, b.x)


def _alone_again(seen):
    """Passes that found nothing at a leaf where an earlier pass had left something."""
    return [
        gain
        for group in _leaves(seen)
        for i, gain in enumerate(group)
        if not np.any(gain.before) and any(np.any(earlier.after) for earlier in group[:i])
    ]


# ---------------------------------------------------------------------------------- what is meant


def _is_meant(seen, pair):
    """Words about sums of gradients beside it; or the leaf was cleared afterwards and one of the two ran again."""
    if seen.own_words_near(ABOUT, pair[1].at):
        return True
    later = [gain for gain in _alone_again(seen) if gain.at.order > pair[1].at.order]
    return any(_is_same_function(gain, one) for gain in later for one in pair)


def _shown_empty(seen):
    """Zeros at a leaf that two functions had reached."""
    end = max(second.at.order for _, second in _pairs(seen))
    xs = [second.leaf.x for _, second in _pairs(seen)]
    for value in seen.values:
        empty = value.order > end and value.grad is not None and not np.any(value.grad)
        if empty and any(value.array is not None and np.array_equal(value.array, x) for x in xs):
            yield value


def _without_graph(seen):
    """A pass over what does not depend on the leaf, after the sum was there; None if there is none."""
    end = _pairs(seen)[-1][1].at.order
    failed = next((p for p in seen.passes if p.order > end and error_kind(p.error) == "no_graph"), None)
    return failed and holds(False, otherwise="no_graph", at=failed)


def _not_cleared(seen):
    last = _pairs(seen)[-1][1].at
    error = next((e for e in seen.errors if "has no attribute 'zero" in e.message and "None" not in e.message), None)
    return holds(False, otherwise="no_such_method" if error else "never_cleared", at=error or last)


def _tried(seen):
    """Two functions, beside words about sums: at two leaves with equal numbers, or at one that was always cleared."""
    found = gains.all_of(seen)
    for first, second in gains.neighbours(found):
        counts = np.array_equal(np.ravel(first.x), np.arange(first.x.size))
        apart = first.at is not second.at and _are_two(first, second) and not np.any(second.before)
        if apart and not counts and seen.own_words_near(ABOUT, second.at):
            new = first.leaf.ident != second.leaf.ident
            yield holds(False, otherwise="fresh_leaf" if new else "always_cleared", at=second.at)


def _follow(as_written, scaled):
    return any(gains.follows(second, scaled) for _, second in _pairs(as_written))


def _not_executed(seen):
    return seen.words(NOT_RUN, ("comment", "string", "dead"))
