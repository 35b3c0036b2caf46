"""Against the products' own programs, where somebody has them: each test is skipped until a variable names one.

NBGRADER=ENV/bin                   of an environment with nbgrader in it (pip install nbgrader)
CLASSROOM_REPORTER=…/main.js       of GitHub's autograding-grading-reporter, for node
"""

import csv
import io
import json
import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.intake import look
from autograder.report.lms import github
from tests.test_lms import ADA, BO, CY, made


def named(variable):
    if not os.environ.get(variable):
        pytest.skip(f"{variable} names no program")
    return Path(os.environ[variable])


GRADEBOOK = """
import json, sys
from nbgrader.api import Gradebook

with Gradebook("sqlite:///gradebook.db") as gradebook:
    gradebook.update_or_create_assignment("ps1")
    gradebook.update_or_create_notebook("hw", "ps1")
    gradebook.update_or_create_grade_cell("c", "hw", "ps1", max_score=12, cell_type="code")
    for student, points in json.load(sys.stdin).items():
        gradebook.update_or_create_student(student)
        gradebook.update_or_create_submission("ps1", student)
        gradebook.find_grade("c", "hw", "ps1", student).manual_score = points
        gradebook.db.commit()
"""


def nbgrader(programs, folder, *words, **more):
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}  # it starts alembic by name
    done = subprocess.run(
        [programs / words[0], *words[1:]], cwd=folder, env=environment, capture_output=True, text=True, **more
    )
    assert done.returncode == 0, done.stderr
    return done


def test_our_csv_is_the_one_that_nbgrader_exports(tmp_path):
    programs = named("NBGRADER")
    nbgrader(programs, tmp_path, "nbgrader", "quickstart", "course")
    course = tmp_path / "course"
    nbgrader(programs, course, "python", "-c", GRADEBOOK, input=json.dumps({"0042": 4.0, "7": 12.0}))
    nbgrader(programs, course, "nbgrader", "export")
    theirs = list(csv.DictReader(io.StringIO((course / "grades.csv").read_text(encoding="utf-8"))))
    of_bo = replace(BO, submission=replace(BO.submission, ids={**BO.submission.ids, "assignment": "ps1"}))
    ours = list(csv.DictReader(io.StringIO(made("nbgrader", ADA, of_bo).content.decode())))
    assert list(ours[0]) == list(theirs[0])
    number = re.compile(r"-?\d+(\.\d+)?")

    def same(row):
        return {k: float(v) if k != "student_id" and number.fullmatch(v) else v for k, v in row.items()}

    assert sorted(map(str, map(same, ours))) == sorted(map(str, map(same, theirs)))


def test_a_course_that_nbgrader_made_is_recognised(tmp_path):
    programs = named("NBGRADER")
    nbgrader(programs, tmp_path, "nbgrader", "quickstart", "course")
    course = tmp_path / "course"
    (assignment,) = [folder.name for folder in (course / "source").iterdir() if folder.is_dir()]
    nbgrader(programs, course, "nbgrader", "generate_assignment", assignment)
    for student in ("ada", "bo"):
        shutil.copytree(course / "release" / assignment, course / "submitted" / student / assignment)
    found = look([course])
    assert found.recognised[0].layout == "nbgrader"
    assert [submission.ids["student_id"] for submission in found.submissions] == ["ada", "bo"]


@pytest.mark.parametrize(("report", "points"), [(BO, "12/12"), (ADA, "4/12"), (CY, "0/3")])
def test_githubs_reporter_adds_up_what_we_give_it(report, points):
    program, node = named("CLASSROOM_REPORTER"), shutil.which("node")
    results = github.results(report)
    environment = {f"{name.upper()}_RESULTS": result for name, result in results.items()}
    environment |= {"INPUT_RUNNERS": ",".join(results), "PATH": os.environ["PATH"]}
    done = subprocess.run([node, program], env=environment, capture_output=True, text=True)
    assert f"::notice title=Autograding complete::Points {points}" in done.stdout, done.stdout + done.stderr
    assert "NaN" not in done.stdout
    assert (done.returncode == 0) == (points == "12/12")


COURSERA = """
import argparse, io, sys, tarfile, tempfile
from coursera_autograder.commands import grade

class Docker:
    def get_archive(self, container, name):
        content, out = sys.stdin.buffer.read(), io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as archive:
            member = tarfile.TarInfo("feedback.json")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        return iter([out.getvalue()]), {}
    def wait(self, container, timeout): return 0
    def logs(self, container, stdout, stderr): return b""
    def start(self, container): pass
    def remove_container(self, container): pass

with tempfile.TemporaryDirectory() as folder:
    grade.run_container(Docker(), "x", argparse.Namespace(timeout=1, dst_dir=folder, no_rm=True))
"""


def test_courseras_own_check_takes_our_feedback():
    python = named("COURSERA") / "python"
    for content, code in [(made("coursera", report).content, 0) for report in (ADA, BO, CY)] + [
        (b'{"isCorrect": 1}', 1)
    ]:
        done = subprocess.run([python, "-c", COURSERA], input=content, capture_output=True)
        assert done.returncode == code, done.stderr


def test_ctrfs_own_validator_takes_our_report():
    modules, node = named("CTRF"), shutil.which("node")
    program = f"const {{validate}} = require({str(modules / 'ctrf')!r}); "
    program += "console.log(JSON.stringify(validate(JSON.parse(require('fs').readFileSync(0)))))"
    for content, valid in ((made("ctrf", ADA, BO, CY).content, True), (b'{"reportFormat": "CTRF"}', False)):
        done = subprocess.run([node, "-e", program], input=content, capture_output=True)
        assert json.loads(done.stdout)["valid"] is valid, done.stdout + done.stderr
