"""Sends observations, one by one, as they are made; and keeps our own mistakes out of a student's run."""

import functools
import math
import os
import sys
import traceback
from collections.abc import Callable
from types import FrameType
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from autograder import wire

MAX_REMARKS = 50
UNCOUNTED = ("plain", "round", "minimized", "resampled")  # made beside others, in whose order they stand
RESERVE = 1 << 24  # bytes of the wire that passes leave to curves and values
OF_PASSES = 1 << 24  # bytes that curves and values leave to passes


class Recorder:
    """Where an observation was made, its order, and whether we are at work ourselves."""

    def __init__(self) -> None:
        self.pid = 0  # of the child that speaks through it
        self.forget()

    def forget(self) -> None:
        """Nothing of an earlier run is left."""
        self.where = ""
        self.unit = ""  # what the code that runs was compiled as; nothing where its lines are not those of the text
        self.file = ""
        self.is_script = False
        self.order = 0
        self.busy = False
        self.derivatives = 0  # passes and transforms so far
        self.nesting: list[str] = []  # transforms that are running, outermost first
        self.remarks: set[tuple[str, str]] = set()
        self.impostors = 0  # how often somebody else spoke through it

    def begin(self, writer: wire.Writer) -> None:
        """In a child, once a run: nothing is sent before the first."""
        self.writer = writer
        self.pid = os.getpid()

    def send(self, kind: str, **fields: Any) -> None:
        if os.getpid() != self.pid:
            return  # a process that the student forked: two of them would garble the stream
        frame = sys._getframe(1)
        if not _is_ours(frame):
            self.impostors += 1  # told at the end, by our own voice
            return
        self.order += kind not in UNCOUNTED
        self.writer.reserve = RESERVE if kind == "pass" else OF_PASSES
        line = fields.pop("line", None)
        line = self.line_of(frame) if line is None else line
        self.writer.send({"kind": kind, "order": self.order, "where": self.where, "line": line, **fields})

    def let_go(self) -> None:
        """Before the student's code goes on: what it does next may be the last thing that this process does.

        Where a run that is cut short is not used, nothing is hurried.
        """
        if self.writer.patience < math.inf:
            self.flush()

    def flush(self) -> None:
        """Nothing is held back."""
        if os.getpid() == self.pid:
            self.writer.flush()

    def line_of(self, frame: FrameType | None) -> int:
        """The line of the unit that runs, seen from within: that of its innermost frame; 0 if there is none.

        In a function of the same cell it is where something happened; in one of another cell, or of a library, it is
        the call that led there.
        """
        while frame is not None and frame.f_code.co_filename != self.unit:
            frame = frame.f_back
        return sound(frame.f_lineno) if frame is not None and self.unit else 0

    def locate(self) -> None:
        """In a script: the line of the student's file that is running, also in a function that is called at its end."""
        is_here = self.is_script and self.unit == self.file
        if line := self.line_of(sys._getframe()) if is_here else 0:
            self.where = f"{self.file}, line {line}"

    def remark(self, name: str, part: str = "") -> None:
        """By its name: the words are on the other side."""
        if (name, part) not in self.remarks and len(self.remarks) < MAX_REMARKS:
            self.remarks.add((name, part))
            self.send("remark", name=name, part=part)


def sound(line: object) -> int:
    """A line that can be sent; 0 for none, and for what only a student can have made up."""
    return line if isinstance(line, int) and 0 < line <= wire.MAX_LINE else 0


_OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep


def _is_ours(frame: FrameType) -> bool:
    """The line that speaks stands in a file of the worker's, and in one of its modules."""
    name = frame.f_globals.get("__name__", "")
    return frame.f_code.co_filename.startswith(_OURS) and str(name).startswith("autograder.worker")


class Recording(Protocol):
    """Anything with a recorder."""

    recorder: Recorder


S = TypeVar("S", bound=Recording)
P = ParamSpec("P")
R = TypeVar("R")


def guarded(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R | None]:
    """Our own mistakes are ours: they are reported, and never raised into a student's run."""

    @functools.wraps(method)
    def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R | None:
        if self.recorder.busy:
            return None
        self.recorder.busy = True
        try:
            return method(self, *args, **kwargs)
        except (MemoryError, TimeoutError):
            return None  # the student's memory, the student's time
        except Exception:  # noqa: BLE001  see above
            self.recorder.send("fault", text=traceback.format_exc()[-2000:])
            return None
        finally:
            self.recorder.busy = False

    return call


def replace(owner: object, **attributes: Any) -> None:
    """Put our own behind the names of somebody else's module or class."""
    for name, value in attributes.items():
        setattr(owner, name, value)


def said(error: BaseException) -> str:
    try:
        return str(error)
    except BaseException:  # noqa: BLE001  a __str__ of the student's
        return ""
