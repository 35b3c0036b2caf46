"""What stands in each worker process: one warm fork server with as many lanes as the worker has threads.

Dask sets a station up in every worker, those that join later and those that replace a dead one included, and takes it
down when the run is over. Nothing that is wrong here is raised: it is told, as a refusal, and ends the run with one
sentence.
"""

import asyncio
import json
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from distributed import Worker, WorkerPlugin, get_worker

from autograder import fingerprint, ladder
from autograder.cluster import parcel
from autograder.kept import key_of_run, running, written
from autograder.model import Case, Exercise
from autograder.observe import Run
from autograder.run import Grader
from autograder.sandbox import CannotStart, SandboxError
from autograder.server import Warmth
from autograder.store import packed, without_tape
from autograder.talk import Calls, Ending, Job


@dataclass(frozen=True, slots=True)
class Orders:
    """What is the same for all workers of a run."""

    exercises: tuple[Exercise, ...]
    seed: int
    seconds: float | None
    warmth: Warmth
    allow_unsafe: bool
    facts: Mapping[str, str]  # of the machine that the run belongs to
    ours: bool  # the worker was started by the run, and ends with it


class Station(WorkerPlugin):
    """A grader without a memory, in a worker process."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.refusal = ""
        self._grader: Grader | None = None
        self._rung = self._running = ""
        self._says = ""

    def setup(self, worker: Worker) -> None:
        """In the thread that lives as long as the worker: the server ends with the thread that started it."""
        if self.orders.ours:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the run, which ends us
        try:
            self.refusal = self._difference()
            if not self.refusal:
                self._start(worker.state.nthreads)
        except (ladder.Refused, SandboxError, OSError) as error:
            self.refusal = str(error)
        if self.refusal:
            self.refusal = f"the worker {worker.address} cannot grade: {self.refusal}"

    def _difference(self) -> str:
        """A sentence, when something that decides results is not the same here."""
        here = fingerprint.facts(self.orders.exercises)
        for name, wanted in self.orders.facts.items():
            if here.get(name) != wanted:
                return f"it has {name} {here.get(name, 'none')}, and this run {wanted}; install the same on both"
        return ""

    def _start(self, lanes: int) -> None:
        rung = ladder.find(allow_unsafe=self.orders.allow_unsafe)
        self._rung, self._says = rung.name, rung.says
        self._running = running(rung.name, self.orders.seed)
        settings = {"seed": self.orders.seed, "seconds": self.orders.seconds, "warmth": self.orders.warmth}
        self._grader = Grader(self.orders.exercises, rung, jobs=lanes, **settings).__enter__()  # type: ignore[arg-type]

    async def teardown(self, worker: Worker) -> None:
        """Ends what still runs."""
        if self._grader is not None:
            await asyncio.to_thread(self._grader.__exit__, None, None, None)

    def told(self) -> str:
        """For the machine that the run belongs to, as JSON."""
        return json.dumps({"refusal": self.refusal, "rung": self._rung, "says": self._says})

    def grade(self, given: bytes) -> bytes:
        """A parcel for a parcel."""
        if self._grader is None:
            return parcel.packed({"refusal": self.refusal})
        taped = Taped(self._running)
        try:
            report = self._grader.graded(parcel.submission(given), taped.through)
        except CannotStart as error:
            return parcel.packed({"refusal": f"the worker {get_worker().address} cannot grade: {error}"})
        told = {
            "refusal": "",
            "rung": self._rung,
            "torch": self._grader.torch,
            "warnings": self._grader.warnings,
            "report": written(report),
            "runs": [[key.hex(), facts] for key, facts, _ in taped.runs],
        }
        return parcel.packed(told, [tape for _, _, tape in taped.runs])


@dataclass(frozen=True, slots=True)
class Taped:
    """The runs of one submission, as a store keeps them: key, facts, tape."""

    running: str
    runs: list[tuple[bytes, str, bytes]] = field(default_factory=list)

    def through(self, run: Run) -> Run:
        """As `run`, and what it gave is noted."""

        def noted(job: Job, case: Case, calls: Callable[[], Calls]) -> Ending:
            ending = run(job, case, calls)
            if (kept := packed(ending)) is not None:
                self.runs.append((key_of_run(self.running, job, case), *kept))
            return without_tape(ending)

        return noted


# ------------------------------------------------------------------ what Dask runs, by these names


def grade(given: bytes, station: str) -> bytes:
    """In a worker's thread."""
    found = get_worker().plugins.get(station)
    if not isinstance(found, Station):
        return parcel.packed({"refusal": f"the worker {get_worker().address} was not made ready for this run"})
    return found.grade(given)


def told(station: str, dask_worker: Any = None) -> str:
    """What a worker's station has to say."""
    found: Station = dask_worker.plugins[station]
    return found.told()


def left_behind(prefix: str, dask_scheduler: Any = None) -> list[str]:
    """In the scheduler: stations of runs that were killed, and so could not take them down."""
    names = (name for name in dask_scheduler.worker_plugins if name.startswith(prefix))
    return [name for name in names if name.removeprefix(prefix) not in dask_scheduler.clients]
