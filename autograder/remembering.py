"""Grading that starts nothing where everything is known: no sandbox, no judge, and none of what they import."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from autograder.kept import Memory
from autograder.ladder import Rung
from autograder.model import Exercise, Report, Submission

if TYPE_CHECKING:  # it imports what takes time
    from autograder.run import Grader


class Remembering:
    """As `run.Grader`, of which there is one as soon as something is not known; a context manager.

    `unchecked`: exercises that nobody has held beside their graders yet. `grading`: what else a Grader is given.
    """

    def __init__(
        self, exercises: Sequence[Exercise], rung: Rung, memory: Memory, unchecked: Sequence[Exercise], **grading: Any
    ) -> None:
        self.memory, self._unchecked = memory, unchecked
        self._given, self._grading = (exercises, rung), grading
        self._grader: Grader | None = None
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        if self.memory.is_empty:
            self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.__exit__(kind, value, trace)

    def _start(self, submissions: Sequence[Submission] = ()) -> "Grader":
        """For these submissions, if it is known that there are no others.

        Raises SpecError for an exercise that its grader does not fit: nobody may have looked so far.
        """
        from autograder import run, server, spec

        if self._grader is None:
            for exercise in self._unchecked:
                spec.check(exercise)
            needed = {"warmth": server.warmth_for(submissions)} if submissions else {}
            grader = run.Grader(*self._given, memory=self.memory, **{**self._grading, **needed})
            self._grader = self._opened.enter_context(grader)
        return self._grader

    @property
    def torch(self) -> str:
        return self._grader.torch if self._grader else self.memory.torch

    @property
    def warnings(self) -> tuple[str, ...]:
        return self._grader.warnings if self._grader else self.memory.warnings

    def grade(self, submissions: Sequence[Submission]) -> Iterator[Report]:
        """A report for each submission, in their order."""
        known = [self.memory.report(submission) for submission in submissions]
        rest = [submission for submission, report in zip(submissions, known, strict=True) if report is None]
        made = iter(self._start(rest).grade(rest)) if rest else iter(())
        return (report or next(made) for report in known)
