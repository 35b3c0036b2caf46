"""Hosts that take one small object or one line: GitHub Classroom, Autolab, Coursera, Submitty."""

import base64
import json
import re

from autograder.model import Answer, Report, Run, Status, Verdict
from autograder.report import feedback, marks
from autograder.report.lms.gradescope import dumped

# Autolab writes "letters": for every letters: before it parses, wherever that stands.
_COLON_AFTER_A_LETTER = re.compile(r"(?<=[A-Za-z0-9]):")


def github_classroom(run: Run, report: Report) -> bytes:
    """The output `result` of a grading step: base64 of its JSON. Never without a test, which would read as NaN."""
    graded = marks.number(report) is not None
    verdicts = [(answer, verdict) for answer in report.answers for verdict in answer.verdicts] if graded else []
    tests = [_github_test(report, answer, verdict) for answer, verdict in verdicts]
    status = "error" if not graded else "pass" if all(test["status"] == "pass" for test in tests) else "fail"
    tests = tests or [{"name": "graded", "status": "error", "score": 0, "message": marks.sentence(report)}]
    document = {"version": 1, "status": status, "max_score": round(report.max_score, 9), "tests": tests}
    return base64.b64encode(dumped(document)) + b"\n"


def _github_test(report: Report, answer: Answer, verdict: Verdict) -> dict[str, object]:
    waits = verdict.status in (Status.NEEDS_REVIEW, Status.GRADER_ERROR)
    status = "pass" if verdict.status is Status.PASSED else "error" if waits else "fail"
    name = feedback.both_titles(answer, verdict, report.language)
    said = (feedback.verdict(verdict, report.language), marks.late(report))
    score = round(marks.kept(report, answer, _share(answer, verdict)), 9)
    return {"name": name, "status": status, "score": score, "message": "\n".join(filter(None, said))}


def _share(answer: Answer, verdict: Verdict) -> float:
    """A person decides on an exercise, and the host adds up criteria."""
    if not answer.override:
        return round(verdict.points, 9)
    most = answer.exercise.max_points
    return round(answer.score * verdict.criterion.points / most, 9) if most else 0.0


def autolab(run: Run, report: Report) -> bytes:
    """What the student reads, and a last line of JSON with a problem an exercise."""
    scores = {
        _COLON_AFTER_A_LETTER.sub("", answer.exercise.name): round(marks.kept(report, answer, answer.score), 9)
        for answer in report.answers
        if marks.number(report) is not None
    }
    return f"{feedback.text(report)}\n{json.dumps({'scores': scores}, ensure_ascii=False)}\n".encode("utf-8", "replace")


def coursera(run: Run, report: Report) -> bytes:
    """feedback.json: a fraction, and always a text."""
    return dumped({"fractionalScore": float(marks.fraction(report)), "feedback": feedback.text(report)})


def submitty(run: Run, report: Report) -> bytes:
    """validation_results.json of a custom validator; what failed on our side is `fail`, which is no zero."""
    text = feedback.text(report)
    if marks.number(report) is None:
        return dumped({"status": "fail", "message": text})
    score = marks.fraction(report)
    status = "warning" if marks.waits(report) else "success" if score >= 1 else "failure"
    return dumped({"status": "success", "data": {"score": score, "message": text, "status": status}})
