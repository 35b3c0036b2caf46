"""The trusted side of the fence: a warm fork server, its lanes, and their children: one a submission, or one a case.

The server is started at once and used when it is warm. Before the first submission a child of its own proves that the
locks hold on this machine (see `worker/proof.py`); where they do not, nothing is run.
"""

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from autograder import ladder, server, sharing, workspace
from autograder.evidence import Act, Error, Fault, Proof
from autograder.ladder import Rung
from autograder.model import Outcome
from autograder.talk import Calls, Ending, Talk, blank_job, kill
from autograder.workspace import Workspace

START_SECONDS = 180  # for the fork server to import everything, on a slow disk
GRACE_SECONDS = 10  # for a lane to report a child that has ended
PROOF_SECONDS, PROOF_MIB = 60, 1024
PR_SET_DUMPABLE = 4
M_MMAP_THRESHOLD, LARGE = -3, 2**20


class SandboxError(Exception):
    """A lane or its server broke: ours, or the work of a submission that broke out of its own process."""


class CannotStart(SandboxError):
    """The fork server does not start, or does not hold: nothing can be run on this machine."""


def be_dumpable(allowed: bool) -> None:
    """Whether a process of the same user may read the memory of this one."""
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, int(allowed), 0, 0, 0)


def give_back_memory() -> None:
    """What a submission sent goes back to the system with it: malloc would keep up to 64 MiB for each thread."""
    with contextlib.suppress(AttributeError):  # not GNU's C library
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE)


@dataclass(frozen=True, slots=True)
class Child:
    """One that has run a submission to its end, and waits for what else is asked of it."""

    units: Any  # of its submission: whoever has the very same ones may ask
    sock: socket.socket
    pidfd: int
    errors: frozenset[tuple[str, str]]  # of its first run: where, and of what type


class Lane:
    """One child at a time: the socket to the lane's process, and the folder of its submissions."""

    def __init__(self, sock: socket.socket, place: Workspace) -> None:
        self.sock = sock
        self.place = place
        self.child: Child | None = None  # that waits
        self._was_left = False  # a child was, and its end is not told yet

    def run(self, job: dict[str, Any], calls: Callable[[], Calls]) -> Ending:
        """One run: in the child that waits, where that serves; else in a new one. Raises OSError for a broken lane."""
        if self.child is not None and self.serves(job["units"]):
            talk = self._talk(self.child.sock, job, calls)
            talk.hold()
            if _has_found_its_way(talk, self.child):
                return talk.ended()
        self.leave()
        self._clear()
        return self._run_anew(job, calls)

    def serves(self, units: Any) -> bool:
        """Whether the child that waits has this submission: the very same units."""
        return self.child is not None and self.child.units is units

    def leave(self) -> None:
        """Nobody asks the child that waits any more: it ends, while others go on."""
        if self.child is not None:
            self.child.sock.close()
            kill(self.child.pidfd)
            os.close(self.child.pidfd)
            self.child, self._was_left = None, True

    def _clear(self) -> None:
        """Nothing of the submission before is there."""
        if self._was_left:
            self._told()
            self._was_left = False
            self.place.empty()

    def _talk(self, sock: socket.socket, job: dict[str, Any], calls: Callable[[], Calls]) -> Talk:
        sent = {**job, "files": None, "folder": str(self.place.path), "uid": self.place.uid}
        return Talk(sock, sent, calls, self.place, time.monotonic() + float(job["seconds"]))

    def _run_anew(self, job: dict[str, Any], calls: Callable[[], Calls]) -> Ending:
        self.place.furnish(job["files"])
        ours, theirs = socket.socketpair()
        talk = self._talk(ours, job, calls)
        with contextlib.ExitStack() as stack:
            stack.callback(ours.close)
            with theirs:
                socket.send_fds(self.sock, [b"job"], [theirs.fileno()])
            is_plain = bool(job["units"]) and sharing.may_share_a_process(job["units"])  # while the lane forks
            talk.job["missing"] = sorted(sharing.missing_modules(job["units"])) if is_plain else []
            pidfd = self._pidfd()
            stack.callback(os.close, pidfd)
            talk.hold()
            if is_plain and _has_ended_well(talk):
                stack.pop_all()
                self.child = Child(job["units"], ours, pidfd, frozenset(_errors(talk)))
                return talk.ended()
            if talk.stopped != "closed":
                kill(pidfd)  # also one that lingers after its end
            told = self._usage(pidfd)
        self.place.empty()
        _check_setup(talk, told)
        return talk.ending(told)

    def is_gone(self) -> bool:
        """Its process has ended, as all do with their server's."""
        self.sock.setblocking(False)
        try:
            return not self.sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            self.sock.setblocking(True)

    def close(self) -> None:
        """With its child."""
        self.leave()
        self.sock.close()

    def _pidfd(self) -> int:
        self.sock.settimeout(GRACE_SECONDS)
        message, descriptors, _, _ = socket.recv_fds(self.sock, 16, 1)
        if not message or not descriptors:
            raise OSError("it forked no child")
        return descriptors[0]

    def _usage(self, pidfd: int) -> dict[str, Any]:
        try:
            return self._told()
        except TimeoutError:  # it closed its stream and lives on
            kill(pidfd)
            return self._told()

    def _told(self) -> dict[str, Any]:
        """How a child ended, when it has."""
        self.sock.settimeout(GRACE_SECONDS)
        told = self.sock.recv(4096)
        if not told:
            raise OSError("it is gone")
        usage: dict[str, Any] = json.loads(told)
        return usage


def _has_ended_well(talk: Talk) -> bool:
    """Soon as well, and without anything to look at."""
    soon = talk.seconds < float(talk.job["seconds"]) / 4  # the limit of processor time is one for all runs of a child
    return not talk.stopped and soon and not any(isinstance(item, Act | Fault) for item in talk.observations)


def _has_found_its_way(talk: Talk, child: Child) -> bool:
    """Nothing failed that had not failed in the first run: else a run in a new process decides."""
    faults = any(isinstance(item, Fault) for item in talk.observations)
    return not talk.stopped and not faults and child.errors.issuperset(_errors(talk))


def _errors(talk: Talk) -> Iterator[tuple[str, str]]:
    return ((item.where, item.type) for item in talk.observations if isinstance(item, Error))


def _check_setup(talk: Talk, told: dict[str, Any]) -> None:
    """A child that never came to stand behind its locks never saw the submission: that is our failure."""
    if not talk.locked and talk.stopped in ("closed", "malformed") and os.WIFEXITED(told["status"]):
        why = told["step"] or talk.said or f"exit status {os.WEXITSTATUS(told['status'])}"
        raise OSError(f"a child could not be set up ({why})")


def lanes_for(processors: int) -> int:
    """How many keep these busy: one more, since nothing runs of a submission that is judged. One is used by turns."""
    return processors + 1 if processors > 1 else 1


class Lanes:
    """Those that nobody uses."""

    def __init__(self) -> None:
        self._free: list[Lane] = []
        self._given = threading.Condition()

    def give(self, lane: Lane) -> None:
        """It is free."""
        with self._given:
            self._free.append(lane)
            self._given.notify()

    def take(self, job: dict[str, Any]) -> Lane:
        """Waits for one. That whose child has this submission, if there is one; else one without a child."""
        with self._given:
            self._given.wait_for(lambda: self._free)
            lane = min(self._free, key=lambda lane: (not lane.serves(job["units"]), lane.child is not None))
            self._free.remove(lane)
            return lane

    def leave(self, units: Any) -> None:
        """Nobody will ask for another run of these units."""
        with self._given:
            for lane in self._free:
                if lane.serves(units):
                    lane.leave()

    def close(self) -> None:
        """The free ones; nobody will use them."""
        with self._given:
            while self._free:
                self._free.pop().close()


class Sandbox:
    """A warm fork server, whose lanes keep `processors` busy with one child each. May be left more than once."""

    def __init__(self, processors: int, rung: Rung, warmth: server.Warmth = server.FOR_A_CLASS) -> None:
        self.rung = rung
        self.warmth = warmth  # of the server; may change until `wait`
        self._count = lanes_for(processors)
        self._lanes = Lanes()
        self._lock = threading.Lock()
        self.torch = ""
        self.broken_swaps: dict[str, str] = {}  # operation → why its replacement does not work on this torch
        self.open_to_all: set[str] = set()  # what submissions could read all the same, on a rung that allows it

    def __enter__(self) -> Self:
        """Start the server and return at once; `wait` waits until it is warm."""
        be_dumpable(False)  # no process of the same user reads seeds or answers here
        give_back_memory()
        workspace.sweep()
        self._folder = Path(tempfile.mkdtemp(prefix=workspace.PREFIX))
        self._alive = workspace.alive(self._folder)
        self._errors = tempfile.TemporaryFile()
        self._own = self._folder / "server"  # what torch caches at start
        self._own.mkdir(mode=0o700)
        self._places = [Workspace(self._folder / os.urandom(16).hex(), self._uid(i)) for i in range(self._count)]
        for place in self._places:
            place.make()
        self._folder.chmod(0o111)  # a lane knows its own folder's name, and nobody can look for others
        try:
            self._start()
        except CannotStart:
            self._remove()
            raise
        return self

    def _remove(self) -> None:
        workspace.remove(self._folder)
        self._alive.close()

    def _uid(self, lane: int) -> int:
        first = self.rung.first_uid
        return first + lane % (ladder.LAST_UID - ladder.FIRST_UID) if first else 0

    def _start(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self._server = subprocess.Popen(  # noqa: S603  our own module, our own interpreter
                server.command(self.rung, theirs.fileno(), self._folder),
                env=server.environment(self._own),
                cwd="/",
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                start_new_session=True,
            )
        except OSError as error:
            raise CannotStart(f"the fork server could not be started: {error}") from None
        theirs.close()

    def wait(self, swaps: Sequence[tuple[str, Sequence[float]]] = (), secrets: Sequence[Path] = ()) -> None:
        """Wait until the server is warm, open the lanes, and have it proved that the locks and the swaps work.

        `secrets` are files and folders that no submission may read. Raises CannotStart where a lock does not hold.
        """
        self._wait_until_warm()
        for place in self._places:
            self._lanes.give(Lane(self._new_socket(), place))
        self._prove_locks(secrets)
        for operation, parameters in swaps:
            (proof,) = self._proved({"swap": [operation, list(parameters)]})
            if proof.failure:
                self.broken_swaps[operation] = proof.failure

    def _wait_until_warm(self) -> None:
        self._control.settimeout(START_SECONDS)
        try:
            self._control.send(json.dumps(asdict(self.warmth)).encode())
            hello = self._control.recv(4096)
        except OSError:  # it took too long, or is gone
            hello = b""
        if not hello:
            raise CannotStart(f"the fork server did not start. {self._last_words()}")
        self.torch = str(json.loads(hello)["torch"])

    def _prove_locks(self, secrets: Sequence[Path]) -> None:
        hidden = [str(path) for path in secrets if path.exists()]
        broken = {proof for proof in self._proved({"lock": {"hidden": hidden}}) if proof.failure}
        self.open_to_all = {proof.failure for proof in broken if proof.name == "read" and not self.rung.guards_files}
        fatal = sorted(proof.failure for proof in broken if proof.failure not in self.open_to_all)
        if fatal:
            raise CannotStart(f"the sandbox does not hold on this machine: a submission could {'; '.join(fatal)}")

    def _proved(self, what: dict[str, Any]) -> list[Proof]:
        """What a child of ours found when it tried."""
        try:
            ending = self.run({**blank_job(PROOF_MIB, PROOF_SECONDS), "proof": what}, lambda: [])
        except SandboxError as error:
            raise CannotStart(str(error)) from None
        proofs = [item for item in ending.observations if isinstance(item, Proof)]
        if ending.outcome is not Outcome.FINISHED or not proofs:
            raise CannotStart(f"the sandbox could not be tried out: {ending.note or 'its child said nothing'}")
        return proofs

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            if self._control.fileno() < 0:
                return  # it has been left before
            with contextlib.suppress(OSError):
                os.killpg(self._server.pid, signal.SIGKILL)
            self._control.close()
        self._server.wait()
        self._lanes.close()
        self._errors.close()
        self._remove()

    def run(self, job: dict[str, Any], calls: Callable[[], Calls]) -> Ending:
        """Run one case. `job` is what `worker/child.py` describes; `calls` draws the inputs once the code is loaded."""
        lane = self._lanes.take(job)
        try:
            if lane.is_gone():  # while nobody used it: no submission did that
                lane.close()
                lane = self._replacement(lane)
            return lane.run(job, calls)
        except OSError as error:
            lane.close()
            lane = self._replacement(lane)
            raise SandboxError(f"a lane of the fork server broke: {error}. {self._last_words()}") from None
        finally:
            self._lanes.give(lane)

    def leave(self, units: Any) -> None:
        """Nobody will ask for another run of these units: the very same, as they were in a job."""
        self._lanes.leave(units)

    def _replacement(self, broken: Lane) -> Lane:
        """A new lane; of a new server, when a submission brought the old one down."""
        with self._lock:
            if self._control.fileno() < 0:
                raise CannotStart("the sandbox has been left")
            with contextlib.suppress(OSError):
                broken.place.empty()
            try:
                return Lane(self._new_socket(), broken.place)
            except OSError:
                self._control.close()
                self._server.kill()
                self._server.wait()
                self._start()
                self._wait_until_warm()
                return Lane(self._new_socket(), broken.place)

    def _new_socket(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                socket.send_fds(self._control, [b"lane"], [theirs.fileno()])
            except OSError:
                ours.close()
                raise
        return ours

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read()[-2000:].decode(errors="replace").strip().splitlines()
        return f"Its last words: {lines[-1]}" if lines else "It said nothing."
