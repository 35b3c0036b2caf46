"""The trusted side of the fence: starts the fork server, runs one case in one child, decides how it ended.

What comes back is plain data off the wire. How a run ended is decided here, from the clock and the exit status, never
from what the child says; that it says "end" only tells a complete run from one that was cut short.
"""

import contextlib
import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from autograder.evidence import Observation, parse
from autograder.model import Outcome
from autograder.wire import Closed, Late, Malformed, Reader, Writer

START_SECONDS = 180  # for the fork server to import everything, on a slow disk
GRACE_SECONDS = 10  # for a lane to report a child that has ended
SETUP_FAILED = 98  # as in worker/__main__.py
KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR", "TZ", "VIRTUAL_ENV")
ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "MALLOC_ARENA_MAX",
)
Calls = list[dict[str, Any]]


class SandboxError(Exception):
    """The fork server cannot start, or a lane broke: ours, never the student's."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What one case gave."""

    outcome: Outcome
    observations: tuple[Observation, ...]
    note: str  # a sentence for the student, when the run did not finish
    seconds: float


class Sandbox:
    """A warm fork server with `lanes` lanes, each of which runs one child at a time."""

    def __init__(self, lanes: int) -> None:
        self._count = lanes
        self._lanes: queue.SimpleQueue[socket.socket] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self.torch = ""

    def __enter__(self) -> Self:
        """Start the server and return at once; `wait` waits until it is warm."""
        self._folder = tempfile.TemporaryDirectory(prefix="grading-", ignore_cleanup_errors=True)
        self._errors = tempfile.TemporaryFile()
        self._start()
        return self

    def _start(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-m", "autograder.worker", str(theirs.fileno())]
        try:
            self._server = subprocess.Popen(  # noqa: S603  our own module, our own interpreter
                command,
                env={**environment(), "TMPDIR": self._folder.name},  # what torch caches is removed with it
                cwd="/",
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                start_new_session=True,
            )
        except OSError as error:
            raise SandboxError(f"the fork server could not be started: {error}") from None
        theirs.close()

    def wait(self) -> None:
        """Wait until the server is warm, and open the lanes."""
        self._wait_until_warm()
        for _ in range(self._count):
            self._lanes.put(self._new_lane())

    def _wait_until_warm(self) -> None:
        self._control.settimeout(START_SECONDS)
        try:
            hello = self._control.recv(4096)
        except TimeoutError:
            hello = b""
        if not hello:
            raise SandboxError(f"the fork server did not start. {self._last_words()}")
        self.torch = str(json.loads(hello)["torch"])

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            os.killpg(self._server.pid, signal.SIGKILL)
        self._control.close()
        self._server.wait()
        with contextlib.suppress(queue.Empty):
            while True:
                self._lanes.get_nowait().close()
        self._errors.close()
        self._folder.cleanup()

    def run(self, job: dict[str, Any], calls: Callable[[], Calls]) -> Ending:
        """Run one case. `job` is what `worker/child.py` describes; `calls` draws the inputs once the code is loaded."""
        lane = self._lanes.get()
        folder = tempfile.mkdtemp(prefix="submission-", dir=self._folder.name)
        try:
            return _run(lane, {**job, "folder": folder}, calls)
        except OSError as error:
            lane.close()
            lane = self._replacement()
            raise SandboxError(f"a lane of the fork server broke: {error}. {self._last_words()}") from None
        finally:
            self._lanes.put(lane)
            shutil.rmtree(folder, ignore_errors=True)

    def _replacement(self) -> socket.socket:
        """A new lane; of a new server, when a submission brought the old one down."""
        with self._lock:
            try:
                return self._new_lane()
            except OSError:
                self._control.close()
                self._server.kill()
                self._server.wait()
                self._start()
                self._wait_until_warm()
                return self._new_lane()

    def _new_lane(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        socket.send_fds(self._control, [b"lane"], [theirs.fileno()])
        theirs.close()
        return ours

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read()[-2000:].decode(errors="replace").strip().splitlines()
        return f"Its last words: {lines[-1]}" if lines else "It said nothing."


def environment() -> dict[str, str]:
    """From an allow-list: no token of the caller's reaches a student's code."""
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    root = str(Path(__file__).resolve().parent.parent)
    fixed = {
        "PYTHONPATH": root,
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONSAFEPATH": "1",
        "PYTHONUTF8": "1",
        "PYTHONMALLOC": "malloc",  # with the next line: the heap in huge pages, so that fork copies fewer page tables
        "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
        "MPLBACKEND": "agg",
        "CUDA_VISIBLE_DEVICES": "",
    }
    return {**kept, **dict.fromkeys(ONE_THREAD, "1"), **fixed}


def _run(lane: socket.socket, job: dict[str, Any], calls: Callable[[], Calls]) -> Ending:
    started = time.monotonic()
    _write_files(job)
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            socket.send_fds(lane, [b"job"], [theirs.fileno()])
        pidfd = _pidfd(lane)
        try:
            observations, stopped = _converse(ours, job, calls, started + float(job["seconds"]))
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(pidfd, signal.SIGKILL if stopped not in ("", "closed") else 0)
            told = _told(lane, pidfd)
        finally:
            os.close(pidfd)
    outcome, note = _decide(stopped, told, job)
    return Ending(outcome, tuple(observations), note, time.monotonic() - started)


def _write_files(job: dict[str, Any]) -> None:
    """A submission's own scripts stand in its folder, so that one may import another."""
    for name, text in job.pop("files").items():
        path = Path(job["folder"], name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", errors="replace")


def _pidfd(lane: socket.socket) -> int:
    lane.settimeout(GRACE_SECONDS)
    message, descriptors, _, _ = socket.recv_fds(lane, 16, 1)
    if not message or not descriptors:
        raise OSError("it forked no child")
    return descriptors[0]


def _converse(
    sock: socket.socket, job: dict[str, Any], calls: Callable[[], Calls], deadline: float
) -> tuple[list[Observation], str]:
    """(observations, how the talk stopped): "" at a proper end, else closed, late or malformed."""
    observations: list[Observation] = []
    try:
        for observation in _stream(sock, job, calls, deadline):
            observations.append(observation)
    except (Closed, BrokenPipeError, ConnectionResetError):
        return observations, "closed"
    except (Late, TimeoutError):
        return observations, "late"
    except Malformed as error:
        return observations, f"malformed: {error}"
    return observations, ""


def _stream(
    sock: socket.socket, job: dict[str, Any], calls: Callable[[], Calls], deadline: float
) -> Iterator[Observation]:
    sock.settimeout(max(0.1, deadline - time.monotonic()))
    writer, reader = Writer(sock), Reader(sock, deadline)
    writer.send(job)
    while (record := reader.receive()).get("kind") != "end":
        if record.get("kind") == "ready":
            writer.send({"calls": calls()})
        else:
            yield parse(record)


def _told(lane: socket.socket, pidfd: int) -> dict[str, Any]:
    """Exit status and resources from wait4, as the lane tells them. A child that lingers after its end is killed."""
    lane.settimeout(GRACE_SECONDS)
    try:
        told = lane.recv(4096)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        told = lane.recv(4096)
    if not told:
        raise OSError("it is gone")
    usage: dict[str, Any] = json.loads(told)
    return usage


def _decide(stopped: str, told: dict[str, Any], job: dict[str, Any]) -> tuple[Outcome, str]:
    """Outcome and a sentence, from the clock and the kernel."""
    status, seconds = told["status"], float(job["seconds"])
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == SETUP_FAILED:
        raise OSError("a child could not be set up")
    if stopped == "late" or (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU):
        return Outcome.TIMED_OUT, f"it was still running after {seconds:g} seconds"
    if stopped.startswith("malformed"):
        return Outcome.DIED, f"what came back from it could not be read ({stopped})"
    if os.WIFSIGNALED(status) and stopped == "closed":
        return _killed(os.WTERMSIG(status), told["peak_kib"] > 512 * job["memory_mib"])
    if stopped == "closed":
        return (
            Outcome.DIED,
            f"it ended the Python process itself (exit status {os.waitstatus_to_exitcode(status)})",
        )
    return Outcome.FINISHED, ""


def _killed(number: int, large: bool) -> tuple[Outcome, str]:
    if number == signal.SIGKILL and large:
        return Outcome.OUT_OF_MEMORY, "it was killed by the system, most likely for want of memory"
    return Outcome.DIED, f"the Python process was ended by a signal ({signal.strsignal(number)})"
