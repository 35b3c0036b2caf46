"""The judge: what agrees, what is named, what comes first."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.evidence import Error
from autograder.judge import (
    _distance,
    agree,
    best,
    close,
    for_a_person,
    holds,
    judge,
    newest,
    not_reached,
    once,
    settle,
)
from autograder.later import Later
from autograder.model import Case, Criterion, Exercise, Outcome, Status, Tolerance
from autograder.seen import Log, Seen
from autograder.words import Passage, without

CRITERION = Criterion("slope", "The slope", 4, feedback={"doubled": "Twice too large."})
EXERCISE = Exercise("sine", "Sine", (CRITERION,))
FINITE = st.integers(-(10**9), 10**9).map(lambda n: n / 1000)
VECTORS = hnp.arrays(float, st.integers(2, 30), elements=FINITE).filter(lambda a: np.abs(a).max() > 1e-3)


def verdict(claim, tolerance=Tolerance()):  # noqa: B008  frozen
    return settle(claim, Criterion("slope", "The slope", 4, tolerance, {"doubled": "Twice too large."}))


class At:
    """A place that an observation may have."""

    def __init__(self, order):
        self.where, self.line, self.order = f"cell {order}", 2, order


@given(VECTORS)
def test_float32_of_the_right_answer_passes(want):
    """Rounding to single precision is never a mistake."""
    assert verdict(close(want.astype(np.float32), want)).status is Status.PASSED


@given(VECTORS, st.floats(1.001, 5))
def test_a_factor_never_passes(want, factor):
    """A thousandth too large is wrong, whatever the numbers."""
    assert verdict(close(want * factor, want)).status is Status.FAILED


@given(VECTORS, st.integers(0, 29), st.sampled_from([np.nan, np.inf, -np.inf]))
def test_nan_and_inf_never_pass(want, index, bad):
    """One of them anywhere fails, and is named."""
    got = want.copy()
    got[index % got.size] = bad
    assert verdict(close(got, want)).reason == "not_finite"


@given(VECTORS)
def test_nothing_broadcasts(want):
    """A column, a row and a scalar are other shapes."""
    for got in (want[:, None], want[None], np.array(want[0]), want[:-1]):
        assert verdict(close(got, want)).reason == "shape"


@pytest.mark.parametrize(
    ("got", "reason"),
    [
        (None, "none"),
        (np.array([1.0, 2.0], np.float16), "dtype"),
        (np.array([1.0, 2.5]), "values"),
        (np.array([2.0, 4.0]), "doubled"),
        (np.array([1 + 1j, 2]), "dtype"),
    ],
)
def test_each_trouble_has_its_reason(got, reason):
    """None, precision, values, and the mistakes that were given."""
    found = verdict(close(got, np.array([1.0, 2.0]), doubled=np.array([2.0, 4.0])))
    assert (found.status, found.reason) == (Status.FAILED, reason)


def test_a_mistake_that_is_right_here_is_none():
    """Where the mistake gives the right numbers (a mean over one entry) it is not held against anybody."""
    assert verdict(close(np.array([3.0]), np.array([3.0]), over_n=np.array([3.0]))).status is Status.PASSED


def test_an_all_zero_reference_uses_atol():
    """Relative to nothing, only an absolute bound makes sense."""
    assert agree(np.array([1e-9, 0.0]), np.zeros(2))
    assert not agree(np.array([1e-3, 0.0]), np.zeros(2))
    assert not agree(np.array([]), np.array([]))


def test_small_entries_are_judged_beside_the_typical_one():
    """An entry near zero is not asked for digits that rounding took; the typical entry is."""
    want = np.array([1e-7, 1.0, 2.0])
    assert agree(want + np.array([2e-6, 0, 0]), want)
    assert not agree(want * [1, 1.001, 1], want)


def test_best_takes_what_passes_then_what_has_a_name_then_the_nearest():
    """The order in which a student is served."""
    want = np.array([1.0, 2.0])
    right, named = close(want, want, at=At(1)), close(2 * want, want, doubled=2 * want)
    near, far = close(want + 0.1, want, at=At(3)), close(want + 9, want, at=At(4))
    assert verdict(best([far, named, right])).status is Status.PASSED
    assert verdict(best([far, near, named])).reason == "doubled"
    assert verdict(best([far, near])).where == "cell 3"
    assert verdict(best([])).status is Status.NOT_ATTEMPTED


def test_newest_takes_the_last_of_the_failures():
    """What came before was tried and given up; what passes still passes."""
    first, last = holds(False, "no_graph", at=At(1)), holds(False, "vector_backward", at=At(5))
    assert verdict(newest([first, last])).reason == "vector_backward"
    assert verdict(newest([holds(True, at=At(0)), first, last])).status is Status.PASSED


def test_feedback_is_the_teachers_sentence():
    """The text of the reason; none where the YAML has none."""
    assert verdict(close(np.array([2.0]), np.array([1.0]), doubled=np.array([2.0]))).feedback == "Twice too large."
    assert verdict(holds(False, "unknown")).feedback == ""


ODD = st.sampled_from([0.0, 1.0, -1.0, 1 + 2e-5, 1 + 4e-5, 1e-9, 1e30, np.inf, -np.inf, np.nan])


@given(hnp.arrays(float, st.integers(1, 4), elements=ODD), st.data())
def test_the_short_way_to_agree_is_the_rule(want, data):
    """Whatever it leaves out, it says what the largest error in units of the allowed one says."""
    got = data.draw(hnp.arrays(float, want.shape, elements=ODD))
    with np.errstate(all="ignore"):
        assert agree(got, want) == (_distance(got, want, Tolerance()) <= 1.0)


def test_words_await_a_person_with_their_points():
    """Quoted, neither given nor taken."""
    found = verdict(for_a_person([Passage("cell 3", "because the graph is freed")]))
    assert (found.status, found.points, found.awaiting_review) == (Status.NEEDS_REVIEW, 0, 4)
    assert found.detail == "because the graph is freed"
    assert verdict(for_a_person([])).reason == "no_words"
    assert verdict(not_reached()).status is Status.NOT_REACHED


def test_a_long_quote_ends_with_a_word():
    """And says that more was there."""
    verdict = settle(for_a_person([Passage("a.py, line 1", "because of it " * 99)]), CRITERION)
    assert verdict.detail.endswith((" because …", " of …", " it …")) and len(verdict.detail) <= 302


def test_a_number_that_ends_a_sentence_stays_in_the_quote():
    """It is no sentence of the exercise's, and holds no words."""
    passage = Passage("a.ipynb, cell 4", "The gradient is constant, e.g. 512. The rest is diagonal.")
    assert without(("What happens to the result?",), passage).text == passage.text


def test_the_detail_says_how_many_and_by_which_factor():
    """What was measured, for the student to see."""
    want = np.arange(1.0, 11.0)
    assert verdict(close(3 * want, want)).detail == "10 of 10 values differ; each is 3 times the expected one"
    assert verdict(close(want + (want == 4), want)).detail == "1 of 10 values differ"
    assert verdict(close(want[None], want)).detail == "shape (1, 10), expected (10,)"


class Grader:
    """A grader whose one criterion looks at a hidden case, or at the run as written only."""

    def __init__(self, claim, looks=True):
        self.slope = (lambda as_written, hidden: hidden.outcome and claim) if looks else (lambda as_written: claim)


def raised(name, *lines):
    errors = tuple(Error(i, "hw.py, line 9", "ValueError", "no", "", line) for i, line in enumerate(lines))
    return Seen(Case(name), Outcome.FINISHED, Log(errors))


@pytest.mark.parametrize(
    ("as_written", "hidden", "claim", "looks", "status", "reason"),
    [
        ((), (3,), holds(False, "typed_in"), True, Status.NEEDS_REVIEW, "case_raised"),
        ((3,), (3, 4), holds(False, "typed_in"), True, Status.NEEDS_REVIEW, "case_raised"),
        ((3, 4), (3,), holds(False, "typed_in"), True, Status.FAILED, "typed_in"),
        ((), (), holds(False, "typed_in"), True, Status.FAILED, "typed_in"),
        ((), (3,), holds(False, "typed_in"), False, Status.FAILED, "typed_in"),
        ((), (3,), holds(True), True, Status.PASSED, ""),
        ((), (3,), not_reached(), True, Status.NOT_REACHED, "not_reached"),
    ],
)
def test_what_raised_only_in_a_hidden_case_is_for_a_person(as_written, hidden, claim, looks, status, reason):
    """A failure that looked at that case, and only a failure; an error of the run as written is no news."""
    ways = [{"hidden": lambda: raised("hidden", *hidden)}]
    (found,) = judge(EXERCISE, Grader(claim, looks), raised("as_written", *as_written), ways).verdicts
    assert (found.status, found.reason) == (status, reason)


def test_what_is_found_in_a_run_is_found_once():
    """Of each run, also of one that is looked at later: and that is not looked at before somebody asks."""
    asked, looks = [], []
    found = once(lambda seen: asked.append(seen.case.name) or len(asked))
    first = raised("as_written")
    later = Later(lambda: looks.append("hidden") or raised("hidden"))
    assert (found(first), found(first), asked, looks) == (1, 1, ["as_written"], [])
    assert (found(later), found(later), found(later.seen), looks) == (2, 2, 2, ["hidden"])
    assert asked == ["as_written", "hidden"]
