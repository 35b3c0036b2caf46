"""Criteria for `detach`: z = u · x with u = detach(y), so ∂z/∂x = u, and y keeps a graph of its own.

    y = x · x:    u = x², where a gradient that also flows through u is 3x², and one that flows only through it 2x²

Any other y counts as well, if its numbers were seen with a graph and without. The book's demonstration, at
x = 0, 1, 2, …, is in everybody's notebook: it counts only where somebody speaks of more than the book says there.
"""

import numpy as np

from autograder import gains
from autograder.evidence import error_kind
from autograder.judge import agree, best, close, confirmed, for_a_person, holds, newest, once

ABOUT = r"detach|分离|脱离"
OWN_QUESTION = (
    r"(?s)(detach|分离|脱离|\bu\b).*(3 ?\*? ?x|three times|without|constant|exercise|question|三倍|常数|练习|如果不)"
)
CUTTING = ("detach(", "detach_(", "no_grad", ".data", "inference_mode", ".item(", ".numpy(", "stop_gradient")
MAX_FACTORS = 50  # that are tried as u
NOT_RUN = r"(?s)\.detach\(\).*\.backward\("
PLAIN = frozenset(
    "Mul Pow Sum Mean Clone Alias View Squeeze Unsqueeze Dot Exp Sin Cos Tanh Sigmoid Log Sqrt Add".split()
)


def attempted(as_written):
    """z was passed at numbers of the student's own, or it was tried."""
    return bool(_products(as_written) or list(_cut(as_written)) or _not_executed(as_written))


def gradient(as_written, scaled):
    """What the pass from z left at x is u."""
    products = _products(as_written)
    last = [(gain, u) for gain, u in products if not any(_adds_to(gain, other) for other, _ in products)]
    claims = [close(gain.leaf.after, u, at=gain.at, **_mistakes(gain, u)) for gain, u in last]
    if claims:
        return confirmed(newest(claims), by=lambda: _was_cut(as_written) and _follows(products, scaled))
    return (
        newest(_cut(as_written)) if list(_cut(as_written)) else for_a_person(_not_executed(as_written), "not_executed")
    )


def _follows(products, scaled):
    return any(gains.follows(gain, scaled) for gain, _ in products)


def own_graph(as_written, scaled):
    """A pass from y, or its sum, at the same x."""
    passes = [(gain, u) for product, u in _products(as_written) for gain in _of_y(as_written, product, u)]
    claims = [
        close(gain.leaf.after, _slope_of_y(gain, u), at=gain.at, **_both(gain))
        for gain, u in passes
        if np.any(gain.added)
    ]
    if not claims and _not_executed(as_written) and not _products(as_written):
        return for_a_person(_not_executed(as_written), "not_executed")
    if not claims:
        return best([])
    return confirmed(newest(claims), by=lambda: any(gains.follows(gain, scaled) for gain, _ in passes))


def explanation(as_written):
    """Words are for a person."""
    near = next((gain.at for gain, _ in _products(as_written)), None)
    return for_a_person(as_written.words(kinds=("markdown", "comment", "string", "output"), near=near))


def _was_cut(seen):
    """Something was taken out of a graph, or an inner value was: numbers that were typed in have never been in one."""
    inner = [v.array for v in seen.values if v.requires_grad and not v.is_leaf]
    recorded = any(agree(y, u, gains.NEAR) for y in inner for _, u in _products(seen))
    return recorded or any(words in passage.text for passage in seen.code for words in CUTTING)


# ---------------------------------------------------------------------------------- z and y


@once
def _products(seen):
    """(gain, u) of passes that started from z = u · x."""
    found, cut = [], _without_graph(seen)
    for gain in gains.all_of(seen):
        p = gain.at
        if p.of < 0 and p.root is not None and set(p.ops) <= PLAIN and np.any(gain.x) and _is_own(seen, gain):
            found += [(gain, u) for u in _factors(seen, gain, cut)]
    return found


def _without_graph(seen):
    """(order, numbers) of values without a graph that were seen with one as well: y, and u = detach(y)."""
    real = [v for v in seen.values if v.array is not None and v.array.dtype.kind == "f"]
    recorded = {v.array.tobytes() for v in real if v.requires_grad and not v.is_leaf}
    plain = [v for v in real if not v.requires_grad and v.array.tobytes() in recorded]
    found = {v.array.tobytes(): v for v in reversed(plain)}  # the first of each
    return [(v.order, np.asarray(v.array, float)) for v in found.values()][:MAX_FACTORS]


def _is_own(seen, gain):
    """Not the book's own numbers, unless more is asked there than the book says."""
    counts = np.array_equal(np.ravel(gain.x), np.arange(gain.x.size))
    return not counts or seen.own_words_near(OWN_QUESTION, gain.at)


def _factors(seen, gain, cut):
    """Every u for which the root is u · x: the square, whatever came of it; others only where they came out."""
    x, p = gain.x, gain.at
    square = x * x
    if _is_made_of(p.root, square * x) and _is_about_detach(seen, gain, square):
        yield square
    for order, u in cut:
        telling = order < p.order and u.shape == x.shape and (np.ptp(u) > 0 or u.size == 1)
        if telling and not agree(u, square, gains.NEAR) and _is_made_of(p.root, u * x):
            yield u


def _adds_to(gain, other):
    """The other pass came later and started from what this one had left."""
    same = gain.leaf.ident == other.leaf.ident and other.at.order > gain.at.order
    return same and np.any(gain.after) and agree(other.before, gain.after, gains.NEAR)


def _is_about_detach(seen, gain, square):
    """Detaching is spoken of; or the gradient misses a part of 3x², at numbers that tell a square from a line."""
    part = any(agree(gain.added, want, gains.NEAR) for want in (square, 2 * square, square / square.size))
    telling = np.ptp(gain.x) > 0 and bool(np.any(square != np.abs(gain.x)))
    return (part and telling) or seen.own_words_near(ABOUT, gain.at)


def _is_made_of(root, values):
    """The values themselves, or their sum, or their mean."""
    if root.size == values.size:
        return agree(np.ravel(root), np.ravel(values), gains.NEAR)
    ways = (values.sum(), values.mean())
    return root.size == 1 and bool(np.isclose(root.item(), ways, rtol=1e-4, atol=1e-4 * np.abs(values).max()).any())


def _mistakes(gain, u):
    """What is left where the gradient takes other paths, or finds something there already."""
    wrong = {"averaged": u / u.size}
    wrong |= {"left_over": gain.before + u} if np.any(gain.before) else {}
    if agree(u, gain.x * gain.x, gains.NEAR):
        wrong |= {"through_u": 3 * u, "other_factor": 2 * u}
    return wrong


def _of_y(seen, product, u):
    """Passes at the same x from something with the values of u."""
    for gain in gains.all_of(seen):
        same = gain.leaf.ident == product.leaf.ident and np.array_equal(gain.x, product.x)
        if same and gain.at.root is not None and gain.at.order != product.at.order and _is_made_of(gain.at.root, u):
            yield gain


def _both(gain):
    return {"both_added": gain.after} if np.any(gain.before) else {}


def _slope_of_y(gain, u):
    """2x where y is x², or its share of a mean; of any other y, what its own pass added."""
    p, square = gain.at, gain.x * gain.x
    weights = 1.0 if p.weights is None else np.asarray(p.weights, float)
    if not agree(u, square, gains.NEAR) or np.size(weights) not in (1, gain.x.size):
        return gain.added
    is_mean = p.root.size == 1 < u.size and not np.isclose(p.root.item(), u.sum(), rtol=1e-4)
    return 2 * gain.x * np.reshape(weights, gain.x.shape if np.size(weights) > 1 else ()) / (u.size if is_mean else 1)


# ---------------------------------------------------------------------------------- what went wrong, and words


def _cut(seen):
    """backward from a z that has no graph, at an x that asked for gradients."""
    asked = [v for v in seen.values if v.requires_grad and v.is_leaf and v.array is not None and v.array.size]
    for p in seen.passes:
        if error_kind(p.error) == "no_graph" and p.root is not None and np.any(p.root):
            cubes = (np.asarray(v.array, float) ** 3 for v in asked if v.order < p.order)
            if any(_is_made_of(p.root, cube) for cube in cubes) and seen.own_words_near(ABOUT, p):
                yield holds(False, otherwise="cut_everywhere", at=p)


def _not_executed(seen):
    return seen.words(NOT_RUN, ("comment", "string", "dead"))
