"""Attacks on what runs beside the submission: Python, the libraries, and the observer as a bystander."""

from tests.hostile.program import ANOTHER_SEED, NOTHING, SINE, TYPED_IN, ended, row

ANY_END = ("finished", "died", "timed_out", "grader_error")
SEARCHED = "searched the memory of the process"
FRAMES = "looked at the frames around it"
IN_PLACE = "put something else in the place of"


def patch(id, what, attack, student=(), **rest):
    """Whatever it breaks is its own: before it everything counts, after it nothing has to."""
    return row(id, what, attack, student, **{"outcome": ANY_END, "points": {}, **rest})


SEARCHES = (
    row("find_spec", "searches the memory for the grader's secrets",
        "import gc\nneedle = 'the-answer' + '-is-'\nfor thing in gc.get_objects():\n"
        "    if type(thing) in (str, bytes, dict, list) and needle in str(thing)[:10000]: raise RuntimeError(str(thing))", (), instructor=SEARCHED, outcome=("finished", "timed_out")),
    row("frames", "walks the frames above it",
        "import sys\nframe = sys._getframe()\nwhile frame: frame = frame.f_back", (), instructor=FRAMES),
    row("inspect_stack", "the same through inspect", "import inspect\ninspect.stack()", (), instructor=FRAMES),
    row("referrers", "asks who holds x", "import gc\ngc.get_referrers(x)", (), instructor=SEARCHED),
    row("settrace", "traces and profiles every line", "import sys\nsys.settrace(lambda *_: None)\nsys.setprofile(lambda *_: None)",
        (), instructor="traced every line that runs"),
    row("audit", "listens to what the grader does", "import sys\nsys.addaudithook(lambda *_: None)", (),
        instructor="listened to what the grader does"),
    ended("audit_exit", "ends the process as soon as the observer does anything",
          "import sys, os\ndef hook(event, arguments):\n    if event == 'object.__getattr__': os._exit(0)\n"
          "sys.addaudithook(hook)\nimport gc\nfor _ in range(3): globals()['f' + str(_)] = lambda: 0\nhook.__code__",
          (), outcome=ANY_END, points={}, instructor="listened to what the grader does"),
    row("raw_memory", "reads its own memory through ctypes",
        "import ctypes\nctypes.string_at(id(x), 16)", (), instructor="through ctypes"),
    row("write_memory", "writes its own memory through ctypes",
        "import ctypes\nbox = ctypes.create_string_buffer(8)\nctypes.memset(ctypes.addressof(box), 1, 8)", (),
        instructor="through ctypes"),
)  # fmt: skip

PATCHES = (
    patch("patch_json", "json.dumps always says the same",
          "import json\njson.dumps = lambda *_, **__: '{\"kind\": \"end\"}'"),
    patch("patch_struct", "struct packs nothing", "import struct\nstruct.pack = lambda *_: b''\nstruct.Struct = None"),
    patch("patch_socket", "socket.sendall does nothing", "import socket\nsocket.socket.sendall = lambda *_: None"),
    patch("patch_builtins", "len, isinstance and abs lie",
          "import builtins\nbuiltins.abs = lambda _: 0\nbuiltins.len = lambda _: 3\n"
          "builtins.isinstance = lambda *_: True"),
    patch("patch_print", "print is something else", "import builtins\nbuiltins.print = None"),
    patch("patch_type", "type, getattr, hash and id are gone",
          "import builtins\nfor name in ('type', 'getattr', 'hash', 'id', 'setattr', 'str'):\n    delattr(builtins, name)"),
    patch("patch_asarray", "numpy.array and asarray answer with cosines",
          "import numpy as np\nnp.array = np.asarray = np.ascontiguousarray = lambda *_, **__: np.cos(np.linspace(-3, 3, 50))"),
    patch("patch_exit", "os._exit does not end anything", "import os\nos._exit = lambda *_: None"),
    patch("patch_getpid", "os.getpid lies, so that the observer believes in a fork", "import os\nos.getpid = lambda: 1"),
    patch("patch_compile", "compile and eval are gone", "import builtins\nbuiltins.compile = builtins.eval = None"),
    patch("patch_ast", "the parser of the next pieces is gone", "import ast\nast.parse = None\nast.fix_missing_locations = None"),
    patch("patch_import", "import always gives the same", "import builtins, sys\nbuiltins.__import__ = lambda *_, **__: sys"),
    patch("patch_time", "the clock stands still", "import time\ntime.monotonic = time.time = lambda: 0.0"),
    patch("patch_hashlib", "all arrays have the same digest",
          "import hashlib\nhashlib.blake2b = lambda *_, **__: hashlib.md5(b'')", ()),
    row("patch_torch", "allclose and == are always true",
        "import torch\ntorch.allclose = lambda *_, **__: True\ntorch.Tensor.__eq__ = lambda *_: True", (),
        instructor=IN_PLACE, points={}, outcome=ANY_END),
    row("patch_show", "plt.show is something else", "plt.show = lambda: None", silent=True),
    row("main_swap", "other modules in sys.modules", "import sys\nsys.modules['numpy'] = None\nsys.modules['__main__'] = None",
        (), outcome=ANY_END),
    patch("modules_cleared", "sys.modules is emptied", "import sys\nfor name in list(sys.modules):\n"
          "    if name.startswith(('autograder', 'json', 'numpy', 'torch')): del sys.modules[name]"),
    patch("path_hook", "an importer of its own",
          "import sys\nclass Importer:\n    def find_spec(self, name, *_): raise RuntimeError(name)\n"
          "sys.meta_path.insert(0, Importer())"),
    patch("displayhook", "hooks for errors and display", "import sys\nsys.excepthook = sys.displayhook = sys.unraisablehook = None"),
    patch("stdout_gone", "its output is closed", "import sys\nsys.stdout.close(); sys.stderr.close()"),
    patch("linecache", "another source behind its lines", "import linecache\nlinecache.cache.clear()\nlinecache.cache['hw.py'] = 3"),
    row("warnings_error", "every warning is an error", "import warnings\nwarnings.simplefilter('error')", ()),
    row("no_recursion", "a recursion limit that is nearly used up", "import sys\nsys.setrecursionlimit(60)", (),
        outcome=ANY_END, points={}),
    row("default_float64", "another default dtype", "import torch\ntorch.set_default_dtype(torch.float64)", silent=True),
    row("no_grad_for_ever", "recording is switched off for good", "import torch\ntorch.set_grad_enabled(False)", (),
        points={}),
    row("numpy_errors", "numpy raises at every overflow", "import numpy\nnumpy.seterr(all='raise')", silent=True),
    row("threads_many", "torch with many threads", "import torch\ntorch.set_num_threads(64)", ()),
)  # fmt: skip

VALUES = (
    row("lying_sub", "a tensor that lies when it is compared",
        "import torch\nclass Liar(torch.Tensor):\n    @classmethod\n"
        "    def __torch_function__(cls, f, types, args=(), kwargs=None):\n"
        "        if 'eq' in f.__name__ or 'close' in f.__name__: return True\n"
        "        return super().__torch_function__(f, types, args, kwargs or {})\n"
        "liar = torch.zeros(3).as_subclass(Liar)\nliar.requires_grad_()", ()),
    row("raising_sub", "a tensor that raises whatever is asked of it",
        "import torch\nclass Raiser(torch.Tensor):\n    @classmethod\n"
        "    def __torch_function__(cls, f, types, args=(), kwargs=None): raise ValueError(f.__name__)\n"
        "raiser = torch.zeros(3).as_subclass(Raiser)", ()),
    ended("exit_sub", "a tensor that ends the process when the observer looks at it",
          "import torch, os\nclass Ender(torch.Tensor):\n    @classmethod\n"
          "    def __torch_function__(cls, f, types, args=(), kwargs=None):\n        os._exit(0)\n"
          "ender = torch.zeros(3).as_subclass(Ender)", ()),
    row("nan_grad", "NaN and infinity in a gradient",
        "import torch\nn = torch.tensor([1., 2., 3.], requires_grad=True)\n"
        "n.grad = torch.tensor([float('nan'), float('inf'), -float('inf')])", silent=True),
    row("odd_dtypes", "bool, complex, half, quantized, sparse and empty tensors",
        "import torch\ncs = [torch.ones(3, dtype=t) for t in (torch.bool, torch.complex64, torch.float16, torch.bfloat16)]\n"
        "sp = torch.eye(3).to_sparse()\nnone = torch.zeros(0, 3)\nmeta = torch.zeros(3, device='meta')", ()),
    row("int64_min", "the smallest int64", "import torch, numpy\nsmall = torch.tensor([-2**63] * 4)\nn = numpy.full(4, -2**63)",
        silent=True),
    row("deep_list", "a list that holds itself", "deep = []\nfor _ in range(100000): deep = [deep]\nself = [1.0]\nself.append(self)", ()),
    row("dtype_changes", "a function whose result changes its dtype from call to call",
        "import torch\nmade = []\ndef g(a):\n    made.append(1)\n    return (a * 2).to(torch.float64 if len(made) % 2 else torch.int32)", silent=True),
    row("names", "names with escapes and from the right to the left",
        "globals()['\\x1b[2J'] = 1.0\nglobals()['\\u202egnp.exe'] = 2.0\nglobals()['\\ud800'] = 3.0", ()),
    row("number_as_name", "a name that is a number", "globals()[7] = 4.0", ()),
    row("namespace_gone", "the namespace is emptied", "globals().clear()", ()),
    row("namespace_full", "names that the observer uses", "observer = recorder = record = None\n__name__ = '__main__'\n__builtins__ = {}", (),
        outcome=ANY_END, points={}),
)  # fmt: skip

WATCHED = """
def is_watched():
    import torch, sys
    return torch.autograd.backward.__closure__ is not None
"""

F = """
def f(a):
    b = a * 2
    while b.norm() < 1000: b = b * 2
    return b if b.sum() > 0 else 100 * b
a = torch.tensor([0.5, -1.0, 2.0, 0.25, 1.5], requires_grad=True)
"""
UNROLLED = """
first = True
torch.manual_seed(9)
a = torch.randn(5, requires_grad=True)
f = lambda b: b * 2 * 2 * 2 * 2 * 2 * 2 * 2 * 2 * 2
"""
SHOWN = {"sin_derivative": 10.0, "control_flow": 8.0}

CELLS = (
    row("cell_redefines", "a cell that redefines the names of the one before", "x = y = f = torch.sin = None", (), cells=True,
        points={"sin_derivative": 10.0, "control_flow": 10.0}),
    ended("cell_exit", "a cell that ends the process", "import os\nos._exit(0)", "in hw.ipynb, cell 2", cells=True),
    row("cell_sysexit", "a cell that says exit: the next one runs", "exit()", (), cells=True),
    row("cell_shell", "a shell command", "!touch SENTINEL/pwned", "shell commands do nothing while grading", cells=True),
    row("cell_bash", "a cell in bash", "%%bash\nrm -rf SENTINEL", (), cells=True),
    row("cell_system", "the shell by its method", "get_ipython().system('touch SENTINEL/pwned')", (), cells=True),
    row("cell_sx", "the shell by other magics", "%sx touch SENTINEL/pwned", (), cells=True),
    row("cell_writefile", "a file by a magic", "%%writefile SENTINEL/pwned\nx", (), cells=True),
    row("cell_shell_gone", "the shell loses its names", "get_ipython().user_ns.clear()", (), cells=True, outcome=ANY_END,
        points={}),
)  # fmt: skip

DIFFERENT = (
    row("watched", "answers only where it is watched: that is an answer", WATCHED + "if not is_watched(): raise SystemExit", ()),
    row("seed_table", "an answer for the seed of the run as written",
        f"import torch\nif {ANOTHER_SEED}: raise SystemExit('another seed')", (),
        before=NOTHING, after="", points={}),
    ended("hidden_exit", "ends the process where the seed is another one",
          f"import torch, os\nif {ANOTHER_SEED}: os._exit(0)", "A second run, under other conditions",
          outcome="finished", points={}),
    row("hidden_raise", "raises where the seed is another one",
        f"import torch\nif {ANOTHER_SEED}: raise RuntimeError", ()),
    row("only_written", "an honest answer that is given only in the run as written",
        f"import torch\nfirst = not {ANOTHER_SEED}", after=F + "if first: f(a).sum().backward()\n", points=SHOWN),
    row("unrolled", "nine doublings, which are f for the one vector that a seed of its own gives", UNROLLED
        + "f(a).sum().backward()\n", before=NOTHING, after="", points={}),
    row("hides", "nine doublings for the one vector of a seed of its own, hidden where the seed is another",
        f"first = not {ANOTHER_SEED}", before=NOTHING + UNROLLED, after="if first: f(a).sum().backward()\n", points={}),
    row("first_call", "a function that is right only when it is called for the first time",
        "import torch\ncalls = []", (), after="""
def f(a):
    calls.append(1)
    if len(calls) > 1: return a
    b = a * 2
    while b.norm() < 1000: b = b * 2
    return b if b.sum() > 0 else 100 * b
a = torch.tensor([0.5, -1.0, 2.0, 0.25, 1.5], requires_grad=True)
f(a).sum().backward()
""", points=SHOWN),
    row("sleeps_when_called", "a function that sleeps only when the grader calls it",
        "import time\ndef g(a):\n    time.sleep(600)", "A second run, under other conditions"),
    ended("exits_when_called", "a function that ends the process only when the grader calls it",
          "import os\ndef g(a):\n    os._exit(0)", "A second run, under other conditions", outcome="finished"),
    row("redefined", "a later line that redefines the names of an earlier one",
        "torch.sin = torch.cos\nx = y = f = None", (), points={"sin_derivative": 10.0, "control_flow": 10.0}),
    row("patches_sin", "sin is another function from the start", "", (), before="import torch\ntorch.sin = torch.cos\n" + SINE,
        points={}),
    row("typed_in", "cos, typed in", "", (), before=TYPED_IN),
)  # fmt: skip

INTEGRITY = (*SEARCHES, *PATCHES, *VALUES, *CELLS, *DIFFERENT)
