"""The same exercise and submissions on other graders: `python benchmarks/peers.py [FOLDER] [--submissions N]`.

FOLDER is the virtual environment that nbgrader, otter-grader, ipykernel, torch and matplotlib are installed in; without
it they are looked for on PATH. Whole process against whole process: preparing an assignment is not timed, all else is.
Each grader gets two right answers first, which warm its caches and show whether it works at all: one tries to write a
file that is none of its business, one ends its process in a last cell. A submission is graded right if it has full
marks just when it deserves them.
"""

import argparse
import contextlib
import csv
import dataclasses
import functools
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from autograder.worker import kernel  # noqa: E402  the project's folder has to be on the path first
from benchmarks import sine  # noqa: E402

PR_SET_CHILD_SUBREAPER = 36  # of linux/prctl.h
PATIENCE = 120  # seconds a submission before a grader is stopped; not all have a limit of their own
FULL = sum(sine.POINTS.values())
HEADINGS = f"{'seconds each':>24}{'times ours':>11}{'processor':>11}   graded right"
WRITES = "\ntry:\n    open({!r}, 'w').close()\nexcept OSError:\n    pass"
CRASHES = "import os\nos._exit(1)"


@dataclass(frozen=True)
class Peer:
    """A grader, and how it is used.

    `prepare(tool, folder, answers)` gives the arguments of the commands that are timed, `marks(tool, folder)` then
    {student: points}. A tool runs the program in the folder with the arguments that it is called with.
    """

    name: str
    command: tuple[str, ...]
    prepare: Callable
    marks: Callable
    traits: str


@dataclass(frozen=True)
class Outcome:
    """Seconds a submission by the clock and of processors, the answers graded wrong, what became of the probes."""

    seconds: float
    processor: float
    wrong: list[str]
    wrote_elsewhere: bool
    survived_crash: bool


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=environment, metavar="FOLDER", help="default: what is on PATH")
    parser.add_argument("--submissions", type=int, default=10, metavar="N", help="default: 10")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="peers-") as scratch:
        compared(options.folder, Path(scratch), options.submissions)


def environment(folder):
    """The absolute path of a virtual environment."""
    if not (Path(folder) / "bin" / "python").exists():
        raise argparse.ArgumentTypeError(f"{folder} is not a virtual environment: it has no bin/python")
    return str(Path(folder).absolute())


def compared(folder, scratch, count):
    """Rows for the figures; prints a table, and what each grader did and did not do."""
    adopt_orphans()
    print(f"{sine.NAME}, {count} times{HEADINGS}", flush=True)
    rows, ours, told = {}, None, []
    for peer in found([OURS, ONE_LANE, NBGRADER, OTTER], folder):
        outcome = measured(peer, scratch / peer.name, folder, sine.students(count))
        ours = ours or outcome
        if ours is None:
            break
        if outcome is None:
            continue
        rows |= say(f"{peer.name} {version(peer)}", outcome, ours, count)
        told.append(f"{peer.name}: {peer.traits} {in_words(outcome)}")
    print(*told, sep="\n")
    return rows


def found(peers, folder):
    """The peers that are there, with the path of their program; of others it is said that they are missing."""
    for peer in peers:
        program = shutil.which(peer.command[0], path=folder and os.path.join(folder, "bin"))
        if program:
            yield replace(peer, command=(program, *peer.command[1:]))
        else:
            print(f"{peer.name} is missing and left out: there is no {peer.command[0]} in {folder or 'PATH'}.")


def in_words(outcome):
    wrote = "could" if outcome.wrote_elsewhere else "could not"
    crash = "kept" if outcome.survived_crash else "lost"
    return f"A submission {wrote} write elsewhere on the machine. A last cell that ends the process {crash} the points."


def measured(peer, scratch, folder, students):
    """Its outcome; None, and a complaint, where even a right answer has not its points."""
    target, right = scratch / "elsewhere", sine.ANSWERS["summed"]
    spy = replace(right, cells=(right.cells[0] + WRITES.format(str(target)),))
    probes = {"spy": spy, "crash": replace(right, cells=(*right.cells, CRASHES))}
    points, *_ = run(peer, scratch / "probes", folder, probes)
    if points.get("spy") != FULL:
        print(f"{peer.name} is left out: it gave a right answer {points.get('spy', 'none')} of {FULL} points.")
        return None
    survived = points.get("crash") == FULL
    answers = {student: sine.ANSWERS[name] for student, name in students.items()}
    points, *costs = run(peer, scratch / "class", folder, answers)
    wrong = [students[s] for s, answer in answers.items() if (points.get(s) == FULL) != answer.right]
    return Outcome(*(seconds / len(students) for seconds in costs), wrong, target.exists(), survived)


def run(peer, place, folder, answers):
    """{student: points}, and what the whole commands took: seconds by the clock and of processors."""
    place.mkdir(parents=True)
    tool = functools.partial(call, peer.command, place, surroundings(folder, place))
    commands = peer.prepare(tool, place, answers)
    started, used = time.perf_counter(), processor_seconds()
    for arguments in commands:
        tool(*arguments, patience=PATIENCE * len(answers))
    seconds = time.perf_counter() - started
    reap_orphans()
    processor = processor_seconds() - used
    return peer.marks(tool, place), seconds, processor


def processor_seconds():
    """Of all processes that were waited for, and of theirs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def adopt_orphans():
    """Processes that nobody waits for, as our lanes are, come to this one; else what they used would not be counted."""
    kernel.prctl(PR_SET_CHILD_SUBREAPER, 1)


def reap_orphans(patience=10):
    until = time.monotonic() + patience
    with contextlib.suppress(ChildProcessError):  # there are none any more
        while time.monotonic() < until:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                time.sleep(0.01)


def call(command, cwd, variables, *arguments, patience=PATIENCE):
    """Failures show in the marks; a program that does not return is stopped, with all that it started."""
    silent = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    whole = [*command, *map(str, arguments)]
    with subprocess.Popen(whole, cwd=cwd, env=variables, start_new_session=True, **silent) as running:
        try:
            running.wait(patience)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)


def surroundings(folder, place):
    """The environment's programs first; the measuring person's own settings of Jupyter stay out of it."""
    path = [*([os.path.join(folder, "bin")] if folder else []), os.environ["PATH"]]
    private = {name: str(place.parent / "settings") for name in ("JUPYTER_CONFIG_DIR", "IPYTHONDIR")}
    return {**os.environ, **private, "PATH": os.pathsep.join(path)}


def version(peer):
    said = subprocess.run([*peer.command, "--version"], capture_output=True, text=True, check=False).stdout
    return re.search(r"(?:nbgrader version|Otter-Grader version:|grade.py) (\S+)", said)[1]


def say(name, outcome, ours, count):
    right, times = count - len(outcome.wrong), outcome.seconds / ours.seconds
    figures = f"{outcome.seconds:10.2f} s{times:9.1f} ×{outcome.processor:9.2f} s{right:6} of {count}"
    print(f"{name:32}{figures}", f"  not {', '.join(outcome.wrong)}" if outcome.wrong else "", flush=True)
    row = {"ours": ours.seconds, "theirs": outcome.seconds, "unit": "s", "ratio": 1 / times, "goal": "–"}
    more = {key: value for key, value in dataclasses.asdict(outcome).items() if key != "seconds"}
    return {f"{sine.NAME}, each of {count} / {name}": {**row, "right": right, **more}}


def for_us(tool, folder, answers):
    hand_in(folder / "class", answers)
    return [("class", "--exercise", sine.NAME, "--output", "results", "--quiet")]


def our_marks(tool, folder):
    results = read_json(folder / "results" / "results.json")
    return {report["student"]: report["score"] for report in results.get("reports", [])}


def for_one_lane(tool, folder, answers):
    return [(*arguments, "--jobs", "1") for arguments in for_us(tool, folder, answers)]


def for_nbgrader(tool, folder, answers):
    """A course with the assignment released, and everybody's notebook where `nbgrader collect` would put it."""
    write(sine.nbgrader_source(), folder / "source" / sine.NAME)
    tool("generate_assignment", sine.NAME)
    for student, answer in answers.items():
        write(sine.for_nbgrader(student, answer), folder / "submitted" / student / sine.NAME)
    return [("autograde", sine.NAME)]


def nbgrader_marks(tool, folder):
    tool("export", "--to", "grades.csv")
    if not (folder / "grades.csv").exists():
        return {}
    with (folder / "grades.csv").open(newline="", encoding="utf-8") as table:
        return {row["student_id"]: float(row["score"]) for row in csv.DictReader(table)}


def for_otter(tool, folder, answers):
    """The zip that Gradescope would be given, and a process for each notebook: without containers there is no batch."""
    (folder / "tests").mkdir()
    for name in sine.TESTS:
        (folder / "tests" / f"{name}.py").write_text(sine.otter_test(name), encoding="utf-8")
    tool("generate", "-t", "tests", "-o", "autograder.zip", "--no-requirements", "--no-environment")
    hand_in(folder / "class", answers)
    for student in answers:
        (folder / "results" / student).mkdir(parents=True)
    return [("run", "-a", "autograder.zip", "-o", f"results/{s}", f"class/{s}.ipynb") for s in answers]


def otter_marks(tool, folder):
    found = {place.parent.name: read_json(place) for place in folder.glob("results/*/results.json")}
    return {student: sum(test.get("score", 0) for test in said["tests"]) for student, said in found.items()}


def hand_in(folder, answers):
    for student, answer in answers.items():
        write(sine.plain(student, answer), folder, student)


def write(notebook, folder, name=sine.NAME):
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, folder / f"{name}.ipynb")


def read_json(path):
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


GRADE = (sys.executable, str(ROOT / "grade.py"))
OURS = Peer(
    "ours",
    GRADE,
    for_us,
    our_marks,
    "No names or cells needed. Every submission once more with another derivative of sin, hidden from it. "
    "Mistakes named. Students' pages and a class report written. All cores used.",
)
ONE_LANE = replace(OURS, name="ours, --jobs 1", prepare=for_one_lane, traits="The same on one lane.")
NBGRADER = Peer(
    "nbgrader",
    ("nbgrader",),
    for_nbgrader,
    nbgrader_marks,
    "Its cells, and the names x, slope and ax needed. Run once, with the tests in the student's kernel, one submission "
    "after the other. Failed assertions instead of named mistakes. No pages: `generate_feedback` is not timed.",
)
OTTER = Peer(
    "otter-grader",
    ("otter",),
    for_otter,
    otter_marks,
    "The names x, slope and ax needed. Run once, with the tests in the student's kernel, a process for each: its "
    "batches need containers, and are not measured. Failed assertions instead of named mistakes. No pages.",
)

if __name__ == "__main__":
    main()
