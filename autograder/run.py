"""Grade one, grade many. report = judge(exercise, observe(submission, case))"""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from autograder import exhibits, judge, oracle, reports, server, spec
from autograder.cases import HiddenCases
from autograder.exhibits import Packed
from autograder.kept import Memory
from autograder.ladder import Rung
from autograder.later import Unproven
from autograder.model import Case, Exercise, Outcome, Report, Submission
from autograder.observe import Conditions, Observed, Run, Runs
from autograder.sandbox import CannotStart, Sandbox, SandboxError
from autograder.seen import Seen
from autograder.store import Store
from autograder.talk import Calls, Ending, Job

SECRETS = ("graders", "exercises", "autograder/judge.py", "autograder/oracle.py")  # what no submission may read
ROOT = Path(__file__).resolve().parent.parent


class Grader:
    """A warm sandbox and the exercises; a context manager. Reports come in the order of the submissions.

    `modules` are what the server imports beside what everybody needs; `sandbox` is one that was started already. With a
    store, what was graded before is taken from there, and the sandbox starts when something has to be run.
    """

    def __init__(
        self,
        exercises: Sequence[Exercise],
        rung: Rung,
        *,
        seed: int,
        jobs: int,
        seconds: float | None = None,
        store: Store | None = None,
        forget: bool = False,
        modules: Sequence[str] = tuple(server.OPTIONAL),
        sandbox: Sandbox | None = None,
    ) -> None:
        self._exercises = tuple(exercises)
        self._graders = {exercise.name: spec.grader_of(exercise) for exercise in exercises}
        limit = seconds or max(exercise.limits.seconds for exercise in exercises)
        memory = max(exercise.limits.memory_mib for exercise in exercises)
        self._conditions = Conditions(seed, limit, memory)
        self.memory = Memory(store, exercises, self._conditions, rung.name, forget=forget) if store else None
        self._sandbox = sandbox or Sandbox(jobs, rung)
        self._sandbox.modules = tuple(modules)
        self._pool = ThreadPoolExecutor(jobs)
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
        trouble = self.memory.trouble if self.memory else ""
        unkept = f"not all could be kept ({trouble}): the grades are complete, and the next run does some work again"
        return (*([opened] if readable else []), *swaps, *([unkept] if trouble else []))

    def grade(self, submissions: Sequence[Submission]) -> Iterator[Report]:
        """A report for each submission. One submission's trouble never touches the next."""
        if self.memory is None and any(_runs(submission) for submission in submissions):
            self._wait()
        return self._pool.map(self.grade_one, submissions)

    def grade_one(self, submission: Submission) -> Report:
        """Never raises for anything that a submission does."""
        if self.memory is None:
            return self.graded(submission)
        return self.memory.report(submission) or self.memory.keep(self.graded(submission, self.memory.runs))

    def graded(self, submission: Submission, through: Callable[[Run], Run] | None = None) -> Report:
        """As `grade_one`, whatever is remembered; `through` stands around each run."""
        run = through(self._run) if through else self._run
        if _runs(submission) and self.memory is None:
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

    def written(self, submission: Submission) -> tuple[Observed, dict[str, Seen], dict[str, Seen]] | None:
        """The run as written, not judged; how each exercise sees its last attempt and its first. None: no code."""
        if not _runs(submission):
            return None
        runs = Runs(submission, self._conditions, self.memory.runs(self._run) if self.memory else self._run)
        observed = runs.observe(spec.AS_WRITTEN)
        last, first = (runs.views(observed, ending, self._exercises) for ending in (observed.last, observed.first))
        return observed, last, first

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

    def _grade(self, submission: Submission, run: Run) -> Report:
        if not _runs(submission):
            return reports.not_run(submission, self._exercises)
        runs = Runs(submission, self._conditions, run)
        written = runs.observe(spec.AS_WRITTEN)
        last = runs.views(written, written.last, self._exercises)
        rest = self._attempted(last)
        first = runs.views(written, written.first, self._exercises) if written.cut else last
        whole = self._attempted(first) - rest if written.cut else set()
        seen = {name: (first if name in whole else last)[name] for name in last}
        of_rest = self._hidden(runs, rest, written.skipped, at_once=written.last.outcome is Outcome.FINISHED)
        of_whole = self._hidden(runs, whole, None)
        ways = {name: (of_rest if name in rest else of_whole).ways for name in rest | whole}
        answers = tuple(
            judge.judge(e, self._graders[e.name], seen[e.name], ways[e.name](e) if e.name in ways else None)
            for e in self._exercises
        )
        shown = Packed.of({name: exhibits.of(self._graders[name], seen[name]) for name in rest | whole})
        return reports.graded(submission, written, of_rest.observed, answers, shown)

    def _attempted(self, views: Mapping[str, Seen]) -> set[str]:
        """The exercises that something in this run is about."""
        return {name for name, seen in views.items() if judge.attempted(self._graders[name], seen)}

    def _hidden(
        self, runs: Runs, names: Collection[str], skipped: frozenset[int] | None, *, at_once: bool = False
    ) -> HiddenCases:
        attempted = [exercise for exercise in self._exercises if exercise.name in names]
        return HiddenCases(runs, attempted, skipped, at_once=at_once)


def _runs(submission: Submission) -> bool:
    return not submission.declined and any(file.units for file in submission.files)
