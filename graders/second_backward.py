"""Criteria for `second_backward`: run backward, run it again at once on the same graph, see what happens and why.

Right outcomes: the RuntimeError is met (uncaught, caught, printed); or the graph was retained, or had nothing saved,
and the second pass adds to the gradient. Passes over one graph with other roots or weights are another exercise's.
"""

from autograder.evidence import error_kind
from autograder.judge import best, for_a_person, holds, not_reached

TWICE = (
    r"second (time|backward|pass|call|run)|backward\W+(?:\w+\W+){0,4}?(again|twice)|twice\W+(?:\w+\W+){0,4}?backward|"
    r"run(ning)? (it|this|backward) (again|twice)|两次|第二次|再次|再一次|重复"
)
WHY = (
    TWICE
    + r"|retain_graph|first backward|buffers|(graph|results|values)\W+(?:\w+\W+){0,6}?(freed|released|destroyed)"
    + r"|frees|释放|保留计算图"
)
CALLED_TWICE = rf"\.backward\((.|\n)*(\.backward\(|{TWICE})|({TWICE})(.|\n)*\.backward\("


def attempted(as_written):
    """A second pass ran, a new graph was passed with the second one in mind, or somebody wrote about it."""
    return bool(_repeats(as_written) or _rebuilt(as_written) or _found(as_written))


def second_pass(as_written):
    """The same inner nodes were passed again, from an equal root with equal weights."""
    repeats = [holds(True, at=p) for p in _repeats(as_written)]
    rebuilt = [holds(False, otherwise="rebuilt", at=p) for p in _rebuilt(as_written)]
    return best(repeats or rebuilt or [_person(as_written)])


def outcome(as_written):
    """The second pass met the error, or went through."""
    repeats = [holds(_is_met(p), otherwise="other_error", at=p) for p in _repeats(as_written)]
    if not repeats and _rebuilt(as_written):
        return not_reached()
    return best(repeats or [_person(as_written)])


def explanation(as_written):
    """Words are for a person."""
    judged = [*_repeats(as_written), *_rebuilt(as_written)]
    near = judged[0] if judged else None
    return for_a_person(as_written.words(kinds=("markdown", "comment", "string", "output"), near=near))


def _repeats(seen):
    return [p for p in seen.passes if p.repeat_of >= 0]


def _rebuilt(seen):
    """An equal computation on new nodes, in a submission that speaks of a second time."""
    return [p for p in seen.passes if p.rebuilt_of >= 0] if seen.mentions_it(TWICE) else []


def _is_met(p):
    return not p.error or error_kind(p.error) == "second_time"


def _found(seen):
    """Words about a second backward; or one that is commented out, in a string, switched off, never called."""
    return [*seen.words(WHY, ("markdown", "string")), *seen.words(TWICE, ("comment",)), *_not_executed(seen)]


def _not_executed(seen):
    return seen.words(CALLED_TWICE, ("comment", "string", "dead"))


def _person(seen):
    switched_off = _not_executed(seen)
    return for_a_person(switched_off or _found(seen), "not_executed" if switched_off else "in_words")
