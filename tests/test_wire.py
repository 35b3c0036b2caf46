"""The wire carries plain data and refuses everything else."""

import json
import socket
import struct
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.wire import MAX_ARRAY_BYTES, MAX_BLOCK_BYTES, Closed, Late, Malformed, Reader, Writer, _seal

KEY = bytes(range(32))


@pytest.fixture
def pipe():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield theirs, Reader(ours, time.monotonic() + 5)


def frame(header, body=b""):
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<II", len(raw), len(body)) + raw + body


@given(
    hnp.arrays(
        st.sampled_from([np.float32, np.float64, np.int64, np.bool_, np.complex64, np.float16]),
        hnp.array_shapes(min_dims=0, min_side=0),
    )
)
def test_arrays_arrive_as_they_were(array):
    """Any shape, also empty or of no dimension, and any plain dtype."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        Writer(theirs).send({"x": [array]})
        (got,) = Reader(ours, time.monotonic() + 5).receive()["x"]
    assert got.dtype == array.dtype
    assert got.shape == (array.shape or (1,)) or got.shape == array.shape
    np.testing.assert_array_equal(got.ravel(), array.ravel())


def test_an_array_travels_once(pipe):
    """Equal content is sent once and referred to."""
    sock, reader = pipe
    writer = Writer(sock)
    for _ in range(3):
        writer.send({"x": np.arange(1000.0)})
        reader.receive()
    assert len(reader.arrays) == 1


def test_what_does_not_fit_is_left_out(pipe):
    """Objects and arrays over the budget become None; the record itself arrives."""
    sock, reader = pipe
    Writer(sock, budget=100).send({"big": np.zeros(1000), "odd": np.array(["text"]), "small": np.zeros(2)})
    record = reader.receive()
    assert record["big"] is None
    assert record["odd"] is None
    assert record["small"].tolist() == [0.0, 0.0]


def test_lone_surrogates_are_cleaned(pipe):
    """They would break every file that we write later."""
    sock, reader = pipe
    sock.sendall(frame(b'{"text": "a\\ud800b"}'))
    assert reader.receive()["text"] == "a?b"


@pytest.mark.parametrize(
    "data",
    [
        frame(b"no json"),
        frame([1, 2]),
        frame(b"[" * 100_000),
        frame({"$array": ["|O8", [1]]}, b"12345678"),
        frame({"$array": ["<f8", [2]]}, b"12345678"),
        frame({"$array": ["<f8", [-1]]}, b""),
        frame({"$array": ["<f8", [1.5]]}, b"12345678"),
        frame({"$array": ["<f8", [1] * 40]}, b"12345678"),
        frame({"$array": "<f8"}, b"12345678"),
        frame({"x": {"$": 7}}),
        frame({"x": {"$": True}}),
        frame({"x": {"$": "0"}}),
        struct.pack("<II", 10, MAX_ARRAY_BYTES + 1),
        struct.pack("<II", 2**32 - 1, 0),
    ],
)
def test_junk_is_malformed(pipe, data):
    """Whatever is no frame of plain data is refused, and nothing is allocated for it."""
    sock, reader = pipe
    sock.sendall(data)
    with pytest.raises(Malformed):
        reader.receive()


def test_what_is_gathered_travels_under_one_seal(pipe):
    """And is read record by record."""
    sock, reader = pipe
    reader.key, writer = KEY, Writer(sock, patience=60, key=KEY, flushed=time.monotonic())
    for number in range(3):
        writer.send({"number": number, "x": np.arange(float(number))})
    writer.flush()
    assert [reader.receive()["number"] for _ in range(3)] == [0, 1, 2]
    assert writer.blocks == reader.blocks == 1
    writer.send({"number": 3})
    writer.flush()
    assert reader.receive()["number"] == 3


def block(frames, number=1, key=KEY):
    return struct.pack("<I", len(frames)) + _seal(key, number, frames) + frames


@pytest.mark.parametrize(
    "data",
    [
        block(frame({"x": 1}), number=2),
        block(frame({"x": 1}), key=bytes(32)),
        block(frame({"x": 1}))[:-1] + b"]",
        block(frame({"x": 1})[:-1]),
        block(frame({"x": 1})[:5]),
        block(b""),
        struct.pack("<I", MAX_BLOCK_BYTES + 1) + bytes(8),
        frame({"x": 1}) + bytes(1 << 12),
    ],
    ids=["again", "another key", "changed", "cut short", "half a head", "nothing", "too large", "no seal"],
)
def test_what_is_not_sealed_is_malformed(pipe, data):
    """Also a frame that is whole, and one that goes beyond its seal."""
    sock, reader = pipe
    reader.key = KEY
    sock.sendall(data)
    with pytest.raises(Malformed):
        reader.receive()


def test_a_flood_of_frames_ends(pipe):
    """The number of bytes that one child may send is bounded."""
    sock, reader = pipe
    reader.total = 1 << 27
    sock.sendall(frame({"x": 1}))
    with pytest.raises(Malformed):
        reader.receive()


def test_silence_is_late_and_an_end_is_closed():
    """Every read has a deadline."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        with pytest.raises(Late):
            Reader(ours, time.monotonic() + 0.05).receive()
        theirs.close()
        with pytest.raises(Closed):
            Reader(ours, time.monotonic() + 1).receive()
