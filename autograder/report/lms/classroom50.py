"""result.json of Classroom 50, which took GitHub Classroom's place: whole points, and what its runner says of itself.

Points that are no whole numbers are multiplied, all by the same number, so that nothing is rounded.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from autograder.model import Answer, Report, Run
from autograder.report import feedback, marks
from autograder.report.files import Refused
from autograder.report.lms.export import Export, Options, of_one
from autograder.report.lms.gradescope import dumped

_FACTORS = (1, 2, 4, 5, 10, 20, 100, 1000)  # with the last one, what being late has cost may be rounded
_LONGEST_NAME = 100  # bytes
_SAID = {
    "classroom": ("CLASSROOM",),
    "assignment": ("ASSIGNMENT",),
    "assignment_type": ("ASSIGNMENT_TYPE", "MODE"),
    "owner": ("OWNER", "USERNAME"),
    "submission": ("SUBMISSION_TAG",),
    "commit": ("COMMIT_URL",),
    "release": ("RELEASE_URL",),
    "review": ("REVIEW_URL", "COMMIT_URL"),
}


def export(run: Run, reports: Sequence[Report], options: Options) -> Export:
    return of_one(lambda run, report: render(run, report, options.environment))(run, reports, options)


def render(run: Run, report: Report, environment: Mapping[str, str]) -> bytes:
    """One submission, with what the runner has put into the environment. Raises Refused where that is missing."""
    tests = list(_tests(report)) if marks.number(report) is not None else []
    document = {
        "schema": "classroom50/result/v1",
        **{key: _said(key, environment) for key in _SAID},
        "datetime": _seconds(run.finished),  # the runner puts the commit's own time in its place
        "graded_at": _seconds(run.finished),
        "score": sum(_whole(test["score"]) for test in tests),
        "max-score": sum(_whole(test["max-score"]) for test in tests),
        "tests": tests,
    }
    return dumped(document)


def _said(key: str, environment: Mapping[str, str]) -> str:
    found = next((environment[name] for name in _SAID[key] if environment.get(name)), "")
    if not found:
        missing = " or ".join(_SAID[key])
        raise Refused(f"{missing} is not set: this format is for an autograder that Classroom 50's runner starts")
    return found


def _seconds(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _tests(report: Report) -> Iterator[dict[str, object]]:
    rows = [row for answer in report.answers for row in _rows(report, answer)]
    times = _factor([number for _, had, most, _ in rows for number in (had, most)])
    for name, had, most, message in rows:
        score, worth = round(had * times), round(most * times)
        yield {"test-name": name, "passed": score == worth, "score": score, "max-score": worth, "message": message}


def _rows(report: Report, answer: Answer) -> Iterator[tuple[str, float, float, str]]:
    """Name, points had, points to be had, and what is said: a criterion, or an exercise that a person has decided."""
    say = report.language
    if answer.override:
        decided = feedback.decision(answer.override, say)
        yield _short(feedback.title(answer, say)), answer.score, answer.exercise.max_points, decided
        return
    for verdict in answer.verdicts:
        said = "\n".join(filter(None, (feedback.verdict(verdict, say), marks.late(report))))
        had = marks.kept_of(report, verdict)
        name = f"{feedback.title(verdict, say)} ({feedback.title(answer, say)})"  # what tells them apart is not cut off
        yield _short(name), had, verdict.criterion.points, said


def _factor(points: list[float]) -> int:
    return next((k for k in _FACTORS if all(abs(p * k - round(p * k)) < 1e-6 for p in points)), _FACTORS[-1])


def _short(name: str) -> str:
    return name.encode("utf-8", "replace")[:_LONGEST_NAME].decode("utf-8", "ignore")


def _whole(number: object) -> int:
    return number if isinstance(number, int) else 0
