"""What is shown: values for templates/. Of a student's they are text, and templates escape all that they are given."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from autograder.desk import anonymous, deciding
from autograder.desk.door import Session
from autograder.desk.queue import Item
from autograder.desk.state import Now
from autograder.model import Report
from autograder.phrase import ENGLISH
from autograder.report import tally, wording
from autograder.report.pages import engine
from autograder.report.pages.cells import Cell, every

PACKAGE = "autograder.desk"
MOST_LINES = 3000  # of a submission
View = Mapping[str, object]


def page(template: str, now: Now, session: Session, view: View, *, at: str = "/", trouble: str = "") -> str:
    """A page; `at` is its own address, where a switch leads back to."""
    can_undo = deciding.undo(now, session.by) is not None
    known = {"say": ENGLISH, "session": session, "can_undo": can_undo, "known": now.latest}
    around = {**known, "at": at, "trouble": trouble}
    return engine.environment(PACKAGE).get_template(template).render(**around, **view)


def style() -> str:
    return f"{engine.asset('style.css')}\n{engine.asset('desk.css', PACKAGE)}"


def script() -> str:
    return str(engine.asset("desk.js", PACKAGE))


# -- whose, and what


def who(item: Item, session: Session) -> str:
    return called(item.person, item.report, session)


def called(person: str, report: Report, session: Session) -> str:
    """The student, or a sign that stays the same and tells nobody who it is."""
    return wording.one_line(report.submission.student, 80) if session.names else f"Submission {person[:5]}"


def named(cell: Cell, report: Report, session: Session) -> Cell:
    return cell if session.names else anonymous.cell(cell, report.submission)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line that leads to an item."""

    key: str
    who: str
    title: str
    said: str
    points: str
    most: float
    is_open: bool
    by_person: bool
    has_changed: bool


def entry(now: Now, item: Item, session: Session) -> Entry:
    is_open, by_person = now.is_open(item), now.override(item) is not None
    return Entry(
        key=item.key,
        who=who(item, session),
        title=item.title if item.verdict else "The exercise as a whole",
        said=wording.one_line(item.verdict.detail if item.verdict and item.waits else "", 90),
        points="?" if is_open and not by_person else wording.points(now.points(item)),
        most=item.most,
        is_open=is_open,
        by_person=by_person,
        has_changed=now.has_changed(item),
    )


# -- the overview, and the line of one exercise


@dataclass(frozen=True, slots=True)
class Waiting:
    """An exercise with something for a person."""

    name: str
    title: str
    left: int
    total: int


def overview(now: Now) -> View:
    return {"exercises": list(_exercises(now)), "reports": now.graded.reports}


def _exercises(now: Now) -> Iterator[Waiting]:
    """In the order of the reports."""
    answers = (answer for report in now.graded.reports for answer in report.answers)
    titles = {answer.exercise.name: answer.exercise.title for answer in answers}
    for name, title in titles.items():
        if items := now.queue.waiting.get(name):
            yield Waiting(name, title, len(now.left(name)), len(items))


def exercise(now: Now, name: str, session: Session) -> View:
    items = now.queue.waiting[name]
    groups: dict[str, list[Entry]] = {}
    for item in items:
        groups.setdefault(item.title, []).append(entry(now, item, session))
    title = items[0].answer.exercise.title
    return {"name": name, "title": title, "groups": groups, "left": len(now.left(name)), "total": len(items)}


# -- submissions


def submissions(now: Now, session: Session, wanted: str) -> View:
    """All of them, or those whose name has `wanted` in it."""
    decided = now.graded.decided(now.overrides)
    by_origin = {report.submission.origin: report for report in decided.reports}
    names = [(called(person, report, session), person) for person, report in now.queue.people.items()]
    found = sorted((name.casefold(), name, person) for name, person in names if wanted.casefold() in name.casefold())
    rows = [(person, name, by_origin[now.queue.people[person].submission.origin]) for _, name, person in found]
    return {"rows": rows, "wanted": wanted}


def submission(now: Now, person: str, session: Session) -> View:
    """Every verdict on one, each leading to where it can be decided, and all that was handed in."""
    report = now.queue.people[person]
    exercises = [item for item in now.queue.of_person(person) if item.verdict is None]
    tried = [one for one in exercises if tally.is_tried(one.answer)]
    missing = [one for one in exercises if not tally.is_tried(one.answer)]
    remarks = (*wording.remarks(report), *report.acts)
    return {
        "who": called(person, report, session),
        "outcome": _of(wording.outcome(report), report, session),
        "remarks": [_of(wording.one_line(remark), report, session) for remark in remarks],
        "answers": [
            (one.title, [entry(now, item, session) for item in (one, *now.queue.beside(one))]) for one in tried
        ],
        "missing": [(one.title, entry(now, one, session)) for one in missing],
        "cells": [named(cell, report, session) for cell in every(report.submission, MOST_LINES) if cell.lines],
    }


def _of(said: str, report: Report, session: Session) -> str:
    return said if session.names else anonymous.text(said, report.submission)
