"""System calls that Python has no name for: prctl, capset, and the three of Landlock.

Landlock's are called through ctypes rather than through a library. They are three calls with a frozen ABI; of the
packages on offer one is a pre-release without network rules, the other a second release of one author whose rules
refuse single files. What stands between strangers' code and other people's grades should be short enough to read.
See landlock(7), prctl(2), capabilities(7).
"""

import ctypes
import os

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38
SECCOMP_MODE_FILTER = 2

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # of Landlock; the same numbers on every architecture
CREATE_RULESET_VERSION = 1
RULE_PATH_BENEATH = 1

READ_FILE, READ_DIR = 1 << 2, 1 << 3
WRITE_FILE, REMOVE_DIR, REMOVE_FILE, MAKE_DIR, MAKE_REG, TRUNCATE = 1 << 1, 1 << 4, 1 << 5, 1 << 7, 1 << 8, 1 << 14
# How many of the bits of handled_access_fs, handled_access_net and scoped each version of the ABI knows.
KNOWN_BITS = {1: (13, 0, 0), 2: (14, 0, 0), 3: (15, 0, 0), 4: (15, 2, 0), 5: (16, 2, 0), 6: (16, 2, 2)}

_libc = ctypes.CDLL(None, use_errno=True)


class _Ruleset(ctypes.Structure):
    _fields_ = [("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64)]


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("access", ctypes.c_uint64), ("folder", ctypes.c_int32)]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def prctl(option: int, argument: int = 0) -> None:
    """One of the PR_SET_… above. Raises OSError."""
    _checked(_libc.prctl(option, ctypes.c_ulong(argument), 0, 0, 0), "prctl")


def drop_capabilities() -> None:
    """All of them, for good."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # version 3, this thread
    _checked(_libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")


def load_filter(program: bytes) -> None:
    """A seccomp filter, as BPF instructions of 8 bytes."""
    code = ctypes.create_string_buffer(program, len(program))
    described = _Program(len(program) // 8, ctypes.cast(code, ctypes.c_void_p))
    _checked(_libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(described), 0, 0), "seccomp")


def landlock_abi() -> int:
    """The version that the running kernel speaks; 0 where Landlock is missing, switched off or forbidden."""
    version: int = _libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), CREATE_RULESET_VERSION)
    return max(version, 0)


def ruleset(abi: int) -> int:
    """A descriptor of an empty set of rules that handles, and so denies, every right this ABI knows."""
    fs, net, scoped = KNOWN_BITS[min(abi, max(KNOWN_BITS))]
    attributes = _Ruleset((1 << fs) - 1, (1 << net) - 1, (1 << scoped) - 1)
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    made: int = _libc.syscall(CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(size), 0)
    return _checked(made, "landlock_create_ruleset")


def allow_beneath(rules: int, folder: int, access: int, abi: int) -> None:
    """Allow `access` to the file or folder behind a descriptor, and to all below it."""
    known = (1 << KNOWN_BITS[min(abi, max(KNOWN_BITS))][0]) - 1
    rule = _PathBeneath(access & known, folder)
    _checked(_libc.syscall(ADD_RULE, rules, RULE_PATH_BENEATH, ctypes.byref(rule), 0), "landlock_add_rule")


def restrict_self(rules: int) -> None:
    """From here on, for this process and all that it starts."""
    _checked(_libc.syscall(RESTRICT_SELF, rules, 0), "landlock_restrict_self")


def _checked(result: int, call: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")
    return result
