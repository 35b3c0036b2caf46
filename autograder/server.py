"""The fork server as a process: the command that starts it, its clean environment, and the box around it."""

import os
import sys
from pathlib import Path

from autograder.ladder import BOX, Rung

KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TZ", "VIRTUAL_ENV")
ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "MALLOC_ARENA_MAX",
)
PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE.parent
NEEDED_IN_THE_BOX = ("__init__.py", "wire.py", "worker")  # of our package: what runs beside a student's code
SYSTEM = "/usr /lib /lib64 /bin /sbin /etc/ld.so.cache /etc/localtime /sys/devices/system/cpu".split()


def command(rung: Rung, descriptor: int, folder: Path) -> list[str]:
    """What to start. `descriptor` is its end of the control socket, `folder` holds the lanes' folders."""
    settings = [str(descriptor), str(int(rung.landlock)), str(int(rung.read_only))]
    server = [sys.executable, "-m", "autograder.worker", *settings]
    return [*_box(rung.bubblewrap, folder), *server] if rung.bubblewrap else server


def _box(bubblewrap: str, folder: Path) -> list[str]:
    """A file system with Python, its packages, the system's libraries and the lanes' folders, and nothing else."""
    python = [sys.prefix, sys.base_prefix, os.path.dirname(os.__file__), *_packages()]
    ours = [str(PACKAGE / name) for name in NEEDED_IN_THE_BOX]
    readable = [path for path in dict.fromkeys([*SYSTEM, *python, *ours]) if os.path.exists(path)]
    seen = [argument for path in readable for argument in ("--ro-bind", path, path)]
    special = ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]  # noqa: S108  the box's own
    return [bubblewrap, *BOX, *special, *seen, "--bind", str(folder), str(folder), "--chdir", "/"]


def _packages() -> list[str]:
    return [path for path in sys.path if os.path.basename(path) in ("site-packages", "dist-packages")]


def environment(folder: Path) -> dict[str, str]:
    """From an allow-list: no token of the caller's reaches a student's code."""
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    fixed = {
        "TMPDIR": str(folder),  # what torch caches is removed with it
        "PYTHONPATH": str(ROOT),
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONSAFEPATH": "1",
        "PYTHONUTF8": "1",
        "PYTHONMALLOC": "malloc",  # with the next line: the heap in huge pages, so that fork copies fewer page tables
        "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
        "MPLBACKEND": "agg",
        "CUDA_VISIBLE_DEVICES": "",
    }
    return {**kept, **dict.fromkeys(ONE_THREAD, "1"), **fixed}
