"""`python grade.py FOLDER`, as an instructor runs it."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.conftest import ROOT

RIGHT = (
    "import torch\nu = torch.rand(3, requires_grad=True)\nv = (u * u).sum()\nv.backward()\nv.backward()\n"
    "# the second backward fails, the graph was freed\n"
)


def grade(*arguments, cwd, **options):
    command = [sys.executable, str(ROOT / "grade.py"), *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, **options)


@pytest.fixture
def folder(tmp_path):
    """A right answer, a folder student, broken files, another framework, and things that are no submission."""
    made = tmp_path / "class"
    (made / "chidi").mkdir(parents=True)
    (made / "ada.py").write_text(RIGHT)
    (made / "chidi" / "hw.py").write_text(RIGHT)
    (made / "empty.py").write_text("")
    (made / "=cmd.ipynb").write_text("{")
    (made / "mx.py").write_text("from mxnet import autograd\n")
    (made / "notes.pdf").write_bytes(b"%PDF")
    (made / ".DS_Store").write_bytes(b"")
    return made


def snapshot(folder):
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


def test_a_class_is_graded_and_every_file_accounted_for(folder, tmp_path):
    """Results on stdout, nothing on stderr but where they were written; nothing under the folder is changed."""
    before = snapshot(folder)
    done = grade(folder, "--seed", "7", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert snapshot(folder) == before
    for word in ("ada", "chidi", "empty.py is empty", "written for MXNet", "notes.pdf", ".DS_Store"):
        assert word in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    results = json.loads((tmp_path / "results" / "results.json").read_text(encoding="utf-8"))
    outcomes = {report["student"]: report["outcome"] for report in results["reports"]}
    assert outcomes == {
        "=cmd": "unreadable",
        "ada": "finished",
        "chidi": "finished",
        "empty": "unreadable",
        "mx": "declined",
    }
    assert results["run"]["seed"] == 7
    with open(tmp_path / "results" / "gradebook.csv", encoding="utf-8-sig", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert rows["ada"]["second_backward"] == "8"
    assert "'=cmd" in rows


def test_the_seed_and_not_the_number_of_jobs_decides(folder, tmp_path):
    """The same seed gives the same results, on one lane or two, from any directory."""
    made = []
    for jobs, name in ((1, "one"), (2, "two")):
        done = grade(folder, "--seed", 3, "--jobs", jobs, "--output", tmp_path / name, cwd="/")
        assert done.returncode == 0
        made.append(json.loads((tmp_path / name / "results.json").read_text(encoding="utf-8"))["reports"])
    assert made[0] == made[1]


def test_only_the_exercises_that_were_asked_for(folder, tmp_path):
    """--exercise limits the rubric."""
    done = grade(folder / "ada.py", "--exercise", "jacobian", "--format", "json", cwd=tmp_path)
    (report,) = json.loads(done.stdout)["reports"]
    assert [exercise["exercise"] for exercise in report["exercises"]] == ["jacobian"]


def has_started(scratch):
    """Whether the submission runs: it left a file in its folder, which we make readable to ourselves."""
    for folder in scratch.glob("grading-*"):
        folder.chmod(0o511)
    return list(scratch.glob("grading-*/*/started"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_leaves_nothing_behind(tmp_path, number):
    """One sentence, exit code 130, no child that goes on, no temporary folder, no half result."""
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "loop.py").write_text("open('started', 'w')\nwhile True: pass\n")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    command = [sys.executable, str(ROOT / "grade.py"), "class"]
    env = {**os.environ, "TMPDIR": str(scratch)}
    running = subprocess.Popen(
        command, cwd=tmp_path, env=env, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    while not has_started(scratch):
        time.sleep(0.05)
        assert running.poll() is None
    running.send_signal(number)
    _, stderr = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "interrupted" in stderr
    assert "Traceback" not in stderr
    assert list(scratch.iterdir()) == []
    assert not (tmp_path / "results" / "results.json").exists()


def test_a_submission_cannot_kill_what_runs_it(tmp_path):
    """Its own row says so, to the student and to the instructor; the one after it is graded."""
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "a.py").write_text("import os\nos.kill(os.getppid(), 9)\n")
    (tmp_path / "class" / "b.py").write_text(RIGHT)
    done = grade("class", "--format", "json", "--jobs", 1, cwd=tmp_path)
    first, second = json.loads(done.stdout)["reports"]
    assert (first["outcome"], second["outcome"], second["score"]) == ("finished", "finished", 8.0)
    assert any("not allowed while grading" in remark for remark in first["remarks"])
    assert first["acts"] == ["a.py, line 2: tried to send a signal"]
    assert done.returncode == 0
