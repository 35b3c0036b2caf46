"""nbgrader's tree: submitted/STUDENT/ASSIGNMENT/, alone or within the folder of the course."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from autograder.intake.contents import Unreadable
from autograder.intake.entries import Entry
from autograder.intake.layouts.claim import Claim, Claimed, Kind

_MOST_BYTES = 100  # of a time
_SUBMITTED = "submitted"
_BESIDE = frozenset({"source", "release", "autograded", "feedback", "gradebook.db", "nbgrader_config.py"})
_OURS = "the instructor's own in a course of nbgrader; only what was submitted is graded"


def _claims(entries: Sequence[Entry]) -> Iterator[Claimed]:
    by_name = {entry.place.name: entry for entry in entries}
    course = _SUBMITTED in by_name and not _BESIDE.isdisjoint(by_name)
    if course:
        yield from ((replace(entry, refused=entry.refused or _OURS), None) for entry in _others(entries))
        entries = _inside(by_name[_SUBMITTED])
    known = course or all(entry.place.parent.name == _SUBMITTED for entry in entries)
    for student in entries:
        yield from _of_student(student) if known else [(student, None)]


def _others(entries: Sequence[Entry]) -> Iterator[Entry]:
    return (entry for entry in entries if entry.place.name != _SUBMITTED)


def _inside(folder: Entry) -> tuple[Entry, ...]:
    try:
        return tuple(folder.entries())
    except Unreadable:
        return ()


def _of_student(student: Entry) -> Iterator[Claimed]:
    """An assignment a folder. A student's folder with anything else in it is no tree of nbgrader's."""
    below = _inside(student) if student.kind == "folder" and not student.refused else ()
    taken = [entry for entry in below if not entry.refused]
    if not taken or any(entry.kind != "folder" for entry in taken):
        yield student, None
        return
    for entry in below:
        yield entry, None if entry.refused else _claim(student.place.name, entry)


def _claim(student: str, entry: Entry) -> Claim:
    assignment = entry.place.name
    ids = {"student_id": student, "assignment": assignment}
    return Claim(f"{student}/{assignment}", student, ids=ids, handed_in=_time(entry))


def _time(assignment: Entry) -> str:
    """The exchange writes it beside what was handed in."""
    noted = next((entry for entry in _inside(assignment) if entry.place.name == "timestamp.txt"), None)
    try:
        return noted.read(_MOST_BYTES).decode("utf-8", "replace").strip() if noted and noted.kind == "file" else ""
    except Unreadable:
        return ""


NBGRADER = Kind("nbgrader", "nbgrader", "submitted/ada/ps1/", _claims)
