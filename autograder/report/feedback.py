"""What one student reads, as lines of text or as a page of HTML.

Nothing that is for the instructor is in it: no acts, no namesakes, no trouble of the grader's in its own words.
"""

import html
from collections.abc import Iterator

from autograder.model import NAMESAKES, Answer, Outcome, Override, Report, Status, Verdict
from autograder.report import marks, wording

BEGINNING = "Graded automatically"  # by which our own comment is known again
_SIGNS = {Status.PASSED: "✓", Status.FAILED: "✗", Status.NEEDS_REVIEW: "?", Status.GRADER_ERROR: "?"}


def lines(report: Report) -> Iterator[str]:
    """The mark, what has to be said of it, each exercise with its criteria, and notes."""
    yield f"{BEGINNING}: {_mark(report)}"
    if said := marks.sentence(report):
        yield wording.one_line(said)
    for answer in report.answers:
        yield from _exercise(report, answer)
    yield from (f"Note: {wording.one_line(note)}" for note in notes(report))


def text(report: Report) -> str:
    return "\n".join(lines(report))


def fragment(report: Report) -> str:
    """HTML for a comment field."""
    return "<br>".join(html.escape(line) for line in lines(report))


def page(report: Report) -> bytes:
    """A page of its own, which loads nothing."""
    items = "\n".join(f"<p>{html.escape(line)}</p>" for line in lines(report))
    head = '<meta charset="utf-8"><title>Feedback</title><style>body{font:16px/1.5 sans-serif;max-width:45em}</style>'
    whole = f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body dir="auto">\n{items}\n</body></html>\n'
    return whole.encode("utf-8", "replace")


def notes(report: Report) -> Iterator[str]:
    """Remarks that are the student's own business, and that how it ended does not say already."""
    ours = report.outcome is Outcome.GRADER_ERROR  # then the rest tells where our own code failed
    said = report.submission.remarks if ours else wording.remarks(report)
    own = (remark for remark in said if not remark.startswith(NAMESAKES))
    return (remark for remark in own if remark not in wording.outcome(report))


def verdict(found: Verdict) -> str:
    """Why a criterion did not pass; the passage that a person reads is the student's own and is not repeated."""
    if found.override:
        return _decided(found, found.override)
    if found.status is Status.GRADER_ERROR:
        return wording.GENERAL["grader_error"]
    said = wording.feedback(found) if found.status is Status.NEEDS_REVIEW else wording.sentence(found)
    where = f" ({wording.one_line(found.where)})" if found.where and said else ""
    return f"{wording.one_line(said)}{where}"


def _decided(found: Verdict, override: Override) -> str:
    """How many points a person gave, and what she said."""
    had = f"{wording.points(override.points)} of {wording.points(found.criterion.points)}"
    said = wording.comment(override)
    return f"A person gave {had}{f': {said}' if said else '.'}"


def _mark(report: Report) -> str:
    had = marks.number(report)
    if had is None:
        return "no mark"
    return f"{wording.points(had)} of {wording.points(report.max_score)} points"


def _exercise(report: Report, answer: Answer) -> Iterator[str]:
    title, most = wording.one_line(answer.exercise.title), wording.points(answer.exercise.max_points)
    if marks.number(report) is None:
        return
    yield f"{title}: {wording.points(answer.score)} of {most}"
    if answer.override:
        yield f"A person decided: {wording.comment(answer.override)}"
    elif not (answer.attempted or answer.awaiting_review or answer.is_touched):
        yield "Nothing in the submission is about this exercise."
    else:
        yield from map(_criterion, answer.verdicts)


def _criterion(found: Verdict) -> str:
    said = verdict(found)
    return f"{_SIGNS.get(found.effective, '–')} {wording.one_line(found.criterion.title)}{f': {said}' if said else ''}"
