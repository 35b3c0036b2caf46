"""Clones of GitHub Classroom: hw1-submissions/hw1-ada/, a repository a student."""

from collections.abc import Iterator, Sequence

from autograder.intake.contents import Unreadable
from autograder.intake.entries import Entry
from autograder.intake.layouts.claim import Claim, Claimed, Kind

_FOLDER = "-submissions"


def _claims(entries: Sequence[Entry]) -> Iterator[Claimed]:
    clones = [entry for entry in entries if entry.kind == "folder" and not entry.refused]
    prefix = _prefix(clones)
    for entry in entries:
        name = entry.place.name
        ours = prefix and entry.kind == "folder" and not entry.refused and name.startswith(prefix) and name != prefix
        yield entry, _claim(name, prefix) if ours else None


def _prefix(clones: Sequence[Entry]) -> str:
    """The assignment and a hyphen: what the folder says, else what the names of all repositories share."""
    if not clones:
        return ""
    above = clones[0].place.parent.name
    if above.endswith(_FOLDER):
        return above.removesuffix(_FOLDER) + "-"
    shared = _shared(clones)
    return shared if shared and len(clones) > 1 and all(map(_is_repository, clones)) else ""


def _shared(clones: Sequence[Entry]) -> str:
    first, *others = (entry.place.name for entry in clones)
    hyphens = (at for at in range(len(first), 0, -1) if first[at - 1] == "-")
    return next((first[:at] for at in hyphens if all(name.startswith(first[:at]) for name in others)), "")


def _is_repository(folder: Entry) -> bool:
    try:
        return any(entry.place.name == ".git" for entry in folder.entries())
    except Unreadable:
        return False


def _claim(repository: str, prefix: str) -> Claim:
    return Claim(repository, repository.removeprefix(prefix), ids={"github": repository.removeprefix(prefix)})


def _doubt(entries: Sequence[Entry]) -> str:
    clones = [entry for entry in entries if entry.kind == "folder" and not entry.refused]
    if clones[0].place.parent.name.endswith(_FOLDER):
        return ""
    return f"from repositories whose names all begin with {_shared(clones)}"


CLASSROOM = Kind("classroom", "GitHub Classroom", "hw1-submissions/hw1-ada/", _claims, _doubt)
