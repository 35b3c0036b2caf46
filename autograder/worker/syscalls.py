"""Which system calls a submission may make: an allow-list, for libseccomp to turn into one BPF program.

What is not listed answers EPERM, which Python shows as PermissionError. So there is no fork, exec, kill, socket,
ptrace, mount, namespace, io_uring, bpf, keyring, shared memory of System V, changing of identity or of limits.
Without fork a child has no descendants: killing it is killing everything.

Where names alone are too coarse the arguments decide. Changing the mode or the times of a file answers with success
and does nothing: Landlock does not cover it, and what copies a file (shutil.copy) does it in good faith.
"""

import errno
import os
import tempfile

import pyseccomp

READING = """
    read readv pread64 preadv preadv2 lseek close close_range dup dup2 dup3
    stat fstat lstat newfstatat statx statfs fstatfs access faccessat faccessat2 readlink readlinkat
    getcwd chdir fchdir getdents getdents64 fadvise64 flock umask
""".split()
WRITING = "write writev pwrite64 pwritev pwritev2 ftruncate fsync fdatasync fallocate sendfile copy_file_range".split()
CHANGING = "mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2".split()
MEMORY = "mmap munmap mremap mprotect madvise brk msync mincore membarrier".split()
WAITING = """
    pipe pipe2 poll ppoll select pselect6 epoll_create1 epoll_ctl epoll_wait epoll_pwait eventfd2
    futex futex_waitv set_robust_list get_robust_list set_tid_address rseq
    nanosleep clock_nanosleep pause restart_syscall wait4 waitid recvfrom
""".split()
SIGNALS = """
    rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigsuspend sigaltstack
    alarm setitimer getitimer
""".split()
FACTS = """
    clock_gettime clock_getres gettimeofday time times sched_yield sched_getaffinity sched_getparam
    sched_getscheduler sched_get_priority_max sched_get_priority_min getcpu arch_prctl
    getpid gettid getppid getuid geteuid getgid getegid getresuid getresgid getgroups getpgrp getpgid getsid
    getrusage getrlimit sysinfo uname getrandom getpriority exit exit_group
""".split()
PRETENDED = "chmod fchmod fchmodat utime utimes utimensat futimesat".split()

CLONE_THREAD, CLONE_NAMESPACES = 0x00010000, 0x7E020080
MADE_OR_CHANGED = os.O_ACCMODE | os.O_CREAT | os.O_TRUNC | os.O_APPEND
FCNTL = (0, 1, 2, 3, 4, 5, 6, 7, 1030, 1032)  # dup, flags, locks, dup with close-on-exec, the size of a pipe
IOCTL = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # is it a terminal, its size; bytes waiting; (non)blocking
PRCTL = (3, 15, 16, 21, 39, 0x53564D41)  # read dumpable, seccomp, no_new_privs; names of threads and mappings
WHOLE = 0xFFFFFFFF


def program(*, read_only: bool, guards_truncation: bool) -> bytes:
    """The filter as BPF code; other architectures' calls are killed.

    `read_only` opens no file for writing, for where nothing else guards files. Landlock guards truncation only from its
    third version on: without it, a file may be cut only through a descriptor that is open for writing.
    """
    rules = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.EPERM))
    for name in [*READING, *WRITING, *MEMORY, *WAITING, *SIGNALS, *FACTS]:
        _allow(rules, name)
    _add_opening(rules, read_only, guards_truncation)
    _add_arguments(rules)
    for name in PRETENDED:
        _rule(rules, pyseccomp.ERRNO(0), name)
    _rule(rules, pyseccomp.ERRNO(errno.ENOSYS), "clone3")  # the C library falls back to clone, whose flags can be read
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def _add_opening(rules: pyseccomp.SyscallFilter, read_only: bool, guards_truncation: bool) -> None:
    for name, flags in (("open", 1), ("openat", 2)):
        if read_only:
            _allow(rules, name, pyseccomp.Arg(flags, pyseccomp.MASKED_EQ, MADE_OR_CHANGED, 0))
        elif guards_truncation:
            _allow(rules, name)
        else:
            _allow(rules, name, pyseccomp.Arg(flags, pyseccomp.MASKED_EQ, os.O_TRUNC, 0))
            for mode in (os.O_WRONLY, os.O_RDWR):
                _allow(rules, name, pyseccomp.Arg(flags, pyseccomp.MASKED_EQ, os.O_ACCMODE, mode))
    for name in [] if read_only else [*CHANGING, *(["truncate"] if guards_truncation else [])]:
        _allow(rules, name)


def _add_arguments(rules: pyseccomp.SyscallFilter) -> None:
    masked, equal, argument = pyseccomp.MASKED_EQ, pyseccomp.EQ, pyseccomp.Arg
    _allow(rules, "clone", argument(0, masked, CLONE_THREAD | CLONE_NAMESPACES, CLONE_THREAD))  # threads only
    _allow(rules, "prlimit64", argument(0, equal, 0), argument(2, equal, 0))  # its own limits, to read
    # asyncio's pipe to itself: a stream, since the ends of a datagram pair could be aimed elsewhere
    _allow(rules, "socketpair", argument(0, equal, 1), argument(1, masked, 0xF, 1))
    _allow(rules, "sendto", argument(4, equal, 0))  # without an address
    for name, place, numbers in (("prctl", 0, PRCTL), ("ioctl", 1, IOCTL), ("fcntl", 1, FCNTL)):
        for number in numbers:
            _allow(rules, name, argument(place, masked, WHOLE, number))


def _allow(rules: pyseccomp.SyscallFilter, name: str, *arguments: pyseccomp.Arg) -> None:
    _rule(rules, pyseccomp.ALLOW, name, *arguments)


def _rule(rules: pyseccomp.SyscallFilter, action: int, name: str, *arguments: pyseccomp.Arg) -> None:
    """A name that this architecture or this libseccomp does not know is a call that is refused anyway."""
    try:
        rules.add_rule(action, name, *arguments)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EDOM):
            raise
