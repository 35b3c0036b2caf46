"""The layout of what was handed in: which entries belong to which student.

An entry at the top is a student: a file, a folder with all that is below, or an archive, which is a folder that was
packed. Nothing is opened here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath

from autograder.intake.entries import Entry, student_of
from autograder.intake.names import clean_name, natural_key


@dataclass(frozen=True, slots=True)
class Student:
    """A student's place in the layout, and the entries that are theirs."""

    name: str
    place: PurePath
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """What lies at one path: students in order, and refused entries."""

    students: tuple[Student, ...]
    refused: tuple[Entry, ...]


def layout(entries: Iterable[Entry], top: PurePath) -> Layout:
    """A student an entry, in the order in which people count."""
    ordered = sorted(entries, key=lambda entry: natural_key(entry.place.relative_to(top)))
    students = tuple(_student(entry) for entry in ordered if not entry.refused)
    return Layout(students, tuple(entry for entry in ordered if entry.refused))


def _student(entry: Entry) -> Student:
    return Student(clean_name(student_of(entry)), entry.place, (entry,))
