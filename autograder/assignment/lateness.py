"""How late, and what that costs: from the time that the LMS noted, never from the clock.

Days are counted from the due date, each one that has begun. What a person has decided is final: neither are the
points of those exercises and criteria deducted from, nor do they count among what could be had.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from fractions import Fraction
from math import ceil

from autograder.assignment.points import HUNDREDTHS, exact
from autograder.model import Late, Report
from autograder.phrase import Phrase

DAY = timedelta(days=1)
_UNKNOWN = Phrase("It is not known when this was handed in, so nothing is deducted for being late.")


@dataclass(frozen=True, slots=True)
class Policy:
    """What being late costs: nothing, a share a day of the points that could be had, or all above a cap."""

    grace: timedelta = timedelta()  # after the due date, in which nothing is deducted
    per_day: Fraction | None = None
    at_most: Fraction = Fraction(1)  # that the days may add up to
    cap: Fraction | None = None  # of the points that could be had

    @property
    def costs(self) -> bool:
        return self.per_day is not None or self.cap is not None

    def deduction(self, late: timedelta, earned: Fraction, possible: Fraction) -> Fraction:
        """Points, to hundredths in the student's favour; never more than were earned."""
        if late <= max(self.grace, timedelta()):
            return Fraction(0)
        lost = earned - self.cap * possible if self.cap is not None else self.share(late) * possible
        return Fraction(int(min(earned, max(Fraction(0), lost)) * HUNDREDTHS), HUNDREDTHS)

    def share(self, late: timedelta) -> Fraction:
        """Of the points that could be had, what the days take."""
        return min(self.at_most, (self.per_day or Fraction(0)) * ceil(late / DAY))


def of(report: Report, due: datetime, zone: tzinfo | None, policy: Policy) -> Late:
    """What has to be said of when a submission was handed in, and what that costs."""
    handed_in = moment(report.submission.handed_in, zone or due.tzinfo)
    if handed_in is None:
        return Late("", due.isoformat(), why=_UNKNOWN if policy.costs else "")
    late = max(handed_in - due, timedelta())
    known = (handed_in.isoformat(), due.isoformat(), late.total_seconds())
    open_to_it = [verdict for answer in report.answers for verdict in answer.undecided]
    earned = sum((exact(round(verdict.points, 9)) for verdict in open_to_it), Fraction(0))
    possible = sum((exact(round(verdict.criterion.points, 9)) for verdict in open_to_it), Fraction(0))
    lost = policy.deduction(late, earned, possible)
    return Late(*known, float(lost), _why(policy, late, (lost, earned, possible)) if late else "")


def _why(policy: Policy, late: timedelta, points: tuple[Fraction, Fraction, Fraction]) -> str:
    told = {"late": duration(late)}
    if not policy.costs:
        return Phrase("Handed in {late} after the due date.", **told)
    if late <= policy.grace:
        return Phrase("Handed in {late} after the due date, which costs nothing yet.", **told)
    lost, earned, possible = (f"{float(one):.10g}" for one in points)
    told |= {"lost": lost, "earned": earned, "possible": possible}
    if policy.cap is not None:
        template = (
            "Handed in {late} after the due date, so at most {percent} of {possible} points count: "
            "{lost} of {earned} points are deducted."
        )
        return Phrase(template, percent=percent(policy.cap), **told)
    template = "Handed in {late} after the due date: {lost} of {earned} points are deducted ({percent} of {possible})."
    return Phrase(template, percent=percent(policy.share(late)), **told)


def percent(share: Fraction) -> str:
    return f"{float(share * 100):.4g}%"


def duration(late: timedelta) -> str:
    """As people say it, in two units."""
    minutes = int(late.total_seconds() // 60)
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return Phrase("{days} d {hours} h" if hours else "{days} d", days=days, hours=hours)
    if hours:
        return Phrase("{hours} h {minutes} min", hours=hours, minutes=minutes % 60)
    return Phrase("{minutes} min", minutes=minutes) if minutes else Phrase("less than a minute")


def moment(text: str, zone: tzinfo | None) -> datetime | None:
    """A time as an LMS writes it; without a zone, that of the assignment. None for nothing and for what is no time."""
    trimmed = re.sub(r"\s+(?=Z$|UTC$|[+-]\d\d:?\d\d$)", "", text.strip()).removesuffix("UTC")
    try:
        found = datetime.fromisoformat(f"{trimmed}Z" if text.strip().endswith("UTC") else trimmed)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=zone or UTC)
