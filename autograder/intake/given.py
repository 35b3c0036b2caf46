"""The paths that the user gave → what lies there, whether a file, a folder or an archive."""

import difflib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from autograder.intake.archive import opened
from autograder.intake.contents import MEGABYTE, Allowance, Unreadable, why
from autograder.intake.entries import ARCHIVES, WANTED, Entry
from autograder.intake.folders import named_entry
from autograder.intake.names import clean_name

EXPECTED = f"{WANTED}, or a folder or an archive ({', '.join(ARCHIVES)}) of them"
_MAX_CLASS_BYTES = 1000 * MEGABYTE  # an archive with everybody's work; it is kept in memory


class IntakeError(Exception):
    """Nothing to grade where the user pointed. The message is a sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Given:
    """A path as the user wrote it, and what lies there."""

    path: Path
    entry: Entry  # at the resolved path

    @property
    def top(self) -> PurePath:
        """What the names of submissions are relative to."""
        return self.entry.place if self.entry.is_container else self.entry.place.parent

    def __str__(self) -> str:
        return f"'{clean_name(str(self.path))}'"


def given(path: Path) -> Given:
    """What lies at a path. Raises IntakeError where nothing can be graded."""
    found = Given(path, named_entry(_resolved(path)))
    if found.entry.refused:
        raise IntakeError(f"{found} is {found.entry.refused}; expected {EXPECTED}.")
    return found


def _resolved(path: Path) -> Path:
    """The file or folder itself: a link that the user names is followed, unlike all links found below."""
    shown = f"'{clean_name(str(path))}'"
    try:
        return path.resolve(strict=True)
    except FileNotFoundError:
        raise IntakeError(f"There is no file or folder {shown}; {_near(path)}name {EXPECTED}.") from None
    except (OSError, RuntimeError, ValueError) as error:
        reason = why(error) if isinstance(error, OSError) else "its links or its name lead nowhere"
        raise IntakeError(f"{shown} cannot be opened: {reason}; name another path.") from None


def _near(path: Path) -> str:
    try:
        names = os.listdir(path.parent)
    except (OSError, ValueError):
        return ""
    near = difflib.get_close_matches(path.name, names, n=1)
    return f"did you mean '{clean_name(str(path.parent / near[0]))}'? Otherwise " if near else ""


def entries(found: Given) -> tuple[Entry, ...]:
    """What lies directly at the path: the file, or what is in the folder or the archive. Raises IntakeError."""
    entry = found.entry
    try:
        if entry.kind == "archive":
            return _unwrapped(opened(entry, Allowance(2 * _MAX_CLASS_BYTES), _MAX_CLASS_BYTES))
        return tuple(entry.entries()) if entry.kind == "folder" else (entry,)
    except Unreadable as error:
        raise IntakeError(f"The {entry.kind} {found} {_with_advice(error.reason, entry.kind)}.") from error


def _with_advice(trouble: str, kind: str) -> str:
    advice = "check who may read it" if kind == "folder" else "name another path"
    return trouble if ";" in trouble else f"{trouble}; {advice}"


def _unwrapped(top: Sequence[Entry]) -> tuple[Entry, ...]:
    """Packing a folder puts it into the archive as well: when nothing stands beside it, it stands for nobody."""
    taken = [entry for entry in top if not entry.refused]
    if len(taken) != 1 or taken[0].kind != "folder":
        return tuple(top)
    return (*(entry for entry in top if entry.refused), *taken[0].entries())
