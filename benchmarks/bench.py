"""What grading costs: `python benchmarks/bench.py [options]`, some minutes on two cores; `--help` tells the options.

Every line compares two sides that are measured in this one run, in turn, on the sample class multiplied; quote the
ratios, for these and most machines are shared and their speed drifts. `--long` adds classes of 1,000 and 10,000,
`--peers` other graders, with submissions that they can read (peers.py). All is in benchmarks/figures.json as well.

    bare            the same students' code once, in forks of a process that has imported the same: no observer, no
                    sandbox, no rehearsal, no judge
    cold imports    python -c "import torch, numpy, matplotlib.pyplot, IPython"
"""

import argparse
import contextlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from autograder import intake, ladder, sandbox, server, spec  # noqa: E402  the project's folder has to be on the path first
from autograder.run import Grader  # noqa: E402
from benchmarks import peers  # noqa: E402

SAMPLE = ROOT / "submissions" / "sample"
SIZES = (100, 1000, 10_000)  # of classes, with --long
COLD = "import torch, numpy, matplotlib.pyplot, IPython"
LIGHT = "import numpy, yaml, nbformat"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--copies", type=int, default=3, help="of the sample class (34 students; default: 3)")
    parser.add_argument("--rounds", type=int, default=3, help="of what is measured in turn (default: 3)")
    parser.add_argument("--long", action="store_true", help="also classes of 1,000 and 10,000")
    parser.add_argument(
        "--peers",
        nargs="?",
        const=None,
        default=False,
        type=peers.environment,
        metavar="FOLDER",
        help="also nbgrader and otter-grader, in this virtual environment (default: on PATH), where they are there",
    )
    options = parser.parse_args()
    figures = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        scratch = Path(scratch)
        folder = multiplied(scratch / "class", options.copies)
        for measure in (observing, throughput, single, start_up, again):
            figures |= measure(folder, scratch, options.rounds)
        if options.long:
            figures |= at_any_size(scratch)
        if options.peers is not False:
            figures |= peers.compared(options.peers, scratch / "peers", 10)
    (Path(__file__).parent / "figures.json").write_text(json.dumps(figures, indent=1) + "\n")


def say(name, ours, theirs, unit, ratio, goal):
    print(f"{name:52}{ours:9.3g} {unit:4}{theirs:9.3g} {unit:4} ratio {ratio:6.2f}   goal {goal}", flush=True)
    return {name: {"ours": ours, "theirs": theirs, "unit": unit, "ratio": ratio, "goal": goal}}


def multiplied(folder, copies):
    """The sample class so many times, every file with a comment of its own, so that no two are equal."""
    folder.mkdir()
    for number in range(copies):
        for path in sorted(p for p in SAMPLE.rglob("*") if p.is_file()):
            place = folder / f"{number:04}-{path.relative_to(SAMPLE)}"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(marked(path, number))
    return folder


def marked(path, number):
    if path.suffix == ".py":
        return path.read_bytes() + f"\n# {number}\n".encode()
    try:
        notebook = json.loads(path.read_bytes())
        cells = notebook["cells"] if "cells" in notebook else notebook["worksheets"][0]["cells"]
        cells.append({"cell_type": "markdown", "metadata": {}, "source": f"{number}"})
        return json.dumps(notebook).encode()
    except ValueError:
        return path.read_bytes()


def runnable(folder):
    return [s for s in intake.find([folder])[0] if any(f.units for f in s.files) and not s.declined]


class Bare:
    """The other side, in a process of its own that stays warm, so that rounds of both sides can alternate."""

    def __init__(self, submissions, scratch):
        keys = ("file", "kind", "label", "text")
        work = [
            [{key: getattr(u, key) for key in keys} for f in s.files for u in f.units if u.kind != "markdown"]
            for s in submissions
        ]
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "benchmarks" / "bare.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=server.environment(scratch),
        )
        self._say(work)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.communicate()

    def _say(self, what):
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()

    def round(self, jobs=1, times=1):
        """{"seconds", "each"}; each submission runs so many times in one process."""
        self._say({"jobs": jobs, "times": times})
        return json.loads(self.process.stdout.readline())


def observing(folder, scratch, rounds):
    """One run as written, observed and locked in, beside a bare one; each submission by itself, both sides in turn."""
    submissions = runnable(SAMPLE)
    with (
        Bare(submissions, scratch) as bare,
        Grader(list(spec.load_all().values()), ladder.find(), seed=1, jobs=1) as ours,
    ):
        ours.observe(submissions[0])
        bare.round()
        sides = (
            lambda: bare.round()["each"],
            lambda: bare.round(times=2)["each"],
            lambda: [seconds(ours.observe, s) for s in submissions],
            lambda: [seconds(ours.grade_one, s) for s in submissions],
        )
        measured = [[side() for side in sides] for _ in range(rounds)]
    alone, twice, seen, whole = (of_each(column) for column in zip(*measured, strict=True))
    more = [both - one for both, one in zip(twice, alone, strict=True)]
    return {
        **beside("bare once more, in the process of the first / bare", more, alone, "–"),
        **beside("one run, observed and locked / bare", seen, alone, "at most 1.3"),
        **beside("fork to report, every case, judged / bare", whole, alone, "–"),
    }


def beside(name, ours, theirs, goal):
    """Seconds of each submission, on both sides."""
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    return say(name, 1000 * statistics.median(ours), 1000 * statistics.median(theirs), "ms", ratio, goal)


def of_each(rounds):
    """Rounds → the median of each submission."""
    return [statistics.median(column) for column in zip(*rounds, strict=True)]


def seconds(run, *arguments):
    started = time.perf_counter()
    run(*arguments)
    return time.perf_counter() - started


def throughput(folder, scratch, rounds):
    """All cores, everything included but the start of the server: submissions a second; bare as many at once."""
    submissions, jobs = runnable(folder), len(os.sched_getaffinity(0))
    at_once = sandbox.lanes_for(jobs)
    ratios, ours, theirs = [], [], []
    everything = list(spec.load_all().values())
    with Bare(submissions, scratch) as bare, Grader(everything, ladder.find(), seed=1, jobs=jobs) as grader:
        grader.observe(submissions[0])
        bare.round(at_once)
        for _ in range(rounds):
            limit = bare.round(at_once)["seconds"]
            taken = seconds(lambda: list(grader.grade(submissions)))
            ours, theirs = [*ours, len(submissions) / taken], [*theirs, len(submissions) / limit]
            ratios.append(limit / taken)
    middle = statistics.median
    return say(
        "throughput on all cores / bare limit", middle(ours), middle(theirs), "/s", middle(ratios), "at least 0.5"
    )


def pairs(ours, theirs, rounds, cwd):
    """Whole commands in turn; (median, median, median of the ratios)."""
    found = [(whole(ours, cwd), whole(theirs, cwd)) for _ in range(rounds)]
    mine, other = zip(*found, strict=True)
    return statistics.median(mine), statistics.median(other), statistics.median(a / b for a, b in found)


def whole(command, cwd):
    return seconds(lambda: subprocess.run(command(), cwd=cwd, capture_output=True, check=True))


def grade(*arguments):
    return [sys.executable, str(ROOT / "grade.py"), *map(str, arguments)]


def single(folder, scratch, rounds):
    """One notebook, cold, in a fresh output folder each time, beside the imports that nobody can do without."""
    numbers = iter(range(10_000))
    one = lambda: grade(SAMPLE / "vera.ipynb", "--output", scratch / f"cold{next(numbers)}")  # noqa: E731
    ours, theirs, ratio = pairs(one, lambda: [sys.executable, "-c", COLD], rounds, scratch)
    return say("one submission, cold / cold imports", ours, theirs, "s", ratio, "at most 1.25")


def start_up(folder, scratch, rounds):
    ours, theirs, ratio = pairs(lambda: grade("--help"), lambda: [sys.executable, "-c", LIGHT], rounds, scratch)
    goal = f"at most {0.3 * theirs + 0.5:.2f} s"
    return say("grade.py --help / import numpy, yaml, nbformat", ours, theirs, "s", ratio, goal)


def again(folder, scratch, rounds):
    """The class graded; then nothing changed, then points changed, then one submission changed."""
    output = scratch / "again"
    first = whole(lambda: grade(folder, "--output", output, "--quiet"), scratch)
    count = len(intake.find([folder])[0])
    changed = next(iter(sorted(folder.glob("*.py"))))
    whole(lambda: grade(changed, "--output", scratch / "alone", "--quiet"), scratch)
    same, start, _ = pairs(
        lambda: grade(folder, "--output", output, "--quiet"),
        lambda: grade(changed, "--output", scratch / "alone", "--quiet"),
        rounds,
        scratch,
    )
    each, before = (same - start) / (count - 1), first / count
    rows = say("nothing changed, a hundred / first time", 100 * each, 100 * before, "s", each / before, "under 0.1 s")
    rows |= say("nothing changed, all / one submission", same, start, "s", same / start, "–")
    changed.write_text(changed.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    one = whole(lambda: grade(folder, "--output", output, "--quiet"), scratch)
    cold = whole(lambda: grade(changed, "--output", scratch / "one", "--quiet"), scratch)
    return rows | say("one submission changed / one submission alone", one, cold, "s", one / cold, "about 1")


def at_any_size(scratch):
    """Cost of a submission, start-up included, and the trusted side's peak memory, by the size of the class."""
    rows, found = {}, []
    for size in SIZES:
        folder = multiplied(scratch / f"class{size}", -(-size // 34))
        taken, peak = measured(grade(folder, "--output", scratch / f"results{size}", "--quiet"))
        count = len(intake.find([folder])[0])
        found.append((count, 1000 * taken / count, peak))
        (_, each, peak), (smallest, least, _) = found[-1], found[0]
        name = f"a class of {count}, each submission / of {smallest}"
        rows |= say(name, each, least, "ms", each / least, "at most 1")
        rows |= say(f"a class of {count}, peak memory / 300 MB", peak, 300, "MB", peak / 300, "under 1")
        again = whole(lambda: grade(folder, "--output", scratch / f"results{size}", "--quiet"), scratch)  # noqa: B023
        goal = f"under {count / 1000:.1f} s"
        rows |= say(f"a class of {count}, nothing changed / first time", again, taken, "s", again / taken, goal)
    draw(found, ROOT / "docs" / "images" / "sizes.svg")
    return rows


def measured(command):
    """(seconds, peak resident memory in MB of the trusted process by itself) of a whole command."""
    started, peak = time.perf_counter(), 0.0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        while running.poll() is None:
            peak = peak_of(running.pid) or peak  # wait4 would tell that of the fork server
            time.sleep(0.2)
    return time.perf_counter() - started, peak


def peak_of(process):
    with contextlib.suppress(OSError, StopIteration):
        lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024
    return 0.0


def draw(found, target):
    """The picture of docs/performance.md."""
    from matplotlib.figure import Figure

    counts, each, peaks = zip(*found, strict=True)
    figure = Figure(figsize=(8, 2.6), layout="constrained")
    for axes, values, name in zip(
        figure.subplots(1, 2), (each, peaks), ("ms for each submission", "MB, trusted process at its peak"), strict=True
    ):
        axes.semilogx(counts, values, "o-")
        axes.set(ylim=(0, 1.3 * max(values)), xlabel="submissions", title=name)
        axes.grid(alpha=0.3)
    figure.savefig(target)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
