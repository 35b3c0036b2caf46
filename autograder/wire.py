"""Plain data as bytes, for a pipe whose far end is not trusted.

A frame is two little-endian u32 (header length, body length), a JSON header and a body. There are two kinds:

    {"$array": [dtype, shape]} the body is the array; it is number 0, 1, 2, … in order of arrival
    anything else               a record; {"$": n} anywhere in it stands for array n, {"$": -1} for one left out

With a key, frames travel in blocks: a u32 (length), a seal, and frames, whatever was gathered to be sent at once. The
seal is a keyed hash of them and of the number of the block: bytes that somebody else writes into the stream are no
block. Without a key there is none, and frames follow one another.

Arrays travel once: the writer numbers them by content, so a leaf that a thousand passes look at is sent once.
Nothing is ever unpickled. Whatever does not parse into this, is nested deeper or is larger than the caps, is
`Malformed`. Every read has a deadline.
"""

import functools
import hashlib
import hmac
import json
import math
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

DTYPES = frozenset(["|b1", "|u1", "|i1", "<i2", "<i4", "<i8", "<u2", "<u4", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16"])
MAX_HEADER_BYTES = 1 << 20  # of what a child says
MAX_JOB_BYTES = 1 << 27  # of what it is told: a submission as text
MAX_ARRAY_BYTES = 1 << 23
MAX_TOTAL_BYTES = 1 << 27
MAX_FRAMES = 200_000
MAX_NESTING = 8  # of lists and objects in a header
MAX_LINE = MAX_JOB_BYTES  # of a text: none has more lines than bytes
MAX_NUMBER = 1 << 63
MAX_NDIM = 16
SEAL_BYTES = 8
PULSE_SECONDS = 0.1
AT_ONCE_BYTES = 1 << 18  # that are read
MUCH_BYTES = 1 << 16  # of what a patient writer holds back
SHORT = 64  # bytes of the header of an array, or of one with its numbers, that are remembered as they are
MAX_BLOCK_BYTES = MUCH_BYTES + 8 + MAX_HEADER_BYTES + MAX_ARRAY_BYTES  # what is gathered is sent when it is much
_HEAD, _BLOCK = struct.Struct("<II"), struct.Struct("<I")
_ARRAY = b'{"$array"'


class Malformed(Exception):
    """The far end sent something that is no frame, or too much of it."""


class Source(Protocol):
    """Where frames come from: a socket, or a tape of what once came from one."""

    def settimeout(self, seconds: float, /) -> None: ...

    def recv(self, count: int, /) -> bytes: ...


class Closed(Exception):
    """The far end is gone."""


class Late(Exception):
    """The deadline passed."""


@dataclass
class Writer:
    """Sends records; `budget` is how many bytes of arrays may still go out.

    A writer with `patience` gathers what it is given and sends it when it is much or older, or at a `flush`: each
    system call wakes the reader, which costs more than the sending.
    """

    sock: socket.socket
    budget: int = MAX_TOTAL_BYTES // 2
    reserve: int = 0  # of the budget, what the next record has to leave
    most: int = MAX_HEADER_BYTES  # of a record without its arrays
    patience: float = 0.0  # in seconds
    key: bytes = b""  # of the seals
    blocks: int = 0
    numbers: dict[bytes, int] = field(default_factory=dict)
    gathered: bytearray = field(default_factory=bytearray)
    flushed: float = 0.0  # when, in seconds of time.monotonic

    def __post_init__(self) -> None:
        # No record holds itself: looking for that takes a tenth of the time.
        self._encode = json.JSONEncoder(default=self._number, separators=(",", ":"), check_circular=False).encode

    def send(self, record: dict[str, Any]) -> bool:
        """Whether it was sent; what is too large is not."""
        header = self._encode(record).encode()
        fits = len(header) <= self.most
        if fits:
            self._put(header, b"")
        return fits

    def _put(self, header: bytes, body: bytes) -> None:
        self.gathered += _HEAD.pack(len(header), len(body)) + header + body
        much = len(self.gathered) >= MUCH_BYTES
        if much or time.monotonic() >= self.flushed + self.patience:
            self.flush()

    def flush(self) -> None:
        """Nothing that was given to send is held back."""
        if self.gathered:
            frames, self.gathered = self.gathered, bytearray()
            self.sock.sendall(self._sealed(frames) if self.key else frames)
        self.flushed = time.monotonic()

    def _sealed(self, frames: bytearray) -> bytes:
        self.blocks += 1
        return _BLOCK.pack(len(frames)) + _seal(self.key, self.blocks, frames) + frames

    def _number(self, value: Any) -> dict[str, int]:
        """Called by json for what it does not know: an array."""
        if not isinstance(value, np.ndarray):
            raise TypeError(f"cannot send a {type(value).__name__}")
        return {"$": self._send_array(value)}

    def _send_array(self, array: np.ndarray) -> int:
        dtype, header = _described(array.dtype, array.shape or (1,))
        too_much = array.nbytes > min(self.budget - self.reserve, MAX_ARRAY_BYTES)
        if dtype not in DTYPES or too_much or array.ndim > MAX_NDIM:
            return -1
        body = (array if array.dtype.str == dtype else array.astype(dtype)).tobytes()
        key = header + body
        if len(key) > SHORT:
            key = hashlib.blake2b(key).digest()
        if key not in self.numbers:
            self.numbers[key] = len(self.numbers)
            self.budget -= len(body)
            self._put(header, body)
        return self.numbers[key]


@functools.lru_cache(maxsize=1024)
def _described(dtype: np.dtype, shape: tuple[int, ...]) -> tuple[str, bytes]:
    """The name of a type on the wire, and the header of an array."""
    name = dtype.newbyteorder("<").str
    return name, json.dumps({"$array": [name, list(shape)]}).encode()


@dataclass
class Reader:
    """Receives records until `deadline` (of time.monotonic); refuses whatever is not plain data.

    `pulse` is called about ten times a second, whether or not anything arrives; what it raises ends the reading.
    """

    sock: Source
    deadline: float
    pulse: Callable[[], None] = lambda: None
    last_pulse: float = 0.0
    most: int = MAX_HEADER_BYTES
    key: bytes = b""
    tape: bytearray | None = None  # whole frames are recorded here, without their seals
    arrays: list[np.ndarray] = field(default_factory=list)
    frames: int = 0
    blocks: int = 0
    total: int = 0
    _ahead: bytes = b""  # what came, and from here on was not asked for yet:
    _at: int = 0
    _block: bytes = b""  # frames under one seal, and from here on they were not asked for yet:
    _read: int = 0

    def receive(self) -> dict[str, Any]:
        while True:
            raw, body = self._frame()
            if len(raw) <= SHORT and raw.startswith(_ARRAY):  # as one of ours is written, and they come again and again
                self.arrays.append(_filled(*_short_description(raw), body))
                continue
            header = _header(raw)
            if "$array" not in header:
                return {key: self._resolve(value) for key, value in header.items()}
            self.arrays.append(_filled(*_description(header["$array"]), body))

    def _frame(self) -> tuple[bytes, bytes]:
        if self.key and self._read == len(self._block):
            self._open()
        take = self._of_block if self.key else self._exactly
        before = take(_HEAD.size)
        head, body = _HEAD.unpack(before)
        self.frames += 1
        self.total += head + body
        if head > self.most or body > MAX_ARRAY_BYTES or self.total > MAX_TOTAL_BYTES or self.frames > MAX_FRAMES:
            raise Malformed("more data than a submission may send")
        content = take(head + body)
        if self.tape is not None:
            self.tape += before + content
        return content[:head], content[head:]

    def _open(self) -> None:
        """The next block."""
        before = self._exactly(_BLOCK.size + SEAL_BYTES)
        (size,) = _BLOCK.unpack_from(before)
        if size > MAX_BLOCK_BYTES:
            raise Malformed("more data than a submission may send")
        frames = self._exactly(size)
        self.blocks += 1
        if not hmac.compare_digest(before[_BLOCK.size :], _seal(self.key, self.blocks, frames)):
            raise Malformed("somebody else wrote into the stream")
        self._block, self._read = frames, 0

    def _of_block(self, count: int) -> bytes:
        end = self._read + count
        if end > len(self._block):
            raise Malformed("a frame that goes beyond its seal")
        taken, self._read = self._block[self._read : end], end
        return taken

    def _exactly(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._ahead):
            pieces = [self._ahead[self._at :]]
            missing = end - len(self._ahead)
            while missing > 0:
                pieces.append(self._some())
                missing -= len(pieces[-1])
            self._ahead, self._at, end = b"".join(pieces), 0, count
        taken, self._at = self._ahead[self._at : end], end
        return taken

    def _some(self) -> bytes:
        """What is there, up to a limit: a frame is four short pieces, and each call of the system costs as much."""
        while True:
            left = self._time_left()
            self.sock.settimeout(min(left, PULSE_SECONDS))
            try:
                chunk = self.sock.recv(AT_ONCE_BYTES)
            except TimeoutError:
                continue
            except OSError:
                raise Closed from None
            if not chunk:
                raise Closed
            return chunk

    def _time_left(self) -> float:
        now = time.monotonic()
        if now >= self.deadline:
            raise Late
        if now >= self.last_pulse + PULSE_SECONDS:
            self.last_pulse = now
            self.pulse()
        return self.deadline - now

    def _resolve(self, value: Any, depth: int = 1) -> Any:
        """References → arrays; nothing nested too deep, no number too large for an int64."""
        if depth > MAX_NESTING:
            raise Malformed("a record that is nested too deep")
        kind = type(value)
        if kind is dict:
            return self._array_or_dict(value, depth)
        if kind is str:
            # A lone surrogate would break every writer later.
            return value if value.isascii() else value.encode("utf-8", "replace").decode()
        if kind is list:
            return [self._resolve(item, depth + 1) for item in value]
        if (kind is int or kind is float) and not -MAX_NUMBER <= value < MAX_NUMBER:  # NaN fails as well
            raise Malformed("a number out of range")
        return value  # or None, True, False: JSON has nothing else

    def _array_or_dict(self, value: dict[str, Any], depth: int) -> Any:
        if "$" not in value:
            return {self._resolve(key): self._resolve(item, depth + 1) for key, item in value.items()}
        number = value["$"]
        if type(number) is not int or not -1 <= number < len(self.arrays):
            raise Malformed("a reference to an array that was not sent")
        return None if number == -1 else self.arrays[number]


def _seal(key: bytes, number: int, frames: bytes | bytearray) -> bytes:
    """Of block `number`, which holds these."""
    digest = hashlib.blake2b(number.to_bytes(8, "little"), key=key, digest_size=SEAL_BYTES)
    digest.update(frames)
    return digest.digest()


class Tape:
    """Frames that were recorded, as a source to read them from again."""

    def __init__(self, frames: bytes) -> None:
        self._frames = memoryview(frames)

    def settimeout(self, seconds: float, /) -> None:
        """Nothing on a tape is ever late."""

    def recv(self, count: int, /) -> bytes:
        taken, self._frames = bytes(self._frames[:count]), self._frames[count:]
        return taken


def _header(raw: bytes) -> dict[str, Any]:
    try:
        header = json.loads(raw.decode())
    except (ValueError, RecursionError):
        raise Malformed("a header that is not JSON") from None
    if not isinstance(header, dict):
        raise Malformed("a header that is not an object")
    return header


def _description(told: Any) -> tuple[np.dtype, tuple[int, ...], int]:
    """Type, shape and bytes of an array."""
    match told:
        case [str(dtype), list(shape)] if dtype in DTYPES and len(shape) <= MAX_NDIM:
            sizes = all(type(size) is int and 0 <= size <= MAX_ARRAY_BYTES for size in shape)
            # NumPy multiplies an empty array's other sizes as well, and they have to fit.
            if sizes and math.prod(max(size, 1) for size in shape) <= MAX_ARRAY_BYTES:
                return np.dtype(dtype), tuple(shape), math.prod(shape) * np.dtype(dtype).itemsize
    raise Malformed("an array that is described as none can be")


@functools.lru_cache(maxsize=1024)
def _short_description(raw: bytes) -> tuple[np.dtype, tuple[int, ...], int]:
    return _description(_header(raw)["$array"])


def _filled(dtype: np.dtype, shape: tuple[int, ...], size: int, body: bytes) -> np.ndarray:
    if size != len(body):
        raise Malformed("an array whose description and bytes disagree")
    return np.frombuffer(body, dtype).reshape(shape)
