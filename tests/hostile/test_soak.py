"""A short day: what grows in three hundred submissions would grow in five thousand."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT


@pytest.mark.slow
def test_nothing_grows():
    """Memory, descriptors, files and processes stay, with good and hostile submissions in turn."""
    command = [sys.executable, str(ROOT / "benchmarks" / "soak.py"), "--submissions", "300"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
