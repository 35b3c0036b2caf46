"""results.json of PrairieLearn's external grader: a score from 0 to 1, in at most one megabyte.

What could not be graded is `gradable: false`: no points are lost, and no attempt is used up.
"""

import base64
from collections.abc import Iterator

from autograder.model import Answer, Report, Run, Verdict
from autograder.phrase import Language
from autograder.report import feedback, marks, wording
from autograder.report.files import Refused
from autograder.report.lms.gradescope import dumped

MOST_BYTES = 1_000_000


def render(run: Run, report: Report) -> bytes:
    """With pictures of what was computed, if they fit."""
    document = _graded(report) if marks.number(report) is not None else _not_graded(report)
    images = _images(report) if document["gradable"] else []
    content = dumped({**document, "images": images} if images else document)
    if len(content) > MOST_BYTES:
        content = dumped(document)
    if len(content) > MOST_BYTES:
        raise Refused(f"the feedback is larger than the {MOST_BYTES} bytes that PrairieLearn takes")
    return content


def _not_graded(report: Report) -> dict[str, object]:
    return {"gradable": False, "format_errors": [marks.sentence(report), *feedback.notes(report)]}


def _graded(report: Report) -> dict[str, object]:
    # Every test has points: if one lacked them, all would lose them.
    tests = [test for answer in report.answers for test in _tests(answer, report.language)]
    output = "\n".join(filter(None, [marks.late(report), marks.sentence(report), *feedback.noted(report)]))
    return {"gradable": True, "score": marks.fraction(report), "output": output, "tests": tests}


def _images(report: Report) -> list[dict[str, str]]:
    from autograder.report.pages import alone  # its template engine takes time to import

    return [
        {"label": image.label, "url": f"data:image/svg+xml;base64,{base64.b64encode(image.svg).decode()}"}
        for answer in report.answers
        for image in alone.images(report.exhibits.get(answer.exercise.name, ()), report.language)
    ]


def _tests(answer: Answer, say: Language) -> Iterator[dict[str, object]]:
    if answer.override:
        decided = feedback.decision(answer.override, say)
        yield _test(feedback.title(answer, say), answer.score, answer.exercise.max_points, decided)
        return
    for verdict in answer.verdicts:
        name = feedback.both_titles(answer, verdict, say)
        yield _test(name, verdict.points, verdict.criterion.points, _message(verdict, say))


def _test(name: str, points: float, most: float, message: str) -> dict[str, object]:
    # Messages are read as ANSI: a control character would colour what follows.
    return {
        "name": name,
        "points": round(points, 9),
        "max_points": round(most, 9),
        "message": wording.one_line(message),
    }


def _message(verdict: Verdict, say: Language) -> str:
    said = feedback.verdict(verdict, say)
    return say("Not lost, a person looks: {said}", said=said) if verdict.waits else said


def sentence(text: str) -> bytes:
    """A result that only says something, and costs no attempt."""
    return dumped({"gradable": False, "format_errors": [text]})
