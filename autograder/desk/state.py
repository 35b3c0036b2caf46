"""The grading and what people have decided on it, as the store has them now."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autograder import grading
from autograder.decisions import Decision, Ruling, Subject, standing
from autograder.desk import queue
from autograder.desk.queue import Item, Queue
from autograder.grading import Graded
from autograder.model import Exercise, Override
from autograder.store import Store


@dataclass(frozen=True, slots=True)
class Now:
    """One moment."""

    version: str  # of the grading
    graded: Graded  # as the grader left it
    queue: Queue
    decisions: Sequence[Decision]  # oldest first
    overrides: Mapping[Subject, Override]
    rulings: Mapping[Subject, Ruling]  # the last on each

    @property
    def latest(self) -> int:
        return self.decisions[-1].number if self.decisions else 0

    def override(self, item: Item) -> Override | None:
        """What a person decided on exactly this."""
        return self.overrides.get(item.subject)

    def above(self, item: Item) -> Override | None:
        """What a person decided on the whole exercise, which comes before its criteria."""
        path, exercise, criterion = item.subject
        return self.overrides.get((path, exercise, "")) if criterion else None

    def points(self, item: Item) -> float:
        """What counts at present."""
        if override := self.override(item):
            return override.points
        return item.graded if item.verdict else sum(map(self.points, self.queue.beside(item)))

    def has_changed(self, item: Item) -> bool:
        """It was decided, and another answer has been handed in since."""
        ruling = self.rulings.get(item.subject)
        return ruling is not None and ruling.points is not None and ruling.answer not in ("", item.digest)

    def is_open(self, item: Item) -> bool:
        """It awaits a person, for the first time or again."""
        return item.waits and not self.above(item) and (not self.override(item) or self.has_changed(item))

    def left(self, exercise: str) -> list[Item]:
        return [item for item in self.queue.waiting.get(exercise, ()) if self.is_open(item)]

    def alike(self, item: Item) -> list[Item]:
        """Others that still await a person, with the same answer."""
        return [other for other in self.queue.alike(item) if self.is_open(other)]

    def after(self, item: Item) -> Item | None:
        """The next one of this exercise that awaits a person, round to its beginning."""
        line = self.queue.waiting.get(item.exercise, ())
        keys = [one.key for one in line]
        place = keys.index(item.key) + 1 if item.key in keys else 0
        return next((one for one in (*line[place:], *line[:place]) if one.key != item.key and self.is_open(one)), None)


class Desk:
    """Reads the store anew when it has changed: by this desk, another one, or a grading meanwhile."""

    def __init__(self, store: Store, exercises: Mapping[str, Exercise]) -> None:
        """Raises StoreError, as `grading.read`."""
        self.store = store
        self._exercises = exercises
        self._lock = threading.Lock()
        self._now = self._read()

    def _read(self) -> Now:
        version = grading.version(self.store)
        graded = grading.read(self.store, self._exercises)
        return _now(version, graded, queue.of(graded.reports), self.store.decisions_after(0))

    def now(self) -> Now:
        with self._lock:
            if grading.version(self.store) != self._now.version:
                self._now = self._read()
            elif new := self.store.decisions_after(self._now.latest):
                was = self._now
                self._now = _now(was.version, was.graded, was.queue, [*was.decisions, *new])
            return self._now

    def decide(self, rulings: Sequence[Ruling], *, known: int, by: str, undoes: int | None = None) -> int:
        """As `Store.decide`: in the store when it returns. Raises Overtaken."""
        return self.store.decide(rulings, known=known, by=by, undoes=undoes)


def _now(version: str, graded: Graded, line: Queue, decisions: Sequence[Decision]) -> Now:
    last = {decision.ruling.subject: decision.ruling for decision in decisions}
    return Now(version, graded, line, decisions, standing(decisions), last)
