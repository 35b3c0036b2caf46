"""The fork server as a process: the command that starts it, its clean environment, and the box around it."""

import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.ladder import BOX, Rung
from autograder.model import Submission

KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TZ", "VIRTUAL_ENV")
ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "MALLOC_ARENA_MAX",
)
FEW = 8  # submissions, for which the server imports no more than they mention, and does not rehearse
OFTEN = 10  # rehearsals: Python 3.11 specialises a function at its eighth call, later ones at the second
_TRANSFORMS = r"func|vmap|jac|hess|[jv]vp|optim|Adam|SGD|checkpoint|compile|dynamo|forward_ad|dual"
OPTIONAL = {  # what torch or a submission imports late: a second or more for each child, unless the server has it
    "torch._dynamo": _TRANSFORMS,
    "torch._decomp.decompositions_for_jvp": _TRANSFORMS,
    "torch._subclasses.schema_check_mode": _TRANSFORMS,
    "torch.fx.experimental.symbolic_shapes": _TRANSFORMS,
    "scipy": r"\bscipy\b",
    "pandas": r"\bpandas\b",
    "seaborn": r"\bseaborn\b",
    "tqdm.auto": r"\btqdm\b",
    "mpl_toolkits.mplot3d": r"3d",
    "nbformat": r"\bnbformat\b",
}
PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE.parent
NEEDED_IN_THE_BOX = ("__init__.py", "wire.py", "worker")  # of our package: what runs beside a student's code
SYSTEM = "/usr /lib /lib64 /bin /sbin /etc/ld.so.cache /etc/localtime /sys/devices/system/cpu".split()


@dataclass(frozen=True, slots=True)
class Warmth:
    """How far a server prepares itself before it serves."""

    modules: tuple[str, ...] = tuple(OPTIONAL)  # that it imports beside what everybody needs
    rehearsals: int = OFTEN  # how often it plays a homework of ours (see `worker/rehearsal.py`)


FOR_A_CLASS = Warmth()


def warmth_for(submissions: Sequence[Submission]) -> Warmth:
    """All that there is for a class; for a few what they mention, since preparing takes longer than it saves."""
    if len(submissions) > FEW:
        return FOR_A_CLASS
    code = "\n".join(u.text for s in submissions for f in s.files for u in f.units if u.kind != "markdown")
    return Warmth(tuple(module for module, mentioned in OPTIONAL.items() if re.search(mentioned, code)), rehearsals=0)


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
    special = ["--proc", "/proc", "--dev", "/dev"]
    closed = ["--remount-ro", "/dev", "--remount-ro", "/"]  # all that is there in memory only, and for all submissions
    return [bubblewrap, *BOX, *special, *seen, "--bind", str(folder), str(folder), *closed, "--chdir", "/"]


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
