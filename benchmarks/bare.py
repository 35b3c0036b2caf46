"""The other side of `bench.py`: the same students' code in forks of a warm process, and nothing else.

No observer, no sandbox, no rehearsal, no counterfactual case, no judge. Reads lines of JSON on stdin. The first is the
submissions, [[unit, …], …]. Each further one asks for a round, {"jobs", "times"}: every submission in a fork of its
own, so many of them at once, so many times in that fork. It is answered on stdout: {"seconds": of the whole, "each": of
each fork}.
"""

import json
import os
import sys
import tempfile
import time

from autograder.server import OPTIONAL
from autograder.worker.__main__ import WARM, warm

OURS = 99  # exit status where what runs the code broke, and not the code


class Nothing:
    """Stands where the observer and all of its parts stand, and sees nothing."""

    forgiving = watches_rounds = False
    moved = 1.0
    samples = None

    def __getattr__(self, name):
        return self

    def __call__(self, *args, **kwargs):
        return None


def main():
    for name in (*WARM, *OPTIONAL):
        warm(name)
    from autograder.worker import child

    child.warm_up()
    import gc

    gc.freeze()
    submissions = json.loads(sys.stdin.readline())
    for line in sys.stdin:
        print(json.dumps(one_round(submissions, **json.loads(line))), flush=True)


def one_round(submissions, jobs, times):
    """Every submission in one fork, `jobs` at a time."""
    running, each, started = {}, [0.0] * len(submissions), time.perf_counter()
    for number, units in enumerate(submissions):
        if len(running) == jobs:
            reap(running, each)
        running[start(units, times)] = (number, time.perf_counter())
    while running:
        reap(running, each)
    return {"seconds": time.perf_counter() - started, "each": each}


def reap(running, each):
    pid, status = os.wait()
    if os.waitstatus_to_exitcode(status) == OURS:
        sys.exit("bare.py itself failed, so its time says nothing")
    number, began = running.pop(pid)
    each[number] = time.perf_counter() - began


def start(units, times):
    pid = os.fork()
    if pid == 0:
        try:
            for _ in range(times):
                execute(units)
        except BaseException:  # noqa: BLE001  whatever it is, the round is worth nothing
            os._exit(OURS)
        os._exit(0)
    return pid


def execute(job):
    from autograder.worker import units

    os.chdir(tempfile.mkdtemp(dir=os.environ["TMPDIR"]))
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    shell = units.quiet_shell()
    units.tame(shell, Nothing())
    pieces = units.Pieces(shell)
    for file in dict.fromkeys(unit["file"] for unit in job):
        main_module = units.fresh_main(file)
        shell.user_module, shell.user_ns = main_module, main_module.__dict__
        main_module.__dict__.update(get_ipython=lambda: shell, display=print)
        for unit in job:
            if unit["file"] == file:
                for piece in pieces.of(unit, Nothing()):
                    units.run(piece, main_module.__dict__, file, Nothing())


if __name__ == "__main__":
    main()
