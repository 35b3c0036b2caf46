"""The layout of what was handed in: which entries belong to which student.

In a plain folder an entry at the top is a student: a file, a folder with all that is below, or an archive, which is a
folder that was packed. What an LMS packs is named by rules of its own; `layouts/` knows those.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath

from autograder.intake.entries import Entry, student_of
from autograder.intake.names import clean_name, natural_key

PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Part:
    """An entry of a student's, and what it is called among their files; nothing, where only what is below counts."""

    entry: Entry
    called: PurePath = field(default_factory=PurePath)


@dataclass(frozen=True, slots=True)
class Student:
    """A student's place in the layout, and the entries that are theirs."""

    name: str
    place: PurePath  # by which the submission is known again; where files lie flat, no folder is there
    parts: tuple[Part, ...]
    ids: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    handed_in: str = ""  # as in Submission


@dataclass(frozen=True, slots=True)
class Layout:
    """What lies at one path: students in order, refused entries, and what this rests on."""

    students: tuple[Student, ...]
    refused: tuple[Entry, ...]
    title: str = PLAIN
    doubt: str = ""  # what was assumed, and what else could be meant


def layout(entries: Iterable[Entry], top: PurePath) -> Layout:
    """A student an entry, in the order in which people count."""
    ordered = in_order(entries, top)
    students = tuple(plain_student(entry) for entry in ordered if not entry.refused)
    return Layout(students, tuple(entry for entry in ordered if entry.refused))


def in_order(entries: Iterable[Entry], top: PurePath) -> list[Entry]:
    return sorted(entries, key=lambda entry: natural_key(entry.place.relative_to(top)))


def plain_student(entry: Entry) -> Student:
    """The one that an entry is named after."""
    called = PurePath() if entry.is_container else PurePath(entry.place.name)
    return Student(clean_name(student_of(entry)), entry.place, (Part(entry, called),))
