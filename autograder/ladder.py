"""How well this machine can hold strangers' code: which rung of the ladder we stand on, and what it cannot do.

Each rung keeps a submission from processes, the network, other people's files and our own; they differ in what they
need. The first that the machine offers is taken:

    landlock     the kernel guards files (Linux 5.13 and newer, also in most containers); no privilege needed
    root         no Landlock, but we are root: each lane gets a user id of its own; nothing can be written
    bubblewrap   neither, but namespaces are allowed: the whole fork server runs in a bubblewrap
    read_only    none of these: nothing can be written or sent, and everything can be read, the answers included

The last is refused unless somebody says so. seccomp is part of all of them. This module only looks; the locks are put
in place by `worker/lockdown.py`, and a first child proves that they hold before any submission runs.
"""

import ctypes
import os
import platform
import pwd
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

FIRST_UID = 61_184  # from here to 65,519 Linux keeps user ids for processes that need one for a while
LAST_UID = 65_519
CONTAINER = 'docker run --rm -v "$PWD:/work" -w /work python:3.11 bash -c'
_LANDLOCK_CREATE_RULESET, _VERSION = 444, 1  # the system call, and the flag by which it only tells its version


class Refused(Exception):
    """Submissions cannot be run safely here: what is missing, and what to do."""


@dataclass(frozen=True, slots=True)
class Rung:
    """What the sandbox is made of on this machine."""

    name: str
    says: str  # for people: what holds, and what does not
    landlock: bool = False
    first_uid: int = 0  # of the user ids that lanes get; 0: they stay who we are
    read_only: bool = False  # no file can be written, its own folder included
    bubblewrap: str = ""  # the program, where the server runs inside one

    @property
    def is_safe(self) -> bool:
        return self.name != "read_only"

    @property
    def guards_files(self) -> bool:
        """Nothing of ours can be read, whatever its permissions."""
        return self.name in ("landlock", "bubblewrap")


def find(*, without: Collection[str] = (), allow_unsafe: bool = False) -> Rung:
    """The first rung that this machine offers, leaving out the names in `without`. Raises Refused."""
    if sys.platform != "linux":
        raise Refused(_not_linux())
    looks: tuple[Callable[[], Rung | None], ...] = (_landlock, _root, _bubblewrap)
    names = ("landlock", "root", "bubblewrap")
    found = (look() for name, look in zip(names, looks, strict=True) if name not in without)
    rung = next(filter(None, found), _READ_ONLY)
    if not rung.is_safe and not allow_unsafe:
        raise Refused(_UNSAFE)
    return rung


_READ_ONLY = Rung(
    "read_only",
    "UNSAFE: submissions cannot write files, start programs or reach the network, but they can read every file that "
    "you can, the answers and other people's work included",
    read_only=True,
)
_UNSAFE = (
    "submissions cannot be held safely here: the kernel has no Landlock (Linux 5.13 or newer, and a container that "
    "allows it), we are not root, and bubblewrap cannot make namespaces. Run it on a newer kernel, as root in a "
    "container, or install bubblewrap; --allow-unsafe grades all the same, and submissions can then read every file "
    "that you can"
)


def _not_linux() -> str:
    system = {"darwin": "macOS", "win32": "Windows"}.get(sys.platform, platform.system() or sys.platform)
    command = f"{CONTAINER} 'pip install -q -e . && python grade.py FOLDER'"
    also = " (or in WSL)" if sys.platform == "win32" else ""
    return f"{system} has no way to lock a submission in; run the grader in a Linux container{also}: {command}"


# ---------------------------------------------------------------------------------- the rungs


def _landlock() -> Rung | None:
    if _landlock_version() < 1:
        return None
    uid = _free_uid()
    own = "a user id of its own, " if uid else ""
    return Rung("landlock", f"Landlock and seccomp: {own}no files but its own folder", landlock=True, first_uid=uid)


def _root() -> Rung | None:
    uid = _free_uid()
    if not uid:
        return None
    says = "seccomp and a user id of its own: no files can be written; what everybody may read can be read"
    return Rung("root", says, first_uid=uid, read_only=True)


def _bubblewrap() -> Rung | None:
    program = shutil.which("bwrap")
    if not program or not _works([program, *BOX, "--ro-bind", "/", "/", "true"]):
        return None
    return Rung("bubblewrap", "bubblewrap and seccomp: no files but its own folder", bubblewrap=program)


BOX = (
    "--unshare-user --unshare-ipc --unshare-pid --unshare-net --unshare-uts --unshare-cgroup-try --die-with-parent "
    "--new-session --cap-drop ALL"
).split()


def _landlock_version() -> int:
    """0 where Landlock is missing, switched off, or forbidden by an outer filter."""
    libc = ctypes.CDLL(None, use_errno=True)
    return max(int(libc.syscall(_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)), 0)


def _works(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=10, check=False).returncode == 0  # noqa: S603  ours
    except (OSError, subprocess.TimeoutExpired):
        return False


# ---------------------------------------------------------------------------------- user ids


def _free_uid() -> int:
    """The first of a stretch of user ids that nobody has, if we may take them and they could still run Python."""
    if os.geteuid() != 0 or not _may_change_identity() or not all(map(_open_to_all, _trees())):
        return 0
    taken = {entry.pw_uid for entry in pwd.getpwall()}
    return 0 if taken & set(range(FIRST_UID, LAST_UID + 1)) or not _is_mapped(FIRST_UID, LAST_UID) else FIRST_UID


def _may_change_identity() -> bool:
    """CAP_SETGID, CAP_SETUID and CAP_CHOWN, of what is in effect."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as status:
        line = next((line for line in status if line.startswith("CapEff:")), "CapEff: 0")
    wanted = 1 << 0 | 1 << 6 | 1 << 7
    return int(line.split()[1], 16) & wanted == wanted


def _is_mapped(first: int, last: int) -> bool:
    """In a user namespace only some ids exist."""
    with open("/proc/self/uid_map", encoding="ascii") as ranges:
        spans = [tuple(map(int, line.split())) for line in ranges]
    return any(inside <= first and last < inside + count for inside, _, count in spans)


def _trees() -> tuple[Path, ...]:
    return tuple(Path(path).resolve() for path in (sys.prefix, sys.base_prefix, os.path.dirname(os.__file__)))


def _open_to_all(path: Path) -> bool:
    """Whether any user may reach and read it: a Python in /root is for root alone."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents)) and bool(
        path.stat().st_mode & stat.S_IROTH
    )
