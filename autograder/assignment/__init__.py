"""An assignment: which exercises, what each is worth, when they are due, what being late costs, what is shown when.

Nothing is run or judged here. Points and visibility are put into the exercises before grading; lateness, language and
what is withheld from students are put onto the reports after it, so that changing them runs nothing again.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo

from autograder.assignment import lateness
from autograder.model import AFTER_DUE_DATE, HIDDEN, Answer, Exercise, Report, Verdict


@dataclass(frozen=True, slots=True)
class Assignment:
    """What an assignment's YAML says; without one, exercises as they are."""

    exercises: tuple[Exercise, ...]  # in order, with the points and the visibility that they have here
    title: str = ""
    language: str = ""
    due: datetime | None = None  # with its zone
    zone: tzinfo | None = None  # of times that come without one
    policy: lateness.Policy = field(default_factory=lateness.Policy)

    def finished(self, report: Report, now: datetime, own_due: datetime | None = None) -> Report:
        """With what being late costs, and what its student may not see yet; `own_due`: that the host knows, if any."""
        due = own_due or self.due
        is_due = due is None or now >= due
        told = replace(report, answers=tuple(_withheld(answer, is_due) for answer in report.answers))
        return replace(told, late=lateness.of(told, due, self.zone, self.policy)) if due else told


def _withheld(answer: Answer, is_due: bool) -> Answer:
    verdicts = tuple(_verdict(verdict, is_due) for verdict in answer.verdicts)
    return answer if verdicts == answer.verdicts else replace(answer, verdicts=verdicts)


def _verdict(verdict: Verdict, is_due: bool) -> Verdict:
    """Whoever hands feedback out publishes it, so what waits for that is shown."""
    visibility = verdict.criterion.visibility
    withheld = visibility == HIDDEN or (visibility == AFTER_DUE_DATE and not is_due)
    return verdict if verdict.withheld == withheld else replace(verdict, withheld=withheld)
