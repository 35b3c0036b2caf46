"""Entries of folders: what each is, and which are refused. No file is opened here, and no link followed."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.intake.contents import why
from autograder.intake.source import NOTEBOOK, SCRIPT

WANTED = f"a notebook ({NOTEBOOK}) or a script ({SCRIPT})"
_LEFT_BEHIND = frozenset({"__pycache__", "__MACOSX"})
_ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".7z", ".rar", ".gz", ".bz2", ".xz")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder that was met, and why it is refused; empty for what is taken."""

    path: Path
    kind: str  # "file", "folder", "link", "other"; empty when it could not be looked at
    refused: str = ""

    @property
    def is_open_folder(self) -> bool:
        return self.kind == "folder" and not self.refused


def walk(folder: Path) -> Iterator[Entry]:
    """Every file below `folder`; a refused folder is one entry."""
    # No recursion: an archive can hold folders nested deeper than Python's stack.
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            entries = [entry_at(path) for path in here.iterdir()]
        except OSError as error:
            yield Entry(here, "folder", f"cannot be opened: {why(error)}")
            continue
        waiting += [entry.path for entry in entries if entry.is_open_folder]
        yield from (entry for entry in entries if not entry.is_open_folder)


def entry_at(path: Path) -> Entry:
    """What lies at `path` in a folder that is graded."""
    return _entry(path, skip_hidden=True)


def named_entry(path: Path) -> Entry:
    """What lies at `path`, which the user named: it may be hidden."""
    return _entry(path, skip_hidden=False)


def _entry(path: Path, skip_hidden: bool) -> Entry:
    try:
        mode = path.lstat().st_mode
    except OSError as error:
        return Entry(path, "", f"cannot be opened: {why(error)}")
    kinds = {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "link"}
    kind = kinds.get(stat.S_IFMT(mode), "other")
    return Entry(path, kind, _refusal(path, kind, skip_hidden))


def _refusal(path: Path, kind: str, skip_hidden: bool) -> str:
    if kind == "link":
        return "a link; links are not followed"
    if kind == "other":
        return "no regular file"
    if skip_hidden and path.name.startswith("."):
        return f"a hidden {kind}"
    return _refused_folder(path) if kind == "folder" else _refused_file(path)


def _refused_folder(path: Path) -> str:
    if path.name in _LEFT_BEHIND:
        return "a folder that a program left behind"
    # Thousands of other people's scripts, none of them handed in on purpose.
    return "a virtual environment" if os.path.lexists(path / "pyvenv.cfg") else ""


def _refused_file(path: Path) -> str:
    name = path.name.lower()
    if name.endswith(_ARCHIVES):
        return "an archive; unpack it first"
    return "" if name.endswith((NOTEBOOK, SCRIPT)) else f"not {WANTED}"
