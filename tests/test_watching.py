"""`grade.py watch`, as a process that is told of changes by the system, with the ways in which editors save."""

import contextlib
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest

from tests.conftest import ROOT

RIGHT = """
import torch
x = torch.arange(4., requires_grad=True)
y = 2 * torch.dot(x, x)
y.backward(retain_graph=True)
y.backward()
print(x.grad)
"""
WRONG = RIGHT.replace("y.backward()\n", "y = 2 * torch.dot(x, x)\ny.backward()\n", 1)
PATIENCE = 60


def notebook(source):
    cell = {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]})


class Watch:
    """The process, and its lines as they come."""

    def __init__(self, *words, root=ROOT):
        command = [sys.executable, str(root / "grade.py"), "watch", *map(str, words), "--exercise", "second_backward"]
        environment = {**os.environ, "PYTHONPATH": str(root)}
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
        )
        self._lines = queue.SimpleQueue()
        self.seen = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))

    def until(self, words):
        """The lines up to the first that holds these words."""
        found, end = [], time.monotonic() + PATIENCE
        while not found or words not in found[-1]:
            try:
                found.append(self._lines.get(timeout=max(0, end - time.monotonic())))
            except queue.Empty:
                raise AssertionError(f"{words!r} was not said, but {self.seen + found}") from None
        self.seen += found
        return found

    def end(self, how=signal.SIGINT):
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)


@pytest.fixture
def watch():
    pytest.importorskip("watchfiles")
    with contextlib.ExitStack() as stack:

        def start(*words, **more):
            one = Watch(*words, **more)
            stack.callback(one.process.stdout.close)
            stack.callback(one.process.wait)
            stack.callback(one.process.kill)
            return one

        yield start


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_says_what_is_there_and_ends_cleanly(watch, tmp_path, how):
    (tmp_path / "ada.py").write_text(RIGHT)
    one = watch(tmp_path)
    said = one.until("Ctrl-C ends it")
    assert any("ada  second_backward  8 / 10" in line for line in said), said
    assert one.end(how) == 0
    one.until("stopped")
    assert [path.name for path in tmp_path.iterdir()] == ["ada.py"]


@pytest.mark.slow
def test_ways_to_save(watch, tmp_path):
    """In place; beside and renamed; half first; into a folder that is new; and what is removed comes anew."""
    folder = tmp_path / "lab"
    folder.mkdir()
    (folder / "bo.py").write_text(RIGHT)
    one = watch(folder)
    one.until("Ctrl-C ends it")

    (folder / "bo.py").write_text(WRONG)
    one.until("bo  not attempted: second_backward")  # two passes, each over a graph of its own

    (folder / ".bo.py.swp").write_text("x")  # vim's
    (folder / "4913").write_text("x")
    (folder / "bo.py~").write_text("x")
    (folder / "bo.py.tmp").write_text(RIGHT)
    (folder / "bo.py.tmp").rename(folder / "bo.py")
    assert "8 / 10" in one.until("bo  second_backward")[-1]

    whole = notebook(RIGHT)
    with open(folder / "cy.ipynb", "w") as file:
        file.write(whole[: len(whole) // 2])
        file.flush()
        time.sleep(0.4)  # as a slow disk does
        file.write(whole[len(whole) // 2 :])
    assert "8 / 10" in one.until("cy  second_backward")[-1]

    (folder / "di").mkdir()
    (folder / "di" / "hw.py").write_text(RIGHT)
    one.until("di  second_backward")
    (tmp_path / "ed").mkdir()
    (tmp_path / "ed" / "hw.py").write_text(RIGHT)
    (tmp_path / "ed").rename(folder / "ed")  # nobody tells of the file
    one.until("ed  second_backward")
    assert not [line for line in one.seen if "unreadable" in line or "~" in line or "4913" in line]

    (folder / "cy.ipynb").write_text(whole[:50])  # and it stays so
    assert "breaks off in the middle" in one.until("cy  unreadable")[-1]
    # Nobody was run or told again for what others saved.
    assert len([line for line in one.seen if "di  second_backward" in line]) == 1
    assert one.end() == 0


@pytest.mark.slow
def test_one_file_and_an_empty_beginning(watch, tmp_path):
    file = tmp_path / "ada.py"
    file.write_text("")
    (tmp_path / "other.py").write_text(RIGHT)
    one = watch(file)
    one.until("Ctrl-C ends it")
    file.unlink()
    file.write_text(RIGHT)
    assert "8 / 10" in one.until("ada  second_backward")[-1]
    assert one.end() == 0
    assert not [line for line in one.seen if line.startswith("other")]


@pytest.mark.slow
def test_the_memory_of_results_is_used(watch, tmp_path):
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "ada.py").write_text(RIGHT)
    for _ in range(2):
        one = watch(tmp_path / "class", "--output", tmp_path / "results")
        said = one.until("Ctrl-C ends it")
        assert any("ada  second_backward  8 / 10" in line for line in said)
        assert one.end() == 0
    assert [path.name for path in (tmp_path / "results").iterdir() if path.suffix == ".sqlite3"] == ["grades.sqlite3"]


@pytest.mark.slow
def test_an_author_who_changes_an_exercise(watch, tmp_path):
    """It starts itself anew, judges again what was seen, and waits while the exercise is no exercise.

    What is saved at the very moment when it says that it waits is seen.
    """
    root = tmp_path / "repository"
    for folder in ("autograder", "graders", "exercises"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "grade.py", root)
    (tmp_path / "ada.py").write_text(RIGHT)
    one = watch(tmp_path / "ada.py", "--output", tmp_path / "results", root=root)
    one.until("Ctrl-C ends it")
    exercise = root / "exercises" / "second_backward.yaml"
    text = exercise.read_text()
    exercise.write_text(text.replace("points: 4", "points: ["))
    one.until("waiting until that is saved anew")
    exercise.write_text(text.replace("points: 4", "points: 14"))
    assert "28 / 30" in one.until("ada  second_backward")[-1]
    one.until("Ctrl-C ends it")
    assert one.end() == 0


@pytest.mark.slow
def test_without_the_package_it_is_a_sentence(tmp_path):
    code = (
        "import sys; sys.modules['watchfiles'] = None; from autograder.cli import main; sys.exit(main(['watch', '.']))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "pip install 'autograd-grader[watch]'" in done.stderr
