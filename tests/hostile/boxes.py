"""The commands that start a configuration: as whom, with which capabilities, under which filter."""

import os
import shutil
import stat
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
USER = 1000  # an ordinary one; nothing of ours belongs to it
NO_PRIVILEGE = f"setpriv --reuid={USER} --regid={USER} --clear-groups --inh-caps=-all --bounding-set=-all".split()
IN_CONTAINER = ("-m", "tests.hostile.container")


def command(name: str, target: Path) -> list[str]:
    """What to start, from the outermost to the innermost."""
    grading = [sys.executable, "-m", "tests.hostile.configuration", name, str(target)]
    around = {
        "root_alone": [],
        "user_landlock": NO_PRIVILEGE,
        "user_bubblewrap": NO_PRIVILEGE,
        "docker_root": [sys.executable, *IN_CONTAINER, "root", "--"],
        "docker_user": [sys.executable, *IN_CONTAINER, str(USER), "--"],
    }
    return [*_opened(), *around[name], *grading]


def missing(name: str) -> str:
    """Why a configuration cannot be had here; nothing if it can."""
    if os.geteuid() != 0:
        return "only root can become somebody else"
    tools = {"bwrap": name == "user_bubblewrap" or bool(_opened()), "setpriv": name.startswith("user_")}
    without = [tool for tool, needed in tools.items() if needed and not shutil.which(tool)]
    return f"{' and '.join(without)} not installed" if without else ""


def _opened() -> list[str]:
    """Where Python is behind a folder that only root may enter: a view of the machine in which everybody may."""
    python = Path(sys.base_prefix).resolve()
    closed = next((folder for folder in reversed(python.parents) if not folder.stat().st_mode & stat.S_IXOTH), None)
    if closed is None:
        return []
    needed = str(closed / python.relative_to(closed).parts[0])
    held = ["--dev-bind", "/", "/", "--tmpfs", str(closed), "--ro-bind", needed, needed]
    return ["bwrap", "--cap-add", "ALL", *held, "--"]
