"""The streams that a person or a program reads: what may be written to them, and what becomes of it."""

import io
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.report import wording


class Failed(Exception):
    """A sentence: why the grader itself could not do what it was asked to."""


def never_fail_on_a_character() -> None:
    """A terminal that has no ✗ shows an escape instead."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@contextmanager
def reader_may_leave() -> Iterator[None]:
    """`| head` closes the pipe. What is left to flush when Python exits then goes nowhere."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def speak_utf8(name: str) -> None:
    """Programs read UTF-8 whatever the locale; people read what their terminal speaks."""
    if name != "text" and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")


def short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def names(paths: Iterable[Path]) -> str:
    return ", ".join(map(str, paths))


def complain_of(lines: Iterable[str]) -> None:
    for line in lines:
        complain(line)


def complain(text: str) -> None:
    print("\n".join(map(wording.clean, text.split("\n"))), file=sys.stderr)
