"""Exports on the command line: what is said for them, and what is said of them."""

import argparse
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from autograder import sheet
from autograder.model import Run, Submission
from autograder.report import FORMATS, wording
from autograder.report.files import Refused
from autograder.report.lms import EXPORTS, Export, Options

_NAMED = 5  # of many that are left out for one reason


def add_arguments(add: Callable[..., Any]) -> None:
    add("--template", type=Path, metavar="FILE", help="a sheet that the LMS exported, which --to fills in")
    add("--column", action="append", default=[], type=_column, metavar="WHAT=HEADER", help="of the template")
    add("--hold-reviews", action="store_true", help="leave whoever awaits review out of what goes to an LMS")
    add("--dry-run", action="store_true", help="write nothing for an LMS, and say what would be")


def _column(text: str) -> tuple[str, str]:
    what, equals, header = text.partition("=")
    if not (what and equals and header):
        raise argparse.ArgumentTypeError(f'expected WHAT=HEADER, as in grade="HW1 (4711)", got {text!r}')
    return what, header


def options(arguments: argparse.Namespace) -> Options:
    """What was said, with the template read before an hour of grading. Raises Refused."""
    wanted = [name for name, _ in arguments.to if name in EXPORTS and EXPORTS[name].template]
    if wanted and not arguments.template:
        raise Refused(f"--to {wanted[0]}: {EXPORTS[wanted[0]].says}; name that sheet, as the LMS exported it")
    if len(set(wanted)) > 1:
        raise Refused(f"--template fills one sheet, and there are {' and '.join(wanted)}; say one, then the other")
    template = _template(arguments.template) if wanted else None
    for name, file in arguments.to:
        if arguments.template and Path(file).resolve() == arguments.template.resolve():
            raise Refused(f"--to {name}={file} would write over the template; name another file")
    told = (arguments.hold_reviews, dict(arguments.column))
    made = Options(template, str(arguments.template or ""), *told, os.environ)
    for name in dict.fromkeys(wanted):
        _rehearse(name, made)
    return made


def _rehearse(name: str, wanted: Options) -> None:
    """Fill the template in for nobody, so that all it lacks itself is told now. Raises Refused."""
    try:
        EXPORTS[name].make(Run(0, "", "", "", ""), (), wanted)
    except (Refused, sheet.SheetError) as refused:
        raise Refused(f"--to {name}: {refused}") from None


def _template(file: Path) -> sheet.Sheet:
    try:
        return sheet.read(file.read_bytes())
    except OSError as error:
        raise Refused(f"--template: {file} cannot be read: {error.strerror or error}") from None
    except sheet.SheetError as error:
        raise Refused(f"--template: {file} {error}") from None


def check(arguments: argparse.Namespace, submissions: Sequence[Submission]) -> None:
    """What can be known before grading. Raises Refused."""
    for name, _ in arguments.to:
        if name in EXPORTS and EXPORTS[name].alone and len(submissions) != 1:
            raise Refused(f"--to {name}: this format is for one submission, and there are {len(submissions)}")


def told(name: str, export: Export, *, dry: bool, quiet: bool) -> Iterator[str]:
    """How many were written, unchanged and not matched, and who; what would be lost is said even if quiet.

    A dry run lists everybody; else of many with one reason a few are named.
    """
    if not quiet or dry:
        would = "would be " if dry else ""
        counts = f"{export.written} {would}written, {export.unchanged} unchanged, {len(export.unmatched)} not matched"
        yield f"{name}: {counts}"
    unmatched = export.unmatched if dry else _shortened(export.unmatched)
    yield from (f"  {name}: not written: {wording.one_line(one)}" for one in unmatched)
    yield from (f"  {name}: {wording.one_line(one)}" for one in export.notes)


def nobody(export: Export) -> str:
    """Why an export holds nobody at all; nothing if it holds somebody, or there was nobody to hold."""
    if export.written or export.unchanged or not export.unmatched:
        return ""
    reasons, total = _by_reason(export.unmatched), len(export.unmatched)
    if total == 1:
        return f"nobody could be put into it: {wording.one_line(export.unmatched[0])}"
    counted = [f"{why} ({len(people)})" for why, people in reasons.items()][:_NAMED] if len(reasons) > 1 else reasons
    said = "; ".join(counted) + ("; and others" if len(reasons) > _NAMED else "")
    return f"nobody could be put into it, none of {total}: {wording.one_line(said)}"


def _shortened(unmatched: Sequence[str]) -> Iterator[str]:
    for why, people in _by_reason(unmatched).items():
        if len(people) > _NAMED:
            more = len(people) - _NAMED
            yield f"{', '.join(people[:_NAMED])} and {more} more (--dry-run lists them): {why}"
        else:
            yield from (f"{who}: {why}" for who in people)


def _by_reason(unmatched: Sequence[str]) -> dict[str, list[str]]:
    """Why somebody is left out → who. A name with a colon in it makes a reason of its own, and is told so."""
    found: dict[str, list[str]] = {}
    for one in unmatched:
        who, _, why = one.partition(": ")
        found.setdefault(why, []).append(who)
    return found


def formats() -> Iterator[str]:
    """One line a format."""
    ours = {"text": "what the terminal shows", "json": "everything, for programs", "csv": "a row a submission"}
    rows = {name: ours.get(name, "") for name in FORMATS} | {name: format.says for name, format in EXPORTS.items()}
    width = max(map(len, rows))
    yield from (f"{name:{width}}  {says}" for name, says in rows.items())
