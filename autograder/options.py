"""What can be typed: the options of `grade.py PATH...`, and what `--help` says.

Nothing heavy is imported, so that `--help` and mistakes answer at once.
"""

import argparse
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from autograder import __version__, exports, languages
from autograder.report import FOLDERS, FORMATS, wording
from autograder.report.lms import EXPORTS

DESCRIPTION = """\
Grade homework on automatic differentiation: notebooks and scripts that use PyTorch.

Each submission runs in a child process that watches what autograd did. It is judged by
what it computed, never by the names of its variables, functions or cells."""

EPILOG = """\
A PATH is a file (ada.ipynb), a folder of files, a folder with a folder or an archive for
each student (ada/hw1.ipynb, ada.zip), or an archive of such a folder (.zip, .tar.gz,
.tgz, .tar). Students are named by the file, the folder or the archive. What an LMS packed
is recognised (docs/lms). Nothing under a PATH is ever changed.

examples:
  grade.py submissions/sample
  grade.py week3 --output marks/week3 --exercise jacobian --exercise control_flow
  grade.py ada.ipynb --format json > ada.json
  grade.py moodle.zip --template worksheet.csv --to moodle=filled.csv --dry-run
  grade.py class.zip --assignment week3.yaml --language zh
  grade.py week3 --seed 20260821      draw the same hidden inputs as an earlier run

commands for results that are there (each with --help):
  grade.py review results                      what awaits a person, settled in a browser
  grade.py override ADA jacobian 9 --why "…"   a person's points, in place of the grader's
  grade.py history ADA                         every grade she has had, and what changed
  grade.py diff OLD NEW                        whose points differ between two results
  grade.py formats                             what --to can write, for which system
  grade.py bundle gradescope -o autograder.zip an autograder to upload

commands for those who are still at it (each with --help):
  grade.py try ada.ipynb --exercise jacobian   what looks right so far; nothing is written
  grade.py watch FOLDER                        grade what changes, as it changes
commands for authors of exercises (each with --help):
  grade.py new NAME                            an exercise that works, to start from
  grade.py check [NAME...]                     tries out all that is claimed of exercises

where results go:
  stdout                 each submission with its points and the reason where points were lost
  DIR/results.json       everything, for programs (docs/results.md describes it)
  DIR/gradebook.csv      a row for each submission, for spreadsheets
  DIR/report/index.html  the class, for you; beside it a page for each student
  DIR/grades.sqlite3     what is known: nothing is run twice, a killed run goes on
  stderr                 progress and problems

exit codes:
  0  everything was graded, whatever the marks
  1  something needs the instructor because of the grader: it failed on a criterion or
     a submission (no points were taken there), or it could not start
  2  wrong usage, a path without submissions, or a mistake in an exercise"""

_LANGUAGE = f"of feedback: {', '.join(languages.CHOICES)} by each submission's own prose (default: en)"

# As in autograder/intake/layouts, which takes time to import.
LAYOUTS = ("plain", "moodle", "canvas", "gradescope", "blackboard", "brightspace", "nbgrader", "classroom")


class Parser(argparse.ArgumentParser):
    """Of this command line and its commands: what is misspelt is met with a guess."""

    def error(self, message: str) -> NoReturn:
        unknown = [word.partition("=")[0] for word in message.split() if word.startswith("--")]
        if message.startswith("unrecognized arguments: ") and unknown:
            known = [name for name in self._option_string_actions if name.startswith("--")]
            message += wording.did_you_mean(unknown[0], known)
        super().error(message)


def parser() -> Parser:
    """Of the main command; those in cli.COMMANDS have their own."""
    made = Parser(
        prog="grade.py",
        usage="grade.py PATH... [options]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    _add_what_is_graded(made)
    _add_where_it_goes(made)
    return made


def _add_what_is_graded(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("paths", nargs="+", type=_path, metavar="PATH", help="a submission, or a folder or archive of them")
    add("--layout", choices=LAYOUTS, default="", metavar="NAME", help=f"whose download a PATH is: {', '.join(LAYOUTS)}")
    add("--roster", type=_path, metavar="FILE", help="a CSV that joins names, e-mails and student numbers")
    add("--exercise", action="append", default=[], metavar="NAME", help="only this one; may be repeated")
    assignment = "a YAML of exercises, points and a due date (docs/assignments.md)"
    add("--assignment", type=_path, metavar="FILE", help=assignment)
    add("--seed", type=seed, metavar="N", help="for the hidden inputs (default: that of the last run)")
    add("--timeout", type=seconds, metavar="S", help="seconds for one run (default: the exercise's limit)")
    jobs = processors()
    add("--jobs", type=count, default=jobs, metavar="N", help=f"processors to keep busy (default: {jobs})")
    add("--again", action="store_true", help="run everything again, also what has been graded before")
    add("--scheduler", default="", metavar="ADDRESS", help="grade on a Dask cluster, or local:N (docs/cluster.md)")
    for name, what in (("ca", "authority"), ("cert", "certificate"), ("key", "key")):
        add(f"--tls-{name}", type=_path, metavar="FILE", help=f"the {what} for a scheduler at tls://")
    unsafe = "grade even where submissions can read every file that you can"
    add("--allow-unsafe", action="store_true", help=unsafe)


def _add_where_it_goes(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    formats = ", ".join(FORMATS)
    more = "one more file, or html=FOLDER; may be repeated; `grade.py formats` lists all, those of LMSs among them"
    add("--output", type=_path, default=Path("results"), metavar="DIR", help="for results (default: results/)")
    add("--to", action="append", default=[], type=_format_and_file, metavar="FORMAT=FILE", help=more)
    add("--language", choices=languages.CHOICES, default="", metavar="CODE", help=_LANGUAGE)
    add("--no-html", action="store_true", help="no class report, no pages for students")
    exports.add_arguments(add)
    add("--format", choices=FORMATS, metavar="FORMAT", help=f"of stdout: {formats} (default: text)")
    add("--quiet", action="store_true", help="no progress or notes; on stdout only what --format asks for")
    add("--verbose", action="store_true", help="list the criteria that passed as well")


def _path(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("an empty path names nothing")
    return Path(text)


def seed(text: str) -> int:
    return _whole(text, 0, 2**31 - 1)


def count(text: str) -> int:
    return _whole(text, 1, 4096)


def _whole(text: str, least: int, most: int) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise argparse.ArgumentTypeError(f"expected a whole number from {least} to {most}, got {text!r}")
    return number


def seconds(text: str) -> float:
    return _finite(text, lambda number: number > 0, "a number of seconds above 0")


def points(text: str) -> float:
    return _finite(text, lambda number: number >= 0, "a number of points from 0 on")


def _finite(text: str, fits: Callable[[float], bool], expected: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and fits(number)):
        raise argparse.ArgumentTypeError(f"expected {expected}, got {text!r}")
    return number


def _format_and_file(text: str) -> tuple[str, str]:
    name, equals, file = text.partition("=")
    if not (equals and file):
        raise argparse.ArgumentTypeError(f"expected FORMAT=FILE, as in csv=grades.csv, got {text!r}")
    known = (*FORMATS, *FOLDERS, *EXPORTS)
    if name not in known:
        hint = wording.did_you_mean(name, known) or "; `grade.py formats` lists those that there are"
        raise argparse.ArgumentTypeError(f"unknown format {name!r}{hint}")
    return name, file


def processors() -> int:
    """Those that this process may use, where the system tells; a container is given fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
