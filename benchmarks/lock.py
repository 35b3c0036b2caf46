"""What the locks cost: `python benchmarks/lock.py [--rounds N]`.

Forks children of a warm process as the fork server does and runs the same observed code in them, once behind the locks
and once without, in turn, so that a machine's speed drops out of the ratio. Prints each step of the lock as well.
"""

import argparse
import os
import socket
import statistics
import struct
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from autograder import ladder, server  # noqa: E402  the project's folder has to be on the path first
from autograder.talk import blank_job  # noqa: E402
from autograder.wire import Closed, Reader, Writer  # noqa: E402

SINE = """
import torch
from matplotlib import pyplot as plt
x = torch.linspace(-3, 3, 100, requires_grad=True)
y = torch.sin(x)
y.sum().backward()
plt.plot(x.detach(), y.detach())
plt.plot(x.detach(), x.grad)
plt.show()
"""
KEY = bytes(32)  # of the seals
PROGRAMS = {"empty": "pass", "sin, backward, plot": SINE}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=100)
    options = parser.parse_args()
    if os.environ.get("PYTHONMALLOC") != "malloc":  # the server's memory is laid out by its environment
        os.execve(sys.executable, [sys.executable, *sys.argv], server.environment(Path(tempfile.gettempdir())))  # noqa: S606
    rung = ladder.find(allow_unsafe=True)
    print(f"rung: {rung.name}; {options.rounds} rounds, one at a time, fork to reaped, median")
    locks, *standing = warmed(rung)
    for name, source in PROGRAMS.items():
        pairs = [(seconds(source, locks, *standing), seconds(source, None, *standing)) for _ in range(options.rounds)]
        locked, bare = (1000 * statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(a / b for a, b in pairs)
        print(f"{name:24}{locked:7.1f} ms locked{bare:7.1f} ms unlocked   ratio {ratio:.2f}")
    report_steps(locks, options.rounds)


def warmed(rung):
    """This process as warm as the fork server; its locks, its observer, and the settings of its libraries."""
    import gc

    from autograder.worker import child, lockdown
    from autograder.worker.__main__ import WARM, warm
    from autograder.worker.settings import Settings

    for name in (*WARM, *server.OPTIONAL):
        warm(name)
    child.warm_up()
    gc.collect()
    gc.freeze()
    observer = child.ready()
    return lockdown.prepare(landlock=rung.landlock, read_only=rung.read_only), observer, Settings.now()


def seconds(source, locks, *standing):
    """From fork to reaped, of one observed run."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            ours.close()
            run(theirs, locks, *standing)
        theirs.close()
        talk(ours, job(source, folder))
        os.waitpid(pid, 0)
        return time.perf_counter() - started


def job(source, folder):
    unit = {"file": "hw.py", "kind": "script", "label": "", "text": source}
    return {**blank_job(2048, 20), "key": KEY.hex(), "units": [unit], "folder": folder, "uid": 0}


def talk(sock, record):
    with sock:
        writer, reader = Writer(sock), Reader(sock, time.monotonic() + 60, key=KEY)
        writer.send(record)
        while (said := reader.receive()).get("kind") != "end":
            if said.get("kind") == "ready":
                writer.send({"calls": []})


def run(sock, locks, observer, settings):
    from autograder.worker import child

    try:
        record, reader = child.receive(sock)
        stream = child.lock(sock, record, locks, os.getppid()) if locks else sock
        child.run(child.prepare(stream, record, reader, observer, settings))
    except Closed:
        os._exit(1)
    os._exit(0)


def report_steps(locks, rounds):
    from autograder.worker import lockdown

    table = [steps(locks) for _ in range(rounds)]
    medians = [1000 * statistics.median(column) for column in zip(*table, strict=True)]
    print(f"the lock: {sum(medians):.2f} ms a child")
    for step, milliseconds in zip(lockdown.STEPS, medians, strict=True):
        print(f"  {step.__name__:22}{milliseconds:6.2f} ms")


def steps(locks):
    """Seconds of each step, in one child."""
    from autograder.worker import lockdown

    reading, writing = os.pipe()
    with tempfile.TemporaryDirectory() as folder:
        pid = os.fork()
        if pid == 0:
            cell = lockdown.Cell(writing, folder, 0, 2048, 20, os.getppid())
            os.write(lockdown.STREAM, struct.pack(f"{len(lockdown.STEPS)}d", *timed(locks, cell)))
            os._exit(0)
        os.close(writing)
        os.waitpid(pid, 0)
        told = os.read(reading, 4096)
        os.close(reading)
    return struct.unpack(f"{len(lockdown.STEPS)}d", told)


def timed(locks, cell):
    from autograder.worker import lockdown

    for step in lockdown.STEPS:
        started = time.perf_counter()
        step(locks, cell)
        yield time.perf_counter() - started


if __name__ == "__main__":
    main()
