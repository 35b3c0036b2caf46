"""The cases of one submission in one child: lock, then for each prepare, run the units watched, answer the calls, end.

The job is the first record that the trusted side sends: {"units", "folder", "uid", "seed", "swap", "scale", "moved",
"samples", "rounds", "all_or_nothing", "fresh", "skip", "missing", "memory_mib", "seconds"}. It is read before the
locks, for it says what they are; nothing of the submission runs before them. After the units the child sends
{"kind": "ready"} and gets one more record, the calls of a hidden case, whose inputs were drawn only then; it answers
each and ends with {"kind": "end"}.

Then it waits, for the end of the stream or for another job with the same units. Most of what a run costs is to copy the
pages that a new process touches, so a second one in the same process takes half of the time. What the first run has
set is put back as it was; whether that can be all is for the trusted side to say, which knows the code (`sharing`).
"""

import contextlib
import importlib
import itertools
import math
import os
import random
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NoReturn

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import torch

from autograder import wire
from autograder.worker import acts, lockdown, proof, swaps, units
from autograder.worker.acts import Acts
from autograder.worker.observer import Observer
from autograder.worker.refusals import refuse_politely, refuse_processes
from autograder.worker.samples import Samples
from autograder.worker.settings import Settings

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

JOB_SECONDS = 30  # for the trusted side to say something
IDLE_SECONDS = 600  # for it to ask for another run
CALL_SECONDS = 2  # of the processor, for one call of one function of the student's
WAITING_SECONDS = 5  # by the clock, for such a call
PATIENCE_SECONDS = 0.005  # with what is to be sent
MAX_FUNCTIONS = 30
_STAND_INS = os.path.join(os.path.dirname(__file__), "stand_ins")


@dataclass
class Job:
    record: dict[str, Any]
    sock: socket.socket
    reader: wire.Reader
    observer: Observer
    acts: Acts
    shell: "InteractiveShell"
    settings: Settings  # of the libraries, as they were before the first run
    pieces: units.Pieces
    path: list[str]  # where modules are looked for, likewise

    def is_skipped(self, number: int) -> bool:
        """It ended an earlier run of the same case."""
        return number in self.record["skip"]


def ready() -> Observer:
    """In the fork server: what stands behind torch, matplotlib and the shell in every child, silent until it begins."""
    observer = Observer()
    units.tame(units.quiet_shell(), observer)
    observer.install()
    refuse_politely(observer.remark)
    acts.note()
    return observer


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


def receive(sock: socket.socket) -> tuple[dict[str, Any], wire.Reader]:
    """The job, and the reader that will get what follows it."""
    reader = wire.Reader(sock, time.monotonic() + JOB_SECONDS, most=wire.MAX_JOB_BYTES)
    return reader.receive(), reader


def lock(given: socket.socket, record: dict[str, Any], locks: lockdown.Lock, parent: int) -> socket.socket:
    """Behind the locks; the stream as it is there."""
    cell = lockdown.Cell(
        given.detach(), record["folder"], record["uid"], record["memory_mib"], record["seconds"], parent
    )
    lockdown.lock(locks, cell)
    # All that is given here need not be asked of the kernel, which would refuse by now.
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, fileno=lockdown.STREAM)
    stream.setblocking(True)  # the job was read with a deadline, which is a property of the stream
    return stream


def prepare(
    sock: socket.socket, record: dict[str, Any], reader: wire.Reader, observer: Observer, settings: Settings
) -> Job:
    """Everything else between the fork and the student's first line."""
    reader.sock = sock
    _environment(record["folder"])
    sys.path[:] = [record["folder"]] + [path for path in sys.path if os.path.abspath(path) != _our_folder()]
    sys.meta_path.insert(0, _Missing(record.get("missing", ())))
    refuse_processes()
    noticed = Acts(observer.recorder, {units.name_of(unit) for unit in record["units"]})
    shell = units.quiet_shell()
    job = Job(record, sock, reader, observer, noticed, shell, settings, units.Pieces(shell), sys.path[:])
    begin(job)
    noticed.watch()
    return _announced(job)


class _Missing:
    """In front of whatever finds modules: those that are not here stay so, and importing them fails as it would."""

    def __init__(self, names: Collection[str]) -> None:
        self.names = frozenset(names)

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def next_job(job: Job) -> Job | None:
    """The same units under other conditions, when they are asked for; None when nobody will ask any more."""
    job.reader.deadline = time.monotonic() + IDLE_SECONDS
    try:
        record = job.reader.receive()
    except (wire.Closed, wire.Late):
        return None
    job = replace(job, record=record)
    forget(job)
    begin(job)
    return _announced(job)


def forget(job: Job) -> None:
    """What a run has set is as it was before."""
    job.observer.forget()
    swaps.restore()
    job.settings.restore(job.observer.figures.style)
    sys.path[:] = job.path


def _announced(job: Job) -> Job:
    job.observer.recorder.send("locked")
    job.observer.recorder.flush()
    return job


def begin(job: Job) -> None:
    """The conditions of a run, and an observer that has seen nothing yet."""
    record, observer = job.record, job.observer
    job.sock.setblocking(True)  # reading has a deadline, which is a property of the stream
    _seed(record["seed"], record["fresh"])
    patience = math.inf if record["all_or_nothing"] else PATIENCE_SECONDS
    writer = wire.Writer(job.sock, patience=patience, key=bytes.fromhex(record.pop("key")))
    changed = bool(record["swap"] or record["samples"]) or record["scale"] != 1.0 or record["moved"] != 1.0
    observer.begin(writer, forgiving=changed)
    observer.moved = record["moved"]
    observer.watches_rounds = record["rounds"]
    if record["swap"]:
        swaps.install(*record.pop("swap"))  # what is hidden is in no dictionary that somebody may look for
    observer.transforms.scale = record.pop("scale")
    if observer.watches_rounds:
        observer.rounds.watch()
    if record["samples"]:
        observer.samples = Samples(observer.recorder, *record.pop("samples"))
        observer.samples.watch()
    if any("scipy" in unit["text"] for unit in record["units"]):
        observer.optimizers.watch()
    job.acts.begin()


def confess(sock: socket.socket, key: str, trace: str) -> None:
    """What broke before the submission ran, in place of the word that it may."""
    with contextlib.suppress(OSError):
        wire.Writer(sock, key=bytes.fromhex(key)).send({"kind": "unlocked", "text": trace[-2000:]})


def run(job: Job) -> None:
    """The student's code, from its first line to its last."""
    if job.record.get("proof"):
        proof.run(job.record["proof"], job.observer.recorder)
    numbers = itertools.count()
    for file in dict.fromkeys(unit["file"] for unit in job.record["units"]):
        main = units.fresh_main(file)
        sys.argv[:] = [file]  # as if it had been started by itself
        job.shell.user_module, job.shell.user_ns = main, main.__dict__
        main.__dict__["get_ipython"] = lambda: job.shell
        main.__dict__["display"] = lambda *values, **_: [job.observer.shown(value) for value in values] and None
        job.observer.enter_file(file, main.__dict__)
        _run_file(job, file, main.__dict__, numbers)
    job.observer.finish()
    job.acts.look_for_replacements()
    _answer_calls(job)


def _run_file(job: Job, file: str, namespace: dict[str, Any], numbers: Iterator[int]) -> None:
    for unit in job.record["units"]:
        if unit["file"] == file:
            units.register(unit)
            job.observer.read(unit)
            for piece in job.pieces.of(unit, job.observer):
                number = next(numbers)
                if job.is_skipped(number):
                    piece = units.definitions(piece)
                job.observer.enter(piece, number)
                ended = units.run(piece, namespace, units.name_of(unit), job.observer)
                job.observer.leave(piece)
                if ended:
                    return


def _answer_calls(job: Job) -> None:
    gradients = job.observer.optimizers.gradients
    functions: list[Callable[..., Any]] = [
        *gradients,
        *(f for f in job.observer.functions if not job.observer.optimizers.has(f)),
    ]
    job.observer.recorder.send("ready", functions=len(functions))
    job.observer.recorder.flush()
    job.reader.deadline = time.monotonic() + JOB_SECONDS
    calls = job.reader.receive()["calls"]
    job.observer.recorder.writer.sock.setblocking(True)
    for call in calls:
        for number, function in enumerate(functions[:MAX_FUNCTIONS], 1):
            if not job.is_skipped(-number):
                handed = number <= len(gradients)
                name = _name(function, number)
                job.observer.enter_call(name, -number, function.__code__)
                if not handed or _is_for_optimizers(call):
                    _answer(job.observer, function, call, (name, call["name"], handed))
    job.observer.recorder.send("end")
    job.observer.recorder.flush()


def _answer(
    observer: Observer, function: Callable[..., Any], call: dict[str, Any], told: tuple[str, str, bool]
) -> None:
    for arguments in _argument_lists(function, call["arguments"]):
        try:
            with _in_time(), observer.calling(*told, line=function.__code__.co_firstlineno) as record:
                record["result"] = function(*arguments())
        except BaseException:  # noqa: BLE001, S112  a student's function may raise anything; another order is tried
            continue
        return


@contextlib.contextmanager
def _in_time() -> Iterator[None]:
    """A busy machine is not the student's: it is the time of the processor that counts, unless the call only waits."""
    limits = ((signal.SIGPROF, signal.ITIMER_PROF, CALL_SECONDS), (signal.SIGALRM, signal.ITIMER_REAL, WAITING_SECONDS))
    for number, timer, seconds in limits:
        signal.signal(number, _too_slow)
        signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        for _, timer, _ in limits:
            signal.setitimer(timer, 0)


def _is_for_optimizers(call: dict[str, Any]) -> bool:
    """One NumPy array: what else a callback were given might change what it keeps."""
    return [form for given in call["arguments"] for form in given] in (["array"], ["integers"])


def _name(function: Callable[..., Any], number: int) -> str:
    """Its own; of a lambda, one that no other has."""
    name = str(getattr(function, "__name__", ""))
    return f"{name} {number}" if name == "<lambda>" else name


def _argument_lists(function: Callable[..., Any], arguments: Sequence[Any]) -> list[Callable[[], list[Any]]]:
    """The orders in which a function may want (x), (f, x), or an output and its input."""
    takes = function.__code__.co_argcount - hasattr(function, "__self__")  # a method has its first argument
    required = takes - len(function.__defaults__ or ())
    if not required <= len(arguments) <= takes:
        return []
    if "map" not in arguments[0]:
        return [lambda: [_argument(given) for given in arguments]]
    given, x = arguments[0], arguments[1]["tensor"]

    def output_and_input() -> list[Any]:
        leaf = _tensor(x).requires_grad_()
        return [_map(given["map"])(leaf), leaf]

    return [
        lambda: [_map(given["map"]), _tensor(x)],
        lambda: [_map(given["map"]), _tensor(x).requires_grad_()],
        lambda: [_tensor(x), _map(given["map"])],
        output_and_input,
    ]


def _argument(given: dict[str, Any]) -> Any:
    """{form: numbers} → what the student's function gets, a copy each time."""
    ((form, numbers),) = given.items()
    return _FORMS[form](np.array(numbers))


def _quadratic(coefficients: Any) -> Callable[[Any], Any]:
    """x ↦ ax² + bx + c: a hidden function for any kind of x."""
    a, b, c = map(float, coefficients)
    return lambda x: a * x**2 + b * x + c


def _tensor(array: Any) -> torch.Tensor:
    return torch.tensor(np.array(array))


def _map(weights: Sequence[Any]) -> Callable[[torch.Tensor], torch.Tensor]:
    """x ↦ W₀x + sin(W₁x): the hidden function; `oracle.map_jacobian` is its derivative."""
    first, second = (torch.tensor(np.array(w)) for w in weights)
    return lambda x: first.to(x.dtype) @ x + torch.sin(second.to(x.dtype) @ x)


_FORMS: dict[str, Callable[[Any], Any]] = {
    "tensor": _tensor,
    "array": lambda numbers: numbers,
    "integers": lambda numbers: numbers,
    "number": lambda numbers: numbers.item(),
    "quadratic": _quadratic,
}


def _too_slow(*_: object) -> NoReturn:
    raise TimeoutError("the call took too long")


def _our_folder() -> str:
    return os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def _environment(folder: str) -> None:
    tempfile.tempdir = None
    os.environ.update(HOME=folder, TMPDIR=folder, MPLCONFIGDIR=folder, TORCHINDUCTOR_CACHE_DIR=folder)
    os.environ.update(USER="student", LOGNAME="student", PATH="/usr/bin:/bin")


def _seed(seed: int, fresh: bool) -> None:
    """The same draws in every run with this seed. In a fresh case a seed of the student's own is shifted as well."""
    torch.default_generator.manual_seed(seed)  # torch.manual_seed looks for devices as well, which takes milliseconds
    np.random.seed(seed)
    random.seed(seed)
    for (module, name), real in _SEEDERS.items():
        setattr(module, name, _shifted(real, seed) if fresh else real)


_SEEDERS: dict[tuple[Any, str], Callable[..., Any]] = {
    (module, name): getattr(module, name)
    for module, names in (
        (torch, ("manual_seed",)),
        (torch.random, ("manual_seed",)),
        (np.random, ("seed", "default_rng")),
        (random, ("seed",)),
    )
    for name in names
}


def _shifted(set_seed: Callable[..., Any], shift: int) -> Callable[..., Any]:
    def shifted(seed: Any = 0, *args: Any, **kwargs: Any) -> Any:
        return set_seed((seed + shift) % 2**31 if isinstance(seed, int) else seed, *args, **kwargs)

    return shifted
