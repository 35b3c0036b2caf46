"""The fork server: import torch once, then fork.

Theory of operation. Three generations of processes, each forked from the one before:

    server   imports everything students import, runs nothing, holds no submission and no answer
     └ lane   one for each submission that is graded at a time; waits, forks, reaps
        └ child   one for each submission, or for each of its cases: sets itself up, runs the units watched, ends

The trusted side talks to server and lanes over SOCK_SEQPACKET sockets that carry descriptors. To the server it sends
the end of a new control socket, and gets a lane behind it. To a lane it sends one end of a stream socket; the lane
forks a child that owns it, answers with the child's pidfd, waits, and answers with the exit status. Neither ever reads
a byte that a child wrote. The trusted side talks with the child over the stream (see `wire`) and kills it by pidfd.

Every child goes through the steps of `lockdown` before it runs anything of a student's, and fails closed.

Forking is safe because this process has one thread by the time that it serves, and keeps it that way: one thread for
every math library (set by the environment), no CUDA, no IPython history thread, no large operation. It refuses to
serve otherwise. What torch imports only at the first backward or jacfwd is imported here, and what Python does only the
first times that it runs a line is done here (see `rehearsal`), or every child would pay for it. The trusted side says
how much of that (see `server.Warmth`), because for a single submission it may cost more than it saves.
"""

import contextlib
import ctypes
import functools
import gc
import importlib
import importlib.util
import json
import logging
import os
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autograder.worker import kernel

if TYPE_CHECKING:
    from autograder.worker.lockdown import Lock
    from autograder.worker.observer import Observer
    from autograder.worker.settings import Settings

SETUP_FAILED = 98  # exit status of a child that broke before it reached the student's code; more: the step of the lock
OUT_OF_MEMORY = 97  # exit status of a child that had no memory left even for what we do

WARM = (
    "torch",
    "torch.autograd.forward_ad",
    "torch.autograd.functional",
    "torch.func",
    "torch.optim",
    "torch.utils.data",
    "torch.autograd.gradcheck",
    "numpy",
    "numpy.random",
    "numpy.testing",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_agg",
    "IPython.display",
    "autograder.worker.child",
)


@dataclass(frozen=True, slots=True)
class Warm:
    """What is made once and serves every child."""

    locks: "Lock"
    observer: "Observer"
    settings: "Settings"


def main() -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    landlock, read_only = (bool(int(flag)) for flag in sys.argv[2:4])
    _die_with_parent()
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)  # a child of the same user cannot read what is in our memory
    gc.disable()  # while modules are made, there is little to collect, and looking for it takes a sixth of the time
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the trusted side, which ends us
    with _linking_torch():
        warm("IPython.display")
        warm("matplotlib.pyplot")
    asked = _asked_for(control)
    for name in (*WARM, *asked["modules"]):
        warm(name)
    import torch

    from autograder.worker import child, lockdown, rehearsal
    from autograder.worker.settings import Settings

    child.warm_up()
    observer, settings = child.ready(), Settings.now()
    rehearsal.play(observer, settings, asked["rehearsals"])
    torch.manual_seed(0)
    _renew_no_locks()
    locks = lockdown.prepare(landlock=landlock, read_only=read_only)  # measures what we hold
    warm_server = Warm(locks, observer, settings)
    gc.freeze()  # or the first collection in every child touches, and so copies, every object of torch
    gc.enable()
    _assert_single_threaded()
    control.send(json.dumps({"torch": torch.__version__}).encode())
    _serve(control, functools.partial(_lane, warm_server))


@contextlib.contextmanager
def _linking_torch() -> Iterator[None]:
    """Link torch's largest library beside what goes on inside.

    `import` holds the interpreter's lock while it links, and a foreign call does not: dlopen itself is called. It finds
    the library by its path, `import torch` then by its name. Without it (another build), import does it all.
    """
    found = importlib.util.find_spec("torch")
    places = (found.submodule_search_locations or ()) if found else ()
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.restype = ctypes.c_void_p
    libraries = [os.path.join(place, "lib", "libtorch_cpu.so") for place in places]
    thread = threading.Thread(target=lambda: [dlopen(os.fsencode(library), os.RTLD_LAZY) for library in libraries])
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _asked_for(control: socket.socket) -> dict[str, Any]:
    """How warm the trusted side wants us (`server.Warmth`). It is asked late: it finds out while we import the rest."""
    message = control.recv(4096)
    if not message:
        os._exit(0)
    asked: dict[str, Any] = json.loads(message)
    return asked


def warm(name: str) -> None:
    """Import; a private part of torch that this release does not have costs time in the children, and nothing else."""
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        if name in WARM:
            raise


def _serve(control: socket.socket, fork_one: Callable[[socket.socket, socket.socket], None]) -> None:
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 16, 1)
        if not message:
            os._exit(0)  # the trusted side is gone, or done
        with socket.socket(fileno=descriptors[0]) as given:
            fork_one(control, given)


def _lane(warm_server: Warm, control: socket.socket, given: socket.socket) -> None:
    """Fork a lane that serves `given`; nobody waits for lanes, they end with their socket."""
    if os.fork() == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        control.close()
        _die_with_parent()
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
        _serve(given, functools.partial(_child, warm_server))


def _child(warm_server: Warm, control: socket.socket, given: socket.socket) -> None:
    lane = os.getpid()
    pid = os.fork()
    if pid == 0:
        control.close()
        _run_child(warm_server, given, lane)
    given.close()
    pidfd = os.pidfd_open(pid)
    socket.send_fds(control, [b"pidfd"], [pidfd])
    os.close(pidfd)
    _, status, usage = os.wait4(pid, 0)
    told = {"status": status, "cpu_seconds": usage.ru_utime + usage.ru_stime, "peak_kib": usage.ru_maxrss}
    control.send(json.dumps({**told, "step": _broken_step(status)}).encode())


def _broken_step(status: int) -> str:
    """Which step of the lock a child says it could not take, by its exit status."""
    from autograder.worker.lockdown import STEPS

    number = os.WEXITSTATUS(status) - SETUP_FAILED - 1 if os.WIFEXITED(status) else -1
    return STEPS[number].__name__ if 0 <= number < len(STEPS) else ""


def _run_child(warm_server: Warm, given: socket.socket, lane: int) -> None:
    """Never returns. `os._exit`: no handler or destructor of the student's runs afterwards."""
    from autograder.worker import child, lockdown

    stream, key = given, ""
    try:
        record, reader = child.receive(given)
        key = record["key"]
        stream = child.lock(given, record, warm_server.locks, lane)
        job = child.prepare(stream, record, reader, warm_server.observer, warm_server.settings)
    except lockdown.Unlocked as error:
        os._exit(SETUP_FAILED + 1 + error.step)
    except BaseException:  # noqa: BLE001  whatever broke, it was ours, and the status says so
        child.confess(stream, key, traceback.format_exc())
        os._exit(SETUP_FAILED)
    following: child.Job | None = job
    try:
        while following is not None:
            child.run(following)
            following = child.next_job(following)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except BaseException:  # noqa: BLE001  nothing of the student's raises out of it: this is ours as well
        job.observer.recorder.send("fault", text=traceback.format_exc()[-2000:])
        job.observer.recorder.flush()
        os._exit(SETUP_FAILED)
    os._exit(0)


def _die_with_parent() -> None:
    parent = os.getppid()
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _renew_no_locks() -> None:
    """Each child would make the lock of every logging handler anew; no other thread can hold one when we fork."""
    with contextlib.suppress(AttributeError):
        logging._at_fork_reinit_lock_weakset.clear()  # type: ignore[attr-defined]


def _assert_single_threaded() -> None:
    threads = len(os.listdir("/proc/self/task"))
    if threads != 1:
        sys.exit(f"the fork server has {threads} threads and must have one")


if __name__ == "__main__":
    main()
