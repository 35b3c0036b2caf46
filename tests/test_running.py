"""Running a submission: what a cell or a statement does, and what it costs when it fails."""

import json

import pytest

from autograder import intake, ladder, oracle
from autograder.model import Outcome, Status
from autograder.run import Grader
from tests.conftest import SEED, told

SINE = """
import torch
import matplotlib.pyplot as plt
x = torch.linspace(-3, 3, 50, requires_grad=True)
y = torch.sin(x)
y.sum().backward()
plt.plot(x.detach(), y.detach())
plt.plot(x.detach(), x.grad)
"""
RIGHT = {"sin_derivative": {"derivative": "passed", "by_autodiff": "passed", "plot": "passed"}}


def notebook(*cells, **metadata):
    """A saved notebook; a cell is its source, or (kind, source)."""
    pairs = [cell if isinstance(cell, tuple) else ("code", cell) for cell in cells]
    made = [{"cell_type": kind, "metadata": {}, "source": source} for kind, source in pairs]
    for cell in made:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
    return json.dumps({"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 4}).encode()


def test_a_script_goes_on_after_an_error(grade):
    """An uncaught error costs its own statement."""
    report = grade("undefined_name\n1 / 0\n" + SINE)
    assert report.outcome is Outcome.FINISHED
    assert told(report) == RIGHT


@pytest.mark.parametrize(
    "line",
    [
        "this is prose, not Python",
        "print(“curly”)",
        "print（x）",
        "print 'Python 2'",
        "if True:",
        "x = (1,",
        "def f(:\n    return 1",
        "'''never closed",
        "%matplotlib inline",
        "!pip install torch",
        "%%time",
        "plt?",
        "from __future__ import braces",
        "return 1",
        "\x00",
    ],
)
def test_what_is_no_python_costs_its_own_unit(grade, line):
    """In the middle of a script."""
    top, _, rest = SINE.partition("x = torch")
    report = grade(f"{top}\n{line}\nx = torch{rest}".replace("\x00", "\x01"))
    assert told(report) == RIGHT


def test_two_kinds_of_what_is_no_python_cost_two_statements(grade):
    """Quotes are no Python anywhere, so that Python complains of them first; what stands before them counts."""
    source = (
        'import torch\nprint "Python 2"\nx = torch.arange(3., requires_grad=True)\nprint(“curly”, x.sum().backward())\n'
    )
    report = grade(source + "x.sin().sum().backward()\n")
    assert "NameError" not in str(report.remarks)


def test_curly_quotes_are_repaired_and_reported(grade):
    """A forum's quotes become straight ones for the run."""
    report = grade(SINE.replace("import torch\n", "import torch\nlabel = “f’s slope”\nimport os\n", 1))
    assert told(report) == RIGHT
    report = grade(SINE + "plt.title(“f”)\n")
    (remark,) = [remark for remark in report.remarks if "curly quotes" in remark]
    assert remark.startswith("hw.py, line 9")


def test_a_notebook_without_cells_says_so(grade):
    """It was read, and there is nothing in it."""
    report = grade(hw_ipynb=notebook())
    assert report.outcome is Outcome.UNREADABLE
    assert [file.trouble for file in report.submission.files] == ["has no cells"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gbk", "latin-1"])
def test_encodings_and_line_ends(grade, encoding):
    """BOM, CRLF, declared encodings."""
    declared = "" if encoding.startswith("utf") else f"# -*- coding: {encoding} -*-\n"
    words = "# 正弦\n" if encoding == "gbk" else "# é\n"
    source = (declared + words + SINE).replace("\n", "\r\n").encode(encoding)
    assert told(grade(hw_py=source)) == RIGHT


def test_a_notebook_from_colab_with_a_gpu(grade):
    """Drives, uploads and cuda are not here, which costs nobody anything."""
    colab = "from google.colab import drive, files\ndrive.mount('/content/drive')\n"
    source = SINE.replace("requires_grad=True", "requires_grad=True, device='cuda:0'").replace(
        "sin(x)", "sin(x).cuda()"
    )
    report = grade(hw_ipynb=notebook(colab + source))
    assert told(report) == RIGHT
    assert any("cuda was read as cpu" in remark for remark in report.remarks)


def test_the_first_errors_are_told(grade):
    """A student who misspelled one name reads which cell stopped, and why; the error of the exercise is not news."""
    report = grade(
        "y = undefined_name\nimport torch\nu = torch.ones(2, requires_grad=True)\n"
        "v = (u * u).sum()\nv.backward()\nv.backward()"
    )
    assert [r for r in report.remarks if "stopped" in r] == [
        "hw.py, line 1: stopped with NameError: name 'undefined_name' is not defined"
    ]


@pytest.mark.parametrize("magic", ["%pylab inline", "%pylab"])
def test_pylab_brings_its_names(grade, magic):
    """As IPython does."""
    code = SINE.replace("import matplotlib.pyplot as plt\n", "").replace("plt.plot", "plot")
    assert told(grade(hw_ipynb=notebook(magic, code))) == RIGHT


def test_cells_follow_ipython(grade):
    """Magics, get_ipython, display, %%time, await-free: the rest runs."""
    cells = [
        "%matplotlib inline\n%config InlineBackend.figure_format = 'svg'\n!pip install d2l==1.0",
        "%%time\nimport torch\nfrom d2l import torch as d2l\nx = d2l.arange(-3, 3, 0.1, requires_grad=True)",
        "files = !ls\nget_ipython().run_line_magic('matplotlib', 'notebook')\ndisplay(x)",
        "y = torch.sin(x)\ny.sum().backward()\nd2l.plot(x.detach(), [y.detach(), x.grad], 'x', legend=['f', 'df'])",
        "%load_ext autoreload\n%unknown_magic 3",
        "%%bash\nrm -rf /",
    ]
    report = grade(hw_ipynb=notebook(*cells))
    assert told(report) == RIGHT
    assert any("pip install" in remark for remark in report.remarks)


@pytest.mark.parametrize(
    "metadata", [{}, {"kernelspec": {"name": "my-env-39", "display_name": "x", "language": "python"}}]
)
def test_moved_and_duplicated_cells_and_lost_metadata_change_nothing(grade, metadata):
    """Names of kernels, ids and order of unrelated cells are not looked at."""
    cells = ["1 + 1", SINE, "z = 3", ("markdown", "# sine"), SINE]
    assert told(grade(hw_ipynb=notebook(*cells, **metadata))) == RIGHT


def test_a_missing_module_costs_what_depends_on_it(grade):
    """The rest of the cell runs, and a remark says what was missing."""
    report = grade(hw_ipynb=notebook("import torchviz_x, os\nfrom seaborn_x import lines\n" + SINE))
    assert told(report) == RIGHT
    assert sum("No module named" in remark for remark in report.remarks) == 2


LACKING = "from no_such_bars import bar\n" + SINE.replace(
    "x = torch.linspace(-3, 3, 50,", "x = torch.tensor(bar(range(50)),"
)


@pytest.mark.parametrize(
    "source",
    [
        LACKING,
        "import no_such_plots as nsp\n" + SINE.replace("plt.plot(", "nsp.lines("),
        "# sine\nn = int(input('How many? '))\n" + SINE.replace("50,", "n,"),
    ],
    ids=["a name of it is used", "it would draw", "nobody answers"],
)
def test_what_is_not_here_takes_no_points(grade, source):
    """What fails for want of a module, or of an answer, waits for a person, who is told."""
    report = grade(source)
    statuses = {v.status for a in report.answers for v in a.verdicts if a.exercise.name == "sin_derivative"}
    assert Status.NEEDS_REVIEW in statuses <= {Status.NEEDS_REVIEW, Status.PASSED}
    assert any("what needs it did not run" in act for act in report.acts)


def test_a_missing_module_that_nobody_uses_excuses_nothing(grade):
    """A wrong answer beside it stays wrong."""
    report = grade("import no_such_module\n" + SINE.replace("x.grad", "-x.grad"))
    assert told(report)["sin_derivative"]["plot"] not in ("passed", "needs_review")
    assert not report.acts


def test_a_script_finds_its_own_command_line(grade):
    """As if it had been started without arguments: argparse gives its defaults."""
    options = (
        "import argparse\np = argparse.ArgumentParser()\np.add_argument('--n', type=int)\nn = p.parse_args().n or 50\n"
    )
    assert told(grade(options + SINE.replace("50,", "n,"))) == RIGHT
    report = grade("import sys\nraise ValueError(sys.argv)\n")
    assert any("ValueError: ['hw.py']" in remark for remark in report.remarks)


def test_a_private_copy_of_d2l_is_answered_by_ours(grade):
    """`from utils import d2l`, `import d2lzh_pytorch as d2l`."""
    for line in ("from utils import d2l", "import d2lzh_pytorch as d2l", "from d2l import torch as d2l", "import d2l"):
        source = f"{line}\n{SINE}".replace("plt.plot(x.detach(), y.detach())\n", "").replace(
            "plt.plot(x.detach(), x.grad)", "d2l.plot(x.detach(), [y.detach(), x.grad])"
        )
        assert told(grade(source)) == RIGHT, line


def test_a_helper_in_a_second_file_is_found(grade):
    """The student's own modules stand in the working directory."""
    helper = "import torch\ndef grid():\n    return torch.linspace(-3, 3, 40, requires_grad=True)\n"
    source = SINE.replace("import torch\n", "import torch\nfrom helper import grid\n", 1)
    assert (
        told(grade(source.replace("torch.linspace(-3, 3, 50, requires_grad=True)", "grid()"), helper_py=helper))
        == RIGHT
    )


@pytest.mark.parametrize(
    "noise",
    [
        "import warnings; warnings.warn('loud')",
        "import sys; print('error', file=sys.stderr); sys.stderr.write('x')",
        "print('x' * 10_000_000)",
        "[print(i) for i in range(20000)]",
        "import logging; logging.error('error')",
        "import sys; sys.stdout = None",
        "import os; os.write(1, b'junk'); os.write(2, b'junk')",
        "import builtins; builtins.print = None",
        "plt.switch_backend('TkAgg'); import matplotlib; matplotlib.use('Qt5Agg')",
        "plt.rcParams['text.usetex'] = True; plt.tight_layout()",
        "plt.savefig('picture.png'); open('notes.txt', 'w').write('x')",
        "class Odd:\n    def __repr__(self): raise ValueError\n    def __len__(self): raise ValueError\nodd = [Odd()]",
        "import os; os.chdir('/')",
        "import random; random.seed(0); torch.manual_seed(0)",
        "input('name? ')",
        "import threading; threading.Thread(target=print).start()",
        "raise KeyboardInterrupt",
        "raise SystemError",
    ],
)
def test_noise_changes_no_score(grade, noise):
    """What is printed, warned, written or raised beside an answer costs nothing."""
    assert told(grade(SINE + noise + "\n")) == RIGHT


CRASHES = {
    "ends the process": ("import os; os._exit(0)", "ended the Python process itself"),
    "segmentation fault": ("import ctypes; ctypes.string_at(0)", "ended by a signal"),
    "forbidden call": ("import ctypes; ctypes.string_at(0)", "ended by a signal"),
    "abort": ("import os; os.abort()", "ended by a signal"),
}


@pytest.mark.parametrize("way", CRASHES)
def test_a_crash_costs_only_its_own_unit(grade, way):
    """What stands before and behind it counts; student and instructor read where it was and what it was."""
    code, words = CRASHES[way]
    before, line, behind = "one = 1\n", f"{code}\n", SINE
    report = grade(before + line + behind)
    assert report.outcome is Outcome.DIED
    assert told(report) == RIGHT
    (remark,) = [remark for remark in report.remarks if words in remark]
    assert remark.startswith("The run was cut short, in hw.py, line 2: ")
    assert "run again without that" in remark
    assert any(words in act for act in report.acts)
    assert told(grade(SINE)) == RIGHT


def test_a_crash_in_the_answer_itself_leaves_what_was_seen_before(grade):
    """One cell that draws and then ends the process: nothing is left when it is left out, so as far as it came."""
    report = grade(hw_ipynb=notebook(SINE + "plt.show()\nimport os\nos._exit(1)\n"))
    assert report.outcome is Outcome.DIED
    assert told(report) == RIGHT


def test_as_many_crashes_as_there_are_runs(grade):
    """Three can be left out; with a fourth, what follows it is not reached."""
    crash = "import os; os._exit(1)\n"
    assert told(grade(crash * 3 + SINE)) == RIGHT
    report = grade(crash * 4 + SINE)
    assert {v.status for answer in report.answers for v in answer.verdicts} == {Status.NOT_REACHED}
    assert sum("run again without that" in remark for remark in report.remarks) == 3


def test_a_crash_in_a_hidden_case_only(grade):
    """It is left out there as well, and what the rest computes is judged."""
    crash = f"import torch, os\nif torch.initial_seed() == {oracle.seed_of_the_run(SEED, fresh=True)}: os._exit(1)\n"
    code = "x = torch.tensor([1., 2.], requires_grad=True); y = torch.stack([x[0] * x[1], x[1] ** 3, x[0]])\n"
    rows = "torch.stack([torch.autograd.grad(v, x, retain_graph=True)[0] for v in y])"
    report = grade(f"{crash}{code}J = {rows}\n")
    assert told(report)["jacobian"] == {"matrix": "passed", "by_autodiff": "passed"}
    assert any("A second run, under other conditions, was cut short" in remark for remark in report.remarks)


def test_a_function_that_crashes_when_it_is_called(grade):
    """Only that function is not called again."""
    source = SINE + "def boom(x):\n    import os; os._exit(3)\n"
    f = "def f(a):\n    b = a * 2\n    while b.norm() < 1000: b = b * 2\n    return b if b.sum() > 0 else 100 * b\n"
    use = "a = torch.tensor([1., 2.], requires_grad=True); d = f(a); d.sum().backward(); print(a.grad == d / a)\n"
    report = grade(source + f + use)
    assert told(report)["control_flow"]["gradient"] == "passed"
    assert any("in a call of boom()" in remark for remark in report.remarks)


def test_sys_exit_ends_a_script_and_nothing_else(grade):
    """Graded on what ran before."""
    report = grade(f"{SINE}\nimport sys\nsys.exit(3)\nx = 1 / 0\n")
    assert report.outcome is Outcome.FINISHED
    assert told(report) == RIGHT


def test_time_and_memory_end(exercises, tmp_path):
    """An endless loop is stopped on time; too much memory is an error of its own unit."""
    (tmp_path / "loop.py").write_text(SINE + "while True: pass\n")
    (tmp_path / "hog.py").write_text(SINE + "big = torch.zeros(2 ** 40)\nmore = [bytes(10 ** 9) for _ in range(99)]\n")
    submissions, _ = intake.find([tmp_path])
    with Grader(list(exercises.values()), ladder.find(), seed=SEED, jobs=2, seconds=2) as grader:
        hog, loop = grader.grade(submissions)
    assert (loop.outcome, hog.outcome) == (Outcome.TIMED_OUT, Outcome.FINISHED)
    assert told(loop)["sin_derivative"]["derivative"] == "passed"
    assert told(hog) == RIGHT
    assert any("after 2 seconds" in remark for remark in loop.remarks)


ENDLESS = {
    "after a function": "def wave(x):\n    return torch.sin(x)\nimport torch\nwhile True: pass\n",
    "after a class": "class Wave:\n    'f'\n    def __call__(self, x):\n        return torch.sin(x)\nwhile 1: pass\n",
    "in a class": "wave = print\nclass Wave:\n    while True: pass\n",
    "in an annotation": "def endless():\n    while True: pass\ndef other(x) -> endless(): pass\n",
    "in a default": "def endless():\n    while True: pass\ndef other(x=endless()): pass\n",
}


@pytest.mark.parametrize("where", ENDLESS)
def test_what_a_cell_that_never_ends_defines_is_there_for_the_next(exercises, tmp_path, where):
    """The cell is left out; what it only defines is not."""
    made = {"after a function": "wave(x)", "after a class": "Wave()(x)"}.get(where, "torch.sin(x)")
    (tmp_path / "hw.ipynb").write_bytes(notebook(ENDLESS[where], SINE.replace("torch.sin(x)", made)))
    with Grader(list(exercises.values()), ladder.find(), seed=SEED, jobs=1, seconds=2) as grader:
        (report,) = grader.grade(intake.find([tmp_path])[0])
    assert report.outcome is Outcome.TIMED_OUT
    assert told(report) == RIGHT


def test_no_state_reaches_the_next_submission(grader, tmp_path):
    """Patched modules, files and environment of one are not there for another."""
    (tmp_path / "a.py").write_text("import torch, os\ntorch.sin = None\nos.environ['X'] = '1'\nopen('left', 'w')\n")
    (tmp_path / "b.py").write_text("import os\nassert not os.path.exists('left') and 'X' not in os.environ\n" + SINE)
    submissions, _ = intake.find([tmp_path])
    _, second = grader.grade(submissions)
    assert told(second) == RIGHT


def test_the_child_has_no_variable_of_ours(exercises, tmp_path, monkeypatch):
    """A token in the instructor's environment is not in the child's."""
    monkeypatch.setenv("LMS_TOKEN", "secret")
    source = (
        "import os, ctypes\nvariables = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), 'environ')\n"
        "found = []\nwhile variables[len(found)]: found.append(variables[len(found)])\n"
        "if found and b'LMS_TOKEN' not in b' '.join(found) + str(os.environ).encode():\n"
    )
    (tmp_path / "a.py").write_text(source + "".join(f"    {line}\n" for line in SINE.strip().splitlines()))
    submissions, _ = intake.find([tmp_path])
    with Grader(list(exercises.values()), ladder.find(), seed=SEED, jobs=1) as grader:
        (report,) = grader.grade(submissions)
    assert told(report) == RIGHT


def test_the_same_seed_gives_the_same_report(grade):
    """Random submissions included."""
    source = SINE.replace("torch.linspace(-3, 3, 50, requires_grad=True)", "torch.randn(30, requires_grad=True)")
    assert grade(source) == grade(source)


ODD = """
import numpy as np
c = torch.tensor([1 + 2j, 3j, 1.0], requires_grad=True)
(c.abs() ** 2).sum().backward(retain_graph=True)
v = c * c
v.backward(torch.ones_like(v), retain_graph=True)
print(c.grad, torch.autograd.functional.jacobian(lambda t: t * t, torch.tensor([1 + 1j, 2.0])))
r = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
torch.exp(1j * r).real.sum().backward()
for kind in (torch.float16, torch.bfloat16):
    few = torch.ones(3, dtype=kind, requires_grad=True)
    (few * 2).sum().backward()
none = torch.zeros(0, requires_grad=True)
none.sum().backward()
far = torch.full((3,), float("inf"), requires_grad=True)
torch.sin(far * far).sum().backward()
big, mixed, flags = np.array([2**62, -(2**62)]), np.array([1, "a", None], dtype=object), np.array([True, False, True])
spectrum = np.fft.fft(np.sin(np.arange(100) * 0.3))
named = {"a": 1 + 1j, "b": spectrum, "c": {"d": np.zeros((0, 2))}, 3: 2.0}
plt.plot([1, 2, 3], flags); plt.plot(spectrum.real, spectrum.imag); plt.plot([], [])
plt.plot([0, 1, 2], [np.nan, np.inf, 1])
print(complex(1, 2), spectrum, np.allclose(spectrum, spectrum))
"""


def test_numbers_of_odd_kinds_are_nobodys_mistake(grade):
    """Complex, half, none, without end: beside an answer, in every exercise that looks for its own."""
    report = told(grade(SINE + ODD))
    assert report["sin_derivative"] == RIGHT["sin_derivative"]
    assert not [name for name, verdicts in report.items() if "grader_error" in verdicts.values()]
