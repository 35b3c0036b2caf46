"""Brightspace's "Download": 13394-80551 - Eric Gillotti - Mar 29, 2018 1205 PM - hw1.ipynb, a file or a folder.

The first number is Brightspace's own for the student, and in none of its sheets. Dates are English only.
"""

import re
from datetime import datetime
from pathlib import PurePath

from autograder.intake.layouts.claim import Claim, Kind, each

_NAME = re.compile(
    r"(?P<a>\d+)-(?P<b>\d+) - (?:(?P<org>[A-Z]?\d{5,}) - )?(?P<name>.+?)\s?- "
    r"(?P<date>[A-Z][a-z]{2} \d{1,2}, \d{4} \d{1,4} [AP]M)(?: - (?P<file>.+))?",
    re.DOTALL,
)


def _claim(name: str) -> Claim | None:
    match = _NAME.fullmatch(name)
    time = _time(match["date"]) if match else ""
    if not match or not time:
        return None
    ids = {"brightspace": match["a"]} | ({"student_id": match["org"]} if match["org"] else {})
    key = f"{match['a']} {match['name']}"
    return Claim(key, match["name"], PurePath(match["file"] or ""), ids, attempt=time, handed_in=time)


def _time(date: str) -> str:
    """Mar 29, 2018 905 PM → 2018-03-29 21:05; nothing for what is no date."""
    day, clock, half = date.rsplit(" ", 2)
    try:
        return datetime.strptime(f"{day} {clock.zfill(4)} {half}", "%b %d, %Y %I%M %p").isoformat(" ", "minutes")
    except ValueError:
        return ""


BRIGHTSPACE = Kind("brightspace", "Brightspace", "13394-80551 - Eric Gillotti - Mar 29, 2018 1205 PM", each(_claim))
