"""results.json, for other programs. docs/results.md describes every field; the keys are a promise."""

import json
from collections.abc import Iterable, Iterator, Sequence

from autograder.model import Answer, Late, Override, Report, Run, Skipped, Verdict
from autograder.phrase import Language
from autograder.report import wording

FORMAT = 1


def render(run: Run, reports: Sequence[Report], skipped: Sequence[Skipped]) -> str:
    """The whole run as one strict JSON object, with a line feed at its end."""
    return "".join(pieces(run, reports, skipped))


def pieces(run: Run, reports: Sequence[Report], skipped: Sequence[Skipped]) -> Iterator[str]:
    """The same, a report at a time: ten thousand of them are hundreds of megabytes."""
    yield f'{{\n "format": {FORMAT},\n "run": {_dumped(_run(run), 1)},\n "reports": '
    yield from _listed(_report(run, report) for report in reports)
    yield ',\n "skipped": '
    yield from _listed({"path": file.path, "why": file.why} for file in skipped)
    yield "\n}\n"


def _listed(documents: Iterable[object]) -> Iterator[str]:
    """As json.dumps with an indent of 1 writes a list that is a value of the outermost object."""
    empty = True
    for document in documents:
        yield f"{'[' if empty else ','}\n  {_dumped(document, 2)}"
        empty = False
    yield "[]" if empty else "\n ]"


def _dumped(document: object, depth: int) -> str:
    text = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False).replace("\n", "\n" + " " * depth)
    # Half a character, as in a file name that is not UTF-8, becomes \udc80: JSON's own escape for it.
    return text.encode("utf-8", errors="backslashreplace").decode("utf-8")


def _run(run: Run) -> dict[str, object]:
    return {
        "seed": run.seed,
        "started": run.started,
        "finished": run.finished,
        "version": run.version,
        "torch": run.torch,
        "sandbox": run.sandbox,
        "layout": run.layout,
        **{key: text for key, text in (("language", run.language), ("title", run.title), ("due", run.due)) if text},
    }


def _report(run: Run, report: Report) -> dict[str, object]:
    submission = report.submission
    return {
        "student": submission.student,
        "path": submission.path,
        "ids": dict(submission.ids),
        **({"language": report.language.code} if run.language else {}),
        "files": [{"name": file.name, "sha256": file.sha256} for file in submission.files],
        "outcome": report.outcome.value,
        "remarks": list(map(report.language, wording.remarks(report))),
        "acts": list(report.acts),
        **({"late": _late(report, report.late)} if report.late else {}),
        "score": _points(report.score),
        "max_score": _points(report.max_score),
        "awaiting_review": _points(report.awaiting_review),
        "needs_review": report.needs_review,
        "exercises": [_answer(answer, report.language) for answer in report.answers],
    }


def _late(report: Report, late: Late) -> dict[str, object]:
    return {
        "handed_in": late.handed_in or None,
        "due": late.due,
        "seconds": late.seconds,
        "earned": _points(report.earned),
        "deduction": _points(late.deduction),
        "why": report.language(late.why),
    }


def _answer(answer: Answer, say: Language) -> dict[str, object]:
    return {
        "exercise": answer.exercise.name,
        "title": say(answer.exercise.title),
        "attempted": answer.attempted,
        "score": _points(answer.score),
        "max_score": _points(answer.exercise.max_points),
        "awaiting_review": _points(answer.awaiting_review),
        "override": _override(answer.override),
        "criteria": [_verdict(verdict, say) for verdict in answer.verdicts],
    }


def _override(override: Override | None) -> dict[str, object] | None:
    return {"points": _points(override.points), "why": override.why, "at": override.at} if override else None


def _verdict(verdict: Verdict, say: Language) -> dict[str, object]:
    return {
        "name": verdict.criterion.name,
        "title": say(verdict.criterion.title),
        "status": verdict.status.value,
        "points": _points(verdict.points),
        "max_points": _points(verdict.criterion.points),
        "reason": verdict.reason,
        "feedback": say(wording.feedback(verdict)),
        "detail": say(verdict.detail),
        "where": verdict.where,
        "line": verdict.line or None,
        "override": _override(verdict.override),
    }


def _points(value: float) -> float:
    """Always a JSON number with a fraction, and 0.1 + 0.2 is 0.3."""
    return round(float(value), 9)
