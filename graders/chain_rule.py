"""Criteria for `chain_rule`: two chains, at any numbers.

    ℓ = (w x − y)²                  ∂ℓ/∂w = 2 x (w x − y), and the inner steps p = w x, e = w x − y: ∂ℓ/∂p = ∂ℓ/∂e = 2e
    o = mean(c (x + k)²)            ∂o/∂x = 2 c (x + k) / n; u = x + k: ∂o/∂u the same; z = c u²: ∂o/∂z = 1 / n

A chain is known by its numbers: the root is what these formulas give for numbers that stand in the code or were seen.
"""

import numpy as np

from autograder import gains
from autograder.judge import agree, best, close, confirmed, holds, newest

ABOUT = r"chain rule|inner deriv|链式|gradient of the loss|\(w ?\*? ?x ?[-−] ?y\)"
PLAIN = frozenset("Mean Sum Mul Pow Add Div View".split())
MAX_NUMBERS = 40  # that are tried as x, y, c and k
MAX_PASSES = 12  # from one place: more are a descent


def attempted(as_written):
    """One of the two chains was passed, or its number was worked out by hand."""
    return any(bool(list(way(as_written))) for way in (_lines, _means, _called, _by_hand))


def line(as_written, scaled):
    """What the pass left at w; else what a function's gradient returned, or what was worked out by hand."""
    claims = [_line_claim(gain.leaf.after, gain.at, a, r, gain.before) for gain, a, r in _lines(as_written)]
    if claims:
        return confirmed(newest(claims), by=lambda: _follow(_lines(as_written), scaled))
    returned = [_line_claim(call.result, call, a, r) for call, a, r in _called(as_written)]
    if returned:
        return confirmed(best(returned), by=lambda: _calls_follow(as_written, scaled))
    return newest(_by_hand(as_written))


def mean(as_written, scaled):
    """What the pass left at x."""
    claims = []
    for gain, c, u in _means(as_written):
        right, n = 2 * c * u / u.size, u.size
        wrong = {"averaged_twice": right / n, "summed": right * n}
        wrong |= {"mean_left_over": gain.before + right} if np.any(gain.before) else {}
        claims.append(close(gain.leaf.after, right, at=gain.at, **wrong))
    return confirmed(newest(claims), by=lambda: _follow(_means(as_written), scaled)) if claims else best([])


def inner(as_written, scaled):
    """Some inner tensor kept its gradient, or was asked for: it is the derivative from there on."""
    found = [*_inner_claims(as_written)]
    claims = [close(step.leaf.after, step.before + right, at=step.at) for step, right in found]
    if claims:
        return confirmed(newest(claims), by=lambda: any(gains.follows(step, scaled) for step, _ in found))
    return newest(_not_retained(as_written))


# ---------------------------------------------------------------------------------- numbers


def _tensors(seen, until=np.inf):
    """Single numbers that were seen as tensors or arrays, up to an observation."""
    leaves = [leaf.x for p in seen.passes for leaf in p.leaves if p.order <= until]
    values = [value.array for value in seen.values if value.order <= until]
    arrays = [array for array in (*leaves, *values) if array is not None]
    return _few(array.item() for array in arrays if array.size == 1 and array.dtype.kind in "iuf")


def _written(seen, near):
    """Numbers that stand in the code around, with either sign."""
    return _few(signed for number in seen.written_numbers(near) for signed in (number, -number))


def _few(numbers):
    finite = dict.fromkeys(float(number) for number in numbers if np.isfinite(number))
    return list(finite)[:MAX_NUMBERS]


def _gains(seen):
    """What passes added, without those of a training loop: many passes from one place."""
    places = {}
    for p in seen.passes:
        places[p.where] = places.get(p.where, 0) + 1
    return [gain for gain in gains.all_of(seen) if places[gain.at.where] <= MAX_PASSES and gain.at.of < 0]


# ---------------------------------------------------------------------------------- the line


def _lines(seen):
    """(gain at w, x, w x − y) of passes from the square of a line."""
    found = []
    for gain in _gains(seen):
        p = gain.at
        single = p.root is not None and p.root.size == gain.x.size == 1
        spoken = single and seen.own_words_near(ABOUT, p)
        if single and (spoken or _squares_a_difference(p)):
            numbers = [*_tensors(seen, until=p.order), *(_written(seen, p) if spoken else [])]
            found += [(gain, a, r) for a, r in _residuals(gain.x.item(), p.root.item(), numbers)]
    return [*found, *_dot_products(seen)]


def _dot_products(seen):
    """The same with vectors: (gain at w, x, w · x − y)."""
    for gain in _gains(seen):
        p = gain.at
        single = p.root is not None and p.root.size == 1 < gain.x.size and {"Sub", "Dot"} <= set(p.ops)
        if single and _squares_a_difference(p):
            before = [value.array for value in seen.values if value.order < p.order and value.array is not None]
            vectors = [np.asarray(array, float) for array in before if array.shape == gain.x.shape]
            numbers = [*_tensors(seen, until=p.order), *_written(seen, p)]
            pairs = [(a, np.sum(gain.x * a) - b) for a in vectors for b in numbers if not np.array_equal(a, gain.x)]
            yield from ((gain, a, r) for a, r in pairs if r and np.isclose(r * r, p.root.item(), rtol=1e-4, atol=0))


def _squares_a_difference(p):
    last = next(iter(p.ops), "")  # operations come from the root on
    return last == "MseLoss" or (last in ("Pow", "Mul") and "Sub" in p.ops)


def _residuals(w, loss, numbers):
    """(x, w x − y) for all numbers x, y that give this loss. Where x, or what is left, is zero, nothing can be seen."""
    pairs = [(a, w * a - b) for a in numbers for b in numbers]
    return list(dict.fromkeys((a, r) for a, r in pairs if a and r and abs(r * r - loss) <= 1e-4 * abs(loss)))


def _line_claim(observed, at, a, r, before=0.0):
    """Of one number; of several pairs that give the same loss, every one makes a claim."""
    shape = np.shape(observed)
    right = np.full(shape, 2 * a * r)
    wrong = {
        "inner_forgotten": np.full(shape, 2 * r),
        "outer_forgotten": np.full(shape, a),
        "half": np.full(shape, a * r),
        "other_sign": np.full(shape, -2 * a * r),
    }
    wrong |= {"left_over": right + before} if np.any(before) else {}
    return close(observed, right, at=at, **wrong)


def _called(seen):
    """A gradient of a function of w, beside words about the chain."""
    for call in seen.derivatives:
        single = call.depth == 1 and call.result is not None and call.result.size == 1 and len(call.inputs) >= 1
        if single and call.inputs[0].size == 1 and seen.own_words_near(ABOUT, call):
            numbers, w = [*_tensors(seen), *_written(seen, call)], call.inputs[0].item()
            pairs = [(a, w * a - b) for a in numbers for b in numbers if a and w * a != b]
            right = [(a, r) for a, r in pairs if np.isclose(2 * a * r, call.result.item(), rtol=1e-4)]
            yield from ((call, a, r) for a, r in right[:1])


def _calls_follow(as_written, scaled):
    wanted = [scaled.scale * call.result for call, *_ in _called(as_written)]
    results = [call.result for call in scaled.derivatives if call.result is not None]
    return any(agree(result, want, gains.NEAR) for want in wanted for result in results)


def _by_hand(seen):
    """No such pass; but w, x, y, the loss and a gradient are there as numbers, beside words about the chain."""
    if _lines(seen) or list(_called(seen)) or not seen.mentions_it(ABOUT):
        return []
    shown = [(at, number) for at, number in _single(seen) if seen.own_words_near(ABOUT, at)]
    numbers = _few(number for _, number in shown)
    typed = {number for at, _ in shown for number in seen.written_numbers(at, within=4)}
    chains = [(w, a, r) for w in numbers if abs(w) in typed for a, r in _all_residuals(w, numbers) if abs(a) in typed]
    for reason, factor in (("by_hand", lambda a: 2 * a), ("inner_forgotten", lambda a: 2)):
        for w, a, r in chains:
            made = [(at, number) for at, number in shown if np.isclose(number, factor(a) * r)]
            if made and _is_made(made, known=(w, a, w * a - r, r * r)):
                return [holds(False, otherwise=reason, at=made[-1][0])]
    return []


def _single(seen):
    """(where, number) of every single number, of a tensor or of Python's own."""
    tensors = [(v, v.array) for v in seen.values if v.array is not None]
    plain = [(p, p.parts[0]) for p in seen.plain if p.keys == [""]]
    return [(at, a.item()) for at, a in (*tensors, *plain) if a.size == 1 and a.dtype.kind in "iuf"]


def _is_made(found, known):
    """A number of its own; one that is w, x, y or the loss as well has to stand under two names."""
    return found[0][1] not in known or len({at.name for at, _ in found if at.name}) >= 2


def _all_residuals(w, numbers):
    return [pair for loss in numbers if loss > 0 for pair in _residuals(w, loss, numbers[:12])]


# ---------------------------------------------------------------------------------- the mean


def _means(seen):
    """(gain at x, c, x + k) of passes from the mean of c (x + k)², or what a mistake in averaging makes of it."""
    found = []
    for gain in _gains(seen):
        p = gain.at
        chain = p.root is not None and p.root.size == 1 and p.ops.get("Add", 0) == 1
        if chain and gain.x.size >= 2 and set(p.ops) <= PLAIN:
            numbers = [*_written(seen, p), *_tensors(seen, until=p.order)]
            found += [(gain, c, gain.x + k) for c, k in _constants(gain.x, p.root.item(), numbers)]
    return found


def _constants(x, root, numbers):
    """(c, k), neither of which leaves things as they are."""
    n = x.size
    for k in numbers:
        square = float(np.mean((x + k) ** 2))
        for c in numbers if k and square else ():
            if c not in (0, 1) and any(np.isclose(root, c * square * f, rtol=1e-4) for f in (1, n, 1 / n)):
                yield c, k


# ---------------------------------------------------------------------------------- inner steps


def _inner_claims(seen):
    """(inner gain, what it should be) for steps that are known by their values."""
    for gain, a, r in _lines(seen):
        for step in _steps(gain):
            values = (np.sum(gain.x * a), r, -r)
            if step.x.size == 1 and any(np.isclose(step.x.item(), value) for value in values):
                yield step, np.full(step.x.shape, 2 * r * (-1 if np.isclose(step.x.item(), -r) else 1))
    for gain, c, u in _means(seen):
        for step in _steps(gain):
            if agree(step.x, u, gains.NEAR):
                yield step, 2 * c * u / u.size
            elif agree(step.x, c * u * u, gains.NEAR):
                yield step, np.full(u.shape, 1 / u.size)


def _steps(gain):
    """What inner tensors kept in this pass; or were asked for, in it."""
    return [*gains.inner(gain.at), *(other for other in gains.of(gain.at) if not other.leaf.is_leaf)]


def _not_retained(seen):
    """None was shown after a pass, where an inner tensor was there to be asked."""
    chains = [*(gain for gain, *_ in _lines(seen)), *(gain for gain, *_ in _means(seen))]
    for gain in chains:
        inside = any(v.requires_grad and not v.is_leaf and v.grad is None for v in seen.values)
        for value in seen.values if inside else ():
            if value.none and value.order > gain.at.order and seen.are_beside(value, gain.at):
                yield holds(False, otherwise="not_retained", at=value)


def _follow(chains, scaled):
    return any(gains.follows(gain, scaled) for gain, *_ in chains)
