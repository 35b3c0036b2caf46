"""Criteria for `sinusoid_fit`: A sin(2πLx) + B cos(2πMx) + C sin(2πNx) with whole L, M, N, recovered from samples.

    sin(2π(−L)x) = −sin(2πLx)      sin(2πLx + π/2) = cos(2πLx)      over steps of h, L and L + 1/h are the same samples

What counts is the function that comes out: as a curve, or as numbers that make it up. Where the samples are those of
other sinusoids, what was recovered follows, and what the samples were made from does not.
"""

import numpy as np

from autograder.evidence import Curve
from autograder.exhibits import fit
from autograder.judge import best, confirmed, for_a_person, holds, not_reached, once

FEWEST, MOST = 12, 2000  # samples
MOST_PAIRS = 40  # of arrays that may be x and y
HIGHEST = 60  # frequency
FEW_KINDS = 16  # waves, of which it is cheap to say how alike they are
NOISE = 0.3  # of the size of the samples
FEW = 12  # numbers of what may be parameters
MOST_SAID = 60  # in one output
MADE = r"sin\([^\n]*pi[^\n]*cos\([^\n]*pi[^\n]*sin\([^\n]*pi"
TAKEN_APART = r"fft|lstsq|curve_fit|minimize|backward\(|argmax|argsort"
NOT_RUN = r"(?i)(?s)\A(?=.*\b(sin|fft)\b)(?=.*(pi|fft))"


def attempted(as_written):
    """Samples of three sinusoids of whole frequencies are there; or made and taken apart within a function."""
    return _samples(as_written) is not None or _is_in_a_function(as_written)


def function(as_written, other):
    """A curve or numbers that came out are the function that was sampled, here and for other samples."""
    samples = _samples(as_written)
    if _follows(as_written, other):
        return holds(True)
    if samples is None:
        return for_a_person(as_written.words())
    wrong = [holds(False, otherwise=name, at=at) for name, at in _mistakes(as_written, samples)]
    if wrong:
        return best(wrong)
    if not_run := as_written.words(NOT_RUN, ("comment", "string", "dead")):
        return for_a_person(not_run, "not_executed")
    found = [holds(True, at=at) for at in _comes_out(as_written, samples)]
    return confirmed(best([*found, holds(False, otherwise="not_recovered")]), by=lambda: False)


def frequencies(as_written, other):
    """L, M and N are among the numbers that came out, up to sign."""
    samples = _samples(as_written)
    if _follows(as_written, other):
        return holds(True)
    if samples is None:
        return for_a_person(as_written.words())
    mistaken = dict(_mistakes(as_written, samples))
    if "off_by_one" in mistaken:
        return holds(False, otherwise="off_by_one", at=mistaken["off_by_one"])
    if _others_found(as_written, other, samples):
        return holds(True)
    if "stuck" in mistaken:
        return not_reached()
    known = _numbers(_groups(as_written))
    return confirmed(holds(_are_among(samples[2][:, 1], known, samples[0]), otherwise="none_found"), by=lambda: False)


def exhibit(as_written):
    """The samples, and the last curve that is the function in them or a mistake of it; else the last one drawn."""
    samples = _samples(as_written)
    if samples is None:
        return
    x, y, terms = samples
    mistaken = {id(at) for _, at in _mistakes(as_written, samples)}
    near = {id(at) for at in _comes_out(as_written, samples)}
    found = sorted(_curves(as_written, x, y), key=lambda curve: curve[0].order)
    meant = [curve for curve in found if id(curve[0]) in mistaken | near]
    over = [curve for curve in found if isinstance(curve[0], Curve) and _is_over(curve[1], x)]
    last = (meant or over or [None])[-1]
    yield fit(x, y, lambda u: _at(terms, u), last[1:] if last else None)


def _is_over(u, x):
    """Drawn where the samples are, as no history of a loss is."""
    room = 0.1 * np.ptp(x)
    return x.min() - room <= u.min() and u.max() <= x.max() + room


# ---------------------------------------------------------------------------------- the samples


@once
def _samples(seen):
    """(x, y, rows of 1 for cos, frequency, amplitude) of the first samples that are three sinusoids; or None."""
    series = [np.ravel(v.array).astype(float) for v in seen.values if _is_series(v.array)]
    distinct = list({a.tobytes(): a for a in series}.values())
    pairs = [(x, y) for y in distinct for x in distinct if x.size == y.size and x is not y and _is_spread(x)]
    pairs += [(c.x, c.y) for c in seen.curves if _is_series(c.y) and _is_spread(c.x)]
    waves = {}
    for x, y in pairs[:MOST_PAIRS]:
        if not _swings(x, y):
            continue
        samples = x.tobytes()
        if samples not in waves:
            waves[samples] = _waves(x)
        terms = _terms(x, y, waves[samples])
        if terms is not None:
            return x, y, terms
    return None


def _is_in_a_function(seen):
    """Such samples are made, and taken apart, where no variable can be seen."""
    return seen.mentions_it(MADE) and seen.mentions_it(TAKEN_APART)


def _is_series(array):
    """One number after another, not all the same."""
    plain = array is not None and array.dtype.kind in "iuf" and FEWEST <= array.size <= MOST
    return bool(plain and array.size == max(array.shape) and np.all(np.isfinite(array)) and np.ptp(array) > 0)


def _is_spread(x):
    """Over a third of a period at least, without large gaps."""
    return np.ptp(x) > 0.3 and np.max(np.diff(np.sort(x))) < 0.2 * np.ptp(x)


def _swings(x, y):
    """From x to x, y crosses its mean twice at least."""
    above = (y > y.mean())[x.argsort()]
    return np.count_nonzero(above[1:] != above[:-1]) >= 2


def _waves(x):
    """(1 for cos or 0 for sin and frequency of each, columns, norms, least) of what can be told apart over these x.

    The least eigenvalue of the unit columns' products bounds what few of them can explain; 0 if it is not known.
    """
    kinds = [(cos, k) for k in range(1, _highest(x) + 1) for cos in (0, 1)]
    if len(kinds) < 3:
        return kinds, np.zeros((x.size, 0)), np.zeros(0), 0.0
    powers = np.cumprod(np.broadcast_to(np.exp(2j * np.pi * x), (_highest(x), x.size)), axis=0)  # e^(2πikx)
    columns = np.stack([powers.imag, powers.real], axis=1).reshape(len(kinds), x.size).T
    norms = np.linalg.norm(columns, axis=0)
    unit = columns / norms
    few = len(kinds) <= FEW_KINDS and np.isfinite(unit).all()
    return kinds, columns, norms, max(np.linalg.eigvalsh(unit.T @ unit)[0] - 1e-9, 0.0) if few else 0.0


def _terms(x, y, waves):
    """The three waves that explain y best, the strongest first; None if they leave more than noise."""
    kinds, columns, norms, least = waves
    if len(kinds) < 3:
        return None
    chosen, left = [], y
    shares = np.sort((columns.T @ y / norms) ** 2)
    if shares[-3:].sum() < least * (1 - NOISE**2 - 1e-6) * (y @ y):
        return None  # no three of them explain enough
    for _ in range(3):
        chosen.append(int(np.argmax(np.abs(columns.T @ left) / norms)))
        amplitudes = np.linalg.lstsq(columns[:, chosen], y, rcond=None)[0]
        left = y - columns[:, chosen] @ amplitudes
    if len(set(chosen)) < 3 or np.linalg.norm(left) > NOISE * np.linalg.norm(y):
        return None
    clear = np.min(np.abs(amplitudes)) >= 0.05 * np.max(np.abs(amplitudes))
    return np.array([[*kinds[i], a] for i, a in zip(chosen, amplitudes, strict=True)]) if clear else None


def _highest(x):
    """What is above half the sampling rate looks like something below it, or, over uneven steps, like anything."""
    return min(HIGHEST, int(0.5 / np.mean(np.diff(np.sort(x))) - 1e-6))


def _wave(cos, frequency, x):
    return (np.cos if cos else np.sin)(2 * np.pi * frequency * x)


def _at(terms, x):
    return sum(a * _wave(cos, k, x) for cos, k, a in terms)


def _away(y, want):
    """How far, in units of the size of what is wanted."""
    return np.linalg.norm(y - want) / np.linalg.norm(want) if np.any(want) else np.inf


# ---------------------------------------------------------------------------------- what came out


def _follows(as_written, other):
    """For other samples, another function came out."""
    return any(True for record in _records(other) for _ in _comes_out(other, record, as_written))


def _records(other):
    """The other samples, as (x, y, terms)."""
    real = (r for r in other.resampled[:1] if all(a.dtype.kind == "f" for a in (r.x, r.y, r.terms)))
    fit = (r for r in real if r.x.ndim == 1 and r.x.shape == r.y.shape and r.terms.shape == (3, 3))
    return [(r.x, r.y, r.terms) for r in fit]


def _comes_out(seen, samples, before=None):
    """Where a curve is the function, or numbers make it up that were not there `before`."""
    x, y, terms = samples
    slack = _slack(samples)
    for at, u, v in _curves(seen, x, y):
        if _away(v, _at(terms, u)) <= slack:
            yield at
    groups = list(_groups(seen))
    new = _new(groups, before) if before else groups
    every, amplitudes = _numbers(groups), _numbers(new)
    if all(_is_made_up(term, amplitudes, every, x, slack) for term in terms):
        yield new[-1][0]


def _new(groups, before):
    """Numbers that did not stand under the same name before."""
    old = {(_name(at), tuple(numbers)) for at, numbers in _groups(before)}
    return [(at, numbers) for at, numbers in groups if (_name(at), tuple(numbers)) not in old]


def _name(at):
    return getattr(at, "name", "")


def _numbers(groups):
    return [number for _, numbers in groups for number in numbers]


def _slack(samples):
    x, y, terms = samples
    return max(0.03, 0.5 * _away(y, _at(terms, x)))


def _curves(seen, x, y):
    """(where, x, y) of what was kept at the x of the samples, or drawn; not the samples themselves."""
    real = (v for v in seen.values if v.array is not None and v.array.dtype.kind == "f")
    for v in real:
        if v.array.size == x.size and not np.array_equal(np.ravel(v.array), y.astype(v.array.dtype)):
            yield v, x, np.ravel(v.array).astype(float)
    copies = {y.tobytes(), y.astype(np.float32).astype(float).tobytes()}
    for c in seen.curves:
        if c.x.size >= 8 and np.all(np.isfinite(c.y)) and np.all(np.isfinite(c.x)) and c.y.tobytes() not in copies:
            yield c, c.x, c.y


def _groups(seen):
    """(where, numbers) of everything small that may be parameters: kept, shown or printed."""
    for v in seen.values:
        if v.array is not None and v.array.dtype.kind in "iuf" and v.array.size <= FEW:
            yield v, np.ravel(v.array).astype(float).tolist()
        yield from ((v, np.ravel(part).astype(float).tolist()) for part in v.parts if part.size <= FEW)
    for p in seen.plain:
        kept = [float(n) for part in p.parts if part.size <= FEW and part.dtype.kind in "iuf" for n in np.ravel(part)]
        yield p, kept + [float(key) for key in p.keys if key.removeprefix("-").replace(".", "", 1).isdigit()]
    yield from ((text, numbers) for text, numbers in seen.printed_numbers() if 3 <= len(numbers) <= MOST_SAID)


def _is_made_up(term, amplitudes, every, x, slack):
    """Amplitude and frequency are there, with the sign that they need, or with a phase that makes up for it."""
    cos, k, a = term
    if not _are_among([k], every, x):
        return False
    allowed = slack * abs(a)
    if any(abs(number - a) <= allowed for number in amplitudes):
        return True
    if not any(abs(number + a) <= allowed for number in amplitudes):
        return False
    turned = (0.0 if a > 0 else np.pi) if cos else (-np.pi / 2 if a > 0 else np.pi / 2)  # of cos(2πkx + φ)
    phases = [phase + shift for phase in (turned, turned + np.pi / 2) for shift in (0, 2 * np.pi, -2 * np.pi)]
    mirrored = not cos and any(abs(number + k) <= 0.02 for number in every)
    return mirrored or any(abs(number - phase) <= 0.05 + slack for number in every for phase in phases if phase)


def _are_among(frequencies, numbers, x):
    """Each of them, or one that gives the same samples; in periods or in radians."""
    steps = np.diff(np.sort(x))
    rate = 1 / np.mean(steps) if np.ptp(steps) < 1e-3 * np.mean(steps) else np.inf
    known = np.abs(np.array([n for n in numbers if np.isfinite(n)] or [0.0]))
    folded = np.abs(known - rate * np.round(known / rate)) if np.isfinite(rate) else known
    found = np.concatenate([known, folded, known / (2 * np.pi)])
    return all(np.min(np.abs(found - k)) <= 0.02 for k in frequencies)


def _others_found(as_written, other, samples):
    """For other samples, the other frequencies are among numbers that were not there before."""
    records = [r for r in _records(other) if set(r[2][:, 1]) != set(samples[2][:, 1])]
    new = _numbers(_new(list(_groups(other)), as_written))
    return any(_are_among(terms[:, 1], new, x) for x, _, terms in records)


# ---------------------------------------------------------------------------------- what went wrong


def _mistakes(seen, samples):
    """(name, where): a descent that ended high up, or a curve or numbers that are the function but for one thing."""
    yield from _stuck(seen, samples)
    x, y, terms = samples
    for name, wrong in _wrong(terms):
        for at, u, v in _curves(seen, x, y):
            if _away(v, _at(wrong, u)) <= 0.03:
                yield name, at
        if name in ("half", "sign_lost") and _only_these(seen, wrong, samples):
            yield name, None
    for at, u, v in _curves(seen, x, y):
        want = _at(terms, u)
        factor = v @ want / (want @ want)
        if abs(factor - 1) > 0.1 and abs(factor) > 1e-9 and _away(v, factor * want) <= 0.03:
            yield "scaled", at


def _wrong(terms):
    """(mistake, the terms that it makes of the right ones)."""
    yield "half", terms * [1, 1, 0.5]
    if np.any(terms[:, 2] < 0):
        yield "sign_lost", np.abs(terms)
    yield "phase_lost", np.abs(terms) * [0, 1, 1] + [1, 0, 0]
    yield "sin_and_cos", terms * [-1, 1, 1] + [1, 0, 0]
    yield from (("one_missing", np.delete(terms, i, axis=0)) for i in range(3))
    yield from (("off_by_one", terms + np.array([0, step, 0])) for step in (1, -1))


def _only_these(seen, wrong, samples):
    """Such amplitudes are among the numbers, and the right ones are not."""
    known = _numbers(_groups(seen))
    near = [any(abs(n - a) <= 0.02 * abs(a) for n in known) for a in wrong[:, 2]]
    right = [any(abs(n - a) <= 0.02 * abs(a) for n in known) for a in samples[2][:, 2]]
    return all(near) and not all(right)


def _stuck(seen, samples):
    """No pass of a descent started from a small loss; or six numbers came out that fit nothing."""
    x, y, terms = samples
    spread = min(np.var(y), np.std(y))
    allowed = 0.05 * spread + 2 * np.mean((y - _at(terms, x)) ** 2)
    roots = [(p, float(p.root.ravel()[0])) for p in seen.passes if p.root is not None and p.root.size == 1]
    if len(roots) >= 20 and all(not root <= allowed for _, root in roots):
        yield "stuck", roots[-1][0]
    for at, values in [*((m, m.x) for m in seen.minimized), *((v, v.array) for v in seen.values)]:
        if values is not None and values.size == 6 and values.dtype.kind == "f" and _fits_nothing(values, samples):
            yield "stuck", at


def _fits_nothing(values, samples):
    """In whatever order the parameters stand."""
    x, y, _ = samples
    p = np.ravel(values).astype(float)
    orders = ([0, 2, 4, 1, 3, 5], [0, 1, 2, 3, 4, 5], [3, 4, 5, 0, 1, 2])
    ways = [np.array([[0, p[o[3]], p[o[0]]], [1, p[o[4]], p[o[1]]], [0, p[o[5]], p[o[2]]]]) for o in orders]
    return not np.any([_away(_at(w / [[1, unit, 1]], x), y) <= 0.4 for w in ways for unit in (1, 2 * np.pi)])
