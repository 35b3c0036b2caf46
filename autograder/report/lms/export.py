"""An export: the grades as another system takes them, and what became of everybody."""

import io
import zipfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from autograder.model import Report, Run
from autograder.report import marks, wording
from autograder.report.files import Refused
from autograder.sheet import Sheet

_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # so that equal grades make equal bytes


@dataclass(frozen=True, slots=True)
class Options:
    """What a person decides about an export."""

    template: Sheet | None = None
    template_name: str = ""
    hold_reviews: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)  # "grade" → the header of the column
    environment: Mapping[str, str] = field(default_factory=dict)  # where a host that starts us says what it knows


@dataclass(frozen=True, slots=True)
class Export:
    """The bytes of the file, and what has to be said of it."""

    content: bytes
    written: int
    unchanged: int = 0
    unmatched: tuple[str, ...] = ()  # who, and why
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write grades for one system."""

    name: str
    says: str
    make: Callable[[Run, Sequence[Report], Options], Export]
    alone: bool = False  # for one submission only
    template: bool = False  # a sheet of the system's own is filled in


def of_one(make: Callable[[Run, Report], bytes]) -> Callable[[Run, Sequence[Report], Options], Export]:
    """An export of a single submission."""

    def export(run: Run, reports: Sequence[Report], options: Options) -> Export:
        if len(reports) != 1:
            raise Refused(f"this format is for one submission, and there are {len(reports)}; name one as PATH")
        (report,) = reports
        if options.hold_reviews and marks.waits(report):
            raise Refused(f"{who(report)} awaits review, and --hold-reviews was given; nothing was written")
        return Export(make(run, report), 1, notes=tuple(waiting([report])))

    return export


def held(reports: Iterable[Report], options: Options) -> tuple[list[Report], list[str]]:
    """Those that may go out, and those that are held back for review."""
    out, back = [], []
    for report in reports:
        if options.hold_reviews and marks.waits(report):
            back.append(f"{who(report)}: held back, awaits review")
        else:
            out.append(report)
    return out, back


def waiting(reports: Iterable[Report]) -> Iterable[str]:
    """What is said when marks go out that are not final."""
    ones = [report for report in reports if marks.number(report) is not None and marks.waits(report)]
    if ones:
        points = wording.points(sum(report.awaiting_review for report in ones))
        names = ", ".join(who(report) for report in ones[:5]) + (f" and {len(ones) - 5} more" if len(ones) > 5 else "")
        yield f"{len(ones)} go out before review, {points} points not in them: {names}; --hold-reviews leaves them out"


def who(report: Report) -> str:
    """A submission as a person finds it, also among namesakes."""
    student, path = report.submission.student, report.submission.path
    return wording.clean(student if path.startswith(student + ".") or path == student else f"{student} [{path}]")


def zipped(files: Mapping[str, bytes], executable: Collection[str] = ()) -> bytes:
    """The same files make the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name, _LONG_AGO)
            member.external_attr = (0o100755 if name in executable else 0o100644) << 16
            member.create_system = 3  # Unix, so that the rights count
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, content)
    return out.getvalue()
