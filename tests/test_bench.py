"""The other side of the bench does run what students wrote: a ratio to nothing would be told as well."""

import json
import subprocess
import sys

import pytest

from autograder import server
from autograder.worker import lockdown
from tests.conftest import ROOT


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "times"), [("code", 1), ("script", 1), ("script", 2)])
def test_the_bare_side_runs_the_code(tmp_path, kind, times):
    left = tmp_path / "left"
    text = f"import torch\nx = torch.ones(2)\nopen({str(left)!r}, 'a').write(str(x.sum().item()))"
    unit = {"file": "hw", "kind": kind, "label": "", "text": text}
    given = "".join(json.dumps(line) + "\n" for line in ([[unit]], {"jobs": 1, "times": times}))
    command = [sys.executable, str(ROOT / "benchmarks" / "bare.py")]
    environment = server.environment(tmp_path)
    done = subprocess.run(command, input=given, capture_output=True, text=True, env=environment, check=True)
    assert len(json.loads(done.stdout)["each"]) == 1
    assert left.read_text() == times * "2.0"


@pytest.mark.slow
def test_the_locks_are_timed():
    """With every step of theirs, and two programs on both sides."""
    command = [sys.executable, str(ROOT / "benchmarks" / "lock.py"), "--rounds", "1"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert all(step.__name__ in told for step in lockdown.STEPS)
    assert told.count("ratio") == 2
