"""What fails by design while grading, remarked on by a name for which remarks.py has one plain sentence.

The kernel answers "Operation not permitted", somewhere deep in a library; nobody learns from that what was the matter.
"""

import builtins
import errno
import os
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

import torch
from torch.utils.data import DataLoader

from autograder.worker.recorder import replace

NOT_ALLOWED = "not allowed while grading"
_BY_MODULE = (  # the file of a frame on the way to the error → what it was after; the innermost counts
    (("subprocess.py", "popen_fork.py", "popen_spawn_posix.py", "popen_forkserver.py"), "programs"),
    (("socket.py", "client.py", "connectionpool.py", "ssl.py"), "network"),
    (("synchronize.py", "shared_memory.py", "context.py"), "processes"),
)
_BY_NAME = {
    "gaierror": "network",
    "URLError": "network",
    "ConnectionError": "network",
    "BlockingIOError": "processes",
}


def explanation(error: BaseException) -> str:
    """The name of the remark on an error that the sandbox caused; nothing for any other."""
    chain = [error, *(cause for cause in (error.__cause__, error.__context__) if cause is not None)]
    return next(filter(None, map(_what, chain)), "")


def _what(error: BaseException) -> str:
    if isinstance(error, NotHere):
        return error.remark
    name = type(error).__name__
    if name in _BY_NAME:
        return _BY_NAME[name]
    if not isinstance(error, OSError) or error.errno not in (errno.EPERM, errno.EACCES, errno.EROFS):
        return ""
    files = [os.path.basename(frame.filename) for frame in traceback.extract_tb(error.__traceback__)]
    for file in reversed(files):
        for modules, what in _BY_MODULE:
            if file in modules:
                return what
    return "files" if error.filename is not None else "system"


_STARTS_PROGRAMS = "system popen posix_spawn posix_spawnp execv execve".split()
_STARTS_PROCESSES = "fork forkpty".split()


class NotHere(PermissionError):
    """What would fail in silence, or only much later, raises this instead."""

    def __init__(self, remark: str) -> None:
        super().__init__(f"{NOT_ALLOWED}: starting other {remark}")
        self.remark = remark


def refuse_politely(remark: Callable[..., None]) -> None:
    """Put a sentence in place of what would hang, fail in silence, or need what is not here."""
    replace(builtins, input=_no_input)
    replace(os, **dict.fromkeys(_STARTS_PROGRAMS, _not_here("programs")))
    _load_without_workers(remark)
    _compile_eagerly(remark)


def refuse_processes() -> None:
    """In a child: the server forks."""
    replace(os, **dict.fromkeys(_STARTS_PROCESSES, _not_here("processes")))


def _not_here(remark: str) -> Callable[..., NoReturn]:
    def refused(*_: Any, **__: Any) -> NoReturn:
        raise NotHere(remark)

    return refused


def _no_input(prompt: object = "") -> NoReturn:
    raise EOFError(f"{NOT_ALLOWED}: input() has nobody to ask")


def _load_without_workers(remark: Callable[..., None]) -> None:
    """A DataLoader with workers loads in this process: the batches are the same."""
    init: Callable[..., None] = DataLoader.__init__

    def patient_init(self: Any, *args: Any, num_workers: int = 0, **options: Any) -> None:
        if num_workers:
            remark("loader", str(num_workers))
            for needless in ("prefetch_factor", "persistent_workers", "multiprocessing_context", "timeout"):
                options.pop(needless, None)
        init(self, *args, **options)

    replace(DataLoader, __init__=patient_init)


def _compile_eagerly(remark: Callable[..., None]) -> None:
    """The default back end of torch.compile starts a C++ compiler; the graph is the same without one."""
    real: Callable[..., Any] = torch.compile

    def compiled(*args: Any, backend: Any = "inductor", **options: Any) -> Any:
        if backend == "inductor":
            remark("compiler")
            backend = "eager"
            for needless in ("mode", "options"):
                options.pop(needless, None)
        return real(*args, backend=backend, **options)

    replace(torch, compile=compiled)
