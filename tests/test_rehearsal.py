"""What the fork server does before it serves is done for every child, and left in none."""

import pytest

from autograder import cli, intake, kept, ladder, server, spec
from autograder.evidence import Curve, Error, Pass, Text
from autograder.hosts import one
from autograder.model import SourceFile, Submission, Unit
from autograder.observe import Runs
from autograder.run import Grader
from autograder.sandbox import Sandbox
from autograder.worker import rehearsal
from tests.conftest import ROOT, SEED
from tests.test_sharing import told

LEFT = """
import builtins, linecache, random, sys
import matplotlib.pyplot as plt, numpy as np, torch
print([name for name in vars(builtins) if "round" in name and name != "round"])
print([name for name in linecache.cache if "rehearsal" in name], sys.argv)
print(plt.get_fignums(), plt.rcParams["figure.figsize"], plt.rcParams["axes.grid"])
print([name for name in vars(sys.modules["__main__"]) if name in ("jacobian", "f", "x", "d2l")])
print(torch.is_grad_enabled(), torch.get_default_dtype(), torch.rand(1).item(), np.random.rand(), random.random())
print(torch.tensor([0.123456789]), np.array([0.123456789]))
"""


def sandbox(rehearsals):
    return Sandbox(1, ladder.find(), server.Warmth((), rehearsals))


def observed(own, submission):
    conditions = kept.conditions(list(spec.load_all().values()), SEED, 20.0)
    runs = Runs(submission, conditions, lambda job, _, calls: own.run(job, calls))
    return runs.observe(spec.AS_WRITTEN, again=False).last.observations


def submission(*texts):
    units = [Unit("hw.ipynb", "code", f"cell {number}", text) for number, text in enumerate(texts, 1)]
    return Submission("ada", "hw.ipynb", (SourceFile("hw.ipynb", "", tuple(units)),))


@pytest.fixture(scope="module")
def rehearsed():
    with sandbox(server.OFTEN) as own:
        own.wait()
        yield own


def test_it_runs_as_it_is_meant_to(rehearsed):
    """A line that raises would warm nothing that comes after it in its cell."""
    found = observed(rehearsed, submission(*rehearsal.NOTEBOOK.split("# %%\n")))
    raised = [item for item in found if isinstance(item, Error)]
    assert [(item.type, item.where) for item in raised] == [("RuntimeError", "hw.ipynb, cell 6")]
    assert len([item for item in found if isinstance(item, Pass)]) > 8
    assert len([item for item in found if isinstance(item, Curve)]) > 4


def test_it_leaves_nothing_that_a_submission_could_find(rehearsed):
    with sandbox(0) as own:
        own.wait()
        (unrehearsed,) = [item.text for item in observed(own, submission(LEFT)) if isinstance(item, Text)]
    (text,) = [item.text for item in observed(rehearsed, submission(LEFT)) if isinstance(item, Text)]
    assert text == unrehearsed
    assert text.startswith("[]\n[] ['hw.ipynb']\n[]")


def test_there_is_none_where_a_pass_would_start_a_thread(monkeypatch):
    """One for each device; the server has to have a single thread when it forks."""
    monkeypatch.setattr("torch.accelerator.is_available", lambda: True)
    rehearsal.play(observer=None, settings=None, times=1)


def test_reports_are_those_of_a_server_that_has_not_rehearsed(grader, exercises):
    """Words, places, numbers and pictures of the sample class."""
    found = intake.find([ROOT / "submissions" / "sample"])[0]
    cold = server.Warmth(rehearsals=0)
    with Grader(list(exercises.values()), ladder.find(), seed=SEED, jobs=2, warmth=cold) as other:
        for one, without in zip(grader.grade(found), other.grade(found), strict=True):
            assert told(one) == told(without), one.submission.origin


def in_a_box(path):
    one.grade(path, spec.load_all().values(), one.Box(patience=1.0, memory_mib=1024))


def tried(path):
    cli.main(["try", str(path)])


@pytest.mark.parametrize("way", [in_a_box, tried])
def test_for_one_submission_no_more_is_prepared_than_it_needs(way, tmp_path, monkeypatch):
    """An LMS starts anew for each, and a student waits."""
    prepared, wait = [], Sandbox.wait
    monkeypatch.setattr(Sandbox, "wait", lambda own, *given: prepared.append(own.warmth) or wait(own, *given))
    path = tmp_path / "hw.py"
    path.write_text(
        "import torch, scipy\nx = torch.ones(3, requires_grad=True)\nx.sum().backward()\n", encoding="utf-8"
    )
    way(path)
    assert prepared == [server.Warmth(("scipy",), rehearsals=0)]
