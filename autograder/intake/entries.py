"""Entries: what lies in a folder or in an archive, and which of it is refused. Nothing is opened here."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePath

from autograder.intake.contents import Read
from autograder.intake.source import NOTEBOOK, SCRIPT
from autograder.phrase import Phrase

ARCHIVES = (".zip", ".tar.gz", ".tgz", ".tar")
WANTED = f"a notebook ({NOTEBOOK}) or a script ({SCRIPT})"
NESTING = 2  # how many archives may stand around a file: the one with the class in it, and a student's upload
ENVIRONMENT = "pyvenv.cfg"  # the file that makes a folder a virtual environment
_LEFT_BEHIND = frozenset({"__pycache__", "__MACOSX"})
_OTHER_ARCHIVES = (".tar.bz2", ".tar.xz", ".7z", ".rar", ".gz", ".bz2", ".xz")


def _no_bytes(count: int) -> bytes:
    return b""


@dataclass(frozen=True, slots=True)
class Entry:
    """What was met in a folder or an archive, and why it is refused; empty for what is taken."""

    place: PurePath  # a member's goes on behind its archive's: /class/ada.zip/hw1.py
    kind: str  # "file", "folder", "archive", "link", "other"; empty when it could not be looked at
    refused: str = ""
    read: Read = _no_bytes  # of a file or an archive
    entries: Callable[[], Iterable["Entry"]] = tuple  # of a folder. Raises Unreadable
    depth: int = 0  # how many archives it lies in

    @property
    def is_container(self) -> bool:
        return self.kind in ("folder", "archive")


def left_behind(entry: Entry) -> bool:
    """A system or an editor put it there, under a name that may look like a student's."""
    return entry.place.name.startswith(".") or entry.place.name in _LEFT_BEHIND


def kind_of_file(name: str) -> str:
    """An archive is told from a file by its name, as a notebook from a script."""
    return "archive" if name.lower().endswith(ARCHIVES) else "file"


def student_of(entry: Entry) -> str:
    """The student that an entry is named after: ada, of ada.ipynb, ada.tar.gz and the folder ada."""
    name = entry.place.name
    endings = {"archive": ARCHIVES, "file": (NOTEBOOK, SCRIPT)}.get(entry.kind, ())
    ending = next((ending for ending in endings if name.lower().endswith(ending)), "")
    return name[: len(name) - len(ending)] or name


def refusal(name: str, kind: str, *, depth: int = 0, skip_hidden: bool = True, environment: bool = False) -> str:
    """Why an entry of this name and kind is not taken, wherever it lies; empty when it is."""
    if kind == "link":
        return Phrase("a link; links are not followed")
    if kind == "other":
        return Phrase("no regular file")
    if skip_hidden and name.startswith("."):
        return Phrase("a hidden {kind}", kind=kind)
    if kind == "folder":
        return _refused_folder(name, environment)
    return _refused_archive(depth) if kind == "archive" else _refused_file(name.lower())


def _refused_folder(name: str, environment: bool) -> str:
    if name in _LEFT_BEHIND:
        return Phrase("a folder that a program left behind")
    # Thousands of other people's scripts, none of them handed in on purpose.
    return Phrase("a virtual environment") if environment else ""


def _refused_archive(depth: int) -> str:
    return "" if depth < NESTING else Phrase("an archive inside two others; unpack the outer ones first")


def _refused_file(name: str) -> str:
    if name.endswith(_OTHER_ARCHIVES):
        return Phrase("an archive of another kind than {kinds}; unpack it first", kinds=", ".join(ARCHIVES))
    return "" if name.endswith((NOTEBOOK, SCRIPT)) else Phrase("not a notebook (.ipynb) or a script (.py)")
