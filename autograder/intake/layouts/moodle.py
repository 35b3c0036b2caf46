"""Moodle's "Download all submissions": Ann Lee_4_assignsubmission_file/hw1.ipynb, or the same with files that lie flat.

The number is the participant's in this assignment, or a group's. It is missing for the default group. Every word but
the plugin's is in the language of the site.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import PurePath

from autograder.intake.entries import Entry
from autograder.intake.layouts.claim import Claim, Claimed, Kind
from autograder.phrase import Phrase

_NAME = re.compile(
    r"(?P<name>[^_/]+)(?:_(?P<number>\d+))?_assignsubmission_(?P<plugin>[a-z]+)(?:_(?P<file>.*))?", re.DOTALL
)
_WORDS = Phrase("An online text was handed in; it is not graded here, so a person reads it")
BLIND = "Participant"


def _claims(entries: Sequence[Entry]) -> Iterator[Claimed]:
    matches = [_NAME.fullmatch(entry.place.name) for entry in entries]
    names = Counter(match["name"] for match in {m["name"] + str(m["number"]): m for m in matches if m}.values())
    for entry, match in zip(entries, matches, strict=True):
        yield entry, _claim(match, names) if match else None


def _claim(match: re.Match[str], names: Counter[str]) -> Claim:
    name, number = match["name"], match["number"]
    # Marked blind, all have one name, in the language of the site.
    blind = name == BLIND or (len(names) == 1 and names[name] > 2)
    shown = f"{name} {number}" if blind and number else name
    return Claim(
        key=f"{name}_{number}" if number else name,
        name=shown,
        called=_called(match["plugin"], match["file"] or ""),
        ids={"moodle": number} if number else {"group": name},
        remarks=(_WORDS,) if match["plugin"] == "onlinetext" else (),
    )


def _called(plugin: str, file: str) -> PurePath:
    """Files are called what the student called them; what is of another plugin lies in a folder of its name."""
    return PurePath(file) if plugin == "file" else PurePath(plugin, file)


MOODLE = Kind("moodle", "Moodle", "Ann Lee_4_assignsubmission_file", _claims)
