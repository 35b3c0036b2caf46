"""Hosts that take one small object or one line: Autolab, Coursera, Submitty."""

import json
import re
from collections.abc import Mapping

from autograder.model import Report, Run
from autograder.report import feedback, marks
from autograder.report.lms.gradescope import dumped

# Autolab writes "letters": for every letters: before it parses, wherever that stands.
_COLON_AFTER_A_LETTER = re.compile(r"(?<=[A-Za-z0-9]):")


def autolab(run: Run, report: Report) -> bytes:
    """What the student reads, and a last line of JSON with a problem an exercise."""
    scores = {
        _COLON_AFTER_A_LETTER.sub("", answer.exercise.name): round(marks.kept(report, answer), 9)
        for answer in report.answers
        if marks.number(report) is not None
    }
    return _autolab(feedback.text(report), scores)


def autolab_sentence(text: str) -> bytes:
    """A result that only says something: Autolab leaves the scores that there are."""
    return _autolab(text, {})


def _autolab(text: str, scores: Mapping[str, float]) -> bytes:
    return f"{text}\n{json.dumps({'scores': scores}, ensure_ascii=False)}\n".encode("utf-8", "replace")


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
