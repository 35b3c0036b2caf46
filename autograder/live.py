"""Commands for those who are still at it: `try` before handing in, `watch` while working. Neither changes a file."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from autograder import options
from autograder.console import Failed
from autograder.report.files import Refused
from autograder.report.terminal import Line

if TYPE_CHECKING:  # they import what takes time
    from autograder.ladder import Rung
    from autograder.model import Exercise

Said = Iterator[str | Line]


def try_parser() -> argparse.ArgumentParser:
    parser = options.Parser(
        prog="grade.py try",
        description="For students: what looks right in a notebook or script so far, and what does not. It is run as it "
        "is; what is tried beside when it is graded is not tried here. It is no mark, and nothing is written.",
    )
    parser.add_argument(
        "path", type=Path, metavar="FILE", help="a notebook, a script, or a folder or archive of one's own"
    )
    _add_common(parser)
    parser.set_defaults(command=_try)
    return parser


def watch_parser() -> argparse.ArgumentParser:
    parser = options.Parser(
        prog="grade.py watch",
        description="Grade what changes as it changes: submissions when they are saved, and all of them when an "
        "exercise or a grader is. Only what changed is run. Ctrl-C ends it. Needs the extra `watch`.",
    )
    parser.add_argument("path", type=Path, metavar="FOLDER", help="as for grading; a file is watched by itself")
    _add_common(parser)
    parser.add_argument("--seed", type=options.seed, metavar="N", help="for the hidden inputs (default: drawn anew)")
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="results whose memory is used and added to (default: none is kept)"
    )
    parser.set_defaults(command=_watch)
    return parser


def _add_common(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--exercise", action="append", default=[], metavar="NAME", help="only this one; may be repeated")
    add("--timeout", type=options.seconds, metavar="S", help="seconds for one run (default: the exercise's limit)")
    add("--allow-unsafe", action="store_true", help="run it even where it can read every file that you can")


def chosen(names: Sequence[str]) -> "tuple[Exercise, ...]":
    """The exercises of these names, or all. Raises Refused."""
    from autograder import spec
    from autograder.assignment import plan

    try:
        return plan.chosen(spec.load_all(), names)
    except spec.SpecError as error:
        raise Refused(str(error)) from None


def rung(allow_unsafe: bool) -> "Rung":
    """What holds a submission here. Raises Failed."""
    from autograder import ladder

    try:
        return ladder.find(allow_unsafe=allow_unsafe)
    except ladder.Refused as refused:
        raise Failed(str(refused)) from None


def _try(arguments: argparse.Namespace) -> Said:
    exercises = chosen(arguments.exercise)
    from autograder import intake, sandbox, server, trying
    from autograder.report import trial

    try:
        found = intake.whole(arguments.path)
        needed = server.warmth_for(found.submissions)
        held = rung(arguments.allow_unsafe)
        with trying.Trial(exercises, held, seconds=arguments.timeout, warmth=needed) as warm:
            report, tried = warm.run(found.submissions[0])
    except intake.IntakeError as error:
        raise Refused(str(error)) from None
    except sandbox.SandboxError as error:
        raise Failed(f"it could not be run: {error}") from None
    yield from trial.lines(report, trying.shown(tried, arguments.exercise))


def _watch(arguments: argparse.Namespace) -> Said:
    from autograder import watching

    yield from watching.rounds(arguments)
