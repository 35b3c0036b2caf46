"""Attacks through files. What destroys is aimed at SENTINEL alone, a folder that the test made."""

from tests.hostile.program import AGAIN, ANYTHING, OUTSIDE, OVERFULL, row

SEEN_OR_NOT = (OUTSIDE, "stopped with FileNotFoundError", "stopped with PermissionError")

READING = (
    row("read_solution", "opens the solution", "raise RuntimeError(open('SENTINEL/secret.txt').read())", SEEN_OR_NOT),
    row("glob_root", "walks trees in search of solutions",
        "import os\nfor top in ('SENTINEL', '..'):\n    for folder, _, names in os.walk(top):\n"
        "        for name in names:\n            try: raise RuntimeError(open(os.path.join(folder, name)).read())\n"
        "            except OSError: pass", ()),
    row("other_work", "the folders of other lanes", "import os\nraise RuntimeError(os.listdir('..'))", SEEN_OR_NOT),
    row("neighbours_home", "the folder above its home",
        "import os\nhome = os.environ['HOME']\nraise RuntimeError(os.listdir(os.path.dirname(home)))", SEEN_OR_NOT),
    row("passwd", "who else is here", "open('/etc/passwd').read()", SEEN_OR_NOT, read_only=ANYTHING,
        instructor="tried to read a file of the system"),
    row("shadow", "what only root may read", "raise RuntimeError(open('/etc/shadow').read())", SEEN_OR_NOT),
    row("symlink", "a link to the solution, to be followed by somebody else",
        "import os\nos.symlink('SENTINEL/secret.txt', 'a')\nraise RuntimeError(open('a').read())",
        ("not allowed while grading", "stopped with")),
    row("hardlink", "a hard link to the solution", "import os\nos.link('SENTINEL/secret.txt', 'a')",
        ("not allowed while grading", "stopped with")),
    row("import_grader", "imports our own graders",
        "import graders.sin_derivative", ("No module named 'graders'", "not allowed while grading"), read_only=ANYTHING),
    row("import_oracle", "imports the oracle", "from autograder import oracle",
        ("stopped with ImportError", "not allowed while grading", "No module named", "cannot import name"), read_only=ANYTHING),
    row("inspect_judge", "looks for the source of the judge beside the worker's",
        "import os, autograder\nraise RuntimeError(open(os.path.join(os.path.dirname(autograder.__file__), "
        "'judge.py')).read()[:100])", ("not allowed while grading", "stopped with"), read_only=ANYTHING),
    row("sockets_of_root", "the sockets of services", "import os\nprint(os.listdir('/run'))", ()),
)  # fmt: skip


WRITING = (
    row("write_out", "writes beside the solution", "open('SENTINEL/pwned', 'w').write('x')", SEEN_OR_NOT),
    row("append_out", "writes to the solution", "open('SENTINEL/secret.txt', 'a').write('x')", SEEN_OR_NOT),
    row("truncate_out", "empties the solution", "import os\nos.truncate('SENTINEL/secret.txt', 0)",
        ("not allowed while grading", *SEEN_OR_NOT)),
    row("trunc_flag", "empties the solution while it opens it to read",
        "import os\nos.open('SENTINEL/secret.txt', os.O_RDONLY | os.O_TRUNC)",
        ("not allowed while grading", *SEEN_OR_NOT)),
    row("rm_rf", "deletes what it can", "import shutil\nfor top in ('SENTINEL', '../nothing-here'):\n"
        "    shutil.rmtree(top, ignore_errors=True)", silent=True),
    row("rename_out", "moves the solution away", "import os\nos.rename('SENTINEL/secret.txt', 'mine')",
        ("not allowed while grading", *SEEN_OR_NOT)),
    row("chmod_out", "opens the solution to all", "import os\nos.chmod('SENTINEL/secret.txt', 0o777)", silent=True),
    row("utime_out", "changes the times of the solution", "import os\nos.utime('SENTINEL/secret.txt', (1, 1))",
        silent=True),
    row("chown_out", "gives the solution away", "import os\nos.chown('SENTINEL/secret.txt', 1, 1)",
        ("not allowed while grading", *SEEN_OR_NOT)),
    row("xattr_out", "marks the solution", "import os\nos.setxattr('SENTINEL/secret.txt', 'user.x', b'1')",
        ("not allowed while grading", *SEEN_OR_NOT)),
    row("patch_site", "plants code for the next submission among the packages",
        "import numpy, os\nopen(os.path.join(os.path.dirname(numpy.__file__), 'left_by_a_test.py'), 'w')",
        ("not allowed while grading", "stopped with OSError")),
    row("pth", "a sitecustomize and a .pth in its folder, for the next submission",
        "open('sitecustomize.py', 'w').write('import torch\\ntorch.sin = torch.cos')\n"
        "open('numpy.py', 'w').write('raise RuntimeError')\nopen('x.pth', 'w').write('import os; os._exit(0)')",
        (), read_only=(OUTSIDE,)),
    row("left_behind", "a file for the next submission of the lane: it is never there",
        "import os\nif os.path.exists('left_behind'): raise RuntimeError('a file was left')\n"
        "open('left_behind', 'w').write('x')", (), read_only=(OUTSIDE,)),
    row("left_hidden", "files with odd names and no permissions, for the next submission",
        "import os\nos.mkdir('.hidden')\nopen('.hidden/\\udcff\\n', 'w')\nos.mkdir('closed', 0)", (),
        read_only=("not allowed while grading",)),
    row("tmp", "a file in /tmp, for the next submission", "open('/tmp/left_by_a_test', 'w')", SEEN_OR_NOT),
    row("box_root", "a file at the root, for the next submission", "open('/left_by_a_test', 'w')", SEEN_OR_NOT),
    row("var_tmp", "a file in /var/tmp", "open('/var/tmp/left_by_a_test', 'w')", SEEN_OR_NOT),
    row("dev_shm", "a file in /dev/shm", "open('/dev/shm/left_by_a_test', 'wb')", SEEN_OR_NOT),
    row("mkfifo", "a pipe with a name, to hang whoever reads it", "import os\nos.mkfifo('a')",
        ("not allowed while grading", "stopped with")),
    row("unix_path", "a socket with a name", "import socket\nsocket.socket(socket.AF_UNIX).bind('a')",
        "not allowed while grading"),
    row("rm_own_folder", "removes the folder that it stands in", "import os\nos.rmdir(os.getcwd())",
        ("not allowed while grading", "stopped with")),
    row("rename_own_folder", "renames the folder that it stands in", "import os\nos.rename(os.getcwd(), '../mine')",
        ("not allowed while grading", "stopped with")),
    row("chdir_up", "leaves its folder", "import os\nos.chdir('..')", ()),
)  # fmt: skip

FILLING = (
    row("disk_one", "one huge file", "file = open('big', 'wb')\nwhile True: file.write(b'x' * 2**20)",
        "File too large", read_only=(OUTSIDE,)),
    row("disk_many", "many files", "for i in range(10**6): open(f'f{i}', 'wb').write(b'x' * 2**16)", OVERFULL,
        outcome="died", read_only=(OUTSIDE,), written_outcome=("finished",)),
    row("disk_empty", "many empty files", "for i in range(10**6): open(f'f{i}', 'wb').close()", (OVERFULL, AGAIN),
        outcome="died", read_only=(OUTSIDE,), written_outcome=("finished",)),
    row("disk_deep", "a tree that is very deep", "import os\nwhile True:\n    os.mkdir('d'); os.chdir('d')",
        (OVERFULL, "stopped with"), outcome=("died", "finished", "timed_out"),
        read_only=("not allowed while grading",), written_outcome=("finished",)),
    row("sparse", "a terabyte of nothing", "import os\nsparse = open('s', 'wb')\nos.truncate(sparse.fileno(), 2**40)", "File too large",
        read_only=(OUTSIDE,)),
    row("fds", "all descriptors there are", "kept = []\nwhile True: kept.append(open('/dev/null'))",
        "Too many open files"),
    row("own_files", "writes and reads a file of its own, which is allowed",
        "open('notes.txt', 'w').write('x')\nassert open('notes.txt').read() == 'x'", (), read_only=(OUTSIDE,)),
    row("copy", "copies a file of its own with its times and mode, which is allowed",
        "import shutil\nopen('notes.txt', 'w').write('x')\nshutil.copy2('notes.txt', 'copy.txt')", (),
        read_only=(OUTSIDE,)),
)  # fmt: skip

FILES = (*READING, *WRITING, *FILLING)
