"""Attacks that use up time, memory and output."""

from tests.hostile.program import AGAIN, LATE, SIGNAL, ended, endless, row

MEMORY = ("stopped with MemoryError", "stopped with RuntimeError", "stopped with _ArrayMemoryError")
ANY_END = ("finished", "died", "timed_out", "out_of_memory")

TIME = (
    endless("loop", "while True", "while True: pass", AGAIN),
    endless("sleep", "sleeps for ever", "import time\ntime.sleep(10**6)"),
    endless("deadlock", "waits for a lock that it holds",
            "import threading\nlock = threading.Lock()\nlock.acquire(); lock.acquire()"),
    row("input", "waits for the keyboard", "name = input('name? ')", "input() has nobody to ask"),
    row("stdin", "reads the keyboard itself", "import sys, os\nsys.stdin.read(); os.read(0, 10)", ()),
    endless("c_loop", "endless work in C", "import re\nre.match('(a+)+$', 'a' * 64 + 'b')"),
    endless("bigint", "a number with a trillion digits", "n = 9**9**9"),
    endless("evil_str", "an error whose words take for ever",
            "class Evil(Exception):\n    def __str__(self):\n        while True: pass\nraise Evil"),
    row("evil_str2", "an error whose words raise",
        "class Evil(Exception):\n    def __str__(self): raise KeyError\nraise Evil", "stopped with Evil"),
    endless("evil_hash", "a class whose comparison takes for ever, in the namespace",
            "import torch\nclass T(list):\n    def __len__(self):\n        while True: pass\nt = T([1.0])"),
    endless("slow_parse", "a source that takes long to parse", "eval('(' * 90 + 'x' + ')' * 90 + '+1' * 3000000)",
            (LATE, "stopped with"), outcome=ANY_END),
    row("quadratic_parse", "quotes that never close, line after line", "'''\n" + "f'{{' + \"\n" * 300, "is no Python and did not run",
        points={"sin_derivative": 10.0}),
    row("hash_collisions", "a dictionary of colliding keys",
        "keys = {i * (2**61 - 1): i for i in range(2000)}", silent=True),
)  # fmt: skip

MEMORIES = (
    row("mem_list", "a list that grows", "grown = [0]\nwhile True: grown += grown", (*MEMORY, LATE), outcome=ANY_END),
    row("mem_bytes", "eight gigabytes at once", "b = bytearray(8 << 30)", MEMORY),
    row("mem_torch", "a hundred gigabytes of zeros", "import torch\ntorch.zeros(25 * 10**9)", MEMORY),
    row("mem_numpy", "a hundred gigabytes of ones", "import numpy\nnumpy.ones(10**10)", MEMORY),
    row("mem_graph", "a graph without end",
        "import torch\ng = torch.ones(10**7, requires_grad=True)\nwhile True: g = g.sin()",
        (*MEMORY, LATE), outcome=ANY_END),
    row("mem_small", "so many small things that nothing is left for the observer",
        "hoard = []\nwhile True: hoard.append(bytes(100))", (), outcome=(*ANY_END, "grader_error")),
    row("mem_shared", "shared memory without a name",
        "import mmap\nkept = []\nwhile True: kept.append(mmap.mmap(-1, 2**28))",
        ("stopped with OSError", *MEMORY), outcome=ANY_END),
    row("mem_catch", "catches MemoryError for ever",
        "hoard = []\nwhile True:\n    try: hoard.append(bytearray(1 << 24))\n    except MemoryError: pass",
        LATE, outcome="timed_out"),
    row("recursion", "a function that calls itself", "def again(): return again()\nagain()",
        "stopped with RecursionError"),
    row("recursive_repr", "a value whose words call themselves",
        "class R:\n    def __repr__(self): return repr(self)\nprint(R())", "stopped with RecursionError"),
    row("c_stack", "the stack of C",
        "import sys\nsys.setrecursionlimit(10**9)\nclass A:\n    def __getattr__(self, n): return getattr(self, n + 'x')\n"
        "A().b", (*MEMORY, LATE, SIGNAL, "RecursionError"), outcome=ANY_END),
    row("compile_bomb", "an expression nested a million deep", "eval('-' * 10**6 + '1')",
        (*MEMORY, "stopped with RecursionError", "is no Python", "SyntaxError"), outcome=ANY_END),
    row("zlib_bomb", "unpacks a bomb",
        "import zlib\nbomb = zlib.compress(bytes(2**28), 1)\nkept = [zlib.decompress(bomb) for _ in range(40)]",
        (*MEMORY, LATE), outcome=ANY_END),
    row("huge_array", "an array that is too large to be sent, in the namespace",
        "import numpy\nhuge = numpy.zeros(3_000_000)", silent=True),
    row("huge_values", "a hundred arrays that are just small enough",
        "import numpy\nfor i in range(100): globals()[f'v{i}'] = numpy.random.rand(900_000)",
        (), outcome=ANY_END, points={}),
)  # fmt: skip

OUTPUT = (
    endless("out_flood", "prints without end", "while True: print('x' * 1000)"),
    endless("err_flood", "writes to descriptor 2 without end", "import os\nwhile True: os.write(2, b'y' * 65536)"),
    row("huge_trace", "a hundred megabytes of error text", "raise ValueError('x' * 10**8)", "stopped with ValueError"),
    row("figures", "a thousand open figures",
        "import warnings\nwarnings.simplefilter('ignore')\nfor _ in range(1000): plt.figure()",
        (), outcome=("finished", "timed_out")),
    row("big_plot", "a curve of ten million points", "import numpy\nplt.plot(numpy.zeros(10**7)); plt.show()", (),
        outcome=("finished", "timed_out")),
    row("many_curves", "three thousand curves in one figure",
        "for i in range(3000): plt.gca().add_line(plt.Line2D([0, 1], [i, i]))\nplt.show()", (),
        outcome=(*ANY_END, "grader_error"), points={}),
    row("many_passes", "three thousand passes",
        "import torch\nu = torch.ones(3, requires_grad=True)\nfor _ in range(3000): (u * u).sum().backward()", (),
        outcome=("finished", "timed_out")),
    row("many_names", "ten thousand names in the namespace",
        "globals().update({f'n{i}': float(i) for i in range(10000)})", silent=True),
    row("del_raises", "an object that raises when it is collected",
        "class D:\n    def __del__(self): raise RuntimeError('late')\nkept = D()\ndel kept", silent=True),
    ended("del_at_end", "an object that ends the process when the run ends",
          "import os\nclass Kept:\n    def __del__(self): os._exit(0)\nkept = Kept()", (), outcome="finished"),
    row("many_errors", "five hundred errors", "\n".join(["1 / 0"] * 500), "stopped with ZeroDivisionError",
        outcome=(*ANY_END, "grader_error")),  # see ch_blocking
)  # fmt: skip

RESOURCES = (*TIME, *MEMORIES, *OUTPUT)
