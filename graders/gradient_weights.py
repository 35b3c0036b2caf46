"""Criteria for `gradient_weights`: backward on a vector y with weights v leaves vᵀJ, a weighted sum of gradients.

    y = (3x₁², x₁² + 2x₂³, 10x₂) at (1, 2), v = (1, 10, 100):    vᵀJ = (6 + 20, 240 + 1000)

J is the observer's, worked out of the student's own graph by one-hot passes. Weights given one after another over one
graph add up. Where every cotangent is multiplied by a hidden c, c vᵀJ has to come out.

Ones are everybody's sum, one-hot weights somebody's Jacobian, and y or x as weights a mistake in another exercise.
"""

import numpy as np

from autograder import gains
from autograder.evidence import error_kind
from autograder.judge import agree, close, confirmed, for_a_person, holds, newest

ABOUT = r"weight|gradient (argument|=)|gradient=|vector.jacobian|vᵀ|v\^?t ?j|权重|加权|gradient ?参数"
MEANT = r"(weights?|weighted|权重|加权).{0,40}\b(10|100|1000|0?\.\d+|[2-9])\b"
NOT_RUN = r"\.backward\((gradient ?= ?)?torch\.(tensor|FloatTensor)\(\["
PULLS = ("vjp", "functional.vjp")
RAISED = {"weights_shape": "weights_shape", "scalar_outputs": "vector_backward", "second_time": "freed_graph"}


def attempted(as_written):
    """Weights that differ were given to a vector, or one after another to a number; or it was tried."""
    tried = (_passes, _calls, _series, _pushed, _raised, _sums, _products)
    return any(bool(list(way(as_written))) for way in tried) or bool(_not_executed(as_written))


def weighted(as_written, scaled):
    """What the weighted pass left, or the pull-back returned, is vᵀJ."""
    claims = [*_left(as_written), *_returned(as_written), *_in_series(as_written)]
    if claims:
        return confirmed(newest(claims), by=lambda: _follows(as_written, scaled))
    failed = [*_raised(as_written), *_pushed(as_written)] or list(_sums(as_written))
    if failed:
        return newest(failed)
    products = list(_products(as_written))
    if not products:
        return for_a_person(_not_executed(as_written), "not_executed")
    return confirmed(newest(products), by=lambda: False)


def meaning(as_written):
    """Words are for a person."""
    done = [*(gain.at for gain in _passes(as_written)), *(call for call, _ in _calls(as_written))]
    near = (done or [gain.at for gain, _ in _series(as_written)] or [None])[0]
    return for_a_person(as_written.words(kinds=("markdown", "comment", "string", "output"), near=near))


# ---------------------------------------------------------------------------------- weights for a vector


def _passes(seen):
    """What passes with weights of their own added, where a Jacobian is known."""
    for p in seen.passes:
        if p.of < 0 and p.root is not None and p.root.size > 1 and _are_weights(p.weights) and not _are_rows(seen, p):
            for gain in gains.of(p):
                j = gain.leaf.jacobian
                if j is not None and p.seed is not None and p.seed.size == len(j) and not _is_borrowed(p, gain):
                    yield gain


def _are_weights(weights):
    """Real numbers that differ, and more than one of them not zero."""
    if weights is None or weights.dtype.kind not in "biuf" or weights.size < 2:
        return False
    return np.count_nonzero(weights) > 1 and bool(np.any(weights != weights.ravel()[0]))


def _is_borrowed(p, gain):
    """The outputs or the inputs themselves served as weights."""
    return any(agree(np.ravel(p.weights), np.ravel(other), gains.NEAR) for other in (p.root, gain.x))


def _are_rows(seen, p):
    """As many weights over one graph as it has outputs make somebody's Jacobian, unless weights are spoken of."""
    over = {q.weights.tobytes() for q in seen.passes if q.graph == p.graph >= 0 and q.weights is not None}
    return len(over) >= p.root.size and not seen.own_words_near(ABOUT, p)


def _right(gain):
    return (np.ravel(gain.at.seed).astype(float) @ gain.leaf.jacobian).reshape(gain.x.shape)


def _left(seen):
    """Earlier weights over the same graph stay in the sum; what another function left there does not belong."""
    graphs = {}
    for gain in _passes(seen):
        right, key = _right(gain), (gain.at.graph, gain.leaf.ident)
        so_far = graphs.get(key)
        graphs[key] = gain.after
        if so_far is not None and agree(gain.before, so_far, gains.NEAR):
            yield close(gain.after, gain.before + right, at=gain.at)
        else:
            yield close(gain.leaf.after, right, at=gain.at, left_over=gain.before + right)


def _calls(seen):
    """(call, v) of pull-backs with weights of their own."""
    for call in seen.derivatives:
        known = call.names[0] in PULLS and call.reference is not None and _are_weights(call.direction)
        if known and call.direction.size == len(call.reference):
            yield call, np.ravel(call.direction).astype(float)


def _returned(seen):
    for call, v in _calls(seen):
        right = v @ call.reference
        result = np.concatenate([np.ravel(part) for part in call.parts]) if call.parts else call.result
        yield close(None if result is None else np.ravel(result), right, at=call)


# ---------------------------------------------------------------------------------- one weight after another


def _series(seen):
    """(gain, slope) of passes from one number with different weights, over the same computation of the same leaf."""
    groups = {}
    for gain in gains.all_of(seen):
        p = gain.at
        if p.of < 0 and p.root is not None and p.root.size == 1 and p.weights is not None and p.weights.size == 1:
            groups.setdefault((p.root.tobytes(), gain.leaf.ident), []).append(gain)
    for group in groups.values():
        weights = [gain.at.weights.item() for gain in group]
        if len(set(weights)) >= 2 and weights[0] != 0:
            yield from ((gain, group[0].added / weights[0]) for gain in group)


def _in_series(seen):
    for gain, slope in _series(seen):
        yield close(gain.after, gain.before + gain.at.weights.item() * slope, at=gain.at)


# ---------------------------------------------------------------------------------- the scaled run


def _follows(as_written, scaled):
    """c times as much, by a pass or by a call."""
    passed = [*_passes(as_written), *(gain for gain, _ in _series(as_written))]
    if any(gains.follows(gain, scaled) for gain in passed):
        return True
    wanted = [scaled.scale * np.ravel(call.result) for call, _ in _calls(as_written) if call.result is not None]
    results = [np.ravel(call.result) for call in scaled.derivatives if call.result is not None]
    return any(np.any(w) and agree(result, w, gains.NEAR) for w in wanted for result in results)


# ---------------------------------------------------------------------------------- what went wrong


def _raised(seen):
    """Weights of another shape, a freed graph; no weights at all, beside words about them."""
    for p in seen.passes:
        reason = RAISED.get(error_kind(p.error), "")
        shape = reason == "weights_shape" and _are_weights(p.weights)
        if shape or (reason == "freed_graph" and _is_next_weight(seen, p)):
            yield holds(False, otherwise=reason, at=p)
        if reason == "vector_backward" and seen.own_words_near(MEANT, p):
            yield holds(False, otherwise=reason, at=p)


def _is_next_weight(seen, p):
    """An earlier pass from the same outputs had other weights, and neither picks out a row."""
    if p.weights is None or not (_are_weights(p.weights) or p.weights.size == 1):
        return False
    alike = [q for q in seen.passes if q.order < p.order and not q.error and _same(q.root, p.root)]
    return any(q.weights is not None and not _same(q.weights, p.weights) for q in alike)


def _same(a, b):
    return a is not None and b is not None and np.array_equal(a, b)


def _pushed(seen):
    """Jv in place of vᵀJ, beside words about weights."""
    for call in seen.derivatives:
        square = call.reference is not None and call.reference.shape[0] == call.reference.shape[1]
        if (
            call.names[0].endswith("jvp")
            and square
            and _are_weights(call.direction)
            and seen.own_words_near(MEANT, call)
        ):
            yield holds(False, otherwise="wrong_side", at=call)


def _sums(seen):
    """Weights of ones, beside words about other weights."""
    for p in seen.passes:
        if _has_ones(p) and p.root.size > 1 and p.weights is not None and seen.own_words_near(MEANT, p):
            yield holds(False, otherwise="all_ones", at=p)


def _products(seen):
    """A sum of a product, which may be that of weights and outputs, beside words about weights: for a person."""
    for p in seen.passes:
        if _has_ones(p) and p.root.size == 1 and "Mul" in p.ops and seen.own_words_near(MEANT, p):
            yield holds(True, at=p)


def _has_ones(p):
    ones = p.seed is not None and p.seed.size > 1 and bool(np.all(p.seed == 1))
    return ones and not p.error and p.of < 0 and p.root is not None


def _not_executed(seen):
    return seen.words(NOT_RUN, ("comment", "string", "dead"))
