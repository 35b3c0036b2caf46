"""A roster: a CSV file of who is in the class, which joins names, e-mails and numbers of one person.

It is looked at by the headers that LMSs write. A submission is joined by an id that both have, else by a name that
only one of each has; whoever is not joined is told, and stays.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from autograder.model import Submission
from autograder.sheet import Sheet, SheetError, read, same_person, unique, value

_HEADERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "email": ("email", "e-mail", "email address", "e-mail address", "e-mail-adresse", "mail"),
        "student_id": (
            *("id number", "student id", "student_id", "sid", "sis user id", "orgdefinedid", "student number"),
            *("roster_identifier", "matriculation number", "matrikelnummer"),
        ),
        "username": ("username", "user name", "login", "login id", "sis login id", "user"),
        "canvas": ("canvas id", "canvas user id"),
        "github": ("github", "github username", "github_username"),
        "name": ("name", "full name", "student", "student name", "vollständiger name"),
    }
)
_FIRST, _LAST = ("first name", "given name", "vorname"), ("last name", "surname", "family name", "nachname")


@dataclass(frozen=True, slots=True)
class Joined:
    """The submissions with what the roster knows of them, and whom it does not know."""

    submissions: tuple[Submission, ...]
    unknown: tuple[str, ...]  # submissions
    missing: tuple[str, ...]  # people without a submission


def joined(submissions: Sequence[Submission], data: bytes) -> Joined:
    """Each submission with the ids of its person. Raises SheetError."""
    people = tuple(_people(read(data)))
    if not any(people):
        wanted = ", ".join(names[0] for names in _HEADERS.values())
        raise SheetError(f"has no column that is known; expected some of: {wanted}")
    by_id = unique(
        (f"{kind}:{text.casefold()}", i) for i, one in enumerate(people) for kind, text in one.items() if kind != "name"
    )
    by_name = unique((name, i) for i, one in enumerate(people) for name in same_person(one.get("name", "")))
    alone = _alone(submissions)
    found = [_rows(one, by_id, by_name if one.path in alone else {}) for one in submissions]
    known = {row for rows in found for row in rows}
    return Joined(
        tuple(_with(one, [people[row] for row in rows]) for one, rows in zip(submissions, found, strict=True)),
        tuple(one.path for one, rows in zip(submissions, found, strict=True) if not rows),
        tuple(_told(person) for i, person in enumerate(people) if i not in known),
    )


def _people(sheet: Sheet) -> Iterator[dict[str, str]]:
    columns = {kind: sheet.column(*names) for kind, names in _HEADERS.items()}
    if sheet.column("SIS Login ID") is not None:  # a gradebook of Canvas's; anywhere else an ID may be anything
        columns["canvas"] = sheet.column("ID")
    first, last = sheet.column(*_FIRST), sheet.column(*_LAST)
    for row in sheet.body:
        person = {kind: value(row, column) for kind, column in columns.items()}
        person["name"] = person["name"] or f"{value(row, first)} {value(row, last)}".strip()
        yield {kind: text for kind, text in person.items() if text}


def _alone(submissions: Iterable[Submission]) -> set[str]:
    """The submissions whose name nobody else here could have."""
    pairs = [(name, one.path) for one in submissions for name in same_person(one.student)]
    paths: dict[str, set[str]] = {}
    for name, path in pairs:
        paths.setdefault(name, set()).add(path)
    return {path for found in paths.values() if len(found) == 1 for path in found} - {
        path for found in paths.values() if len(found) > 1 for path in found
    }


def _rows(one: Submission, by_id: Mapping[str, int], by_name: Mapping[str, int]) -> list[int]:
    """The people of a submission: several of a group, one or none else."""
    ids = [f"{kind}:{text.casefold()}" for kind, texts in one.ids.items() for text in texts.split("; ")]
    rows = list(dict.fromkeys(by_id[key] for key in ids if key in by_id))
    return rows or list({by_name[name] for name in same_person(one.student) if name in by_name})[:1]


def _with(one: Submission, people: Sequence[Mapping[str, str]]) -> Submission:
    kinds = dict.fromkeys(kind for person in people for kind in person)
    known = {kind: "; ".join(person[kind] for person in people if kind in person) for kind in kinds}
    return replace(one, ids={**known, **one.ids})


def _told(person: Mapping[str, str]) -> str:
    return person.get("name") or next(iter(person.values()), "?")
