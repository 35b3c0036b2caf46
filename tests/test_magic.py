"""%grade in a real IPython shell, in a process of its own, and in a real kernel."""

import json
import os
import subprocess
import sys
import textwrap

import pytest

from tests.conftest import ROOT

SESSION = """
import json, sys, time
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance(colors="nocolor")
for cell_id, text in json.load(sys.stdin):
    print("=====", flush=True)
    shell.run_cell(text, store_history=True, cell_id=cell_id)
"""
LOAD = (None, "%load_ext autograder")
SUM = """
    x = torch.arange(4., requires_grad=True)
    y = 2 * torch.dot(x, x)
    y.backward(retain_graph=True)
    y.backward({})
    x.grad
"""


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """What each cell printed, in a shell that is started in an empty folder."""

    def run(*cells):
        folder = tmp_path_factory.mktemp("session")
        (folder / "saved.py").write_text("import torch\n" + textwrap.dedent(SUM.format("")))
        given = json.dumps([(cell_id, textwrap.dedent(text).strip()) for cell_id, text in cells])
        done = subprocess.run(
            [sys.executable, "-c", SESSION],
            input=given,
            capture_output=True,
            text=True,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "IPYTHONDIR": str(folder / ".ipython")},
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        left = [path.name for path in folder.iterdir() if path.name not in ("saved.py", ".ipython")]
        assert not left
        return [part.strip() for part in done.stdout.split("=====\n")[1:]], done.stderr

    return run


@pytest.mark.slow
def test_a_session(session):
    outputs, errors = session(
        (None, "import torch"),  # before the extension is there
        LOAD,
        ("a", "%grade second_backward"),
        ("b", SUM.format("")),
        ("a", "%grade second_backward"),
        ("c", "%grade jacobean"),
        ("d", "%grade second_backward saved.py"),
        ("e", "%%grade second_backward\nprint('it ran')\nz = x.grad * 2\nz"),
        ("f", "%unload_ext autograder"),
        ("g", "%grade second_backward"),
    )
    assert "nothing that ran is about this exercise yet" in outputs[2]
    assert "○ backward runs a second time on the same graph" in outputs[4]
    assert "Text cells are not seen here" in outputs[4]
    assert "unknown exercise 'jacobean'; did you mean 'jacobian'?" in errors
    assert "○ backward runs a second time" in outputs[6] and "Text cells" not in outputs[6]
    assert outputs[7].startswith("it ran") and "○ backward runs a second time" in outputs[7]
    assert "`%grade` not found" in errors


@pytest.mark.slow
def test_a_cell_that_is_run_again_counts_as_it_was_run_last_and_where_it_stands(session):
    outputs, _ = session(
        LOAD,
        ("a", "import numpy as torch_is_not_here"),
        ("b", SUM.format("")),
        ("a", "import torch"),  # mended, above
        ("b", SUM.format("")),
        ("c", "%grade second_backward"),
        ("b", "x = torch.ones(3)"),  # and taken back
        ("c", "%grade second_backward"),
    )
    assert "○ backward runs a second time" in outputs[5]
    assert "nothing that ran is about this exercise yet" in outputs[7]


@pytest.mark.slow
def test_in_a_kernel(tmp_path):
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    import nbformat

    cells = ["%load_ext autograder\nimport torch", textwrap.dedent(SUM.format("")), "%grade second_backward"]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = nbclient.NotebookClient(
        book, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}
    )
    client.execute()
    said = "".join(output.get("text", "") for output in book.cells[2].outputs)
    assert "○ backward runs a second time on the same graph" in said, book.cells[2].outputs
