"""Arguments in, exit code out. Results go to stdout and into files; progress and all else to stderr.

Nothing heavy is imported before the arguments are known to be right (see `options`).
"""

import argparse
import signal
import sqlite3
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder import __version__, clock, exports, ladder, options, taken
from autograder.console import (
    Failed,
    complain,
    complain_of,
    names,
    never_fail_on_a_character,
    reader_may_leave,
    short,
    speak_utf8,
)
from autograder.model import Outcome, Report, Run, Status, Submission
from autograder.report import FOLDERS, FORMATS, files, pages, screen, wording
from autograder.report.lms import EXPORTS, Options
from autograder.shapes import SpecError
from autograder.sheet import SheetError

if TYPE_CHECKING:  # they import what takes time
    from autograder.assignment.plan import Plan
    from autograder.cluster.address import Address
    from autograder.cluster.client import Cluster
    from autograder.drawn import Drawn
    from autograder.grading import Graded
    from autograder.intake import Intake
    from autograder.remembering import Remembering
    from autograder.sandbox import Sandbox
    from autograder.sources import Sources
    from autograder.store import Store

COMMANDS = ("review", "override", "history", "diff", "formats", "bundle", "try", "watch")  # ./diff is a folder
FOR_AUTHORS = ("new", "check")


class Exit(IntEnum):
    """What the caller's shell is told."""

    DONE = 0
    OURS = 1
    USAGE = 2
    INTERRUPTED = 130  # 128 + SIGINT, as shells count


class Stop(Exception):
    """The end of the run: a sentence for stderr and an exit code."""

    def __init__(self, sentence: str, code: Exit) -> None:
        super().__init__(sentence)
        self.code = code


def main(argv: Sequence[str] | None = None) -> int:
    """Grade what the arguments name and return the exit code; `argv` is without the program's name."""
    never_fail_on_a_character()
    _end_as_on_ctrl_c()
    try:
        with reader_may_leave():
            words = sys.argv[1:] if argv is None else list(argv)
            if words[:1] and words[0] in COMMANDS:
                return _command(*words)
            if words[:1] and words[0] in FOR_AUTHORS:
                return _for_authors(*words)
            _refuse_a_misspelt_command(*words[:1])
            return _grade(options.parser().parse_intermixed_args(words))
    except SystemExit as end:  # argparse: --help, --version, or a sentence that is already on stderr
        return int(end.code or 0)
    except files.Refused as refused:
        return _stopped(str(refused), Exit.USAGE)
    except Stop as stop:
        return _stopped(str(stop), stop.code)
    except KeyboardInterrupt:
        return _stopped("interrupted", Exit.INTERRUPTED)
    return Exit.DONE  # the reader of stdout left, which is no fault


def _refuse_a_misspelt_command(word: str = "") -> None:
    """What is no file or folder, and nearly the name of a command."""
    near = wording.nearest(word, (*COMMANDS, *FOR_AUTHORS))
    if near and not Path(word).exists():
        raise Stop(f"{word}: there is no such file or folder; did you mean the command {near!r}?", Exit.USAGE)


def _command(name: str, *words: str) -> int:
    from autograder import commands

    try:
        with _dependencies(), closing(commands.run(name, words)) as lines:
            screen.say(lines)
    except Failed as failed:
        raise Stop(str(failed), Exit.OURS) from None
    except KeyboardInterrupt:
        if name != "watch":  # of which it is the end
            raise
        print("stopped")
    return Exit.DONE


def _for_authors(name: str, *words: str) -> int:
    with _dependencies():
        from autograder.kit import command

        return command.run(name, words)


def _end_as_on_ctrl_c() -> None:
    """SIGTERM leaves no child and no temporary folder behind either."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def _grade(arguments: argparse.Namespace) -> int:
    targets = files.targets(arguments.output, arguments.to, pages=not arguments.no_html)
    files.refuse_inside(targets, arguments.paths)
    wanted = exports.options(arguments)
    elsewhere = _elsewhere(arguments)
    with _dependencies(), ExitStack() as opened:
        with _ahead(arguments) as ahead:
            known = _known(arguments, opened)
            plan = _plan(arguments, checked=known is None or bool(arguments.scheduler))
            found, sources = _found(arguments, known)
            exports.check(arguments, found.submissions)
            files.make_ready(targets)
            store = known or opened.enter_context(_store(arguments.output))
            with suppress(sqlite3.Error):  # they are read again the next time
                sources.keep(store)
            graded = _graded(plan, found, arguments, ahead, elsewhere, store)
        complain_of(taken.times(graded.reports))
        kept, problems = _contents(targets, graded, wanted, arguments)
        problems += [*_save(kept), *_save_all_pages(targets, graded, store), *_failures(graded.reports)]
    with reader_may_leave():
        _show(arguments, graded)
    for problem in problems:
        _stopped(problem, Exit.OURS)
    if not arguments.quiet and not problems:
        shown = [_written(target) for target in targets if target.is_folder or target.path in kept]
        complain(f"written: {', '.join(shown)}")
    return Exit.OURS if problems else Exit.DONE


# -- what is graded


@contextmanager
def _dependencies() -> Iterator[None]:
    """A missing package is one sentence; a missing module of our own is a bug and keeps its traceback."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "autograder").partition(".")[0] in ("autograder", "graders"):
            raise
        where = Path(__file__).resolve().parents[1]
        sentence = f"the package {error.name} is missing; install what is needed: pip install -e {where}"
        raise Stop(sentence, Exit.OURS) from error


@contextmanager
def _ahead(arguments: argparse.Namespace) -> Iterator["Sandbox | None"]:
    """A sandbox that warms up while we read; None where nothing may have to be run, or nothing can be."""
    there = all(path.exists() for path in arguments.paths)
    if arguments.scheduler or not there or not _may_have_changed(arguments):
        yield None
        return
    from autograder import sandbox

    with ExitStack() as stack:
        ahead = None
        with suppress(ladder.Refused, sandbox.SandboxError):  # said later, when something has to be run
            rung = ladder.find(allow_unsafe=arguments.allow_unsafe)
            ahead = stack.enter_context(sandbox.Sandbox(arguments.jobs, rung))
        yield ahead


def _may_have_changed(arguments: argparse.Namespace) -> bool:
    """Since these paths were last graded into this folder, if they ever were; so that something has to be run."""
    from autograder import store

    with suppress(OSError):  # something goes away while we look
        return not store.is_in(arguments.output) or store.is_older(arguments.output, arguments.paths)
    return False


def _elsewhere(arguments: argparse.Namespace) -> "Address | None":
    """The cluster that grades, where somebody names one. Raises Refused."""
    tls = (arguments.tls_ca, arguments.tls_cert, arguments.tls_key)
    if not arguments.scheduler and not any(tls):
        return None
    from autograder.cluster import address

    return address.parse(arguments.scheduler, tls)


def _known(arguments: argparse.Namespace, opened: ExitStack) -> "Store | None":
    """What is known of earlier invocations; None, and no folder is made, where there were none."""
    from autograder import store

    return opened.enter_context(_store(arguments.output)) if store.is_in(arguments.output) else None


def _plan(arguments: argparse.Namespace, *, checked: bool) -> "Plan":
    from autograder.assignment import plan

    try:
        return plan.plan(arguments.exercise, arguments.assignment, arguments.language, checked=checked)
    except SpecError as error:
        raise Stop(str(error), Exit.USAGE) from error


def _meant_for_exercises(paths: Sequence[Path]) -> str:
    """A hint to somebody who named several after one --exercise."""
    from autograder import spec

    known = spec.load_all(checked=False)
    options = " ".join(f"--exercise {path}" for path in paths if str(path) in known and not path.exists())
    return f" If an exercise was meant: {options}." if options else ""


def _found(arguments: argparse.Namespace, known: "Store | None") -> "tuple[Intake, Sources]":
    """What there is to grade, and the files that were not known."""
    from autograder import intake
    from autograder.sources import Sources

    paths, sources = arguments.paths, Sources(None if arguments.again else known)
    try:
        found = intake.look(paths, arguments.layout, sources.remember)
    except intake.IntakeError as error:
        raise Stop(f"{error}{_meant_for_exercises(paths)}", Exit.USAGE) from error
    if not found.submissions:
        reasons = "".join(f"\n  {wording.clean(file.path)}: {wording.one_line(file.why)}" for file in found.skipped)
        raise Stop(f"no submissions in {names(paths)}{reasons}", Exit.USAGE)
    complain_of(taken.layouts(found.recognised, quiet=arguments.quiet))
    return (_with_roster(found, arguments.roster) if arguments.roster else found), sources


def _with_roster(found: "Intake", file: Path) -> "Intake":
    known = taken.joined(found.submissions, file)
    complain_of(taken.missing(known))
    return replace(found, submissions=known.submissions)


def _graded(
    plan: "Plan",
    found: "Intake",
    arguments: argparse.Namespace,
    ahead: "Sandbox | None",
    elsewhere: "Address | None",
    store: "Store",
) -> "Graded":
    from autograder import grading, server

    started = clock.now()
    seed, decisions = store.seed(arguments.seed), store.latest_decision()
    settings = {
        "seed": seed,
        "warmth": server.warmth_for(found.submissions),
        "seconds": arguments.timeout,
        "store": store,
        "forget": arguments.again,
    }
    grader = _grader(plan, arguments, ahead, elsewhere, settings)
    reports, torch, rung = _reports(grader, found.submissions, arguments)
    layout = ", ".join(dict.fromkeys(one.layout for one in found.recognised))
    asked = (plan.language, plan.assignment.title, plan.due)
    run = Run(seed, started, clock.now(), __version__, torch, f"{rung.name}: {rung.says}", layout, *asked)
    graded = grading.Graded(run, tuple(map(plan.finished, reports)), found.skipped, plan)
    try:
        grading.keep(store, graded, pages=not arguments.no_html, decisions=decisions)
    except sqlite3.Error as error:
        complain(f"warning: this grading cannot be kept, so `grade.py review` does not know of it: {error}")
    return graded


def _reports(
    opened: AbstractContextManager[tuple["Remembering | Cluster", ladder.Rung]],
    submissions: Sequence[Submission],
    arguments: argparse.Namespace,
) -> tuple[Sequence[Report], str, ladder.Rung]:
    """One for each submission, the version of torch that they were run with, and how they were held."""
    reports: list[Report] = []
    try:
        with opened as (grader, rung):
            coming = grader.grade(submissions)
            for report in coming if arguments.quiet else screen.watched(coming, len(submissions)):
                reports.append(report)
            _tell(arguments, grader, len(reports))
            return reports, grader.torch, rung
    except SpecError as error:
        raise Stop(str(error), Exit.USAGE) from error
    except _sandbox_error() as error:
        raise Stop(f"the grader could not run: {error}", Exit.OURS) from error
    except KeyboardInterrupt:
        sentence = f"interrupted after {len(reports)} of {len(submissions)} submissions; no results were written"
        raise Stop(f"{sentence}, and the same command goes on from here", Exit.INTERRUPTED) from None


def _sandbox_error() -> type[Exception]:
    """Only looked for where there is an exception: what is known needs no sandbox."""
    from autograder import sandbox

    return sandbox.SandboxError


@contextmanager
def _grader(
    plan: "Plan",
    arguments: argparse.Namespace,
    ahead: "Sandbox | None",
    elsewhere: "Address | None",
    settings: Mapping[str, Any],
) -> Iterator[tuple["Remembering | Cluster", ladder.Rung]]:
    """Here or on a cluster, and how submissions are held there; said before anything runs."""
    if elsewhere:
        from autograder.cluster import client

        with client.Cluster(plan.exercises, elsewhere, allow_unsafe=arguments.allow_unsafe, **settings) as cluster:
            if not arguments.quiet:
                complain_of(cluster.says)
            yield cluster, _told(cluster.rung, arguments)
    else:
        rung = _told(ahead.rung if ahead else _rung(arguments), arguments)
        with _remembering(plan, rung, jobs=arguments.jobs, sandbox=ahead, **settings) as grader:
            yield grader, rung


def _remembering(plan: "Plan", rung: ladder.Rung, *, store: "Store", forget: bool, **grading: Any) -> "Remembering":
    from autograder import kept
    from autograder.remembering import Remembering

    conditions = kept.conditions(plan.exercises, grading["seed"], grading["seconds"])
    memory = kept.Memory(store, plan.exercises, conditions, rung.name, forget=forget)
    return Remembering(plan.exercises, rung, memory, () if plan.is_checked else plan.exercises, **grading)


@contextmanager
def _store(folder: Path) -> Iterator["Store"]:
    """What is known of earlier invocations with the same output folder."""
    from autograder import store

    try:
        kept = store.Store(folder)
    except store.StoreError as error:
        raise Stop(str(error), Exit.OURS) from None
    try:
        yield kept
    finally:
        kept.close()


def _tell(arguments: argparse.Namespace, grader: "Remembering | Cluster", total: int) -> None:
    known = grader.memory.reports_known
    if known and not arguments.quiet:
        complain(f"{known} of {total} had been graded before, and nothing about them has changed")
    for warning in grader.warnings:
        complain(f"warning: {warning}")


def _rung(arguments: argparse.Namespace) -> ladder.Rung:
    """How submissions are held on this machine."""
    try:
        return ladder.find(allow_unsafe=arguments.allow_unsafe)
    except ladder.Refused as refused:
        raise Stop(str(refused), Exit.OURS) from None


def _told(rung: ladder.Rung, arguments: argparse.Namespace) -> ladder.Rung:
    if not (arguments.quiet and rung.is_safe):
        complain(f"sandbox: {rung.says}")
    return rung


def _contents(
    targets: Iterable[files.Target], graded: "Graded", wanted: Options, arguments: argparse.Namespace
) -> tuple[dict[Path, bytes | Iterable[bytes]], list[str]]:
    """What will be written where, and why something will not. What became of everybody is told."""
    contents: dict[Path, bytes | Iterable[bytes]] = {}
    problems = []
    for target in targets:
        if target.is_folder:
            continue
        if target.format in FORMATS:
            contents[target.path] = graded.content(target.format)
            continue
        try:
            export = EXPORTS[target.format].make(graded.run, graded.reports, wanted)
        except (files.Refused, SheetError) as refused:
            problems.append(f"{target.said} was not written: {refused}")
            continue
        nobody = exports.nobody(export)
        if arguments.dry_run or not nobody:
            complain_of(exports.told(target.format, export, dry=arguments.dry_run, quiet=arguments.quiet))
        if nobody:
            problems.append(f"{target.said} was not written: {nobody}")
        elif not arguments.dry_run:
            contents[target.path] = export.content
    return contents, problems


def _save(contents: Mapping[Path, bytes | Iterable[bytes]]) -> Iterator[str]:
    """Write all files; say so if that fails, since what was graded can still be printed."""
    try:
        files.write(contents.items())
    except OSError as error:
        yield f"the results could not be written, and are printed only: {error}"


def _save_all_pages(targets: Iterable[files.Target], graded: "Graded", store: "Store") -> Iterator[str]:
    """After the results: what people look at can always be made again from what was kept."""
    from autograder.drawn import Drawn

    folders = [target for target in targets if target.is_folder]
    if not folders:
        return
    drawn = Drawn(store, graded.run, graded.plan.exercises)
    for target in folders:
        yield from _save_pages(target, graded, drawn)
    with suppress(sqlite3.Error):  # they are drawn again the next time
        drawn.keep()


def _save_pages(target: files.Target, graded: "Graded", drawn: "Drawn") -> Iterator[str]:
    made = FOLDERS[target.format](graded.run, graded.reports, graded.skipped)
    try:
        files.write_pages(target.path, drawn.missing(target.path, made), standing=drawn.standing)
    except OSError as error:
        yield f"the pages in {short(target.path)} could not be written, and are as they were before: {error}"


def _failures(reports: Sequence[Report]) -> Iterator[str]:
    failed = sum(map(_ours, reports))
    if failed:
        share = f"{failed} of {len(reports)} submissions"
        yield f"the grader failed in {share}, no points were taken; look for grader_error in the results"


def _ours(report: Report) -> bool:
    verdicts = (verdict for answer in report.answers for verdict in answer.verdicts)
    return report.outcome is Outcome.GRADER_ERROR or any(v.status is Status.GRADER_ERROR for v in verdicts)


def _show(arguments: argparse.Namespace, graded: "Graded") -> None:
    name = arguments.format or ("" if arguments.quiet else "text")
    if name == "text" and sys.stdout.isatty():
        screen.show(graded.run, graded.reports, graded.skipped, verbose=arguments.verbose)
    elif name:
        speak_utf8(name)
        sys.stdout.write(graded.rendered(name, verbose=arguments.verbose))


def _written(target: files.Target) -> str:
    return short(target.path / pages.INDEX if target.is_folder else target.path)


def _stopped(sentence: str, code: Exit) -> Exit:
    complain(f"grade.py: {sentence}")
    return code
