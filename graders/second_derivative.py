"""Criteria for `second_derivative`: f″(x), by a pass through a gradient that has a graph.

    g = ∂y/∂x, recorded        ∂(Σg)/∂x = f″(x), entry by entry where f works entry by entry

The reference is what the second pass adds: it started from g, and nothing else reached x. Where every cotangent is
multiplied by a hidden c, that has to be c² times as much: once for each of the two passes. First derivatives, their
squares taken apart, and numbers that were typed in follow with another power or not at all.
"""

import numpy as np

from autograder import gains
from autograder.evidence import error_kind
from autograder.judge import agree, close, confirmed, for_a_person, holds, newest, not_reached

SECOND = r"second[- _]?(order )?deriv|second[- ]order|2nd[- ]?(order )?deriv|\bf''|f″|d\^?2 ?[yf]|二阶|二次导"
MEANT = rf"(?s)^(?!.*(expens|cost|开销|immediately|run it again)).*({SECOND})"  # and not another question about them
NOT_RUN = r"(?s)\A(?=.*create_graph)(?=.*(grad\(|backward\())"
VECTOR_PRODUCTS = ("functional.vhp", "functional.hvp")


def attempted(as_written):
    """A gradient was differentiated, or it was tried; one differentiation only beside words about a second one."""
    tried = (_pairs, _calls, _stopped, _without_second_pass)
    return any(bool(list(way(as_written))) for way in tried) or bool(_not_executed(as_written))


def through_gradient(as_written, scaled):
    """Some pass started from the gradient of an earlier one, and reached the same x."""
    done = [holds(True, at=seen) for seen, *_ in (*_pairs(as_written), *_calls(as_written))]
    failed = [*_stopped(as_written), *_without_second_pass(as_written)]
    if done or failed:
        return confirmed(newest([*done, *failed]), by=lambda: _follows(as_written, scaled))
    return for_a_person(_not_executed(as_written), "not_executed")


def value(as_written, scaled):
    """What was left in x.grad, returned, kept or shown is f″(x)."""
    claims = [*_left(as_written), *_returned(as_written)]
    if claims:
        return confirmed(newest(claims), by=lambda: _follows(as_written, scaled))
    if any(list(way(as_written)) for way in (_stopped, _without_second_pass)):
        return not_reached()
    return for_a_person(_not_executed(as_written), "not_executed")


# ---------------------------------------------------------------------------------- a pass through a gradient


def _pairs(seen):
    """(second pass, what it added, f′ that it started from), of passes that differentiate a whole gradient."""
    for p in seen.passes:
        first = next((q for q in seen.passes if q.number == p.of), None) if p.of >= 0 else None
        alone = first is not None and (len(first.leaves) == 1 or seen.own_words_near(SECOND, p))
        for gain in gains.of(p) if alone else ():
            slope = next((leaf.after for leaf in first.leaves if leaf.ident == gain.leaf.ident), None)
            whole = slope is not None and _starts_from(p.root, slope) and _are_even(p.weights, slope)
            if whole and _is_entrywise(gain.leaf.jacobian):
                yield p, gain, np.asarray(slope, float)


def _starts_from(root, slope):
    """The gradient itself, or its sum. A sum of zero may be a mean as well: `_curvature` tells by the seed."""
    if root is None or root.size != 1 or slope.size == 1:
        return agree(root, slope, gains.NEAR)
    return bool(np.isclose(root.ravel()[0], slope.sum(), rtol=1e-4, atol=1e-5 * np.abs(slope).sum()))


def _are_even(weights, slope):
    """No weights, equal ones, or the gradient itself: any others make a product with a vector."""
    even = weights is None or weights.size == 1 or bool(np.all(weights == weights.ravel()[0]))
    return even or agree(weights, slope, gains.NEAR)


def _is_entrywise(jacobian):
    """Each slope depends on its own x alone: otherwise f″ is a matrix, and another exercise."""
    if jacobian is None or jacobian.size == 1:
        return True
    return jacobian.shape[0] == jacobian.shape[1] and not np.any(jacobian - np.diag(np.diag(jacobian)))


def _curvature(p, gain):
    """f″(x): what the pass added, its weights taken out."""
    weights = p.weights
    if p.root is not None and p.root.size == 1 < gain.x.size and p.seed is not None and p.seed.size == gain.x.size:
        weights = p.seed  # of the gradient that was summed
    if weights is None or weights.shape != gain.added.shape or not np.all(weights):
        return gain.added
    return gain.added / np.asarray(weights, float)


def _left(seen):
    """What was kept or shown after the second pass; else what stands in x.grad, or came out of it."""
    for p, gain, slope in _pairs(seen):
        right = _curvature(p, gain)
        wrong = {"both_added": slope + right, "weighted_by_first": slope * right}
        yield from _handed_in(seen, p, right) or [close(gain.leaf.after, right, at=p, **wrong)]


def _handed_in(seen, call, right):
    """f″, or half of it if f″ itself is nowhere, kept or shown after it was worked out."""
    later = [v for v in seen.values if v.order > call.order and v.array is not None and np.any(right)]
    whole = [v for v in later if agree(v.array, right, gains.NEAR) or agree(v.grad, right, gains.NEAR)]
    half = [v for v in later if agree(v.array, right / 2, gains.NEAR) and not seen.is_input(v.array)]
    if whole:
        return [close(right, right, at=whole[-1])]
    return [close(value.array, right, at=value, halved=right / 2) for value in half[-1:]]


# ---------------------------------------------------------------------------------- transforms


def _calls(seen):
    """(call, x) of a transform of a transform, of a function that works entry by entry."""
    for call in seen.derivatives:
        if call.depth == 2 and call.names[0] not in VECTOR_PRODUCTS and len(call.inputs) == 1:
            known = call.reference is None or _is_entrywise(call.reference)
            if known and call.result is not None and _entries(call) is not None:
                yield call, call.inputs[0]


def _entries(call):
    """The result, one number for each of x; of a matrix its diagonal. None if it is anything else."""
    x, result = call.inputs[0], call.result
    if result.size == x.size:
        return result.reshape(x.shape)
    square = result.size == x.size**2 and _is_entrywise(result.reshape(x.size, x.size))
    return np.diag(result.reshape(x.size, x.size)).reshape(x.shape) if square else None


def _returned(seen):
    """Against the reference; under vmap there is none, and the scaled case has to tell."""
    for call, x in _calls(seen):
        right = _entries(call) if call.reference is None else np.diag(call.reference).reshape(x.shape)
        yield from _handed_in(seen, call, right) or [close(_entries(call), right, at=call)]


# ---------------------------------------------------------------------------------- the scaled run


def _follows(as_written, scaled):
    """c² times the same curvature, by a pair of passes or by a call."""
    again = [gain for _, gain, _ in _pairs(scaled)]
    factor = scaled.scale**2
    if any(gain.comes_out(factor * _heavier(p, scaled), again) for p, gain, _ in _pairs(as_written)):
        return True
    calls = [(x, _entries(call)) for call, x in _calls(scaled)]
    return any(_is_among(x, factor * _entries(call), calls) for call, x in _calls(as_written))


def _heavier(p, scaled):
    """Weights that are a gradient themselves bring another c."""
    return scaled.scale if p.weights is not None and p.root is not None and np.array_equal(p.weights, p.root) else 1.0


def _is_among(x, larger, calls):
    return bool(np.any(larger)) and any(np.array_equal(x, o) and agree(e, larger, gains.NEAR) for o, e in calls)


# ---------------------------------------------------------------------------------- what went wrong


def _stopped(seen):
    """A pass that was started from an earlier gradient and found no way back to x."""
    for p in seen.passes:
        first = _whose_gradient(seen, p)
        if first is None:
            continue
        if error_kind(p.error) == "no_graph":
            retained = "retained_only" if first.retain else "without_graph"
            yield holds(False, otherwise="constant_slope" if first.create else retained, at=p)
        elif error_kind(p.error) == "unused" or (not p.error and not p.ops):
            yield holds(False, otherwise="cut_off", at=p)


def _whose_gradient(seen, p):
    """The earlier pass whose gradient is the root, where the root has no graph that leads further."""
    if p.root is None or p.of >= 0 or (p.ops and not p.error):
        return None
    before = [q for q in seen.passes if q.order < p.order and not q.error]
    return next((q for q in reversed(before) if any(_starts_from(p.root, g) for g in _gradients(q))), None)


def _gradients(p):
    return [leaf.after for leaf in p.leaves if leaf.after is not None and np.any(leaf.after)]


def _without_second_pass(seen):
    """Beside words about a second derivative: y was passed twice, or once, or the slope was squared."""
    if list(_pairs(seen)) or list(_calls(seen)) or list(_stopped(seen)):
        return
    differentiated = {p.of for p in seen.passes}
    for p in seen.passes:
        more = p.of < 0 and p.number not in differentiated and (p.create or p.repeat_of >= 0)
        if not p.error and more and gains.of(p) and seen.own_words_near(MEANT, p):
            yield holds(False, otherwise=_instead(seen, p), at=p)


def _instead(seen, p):
    if p.repeat_of >= 0:
        return "first_twice"
    squares = [np.asarray(g, float) ** 2 for g in _gradients(p)]
    later = [value for value in seen.values if value.order > p.order]
    shown = any(agree(v.array, s, gains.NEAR) for v in later for s in squares if not agree(s, np.sqrt(s), gains.NEAR))
    return "squared" if shown else "only_first"


def _not_executed(seen):
    """Code for it that is commented out, in a string, or switched off."""
    return [p for p in seen.words(NOT_RUN, ("comment", "string", "dead")) if "create_graph" in p.text]
