"""What one student reads, as lines of text or as a page of HTML.

Nothing that is for the instructor is in it: no acts, no namesakes, no trouble of the grader's in its own words.
"""

import html
from collections.abc import Iterator

from autograder import languages
from autograder.model import NAMESAKES, Answer, Outcome, Override, Report, Status, Verdict
from autograder.phrase import Language, Phrase, place
from autograder.report import marks, wording

BEGINNING = Phrase("Graded automatically")  # by which our own comment is known again
WITHHELD = Phrase("not shown")  # or not yet
_SIGNS = {Status.PASSED: "✓", Status.FAILED: "✗", Status.NEEDS_REVIEW: "?", Status.GRADER_ERROR: "?"}


def lines(report: Report) -> Iterator[str]:
    """The mark, what has to be said of it, each exercise with its criteria, and notes."""
    say = report.language
    yield say("{beginning}: {mark}", beginning=BEGINNING, mark=_mark(report))
    yield from (wording.one_line(said) for said in (marks.late(report), marks.sentence(report)) if said)
    for answer in report.answers:
        yield from _exercise(report, answer)
    yield from noted(report)


def is_ours(comment: str) -> bool:
    """It was written by us, in whatever language."""
    return comment.startswith(languages.every(BEGINNING))


def noted(report: Report) -> Iterator[str]:
    """Each note as a line."""
    return (report.language("Note: {note}", note=wording.one_line(note)) for note in notes(report))


def text(report: Report) -> str:
    return "\n".join(lines(report))


def fragment(report: Report) -> str:
    """HTML for a comment field."""
    return "<br>".join(html.escape(line) for line in lines(report))


def page(report: Report) -> bytes:
    """A page of its own, which loads nothing."""
    items = "\n".join(f"<p>{html.escape(line)}</p>" for line in lines(report))
    style, title = "body{font:16px/1.5 sans-serif;max-width:45em}", html.escape(report.language("Feedback"))
    head = f'<meta charset="utf-8"><title>{title}</title><style>{style}</style>'
    root = f'<html lang="{report.language.tag}">'
    whole = f'<!doctype html>\n{root}<head>{head}</head>\n<body dir="auto">\n{items}\n</body></html>\n'
    return whole.encode("utf-8", "replace")


def notes(report: Report) -> Iterator[str]:
    """Remarks that are the student's own business, and that how it ended does not say already."""
    ours = report.outcome is Outcome.GRADER_ERROR  # then the rest tells where our own code failed
    said = report.submission.remarks if ours else wording.remarks(report)
    own = (remark for remark in said if not remark.startswith(NAMESAKES))
    return (report.language(remark) for remark in own if remark not in wording.outcome(report))


def verdict(found: Verdict, say: Language) -> str:
    """Why a criterion did not pass; the passage that a person reads is the student's own and is not repeated."""
    if found.withheld:
        return say(WITHHELD)
    if found.override:
        return _decided(found, found.override, say)
    if found.status is Status.GRADER_ERROR:
        return say(wording.GENERAL["grader_error"])
    waits = found.status is Status.NEEDS_REVIEW
    said = wording.one_line(say(wording.feedback(found)) if waits else wording.sentence(found, say))
    if not (found.where and said):
        return said
    return say("{said} ({where})", said=said, where=place(wording.one_line(found.where)))


def _decided(found: Verdict, override: Override, say: Language) -> str:
    """How many points a person gave, and what she said."""
    points = {"had": wording.points(override.points), "most": wording.points(found.criterion.points)}
    if said := wording.comment(override):
        return say("A person gave {had} of {most}: {said}", said=said, **points)
    return say("A person gave {had} of {most}.", **points)


def _mark(report: Report) -> str:
    had = marks.number(report)
    if had is None:
        return Phrase("no mark")
    return Phrase("{had} of {most} points", had=wording.points(had), most=wording.points(report.max_score))


def _exercise(report: Report, answer: Answer) -> Iterator[str]:
    say, most = report.language, wording.points(answer.exercise.max_points)
    if marks.number(report) is None:
        return
    yield say("{title}: {had} of {most}", title=title(answer, say), had=wording.points(answer.score), most=most)
    if answer.override:
        yield decision(answer.override, say)
    elif not (answer.attempted or answer.awaiting_review or answer.is_touched):
        yield say("Nothing in the submission is about this exercise.")
    else:
        yield from (_criterion(found, say) for found in answer.verdicts)


def title(of: Answer | Verdict, say: Language) -> str:
    """Of the exercise or the criterion, on one line."""
    return wording.one_line(say((of.exercise if isinstance(of, Answer) else of.criterion).title))


def both_titles(answer: Answer, found: Verdict, say: Language) -> str:
    """Exercise and criterion, as other systems name a test."""
    return say("{title}: {said}", title=title(answer, say), said=title(found, say))


def decision(override: Override, say: Language) -> str:
    """What a person decided, and why."""
    return say("A person decided: {why}", why=wording.comment(override))


def _criterion(found: Verdict, say: Language) -> str:
    sign = "–" if found.withheld else _SIGNS.get(found.effective, "–")
    heading, said = f"{sign} {title(found, say)}", verdict(found, say)
    return say("{title}: {said}", title=heading, said=said) if said else heading
