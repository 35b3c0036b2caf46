"""Blackboard's "Download assignment": HW 1_alovelace_attempt_2026-11-20-10-00-00_hw1.ipynb, and a .txt an attempt.

The word for attempt is in the language of the site. A user name may hold underscores, as may the assignment's, so the
.txt decides, which says "Name: Ada Lovelace (alovelace)".
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath

from autograder.intake.contents import Unreadable
from autograder.intake.entries import Entry
from autograder.intake.layouts.claim import Claim, Claimed, Kind

_NAME = re.compile(
    r"(?P<before>.+_(?P<user>[^_]+))_(?P<word>[^\W\d_]+)_(?P<time>\d{4}(?:-\d{2}){5})(?:_(?P<file>.+)|(?P<note>\.txt))",
    re.DOTALL,
)
_WHO = re.compile(r"[^:\n]{1,40}:\s*(?P<name>.+?)\s*\((?P<user>[^()\s]+)\)\s*$", re.MULTILINE)
_MOST_BYTES = 100_000  # of a .txt


def _claims(entries: Sequence[Entry]) -> Iterator[Claimed]:
    matches = [_NAME.fullmatch(entry.place.name) for entry in entries]
    told = dict(_told(entry, match) for entry, match in zip(entries, matches, strict=True) if match and match["note"])
    for entry, match in zip(entries, matches, strict=True):
        yield entry, _claim(match, told) if match else None


def _told(entry: Entry, match: re.Match[str]) -> tuple[str, tuple[str, str]]:
    """What stands before the word for attempt → user and name, as the .txt says."""
    try:
        text = entry.read(_MOST_BYTES).decode("utf-8-sig", errors="replace")
    except Unreadable:
        text = ""
    who = _WHO.search(text)
    # Whatever a student wrote into the comments cannot name another: the user has to be the file's.
    sure = who and match["before"].endswith(f"_{who['user']}")
    return match["before"], (who["user"], who["name"]) if who and sure else (match["user"], match["user"])


def _claim(match: re.Match[str], told: Mapping[str, tuple[str, str]]) -> Claim:
    user, name = told.get(match["before"], (match["user"], match["user"]))
    called = PurePath(match["file"] or "attempt.txt")
    time = match["time"]
    handed_in = f"{time[:10]}T{time[11:].replace('-', ':')}"
    return Claim(match["before"], name, called, {"username": user}, attempt=time, handed_in=handed_in)


BLACKBOARD = Kind("blackboard", "Blackboard", "HW 1_alovelace_attempt_2026-11-20-10-00-00_hw1.ipynb", _claims)
