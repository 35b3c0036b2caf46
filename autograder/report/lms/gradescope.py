"""results.json of Gradescope, and of Codio, which runs the same autograder.

A test a criterion. No test is hidden: if one were, students would not see their total. What awaits review is a test
without a score. There is no leaderboard, and the time is an integer, since Codio's reader takes nothing else.
"""

import json
from collections.abc import Iterator
from datetime import datetime

from autograder.model import Answer, Report, Run, Status, Verdict
from autograder.report import feedback, marks, wording

_SEEN = {"visibility": "visible"}


def render(run: Run, report: Report) -> bytes:
    """One submission, as bytes of strict JSON."""
    graded = marks.number(report)
    document = {
        "score": graded or 0.0,
        "execution_time": seconds(run),
        "output": _output(report),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": _extra(run, report),
        "tests": [] if graded is None else list(_tests(report)),
    }
    return dumped(document)


def dumped(document: object) -> bytes:
    text = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)
    return (text + "\n").encode("utf-8", "replace")


def seconds(run: Run) -> int:
    passed = datetime.fromisoformat(run.finished) - datetime.fromisoformat(run.started)
    return max(0, round(passed.total_seconds()))


def _output(report: Report) -> str:
    """What stands above the tests."""
    said = (marks.sentence(report), *(f"Note: {note}" for note in feedback.notes(report)))
    decided = (
        f"{answer.exercise.title}: a person gave {wording.points(answer.score)} points ({answer.override.why})."
        for answer in report.answers
        if answer.override
    )
    return "\n".join(wording.one_line(line) for line in (*said, *decided) if line)


def _extra(run: Run, report: Report) -> dict[str, object]:
    """Comes back with the next submission. Not the seed: it is nobody's but the instructor's."""
    return {
        "grader": f"autograd-grader {run.version}",
        "standing": marks.standing(report).value,
        "awaiting_review": round(report.awaiting_review, 9),
    }


def _tests(report: Report) -> Iterator[dict[str, object]]:
    for i, answer in enumerate(report.answers, start=1):
        for j, verdict in enumerate(answer.verdicts, start=1):
            yield _test(answer, verdict, f"{i}.{j}")


def _test(answer: Answer, verdict: Verdict, number: str) -> dict[str, object]:
    title = f"{wording.one_line(answer.exercise.title)}: {wording.one_line(verdict.criterion.title)}"
    test = {"number": number, "name": title, "output": feedback.verdict(verdict), "tags": [answer.exercise.name]}
    if answer.override or verdict.waits:
        return {**test, **_SEEN}
    status = "passed" if verdict.effective is Status.PASSED else "failed"
    points = {"score": round(float(verdict.points), 9), "max_score": round(float(verdict.criterion.points), 9)}
    return {**points, "status": status, **test, **_SEEN}


def sentence(text: str) -> bytes:
    """A result that only says something: there is no grade, and whoever sees the 0 reads why."""
    return dumped({"score": 0.0, "output": text, "output_format": "text", "stdout_visibility": "hidden", "tests": []})
