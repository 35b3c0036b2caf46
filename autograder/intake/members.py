"""Members: what an archive says that it holds. A path in an archive is a claim, and is checked like one."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from autograder.intake.contents import Read, Unreadable
from autograder.intake.names import MAX_NAME_BYTES
from autograder.intake.text import in_pairs
from autograder.phrase import Phrase

MAX_MEMBERS = 50_000  # a virtual environment with torch in it has about half of that
_MAX_FOLDERS = 30
_DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True, slots=True)
class Member:
    """One member of an archive, at the path that it claims, with slashes."""

    path: str
    kind: str  # "file", "folder", "link" or "other"
    read: Read


def counted(members: Iterable[Member]) -> Iterator[Member]:
    """The members, as long as they are not too many. Raises Unreadable."""
    for number, member in enumerate(members, start=1):
        if number > MAX_MEMBERS:
            raise Unreadable(too_many())
        yield member


def too_many() -> str:
    return Phrase("has more than {most} members; pack only the homework", most=MAX_MEMBERS)


def decoded(raw: bytes, otherwise: str) -> str:
    """A member's path: UTF-8, else Chinese when the bytes come in pairs, else `otherwise`."""
    for encoding in ("utf-8", *(["gb18030"] if in_pairs(raw) else [])):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode(otherwise, "surrogateescape")


def parts(path: str) -> tuple[str, ...]:
    """The names along a path: ./part1//hw1.py → part1, hw1.py."""
    return tuple(part for part in path.split("/") if part not in ("", "."))


def misplaced(path: str) -> str:
    """Why nothing may lie at this path, as the reason that it is refused; empty when it may."""
    names = parts(path)
    if "\0" in path:
        return Phrase("a name with a NUL in it")
    if path.startswith("/") or _DRIVE.match(path):
        return Phrase("an absolute path; a member has to lie inside its archive")
    if ".." in names:
        return Phrase("a path that leads out of its archive")
    if len(names) > _MAX_FOLDERS:
        return Phrase("more than {most} folders deep", most=_MAX_FOLDERS)
    long = any(len(name.encode("utf-8", "surrogateescape")) > MAX_NAME_BYTES for name in names)
    return Phrase("a name that is longer than any file's") if long else ""
