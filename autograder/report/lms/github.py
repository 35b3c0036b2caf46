"""GitHub Classroom: what its reporter takes from a step, in base64.

The reporter counts tests in its table and adds up points in its notice, so that partial credit shows two numbers.
`results` gives it each criterion as a step of its own, all points or none; then both agree.
"""

import base64
from collections.abc import Iterable, Mapping, Sequence

from autograder.model import Answer, Exercise, Report, Run, Status, Verdict
from autograder.report import feedback, marks, wording
from autograder.report.lms.gradescope import dumped


def render(run: Run, report: Report) -> bytes:
    """The output `result` of one step with everything. Never without a test, which would read as NaN."""
    graded = marks.number(report) is not None
    verdicts = [(answer, verdict) for answer in report.answers for verdict in answer.verdicts] if graded else []
    tests = [_test(report, answer, verdict) for answer, verdict in verdicts]
    status = "error" if not graded else "pass" if all(test["status"] == "pass" for test in tests) else "fail"
    tests = tests or [{"name": "graded", "status": "error", "score": 0, "message": marks.sentence(report)}]
    return _encoded(status, report.max_score, tests) + b"\n"


def names(exercise: Exercise) -> list[str]:
    """Of the outputs of a step, one a criterion."""
    return [f"{exercise.name}-{criterion.name}" for criterion in exercise.criteria]


def results(report: Report) -> dict[str, str]:
    """An output for each criterion; with a sentence where there is no mark."""
    if marks.number(report) is None:
        return sentence([answer.exercise for answer in report.answers], marks.sentence(report))
    found: dict[str, str] = {}
    for answer in report.answers:
        tests = [_test(report, answer, verdict) for verdict in answer.verdicts]
        for name, verdict, test in zip(names(answer.exercise), answer.verdicts, tests, strict=True):
            found[name] = _encoded(str(test["status"]), verdict.criterion.points, [test]).decode()
    return found


def sentence(exercises: Iterable[Exercise], text: str) -> dict[str, str]:
    """For each criterion an output that only says something."""
    return {
        name: _encoded("error", criterion.points, [_told(exercise, criterion.title, text)]).decode()
        for exercise in exercises
        for name, criterion in zip(names(exercise), exercise.criteria, strict=True)
    }


def _told(exercise: Exercise, title: str, text: str) -> dict[str, object]:
    name = f"{wording.one_line(exercise.title)}: {wording.one_line(title)}"
    return {"name": name, "status": "error", "score": 0, "message": text}


def _encoded(status: str, most: float, tests: Sequence[Mapping[str, object]]) -> bytes:
    document = {"version": 1, "status": status, "max_score": round(most, 9), "tests": tests}
    return base64.b64encode(dumped(document))


def _test(report: Report, answer: Answer, verdict: Verdict) -> dict[str, object]:
    status = "pass" if verdict.effective is Status.PASSED else "error" if verdict.waits else "fail"
    name = feedback.both_titles(answer, verdict, report.language)
    said = (feedback.verdict(verdict, report.language), marks.late(report))
    score = _share(report, answer, verdict)
    return {"name": name, "status": status, "score": score, "message": "\n".join(filter(None, said))}


def _share(report: Report, answer: Answer, verdict: Verdict) -> float:
    """A person decides on an exercise, and the host adds up criteria."""
    if not answer.override:
        return round(marks.kept_of(report, verdict), 9)
    most = answer.exercise.max_points
    return round(answer.score * verdict.criterion.points / most, 9) if most else 0.0
