"""The bytes of one file, read once and without trusting its name."""

import os
import stat
from pathlib import Path

MAX_MEGABYTES = 50
_MAX_BYTES = MAX_MEGABYTES * 1_000_000
# A FIFO would block a plain open for ever, and a link can be swapped in after the folder was listed.
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK | os.O_NOFOLLOW


class Unreadable(Exception):
    """A file that cannot be graded. The message reads well after the file's name: `is empty`."""


def read_bytes(path: Path) -> bytes:
    """All bytes of a regular file of at most 50 MB. Raises Unreadable."""
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError as error:
        raise Unreadable(f"cannot be opened: {why(error)}") from error
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        return _read_open(file.fileno())


def _read_open(descriptor: int) -> bytes:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise Unreadable("is no regular file")
    try:
        data = _at_most(descriptor, _MAX_BYTES + 1)
    except OSError as error:
        raise Unreadable(f"cannot be read: {why(error)}") from error
    if len(data) > _MAX_BYTES:
        raise Unreadable(f"is larger than {MAX_MEGABYTES} MB")
    return data


def _at_most(descriptor: int, count: int) -> bytes:
    """The first `count` bytes, also of a file that grows while it is read."""
    data = bytearray()
    while len(data) < count and (more := os.read(descriptor, min(count - len(data), 1 << 20))):
        data += more
    return bytes(data)


def why(error: OSError) -> str:
    """The system's reason in its own words, without the path."""
    return error.strerror or type(error).__name__
