"""results.json, for other programs. docs/results.md describes every field; the keys are a promise."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring as quoted
from math import isfinite

from autograder.model import Answer, Late, Override, Report, Run, Skipped, Verdict
from autograder.phrase import Language
from autograder.report import wording

FORMAT = 1
MOST_SHARED = 200  # answers, of a class in which nobody shares any
DEPTH_OF_AN_ANSWER = 4


def render(run: Run, reports: Sequence[Report], skipped: Sequence[Skipped]) -> str:
    """The whole run as one strict JSON object, with a line feed at its end."""
    return "".join(pieces(run, reports, skipped))


def pieces(run: Run, reports: Sequence[Report], skipped: Sequence[Skipped]) -> Iterator[str]:
    """The same, a report at a time: ten thousand of them are hundreds of megabytes."""
    shared = _Shared()
    yield f'{{\n "format": {FORMAT},\n "run": {_dumped(_run(run), 1)},\n "reports": '
    yield from _listed(_report(run, report, shared) for report in reports)
    yield ',\n "skipped": '
    yield from _listed({"path": file.path, "why": file.why} for file in skipped)
    yield "\n}\n"


def _listed(documents: Iterable[object]) -> Iterator[str]:
    """As json.dumps with an indent of 1 writes a list that is a value of the outermost object."""
    empty = True
    for document in documents:
        # Half a character, as in a file name that is not UTF-8, becomes \udc80: JSON's own escape for it.
        text = _dumped(document, 2).encode("utf-8", errors="backslashreplace").decode("utf-8")
        yield f"{'[' if empty else ','}\n  {text}"
        empty = False
    yield "[]" if empty else "\n ]"


@dataclass(frozen=True, slots=True)
class _Written:
    """A value as it stands in the file already."""

    text: str


_plain = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def _dumped(value: object, depth: int) -> str:
    """As json.dumps with an indent of 1, so far in; several times as fast, as that does not indent in C."""
    if isinstance(value, str):
        return quoted(value)
    if value is None:
        return "null"
    if isinstance(value, float) and isfinite(value):  # as JSON says it, which it takes long to find out
        return float.__repr__(value)
    if isinstance(value, _Written):
        return value.text
    line = "\n" + " " * (depth + 1)
    if value and isinstance(value, dict):
        pairs = (f"{quoted(key)}: {_dumped(inner, depth + 1)}" for key, inner in value.items())
        return f"{{{line}{f',{line}'.join(pairs)}{line[:-1]}}}"
    if value and isinstance(value, list):
        return f"[{line}{f',{line}'.join(_dumped(inner, depth + 1) for inner in value)}{line[:-1]}]"
    return _plain(value)


class _Shared:
    """Answers as they stand in the file: that nothing was attempted is written once for all of whom it is said."""

    def __init__(self) -> None:
        # By the id of an answer, which is held so that no other gets its id, and by the language.
        self._known: dict[tuple[int, str], tuple[Answer, _Written]] = {}

    def __call__(self, answer: Answer, say: Language) -> object:
        if answer.attempted or len(self._known) > MOST_SHARED:
            return _answer(answer, say)
        key = id(answer), say.code
        if key not in self._known:
            self._known[key] = answer, _Written(_dumped(_answer(answer, say), DEPTH_OF_AN_ANSWER))
        return self._known[key][1]


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


def _report(run: Run, report: Report, written: _Shared) -> dict[str, object]:
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
        "exercises": [written(answer, report.language) for answer in report.answers],
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
