"""results.json of Gradescope, and of Codio, which runs the same autograder.

A test a criterion, hidden only where the assignment says so: as long as one is, students do not see their total. What
awaits review is a test without a score. There is no leaderboard, and the time is an integer, since Codio's reader takes
nothing else.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from autograder.model import Answer, Override, Report, Run, Status, Verdict
from autograder.phrase import Language
from autograder.report import feedback, marks, wording


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
    decided = (_decided(answer, answer.override, report.language) for answer in report.answers if answer.override)
    lines = (marks.late(report), marks.sentence(report), *feedback.noted(report), *decided)
    return "\n".join(wording.one_line(line) for line in lines if line)


def _decided(answer: Answer, override: Override, say: Language) -> str:
    template, points = "{title}: a person gave {points} points ({why}).", wording.points(override.points)
    return say(template, title=answer.exercise.title, points=points, why=override.why)


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
            yield _test(answer, verdict, f"{i}.{j}", report.language)


def _test(answer: Answer, verdict: Verdict, number: str, say: Language) -> dict[str, object]:
    name, output = feedback.both_titles(answer, verdict, say), feedback.verdict(replace(verdict, withheld=False), say)
    test = {"number": number, "name": name, "output": output, "tags": [answer.exercise.name]}
    seen = {"visibility": verdict.criterion.visibility}  # the host knows what time it is
    if answer.override or verdict.waits:
        return {**test, **seen}
    status = "passed" if verdict.effective is Status.PASSED else "failed"
    points = {"score": round(float(verdict.points), 9), "max_score": round(float(verdict.criterion.points), 9)}
    return {**points, "status": status, **test, **seen}


def sentence(text: str) -> bytes:
    """A result that only says something: there is no grade, and whoever sees the 0 reads why."""
    return dumped({"score": 0.0, "output": text, "output_format": "text", "stdout_visibility": "hidden", "tests": []})
