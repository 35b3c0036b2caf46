"""Criteria for `second_backward`: run backward, run it again at once on the same graph, see what happens and why.

Right outcomes: the RuntimeError is met (uncaught, caught, printed); or the graph was retained, or had nothing saved,
and the second pass adds to the gradient. Passes over one graph with other roots or weights are another exercise's.

That two passes ran is what the child says. So once more, with every cotangent multiplied by a hidden c and every graph
kept: there the second pass has to go through and to add c times the gradient that the first left as written.
"""

import re

import numpy as np

from autograder import gains
from autograder.evidence import error_kind
from autograder.exhibits import timeline
from autograder.judge import best, confirmed, for_a_person, holds, not_reached

TWICE = (
    r"second (time|backward|pass|call|run)|backward\W+(?:\w+\W+){0,4}?(again|twice)|twice\W+(?:\w+\W+){0,4}?backward|"
    r"run(ning)? (it|this|backward) (again|twice)|两次|第二次|再次|再一次|重复"
)
AND_THEN = (
    r"error|raise|fail|free|free[sd]|releas|destroy|buffer|complain|gone|not (possible|allowed)|doubl|accumul|retain|"
    r"错|释放|累加|累积|保留|不能|销毁"
)
FIRST = r"(first|one|once|single)\W+(?:\w+\W+){0,3}?(backward|pass)|反向传播"
EXPLAINED = rf"(?s)\A(?=.*({TWICE}|{FIRST}))(?=.*({AND_THEN}))(?=.*(backward|graph|反向|计算图|梯度))"
CALLED_TWICE = rf"(?s)\.backward\(.*(\.backward\(|{TWICE})|({TWICE}).*\.backward\("

CALL = r"(?m)^\s*(\w+\.backward\((?:[^()]|\([^()]*\))*\))"  # on a line of its own
MET = r"Runtime ?Error|\bfreed?\b|buffer|释放"
OTHER_ERROR = r"scalar|implicit|does not require|标量"


def attempted(as_written):
    """A second pass ran, a new graph was passed with the second one in mind, or somebody wrote about it."""
    return bool(_repeats(as_written) or _rebuilt(as_written) or _found(as_written))


def second_pass(as_written, scaled):
    """The same inner nodes were passed again, from an equal root with equal weights."""
    repeats = [holds(True, at=p) for p in _repeats(as_written)]
    rebuilt = [holds(False, otherwise="rebuilt", at=p) for p in _rebuilt(as_written)]
    return confirmed(best(repeats or rebuilt or [_person(as_written)]), by=lambda: _adds_again(as_written, scaled))


def outcome(as_written, scaled):
    """The second pass met the error, or went through."""
    repeats = [holds(_is_met(p), otherwise="other_error", at=p) for p in _repeats(as_written)]
    if not repeats and _rebuilt(as_written):
        return not_reached()
    return confirmed(best(repeats or [_person(as_written)]), by=lambda: _adds_again(as_written, scaled))


def explanation(as_written):
    """Words are for a person."""
    judged = [*_repeats(as_written), *_rebuilt(as_written)]
    near = judged[0] if judged else None
    return for_a_person(as_written.words(kinds=("markdown", "comment", "string", "output"), near=near))


def exhibit(as_written):
    """The passes that are about a second time, and the first ones that they repeat."""
    again = [*_repeats(as_written), *_rebuilt(as_written)]
    told = {number for p in again for number in (p.number, p.repeat_of, p.rebuilt_of)}
    if again:
        yield timeline(p for p in as_written.passes if p.number in told)


def _adds_again(as_written, scaled):
    """A second pass of the scaled run added c times what a first pass as written had added, at the same leaf.

    Or, where the numbers there are others, c times what the reference of that very pass says.
    """
    first = {p.repeat_of for p in _repeats(as_written)}
    again = [gain for p in scaled.passes if p.repeat_of >= 0 for gain in gains.of(p)]
    return any(gain.is_its_reference(scaled.scale) for gain in again if scaled.scale != 1.0) or any(
        gain.comes_out(scaled.scale, among=again)
        for p in as_written.passes
        if p.number in first
        for gain in gains.of(p)
    )


def _repeats(seen):
    rows = _graphs_of_rows(seen)
    calls = {p.number: p.call for p in seen.passes}
    repeated = [p for p in seen.passes if p.repeat_of >= 0 and p.graph not in rows]
    return [p for p in repeated if p.error or _is_backward_twice(calls, p) or seen.said_near(TWICE, p)]


def _is_backward_twice(calls, p):
    """Not a backward that checks an autograd.grad, or the other way round."""
    return p.call == "backward" == calls.get(p.repeat_of)


def _graphs_of_rows(seen):
    """Graphs that were passed with different weights: a Jacobian's rows, of which one may come twice."""
    seeds = {}
    for p in seen.passes:
        if p.graph >= 0 and p.seed is not None and not p.error:
            seeds.setdefault(p.graph, set()).add(p.seed.tobytes())
    return {graph for graph, different in seeds.items() if len(different) > 1}


def _rebuilt(seen):
    """An equal computation on new nodes, beside words about a second time; not one that first added to another's."""
    again = [p for p in seen.passes if p.rebuilt_of >= 0]
    sums = {gain.at.number for gain in gains.all_of(seen) if np.any(gain.before)} if again else set()
    return [p for p in again if p.rebuilt_of not in sums and seen.own_words_near(TWICE, p)]


def _is_met(p):
    return not p.error or error_kind(p.error) == "second_time"


def _found(seen):
    """Words about a second backward; or one that is commented out, in a string, switched off, never called."""
    return [*seen.words(EXPLAINED, ("markdown", "string", "comment")), *_not_executed(seen)]


def _not_executed(seen):
    kinds = ("comment", "string", "dead")
    repeated = [passage for passage in seen.passages(kinds) if _repeats_a_call(seen, passage)]
    return seen.words(CALLED_TWICE, kinds) or repeated


def _repeats_a_call(seen, passage):
    """The very call that ran right before, beside words about a second time or about the error that it would meet."""
    ran = any(p.call == "backward" and not p.error and seen.are_beside(passage, p) for p in seen.passes)
    if not ran or not _calls(passage.text) & _executed(seen) or re.search(OTHER_ERROR, passage.text, re.IGNORECASE):
        return False
    return bool(re.search(MET, passage.text, re.IGNORECASE)) or seen.said_near(TWICE, passage, within=4)


def _executed(seen):
    """The calls of backward that stand in the code, without what is commented out."""
    lines = (re.sub(r"#.*", "", code.text).replace(";", "\n") for code in seen.code)
    return {call for code in lines for call in _calls(code)}


def _calls(text):
    """Calls of backward in a text, however the graph is kept."""
    return {re.sub(r"(, *)?retain_graph *= *\w+|\s", "", call) for call in re.findall(CALL, text)}


def _person(seen):
    switched_off = _not_executed(seen)
    return for_a_person(switched_off or _found(seen), "not_executed" if switched_off else "in_words")
