"""The bundles, and Gradescope's run as its host runs it: unpacked at /autograder, in a box without network."""

import json
import re
import shutil
import stat
import subprocess
import zipfile

import pytest
from packaging.requirements import Requirement

from autograder import bundle, cli, spec
from autograder.hosts import gradescope as host
from tests.conftest import ROOT
from tests.host_box import BROKEN, FORGE, GOOD, LOOP, ORDINARY, belongs_to, box, limits, put
from tests.test_lms import GRADESCOPE, jsonschema

METADATA = {
    "id": 99,
    "created_at": "2026-11-20T10:00:00.000000-08:00",
    "users": [{"email": "ada@u.example", "id": 1, "name": "Ada L"}, {"email": "bo@u.example", "id": 2, "name": "Bo E"}],
    "assignment": {"id": 3, "title": "HW1", "total_points": "100.0"},
    "previous_submissions": [],
}
FILES = ROOT / "autograder" / "bundle" / "files"
SCRIPTS = [*sorted(FILES.rglob("*.sh")), FILES / "gradescope" / "run_autograder", ROOT / "autograder/hosts/run.sh"]


def wanted(**more):
    return bundle.Wanted((spec.load(ROOT / "exercises" / "second_backward.yaml"),), **more)


@pytest.fixture(scope="module")
def made():
    return bundle.make("gradescope", wanted())


@pytest.mark.parametrize("name", bundle.HOSTS)
def test_equal_code_makes_equal_bytes(name):
    assert bundle.archive(bundle.make(name, wanted())) == bundle.archive(bundle.make(name, wanted()))


@pytest.mark.parametrize("name", bundle.HOSTS)
def test_no_bundle_holds_tests_samples_or_other_exercises(name):
    for file in bundle.make(name, wanted()):
        assert not re.search(r"(^|/)(tests/test_|submissions/|__pycache__)", file), file
        assert not re.search(r"(exercises|tests)/.*\.yaml$", file) or "second_backward" in file, file


def test_what_is_in_it(made, tmp_path):
    assert {"setup.sh", "run_autograder", "requirements.txt", "exercises/second_backward.yaml"} <= made.keys()
    (tmp_path / "a.zip").write_bytes(bundle.archive(made))
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        modes = {info.filename: info.external_attr >> 16 for info in archive.infolist()}
    for name in ("setup.sh", "run_autograder"):
        assert made[name].startswith(b"#!/usr/bin/env bash\n") and b"\r" not in made[name]
        assert modes[name] & stat.S_IXUSR


@pytest.mark.parametrize("name", bundle.HOSTS)
def test_what_is_installed_is_a_torch_that_fits_and_no_notebook_server(name):
    files = bundle.make(name, wanted(torch_index="https://wheels.example/cpu"))
    (installer,) = [text for file, text in files.items() if file.endswith(("setup.sh", "Dockerfile"))]
    assert b"--index-url 'https://wheels.example/cpu'" in installer and b"@" not in installer.replace(b"$@", b"")
    pinned = Requirement(re.search(rb"'(torch[^']+)'", installer)[1].decode())
    assert "2.13.0" in pinned.specifier
    (lines,) = [text for file, text in files.items() if file.endswith("requirements.txt")]
    requirements = [Requirement(line) for line in lines.decode().splitlines()]
    (torch,) = [one for one in requirements if one.name == "torch"]
    assert "2.13.0" in torch.specifier
    assert {one.name for one in requirements}.isdisjoint({"notebook", "jupyter", "jupyterlab", "jupyter-server"})


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_the_scripts_are_shell(path):
    bash = shutil.which("bash")
    assert bash
    assert subprocess.run([bash, "-n", path]).returncode == 0


def test_the_command(tmp_path, capsys):
    file = tmp_path / "autograder.zip"
    assert cli.main(["bundle", "gradescope", "-o", str(file), "--exercise", "jacobian"]) == 0
    assert "Autograder Points to 10" in capsys.readouterr().out
    with zipfile.ZipFile(file) as archive:
        assert "exercises/jacobian.yaml" in archive.namelist()
    assert cli.main(["bundle", "gradescope", "-o", str(file), "--exercise", "jacobean"]) == 2
    assert "did you mean 'jacobian'" in capsys.readouterr().err
    assert cli.main(["bundle", "gradescop"]) == 2
    assert cli.main(["bundle", "autolab", "-o", str(file), "--torch-index", "x'; rm"]) == 2
    assert "expected a web address" in capsys.readouterr().err


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path, capsys):
    folder = tmp_path / "pl"
    assert cli.main(["bundle", "prairielearn", "-o", str(folder), "--exercise", "jacobian"]) == 0
    info = folder / "questions" / "autograd" / "jacobian" / "info.json"
    info.write_text("changed by a teacher")
    assert cli.main(["bundle", "prairielearn", "-o", str(folder), "--exercise", "jacobian"]) == 2
    assert "not empty" in capsys.readouterr().err
    assert info.read_text() == "changed by a teacher"


ASSIGNMENT = """
title: Woche 3
due: 2026-11-18T18:00Z
late: {per_day: 10%}
language: zh
hidden_cases: after_due_date
exercises:
  second_backward: {points: 25, criteria: {explanation: hidden}}
"""


@pytest.fixture
def assigned(tmp_path, capsys):
    """The files of an assignment's bundle, made by the command."""
    file, folder = tmp_path / "a.yaml", tmp_path / "assigned"
    file.write_text(ASSIGNMENT)
    assert cli.main(["bundle", "gradescope", "-o", str(folder), "--assignment", str(file)]) == 0
    assert "second_backward\n" in (told := capsys.readouterr().out) and "Autograder Points to 25" in told
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_bundle_carries_its_assignment(assigned):
    assert assigned["assignment.yaml"].decode() == ASSIGNMENT
    names = sorted(name for name in assigned if name.startswith("exercises/"))
    assert names == ["exercises/second_backward.yaml", "exercises/zh/second_backward.yaml"]
    assert "autograder/languages/zh.yaml" in assigned


@pytest.mark.parametrize("language", ["zh", "auto", "en"])
def test_what_is_said_before_anything_is_loaded_has_its_language(tmp_path, language):
    """With auto nobody's is known yet, so both are said."""
    file = tmp_path / "a.yaml"
    file.write_text(f"language: {language}\nexercises: {{second_backward: 5}}\n")
    folder = tmp_path / "bundle"
    assert cli.main(["bundle", "gradescope", "--assignment", str(file), "-o", str(folder)]) == 0
    for name, chinese, english in (
        ("run_autograder", "评分程序已经启动", "The grader has started"),
        ("autograder/hosts/run.sh", "评分程序无法启动", "The grader could not start"),
    ):
        script = (folder / name).read_text(encoding="utf-8")
        assert (chinese in script) is (language != "en")
        assert (english in script) is (language != "zh")


def test_a_bundle_of_a_wrong_assignment_is_refused(tmp_path, capsys):
    (tmp_path / "a.yaml").write_text("exercises: {jacobean: 3}")
    assert cli.main(["bundle", "gradescope", "--assignment", str(tmp_path / "a.yaml")]) == 2
    assert "did you mean 'jacobian'" in capsys.readouterr().err
    (tmp_path / "a.yaml").write_text("exercises: {jacobian: 3}")
    assert cli.main(["bundle", "prairielearn", "--assignment", str(tmp_path / "a.yaml")]) == 2
    assert "PrairieLearn's assessments" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("users", "due"),
    [
        ([{}, {"assignment": {"due_date": "2026-11-19T10:00:00-08:00"}}], ("2026-11-19T10:00:00-08:00",)),
        ([{}, {"assignment": 3}], ("2026-11-17T10:00:00-08:00",)),
        ([], ("2026-11-17T10:00:00-08:00",)),
    ],
)
def test_an_extension_is_known(tmp_path, users, due):
    told = {**METADATA, "users": users, "assignment": {"due_date": "2026-11-17T10:00:00-08:00"}}
    (tmp_path / "m.json").write_text(json.dumps(told))
    assert host.read(tmp_path / "m.json").due == due


@pytest.mark.parametrize("text", ["", "[", "[]", '{"users": 3, "assignment": []}', '{"users": [null, {"name": {}}]}'])
def test_any_metadata_is_read(tmp_path, text):
    (tmp_path / "m.json").write_text(text)
    assert host.read(tmp_path / "m.json").names == ()


# -- as the host runs it


@pytest.fixture
def run(tmp_path, made):
    def as_the_host_does(files=made, limited=False, ordinary=False, metadata=METADATA, **handed_in):
        root = tmp_path / "autograder"
        put(root / "source", files)
        shutil.copy(root / "source" / "run_autograder", root / "run_autograder")
        (root / "submission").mkdir()
        put(root / "submission", {name.replace("__", "."): text for name, text in handed_in.items()})
        put(root, {"submission_metadata.json": json.dumps(metadata)})
        if ordinary:
            belongs_to(root, ORDINARY)
        command = [
            *box({"/autograder": root}, "--chdir", "/autograder", ordinary=ordinary),
            "/autograder/run_autograder",
        ]
        done = _limited(command) if limited else subprocess.run(command, capture_output=True, text=True, timeout=300)
        results = json.loads((root / "results" / "results.json").read_text())
        jsonschema.validate(results, GRADESCOPE)
        return results, done.stdout + done.stderr

    return as_the_host_does


def _limited(command):
    with limits(768, 0.5) as (before, environment):
        return subprocess.run([*before, *command], env=environment, capture_output=True, text=True, timeout=300)


@pytest.mark.slow
def test_a_good_submission_within_the_hosts_limits(run):
    results, stdout = run(hw__py=GOOD, notes__txt="no code", limited=True)
    assert results["score"] > 0 and results["tests"], stdout
    assert "Ada L, Bo E" in stdout and "worth 100.0 points" in stdout
    assert "ended with 0" in stdout


@pytest.mark.slow
def test_a_submission_where_the_host_is_no_root(run):
    results, stdout = run(a__py=FORGE, b__py=GOOD, ordinary=True)
    assert 0 < results["score"] <= 10 and "READ" not in results["output"] + stdout, stdout


@pytest.mark.slow
def test_a_broken_submission(run):
    results, stdout = run(hw__ipynb=BROKEN)
    assert results["score"] == 0 and "This is no mark" in results["output"], stdout


@pytest.mark.slow
def test_no_submission(run):
    results, stdout = run()
    assert results["score"] == 0 and "nothing was handed in" in results["output"], stdout


@pytest.mark.slow
def test_a_hostile_submission(run):
    results, stdout = run(a__py=FORGE, b__py=GOOD)
    assert 0 < results["score"] <= 10, stdout
    assert "def " not in results["output"]


@pytest.mark.slow
def test_an_endless_submission(run):
    results, stdout = run(a__py=GOOD, b__py=LOOP)
    assert results["score"] > 0 and "cut short" in results["output"], stdout


@pytest.mark.slow
def test_a_grader_that_cannot_start_still_says_something(run, made):
    results, stdout = run({**made, "autograder/run.py": b"raise ImportError('broken')\n"}, hw__py=GOOD)
    assert "no fault of yours" in results["output"] and "broken" in stdout


@pytest.mark.slow
def test_a_python_that_cannot_start_still_says_something(run, made):
    results, stdout = run({**made, "autograder/hosts/one.py": b"("}, hw__py=GOOD)
    assert results["score"] == 0 and "no mark" in results["output"], stdout


@pytest.mark.slow
def test_an_assignment_counts_where_it_is_run(run, assigned):
    """Points, language, visibility; a day late by the time that the host noted, and by an extension."""
    users = [{**user, "assignment": {"due_date": "2026-11-19T10:00:00-08:00"}} for user in METADATA["users"]]
    results, stdout = run(assigned, metadata={**METADATA, "users": users}, hw__py=GOOD)
    tests = results["tests"]
    assert [test["visibility"] for test in tests] == ["after_due_date", "after_due_date", "hidden"], stdout
    assert sum(test.get("score", 0) for test in tests) == 20
    assert results["score"] == 17.5
    assert "比截止时间晚 1 天提交" in results["output"]
    assert tests[0]["name"].startswith("再运行一次反向传播：")
