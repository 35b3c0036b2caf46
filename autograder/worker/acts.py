"""Acts that honest answers have no use for: remarked for the instructor, worth no point and costing none.

Two ways to notice. An audit hook hears of frames, of the garbage collector and of C, and passes on what the student's
own lines asked for; it cannot be taken away again. At the end, parts of torch, NumPy and Python on which the observer
stands are compared with what they were. Both run in the student's process: who is clever enough gets past them.
"""

import builtins
import sys
from collections.abc import Collection
from types import FrameType
from typing import Any

import numpy as np
import torch

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
BETWEEN = ("ctypes", "inspect.py")  # who asks on the student's behalf
MAX_DEPTH = 4


class Acts:
    """Notices, from the moment it is asked to watch."""

    def __init__(self, recorder: Recorder, files: Collection[str]) -> None:
        self.recorder = recorder
        self.files = frozenset(files)
        self.told: set[str] = set()
        self.watched: list[tuple[str, Any, dict[str, Any]]] = []  # (name, module or class, what it held)

    def watch(self) -> None:
        """From here on; whatever stands behind torch by now is ours."""
        places = {"torch": torch, "torch.Tensor": torch.Tensor, "torch.autograd": torch.autograd}
        places |= {"torch.autograd.functional": torch.autograd.functional, "torch.func": torch.func}
        places |= {"numpy": np, "builtins": builtins}
        self.watched = [(name, place, dict(vars(place))) for name, place in places.items()]
        sys.addaudithook(self._heard)

    def _heard(self, event: str, _: tuple[Any, ...]) -> None:
        what = SUSPICIOUS.get(event)
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

    def look_for_replacements(self) -> None:
        """What was put in the place of something that the observer stands on."""
        for name, place, before in self.watched:
            now = vars(place)
            changed = [key for key, value in before.items() if key in now and now[key] is not value]
            for key in [key for key in changed if not key.startswith("_") or key.startswith("__torch")][:5]:
                self._tell(f"put something else in the place of {name}.{key}", replaced=True)


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
