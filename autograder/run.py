"""Grade one, grade many. report = judge(exercise, observe(submission, case))"""

import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from autograder import judge, oracle, spec
from autograder.evidence import Called, Entered, Error, Fault, Observation, Remark, error_kind
from autograder.model import Answer, Case, Exercise, Outcome, Report, Status, Submission, Verdict
from autograder.sandbox import Ending, Sandbox, SandboxError
from autograder.seen import Seen
from autograder.words import Passage

FRESH = 1_000_003  # what a fresh seed is shifted by
MAX_ERRORS = 3  # that a report tells
CUT_SHORT = (Outcome.TIMED_OUT, Outcome.OUT_OF_MEMORY, Outcome.DIED)


class Grader:
    """A warm sandbox and the exercises; a context manager. Reports come in the order of the submissions."""

    def __init__(self, exercises: Sequence[Exercise], *, seed: int, jobs: int, seconds: float | None = None) -> None:
        self._exercises = tuple(exercises)
        self._graders = {exercise.name: spec.grader_of(exercise) for exercise in exercises}
        self._seed = seed
        self._seconds = seconds or max(exercise.limits.seconds for exercise in exercises)
        self._memory = max(exercise.limits.memory_mib for exercise in exercises)
        self._sandbox = Sandbox(jobs)
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

    def grade(self, submissions: Sequence[Submission]) -> Iterator[Report]:
        """A report for each submission. One submission's trouble never touches the next."""
        if any(_runs(submission) for submission in submissions):
            self._wait()
        return self._pool.map(self.grade_one, submissions)

    def grade_one(self, submission: Submission) -> Report:
        try:
            return self._grade(submission)
        except SandboxError:
            return self._again(submission)
        except Exception as error:  # noqa: BLE001  our own mistake: a report that says so, and the next submission
            return self._our_fault(submission, f"{type(error).__name__}: {error} ({_last_frame(error)})")

    def observe(self, submission: Submission) -> Seen:
        """The submission as written, not judged: for benchmarks, and for authors who look at what was seen."""
        exercises = self._exercises[:1]
        views, _ = self._observe(submission, spec.AS_WRITTEN, exercises)
        return views[exercises[0].name]

    def _again(self, submission: Submission) -> Report:
        """A lane broke; once more on a fresh one. A submission that breaks two ended the processes around its own."""
        try:
            return self._grade(submission)
        except SandboxError as error:
            answers = tuple(_ungraded(exercise, Status.NOT_REACHED) for exercise in self._exercises)
            remark = f"The submission ended the process that runs it, twice: {error}"
            return Report(submission, Outcome.DIED, answers, (*submission.remarks, remark))
        except Exception as error:  # noqa: BLE001  as above
            return self._our_fault(submission, f"{type(error).__name__}: {error}")

    def _wait(self) -> None:
        if not self._warm:
            self._sandbox.wait()
            self._warm = True

    def _our_fault(self, submission: Submission, what: str) -> Report:
        remark = f"The grader failed here; no points were taken. ({what})"
        answers = tuple(_ungraded(exercise, Status.GRADER_ERROR) for exercise in self._exercises)
        return Report(submission, Outcome.GRADER_ERROR, answers, (*submission.remarks, remark))

    def _grade(self, submission: Submission) -> Report:
        if not _runs(submission):
            return self._not_run(submission)
        as_written, faults = self._observe(submission, spec.AS_WRITTEN, self._exercises)
        wanted = [e for e in self._exercises if self._attempted(e, as_written[e.name])]
        seen = {e.name: {"as_written": as_written[e.name]} for e in self._exercises}
        for case, exercises in _distinct(wanted):
            views, more = self._observe(submission, case, exercises)
            faults = faults + more
            for exercise in exercises:
                name = next(own.name for own in exercise.cases if _conditions(own) == _conditions(case))
                seen[exercise.name][name] = views[exercise.name]
        answers = tuple(self._judge(exercise, seen[exercise.name], exercise in wanted) for exercise in self._exercises)
        return _report(submission, next(iter(as_written.values())), answers, faults)

    def _attempted(self, exercise: Exercise, seen: Seen) -> bool:
        return bool(self._graders[exercise.name].attempted(seen))

    def _judge(self, exercise: Exercise, seen: Mapping[str, Seen], attempted: bool) -> Answer:
        return judge.judge(exercise, self._graders[exercise.name], seen, attempted)

    def _not_run(self, submission: Submission) -> Report:
        answers = tuple(_ungraded(exercise, Status.NOT_ATTEMPTED) for exercise in self._exercises)
        if submission.declined:
            remark = f"It is written for {submission.declined}; these exercises are graded in PyTorch."
            return Report(submission, Outcome.DECLINED, answers, (*submission.remarks, remark))
        return Report(submission, Outcome.UNREADABLE, answers, submission.remarks)

    def _observe(
        self, submission: Submission, case: Case, exercises: Sequence[Exercise]
    ) -> tuple[dict[str, Seen], tuple[str, ...]]:
        """One run of the submission, as each exercise sees it; and what went wrong in our own observer."""
        parameters = oracle.swap_parameters(case.swap, self._seed)
        inputs: dict[str, tuple[Any, ...]] = {}

        def calls() -> list[dict[str, Any]]:
            inputs.update(_draw(case, self._seed))
            return [{"name": name, "arguments": list(arguments)} for name, arguments in inputs.items()]

        job = self._job(submission, case, parameters)
        ending = self._sandbox.run(job, calls)
        faults = tuple(item.text for item in ending.observations if isinstance(item, Fault))
        markdown, code = tuple(_passages(submission, "markdown")), tuple(_passages(submission, "code", "script"))
        statement = tuple(sentence for exercise in self._exercises for sentence in exercise.statement)
        return {
            e.name: _seen(e, case, ending, parameters, inputs, markdown, code, statement) for e in exercises
        }, faults

    def _job(self, submission: Submission, case: Case, parameters: Sequence[float]) -> dict[str, Any]:
        units = [u for file in submission.files for u in file.units if u.kind != "markdown"]
        return {
            "units": [{"file": u.file, "kind": u.kind, "label": u.label, "text": u.text} for u in units],
            "files": {u.file: u.text for u in units if u.kind == "script"},
            "seed": self._seed + FRESH if case.fresh_seed else self._seed,
            "fresh": case.fresh_seed,
            "swap": [case.swap, list(parameters)] if case.swap else None,
            "memory_mib": self._memory,
            "seconds": self._seconds,
        }


def _runs(submission: Submission) -> bool:
    return not submission.declined and any(file.units for file in submission.files)


def _conditions(case: Case) -> tuple[str, bool]:
    return case.swap, case.fresh_seed


def _distinct(exercises: Sequence[Exercise]) -> list[tuple[Case, list[Exercise]]]:
    """Each distinct case once, with the exercises that need it; their calls are made in the same run."""
    found: dict[tuple[str, bool], list[tuple[Exercise, Case]]] = {}
    for exercise in exercises:
        for case in exercise.cases:
            found.setdefault(_conditions(case), []).append((exercise, case))
    return [(_merged(pairs), [exercise for exercise, _ in pairs]) for pairs in found.values()]


def _merged(pairs: Sequence[tuple[Exercise, Case]]) -> Case:
    first = pairs[0][1]
    calls = {(exercise.name, call.name): call for exercise, case in pairs for call in case.calls}
    named = [type(call)(f"{owner}.{name}", call.arguments) for (owner, name), call in calls.items()]
    return Case(first.name, first.swap, first.fresh_seed, any(case.hidden for _, case in pairs), tuple(named))


def _draw(case: Case, seed: int) -> dict[str, tuple[Any, ...]]:
    return {
        call.name: tuple(oracle.draw(recipe, f"{call.name}.{i}", seed) for i, recipe in enumerate(call.arguments))
        for call in case.calls
    }


def _seen(
    exercise: Exercise,
    case: Case,
    ending: Ending,
    parameters: tuple[float, ...],
    inputs: Mapping[str, tuple[Any, ...]],
    markdown: tuple[Passage, ...],
    code: tuple[Passage, ...],
    statement: tuple[str, ...],
) -> Seen:
    prefix = f"{exercise.name}."
    own = {name.removeprefix(prefix): given for name, given in inputs.items() if name.startswith(prefix)}
    return Seen(
        case=case,
        outcome=ending.outcome,
        observations=tuple(_own_calls(ending.observations, prefix)),
        note=ending.note,
        parameters=parameters,
        inputs=own,
        markdown=markdown,
        code=code,
        mentions=exercise.mentions,
        statement=statement,
    )


def _own_calls(observations: Iterable[Observation], prefix: str) -> Iterator[Observation]:
    """The calls of this exercise under their own names; those of others are not its business."""
    for item in observations:
        if not isinstance(item, Called):
            yield item
        elif item.call.startswith(prefix):
            yield replace(item, call=item.call.removeprefix(prefix))


def _passages(submission: Submission, *kinds: str) -> Iterator[Passage]:
    for file in submission.files:
        for unit in file.units:
            if unit.kind in kinds:
                yield Passage(f"{unit.file}, {unit.label}" if unit.label else unit.file, unit.text, unit.kind)


def _ungraded(exercise: Exercise, status: Status) -> Answer:
    reason = "grader_error" if status is Status.GRADER_ERROR else ""
    return Answer(exercise, False, tuple(Verdict(criterion, status, reason) for criterion in exercise.criteria))


def _report(submission: Submission, seen: Seen, answers: tuple[Answer, ...], faults: tuple[str, ...]) -> Report:
    said = [f"{item.where}: {item.text}" for item in seen.observations if isinstance(item, Remark)]
    missing = [f"{error.where}: {error.message}" for error in seen.errors if error.type == "ModuleNotFoundError"]
    stopped = [f"{e.where}: stopped with {e.type}: {_first_line(e.message)}" for e in seen.errors if _is_news(e)][
        :MAX_ERRORS
    ]
    broken = [f"{error.where}: is no Python and did not run" for error in seen.errors if error.type == "SyntaxError"]
    entered = [item.where for item in seen.observations if isinstance(item, Entered)]
    place = f", in {entered[-1]}" if entered else ""
    ended = [f"The run was cut short{place}: {seen.note}."] if seen.outcome in CUT_SHORT else []
    remarks = (*submission.remarks, *ended, *dict.fromkeys([*missing, *broken, *stopped, *said]))
    if not faults:
        return Report(submission, seen.outcome, answers, remarks)
    fault = f"Our observer failed in this run, so nothing is taken off: {faults[0].splitlines()[-1]}"
    return Report(submission, Outcome.GRADER_ERROR, tuple(map(_forgiven, answers)), (*remarks, fault))


def _is_news(error: Error) -> bool:
    """Not the error that an exercise asks for, nor one that has a remark of its own."""
    return error.type not in ("SyntaxError", "ModuleNotFoundError") and error_kind(error.message) != "second_time"


def _first_line(message: str) -> str:
    return message.partition("\n")[0][:150]


def _forgiven(answer: Answer) -> Answer:
    """After a fault of ours, what is not passed waits for a person."""
    verdicts = tuple(
        v if v.status is Status.PASSED else Verdict(v.criterion, Status.GRADER_ERROR, "grader_error")
        for v in answer.verdicts
    )
    return Answer(answer.exercise, answer.attempted, verdicts)


def _last_frame(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.name}, line {frame.lineno}"
