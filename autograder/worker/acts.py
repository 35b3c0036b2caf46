"""Acts that honest answers have no use for: remarked for the instructor, worth no point and costing none.

Two ways to notice. An audit hook hears of frames, of the garbage collector and of C, and passes on what the student's
own lines asked for; it cannot be taken away again. At the end, parts of torch, NumPy and Python on which the observer
stands are compared with what they were. Both run in the student's process: who is clever enough gets past them.
"""

import builtins
import json
import sys
from collections.abc import Collection
from types import FrameType
from typing import Any

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from autograder.worker.recorder import Recorder, guarded

SUSPICIOUS = {
    "sys._getframe": "looked at the frames around it",
    "sys._current_frames": "looked at the frames around it",
    "gc.get_objects": "searched the memory of the process",
    "gc.get_referrers": "searched the memory of the process",
    "gc.get_referents": "searched the memory of the process",
    "ctypes.dlopen": "called into C through ctypes",
    "ctypes.dlsym": "called into C through ctypes",
    "ctypes.string_at": "read raw memory through ctypes",
    "ctypes.addressof": "read raw memory through ctypes",
    "ctypes.cdata": "read raw memory through ctypes",
    "ctypes.call_function": "called into C through ctypes",
    "sys.settrace": "traced every line that runs",
    "sys.setprofile": "traced every line that runs",
    "sys.addaudithook": "listened to what the grader does",
    "os.kill": "tried to send a signal",
    "os.fork": "tried to start a process",
}
STOOD_ON = {  # looking at all of torch would touch, and so copy, thousands of objects that the child shares
    torch: "sin cos exp log sqrt pow mul matmul sum mean norm tensor arange linspace ones ones_like zeros eye stack "
    "allclose isclose equal vmap is_grad_enabled",
    torch.Tensor: "backward grad grad_fn requires_grad detach numpy item data sin cos exp sum mean pow retain_grad "
    "register_hook allclose isclose __eq__ __mul__ __matmul__",
    torch.autograd: "backward grad Function",
    torch.autograd.functional: "jacobian hessian vjp jvp hvp vhp",
    torch.func: "grad jacrev jacfwd vjp jvp hessian vmap",
    np: "sin cos array asarray allclose isclose gradient ones zeros",
    plt: "plot scatter show figure subplots close",
    Line2D: "get_xdata get_ydata get_data set_data",
    Axes: "plot scatter",
    builtins: "print len isinstance abs getattr setattr type id",
    json: "dumps loads",
}
OF_THE_SYSTEM = ("/etc/", "/proc/")
BETWEEN = ("ctypes", "inspect.py")  # who asks on the student's behalf
MAX_DEPTH = 4
MAX_REPLACED = 10  # that are told


class Acts:
    """Notices, from the moment it is asked to watch."""

    def __init__(self, recorder: Recorder, files: Collection[str]) -> None:
        self.recorder = recorder
        self.files = frozenset(files)
        self.told: set[str] = set()

    def begin(self) -> None:
        """Once a run."""
        self.told.clear()

    def watch(self) -> None:
        """From here on, for as long as the process lives."""
        sys.addaudithook(self._heard)

    def _heard(self, event: str, given: tuple[Any, ...]) -> None:
        what = SUSPICIOUS.get(event) or (_opened(*given[:1]) if event == "open" else None)
        if what is None or self.recorder.busy or what in self.told:
            return
        self.recorder.busy = True  # looking at frames is such an event itself
        try:
            by_student = _asks(sys._getframe(1), self.files)
        finally:
            self.recorder.busy = False
        if by_student:
            self._tell(what, replaced=False)

    @guarded
    def _tell(self, what: str, replaced: bool) -> None:
        if what not in self.told:
            self.told.add(what)
            self.recorder.locate()
            self.recorder.send("act", text=what, replaced=replaced)
            self.recorder.flush()

    def look_for_replacements(self) -> None:
        """What was put in the place of something that the observer stands on; and who spoke in its name."""
        if self.recorder.impostors:
            self._tell("tried to speak in the observer's name", replaced=True)
        changed = [(place, name) for place, name, before in _BEFORE if getattr(place, name, None) is not before]
        for place, name in changed[:MAX_REPLACED]:
            self._tell(f"put something else in the place of {_name(place)}.{name}", replaced=True)


_BEFORE: list[tuple[Any, str, Any]] = []  # (module or class, name, what it held)


def note() -> None:
    """In the fork server, once the observer is in place: whatever stands behind torch by now is ours."""
    _BEFORE[:] = [(place, name, getattr(place, name)) for place, names in STOOD_ON.items() for name in names.split()]


def _opened(path: Any) -> str | None:
    """Of all files that are opened, those that nobody's homework is in."""
    return "tried to read a file of the system" if isinstance(path, str) and path.startswith(OF_THE_SYSTEM) else None


def _name(place: Any) -> str:
    return f"{place.__module__}.{place.__qualname__}" if isinstance(place, type) else str(place.__name__)


def _asks(frame: FrameType | None, files: Collection[str]) -> bool:
    """A line of the student's own, directly or through a module that does nothing but pass it on."""
    for _ in range(MAX_DEPTH):
        if frame is None:
            return False
        file = frame.f_code.co_filename
        if file in files:
            return True
        if not any(part in file for part in BETWEEN):
            return False
        frame = frame.f_back
    return False
