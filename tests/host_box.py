"""Boxes as hosts make them: a root of their own in bubblewrap without network, with limits on memory and processor."""

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CGROUPS = Path("/sys/fs/cgroup")
SHELL = 'for folder in $FOLDERS; do echo $$ > "$folder/cgroup.procs"; done; exec "$@"'
ORDINARY = 61_001  # a user of no name


def box(inside, *words, ordinary=False):
    """bubblewrap's command: what is needed to run, read-only; {place in it: our folder}; none of this repository."""
    bwrap = shutil.which("bwrap")
    if not bwrap or subprocess.run([bwrap, "--ro-bind", "/", "/", "true"], capture_output=True).returncode:
        pytest.skip("bubblewrap makes no box here")
    system = [path for path in ("/usr", "/bin", "/lib", "/lib64", "/etc", "/sbin") if os.path.exists(path)]
    ours = dict.fromkeys((sys.prefix, sys.base_prefix))
    shown = [word for path in (*system, *ours) for word in ("--ro-bind", path, path)]
    above = dict.fromkeys(str(folder) for path in (*ours, *inside) for folder in reversed(Path(path).parents[:-1]))
    open_to_all = [word for folder in above for word in ("--perms", "0755", "--dir", folder)]
    bound = [word for at, folder in inside.items() for word in ("--bind", str(folder), at)]
    return [
        # An empty /tmp first: this environment may itself lie somewhere below it.
        *(bwrap, "--perms", "1777", "--tmpfs", "/tmp", *open_to_all, *shown),  # noqa: S108
        *("--proc", "/proc", "--dev", "/dev", *bound),
        *("--unshare-net", "--unshare-pid", "--die-with-parent"),
        *("--setenv", "AUTOGRAD_VENV", sys.prefix, "--unsetenv", "PYTHONPATH"),
        *words,
        *(_ordinary() if ordinary else ()),
    ]


def _ordinary():
    """Not root from here on."""
    if os.geteuid():
        return ()
    if not shutil.which("setpriv"):
        pytest.skip("setpriv is missing")
    return ("--cap-add", "ALL", "setpriv", f"--reuid={ORDINARY}", f"--regid={ORDINARY}", "--clear-groups")


@contextlib.contextmanager
def limits(megabytes, processors):
    """(command, environment) to put before another: it then has so much and no more. None where we may not say so."""
    name = f"autograd-test-{os.getpid()}"
    wanted = {
        "memory": {"memory.limit_in_bytes": megabytes * 1_000_000},
        "cpu": {"cpu.cfs_period_us": 100_000, "cpu.cfs_quota_us": int(100_000 * processors)},
    }
    folders = [CGROUPS / kind / name for kind in wanted]
    try:
        for folder, values in zip(folders, wanted.values(), strict=True):
            folder.mkdir()
            for file, value in values.items():
                (folder / file).write_text(str(value))
    except OSError:
        _remove(folders)
        pytest.skip("no limits can be set here: control groups (version 1) are not ours")
    try:
        yield ["bash", "-c", SHELL, "limited"], {**os.environ, "FOLDERS": " ".join(map(str, folders))}
    finally:
        _remove(folders)


def _remove(folders):
    for folder in folders:
        if folder.exists():
            (folder.parent / "cgroup.procs").write_text(str(os.getpid()))
            folder.rmdir()


def put(folder, files):
    """Files of text or bytes, into a folder; scripts can be executed."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes) else content.encode()
        path.write_bytes(data)
        path.chmod(0o755 if data.startswith(b"#!") else 0o644)


def belongs_to(folder, user):
    if not os.geteuid():
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user, user)


# -- what students hand in

GOOD = """
import torch
x = torch.arange(4., requires_grad=True)
y = 2 * torch.dot(x, x)
y.backward()
try:
    y.backward()
except RuntimeError as error:
    print(error)
"""
LOOP = "while True:\n    pass\n"
BROKEN = '{"cells": ['
FORGE = """
import glob, json, os
print('{"score": 1000}')
print('{"scores": {"second_backward": 1000}}')
places = "/autograder/results/results.json results.json ../results/results.json /grade/results/results.json result.json"
for path in (*places.split(), *filter(None, (os.environ.get("GITHUB_OUTPUT"), "/out/output"))):
    try:
        open(path, "w").write(json.dumps({"score": 1000, "gradable": True, "scores": {"second_backward": 1000}}))
    except OSError as error:
        print(error)
for path in glob.glob("/*/**/second_backward.*", recursive=True):
    try:
        print("READ", open(path).read())
    except OSError as error:
        print(error)
x = bytearray(10_000_000_000)
"""
