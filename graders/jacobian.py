"""Criteria for `jacobian`: the full Jacobian of a vector-valued function by automatic differentiation.

    J[i, j] = ∂yᵢ/∂xⱼ        a pass with weights v gives vᵀJ, so a one-hot v gives a row

The reference of a script is the observer's: the Jacobian of the student's own graph at the student's own x.
"""

import numpy as np

from autograder.evidence import error_kind
from autograder.judge import agree, best, close, for_a_person, holds, newest, not_reached
from autograder.model import Tolerance
from autograder.oracle import map_jacobian

EXACT = Tolerance(3e-5, 1e-6)
NEAR = Tolerance(1e-4, 1e-6)
ROUGH = Tolerance(2e-2, 2e-2)
TRANSFORMS = {
    "functional.jacobian",
    "jacrev",
    "jacfwd",
    "functional.hessian",
    "vmap",
    "grad",
    "functional.vjp",
    "functional.jvp",
    "batched_grad",
}
ABOUT = r"jacobi|雅可比|雅各比|雅克比|^jac|\bJ\b"


def attempted(as_written):
    """Rows, a matrix or a transform of a function with several outputs; or words and functions about Jacobians."""
    found = [*_handed_in(as_written), *_rows(as_written), *_raised(as_written), *_one_pass(as_written)]
    return bool(found) or bool(as_written.words(ABOUT)) or _has_function(as_written)


def matrix(as_written, fresh):
    """The matrix is right here, with a fresh seed, and for hidden functions if a function of the student's made it."""
    first, again, hidden = _matrix(as_written), _matrix(fresh), _hidden(fresh)
    if not first and not hidden:
        return for_a_person(as_written.words(ABOUT)) if as_written.words(ABOUT) else best([])
    for claims in (hidden, first, again):
        if claims and not any(_passes(claim) for claim in claims):
            return newest(claims)
    return best([*first, *hidden])


def by_autodiff(as_written, fresh):
    """Its rows are what passes or transforms delivered."""
    if any(_is_by_transform(as_written, claim) for claim in _handed_in(as_written)) or _row_passes(as_written):
        return holds(True)
    calls = [called for called in fresh.called if called.call in fresh.inputs and _like_jacobian(fresh, called)]
    if calls:
        return holds(any(called.differentiated for called in calls), otherwise=_undifferentiated(fresh, calls))
    if _one_pass(as_written):
        return holds(True)
    if list(_raised(as_written)):
        return not_reached()
    return for_a_person(as_written.words(ABOUT))


# ---------------------------------------------------------------------------------- references


def _references(seen):
    """(first pass, J, leaf) of each small graph that may be meant as a Jacobian's."""
    found = {}
    for p in seen.passes:
        for leaf in p.leaves:
            if leaf.jacobian is not None and _may_be_meant(seen, leaf.jacobian):
                found.setdefault((p.graph, leaf.ident), (p, np.asarray(leaf.jacobian, float), leaf))
    return list(found.values())


def _may_be_meant(seen, jacobian):
    """More than elementwise; a diagonal one only beside words about Jacobians; never k·I, which control flow gives."""
    if min(jacobian.shape) < 2:
        return False
    diagonal = np.diag(jacobian)
    if not _is_diagonal(jacobian) or not np.any(jacobian):
        return True
    return bool(np.any(diagonal != diagonal[0])) and seen.mentions_it(ABOUT)


def _is_diagonal(jacobian):
    rows, columns = jacobian.shape
    return rows == columns and np.count_nonzero(jacobian - np.diag(np.diag(jacobian))) == 0


def _passes_over(seen, graph, ident):
    """The passes over one graph that reached one leaf, with the leaf as each left it."""
    return [(p, leaf) for p in seen.passes if p.graph == graph for leaf in p.leaves if leaf.ident == ident]


# ---------------------------------------------------------------------------------- claims


def _matrix(seen):
    """What was handed in comes first, of each Jacobian its last form; rows only printed count when nothing else was."""
    handed = [claim for claim in _handed_in(seen) if _passes(claim) or _named(claim)]
    last = {}
    for claim in sorted(handed, key=lambda claim: claim.order):
        last[getattr(claim, "expected", claim.order).tobytes() if hasattr(claim, "expected") else claim.order] = claim
    return list(last.values()) or list(_rows(seen)) or [*_raised(seen), *_one_pass(seen)]


def _passes(claim):
    return claim.true if hasattr(claim, "true") else agree(claim.observed, claim.expected, EXACT)


def _named(claim):
    if hasattr(claim, "true"):
        return not claim.true
    return any(
        agree(claim.observed, want, NEAR) and not agree(want, claim.expected, NEAR) for want in claim.mistakes.values()
    )


def _handed_in(seen):
    """Variables, things shown and results of transforms that have a Jacobian's size, each against its reference."""
    yield from _of_transforms(seen)
    for p, jacobian, leaf in _references(seen):
        weights = [leaf_pass.seed for leaf_pass, _ in _passes_over(seen, p.graph, leaf.ident)]
        for value in seen.values:
            if value.order > p.order and _is_no_leaf(seen, value):
                yield from _against(value, jacobian, weights)
    yield from _component_by_component(seen)


def _is_no_leaf(seen, value):
    inputs = [leaf.x for p in seen.passes for leaf in p.leaves if leaf.x is not None]
    array = value.array
    return array is None or not any(array.shape == x.shape and np.array_equal(array, x) for x in inputs)


def _of_transforms(seen):
    for call in seen.derivatives:
        if call.reference is None or not set(call.names) & TRANSFORMS or not _may_be_meant(seen, call.reference):
            continue
        yield from _of_transform(seen, call)


def _of_transform(seen, call):
    jacobian = np.asarray(call.reference, float)
    result = _as_matrix(call.result, call.parts, jacobian.shape)
    if result is not None and not np.any(result):
        reason = "ignores_argument" if not np.any(jacobian) else "recording_off"
        yield holds(False, otherwise=reason, at=call)
        return
    if result is not None:
        yield close(result, jacobian, at=call, **_mistakes(jacobian, [], result.ndim))
    for value in seen.values:
        if value.order > call.order and value.array is not None and value.array.size == jacobian.size:
            yield from _against(value, jacobian, [])


def _against(value, jacobian, weights):
    """A claim, if the value has the Jacobian's shape or that of one of its mistakes."""
    observed = _as_matrix(value.array, value.parts, jacobian.shape)
    mistakes = _mistakes(jacobian, weights, 2 if observed is None else observed.ndim)
    if observed is not None and observed.ndim == 1 and _is_diagonal(jacobian):
        return  # the gradient of something elementwise: no attempt at a matrix
    if observed is not None and _related(observed, jacobian, mistakes):
        yield close(observed, jacobian, at=value, **mistakes)


def _related(observed, jacobian, mistakes):
    wanted = [jacobian, *mistakes.values()]
    return any(agree(observed, want, NEAR) for want in wanted if np.any(want))


def _as_matrix(array, parts, shape):
    """Blocks side by side, entries of size one taken out; None for what has another number of entries."""
    if array is None and parts:
        blocks = [np.reshape(part, (shape[0], -1)) for part in parts if part.size % shape[0] == 0]
        array = np.hstack(blocks) if len(blocks) == len(parts) else None
    if array is None or array.dtype.kind not in "biuf":
        return None
    squeezed = np.squeeze(array)
    if array.ndim > 2 and squeezed.ndim != 2 and array.size == shape[0] * shape[1]:
        return array.reshape(shape)
    return squeezed


def _mistakes(jacobian, weights, ndim=2):
    rows, columns = jacobian.shape
    total = np.tile(jacobian.sum(axis=0), (rows, 1))
    mistakes = {
        "transposed": jacobian.T,
        "rows_accumulated": np.cumsum(jacobian, axis=0),
        "all_rows_last": np.tile(jacobian[-1], (rows, 1)),
        "all_rows_sum": total,
        "averaged": jacobian / rows,
        "rows_reversed": jacobian[::-1],
    }
    if rows == columns:
        mistakes["diagonal_only"] = np.diag(jacobian) if ndim == 1 else np.diag(np.diag(jacobian))
    seeds = [np.ravel(w) for w in weights if w is not None and w.size == rows]
    if len(seeds) == rows and not _one_hot_rows(seeds):
        mistakes["not_one_hot"] = np.stack(seeds) @ jacobian
    return mistakes


def _one_hot_rows(seeds):
    return all(np.count_nonzero(seed) == 1 and np.isclose(seed.sum(), 1) for seed in seeds)


def _rows(seen):
    """Rows that only stood in x.grad, one after another."""
    for p, jacobian, leaf in _references(seen):
        if _kept_small(jacobian):
            passes = _row_sequence(seen, p.graph, leaf.ident)
            rows = [np.ravel(left.after) for q, left in passes if left.after is not None and not q.error]
            if len(rows) == jacobian.shape[0]:
                seeds = [q.seed for q, _ in passes]
                yield close(np.stack(rows), jacobian, at=passes[-1][0], **_mistakes(jacobian, seeds))


def _kept_small(jacobian):
    return jacobian.size <= 4096


def _row_sequence(seen, graph, ident):
    """The passes with one weight vector each; a sum over all outputs is not one of the rows."""
    passes = _passes_over(seen, graph, ident)
    return [(p, leaf) for p, leaf in passes if p.seed is not None and not _is_ones(p.seed) and not p.error]


def _is_ones(seed):
    return seed.size > 1 and bool(np.all(seed == seed.ravel()[0]))


def _component_by_component(seen):
    """Each output has a graph of its own: consecutive scalar roots over one leaf, and a matrix made of their rows."""
    for passes in _scalar_runs(seen):
        jacobian = np.stack([_increment(leaf) for _, leaf in passes])
        for value in seen.values:
            if value.order > passes[0][0].order and value.array is not None and value.array.ndim >= 2:
                yield from _against(value, jacobian, [])


def _scalar_runs(seen):
    runs, current = [], []
    for p in seen.passes:
        leaf = p.leaves[0] if len(p.leaves) == 1 else None
        usable = (
            leaf is not None
            and leaf.after is not None
            and leaf.after.size >= 2
            and p.root is not None
            and p.root.size == 1
        )
        same = usable and current and current[-1][1].ident == leaf.ident
        if current and not same:
            runs.append(current)
            current = []
        if usable and not p.error and leaf.after.size <= 64:
            current.append((p, leaf))
    runs.append(current)
    return [run for run in runs if 2 <= len(run) <= 64 and not _one_graph(run)]


def _one_graph(run):
    return len({p.graph for p, _ in run}) == 1 and run[0][0].graph >= 0


def _increment(leaf):
    before = np.zeros(leaf.after.shape) if leaf.before is None else np.asarray(leaf.before, float)
    return np.ravel(np.asarray(leaf.after, float) - before)


# ---------------------------------------------------------------------------------- hidden functions


def _hidden(fresh):
    """The student's functions of a function, on maps that they have not seen."""
    return [claim for called in fresh.called if called.call in fresh.inputs for claim in _called(fresh, called)]


def _called(fresh, called):
    jacobian = _hidden_jacobian(fresh, called.call)
    observed = _as_matrix(called.result, called.parts, jacobian.shape)
    if observed is None:
        return
    mistakes = _mistakes(jacobian, [])
    if _related(observed, jacobian, mistakes) or agree(observed, jacobian, ROUGH):
        yield close(observed, jacobian, at=called, **mistakes)


def _hidden_jacobian(fresh, call):
    given, x = fresh.inputs[call]
    return map_jacobian(given["map"], x)


def _like_jacobian(fresh, called):
    jacobian = _hidden_jacobian(fresh, called.call)
    observed = _as_matrix(called.result, called.parts, jacobian.shape)
    return observed is not None and agree(observed, jacobian, ROUGH)


def _undifferentiated(fresh, calls):
    exact = any(agree(called.result, _hidden_jacobian(fresh, called.call), EXACT) for called in calls)
    return "no_pass" if exact else "differences"


def _has_function(seen):
    """A function of two arguments that speaks of Jacobians: only a hint to look; what it computes decides."""
    return any("jac" in function.name.lower() and function.parameters >= 2 for function in seen.functions)


# ---------------------------------------------------------------------------------- what went wrong


def _is_by_transform(seen, claim):
    return any(call.where == claim.where for call in seen.derivatives) or bool(_row_passes(seen))


def _row_passes(seen):
    """Passes that delivered rows: several over one graph, or several components over one leaf."""
    groups = {}
    for p, _, leaf in _references(seen):
        groups[p.graph, leaf.ident] = _row_sequence(seen, p.graph, leaf.ident)
    return [passes for passes in groups.values() if len(passes) >= 2] or _scalar_runs_used(seen)


def _scalar_runs_used(seen):
    return [1] if list(_component_by_component(seen)) else []


def _raised(seen):
    """A second row on a freed graph; clearing a gradient that is not there; backward on the whole vector."""
    said = seen.mentions_it(ABOUT)
    graphs = {p.graph for p, _, _ in _references(seen)}
    for p in seen.passes:
        kind = error_kind(p.error)
        if kind == "second_time" and p.graph in graphs and p.repeat_of < 0:
            yield holds(False, otherwise="freed_graph", at=p)
        if (
            kind == "scalar_outputs"
            and said
            and any(leaf.jacobian is not None for leaf in p.leaves)
            and p.graph in graphs
        ):
            yield holds(False, otherwise="vector_backward", at=p)
    for error in seen.errors:
        if error_kind(error.message) == "nothing_to_clear" and "zero_" in error.message and _mentions(error.source):
            yield holds(False, otherwise="nothing_to_clear", at=error)


def _mentions(source):
    lower = source.lower()
    return any(word in lower for word in ("jac", "雅", "rows", "[i]", "j["))


def _one_pass(seen):
    """One pass with ones over a function with several outputs, in a submission that speaks of a Jacobian."""
    said = seen.mentions_it(ABOUT)
    found = []
    for p, jacobian, leaf in _references(seen):
        passes = _passes_over(seen, p.graph, leaf.ident)
        if (
            said
            and not _is_diagonal(jacobian)
            and len(passes) == 1
            and p.seed is not None
            and _is_ones(p.seed)
            and not p.error
        ):
            found.append(holds(False, otherwise="one_pass", at=p))
    return found
