"""Criteria for `helmholtz`: V = S + H on a grid of the plane, div S = 0 and curl H = 0.

    div V = ∂Vx/∂x + ∂Vy/∂y, curl V = ∂Vy/∂x − ∂Vx/∂y: numbers, not vectors

Whatever was kept is taken component by component: parts of Vx and of Vy that add up to them. A divergence counts as
nothing if some discretisation says so: central, one-sided, periodic or spectral, up to its own error on this grid.
A harmonic part, which has neither divergence nor curl, may stand by itself. Where the field is another one, what was
taken apart follows, and what was put together beforehand does not.
"""

import numpy as np

from autograder.exhibits import arrows, field
from autograder.judge import best, confirmed, for_a_person, holds, not_reached

ABOUT = r"helmholtz|hodge|solenoid|irrotational|divergence[- _]?free|curl[- _]?free|亥姆霍兹|无旋|无散|无源"
LEAST = 5  # points along an axis
LARGEST = 200_000  # numbers of what may be a field
MOST = 40  # components that are looked at
MOST_SPLITS = 200
NEAR = 1e-3  # of the size of a field
ALLOWED = (0.03, 0.15)  # of the gradient of a field, however fine or coarse the grid


def attempted(as_written):
    """Somebody speaks of it and has a field, or code for it that does not run; or a field was taken apart."""
    spoken = as_written.mentions_it(ABOUT)
    return bool(spoken and (_has_field(as_written) or _not_run(as_written))) or any(
        _is_right(s) for s in _known(as_written)
    )


def solenoidal(as_written, other):
    """One of the parts has no divergence."""
    if passages := _not_run(as_written):
        return for_a_person(passages, "not_executed")
    if trouble := _trouble(as_written):
        return holds(False, otherwise=trouble[0][0], at=trouble[0][1])
    return _judged(as_written, other, lambda s: s.div, "divergence_left")


def irrotational(as_written, other):
    """The other has no curl."""
    if passages := _not_run(as_written):
        return for_a_person(passages, "not_executed")
    return not_reached() if _trouble(as_written) else _judged(as_written, other, lambda s: s.curl, "curl_left")


def whole(as_written, other):
    """Together they are the field."""
    wrong = [holds(False, otherwise=name, at=at) for name, at in _off_by_something(as_written)]
    if _not_run(as_written) or _trouble(as_written):
        return not_reached()
    return _judged(as_written, other, lambda s: 0.0, "") if _known(as_written) else best(wrong)


def _judged(as_written, other, left, reason):
    """What is left of a divergence or a curl in the best split; parts that do not add up are told elsewhere."""
    nearest = min(_known(as_written), key=_badness, default=None)
    if nearest is None:
        parts = best(holds(True, at=at) for _, at in _off_by_something(as_written))
        return confirmed(parts, by=lambda: bool(list(_off_by_something(other))))
    claim = holds(left(nearest) <= 1, otherwise=reason, at=nearest.at)
    fits = _is_right if _is_right(nearest) else lambda s: left(s) <= 1
    return confirmed(claim, by=lambda: _is_borne_out(as_written, other, fits))


def _trouble(seen):
    """(reason, where) of what spoils both parts at once."""
    splits = _known(seen)
    if any(_is_right(s) and not s.late for s in splits):
        return []
    exchanged = [("axes_exchanged", s.at) for s in splits if s.exchanged and not s.late]
    mixed = exchanged or list(_kinds_mixed(seen))
    return mixed or ([] if splits or list(_off_by_something(seen)) else [("no_parts", None)])


def _not_run(seen):
    return seen.words(ABOUT, ("comment", "string", "dead")) if not _has_field(seen) else []


def exhibit(as_written):
    """The field and its parts in the best split; else those that do not make it up."""
    parts = _parts(as_written)
    way = _axes(parts) or [(1, 1.0), (0, 1.0)]
    nearest = min(_known(as_written), key=_badness, default=None)
    found = [(nearest.field, nearest.solenoidal, np.subtract(nearest.field, nearest.solenoidal))] if nearest else []
    loose = (tuple(tuple(p.array for p in pair) for pair in three) for three in _pairs_without_sum(as_written)[:1])
    for whole, solenoidal, irrotational in [*found, *([] if found else loose)]:
        named = {"field": whole, "solenoidal": solenoidal, "irrotational": irrotational}
        fields = [field(name, *(c if way[0][0] == 1 else c.T for c in both)) for name, both in named.items()]
        yield arrows(fields, _divergence(solenoidal, way), _curl(irrotational, way))


# ---------------------------------------------------------------------------------- components


class _Part:
    """One component on the grid: where it was seen, its values, and a number that adds up as the values do."""

    def __init__(self, at, array):
        self.at, self.array = at, array
        self.mark = float(np.ravel(array) @ np.cos(np.arange(array.size) ** 1.1))
        self.size = float(np.linalg.norm(array))


def _parts(seen):
    """Components of the shape that most have, in order, each once."""
    found = [_Part(v, a) for v in seen.values for array in (v.array, *v.parts) for a in _planes(array)]
    distinct = list({p.array.tobytes(): p for p in reversed(found)}.values())[::-1]
    shapes = [p.array.shape for p in distinct]
    wanted = max(set(shapes), key=shapes.count, default=None)
    return [p for p in distinct if p.array.shape == wanted][:MOST]


def _planes(array):
    """The components that an array holds: itself, or those of a field, along its first or last axis."""
    if array is None or array.dtype.kind not in "fc" or array.size > LARGEST or not np.all(np.isfinite(array)):
        return []
    if array.dtype.kind == "c":
        real = np.linalg.norm(array.imag) <= 1e-6 * np.linalg.norm(array.real)
        return _planes(array.real) if real else []
    if array.ndim > 2 and array.shape[0] <= 4 and array.ndim <= 4:
        return [plane for piece in array for plane in _planes(piece)]
    if array.ndim == 3 and array.shape[-1] == 2:
        return [plane for i in range(2) for plane in _planes(array[..., i])]
    if array.ndim == 2 and array.shape[1] == 2 and _is_square(array.shape[0]):
        return [_square(array[:, i]) for i in range(2)]
    if array.ndim == 1 and _is_square(array.size):
        return [_square(array)]
    return [np.asarray(array, float)] if array.ndim == 2 and min(array.shape) >= LEAST else []


def _is_square(count):
    return round(np.sqrt(count)) ** 2 == count and count >= LEAST**2


def _square(array):
    side = round(np.sqrt(array.size))
    return np.asarray(array, float).reshape(side, side)


def _runs_along(array):
    """The one axis along which this changes; None if it changes along both, or not at all."""
    changes = [bool(np.any(np.abs(np.diff(array, axis=axis)) > 1e-9 * np.abs(array).max())) for axis in (0, 1)]
    return changes.index(True) if sum(changes) == 1 else None


def _axes(parts):
    """(axis, step) of x and of y: those of the first two grids of coordinates; None if there are none."""
    steps = {}
    for p in parts:
        axis, step = _grid(p.array)
        if axis is not None:
            steps.setdefault(axis, step)
    return list(steps.items()) if len(steps) == 2 else None


def _grid(array):
    """(axis, step) of a coordinate that grows evenly along one axis; (None, 0) of anything else."""
    axis = _runs_along(array)
    line = np.diff(np.take(array, 0, axis=1 - axis)) if axis is not None else np.zeros(1)
    even = np.ptp(line) < 1e-3 * np.abs(line).max() and line[0] > 0
    return (axis, float(line.mean())) if even else (None, 0.0)


def _has_field(seen):
    """Components that change along both axes, or two beside the coordinates."""
    parts = _parts(seen)
    return sum(_runs_along(p.array) is None and np.ptp(p.array) > 0 for p in parts) >= 1 and len(parts) >= 2


# ---------------------------------------------------------------------------------- splits


class _Split:
    """V = S + H: the divergence of S and the curl of H, in units of what is allowed."""

    def __init__(self, at, field, solenoidal, axes, late):
        rest = tuple(v - s for v, s in zip(field, solenoidal, strict=True))
        ways = [axes] if axes else [[(1, 1.0), (0, 1.0)], [(0, 1.0), (1, 1.0)]]
        measured = [(_divergence(solenoidal, way), _curl(rest, way), _allowed(field, way)) for way in ways]
        div, curl, allowed = min(measured, key=lambda m: max(m[0], m[1]) / m[2])
        self.late = late  # a part was there before the field
        self.solenoidal = solenoidal
        self.at, self.field, self.div, self.curl = at, field, div / allowed, curl / allowed
        turned = [(axis, step) for (axis, _), (_, step) in zip(ways[0][::-1], ways[0], strict=True)]
        self.exchanged = bool(axes) and max(_divergence(solenoidal, turned), _curl(rest, turned)) <= ALLOWED[0]


def _badness(split):
    return int(split.div > 1) + int(split.curl > 1), max(split.div, split.curl)


def _is_right(split):
    return max(split.div, split.curl) <= 1


def _known(seen):
    """Every way in which a field that was seen is the sum of parts that were seen."""
    parts = _parts(seen)
    axes, found = _axes(parts), []
    ways = [_summands(parts, p) for p in parts]
    for j, vy in enumerate(parts):
        for i, vx in enumerate(parts[:j] if ways[j] else []):
            field = (vx.array, vy.array)
            both = [(a, b) for a in ways[i] for b in ways[j] if a is not b and _is_proper(field, (a.array, b.array))]
            for a, b in both[: MOST_SPLITS - len(found)] if both and _is_field(vx, vy, axes) else []:
                late = min(parts.index(a), parts.index(b)) < j
                found.append(_Split(max((a.at, b.at), key=lambda at: at.order), field, (a.array, b.array), axes, late))
    return found


def _summands(parts, whole):
    """Parts that, with another or with two others, add up to the whole."""
    others = [p for p in parts if p is not whole]
    found = []
    for a in others:
        rest = whole.array - a.array
        mark = whole.mark - a.mark
        fits = [(b,) for b in others if abs(b.mark - mark) <= NEAR * (whole.size + a.size) and b is not a]
        if any(_is_near(b.array, rest, whole) for (b,) in fits) or _is_two(others, a, rest, mark, whole):
            found.append(a)
    return found


def _is_two(others, a, rest, mark, whole):
    for i, b in enumerate(others if len(others) <= 16 else []):
        for c in others[i + 1 :]:
            near = abs(b.mark + c.mark - mark) <= NEAR * (whole.size + a.size)
            if near and a is not b and a is not c and _is_near(b.array + c.array, rest, whole):
                return True
    return False


def _is_near(array, want, whole):
    return np.linalg.norm(array - want) <= NEAR * whole.size


def _is_field(vx, vy, axes):
    """Something with a divergence and a curl: otherwise there is nothing to take apart."""
    way, field = axes or [(1, 1.0), (0, 1.0)], (vx.array, vy.array)
    return min(_divergence(field, way), _curl(field, way)) > 1e-3


def _is_proper(field, part):
    """Neither nothing nor everything."""
    size = np.linalg.norm(field)
    return size * NEAR < np.linalg.norm(part) and np.linalg.norm(np.subtract(field, part)) > size * NEAR


# ---------------------------------------------------------------------------------- derivatives


def _ways(u, axis, step):
    """∂u along an axis: central, periodic, spectral, forward, backward; edges are left out where they are one-sided."""
    inside = (slice(2, -2), slice(2, -2))
    count = u.shape[axis]
    wave = np.fft.fftfreq(count, step / (2 * np.pi))
    wave = np.where(2 * np.abs(np.arange(count)) == count, 0, wave)  # half the sampling rate has no derivative
    shape = [1, 1]
    shape[axis] = count
    spectral = np.fft.ifft(1j * wave.reshape(shape) * np.fft.fft(u, axis=axis), axis=axis).real
    ahead, behind = np.roll(u, -1, axis), np.roll(u, 1, axis)
    edges = np.gradient(u, step, axis=axis)[inside]
    sided = [((ahead - u) / step)[inside], ((u - behind) / step)[inside]]
    return [edges, (ahead - behind) / (2 * step), spectral, *sided]


def _least(pairs, others):
    """The smallest of Σ over a pair, in units of all four derivatives."""
    sizes = [np.linalg.norm(first + second) for first, second in pairs]
    whole = [
        np.sqrt(sum(np.linalg.norm(d) ** 2 for d in (*pair, *rest))) for pair, rest in zip(pairs, others, strict=True)
    ]
    return min(size / one if one > 1e-12 else 0.0 for size, one in zip(sizes, whole, strict=True))


def _divergence(field, way):
    """|div| in units of the gradient, by the discretisation that makes it smallest."""
    (x, hx), (y, hy) = way
    along = zip(_ways(field[0], x, hx), _ways(field[1], y, hy), strict=True)
    across = zip(_ways(field[0], y, hy), _ways(field[1], x, hx), strict=True)
    return _least(list(along), list(across))


def _curl(field, way):
    """|curl| = |div (Vy, −Vx)|, in the same units."""
    return _divergence((field[1], -field[0]), way)


def _allowed(field, way):
    """What the step of the grid explains: a third of what a step twice as long changes."""
    (x, hx), (y, hy) = way
    errors = []
    for u, axis, step in ((field[0], x, hx), (field[1], y, hy)):
        once, twice = (np.roll(u, -n, axis) - np.roll(u, n, axis) for n in (1, 2))
        inside = (slice(2, -2), slice(2, -2))
        fine, coarse = once[inside] / (2 * step), twice[inside] / (4 * step)
        errors.append(np.linalg.norm(fine - coarse) / max(np.linalg.norm(fine), 1e-12))
    return float(np.clip(ALLOWED[0] + max(errors) / 3, *ALLOWED))


# ---------------------------------------------------------------------------------- another field


def _is_borne_out(as_written, other, is_as_good):
    """Another field was taken apart as well; or autograd went over the grid, for parts that were found by thought."""
    before = {p.array.tobytes() for p in _parts(as_written)}
    others = [s for s in _known(other) if is_as_good(s)]
    if any(component.tobytes() not in before for s in others for component in s.field):
        return True
    shape = next((p.array.size for p in _parts(as_written)), 0)
    over_grid = [
        leaf for p in as_written.passes for leaf in p.leaves if leaf.x is not None and leaf.x.size % shape == 0
    ]
    return bool(shape and over_grid) or (bool(shape) and any(d.inputs for d in as_written.derivatives))


# ---------------------------------------------------------------------------------- what went wrong


def _fields(parts):
    """Pairs of components, no coordinates, that stand beside one another."""
    moving = [p for p in parts if np.ptp(p.array) > 0 and _grid(p.array)[0] is None]
    return [(a, b) for i, a in enumerate(moving) for b in moving[i + 1 : i + 4]]


def _kinds_mixed(seen):
    """−curl − divergence, with or without a component of the field: a number added to a vector."""
    parts = _parts(seen)
    way = _axes(parts) or [(1, 1.0), (0, 1.0)]
    inside = (slice(2, -2), slice(2, -2))
    for vx, vy in _fields(parts):
        (x, hx), (y, hy) = way
        div = np.gradient(vx.array, hx, axis=x) + np.gradient(vy.array, hy, axis=y)
        for sign in (1, -1):
            curl = sign * (np.gradient(vy.array, hx, axis=x) - np.gradient(vx.array, hy, axis=y))
            if min(np.linalg.norm(div), np.linalg.norm(curl)) < 1e-6 * (vx.size + vy.size):
                continue
            mixed = [s * (-curl - div) + start for s, start in ((1, 0), (-1, 0), (1, vx.array), (1, vy.array))]
            later = parts[parts.index(vy) + 1 :]
            for p, want in ((p, array[inside]) for p in later for array in mixed):
                if np.linalg.norm(p.array[inside] - want) <= 0.02 * np.linalg.norm(want) and np.any(want):
                    yield "kinds_mixed", p.at


def _pairs_without_sum(seen):
    """(field, S, H) of parts that have no divergence and no curl, and do not make up the field."""
    parts = _parts(seen)
    axes = _axes(parts)
    way = axes or [(1, 1.0), (0, 1.0)]
    moving = _fields(parts)
    fields = [f for f in moving if _is_field(*f, axes)]
    arrays = [tuple(p.array for p in f) for f in moving]
    no_div = [f for f, a in zip(moving, arrays, strict=True) if _divergence(a, way) <= ALLOWED[0] < _curl(a, way)]
    no_curl = [f for f, a in zip(moving, arrays, strict=True) if _curl(a, way) <= ALLOWED[0] < _divergence(a, way)]
    return [(v, s, h) for v in fields[:6] for s in no_div[:8] for h in no_curl[:8]]


def _off_by_something(seen):
    """A constant is lost, or the sum is a multiple of the field."""
    for v, s, h in _pairs_without_sum(seen):
        whole = np.stack([a.array + b.array for a, b in zip(s, h, strict=True)])
        field = np.stack([p.array for p in v])
        if np.linalg.norm(np.ptp(field - whole, axis=(1, 2))) <= 1e-2 * np.linalg.norm(np.ptp(field, axis=(1, 2))):
            yield "mean_lost", h[0].at
        factor = np.sum(whole * field) / np.sum(field * field)
        if np.linalg.norm(whole - factor * field) <= 1e-2 * np.linalg.norm(whole) and np.any(whole):
            yield "scaled", h[0].at
