"""Criteria for `log_sin_graph`: f(x) = log(x²)·sin x + 1/x, its graph, and the chain rule in both directions.

    a = x²   b = log a   c = sin x   d = bc   e = 1/x   f = d + e
    forward   ȧ = 2x   ḃ = 2/x   ċ = cos x   ḋ = ḃc + bċ   ė = −1/x²   ḟ = ḋ + ė
    reverse   f̄ = d̄ = ē = 1   b̄ = c   c̄ = b   ā = c/a   x̄ = 2x·ā + cos x·c̄ − 1/x²

What was worked out by hand is known by its values at one x, wherever they stand: variables, dictionaries, functions.
It is confirmed at another x, where the seed is fresh, or the numbers in the code are moved, or a function is called.
With a logarithm of another base the sweeps are judged for that base, and the graph tells.
"""

import numpy as np

from autograder.judge import agree, best, close, confirmed, for_a_person, holds, not_reached
from autograder.model import Tolerance

NEAR = Tolerance(1e-4, 1e-6)
BASES = {
    "": 1.0,
    "log10": 1 / np.log(10),
    "log2": 1 / np.log(2),
}  # the name of the mistake, the factor of the logarithm
NODES = ("log", "sine", "inverse", "f")
TANGENTS = ("d_log", "d_sine", "d_product", "d_inverse", "total")
OTHERS = ("log_squared", "log_x", "degrees", "bracket")
WRITTEN = r"log\w*\([^\n]{1,30}\)\)?\s*\*\s*[\w.]{0,9}sin\(|sin\(\w+\)\s*\*\s*[\w.]{0,9}log\w*\("
ABOUT = r"(?s)\A(?=.*log)(?=.*sin)(?=.*(chain rule|graph|frac|path|node|df ?/ ?dx|链式|依赖图|路径))"
LOGARITHM = r"log|\bln\b|对数"
LOG = frozenset(("Log", "Log2", "Log10"))
SAME = 1e-5  # relative; by hand and in single precision a few roundings are 1e-6
MOST = 400  # numbers, or arrays of one size, that are looked at


def attempted(as_written):
    """f stands there, or its logarithm and two more of its nodes; or a function or words that are about it."""
    if not as_written.mentions_it(LOGARITHM):
        return False
    if _graph(as_written) or _other(as_written) or _about_it(as_written):
        return True
    return bool(as_written.functions) and as_written.mentions_it(WRITTEN)


def graph(as_written, fresh, moved):
    """All nodes at one x, with the natural logarithm."""
    if other := _other(as_written):
        return holds(False, otherwise=other)
    found = _anywhere(as_written, fresh, *NODES)
    if not found:
        return _in_words(as_written)
    if found.base:
        return holds(False, otherwise=found.base, at=found.at("log"))
    whole = found.has(*NODES) and (found.has("square") or found.has("product"))
    return confirmed(
        holds(whole, otherwise="one_line", at=found.at("f")), by=lambda: _moves(found, (fresh, moved), NODES)
    )


def forward(as_written, fresh, moved):
    """The derivative of each node with respect to x, up to that of f."""
    found = _anywhere(as_written, fresh, *TANGENTS)
    if not found or _other(as_written):
        return not_reached() if _other(as_written) else _in_words(as_written)
    if found.has(*TANGENTS):
        return confirmed(holds(True, at=found.at("total")), by=lambda: _moves(found, (fresh, moved), TANGENTS))
    total = found.want["total"]
    if mistakes := [close(got, total, at=found.holder(got), **found.mistakes) for got in found.mistaken()]:
        return best(mistakes)
    several = sum(found.has(name) for name in TANGENTS[:-1]) >= 2
    return holds(False, otherwise="path_missing" if several and not found.has("total") else "no_forward")


def reverse(as_written, fresh, moved, scaled):
    """The derivative of f with respect to the nodes, down to x; by hand, or kept by inner nodes of a backward pass."""
    found = _anywhere(as_written, fresh, "of_square", "total")
    if not found or _other(as_written):
        return not_reached() if _other(as_written) else _in_words(as_written)
    kept = [np.ravel(value.grad) for value in as_written.values if value.grad is not None and not value.is_leaf]
    if all(any(agree(got, found.want[name], NEAR) for got in kept) for name in ("sine", "log")):
        arrived = any(agree(got, want, NEAR) for *_, got, want in _slopes(as_written, found.base))
        at = next(reversed(as_written.passes), None)
        return confirmed(holds(arrived, otherwise="overwritten", at=at), by=lambda: _kept_follows(found, scaled))
    if found.has("of_square") or found.has("path_log", "path_sine"):
        backwards = (found.holder(found.want[name], last=True) for name in ("of_square", "path_sine", "total"))
        at = next(filter(None, backwards), None)
        claim = holds(found.has("total"), otherwise="overwritten", at=at)
        forward = found.has(*TANGENTS)
        return confirmed(
            claim,
            by=lambda: (
                (not forward or _holders(found, as_written, fresh) > 1) and _moves(found, (fresh, moved), ("total",))
            ),
        )
    asked = any(value.none for value in as_written.values) and bool(as_written.passes)
    return holds(False, otherwise="inner_none" if asked else "no_reverse")


def agreement(as_written, fresh, moved, scaled):
    """A pass left f′ at some x, where the total by hand stands as well."""
    found = _anywhere(as_written, fresh, "d_product", "total")
    if not found or _other(as_written):
        return not_reached() if _other(as_written) else _in_words(as_written)
    slopes = list(_slopes(as_written, found.base)) or list(_slopes(fresh, found.base))
    if not slopes:
        return not_reached() if list(_slopes(as_written, "")) else holds(False, otherwise="by_hand_only")
    if broken := [at for at, x, got, _ in slopes if np.any(x == 0) and not np.all(np.isfinite(got))]:
        return holds(False, otherwise="at_zero", at=broken[-1])
    if not (found.has("total") or found.has("d_product") or found.has("of_square") or found.mistaken()):
        return holds(False, otherwise="autograd_only", at=slopes[-1][0])
    claim = best(close(got, want, at=at, twice=2 * want) for at, _, got, want in slopes)
    names = ("total",) if found.has("total") else ("f",)
    return confirmed(claim, by=lambda: _slope_follows(found, scaled) and _moves(found, (fresh, moved), names))


def _kept_follows(found, scaled):
    """The gradient that an inner tensor kept is c times as large."""
    again = [v.grad for v in scaled.values if v.grad is not None and not v.is_leaf]
    return any(agree(np.ravel(g), scaled.scale * found.want["sine"], NEAR) for g in again)


def _slope_follows(found, scaled):
    factors = (scaled.scale, scaled.scale**2)
    return any(agree(got, c * want, NEAR) for *_, got, want in _slopes(scaled, found.base, factors) for c in factors)


# ---------------------------------------------------------------------------------- numbers


class _Found:
    """Which of the graph's numbers stand among `rows`, those of one case, at one x."""

    def __init__(self, x, base, rows, seen):
        self.x, self.base, self.rows, self.seen = x, base, rows, seen
        self.want, self.mistakes = _numbers(x, BASES[base]), _mistakes(x)

    def has(self, *names):
        return all(_stands(self.rows, self.want[name]) for name in names)

    def at(self, name):
        return self.holder(self.want[name])

    def holder(self, want, last=False):
        """The record that these numbers came up in first, or last, by itself; None if no single one holds them."""
        records = sorted((*self.seen.values, *self.seen.plain, *self.seen.called), key=lambda record: record.order)
        holding = [record for record in records if any(_holds(array, want) for array in _arrays_of(record))]
        return holding[-1 if last else 0] if holding else None

    def count(self):
        return sum(self.has(name) for name in self.want)

    def mistaken(self):
        """What equals a mistaken total; at some x a mistake gives the right one, and is none."""
        wrong = [want for want in self.mistakes.values() if not agree(want, self.want["total"], NEAR)]
        return [want for want in wrong if _stands(self.rows, want)]


def _numbers(x, s):
    """All that a sweep meets, for the logarithm times s."""
    with np.errstate(all="ignore"):
        a, c, cos = x**2, np.sin(x), np.cos(x)
        b = s * np.log(a)
        slope = 2 * s / x * c + b * cos
        forwards = {"d_log": 2 * s / x, "d_sine": cos, "d_product": slope, "d_inverse": -1 / a, "total": slope - 1 / a}
        back = {"of_square": s * c / a, "path_log": 2 * s * c / x, "path_sine": b * cos}
        return {
            "square": a,
            "log": b,
            "sine": c,
            "product": b * c,
            "inverse": 1 / x,
            "f": b * c + 1 / x,
            **forwards,
            **back,
        }


def _mistakes(x):
    """What would stand in place of the total, and stands nowhere on the way to it."""
    with np.errstate(all="ignore"):
        log, sin, cos, last = np.log(x**2), np.sin(x), np.cos(x), -1 / x**2
        natural = 2 / x * sin + log * cos
        return {
            "plus_sign": natural - last,
            "inner_missing": sin / x**2 + log * cos + last,
            "log_halved": sin / x + log * cos + last,
            "product_of_derivatives": 2 / x * cos + last,
            "cos_sign": 2 / x * sin - log * cos + last,
            "log10": natural * BASES["log10"] + last,
            "log2": natural * BASES["log2"] + last,
            "doubled": 2 * (natural + last),
        }


def _functions(x):
    """Other functions than f, each made by one misreading of it."""
    with np.errstate(all="ignore"):
        log, sin = np.log(x**2), np.sin(x)
        half, turned = np.log(x), np.sin(np.radians(x))
        values = (half**2 * sin, half * sin, log * turned, np.log(x**2 * sin))
        return {name: value + 1 / x for name, value in zip(OTHERS, values, strict=True)}


def _stands(rows, want):
    """Whether these numbers are one of the rows; where they are infinite or none, anything is."""
    finite = np.isfinite(want)
    if not np.any(finite):
        return False
    size = np.abs(want[finite])
    allowed = SAME * np.maximum(size, np.median(size)) + 1e-12
    with np.errstate(all="ignore"):
        return bool(np.any(np.all(np.abs(rows[:, finite] - want[finite]) <= allowed, axis=1)))


def _pool(seen):
    """{size: rows} of all numbers but what passes left; the entries of short lists and arrays also one by one."""
    left = [np.ravel(array) for array in _left(seen)]
    arrays = [v.array for v in seen.values if v.name or not _is_among(v.array, left)]
    arrays += [given for inputs in seen.inputs.values() for given in inputs]
    arrays += [part for record in (*seen.values, *seen.plain, *seen.rounds, *seen.called) for part in record.parts]
    arrays += [called.result for called in seen.called] + [p.root for p in seen.passes]
    arrays += [leaf.x for p in seen.passes for leaf in p.leaves]
    rows = {}
    for array in arrays:
        if array is not None and array.dtype.kind in "iuf" and 0 < array.size <= 10_000:
            flat = np.ravel(array).astype(float)
            rows.setdefault(flat.size, {})[flat.tobytes()] = flat
            for entry in flat if 1 < flat.size <= 8 else ():
                rows.setdefault(1, {})[entry.tobytes()] = np.array([entry])
    return {size: np.array(list(found.values())[:MOST]) for size, found in rows.items()}


def _holders(found, *cases):
    """How many things hold the total: beside a forward sweep, a reverse one has a total of its own.

    A name that was given the total anew counts again; something shown does if no name holds the same bits and no pass
    left them.
    """
    named, shown = set(), set()
    for seen in cases:
        left = {np.ravel(a).astype(float).tobytes() for a in _left(seen)}
        for name, array in _places(seen):
            if array is not None and array.dtype.kind in "iuf" and _holds(array, found.want["total"]):
                bits = np.ravel(array).astype(float).tobytes()
                (named if name else shown).add((name, bits))
        shown -= {("", bits) for bits in left | {bits for _, bits in named}}
    return len(named) + len(shown)


def _places(seen):
    """(name, numbers) of all that holds some; no name for what was only shown."""
    for v in seen.values:
        yield v.name, v.array
    for record in (*seen.values, *seen.plain, *seen.rounds, *seen.called):
        keys = getattr(record, "keys", range(len(record.parts)))
        owner = getattr(record, "name", "") or getattr(record, "function", "")
        several = len(record.parts) > 1
        yield from (
            (f"{owner}.{key}" if owner or several else "", a) for key, a in zip(keys, record.parts, strict=True)
        )


def _left(seen):
    return [leaf.after for p in seen.passes for leaf in p.leaves if leaf.after is not None]


def _arrays_of(record):
    whole = (getattr(record, name, None) for name in ("array", "result"))
    return [array for array in (*whole, *record.parts) if array is not None and array.dtype.kind in "iuf"]


def _holds(array, want):
    """These numbers; or, of a short list, one of the entries."""
    flat = np.ravel(array).astype(float)
    rows = flat[None] if flat.size == want.size else flat[:, None] if want.size == 1 and flat.size <= 8 else None
    return rows is not None and _stands(rows, want)


def _is_among(array, others):
    return array is not None and any(np.array_equal(np.ravel(array), other) for other in others)


# ---------------------------------------------------------------------------------- the graph


def _graph(seen, *names):
    """The x of the sample at which most of the graph stands, and most of `names`; else that of a pass over f."""
    found, pool, written = [], _pool(seen), seen.mentions_it(WRITTEN)
    for rows in pool.values():
        for base, s in BASES.items():
            want = _numbers(rows, s)
            usable = _may_stand(rows, want["f"]) | _may_stand(rows, want["product"])
            graphs = (_Found(x, base, rows, seen) for x in rows[usable & _is_usable(rows)])
            found += [g for g in graphs if _is_graph(g, written)]
    if not found and any(LOG & set(p.ops) and "Sin" in p.ops for p in seen.passes):
        found = [_Found(x, "", pool[x.size], seen) for _, x, *_ in _slopes(seen, "") if x.size in pool]
    return max(found, key=lambda g: (sum(map(g.has, names)), g.count(), not g.base), default=None)


def _is_usable(rows):
    """Numbers that f can be asked for; at 1 and −1 the logarithm is 0, and tells nothing."""
    small = np.all(np.abs(rows) < 100, axis=1)  # written so that NaN is not
    return small & np.any((rows != 0) & (np.abs(np.abs(rows) - 1) > 1e-3), axis=1)


def _may_stand(rows, wants):
    """For each of `wants`, whether its last entry is that of a row: a quick look before the whole is compared."""
    with np.errstate(all="ignore"):
        allowed = (
            SAME * np.maximum(np.abs(wants[:, -1]), np.max(np.nan_to_num(np.abs(wants), posinf=0), axis=1)) + 1e-12
        )
        return np.any(np.abs(rows[:, -1] - wants[:, -1:]) <= allowed[:, None], axis=1)


def _is_graph(g, written):
    """So much that it is no accident: several entries, or several nodes, or two numbers beside the formula."""
    nodes = g.has("f", "log", "product") or g.has("log", "sine", "product", "inverse")
    return nodes or (g.has("f") and (g.x.size > 2 or (written and (g.has("total") or g.count() >= 3))))


def _anywhere(as_written, fresh, *names):
    """As written, or in a function that was called with a hidden x: wherever more of `names` stand."""
    found = [g for g in (_graph(as_written, *names), _graph(fresh, *names)) if g]
    return max(found, key=lambda g: sum(map(g.has, names)), default=None)


def _moves(found, cases, names):
    """It stands at a hidden x; or the same numbers stand at another x where seed or numbers are others."""
    again = [g for g in (_graph(case, *names) for case in cases) if g and g.has(*names)]
    given = [np.ravel(x) for case in cases for inputs in case.inputs.values() for x in inputs]
    hidden = any(agree(found.x, x, NEAR) for x in given)
    return hidden or any(not agree(g.x, found.x, NEAR) for g in again)


def _other(seen):
    """The name of another function that was taken for f, if f is not there."""
    if (found := _graph(seen)) and found.has(*NODES[:3]):
        return ""
    for rows in _pool(seen).values():
        inverse = _may_stand(rows, 1 / np.where(rows == 0, np.inf, rows))
        for x in rows[inverse & _is_usable(rows) & np.all(rows != 0, axis=1)]:
            for name, values in _functions(x).items():
                sine = np.sin(np.radians(x) if name == "degrees" else x)
                if all(_stands(rows, want) for want in (values, sine, 1 / x)):
                    return name
    return ""


def _slopes(seen, base, factors=(1.0,)):
    """(where, x, gradient, f′) of passes and transforms over f: known by the root, or by the gradient itself."""
    counted = ((p, leaf) for p in seen.passes for leaf in p.leaves if not p.error and seen.still_counts(p, leaf))
    pairs = [(p, leaf.x, leaf.after, p.root) for p, leaf in counted]
    pairs += [(call, call.inputs[0], call.result, None) for call in seen.derivatives if len(call.inputs) == 1]
    for at, x, got, root in pairs:
        if x is not None and got is not None and x.size == got.size and x.dtype.kind == "f":
            x, got = np.ravel(x).astype(float), np.ravel(got)
            want = _numbers(x, BASES[base])
            broken = bool(np.any(x == 0)) and not np.all(np.isfinite(got))
            if _is_root(root, want["f"]) or broken or any(agree(got, c * want["total"], NEAR) for c in factors):
                yield at, x, got, want["total"]


def _is_root(root, f):
    """f, or its sum or mean where it is finite."""
    if root is None:
        return False
    values = f[np.isfinite(f)]
    ways = [f, np.array([values.sum()]), np.array([values.mean()])] if values.size else []
    return any(agree(np.ravel(root), way, NEAR) for way in ways)


def _about_it(seen):
    """Words about this function, or its graph, beyond the exercise's own."""
    return seen.words(ABOUT, ("markdown", "comment", "string", "dead"))


def _in_words(seen):
    return for_a_person(_about_it(seen))
