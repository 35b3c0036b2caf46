"""Before any submission: one child of ours tries what no submission may do, and one a swap what it should do.

It answers through the same stream, behind the same locks. Every attempt is harmless where the lock is missing.
"""

import functools
import os
import posix
import resource
import socket
import subprocess
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from autograder.worker import swaps
from autograder.worker.recorder import Recorder
from autograder.worker.self_test import self_test


def run(what: dict[str, Any], recorder: Recorder) -> None:
    """{"lock": {"hidden": [paths]}} or {"swap": [operation, parameters]}."""
    if "lock" in what:
        for name, sentence in _locks(what["lock"]["hidden"]):
            recorder.send("proof", name=name, failure=sentence)
    if "swap" in what:
        swaps.install(*what["swap"])
        recorder.send("proof", name=what["swap"][0], failure=self_test(*what["swap"]))


def _locks(hidden: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(what was tried, a sentence if it worked)."""
    for path in hidden:
        yield "read", "" if _is_refused(functools.partial(_read, path)) else f"read {path}"
    parent = os.getppid()
    attempts: dict[str, Callable[[], object]] = {
        "start a process": _fork,
        "start a program": lambda: subprocess.run(["/bin/true"], check=False),
        "signal another process": lambda: os.kill(parent, 0),
        "signal itself": lambda: os.kill(os.getpid(), 0),
        "open a socket": lambda: socket.socket().close(),
        "read another process's memory": lambda: _read(f"/proc/{parent}/mem"),
        "read another process's environment": lambda: _read(f"/proc/{parent}/environ"),
        "write outside its folder": lambda: _write("../left_by_a_test"),
        "change its identity": lambda: os.setuid(0),
        "lift its limits": lambda: resource.setrlimit(resource.RLIMIT_CORE, (1, 1)),
    }
    for name, attempt in attempts.items():
        yield name, "" if _is_refused(attempt) else name


def _is_refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except (OSError, ValueError):
        return True
    return False


def _fork() -> None:
    if posix.fork() == 0:  # by another name than the one that is refused in a sentence
        os._exit(0)


def _read(path: str) -> None:
    if os.path.isdir(path):
        os.listdir(path)
    else:
        with open(path, "rb") as file:
            file.read(1)


def _write(path: str) -> None:
    with open(path, "wb"):
        pass
    os.unlink(path)
