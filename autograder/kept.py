"""Grading with a memory: runs and reports that are in the store are taken from there."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from autograder import fingerprint, phrase
from autograder.decisions import Subject, standing
from autograder.model import (
    Answer,
    Case,
    Conditions,
    Exercise,
    Outcome,
    Override,
    Report,
    Status,
    Submission,
    Verdict,
)
from autograder.packed import Packed
from autograder.store import Store, digest, key_of, packed, without_tape

if TYPE_CHECKING:  # they import what takes time
    from autograder.observe import Run
    from autograder.talk import Calls, Ending, Job

OURS = (Outcome.GRADER_ERROR,)


class Memory:
    """What the store knows of runs and reports under these conditions."""

    def __init__(
        self, store: Store, exercises: Sequence[Exercise], conditions: Conditions, rung: str, *, forget: bool = False
    ) -> None:
        self.store = store
        self.trouble = ""  # why something could not be kept
        self.reports_known = 0
        self._forget = forget  # nothing that was kept is used; all that is made anew is kept
        self._reader = Reader(exercises)
        self._running = running(rung, conditions.seed)
        self._judging = key_of(self._running, vars_of(conditions), fingerprint.of_judging(exercises)).hex()

    @property
    def is_empty(self) -> bool:
        """Nothing was ever graded here, so that something will have to be run."""
        return self._forget or not self.store.students()

    @property
    def torch(self) -> str:
        """Version of the torch that made the runs."""
        return self.store.setting("torch", "")

    @torch.setter
    def torch(self, version: str) -> None:
        self.store.set("torch", version)

    def runs(self, run: "Run") -> "Run":
        """As `run`, but a run that was made before is not made again."""

        def remembered(job: "Job", case: Case, calls: "Callable[[], Calls]") -> "Ending":
            key = key_of_run(self._running, job, case)
            known = None if self._forget else self.store.run(key, calls)
            if known is not None:
                return known
            ending = run(job, case, calls)
            if (made := packed(ending)) is not None:
                self.keep_run(key, *made)
            return without_tape(ending)

        return remembered

    def keep_run(self, key: bytes, facts: str, tape: bytes) -> None:
        with self._troubled():
            self.store.keep_run(key, facts, tape)

    def report(self, submission: Submission) -> Report | None:
        """The report that was made of an equal submission, with what people have decided on this one since."""
        if self._forget:
            return None
        told = self.store.report(self._key(submission), submission.origin, submission.student)
        if told is None:
            return None
        self.reports_known += 1
        return self.decided(self._reader.report(told, submission))

    def keep(self, report: Report) -> Report:
        """Keep it, unless it only says that we failed; as it will be read again, with what people have decided."""
        told, submission = written(report), report.submission
        if report.outcome not in OURS and not any(v.status is Status.GRADER_ERROR for v in _verdicts(report)):
            with self._troubled():
                self.store.keep_report(self._key(submission), submission.origin, submission.student, told)
        return self.decided(self._reader.report(told, submission))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What an instructor should know."""
        unkept = (
            f"not all could be kept ({self.trouble}): the grades are complete, and the next run does some work again"
        )
        return (unkept,) if self.trouble else ()

    @contextmanager
    def _troubled(self) -> Iterator[None]:
        """A full disk costs the memory, and no grade."""
        try:
            yield
        except sqlite3.Error as error:
            self.trouble = self.trouble or str(error)

    def _key(self, submission: Submission) -> bytes:
        files = [[file.name, file.sha256, file.trouble] for file in submission.files]
        return key_of(self._judging, files, submission.declined, submission.remarks)

    def decided(self, report: Report) -> Report:
        """A person's decision survives every regrade."""
        return decided(report, standing(self.store.decisions_on(report.submission.origin)))


def decided(report: Report, overrides: Mapping[Subject, Override]) -> Report:
    """The report with what people decided: (path, exercise, criterion) → points and why."""
    if not overrides:
        return report
    path = report.submission.origin

    def verdict(exercise: str, one: Verdict) -> Verdict:
        return replace(one, override=overrides.get((path, exercise, one.criterion.name)))

    def answer(one: Answer) -> Answer:
        name = one.exercise.name
        verdicts = tuple(verdict(name, found) for found in one.verdicts)
        return replace(one, verdicts=verdicts, override=overrides.get((path, name, "")))

    return replace(report, answers=tuple(map(answer, report.answers)))


def conditions(exercises: Iterable[Exercise], seed: int, seconds: float | None) -> Conditions:
    """Of these exercises together; `seconds`: a limit that somebody asked for."""
    limits = [exercise.limits for exercise in exercises]
    longest, largest = max(limit.seconds for limit in limits), max(limit.memory_mib for limit in limits)
    return Conditions(seed, seconds or longest, largest)


def running(rung: str, seed: int) -> str:
    """What decides all runs of an invocation, beside what is run."""
    return key_of(fingerprint.of_running(), rung, seed).hex()


def key_of_run(running: str, job: "Job", case: Case) -> bytes:
    """What a run is kept under."""
    return key_of(running, job, repr(case.calls))


def vars_of(conditions: Conditions) -> list[float]:
    return [conditions.seed, conditions.seconds, conditions.memory_mib]


def _verdicts(report: Report) -> list[Verdict]:
    return [verdict for answer in report.answers for verdict in answer.verdicts]


def document(report: Report) -> dict[str, Any]:
    """What was found, without what the submission and the exercises say themselves."""
    return {
        "outcome": report.outcome.value,
        "remarks": list(map(phrase.document, report.remarks)),
        "acts": list(report.acts),
        "answers": {answer.exercise.name: _answer(answer) for answer in report.answers},
        "exhibits": Packed.of(report.exhibits).document(),
        "seconds": round(report.seconds, 3),
    }


def _answer(answer: Answer) -> dict[str, Any]:
    verdicts = {
        v.criterion.name: {
            "status": v.status.value,
            "points": v.graded,
            "max_points": v.criterion.points,
            "reason": v.reason,
            "feedback": v.feedback,
            "detail": phrase.document(v.detail),
            "where": v.where,
            "line": v.line,
        }
        for v in answer.verdicts
    }
    return {"attempted": answer.attempted, "verdicts": verdicts}


def written(report: Report) -> str:
    """Its document, as it is kept."""
    return json.dumps(document(report), ensure_ascii=False)


class Reader:
    """Documents → reports. An exercise that is not attempted is one answer, which all who did not attempt it share."""

    def __init__(self, exercises: Iterable[Exercise]) -> None:
        self._exercises = {exercise.name: exercise for exercise in exercises}
        self._shared = {name: tuple(_nothing(exercise)) for name, exercise in self._exercises.items()}

    def report(self, told: str, submission: Submission) -> Report:
        """What `written` wrote, read again."""
        kept = json.loads(told)
        answers = tuple(self._answer(name, answer) for name, answer in kept["answers"].items())
        said = (tuple(map(phrase.parsed, kept["remarks"])), tuple(kept["acts"]))
        shown, digest = Packed.parsed(kept["exhibits"]), digest_of(told)
        outcome, seconds = Outcome(kept["outcome"]), kept["seconds"]
        return Report(submission, outcome, answers, *said, shown, seconds, digest=digest)

    def _answer(self, name: str, kept: Mapping[str, Any]) -> Answer:
        shared = (answer for usual, answer in self._shared[name] if usual == kept)
        return next(shared, None) or _answer_of(self._exercises[name], kept)


def digest_of(told: str) -> str:
    return digest(told.encode("utf-8", "surrogatepass")).hex()


def _nothing(exercise: Exercise) -> Iterator[tuple[Mapping[str, Any], Answer]]:
    """An answer that says that there is none, and its document: of what was run, and of what was not."""
    for reason in ("not_attempted", ""):
        verdicts = (Verdict(criterion, Status.NOT_ATTEMPTED, reason) for criterion in exercise.criteria)
        answer = Answer(exercise, False, tuple(verdicts))
        yield _answer(answer), answer


def _answer_of(exercise: Exercise, kept: Mapping[str, Any]) -> Answer:
    verdicts = []
    for criterion in exercise.criteria:
        said = kept["verdicts"][criterion.name]
        texts = (said["reason"], said["feedback"], phrase.parsed(said["detail"]), said["where"])
        line = said.get("line", 0)  # which an earlier release did not keep
        verdicts.append(Verdict(criterion, Status(said["status"]), *texts, line))
    return Answer(exercise, kept["attempted"], tuple(verdicts))
