"""Grade one, grade many. report = judge(exercise, observe(submission, case))"""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from autograder import exhibits, judge, oracle, places, reports, server, spec
from autograder.cases import HiddenCases, Ways
from autograder.kept import Memory, conditions
from autograder.ladder import Rung
from autograder.later import Unproven
from autograder.model import Answer, Case, Exercise, Outcome, Report, Submission
from autograder.observe import Observed, Run, Runs
from autograder.packed import Packed
from autograder.sandbox import CannotStart, Sandbox, SandboxError, lanes_for
from autograder.seen import Seen
from autograder.talk import Calls, Ending, Job

SECRETS = ("graders", "exercises", "autograder/judge.py", "autograder/oracle.py")  # what no submission may read
ROOT = Path(__file__).resolve().parent.parent
S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen of one submission, before it is judged."""

    written: Observed
    hidden: Sequence[Observed]  # of cases that a criterion has looked at so far
    seen: Mapping[str, Seen]  # exercise → the run as written
    ways: Mapping[str, Ways]  # exercise that is attempted → to look at its hidden cases
    units: Any  # as they were run


class Grader:
    """A warm sandbox and the exercises; a context manager. Reports come in the order of the submissions.

    `jobs` is how many processors are kept busy; `warmth` is that of the server; `sandbox` is one that was started
    already. With a memory, what was graded before is taken from there, and the sandbox starts when something has to be
    run.
    """

    def __init__(
        self,
        exercises: Sequence[Exercise],
        rung: Rung,
        *,
        seed: int,
        jobs: int,
        seconds: float | None = None,
        memory: Memory | None = None,
        warmth: server.Warmth = server.FOR_A_CLASS,
        sandbox: Sandbox | None = None,
    ) -> None:
        self._exercises = tuple(exercises)
        self._graders = {exercise.name: spec.grader_of(exercise) for exercise in exercises}
        self._conditions = conditions(exercises, seed, seconds)
        self.memory = memory
        self._sandbox = sandbox or Sandbox(jobs, rung)
        self._sandbox.warmth = warmth
        self._pool = ThreadPoolExecutor(lanes_for(jobs))
        self._starting = threading.Lock()
        self._started, self._warm = sandbox is not None, False

    def __enter__(self) -> Self:
        if not self._started and (self.memory is None or self.memory.is_empty):
            self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._started:
            self._sandbox.__exit__(kind, value, trace)
        self._pool.shutdown()

    @property
    def torch(self) -> str:
        """Version of torch that ran the submissions; waits until it is known."""
        if self.memory is None:
            self._wait()
        elif not self._started:
            return self.memory.torch
        self._wait()
        return self._sandbox.torch

    @property
    def warnings(self) -> tuple[str, ...]:
        """What an instructor should know of this machine, as far as it was needed."""
        readable = ", ".join(sorted(path.removeprefix("read ") for path in self._sandbox.open_to_all))
        opened = f"here every user may read {readable}, and so may submissions; take that right away (chmod -R o-rwx)"
        broken = self._sandbox.broken_swaps.items()
        swaps = (f"replacing {name} does not work here, so what needs it waits for you: {why}" for name, why in broken)
        return (*([opened] if readable else []), *swaps, *(self.memory.warnings if self.memory else ()))

    def grade(self, submissions: Sequence[Submission]) -> Iterator[Report]:
        """A report for each submission. One submission's trouble never touches the next."""
        if self.memory is None and any(is_run(submission) for submission in submissions):
            self._wait()
        return self._pool.map(self.grade_one, submissions)

    def map(self, function: Callable[[T], S], items: Iterable[T]) -> Iterator[S]:
        """As many at once as the sandbox has lanes, in the order of the items."""
        return self._pool.map(function, items)

    def grade_one(self, submission: Submission) -> Report:
        """Never raises for anything that a submission does."""
        if self.memory is None:
            return self.graded(submission)
        return self.memory.report(submission) or self.memory.keep(self.graded(submission, self.memory.runs))

    def graded(self, submission: Submission, through: Callable[[Run], Run] | None = None) -> Report:
        """As `grade_one`, whatever is remembered; `through` stands around each run."""
        run = through(self._run) if through else self._run
        if is_run(submission) and self.memory is None:
            self._wait()
        try:
            return self._grade(submission, run)
        except CannotStart:
            raise
        except SandboxError:
            return self._again(submission, run)
        except Exception as error:  # noqa: BLE001  our own mistake: a report that says so, and the next submission
            return reports.our_fault(submission, self._exercises, error)

    def _again(self, submission: Submission, run: Run) -> Report:
        """A lane broke; once more on a fresh one. A submission that breaks two ended the processes around its own."""
        try:
            return self._grade(submission, run)
        except SandboxError as error:
            return reports.ended_its_lane(submission, self._exercises, error)
        except Exception as error:  # noqa: BLE001  as above
            return reports.our_fault(submission, self._exercises, error)

    def observe(self, submission: Submission) -> Seen:
        """The submission as written, not judged: for benchmarks, and for authors who look at what was seen."""
        runs = Runs(submission, self._conditions, self._run)
        observed = runs.observe(spec.AS_WRITTEN, again=False)
        exercise = self._exercises[0]
        return runs.views(observed, observed.last, [exercise])[exercise.name]

    def _start(self) -> None:
        self._sandbox.__enter__()
        self._started = True

    def _wait(self) -> None:
        """Until the sandbox is warm and has proved itself. Raises CannotStart."""
        with self._starting:
            if self._warm:
                return
            if not self._started:
                self._start()
            swaps = dict.fromkeys(case.swap for exercise in self._exercises for case in exercise.cases if case.swap)
            drawn = [(name, oracle.swap_parameters(name, self._conditions.seed)) for name in swaps]
            self._sandbox.wait(drawn, [ROOT / name for name in SECRETS])
            self._warm = True
            if self.memory is not None:
                self.memory.torch = self._sandbox.torch

    def _run(self, job: Job, case: Case, calls: Callable[[], Calls]) -> Ending:
        """In the sandbox. Raises Unproven for a swap that does not work on the torch that is installed."""
        self._wait()
        if case.swap in self._sandbox.broken_swaps:
            raise Unproven(case.swap)
        return self._sandbox.run(job, calls)

    def _remembered(self) -> Run:
        return self.memory.runs(self._run) if self.memory else self._run

    def look(self, submission: Submission, only: Collection[str] = (), run: Run | None = None) -> Looked:
        """Run a submission as written; hidden cases of its attempts (at `only` these exercises) run when looked at.

        Raises SandboxError, as looking does.
        """
        runs = Runs(submission, self._conditions, run or self._remembered())
        written = runs.observe(spec.AS_WRITTEN)
        last = runs.views(written, written.last, self._exercises)
        rest = self._attempted(last, only)
        first = runs.views(written, written.first, self._exercises) if written.cut else last
        whole = self._attempted(first, only) - rest if written.cut else set()
        seen = {name: (first if name in whole else last)[name] for name in last}
        of_rest = self._hidden(runs, rest, written.skipped, at_once=written.last.outcome is Outcome.FINISHED)
        of_whole = self._hidden(runs, whole, None)
        attempted = (exercise for exercise in self._exercises if exercise.name in rest | whole)
        ways = {e.name: (of_rest if e.name in rest else of_whole).ways(e) for e in attempted}
        return Looked(written, of_rest.observed, seen, ways, runs.units)

    def leave(self, looked: Looked) -> None:
        """Nobody will look at another case of it, and the process that waits for that ends; looking still works."""
        self._sandbox.leave(looked.units)

    def judged(self, looked: Looked, exercise: Exercise) -> Answer:
        """What was made of one exercise."""
        name = exercise.name
        return judge.judge(exercise, self._graders[name], looked.seen[name], looked.ways.get(name))

    def _grade(self, submission: Submission, run: Run) -> Report:
        if not is_run(submission):
            return reports.not_run(submission, self._exercises)
        looked = self.look(submission, run=run)
        shown = Packed.of({name: exhibits.of(self._graders[name], looked.seen[name]) for name in looked.ways})
        answers = tuple(_placed(submission, self.judged(looked, exercise)) for exercise in self._exercises)
        self.leave(looked)
        return reports.graded(submission, looked.written, looked.hidden, answers, shown)

    def _attempted(self, views: Mapping[str, Seen], only: Collection[str]) -> set[str]:
        """The exercises that something in this run is about."""
        names = [name for name in views if name in only or not only]
        return {name for name in names if judge.attempted(self._graders[name], views[name])}

    def _hidden(
        self, runs: Runs, names: Collection[str], skipped: frozenset[int] | None, *, at_once: bool = False
    ) -> HiddenCases:
        attempted = [exercise for exercise in self._exercises if exercise.name in names]
        return HiddenCases(runs, attempted, skipped, at_once=at_once)


def _placed(submission: Submission, answer: Answer) -> Answer:
    return replace(answer, verdicts=tuple(places.placed(submission, verdict) for verdict in answer.verdicts))


def is_run(submission: Submission) -> bool:
    """Whether there is anything in it that can be run."""
    return not submission.declined and any(file.units for file in submission.files)
