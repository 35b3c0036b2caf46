"""One warm fork server for the whole session: starting it costs seconds, a submission costs milliseconds."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import settings

from autograder import intake, ladder, spec
from autograder.kit.samples import told as told
from autograder.run import Grader

ROOT = Path(__file__).resolve().parent.parent
SEED = 20260821
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)


def printed_by(script):
    """The JSON that Python prints of a script in a process of its own, which is given where the project is."""
    command = [sys.executable, "-W", "ignore", "-c", script, str(ROOT)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.fixture(scope="session")
def exercises():
    return spec.load_all()


@pytest.fixture(scope="session")
def grader(exercises):
    with Grader(list(exercises.values()), ladder.find(), seed=SEED, jobs=2) as grader:
        assert grader.torch
        yield grader


@pytest.fixture
def full_disk(monkeypatch):
    """From its call on, what is written into files with these words in their names meets a full disk."""

    def fill(words):
        real = Path.open

        def opened(path, mode="r", *given, **named):
            full = "w" in mode and words in path.name
            return real(Path("/dev/full") if full else path, mode, *given, **named)

        monkeypatch.setattr(Path, "open", opened)

    return fill


@pytest.fixture
def grade(grader, tmp_path):
    """Grade a script (or, by name, any files) as a student would hand it in; the report."""

    def grade_files(source=None, **files):
        folder = tmp_path / "student"
        folder.mkdir(exist_ok=True)
        if source is not None:
            files["hw_py"] = source
        for name, text in files.items():
            path = folder / name.replace("_py", ".py").replace("_ipynb", ".ipynb")
            path.write_bytes(text if isinstance(text, bytes) else textwrap.dedent(text).encode())
        (submission,), _ = intake.find([tmp_path])
        return grader.grade_one(submission)

    return grade_files
