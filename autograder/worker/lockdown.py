"""What a freshly forked child does to itself before the student's first line.

Theory of operation. The fork server prepares a `Lock` once: the seccomp program, descriptors of what may be read, and
its own size, to which limits are relative. Each child goes through STEPS, one after another. The order matters: what
a later step forbids, an earlier one still needs; seccomp is last. A step that fails raises `Unlocked`, and the child
ends before it has seen a byte of the submission: it fails closed.

No step needs a privilege. A server that is root gives each lane a user id of its own on top. What holds on which rung
of the ladder is told in SECURITY.md; `autograder/ladder.py` finds the rung.
"""

import contextlib
import fcntl
import os
import resource
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass

from autograder.worker import kernel, syscalls

STREAM = 3  # the descriptor of the child's one socket; 0, 1 and 2 lead nowhere
FIRST_OF_OURS = 100  # descriptors of the lock, out of the way of the child's
MOST_DESCRIPTORS = 64
MOST_THREADS = 64  # where the child has a user id of its own; elsewhere the limit would count other people's
FILE_BYTES = 16 * 2**20  # one file
SLACK = 192 * 2**20  # address space that is reserved and never used
READ_ONLY_TREES = (
    "/usr/lib",
    "/usr/local/lib",
    "/lib",
    "/lib64",
    "/usr/share/fonts",
    "/usr/share/zoneinfo",
    "/sys/devices/system/cpu",
)
READ_ONLY_FILES = (
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/dev/urandom",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
)
OWN_FOLDER = (
    kernel.READ_FILE | kernel.READ_DIR | kernel.WRITE_FILE | kernel.TRUNCATE | kernel.MAKE_REG | kernel.MAKE_DIR
)
OWN_FOLDER |= kernel.REMOVE_FILE | kernel.REMOVE_DIR


class Unlocked(Exception):
    """A step did not work; which one is told by the exit status, for by then there is nobody left to write to."""

    def __init__(self, step: int) -> None:
        super().__init__(STEPS[step].__name__)
        self.step = step


@dataclass(frozen=True)
class Lock:
    """What all children have in common, made once by the fork server."""

    landlock: int  # version of its ABI, or 0
    program: bytes  # of seccomp
    readable: tuple[tuple[int, int], ...]  # (descriptor, rights)
    address_space: int  # bytes that the server itself has mapped
    data: int


@dataclass(frozen=True)
class Cell:
    """What one child is given."""

    stream: int  # descriptor of its socket
    folder: str  # the only place that it may write to
    uid: int  # 0: it stays who it is
    memory_mib: int  # on top of what the server holds
    seconds: float  # of processor time
    parent: int  # process id of its lane


def prepare(*, landlock: bool, read_only: bool) -> Lock:
    """In the fork server, before the first fork."""
    abi = kernel.landlock_abi() if landlock else 0
    if landlock and not abi:
        raise OSError("Landlock was there when the grader started, and is not here")
    sizes = _sizes()
    if abi:
        os.close(kernel.ruleset(abi))  # the first call costs milliseconds, which no child should pay
    return Lock(
        landlock=abi,
        program=syscalls.program(read_only=read_only, guards_truncation=abi >= 3),
        readable=tuple((_held(path), rights) for path, rights in _readable()) if abi else (),
        address_space=sizes["VmSize"],
        data=sizes["VmData"],
    )


def lock(lock: Lock, cell: Cell) -> None:
    """Every step, in order. Raises Unlocked at the first that fails."""
    for number, step in enumerate(STEPS):
        try:
            step(lock, cell)
        except Exception as error:
            raise Unlocked(number) from error


# ---------------------------------------------------------------------------------- the steps


def own_session(lock: Lock, cell: Cell) -> None:
    """A signal to its group reaches nobody else, and no terminal is its own."""
    os.setsid()


def first_to_go(lock: Lock, cell: Cell) -> None:
    """When the machine runs out of memory, this process ends and not the server."""
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # or our own entries in /proc would be root's
    score = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
    try:
        os.write(score, b"1000")
    finally:
        os.close(score)


def own_descriptors(lock: Lock, cell: Cell) -> None:
    """Nothing of ours but the stream, and what the next steps need."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.dup2(cell.stream, STREAM)
    os.closerange(STREAM + 1, FIRST_OF_OURS)
    os.closerange(FIRST_OF_OURS + len(lock.readable), 1 << 20)


def own_identity(lock: Lock, cell: Cell) -> None:
    """A user id that owns nothing, where we may choose."""
    os.chdir(cell.folder)
    os.umask(0o077)
    if cell.uid:
        os.setgroups([])
        os.setresgid(cell.uid, cell.uid, cell.uid)
        os.setresuid(cell.uid, cell.uid, cell.uid)


def no_capabilities(lock: Lock, cell: Cell) -> None:
    """Also of a root that has to stay root."""
    kernel.drop_capabilities()


def ends_with_its_lane(lock: Lock, cell: Cell) -> None:
    """Killed when its lane dies; a change of identity would have cleared this."""
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != cell.parent:
        raise OSError("the lane is gone")


def not_dumpable(lock: Lock, cell: Cell) -> None:
    """No neighbour with the same identity may trace it or read its memory."""
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)


def limits(lock: Lock, cell: Cell) -> None:
    """Memory relative to the server's own; processor time; files; no dumps."""
    memory, seconds = cell.memory_mib * 2**20, int(cell.seconds) + 1
    _limit(resource.RLIMIT_AS, lock.address_space + memory + SLACK)
    _limit(resource.RLIMIT_DATA, lock.data + memory)
    _limit(resource.RLIMIT_STACK, 8 * 2**20)
    _limit(resource.RLIMIT_CPU, seconds, seconds + 1)  # the second: for a program that ignores the first
    _limit(resource.RLIMIT_FSIZE, FILE_BYTES)
    for kind in (resource.RLIMIT_CORE, resource.RLIMIT_MEMLOCK, resource.RLIMIT_MSGQUEUE):
        _limit(kind, 0)
    _limit(resource.RLIMIT_SIGPENDING, 256)
    if cell.uid:
        _limit(resource.RLIMIT_NPROC, MOST_THREADS)


def no_new_privileges(lock: Lock, cell: Cell) -> None:
    """For good; without it neither Landlock nor seccomp could be set by a process without capabilities."""
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)


def own_files(lock: Lock, cell: Cell) -> None:
    """Landlock: Python, its packages and the system's libraries to read; its own folder; nothing else, ever."""
    if lock.landlock:
        rules = kernel.ruleset(lock.landlock)
        folder = os.open(cell.folder, os.O_PATH | os.O_CLOEXEC)
        for descriptor, rights in (*lock.readable, (folder, OWN_FOLDER)):
            kernel.allow_beneath(rules, descriptor, rights, lock.landlock)
        kernel.restrict_self(rules)
    os.closerange(STREAM + 1, 1 << 20)
    _limit(resource.RLIMIT_NOFILE, MOST_DESCRIPTORS)


def own_system_calls(lock: Lock, cell: Cell) -> None:
    """seccomp, last: it takes away what all the steps before have used."""
    kernel.load_filter(lock.program)


STEPS: tuple[Callable[[Lock, Cell], None], ...] = (
    own_session,
    first_to_go,
    own_descriptors,
    own_identity,
    no_capabilities,
    ends_with_its_lane,
    not_dumpable,
    limits,
    no_new_privileges,
    own_files,
    own_system_calls,
)


# ---------------------------------------------------------------------------------- what they need


def _limit(kind: int, soft: int, hard: int | None = None) -> None:
    """Never above what the process itself is held to."""
    _, most = resource.getrlimit(kind)
    hard = soft if hard is None else hard
    if most != resource.RLIM_INFINITY:
        soft, hard = min(soft, most), min(hard, most)
    resource.setrlimit(kind, (soft, hard))


def _sizes() -> dict[str, int]:
    """What the kernel says of this process's memory, in bytes."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as status:
        lines = (line.partition(":") for line in status if line.startswith("Vm"))
        return {name: int(value.split()[0]) * 1024 for name, _, value in lines}


def _held(path: str) -> int:
    low = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        return fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, FIRST_OF_OURS)
    finally:
        os.close(low)


def _readable() -> list[tuple[str, int]]:
    """(path, rights): Python, packages, libraries, fonts; never the folder that our checks and exercises are in."""
    tree = kernel.READ_FILE | kernel.READ_DIR
    trees = [path for root in (*python_trees(), *READ_ONLY_TREES) for path in without(os.path.realpath(root), ours())]
    found = [(path, tree if os.path.isdir(path) else kernel.READ_FILE) for path in dict.fromkeys(trees)]
    found += [(path, kernel.READ_FILE) for path in READ_ONLY_FILES]
    found.append((os.devnull, kernel.READ_FILE | kernel.WRITE_FILE))
    return [(path, rights) for path, rights in found if os.path.exists(path)]


def python_trees() -> list[str]:
    """Where this Python and its packages are."""
    packages = [path for path in sys.path if os.path.basename(path) in ("site-packages", "dist-packages")]
    return [sys.prefix, sys.base_prefix, os.path.dirname(os.__file__), *packages]


def ours() -> list[str]:
    """The packages whose files are none of the student's business, wherever they are installed."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return [os.path.join(os.path.realpath(root), name) for name in ("autograder", "graders", "exercises")]


def without(tree: str, kept_out: list[str]) -> list[str]:
    """`tree`, or, if something to keep out lies in it, what lies around that."""
    inside = [path for path in kept_out if path == tree or path.startswith(f"{tree}{os.sep}")]
    if not inside:
        return [tree]
    if tree in inside:
        return []
    with contextlib.suppress(OSError):
        children = [os.path.join(tree, name) for name in sorted(os.listdir(tree))]
        return [path for child in children for path in without(child, inside) if not os.path.islink(child)]
    return []
