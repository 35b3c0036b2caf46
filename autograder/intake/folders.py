"""The layout of what was handed in: which files belong to which student.

A path is a file, or a folder that holds files (a student each) and folders (a student each, with all that is
below). Every entry ends in a submission or among the skipped.
"""

import difflib
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.intake.contents import why
from autograder.intake.entries import WANTED, Entry, entry_at, named_entry, walk
from autograder.intake.framework import declined_framework
from autograder.intake.names import clean_name, natural_key
from autograder.intake.source import NOTEBOOK, SCRIPT, read_source
from autograder.model import Skipped, Submission


class IntakeError(Exception):
    """Nothing to grade where the user pointed. The message is a sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class _Student:
    """A student's place in the layout: a file, or a folder with all files taken from it."""

    name: str
    given: Path  # the folder as the user wrote it
    top: Path  # the same folder, resolved
    place: Path
    files: tuple[Path, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        return _shown(self.place, self.top)


@dataclass(frozen=True, slots=True)
class _Layout:
    """What lies at one path: students, and refused entries."""

    top: Path
    students: tuple[_Student, ...]
    refused: tuple[Entry, ...] = ()


def find(paths: Sequence[Path]) -> tuple[tuple[Submission, ...], tuple[Skipped, ...]]:
    """All submissions at `paths`, in the order of the paths and by name within, and all that is none.

    Raises IntakeError for a path that does not exist, or where there is nothing to grade.
    """
    if not paths:
        raise IntakeError(f"No path was given; name {WANTED}, or a folder of them.")
    layouts = [_layout(Path(path)) for path in paths]
    students = _named_alike(_once(student for layout in layouts for student in layout.students))
    return tuple(map(_submission, students)), _skipped(layouts)


def _layout(given: Path) -> _Layout:
    entry = named_entry(_resolved(given))
    if entry.kind == "folder":
        return _folder(given, entry.path)
    if entry.refused:
        raise IntakeError(f"{_quoted(given)} is {entry.refused}; expected {WANTED}, or a folder of them.")
    return _Layout(entry.path.parent, (_one_file(given.parent, entry.path.parent, entry.path),))


def _resolved(given: Path) -> Path:
    """The file or folder itself: a link that the user names is followed, unlike all links found below."""
    try:
        return given.resolve(strict=True)
    except FileNotFoundError:
        advice = f"{_near(given)}name {WANTED}, or a folder of them"
        raise IntakeError(f"There is no file or folder {_quoted(given)}; {advice}.") from None
    except (OSError, RuntimeError, ValueError) as error:
        reason = why(error) if isinstance(error, OSError) else "its links or its name lead nowhere"
        raise IntakeError(f"{_quoted(given)} cannot be opened: {reason}; name another path.") from None


def _near(given: Path) -> str:
    try:
        names = os.listdir(given.parent)
    except (OSError, ValueError):
        return ""
    near = difflib.get_close_matches(given.name, names, n=1)
    return f"did you mean {_quoted(given.parent / near[0])}? Otherwise " if near else ""


def _folder(given: Path, top: Path) -> _Layout:
    try:
        entries = [entry_at(path) for path in sorted(top.iterdir(), key=natural_key)]
    except OSError as error:
        reason = f"cannot be opened: {why(error)}; check who may read it"
        raise IntakeError(f"The folder {_quoted(given)} {reason}.") from error
    layouts = [_at(given, top, entry) for entry in entries]
    students = tuple(student for layout in layouts for student in layout.students)
    refused = tuple(entry for layout in layouts for entry in layout.refused)
    if not any(student.files for student in students):
        raise IntakeError(_nothing(given, entries, refused))
    return _Layout(top, students, refused)


def _nothing(given: Path, entries: Sequence[Entry], refused: Sequence[Entry]) -> str:
    advice = f"expected {WANTED} for each student, or a folder for each; name the folder that holds them"
    if not entries:
        return f"The folder {_quoted(given)} is empty; {advice}."
    seen = [f"{clean_name(entry.path.name)} ({entry.refused})" for entry in refused[:3]]
    found = ", ".join(seen) + " and more" * (len(refused) > 3) if seen else "empty folders only"
    return f"The folder {_quoted(given)} has nothing to grade: found {found}; {advice}."


def _at(given: Path, top: Path, entry: Entry) -> _Layout:
    """What one entry directly under a given folder means."""
    if entry.refused:
        return _Layout(top, (), (entry,))
    if entry.kind == "folder":
        return _student_folder(given, top, entry.path)
    return _Layout(top, (_one_file(given, top, entry.path),))


def _one_file(given: Path, top: Path, path: Path) -> _Student:
    return _Student(clean_name(path.stem), given, top, path, (path,))


def _student_folder(given: Path, top: Path, folder: Path) -> _Layout:
    entries = sorted(walk(folder), key=lambda entry: natural_key(entry.path.relative_to(folder)))
    files = tuple(entry.path for entry in entries if not entry.refused)
    refused = tuple(entry for entry in entries if entry.refused)
    remarks = () if files else (_no_files(folder, refused),)
    return _Layout(top, (_Student(clean_name(folder.name), given, top, folder, files, remarks),), refused)


def _no_files(folder: Path, refused: Sequence[Entry]) -> str:
    name, others = clean_name(folder.name), len(refused)
    if not refused:
        return f"The folder {name} is empty: nothing was handed in"
    if refused[0].path == folder:
        return f"The folder {name} {refused[0].refused}"
    rest = "1 other entry was" if others == 1 else f"{others} other entries were"
    return f"The folder {name} holds no notebook ({NOTEBOOK}) and no script ({SCRIPT}); {rest} skipped"


def _once(students: Iterable[_Student]) -> Iterator[_Student]:
    """Each student without the files and places that came earlier, by another path to them."""
    seen: set[Path] = set()
    for student in students:
        fresh = tuple(path for path in student.files if path not in seen)
        if fresh or (not student.files and student.place not in seen):
            seen.update(fresh, (student.place,))
            yield replace(student, files=fresh)


def _named_alike(students: Iterable[_Student]) -> list[_Student]:
    """Two submissions under one name are both kept, and each says where the other is."""
    by_name: dict[str, list[_Student]] = defaultdict(list)
    everyone = list(students)
    for student in everyone:
        by_name[student.name].append(student)
    return [_with_others(student, by_name[student.name]) for student in everyone]


def _with_others(student: _Student, alike: Sequence[_Student]) -> _Student:
    others = [_told(other, student) for other in alike if other is not student]
    if not others:
        return student
    remark = f"Another submission has the same student name: {', '.join(others)}"
    return replace(student, remarks=(*student.remarks, remark))


def _told(other: _Student, student: _Student) -> str:
    elsewhere = "" if other.top == student.top else f" in {clean_name(str(other.given))}"
    return other.shown + elsewhere


def _submission(student: _Student) -> Submission:
    root = student.place if student.place not in student.files else student.place.parent
    read = [read_source(_shown(path, root), path) for path in student.files]
    files = tuple(file for file, _ in read)
    remarks = (*student.remarks, *(remark for _, remark in read if remark))
    return Submission(student.name, student.shown, files, remarks, declined_framework(files))


def _skipped(layouts: Iterable[_Layout]) -> tuple[Skipped, ...]:
    first: dict[Path, Skipped] = {}
    for layout in layouts:
        for entry in layout.refused:
            first.setdefault(entry.path, Skipped(_shown(entry.path, layout.top), entry.refused))
    return tuple(first.values())


def _shown(path: Path, top: Path) -> str:
    return clean_name(path.relative_to(top).as_posix())


def _quoted(path: Path) -> str:
    return f"'{clean_name(str(path))}'"
