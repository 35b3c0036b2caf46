"""An archive → entries, as if it were a folder. Members stay in memory: nothing is written under a name of theirs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePath

from autograder.intake import tars, zips
from autograder.intake.contents import MAX_ARCHIVE_BYTES, Allowance, Unreadable
from autograder.intake.entries import ENVIRONMENT, Entry, kind_of_file, refusal
from autograder.intake.members import Member, counted, misplaced, parts
from autograder.phrase import Phrase

_TWICE = Phrase("in its archive twice; the later one is taken")
_BOTH = Phrase("a folder in its archive too")
_MAX_SHOWN = 200  # characters of a path that no file could have


@dataclass(slots=True)
class _Folder:
    """A folder while the members are sorted into it."""

    folders: dict[str, "_Folder"] = field(default_factory=dict)
    files: dict[str, Member] = field(default_factory=dict)


def opened(archive: Entry, allowance: Allowance, most: int = MAX_ARCHIVE_BYTES) -> tuple[Entry, ...]:
    """What lies at the top of an archive, and its refused members. Raises Unreadable."""
    data = allowance.read(archive.read, most)
    if not data:
        raise Unreadable("is empty")
    is_zip = archive.place.name.lower().endswith(".zip")
    members = zips.members(data) if is_zip else tars.members(data, allowance, most)
    top = _Folder()
    refused = tuple(_sorted_into(top, counted(members), archive.place))
    return (*refused, *_entries(top, archive.place, archive.depth + 1))


def _sorted_into(top: _Folder, members: Iterable[Member], place: PurePath) -> Iterator[Entry]:
    """Put each member into its folder; what cannot be put anywhere comes out as refused."""
    for member in members:
        if reason := misplaced(member.path):
            yield _refused(place, member, reason)
        elif (earlier := _put(top, member)) is not None:
            yield _refused(place, earlier, _TWICE)


def _refused(place: PurePath, member: Member, reason: str) -> Entry:
    shown = member.path if len(member.path) <= _MAX_SHOWN else f"{member.path[:_MAX_SHOWN]}…"
    # Joined as text: behind an absolute path, pathlib would forget the archive.
    return Entry(PurePath(f"{place}/{shown}"), "other", reason)


def _put(top: _Folder, member: Member) -> Member | None:
    """The member of the same path that this one takes the place of."""
    names = parts(member.path)
    above = names if member.kind == "folder" else names[:-1]
    here = top
    for name in above:
        here = here.folders.setdefault(name, _Folder())
    if member.kind == "folder":
        return None
    if not names:
        return member
    earlier = here.files.get(names[-1])
    here.files[names[-1]] = member
    return earlier


def _entries(folder: _Folder, place: PurePath, depth: int) -> Iterator[Entry]:
    for name, inner in folder.folders.items():
        refused = refusal(name, "folder", environment=ENVIRONMENT in inner.files)
        entries = partial(_entries, inner, place / name, depth)
        yield Entry(place / name, "folder", refused, entries=entries, depth=depth)
    for name, member in folder.files.items():
        kind = kind_of_file(name) if member.kind == "file" else member.kind
        # Both could not lie on one disk, and scripts are laid out on one for their run.
        refused = refusal(name, kind, depth=depth) or (_BOTH if name in folder.folders else "")
        yield Entry(place / name, kind, refused, member.read, depth=depth)
