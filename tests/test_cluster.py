"""On a cluster: a real scheduler and real workers on loopback, each a process of its own."""

import contextlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
import pytest
from dask import config
from distributed import Client

from autograder import cli, fingerprint, workspace
from autograder.cluster import address, parcel
from autograder.model import SourceFile, Submission, Unit
from autograder.report.files import Refused
from tests.conftest import ROOT
from tests.test_running import SINE

CRASH = "import os\nos._exit(3)\n" + SINE
SLOW = "import time\ntime.sleep(0.5)\n" + SINE
RANDOM = SINE.replace("torch.linspace(-3, 3, 50, requires_grad=True)", "torch.randn(30, requires_grad=True)")
CLASS = {"ada": SINE, "bo": CRASH, "cy": RANDOM, **{f"d{i}": SLOW for i in range(4)}, "no": "\x00"}
SEED = ("--seed", "20260821")


def dask(program, *arguments, environment):
    command = [sys.executable, "-m", f"distributed.cli.dask_{program}", "--host", "127.0.0.1", *map(str, arguments)]
    return subprocess.Popen(
        command, cwd="/", env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


class Cluster:
    """A scheduler and workers, with a place for temporary files of their own."""

    def __init__(self, folder, *more):
        self.folder = folder
        self.file = folder / "scheduler.json"
        self.environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)}
        self.processes = [self.start("scheduler", "--port", 0, "--scheduler-file", self.file, "--no-dashboard", *more)]
        until(self.file.exists)
        self.address = json.loads(self.file.read_text())["address"]

    def start(self, program, *arguments):
        return dask(program, *arguments, environment=self.environment)

    def worker(self):
        place = ("--nthreads", 1, "--no-nanny", "--no-dashboard", "--local-directory", self.folder)
        worker = self.start("worker", self.address, *place)
        self.processes.append(worker)
        return worker

    def below(self):
        """Of each process that lives, those that it started."""
        living = [process for process in self.processes if process.poll() is None]
        return [psutil.Process(process.pid).children(recursive=True) for process in living]

    def close(self):
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def cluster():
    folder = Path(tempfile.mkdtemp(prefix="cluster-"))
    folder.chmod(0o755)  # a submission's own user has to get through to its folder
    cluster = Cluster(folder)
    try:
        yield cluster
    finally:
        cluster.close()
        shutil.rmtree(folder)


def until(true, seconds=60):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)


def hand_in(folder, works):
    folder.mkdir()
    for name, source in works.items():
        (folder / f"{name}.py").write_text(source)
    return folder


def grading(*arguments, cwd):
    command = [sys.executable, str(ROOT / "grade.py"), *map(str, arguments)]
    return subprocess.Popen(command, cwd=cwd, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, encoding="utf-8")


def kept(folder):
    """How many reports are in the store of a run that goes on."""
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(folder / "grades.sqlite3")) as db:
        return db.execute("select count(*) from reports").fetchone()[0]
    return 0


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_nothing(cluster, tmp_path):
    """The gradebook is that of a run on this machine, byte for byte, and judging again needs no cluster."""
    hand_in(tmp_path / "class", CLASS)
    doomed, _ = cluster.worker(), cluster.worker()
    with Client(cluster.address, set_as_default=False) as dask:
        dask.wait_for_workers(2, timeout=60)
    run = grading("class", *SEED, "--scheduler", cluster.address, "--output", "far", cwd=tmp_path)
    until(lambda: kept(tmp_path / "far") > 1)
    assert run.poll() is None
    os.kill(doomed.pid, signal.SIGKILL)
    told = run.communicate(timeout=120)[1]
    assert run.returncode == 0, told
    assert f"cluster: {cluster.address}, 2 workers, 2 at once; dashboard: " in told

    assert not any(cluster.below())
    near = grading("class", *SEED, "--output", "near", cwd=tmp_path)
    near.communicate(timeout=120)
    books = [(tmp_path / name / "gradebook.csv").read_bytes() for name in ("far", "near")]
    assert books[0] == books[1]

    with contextlib.closing(sqlite3.connect(tmp_path / "far/grades.sqlite3")) as db:
        runs = "select count(*) from runs"
        before = db.execute(runs).fetchone()
        db.execute("delete from reports where path like '%/d_.py'")
        db.commit()
        again = grading("class", *SEED, "--output", "far", cwd=tmp_path)
        assert "4 of 8 had been graded before" in again.communicate(timeout=120)[1]
        assert db.execute(runs).fetchone() == before
    assert (tmp_path / "far/gradebook.csv").read_bytes() == books[0]


@pytest.mark.slow
def test_nothing_is_left_behind(cluster, tmp_path):
    """Ctrl-C in the middle ends what runs on the workers; a folder that a killed worker left goes with the next run."""
    hand_in(tmp_path / "class", {"a": "while True: pass"})
    cluster.worker()
    run = grading("class", "--scheduler", cluster.address, cwd=tmp_path)
    until(lambda: any(len(below) > 2 for below in cluster.below()))  # a fork server, its lane, and the child
    run.send_signal(signal.SIGINT)
    assert "interrupted after 0 of 1 submissions" in run.communicate(timeout=60)[1]
    assert run.returncode == 130
    until(lambda: not any(cluster.below()))
    until(lambda: not list(cluster.folder.glob("grading-*")))


@pytest.mark.slow
def test_another_installation_is_refused(cluster, tmp_path, monkeypatch, capsys):
    """What decides results has to be the same, and the sentence says what is not."""
    hand_in(tmp_path / "class", {"ada": SINE})
    cluster.worker()
    monkeypatch.chdir(tmp_path)
    theirs = fingerprint.facts
    monkeypatch.setattr(fingerprint, "facts", lambda exercises: {**theirs(exercises), "torch": "1.0"})
    assert cli.main(["class", "--scheduler", cluster.address]) == 1
    told = capsys.readouterr().err
    assert "the grader could not run: the worker tcp://127.0.0.1:" in told
    assert "and this run 1.0; install the same on both" in told


def kill_busy_workers(count, ended):
    """As many times: wait until some worker of this process runs a submission for some time, and end it."""
    busy = {}
    while count and not ended.is_set():
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if "spawn_main" in " ".join(process.cmdline()):
                    runs = {one.pid for one in process.children(recursive=True)}
                    if runs and runs == busy.get(process.pid) and len(runs) > 2:
                        process.kill()
                        count -= 1
                    busy[process.pid] = runs
        time.sleep(1.5)


@pytest.mark.slow
def test_a_submission_that_kills_its_workers_costs_only_itself(tmp_path, monkeypatch):
    """Whoever happened to be on the same worker is graded; the report of the other says what happened."""
    hand_in(tmp_path / "class", {"ada": SINE, "bad": "while True: pass", "cy": SINE})
    monkeypatch.chdir(tmp_path)
    ended = threading.Event()
    killer = threading.Thread(target=kill_busy_workers, args=(2, ended))
    killer.start()
    with config.set({"distributed.scheduler.allowed-failures": 0}):
        assert cli.main(["class", "--scheduler", "local:1", "--quiet", "--exercise", "sin_derivative"]) == 0
    ended.set()
    killer.join()
    ada, bad, cy = json.loads((tmp_path / "results/results.json").read_text())["reports"]
    assert (ada["outcome"], bad["outcome"], cy["outcome"]) == ("finished", "died", "finished")
    assert ada["score"] == cy["score"] == 10
    assert bad["remarks"] == ["The submission ended the process that runs it, twice: each worker that had it was lost"]
    assert bad["needs_review"]
    assert kept(tmp_path / "results") == 2  # it may have been the machines, so it will be tried again


@pytest.mark.slow
def test_a_cluster_of_our_own(tmp_path):
    """One hostile file among others, and no process is left."""
    hand_in(tmp_path / "class", {"ada": SINE, "eve": "import os\nos.kill(os.getppid(), 9)\nos.fork()\nos._exit(1)\n"})
    run = grading("class", "--scheduler", "local:1", "--format", "json", cwd=tmp_path)
    told = run.communicate(timeout=120)[1]
    assert run.returncode == 0, told
    reports = json.loads((tmp_path / "results/results.json").read_text())["reports"]
    assert [(one["student"], one["outcome"], one["score"]) for one in reports] == [
        ("ada", "finished", 10),
        ("eve", "died", 0),
    ]
    assert not [one for one in psutil.process_iter(["cwd"]) if one.info["cwd"] == str(tmp_path)]


def test_what_a_killed_process_left_is_swept(tmp_path, monkeypatch):
    """And nothing that is in use, or that is a link to somewhere else."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead, living, other = (tmp_path / f"{workspace.PREFIX}{name}" for name in ("dead", "living", "other"))
    for folder in (dead, living, tmp_path / "elsewhere"):
        folder.mkdir()
        (folder / workspace.ALIVE).touch()
    other.symlink_to(tmp_path / "elsewhere")
    code = "import os, sys; from autograder import workspace; from pathlib import Path\n"
    code += "lock = workspace.alive(Path(sys.argv[1])); os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", code, dead], cwd=ROOT, check=False)
    with workspace.alive(living):
        workspace.sweep()
        assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", living.name, other.name]


def test_nobody_answers(tmp_path, monkeypatch, capsys):
    """One sentence, and no traceback."""
    monkeypatch.setattr("autograder.cluster.connection.CONNECT_SECONDS", 1)
    monkeypatch.chdir(tmp_path)
    hand_in(tmp_path / "class", {"ada": SINE})
    assert cli.main(["class", "--scheduler", "127.0.0.1:9"]) == 1
    told = capsys.readouterr().err
    assert re.fullmatch(
        "grade.py: the grader could not run: no scheduler could be reached at tcp://127.0.0.1:9: "
        "(Connection refused|nothing answer.*)\n",
        told,
    )


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl makes the certificate")
def test_tls(tmp_path, monkeypatch, capsys):
    """With the right certificate the scheduler is reached, and its lack of workers told; with another one it is not."""
    monkeypatch.chdir(tmp_path)
    hand_in(tmp_path / "class", {"ada": SINE})
    monkeypatch.setattr("autograder.cluster.connection.CONNECT_SECONDS", 3)
    monkeypatch.setattr("autograder.cluster.client.WORKER_SECONDS", 1)
    for name in ("good", "other"):
        certificate(name)
    files = ("--tls-ca-file", "good.cert", "--tls-cert", "good.cert", "--tls-key", "good.key")
    cluster = Cluster(tmp_path, "--protocol", "tls", *(tmp_path / f if "." in f else f for f in files))
    try:
        for name, told in (
            ("good", f"no worker joined {cluster.address} within 1 seconds; start some: dask worker {cluster.address}"),
            ("other", f"no scheduler could be reached at {cluster.address}: "),
        ):
            tls = ("--tls-ca", f"{name}.cert", "--tls-cert", f"{name}.cert", "--tls-key", f"{name}.key")
            assert cli.main(["class", "--scheduler", cluster.address, *tls]) == 1
            said = capsys.readouterr().err
            assert said.startswith(f"grade.py: the grader could not run: {told}")
            assert said.count("\n") == 1
    finally:
        cluster.close()


def certificate(name):
    """Its own authority."""
    made = ("-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.cert", "-days", "1")
    subprocess.run(
        [shutil.which("openssl"), "req", "-x509", *made, "-subj", f"/CN={name}"], check=True, capture_output=True
    )


@pytest.mark.parametrize(
    ("text", "files", "told"),
    [
        ("h", (), "expected tcp://HOST:PORT, tls://HOST:PORT or local:N, got 'h'"),
        ("h:0", (), "got 'h:0'"),
        ("http://h:1", (), "got 'http://h:1'"),
        ("local:", (), "expected local:N with N from 1 to 1024, got 'local:'"),
        ("local:0", (), "got 'local:0'"),
        ("local:2", ("ca", "cert", "key"), "stays on this machine"),
        ("tls://h:1", (), "tls://h:1 needs --tls-ca, --tls-cert and --tls-key"),
        ("tcp://h:1", ("ca", "cert", "key"), "tcp://h:1 is not encrypted; say tls://"),
        ("tls://h:1", ("ca", "cert"), "go together; there is no --tls-key"),
        ("tls://h:1", ("ca", "cert", "nothing"), "--tls-key: nothing cannot be read: No such file or directory"),
        ("", ("ca", "cert", "key"), "are for --scheduler tls://HOST:PORT, which is missing"),
    ],
)
def test_wrong_addresses_are_a_sentence(text, files, told, tmp_path, monkeypatch):
    """Before anything is read."""
    monkeypatch.chdir(tmp_path)
    for name in ("ca", "cert", "key"):
        Path(name).write_text("")
    given = [*map(Path, files), None, None, None][:3]
    with pytest.raises(Refused) as refused:
        address.parse(text, tuple(given))
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("text", "url"),
    [("h:1", "tcp://h:1"), ("tcp://h.example:8786", "tcp://h.example:8786"), ("[::1]:5", "tcp://[::1]:5")],
)
def test_addresses(text, url):
    assert address.parse(text).url == url


def test_a_missing_package_is_a_sentence(monkeypatch):
    """With what to install."""
    monkeypatch.setattr(address, "find_spec", lambda name: None)
    with pytest.raises(Refused, match=r"needs the package distributed; install it: pip install -e '.*\[cluster\]'"):
        address.parse("local:1")


def test_a_submission_travels_without_its_student():
    """As text, whatever is in it, and comes out equal."""
    unit = Unit("hw.py", "script", "", "x = '\udc80é\0'\n")
    file = SourceFile("hw.py", "ab", (unit,), "")
    submission = Submission("Ada Lovelace", "ada/hw.py", (file,), ("a remark",), "", "/x/ada", {"email": "ada@x"})
    sent = parcel.of_submission(submission)
    assert b"Lovelace" not in sent
    assert b"ada" not in sent
    assert parcel.submission(sent) == Submission("", "", (file,), ("a remark",))


def test_tapes_travel_as_bytes():
    tapes = [b"\n\0", b"", bytes(range(256))]
    assert parcel.unpacked(parcel.packed({"a": "ä\n"}, tapes)) == ({"a": "ä\n"}, tapes)
