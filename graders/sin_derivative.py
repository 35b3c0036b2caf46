"""Criteria for `sin_derivative`: f(x) = sin x and f′ drawn, f′ by automatic differentiation.

x.grad = cos x        where autograd is told s′ instead: x.grad = s′(x), while cos typed in stays cos
"""

import numpy as np

from autograder.evidence import error_kind
from autograder.exhibits import curves, line
from autograder.judge import (
    agree,
    agrees_with_one,
    best,
    close,
    confirmed,
    for_a_person,
    holds,
    newest,
    not_reached,
    once,
)
from autograder.model import Tolerance
from autograder.oracle import told_slope

PICTURE = Tolerance(2e-2, 2e-2)  # two curves that nobody could tell apart by eye
EXACT = Tolerance(1e-5, 1e-6)
FOLLOWED = Tolerance(2e-3, 1e-4)
UNITS = (1.0, np.pi, np.pi / 180)  # of the axis: radians, multiples of π, degrees
FEWEST_POINTS = 4
MANY_POINTS = 10  # so many that it is a curve even where nothing is drawn
SPOKEN = r"f\(x\) ?= ?\\?sin|sin\(x\)|sine|正弦"
DERIVATIVE = r"deriv|f'\(|f\\'|f′|d[fy] ?_?/? ?dx|grad|slope|autograd|backward|导|diff|jvp|vjp|tangent"
PLAIN = frozenset(
    "Sin Cos Sum Mean Mul Div Select Unbind View Expand Clone Squeeze Unsqueeze Slice Index Stack Cat Dot Deg2Rad "
    "ToCopy Alias".split()
)
NOT_RUN = r"(?s)\bsin\(.*backward\("
RAISED = {"scalar_outputs": "vector_backward", "no_graph": "no_graph", "second_time": "freed_graph"}


def attempted(as_written):
    """Some pass went through a sine, was meant to, or sine and cosine were drawn together; or code for it never ran."""
    return bool(_tried(as_written) or list(_no_pass(as_written)) or _not_executed(as_written))


def derivative(as_written, sin_slope):
    """A backward pass left cos x at the student's own x, or what is drawn as cos x came from one (rescaled, say)."""
    if passages := _not_executed(as_written):
        return for_a_person(passages, "not_executed")
    drawn = [holds(True, at=curve) for curve in _of_kind(as_written, "d") if _draws_told_slope(sin_slope)]
    return confirmed(
        newest([*_tried(as_written), *drawn, *_no_pass(as_written)]),
        by=lambda: _follows_in_passes(sin_slope) or _follows_in_drawing(sin_slope),
    )


def by_autodiff(as_written, sin_slope):
    """What is drawn as f′ follows when autograd is told another derivative of sin."""
    if passages := _not_executed(as_written):
        return for_a_person(passages, "not_executed")
    slopes = _slope_like(as_written)
    drawn, at = {kind for kind, _ in slopes}, next((curve for _, curve in reversed(slopes)), None)
    only_cos = bool(drawn) and drawn <= {"differentiated_cos", "d"} and not any(map(_passes, _tried(as_written)))
    if ("differentiated_cos" in drawn and only_cos) or (not drawn and _ended_in_an_error(as_written)):
        return not_reached()
    if _follows_in_drawing(sin_slope) or (not drawn and _follows_in_passes(sin_slope)):
        return holds(True, at=at or next(reversed(_tried(as_written)), None))
    if not drawn:
        return not_reached()
    if not sin_slope.curves:
        return holds(_follows_in_passes(sin_slope), otherwise="did_not_follow", at=at)
    elsewhere = any(map(_passes, _tried(as_written))) and not _follows_in_passes(sin_slope)
    return holds(False, otherwise="did_not_follow" if elsewhere else _how_made(as_written), at=at)


def plot(as_written):
    """Some figure shows sin x and cos x, both against x."""
    if passages := _not_executed(as_written):
        return for_a_person(passages, "not_executed")
    figures = {curve.figure for curve in _curves(as_written)}
    claims = [claim for figure in sorted(figures) for claim in _in_figure(as_written, figure)]
    return best([*claims, *_nothing_drawn(as_written)])


# ---------------------------------------------------------------------------------- passes


@once
def _tried(seen):
    """A claim for everything that was done to get slopes of a sine."""
    passes = [p for p in seen.passes if "Sin" in p.ops or ("Cos" in p.ops and seen.mentions_it(r"\bsin\b"))]
    roads = (_of_leaves(seen, passes), _one_entry_each(passes), _point_by_point(passes), _of_transforms(seen))
    errors = (_retained(seen, passes), _not_kept(seen, passes), _raised(seen), _never_started(seen))
    return [claim for claims in (*roads, *errors) for claim in claims]


@once
def _not_executed(seen):
    """Code that would draw slopes of a sine, and is commented out, switched off, or in a function that nobody calls."""
    if _tried(seen) or list(_no_pass(seen)):
        return []
    found = seen.words(NOT_RUN, ("comment", "string", "dead"))
    return [p for p in found if "backward(" in p.text and "log" not in p.text and "plot" in p.text]


def _ended_in_an_error(seen):
    """The last thing tried did not give numbers at all."""
    claims = sorted(_tried(seen), key=lambda claim: claim.order)
    return bool(claims) and not hasattr(claims[-1], "expected") and not any(map(_passes, claims))


def _of_leaves(seen, passes):
    meant = {p.order for p in passes}
    for p in seen.passes:
        for leaf in p.leaves if not p.error else ():
            if leaf.x is None or leaf.after is None or not seen.still_counts(p, leaf) or not _is_a_grid(seen, leaf.x):
                continue
            right = agree(leaf.after, np.cos(leaf.x), EXACT) and ("Sin" in p.ops or _is_sine(p, leaf.x))
            if right or (p.order in meant and _is_attempt(p, leaf)):
                yield close(leaf.after, np.cos(leaf.x), at=p, **_mistakes(leaf.x, leaf.after))


def _is_sine(p, x):
    """Sine in another spelling, such as the imaginary part of exp(ix): known by its values."""
    return p.root is not None and _is_made_of(p.root, np.sin(np.asarray(x, float)))


def _is_a_grid(seen, x):
    """Points for a curve: many, or a few that somebody draws or speaks of. arange(4.) is everybody's first example."""
    if x.size >= MANY_POINTS:
        return True
    return x.size >= FEWEST_POINTS and (bool(_curves(seen)) or seen.mentions_it(SPOKEN, in_code=False))


def _one_entry_each(passes):
    """One pass a point over one graph, read and cleared: each left a single entry, together they are the curve."""
    groups = {}
    for p in passes:
        for leaf in p.leaves if not p.error and "Sin" in p.ops else ():
            if leaf.after is not None and np.count_nonzero(leaf.after) == 1 < leaf.after.size:
                groups.setdefault(leaf.ident, []).append((p, leaf))
    for pairs in groups.values():
        if len(pairs) >= MANY_POINTS:
            (p, leaf), entries = pairs[-1], [leaf.after for _, leaf in pairs]
            yield close(np.sum(entries, axis=0), np.cos(leaf.x), at=p)


def _mistakes(x, got):
    """What each mistake would leave instead of cos x."""
    cos, sin = np.cos(x), np.sin(x)
    one = np.zeros(x.shape)
    if np.count_nonzero(got) == 1 and got.shape == x.shape:
        one[got != 0] = cos[got != 0]
    return {
        "over_n": cos / x.size,
        "accumulated_twice": 2 * cos,
        "differentiated_cos": -sin,
        "negative": -cos,
        "degrees": np.cos(np.radians(x)) * np.pi / 180,
        "weighted_by_f": cos * sin,
        "weighted_by_x": cos * x,
        "only_one_point": one,
        "running_sum": np.cumsum(cos).reshape(x.shape),
    }


def _passes(claim):
    return hasattr(claim, "expected") and agree(claim.observed, claim.expected, EXACT)


def _is_attempt(p, leaf):
    """The root is a sine (or cosine) of something, summed up or not: no other function that contains one."""
    ops = set(p.ops)
    if not ops <= PLAIN or not ops & {"Sin", "Cos"} or p.root is None:
        return False
    x = np.asarray(leaf.x, float)
    roots = [f(u) for u in (x, np.radians(x)) for f in (np.sin, np.cos)]
    return any(_is_made_of(p.root, root) for root in roots)


def _is_made_of(root, values):
    """`root` is `values`, their sum, their mean, a power sum of a dot product, or one of them."""
    if root.shape == values.shape:
        return agree(root, values, Tolerance(1e-3, 1e-4))
    wanted = [values.sum(), values.mean(), *(values.ravel() if values.size <= 10_000 else [])]
    return root.size == 1 and bool(np.any(np.isclose(float(root.ravel()[0]), wanted, rtol=1e-3, atol=1e-4)))


def _retained(seen, passes):
    """x was made by a computation, and asked to keep its gradient."""
    fed = [u for p in passes for u in p.applied_to("Sin")]
    for value in seen.values:
        if value.requires_grad and not value.is_leaf and value.grad is not None and _among(value.array, fed):
            yield close(value.grad, np.cos(value.array), at=value, **_mistakes(value.array, value.grad))


def _not_kept(seen, passes):
    fed = [(u, p) for p in passes for u in p.applied_to("Sin") if not p.error]
    for value in seen.values:
        if value.requires_grad and not value.is_leaf and value.grad is None:
            for u, p in fed:
                if u.size > 1 and _among(value.array, [u]):
                    yield holds(False, otherwise="not_a_leaf", at=p)


def _among(array, arrays):
    return array is not None and any(array.shape == other.shape and np.array_equal(array, other) for other in arrays)


def _point_by_point(passes):
    """Fresh leaves of one entry each, or one leaf again and again: together they are the curve."""
    groups = {}
    for p in passes:
        if len(p.leaves) == 1 and "Sin" in p.ops and set(p.ops) <= PLAIN and not p.error:
            leaf = p.leaves[0]
            if leaf.x is not None and leaf.x.size == 1 and leaf.after is not None:
                groups.setdefault(p.where, []).append((p, leaf.x, leaf.after))
    yield from _points(groups)


def _points(groups):
    """Claims on slopes that were found one at a time; a descent along sin, whose steps are the slopes, is none."""
    for found in groups.values():
        x, g = (np.array([entry[i].ravel()[0] for entry in found]) for i in (1, 2))
        if len(set(x.tolist())) >= FEWEST_POINTS and not _is_descent(x, g):
            yield close(g, np.cos(x), at=found[-1][0], **_mistakes(x, g))


def _is_descent(x, g):
    with np.errstate(all="ignore"):
        rates = np.diff(x) / g[:-1]
    return bool(np.all(np.isclose(rates, rates[0], rtol=1e-2)))


def _of_transforms(seen):
    """func, functional and forward mode: a vector of slopes, a matrix with the slopes on its diagonal, or points."""
    groups = {}
    for call in seen.derivatives:
        for x in call.inputs:
            if x.size == 1 and call.result is not None and call.result.size == 1:
                groups.setdefault(call.where, []).append((call, x, call.result))
            for want in (np.cos(x), np.diag(np.cos(x))) if x.ndim == 1 else (np.cos(x),):
                if x.size >= FEWEST_POINTS and _passes(claim := close(call.result, want, at=call)):
                    yield claim
    yield from (claim for claim in _points(groups) if _passes(claim))


# ---------------------------------------------------------------------------------- what went wrong


def _raised(seen):
    """A pass that was meant for the sine and raised."""
    inputs = [v.array for v in seen.values if v.array is not None and v.array.dtype.kind == "f" and v.array.size >= 2]
    for p in seen.passes:
        reason = RAISED.get(error_kind(p.error))
        if reason and p.root is not None and p.repeat_of < 0 and _root_is_sine(p, inputs):
            yield holds(False, otherwise=reason, at=p)


def _root_is_sine(p, inputs):
    if p.recorded:
        fed = [*p.applied_to("Sin"), *(leaf.x for leaf in p.leaves if leaf.x is not None)]
        return "Sin" in p.ops and any(_is_made_of(p.root, np.sin(np.asarray(u, float))) for u in fed)
    return any(_is_made_of(p.root, np.sin(np.asarray(x, float))) for x in inputs)


def _never_started(seen):
    """Errors from before any pass: an integer grid, math.sin on a tensor."""
    for error in seen.errors:
        kind = error_kind(error.message)
        if kind == "one_element" and "sin" in error.source:
            yield holds(False, otherwise="left_torch", at=error)
        if kind == "real_numbers" and ("arange" in error.source or "sin" in error.source) and _writes_sine(seen, error):
            yield holds(False, otherwise="integer_grid", at=error)


def _writes_sine(seen, error):
    return "sin" in error.source or any("sin" in other.source for other in seen.errors)


def _no_pass(seen):
    """f′ is drawn (and f, or its values are there), and nothing was differentiated."""
    how = _how_made(seen)
    meant = how == "differences" or seen.mentions_it(DERIVATIVE)  # sine and cosine are drawn for other reasons as well
    for curve in _of_kind(seen, "d") if meant else ():
        sines = [
            v for v in seen.values if v.array is not None and v.array.size == curve.x.size and v.array.dtype.kind == "f"
        ]
        if _of_kind(seen, "f") or any(agree(np.ravel(v.array), np.sin(curve.x), PICTURE) for v in sines):
            yield holds(False, otherwise=how, at=curve)


def _how_made(seen):
    """cos typed in is exact to the last digits of its own precision; differences are not."""
    residuals = [_residual(curve) for curve in _of_kind(seen, "d")]
    if not residuals:
        return "did_not_follow"
    if min(residuals) <= 1:
        return "typed_in"
    return "differences" if _looks_like_differences(seen) else "did_not_follow"


def _residual(curve):
    """Distance from cos in units of a few roundings of the numbers' own precision."""
    single = np.array_equal(curve.y, curve.y.astype(np.float32))
    rounding = 2e-6 if single or (np.array_equal(curve.x, curve.x.astype(np.float32)) and single) else 1e-12
    return float(min(np.max(np.abs(curve.y - np.cos(curve.x * unit))) for unit in UNITS)) / rounding


def _looks_like_differences(seen):
    """The error is the spacing's: a multiple of f″ or f‴, or noise of a tiny step; not that of a table."""
    for curve in _of_kind(seen, "d"):
        error = curve.y - np.cos(curve.x)
        shapes = (np.sin(curve.x), np.cos(curve.x))
        inner = slice(1, -1)
        if any(abs(_correlation(error[inner], shape[inner])) > 0.9 for shape in shapes) or np.max(np.abs(error)) < 1e-5:
            return True
    return False


def _correlation(a, b):
    length = np.linalg.norm(a) * np.linalg.norm(b)
    return float(a @ b / length) if length else 0.0


# ---------------------------------------------------------------------------------- curves


def _curves(seen):
    return [curve for curve in seen.curves if curve.x.size >= FEWEST_POINTS and np.all(np.isfinite(curve.y))]


def _kind(curve, seen):
    """f, d (the derivative), the name of a mistake, index:… when drawn against 0, 1, 2, …; or nothing of these."""
    for unit in UNITS:
        kind = _kind_at(curve.y, curve.x * unit)
        if kind:
            return kind
    if np.array_equal(curve.x, np.arange(curve.x.size)):
        for x in _inputs_of_size(seen, curve.x.size):
            kind = _kind_at(curve.y, x)
            if kind in ("f", "d"):
                return "against_index"
    return ""


def _kind_at(y, x):
    if agree(y, np.sin(x), PICTURE):
        return "f"
    if agree(y, np.cos(x), PICTURE):
        return "d"
    mistakes = _mistakes(x, y)
    wanted = (
        "accumulated_twice",
        "over_n",
        "differentiated_cos",
        "negative",
        "degrees",
        "weighted_by_f",
        "weighted_by_x",
    )
    near = [name for name in (*wanted, "running_sum", "only_one_point") if np.any(mistakes[name])]
    return next((name for name in near if agree(y, mistakes[name], Tolerance(1e-3, 1e-6))), "")


def _inputs_of_size(seen, size):
    leaves = [leaf.x for p in seen.passes for leaf in p.leaves]
    arrays = [*leaves, *(value.array for value in seen.values)]
    return [np.ravel(np.asarray(a, float)) for a in arrays if a is not None and a.size == size and a.dtype.kind in "fi"]


@once
def _kinds(seen):
    """(kind, curve) of everything drawn."""
    return [(_kind(curve, seen), curve) for curve in _curves(seen)]


def _of_kind(seen, kind):
    return [curve for found, curve in _kinds(seen) if found == kind]


def _slope_like(seen):
    """(kind, curve) of everything drawn that is f′, or f′ with a mistake."""
    return [(kind, curve) for kind, curve in _kinds(seen) if kind not in ("", "f", "against_index")]


def _in_figure(seen, figure):
    found = [(kind, curve) for kind, curve in _kinds(seen) if curve.figure == figure]
    kinds, curves = [kind for kind, _ in found], [curve for _, curve in found]
    if "f" not in kinds and "degrees" not in kinds:
        return
    if "d" in kinds and "f" in kinds:
        yield holds(True, at=curves[kinds.index("d")])
    for kind, curve in zip(kinds, curves, strict=True):
        if kind not in ("", "f", "d", "against_index"):
            yield holds(False, otherwise=kind, at=curve)
    if kinds.count("f") >= 2:
        yield holds(False, otherwise="f_twice", at=curves[kinds.index("f")])


def _nothing_drawn(seen):
    f, d = _of_kind(seen, "f"), _of_kind(seen, "d")
    if f and d:
        yield holds(False, otherwise="separate_figures", at=d[0])
    if against := _of_kind(seen, "against_index"):
        yield holds(False, otherwise="against_index", at=against[0])
    for error in seen.errors:
        if error_kind(error.message) == "still_in_graph":
            yield holds(False, otherwise="still_in_graph", at=error)
    for value in _kept_none(seen):
        yield holds(False, otherwise="kept_none", at=value)
    if f:
        yield holds(False, otherwise="only_f", at=f[0])
    if d:
        yield holds(False, otherwise="only_derivative", at=d[0])
    yield _no_such_curve(seen)


def _no_such_curve(seen):
    first = next(iter(seen.curves), None)
    return holds(False, otherwise="other_curves" if first else "nothing_drawn", at=first)


def _kept_none(seen):
    """A variable that holds None, made where a pass through a sine ran."""
    places = {p.where for p in seen.passes if "Sin" in p.ops}
    return [value for value in seen.values if value.none and value.name and value.where in places]


# ---------------------------------------------------------------------------------- for pictures


def exhibit(as_written):
    """The figure that shows most, as drawn; and where it shows no f′, x.grad as the last pass left it."""
    kinds, drawn = _telling(as_written)
    if drawn:
        parts = [_part(as_written, kind, curve) for kind, curve in zip(kinds, drawn, strict=True)]
        lines = [line(part, curve.x, curve.y, curve.label) for part, curve in zip(parts, drawn, strict=True)]
        x, unit = _axis(as_written, kinds, drawn)
        yield curves([*lines[:5], line("expected", x, np.cos(x * unit))])
    if not set(kinds) - {"", "f"}:
        yield from _left(as_written)


def _telling(seen):
    """The kinds and the curves of the figure that holds most of f and f′, with and without mistakes."""
    figures = {}
    for kind, curve in _kinds(seen):
        figures.setdefault(curve.figure, []).append((kind, curve))
    told = {figure: len({kind for kind, _ in found} - {""}) for figure, found in figures.items()}
    best_of = max(told, key=lambda figure: told[figure], default=None)
    found = figures[best_of] if best_of is not None and told[best_of] else []
    return [kind for kind, _ in found], [curve for _, curve in found]


def _part(seen, kind, curve):
    if kind == "against_index":
        kind = next(filter(None, (_kind_at(curve.y, x) for x in _inputs_of_size(seen, curve.x.size))))
    return {"f": "f", "": "other"}.get(kind, "slope")


def _axis(seen, kinds, drawn):
    """x for the expected curve, and its unit: that of f or f′ as drawn; the student's own x if they used none."""
    curve = next(c for kind, c in zip(kinds, drawn, strict=True) if kind)
    if "against_index" in kinds and set(kinds) <= {"", "against_index"}:
        return np.sort(_inputs_of_size(seen, curve.x.size)[0]), 1.0
    unit = next((unit for unit in UNITS if _kind_at(curve.y, curve.x * unit)), 1.0)
    return np.linspace(curve.x.min(), curve.x.max(), 200), unit


def _left(seen):
    """x and x.grad of the last pass through a sine."""
    leaves = [leaf for p in seen.passes for leaf in p.leaves if "Sin" in p.ops and not p.error]
    known = [leaf for leaf in leaves if leaf.x is not None and leaf.after is not None and leaf.x.size >= FEWEST_POINTS]
    for leaf in known[-1:]:
        order = np.argsort(np.ravel(leaf.x))
        x, slopes = np.ravel(leaf.x)[order], np.ravel(leaf.after)[order]
        yield curves([line("f", x, np.sin(x)), line("slope", x, slopes), line("expected", x, np.cos(x))], drawn=False)


# ---------------------------------------------------------------------------------- the counterfactual


def _told(sin_slope, x):
    """s′(x); times c where cotangents are multiplied as well, or c² by a transform that is made of two passes."""
    told = told_slope(x, sin_slope.parameters)
    return [factor * told for factor in dict.fromkeys((sin_slope.scale, sin_slope.scale**2))]


def _draws_told_slope(sin_slope):
    """Exactly s′(x) is drawn."""
    drawn = ((curve, curve.x * unit) for curve in _curves(sin_slope) for unit in UNITS)
    return any(agree(curve.y, want, FOLLOWED) for curve, x in drawn for want in _told(sin_slope, x))


def _follows_in_drawing(sin_slope):
    return any(_follows(curve.y, curve.x * unit, sin_slope) for curve in _curves(sin_slope) for unit in UNITS)


def _follows_in_passes(sin_slope):
    leaves = [leaf for p in sin_slope.passes for leaf in p.leaves if leaf.x is not None and leaf.after is not None]
    calls = [(call.result, x) for call in sin_slope.derivatives for x in call.inputs if call.result is not None]
    pairs = [*((leaf.after, leaf.x) for leaf in leaves), *calls]
    return any(_follows(g, x, sin_slope) for g, x in pairs) or _points_follow(sin_slope)


def _points_follow(sin_slope):
    leaves = [(leaf.x, leaf.after) for p in sin_slope.passes for leaf in p.leaves]
    calls = [(x, call.result) for call in sin_slope.derivatives for x in call.inputs]
    pairs = [(x, g) for x, g in (*leaves, *calls) if x is not None and g is not None and x.size == g.size == 1]
    x, g = (np.array([float(pair[i].ravel()[0]) for pair in pairs]) for i in (0, 1))
    told = _told(sin_slope, x) if pairs else []
    return any(int(np.sum(np.isclose(g, want, rtol=1e-4, atol=1e-5))) >= FEWEST_POINTS for want in told)


def _follows(g, x, sin_slope):
    """g is s′(x), or what a mistake in reducing or weighting makes of s′(x)."""
    if g.shape == (*x.shape, *x.shape):
        return any(agree(g, np.diag(told), FOLLOWED) for told in _told(sin_slope, x))
    if g.shape != x.shape:
        return False
    turned = [told * np.pi / 180 for told in _told(sin_slope, np.radians(x))]
    made = [*turned, *(way for told in _told(sin_slope, x) for way in _made_of_slope(told, x, g))]
    return agrees_with_one(g, made, FOLLOWED)


def _made_of_slope(told, x, g):
    yield from (told, -told, 2 * told, told / x.size, told * np.sin(x), told * x)
    yield from (np.cumsum(told).reshape(x.shape), _one(told, g))


def _one(told, g):
    return np.where((g != 0) & (np.count_nonzero(g) == 1), told, 0.0)
