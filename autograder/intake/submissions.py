"""Paths in, submissions out: path → entries → layout → each student's work → submission."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from autograder.intake.entries import WANTED, Entry
from autograder.intake.framework import declined_framework
from autograder.intake.given import EXPECTED, Given, IntakeError, entries, given
from autograder.intake.layout import PLAIN, Layout, Student, plain_student
from autograder.intake.layout import layout as plain
from autograder.intake.layouts import KINDS, as_told, recognised
from autograder.intake.names import clean_name, natural_key
from autograder.intake.source import Remember, anew
from autograder.intake.work import Work, work_of
from autograder.model import Skipped, Submission
from autograder.phrase import Phrase


@dataclass(frozen=True, slots=True)
class _HandedIn:
    """A student's work, and the path at which it was found."""

    student: Student
    work: Work
    given: Given

    @property
    def shown(self) -> str:
        return _shown(self.student.place, self.given)


@dataclass(frozen=True, slots=True)
class _Found:
    """What lies at one path."""

    given: Given
    handed_in: tuple[_HandedIn, ...]
    refused: tuple[Entry, ...]
    layout: str
    doubt: str


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a path was taken for."""

    layout: str  # "Moodle", "plain"
    students: int
    doubt: str = ""  # what was assumed, and how to say otherwise


@dataclass(frozen=True, slots=True)
class Intake:
    """All submissions, all that is none, and what each path was taken for."""

    submissions: tuple[Submission, ...]
    skipped: tuple[Skipped, ...]
    recognised: tuple[Recognised, ...] = ()


def find(paths: Sequence[Path]) -> tuple[tuple[Submission, ...], tuple[Skipped, ...]]:
    """All submissions at `paths`, and all that is none; as `look`."""
    found = look(paths)
    return found.submissions, found.skipped


def look(paths: Sequence[Path], layout: str = "", remember: Remember = anew) -> Intake:
    """What lies at `paths`, in the order of the paths and by name within, in this layout or the one that fits.

    What `remember` knows need not be read.

    Raises IntakeError for a path that does not exist, where there is nothing to grade, or in another layout.
    """
    if not paths:
        raise IntakeError(f"No path was given; name {EXPECTED}.")
    found = [_found(place, layout, remember) for place in [given(Path(path)) for path in paths]]
    everyone = _named_alike(_once(one for place in found for one in place.handed_in))
    taken_for = (Recognised(place.layout, len(place.handed_in), clean_name(place.doubt)) for place in found)
    return Intake(tuple(map(_submission, everyone)), _skipped(found), tuple(taken_for))


def whole(path: Path) -> Intake:
    """One submission: all that lies at `path`, also if that is nothing. Raises IntakeError if there is no such path."""
    place = given(path)
    student = plain_student(place.entry)
    # As a file is: what lies beside it is no submission, and names are relative to where it lies.
    one = _HandedIn(student, work_of(student), replace(place, entry=replace(place.entry, kind="file")))
    found = _Found(one.given, (one,), one.work.refused, PLAIN, "")
    return Intake((_submission(one),), _skipped([found]))


def _found(place: Given, layout: str, remember: Remember) -> _Found:
    there = entries(place)
    plan = _plan(place, there, layout)
    handed_in = tuple(_HandedIn(student, work_of(student, remember), place) for student in plan.students)
    met = [*plan.refused, *(entry for one in handed_in for entry in one.work.refused)]
    refused = tuple(sorted(met, key=lambda entry: natural_key(entry.place.relative_to(place.top))))
    if not any(one.work.files for one in handed_in):
        raise IntakeError(_nothing(place, there, refused))
    return _Found(place, handed_in, refused, plan.title, plan.doubt)


def _plan(place: Given, there: Sequence[Entry], layout: str) -> Layout:
    if not place.entry.is_container:
        return plain(there, place.top)
    if not layout:
        return recognised(there, place.top)
    told = as_told(layout, there, place.top)
    if told is None:
        kind = KINDS[layout]
        expected = f"expected names such as {kind.example}; leave --layout away to have it found out"
        raise IntakeError(f"Nothing in {place} is named as {kind.title} names it; {expected}.")
    return told


def _nothing(place: Given, there: Sequence[Entry], refused: Sequence[Entry]) -> str:
    advice = f"expected {WANTED} for each student, or a folder for each; name the folder that holds them"
    kind = place.entry.kind
    if not there:
        return f"The {kind} {place} is empty; {advice}."
    seen = [f"{_shown(entry.place, place)} ({entry.refused})" for entry in refused[:3]]
    found = ", ".join(seen) + " and more" * (len(refused) > 3) if seen else "empty folders only"
    return f"The {kind} {place} has nothing to grade: found {found}; {advice}."


def _once(everyone: Iterable[_HandedIn]) -> Iterator[_HandedIn]:
    """Each student without the files and places that came earlier, by another path to them."""
    seen: set[PurePath] = set()
    for one in everyone:
        fresh = tuple(file for file in one.work.files if file.place not in seen)
        if fresh or (not one.work.files and one.student.place not in seen):
            seen.update((file.place for file in fresh), (one.student.place,))
            yield replace(one, work=replace(one.work, files=fresh))


def _named_alike(everyone: Iterable[_HandedIn]) -> list[_HandedIn]:
    """Two submissions under one name are both kept, and each says where the other is."""
    everyone, by_name = list(everyone), defaultdict[str, list[_HandedIn]](list)
    for one in everyone:
        by_name[one.student.name].append(one)
    return [_with_others(one, by_name[one.student.name]) for one in everyone]


def _with_others(one: _HandedIn, alike: Sequence[_HandedIn]) -> _HandedIn:
    others = [_told(other, one) for other in alike if other is not one]
    if not others:
        return one
    remark = Phrase("Another submission has the same student name: {others}", others=", ".join(others))
    return replace(one, work=replace(one.work, remarks=(*one.work.remarks, remark)))


def _told(other: _HandedIn, one: _HandedIn) -> str:
    elsewhere = "" if other.given.top == one.given.top else f" in {clean_name(str(other.given.path))}"
    return other.shown + elsewhere


def _submission(one: _HandedIn) -> Submission:
    files = tuple(file.source for file in one.work.files)
    remarks = (*one.work.remarks, *(file.remark for file in one.work.files if file.remark))
    student = one.student
    declined, origin = declined_framework(files), str(student.place)
    return Submission(student.name, one.shown, files, remarks, declined, origin, student.handed_in, student.ids)


def _skipped(found: Iterable[_Found]) -> tuple[Skipped, ...]:
    first: dict[tuple[PurePath, str], Skipped] = {}
    for place in found:
        for entry in place.refused:
            skipped = Skipped(_shown(entry.place, place.given), entry.refused)
            first.setdefault((entry.place, entry.refused), skipped)
    return tuple(first.values())


def _shown(place: PurePath, there: Given) -> str:
    return clean_name(place.relative_to(there.top).as_posix())
