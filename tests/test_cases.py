"""Hidden cases: run when somebody looks, at once where that decides, and never at the price of a verdict."""

from dataclasses import replace

import numpy as np
import pytest

from autograder import cases
from autograder.evidence import Error
from autograder.judge import and_then, close, confirmed, holds, judge
from autograder.kit import check, samples
from autograder.later import Unproven
from autograder.model import Call, Case, Criterion, Exercise, Outcome, Status
from autograder.seen import Log, Seen
from tests.conftest import told
from tests.test_running import SINE
from tests.test_store import F

CRITERION = Criterion("slope", "The slope", 4)
SIN = Case("sin_slope", swap="sin", together=True)
COS = Case("cos_slope", swap="cos", together=True)
SCALED = Case("scaled", scaled=True, together=True)
FRESH = Case("fresh", fresh_seed=True, together=True, calls=(Call("near", ({"uniform": [0, 1], "shape": [2]},)),))


def exercise(name, *own):
    return Exercise(name, name, (CRITERION,), own)


# ---------------------------------------------------------------------------------- one case of several


def test_all_conditions_are_set_in_one_run():
    """Each exercise finds its own calls there under its own name."""
    case, users = cases.joined([exercise("a", SIN), exercise("b", FRESH, SCALED)])
    assert (case.swap, case.fresh_seed, case.scaled, case.moved) == ("sin", True, True, False)
    assert [user.name for user in users] == ["a", "b"]
    assert [call.name for call in case.calls] == ["b.near"]


def test_what_one_exercise_watches_is_watched_for_all_that_share_the_run():
    """Rounds of loops, at once and in the case that two exercises have."""
    watched = replace(FRESH, rounds=True)
    own = [exercise("a", FRESH), exercise("b", watched, SIN)]
    assert cases.joined(own)[0].rounds
    assert [case.rounds for case, _ in cases.distinct(own)] == [True, False]


@pytest.mark.parametrize(
    "own",
    [
        [],
        [SCALED],
        [SCALED, replace(SCALED, name="again")],
        [SIN, COS],
        [SIN, replace(FRESH, together=False)],
    ],
)
def test_where_it_saves_no_run_there_is_none(own):
    """One case, equal ones, two swaps that exclude each other, an exercise that does not say that it may."""
    assert cases.joined([exercise(f"e{i}", case) for i, case in enumerate(own)]) is None


# ---------------------------------------------------------------------------------- what decides


class Looks:
    """Two ways to look at a case, and how often each was taken."""

    def __init__(self, at_once, alone):
        self.taken = []
        self.ways = [{"hidden": self._way("at once", at_once)}, {"hidden": self._way("alone", alone)}]

    def _way(self, name, seen):
        def look():
            self.taken.append(name)
            if isinstance(seen, Exception):
                raise seen
            return seen

        return look


class Grader:
    def __init__(self, function):
        self.slope = function


def run(scale=1.0, outcome=Outcome.FINISHED, *observations):
    return Seen(Case("hidden"), outcome, Log(observations), scale=scale)


def verdict_of(function, looks):
    (found,) = judge(exercise("sine"), Grader(function), run(), looks.ways).verdicts
    return found.status


def follows(as_written, hidden):
    return confirmed(holds(True), by=lambda: hidden.scale == 2.0)


def test_what_passes_at_once_is_not_run_alone():
    looks = Looks(run(2.0), run(3.0))
    assert verdict_of(follows, looks) is Status.PASSED
    assert looks.taken == ["at once"]


def test_what_does_not_pass_at_once_is_decided_alone():
    looks = Looks(run(3.0), run(2.0))
    assert verdict_of(follows, looks) is Status.PASSED
    assert looks.taken == ["at once", "alone"]


@pytest.mark.parametrize(
    "trouble",
    [run(2.0, Outcome.TIMED_OUT), run(2.0, Outcome.FINISHED, Error(1, "hw.py, line 2", "ValueError", "no", "", 2))],
)
def test_a_run_with_trouble_shows_nothing(trouble):
    """It was cut short, or raised what the run as written did not: what passes there may only have been left out."""
    looks = Looks(trouble, run(3.0))
    assert verdict_of(follows, looks) is Status.NEEDS_REVIEW
    assert looks.taken == ["at once", "alone"]


def test_nothing_is_run_for_what_is_decided_without():
    """A claim that fails as written does not ask what would confirm it, nor what more would be claimed."""
    looks = Looks(run(), run())
    wrong = close(np.array([2.0]), np.array([1.0]))
    assert verdict_of(lambda as_written, hidden: confirmed(wrong, by=lambda: hidden.scale), looks) is Status.FAILED
    assert verdict_of(lambda as_written, hidden: and_then(wrong, lambda: holds(hidden.scale)), looks) is Status.FAILED
    assert looks.taken == []


def test_a_case_that_does_not_work_here_leaves_it_to_a_person():
    looks = Looks(Unproven("sin"), Unproven("sin"))
    assert verdict_of(follows, looks) is Status.NEEDS_REVIEW


def test_a_run_that_failed_is_no_failure_of_the_criterion():
    """It goes up to who can try again on a fresh lane."""
    with pytest.raises(OSError, match="gone"):
        verdict_of(follows, Looks(OSError("gone"), run()))


# ---------------------------------------------------------------------------------- real submissions


JACOBIAN = """
v = torch.arange(3., requires_grad=True)
print(torch.autograd.functional.jacobian(lambda v: torch.stack([v[0] * v[1], v[2] ** 2]), v))
"""


ACCUMULATED = """
import torch
v = torch.arange(3., requires_grad=True)
y = torch.stack([v[0] * v[1], v[2] ** 2])
J = torch.zeros(2, 3)  # the Jacobian
for i in range(2):
    y[i].backward(retain_graph=True)
    J[i] = v.grad
print(J)
"""


@pytest.fixture
def runs_of(grade, grader, monkeypatch):
    """The conditions of each run that grading a script took."""

    def runs(source):
        made = []
        real = grader._run
        monkeypatch.setattr(grader, "_run", lambda job, case, calls: made.append(case.name) or real(job, case, calls))
        return told(grade(source)), made

    return runs


def test_a_right_answer_to_three_exercises_takes_two_runs(runs_of):
    """sin swapped, a fresh seed and scaled cotangents: all in one."""
    verdicts, made = runs_of(SINE + F + JACOBIAN)
    assert made == ["as_written", "at_once"]
    assert {status for found in verdicts.values() for status in found.values()} == {"passed"}


def test_a_wrong_answer_that_shows_as_written_takes_one(runs_of):
    """Nothing more is asked once the numbers are wrong."""
    source = "import torch\nv = torch.arange(3., requires_grad=True)\ny = torch.stack([v[0] * v[1], v[2] ** 2])\n"
    rows = (
        "J = torch.zeros(2, 3)\nfor i in range(2):\n    y[i].backward(retain_graph=True)\n    J[i] = v.grad\nprint(J)"
    )
    verdicts, made = runs_of(f"{source}# the Jacobian\n{rows}")
    assert verdicts["jacobian"]["matrix"] == "rows_accumulated"
    assert made.count("as_written") == 1 and "fresh" not in made


@pytest.mark.slow
def test_no_verdict_rests_on_trying_all_at_once(grader, exercises, monkeypatch):
    """Every sample, right and wrong: without the short way the same comes out, which is what its manifest states."""
    monkeypatch.setattr(cases, "joined", lambda exercises: None)
    tried = grader.map(
        lambda sample: check.try_out(grader, sample, list(exercises.values())), samples.load_all(exercises)
    )
    assert [difference for one in tried for difference in check.differences(one, exercises)] == []
