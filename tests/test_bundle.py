"""The autograder bundle, run as its host runs it: unpacked at /autograder, in a box without network."""

import io
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import zipfile

import pytest
from packaging.requirements import Requirement

from autograder import bundle, cli
from autograder.hosts import gradescope as host
from tests.conftest import ROOT
from tests.test_lms import GRADESCOPE, jsonschema

METADATA = {
    "id": 99,
    "created_at": "2026-11-20T10:00:00.000000-08:00",
    "users": [{"email": "ada@u.example", "id": 1, "name": "Ada L"}, {"email": "bo@u.example", "id": 2, "name": "Bo E"}],
    "assignment": {"id": 3, "title": "HW1", "total_points": "100.0"},
    "previous_submissions": [],
}
GOOD = """
import torch
x = torch.arange(4., requires_grad=True)
y = 2 * torch.dot(x, x)
y.backward()
try:
    y.backward()
except RuntimeError as error:
    print(error)
"""
FORGE = """
import json, os, glob
print('{"score": 1000}')
for path in ("/autograder/results/results.json", "results.json", "../results/results.json"):
    try:
        open(path, "w").write(json.dumps({"score": 1000, "tests": []}))
    except OSError as error:
        print(error)
try:
    print(open("/autograder/source/graders/jacobian.py").read())
except OSError as error:
    print(error)
x = bytearray(10_000_000_000)
"""
LOOP = "while True:\n    pass\n"


@pytest.fixture(scope="module")
def made():
    return bundle.gradescope(["second_backward"])


def files_of(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {info.filename: (archive.read(info), info.external_attr >> 16) for info in archive.infolist()}


def test_equal_code_makes_equal_bytes(made):
    assert bundle.gradescope(["second_backward"]).content == made.content


def test_what_is_in_it(made):
    files = files_of(made.content)
    assert {"setup.sh", "run_autograder", "requirements.txt", "exercises/second_backward.yaml"} <= files.keys()
    assert not [name for name in files if name.startswith(("tests/", "submissions/")) or "__pycache__" in name]
    assert [name for name in files if name.startswith("exercises/")] == ["exercises/second_backward.yaml"]
    for name in bundle.SCRIPTS:
        content, mode = files[name]
        assert content.startswith(b"#!/usr/bin/env bash\n") and b"\r" not in content
        assert mode & stat.S_IXUSR


def test_setup_asks_for_a_torch_that_fits_and_for_no_notebook_server(made):
    files = files_of(made.content)
    wanted = Requirement(re.search(rb"'(torch[^']+)'", files["setup.sh"][0])[1].decode())
    assert "2.13.0" in wanted.specifier
    requirements = [Requirement(line) for line in files["requirements.txt"][0].decode().splitlines()]
    (torch,) = [one for one in requirements if one.name == "torch"]
    assert "2.13.0" in torch.specifier
    assert {one.name for one in requirements}.isdisjoint({"notebook", "jupyter", "jupyterlab", "jupyter-server"})


@pytest.mark.parametrize("name", bundle.SCRIPTS)
def test_the_scripts_are_shell(name):
    bash = shutil.which("bash")
    assert bash
    assert subprocess.run([bash, "-n", ROOT / "autograder" / "bundle" / name]).returncode == 0


def test_the_command(tmp_path, capsys):
    file = tmp_path / "autograder.zip"
    assert cli.main(["bundle", "gradescope", "-o", str(file), "--exercise", "jacobian"]) == 0
    assert "Autograder Points to 10" in capsys.readouterr().out
    assert "exercises/jacobian.yaml" in files_of(file.read_bytes())
    assert cli.main(["bundle", "gradescope", "-o", str(file), "--exercise", "jacobean"]) == 2
    assert "did you mean 'jacobian'" in capsys.readouterr().err


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
    """The zip of an assignment, by the command."""
    file = tmp_path / "a.yaml"
    file.write_text(ASSIGNMENT)
    zipped = tmp_path / "assigned.zip"
    assert cli.main(["bundle", "gradescope", "-o", str(zipped), "--assignment", str(file)]) == 0
    assert "second_backward\n" in (told := capsys.readouterr().out) and "Autograder Points to 25" in told
    return zipped.read_bytes()


def test_a_bundle_carries_its_assignment(assigned):
    files = files_of(assigned)
    assert files["assignment.yaml"][0].decode() == ASSIGNMENT
    names = [name for name in files if name.startswith("exercises/")]
    assert names == ["exercises/second_backward.yaml", "exercises/zh/second_backward.yaml"]
    assert "autograder/languages/zh.yaml" in files


@pytest.mark.parametrize("language", ["zh", "auto", "en"])
def test_what_is_said_before_anything_is_loaded_has_its_language(tmp_path, language):
    """With auto nobody's is known yet, so both are said."""
    file = tmp_path / "a.yaml"
    file.write_text(f"language: {language}\nexercises: {{second_backward: 5}}\n")
    script = files_of(bundle.gradescope(["second_backward"], assignment=file).content)["run_autograder"][0].decode()
    assert ("评分程序无法启动" in script) is (language != "en")
    assert ("The grader could not start" in script) is (language != "zh")
    assert host.UNFINISHED in script or language == "zh"


def test_a_bundle_of_a_wrong_assignment_is_refused(tmp_path, capsys):
    (tmp_path / "a.yaml").write_text("exercises: {jacobean: 3}")
    assert cli.main(["bundle", "gradescope", "--assignment", str(tmp_path / "a.yaml")]) == 2
    assert "did you mean 'jacobian'" in capsys.readouterr().err


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


def unpacked(root, content, files, metadata=METADATA):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for info in archive.infolist():
            path = archive.extract(info, root / "source")
            os.chmod(path, info.external_attr >> 16 & 0o777)
    shutil.copy(root / "source" / "run_autograder", root / "run_autograder")
    (root / "submission").mkdir()
    for name, text in files.items():
        (root / "submission" / name).write_text(text)
    (root / "submission_metadata.json").write_text(json.dumps(metadata))


def box(root):
    """All that is needed to run, read-only; /autograder; no network, and nothing of this repository."""
    bwrap = shutil.which("bwrap")
    if not bwrap or subprocess.run([bwrap, "--ro-bind", "/", "/", "true"], capture_output=True).returncode:
        pytest.skip("bubblewrap makes no box here")
    system = [path for path in ("/usr", "/bin", "/lib", "/lib64", "/etc", "/sbin") if os.path.exists(path)]
    ours = dict.fromkeys((sys.prefix, sys.base_prefix))
    shown = [word for path in (*system, *ours) for word in ("--ro-bind", path, path)]
    return [
        # An empty /tmp first: this environment may itself lie somewhere below it.
        *(bwrap, "--tmpfs", "/tmp", *shown, "--proc", "/proc", "--dev", "/dev", "--bind", str(root), "/autograder"),  # noqa: S108
        *("--unshare-net", "--unshare-pid", "--die-with-parent", "--chdir", "/autograder"),
        *("--setenv", "AUTOGRAD_VENV", sys.prefix, "--unsetenv", "PYTHONPATH"),
    ]


@pytest.fixture
def run(tmp_path, made):
    def as_the_host_does(content=made.content, metadata=METADATA, **files):
        root = tmp_path / "autograder"
        root.mkdir()
        named = {name.replace("_py", ".py").replace("_ipynb", ".ipynb"): t for name, t in files.items()}
        unpacked(root, content, named, metadata)
        done = subprocess.run([*box(root), "/autograder/run_autograder"], capture_output=True, text=True, timeout=300)
        results = json.loads((root / "results" / "results.json").read_text())
        jsonschema.validate(results, GRADESCOPE)
        return results, done.stdout + done.stderr

    return as_the_host_does


@pytest.mark.slow
def test_a_good_submission(run):
    results, stdout = run(hw_py=GOOD, notes_txt="no code")
    assert results["score"] > 0 and results["tests"], stdout
    assert "Ada L, Bo E" in stdout and "worth 100.0 points" in stdout
    assert "ended with 0" in stdout


@pytest.mark.slow
def test_a_broken_submission(run):
    results, stdout = run(hw_ipynb='{"cells": [')
    assert results["score"] == 0 and "This is no mark" in results["output"], stdout


@pytest.mark.slow
def test_no_submission(run):
    results, stdout = run()
    assert results["score"] == 0 and "nothing was handed in" in results["output"], stdout


@pytest.mark.slow
def test_a_hostile_submission(run):
    results, stdout = run(a_py=FORGE, b_py=GOOD)
    assert 0 < results["score"] <= 10, stdout
    assert "def " not in results["output"]


@pytest.mark.slow
def test_an_endless_submission(run, made):
    files = files_of(made.content)
    name = "exercises/second_backward.yaml"
    assert name in files
    results, stdout = run(a_py=GOOD, b_py=LOOP)
    assert results["score"] > 0 and "cut short" in results["output"], stdout


@pytest.mark.slow
def test_a_grader_that_cannot_start_still_says_something(run, made):
    files = {name: content for name, (content, _) in files_of(made.content).items()}
    files["autograder/run.py"] = b"raise ImportError('broken')\n"
    broken = bundle.zipped(files, executable=bundle.SCRIPTS)
    results, stdout = run(broken, hw_py=GOOD)
    assert "no fault of yours" in results["output"] and "broken" in stdout


@pytest.mark.slow
def test_an_assignment_counts_where_it_is_run(run, assigned):
    """Points, language, visibility; a day late by the time that the host noted, and by an extension."""
    users = [{**user, "assignment": {"due_date": "2026-11-19T10:00:00-08:00"}} for user in METADATA["users"]]
    results, stdout = run(assigned, {**METADATA, "users": users}, hw_py=GOOD)
    tests = results["tests"]
    assert [test["visibility"] for test in tests] == ["after_due_date", "after_due_date", "hidden"], stdout
    assert sum(test.get("score", 0) for test in tests) == 20
    assert results["score"] == 17.5
    assert "比截止时间晚 1 天提交" in results["output"]
    assert tests[0]["name"].startswith("再运行一次反向传播：")
