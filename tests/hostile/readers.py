"""The readers of bytes that nobody vouches for, each as a function that raises nothing.

What comes out of them is theirs to refuse; what else they raise is a bug, and the fuzzers look for it.
"""

import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path, PurePath
from types import MappingProxyType

from autograder import evidence, spec
from autograder.intake.contents import Unreadable
from autograder.intake.entries import Entry
from autograder.intake.layout import layout
from autograder.intake.layouts import recognised
from autograder.intake.notebook import read_notebook
from autograder.intake.roster import joined
from autograder.intake.script import read_script
from autograder.intake.text import Text
from autograder.intake.work import work_of
from autograder.model import Submission, Unit
from autograder.sheet import SheetError, read
from autograder.wire import Closed, Late, Malformed, Reader

_MAX_FRAMES_BYTES = 50_000  # what a socket takes before anybody reads


def notebook(data: bytes) -> None:
    """A .ipynb file."""
    with suppress(Unreadable):
        _writable(*read_notebook("hw.ipynb", data))


def script(data: bytes) -> None:
    """A .py file."""
    with suppress(Unreadable):
        _writable(*read_script("hw.py", data))


def _writable(units: tuple[Unit, ...], text: Text) -> None:
    for unit in units:
        unit.text.encode()
    assert text.text.encode().decode() == text.text


def archive(data: bytes) -> None:
    """An upload, whatever its name says that it is."""
    for ending in (".zip", ".tar.gz"):
        upload = Entry(PurePath(f"/class/ada{ending}"), "archive", read=lambda count: data[:count])
        (student,) = layout([upload], PurePath("/class")).students
        work = work_of(student)
        assert work.files or work.remarks
        for entry in (*work.files, *work.refused):
            assert str(entry.place).startswith(str(student.place))
        for file in work.files:
            file.source.name.encode()
            assert ".." not in file.source.name.split("/")


def wire(data: bytes) -> None:
    """What a child sends, up to the end of it."""
    ours, theirs = socket.socketpair()
    with ours, theirs, suppress(Malformed, Closed, Late):
        theirs.sendall(data[:_MAX_FRAMES_BYTES])
        theirs.close()
        for record in _records(Reader(ours, time.monotonic() + 60)):
            with suppress(Malformed):
                evidence.parse(record)


def _records(reader: Reader) -> Iterator[dict[str, object]]:
    while True:
        yield reader.receive()


def yaml(data: bytes) -> None:
    """An exercise."""
    with tempfile.TemporaryDirectory() as folder, suppress(spec.SpecError):
        path = Path(folder, "jacobian.yaml")
        path.write_bytes(data)
        spec.load(path)


def gradescope(data: bytes) -> None:
    """The list beside an export of Gradescope's; no student is lost by it, whatever it says."""
    listed = Entry(PurePath("/c/submission_metadata.yml"), "file", "no code", read=lambda count: data[:count])
    folders = [Entry(PurePath(f"/c/submission_{i}"), "folder") for i in (1, 2)]
    assert len(recognised([listed, *folders], PurePath("/c")).students) == 2


def sheet(data: bytes) -> None:
    """A sheet of an LMS's, as a template and as a roster."""
    with suppress(SheetError):
        assert read(data).filled({}) == data
        joined([Submission("Ada", "ada.py", ids={"email": "a@u"})], data)


READERS: Mapping[str, Callable[[bytes], None]] = MappingProxyType(
    {
        "notebook": notebook,
        "script": script,
        "archive": archive,
        "wire": wire,
        "yaml": yaml,
        "gradescope": gradescope,
        "sheet": sheet,
    }
)
