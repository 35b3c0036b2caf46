"""Criteria for `hessian`: the full matrix of second derivatives of a scalar function.

    H[i, j] = ∂²f/∂xᵢ∂xⱼ = ∂gᵢ/∂xⱼ        g = ∂f/∂x, recorded; a pass through g with weights v gives vᵀH

The reference is the observer's Jacobian of the student's own gradient. It comes from the child, like the matrix. So
once more, with every cotangent multiplied by a hidden c: there c²H has to come out, a c for each of the two passes.
"""

import numpy as np

from autograder import gains
from autograder.evidence import error_kind
from autograder.judge import agree, close, confirmed, for_a_person, holds, newest, not_reached

ABOUT = r"hess|海森|黑塞|海塞|二阶导数矩阵"
NOT_RUN = r"(?s)\A(?=.*(hessian\(|create_graph|jacfwd\())(?=.*(hess|海森|黑塞|海塞))"
POWERS = (2, 3)  # of c: functional.hvp makes three passes, and weights that are a gradient bring their own


def attempted(as_written):
    """A gradient of several variables that hang together was differentiated; a wrong way only beside the word."""
    if any(_is_whole(as_written, h) for _, h, _ in _references(as_written)):
        return True
    return as_written.mentions_it(ABOUT) and bool(_instead(as_written) or _not_executed(as_written))


def matrix(as_written, scaled):
    """What was kept, shown or returned is H; else the rows that passes left one after another."""
    claims = _claims(as_written)
    if claims:
        return confirmed(newest(claims), by=lambda: _follows(as_written, scaled))
    if list(_stopped(as_written)):
        return not_reached()
    instead = _instead(as_written)
    if instead:
        named = [claim for claim in instead if claim.reason != "unknown"]
        return newest(named) if named else confirmed(holds(True), by=lambda: False)
    return for_a_person(_not_executed(as_written), "not_executed")


def by_autodiff(as_written, scaled):
    """Passes or transforms through the gradient delivered the rows."""
    if _references(as_written):
        claims = _claims(as_written)
        right = [claim for claim in claims if agree(claim.observed, claim.expected, gains.NEAR)]
        delivered = not right or any(_is_delivered(as_written, claim.expected) for claim in right)
        return confirmed(
            holds(delivered, otherwise="no_second_pass", at=next(reversed(right or claims), None)),
            by=lambda: _follows(as_written, scaled) or (not right and _some_follow(as_written, scaled)),
        )
    stopped = list(_stopped(as_written))
    if stopped:
        return newest(stopped)
    if _instead(as_written):
        return holds(False, otherwise="no_second_pass", at=as_written.passes[-1] if as_written.passes else None)
    return for_a_person(_not_executed(as_written), "not_executed")


def explanation(as_written):
    """Words are for a person."""
    near = next((at for at, *_ in _references(as_written)), None)
    return for_a_person(as_written.words(kinds=("markdown", "comment", "string", "output"), near=near))


# ---------------------------------------------------------------------------------- references


def _references(seen):
    """(first observation, H, g) of each gradient that was differentiated; g is None where only a transform knows it."""
    found = {}
    for p in seen.passes:
        first = _first_of(seen, p)
        for leaf in p.leaves if first is not None else ():
            slope = next((q.after for q in first.leaves if q.ident == leaf.ident), None)
            if slope is not None and _is_symmetric(leaf.jacobian) and leaf.jacobian.shape[0] == slope.size:
                found.setdefault((p.graph, leaf.ident), (p, _plain(leaf.jacobian), np.ravel(slope).astype(float)))
    calls = [call for call in seen.derivatives if _is_second(seen, call)]
    return [*found.values(), *_of_scalars(seen), *((call, _plain(call.reference), None) for call in calls)]


def _first_of(seen, p):
    return next((q for q in seen.passes if q.number == p.of), None) if p.of >= 0 else None


def _plain(matrix):
    return np.asarray(matrix, float)


def _is_symmetric(matrix):
    """As every Hessian is, and of two variables at least."""
    square = matrix is not None and matrix.shape[0] == matrix.shape[1] >= 2 and bool(np.all(np.isfinite(matrix)))
    return square and bool(np.allclose(matrix, matrix.T, rtol=1e-4, atol=1e-6 * max(np.abs(matrix).max(), 1e-30)))


def _is_second(seen, call):
    """A transform of a transform; or one of a function that differentiates by itself, where Hessians are spoken of."""
    meant = call.depth == 2 or (call.depth == 1 and seen.mentions_it(ABOUT))
    return meant and _is_symmetric(call.reference) and call.result is not None


def _of_scalars(seen):
    """Variables that are numbers of their own: g₀ and g₁ were passed one by one, and each reached every variable."""
    groups = {}
    for p in seen.passes:
        first = _first_of(seen, p)
        if first is not None and len(first.leaves) >= 2 and all(map(_is_number, first.leaves)):
            groups.setdefault(first.number, (first, []))[1].append(p)
    for first, passes in groups.values():
        rows = [_row(first, passes, leaf) for leaf in first.leaves]
        if all(row is not None for row in rows) and _is_symmetric(np.stack(rows)):
            yield passes[-1], np.stack(rows), np.array([leaf.after.item() for leaf in first.leaves], float)


def _is_number(leaf):
    return leaf.x is not None and leaf.x.size == 1 and leaf.after is not None


def _row(first, passes, leaf):
    """What the passes from this variable's slope added at each variable."""
    over = [p for p in passes if p.root is not None and agree(np.ravel(p.root), np.ravel(leaf.after), gains.NEAR)]
    found = {gain.leaf.ident: gain.added.item() for p in over for gain in gains.of(p) if gain.added.size == 1}
    return np.array([found.get(other.ident, 0.0) for other in first.leaves]) if found else None


def _is_whole(seen, h):
    """More than entry by entry, which is a plain second derivative; or somebody speaks of Hessians."""
    return bool(np.any(h - np.diag(np.diag(h)))) or seen.mentions_it(ABOUT, in_code=False)


# ---------------------------------------------------------------------------------- claims


def _claims(seen):
    """Matrices that were handed in, the last form of each; else rows that only stood in x.grad; else one vector."""
    found = []
    for at, h, g in _references(seen):
        if _is_whole(seen, h):
            handed = [*_returned(at, h), *_kept(seen, at, h, g)]
            found += handed[-1:] or _rows(seen, at, h, g) or _one_vector(seen, at, h, g)
    return found


def _returned(call, h):
    result = getattr(call, "result", None)
    if result is not None and result.size == h.size:
        yield close(result.reshape(h.shape), h, at=call, **_mistakes(h, None))
    elif getattr(call, "parts", None) and sum(part.size for part in call.parts) == h.size:
        yield close(np.concatenate([np.ravel(part) for part in call.parts]).reshape(h.shape), h, at=call)


def _kept(seen, at, h, g):
    """Variables and things shown that are H, or what one of the mistakes makes of it."""
    wrong = _mistakes(h, g)
    related = [want for want in (h, *wrong.values()) if np.any(want)]
    for value in seen.values:
        matrix = _as_matrix(value, h.shape) if value.order > at.order else None
        if any(agree(matrix, want, gains.NEAR) for want in related) and not seen.is_input(matrix):
            yield close(matrix, h, at=value, **wrong)


def _as_matrix(value, shape):
    array = value.array
    if array is None or array.dtype.kind not in "biuf" or array.size != shape[0] * shape[1] or array.ndim < 2:
        return None
    return array.reshape(shape)


def _mistakes(h, g):
    """What each mistake leaves instead of H."""
    n = len(h)
    wrong = {
        "rows_accumulated": np.cumsum(h, axis=0),
        "row_sums": np.tile(h.sum(axis=0), (n, 1)),
        "diagonal_only": np.diag(np.diag(h)),
        "upper_only": np.triu(h),
        "doubled": 2 * h,
        "halved": h / 2,
        "all_rows_last": np.tile(h[-1], (n, 1)),
    }
    if g is None:
        return wrong
    return wrong | {
        "outer_product": np.outer(g, g),
        "gradient_on_diagonal": np.diag(g),
        "times_gradient": np.tile(h @ g, (n, 1)),
        "gradient_left_in": np.cumsum(h, axis=0) + g,
    }


def _rows(seen, at, h, g):
    """Passes over one gradient, each with weights that pick out one entry: what each left at x."""
    over = [p for p in seen.passes if p.graph == getattr(at, "graph", None) and p.graph >= 0 and not p.error]
    rows = {p.seed.tobytes(): (p, p.leaves[0].after) for p in over if p.seed is not None and p.leaves}
    if len(rows) != len(h) or any(row is None or row.size != len(h) for _, row in rows.values()):
        return []
    stacked = np.stack([np.ravel(row) for _, row in rows.values()])
    return [close(stacked, h, at=over[-1], **_mistakes(h, g))]


def _one_vector(seen, at, h, g):
    """One pass over the whole gradient, with ones or with the gradient as weights."""
    if getattr(at, "seed", None) is None or at.seed.size != len(h) or not seen.mentions_it(ABOUT):
        return []
    by_itself = g is not None and agree(np.ravel(at.seed), g, gains.NEAR)
    wrong = {"times_gradient": h @ g} if by_itself else {"row_sums": h.sum(axis=0)}
    return [close(np.ravel(gain.added), h, at=at, **wrong) for gain in gains.of(at)]


# ---------------------------------------------------------------------------------- the scaled run


def _follows(as_written, scaled):
    """cᵏH is kept, returned or delivered row by row."""
    wanted = [scaled.scale**k * h for _, h, _ in _references(as_written) if np.any(h) for k in POWERS]
    return any(_is_delivered(scaled, h) or _is_there(scaled, h) for h in wanted)


def _some_follow(as_written, scaled):
    """The matrix is not right, but a pass through the gradient did add cᵏ times as much."""
    again = [gain for p in scaled.passes if p.of >= 0 for gain in gains.of(p)]
    passed = [gain for p in as_written.passes if p.of >= 0 for gain in gains.of(p)]
    return any(gain.comes_out(scaled.scale**k, again) for gain in passed for k in POWERS)


def _is_there(seen, h):
    arrays = [*(v.array for v in seen.values), *(call.result for call in seen.derivatives)]
    whole = [array for array in arrays if array is not None and array.size == h.size]
    parts = [np.concatenate([np.ravel(x) for x in call.parts]) for call in seen.derivatives if call.parts]
    return any(agree(np.ravel(array), np.ravel(h), gains.NEAR) for array in (*whole, *parts))


def _is_delivered(seen, h):
    """Every row that is not zero is what a pass through a gradient added, or a transform returned."""
    vectors = [np.ravel(gain.added) for p in seen.passes if p.of >= 0 for gain in gains.of(p)]
    vectors += [
        np.concatenate([np.ravel(gain.added) for gain in gains.of(p)])
        for p in seen.passes
        if p.of >= 0 and len(gains.of(p)) > 1
    ]
    vectors += [np.ravel(call.result) for call in seen.derivatives if call.result is not None]
    if all(not np.any(row) or any(agree(v, row, gains.NEAR) for v in vectors) for row in h):
        return True
    calls = [call for call in seen.derivatives if call.reference is not None and call.depth >= 1]
    return any(agree(_plain(call.reference), h, gains.NEAR) for call in calls) or _has_entries(seen, h)


def _has_entries(seen, h):
    """Variables of one number each: every entry was added by a pass of its own."""
    single = [g.added.item() for p in seen.passes if p.of >= 0 for g in gains.of(p) if g.added.size == 1]
    return bool(single) and all(bool(np.isclose(single, entry, rtol=1e-4).any()) for entry in np.ravel(h[h != 0]))


# ---------------------------------------------------------------------------------- what went wrong


def _instead(seen):
    """Matrices that were made without a second pass: of the gradient, or in a way that only a person can tell."""
    if any(_is_whole(seen, h) for _, h, _ in _references(seen)):
        return []
    found = list(_stopped(seen))
    slopes = [np.ravel(gain.added) for gain in gains.all_of(seen) if gain.added.size >= 2]
    for value in seen.values:
        if value.array is not None and value.array.ndim == 2 and _is_symmetric(value.array):
            of = [g for g in slopes if g.size == len(value.array) and np.any(g)]
            outer = any(agree(value.array, np.outer(g, g), gains.NEAR) for g in of)
            diagonal = any(agree(value.array, np.diag(g), gains.NEAR) for g in of)
            reason = "outer_product" if outer else "gradient_on_diagonal" if diagonal else "unknown"
            found.append(holds(False, otherwise=reason, at=value))
    return found


def _stopped(seen):
    """A pass was started from a gradient without a graph."""
    slopes = [(p.order, leaf.after) for p in seen.passes for leaf in p.leaves if leaf.after is not None]
    for p in seen.passes:
        if (
            error_kind(p.error) == "no_graph"
            and p.root is not None
            and any(order < p.order and _is_made_of(p.root, slope) for order, slope in slopes)
        ):
            yield holds(False, otherwise="without_graph", at=p)


def _is_made_of(root, slope):
    values = [slope.sum(), *np.ravel(slope)[:100]]
    return slope.size >= 2 and root.size == 1 and bool(np.any(root)) and bool(np.isclose(root.item(), values).any())


def _not_executed(seen):
    return seen.words(NOT_RUN, ("comment", "string", "dead"))
