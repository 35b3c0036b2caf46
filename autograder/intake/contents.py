"""The bytes of one file, read once, bounded, and without trusting its name."""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from autograder.phrase import Phrase

MEGABYTE = 1_000_000
MAX_FILE_BYTES = 50 * MEGABYTE
MAX_ARCHIVE_BYTES = 200 * MEGABYTE  # one upload
MAX_UNPACKED_BYTES = 400 * MEGABYTE  # all that is read of one student's archives, and out of them
# A FIFO would block a plain open for ever, and a link can be swapped in after the folder was listed.
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK | os.O_NOFOLLOW

Read = Callable[[int], bytes]
"""The first so many bytes of something, all of it if there are fewer. Raises Unreadable."""


class Unreadable(Exception):
    """A file that cannot be graded. The reason reads well after the file's name: `is empty`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason  # a phrase, which str(error) would make a plain text


@dataclass(slots=True)
class Allowance:
    """How many bytes may still be unpacked for one student, so that a bomb ends after the last and one more."""

    left: int = MAX_UNPACKED_BYTES

    def read(self, read: Read, most: int) -> bytes:
        """All that `read` gives, which has to be `most` bytes or fewer. Raises Unreadable."""
        data = read(min(most, self.left) + 1)
        self.left = max(-1, self.left - len(data))
        if len(data) > most:
            raise Unreadable(_too_large(most))
        if self.left < 0:
            limit = MAX_UNPACKED_BYTES // MEGABYTE
            raise Unreadable(Phrase("was not unpacked: one submission may hold {limit} MB", limit=limit))
        return data


def read_whole(read: Read, most: int) -> bytes:
    """All that `read` gives, which has to be `most` bytes or fewer. Raises Unreadable."""
    return Allowance(most).read(read, most)


def _too_large(most: int) -> str:
    return Phrase("is larger than {limit} MB", limit=most // MEGABYTE)


def read_bytes(path: Path, count: int) -> bytes:
    """The first `count` bytes of a regular file. Raises Unreadable."""
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError as error:
        raise Unreadable(Phrase("cannot be opened: {why}", why=why(error))) from error
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        return _read_open(file.fileno(), count)


def _read_open(descriptor: int, count: int) -> bytes:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise Unreadable("is no regular file")
    try:
        return _at_most(descriptor, count)
    except OSError as error:
        raise Unreadable(Phrase("cannot be read: {why}", why=why(error))) from error


def _at_most(descriptor: int, count: int) -> bytes:
    """The first `count` bytes, also of a file that grows while it is read."""
    data = bytearray()
    while len(data) < count and (more := os.read(descriptor, min(count - len(data), 1 << 20))):
        data += more
    return bytes(data)


def why(error: OSError) -> str:
    """The system's reason in its own words, without the path."""
    return error.strerror or type(error).__name__
