"""Grade one, grade many. report = judge(exercise, observe(submission, case))"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from autograder import judge, oracle, reports, spec
from autograder.ladder import Rung
from autograder.model import Answer, Case, Exercise, Report, Submission
from autograder.observe import Conditions, Observed, Runs, distinct
from autograder.sandbox import Sandbox, SandboxError
from autograder.seen import Seen

SECRETS = ("graders", "exercises", "autograder/judge.py", "autograder/oracle.py")  # what no submission may read
ROOT = Path(__file__).resolve().parent.parent


class Grader:
    """A warm sandbox and the exercises; a context manager. Reports come in the order of the submissions."""

    def __init__(
        self, exercises: Sequence[Exercise], rung: Rung, *, seed: int, jobs: int, seconds: float | None = None
    ) -> None:
        self._exercises = tuple(exercises)
        self._graders = {exercise.name: spec.grader_of(exercise) for exercise in exercises}
        limit = seconds or max(exercise.limits.seconds for exercise in exercises)
        memory = max(exercise.limits.memory_mib for exercise in exercises)
        self._conditions = Conditions(seed, limit, memory)
        self._sandbox = Sandbox(jobs, rung)
        self._pool = ThreadPoolExecutor(jobs)
        self._warm = False

    def __enter__(self) -> Self:
        self._sandbox.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._sandbox.__exit__(kind, value, trace)
        self._pool.shutdown()

    @property
    def torch(self) -> str:
        """Version of torch in the sandbox; waits until it is warm."""
        self._wait()
        return self._sandbox.torch

    @property
    def warnings(self) -> tuple[str, ...]:
        """What an instructor should know of this machine; waits until it is known."""
        self._wait()
        readable = sorted(self._sandbox.open_to_all)
        swaps = self._sandbox.broken_swaps.items()
        return (
            *(
                f"a submission can {what} here, because everybody can; take that right away (chmod)"
                for what in readable
            ),
            *(
                f"replacing {name} does not work with this PyTorch, so what needs it waits for you: {w}"
                for name, w in swaps
            ),
        )

    def grade(self, submissions: Sequence[Submission]) -> Iterator[Report]:
        """A report for each submission. One submission's trouble never touches the next."""
        if any(_runs(submission) for submission in submissions):
            self._wait()
        return self._pool.map(self.grade_one, submissions)

    def grade_one(self, submission: Submission) -> Report:
        """Never raises for anything that a submission does."""
        self._wait_if_it_runs(submission)
        try:
            return self._grade(submission)
        except SandboxError:
            return self._again(submission)
        except Exception as error:  # noqa: BLE001  our own mistake: a report that says so, and the next submission
            return reports.our_fault(submission, self._exercises, error)

    def _again(self, submission: Submission) -> Report:
        """A lane broke; once more on a fresh one. A submission that breaks two ended the processes around its own."""
        try:
            return self._grade(submission)
        except SandboxError as error:
            return reports.ended_its_lane(submission, self._exercises, error)
        except Exception as error:  # noqa: BLE001  as above
            return reports.our_fault(submission, self._exercises, error)

    def observe(self, submission: Submission) -> Seen:
        """The submission as written, not judged: for benchmarks, and for authors who look at what was seen."""
        self._wait()
        runs = self._of(submission)
        observed = runs.observe(spec.AS_WRITTEN, again=False)
        exercise = self._exercises[0]
        return runs.views(observed, observed.last, [exercise])[exercise.name]

    def _wait_if_it_runs(self, submission: Submission) -> None:
        if _runs(submission):
            self._wait()

    def _wait(self) -> None:
        if not self._warm:
            swaps = dict.fromkeys(case.swap for exercise in self._exercises for case in exercise.cases if case.swap)
            drawn = [(name, oracle.swap_parameters(name, self._conditions.seed)) for name in swaps]
            self._sandbox.wait(drawn, [ROOT / name for name in SECRETS])
            self._warm = True

    def _of(self, submission: Submission) -> Runs:
        return Runs(submission, self._conditions, self._sandbox.run)

    def _grade(self, submission: Submission) -> Report:
        if not _runs(submission):
            return reports.not_run(submission, self._exercises)
        runs = self._of(submission)
        written = runs.observe(spec.AS_WRITTEN)
        last = runs.views(written, written.last, self._exercises)
        first = runs.views(written, written.first, self._exercises) if written.cut else last
        whole = [e for e in self._exercises if not self._attempted(e, last) and self._attempted(e, first)]
        rest = [e for e in self._exercises if e not in whole]
        seen = {e.name: {"as_written": (first if e in whole else last)[e.name]} for e in self._exercises}
        hidden = [
            *self._hidden(runs, [e for e in rest if self._attempted(e, last)], seen, written.skipped),
            *self._hidden(runs, whole, seen, None),
        ]
        answers = tuple(self._judge(exercise, seen[exercise.name]) for exercise in self._exercises)
        return reports.graded(submission, written, hidden, answers)

    def _hidden(
        self,
        runs: Runs,
        exercises: Sequence[Exercise],
        seen: Mapping[str, dict[str, Seen]],
        skipped: frozenset[int] | None,
    ) -> Iterator[Observed]:
        """Run the hidden cases of these exercises and note in `seen` what each saw.

        `skipped`: without what the run as written had to leave out. None: an answer stands in the very piece that ended
        the run, so everything runs, as far as it comes.
        """
        for case, users in distinct(exercises):
            if case.swap not in self._sandbox.broken_swaps:
                observed = runs.observe(case, skipped or frozenset(), again=skipped is not None)
                views = runs.views(observed, observed.last, users)
                for exercise in users:
                    seen[exercise.name][_own_name(exercise, case)] = views[exercise.name]
                if skipped is not None:
                    yield observed

    def _attempted(self, exercise: Exercise, views: Mapping[str, Seen]) -> bool:
        return bool(self._graders[exercise.name].attempted(views[exercise.name]))

    def _judge(self, exercise: Exercise, seen: Mapping[str, Seen]) -> Answer:
        attempted = self._attempted(exercise, {exercise.name: seen["as_written"]})
        return judge.judge(exercise, self._graders[exercise.name], seen, attempted)


def _runs(submission: Submission) -> bool:
    return not submission.declined and any(file.units for file in submission.files)


def _own_name(exercise: Exercise, case: Case) -> str:
    return next(own.name for own in exercise.cases if own.conditions == case.conditions)
