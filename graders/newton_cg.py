"""Criteria for `newton_cg`: f(x, y) = (1 − x)² + 2 (y − x²)², minimised by SciPy's Newton-CG with a gradient callback.

    ∇f = (−2 (1 − x) − 8 x (y − x²), 4 (y − x²))

The callback is called at hidden points, twice at one of them. The optimizer only demonstrates: a gradient that is twice
too large reaches the minimum, and one of single precision may not. What was handed to SciPy is judged, if anything was.
"""

import re

import numpy as np

from autograder.evidence import error_kind
from autograder.judge import agree, best, close, confirmed, for_a_person, holds, not_reached
from autograder.model import Tolerance

NEAR = Tolerance(3e-5, 1e-6)
FLAT = Tolerance(1e-3, 1e-3)
POINTS = ("near", "far", "again")
NO_AXES = ("0-dimensional", "0-dim tensor", "dimension 0")  # what NumPy and torch say of a number that is indexed
NEWTON = ("newton-cg", "newton_cg", "newtoncg", "fmin_ncg")


def attempted(as_written):
    """Newton-CG ran, or code asks for it."""
    code = [passage.text.lower() for passage in as_written.code]
    return bool(_newton(as_written)) or any(name in text for name in NEWTON for text in code)


def callback(as_written, fresh):
    """Right at two hidden points, and again at the first; of two arguments or of a tensor, right at one."""
    claims = [_claim(results) for results in _callbacks(fresh)]
    raised = [holds(False, otherwise="scalar_buffer", at=error) for error in _without_axes(as_written)]
    if claims or raised:
        return best([*claims, *raised])
    return for_a_person(as_written.words("(?i)newton|minimi", ("comment", "string", "dead")), "not_executed")


def form(as_written, fresh):
    """As many entries as variables, float64, out of the graph."""
    results = [r for r in _callbacks(fresh) if _is_right(r)] or _callbacks(fresh)
    if not results:
        return not_reached()
    lacking = ((_lacks(as_written, r), _judged(r)[0][2]) for r in results)
    return best([holds(not reason, otherwise=reason, at=called) for reason, called in lacking])


def optimizer(as_written, fresh):
    """It ended in (1, 1), where f is 0."""
    right = any(map(_is_right, _callbacks(fresh)))
    ended = [holds(agree(run.x, np.ones(2), FLAT), otherwise="elsewhere", at=run) for run in _newton(as_written)]
    if not right:
        return not_reached()
    if not ended and not as_written.minimized:
        return not_reached() if as_written.errors else holds(False, otherwise="not_run")
    others = [holds(False, otherwise="another_method", at=run) for run in as_written.minimized]
    return confirmed(best(ended or others), by=lambda: bool(_newton(fresh)) and not _other_objective(as_written, fresh))


def _newton(seen):
    """Runs of Newton-CG on two variables that were told a gradient."""
    named = [run for run in seen.minimized if run.method.lower() in NEWTON and run.with_gradient]
    return [run for run in named if run.x is not None and run.x.size == 2]


def _other_objective(as_written, fresh):
    """Whether a function that the optimizer was handed by its name differs from f, by more than a constant."""
    values = {}
    for called in fresh.called:
        if called.call in ("near", "far") and called.result is not None and called.result.size == 1:
            values.setdefault(called.function, {})[called.call] = float(np.ravel(called.result)[0])
    near, far = (_value(fresh.inputs[call][0]) for call in ("near", "far"))
    others = [name for name, got in values.items() if len(got) == 2 and _differ(got["far"] - got["near"], far - near)]
    return any(_is_handed(as_written, name) for name in others)


def _is_handed(seen, name):
    """By its name, which stands for one function only."""
    once = sum(function.name == name for function in seen.functions) == 1
    return once and seen.mentions_it(rf"\b(minimize|fmin_ncg)\(\s*((fun|f)\s*=\s*)?{re.escape(name)}\s*,")


def _differ(got, want):
    return not abs(got - want) <= 1e-3 * (1 + abs(want))  # written so that NaN does


# ---------------------------------------------------------------------------------- the callback


def _value(point):
    x, y = np.ravel(point).astype(float)
    return (1 - x) ** 2 + 2 * (y - x**2) ** 2


def _gradient(point, factor=2.0):
    x, y = np.ravel(point).astype(float)
    return np.array([-2 * (1 - x) - 4 * factor * x * (y - x**2), 2 * factor * (y - x**2)])


def _callbacks(fresh):
    """{call: (point, what came)} of each function that may be the callback: of those that SciPy was given, if any."""
    groups = {}
    for called in fresh.called:
        point = np.concatenate([np.ravel(given) for given in fresh.inputs[called.call]])
        if (got := _entries(called)) is not None:
            groups.setdefault((called.handed, called.function), {})[called.call] = (point, got, called)
    handed = [results for (given, _), results in groups.items() if given]
    return handed or [results for results in groups.values() if _resembles(results)]


def _entries(called):
    """Two numbers, alone or after f in a pair."""
    pairs = [part for part in (called.result, *called.parts[1:]) if part is not None and part.size == 2]
    return pairs[0] if pairs else None


def _resembles(results):
    """The gradient, or a mistake with a name: any other function of two entries is none of ours."""
    claim = _claim(results)
    wanted = (claim.expected, *claim.mistakes.values())
    return any(agree(claim.observed, want, Tolerance(1e-4, 1e-6)) for want in wanted)


def _judged(results):
    """The points to judge: those of a callback, else the one for two arguments, else the one for a tensor."""
    names = [name for name in POINTS if name in results] or [name for name in ("apart", "leaf") if name in results][:1]
    return [results[name] for name in names or results]


def _claim(results):
    judged = _judged(results)
    points, got = [r[0] for r in judged], [np.ravel(r[1]).astype(float) for r in judged]
    right = [_gradient(point) for point in points]
    mistakes = _mistakes(points, got, right)
    return close(np.concatenate(got), np.concatenate(right), at=judged[0][2], **mistakes)


def _mistakes(points, got, right):
    (x, y), g = np.array(points, float).T, np.array(right)
    first, inner = -2 * (1 - x), y - x**2
    last = 4 * inner
    mistakes = {
        "uphill": -g,
        "inner_factor": np.transpose([first - 4 * x * inner, last]),
        "inner_missing": np.transpose([first + 4 * inner, last]),
        "inner_sign": np.transpose([-first - 8 * x * inner, last]),
        "one_summand": np.transpose([-8 * x * inner, last]),
        "last_zero": np.transpose([g[:, 0], 0 * x]),
        "second_derivatives": np.transpose([2 - 8 * y + 24 * x**2, 0 * x + 4]),
    }
    for factor in (1.0, 100.0):
        if agree(np.ravel(got), np.ravel([_gradient(point, factor) for point in points]), NEAR):
            mistakes["another_function"] = np.array(got)
    if len(got) > 1:
        mistakes["accumulated"] = got[0] + np.vstack([0 * g[:1], np.cumsum(g[1:], axis=0)])
        mistakes["stale"] = np.tile(got[0], (len(got), 1))
    return {name: np.ravel(values) for name, values in mistakes.items()}


def _is_right(results):
    claim = _claim(results)
    return agree(claim.observed, claim.expected, NEAR)


def _without_axes(seen):
    """A single number was indexed on the way through the callback."""
    return [error for error in seen.errors if any(words in error.message for words in NO_AXES)]


# ---------------------------------------------------------------------------------- shape and type


def _lacks(seen, results):
    """What keeps the optimizer from using it, in one word; nothing if it can."""
    judged = _judged(results)
    if any(called.requires_grad for _, _, called in judged):
        return "in_graph"
    if any(got.shape != (2,) for _, got, _ in judged):
        return "column"
    if set(results) - {"leaf"} and all(_is_single(got, _is_right(results)) for _, got, _ in judged):
        return "single_precision"
    failed = [error for error in seen.errors if error_kind(error.message) == "real_numbers"]
    return "integer_start" if failed and "near" in results and "whole" not in results else ""


def _is_single(numbers, right):
    """By type; or right ones, at a point of double precision, that a float32 can hold."""
    return numbers.dtype == np.float32 or (right and np.array_equal(numbers, numbers.astype(np.float32)))
