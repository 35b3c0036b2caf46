"""What passes added, and whether a scaled run bears it out: by numbers that a child could send."""

import numpy as np
import pytest

from autograder import gains
from autograder.evidence import Leaf, Pass
from autograder.model import Case, Outcome
from autograder.seen import Log, Seen
from tests.conftest import told


def leaf(x, before, after):
    arrays = [None if a is None else np.asarray(a, np.float32) for a in (x, before, after)]
    return Leaf(1, arrays[0], "float32", arrays[1], arrays[2], True, None)


def a_pass(*leaves, error=""):
    plain = dict(
        order=1, where="", number=0, call="backward", within="", root=None, recorded=True, weights=None, ops={}
    )
    more = dict(inner=[], retain=False, create=False, repeat_of=-1, rebuilt_of=-1, of=-1, graph=-1, seed=None)
    return Pass(**plain, **more, leaves=list(leaves), retained=[], error=error)


def test_a_gain_is_what_was_added():
    """To nothing, or to what was there."""
    (fresh,), (second,) = gains.of(a_pass(leaf([1], None, [2]))), gains.of(a_pass(leaf([1], [2], [5])))
    assert (fresh.before, fresh.added, fresh.after) == (0, 2, 2)
    assert (second.before, second.added, second.after) == (2, 3, 5)


@pytest.mark.parametrize(
    "found",
    [
        a_pass(leaf([1], None, [2]), error="it raised"),
        a_pass(leaf(None, None, [2])),
        a_pass(leaf([1], None, None)),
        a_pass(leaf([1, 2], None, [2])),
        a_pass(leaf([1], [1, 2], [2])),
    ],
)
def test_what_does_not_fit_is_no_gain(found):
    """A pass that raised, values that are missing, shapes that differ."""
    assert gains.of(found) == []


@pytest.mark.parametrize(
    ("degree", "added", "follows"), [(1, 1.5, True), (2, 2.25, True), (1, 1.0, False), (2, 1.5, False)]
)
def test_a_gain_follows_the_scale(degree, added, follows):
    """c times as much, or c² where it went through a gradient; what was typed in stays."""
    (gain,) = gains.of(a_pass(leaf([1, 2], None, [1, 1])))
    scaled = Seen(Case("scaled"), Outcome.FINISHED, Log([a_pass(leaf([1, 2], None, [added, added]))]), scale=1.5)
    assert gains.follows(gain, scaled, degree) is follows


def test_zeros_show_nothing():
    """They are c times zero whatever made them."""
    (gain,) = gains.of(a_pass(leaf([1], None, [0])))
    assert not gains.follows(
        gain, Seen(Case("scaled"), Outcome.FINISHED, Log([a_pass(leaf([1], None, [0]))]), scale=1.5)
    )


TYPED = (
    "class F(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, w, x, y): return (w * x - y) ** 2\n"
    "    @staticmethod\n    def backward(ctx, g): return torch.tensor(16.), None, None\n"
    "# chain rule\nw = torch.tensor(3., requires_grad=True); x = y = torch.tensor(2.)\nF.apply(w, x, y).backward()\n"
)


def test_a_number_typed_into_a_backward_awaits_review(grade):
    """It arrives at the leaf, and does not grow with the cotangent."""
    assert told(grade(f"import torch\n{TYPED}"))["chain_rule"]["line"] == "needs_review"
