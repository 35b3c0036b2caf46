"""Attacks on the stream: bytes that the observer did not send.

Frames are sealed with a key that the child was given, so none of these is a frame; that what is sealed and odd is
refused as well is held by tests/test_wire.py, tests/test_evidence.py and the fuzzers.
"""

from tests.hostile.program import (
    AGAIN,
    ANYTHING,
    ENDED,
    LATE,
    NOTHING,
    SIGNAL,
    TYPED_IN,
    UNREADABLE,
    ended,
    endless,
    row,
)

# Well-formed frames on descriptor 3.
FRAMES = """
import json, os, struct
import numpy as np
def say(record, body=b''):
    header = json.dumps(record).encode()
    os.write(3, struct.pack('<II', len(header), len(body)) + header + body)
def say_array(values):
    values = np.ascontiguousarray(values)
    say({'$array': [values.dtype.str, list(values.shape)]}, values.tobytes())
"""


def garbled(id, what, attack, student=UNREADABLE, **rest):
    """What comes back is no frame: the piece that wrote it is left out of a second run."""
    return ended(id, what, FRAMES + attack, student, **{"instructor": UNREADABLE, **rest})


RUBBISH = (
    garbled("ch_garbage", "random bytes", "os.write(3, b'\\xff' * 64)"),
    endless("ch_slow", "one byte a moment", FRAMES + "import time\nos.write(3, struct.pack('<II', 10**5, 0))\nwhile True: os.write(3, b'\\0'); time.sleep(0.1)"),
    garbled("ch_4gb", "announces four gigabytes", "os.write(3, struct.pack('<II', 10, 2**32 - 1))"),
    garbled("ch_deep", "JSON that is nested 50,000 deep", "os.write(3, struct.pack('<II', 50000, 0) + b'[' * 50000)"),
    garbled("ch_nested", "a record that is nested deeper than ours",
            "say({'kind': 'remark', 'text': [[[[[[[[[[1]]]]]]]]]]})"),
    garbled("ch_bigint", "a shape of huge and negative numbers", "say({'$array': ['<f8', [-1, 10**30]]})"),
    garbled("ch_product", "a shape whose product overflows", "say({'$array': ['<f8', [2**22] * 16]})"),
    garbled("ch_object", "an array of objects, which would be unpickled", "say({'$array': ['|O', [1]]}, bytes(8))"),
    garbled("ch_dtype", "a dtype that is a structure", "say({'$array': [[['a', '<f8']], [1]]}, bytes(8))"),
    garbled("ch_short", "an array that is shorter than it says", "say({'$array': ['<f8', [4]]}, bytes(8))"),
    garbled("ch_reference", "a reference to an array that nobody sent",
            "say({'kind': 'curve', 'order': 1, 'where': '', 'x': {'$': 10**6}})"),
    garbled("ch_kind", "a record of no known kind", "say({'kind': 'score', 'points': 100})"),
    garbled("ch_list", "a header that is a list", "say([1, 2, 3])"),
    garbled("ch_number", "numbers beyond an int64", "say({'kind': 'entered', 'order': 2**70, 'where': '', 'number': 1})"),
    garbled("ch_nan", "NaN where a whole number should be",
            "say({'kind': 'entered', 'order': float('nan'), 'where': '', 'number': 1})"),
    garbled("ch_types", "a pass whose fields have other types",
            "say({'kind': 'pass', 'order': '1', 'where': 3, 'leaves': 'many'})"),
    garbled("ch_flood", "fills the stream for ever", "while True: os.write(3, bytes(65536))"),
    ended("ch_records", "two hundred thousand records", FRAMES + "one = struct.pack('<II', 60, 0) + json.dumps("
          "{'kind': 'remark', 'order': 1, 'where': '', 'text': ''}).encode().ljust(60)\n"
          "os.set_blocking(3, True)\nfor _ in range(300): os.write(3, one * 1000)", (UNREADABLE, LATE),
          outcome=("died", "timed_out")),
    row("ch_blocking", "looks whether the stream waits for its reader", "import os\nif not os.get_blocking(3): raise "
        "RuntimeError('a full stream loses what is sent')", silent=True),
    ended("ch_close", "closes the stream and sleeps", "import os, time\nos.close(3)\ntime.sleep(600)",
          (SIGNAL, ENDED, LATE), outcome=("died", "timed_out")),
    ended("ch_shutdown", "shuts the stream down and goes on",
          "import socket\nsocket.socket(1, 1, 0, fileno=3).shutdown(2)", (), outcome=("finished", "died", "timed_out")),
    ended("ch_dup", "puts another file in place of the stream", "import os\nos.dup2(os.open('/dev/null', os.O_RDWR), 3)",
          (ENDED, LATE, SIGNAL), outcome=("died", "timed_out"),
          read_only=ANYTHING, written_outcome=("finished", "died")),
    row("ch_read", "reads from the stream what the grader will say", "import os\nos.set_blocking(3, False)\n"
        "os.read(3, 100)", (), outcome=("finished", "died", "timed_out"), points={}),
)  # fmt: skip

FORGED = (
    ended("ch_end", "says that it is done, before it is",
          FRAMES + "if say({'kind': 'end', 'order': 1, 'where': ''}) is None: os._exit(0)", AGAIN),
    row("ch_forge", "says that its code is loaded, before it is",
        FRAMES + "say({'kind': 'ready', 'order': 1, 'where': '', 'functions': 0})", (),
        outcome=("finished", "died", "timed_out"), points={}),
    row("ch_ready_many", "asks for the hidden inputs a thousand times",
        FRAMES + "for _ in range(1000): say({'kind': 'ready'})", (), outcome=("finished", "died", "timed_out"), points={}),
    row("ch_peek", "asks for the hidden inputs early, and answers f by a table",
        FRAMES + "say({'kind': 'ready'})\ntable = os.read(3, 1 << 20)", (),
        before=TYPED_IN, after=NOTHING, outcome=("finished", "died", "timed_out")),
    garbled("ch_locked", "says once more that it stands behind its locks", "say({'kind': 'locked'})"),
    garbled("ch_unlocked", "says that it could not be set up, which would be our failure",
            "say({'kind': 'unlocked', 'text': 'Traceback'})"),
    ended("ch_blame", "blames another piece for its end",
          FRAMES + "if say({'kind': 'entered', 'order': 1, 'where': 'hw.py, line 4', 'number': 1}) is None: os._exit(0)",
          (ENDED, AGAIN), points={}),
    ended("ch_blame_none", "blames a piece that is not there",
          FRAMES + "if say({'kind': 'entered', 'order': 1, 'where': 'hw.py, line 999', 'number': 999}) is None: os._exit(0)",
          AGAIN),
    ended("ch_blame_call", "blames a call",
          FRAMES + "if say({'kind': 'entered', 'order': 1, 'where': '', 'number': -1}) is None: os._exit(0)", AGAIN),
    garbled("ch_fault", "says that our observer failed, which forgives everything",
            "say({'kind': 'fault', 'order': 1, 'where': '', 'text': 'Traceback\\nKeyError'})", before=TYPED_IN),
    garbled("ch_proof", "says that a lock does not hold",
            "say({'kind': 'proof', 'order': 1, 'where': '', 'name': 'read', 'failure': 'all'})"),
    garbled("ch_act", "accuses itself of terrible things, in escapes",
            "say({'kind': 'act', 'order': 1, 'where': 'x', 'text': '\\x1b[2Jterrible', 'replaced': True})"),
    garbled("ch_remark", "puts a remark of its own into its report",
            "say({'kind': 'remark', 'order': 1, 'where': 'hw.py', 'text': 'full points \\x1b[2J'})"),
    garbled("ch_shift", "sends an array, so that all numbers after it are off by one", "say_array(np.arange(3.0))"),
    row("ch_nan_curve", "curves of NaN and of int64's smallest",
        FRAMES + "def curve(values):\n    say_array(values)\n"
        "curve(np.full(50, np.nan))\ncurve(np.array([-2**63] * 4))", (), before=NOTHING, after=NOTHING,
        outcome=("finished", "died")),
)  # fmt: skip

# In one piece: a value that the observer sends in between would be a number as well.
FORGE = (
    FRAMES
    + """
def forge():
    grid = np.linspace(-3, 3, 50)
    say_array(grid); say_array(np.sin(grid)); say_array(np.cos(grid)); say_array(np.sin(grid).sum())
    for number in (1, 2):
        say({'kind': 'curve', 'order': 10 + number, 'where': 'hw.py', 'x': {'$': 0}, 'y': {'$': number}, 'figure': 0,
             'axes': 0, 'label': 'f'})
def forge_pass(number, repeat):
    leaf = {'ident': 1, 'x': {'$': 0}, 'dtype': 'float32', 'before': None, 'after': {'$': 2}, 'is_leaf': True,
            'jacobian': None}
    say({'kind': 'pass', 'order': 5 + number, 'where': 'hw.py', 'number': number, 'call': 'backward', 'within': '',
         'root': {'$': 3}, 'recorded': True, 'weights': None, 'ops': {'Sin': 1, 'Sum': 1}, 'inner': [['Sin', {'$': 0}]],
         'retain': False, 'create': False, 'repeat_of': repeat, 'rebuilt_of': -1, 'graph': -1, 'seed': None,
         'leaves': [leaf], 'error': ''})
"""
)

FROM_NOTHING = (
    ended("ch_curves", "curves that were never drawn", FORGE + "forge()", UNREADABLE, before=NOTHING, after=NOTHING),
    ended("ch_pass", "a pass that never ran, beside curves that were never drawn", FORGE + "forge(); forge_pass(0, -1)",
          UNREADABLE, before=NOTHING, after=NOTHING),
    ended("ch_second", "a second backward that never ran", FORGE + "forge(); forge_pass(0, -1); forge_pass(1, 0)",
          UNREADABLE, before=NOTHING, after=NOTHING),
)  # fmt: skip

CHANNEL = (*RUBBISH, *FORGED, *FROM_NOTHING)
