"""What grading costs beside running: `python benchmarks/bench.py [FOLDER] [--rounds N]`.

Both sides are measured in one run on the same submissions, one at a time, and compared as ratios: a machine's speed
drops out. Fork to report means every case of every exercise, judged; bare means the student's code once, in a fork of
a process that is as warm, unobserved.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from autograder import intake, ladder, server, spec  # noqa: E402  the project's folder has to be on the path first
from autograder.run import Grader  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "submissions" / "sample")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    submissions = [s for s in intake.find([options.folder])[0] if any(f.units for f in s.files) and not s.declined]
    bare = of_each(bare_rounds(submissions, options.rounds))
    with Grader(list(spec.load_all().values()), ladder.find(), seed=1, jobs=1) as grader:
        print(f"torch {grader.torch}, {len(submissions)} submissions, {options.rounds} rounds, one at a time")
        observed = of_each(rounds(lambda s: grader.observe(s), submissions, options.rounds))
        graded = of_each(rounds(grader.grade_one, submissions, options.rounds))
    report(bare, observed, graded)


def of_each(times):
    """Rounds → the median of each submission, in milliseconds."""
    return [1000 * statistics.median(column) for column in zip(*times, strict=True)]


def rounds(run, submissions, count):
    return [[seconds(run, submission) for submission in submissions] for _ in range(count)]


def seconds(run, submission):
    started = time.perf_counter()
    run(submission)
    return time.perf_counter() - started


def bare_rounds(submissions, count):
    units = [[vars_of(unit) for file in s.files for unit in file.units if unit.kind != "markdown"] for s in submissions]
    work = json.dumps({"rounds": count, "submissions": units})
    command = [sys.executable, str(ROOT / "benchmarks" / "bare.py")]
    done = subprocess.run(
        command,
        input=work,
        capture_output=True,
        text=True,
        env=server.environment(Path(tempfile.gettempdir())),
        check=True,
    )
    return json.loads(done.stdout)


def vars_of(unit):
    return {"file": unit.file, "kind": unit.kind, "label": unit.label, "text": unit.text}


def report(bare, observed, graded):
    print(f"{'':34}{'median':>9}{'slowest':>9}   ratio to bare (median of ratios)")
    for name, times in (("bare run", bare), ("as written, observed", observed), ("fork to report, all cases", graded)):
        ratio = statistics.median(time / base for time, base in zip(times, bare, strict=True))
        print(f"{name:34}{statistics.median(times):7.0f} ms{max(times):7.0f} ms   {ratio:.2f}")


if __name__ == "__main__":
    main()
