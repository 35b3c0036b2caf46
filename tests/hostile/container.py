"""Runs a command as Docker would: `python -m tests.hostile.container root|UID -- COMMAND …`.

With the 14 capabilities that Docker leaves to root, or as an ordinary user with none and no new privileges; in both
cases behind Docker's default seccomp profile. The facts are those of moby's profiles/seccomp/default.json of 2026, for
x86-64 and aarch64 and a kernel of 4.8 or newer; of its groups for single capabilities only those hold that belong to
one of the 14.
"""

import ctypes
import errno
import os
import sys

import pyseccomp

CAPABILITIES = (0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31)  # CHOWN … NET_BIND_SERVICE … SETFCAP
LAST_CAPABILITY = 63
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38
CLONE_NAMESPACES = 0x7E020000
FAMILIES = (13, 14, 15, 16, 17, 18, 21, 22, 24, 26, 27, 28, 29, 30, 31, 32, 33, 35, 36, 39, 41, 42, 43, 44, 45)
PERSONALITIES = (0, 8, 0x20000, 0x20008, 0xFFFFFFFF)

FILES = """
    access cachestat chdir chmod chown chown32 close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2
    fadvise64 fadvise64_64 fallocate fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl
    fcntl64 fdatasync fgetxattr flistxattr flock fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 fsync
    ftruncate ftruncate64 futimesat getcwd getdents getdents64 getxattr getxattrat inotify_add_watch inotify_init
    inotify_init1 inotify_rm_watch ioctl lchown lchown32 lgetxattr link linkat listmount listxattr listxattrat
    llistxattr _llseek lremovexattr lseek lsetxattr lstat lstat64 mkdir mkdirat mknod mknodat name_to_handle_at newfstatat
    open openat openat2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv
    removexattr removexattrat rename renameat renameat2 rmdir sendfile sendfile64 setxattr setxattrat splice stat stat64
    statfs statfs64 statmount statx symlink symlinkat sync sync_file_range syncfs tee truncate truncate64 umask unlink
    unlinkat utime utimensat utimensat_time64 utimes vmsplice write writev chroot
""".split()
MEMORY = """
    brk madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mlock mlock2 mlockall mmap mmap2 mprotect
    mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect process_mrelease remap_file_pages
    process_vm_readv process_vm_writev
""".split()
PROCESSES = """
    arch_prctl capget capset execve execveat exit exit_group fork get_robust_list get_thread_area getegid getegid32
    geteuid geteuid32 getgid getgid32 getgroups getgroups32 getpgid getpgrp getpid getppid getpriority getresgid
    getresgid32 getresuid getresuid32 getrlimit getrusage getsid gettid getuid getuid32 ioprio_get ioprio_set kill
    modify_ldt pause pidfd_open pidfd_send_signal prctl prlimit64 ptrace restart_syscall rseq rt_sigaction rt_sigpending
    rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo
    sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler
    sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam sched_setscheduler
    sched_yield seccomp set_robust_list set_thread_area set_tid_address setfsgid setfsgid32 setfsuid setfsuid32 setgid
    setgid32 setgroups setgroups32 setpgid setpriority setregid setregid32 setresgid setresgid32 setresuid setresuid32
    setreuid setreuid32 setrlimit setsid setuid setuid32 sigaltstack signalfd signalfd4 sigprocmask sigreturn tgkill
    tkill ugetrlimit uretprobe vfork wait4 waitid waitpid landlock_add_rule landlock_create_ruleset
    landlock_restrict_self
""".split()
WAITING = """
    epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2
    futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake io_cancel io_destroy io_getevents io_pgetevents
    io_pgetevents_time64 io_setup io_submit _newselect pipe pipe2 poll ppoll ppoll_time64 pselect6 pselect6_time64 select
""".split()
TALKING = """
    accept accept4 bind connect getpeername getsockname getsockopt ipc listen mq_getsetattr mq_notify mq_open
    mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink msgctl msgget msgrcv msgsnd recv
    recvfrom recvmmsg recvmmsg_time64 recvmsg semctl semget semop semtimedop semtimedop_time64 send sendmmsg sendmsg
    sendto setsockopt shmat shmctl shmdt shmget shutdown socketcall socketpair
""".split()
CLOCKS = """
    adjtimex alarm clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64
    clock_nanosleep clock_nanosleep_time64 getcpu getitimer getrandom gettimeofday nanosleep setitimer sysinfo time
    timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64
    timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times uname
""".split()


def main() -> None:
    who, _, *command = sys.argv[1:]
    if who == "root":
        keep_capabilities(CAPABILITIES)
    else:
        keep_capabilities((6, 7))  # to change identity, which takes the rest away
        become(int(who))
        _prctl(PR_SET_NO_NEW_PRIVS, 1)
    profile(chroot=who == "root").load()
    os.execvp(command[0], command)  # noqa: S606  what we were asked to start


def keep_capabilities(kept: tuple[int, ...]) -> None:
    """Of the bounding set, the permitted, the effective and the inheritable ones."""
    for capability in range(LAST_CAPABILITY + 1):
        if capability not in kept:
            ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)  # fails for numbers that nobody has
    mask = sum(1 << capability for capability in kept)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    sets = (ctypes.c_uint32 * 6)(mask & 0xFFFFFFFF, mask & 0xFFFFFFFF, 0, mask >> 32, mask >> 32, 0)
    if ctypes.CDLL(None, use_errno=True).capset(header, sets):
        raise OSError(ctypes.get_errno(), "capset")


def become(uid: int) -> None:
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def profile(*, chroot: bool) -> pyseccomp.SyscallFilter:
    """Docker's default; without CAP_SYS_ADMIN no namespaces, and clone3 is unknown, for its flags cannot be read."""
    rules = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.EPERM))
    rules.set_attr(pyseccomp.Attr.CTL_NNP, 0)  # root keeps what it has; for a user it is set already
    for name in (*FILES, *MEMORY, *PROCESSES, *WAITING, *TALKING, *CLOCKS):
        if name != "chroot" or chroot:
            _allow(rules, name)
    _allow(rules, "socket", pyseccomp.Arg(0, pyseccomp.LT, 12))
    for family in FAMILIES:
        _allow(rules, "socket", pyseccomp.Arg(0, pyseccomp.EQ, family))
    for personality in PERSONALITIES:
        _allow(rules, "personality", pyseccomp.Arg(0, pyseccomp.EQ, personality))
    _allow(rules, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, CLONE_NAMESPACES, 0))
    _rule(rules, pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    return rules


def _allow(rules: pyseccomp.SyscallFilter, name: str, *arguments: pyseccomp.Arg) -> None:
    _rule(rules, pyseccomp.ALLOW, name, *arguments)


def _rule(rules: pyseccomp.SyscallFilter, action: int, name: str, *arguments: pyseccomp.Arg) -> None:
    """Names that this libseccomp or this architecture does not know are refused anyway."""
    try:
        rules.add_rule(action, name, *arguments)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EDOM):
            raise


def _prctl(option: int, argument: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, argument, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    main()
