"""Two results of one class: whose points changed, and why. Works on documents as in results.json."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.report import wording

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """Points of one exercise of one submission; None where it was not there."""

    student: str
    path: str
    exercise: str
    before: float | None
    after: float | None
    reasons: tuple[str, ...]  # criterion by criterion


def between(old: Document, new: Document) -> Iterator[Change]:
    """Every change of points, of what awaits review and of a person's decision, in the order of the new results."""
    before, after = _exercises(old), _exercises(new)
    for key in dict.fromkeys([*after, *before]):
        was, now = before.get(key), after.get(key)
        if _points(was) != _points(now):
            (path, exercise), student = key, (now or was or {})["student"]
            yield Change(student, path, exercise, _score(was), _score(now), tuple(_reasons(was, now)))


def _exercises(document: Document) -> dict[tuple[str, str], dict[str, Any]]:
    """(path, exercise) → that exercise of that submission, with the student's name."""
    return {
        (report["path"], exercise["exercise"]): {**exercise, "student": report["student"]}
        for report in document["reports"]
        for exercise in report["exercises"]
    }


def _points(exercise: Mapping[str, Any] | None) -> tuple[float, float] | None:
    return (exercise["score"], exercise["awaiting_review"]) if exercise else None


def _score(exercise: Mapping[str, Any] | None) -> float | None:
    return float(exercise["score"]) if exercise else None


def _reasons(was: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> Iterator[str]:
    if was is None or now is None:
        return
    decided, undecided = now.get("override"), was.get("override")
    if decided != undecided:
        yield f"a person decided: {decided['why']}" if decided else "a person's decision was taken back"
    criteria = {criterion["name"]: criterion for criterion in was["criteria"]}
    for criterion in now["criteria"]:
        earlier = criteria.get(criterion["name"])
        if earlier is None or _verdict(earlier) != _verdict(criterion):
            before = _said(earlier) if earlier else "not there"
            yield f"{criterion['name']}: {before} → {_said(criterion)}"


def _verdict(criterion: Mapping[str, Any]) -> tuple[object, ...]:
    decided = criterion.get("override")
    said = (decided["points"], decided["why"]) if decided else None
    return criterion["status"], criterion["reason"], criterion["points"], criterion["max_points"], said


def _said(criterion: Mapping[str, Any]) -> str:
    if decided := criterion.get("override"):
        had = f"{wording.points(decided['points'])} of {wording.points(criterion['max_points'])}"
        return f"a person gave {had}{f', {why}' if (why := decided['why']) else ''}"
    reason = f" ({criterion['reason']})" if criterion["reason"] not in ("", criterion["status"]) else ""
    points = f"{wording.points(criterion['points'])} of {wording.points(criterion['max_points'])}"
    return f"{criterion['status'].replace('_', ' ')}{reason}, {points}"


def lines(changes: Sequence[Change]) -> Iterator[str]:
    """One line a change, its reasons below; then, one line a submission, exercises that only one of the results has."""
    for change in changes:
        if change.before is not None and change.after is not None:
            points = f"{wording.points(change.before)} → {wording.points(change.after)}"
            yield f"{change.student}  {change.exercise}  {points}"
            yield from (f"    {reason}" for reason in change.reasons)
    yield from _of_one_only("not there before", [change for change in changes if change.before is None])
    yield from _of_one_only("not there any more", [change for change in changes if change.after is None])


def _of_one_only(says: str, changes: Sequence[Change]) -> Iterator[str]:
    """Each exercise with its points, if there are any."""
    found: dict[str, list[Change]] = {}
    for change in changes:
        found.setdefault(change.path, []).append(change)
    for ones in found.values():
        points = ((one.exercise, one.after if one.before is None else one.before) for one in ones)
        names = ", ".join(f"{name} {wording.points(had)}" if had else name for name, had in points)
        yield f"{ones[0].student}  {says}: {names}"
