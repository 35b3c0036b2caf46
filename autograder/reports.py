"""What was found → a Report: the verdicts, and beside them what a person should know of the run."""

import re
import traceback
from collections.abc import Iterable, Iterator, Sequence

from autograder.evidence import Error, Remark, error_kind
from autograder.exhibits import Packed
from autograder.model import Answer, Exercise, Outcome, Report, Status, Submission, Verdict
from autograder.observe import Observed
from autograder.talk import Ending

MAX_ERRORS = 3  # that a report tells
NOT_ALLOWED = "not allowed while grading"  # as in worker/refusals.py: it says more than the error that it explains


def graded(
    submission: Submission,
    written: Observed,
    hidden: Sequence[Observed],
    answers: tuple[Answer, ...],
    exhibits: Packed,
) -> Report:
    """Of a submission that ran."""
    observed = (written, *hidden)
    remarks = (*submission.remarks, *dict.fromkeys([*_stops(written), *_hidden_stops(hidden), *_told(written.last)]))
    acts = tuple(dict.fromkeys([*(act for one in observed for act in _acts(one)), *_hints(submission)]))
    fault = next((fault for one in observed for fault in one.faults), None)
    if fault is None or acts:  # with an observer that somebody has laid hands on, its failure is not ours
        seconds = sum(ending.seconds for one in observed for ending in one.endings)
        return Report(submission, written.first.outcome, answers, remarks, acts, exhibits, seconds)
    failed = f"Our observer failed in this run, so nothing is taken off: {fault.text.splitlines()[-1]}"
    return Report(submission, Outcome.GRADER_ERROR, tuple(map(_forgiven, answers)), (*remarks, failed), acts)


def not_run(submission: Submission, exercises: Iterable[Exercise]) -> Report:
    """Of one that could not be read, or is for another framework."""
    answers = tuple(_ungraded(exercise, Status.NOT_ATTEMPTED) for exercise in exercises)
    if submission.declined:
        remark = f"It is written for {submission.declined}; these exercises are graded in PyTorch."
        return Report(submission, Outcome.DECLINED, answers, (*submission.remarks, remark))
    return Report(submission, Outcome.UNREADABLE, answers, submission.remarks)


def ended_its_lane(submission: Submission, exercises: Iterable[Exercise], error: Exception) -> Report:
    """Of one that ended the processes around its own, twice."""
    answers = tuple(_ungraded(exercise, Status.NOT_REACHED) for exercise in exercises)
    remark = f"The submission ended the process that runs it, twice: {error}"
    return Report(submission, Outcome.DIED, answers, (*submission.remarks, remark))


def our_fault(submission: Submission, exercises: Iterable[Exercise], error: Exception) -> Report:
    """Never costs points, and the exit code says so."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    what = f"{type(error).__name__}: {error} ({frame.name}, line {frame.lineno})"
    remark = f"The grader failed here; no points were taken. ({what})"
    answers = tuple(_ungraded(exercise, Status.GRADER_ERROR) for exercise in exercises)
    return Report(submission, Outcome.GRADER_ERROR, answers, (*submission.remarks, remark))


def _stops(written: Observed) -> Iterator[str]:
    """Where it was cut short and by what, and whether it went on without that."""
    for ending in written.cut:
        again = "It was run again without that, and what follows counts."
        yield f"The run was cut short{_place(ending)}: {ending.note}. {again}"
    if written.last.outcome is not Outcome.FINISHED:
        yield f"The run was cut short{_place(written.last)}: {written.last.note}."


def _hidden_stops(hidden: Iterable[Observed]) -> Iterator[str]:
    """Only what the run as written did not meet."""
    for observed in hidden:
        for ending in observed.endings:
            if ending.outcome is not Outcome.FINISHED:
                yield f"A second run, under other conditions, was cut short{_place(ending)}: {ending.note}."


def _place(ending: Ending) -> str:
    return f", in {ending.blamed.where}" if ending.blamed and ending.blamed.where else ""


def _told(ending: Ending) -> Iterator[str]:
    """Modules that were missing, what is no Python, the first errors, and what the run itself remarked on."""
    said = [item for item in ending.observations if isinstance(item, Remark)]
    refused = {item.where for item in said if NOT_ALLOWED in item.text}
    errors = [item for item in ending.observations if isinstance(item, Error) and item.where not in refused]
    yield from (f"{error.where}: {error.message}" for error in errors if error.type == "ModuleNotFoundError")
    yield from (f"{error.where}: is no Python and did not run" for error in errors if error.type == "SyntaxError")
    news = [error for error in errors if _is_news(error)][:MAX_ERRORS]
    yield from (f"{e.where}: stopped with {e.type}: {_first_line(e.message)}" for e in news)
    yield from (f"{item.where}: {item.text}" for item in said)


def _is_news(error: Error) -> bool:
    """Not the error that an exercise asks for, nor one that has a remark of its own."""
    return error.type not in ("SyntaxError", "ModuleNotFoundError") and error_kind(error.message) != "second_time"


def _first_line(message: str) -> str:
    return message.partition("\n")[0][:150]


_INSIDE = re.compile(r"__closure__|cell_contents|__globals__|__wrapped__|f_locals|gi_frame|autograder\.|\bos\._exit\b")


def _hints(submission: Submission) -> Iterator[str]:
    """Words in the code that look inside functions, or name us: they may say something, and prove nothing."""
    for file in submission.files:
        for unit in file.units:
            found = dict.fromkeys(_INSIDE.findall(unit.text)) if unit.kind != "markdown" else ()
            place = f"{unit.file}, {unit.label}" if unit.label else unit.file
            yield from (f"{place}: the code says {word.rstrip('.')}" for word in found)


def _acts(observed: Observed) -> Iterator[str]:
    """What the child noticed, and what the kernel told."""
    yield from (f"{act.where}: {act.text}" if act.where else act.text for act in observed.acts)
    for ending in observed.endings:
        if ending.outcome is Outcome.DIED:
            place = ending.blamed.where if ending.blamed else ""
            yield f"{place}: {ending.note}" if place else ending.note


def _ungraded(exercise: Exercise, status: Status) -> Answer:
    reason = "grader_error" if status is Status.GRADER_ERROR else ""
    return Answer(exercise, False, tuple(Verdict(criterion, status, reason) for criterion in exercise.criteria))


def _forgiven(answer: Answer) -> Answer:
    """After a fault of ours, what is not passed waits for a person."""
    verdicts = tuple(
        v if v.status is Status.PASSED else Verdict(v.criterion, Status.GRADER_ERROR, "grader_error")
        for v in answer.verdicts
    )
    return Answer(answer.exercise, answer.attempted, verdicts)
