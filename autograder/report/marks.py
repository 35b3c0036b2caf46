"""Marks: what another system may be told of a submission, and what has to be said with it.

A number that leaves here is one that somebody judged. A submission that could not be read, or on which the grader
failed, has none; points that await review are missing from it, which is said wherever there is room for a word.
"""

from enum import Enum

from autograder.model import Answer, Outcome, Report, Status, Verdict
from autograder.phrase import Phrase
from autograder.report import wording


class Standing(Enum):
    """Whether there is a mark."""

    GRADED = "graded"
    UNGRADABLE = "ungradable"  # the student's: nothing could be read, or it is for another framework
    OURS = "ours"  # the grader failed


def standing(report: Report) -> Standing:
    if report.answers and all(answer.is_decided for answer in report.answers):
        return Standing.GRADED
    if report.outcome is Outcome.GRADER_ERROR or any(map(failed, report.answers)):
        return Standing.OURS
    return Standing.UNGRADABLE if report.outcome in wording.UNGRADED or not report.answers else Standing.GRADED


def failed(answer: Answer) -> bool:
    """The grader did, on a criterion that no person has decided."""
    return not answer.override and any(verdict.effective is Status.GRADER_ERROR for verdict in answer.verdicts)


def number(report: Report) -> float | None:
    """The points, rounded so that 0.1 + 0.2 is 0.3; None when nobody judged it."""
    return round(report.score, 9) if standing(report) is Standing.GRADED else None


def fraction(report: Report) -> float:
    """Of the points that could be had, from 0 to 1; 0 when nobody judged it."""
    had = number(report)
    return min(1.0, max(0.0, round(had / report.max_score, 6))) if had and report.max_score else 0.0


def waits(report: Report) -> bool:
    """The mark may still rise, since a person has to look."""
    return report.needs_review and not all(answer.is_decided for answer in report.answers)


def late(report: Report) -> str:
    """What being late cost a submission that has a mark, to the student; empty when it was in time."""
    return report.language(report.late.why) if report.late and number(report) is not None else ""


def kept(report: Report, answer: Answer) -> float:
    """What is left of the points of an exercise for hosts that add up points and know no deduction: in proportion."""
    return answer.override.points if answer.override else sum(kept_of(report, one) for one in answer.verdicts)


def kept_of(report: Report, found: Verdict) -> float:
    """The same of a criterion, in an exercise that no person has decided as a whole."""
    if found.override or not (report.late and report.late.deduction):
        return found.points
    earned = sum(verdict.points for answer in report.answers for verdict in answer.undecided)
    return found.points * (1.0 - report.late.deduction / earned)


def sentence(report: Report) -> str:
    """What has to be said beside the number, to the student; empty when it is final."""
    return report.language(_sentence(report))


def _sentence(report: Report) -> str:
    match standing(report):
        case Standing.OURS:
            return Phrase(
                "The grader itself failed on this submission. This is no mark: no points are lost; a person looks."
            )
        case Standing.UNGRADABLE:
            why = wording.outcome(report) or Phrase("nothing was handed in")
            return Phrase("This is no mark, since nothing was graded: {why}.", why=why)
        case Standing.GRADED:
            return _waiting(report)


def _waiting(report: Report) -> str:
    if report.awaiting_review:
        waiting, most = wording.points(report.awaiting_review), wording.points(report.max_score)
        template = "{waiting} of {most} points await a person, and are not in the score yet."
        return Phrase(template, waiting=waiting, most=most)
    return Phrase("A person still looks at this submission, so the score may change.") if waits(report) else ""
