"""Criteria for `numerical_limit`: q(h) = (f(1 + h) − f(1)) / h with f(x) = 3x² − 4x, its limit 2, and the tangent.

    q(h) = 6x − 4 + 3h at any x        tangent at x: f(x) + (6x − 4)(t − x), at 1 the line 2t − 3

A table is rows of h and q: printed, kept in lists, or drawn. Each row may be off by what its digits and the roundings
of its precision explain: u·(|3x²| + |4x|)/h, which in single precision is 0.04 where h is 1e-5. The book's own cells
are nobody's answer as long as they are unchanged and nobody speaks of difference quotients.

Where somebody does, another function at another point counts as well. The function is called at hidden points, and a
polynomial through those near x says what its quotients are; without a function to call a person has to look.
"""

import numpy as np

from autograder.judge import agree, best, confirmed, holds, not_reached, once
from autograder.model import Tolerance
from autograder.tables import FEWEST, tables

SPOKEN = r"difference quotient|differenzenquotient|差商"
DEMO = (2.3, 2.03, 2.003, 2.0003, 2.00003)
LABELS = ("numerical limit", "tangent line (x=1)")  # in the book's own cells
DOUBLE, SINGLE = 2.0**-53, 2.0**-24
POINTS = (1.0, 2.0, 3.0, -1.0, -2.0, 0.5, 1.5, 4.0, 5.0, 10.0)  # 1 first: the exercise's own
PICTURE = Tolerance(2e-2, 2e-2)
VANISHING = 1e-6  # a step that 1 + h may not show
DEGREE, NEIGHBOURS = 8, 30  # of a polynomial through hidden values near x
MOST = 60  # numbers of the code that are tried as points
COARSE = 100  # points of a curve whose bend is looked at: rounding bends what lies closer


def attempted(as_written):
    """A table of quotients that is not the book's own; or the book's, where somebody speaks of difference quotients."""
    return bool(_tables(as_written) or _other_tables(as_written))


def quotient(as_written, fresh, moved):
    """Every row of some table, here and where h or the function is another one."""
    claims = [holds(not name, otherwise=name, at=at) for name, at, *_ in _tables(as_written)]
    if not claims:
        return _other_quotient(as_written, fresh, moved)
    return confirmed(
        best(claims),
        by=lambda: _calls_follow(fresh) or _follows(as_written, moved) or _follows(as_written, fresh),
    )


def limit(as_written, fresh):
    """The smallest h of a right table, and how near its value comes."""
    judged = _tables(as_written) or list(_judged_others(as_written, fresh))
    if not judged and not _values(fresh):  # a person looks at the quotients, and h can be seen
        judged = [("", at, h, q, False) for at, h, q, _ in _other_tables(as_written)]
    right = [(at, h, q, single) for name, at, h, q, single in judged if name in ("", "central", "backward")]
    if not right:
        return not_reached()
    return best(holds(not reason, otherwise=reason, at=at) for at, *row in right for reason in [_falls_short(*row)])


def tangent(as_written):
    """Some figure shows f and a line that touches it."""
    curves = [
        c for c in as_written.curves if c.x.size >= 2 and np.all(np.isfinite(c.y)) and _counts(as_written, c.label)
    ]
    look = _in_figure if _tables(as_written) else _in_another_figure
    claims = [
        claim for figure in {c.figure for c in curves} for claim in look([c for c in curves if c.figure == figure])
    ]
    return best([*claims, holds(False, otherwise="nothing_drawn")])


# ---------------------------------------------------------------------------------- quotients


def _f(x):
    return 3 * x**2 - 4 * x


def _quotients(h, x, first):
    """The right values, under no name; and at 1 what each mistake gives: elsewhere it may be anything.

    `h` is one step or all of them, `first` the first one.
    """
    d = 6 * x - 4
    right = {"": d + 3 * h, "central": d + 0 * h}
    if x != 1.0:
        return right
    return {
        **right,
        "backward": d - 3 * h,
        "not_divided": d * h + 3 * h**2,
        "half": d / 2 + 1.5 * h,
        "double": 2 * d + 0 * h,
        "same_h": d + 3 * first + 0 * h,
        "second_point": (_f(x + h) - _f(h)) / h,
    }


def _kind(h, q, digits):
    """(mistake or "", whether single precision explains it); None for what is no table of ours."""
    size, fixed = np.abs(h), np.ptp(h) == 0
    largest = size.max()
    points = _that_may_be(h, q, size, digits)
    off = {x: {name: np.abs(q - want) for name, want in _quotients(h, x, h[0]).items()} for x in points}
    for unit in (DOUBLE, SINGLE):
        for x in points:
            slack = _slack(size, digits, x, unit)
            told_apart = slack[size == largest].max() <= 0.1 * largest
            for name, far in off[x].items() if told_apart else ():
                if not (name and fixed) and np.all(far <= slack):
                    return ("at_zero" if x == 0 else name), unit == SINGLE
            if x == 1.0 and told_apart and _vanishes(h, q, slack):
                return "", unit == SINGLE
    return None


def _may_be_ours(h, q, digits):
    """At its largest step, which rounding touches least, it is what some quotient of ours is: most tables are not."""
    row = int(np.abs(h).argmax())
    step, value, first = float(h[row]), float(q[row]), float(h[0])
    if abs(step) < VANISHING:
        return True
    slack = {x: _slack(abs(step), digits, x, SINGLE) for x in (*POINTS, 0.0)}
    return any(abs(value - want) <= slack[x] for x in slack for want in _quotients(step, x, first).values())


def _that_may_be(h, q, size, digits):
    """The points whose quotients these may be: of most tables none but 1, which has mistakes to look for."""
    points = (*POINTS, 0.0)
    x = np.array(points)[:, np.newaxis]
    off = q - (6 * x - 4)
    slack = _slack(size, digits, x, SINGLE)
    near = np.all(np.abs(off) <= slack, axis=1) | np.all(np.abs(off - 3 * h) <= slack, axis=1)
    return [at for at, is_near in zip(points, near, strict=True) if is_near or at == 1.0]


def _slack(size, digits, x, unit):
    """What digits and roundings explain at x, for steps of these sizes."""
    return 0.51 * digits + 8 * unit * (3 * x**2 + 4 * abs(x) + 1e-2) / size + 1e-9


def _vanishes(h, q, slack):
    """Right, until 1 + h is 1."""
    gone = (q == 0) & (np.abs(h) < VANISHING)
    right = np.abs(q - (2 + 3 * h)) <= slack
    return bool(np.any(gone)) and bool(np.all(gone | right)) and np.sum(right & ~gone) >= FEWEST - 1


def _falls_short(h, q, single):
    """What keeps the limit from being seen, in one word."""
    sizes = np.abs(h)
    if np.any((q == 0) & (sizes < VANISHING)):
        return "zeros"
    if np.ptp(h) == 0:
        return "h_fixed"
    if single and np.max(np.abs(q - q[np.argmax(sizes)])) > 0 and _jumps(h, q):
        return "float32_noise"
    if np.min(sizes) <= 2e-4:
        return ""
    return "h_halved" if np.allclose(h[1:] / h[:-1], 0.5, rtol=1e-3) else "h_large"


def _jumps(h, q):
    """A row of small h is off by more than ten times what h explains."""
    small = np.abs(h) < 1e-2
    off = np.abs(q - np.round(q[np.argmax(np.where(small, np.abs(h), 0))]))
    return bool(np.any(off[small] > 30 * np.abs(h[small])))


# ---------------------------------------------------------------------------------- tables


@once
def _tables(seen):
    """(mistake or "", where, h, q, in single precision) of what resembles one of ours, and is not the book's."""
    near = (table for table in tables(seen) if table.h.size >= FEWEST and _may_be_ours(*table[1:]))
    usable = [table for table in near if _are_steps(seen, table.h, table.q)]
    kinds = ((table, _kind(*table[1:])) for table in usable)
    known = [(table, kind) for table, kind in kinds if kind and not _is_demo(seen, table)]
    return [(name, at, h, q, single) for (at, h, q, _), (name, single) in known]


def _are_steps(seen, h, q):
    """From step to step smaller by a factor, by ten in all; or one step again and again. Equal values need steps.

    A quotient without error is 2, 2, 2, as is many a gradient: it is a table beside steps that somebody chose.
    """
    if np.ptp(q) <= 1e-2 * np.max(np.abs(q)) and not _are_chosen(h / seen.moved):
        return False
    sizes = np.abs(h[np.lexsort((-np.abs(h), h > 0))])
    ratios = sizes[1:] / sizes[:-1]
    smaller = np.max(sizes) >= 10 * np.min(sizes) and np.all((ratios < 0.75) | (ratios > 1))
    fixed = np.ptp(h) == 0 and sizes[0] <= 0.5
    other = np.ptp(sizes) > 0 and h.size <= 20 and np.max(sizes) <= 0.5 and np.ptp(q) > 0
    return bool(smaller or fixed or other)


def _are_chosen(h):
    """One factor from each to the next, or round numbers, or one over them: 0.5, 0.1, 0.05; what is random is not."""
    if np.ptp(h) == 0:
        return bool(_are_round(h))
    return bool(np.allclose(h[1:] / h[:-1], h[1] / h[0], rtol=1e-3) or _are_round(h) or _are_round(1 / h))


def _are_round(numbers):
    """Of at most two digits each."""
    unit = 10.0 ** (np.floor(np.log10(np.abs(numbers)) + 1e-9) - 1)
    return np.allclose(numbers / unit, np.round(numbers / unit), rtol=1e-5, atol=0)


def _is_demo(seen, table):
    """The book's own five rows under the book's own label."""
    _, _, q, digits = table
    demo = q.size == len(DEMO) and digits >= 9e-6 and np.allclose(q, DEMO, atol=6e-6)
    return demo and not _counts(seen, "\n".join(t.text for t in seen.texts if t.where == table[0].where))


def _counts(seen, label):
    """Not the book's own; or somebody speaks of the exercise."""
    return not any(words in label.lower() for words in LABELS) or seen.mentions_it(SPOKEN)


# ---------------------------------------------------------------------------------- another h, another function


def _follows(as_written, case):
    """A right table with other h."""
    known = {h.tobytes() for name, _, h, _, _ in _tables(as_written) if not name}
    return any(not name and h.tobytes() not in known for name, _, h, _, _ in _tables(case))


def _calls_follow(fresh):
    """A function of the student's is the quotient: of a hidden function, at a hidden x, or for a hidden h."""
    for called in (c for c in fresh.called if c.call != "values"):
        got = called.result
        given = fresh.inputs.get(called.call, ())
        h, x = (float(given[-1]), float(given[-2]) if len(given) > 1 else 1.0) if given else (1.0, 1.0)
        a, b = given[0]["quadratic"][:2] if len(given) == 3 else (3.0, -4.0)
        wants = [a * (2 * u + v) + b for u, v in ((x, h), (h, x))]
        if got is not None and got.size == 1 and any(np.isclose(float(got.ravel()[0]), w, rtol=1e-3) for w in wants):
            return True
    return False


# ---------------------------------------------------------------------------------- another function, another point


def _other_quotient(as_written, fresh, moved):
    """Claims on tables of another function, which is known by its values at hidden points."""
    if not _values(fresh):
        return confirmed(best(holds(True, at=at) for at, *_ in _other_tables(as_written)), by=lambda: False)
    claims = [holds(not name, otherwise=name, at=at) for name, at, *_ in _judged_others(as_written, fresh)]
    wrong = [holds(False, otherwise="another_function", at=at) for at, *_ in _other_tables(as_written)]
    right = [(h, q) for name, _, h, q, _ in _judged_others(as_written, fresh) if not name]
    return confirmed(best([*claims, *wrong]), by=lambda: any(_moves(h, q, moved) for h, q in right))


def _moves(h, q, moved):
    """With another h the table is another one: what was typed in stays, or is larger by the one factor."""
    same = [
        other for _, steps, other, _ in tables(moved) if steps.shape == h.shape and np.allclose(steps, moved.moved * h)
    ]
    return any(not np.allclose(other, q) and not np.allclose(other, moved.moved * q) for other in same)


@once
def _other_tables(seen):
    """Tables of no quotient of ours that run smoothly towards h = 0, where somebody speaks of difference quotients."""
    if not seen.mentions_it(SPOKEN) or _tables(seen):
        return []
    usable = (t for t in tables(seen) if t.h.size > FEWEST and _are_steps(seen, t.h, t.q))
    return [(at, h, q, digits) for at, h, q, digits in usable if _is_smooth(h, q, digits)]


def _is_smooth(h, q, digits):
    """a + bh + ch², as far as rounding lets one see; and no copy of h itself."""
    plain = np.abs(h) >= 1e-7
    columns = np.stack([np.ones(h.size), h, h**2], axis=1)[plain]
    if plain.sum() <= FEWEST or np.ptp(h) == 0 or np.allclose(q, h):
        return False
    off = np.abs(columns @ np.linalg.lstsq(columns, q[plain], rcond=None)[0] - q[plain])
    return bool(np.all(off <= 1e-2 * np.max(np.abs(q)) * np.max(np.abs(h)) ** 2 + digits + 1e-6))


def _values(fresh):
    """(x, f(x)) of each function of the student's that could be called on many points."""
    called = [c for c in fresh.called if c.call == "values" and c.result is not None]
    given = np.ravel(fresh.inputs["values"][0]).astype(float) if "values" in fresh.inputs else np.zeros(0)
    real = (np.ravel(c.result) for c in called if c.result.dtype.kind in "fiu")
    return [(given, values.astype(float)) for values in real if values.size == given.size and np.ptp(values) > 0]


def _judged_others(seen, fresh):
    """As `_tables`, of tables of another function at whatever point fits."""
    for at, h, q, digits in _other_tables(seen):
        names = (_other_kind(h, q, digits, _near(x, *f)) for f in _values(fresh) for x in _points(seen, at))
        if found := [name for name in names if name is not None]:
            yield ("" if "" in found else found[0]), at, h, q, False


def _points(seen, at):
    """Where the quotient may have been taken: at numbers that stand in the code, as they are in this run."""
    written = seen.written_numbers(at, within=4)[:MOST]
    signed = [sign * number for number in dict.fromkeys((*written, *POINTS, 0.0)) for sign in (1, -1)]
    return [x * factor for x in signed for factor in dict.fromkeys((1.0, seen.moved)) if abs(x) <= 4]


def _near(x, points, values):
    """Coefficients of f(x + t) in powers of t, lowest first; None if f is not known around x."""
    nearest = np.argsort(np.abs(points - x))[:NEIGHBOURS]
    t, y = points[nearest] - x, values[nearest]
    if np.max(np.abs(t)) > 0.5 or not np.all(np.isfinite(y)) or not t.min() < 0 < t.max():
        return None
    scale = np.max(np.abs(t))
    return np.polynomial.polynomial.polyfit(t / scale, y, DEGREE) / scale ** np.arange(DEGREE + 1)


def _other_kind(h, q, digits, powers):
    """mistake or "" of a table, for a function that is known around x; None if it is none of these."""
    if powers is None:
        return None
    small = np.abs(h) <= 0.5
    ahead, behind = (np.polynomial.polynomial.polyval(step, powers[1:]) for step in (h, -h))
    ways = {
        "": ahead,
        "central": (ahead + behind) / 2,
        "backward": behind,
        "not_divided": ahead * h,
        "half": ahead / 2,
        "double": ahead + behind,
        "same_h": np.full(h.shape, ahead[0]),
    }
    slack = 0.51 * digits + 1e-4 * np.max(np.abs(ahead)) * np.abs(h) ** 0.5 + 1e-9 * abs(powers[0]) / np.abs(h) + 1e-8
    apart = small.sum() >= FEWEST and abs(ahead[0] - behind[0]) > 4 * slack[0]
    return next((name for name, want in ways.items() if apart and np.all((np.abs(q - want) <= slack)[small])), None)


def _in_another_figure(curves):
    """Claims on one figure: a curve, and a line that has its slope where they meet."""
    lines = [(c, *np.polyfit(c.x, c.y, 1)) for c in curves if np.ptp(c.x) > 0 and _is_line(c)]
    bent = [c for c in curves if c.x.size >= 10 and np.all(np.diff(c.x) > 0) and not _is_line(c)]
    for c in bent:
        x, y = (part[:: -(-part.size // COARSE)] for part in (c.x, c.y))
        for line, slope, start in lines:
            if _touches(x, y - (slope * x + start), np.ptp(y)):
                yield holds(True, at=line)
    if bent:
        yield holds(False, otherwise="only_f", at=bent[0])


def _touches(x, gap, size):
    """A curve, by its height over a line: somewhere both the height and its slope are 0, as far as the grid can tell.

    A parabola through three neighbours says so, with its lowest or highest point; where the curve does not bend, the
    middle one of the three.
    """
    before, after = x[1:-1] - x[:-2], x[2:] - x[1:-1]
    rise, next_rise = np.diff(gap)[:-1] / before, np.diff(gap)[1:] / after
    bend = (next_rise - rise) / (before + after)
    slope, middle, step = rise + bend * before, gap[1:-1], np.maximum(before, after)
    with np.errstate(divide="ignore", invalid="ignore"):
        turns_here = np.abs(slope) <= 2 * np.abs(bend) * step
        turns = turns_here & (np.abs(middle - slope**2 / (4 * bend)) <= 0.25 * np.abs(bend) * step**2)
    runs_along = (np.abs(middle) <= 1e-3 * size) & (np.abs(slope) * np.ptp(x) <= 3e-3 * size)
    return bool(np.any(turns | runs_along))


# ---------------------------------------------------------------------------------- the tangent


def _in_figure(curves):
    """Claims on one figure: the curve of f, and lines."""
    of_f = [c for c in curves if c.x.size > 2 and agree(c.y, _f(c.x), PICTURE)]
    lines = [(c, *np.polyfit(c.x, c.y, 1)) for c in curves if np.ptp(c.x) > 0 and _is_line(c)]
    for c, slope, start in lines if of_f else ():
        x = (slope + 4) / 6
        touches = np.isclose(slope * x + start, _f(x), atol=1e-3)
        if touches:
            yield holds(abs(x) > 1e-2, otherwise="at_zero", at=c)
        elif abs(slope - 2) < 1e-2:
            yield holds(False, otherwise="through_origin", at=c)
        elif abs(slope + start + 1) < 1e-2:
            yield holds(False, otherwise="other_slope", at=c)
    if of_f:
        yield holds(False, otherwise="only_f", at=of_f[0])
    elif any(abs(slope - 2) < 1e-2 and abs(start + 3) < 1e-2 for _, slope, start in lines):
        yield holds(False, otherwise="only_line", at=lines[0][0])


def _is_line(curve):
    return curve.x.size == 2 or np.ptp(curve.y - np.polyval(np.polyfit(curve.x, curve.y, 1), curve.x)) < 1e-3
