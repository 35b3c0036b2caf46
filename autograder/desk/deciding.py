"""A form → rulings, and what takes them back."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from autograder.decisions import Decision, Ruling, concerns
from autograder.desk.queue import Item
from autograder.desk.state import Now
from autograder.report import wording
from autograder.text import cleaned

Form = Mapping[str, str]


class Unclear(Exception):
    """A form that decides nothing: a sentence that says what is missing."""


def rulings(now: Now, item: Item, form: Form) -> list[Ruling]:
    """What this form says of this item, and of the same answer elsewhere if it says so. Raises Unclear."""
    if form.get("points") == "back":
        return [Ruling(item.subject, None, "")]
    points, comment = _points(item, form), cleaned(form.get("comment", ""), wording.MOST_OF_A_COMMENT).strip()
    if not (comment or item.waits):
        raise Unclear("The grader has judged this. Say in the comment why your points count instead.")
    items = [item, *(now.alike(item) if form.get("alike") else ())]
    return [Ruling(one.subject, points, comment, one.digest) for one in items]


def known(form: Form) -> int:
    """The latest decision that was there when the form was shown; of a form that does not say so, none."""
    text = form.get("known", "")
    return int(text) if text.isdecimal() and len(text) < 16 else 0


def _points(item: Item, form: Form) -> float:
    said = form.get("points", "")
    text = (form.get("other", "") if said == "other" else said).strip().replace(",", ".")
    try:
        points = float(text)
    except ValueError:
        points = math.nan
    if not 0 <= points <= item.most:  # written so that NaN is refused
        raise Unclear(f"Give points from 0 to {wording.points(item.most)}{f', not {text[:20]!r}' if text else ''}.")
    return points


@dataclass(frozen=True, slots=True)
class Undo:
    """The latest batch of one browser that still holds, and what takes it back."""

    batch: int
    rulings: tuple[Ruling, ...]
    overtaken: Decision | None  # what somebody else has decided on the same since


def undo(now: Now, by: str) -> Undo | None:
    """What this browser may take back next; None when there is nothing of its own left."""
    mine = [one for one in now.decisions if one.by == by]
    undone = {one.undoes for one in mine}
    batches = [one.batch for one in mine if one.undoes is None and one.batch not in undone]
    if not batches:
        return None
    batch = [one.ruling.subject for one in mine if one.batch == batches[-1]]
    before = {one.ruling.subject: one.ruling for one in now.decisions if one.number < batches[-1]}
    since = (one for one in now.decisions if one.number > batches[-1] and one.by != by)
    others = (one for one in since if any(concerns(one, subject) for subject in batch))
    back = tuple(before.get(subject, Ruling(subject, None, "")) for subject in batch)
    return Undo(batches[-1], back, next(others, None))
