"""Loads a filter of `syscalls.program` and tries calls on a folder: `python refused_calls.py READ_ONLY GUARDED FOLDER`.

Writes one JSON object: call → nothing if it went through, else the name of the error.
"""

import errno
import json
import os
import sys
from collections.abc import Callable

from autograder.worker import kernel, syscalls


def main(read_only: str, guarded: str, folder: str) -> None:
    os.chdir(folder)
    cut = os.open("cut.txt", os.O_RDWR)
    program = syscalls.program(read_only=bool(int(read_only)), guards_truncation=bool(int(guarded)))
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.load_filter(program)
    calls: dict[str, Callable[[], object]] = {
        "read": lambda: os.open("kept.txt", os.O_RDONLY),
        "list": lambda: os.listdir("."),
        "cut while opened to read": lambda: os.open("kept.txt", os.O_RDONLY | os.O_TRUNC),
        "cut by name": lambda: os.truncate("kept.txt", 0),
        "chmod": lambda: os.chmod("kept.txt", 0o777),  # noqa: S103  does nothing
        "utime": lambda: os.utime("kept.txt", (1, 1)),
        "append": lambda: os.open("kept.txt", os.O_WRONLY | os.O_APPEND),
        "create": lambda: os.open("new.txt", os.O_WRONLY | os.O_CREAT),
        "cut while opened to write": lambda: os.open("cut.txt", os.O_WRONLY | os.O_TRUNC),
        "cut an open file": lambda: os.ftruncate(cut, 0),
        "make a folder": lambda: os.mkdir("new"),
        "rename": lambda: os.rename("moved.txt", "away.txt"),
        "unlink": lambda: os.unlink("gone.txt"),
        "link": lambda: os.symlink("kept.txt", "link"),
        "fork": os.fork,
    }
    json.dump({name: _error_of(call) for name, call in calls.items()}, sys.stdout)


def _error_of(call: Callable[[], object]) -> str:
    try:
        call()
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return ""


if __name__ == "__main__":
    main(*sys.argv[1:])
