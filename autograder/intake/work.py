"""What one student handed in: everything below their entries, with archives opened as if they were folders.

Every entry ends among the files or among the refused. An archive that cannot be opened is a file that cannot be read.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePath

from autograder.intake.archive import opened
from autograder.intake.contents import MAX_FILE_BYTES, Allowance, Unreadable, read_whole
from autograder.intake.entries import Entry
from autograder.intake.layout import Student
from autograder.intake.names import clean_name, clean_path, natural_key
from autograder.intake.source import NOTEBOOK, SCRIPT, read_source
from autograder.model import SourceFile


@dataclass(frozen=True, slots=True)
class File:
    """A file that was taken, where it lies, and what has to be said of how it was read."""

    place: PurePath
    source: SourceFile
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """The files of one student in order, the entries that were refused, and what has to be said of both."""

    files: tuple[File, ...]
    refused: tuple[Entry, ...]
    remarks: tuple[str, ...] = ()


def work_of(student: Student) -> Work:
    """All that is there, read once. Raises nothing."""
    allowance = Allowance()
    met = (entry for start in student.entries for entry in _walk(start, allowance))
    entries = sorted(met, key=lambda entry: natural_key(entry.place.relative_to(student.place)))
    files = tuple(_file(entry, student, allowance) for entry in entries if not entry.refused)
    refused = tuple(entry for entry in entries if entry.refused)
    return Work(files, refused, () if files else tuple(_no_files(student, refused)))


def _walk(start: Entry, allowance: Allowance) -> Iterator[Entry]:
    """Every file at or below an entry; a refused folder is one entry."""
    # No recursion: folders may be nested deeper than Python's stack.
    waiting = [start]
    while waiting:
        here = waiting.pop()
        if here.refused or not here.is_container:
            yield here
            continue
        try:
            waiting += _inside(here, allowance)
        except Unreadable as error:
            yield _closed(here, error)


def _inside(entry: Entry, allowance: Allowance) -> Iterable[Entry]:
    return opened(entry, allowance) if entry.kind == "archive" else entry.entries()


def _closed(entry: Entry, error: Unreadable) -> Entry:
    """A folder is passed over; an archive holds homework, and its trouble belongs on its student's row."""
    if entry.kind == "folder":
        return replace(entry, refused=str(error))

    def read(_: int) -> bytes:
        raise error

    return replace(entry, kind="file", read=read)


def _file(entry: Entry, student: Student, allowance: Allowance) -> File:
    read = allowance.read if entry.depth else read_whole
    own = entry.place.relative_to(student.place)
    name = clean_path(own if own.parts else PurePath(entry.place.name))
    return File(entry.place, *read_source(name, partial(read, entry.read, MAX_FILE_BYTES)))


def _no_files(student: Student, refused: Sequence[Entry]) -> Iterator[str]:
    for entry in student.entries:
        yield _no_file(entry, refused)


def _no_file(entry: Entry, refused: Sequence[Entry]) -> str:
    place, others = f"The {entry.kind} {clean_name(entry.place.name)}", len(refused)
    if not refused:
        return f"{place} is empty: nothing was handed in"
    if refused[0].place == entry.place:
        return f"{place} {refused[0].refused}"
    rest = "1 other entry was" if others == 1 else f"{others} other entries were"
    return f"{place} holds no notebook ({NOTEBOOK}) and no script ({SCRIPT}); {rest} skipped"
