"""An assignment's YAML → Assignment. docs/assignments.md describes every key; every mistake is one sentence."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from autograder import spec, strict_yaml
from autograder.assignment import Assignment, form
from autograder.assignment.lateness import Policy
from autograder.assignment.points import worth
from autograder.model import AFTER_DUE_DATE, VISIBLE, Exercise
from autograder.shapes import At


def load(path: Path, known: Mapping[str, Exercise]) -> Assignment:
    """The assignment in a file, of these exercises. Raises SpecError."""
    return of(strict_yaml.text_of(path, path.name), path.name, known)


def of(text: str, name: str, known: Mapping[str, Exercise]) -> Assignment:
    """The assignment that a file of this name says. Raises SpecError."""
    at = At(name)
    said = form.assignment(names(known)).read(at, strict_yaml.parsed(text, name))
    exercises = tuple(_exercises(at / "exercises", said, known))
    _check_due(at, said, exercises)
    return Assignment(
        exercises=exercises,
        title=said.get("title", ""),
        language=said.get("language", ""),
        due=_due(at / "due", said["due"], said.get("zone")) if "due" in said else None,
        zone=said.get("zone"),
        policy=_policy(at / "late", said["late"]) if "late" in said else Policy(),
    )


def names(exercises: Mapping[str, Exercise]) -> dict[str, list[str]]:
    """Each exercise with the names of its criteria."""
    return {name: [criterion.name for criterion in exercise.criteria] for name, exercise in exercises.items()}


def _exercises(at: At, said: Mapping[str, Any], known: Mapping[str, Exercise]) -> Iterator[Exercise]:
    """In the order of the file, each with the points and the visibility that it has here."""
    if not said["exercises"]:
        raise at.error("names no exercise; expected at least one, such as 'jacobian: 10'")
    for name, own in said["exercises"].items():
        exercise = known[name]
        if "points" in own and not exercise.max_points:
            raise (at / name).error(f"cannot be shared out: every criterion of {name} is worth 0")
        yield _seen(worth(exercise, own["points"]) if "points" in own else exercise, own, said)


def _seen(exercise: Exercise, own: Mapping[str, Any], general: Mapping[str, Any]) -> Exercise:
    """The nearest word on visibility counts: of the criterion, the exercise, hidden cases, the whole assignment."""
    every = [one.name for one in exercise.criteria]
    found = {
        **dict.fromkeys(every, general.get("visibility", VISIBLE)),
        **(dict.fromkeys(spec.on_hidden_cases(exercise), general["hidden_cases"]) if "hidden_cases" in general else {}),
        **(dict.fromkeys(every, own["visibility"]) if "visibility" in own else {}),
        **own.get("criteria", {}),
    }
    return replace(exercise, criteria=tuple(replace(one, visibility=found[one.name]) for one in exercise.criteria))


def _check_due(at: At, said: Mapping[str, Any], exercises: Iterable[Exercise]) -> None:
    """What only a due date gives a meaning to."""
    if "due" in said:
        return
    for key in ("late", "zone"):
        if key in said:
            raise (at / key).error("needs a due date; add the key 'due'")
    waiting = [one.name for one in exercises if any(c.visibility == AFTER_DUE_DATE for c in one.criteria)]
    if waiting:
        raise at.error(f"shows parts of {waiting[0]} {AFTER_DUE_DATE}, and has no due date; add the key 'due'")


def _due(at: At, found: datetime, zone: ZoneInfo | None) -> datetime:
    """A moment: with an offset of its own, or in the zone."""
    if found.tzinfo is not None:
        return found
    if zone is None:
        raise at.error("has no time zone; write an offset behind the time, as in +02:00, or add 'zone: Europe/Berlin'")
    local = found.replace(tzinfo=zone, fold=1)  # of an hour that comes twice, the later one
    if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != found:
        raise at.error(f"is {found.isoformat(' ')}, which the clocks of {zone.key} leave out that night")
    return local


def _policy(at: At, said: Mapping[str, Any]) -> Policy:
    if ("cap" in said) == ("per_day" in said):
        raise at.error("has to have either 'cap' (as in cap: 50%) or 'per_day' (as in per_day: 10%)")
    if "at_most" in said and "per_day" not in said:
        raise (at / "at_most").error("bounds what 'per_day' adds up to, and there is no 'per_day'")
    return Policy(**said)
