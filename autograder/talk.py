"""One run of one child: what it is told, what it sends back, how it ended.

Outcomes are decided here from the clock, the exit status and what the kernel counted, never from what the child says;
that it says "end" only tells a complete run from one that was cut short.
"""

import contextlib
import math
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from autograder.evidence import Entered, Observation, parse
from autograder.model import Outcome
from autograder.phrase import Phrase
from autograder.wire import MAX_JOB_BYTES, Closed, Late, Malformed, Reader, Tape, Writer
from autograder.workspace import MOST_BYTES, MOST_ENTRIES, Workspace

OUT_OF_MEMORY = 97  # exit status, as in worker/__main__.py
Calls = list[dict[str, Any]]
Job = dict[str, Any]  # what worker/child.py describes


@dataclass(frozen=True, slots=True)
class Ending:
    """What one run gave."""

    outcome: Outcome
    observations: tuple[Observation, ...]
    note: str = ""  # a sentence for the student, when the run did not finish
    seconds: float = 0.0
    blamed: Entered | None = None  # what was running when it was cut short
    tape: bytes = field(default=b"", repr=False)  # what the child sent, to be read again


def blank_job(memory_mib: int, seconds: float) -> Job:
    """One that runs nothing, and changes no condition: every other job says what is different in it."""
    return {
        "units": [],
        "files": {},
        "seed": 0,
        "fresh": False,
        "swap": None,
        "scale": 1.0,
        "moved": 1.0,
        "samples": None,
        "rounds": False,
        "all_or_nothing": False,
        "skip": [],
        "memory_mib": memory_mib,
        "seconds": seconds,
    }


class _Overfull(Exception):
    """The child filled its folder."""


@dataclass
class Talk:
    """With one child, over its stream."""

    sock: socket.socket
    job: dict[str, Any]
    calls: Callable[[], Calls]
    workspace: Workspace
    deadline: float
    locked: bool = False  # the child stood behind its locks, and so before the student's first line
    stopped: str = ""  # why the talk ended: nothing at a proper end, else closed, late, overfull or malformed
    said: str = ""  # more about it
    observations: list[Observation] = field(default_factory=list)
    entered: list[tuple[float, Entered]] = field(default_factory=list)
    tape: bytearray = field(default_factory=bytearray)

    def hold(self) -> None:
        """Until the child is done, gone, late or out of bounds. Raises nothing."""
        try:
            for observation in self._stream():
                self.observations.append(observation)
                if isinstance(observation, Entered):
                    self.entered.append((time.monotonic(), observation))
        except (Closed, BrokenPipeError, ConnectionResetError):
            self.stopped = "closed"
        except (Late, TimeoutError):
            self.stopped = "late"
        except _Overfull:
            self.stopped = "overfull"
        except Malformed as error:
            self.stopped, self.said = "malformed", str(error)

    def _stream(self) -> Iterator[Observation]:
        self.sock.settimeout(max(0.1, self.deadline - time.monotonic()))
        writer = Writer(self.sock, most=MAX_JOB_BYTES)
        key = os.urandom(32)
        reader = Reader(self.sock, self.deadline, pulse=self._look_at_the_folder, key=key)
        if not writer.send({**self.job, "key": key.hex()}):
            raise Malformed("its code is larger than can be run")
        first = reader.receive()
        self.locked = first.get("kind") == "locked"
        if not self.locked:
            self.said = str(first.get("text")).strip().rpartition("\n")[2]
            raise Closed
        reader.tape = self.tape
        for record in _until_the_end(reader):
            if record.get("kind") == "ready":
                self.sock.settimeout(max(0.1, self.deadline - time.monotonic()))
                writer.send({"calls": self.calls()})
            else:
                yield parse(record)

    def _look_at_the_folder(self) -> None:
        if self.workspace.is_overfull():
            raise _Overfull

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - (self.deadline - float(self.job["seconds"]))

    def ended(self) -> Ending:
        """Of a talk that came to its proper end, whose child lives on."""
        return self._ending(Outcome.FINISHED, "")

    def ending(self, told: dict[str, Any]) -> Ending:
        """The outcome, from the clock and from what the lane was told by the kernel."""
        return self._ending(*self._decided(told))

    def _ending(self, outcome: Outcome, note: str) -> Ending:
        blamed = self._blamed(outcome) if outcome is not Outcome.FINISHED else None
        return Ending(outcome, tuple(self.observations), note, self.seconds, blamed, bytes(self.tape))

    def _decided(self, told: dict[str, Any]) -> tuple[Outcome, str]:
        ended, seconds = _signal_of(told["status"]), float(self.job["seconds"])
        if self.stopped == "late" or ended == signal.SIGXCPU or _ignored_the_limit(ended, told, self):
            template = "it was still running after {seconds} seconds ({used} s of processor time)"
            used = f"{told['cpu_seconds']:.1f}"
            return Outcome.TIMED_OUT, Phrase(template, seconds=f"{seconds:g}", used=used)
        if self.stopped == "overfull":
            template = "it wrote more than {files} files or {size} MB, which is not allowed while grading"
            return Outcome.DIED, Phrase(template, files=MOST_ENTRIES, size=MOST_BYTES >> 20)
        if self.stopped == "malformed":
            return Outcome.DIED, Phrase("what came back from it could not be read: {why}", why=self.said)
        if self.stopped == "closed":
            return _ended_by_itself(told, self.job)
        return Outcome.FINISHED, ""

    def _blamed(self, outcome: Outcome) -> Entered | None:
        """What was running; when time ran out, what took most of it."""
        if not self.entered:
            return None
        if outcome is not Outcome.TIMED_OUT:
            return self.entered[-1][1]
        began = [moment for moment, _ in self.entered]
        spans = [after - before for before, after in zip(began, [*began[1:], time.monotonic()], strict=True)]
        return self.entered[spans.index(max(spans))][1]


def _until_the_end(reader: Reader) -> Iterator[dict[str, Any]]:
    while (record := reader.receive()).get("kind") != "end":
        yield record


def replayed(tape: bytes, calls: Callable[[], Calls]) -> tuple[Observation, ...]:
    """What a child once sent, as far as it can be read; `calls` is asked where it had been asked."""
    observations: list[Observation] = []
    with contextlib.suppress(Closed, Malformed):
        for record in _until_the_end(Reader(Tape(tape), deadline=math.inf)):
            if record.get("kind") == "ready":
                calls()
            else:
                observations.append(parse(record))
    return tuple(observations)


def _signal_of(status: int) -> int:
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def _ignored_the_limit(ended: int, told: dict[str, Any], talk: Talk) -> bool:
    """SIGXCPU can be ignored; a second later the kernel kills."""
    return ended == signal.SIGKILL and talk.stopped == "closed" and told["cpu_seconds"] > float(talk.job["seconds"]) + 1


def _ended_by_itself(told: dict[str, Any], job: dict[str, Any]) -> tuple[Outcome, str]:
    status = told["status"]
    if not os.WIFSIGNALED(status):
        code = os.waitstatus_to_exitcode(status)
        if code == OUT_OF_MEMORY:
            return Outcome.OUT_OF_MEMORY, Phrase("it needed more than {size} MB of memory", size=job["memory_mib"])
        return Outcome.DIED, Phrase("it ended the Python process itself (exit status {code})", code=code)
    number = _signal_of(status)
    if number == signal.SIGKILL and told["peak_kib"] > 512 * job["memory_mib"]:
        return Outcome.OUT_OF_MEMORY, Phrase("it was killed by the system, most likely for want of memory")
    if number == signal.SIGSYS:
        return Outcome.DIED, Phrase("it made a system call that is not allowed while grading")
    told_by = signal.strsignal(number) or number
    return Outcome.DIED, Phrase("the Python process was ended by a signal ({signal})", signal=told_by)


def kill(pidfd: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
