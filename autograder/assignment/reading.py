"""An assignment's YAML → Assignment. docs/assignments.md describes every key; every mistake is one sentence."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from difflib import get_close_matches
from fractions import Fraction
from pathlib import Path
from reprlib import repr as shown
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from autograder import languages, spec
from autograder.assignment import Assignment
from autograder.assignment.lateness import Policy
from autograder.assignment.points import exact, worth
from autograder.model import AFTER_DUE_DATE, AFTER_PUBLISHED, HIDDEN, VISIBLE, Exercise
from autograder.yaml_file import At, read

KEYS = ("title", "exercises", "due", "zone", "late", "language", "visibility", "hidden_cases")
VISIBILITIES = (VISIBLE, HIDDEN, AFTER_DUE_DATE, AFTER_PUBLISHED)
_LAST_SECOND = time(23, 59, 59)  # of a day that stands alone
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}


def load(path: Path, known: Mapping[str, Exercise]) -> Assignment:
    """The assignment in a file, of these exercises. Raises SpecError."""
    at, data = read(path)
    data = at.mapping(data, KEYS, required=("exercises",))
    zone = _zone(at / "zone", data["zone"]) if "zone" in data else None
    exercises = tuple(_exercises(at / "exercises", data["exercises"], known, _general(at, data)))
    _check_due(at, data, exercises)
    return Assignment(
        exercises=exercises,
        title=(at / "title").text(data["title"]) if "title" in data else "",
        language=(at / "language").choice(data["language"], languages.CHOICES) if "language" in data else "",
        due=_due(at / "due", data["due"], zone) if "due" in data else None,
        zone=zone,
        policy=_policy(at / "late", data["late"]) if "late" in data else Policy(),
    )


def _general(at: At, data: Mapping[str, Any]) -> dict[str, str]:
    """What is said of the visibility of all criteria, and of those on hidden cases."""
    keys = [key for key in ("visibility", "hidden_cases") if key in data]
    return {key: (at / key).choice(data[key], VISIBILITIES) for key in keys}


def _check_due(at: At, data: Mapping[str, Any], exercises: Iterable[Exercise]) -> None:
    """What only a due date gives a meaning to."""
    if "due" in data:
        return
    for key in ("late", "zone"):
        if key in data:
            raise (at / key).error("needs a due date; add the key 'due'")
    waiting = [one.name for one in exercises if any(c.visibility == AFTER_DUE_DATE for c in one.criteria)]
    if waiting:
        raise at.error(f"shows parts of {waiting[0]} {AFTER_DUE_DATE}, and has no due date; add the key 'due'")


# -- exercises


def _exercises(at: At, data: Any, known: Mapping[str, Exercise], seen: Mapping[str, str]) -> Iterator[Exercise]:
    """In the order of the file, each with the points and the visibility that it has here."""
    found = at.mapping(data, known)
    if not found:
        raise at.error("names no exercise; expected at least one, such as 'jacobian: 10'")
    for name, said in found.items():
        yield _exercise(at / name, _said(at / name, said), known[name], seen)


def _said(at: At, data: Any) -> dict[str, Any]:
    """`jacobian:`, `jacobian: 10` and `jacobian: {points: 10}` are all allowed."""
    if data is None:
        return {}
    return at.mapping(data, ("points", "visibility", "criteria")) if isinstance(data, dict) else {"points": data}


def _exercise(at: At, said: Mapping[str, Any], exercise: Exercise, seen: Mapping[str, str]) -> Exercise:
    """The nearest word on visibility counts: of the criterion, the exercise, hidden cases, the whole assignment."""
    scaled = worth(exercise, _points(at / "points", said["points"], exercise)) if "points" in said else exercise
    names = [criterion.name for criterion in exercise.criteria]
    single = (at / "criteria").mapping(said.get("criteria", {}), names)
    own = {name: (at / "criteria" / name).choice(value, VISIBILITIES) for name, value in single.items()}
    general = (at / "visibility").choice(said["visibility"], VISIBILITIES) if "visibility" in said else ""
    hidden = dict.fromkeys(spec.on_hidden_cases(exercise), seen.get("hidden_cases", ""))
    found = {name: own.get(name) or general or hidden.get(name) or seen.get("visibility", VISIBLE) for name in names}
    return replace(scaled, criteria=tuple(replace(one, visibility=found[one.name]) for one in scaled.criteria))


def _points(at: At, value: Any, exercise: Exercise) -> float:
    points = at.number(value, least=0.01)
    if (exact(points) * 100).denominator != 1:
        raise at.error(f"has to have at most two decimals, got {shown(value)}")
    if not exercise.max_points:
        raise at.error(f"cannot be shared out, since every criterion of exercises/{exercise.name}.yaml is worth 0")
    return points


# -- when


def _zone(at: At, value: Any) -> ZoneInfo:
    name = at.text(value)
    if name not in available_timezones():
        close = get_close_matches(name, sorted(available_timezones()), 1)
        raise at.error(
            f"is {shown(name)}; {f'did you mean {close[0]!r}?' if close else 'expected such as Asia/Shanghai'}"
        )
    return ZoneInfo(name)


def _due(at: At, value: Any, zone: ZoneInfo | None) -> datetime:
    """A moment: with an offset of its own, or in the zone; a day alone ends with its last second."""
    found = _moment(at, value)
    if found.tzinfo is not None:
        return found
    if zone is None:
        raise at.error("has no time zone; write an offset behind it, as in +02:00, or add 'zone: Europe/Berlin'")
    local = found.replace(tzinfo=zone, fold=1)  # of an hour that comes twice, the later one
    if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != found:
        raise at.error(f"is {found.isoformat(' ')}, which the clocks of {zone.key} leave out that night")
    return local


def _moment(at: At, value: Any) -> datetime:
    """YAML makes a date or a time of most of them."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, _LAST_SECOND)
    try:
        return datetime.fromisoformat(str(value).strip() if isinstance(value, str) else "")
    except ValueError:
        raise at.error(f"has to be a time such as 2026-10-16T23:59+02:00 or 2026-10-16, got {shown(value)}") from None


# -- what being late costs


def _policy(at: At, data: Any) -> Policy:
    said = at.mapping(data, ("grace", "per_day", "at_most", "cap"))
    if ("cap" in said) == ("per_day" in said):
        raise at.error("has to have either 'cap' (as in cap: 50%) or 'per_day' (as in per_day: 10%)")
    if "at_most" in said and "per_day" not in said:
        raise (at / "at_most").error("bounds what 'per_day' adds up to, and there is no 'per_day'")
    shares = {key: _share(at / key, said[key]) for key in ("per_day", "at_most", "cap") if key in said}
    return Policy(grace=_duration(at / "grace", said["grace"]) if "grace" in said else timedelta(), **shares)


def _share(at: At, value: Any) -> Fraction:
    match = re.fullmatch(r"(\d{1,3}(?:\.\d{1,4})?)\s*%", value) if isinstance(value, str) else None
    if not match or Decimal(match[1]) > 100:
        raise at.error(f"has to be a share from 0% to 100%, as in 10%, got {shown(value)}")
    return Fraction(match[1]) / 100


def _duration(at: At, value: Any) -> timedelta:
    match = re.fullmatch(r"(\d{1,4})\s*(minute|hour|day)s?", value) if isinstance(value, str) else None
    if not match:
        raise at.error(f"has to be a time such as 15 minutes, 2 hours or 1 day, got {shown(value)}")
    return int(match[1]) * _UNITS[match[2]]
