"""What was found → a Report: the verdicts, and beside them what a person should know of the run."""

import re
import traceback
from collections.abc import Iterable, Iterator, Sequence

from autograder.evidence import Error, Remark, error_kind, not_here
from autograder.model import Answer, Exercise, Outcome, Report, Status, Submission, Verdict
from autograder.observe import Observed
from autograder.packed import Packed
from autograder.phrase import Phrase, place
from autograder.remarks import NOT_ALLOWED
from autograder.talk import Ending

MAX_ERRORS = 3  # that a report tells


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
        acts = (*acts, *_lacking(written.last))
        return Report(submission, written.first.outcome, answers, remarks, acts, exhibits, seconds)
    failed = Phrase(
        "Our observer failed in this run, so nothing is taken off: {error}", error=fault.text.splitlines()[-1]
    )
    return Report(submission, Outcome.GRADER_ERROR, tuple(map(_forgiven, answers)), (*remarks, failed), acts)


def not_run(submission: Submission, exercises: Iterable[Exercise]) -> Report:
    """Of one that could not be read, or is for another framework."""
    answers = tuple(_ungraded(exercise, Status.NOT_ATTEMPTED) for exercise in exercises)
    if submission.declined:
        framework = submission.declined
        remark = Phrase("It is written for {framework}; these exercises are graded in PyTorch.", framework=framework)
        return Report(submission, Outcome.DECLINED, answers, (*submission.remarks, remark))
    return Report(submission, Outcome.UNREADABLE, answers, submission.remarks)


def ended_its_lane(submission: Submission, exercises: Iterable[Exercise], error: Exception) -> Report:
    """Of one that ended the processes around its own, twice."""
    answers = tuple(_ungraded(exercise, Status.NOT_REACHED) for exercise in exercises)
    remark = Phrase("The submission ended the process that runs it, twice: {error}", error=error)
    return Report(submission, Outcome.DIED, answers, (*submission.remarks, remark))


def our_fault(submission: Submission, exercises: Iterable[Exercise], error: Exception) -> Report:
    """Never costs points, and the exit code says so."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    what = f"{type(error).__name__}: {error} ({frame.name}, line {frame.lineno})"
    remark = Phrase("The grader failed here; no points were taken. ({error})", error=what)
    answers = tuple(_ungraded(exercise, Status.GRADER_ERROR) for exercise in exercises)
    return Report(submission, Outcome.GRADER_ERROR, answers, (*submission.remarks, remark))


def _stops(written: Observed) -> Iterator[str]:
    """Where it was cut short and by what, and whether it went on without that."""
    for ending in written.cut:
        yield Phrase("{stop} It was run again without that, and what follows counts.", stop=_stop(ending))
    if written.last.outcome is not Outcome.FINISHED:
        yield _stop(written.last)


def _stop(ending: Ending) -> str:
    if where := _where(ending):
        return Phrase("The run was cut short, in {where}: {note}.", where=place(where), note=ending.note)
    return Phrase("The run was cut short: {note}.", note=ending.note)


def _hidden_stops(hidden: Iterable[Observed]) -> Iterator[str]:
    """Only what the run as written did not meet."""
    for observed in hidden:
        for ending in observed.endings:
            if ending.outcome is not Outcome.FINISHED:
                yield _hidden_stop(ending)


def _hidden_stop(ending: Ending) -> str:
    if where := _where(ending):
        template = "A second run, under other conditions, was cut short, in {where}: {note}."
        return Phrase(template, where=place(where), note=ending.note)
    return Phrase("A second run, under other conditions, was cut short: {note}.", note=ending.note)


def _where(ending: Ending) -> str:
    return ending.blamed.where if ending.blamed else ""


def _told(ending: Ending) -> Iterator[str]:
    """Modules that were missing, what is no Python, the first errors, and what the run itself remarked on."""
    said = [item for item in ending.observations if isinstance(item, Remark)]
    refused = {item.where for item in said if NOT_ALLOWED in item.text}
    errors = [item for item in ending.observations if isinstance(item, Error) and item.where not in refused]
    missing = [error for error in errors if error.type == "ModuleNotFoundError"]
    broken = [error for error in errors if error.type == "SyntaxError"]
    yield from map(_missing, missing)
    yield from (Phrase("{where}: is no Python and did not run", where=place(error.where)) for error in broken)
    news = [error for error in errors if _is_news(error)][:MAX_ERRORS]
    yield from map(_stopped, news)
    yield from (Phrase("{where}: {said}", where=place(item.where), said=item.text) for item in said)


def _lacking(ending: Ending) -> Iterator[str]:
    """Errors that cost what depends on them, through nobody's fault."""
    errors = not_here(item for item in ending.observations if isinstance(item, Error))
    yield from (f"{error.where}: {_first_line(error.message)}; what needs it did not run" for error in errors)


def _missing(error: Error) -> str:
    found = re.fullmatch(r"No module named '([^']*)'", error.message)
    said = Phrase("No module named '{module}'", module=found[1]) if found else error.message
    return Phrase("{where}: {said}", where=place(error.where), said=said)


def _stopped(error: Error) -> str:
    template, message = "{where}: stopped with {error}: {message}", _first_line(error.message)
    return Phrase(template, where=place(error.where), error=error.type, message=message)


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
            yield from (f"{unit.where}: the code says {word.rstrip('.')}" for word in found)


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
