"""Grade what changes as it changes, with one warm server and a memory of what was graded.

Whatever an editor does to save (writes in place, writes beside and renames, leaves files of its own), the folder is
looked at anew once it is quiet, and the memory knows what is still the same. A notebook that breaks off in the middle
may be half written, and is looked at once more before anything is said. When an exercise or a grader changes, the
program starts itself anew: what submissions did need not be run again for that.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from autograder import intake, live, options, sandbox
from autograder.console import Failed, short
from autograder.intake.entries import ARCHIVES
from autograder.intake.source import NOTEBOOK, SCRIPT
from autograder.kept import Memory, conditions
from autograder.model import Exercise, Outcome, Report
from autograder.report import terminal, wording
from autograder.report.files import Refused
from autograder.report.terminal import Line
from autograder.run import ROOT, Grader
from autograder.store import Store, StoreError

AUTHORS = (ROOT / "exercises", ROOT / "graders")
FEW = 8  # submissions, which are all shown at the start
QUIET_MS, TICK_MS, LONGEST_MS = 150, 300, 2000  # without a change; between looks; until a look in any case


def rounds(arguments: argparse.Namespace) -> Iterator[str | Line]:
    """The lines to show, as they come, without end. Raises Refused and Failed."""
    folder = _place(arguments.path)
    if arguments.output and arguments.output.resolve().is_relative_to(arguments.path.resolve()):
        where = f"--output {arguments.output} lies in {arguments.path}"
        raise Refused(f"{where}, where nothing is ever changed; name another place")
    ticks = _ticks(_watchfiles(), folder)
    try:
        yield from _until_an_author_saves(arguments, ticks)
    except sandbox.SandboxError as error:
        raise Failed(f"the grader could not run: {error}") from None
    yield "an exercise or a grader has changed; starting anew"
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  the command that we were started with


def _watchfiles() -> ModuleType:
    try:
        import watchfiles
    except ModuleNotFoundError:
        raise Failed(
            "watching needs the package watchfiles; install it: pip install 'autograd-grader[watch]'"
        ) from None
    return watchfiles


def _place(path: Path) -> Path:
    """The folder to watch: a file that is written by renaming another one over it is a new file each time."""
    if not path.exists():
        raise Refused(f"there is no file or folder {path}; name a folder of submissions")
    return path if path.is_dir() else path.parent


def _ticks(watchfiles: ModuleType, folder: Path) -> Iterator[set[Any]]:
    """What has changed since the last tick, once it is quiet, or nothing. All is seen after the first."""
    there = [place for place in AUTHORS if place.is_dir()]
    changes: Iterator[set[Any]] = watchfiles.watch(
        *dict.fromkeys([folder.resolve(), *there]),
        watch_filter=_concerns_us,
        step=QUIET_MS,
        debounce=LONGEST_MS,
        rust_timeout=TICK_MS,
        yield_on_timeout=True,
    )
    return changes


def _concerns_us(change: object, path: str) -> bool:
    """What editors leave beside a file is hidden, or has another ending.

    A folder that is new may hold files by the time that it is watched, of which nobody tells us.
    """
    name = os.path.basename(path).lower()
    told = name.endswith((NOTEBOOK, SCRIPT, *ARCHIVES, ".yaml")) or (name != "__pycache__" and os.path.isdir(path))
    return told and not name.startswith((".", "~"))


def _is_authors(changes: set[Any]) -> bool:
    return any(Path(path).is_relative_to(place) for _, path in changes for place in AUTHORS)


def _until_an_author_saves(arguments: argparse.Namespace, ticks: Iterator[set[Any]]) -> Iterator[str | Line]:
    next(ticks)  # what is saved while we read is seen as well
    try:
        exercises = live.chosen(arguments.exercise)
    except Refused as refused:
        if arguments.exercise and "--exercise" in str(refused):
            raise
        yield f"{refused}; waiting until that is saved anew"
        next(changes for changes in ticks if _is_authors(changes))
        return
    with ExitStack() as stack:
        watch = _Watch(arguments.path, stack.enter_context(_grader(arguments, exercises)))
        yield from watch.look()
        yield f"watching {short(arguments.path.resolve())}; Ctrl-C ends it"
        for changes in ticks:
            if _is_authors(changes):
                return
            if changes or watch.in_doubt:
                yield from watch.look()


@contextmanager
def _grader(arguments: argparse.Namespace, exercises: Sequence[Exercise]) -> Iterator[Grader]:
    """With the memory of these results, or with one that ends with it."""
    rung = live.rung(arguments.allow_unsafe)
    with ExitStack() as stack:
        temporary = tempfile.TemporaryDirectory(prefix="watching-")
        store = _store(arguments.output or Path(stack.enter_context(temporary)))
        stack.callback(store.close)
        seed = store.seed(arguments.seed)
        memory = Memory(store, exercises, conditions(exercises, seed, arguments.timeout), rung.name)
        more = {"jobs": options.processors(), "seconds": arguments.timeout, "memory": memory}
        yield stack.enter_context(Grader(exercises, rung, seed=seed, **more))


def _store(folder: Path) -> Store:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return Store(folder)
    except (OSError, StoreError) as error:
        raise Refused(f"--output {folder}: {error}") from None


class _Watch:
    """What was said last of each submission, and what is left to be said."""

    def __init__(self, path: Path, grader: Grader) -> None:
        self._path, self._grader = path, grader
        self._said: dict[str, Report] = {}
        self._halves: set[str] = set()  # submissions that could not be read a moment ago
        self._first = True
        self.in_doubt = False  # whether somebody has to look again, even if nothing changes

    def look(self) -> Iterator[str | Line]:
        """Grade all that is there, which the memory makes quick, and say what is new."""
        try:
            found = intake.look([self._path])
        except intake.IntakeError as error:
            self.in_doubt = False
            if self._first or self._said:
                yield Line(wording.one_line(str(error)), "quiet")
            self._first, self._said = False, {}
            return
        reports = {report.submission.origin: report for report in self._grader.grade(found.submissions)}
        fresh = [report for origin, report in reports.items() if self._said.get(origin) != report]
        halves = {r.submission.origin for r in fresh if r.outcome is Outcome.UNREADABLE} - self._halves
        self.in_doubt, self._halves = bool(halves), halves
        news = [report for report in fresh if report.submission.origin not in halves]
        self._said = {origin: report for origin, report in reports.items() if origin not in halves}
        yield from self._told(news, len(reports))
        yield from (f"warning: {warning}" for warning in self._grader.warnings if self._first)
        self._first = False

    def _told(self, news: Sequence[Report], total: int) -> Iterator[str | Line]:
        if self._first and len(news) > FEW:
            yield f"{total} submissions; those that change are shown"
            return
        columns = terminal.columns_of(news)
        if news:
            yield Line(f"{datetime.now():%H:%M:%S}", "quiet")
        for report in news:
            yield from terminal.report_lines(report, columns)
