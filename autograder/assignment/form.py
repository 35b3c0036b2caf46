"""What may stand in an assignment's YAML, said once: `reading` reads by it, and editors complete by its schema."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from difflib import get_close_matches
from fractions import Fraction
from reprlib import repr as shown
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from autograder.assignment.points import exact
from autograder.languages import CHOICES
from autograder.model import AFTER_DUE_DATE, AFTER_PUBLISHED, HIDDEN, VISIBLE
from autograder.shapes import At, Choice, Key, Number, Record, Schema, Shape, Text

_SHARE = r"(\d{1,3}(?:\.\d{1,4})?)\s*%"
_DURATION = r"(\d{1,4})\s*(minute|hour|day)s?"
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_LAST_SECOND = time(23, 59, 59)  # of a day that stands alone


@dataclass(frozen=True)
class Moment:
    """A time, with an offset or without, or a day, which ends with its last second."""

    def read(self, at: At, value: Any) -> datetime:
        """YAML makes a date or a time of most of them."""
        if isinstance(value, datetime):
            return value
        if isinstance(value, date):
            return datetime.combine(value, _LAST_SECOND)
        try:
            return datetime.fromisoformat(value.strip() if isinstance(value, str) else "")
        except ValueError:
            expected = "a time such as 2026-10-16T23:59+02:00, or a day such as 2026-10-16"
            raise at.error(f"has to be {expected}, got {shown(value)}") from None

    @property
    def schema(self) -> Schema:
        return {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d"}


@dataclass(frozen=True)
class Zone:
    """A time zone by its name in the tz database."""

    def read(self, at: At, value: Any) -> ZoneInfo:
        known = available_timezones()
        if isinstance(value, str) and value in known:
            return ZoneInfo(value)
        close = get_close_matches(str(value), sorted(known), 1)
        hint = f"did you mean '{close[0]}'?" if close else "expected a zone such as Asia/Shanghai"
        raise at.error(f"is {shown(value)}; {hint}")

    @property
    def schema(self) -> Schema:
        return {"type": "string", "examples": ["Asia/Shanghai", "Europe/Berlin", "America/New_York"]}


@dataclass(frozen=True)
class Share:
    """A share of all, as a percentage."""

    def read(self, at: At, value: Any) -> Fraction:
        match = re.fullmatch(_SHARE, value) if isinstance(value, str) else None
        if not match or Decimal(match[1]) > 100:
            raise at.error(f"has to be a share from 0% to 100%, as in 10%, got {shown(value)}")
        return Fraction(match[1]) / 100

    @property
    def schema(self) -> Schema:
        return {"type": "string", "pattern": f"^{_SHARE}$"}


@dataclass(frozen=True)
class Duration:
    """A number of minutes, hours or days."""

    def read(self, at: At, value: Any) -> timedelta:
        match = re.fullmatch(_DURATION, value) if isinstance(value, str) else None
        if not match:
            raise at.error(f"has to be a time such as 15 minutes, 2 hours or 1 day, got {shown(value)}")
        return int(match[1]) * _UNITS[match[2]]

    @property
    def schema(self) -> Schema:
        return {"type": "string", "pattern": f"^{_DURATION}$"}


@dataclass(frozen=True)
class Points:
    """A number of points above 0, with two decimals at most."""

    def read(self, at: At, value: Any) -> float:
        points = Number(0.01).read(at, value)
        if (exact(points) * 100).denominator != 1:
            raise at.error(f"has to have at most two decimals, got {shown(value)}")
        return float(points)

    @property
    def schema(self) -> Schema:
        return Number(0.01).schema


@dataclass(frozen=True)
class Brief:
    """A record, of which one key may stand alone; or nothing at all."""

    record: Record
    alone: str

    def read(self, at: At, value: Any) -> dict[str, Any]:
        if value is None:
            return {}
        return self.record.read(at, value if isinstance(value, dict) else {self.alone: value})

    @property
    def schema(self) -> Schema:
        return {"anyOf": [{"type": "null"}, self.record.keys[self.alone].of.schema, self.record.schema]}


_VISIBILITY = Choice((VISIBLE, HIDDEN, AFTER_DUE_DATE, AFTER_PUBLISHED))
_LATE = Record(
    {
        "grace": Key(Duration(), "after the due date, in which nothing is deducted: 15 minutes"),
        "per_day": Key(Share(), "of the points that could be had, for each day that has begun: 10%"),
        "at_most": Key(Share(), "that the days may add up to: 50%"),
        "cap": Key(Share(), "of the points that could be had; what is above it does not count: 50%"),
    }
)


def assignment(exercises: Mapping[str, Iterable[str]]) -> Record:
    """Of these exercises, each with the names of its criteria."""
    return Record(
        {
            "title": Key(Text(), "what students know it by"),
            "exercises": Key(_exercises(exercises), "in the order shown: name, and what it is worth", required=True),
            "due": Key(Moment(), "a time with an offset; or a time or a day in the zone"),
            "zone": Key(Zone(), "of times without an offset: Europe/Berlin"),
            "late": Key(_LATE, "what being late costs: per_day or cap; nothing if this is left out"),
            "language": Key(Choice(CHOICES), "of feedback; auto is that of each submission's own prose"),
            "visibility": Key(_VISIBILITY, "when students see what became of a criterion"),
            "hidden_cases": Key(_VISIBILITY, "the same, of criteria that look at a hidden case"),
        }
    )


def _exercises(names: Mapping[str, Iterable[str]]) -> Shape:
    return Record({name: Key(_exercise(criteria), "points, or a mapping") for name, criteria in names.items()})


def _exercise(criteria: Iterable[str]) -> Shape:
    of_criteria = Record({name: Key(_VISIBILITY, "when students see it") for name in criteria})
    keys = {
        "points": Key(Points(), "what it is worth here; its criteria keep their proportion"),
        "visibility": Key(_VISIBILITY, "of all its criteria"),
        "criteria": Key(of_criteria, "criterion → visibility"),
    }
    return Brief(Record(keys), "points")


def schema(exercises: Mapping[str, Iterable[str]]) -> str:
    """What may stand in an assignment's YAML, for editors: a JSON Schema, as docs/assignment.schema.json holds it."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "An assignment"}
    return json.dumps(head | assignment(exercises).schema, indent=2, ensure_ascii=False) + "\n"
