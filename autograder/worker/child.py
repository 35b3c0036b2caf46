"""One case in one child: prepare, run the units watched, answer the calls, end.

The job is the first record that the trusted side sends: {"units", "files", "folder", "seed", "swap", "fresh",
"memory_mib", "seconds"}. After the units the child sends {"kind": "ready"} and gets one more record, the calls of a
hidden case, whose inputs were drawn only then; it answers each and ends with {"kind": "end"}.
"""

import builtins
import contextlib
import importlib
import os
import random
import resource
import signal
import socket
import sys
import tempfile
import time
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import torch

from autograder import wire
from autograder.worker import swaps, units
from autograder.worker.observer import Observer

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

CALL_SECONDS = 2  # for one call of one function of the student's
MAX_FUNCTIONS = 30
_STAND_INS = os.path.join(os.path.dirname(__file__), "stand_ins")


@dataclass
class Job:
    record: dict[str, Any]
    reader: wire.Reader
    observer: Observer
    shell: "InteractiveShell"


def warm_up() -> None:
    """In the fork server: what every child would otherwise do first. No backward pass, no figure left behind."""
    sys.path.insert(0, _STAND_INS)
    import d2l  # noqa: F401  our stand-in; from here on it is in sys.modules

    with contextlib.suppress(ImportError):  # a real `google` may be installed, without Colab in it
        importlib.import_module("google.colab")

    sys.path.remove(_STAND_INS)
    figure, axes = plt.subplots()
    axes.plot([0, 1], [0, 1], label="x")
    axes.legend()
    plt.close(figure)
    matplotlib.rcdefaults()
    matplotlib.use("agg")
    units.quiet_shell()


def prepare(sock: socket.socket) -> Job:
    """Everything between the fork and the student's first line."""
    os.setsid()  # so that a signal to its group reaches nobody else
    reader = wire.Reader(sock, time.monotonic() + 30)
    record = reader.receive()
    _limit(record["memory_mib"], record["seconds"])
    os.chdir(record["folder"])
    _environment(record["folder"])
    sys.path[:] = [record["folder"]] + [path for path in sys.path if os.path.abspath(path) != _our_folder()]
    _seed(record["seed"], record["fresh"])
    observer = Observer(wire.Writer(sock))
    shell = units.quiet_shell()
    units.tame(shell, observer)
    observer.install()
    if record["swap"]:
        swaps.install(*record["swap"])
    _silence(sock)
    return Job(record, reader, observer, shell)


def run(job: Job) -> None:
    """The student's code runs from here on."""
    for file in dict.fromkeys(unit["file"] for unit in job.record["units"]):
        main = units.fresh_main(file)
        job.shell.user_module, job.shell.user_ns = main, main.__dict__
        main.__dict__["get_ipython"] = lambda: job.shell
        main.__dict__["display"] = lambda *values, **_: [job.observer.shown(value) for value in values] and None
        job.observer.enter_file(file, main.__dict__)
        _run_file(job, file, main.__dict__)
    job.observer.finish()
    _answer_calls(job)


def _run_file(job: Job, file: str, namespace: dict[str, Any]) -> None:
    for unit in job.record["units"]:
        if unit["file"] == file:
            units.register(file, unit["text"])
            job.observer.read(unit)
            for piece in units.pieces(unit, job.shell):
                job.observer.enter(piece)
                ended = units.run(piece, namespace, file, job.observer)
                job.observer.leave(piece)
                if ended:
                    return


def _answer_calls(job: Job) -> None:
    functions = job.observer.functions
    job.observer.recorder.send("ready", functions=len(functions))
    job.reader.deadline = time.monotonic() + 30
    for call in job.reader.receive()["calls"]:
        for function in functions[:MAX_FUNCTIONS]:
            _answer(job.observer, function, call)
    job.observer.recorder.send("end")


def _answer(observer: Observer, function: types.FunctionType, call: dict[str, Any]) -> None:
    for arguments in _argument_lists(function, call["arguments"]):
        signal.signal(signal.SIGALRM, _too_slow)
        signal.setitimer(signal.ITIMER_REAL, CALL_SECONDS)
        try:
            with observer.calling(function.__name__, call["name"]) as record:
                record["result"] = function(*arguments())
        except BaseException:  # noqa: BLE001, S112  a student's function may raise anything; another order is tried
            continue
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        return


def _argument_lists(function: types.FunctionType, arguments: Sequence[Any]) -> list[Callable[[], list[Any]]]:
    """The orders in which a function may want (x), (f, x), or an output and its input."""
    code = function.__code__
    required = code.co_argcount - len(function.__defaults__ or ())
    if not required <= len(arguments) <= code.co_argcount:
        return []
    if len(arguments) == 1:
        return [lambda: [_tensor(arguments[0])]]
    given, x = arguments

    def output_and_input() -> list[Any]:
        leaf = _tensor(x).requires_grad_()
        return [_map(given["map"])(leaf), leaf]

    return [
        lambda: [_map(given["map"]), _tensor(x)],
        lambda: [_map(given["map"]), _tensor(x).requires_grad_()],
        lambda: [_tensor(x), _map(given["map"])],
        output_and_input,
    ]


def _tensor(array: Any) -> torch.Tensor:
    return torch.tensor(np.array(array))


def _map(weights: Sequence[Any]) -> Callable[[torch.Tensor], torch.Tensor]:
    """x ↦ W₀x + sin(W₁x): the hidden function; `oracle.map_jacobian` is its derivative."""
    first, second = (torch.tensor(np.array(w)) for w in weights)
    return lambda x: first.to(x.dtype) @ x + torch.sin(second.to(x.dtype) @ x)


def _too_slow(*_: object) -> NoReturn:
    raise TimeoutError("the call took too long")


def _our_folder() -> str:
    return os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def _limit(memory_mib: int, seconds: float) -> None:
    """Memory on top of what the fork server holds already; CPU as a second clock beside the trusted side's."""
    with open("/proc/self/statm") as statm:
        size = int(statm.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + memory_mib * 2**20,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 2))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 2**20,) * 2)


def _silence(sock: socket.socket) -> None:
    """No descriptor of ours but the stream; input at its end, output to nowhere: print is heard in Python."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    keep = sock.fileno()
    os.closerange(3, keep)
    os.closerange(keep + 1, 1024)
    builtins.input = _no_input


def _no_input(prompt: object = "") -> NoReturn:
    raise EOFError("input() has nobody to ask while grading")


def _environment(folder: str) -> None:
    tempfile.tempdir = None
    os.environ.update(HOME=folder, TMPDIR=folder, MPLCONFIGDIR=folder, TORCHINDUCTOR_CACHE_DIR=folder, USER="student")


def _seed(seed: int, fresh: bool) -> None:
    """The same draws in every run with this seed. In a fresh case a seed of the student's own is shifted as well."""
    torch.default_generator.manual_seed(seed)  # torch.manual_seed looks for devices as well, which takes milliseconds
    np.random.seed(seed)
    random.seed(seed)
    if fresh:
        for module, name in (
            (torch, "manual_seed"),
            (torch.random, "manual_seed"),
            (np.random, "seed"),
            (random, "seed"),
        ):
            setattr(module, name, _shifted(getattr(module, name), seed))
        np.random.default_rng = _shifted(np.random.default_rng, seed)


def _shifted(set_seed: Callable[..., Any], shift: int) -> Callable[..., Any]:
    def shifted(seed: Any = 0, *args: Any, **kwargs: Any) -> Any:
        return set_seed((seed + shift) % 2**31 if isinstance(seed, int) else seed, *args, **kwargs)

    return shifted
