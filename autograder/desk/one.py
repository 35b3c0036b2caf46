"""The page on which one item is decided: what was said, what the grader says of it, and the form."""

from collections.abc import Mapping, Sequence

from autograder.decisions import Decision
from autograder.desk import anonymous
from autograder.desk.door import Session
from autograder.desk.pages import View, entry, named, who
from autograder.desk.queue import Item
from autograder.desk.state import Now
from autograder.phrase import place
from autograder.report import wording
from autograder.report.pages import cells, pictures
from autograder.report.pages.student import WORDS
from autograder.text import cleaned

MOST_ALIKE = 12  # that are listed
MOST_COMMENTS = 6  # that are offered again


def view(
    now: Now, item: Item, session: Session, *, said: str = "", refused: str = "", comment: str | None = None
) -> View:
    """Values of item.html. `said`: what has just been done; `refused`: why nothing was; `comment`: as typed then."""
    override = now.override(item)
    kept = override.why if override else ""
    return {
        "item": item,
        "who": who(item, session),
        "exercise": item.answer.exercise,
        "standing": _standing(now, item),
        "has_changed": now.has_changed(item),
        "said": said,
        "refused": refused,
        **_answer(item, session),
        **_line(now, item),
        **_form(now, item, session),
        "comment": kept if comment is None else comment,
        "beside": [entry(now, other, session) for other in now.queue.beside(item)],
        "history": [_event(event, session) for event in now.decisions if event.ruling.subject == item.subject],
    }


def _standing(now: Now, item: Item) -> str:
    """What counts at present, and by whom."""
    most = wording.points(item.most)
    if override := now.override(item):
        return f"decided by a person: {wording.points(override.points)} of {most}"
    if item.waits:
        return ""
    said = f"{WORDS[item.verdict.status]}: " if item.verdict else ""
    return f"{said}{wording.points(now.points(item))} of {most}{' by the grader' if item.verdict else ''}"


def _answer(item: Item, session: Session) -> View:
    """The student's words and code, and what was seen when it ran."""
    verdict, submission = item.verdict, item.report.submission
    where = place(verdict.where, verdict.line) if verdict else ""
    return {
        "quote": cleaned(verdict.detail) if verdict and item.waits else "",
        "is_code": verdict is not None and verdict.reason == "not_executed",
        "why": _why(item),
        "where": wording.one_line(where if session.names else anonymous.place(where, submission)),
        "cells": [named(cell, item.report, session) for cell in _judged(item)],
        "pictures": _pictures(item, session),
    }


def _why(item: Item) -> str:
    """What the grader said of it."""
    if item.verdict is None:
        return ""
    return wording.one_line(wording.feedback(item.verdict) if item.waits else wording.sentence(item.verdict))


def _judged(item: Item) -> Sequence[cells.Cell]:
    """The place that was judged, then others of this exercise; not what is quoted as a whole."""
    verdicts = [*([item.verdict] if item.verdict else []), *item.answer.verdicts]
    found = cells.at(item.report.submission, [(verdict.where, verdict.line) for verdict in verdicts])
    return [cell for cell in found if cell.is_code or _words(cell) != _quoted(item)]


def _words(cell: cells.Cell) -> str:
    return " ".join(" ".join(line.text for line in cell.lines).split())


def _quoted(item: Item) -> str:
    return " ".join(item.verdict.detail.split()) if item.verdict and item.waits else ""


def _pictures(item: Item, session: Session) -> list[pictures.Picture]:
    shown = item.report.exhibits.get(item.exercise, ())
    if not session.names:
        shown = tuple(anonymous.exhibit(exhibit, item.report.submission) for exhibit in shown)
    return [picture for exhibit in shown if (picture := pictures.of(exhibit))]


def _line(now: Now, item: Item) -> View:
    """Where it stands among those that the grader left to a person."""
    line = now.queue.waiting.get(item.exercise, ()) if item.waits else ()
    place = [other.key for other in line].index(item.key) if line else 0
    following = now.after(item)
    return {
        "place": place + 1,
        "total": len(line),
        "left": len(now.left(item.exercise)),
        "earlier": line[place - 1].key if place else "",
        "later": line[place + 1].key if place + 1 < len(line) else "",
        "following": following.key if following else "",
    }


def _form(now: Now, item: Item, session: Session) -> View:
    alike = now.alike(item) if item.words else []
    return {
        "override": now.override(item),
        "above": now.above(item),
        "choices": choices(item.most),
        "comments": _comments(now, item),
        "alike": [who(other, session) for other in alike[:MOST_ALIKE]],
        "alike_count": len(alike),
    }


def choices(most: float) -> list[float]:
    """Points to click on: by ones; of what is worth little by halves, of what is worth much by tenths of that."""
    step = 0.5 if most <= 2 else 1.0 if most <= 10 else most / 10
    below = [i * step for i in range(int(most / step) + 1) if i * step < most]
    return [*below, most]


def _comments(now: Now, item: Item) -> list[str]:
    """What was said lately to others on the same criterion."""
    said = (one.ruling for one in reversed(now.decisions) if one.ruling.subject[1:] == item.subject[1:])
    return list(dict.fromkeys(ruling.why for ruling in said if ruling.why))[:MOST_COMMENTS]


def _event(event: Decision, session: Session) -> Mapping[str, object]:
    by = "you" if event.by == session.by else "another browser" if event.by else "the command line"
    return {"at": event.at[:16].replace("T", " "), "by": by, "points": event.ruling.points, "why": event.ruling.why}
