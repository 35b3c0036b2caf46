"""The other side of the bench does run what students wrote: a ratio to nothing would be told as well."""

import json
import subprocess
import sys

import pytest

from autograder import server
from tests.conftest import ROOT


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["code", "script"])
def test_the_bare_side_runs_the_code(tmp_path, kind):
    left = tmp_path / "left"
    text = f"import torch\nx = torch.ones(2)\nopen({str(left)!r}, 'w').write(str(x.sum().item()))"
    unit = {"file": "hw", "kind": kind, "label": "", "text": text}
    given = json.dumps({"rounds": 1, "jobs": 1, "submissions": [[unit]]})
    command = [sys.executable, str(ROOT / "benchmarks" / "bare.py")]
    environment = server.environment(tmp_path)
    done = subprocess.run(command, input=given, capture_output=True, text=True, env=environment, check=True)
    assert len(json.loads(done.stdout)[0]["each"]) == 1
    assert left.read_text() == "2.0"
