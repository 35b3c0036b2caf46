"""Attacks through processes, signals and raw system calls."""

from tests.hostile.program import (
    AGAIN,
    ENDED,
    LATE,
    PROCESSES,
    PROGRAMS,
    SIGNAL,
    SYSTEM,
    ended,
    endless,
    raw,
    row,
)

ENDS = (
    ended("exit0", "os._exit(0) half way, in the hope that no error is a pass", "import os\nos._exit(0)", AGAIN),
    ended("exit0_told", "the same: the instructor reads of it", "import os\nos._exit(0)", ENDED, instructor=ENDED),
    row(
        "sysexit",
        "sys.exit() at the end of a script",
        "",
        "stopped with SystemExit",
        after="import sys\nsys.exit(0)",
    ),
    row("kbdint", "raises KeyboardInterrupt to stop the runner", "raise KeyboardInterrupt", "KeyboardInterrupt"),
    row("generator_exit", "raises GeneratorExit", "raise GeneratorExit('x')", "stopped with GeneratorExit"),
    ended("segfault", "a null pointer through ctypes", "import ctypes\nctypes.string_at(0)", SIGNAL),
    ended("abort", "os.abort()", "import os\nos.abort()", SIGNAL),
    row("atexit", "a handler at exit that would write a better answer",
        "import atexit, os\natexit.register(lambda: os.write(3, b'x' * 100))", silent=True),
    row("thread_exit", "sys.exit in a thread",
        "import threading, sys\nt = threading.Thread(target=sys.exit)\nt.start(); t.join()", silent=True),
    row("thread_raises", "an exception in a thread",
        "import threading\nt = threading.Thread(target=lambda: 1 / 0)\nt.start(); t.join()", silent=True),
    ended("exit_in_thread", "os._exit in a thread, a moment later",
          "import threading, os, time\nif threading.Timer(0.02, os._exit, (0,)).start() is None: time.sleep(0.5)"),
    ended("exit_in_repr", "os._exit when its value is printed",
          "import os\nclass R:\n    def __repr__(self): os._exit(0)\nprint(R())"),
    ended("exit_in_del", "os._exit when an object is collected",
          "import os\nclass D:\n    def __del__(self): os._exit(3)\no = D()\ndel o", "exit status 3"),
    ended("exit_98", "the exit status by which a child says that it could not be set up",
          "import os\nos._exit(98)", "exit status 98"),
    ended("exit_104", "the exit status of a step of the lock that failed", "import os\nos._exit(104)",
          "exit status 104"),
)  # fmt: skip

SIGNALS = (
    row("kill_parent", "a signal to its lane", "import os\nos.kill(os.getppid(), 0)", SYSTEM,
        instructor="tried to send a signal"),
    row("kill_all", "a signal to everybody", "import os\nos.kill(-1, 0)", SYSTEM, instructor="tried to send a signal"),
    row("killpg", "a signal to its group", "import os\nos.killpg(0, 0)", SYSTEM),
    row("stop_self", "stops itself, to hang the grader", "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
        SYSTEM, instructor="tried to send a signal"),
    row("raise_signal", "signal.raise_signal", "import signal\nsignal.raise_signal(signal.SIGKILL)", SYSTEM),
    row("pthread_kill", "a signal to its own thread",
        "import signal, threading\nsignal.pthread_kill(threading.get_ident(), signal.SIGTERM)", SYSTEM),
    endless("ignore_signals", "ignores SIGTERM and SIGXCPU, then spins",
            "import signal\nfor number in (1, 2, 15, 24):\n    signal.signal(number, signal.SIG_IGN)\nwhile True: pass"),
    ended("sub_signal", "a handler of SIGALRM that ends the process",
          "import signal, os, time\ndef later():\n    signal.signal(signal.SIGALRM, lambda *_: os._exit(0))\n"
          "    signal.setitimer(signal.ITIMER_REAL, 0.01); time.sleep(0.3)\nlater()"),
    row("alarm_taken", "its own handler of SIGALRM, which the limit of our calls uses",
        "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nsignal.signal = lambda *_: None", silent=True),
    row("sigprocmask", "blocks every signal", "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))",
        silent=True),
    row("sigsegv_handler", "handles its own faults",
        "import signal, faulthandler\nsignal.signal(signal.SIGSEGV, lambda *_: None)", silent=True),
)  # fmt: skip

STARTS = (
    row("fork", "starts processes", "import os\nfor _ in range(3):\n    if os.fork() == 0: os._exit(0)", PROCESSES),
    raw("vfork", "raw vfork", "raw(58)"),
    raw("clone_fork", "raw clone that is a fork", "raw(56, 17, 0, 0, 0, 0)"),
    raw("clone_both", "raw clone of a thread in a new namespace", "raw(56, 0x10010000, 0, 0, 0, 0)"),
    raw("clone3", "raw clone3", "raw(435, 0, 0)", "Function not implemented"),
    row("daemon", "setsid, to leave its group", "import os\nos.setsid()", SYSTEM),
    row("subprocess", "a shell command", "import subprocess\nprint(subprocess.check_output(['true']))", PROGRAMS),
    row("os_system", "os.system", "import os\nos.system('true')", PROGRAMS),
    row("posix_spawn", "posix_spawn, which is a vfork and an exec",
        "import os\nos.posix_spawn('/bin/true', ['true'], {})", PROGRAMS),
    row("pty", "a terminal of its own", "import pty\npty.fork()", (SYSTEM, PROCESSES, "stopped with")),
    row("multiprocessing", "a pool of processes",
        "import multiprocessing\nmultiprocessing.Process(target=print).start()", PROCESSES),
    row("pool", "an executor of processes",
        "from concurrent.futures import ProcessPoolExecutor\nprint(ProcessPoolExecutor(2).submit(abs, 1).result())",
        PROCESSES),
    row("exec", "execve", "import os\nos.execv('/bin/true', ['true'])", PROGRAMS),
    row("memfd_exec", "a program in memory", "import os\nos.memfd_create('x')", SYSTEM),
)  # fmt: skip

THREADS = (
    row("thread_left", "a thread that never ends",
        "import threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()", silent=True),
    endless("thread_spin", "threads that take all time",
            "import threading, time\ndef spin():\n    while True: pass\nfor _ in range(3):\n"
            "    threading.Thread(target=spin, daemon=True).start()\ntime.sleep(600)"),
    row("thread_bomb", "threads without end",
        "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(600,), daemon=True).start()",
        ("can't start new thread", SIGNAL, LATE), outcome=("finished", "died", "timed_out")),
    row("thread_small", "threads with small stacks, to slip under the limit of memory",
        "import threading, time\nthreading.stack_size(32768)\nfor _ in range(3000):\n"
        "    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n"
        "threading.stack_size(0)", (), outcome=("finished", "died", "timed_out")),
)  # fmt: skip

SYSTEM_CALLS = (
    raw("ptrace", "attaches to its lane", "raw(101, 16, os.getppid(), 0, 0)"),
    raw("vm_readv", "reads the memory of its lane", "raw(310, os.getppid(), 0, 0, 0, 0, 0)"),
    raw("pidfd_getfd", "takes a descriptor of its lane", "raw(438, raw(434, os.getppid(), 0), 3, 0)"),
    raw("io_uring", "io_uring", "raw(425, 8, ctypes.create_string_buffer(200))"),
    raw("keyctl_bpf", "keyctl, bpf, perf, userfaultfd, keys and Landlock of its own",
        "refused(250, 321, 323, 298, 248, 446, 444, 317, 157)", ()),
    raw("unshare", "a user namespace of its own", "raw(272, 0x10000000)"),
    raw("mount", "mount, chroot, mknod, reboot, sethostname and their kin",
        "refused(165, 161, 133, 170, 169, 227, 166, 155, 308)", ()),
    raw("new_mounts", "the newer calls for mounts and handles", "refused(428, 429, 430, 431, 432, 442, 303, 304)", ()),
    raw("signals_raw", "tgkill, tkill, pidfd_send_signal, rt_sigqueueinfo", "refused(234, 200, 424, 129, 297)", ()),
    raw("int_overflow", "a system call with rubbish in the upper half of its number",
        "refused((1 << 32) | 57)", (), outcome=("finished", "died")),
    raw("x32", "a fork by the numbers of x32", "raw(0x40000000 | 57)", (), outcome=("finished", "died")),
    row("int80", "a 32-bit system call in machine code",
        "import mmap, ctypes\ncode = mmap.mmap(-1, 4096, prot=7)\ncode.write(bytes.fromhex('b814000000cd80c3'))\n"
        "call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))\nprint(call())",
        ("system call that is not allowed while grading", SIGNAL), outcome="died", raw=True,
        instructor="ctypes"),
    raw("tiocsti", "types into the terminal", "import fcntl\nfcntl.ioctl(0, 0x5412, b'x')", SYSTEM,
        instructor=""),
    raw("seccomp_again", "a filter of its own", "raw(317, 1, 0, 0)"),
    raw("dumpable", "makes itself traceable again", "raw(157, 4, 1, 0, 0, 0)"),
    raw("pdeathsig", "outlives its lane", "raw(157, 1, 0, 0, 0, 0)"),
)  # fmt: skip

IDENTITY = (
    row("rlimit_raise", "raises its own limits",
        "import resource\nresource.setrlimit(resource.RLIMIT_CPU, (1000, 1000))",
        ("stopped with ValueError", SYSTEM)),
    row("prlimit_parent", "sets limits for its lane",
        "import os, resource\nresource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1000, 1000))", SYSTEM),
    row("setuid", "another user", "import os\nos.setuid(0)\nos.setuid(12345)", SYSTEM),
    row("setgroups", "other groups", "import os\nos.setgroups([0])", SYSTEM),
    row("affinity", "pins itself", "import os\nos.sched_setaffinity(0, {0})", SYSTEM),
    row("nice", "a better place in the queue", "import os\nos.nice(-5)", SYSTEM),
    row("clock", "sets the clock", "import time\ntime.clock_settime(time.CLOCK_REALTIME, 0)", SYSTEM),
)  # fmt: skip

PROC = (
    row("proc_mem", "the memory of its lane", "import os\nopen(f'/proc/{os.getppid()}/mem', 'rb').read(1)",
        ("not allowed while grading", "stopped with FileNotFoundError")),
    row("proc_environ", "the environment of its lane",
        "import os\nraise RuntimeError(open(f'/proc/{os.getppid()}/environ').read())",
        ("not allowed while grading", "stopped with FileNotFoundError")),
    row("proc_self_mem", "its own memory, to write to", "open('/proc/self/mem', 'r+b')",
        ("not allowed while grading", "stopped with FileNotFoundError")),
    row("proc_cmdline", "how its lane was started: no seed, no secret",
        "import os, torch\ntext = open(f'/proc/{os.getppid()}/cmdline').read()\n"
        "if str(torch.initial_seed()) in text: raise RuntimeError('the seed is in the command line')",
        (), outcome="finished"),
    row("proc_self_all", "everything under /proc/self: no token",
        "import os, glob\nfound = []\nfor path in sorted(glob.glob('/proc/self/*')):\n"
        "    try: found.append(open(path, 'rb').read(100000))\n    except (OSError, MemoryError): pass\n"
        "text = b''.join(found) + repr(dict(os.environ)).encode()\n"
        "if b'TOKEN' in text.upper(): raise RuntimeError(text.upper()[text.upper().find(b'TOKEN'):][:200])"),
    row("proc_walk", "every command line on the machine, for seeds",
        "import glob, torch\nfor path in glob.glob('/proc/[0-9]*/cmdline'):\n"
        "    try: text = open(path).read()\n    except OSError: continue\n"
        "    if str(torch.initial_seed()) in text: raise RuntimeError('the seed is in a command line')"),
    row("proc_fd", "its descriptors: the stream and nothing else of ours",
        "import os\nopen_ones = []\nfor number in range(3, 64):\n    try: os.fstat(number); open_ones.append(number)\n"
        "    except OSError: pass\nif open_ones != [3]: raise RuntimeError(f'descriptors {open_ones}')", silent=True),
    row("oom_score", "asks to be the last to be killed",
        "open('/proc/self/oom_score_adj', 'w').write('-1000')", ("not allowed while grading", "stopped with")),
)  # fmt: skip

PROCESS = (*ENDS, *SIGNALS, *STARTS, *THREADS, *SYSTEM_CALLS, *IDENTITY, *PROC)
