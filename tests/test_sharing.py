"""Runs of plain code share a process, and nobody can tell: not a report, not a run, not the conditions of the next."""

import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from autograder import intake, kept, ladder, oracle, sandbox, sharing, spec
from autograder.evidence import Act, Error, Pass, Round, Value
from autograder.model import Case, Outcome, SourceFile, Submission, Unit
from autograder.observe import Runs
from autograder.sandbox import Lane, Sandbox
from autograder.server import Warmth
from autograder.talk import blank_job
from autograder.worker import units
from tests.conftest import ROOT, SEED

AGAIN = replace(spec.AS_WRITTEN, name="again")
SWAPPED = Case("swapped", swap="sin")
SINE = """
import torch
x = torch.linspace(0.0, 3.0, 7, requires_grad=True)
torch.sin(x).sum().backward()
"""


@pytest.fixture(scope="module")
def alone():
    """A sandbox with one lane, so that a second run can only be made there."""
    with Sandbox(1, ladder.find(), Warmth((), rehearsals=0)) as own:
        own.wait()
        yield own


@pytest.fixture
def children(monkeypatch):
    """How many children were made, in a list of one."""
    count, real = [0], Lane._run_anew

    def counted(lane, job, calls):
        count[0] += 1
        return real(lane, job, calls)

    monkeypatch.setattr(Lane, "_run_anew", counted)
    return count


def submission(text, name="hw.py"):
    kind, label = ("code", "cell 1") if name.endswith(".ipynb") else ("script", "")
    unit = Unit(name, kind, label, textwrap.dedent(text))
    return Submission("ada", name, (SourceFile(name, "", (unit,)),))


def cell(text, kind="code"):
    return {"text": text, "kind": kind, "file": "hw.py"}


def endings(sandbox, text, *cases, seconds=20.0):
    """The runs of a submission in its cases, one after another."""
    conditions = replace(kept.conditions(list(spec.load_all().values()), SEED, seconds))
    runs = Runs(submission(text), conditions, lambda job, _, calls: sandbox.run(job, calls))
    return [runs.observe(case, again=False).last for case in cases]


def seen(ending):
    """All that was observed; identities are those of objects in the process."""
    return [repr(replace(item, leaves=()) if isinstance(item, Pass) else item) for item in ending.observations]


# ------------------------------------------------------------------ nobody can tell


def test_rounds_are_seen_where_a_case_watches_them(alone):
    """And in no other run of the same process, before or after."""
    watched = replace(AGAIN, name="watched", rounds=True)
    runs = endings(alone, SINE + "for i in range(2):\n    y = x * i\n", spec.AS_WRITTEN, watched, AGAIN)
    assert [sum(isinstance(item, Round) for item in run.observations) for run in runs] == [0, 2, 0]


def test_a_run_of_which_all_or_nothing_is_used_says_the_same_at_its_end(alone):
    """And nothing of what it saw before it was cut short."""
    hurried, patient = replace(SWAPPED), replace(SWAPPED, all_or_nothing=True)
    _, one, other = endings(alone, SINE + "print(x.grad)", spec.AS_WRITTEN, hurried, patient)
    assert seen(one) == seen(other)
    code = "import os\n" + SINE + "print(x.grad)\nos._exit(0)"
    one, other = endings(alone, code, hurried, patient)
    assert one.outcome is other.outcome is Outcome.DIED
    assert len(other.observations) < 2 < len(one.observations)


def test_reports_are_those_of_a_process_for_each_run(grader, monkeypatch):
    """Words, places, numbers, pictures, of whatever is handed in; `test_samples` has the verdicts of all samples."""
    found = intake.find([ROOT / "submissions" / "sample"])[0]
    shared = list(map(told, grader.grade(found)))
    monkeypatch.setattr(sharing, "may_share_a_process", lambda units: False)
    for one, before in zip(grader.grade(found), shared, strict=True):
        assert told(one) == before, one.submission.origin


def told(report):
    return kept.document(report) | {"seconds": 0}


def test_most_samples_share_a_process(grader, children):
    found = intake.find([ROOT / "submissions" / "corpus"])[0]
    runs = []
    for one in found[:20]:
        grader.graded(one, lambda run: lambda job, case, calls: runs.append(case.name) or run(job, case, calls))
    assert len(runs) > 1.5 * children[0]


SETTINGS = {
    "a default dtype": "torch.set_default_dtype(torch.float64)",
    "no gradients": "torch.set_grad_enabled(False)",
    "anomalies": "torch.autograd.set_detect_anomaly(True)",
    "determinism": "torch.use_deterministic_algorithms(True)",
    "printing": "torch.set_printoptions(precision=2, sci_mode=True)",
    "printing of NumPy": "np.set_printoptions(precision=2)",
    "errors of NumPy": "np.seterr(all='raise')",
    "warnings": "warnings.simplefilter('error')",
    "threads": "torch.set_num_threads(2)",
    "a style": "plt.style.use('ggplot')",
    "rcParams in place": "rc = plt.rcParams; rc |= {'lines.linewidth': 7.0}",
    "rcParams": "plt.rcParams['lines.linewidth'] = 7.0; plt.rcParams.update({'figure.figsize': (3, 3)})",
    "figures": "plt.plot([0, 1], [0, 1])",
    "seeds": "torch.manual_seed(4); np.random.seed(4); random.seed(4)",
    "draws": "torch.rand(3); np.random.rand(3); random.random()",
}
WHAT_IS_SET = """
import random, warnings
import torch, numpy as np
import matplotlib.pyplot as plt
drawn = [float(torch.rand(1)), np.random.rand(), random.random()]
with warnings.catch_warnings():
    warnings.warn("well")
dtype = torch.ones(1).dtype == torch.float32
print(drawn, dtype, torch.is_grad_enabled(), torch.is_anomaly_enabled(), torch.are_deterministic_algorithms_enabled())
print(torch.tensor([0.123456789]), np.array([0.123456789]), np.geterr(), torch.get_num_threads(), plt.get_fignums())
print(plt.rcParams["lines.linewidth"], plt.rcParams["figure.figsize"], plt.rcParams["axes.facecolor"])
"""


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
def test_what_is_set_for_the_whole_process_is_put_back(alone, children, setting):
    first, second = endings(alone, f"{WHAT_IS_SET}\n{setting}\n", spec.AS_WRITTEN, AGAIN)
    assert children == [1]
    assert not any(isinstance(item, Error) for item in first.observations)
    assert seen(second) == seen(first)


def test_a_swap_is_undone(alone, children):
    first, swapped, again = endings(alone, SINE, spec.AS_WRITTEN, SWAPPED, AGAIN)
    assert children == [1]
    assert seen(again) == seen(first)
    (true,), (told,) = ([p.leaves[0].after for p in e.observations if isinstance(p, Pass)] for e in (first, swapped))
    a, b, c = oracle.swap_parameters("sin", SEED)
    x = next(p.leaves[0].x for p in first.observations if isinstance(p, Pass)).astype(float)
    assert true == pytest.approx(oracle.np.cos(x), rel=1e-5)
    assert told == pytest.approx(a * oracle.np.cos(a * x + b) + 2 * c * x, rel=1e-4)


# ------------------------------------------------------------------ who gets a process for each run

PLAIN = [
    "%pylab inline\nx = linspace(0, 1)\ny = [0]\ny[0] = 2\nplot(x, sin(x))\nx.grad = None\n",
    "from math import *\nprint(sin(pi))\n",
    SINE,
    "%matplotlib inline\n!pip install d2l\nimport torch as t\nfrom d2l import torch as d2l\nd2l.set_figsize()\n",
    "%time x = 1\n",
    "%%time\nx = 1\n",
    "import torch\nx = torch.ones(3, requires_grad=True)\nx.grad = None\nx.data[0] = 2\ny = x.register_hook(print)\n",
    "class Net:\n    def __init__(self):\n        self.w = 1\n",
    "import torch\nmodel = torch.nn.Linear(1, 1)\nmodel.eval()\n",
    "from IPython import display\nfrom IPython.display import Image\ndisplay.set_matplotlib_formats('svg')\n",
    "import matplotlib.pyplot as plt\nplt.rcParams['font.size'] = 9\nplt.savefig('a.png')\n",
    "text = '''\n%config\n!rm\n'''\n",
    "print(“it’s”, 7 % 2)\n",
    "import sys\nsys.path.append('..')\nsys.path.insert(0, '../..')\nfrom nowhere import d2l\nd2l.plot([1], [1])\n",
    "import not_installed.part as part\nfrom not_installed import *\n",
]
NOT_PLAIN = [
    "import os\n",
    "import torch.multiprocessing\n",
    "from torch import multiprocessing\n",
    "from torch import *\n",
    "from . import other\n",
    "import torch\ntorch.sin = torch.cos\n",
    "import torch\ntorch.Tensor.double_it = lambda x: 2 * x\n",
    "import torch\ntorch.backends.cudnn.deterministic = True\n",
    "import torch\ndel torch.sin\n",
    "import torch\nfor torch.n in range(3): pass\n",
    "import d2l\nd2l.DATA['x'] = 1\n",
    "import torch\ntorch.set_default_device('meta')\n",
    "import torch\ntorch.nn.modules.module.register_module_forward_hook(print)\n",
    "import torch\ntorch.sys.exit()\n",
    "import torch\ntorch._C\n",
    "import numpy as np\nnp.save('a.npy', 1)\n",
    "from IPython import get_ipython as g\n",
    "import IPython\n",
    "import torch\ntorch.serialization.pickle.loads(b'')\n",
    "import torch.utils.benchmark\n",
    "from torch.utils import benchmark\n",
    "import operator\noperator.attrgetter('__class__')\n",
    "from operator import attrgetter\n",
    "import typing\ntyping.get_type_hints({'a': '1'})\n",
    "import numpy as np\nnp.testing.measure('1')\n",
    "import numpy as np\nnp.eval('1')\n",
    "import torch\nmatch torch:\n    case object(sys=s):\n        pass\n",
    "match 1:\n    case int(__class__=c):\n        pass\n",
    "import pandas as pd\n",
    "().__class__.__base__.__subclasses__()\n",
    "__builtins__\n",
    "getattr(1, 'real')\n",
    "exec('import os')\n",
    "open('a.txt', 'w')\n",
    "await x\n",
    "x = (1\n%config(open('a', 'w')))\ny = [\n",
    "%matplotlib inline\nx = (1\n%config(open('a', 'w')))\n",
    "%matplotlib inline\nx = 1 \\\n%config(open('a', 'w'))\n",
    "get_ipython().run_line_magic('time', '1')\n",
    "import numpy as np\nnp.lib.npyio.DataSource('.').open('a.py', 'w')\n",
    "import torch\ntorch.profiler.profile().export_chrome_trace('a.py')\n",
    "print(“x”)\nimport os\n",
    "import sys\nprint(sys.version)\n",
    "import sys\nsys.path.append('/usr/lib/python3')\n",
    "import sys\nsys.path.append(b'..')\n",
    "import sys as s\n",
    "from google.colab import drive\n",
    "import hw\n",
    "import not_installed\nnot_installed.sin = 1\n",
    "%matplotlib {open('a.txt', 'w')}\n",
    "%config $x\n",
    "%%time {open('a.txt', 'w')}\nx = 1\n",
    "%pylab {open('a.txt', 'w')}\n",
    "%pylab\nsavetxt('a.txt', x)\n",
    "%pylab\nplt.sin = 1\n",
    "%pylab\nrandom.x = 1\n",
    "%pylab\nsys.exit()\n",
    "%pylab\nset_loglevel('info')\n",
    "%pylab\nimport os\n",
    "from numpy import *\n",
    "from torch import set_default_device as s\n",
    "import matplotlib.cbook as c\nc.to_filehandle('a.txt', 'w')\n",
    "import matplotlib.pyplot as plt\ndict.update(plt.rcParams, {'figure.dpi': 7})\n",
    "x = “““\n!ls\n”””\n",
    "x = “ %pylab ”\n%pylab\n",
]


@pytest.mark.parametrize("text", PLAIN)
def test_plain_code_shares_a_process(text):
    assert sharing.may_share_a_process([cell(SINE), cell(text)])
    assert sharing.may_share_a_process([cell(text, "script")])


@pytest.mark.parametrize("text", NOT_PLAIN)
def test_other_code_does_not(text):
    assert not sharing.may_share_a_process([cell(SINE), cell(text)])
    assert not sharing.may_share_a_process([cell(SINE, "script"), cell(text, "script")])


def test_a_module_that_is_not_here_stays_so(alone, monkeypatch):
    """Or the first run could write one, in a process that the second is made in."""
    monkeypatch.setattr(sharing, "may_share_a_process", lambda units: True)
    text = "with open('helper.py', 'w') as file:\n    file.write('x = 1')\nimport helper\n"
    for ending in endings(alone, text, spec.AS_WRITTEN, AGAIN):
        (error,) = [item for item in ending.observations if isinstance(item, Error)]
        assert (error.type, error.message) == ("ModuleNotFoundError", "No module named 'helper'")


class Finalized:
    """Garbage that lets other threads go on wherever it is collected, also in the middle of a tree."""

    def __init__(self):
        self.itself = self

    def __del__(self):
        time.sleep(0.0005)


@pytest.mark.slow
def test_threads_read_code_side_by_side():
    """As lanes do; where they were in one another's way, a submission had an error of ours for a report."""
    functions = (f"def f{i}(a):\n    return [(a + {i}) * b for b in (1, {{'k': [a, ({i},)]}})]" for i in range(60))
    units = [cell("\n".join(functions))]

    def read(_):
        for _ in range(20):
            Finalized()
        return sharing.may_share_a_process(units)

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(read, range(1000)))


BROKEN = ["This is a vector now, so torch complains.\n", "print（x）\n", "for i in range(3)\n    print(i)\n"]
MAY_BE_MENDED = ["print(“x”)\nx?\n", ">>> x = (\n", "  x = 1\n y = 2\n", "x?\n", "%%bash\nls\n", "In [1]: import os\n"]


@pytest.mark.parametrize("text", BROKEN)
def test_a_cell_that_is_no_python_is_not_run_and_does_not_matter(grader, text):
    """Of a script, what stands around it is run: which, is not known here."""
    assert sharing.may_share_a_process([cell(SINE), cell(text)])
    assert not sharing.may_share_a_process([cell(text, "script")])
    seen = grader.observe(submission(text, "hw.ipynb"))
    assert [error.type for error in seen.errors] == ["SyntaxError"]


def test_quotes_are_straightened_here_as_they_are_for_the_run():
    curly = "".join(map(chr, units.CURLY))
    assert {*sharing.CURLY} == {*units.CURLY} and curly.translate(sharing.CURLY) == curly.translate(units.CURLY)


@pytest.mark.parametrize("text", MAY_BE_MENDED)
def test_a_cell_that_may_be_read_otherwise_does_not_share(text):
    assert not sharing.may_share_a_process([cell(SINE), cell(text)])


def test_other_code_has_a_new_process_each_time(alone, children):
    endings(alone, f"{SINE}\nimport os\n", spec.AS_WRITTEN, AGAIN)
    assert children == [2]


# ------------------------------------------------------------------ when a second run goes wrong


def test_an_error_that_the_first_run_had_not_is_looked_at_in_a_new_process(alone, children):
    """What was left behind all the same: nobody's mistake but ours."""
    left_behind = "import numpy as np\nnp.sctypeDict.pop('half')\n"
    assert sharing.may_share_a_process([cell(left_behind, "script")])
    first, second = endings(alone, left_behind, spec.AS_WRITTEN, AGAIN)
    assert children == [2]
    assert seen(second) == seen(first)
    assert not any(isinstance(item, Error) for item in second.observations)


def test_an_error_of_both_runs_is_believed(alone, children):
    first, second = endings(alone, "1 / 0\n", spec.AS_WRITTEN, AGAIN)
    assert children == [1]
    assert seen(second) == seen(first)
    assert any(isinstance(item, Error) for item in first.observations)


def test_a_second_run_that_does_not_end_has_its_time_in_a_new_process(alone, children):
    """How long the first one took is not held against it."""
    text = "import torch, time\nif torch.rand(1).item() != {}:\n    time.sleep(60)\n"
    (first,) = endings(alone, "import torch\nprint(torch.rand(1).item())\n", spec.AS_WRITTEN)
    drawn = next(item.text for item in first.observations if hasattr(item, "text")).strip()
    fresh = Case("fresh", fresh_seed=True)
    ended, late = endings(alone, text.format(drawn), spec.AS_WRITTEN, fresh, seconds=2)
    assert (ended.outcome, late.outcome) == (Outcome.FINISHED, Outcome.TIMED_OUT)
    assert children == [3]


def test_whoever_did_something_odd_has_a_new_process(alone, children):
    """Also if it was not known from the code."""
    plain = "import torch\nT = torch.Tensor\nT.sin = T.cos\n"
    assert sharing.may_share_a_process([cell(plain, "script")])
    first, second = endings(alone, plain, spec.AS_WRITTEN, AGAIN)
    assert any(isinstance(item, Act) for item in first.observations)
    assert children == [2]
    assert seen(second) == seen(first)


def test_a_child_ends_with_its_submission(alone, children):
    """The next submission finds none of its variables, and none of its files."""
    first, _ = endings(alone, "kept = 1.0\nimport torch\n", spec.AS_WRITTEN, AGAIN)
    (other,) = endings(alone, "kept\n", spec.AS_WRITTEN)
    assert children == [2]
    assert any(isinstance(item, Error) and item.type == "NameError" for item in other.observations)
    assert any(getattr(item, "name", "") == "kept" for item in first.observations)


def test_nobody_waits_for_a_run_that_nobody_asks_for(alone):
    job = {**blank_job(1024, 20), "units": [{"file": "a.py", "kind": "script", "label": "", "text": "x = 1\n"}]}
    alone.run(job, lambda: [])
    (lane,) = alone._lanes._free
    assert lane.child is not None
    alone.leave(list(job["units"]))
    assert lane.child is not None, "equal units are not the same"
    alone.leave(job["units"])
    assert lane.child is None
    assert alone.run(job, lambda: []).outcome is Outcome.FINISHED


def test_a_second_run_uses_the_lane_where_the_child_waits():
    """And another submission the lane without one."""
    lanes = sandbox.Lanes()
    busy, empty = Lane(None, None), Lane(None, None)
    busy.child = sandbox.Child(units := [], None, 0, frozenset())
    for lane in (busy, empty):
        lanes.give(lane)
    assert lanes.take({"units": units}) is busy
    lanes.give(busy)
    assert lanes.take({"units": []}) is empty


def test_values_of_a_second_run_are_told_anew(alone):
    """A value that was seen in the first run is seen in the second one as well."""
    runs = endings(alone, "import torch\nx = torch.arange(3.0)\n", spec.AS_WRITTEN, AGAIN)
    assert [[v.name for v in e.observations if isinstance(v, Value)] for e in runs] == [["x"], ["x"]]


def test_a_second_run_imports_nothing(alone, children, monkeypatch):
    """Putting settings back must not bring in torch's compiler, for example: that takes longer than all the rest."""
    monkeypatch.setattr(sharing, "may_share_a_process", lambda units: True)
    text = f"{SINE}\nimport sys\nprint(len(sys.modules))\n"
    first, second = endings(alone, text, spec.AS_WRITTEN, AGAIN)
    assert children == [1]
    assert seen(second) == seen(first)
