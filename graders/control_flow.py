"""Criteria for `control_flow`: the book's f with a vector or matrix a.

    b = 2a, doubled until ‖b‖ ≥ 1000; times 100 unless the sum is positive        f(a) = k·a, a.grad = k everywhere

k depends on decisions that are taken in the student's precision, so they are replayed in it. Multiplying by 1024 is not
f: as many products as k has doublings have to stand in the graph, or a loop in a function.
"""

import numpy as np

from autograder.evidence import error_kind
from autograder.exhibits import bars
from autograder.judge import agree, and_then, best, close, confirmed, for_a_person, holds, newest, not_reached, once
from autograder.model import Tolerance

NEAR = Tolerance(1e-4, 1e-6)
LONG_CHAIN = 4  # products in a row: some doubling loop ran
CHAIN = frozenset(
    "Mul Add Sub Neg Where Sum Mean Select Norm LinalgVectorNorm Sqrt Pow Clone View Stack Cat Unbind Squeeze "
    "Unsqueeze Index Slice Dot Mv Mm Bmm Alias Expand T Transpose ToCopy".split()
)
SHAPES = ("vector", "matrix", "向量", "矩阵")
LOOP = r"\bwhile\b|control.?flow|控制流"
ABOUT = r"(?s)\A(?=.*(f\(a\)|d ?/ ?a|a\.grad|控制流))(?=.*(slope|grad|sum\(|scalar|梯度|导数|标量|k))"
RAISED = {"scalar_outputs": "vector_backward", "no_graph": "no_graph"}


def attempted(as_written):
    """f, or something that doubles like it, was differentiated (or tried) at an a with several entries."""
    ran = [*_runs(as_written), *_computed(as_written), *_transforms(as_written)]
    return bool(ran or list(_raised(as_written)) or _about_it(as_written))


def nonscalar(as_written, fresh):
    """What ran at that a is f: there, with a fresh a, and on hidden inputs if it is a function that can be called."""
    runs = [holds(_has_its_values(as_written, p, a), otherwise="another_function", at=p) for p, a in _runs(as_written)]
    meant = [p for p, _ in _computed(as_written)] + _vector_roots(as_written) + _transforms(as_written)
    claims = [*runs, *(holds(True, at=seen) for seen in meant)]
    if not claims:
        return not_reached() if list(_raised(as_written)) else _in_words(as_written)
    first = next((p for p, _ in _runs(as_written)), None)
    again = confirmed(holds(True), by=lambda: not runs or bool(meant) or _is_f_again(fresh))
    return and_then(best(claims), lambda: _another_function(fresh, first) or again)


def _another_function(fresh, at):
    differs = _callable_f(fresh) is False or _differs(fresh)
    return holds(False, otherwise="another_function", at=at) if differs else None


def gradient(as_written, fresh, scaled):
    """a.grad is k in every entry; whichever branch this a took, both are looked at.

    Where every cotangent is multiplied by a hidden c, it has to be ck: written down, k would stay k.
    """
    runs = [(p, a) for p, a in _runs(as_written) if not p.error and as_written.still_counts(p, a)]
    passes = [_claim(as_written, p, a) for p, a in runs]
    inner = [holds(False, otherwise="not_a_leaf", at=p) for p, _ in _computed(as_written)]
    made = [*_entry_by_entry(as_written), *map(_of_transform, _transforms(as_written))]
    claims = [*passes, *inner, *made, *_raised(as_written)]
    if not claims:
        return _in_words(as_written)
    first = next((p for p, _ in _runs(as_written)), None)
    again = confirmed(holds(True), by=lambda: _follows(scaled) and (not passes or _is_f_again(fresh)))
    return and_then(newest(claims), lambda: _lost_a_branch(fresh, first) or again)


def _lost_a_branch(fresh, at):
    return holds(False, otherwise="without_100", at=at) if at and _misses_100(fresh) else None


def analysis(as_written):
    """A comparison with d / a or k, tolerant or for equality; or words."""
    for seen in as_written.comparisons:
        for a, d, slopes in _right(as_written):
            with np.errstate(all="ignore"):
                wanted = (slopes, d / a)
            if any(_equal(seen.left, w) or _equal(seen.right, w) for w in wanted):
                return holds(True, at=seen)
    tried = [p for p, _ in (*_runs(as_written), *_computed(as_written))] + _vector_roots(as_written)
    near = tried[0] if tried else None
    return for_a_person(as_written.words(kinds=("markdown", "comment", "string", "output"), near=near))


def exhibit(as_written):
    """a.grad of the last run of f, entry by entry."""
    ran = [a for p, a in _runs(as_written) if not p.error and a.after is not None]
    for a in ran[-1:]:
        yield bars(a.after, np.full(a.x.shape, _f(a.x)[1]))


# ---------------------------------------------------------------------------------- f


def _f(a):
    """(f(a), k), the branches replayed in a's own precision, where doubling is exact unless a square is too small."""
    b, k = a * a.dtype.type(2), 2.0
    length = float(np.linalg.norm(b))
    is_exact = length > 1e-6 and a.dtype.itemsize >= 4
    while length < 1000 and k < 1e300:
        b = b if is_exact else b * a.dtype.type(2)
        length, k = (2 * length if is_exact else float(np.linalg.norm(b))), 2 * k
    k = k if b.sum() > 0 else 100 * k
    return np.asarray(a, float) * k, k


def _usable(a):
    return a is not None and a.dtype.kind == "f" and a.size > 1 and bool(np.isfinite(a).all() and a.any())


def _made_of(root, d):
    """The root of the pass is f(a), or its sum, mean, length or one of its entries. A sum of nothing proves nothing."""
    if root is None:
        return False
    if root.shape == d.shape:
        return agree(root, d, NEAR)
    if root.size != 1:
        return False
    ways = np.array([d.sum(), d.mean(), np.linalg.norm(d), *(d.ravel() if d.size <= 1000 else [])])
    ways = ways[np.abs(ways) > 1e-3 * np.abs(d).max()]
    return bool(_near(float(root.ravel()[0]), ways).any())


@once
def _runs(seen):
    """(pass, leaf) of everything that looks like f at an a with several entries."""
    loops = seen.mentions_it(LOOP)
    chains = [p for p in seen.passes if set(p.ops) <= CHAIN and p.ops.get("Mul", 0) + p.ops.get("Add", 0) >= 1]
    usable = [(p, a) for p in chains for a in p.leaves if _usable(a.x)]
    return [(p, a) for p, a in usable if _is_f(seen, p, a) or (loops and _doubles(p, a)) or _steps_out(p, a)]


def _is_f(seen, p, a):
    d, k = _f(a.x)
    doublings = np.log2(k if float(np.log2(k)).is_integer() else k / 100)
    products = p.ops.get("Mul", 0) + p.ops.get("Add", 0)
    counted = products >= doublings and (products >= LONG_CHAIN or bool(seen.functions))
    enough = counted or (bool(seen.functions) and seen.mentions_it(LOOP))  # the loop may count in plain numbers
    return set(p.ops) <= CHAIN and enough and (_made_of(p.root, d) or _sum_of_nothing(p, a, d, k))


def _sum_of_nothing(p, a, d, k):
    """The entries of f(a) cancel, so their sum tells nothing; then the gradient has to."""
    cancels = p.root is not None and p.root.size == 1 and abs(d.sum()) <= 1e-3 * np.abs(d).max()
    return cancels and agree(a.after, np.full(a.x.shape, k), NEAR)


def _has_its_values(seen, p, a):
    return _is_f(seen, p, a) or _steps_out(p, a)


def _steps_out(p, a):
    """The values are those of f, and autograd saw only a product or two of it."""
    d, k = _f(a.x)
    first = any(_equal(a.after, np.full(a.x.shape, seen)) for seen in (2.0, 200.0))
    return first and k not in (2.0, 200.0) and _made_of(p.root, d)


def _doubles(p, a):
    """A chain of products whose slope is a power of two, or a hundred times one, in each entry: f with a mistake."""
    return p.ops.get("Mul", 0) >= LONG_CHAIN and (_per_element(p, a) or _whole_chain(p, a))


def _whole_chain(p, a):
    if a.after is None or a.after.shape != a.x.shape or not np.any(a.after):
        return False
    slopes = np.unique(np.abs(a.after[a.after != 0]))
    return slopes.size == 1 and any(_is_power(slopes[0] / factor) for factor in (1, 100))


def _is_power(number):
    return bool(np.isclose(np.log2(number) % 1, (0, 1), atol=1e-6).any())


def _per_element(p, a):
    d = _one_by_one(a.x)
    return d is not None and (_made_of(p.root, d * a.x) or agree(a.after, d, NEAR))


def _one_by_one(x):
    """k of each entry, as if f ran on it alone."""
    if np.any(x == 0) or x.size > 1000:
        return None
    return np.array([_f(x.reshape(-1, 1)[i])[1] for i in range(x.size)]).reshape(x.shape)


def _differs(fresh):
    """With a fresh a the same lines gave something else than f: a branch is missing."""
    runs = _runs(fresh)
    return bool(runs) and not any(_has_its_values(fresh, p, a) for p, a in runs)


def _is_f_again(fresh):
    """With a fresh a, or called on hidden inputs, it is f as well: as many products as one a needs are no loop."""
    return bool(_callable_f(fresh)) or any(_is_f(fresh, p, a) or _steps_out(p, a) for p, a in _runs(fresh))


@once
def _callable_f(fresh):
    """Whether a function of the student's is f on every hidden input; None when none could be called like it."""
    results = {}
    for called in fresh.called:
        if called.call in fresh.inputs and called.result is not None:
            a = fresh.inputs[called.call][0]
            right = called.result.shape == a.shape and agree(called.result, _f(a)[0], NEAR)
            results.setdefault(called.function, []).append(right)
    if any(all(rights) for rights in results.values()):
        return True
    # Right on some inputs and wrong on others: a branch of f is missing, or another one.
    return False if any(any(rights) for rights in results.values()) else None


def _misses_100(fresh):
    """A function that is f where the sum is positive and a hundredth of it elsewhere, and none that is f throughout."""
    if _callable_f(fresh):
        return False
    calls = [c for c in fresh.called if c.call in fresh.inputs and c.result is not None]
    hundredth = [c for c in calls if _is_share(c, fresh.inputs[c.call][0], 0.01)]
    return any(_is_share(c, fresh.inputs[c.call][0], 1) for h in hundredth for c in calls if c.function == h.function)


def _is_share(called, a, share):
    return called.result.shape == a.shape and agree(called.result, share * _f(a)[0], NEAR)


# ---------------------------------------------------------------------------------- gradients


def _claim(seen, p, a):
    if _nobody_holds(seen, p, a):
        return holds(False, otherwise="not_a_leaf", at=p)
    d, k = _f(a.x)
    slopes = k * _weights(p, a)
    return close(a.after, slopes, at=p, **_mistakes(a, d, k, slopes))


def _weights(p, a):
    """One for each entry of f(a): the student's own, if none is zero and they are not made of a; ones otherwise."""
    ones, own = np.ones(a.x.shape), p.weights
    if own is None or p.root is None or not own.shape == p.root.shape == a.x.shape or own.dtype.kind not in "iuf":
        return ones
    ratios = np.ravel(own / np.where(a.x == 0, np.nan, a.x))
    of_a = np.allclose(ratios, ratios[0], rtol=1e-3)
    uniform = np.allclose(own, own.ravel()[0], rtol=1e-3)
    return np.asarray(own, float) if np.all(own) and not of_a and not uniform else ones


def _nobody_holds(seen, p, a):
    """The tensor that asked for gradients has no name: what has one was computed from it, and keeps none."""
    inner = [v for v in seen.values if v.name and v.requires_grad and not v.is_leaf and v.grad is None]
    made = [v for v in inner if _usable(v.array) and v.array.shape == a.x.shape and not _made_of(p.root, v.array)]
    multiples = [v for v in made if not _equal(v.array, a.x) and _made_of(p.root, _f(v.array)[0])]
    return bool(multiples) and not _is_at_hand(seen, a)


def _is_at_hand(seen, a):
    """The leaf, or its gradient, was kept (also in a list), shown, drawn or compared."""
    rows = [row for v in seen.values if v.array is not None and v.array.ndim > a.x.ndim for row in v.array]
    compared = [side for comparison in seen.comparisons for side in (comparison.left, comparison.right)]
    near = any(np.array_equal(one, other) for one in (*rows, *compared) for other in (a.x, a.after))
    return near or seen.is_used(a.x) or seen.is_used(a.after)


def _mistakes(a, d, k, slopes):
    x, got = np.asarray(a.x, float), a.after
    one = np.zeros(x.shape)
    if got is not None and got.shape == x.shape and np.count_nonzero(got) == 1:
        one[got != 0] = k
    singles = _one_by_one(a.x)
    outside = 200.0 if k >= 200 and _equal(got, np.full(x.shape, 200.0)) else 2.0
    mistakes = {
        "weighted_by_d": k * d,
        "weighted_by_a": d,
        "over_n": np.full(x.shape, k / x.size),
        "of_the_norm": k * x / np.linalg.norm(x),
        "only_one_entry": one,
        "accumulated_twice": 2 * slopes,
        "without_100": np.full(x.shape, k / 100),
        "outside_graph": np.full(x.shape, outside),
    }
    return {**mistakes, **({"per_element": singles} if singles is not None else {})}


def _follows(scaled):
    """c times the slope arrived somewhere: at a leaf, entry by entry at several passes, or from a transform."""
    pairs = [(p, a) for p in scaled.passes for a in p.leaves if not p.error and _usable(a.x)]
    if any(_equal(a.after, scaled.scale * _f(a.x)[1] * _weights(p, a)) for p, a in pairs):
        return True
    leaves = [(a.x, a.after) for _, a in pairs]
    single = [after[after != 0] / _f(x)[1] for x, after in leaves if after is not None and np.count_nonzero(after) == 1]
    if any(np.allclose(ratio, scaled.scale, rtol=1e-4) for ratio in single):
        return True
    calls = [(call.inputs[0], call.result) for call in scaled.derivatives if len(call.inputs) == 1]
    return any(_is_scaled(x, result, scaled.scale) for x, result in calls if _usable(x) and result is not None)


def _is_scaled(x, result, scale):
    """k throughout, or on the diagonal, times c; twice so where a transform is made of two passes."""
    largest = np.abs(result).max(initial=0.0)
    return result.size in (x.size, x.size**2) and any(np.isclose(largest, c * _f(x)[1]) for c in (scale, scale**2))


def _entry_by_entry(seen):
    """One pass for each entry of f(a), read and cleared: each left a single entry, together they are the gradient."""
    groups = {}
    for p, a in _runs(seen):
        if not p.error and a.after is not None and np.count_nonzero(a.after) == 1:
            groups.setdefault(a.ident, []).append((p, a))
    for pairs in groups.values():
        if len(pairs) > 1:
            (p, a), entries = pairs[-1], [leaf.after for _, leaf in pairs]
            yield close(np.sum(entries, axis=0), np.full(a.x.shape, _f(a.x)[1]), at=p)


@once
def _computed(seen):
    """(pass, value): a was computed from the tensor that asked for gradients, so none is kept on it."""
    inner = [v for v in seen.values if v.requires_grad and not v.is_leaf and v.grad is None and _usable(v.array)]
    found = []
    for p in seen.passes if inner else ():
        if not p.error and set(p.ops) <= CHAIN and not any(_usable(a.x) and _is_f(seen, p, a) for a in p.leaves):
            found += [(p, v) for v in inner if _is_f_of(p, v)]
    return found


def _is_f_of(p, v):
    return _made_of(p.root, _f(v.array)[0]) and not _made_of(p.root, np.asarray(v.array, float))


@once
def _transforms(seen):
    """functional.jacobian and its kin, of f at a vector: k in each entry, or k on the diagonal."""
    return [call for call in seen.derivatives if _is_call_of_f(call)]


def _is_call_of_f(call):
    if len(call.inputs) != 1 or not _usable(call.inputs[0]) or call.result is None or _f(call.inputs[0])[1] < 8:
        return False
    claim = _of_transform(call)
    return agree(claim.observed, claim.expected, NEAR)


def _of_transform(call):
    a, k = call.inputs[0], _f(call.inputs[0])[1]
    if call.result.size == a.size**2:
        return close(call.result.reshape(a.size, a.size), k * np.eye(a.size), at=call)
    return close(call.result, np.full(a.shape, k), at=call)


def _right(seen):
    for p, a in _runs(seen):
        d, k = _f(a.x)
        yield np.asarray(a.x, float), d, k * _weights(p, a)


def _equal(got, want):
    same = got is not None and got.shape == want.shape
    return same and bool((_near(got, want) | ~np.isfinite(want)).all())


def _near(got, want):
    return np.abs(got - want) <= 1e-8 + 1e-4 * np.abs(want)


# ---------------------------------------------------------------------------------- what went wrong, and words


def _vector_roots(seen):
    """Passes that raised because f(a) is a vector, or was not recorded."""
    return [p for p in seen.passes if error_kind(p.error) in RAISED and _raised_at_f(seen, p)]


def _raised_at_f(seen, p):
    leaves = [leaf.x for leaf in p.leaves]
    if not p.recorded:
        leaves += [value.array for value in seen.values]
    elif p.ops.get("Mul", 0) + p.ops.get("Add", 0) < 1:
        return False
    return any(_usable(x) and _f(x)[1] >= 8 and _made_of(p.root, _f(x)[0]) for x in leaves)


def _raised(seen):
    for p in _vector_roots(seen):
        yield holds(False, otherwise=RAISED[error_kind(p.error)], at=p)
    for error in seen.errors:
        if error_kind(error.message) == "real_numbers" and ("norm" in error.message or "norm" in error.source):
            yield holds(False, otherwise="integer_a", at=error)


def _about_it(seen):
    """Words on what becomes of f(a) and its gradient; or code that did not run."""
    return [p for p in seen.words(ABOUT) if any(word in p.text.lower() for word in SHAPES) or _is_code(p.text)]


def _is_code(text):
    """Commented out, in a string or switched off: f at some a, and a backward pass."""
    return "f(a)" in text and "backward(" in text


def _did_not_run(passage):
    return passage.kind != "markdown" and _is_code(passage.text)


def _in_words(seen):
    found = _about_it(seen)
    return for_a_person(found, "not_executed" if any(_did_not_run(p) for p in found) else "in_words")
