"""Something for each reader that fuzzers begin with: mostly right, for them to spoil."""

import json
import socket
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np

from autograder.wire import Writer
from tests.hostile import pack

ROOT = Path(__file__).resolve().parents[2]


def _book(version: int) -> bytes:
    code = {"cell_type": "code", "metadata": {}, "outputs": [], "source": ["x = 1\n", "y = 2"], "input": "x = 1"}
    cells = [code, {"cell_type": "markdown", "metadata": {}, "source": "# é"}]
    metadata = {"kernelspec": {"name": "python3", "language": "python"}}
    kept = {"worksheets": [{"cells": cells}]} if version == 3 else {"cells": cells}
    return json.dumps({"nbformat": version, "nbformat_minor": 0, "metadata": metadata, **kept}).encode()


def _frames(*records: Mapping[str, object]) -> bytes:
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            for record in records:
                Writer(theirs).send(dict(record))
        return b"".join(iter(lambda: ours.recv(1 << 16), b""))


_LEAF = {"ident": 1, "x": np.ones(2), "dtype": "float32", "before": None, "after": np.ones(2, "f4"), "is_leaf": True}
_PASS = {
    **{
        "kind": "pass",
        "order": 1,
        "where": "cell 1",
        "line": 1,
        "number": 0,
        "call": "backward",
        "within": "",
        "error": "",
    },
    **{"root": np.float64(1.0) * np.ones(()), "recorded": True, "weights": None, "ops": {"sin": 1}, "seed": None},
    **{"inner": [["sin", np.ones(2)]], "retain": False, "create": False, "repeat_of": -1, "rebuilt_of": -1, "graph": 0},
    "leaves": [{**_LEAF, "jacobian": np.ones((1, 2))}],
}
_CURVE = {"kind": "curve", "order": 2, "where": "cell 1", "line": 1, "x": np.arange(3.0), "y": np.arange(3.0)}
_CURVE |= {"figure": 1, "axes": 0, "label": "f"}
_TEXT = {"kind": "text", "order": 3, "where": "cell 2", "line": 1, "kind_of": "comment", "text": "# because"}
_MEMBERS = (("p/a.ipynb", _book(4)), ("b.py", b"x = 1\n"), ("c/", b""))

# What looks like a value of YAML and is none, or not one that an exercise has.
LITERALS = (
    *(
        "2020-13-45",
        "0x_",
        "0b_",
        ".inf",
        "-.inf",
        ".nan",
        "1_0",
        "1:60",
        "2020-01-01",
        "=",
        "~",
        "*x",
        "&x [*x]",
        "''",
    ),
    *("!!int x", '!!int ""', "!!float x", "!!bool x", "!!timestamp x", "!!set [a]", "!!set {a}", "!!omap [a: b]", "[]"),
    *(
        "!!binary x",
        "!!null x",
        "!!str {}",
        "!x y",
        "{}",
        "{? [a] : b}",
        "{<<: [a]}",
        '"\\ud800"',
        "9" * 30,
        "9" * 5000,
    ),
    *("0x" + "f" * 5000, "[" * 300, "{a: " * 300, "1e999", "-1", "true", "'('", "[ '(' ]", "[a{4294967296}]"),
)

SEEDS: Mapping[str, tuple[bytes, ...]] = MappingProxyType(
    {
        "notebook": (_book(4), _book(3)),
        "script": (b"# coding: latin-1\nx = '\xe9'\n", "x = '求导'\n".encode("gbk"), "x = 1\n".encode("utf-16")),
        "archive": (
            pack.zipped(*_MEMBERS, ("d.zip", pack.zipped(*_MEMBERS))),
            pack.tarred(*_MEMBERS, ("é" * 120, b"")),
            pack.gzipped(pack.tarred(*_MEMBERS)),
            pack.one_tar(pack.extended(b"13 path=x.py\n")),
        ),
        "wire": (
            _frames(_PASS, _CURVE),
            _frames(_TEXT, {"kind": "remark", "order": 1, "where": "", "line": 1, "text": "x"}),
        ),
        "yaml": (
            *(path.read_bytes() for path in sorted((ROOT / "exercises").glob("*.yaml"))),
            *(f"title: {literal}\n".encode() for literal in LITERALS),
        ),
        "gradescope": (
            b"submission_1:\n  :submitters:\n  - :name: Ada\n    :sid: 1\nsubmission_2: {submitters: [{name: [a]}]}\n",
            *(f"submission_1: {{:submitters: {literal}}}\n".encode() for literal in LITERALS),
        ),
        "sheet": (
            b'Name,Email\r\n"Lovelace, ""A""",a@u\n',
            "\ufeffNom;SID\nÉ;1\n".encode("utf-16-le"),
            b"SIS Login ID\tID\n1\t2",
        ),
    }
)
