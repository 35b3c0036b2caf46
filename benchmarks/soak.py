"""Whether a long day leaves anything behind: `python benchmarks/soak.py [--submissions N]`.

Good and hostile submissions in turn. Every 500: resident memory and open descriptors of the trusted side and of the
fork server, what lies in the temp folder, and how many processes there are. Exit code 1 if any of them grows by more
than ALLOWED since the first look, which comes when everything is warm.
"""

import argparse
import os
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from autograder import intake, ladder, spec  # noqa: E402  the project's folder has to be on the path first
from autograder.run import Grader  # noqa: E402
from autograder.sandbox import lanes_for  # noqa: E402

GOOD = """
import torch
import matplotlib.pyplot as plt
x = torch.linspace(-3, 3, 50, requires_grad=True)
y = torch.sin(x)
y.sum().backward()
plt.plot(x.detach(), y.detach())
plt.plot(x.detach(), x.grad)
"""
HOSTILE = (
    "import os\nos._exit(0)",
    "import os\nos.write(3, b'garbage that is no frame')",
    "import ctypes\nctypes.string_at(0)",
    "import subprocess\nsubprocess.run(['true'])",
    "import socket\nsocket.create_connection(('127.0.0.1', 9))",
    "import os\nfor i in range(50): open(f'left{i}', 'w').write('x')\nos.mkdir('closed', 0)",
    "import threading, time\nfor _ in range(5): threading.Thread(target=time.sleep, args=(600,)).start()",
    "kept = [open('/dev/null') for _ in range(50)]",
    "raise ValueError('x' * 10**6)",
    "import numpy\nhuge = numpy.zeros(10**6)",
    "import os\nos.close(3)",
    "grown = bytearray(8 << 30)",
)
EVERY = 500


@dataclass(frozen=True)
class State:
    """One look; memory in MiB."""

    trusted_memory: float
    server_memory: float
    trusted_descriptors: int
    server_descriptors: int  # 0 where we may not look
    temp_entries: int
    processes: int


JOBS = 2
# How much more than at the first look is no leak: what Python and malloc keep for later; and of the last submission of
# each lane its one file and its process, which are gone before the lane has another.
ALLOWED = State(
    trusted_memory=32.0,
    server_memory=8.0,
    trusted_descriptors=0,
    server_descriptors=0,
    temp_entries=lanes_for(JOBS),
    processes=lanes_for(JOBS),
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--submissions", type=int, default=5000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        os.chmod(folder, 0o711)  # noqa: S103  lanes of other users pass through it
        tempfile.tempdir = folder
        grown = soak(options.submissions, Path(folder))
    for name, more in grown.items():
        print(f"{name} grew by {more:g}, and {getattr(ALLOWED, name):g} is allowed", file=sys.stderr)
    return 1 if grown else 0


def soak(count, folder):
    """Grade so many; what grew by more than is allowed."""
    submissions, started = mixed(), time.monotonic()
    with Grader(list(spec.load_all().values()), ladder.find(), seed=1, jobs=JOBS, seconds=5) as grader:
        grade(grader, submissions)  # everything once, to be warm
        first = last = look(grader, folder)
        print_line("warm", first)
        for done in range(0, count, EVERY):
            size = min(EVERY, count - done)
            grade(grader, (submissions * (size // len(submissions) + 1))[:size])
            last = look(grader, folder)
            print_line(f"{done + size} in {time.monotonic() - started:.0f} s", last)
    more = {name: value - getattr(first, name) for name, value in asdict(last).items()}
    return {name: value for name, value in more.items() if value > getattr(ALLOWED, name)}


def grade(grader, submissions):
    for _ in grader.grade(submissions):
        pass  # nobody keeps the reports


def mixed():
    """Each hostile one after a good one, and one that is both."""
    sources = [source for attack in HOSTILE for source in (GOOD, attack)] + [f"{GOOD}\n{HOSTILE[0]}\n{GOOD}"]
    with tempfile.TemporaryDirectory() as folder:
        for number, source in enumerate(sources):
            (Path(folder) / f"s{number:02}.py").write_text(source, encoding="utf-8")
        return intake.find([Path(folder)])[0]


def look(grader, folder):
    server = grader._sandbox._server.pid
    return State(
        trusted_memory=memory("self"),
        server_memory=memory(server),
        trusted_descriptors=descriptors("self"),
        server_descriptors=descriptors(server),
        temp_entries=sum(len(folders) + len(files) for _, folders, files in os.walk(folder)),
        processes=1 + descendants(server),
    )


def memory(process):
    """Resident, in MiB."""
    with open(f"/proc/{process}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def descriptors(process):
    try:
        return len(os.listdir(f"/proc/{process}/fd"))
    except PermissionError:
        return 0


def descendants(process):
    with open(f"/proc/{process}/task/{process}/children", encoding="ascii") as file:
        children = file.read().split()
    return len(children) + sum(map(descendants, children))


def print_line(name, state):
    words = [f"{key.replace('_', ' ')} {value:.0f}" for key, value in asdict(state).items()]
    print(f"{name}: {', '.join(words)}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
