"""Folders on disk → entries. No file is opened to list them, and no link followed."""

import os
import stat
from functools import partial
from pathlib import Path

from autograder.intake.contents import Unreadable, read_bytes, why
from autograder.intake.entries import ENVIRONMENT, Entry, kind_of_file, refusal
from autograder.phrase import Phrase


def named_entry(path: Path) -> Entry:
    """What lies at `path`, which the user named: it may be hidden."""
    return _entry(path, skip_hidden=False)


def _entries(folder: Path) -> tuple[Entry, ...]:
    try:
        return tuple(_entry(path, skip_hidden=True) for path in folder.iterdir())
    except OSError as error:
        raise Unreadable(Phrase("cannot be opened: {why}", why=why(error))) from error


def _entry(path: Path, skip_hidden: bool) -> Entry:
    try:
        kind = _kind(path)
    except OSError as error:
        return Entry(path, "", Phrase("cannot be opened: {why}", why=why(error)))
    environment = kind == "folder" and os.path.lexists(path / ENVIRONMENT)
    refused = refusal(path.name, kind, skip_hidden=skip_hidden, environment=environment)
    return Entry(path, kind, refused, partial(read_bytes, path), partial(_entries, path))


def _kind(path: Path) -> str:
    mode = path.lstat().st_mode
    if stat.S_ISREG(mode):
        return kind_of_file(path.name)
    return {stat.S_IFDIR: "folder", stat.S_IFLNK: "link"}.get(stat.S_IFMT(mode), "other")
