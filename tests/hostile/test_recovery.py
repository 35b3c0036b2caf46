"""What holds submissions is killed from outside in mid-run: it is started again, and nobody loses a point."""

import contextlib
import ctypes
import os
import signal
import threading
import time

import pytest

from autograder import intake, ladder, spec
from autograder.run import Grader
from autograder.sandbox import CannotStart
from tests.hostile.program import CONTROL_FLOW, SEED, SINE
from tests.hostile.table import PR_SET_CHILD_SUBREAPER, _descendants, _staying

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # see Sandbox._new_socket
SLOW = f"{SINE}\nimport time\ntime.sleep(1)\n{CONTROL_FLOW}"


@pytest.fixture(scope="module")
def grader():
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with Grader(list(spec.load_all().values()), ladder.find(), seed=SEED, jobs=2, seconds=10) as grader:
        assert grader.torch
        yield grader


@pytest.fixture
def submissions(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "hw.py").write_text(SLOW)
    found, _ = intake.find([tmp_path])
    return found


def _children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(child) for child in file.read().split()]


def _kill_soon(find, seconds=0.5):
    """A thread that kills what `find` finds, once the run is under way."""

    def kill():
        time.sleep(seconds)
        os.kill(find(), signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    return thread


def test_a_server_that_is_killed_is_started_again(grader, submissions):
    """As by the system, for want of memory: both submissions that ran are run once more, and graded in full."""
    before = grader._sandbox._server.pid
    thread = _kill_soon(lambda: before)
    reports = list(grader.grade(submissions))
    thread.join()
    assert grader._sandbox._server.pid != before
    assert [(report.outcome.value, report.score, report.remarks) for report in reports] == [("finished", 20.0, ())] * 2


def test_a_lane_that_is_killed_is_replaced(grader, submissions):
    """The server stays, and the other lane does not notice."""
    server = grader._sandbox._server.pid
    thread = _kill_soon(lambda: _children(server)[0])
    reports = list(grader.grade(submissions))
    thread.join()
    assert grader._sandbox._server.pid == server
    assert [(report.outcome.value, report.score) for report in reports] == [("finished", 20.0)] * 2


def test_a_child_that_is_killed_from_outside_is_not_held_against_the_rest(grader, submissions):
    """It looks like a submission that ended itself: said so, and run again without the line that ran."""
    server = grader._sandbox._server.pid
    thread = _kill_soon(lambda: next(child for lane in _children(server) for child in _children(lane)))
    reports = list(grader.grade(submissions))
    thread.join()
    assert sorted((report.outcome.value, report.score) for report in reports) == [("died", 20.0), ("finished", 20.0)]


def test_the_end_of_a_grader_is_the_end_of_all(submissions):
    """Also in mid-run: no server, no lane, no child is left."""
    before = _descendants()

    def grade_until_left(submission):
        with contextlib.suppress(CannotStart):
            grader.grade_one(submission)

    with Grader(list(spec.load_all().values()), ladder.find(), seed=SEED, jobs=2, seconds=10) as grader:
        assert grader.torch
        running = [threading.Thread(target=grade_until_left, args=(submission,)) for submission in submissions]
        for thread in running:
            thread.start()
        time.sleep(0.5)
        assert len(_descendants() - before) >= 5
    for thread in running:
        thread.join()
    assert _staying(before) == set()
