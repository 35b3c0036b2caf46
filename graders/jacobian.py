"""Criteria for `jacobian`: the full Jacobian of a vector-valued function by automatic differentiation.

    J[i, j] = ∂yᵢ/∂xⱼ        a pass with weights v gives vᵀJ, so a one-hot v gives a row

The reference of a script is the observer's: the Jacobian of the student's own graph at the student's own x. It comes
from the child, like the matrix. So once more, with every cotangent multiplied by a hidden c: there cJ has to come out.
"""

import numpy as np

from autograder import gains
from autograder.evidence import error_kind
from autograder.exhibits import matrices
from autograder.judge import (
    agree,
    agrees_with_one,
    and_then,
    close,
    confirmed,
    for_a_person,
    holds,
    newest,
    not_reached,
    once,
)
from autograder.model import Tolerance
from autograder.oracle import map_jacobian

EXACT = Tolerance(3e-5, 1e-6)
NEAR = Tolerance(1e-4, 1e-6)
ROUGH = Tolerance(2e-2, 2e-2)
TRANSFORMS = frozenset(
    "functional.jacobian functional.vjp functional.jvp jacrev jacfwd vmap grad vjp jvp batched_grad".split()
)
ABOUT = r"jacobi|雅可比|雅各比|雅克比|\bjac|(?-i:\bJ\b)"
SOON = 40  # observations after the last row in which a matrix is its outcome


def attempted(as_written):
    """Rows, a matrix or a transform of a function of several outputs; wrong ones only beside words about Jacobians."""
    found = _matrix(as_written)
    if any(map(_passes, found)):
        return True
    return _is_spoken_of(as_written) and bool(found or _has_function(as_written) or _not_executed(as_written))


@once
def _is_spoken_of(seen):
    """In words, or in code that is not a transform of a transform."""
    return seen.mentions_it(ABOUT, in_code=not any(call.depth > 1 for call in seen.derivatives))


def matrix(as_written, fresh, scaled):
    """The matrix is right here, with a fresh seed, and for hidden functions if a function of a function made it."""
    first = _matrix(as_written)
    shown = first or _hidden(as_written, fresh)
    if shown:
        return and_then(newest(shown), lambda: _elsewhere(first, as_written, fresh, scaled))
    if _has_function(as_written) and fresh.called:
        return newest(_unlike(fresh))
    return for_a_person(_not_executed(as_written), "not_executed")


def _elsewhere(first, as_written, fresh, scaled):
    """Hidden functions and a fresh seed give the right matrix as well, and some matrix follows c."""
    hidden, again = _hidden(as_written, fresh), _matrix(fresh)
    for claims in (hidden, again):
        if claims and not any(map(_passes, claims)):
            return newest(claims)
    return confirmed(holds(True), by=lambda: bool(hidden) or _follows(first, scaled) or _came_out(fresh))


def by_autodiff(as_written, fresh, scaled):
    """Its rows are what passes or transforms delivered."""
    called = _calls_like_jacobian(fresh) if _of_two_arguments(as_written) else []
    if called:
        differentiated = any(call.differentiated for call in called)
        return holds(differentiated, otherwise=_undifferentiated(fresh, called), at=called[0])
    claims = _matrix(as_written)
    right = [claim for claim in claims if hasattr(claim, "expected") and _passes(claim)]
    if right:
        delivered = any(_is_delivered(as_written, claim.expected) for claim in right)
        return confirmed(
            holds(delivered, otherwise="no_pass", at=right[-1]),
            by=lambda: _follows(right, scaled) or _came_out(fresh),
        )
    if _row_passes(as_written) or _transforms(as_written) or _one_pass(as_written):
        return confirmed(holds(True, at=claims[-1] if claims else None), by=lambda: _some_follow(as_written, scaled))
    if claims or (_has_function(as_written) and fresh.called):
        return not_reached()
    return for_a_person(_not_executed(as_written), "not_executed")


def exhibit(as_written):
    """The matrix that passes, or else the latest one."""
    whole = [claim for claim in _matrix(as_written) if hasattr(claim, "expected") and claim.observed is not None]
    for claim in sorted(whole, key=lambda claim: (_passes(claim), claim.order))[-1:]:
        yield matrices(claim.observed, claim.expected)


# ---------------------------------------------------------------------------------- the scaled run


def _follows(claims, scaled):
    """A matrix that passed comes out c times as large, kept or returned whole, or delivered row by row."""
    right = [claim.expected for claim in claims if hasattr(claim, "expected") and _passes(claim)]
    return any(_is_seen(scaled, c * j) for j in right if np.any(j) for c in _scales(scaled))


def _is_seen(scaled, matrix):
    values = [(v.array, v.parts) for v in scaled.values] + [(d.result, d.parts) for d in scaled.derivatives]
    whole = (_as_matrix(array, parts, matrix.shape) for array, parts in values)
    if any(agree(found, matrix, NEAR) for found in whole if found is not None):
        return True
    delivered = [array for array in _delivered(scaled) if array.size in matrix.shape]
    return any(all(not np.any(line) or _is_among(line, delivered) for line in lines) for lines in (matrix, matrix.T))


def _is_among(line, arrays):
    return any(array.size == line.size and agree(array, line, NEAR) for array in arrays)


def _came_out(seen):
    """Where cotangents are multiplied: some reference of this very run came out as many times as large."""
    wanted = [jacobian for _, jacobian, _ in _meant(seen)]
    wanted += [c * np.asarray(call.reference, float) for call in _transforms(seen) for c in _scales(seen)]
    return seen.scale != 1.0 and any(np.any(matrix) and _is_seen(seen, matrix) for matrix in wanted)


def _some_follow(as_written, scaled):
    """The matrix is not right, but what passes and transforms delivered is c times as large."""
    arrays, larger = list(_delivered(as_written)), list(_delivered(scaled))
    return any(_is_among(c * array, larger) for array in arrays if np.any(array) for c in _scales(scaled))


def _scales(seen):
    """c; and its square, where a transform is made of two passes."""
    return list(dict.fromkeys((seen.scale, seen.scale**2)))


def _delivered(seen):
    """What each pass left, added or returned, and what transforms returned, as vectors."""
    leaves = [leaf for p in seen.passes for leaf in p.leaves if _is_real(leaf.after)]
    yield from (np.ravel(leaf.after) for leaf in leaves)
    yield from (np.ravel(gains.added(leaf)) for leaf in leaves)
    yield from (np.concatenate([np.ravel(x.after) for x in p.leaves]) for p in seen.passes if _has_several(p))
    yield from (np.ravel(call.result) for call in seen.derivatives if call.result is not None)


def _is_real(array):
    return array is not None and array.dtype.kind in "biuf"


# ---------------------------------------------------------------------------------- references


def _references(seen):
    """(first pass, J, leaves) of each small graph that may be meant; of several leaves also all side by side.

    The Jacobian of a gradient is a Hessian, and another exercise's.
    """
    found = {}
    for p in seen.passes:
        small = [leaf for leaf in p.leaves if _is_real(leaf.jacobian) and p.of < 0]
        beside = [leaf for leaf in small if leaf.is_leaf]
        for leaves in [*([leaf] for leaf in small), *([beside] if len(beside) > 1 else [])]:
            key = (p.graph, *(leaf.ident for leaf in leaves))
            whole = [seen.scale * np.asarray(leaf.jacobian, float) for leaf in leaves] if key not in found else None
            jacobian = np.hstack(whole) if whole else None
            if jacobian is not None and min(jacobian.shape) >= 2 and _is_more_than_one(seen, jacobian):
                found[key] = (p, jacobian, leaves)
    return list(found.values())


def _meant(seen):
    """Without those whose rows are what any loop over an elementwise function leaves, unless words say otherwise."""
    return [(p, j, leaves) for p, j, leaves in _references(seen) if _may_be_meant(seen, j)]


def _may_be_meant(seen, jacobian):
    """More than elementwise; a diagonal one only beside words about Jacobians."""
    if min(jacobian.shape) < 2:
        return False
    if not _is_diagonal(jacobian) or not np.any(jacobian):
        return True
    return seen.mentions_it(ABOUT, in_code=False)


def _is_more_than_one(seen, jacobian):
    """Not k·I, which control flow with a vector gives; unless somebody speaks of Jacobians."""
    return not _is_multiple_of_one(jacobian) or seen.mentions_it(ABOUT, in_code=False)


def _is_multiple_of_one(jacobian):
    return _is_diagonal(jacobian) and bool(np.any(jacobian)) and len(set(np.diag(jacobian))) == 1


def _is_diagonal(jacobian):
    rows, columns = jacobian.shape
    return rows == columns and np.count_nonzero(jacobian - np.diag(np.diag(jacobian))) == 0


def _passes_over(seen, graph, leaves):
    """(pass, gradient) of the passes over one graph that reached these leaves: what each left, side by side."""
    idents = [leaf.ident for leaf in leaves]
    for p in seen.passes:
        if p.graph == graph and not p.error:
            reached = {leaf.ident: leaf.after for leaf in p.leaves}
            if all(reached.get(ident) is not None for ident in idents):
                yield p, np.concatenate([np.ravel(reached[ident]) for ident in idents])


# ---------------------------------------------------------------------------------- claims


@once
def _matrix(seen):
    """What was handed in comes first, of each Jacobian its last form; rows only printed count when nothing else was."""
    handed = [claim for claim in _handed_in(seen) if _passes(claim) or _named(claim)]
    whole = [claim for claim in handed if not hasattr(claim, "expected") or claim.observed.ndim == 2]
    last = {_identity(claim): claim for claim in sorted(whole, key=lambda claim: claim.order)}
    rows = list(_rows(seen))
    return list(last.values()) or _made_of_rows(seen) or rows or handed or [*_raised(seen), *_one_pass(seen)]


def _identity(claim):
    return claim.expected.tobytes() if hasattr(claim, "expected") else claim.order


def _passes(claim):
    return claim.true if hasattr(claim, "true") else agree(claim.observed, claim.expected, EXACT)


def _named(claim):
    if hasattr(claim, "true"):
        return not claim.true
    wanted = claim.mistakes.values()
    return any(agree(claim.observed, want, NEAR) and not agree(want, claim.expected, NEAR) for want in wanted)


def _handed_in(seen):
    """Variables, things shown and results of transforms that have a Jacobian's size, each against its reference."""
    for call in _transforms(seen):
        yield from _of_transform(seen, call)
    for p, jacobian, leaves in _references(seen):
        seeds = [q.seed for q, _ in _passes_over(seen, p.graph, leaves)]
        for value in seen.values:
            if value.order > p.order and not _is_an_input(seen, value):
                yield from _against(value, jacobian, seeds)
    yield from _component_by_component(seen)


def _nearest(result, candidates):
    """The one that a result agrees with; the first where it agrees with none."""
    return next((candidate for candidate in candidates if agree(result, candidate, NEAR)), candidates[0])


def _is_an_input(seen, value):
    return _is_real(value.array) and seen.is_input(value.array)


def _transforms(seen):
    """Calls that differentiate a function with several outputs and inputs."""
    calls = [call for call in seen.derivatives if call.reference is not None and set(call.names) & TRANSFORMS]
    return [call for call in calls if call.depth < 2 and _may_be_meant(seen, call.reference)]


def _of_transform(seen, call):
    result = _as_matrix(call.result, call.parts, call.reference.shape)
    jacobian = _nearest(result, [c * np.asarray(call.reference, float) for c in _scales(seen)])
    unused = bool(np.all(np.isnan(jacobian)))
    if result is not None and not np.any(result) and (unused or np.any(jacobian)):
        yield holds(False, otherwise="ignores_argument" if unused else "recording_off", at=call)
        return
    if result is not None and result.ndim == 2:
        yield close(result, jacobian, at=call, **_mistakes(jacobian, [], result.ndim))
    for value in seen.values:
        if value.order > call.order and value.array is not None and value.array.size == jacobian.size:
            yield from _against(value, jacobian, [])


def _against(value, jacobian, seeds):
    """A claim, if the value is the Jacobian or one of its mistakes."""
    observed = _as_matrix(value.array, value.parts, jacobian.shape)
    if observed is None or observed.ndim not in (1, 2):
        return
    if observed.ndim == 1 and (_is_diagonal(jacobian) or _is_a_row(observed, jacobian)):
        return  # the gradient of something elementwise, or a row on its way: no attempt at a matrix
    mistakes = _mistakes(jacobian, seeds, observed.ndim)
    if agrees_with_one(observed, (jacobian, *mistakes.values()), NEAR):
        yield close(observed, jacobian, at=value, **mistakes)


def _is_a_row(observed, jacobian):
    return any(agree(observed, row, NEAR) for row in jacobian)


def _as_matrix(array, parts, shape):
    """Blocks side by side, axes of size one taken out; None for what cannot be a matrix."""
    blocks = [np.reshape(part, (shape[0], -1)) for part in parts if part.size and part.size % shape[0] == 0]
    if len(blocks) == len(parts) > 1 and sum(block.size for block in blocks) == shape[0] * shape[1]:
        return np.hstack(blocks)
    if not _is_real(array):
        return None
    squeezed = np.squeeze(array)
    if array.ndim > 2 and squeezed.ndim != 2 and array.size == shape[0] * shape[1]:
        return array.reshape(shape)
    return squeezed


def _mistakes(jacobian, seeds, ndim=2):
    rows, columns = jacobian.shape
    mistakes = {
        "transposed": jacobian.T,
        "rows_accumulated": np.cumsum(jacobian, axis=0),
        "all_rows_last": np.tile(jacobian[-1], (rows, 1)),
        "all_rows_sum": np.tile(jacobian.sum(axis=0), (rows, 1)),
        "averaged": jacobian / rows,
        "rows_reversed": jacobian[::-1],
    }
    if rows == columns:
        mistakes["diagonal_only"] = np.diag(jacobian) if ndim == 1 else np.diag(np.diag(jacobian))
    weights = [np.ravel(seed) for seed in seeds if seed is not None and seed.size == rows]
    if len(weights) == rows and not all(map(_is_one_hot, weights)):
        mistakes["not_one_hot"] = np.stack(weights) @ jacobian
    return mistakes


def _is_one_hot(seed):
    return np.count_nonzero(seed) == 1 and abs(float(seed.sum()) - 1) <= 1e-5


# ---------------------------------------------------------------------------------- rows


def _rows(seen):
    """Rows that only stood in x.grad, one after another."""
    for p, jacobian, leaves in _meant(seen):
        sequence = _row_sequence(seen, p.graph, leaves)
        if len(sequence) == jacobian.shape[0]:
            seeds = [q.seed for q, _ in sequence]
            rows = np.stack([row for _, row in sequence])
            yield close(rows, jacobian, at=sequence[-1][0], **_mistakes(jacobian, seeds))


def _row_sequence(seen, graph, leaves):
    """The passes with one weight vector each, in order, without sums over all outputs and rows that come twice."""
    found = {}
    for p, row in _passes_over(seen, graph, leaves):
        if p.seed is not None and not _is_ones(p.seed):
            found.setdefault(p.seed.tobytes(), (p, row))
    return list(found.values())


def _is_ones(seed):
    return seed.size > 1 and bool(np.all(seed == seed.ravel()[0]))


def _made_of_rows(seen):
    """A matrix of the Jacobian's shape, kept or shown soon after its rows: the answer, with no known mistake."""
    for p, jacobian, leaves in _meant(seen):
        sequence = _row_sequence(seen, p.graph, leaves)
        if len(sequence) >= 2:
            end = sequence[-1][0].order
            soon = [v for v in seen.values if end < v.order <= end + SOON and not v.requires_grad]
            shaped = [v for v in soon if v.array is not None and v.array.shape == jacobian.shape]
            if shaped and not _is_an_input(seen, shaped[-1]):
                seeds = [q.seed for q, _ in sequence]
                return [close(shaped[-1].array, jacobian, at=shaped[-1], **_mistakes(jacobian, seeds))]
    return []


def _component_by_component(seen):
    """Each output has a graph of its own: consecutive scalar roots over one x, and a matrix made of their rows."""
    for passes in _scalar_runs(seen):
        jacobian = np.stack([np.ravel(gains.added(leaf)) for _, leaf in passes])
        for value in seen.values:
            if value.order > passes[0][0].order and value.array is not None and value.array.ndim >= 2:
                yield from _against(value, jacobian, [])


def _scalar_runs(seen):
    runs, current = [], []
    for p in seen.passes:
        leaf = p.leaves[0] if len(p.leaves) == 1 else None
        usable = leaf is not None and leaf.after is not None and 2 <= leaf.after.size <= 64 and not p.error
        usable = usable and p.root is not None and p.root.size == 1 and leaf.x is not None
        if current and not (usable and np.array_equal(current[-1][1].x, leaf.x)):
            runs.append(current)
            current = []
        if usable:
            current.append((p, leaf))
    runs.append(current)
    return [run for run in runs if 2 <= len(run) <= 64 and not _is_one_graph(run)]


def _is_one_graph(run):
    return len({p.graph for p, _ in run}) == 1 and run[0][0].graph >= 0


def _row_passes(seen):
    """Graphs over which passes with different weights ran, or components that were kept as a matrix."""
    groups = [_row_sequence(seen, p.graph, leaves) for p, _, leaves in _references(seen)]
    return [group for group in groups if len(group) >= 2] or list(_component_by_component(seen))


def _is_delivered(seen, jacobian):
    """Every row that is not zero is what some pass left, added or returned; or a transform was called there."""
    delivered = list(_delivered(seen))
    if all(not np.any(row) or _is_among(row, delivered) for row in jacobian):
        return True
    return any(agree(np.asarray(call.reference), jacobian, NEAR) for call in _transforms(seen))


def _has_several(p):
    return len(p.leaves) > 1 and all(leaf.after is not None for leaf in p.leaves)


# ---------------------------------------------------------------------------------- hidden functions


def _hidden(as_written, fresh):
    """The student's functions of a function, on maps that they have not seen."""
    calls = [called for called in fresh.called if called.call in fresh.inputs]
    return [claim for called in calls for claim in _called(as_written, fresh, called)]


def _called(as_written, fresh, called):
    """A claim, if what came out is the Jacobian in one of its forms, or a mistake of one."""
    forms = _hidden_jacobians(fresh, called)
    observed = _as_matrix(called.result, called.parts, forms[0].shape)
    if observed is None:
        return
    related = [jacobian for jacobian in forms if _is_related(observed, jacobian)]
    if related or _is_the_same_again(as_written, observed):
        jacobian = (related or forms)[0]
        yield close(observed, jacobian, at=called, **_mistakes(jacobian, []))


def _is_related(observed, jacobian):
    wanted = (jacobian, *_mistakes(jacobian, []).values())
    return agree(observed, jacobian, ROUGH) or any(agree(observed, want, NEAR) for want in wanted)


def _unlike(fresh):
    """What the functions gave instead of a Jacobian."""
    for called in fresh.called:
        if called.call in fresh.inputs and "jac" in called.function.lower():
            yield close(called.result, _hidden_jacobians(fresh, called)[0], at=called)


def _is_the_same_again(as_written, observed):
    """The matrix of the student's own function, returned for any other one: it is written into the function."""
    if observed.ndim != 2 or not np.any(observed):
        return False
    shown = [value.array for value in as_written.values if value.array is not None]
    return any(array.shape == observed.shape and np.array_equal(array, observed) for array in shown)


def _hidden_jacobians(fresh, called):
    """Of the hidden map, as the run was told it: the passes', the transforms' of two passes, and that of its values."""
    given, x = fresh.inputs[called.call]
    told = map_jacobian(given["map"], x, fresh.parameters)
    by_values = [map_jacobian(given["map"], x)] if fresh.parameters or fresh.scale != 1.0 else []
    return [*(c * told for c in _scales(fresh)), *by_values]


def _calls_like_jacobian(fresh):
    calls = [called for called in fresh.called if called.call in fresh.inputs]
    return [called for called in calls if _is_like_jacobian(fresh, called)]


def _is_like_jacobian(fresh, called):
    forms = _hidden_jacobians(fresh, called)
    observed = _as_matrix(called.result, called.parts, forms[0].shape)
    return observed is not None and any(agree(observed, jacobian, ROUGH) for jacobian in forms)


def _undifferentiated(fresh, calls):
    pairs = [(called, jacobian) for called in calls for jacobian in _hidden_jacobians(fresh, called)]
    exact = any(agree(called.result, jacobian, EXACT) for called, jacobian in pairs)
    return "no_pass" if exact else "differences"


def _of_two_arguments(seen):
    """The functions that may be called with a hidden function and a point; without any, no hidden case is asked."""
    return [function for function in seen.functions if function.parameters >= 2]


def _has_function(seen):
    """A function of two arguments that speaks of Jacobians: only a hint to look; what it computes decides."""
    return any("jac" in function.name.lower() for function in _of_two_arguments(seen))


# ---------------------------------------------------------------------------------- what went wrong


@once
def _not_executed(seen):
    """Passes or transforms for a Jacobian that are commented out, in a string, or switched off."""
    code = r"(?s)\A(?=.*(jacobian\(|jacrev\(|jacfwd\(|\.backward\(|autograd\.grad\())(?=.*(jac|雅|(?-i:\bJ\b)))"
    return seen.words(code, ("comment", "string", "dead"))


def _raised(seen):
    """A second row on a freed graph; clearing a gradient that is not there; backward on the whole vector.

    On that of control flow backward fails in its own exercise, whatever is said of Jacobians there.
    """
    meant = list(_meant(seen))
    graphs = {p.graph for p, _, _ in meant}
    others = {p.graph for p, jacobian, _ in meant if not _is_multiple_of_one(jacobian)}
    for p in seen.passes:
        kind = error_kind(p.error)
        if kind == "second_time" and p.graph in graphs and p.repeat_of < 0:
            yield holds(False, otherwise="freed_graph", at=p)
        if kind == "scalar_outputs" and p.graph in others:
            yield holds(False, otherwise="vector_backward", at=p)
    for error in seen.errors:
        if error_kind(error.message) == "nothing_to_clear" and "zero_" in error.message:
            yield holds(False, otherwise="nothing_to_clear", at=error)


def _one_pass(seen):
    """One pass with ones over a function with several outputs."""
    found = []
    for p, jacobian, leaves in _meant(seen):
        passes = list(_passes_over(seen, p.graph, leaves))
        if not _is_diagonal(jacobian) and len(passes) == 1 and p.seed is not None and _is_ones(p.seed):
            found.append(holds(False, otherwise="one_pass", at=p))
    return found
