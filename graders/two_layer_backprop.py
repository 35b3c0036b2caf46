"""Criteria for `two_layer_backprop`: two sigmoid layers on a small table, trained by gradients written by hand.

    h = σ(X V)   o = σ(h W)   δ = (o − y)·o(1 − o), or o − y for cross-entropy
    W ← W − η hᵀδ             V ← V − η Xᵀ[(δ Wᵀ)·h(1 − h)]

Where the seed is fresh, the variables are looked at as a loop starts anew: what the weights gained from one round to
the next is their step, and has to be a negative multiple of the gradient at the weights before it. Any names, biases or
none, all rows at once or one after another, samples in rows or in columns; in a loop of a function or a class as well.
"""

import numpy as np

from autograder.judge import best, confirmed, for_a_person, holds, not_reached

SPOKEN = r"sigmoid|nonlin|exp\( ?-|expit|激活"
NEAR = 1e-3  # of a step to a multiple of the gradient
MOST_ROWS = 64
PYTHON_2 = ("Missing parentheses in call to 'print'", "'xrange'", "'raw_input'")


def attempted(as_written):
    """A table of zeros and ones, a sigmoid in plain numbers, and no autograd that does the work."""
    spoken = as_written.mentions_it(SPOKEN) and as_written.mentions_it(r"\bfor\b|\bwhile\b")
    by_autograd = any("Sigmoid" in p.ops for p in as_written.passes)
    return spoken and not by_autograd and _has_table(as_written) and _transposes(as_written)


def output_layer(as_written, fresh, moved):
    """The step of the second weights, in every round that was seen."""
    steps = _steps(fresh)
    if not steps:
        return _nothing_ran(as_written)
    return confirmed(_first_trouble(steps, "second"), by=lambda: _starts_elsewhere(steps, moved))


def hidden_layer(as_written, fresh, moved):
    """The step of the first weights, whose error came through the second ones."""
    steps = _steps(fresh)
    if not steps:
        return not_reached() if _is_python_2(as_written) else _nothing_ran(as_written)
    return confirmed(_first_trouble(steps, "first"), by=lambda: _starts_elsewhere(steps, moved))


def learned(as_written, fresh):
    """An output near the table; told only of a network that takes right steps."""
    steps = _steps(fresh)
    if not steps or any(step.second or step.first for step in steps):
        return not_reached()
    y = steps[0].y
    outputs = [v for v in as_written.values if v.array is not None and v.array.dtype.kind == "f"]
    outputs += [r for r in (*as_written.plain, *fresh.rounds) for a in r.parts if _is_near(a, y)][:1]
    near = [v for v in outputs if not hasattr(v, "array") or _is_near(v.array, y)]
    return best([holds(True, at=v) for v in near] or [holds(False, otherwise="not_learned")])


def _is_near(array, y):
    """Between 0 and 1, near the table, and not the table itself."""
    if array.dtype.kind not in "biuf":
        return False
    got, want = np.ravel(array).astype(float), np.ravel(y)
    return got.size == want.size > 1 and bool(np.all(np.abs(got - want) < 0.25)) and not np.array_equal(got, want)


# ---------------------------------------------------------------------------------- steps


class _Step:
    """One round: where it stands, and what is the matter with either step, in one word; nothing if it is right."""

    def __init__(self, at, y, start, second, first):
        self.at, self.y, self.start, self.second, self.first = at, y, start, second, first

    def rank(self):
        """Fewer troubles first, and those with a name."""
        troubles = [trouble for trouble in (self.second, self.first) if trouble]
        return len(troubles), troubles.count("not_the_gradient")


def _first_trouble(steps, layer):
    troubles = [step for step in steps if getattr(step, layer)]
    claims = [holds(False, otherwise=getattr(step, layer), at=step.at) for step in troubles]
    return best(claims or [holds(True, at=steps[0].at)])


def _steps(fresh):
    """The steps of the loop in which most go right, and of each the reading that serves it best."""
    loops = {}
    for record in fresh.rounds:
        loops.setdefault(record.loop, []).append(record)
    found = []
    for records in loops.values():
        pairs = (
            (records[i - 1], records[i]) for i in range(1, len(records)) if records[i].count == records[i - 1].count + 1
        )
        steps = [step for before, after in pairs if (step := _step(before, after))]
        if steps:
            found.append(steps)
    return min(found, key=lambda steps: (sum(bool(s.second) + bool(s.first) for s in steps), -len(steps)), default=[])


def _step(before, after):
    """What changed from one round to the next, read as a network in the way that makes most sense."""
    best_so_far = None
    for step in _all_readings(before, after):
        if best_so_far is None or step.rank() < best_so_far.rank():
            best_so_far = step
        if not step.second and not step.first:
            return step
    return best_so_far


def _all_readings(before, after):
    """Every two arrays that may be the weights, the second of which changed, with all that may be input and target."""
    old, new = ({k: _matrix(a) for k, a in zip(r.keys, r.parts, strict=True)} for r in (before, after))
    kept = [k for k in old if k in new and old[k].shape == new[k].shape]
    changed = [k for k in kept if not np.array_equal(old[k], new[k])]
    still = [k for k in kept if k not in changed and not _is_binary(old[k])]
    tables = _distinct(a for a in (*old.values(), *new.values()) if a.shape[0] <= MOST_ROWS)
    for w, v in ((w, v) for w in changed for v in (*changed, *still)):
        for turn in (np.asarray, np.transpose) if w != v else ():
            V, W = turn(old[v]), turn(old[w])
            if V.shape[1] == W.shape[0] > 1:
                weights = (V, W, turn(new[v]) - V, turn(new[w]) - W)
                others = [turn(old[k]) for k in changed if k not in (v, w)]
                yield from _readings(before, [turn(a) for a in tables], weights, others)


def _distinct(arrays):
    return list({(a.shape, a.tobytes()): a for a in arrays}.values())


def _matrix(array):
    array = np.asarray(array, float) if array.dtype.kind in "biuf" and array.size else np.zeros((1, 1))
    return array.reshape(1, -1) if array.ndim < 2 else array.reshape(-1, array.shape[-1])


def _readings(at, tables, weights, changed):
    """A step for each pair of tables that fits these weights as input and target; with biases if there are any."""
    V, W, dV, dW = weights
    targets = [a for a in tables if a.shape[1] == W.shape[1] and _is_binary(a)]
    inputs = [a for a in tables if a.shape[1] == V.shape[0] and a.size > 1 and np.any(a)]
    binary_first = sorted(inputs, key=lambda a: not _is_binary(a))
    for x, y in ((x, y) for x in binary_first for y in targets):
        if x.shape[0] == y.shape[0]:
            biases = [[None, *(b for b in changed if b.shape == (1, n))] for n in (V.shape[1], W.shape[1])]
            kept = [b for b in biases[0] if _is_among(_sigmoid(x @ V + (0 if b is None else b)), tables)]
            for b, c in ((b, c) for b in kept for c in biases[1]):
                second, first = _troubles(x, y, V, W, dV, dW, 0 if b is None else b, 0 if c is None else c)
                yield _Step(at, y, (V, W), second, first)


def _is_among(h, tables):
    """The hidden layer's values: the gradient needs them, so they stand somewhere."""
    return any(a.shape == h.shape and np.allclose(a, h, rtol=1e-4) for a in tables)


def _is_binary(array):
    return bool(np.all((array == 0) | (array == 1)))


# ---------------------------------------------------------------------------------- the gradient


def _sigmoid(z):
    return 1 / (1 + np.exp(-np.clip(z, -700, 700)))


def _slope(s):
    return s * (1 - s)


def _troubles(x, y, V, W, dV, dW, b, c):
    """What is the matter with the step of W and with that of V, for the loss that fits best."""
    z = x @ V + b
    h = _sigmoid(z)
    o = _sigmoid(h @ W + c)
    found = []
    for delta in ((o - y) * _slope(o), o - y):
        second = _name(dW, [("", -h.T @ delta), *_seconds(z, h, o, y, W, delta).items()])
        first = _name(dV, [("", -x.T @ (delta @ W.T * _slope(h))), *_firsts(x, y, h, o, W, dW, delta)])
        squashed = (o - y) * _slope(_sigmoid(o)) @ W.T * _slope(_sigmoid(h))
        if (second, first) == ("ascent", "first_ascent") or (
            second == "squashed_twice" and _is_multiple(dV, (-x.T @ squashed,))
        ):
            first = ""  # one mistake, which the output tells
        found.append((second, first))
    return min(found, key=lambda pair: (bool(pair[0]) + bool(pair[1]), "not_the_gradient" in pair))


def _seconds(z, h, o, y, W, delta):
    """The step that each mistake at the output makes of the second weights."""
    return {
        "ascent": h.T @ delta,
        "pre_activation": -z.T @ delta,
        "squashed_twice": -h.T @ ((o - y) * _slope(_sigmoid(o))),
        "decayed": (-h.T @ delta, -W),
    }


def _firsts(x, y, h, o, W, dW, delta):
    """The step that each mistake on the way back makes of the first weights."""
    true = delta @ W.T * _slope(h)
    through = [("through_layer", -x.T @ (back * _slope(h))) for back in _through_layer(h, delta)]
    steps = {
        "first_ascent": x.T @ true,
        "error_for_delta": -x.T @ ((o - y) @ W.T * _slope(h)),
        "no_slope": -x.T @ (delta @ W.T),
        "updated_first": -x.T @ (delta @ (W + dW).T * _slope(h)),
        "first_still": np.zeros((x.shape[1], h.shape[1])),
    }
    return [*steps.items(), *through]


def _through_layer(h, delta):
    """Products of the delta with layer 1 that have its shape, or are stretched to it."""
    pairs = ((h, delta), (h.T, delta), (delta.T, h), (delta, h.T))
    products = [a @ b for a, b in pairs if a.shape[1] == b.shape[0]] + ([delta * h] if delta.shape[1] == 1 else [])
    return [a for a in products if all(m in (1, n) for m, n in zip(a.shape, h.shape, strict=True))]


def _name(step, ways):
    """The first of `ways` of which the step is a positive multiple: "" if it is the gradient."""
    for name, way in ways:
        if _is_multiple(step, way if isinstance(way, tuple) else (way,)):
            return name
    return "not_the_gradient"


def _is_multiple(step, parts):
    """A sum of positive multiples of `parts`; nothing at all is one of nothing."""
    if not np.any(step) or not any(map(np.any, parts)):
        return not np.any(step) and not any(map(np.any, parts))
    columns = np.stack([np.ravel(part) for part in parts], axis=1)
    if not np.all(np.isfinite(step)) or not np.all(np.isfinite(columns)):
        return False  # weights that ran away
    factors = np.linalg.lstsq(columns, np.ravel(step), rcond=None)[0]
    left = np.linalg.norm(columns @ factors - np.ravel(step))
    return bool(np.all(factors > 0)) and left <= NEAR * np.linalg.norm(step)


# ---------------------------------------------------------------------------------- what there is


def _arrays(seen):
    parts = [part for record in (*seen.values, *seen.plain) for part in record.parts]
    return [a for a in (*(v.array for v in seen.values), *parts) if a is not None and a.dtype.kind in "biuf"]


def _has_table(seen):
    """Rows of zeros and ones, several columns."""
    tables = [a for a in _arrays(seen) if a.ndim == 2 and min(a.shape) >= 2 and max(a.shape) <= MOST_ROWS]
    return any(_is_binary(a) and np.any(a) and len(np.unique(a, axis=0)) > 2 for a in tables)


def _transposes(seen):
    """Somebody goes back through a matrix, or means to."""
    return seen.mentions_it(r"\.T\b|transpose|delta|synapse|syn1|einsum|outer\(")


def _starts_elsewhere(steps, moved):
    """With another seed, or other numbers in the code, the first weights are others."""
    return any(
        not np.array_equal(a, b)
        for other in _steps(moved)[:1]
        for a, b in zip(steps[0].start, other.start, strict=True)
    )


def _is_python_2(seen):
    return [e for e in seen.errors if any(words in e.message for words in PYTHON_2)]


def _nothing_ran(seen):
    if errors := _is_python_2(seen):
        return holds(False, otherwise="python2", at=errors[0])
    return for_a_person(seen.words(r"delta|backprop", ("comment", "string", "dead")), "not_executed")
