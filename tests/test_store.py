"""Nothing is graded twice and nothing is lost: the store, and what is done with it."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace

import pytest

from autograder import changes, intake, ladder
from autograder.kept import document
from autograder.model import Outcome, Run, Status
from autograder.report import results_json
from autograder.reports import not_run
from autograder.run import Grader
from autograder.store import FILE, Store, StoreError
from tests.conftest import ROOT, SEED
from tests.test_running import SINE

RUN = Run(1, "2026-01-01T00:00:00.000+00:00", "2026-01-01T00:00:00.000+00:00", "0", "2")
CRASH = "import os\nos._exit(3)\n" + SINE
RANDOM = SINE.replace("torch.linspace(-3, 3, 50, requires_grad=True)", "torch.randn(30, requires_grad=True)")
F = """
import torch
def f(a):
    b = a * 2
    while b.norm() < 1000:
        b = b * 2
    return b if b.sum() > 0 else 100 * b
a = torch.randn(4, requires_grad=True)
f(a).sum().backward()
print(torch.allclose(a.grad, f(a) / a))
"""


@pytest.fixture
def class_folder(tmp_path):
    folder = tmp_path / "class"
    folder.mkdir()
    for name, source in {"ada": SINE, "bo": CRASH, "cy": RANDOM, "di": F}.items():
        (folder / f"{name}.py").write_text(source)
    return folder


def graded(exercises, folder, store, **options):
    """Reports of a folder, from a grader with this store."""
    submissions, _ = intake.find([folder])
    settings = {"seed": SEED, "jobs": 2, **options}
    with Grader(list(exercises.values()), ladder.find(), store=store, **settings) as grader:
        return list(grader.grade(submissions))


@pytest.fixture
def store(tmp_path):
    with closing(Store(tmp_path)) as store:
        yield store


class Warm:
    """The sandbox of the session, which is warm: a grader that starts it waits for nothing, and it is never stopped."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.allowed = True
        self.jobs = []

    def __enter__(self):
        assert self.allowed, "the sandbox was started"
        return self

    def __exit__(self, *_):
        pass

    def wait(self, *_):
        pass

    def run(self, job, calls):
        self.jobs.append(job)
        return self.sandbox.run(job, calls)

    def __getattr__(self, name):
        return getattr(self.sandbox, name)


@pytest.fixture
def warm(grader, monkeypatch):
    warm = Warm(grader._sandbox)
    monkeypatch.setattr("autograder.run.Sandbox", lambda jobs, rung: warm)
    return warm


def test_what_has_not_changed_is_not_run_again(exercises, class_folder, store, warm):
    """Reports are equal, crashes and random inputs included, and the sandbox does not even start."""
    first = graded(exercises, class_folder, store)
    warm.allowed = False
    assert graded(exercises, class_folder, store) == first
    assert [report.outcome for report in first] == [Outcome.FINISHED, Outcome.DIED, Outcome.FINISHED, Outcome.FINISHED]
    assert all(report.score >= 8 for report in first)


def test_verdicts_are_made_again_from_what_was_seen(exercises, class_folder, store, warm):
    """Other points need no run; hidden cases are read again with the inputs that they had."""
    first = graded(exercises, class_folder, store)
    warm.allowed = False
    doubled = {name: with_points(exercise, 2) for name, exercise in exercises.items()}
    again = graded(doubled, class_folder, store)
    assert [report.score for report in again] == [2 * report.score for report in first]
    told = [[v.reason for a in report.answers for v in a.verdicts] for report in (*first, *again)]
    assert told[:4] == told[4:]


def with_points(exercise, factor):
    criteria = tuple(replace(criterion, points=factor * criterion.points) for criterion in exercise.criteria)
    return replace(exercise, criteria=criteria)


def test_one_changed_submission_is_one_submission(exercises, class_folder, store, warm):
    """The others are taken from the store."""
    graded(exercises, class_folder, store)
    warm.jobs.clear()
    (class_folder / "ada.py").write_text("# changed\n" + SINE)
    graded(exercises, class_folder, store)
    assert {unit["file"] for job in warm.jobs for unit in job["units"]} == {"ada.py"}


@pytest.mark.parametrize("change", [{"seed": SEED + 1}, {"seconds": 19.0}, {"forget": True}])
def test_other_conditions_are_other_runs(exercises, class_folder, store, warm, change):
    """Another seed, another limit, or somebody asks for it."""
    graded(exercises, class_folder, store)
    warm.jobs.clear()
    graded(exercises, class_folder, store, **change)
    assert len(warm.jobs) >= 4


def test_our_own_failures_are_not_kept(exercises, class_folder, store, warm, monkeypatch):
    """The next run tries again."""
    with monkeypatch.context() as patched:
        patched.setattr("autograder.judge.judge", lambda *_: 1 / 0)
        broken = graded(exercises, class_folder, store)
    assert {report.outcome for report in broken} == {Outcome.GRADER_ERROR}
    assert {report.outcome for report in graded(exercises, class_folder, store)} == {Outcome.FINISHED, Outcome.DIED}


def test_a_full_disk_costs_no_grade(exercises, class_folder, tmp_path, warm):
    """What cannot be kept is graded all the same, and the instructor is told."""
    with closing(Store(tmp_path)) as small, closing(Store(tmp_path / "class")) as other:
        small._db.execute("pragma max_page_count = 1")
        submissions, _ = intake.find([class_folder / "ada.py", class_folder / "di.py"])
        with Grader(list(exercises.values()), ladder.find(), seed=SEED, jobs=1, store=small) as grader:
            reports = list(grader.grade(submissions))
            assert any("full" in warning for warning in grader.warnings)
        assert reports == graded(exercises, class_folder, other)[::3]


def test_a_persons_points_survive_every_regrade(exercises, class_folder, store, warm):
    """They are in the score, beside what the grader gave; taken back, the grader's count again."""
    (ada, *_) = graded(exercises, class_folder, store)
    store.override(ada.submission.origin, "jacobian", 7.0, "shown in class")
    for again in (False, True):
        (regraded, *_) = graded(exercises, class_folder, store, forget=again)
        assert regraded.score == ada.score + 7
    told = json.loads(results_json.render(RUN, [regraded], []))
    (answer,) = [e for e in told["reports"][0]["exercises"] if e["exercise"] == "jacobian"]
    assert (answer["score"], answer["override"]["why"]) == (7.0, "shown in class")
    store.override(ada.submission.origin, "jacobian", None, "")
    assert graded(exercises, class_folder, store)[0] == ada


def test_a_decision_settles_what_awaited_a_person(exercises, class_folder, store, warm):
    """Its points are no longer awaiting, and nobody has to look."""
    (class_folder / "eve.py").write_text(
        "# backward a second time raises, since the graph is freed after the first\n1\n"
    )
    *_, eve = graded(exercises, class_folder, store)
    waiting = [a for a in eve.answers if any(v.status is Status.NEEDS_REVIEW for v in a.verdicts)]
    assert [answer.exercise.name for answer in waiting] == ["second_backward"]
    store.override(eve.submission.origin, "second_backward", 5.0, "right, in words")
    *_, eve = graded(exercises, class_folder, store)
    assert (eve.score, eve.awaiting_review, eve.needs_review) == (5.0, 0.0, False)


def test_another_format_and_a_broken_file_are_sentences(tmp_path):
    with closing(Store(tmp_path)) as store:
        store.set("schema", "99")
    with pytest.raises(StoreError, match="made by another release"):
        Store(tmp_path)
    (tmp_path / FILE).write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError, match="cannot be used"):
        Store(tmp_path)


# ---------------------------------------------------------------------------------- the whole command


def grade(*arguments, cwd):
    command = [sys.executable, str(ROOT / "grade.py"), *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)


def test_kills_at_any_moment_lose_nothing(class_folder, tmp_path):
    """After many kills the next run goes on where the last one stopped; the gradebook is that of an undisturbed run."""
    for i in range(4):
        shutil.copy(class_folder / "ada.py", class_folder / f"more{i}.py")
        with open(class_folder / f"more{i}.py", "a", encoding="utf-8") as file:
            file.write(f"# {i}\n")
    whole = grade("class", "--seed", 3, "--output", "whole", cwd=tmp_path)
    assert whole.returncode == 0, whole.stderr
    chance = random.Random(5)  # noqa: S311  moments, not secrets
    for _ in range(4):
        killed_after(chance.uniform(2.0, 7.0), "class", "--seed", 3, "--output", "killed", cwd=tmp_path)
    last = grade("class", "--seed", 3, "--output", "killed", cwd=tmp_path)
    assert last.returncode == 0, last.stderr
    gradebooks = [(tmp_path / name / "gradebook.csv").read_bytes() for name in ("whole", "killed")]
    assert gradebooks[0] == gradebooks[1]
    old, new = (json.loads((tmp_path / name / "results.json").read_text()) for name in ("whole", "killed"))
    assert old["reports"] == new["reports"]


def killed_after(seconds, *arguments, cwd):
    command = [sys.executable, str(ROOT / "grade.py"), *map(str, arguments)]
    running = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()


def test_two_runs_on_one_folder_do_each_other_no_harm(class_folder, tmp_path):
    """Both end well, with the same seed and the same grades."""
    command = [sys.executable, str(ROOT / "grade.py"), "class", "--quiet"]
    both = [subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE) for _ in range(2)]
    assert [(one.wait(timeout=300), one.stderr.read()) for one in both] == [(0, b""), (0, b"")]
    for one in both:
        one.stderr.close()
    with closing(Store(tmp_path / "results")) as store:
        assert len(store.students()) == 4


def test_override_history_and_diff_as_commands(class_folder, tmp_path):
    """What an instructor types, and what she reads."""
    grade("class", "--seed", 3, cwd=tmp_path)
    shutil.copytree(tmp_path / "results", tmp_path / "old")
    done = grade("override", "ada", "jacobian", 7, "--why", "shown in class", cwd=tmp_path)
    assert done.stdout.startswith("ada  jacobian: 7 / 10\n")
    text = grade("class", cwd=tmp_path).stdout
    assert "set by a person, in place of 0: shown in class" in text
    assert "a person gave 7 for jacobian: shown in class" in grade("history", "ada", cwd=tmp_path).stdout
    told = grade("diff", "old", "results", cwd=tmp_path).stdout
    assert told.splitlines() == [
        "ada  jacobian  0 → 7",
        "    a person decided: shown in class",
        "1 submission has other points",
    ]
    assert grade("override", "ada", "jacobian", "--undo", cwd=tmp_path).returncode == 0
    grade("class", cwd=tmp_path)
    assert grade("diff", "old", "results", cwd=tmp_path).stdout == "no points differ\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["override", "adda", "jacobian", "7", "--why", "x"], "did you mean 'ada'?"),
        (["override", "ada", "jacobain", "7", "--why", "x"], "has no exercise 'jacobain'"),
        (["override", "ada", "jacobian", "70", "--why", "x"], "is worth 10 points at most"),
        (["override", "ada", "jacobian", "-1", "--why", "x"], "expected a number of points"),
        (["override", "ada", "jacobian", "7"], "say why"),
        (["override", "ada", "jacobian", "--why", "x"], "give the points, or --undo"),
        (["history", "nobody"], "no submission of 'nobody' was graded here"),
        (["history", "ada", "--output", "elsewhere"], "holds no grades"),
        (["diff", "results", "elsewhere"], "cannot be read"),
        (["diff", "results", "class/ada.py"], "is no JSON"),
    ],
)
def test_mistakes_in_commands_are_one_sentence(words, says, class_folder, tmp_path, exercises):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "results.json").write_text('{"format": 1, "reports": []}')
    submissions, _ = intake.find([class_folder / "ada.py"])
    with closing(Store(tmp_path / "results")) as store:
        report = not_run(submissions[0], exercises.values())
        store.keep_report(b"key", report.submission.origin, report.submission.student, document(report))
    done = grade(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_change_says_why():
    """Criterion by criterion, with the reason that was and the one that is."""
    old, new = (results("failed", "transposed", 0.0), results("passed", "", 6.0))
    (change,) = changes.between(old, new)
    assert (change.before, change.after) == (0.0, 6.0)
    assert change.reasons == ("matrix: failed (transposed), 0 of 6 → passed, 6 of 6",)
    assert list(changes.between(new, new)) == []


def results(status, reason, points):
    criterion = {"name": "matrix", "status": status, "reason": reason, "points": points, "max_points": 6.0}
    exercise = {"exercise": "jacobian", "score": points, "awaiting_review": 0.0, "override": None}
    exercise["criteria"] = [criterion]
    return {"reports": [{"path": "ada.py", "student": "ada", "exercises": [exercise]}]}
