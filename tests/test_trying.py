"""Student mode: what is said before handing in is never more than what a student may know, and never a false alarm."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from autograder import intake, ladder
from autograder.model import Status
from autograder.report import trial
from autograder.trying import Sight, Trial, shown
from tests.conftest import ROOT, SEED

SAMPLES = [ROOT / "submissions" / "sample", ROOT / "submissions" / "sample_more"]


@pytest.fixture(scope="module")
def warm(exercises):
    """With the seed of the session's grader: the same random numbers, so that both speak of the same run."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("autograder.trying.secrets.randbelow", lambda _: SEED)
        trial_ = Trial(list(exercises.values()), ladder.find())
    with trial_:
        yield trial_


def samples():
    return intake.find(SAMPLES)[0]


@pytest.mark.slow
@pytest.mark.parametrize("submission", samples(), ids=lambda submission: submission.student)
def test_nothing_is_said_that_the_grade_takes_back(warm, grader, submission):
    """What looks right is right, unless it is so far; what looks wrong is not right; what is right is not missing."""
    report = grader.grade_one(submission)
    verdicts = {(a.exercise.name, v.criterion.name): v for a in report.answers for v in a.verdicts if a.attempted}
    _, tried = warm.run(submission)
    seen = {(one.exercise.name, v.criterion.name): sight for one in tried for sight, v in one.criteria}
    assert seen.keys() == verdicts.keys()
    for name, sight in seen.items():
        status = verdicts[name].status
        assert sight is not Sight.OURS, name
        assert sight is not Sight.RIGHT or status is Status.PASSED, name
        assert status is not Status.PASSED or sight in (Sight.RIGHT, Sight.SO_FAR, Sight.LATER), (name, sight)


COSINE = """
import numpy as np, torch, matplotlib.pyplot as plt
x = torch.arange(-5, 5, 0.1, requires_grad=True)
y = torch.sin(x)
y.sum().backward()
plt.plot(x.detach(), y.detach())
plt.plot(x.detach(), {derivative})
"""


@pytest.fixture
def tell(warm, tmp_path):
    def told(text, *names):
        file = tmp_path / "hw.py"
        file.write_text(text)
        report, tried = warm.run(intake.whole(file).submissions[0])
        return [line.text for line in trial.lines(report, shown(tried, names))]

    return told


@pytest.mark.slow
def test_whether_a_hidden_case_passes_is_not_told(tell):
    """Cosine typed in and the gradient read the same here; they differ when they are graded."""
    honest, typed = (tell(COSINE.format(derivative=d), "sin_derivative") for d in ("x.grad", "torch.cos(x).detach()"))
    assert honest == typed
    assert "· only seen when it is graded" in honest and honest[-1] == "This is no mark."


@pytest.mark.slow
def test_what_is_missing_is_told(tell):
    assert any("nothing that ran is about this exercise" in line for line in tell("x = 1\n", "jacobian"))
    assert tell("x = 1\n")[0] == "Nothing in it is about an exercise that is known here."
    assert "unreadable" in tell("")[0] or "empty" in tell("")[0]


@pytest.mark.slow
def test_a_cell_that_was_graded_in_the_notebook_is_graded_when_it_is_handed_in(grade):
    """%load_ext and %grade do nothing, and what stands under %%grade is code like any other."""
    cells = ["%load_ext autograder", "%%grade second_backward\nimport torch\nx = torch.arange(4., requires_grad=True)"]
    cells += ["y = 2 * torch.dot(x, x)\ny.backward(retain_graph=True)\ny.backward()\nx.grad", "%grade second_backward"]
    document = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [
            {"cell_type": "code", "source": c, "metadata": {}, "outputs": [], "execution_count": None} for c in cells
        ],
    }
    report = grade(hw_ipynb=json.dumps(document))
    (answer,) = [answer for answer in report.answers if answer.exercise.name == "second_backward"]
    assert [verdict.status for verdict in answer.verdicts][:2] == [Status.PASSED, Status.PASSED], report.remarks
    assert not report.remarks


# -- the command, as a student types it


def typed(*words, **more):
    command = [sys.executable, str(ROOT / "grade.py"), *map(str, words)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, **more)


@pytest.mark.slow
def test_try_writes_nothing(tmp_path):
    shutil.copy(ROOT / "submissions" / "sample" / "cai.py", tmp_path / "cai.py")
    done = typed("try", "cai.py", "--exercise", "sin_derivative", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "✗ A backward pass gives f′ at every x: math.sin takes one Python number" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["cai.py"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["try", "nowhere.py"], "There is no file or folder 'nowhere.py'"),
        (["try", "grade.py", "--exercise", "jacobean"], "did you mean 'jacobian'"),
        (["try"], "the following arguments are required"),
        (["watch", "nowhere"], "there is no file or folder nowhere"),
        (["watch", ".", "--exercise", "jacobean"], "did you mean 'jacobian'"),
        (["watch", ".", "--output", "results"], "where nothing is ever changed"),
    ],
)
def test_wrong_usage_is_a_sentence(words, said):
    done = typed(*words, cwd=ROOT)
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr
    assert len(re.findall(r"\n", done.stderr)) <= 4


def test_no_process_waits_for_what_nobody_will_ask(warm):
    """Of plain code, whose runs share one: a try is one run."""
    submission = next(one for one in samples() if one.student == "zofia")
    warm.run(submission)
    assert [lane.child for lane in warm._grader._sandbox._lanes._free] == [None]
