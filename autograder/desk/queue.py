"""What can be decided, and in which order a person meets what awaits her."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autograder.decisions import Subject
from autograder.model import Answer, Report, Verdict


@dataclass(frozen=True, slots=True)
class Item:
    """One criterion of one submission, or an exercise of it as a whole, as the grader left it."""

    key: str  # in addresses; it does not say whose it is
    person: str  # the key of the submission
    report: Report
    answer: Answer
    verdict: Verdict | None  # None: the whole exercise

    @property
    def exercise(self) -> str:
        return self.answer.exercise.name

    @property
    def criterion(self) -> str:
        return self.verdict.criterion.name if self.verdict else ""

    @property
    def subject(self) -> Subject:
        return self.report.submission.origin, self.exercise, self.criterion

    @property
    def title(self) -> str:
        return self.verdict.criterion.title if self.verdict else self.answer.exercise.title

    @property
    def most(self) -> float:
        return self.verdict.criterion.points if self.verdict else self.answer.exercise.max_points

    @property
    def graded(self) -> float:
        return self.verdict.graded if self.verdict else self.answer.graded

    @property
    def waits(self) -> bool:
        return self.verdict is not None and self.verdict.waits

    @property
    def digest(self) -> str:
        """Of what a person judges here: the passage that is quoted, or where there is none all that was handed in."""
        quoted = " ".join(self.verdict.detail.split()) if self.waits and self.verdict else ""
        return _key(quoted or " ".join(file.sha256 for file in self.report.submission.files))

    @property
    def words(self) -> str:
        """By which answers are the same: what is quoted, or that there is nothing; spaces make no difference."""
        if self.verdict is None or not self.waits:
            return ""
        quoted = " ".join(self.verdict.detail.split())
        return f"{self.verdict.reason}: {quoted}" if quoted or self.verdict.reason == "no_words" else ""


@dataclass(frozen=True, slots=True)
class Queue:
    """All items, those that await a person by exercise, and whose submission is whose."""

    items: Mapping[str, Item]
    waiting: Mapping[str, tuple[Item, ...]]  # exercise → in the order in which they are met
    people: Mapping[str, Report]
    _of_person: Mapping[str, tuple[Item, ...]]
    _alike: Mapping[tuple[str, str, str], tuple[Item, ...]]

    def of_person(self, person: str) -> tuple[Item, ...]:
        """An exercise, then its criteria, and so on."""
        return self._of_person[person]

    def beside(self, item: Item) -> list[Item]:
        """The whole exercise of the same submission, and its other criteria."""
        same = (other for other in self.of_person(item.person) if other.exercise == item.exercise)
        return [other for other in same if other.key != item.key]

    def on(self, subject: Subject) -> Item | None:
        return self.items.get(_key(*subject))

    def alike(self, item: Item) -> tuple[Item, ...]:
        """Others that await a person with the same answer, in the same words."""
        return tuple(other for other in self._alike.get(_group(item), ()) if other.key != item.key)


def of(reports: Sequence[Report]) -> Queue:
    """The queue of a grading."""
    people = {_key(report.submission.origin): report for report in reports}
    of_person = {key: tuple(_items(key, report)) for key, report in people.items()}
    found = [item for items in of_person.values() for item in items]
    alike = defaultdict(list)
    for item in found:
        if item.words:
            alike[_group(item)].append(item)
    waiting = defaultdict(list)
    for item in sorted((item for item in found if item.waits), key=lambda one: _order(one, len(alike[_group(one)]))):
        waiting[item.exercise].append(item)
    return Queue(
        {item.key: item for item in found},
        {exercise: tuple(items) for exercise, items in waiting.items()},
        people,
        of_person,
        {group: tuple(items) for group, items in alike.items()},
    )


def _items(person: str, report: Report) -> list[Item]:
    origin = report.submission.origin
    return [
        Item(
            _key(origin, answer.exercise.name, verdict.criterion.name if verdict else ""),
            person,
            report,
            answer,
            verdict,
        )
        for answer in report.answers
        for verdict in (None, *answer.verdicts)
    ]


def _order(item: Item, alike: int) -> tuple[int, int, str, str]:
    """By criterion, then what many wrote, the same beside the same; else as the keys fall, so that nobody is first."""
    names = [criterion.name for criterion in item.answer.exercise.criteria]
    return names.index(item.criterion), -alike, item.words, item.key


def _group(item: Item) -> tuple[str, str, str]:
    return item.exercise, item.criterion, item.words


def _key(*parts: str) -> str:
    said = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(said, digest_size=8, person=b"desk").hexdigest()
