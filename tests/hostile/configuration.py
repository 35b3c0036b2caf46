"""Grades the catalogue under a configuration: `python -m tests.hostile.configuration NAME OUT.json`.

Who we are is settled before this starts (see `boxes.py`); here the rung is chosen, and the result written.
"""

import json
import os
import sys
from pathlib import Path

from autograder import ladder
from tests.hostile import table
from tests.hostile.program import Program
from tests.hostile.programs import ALL, GROUPS

NAMES = {  # configuration → the rung that it has to stand on
    "root_landlock": "landlock",
    "root_alone": "root",
    "user_landlock": "landlock",
    "user_bubblewrap": "bubblewrap",
    "docker_root": "landlock",
    "docker_user": "landlock",
}
WHOLE = ("root_landlock",)  # here everything runs
WITHOUT = {"root_alone": {"landlock"}, "user_bubblewrap": {"landlock"}}
DEPENDING = ("processes", "network", "files")  # groups that the locks decide; the rest is the same everywhere
EVERYTHING = "HOSTILE_EVERYWHERE"  # set it, and the whole catalogue runs in every configuration

ALSO = ["loop", "mem_list", "mem_torch", "mem_shared", "recursion", "out_flood", "ch_garbage", "rec_second"]


def programs(name: str) -> list[Program]:
    """Those that are run in a configuration."""
    if name in WHOLE or os.environ.get(EVERYTHING):
        return list(ALL.values())
    return [program for group in DEPENDING for program in GROUPS[group]] + [ALL[id] for id in ALSO]


def main(name: str, target: str) -> None:
    rung = ladder.find(without=WITHOUT.get(name, ()))
    graded = table.grade(rung, [program.id for program in programs(name)])
    Path(target).write_text(json.dumps(graded), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
