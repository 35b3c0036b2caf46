"""Grades the whole catalogue once under one rung, and looks at what is left behind. The result is plain data."""

import ctypes
import json
import os
import platform
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from autograder import __version__, intake, spec
from autograder.ladder import Rung
from autograder.model import Exercise, Limits, Outcome, Report, Run, Submission
from autograder.report import results_json
from autograder.run import Grader
from tests.hostile.program import CONTROL_FLOW, SEED, SINE
from tests.hostile.programs import ALL

SECONDS = 2.0
MEMORY_MIB = 512
LANES = 2
HONEST = "honest"
EVERY = 10  # programs between two looks at the honest one
SECRET = "the-answer-is-" + "7f3a91c2"  # in two parts, so that no source contains it
TOKEN = "course-token-" + "55aa0f1e"
PR_SET_CHILD_SUBREAPER = 36


def grade(rung: Rung, ids: list[str] | None = None) -> dict:
    """{"programs": {id: …}, "without": {source: …}, "honest": [JSON, …], "left": {…}}."""
    wanted = [name for name in ids or ALL if platform.machine() == "x86_64" or not ALL[name].raw]
    with _own_temp() as folder, _sentinel() as sentinel, _token():
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # whatever is orphaned comes to us, and is counted
        before = _descendants()
        submissions = _submissions(wanted, sentinel)
        started = time.monotonic()
        with Grader(_exercises(), rung, seed=SEED, jobs=LANES) as grader:
            grader.grade_one(submissions[HONEST])
            descriptors = len(os.listdir("/proc/self/fd"))
            reports = list(grader.grade([submissions[name] for name in _order(wanted)]))
            reports = [grader.grade_one(r.submission) if _is_surprisingly_late(r) else r for r in reports]
            left = {"descriptors": len(os.listdir("/proc/self/fd")) - descriptors}
        left["processes"] = sorted(_staying(before))
        left["entries"] = sorted(os.listdir(folder))
        left["sentinel"] = _changes(sentinel)
    return _as_data(rung, reports, left, time.monotonic() - started)


def _exercises() -> list[Exercise]:
    """Ours, with less time and memory, so that running out of either takes no time."""
    limits = Limits(SECONDS, MEMORY_MIB)
    return [replace(exercise, limits=limits) for exercise in spec.load_all().values()]


def _is_surprisingly_late(report: Report) -> bool:
    """On a machine that had other things to do: once more, alone."""
    program = ALL.get(report.submission.student)
    return report.outcome is Outcome.TIMED_OUT and (program is None or "timed_out" not in program.outcome)


def _order(wanted: list[str]) -> list[str]:
    """The honest one after every ten; what stands without an attack at the end."""
    names = []
    for number, name in enumerate(wanted):
        names += [HONEST, name] if number % EVERY == 0 else [name]
    return [*names, HONEST, *(f"without-{name}" for name in _baselines(wanted).values())]


def _baselines(wanted: list[str]) -> dict[str, str]:
    """Source without an attack → the first program that stands in it."""
    found: dict[str, str] = {}
    for name in wanted:
        found.setdefault(ALL[name].without, name)
    return found


def _submissions(wanted: list[str], sentinel: Path) -> dict[str, Submission]:
    sources = {name: ALL[name].source.replace("SENTINEL", str(sentinel)) for name in wanted}
    sources |= {f"without-{name}": source for source, name in _baselines(wanted).items()}
    sources[HONEST] = SINE + CONTROL_FLOW
    with tempfile.TemporaryDirectory() as folder:
        for name, source in sources.items():
            (Path(folder) / name).mkdir()
            _hand_in(Path(folder) / name, source, name)
        submissions, _ = intake.find([Path(folder)])
    return {submission.student: submission for submission in submissions}


def _hand_in(folder: Path, source: str, name: str) -> None:
    """As a script, or as a notebook of three cells."""
    program = ALL.get(name)
    if program is None or not program.cells:
        (folder / "hw.py").write_text(source, encoding="utf-8")
        return
    attack = source[len(program.before) : len(source) - len(program.after)].strip()
    sources = (program.before, attack, program.after)
    facts = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    notebook = {
        "cells": [{**facts, "source": cell} for cell in sources],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 4,
    }
    (folder / "hw.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


def _as_data(rung: Rung, reports: list[Report], left: dict, seconds: float) -> dict:
    told = [(report.submission.student, report) for report in reports]
    text = "\n".join(repr((r.outcome, r.answers, r.remarks, r.acts)) for r in reports)
    left["leaks"] = [secret for secret in (SECRET, TOKEN) if secret in text]
    without = {name.removeprefix("without-"): _report(r) for name, r in told if name.startswith("without-")}
    return {
        "rung": rung.name,
        "read_only": rung.read_only,
        "seconds": seconds,
        "programs": {name: _report(r) for name, r in told if name in ALL},
        "without": {ALL[name].without: report for name, report in without.items()},
        "honest": sorted({_json(r) for name, r in told if name == HONEST}),
        "left": left,
    }


def _report(report: Report) -> dict:
    return {
        "outcome": report.outcome.value,
        "remarks": list(report.remarks),
        "acts": list(report.acts),
        "points": {a.exercise.name: a.score for a in report.answers if a.score},
        "verdicts": {
            a.exercise.name: {v.criterion.name: v.status.value for v in a.verdicts}
            for a in report.answers
            if a.attempted
        },
        "json": _json(report),
    }


def _json(report: Report) -> str:
    return results_json.render(Run(SEED, "", "", __version__, ""), [report], [])


# ---------------------------------------------------------------------------------- what is left behind


@contextmanager
def _own_temp() -> Iterator[str]:
    """A temp folder of our own, so that what is left in it was left by us; every user may pass through it."""
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
        os.chmod(folder, 0o711)  # noqa: S103  nobody can look into it
        tempfile.tempdir = folder
        try:
            yield folder
        finally:
            tempfile.tempdir = before


@contextmanager
def _sentinel() -> Iterator[Path]:
    """Where all that destroys is aimed at: a folder that nobody needs, and that nobody but us may read."""
    outside = os.path.dirname(tempfile.gettempdir())
    with tempfile.TemporaryDirectory(prefix="sentinel-", dir=outside) as folder:
        secret = Path(folder) / "secret.txt"
        secret.write_text(SECRET)
        os.utime(secret, (1_000_000_000, 1_000_000_000))
        yield Path(folder)


def _changes(sentinel: Path) -> list[str]:
    """What is not as it was."""
    secret = sentinel / "secret.txt"
    if os.listdir(sentinel) != ["secret.txt"] or secret.read_text() != SECRET:
        return ["its files"]
    facts = secret.stat()
    expected = {
        "times": facts.st_mtime == 1_000_000_000,
        "owner": facts.st_uid == os.geteuid(),
        "links": facts.st_nlink == 1,
    }
    expected["mode"] = not facts.st_mode & 0o111
    return [what for what, holds in expected.items() if not holds]


@contextmanager
def _token() -> Iterator[None]:
    os.environ["COURSE_TOKEN"] = TOKEN
    try:
        yield
    finally:
        del os.environ["COURSE_TOKEN"]


def _descendants() -> set[int]:
    """Of this process; those that have ended already and wait to be asked are none."""
    parents = dict(_processes())
    found = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {os.getpid()}


def _staying(before: set[int], seconds: float = 5.0) -> set[int]:
    """What runs that did not run before, a moment later: a killed process may take its time."""
    deadline = time.monotonic() + seconds
    while (more := _descendants() - before) and time.monotonic() < deadline:
        time.sleep(0.05)
    return more


def _processes() -> Iterator[tuple[int, int]]:
    """(process, parent) of all that run."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                state, parent = file.read().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state != "Z":
            yield int(name), int(parent)
