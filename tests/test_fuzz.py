"""Whatever bytes come in, only our own errors come out. `benchmarks/fuzz.py` looks longer, and guided by coverage."""

import json
import tarfile

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hostile import pack
from tests.hostile.readers import READERS
from tests.hostile.seeds import LITERALS, SEEDS

BUDGET = settings(max_examples=200, deadline=None)
EDIT = st.tuples(st.floats(0, 1), st.integers(0, 20), st.binary(max_size=20))  # where, how many go, what comes


@st.composite
def spoilt(draw, name):
    """A right input for the reader with some of its bytes gone, others put in, or cut off."""
    data = draw(st.sampled_from(SEEDS[name]))
    for place, gone, come in draw(st.lists(EDIT, min_size=1, max_size=5)):
        at = int(place * len(data))
        data = data[:at] + come + data[at + gone :]
    return data[: draw(st.sampled_from([None, None, None, len(data) // 2, -1]))]


@pytest.mark.parametrize("name", READERS)
def test_what_the_fuzzers_begin_with(name):
    for seed in SEEDS[name]:
        READERS[name](seed)


@pytest.mark.parametrize("name", READERS)
@BUDGET
@given(data=st.data())
def test_any_bytes(name, data):
    READERS[name](data.draw(st.binary(max_size=2000)))


@pytest.mark.parametrize("name", READERS)
@BUDGET
@given(data=st.data())
def test_what_was_right_once(name, data):
    READERS[name](data.draw(spoilt(name)))


# --- archives


PIECES = st.sampled_from(["..", ".", "", "a", "b.py", "c.ipynb", "d.zip", "C:", "\\", ".git", "__pycache__", "\0"])
PATHS = st.lists(PIECES | st.text(max_size=8), min_size=1, max_size=6).map("/".join).filter(bool)
CONTENTS = st.sampled_from([b"", b"x = 1\n", SEEDS["notebook"][0], *SEEDS["archive"]]) | st.binary(max_size=50)
MEMBERS = st.lists(st.tuples(PATHS, CONTENTS), max_size=6)
BITS = st.integers(0, 15).map(lambda n: 1 << n) | st.just(0)


@BUDGET
@given(MEMBERS, st.integers(0, 0xFFFF), BITS)
def test_zips_of_odd_members(members, mode, flags):
    READERS["archive"](pack.zipped(*members, mode=mode, flags=flags))


KINDS = st.sampled_from([bytes([n]) for n in b"01234567gxLKS\0"])
FORMATS = st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])


@BUDGET
@given(MEMBERS, KINDS, FORMATS)
def test_tars_of_odd_members(members, kind, form):
    READERS["archive"](pack.tarred(*members, type=kind, form=form))


@BUDGET
@given(st.lists(st.tuples(st.integers(0, 99), st.binary(max_size=30)), max_size=5), st.integers(-(1 << 60), 1 << 60))
def test_tars_with_odd_headers(records, size):
    body = b"".join(b"%d %s\n" % record for record in records)
    READERS["archive"](pack.one_tar(pack.extended(body), size=size))


# --- the wire


PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
JSON = st.recursive(
    PLAIN | st.builds(lambda n: {"$": n}, st.integers(-2, 2)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
DTYPES = st.sampled_from(["<f8", "|b1", "<c16", "|O8", "<U1", ">f8"]) | st.text(max_size=3)
ARRAYS = st.builds(lambda dtype, shape: {"$array": [dtype, shape]}, DTYPES, st.lists(st.integers(-1, 3), max_size=3))
FIELDS = sorted({key for frame in SEEDS["wire"] for key in frame.decode("latin-1").split('"')[1::2] if key.isalpha()})
RECORDS = st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=20)


@pytest.mark.parametrize("header", [
    b'{"a":' + b"[" * 600 + b"]" * 600 + b"}",
    b'{"a":' * 500 + b"1" + b"}" * 500,
    b'{"$array": ["<f8", [0, 8388608, 8388608, 8388608]]}',
    b'{"$array": ["<f8", [8388608, 8388608, 8388608, 0]]}',
])  # fmt: skip
def test_frames_that_the_wire_tripped_over(header):
    READERS["wire"](pack.frame(header))


@BUDGET
@given(st.lists(st.tuples(ARRAYS | RECORDS | JSON, st.sampled_from([0, 1, 8, 16, 24])), max_size=5))
def test_frames_of_odd_records(frames):
    raw = [(json.dumps(header).encode(), bytes(size)) for header, size in frames]
    READERS["wire"](b"".join(pack.frame(header, body) for header, body in raw))


# --- exercises


KEYS = (
    "title criteria cases limits mentions statement feedback points tolerance rtol atol swap seed hidden calls "
    "uniform shape map seconds memory_mib matrix attempted fresh explanation"
).split()
REAL = [text for text in SEEDS["yaml"] if b"criteria" in text]
PLACES = [(text, at + 2) for text in REAL for at in range(len(text)) if text[at : at + 2] in (b": ", b"- ", b"[ ")]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates()
TREES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)
        | st.dictionaries(SCALARS, inner, max_size=2)
    ),
    max_leaves=10,
)


@st.composite
def exercises(draw):
    """A real exercise in which something else stands at one or two places."""
    tree = yaml.safe_load(draw(st.sampled_from(REAL)))
    for _ in range(draw(st.integers(1, 2))):
        here = tree
        while True:
            key = draw(st.sampled_from(list(here) if isinstance(here, dict) else range(len(here))))
            if not isinstance(here[key], dict | list) or not here[key] or draw(st.booleans()):
                break
            here = here[key]
        here[key] = draw(TREES)
    return tree


@BUDGET
@given(exercises() | TREES)
def test_exercises_with_odd_values(tree):
    READERS["yaml"](yaml.safe_dump(tree, allow_unicode=True).encode())


@BUDGET
@given(st.sampled_from(PLACES), st.sampled_from(LITERALS))
def test_exercises_with_odd_literals(place, literal):
    text, at = place
    READERS["yaml"](text[:at] + literal.encode() + b" #" + text[at:])


@BUDGET
@given(st.text(max_size=100) | st.text("[]{}&*!|>:-? \n\t'\"#%@`abc01._", max_size=60))
def test_any_text_as_an_exercise(text):
    READERS["yaml"](text.encode("utf-8", "replace"))
