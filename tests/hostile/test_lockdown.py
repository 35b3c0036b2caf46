"""Each lock by itself: it fails closed, and it refuses what it says it refuses."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from autograder import ladder, workspace
from autograder.sandbox import Sandbox, SandboxError
from autograder.talk import blank_job
from autograder.worker import lockdown
from autograder.workspace import Workspace
from tests.conftest import ROOT

STEPS = lockdown.STEPS
JOB = blank_job(memory_mib=512, seconds=10)


# ---------------------------------------------------------------------------------- failing closed


@pytest.mark.parametrize("number", range(len(STEPS)), ids=[step.__name__ for step in STEPS])
def test_a_step_that_fails_is_the_last(number, monkeypatch):
    """No step after it runs, and the error names it, by its place and by its name."""
    taken = []

    def step_at(place):
        def step(lock, cell):
            taken.append(place)
            if place == number:
                raise OSError("not today")

        step.__name__ = STEPS[place].__name__
        return step

    monkeypatch.setattr(lockdown, "STEPS", tuple(map(step_at, range(len(STEPS)))))
    with pytest.raises(lockdown.Unlocked, match=STEPS[number].__name__) as raised:
        lockdown.lock(None, None)
    assert (raised.value.step, taken) == (number, list(range(number + 1)))


def test_seccomp_is_the_last_step():
    """It takes away what all the others need."""
    assert [step.__name__ for step in STEPS[-2:]] == ["own_files", "own_system_calls"]


class Nowhere(Workspace):
    """A folder that is not there, so that the step that goes into it fails."""

    def furnish(self, files):
        pass

    def empty(self):
        pass


def test_a_child_that_cannot_be_locked_runs_nothing(tmp_path):
    """It ends before it reads a line of the submission; our error names the step. The next child is as good as ever."""
    proof = tmp_path / "it_ran"
    unit = {"file": "hw.py", "kind": "script", "label": "", "text": f"open({str(proof)!r}, 'w')"}
    with Sandbox(1, ladder.find()) as sandbox:
        sandbox.wait()
        lane = sandbox._lanes.take(JOB)
        good, lane.place = lane.place, Nowhere(Path("/nonexistent"))
        sandbox._lanes.give(lane)
        with pytest.raises(SandboxError, match="own_identity"):
            sandbox.run({**JOB, "units": [unit], "seconds": 10}, lambda: [])
        lane = sandbox._lanes.take(JOB)
        lane.place = good
        sandbox._lanes.give(lane)
        assert sandbox.run({**JOB, "seconds": 10}, lambda: []).outcome.value == "finished"
    assert not proof.exists()


def test_a_rung_that_is_not_there_starts_nothing(monkeypatch):
    """A server that was promised Landlock and finds none does not serve."""
    rung = replace(ladder.find(allow_unsafe=True), name="landlock", landlock=True, bubblewrap="", read_only=False)
    real = subprocess.Popen

    def without_landlock(command, **options):
        return real([sys.executable, "-m", "tests.hostile.without_landlock", *command], **options)

    monkeypatch.setattr("autograder.sandbox.subprocess.Popen", without_landlock)
    with Sandbox(1, rung) as sandbox, pytest.raises(SandboxError, match="Landlock was there"):
        sandbox.wait()


# ---------------------------------------------------------------------------------- the ladder


def _offers(monkeypatch, *names):
    for name in ("landlock", "root", "bubblewrap"):
        rung = ladder.Rung(name, "") if name in names else None
        monkeypatch.setattr(ladder, f"_{name}", lambda rung=rung: rung)


@pytest.mark.parametrize("names", [("landlock", "root", "bubblewrap"), ("root", "bubblewrap"), ("bubblewrap",)])
def test_the_first_rung_is_taken(names, monkeypatch):
    """Landlock before another user, that before bubblewrap."""
    _offers(monkeypatch, *names)
    assert ladder.find().name == names[0]
    assert len(names) == 1 or ladder.find(without=names[:1]).name == names[1]


def test_without_any_rung_nothing_runs(monkeypatch):
    """The refusal says what is missing, what to do, and what it would mean to insist."""
    _offers(monkeypatch)
    with pytest.raises(ladder.Refused, match=r"no Landlock.*install bubblewrap.*--allow-unsafe.*every file"):
        ladder.find()
    rung = ladder.find(allow_unsafe=True)
    assert (rung.is_safe, rung.read_only, rung.says.startswith("UNSAFE")) == (False, True, True)


@pytest.mark.parametrize(
    ("platform", "words"), [("darwin", "^macOS .* docker run"), ("win32", r"^Windows .* \(or in WSL\)")]
)
def test_other_systems_are_told_what_to_do(platform, words, monkeypatch):
    """In one sentence, with the command."""
    monkeypatch.setattr(sys, "platform", platform)
    with pytest.raises(ladder.Refused, match=words):
        ladder.find()


# ---------------------------------------------------------------------------------- system calls


def _tried(folder, *, read_only, guarded):
    for name in ("kept.txt", "cut.txt", "moved.txt", "gone.txt"):
        (folder / name).write_text("words")
    os.utime(folder / "kept.txt", (10**9, 10**9))
    (folder / "kept.txt").chmod(0o640)
    command = [sys.executable, "-m", "tests.hostile.refused_calls", str(int(read_only)), str(int(guarded)), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    return json.loads(done.stdout)


ALWAYS = {"read": "", "list": "", "chmod": "", "utime": "", "link": "EPERM", "fork": "EPERM"}
CUT = {"cut while opened to read": "EPERM", "cut by name": "EPERM"}
WRITES = ["append", "create", "cut while opened to write", "make a folder", "rename", "unlink"]


def test_where_nothing_may_be_written_nothing_is(tmp_path):
    """Reading goes on; whatever makes, changes or removes is refused."""
    tried = _tried(tmp_path, read_only=True, guarded=False)
    assert tried == {**ALWAYS, **CUT, **dict.fromkeys(WRITES, "EPERM"), "cut an open file": ""}
    assert {path.name for path in tmp_path.iterdir()} == {"kept.txt", "cut.txt", "moved.txt", "gone.txt"}


def test_an_early_landlock_does_not_guard_truncation_so_the_filter_does(tmp_path):
    """Nothing is cut that was not opened to be written."""
    tried = _tried(tmp_path, read_only=False, guarded=False)
    assert tried == {**ALWAYS, **CUT, **dict.fromkeys(WRITES, ""), "cut an open file": ""}


def test_modes_and_times_are_changed_for_show(tmp_path):
    """The call succeeds, and the file is as it was."""
    for guarded in (False, True):
        _tried(tmp_path, read_only=False, guarded=guarded)
        facts = (tmp_path / "kept.txt").stat()
        assert oct(facts.st_mode & 0o777) == "0o640"
        assert guarded or (facts.st_mtime, facts.st_size) == (10**9, 5)


# ---------------------------------------------------------------------------------- the workspace


def _place(tmp_path):
    place = Workspace(tmp_path / "lane")
    place.make()
    return place


def test_a_very_deep_tree_is_emptied(tmp_path):
    """Deeper than Python recurses, and deeper than a path may be long."""
    place, here = _place(tmp_path), os.open(".", os.O_RDONLY)
    try:
        os.chdir(place.path)
        for _ in range(5000):
            os.mkdir("d")
            os.chdir("d")
    finally:
        os.fchdir(here)
        os.close(here)
    place.empty()
    assert os.listdir(place.path) == []


def test_folders_without_permissions_and_odd_names_are_emptied(tmp_path):
    """Also a name that looks like an option, and one that is not UTF-8."""
    place = _place(tmp_path)
    for name in (b"-rf", b"\xff\n", b"--", b".hidden", "雨".encode()):
        folder = os.path.join(os.fsencode(place.path), name)
        os.mkdir(folder)
        open(os.path.join(folder, b"file"), "w").close()
        os.chmod(folder, 0)
    os.symlink("/etc", place.path / "link")
    place.empty()
    assert os.listdir(place.path) == []
    assert os.path.isdir("/etc")


def test_a_full_folder_is_known_without_reading_all_of_it(tmp_path, monkeypatch):
    """No more entries are looked at than it takes to know."""
    place, looked = _place(tmp_path), []
    for number in range(3 * workspace.MOST_ENTRIES):
        (place.path / str(number)).touch()
    monkeypatch.setattr(workspace, "_size", lambda entry: looked.append(entry) or 0)
    assert place.is_overfull()
    assert len(looked) == workspace.MOST_ENTRIES + 1


def test_a_folder_is_full_by_bytes_and_not_by_holes(tmp_path):
    """A file with a hole takes what it takes."""
    place = _place(tmp_path)
    with open(place.path / "holes", "wb") as file:
        file.truncate(10 * workspace.MOST_BYTES)
    assert not place.is_overfull()
    (place.path / "full").write_bytes(bytes(workspace.MOST_BYTES + 1))
    assert place.is_overfull()
