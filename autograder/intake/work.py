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
from autograder.intake.layout import Part, Student
from autograder.intake.names import NameKey, clean_name, clean_path, natural_key
from autograder.intake.source import Remember, anew, read_source
from autograder.model import SourceFile
from autograder.phrase import Phrase

_KINDS = {
    "": Phrase("entry"),
    "file": Phrase("file"),
    "folder": Phrase("folder"),
    "archive": Phrase("archive"),
    "link": Phrase("link"),
    "other": Phrase("other"),
}


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


def work_of(student: Student, remember: Remember = anew) -> Work:
    """All that is there, read once. Raises nothing."""
    allowance = Allowance()
    met = ((part, entry) for part in student.parts for entry in _walk(part.entry, allowance))
    ordered = sorted((_Met(_called(part, entry), entry) for part, entry in met), key=lambda one: one.key)
    files = tuple(_file(one, allowance, remember) for one in ordered if not one.entry.refused)
    refused = tuple(one.entry for one in ordered if one.entry.refused)
    nothing = () if files else tuple(_no_file(part.entry, refused) for part in student.parts)
    return Work(files, refused, (*student.remarks, *nothing))


@dataclass(frozen=True, slots=True)
class _Met:
    """What was met below a student's entries, and what it is called among their files."""

    called: PurePath
    entry: Entry

    @property
    def key(self) -> tuple[NameKey, NameKey]:
        return natural_key(self.called), natural_key(self.entry.place)


def _called(part: Part, entry: Entry) -> PurePath:
    return part.called / entry.place.relative_to(part.entry.place)


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
        return replace(entry, refused=error.reason)

    def read(_: int) -> bytes:
        raise error

    return replace(entry, kind="file", read=read)


def _file(one: _Met, allowance: Allowance, remember: Remember) -> File:
    entry = one.entry
    read = allowance.read if entry.depth else read_whole
    name = clean_path(one.called if one.called.parts else PurePath(entry.place.name))
    return File(entry.place, *read_source(name, partial(read, entry.read, MAX_FILE_BYTES), remember))


def _no_file(entry: Entry, met: Sequence[Entry]) -> str:
    place = Phrase("The {kind} {name}", kind=_KINDS.get(entry.kind, entry.kind), name=clean_name(entry.place.name))
    refused = [other for other in met if other.place.is_relative_to(entry.place)]
    others = len(refused)
    if entry.refused:
        return Phrase("{place} was passed over: {why}", place=place, why=entry.refused)
    if not refused:
        return Phrase("{place} is empty: nothing was handed in", place=place)
    if refused[0].place == entry.place:
        return Phrase("{place} {trouble}", place=place, trouble=refused[0].refused)
    if others == 1:
        return Phrase("{place} holds no notebook (.ipynb) and no script (.py); 1 other entry was skipped", place=place)
    template = "{place} holds no notebook (.ipynb) and no script (.py); {others} other entries were skipped"
    return Phrase(template, place=place, others=others)
