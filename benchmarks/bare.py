"""The other side of `bench.py`: the same students' code in forks of a warm process, and nothing else.

No observer, no counterfactual case, no judge. Reads {"rounds", "submissions": [[unit, …], …]} on stdin and writes the
seconds of each run on stdout as JSON: a list of rounds, each a list with one number a submission.
"""

import json
import os
import sys
import tempfile
import time

from autograder.worker.__main__ import WARM, warm


class Nothing:
    """Stands where the observer stands, and sees nothing."""

    forgiving = False

    def __getattr__(self, name):
        return lambda *args, **kwargs: None


def main():
    for name in WARM:
        warm(name)
    from autograder.worker import child

    child.warm_up()
    work = json.load(sys.stdin)
    json.dump([[run(units) for units in work["submissions"]] for _ in range(work["rounds"])], sys.stdout)


def run(units):
    """Seconds from fork to reaped."""
    started = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        execute(units)
        os._exit(0)
    os.waitpid(pid, 0)
    return time.perf_counter() - started


def execute(job):
    from autograder.worker import units

    os.chdir(tempfile.mkdtemp())
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    shell = units.quiet_shell()
    units.tame(shell, Nothing())
    for file in dict.fromkeys(unit["file"] for unit in job):
        main_module = units.fresh_main(file)
        shell.user_module, shell.user_ns = main_module, main_module.__dict__
        main_module.__dict__.update(get_ipython=lambda: shell, display=print)
        for unit in job:
            if unit["file"] == file:
                for piece in units.pieces(unit, shell):
                    units.run(piece, main_module.__dict__, file, Nothing())


if __name__ == "__main__":
    main()
