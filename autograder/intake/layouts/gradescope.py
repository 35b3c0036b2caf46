"""Gradescope's "Export Submissions": submission_123456/ a submission, and submission_metadata.yml says whose it is.

The keys of that file are Ruby's symbols: the colon is part of the key. Nothing of it is built but texts, lists and
mappings, so that a student number keeps its zeros.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Any

import yaml

from autograder.intake.contents import MAX_FILE_BYTES, Unreadable, read_whole
from autograder.intake.entries import Entry
from autograder.intake.layouts.claim import Claim, Claimed, Kind

LIST = "submission_metadata.yml"
_READ = "Gradescope's list of who handed in what; it was read"
_WITH_ZONE = re.compile(r"(Z|UTC|[+-]\d\d:?\d\d)$")
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # the list holds every earlier result, tens of megabytes


def _claims(entries: Sequence[Entry]) -> Iterator[Claimed]:
    listed = next((entry for entry in entries if entry.place.name == LIST), None)
    who = _listed(listed) if listed else {}
    for entry in entries:
        found = who.get(entry.place.name)
        yield replace(entry, refused=_READ) if entry is listed and who else entry, found and _claim(entry, found)


def _listed(entry: Entry) -> Mapping[str, Any]:
    """The name of each folder or file → what Gradescope says of it; nothing when the list cannot be read."""
    try:
        found = yaml.load(read_whole(entry.read, MAX_FILE_BYTES), Loader=_LOADER)  # noqa: S506 — a safe one: texts only
    except (Unreadable, yaml.YAMLError, UnicodeError, RecursionError, ValueError):
        return {}
    return {name: said for name, said in found.items() if isinstance(said, dict)} if isinstance(found, dict) else {}


def _claim(entry: Entry, said: Mapping[str, Any]) -> Claim:
    people = [person for person in _get(said, "submitters") or [] if isinstance(person, dict)]
    names, emails, numbers = (_all(people, key) for key in ("name", "email", "sid"))
    ids = {"gradescope": PurePath(entry.place.name).stem.removeprefix("submission_")}
    ids |= {"email": emails} if emails else {}
    ids |= {"student_id": numbers} if numbers else {}
    called = PurePath() if entry.is_container else PurePath(entry.place.name)
    return Claim(entry.place.name, names.replace("; ", ", ") or entry.place.name, called, ids, handed_in=_time(said))


def _time(said: Mapping[str, Any]) -> str:
    """Ruby writes UTC, and says so or not."""
    time = str(_get(said, "created_at") or "")
    return time if _WITH_ZONE.search(time) or not time else f"{time} UTC"


def _all(people: Sequence[Mapping[str, Any]], key: str) -> str:
    """Of a group, all."""
    return "; ".join(str(value) for person in people if (value := _get(person, key)))


def _get(mapping: Mapping[str, Any], key: str) -> Any:
    return mapping.get(f":{key}") or mapping.get(key)


GRADESCOPE = Kind("gradescope", "Gradescope", f"submission_123456 beside {LIST}", _claims)
