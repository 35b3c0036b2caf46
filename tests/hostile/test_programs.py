"""What hostile programs get: an ending, words for the student and the instructor, and no point more."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from autograder import ladder
from tests.hostile import boxes, configuration, table
from tests.hostile.configuration import NAMES
from tests.hostile.program import ANYTHING, Program

OURS = "root_landlock"  # graded in this process; all others in one of their own


@pytest.fixture(scope="session")
def graded(request):
    """The catalogue under a configuration, graded once: plain data."""
    name = request.param
    if name == OURS:
        return table.grade(ladder.find())
    return _in_a_box(name)


def _in_a_box(name: str) -> dict:
    """In a process of its own, with the rights of that configuration; skips where it cannot be had."""
    if missing := boxes.missing(name):
        pytest.skip(missing)
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
        os.chmod(folder, 0o777)  # noqa: S103  the ordinary user writes the result
        target = Path(folder) / "graded.json"
        done = subprocess.run(boxes.command(name, target), capture_output=True, text=True, cwd=boxes.ROOT, timeout=600)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(target.read_text(encoding="utf-8"))


def pytest_generate_tests(metafunc):
    """One fixture a configuration, graded once; each program is a test of its own."""
    if "program" in metafunc.fixturenames:
        pairs = [_param(name, program) for name in NAMES for program in configuration.programs(name)]
        metafunc.parametrize("graded, program", pairs, indirect=["graded"], scope="session")
    elif "graded" in metafunc.fixturenames:
        metafunc.parametrize("graded", [_param(name) for name in NAMES], indirect=True, scope="session")


def _param(name: str, *programs: Program):
    marks = () if name == OURS else pytest.mark.configuration
    return pytest.param(name, *programs, marks=marks, id="-".join([name, *(program.id for program in programs)]))


def _known(request, graded: dict, program: Program, aspect: str) -> None:
    """What does not hold yet is expected to fail, everywhere or on one rung."""
    if why := program.known.get(aspect) or program.known.get(f"{aspect}@{graded['rung']}"):
        request.applymarker(pytest.mark.xfail(reason=why, strict=True))


def _report(graded: dict, program: Program) -> dict:
    if program.id not in graded["programs"]:
        pytest.skip("makes system calls by the numbers of another machine")
    return graded["programs"][program.id]


def test_outcome(graded, program, request):
    """How a program ends is told from the clock and the kernel."""
    report = _report(graded, program)
    _known(request, graded, program, "outcome")
    read_only = graded["read_only"] and program.written_outcome
    assert report["outcome"] in (program.written_outcome if read_only else program.outcome), report["remarks"]


def test_student_reads(graded, program, request):
    """One plain sentence says what the matter was; where nothing was the matter, nothing is said."""
    report = _report(graded, program)
    _known(request, graded, program, "student")
    wanted = program.read_only if graded["read_only"] and program.read_only else program.student
    if program.silent:
        assert report["remarks"] == []
    assert wanted in ((), ANYTHING) or any(words in remark for words in wanted for remark in report["remarks"]), report[
        "remarks"
    ]


def test_instructor_reads(graded, program, request):
    """Acts that honest answers have no use for are told."""
    report = _report(graded, program)
    _known(request, graded, program, "instructor")
    assert any(program.instructor in act for act in report["acts"]) or not program.instructor, report["acts"]


def test_points(graded, program, request):
    """Honest answers before and after keep what they have without the attack, and no attack gains a point."""
    report = _report(graded, program)
    _known(request, graded, program, "points")
    without = graded["without"][program.without]["points"]
    if program.points == {}:
        assert all(points <= without.get(name, 0) for name, points in report["points"].items()), report["points"]
    else:
        assert report["points"] == (without if program.points is None else program.points), report["remarks"]


def test_honest_work_is_never_touched(graded):
    """The honest submission after every ten hostile ones is the same each time, to the byte, and has all its points."""
    (only,) = graded["honest"]
    (report,) = json.loads(only)["reports"]
    assert (report["outcome"], report["score"], report["remarks"], report["acts"]) == ("finished", 20.0, [], [])


def test_nothing_is_left(graded):
    """No process, no descriptor, no file; the sentinel untouched; neither its secret nor our token in any report."""
    left = graded["left"]
    assert left == {"descriptors": 0, "processes": [], "entries": [], "sentinel": [], "leaks": []}


def test_reports_can_be_read(graded):
    """No escape of a student's reaches a terminal."""
    told = [words for report in graded["programs"].values() for words in (*report["remarks"], *report["acts"])]
    assert not [words for words in told if not words.isprintable()]


def test_the_rung_is_the_one_that_was_asked_for(graded, request):
    """Or the table says nothing of it."""
    name = request.node.callspec.params["graded"]
    assert graded["rung"] == NAMES[name]
