"""What was taken for what, as the command line tells it; and a roster, joined to the submissions."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.model import Report, Submission
from autograder.report.files import Refused

if TYPE_CHECKING:  # they import what takes time
    from autograder.intake import Recognised
    from autograder.intake.roster import Joined


def layouts(recognised: Iterable["Recognised"], *, quiet: bool) -> Iterator[str]:
    """What a download was taken for is said, and what is in doubt even if nobody wants notes."""
    for one in recognised:
        if one.doubt or (one.layout != "plain" and not quiet):
            students = f"{one.students} student{'' if one.students == 1 else 's'}"
            yield f"layout: {one.layout} ({students})" + (f"; {one.doubt}" if one.doubt else "")


def joined(submissions: Sequence[Submission], file: Path) -> "Joined":
    """With what the roster knows of them. Raises Refused."""
    from autograder.intake import roster
    from autograder.sheet import SheetError

    try:
        return roster.joined(submissions, file.read_bytes())
    except OSError as error:
        raise Refused(f"--roster: {file} cannot be read: {error.strerror or error}") from None
    except SheetError as error:
        raise Refused(f"--roster: {file} {error}") from None


def missing(known: "Joined") -> Iterator[str]:
    """Who is in the roster or among the submissions only."""
    if known.unknown:
        yield f"roster: {len(known.unknown)} submissions are of nobody on it: {', '.join(known.unknown)}"
    if known.missing:
        yield f"roster: {len(known.missing)} people handed in nothing: {', '.join(known.missing)}"


def times(reports: Sequence[Report]) -> Iterator[str]:
    """Of an assignment with a due date: whose time of handing in nobody told."""
    unknown = [report.submission.path for report in reports if report.late and not report.late.handed_in]
    if unknown:
        of = "any submission" if len(unknown) == len(reports) else ", ".join(unknown)
        yield f"due date: when it was handed in is not known of {of}, so nothing is deducted there for being late"
