"""Nothing is graded twice and nothing is lost: the store, and what is done with it."""

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace

import pytest

from autograder import changes, grading, intake, ladder
from autograder.assignment import plan
from autograder.decisions import Overtaken, Ruling, standing
from autograder.grading import Graded
from autograder.kept import Memory, conditions, written
from autograder.model import Answer, Outcome, Override, Report, Run, Skipped, Status, Submission, Verdict
from autograder.phrase import Phrase
from autograder.report import results_json
from autograder.reports import not_run
from autograder.run import Grader
from autograder.store import FILE, Store, StoreError
from tests.conftest import ROOT, SEED
from tests.test_running import SINE

RUN = Run(1, "2026-01-01T00:00:00.000+00:00", "2026-01-01T00:00:00.000+00:00", "0", "2")
CRASH = "import os\nos._exit(3)\n" + SINE
RANDOM = SINE.replace("torch.linspace(-3, 3, 50, requires_grad=True)", "torch.randn(30, requires_grad=True)")
WORDS = "# backward a second time raises, since the graph is freed after the first\n1\n"
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
    settings, rung, known = {"seed": SEED, "jobs": 2, **options}, ladder.find(), list(exercises.values())
    forget, asked = settings.pop("forget", False), conditions(known, settings["seed"], settings.get("seconds"))
    memory = Memory(store, known, asked, rung.name, forget=forget)
    with Grader(known, rung, memory=memory, **settings) as grader:
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
        known, rung = list(exercises.values()), ladder.find()
        memory = Memory(small, known, conditions(known, SEED, None), rung.name)
        with Grader(known, rung, seed=SEED, jobs=1, memory=memory) as grader:
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
    (class_folder / "eve.py").write_text(WORDS)
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
        (["override", "adda", "jacobian", "7"], "did you mean 'ada'?"),
        (["override", "ada", "jacobain", "7"], "has no exercise 'jacobain'; did you mean 'jacobian'?"),
        (["override", "ada", "jacobian", "70", "--why", "x"], "is worth 10 points at most"),
        (["override", "ada", "jacobian", "-1", "--why", "x"], "expected a number of points"),
        (["override", "ada", "jacobian", "7"], "say why"),
        (["override", "ada"], "EXERCISE (POINTS --why WHY | --undo)"),
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
        store.keep_report(b"key", report.submission.origin, report.submission.student, written(report))
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


def test_exercises_that_only_one_of_the_results_has_are_one_line():
    """With another selection of exercises they would drown what else has changed."""
    old, new = results("passed", "", 6.0), results("failed", "transposed", 0.0)
    (report,) = old["reports"]
    (jacobian,) = report["exercises"]
    more = [jacobian | {"exercise": name, "score": points} for name, points in (("hessian", 0.0), ("detach", 4.0))]
    more_of_old = {"reports": [report | {"exercises": [jacobian, *more]}]}
    assert list(changes.lines([*changes.between(more_of_old, new)])) == [
        "ada  jacobian  6 → 0",
        "    matrix: passed, 6 of 6 → failed (transposed), 0 of 6",
        "ada  not there any more: hessian, detach 4",
    ]
    assert list(changes.lines([*changes.between(old, more_of_old)])) == ["ada  not there before: hessian, detach 4"]


def results(status, reason, points):
    criterion = {"name": "matrix", "status": status, "reason": reason, "points": points, "max_points": 6.0}
    exercise = {"exercise": "jacobian", "score": points, "awaiting_review": 0.0, "override": None}
    exercise["criteria"] = [criterion]
    return {"reports": [{"path": "ada.py", "student": "ada", "exercises": [exercise]}]}


# ---------------------------------------------------------------------------------- decisions and gradings


def test_points_for_a_criterion_survive_a_regrade_and_are_in_the_score(exercises, class_folder, store, warm):
    """Those of the whole exercise come before them; taken back, the criterion's count again."""
    (class_folder / "eve.py").write_text(WORDS)
    *_, eve = graded(exercises, class_folder, store)
    path, part = eve.submission.origin, "second_backward"
    rulings = [Ruling((path, part, name), points, "why") for name, points in (("outcome", 3.0), ("explanation", 2.0))]
    store.decide(rulings, known=0)
    for again in (False, True):
        *_, eve = graded(exercises, class_folder, store, forget=again)
        assert (eve.score, eve.awaiting_review) == (5.0, 4.0)
    store.override(path, part, 1.0, "all of it")
    *_, eve = graded(exercises, class_folder, store)
    assert (eve.score, eve.awaiting_review) == (1.0, 0.0)
    store.override(path, part, None, "")
    *_, eve = graded(exercises, class_folder, store)
    assert (eve.score, eve.awaiting_review) == (5.0, 4.0)


@pytest.mark.parametrize("subject", [("a", "x", "one"), ("a", "x", "")])
def test_who_decides_on_what_was_decided_meanwhile_is_told(store, subject):
    """On the criterion or on all of its exercise; nothing is kept, of the whole batch."""
    first = store.decide([Ruling(subject, 2.0, "mine")], known=0)
    batch = [Ruling(("b", "x", "one"), 1.0, ""), Ruling(("a", "x", "one"), 1.0, "")]
    with pytest.raises(Overtaken) as refused:
        store.decide(batch, known=0)
    assert refused.value.decision.ruling == Ruling(subject, 2.0, "mine")
    assert store.latest_decision() == first
    store.decide(batch, known=first)
    assert [one.ruling for one in store.decisions_after(first)] == batch


def test_decisions_of_an_earlier_release_are_kept(tmp_path):
    """A file of format 1 is read on, by two at once as well."""
    with closing(sqlite3.connect(tmp_path / FILE)) as old:
        old.executescript(
            "create table settings (name text primary key, value text not null);"
            "insert into settings values ('schema', '1');"
            "create table overrides (number integer primary key, path, exercise, points, why, at);"
            "insert into overrides values (4, 'a', 'x', 2.5, 'why', '2026-01-01T00:00:00.000+00:00');"
        )
    for _ in range(2):
        with closing(Store(tmp_path)) as store:
            (decision,) = store.decisions_on("a")
            assert decision.ruling == Ruling(("a", "x", ""), 2.5, "why")
            assert store.setting("schema", "") == "2"


def test_a_grading_is_read_as_it_was(exercises, class_folder, store, warm):
    """With its submissions, word for word, and without what people have decided."""
    store.override(str(class_folder / "ada.py"), "jacobian", 7.0, "shown in class")
    reports = tuple(graded(exercises, class_folder, store))
    whole = Graded(RUN, reports, (Skipped("notes.txt", "is no submission"),), plan.again("", "", exercises))
    grading.keep(store, whole, pages=True, decisions=1)
    known = grading.read(store, exercises)
    assert known != whole
    assert known.decided(standing(store.decisions_after(0))) == whole


def test_a_grading_of_an_assignment_is_read_with_all_that_was_asked_for(exercises, store, tmp_path):
    """Its points, its language and its due date; what being late costs follows what a person decides."""
    file = tmp_path / "week.yaml"
    file.write_text("due: 2026-10-16T22:00Z\nlate: {per_day: 10%}\nlanguage: zh\nexercises: {jacobian: 20}\n")
    asked = plan.plan(file=file)
    (exercise,) = asked.exercises
    remark = Phrase("{file} was {how}", file="{0}.py", how="mended")
    given = Submission("ada", "ada.py", remarks=(remark,), origin="/ada.py", handed_in="2026-10-18T23:00:00+00:00")
    verdicts = tuple(Verdict(criterion, Status.PASSED) for criterion in exercise.criteria)
    report = asked.finished(Report(given, Outcome.FINISHED, (Answer(exercise, True, verdicts),)))
    whole = Graded(RUN, (report,), (), asked)
    grading.keep(store, whole, pages=True, decisions=0)
    file.unlink()
    known = grading.read(store, exercises)
    (again,) = known.decided({}).reports
    assert again == report and again.language.code == "zh" and again.late.deduction == 6
    assert again.submission.remarks[0].parts == remark.parts
    first = exercise.criteria[0]
    points = Override(first.points, "", "2026-10-20T00:00:00+00:00")
    (told,) = known.decided({("/ada.py", "jacobian", first.name): points}).reports
    assert told.late.deduction == pytest.approx(0.3 * (20 - first.points))


def test_an_assignment_that_does_not_fit_any_more_is_refused(exercises, store, tmp_path):
    file = tmp_path / "week.yaml"
    file.write_text("exercises: {jacobian: 20}\n")
    grading.keep(store, Graded(RUN, (), (), plan.plan(file=file)), pages=True, decisions=0)
    with pytest.raises(StoreError, match="grade again"):
        grading.read(store, {"detach": exercises["detach"]})


def test_a_grading_of_other_exercises_is_refused(exercises, store):
    """Their points would be mixed up."""
    one = exercises["jacobian"]
    grading.keep(store, Graded(RUN, (), (), plan.again("", "", {"jacobian": one})), pages=True, decisions=0)
    with pytest.raises(StoreError, match="jacobian has changed since"):
        grading.read(store, {"jacobian": with_points(one, 2)})
