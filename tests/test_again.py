"""A second grading does only what is new, and leaves exactly what a first one would."""

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from autograder import cli, clock, intake
from autograder.decisions import Ruling
from autograder.drawn import Drawn
from autograder.intake.notebook import read_notebook
from autograder.model import Late, Override, SourceFile, Unit
from autograder.packed import Units
from autograder.phrase import Language
from autograder.report import files, pages
from autograder.report.pages import student
from autograder.server import FEW, Warmth
from autograder.sources import Sources
from autograder.store import FILE, Store
from tests.conftest import ROOT
from tests.test_report import PLOT, RUN, answer, failed, passed, report
from tests.test_running import SINE
from tests.test_store import CRASH, RANDOM, WORDS, Warm

NOW = "2026-03-02T10:00:00.000+00:00"
CHINESE = {"cell_type": "markdown", "metadata": {}, "source": "这是我的作业：对正弦函数求导。"}
ASSIGNMENT = """
title: Homework 3
exercises:
  sin_derivative: {points: 7, visibility: hidden}
  second_backward: 3
due: 2026-03-01T00:00Z
late: {per_day: 10%}
"""


def notebook(*cells):
    code = {"cell_type": "code", "metadata": {}, "source": SINE, "outputs": [], "execution_count": None}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [*cells, code]})


class Room:
    """A class, what was graded of it, and the same graded as if for the first time."""

    def __init__(self, path):
        self.path, self.folder, self.results = path, path / "class", path / "results"
        self.folder.mkdir()
        texts = {"ada.py": SINE, "bo.py": CRASH, "cy.py": RANDOM, "eve.py": WORDS, "torn.ipynb": '{"cells": ['}
        for name, text in {**texts, "yu.ipynb": notebook(CHINESE)}.items():
            (self.folder / name).write_text(text, encoding="utf-8")

    def grade(self, *options, output=None):
        where = output or self.results
        assert cli.main(["class", "--seed", "3", "--quiet", "--output", str(where), *options]) == 0
        return written(where)

    def anew(self, *options):
        """All but the runs themselves is forgotten: files are read, judged and drawn."""
        other = self.path / "anew"
        shutil.rmtree(other, ignore_errors=True)
        other.mkdir()
        with closing(sqlite3.connect(self.results / FILE)) as old, closing(sqlite3.connect(other / FILE)) as new:
            old.backup(new)
            with new:
                for table in ("reports", "documents", "pages", "sources"):
                    new.execute(f"delete from {table}")  # noqa: S608  ours
        return self.grade(*options, output=other)

    def page(self, name):
        return self.results / "report" / "students" / f"{name}.html"

    def decide(self, *rulings):
        with closing(Store(self.results)) as store:
            found = [Ruling((str(self.folder / path), *part), points, "shown") for path, *part, points in rulings]
            store.decide(found, known=store.latest_decision())


def written(folder):
    """Every file but the store's own."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(FILE))
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def graded(grader, tmp_path_factory):
    """Once for all tests; each has a copy."""
    with pytest.MonkeyPatch.context() as patched:
        room = opened(grader, tmp_path_factory.mktemp("again"), patched)
        room.grade()
        yield room


@pytest.fixture
def room(graded, grader, tmp_path, monkeypatch):
    shutil.copytree(graded.path, tmp_path, dirs_exist_ok=True)
    shutil.rmtree(tmp_path / "class")
    found = opened(grader, tmp_path, monkeypatch)
    found.grade()  # here, where paths are others
    return found


def opened(grader, path, patched):
    warm = Warm(grader._sandbox)
    for place in ("autograder.run.Sandbox", "autograder.sandbox.Sandbox"):
        patched.setattr(place, lambda jobs, rung: warm)
    patched.setattr(clock, "now", lambda: NOW)
    patched.chdir(path)
    room = Room(path)
    room.warm = warm
    return room


def edited(room, name, text):
    (room.folder / name).write_text(text, encoding="utf-8")


def renamed(room):
    (room.folder / "ada.py").rename(room.folder / "zoe.py")


def namesakes(room):
    (room.folder / "ada").mkdir()
    (room.folder / "ada" / "hw.py").write_text(RANDOM, encoding="utf-8")


def assignment(room):
    (room.path / "hw3.yaml").write_text(ASSIGNMENT, encoding="utf-8")


def decided_and_taken_back(room):
    room.decide(("ada.py", "jacobian", "", 7.0))
    room.grade()
    room.decide(("ada.py", "jacobian", "", None))


CHANGES = {
    "nothing": (lambda room: None, ()),
    "one changed": (lambda room: edited(room, "ada.py", f"{SINE}\n# changed\n"), ()),
    "one new": (lambda room: edited(room, "new.py", SINE), ()),
    "one removed": (lambda room: (room.folder / "bo.py").unlink(), ()),
    "one mended": (lambda room: edited(room, "torn.ipynb", notebook()), ()),
    "another name": (renamed, ()),
    "another of that name": (namesakes, ()),
    "a language": (lambda room: None, ("--language", "zh")),
    "each one's own language": (lambda room: None, ("--language", "auto")),
    "other exercises": (lambda room: None, ("--exercise", "sin_derivative")),
    "an assignment": (assignment, ("--assignment", "hw3.yaml")),
    "a decision": (lambda room: room.decide(("ada.py", "jacobian", "", 7.0)), ()),
    "on a criterion": (lambda room: room.decide(("eve.py", "second_backward", "outcome", 1.5)), ()),
    "taken back": (decided_and_taken_back, ()),
    "a page deleted": (lambda room: room.page("ada").unlink(), ()),
    "a page edited": (lambda room: room.page("ada").write_bytes(room.page("ada").read_bytes() + b" "), ()),
    "a page of the same size": (
        lambda room: room.page("ada").write_bytes(room.page("ada").read_bytes().replace(b"points", b"pounds")),
        (),
    ),
    "another's page": (lambda room: shutil.copy(room.page("cy"), room.page("ada")), ()),
    "files of an LMS": (lambda room: None, ("--to", "ctrf=TO/ctrf.json", "--to", "junit=TO/junit.xml")),
    "pages elsewhere": (lambda room: None, ("--to", "html=TO/pages")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_left_is_what_a_first_grading_leaves(room, change):
    """Every byte of it; then again, with nothing left to do."""
    happens, options = CHANGES[change]
    happens(room)
    again = [option.replace("TO", "results") for option in options]
    found = room.grade(*again)
    assert found == room.anew(*(option.replace("TO", "anew") for option in options))
    assert found == room.grade(*again)


def test_another_day_is_on_every_page(room, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW.replace("03-02", "03-03"))
    found = room.grade()
    assert found == room.anew()
    assert all(b"2026-03-03" in page for name, page in found.items() if name.endswith(".html"))


def test_pages_are_drawn_again_when_what_draws_them_changes(room, monkeypatch):
    """Our code, templates, words and exercises."""
    drawn = noted(monkeypatch)
    room.grade()
    assert drawn == []
    monkeypatch.setattr("autograder.fingerprint.of_showing", lambda exercises: "another")
    room.grade()
    assert sorted(drawn) == ["ada", "bo", "cy", "eve", "torn", "yu"]


def noted(monkeypatch):
    """The students whose pages are drawn from now on."""
    drawn, view = [], student.view

    def noting(run, report):
        drawn.append(report.submission.student)
        return view(run, report)

    monkeypatch.setattr(student, "view", noting)
    return drawn


def test_one_changed_submission_is_read_run_and_drawn_alone(room, monkeypatch):
    """Pages of all others are the very same files."""
    drawn, read = noted(monkeypatch), []
    monkeypatch.setattr(
        "autograder.intake.source.read_notebook", lambda *given: read.append(given) or read_notebook(*given)
    )
    before = {name: room.page(name).stat().st_ino for name in ("bo", "cy", "eve", "torn", "yu")}
    edited(room, "ada.py", f"{SINE}\n# changed\n")
    room.warm.jobs.clear()
    room.grade()
    assert {unit["file"] for job in room.warm.jobs for unit in job["units"]} == {"ada.py"}
    assert (drawn, read) == (["ada"], [])
    assert before == {name: room.page(name).stat().st_ino for name in before}


def test_the_server_warms_up_while_files_are_read_if_one_has_changed(room, monkeypatch):
    """With no more in it than that submission needs; and not at all if none has."""
    for number in range(FEW):
        edited(room, f"n{number}.py", f"{SINE}\n# {number}\n")
    room.grade()
    told, look = [], intake.look
    monkeypatch.setattr(Warm, "__enter__", lambda warm: told.append("started") or warm)
    monkeypatch.setattr(intake, "look", lambda *given: told.append("read") or look(*given))
    room.grade()
    assert told == ["read"]
    edited(room, "ada.py", f"{SINE}\nimport scipy\n")
    room.grade()
    assert told == ["read", "started", "read"]
    assert room.warm.warmth == Warmth(("scipy",), rehearsals=0)


def test_pages_of_both_folders_stay(room, monkeypatch):
    """Wherever they lie, they are known by what they say."""
    room.grade("--to", "html=pages")
    drawn = noted(monkeypatch)
    room.grade("--to", "html=pages")
    room.grade("--to", "html=others")
    assert drawn == ["ada", "bo", "cy", "eve", "torn", "yu"]


def test_nothing_that_judges_is_imported_where_all_is_known(room):
    """No torch, and no numpy either."""
    heavy = "torch numpy nbformat autograder.judge autograder.sandbox graders".split()
    code = "import sys\nfrom autograder import cli\ncli.main(sys.argv[1:])\n"
    code += f"print([name for name in {heavy} if name in sys.modules])"
    command = [sys.executable, "-c", code, "class", "--quiet", "--no-html"]
    places = {"cwd": room.path, "env": {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **places)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_an_exercise_that_its_grader_does_not_fit_is_told_when_it_would_be_judged(room, monkeypatch, capsys):
    """Nobody looked before, since all might have been known."""
    edited(room, "ada.py", f"{SINE}\n# changed\n")
    monkeypatch.setattr("graders.jacobian.matrix", None)
    assert cli.main(["class", "--quiet"]) == 2
    assert "graders/jacobian.py has no function `matrix`" in capsys.readouterr().err


def test_what_was_read_is_read_back(room):
    """Troubles, remarks, frameworks and text, of bytes that are the same."""
    edited(room, "mx.py", "import mxnet\n")
    (room.folder / "latin.py").write_bytes(b"# caf\xe9\nimport torch\n")
    with closing(Store(room.results)) as store:
        first, second = Sources(store), Sources(store)
        found = intake.look([Path("class")], "", first.remember)
        first.keep(store)
        assert intake.look([Path("class")], "", second.remember) == found == intake.look([Path("class")])
    assert first._fresh and not second._fresh
    assert {one.student: one.declined for one in found.submissions if one.declined} == {"mx": "MXNet"}
    assert any("latin.py was read as" in remark for one in found.submissions for remark in one.remarks)


def test_packed_units_are_the_units():
    """Equal, of one length, and cut like any others."""
    (units, _) = read_notebook("a.ipynb", notebook(CHINESE).encode())
    packed = Units.of(units)
    assert packed == units and units == packed and hash(packed) == hash(units) and packed == Units.of(units)
    assert (len(packed), packed[0], packed[1:], [*packed]) == (2, units[0], units[1:], [*units])
    assert packed != units[:1] and packed != [*units] and Units.of(packed) is packed


UNIT = Unit("ada.py", "script", "", SINE)
ADA = replace(report(answer(failed(), passed(PLOT))), digest="00")
WITHHELD = replace(failed(), withheld=True)
OTHERS = {
    "what was found": {"digest": "11"},
    "a student": {"submission": replace(ADA.submission, student="bo")},
    "files": {"submission": replace(ADA.submission, files=(SourceFile("ada.py", "11", (UNIT,)),))},
    "remarks": {"submission": replace(ADA.submission, remarks=("A remark.",))},
    "lateness": {"late": Late("2026-03-02T00:00:00+00:00", "2026-03-01T00:00:00+00:00", 86400.0, 1.0, "Late.")},
    "a language": {"language": Language("zh", "zh-Hans")},
    "withheld": {"answers": (answer(WITHHELD, passed(PLOT)),)},
    "a decision": {"answers": (answer(replace(failed(), override=Override(1.0, "shown", NOW)), passed(PLOT)),)},
    "not kept": {"digest": ""},
}
RUNS = {"title": "Homework 3", "finished": "2031-01-01T00:00:00.000+00:00", "version": "99", "language": "auto"}


@pytest.mark.parametrize("other", [*OTHERS, *RUNS])
def test_a_page_of_something_else_is_another_page(tmp_path, other):
    """One thing at a time, of all that a page is made of; as it was, it is left standing."""
    changed = replace(ADA, **OTHERS.get(other, {})), replace(RUN, **({other: RUNS[other]} if other in RUNS else {}))
    with closing(Store(tmp_path)) as store:
        assert [drawn(store, tmp_path, ADA, RUN), drawn(store, tmp_path, ADA, RUN)] == [1, 0]
        shutil.copy(tmp_path / "students" / "ada.html", tmp_path / "students" / "bo.html")
        assert drawn(store, tmp_path, *changed) == 1


def drawn(store, folder, one, run):
    """How many pages of students were written."""
    memory = Drawn(store, run, ())
    made = [page for page in memory.missing(folder, pages.of(run, [one], ())) if page[0] != pages.INDEX]
    files.write_pages(folder, made, all_of_them=False, standing=memory.standing)
    memory.keep()
    return len(made)
