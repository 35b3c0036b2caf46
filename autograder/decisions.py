"""What people decide: points and a reason, for a criterion of one submission or for a whole exercise of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from autograder.model import Override

Subject = tuple[str, str, str]  # path of the submission, exercise, criterion; no criterion: the whole exercise


@dataclass(frozen=True, slots=True)
class Ruling:
    """What somebody wants to hold from now on."""

    subject: Subject
    points: float | None  # None takes what was decided before back
    why: str
    answer: str = ""  # a digest of what was judged, by which it is known whether it has changed; empty: whatever it is


@dataclass(frozen=True, slots=True)
class Decision:
    """A ruling as it is kept. What is decided in one go is one batch, and is undone as one."""

    number: int
    ruling: Ruling
    at: str  # ISO 8601, UTC
    by: str  # a browser at the review desk; empty: the command line
    batch: int
    undoes: int | None = None  # the batch that this one takes back


class Overtaken(Exception):
    """Somebody else has decided meanwhile, and nothing was kept."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(decision.ruling.why)
        self.decision = decision


def standing(decisions: Iterable[Decision]) -> dict[Subject, Override]:
    """What was decided last on each subject, unless that was taken back; the decisions come oldest first."""
    latest = {decision.ruling.subject: decision for decision in decisions}
    held = ((subject, one.ruling.points, one) for subject, one in latest.items())
    return {subject: Override(points, one.ruling.why, one.at) for subject, points, one in held if points is not None}


def concerns(decision: Decision, subject: Subject) -> bool:
    """It is on this criterion, or on all of its exercise."""
    path, exercise, _ = subject
    return decision.ruling.subject in (subject, (path, exercise, ""))
