"""This side of a cluster: what is known stays here, what is not is sent, and what comes back is kept at once.

A bounded number of submissions is on its way at any time, so that memory is flat. Reports are given in the order of the
submissions, and kept in the order in which they come. Dask sends the work of a worker that died to another. A
submission whose workers die again and again is put aside, tried once more alone, so that it takes the blame for nobody
else and nobody for it, and then has an outcome of its own.
"""

import json
import queue
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from distributed import Future, KilledWorker

from autograder import fingerprint, reports
from autograder.cluster import parcel, station
from autograder.cluster.address import ROOT, Address
from autograder.cluster.connection import ClusterError, connected, quiet
from autograder.kept import Memory, Reader, conditions
from autograder.ladder import Rung
from autograder.model import Exercise, Report, Submission
from autograder.run import Grader
from autograder.sandbox import Sandbox, SandboxError
from autograder.server import Warmth
from autograder.store import Store

WORKER_SECONDS = 60  # for the first worker to join, and for another one when all are gone
LOOK_SECONDS = 5  # between two looks at how many there are
AHEAD, LEAST = 4, 16  # submissions on their way for each thread of the workers, and beside that
PREFIX = "autograder-"
GOES_ON = "the same command goes on from here"
Numbered = tuple[int, Submission]


class NotHere(BaseException):
    """Something has to be run. No Exception: it is nobody's failure, and nothing on the way may take it for one."""


class Elsewhere(Sandbox):
    """The sandbox of a grader that runs nothing itself."""

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def wait(self, swaps: Sequence[tuple[str, Sequence[float]]] = (), secrets: Sequence[Path] = ()) -> None:
        raise NotHere


class Cluster:
    """As `run.Grader`, with the sandboxes of a cluster; a context manager."""

    def __init__(
        self,
        exercises: Sequence[Exercise],
        address: Address,
        *,
        seed: int,
        seconds: float | None,
        store: Store,
        forget: bool,
        warmth: Warmth,
        allow_unsafe: bool,
    ) -> None:
        self._exercises = {exercise.name: exercise for exercise in exercises}
        self._reader = Reader(exercises)
        self._address = address
        facts = fingerprint.facts(exercises)
        self._orders = station.Orders(
            tuple(exercises), seed, seconds, warmth, allow_unsafe, facts, bool(address.processes)
        )
        self._seed, self._seconds, self._store = seed, seconds, (store, forget)
        self._landed: queue.SimpleQueue[Future[Any]] = queue.SimpleQueue()
        self._flying: dict[str, tuple[int, Submission, Future[Any]]] = {}  # by the keys of their tasks
        self._accused: deque[Numbered] = deque()
        self._tried: set[int] = set()  # numbers of those that were accused before
        self._sent = self._threads = 0
        self._looked = 0.0
        self._said: dict[str, None] = {}

    # ------------------------------------------------------------------ coming and going

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(quiet())
            self._client = connected(self._address, stack)
            self._name = PREFIX + self._client.id
            self._wait_for_workers()
            stack.callback(self._take_down)
            self.rung = self._made_ready()
            self._grader = self._judge()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._grader.__exit__(kind, value, trace)
        self._stack.__exit__(kind, value, trace)

    def _judge(self) -> Grader:
        """Of what is known, or can be judged from runs that are."""
        exercises, (store, forget) = list(self._exercises.values()), self._store
        seed, seconds, here = self._seed, self._seconds, Elsewhere(1, self.rung)
        self.memory = Memory(store, exercises, conditions(exercises, seed, seconds), self.rung.name, forget=forget)
        return Grader(exercises, self.rung, seed=seed, seconds=seconds, jobs=1, memory=self.memory, sandbox=here)

    def _take_down(self) -> None:
        """What is under way is not waited for: stations end with all that they run."""
        with suppress(Exception):  # a scheduler that is gone has nothing to take down
            self._client.cancel([future for _, _, future in self._flying.values()], force=True)
            self._client.unregister_worker_plugin(self._name)

    def _wait_for_workers(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=WORKER_SECONDS)
        except TimeoutError:
            start = f"start some: dask worker {self._address}"
            raise ClusterError(f"no worker joined {self._address} within {WORKER_SECONDS} seconds; {start}") from None

    def _made_ready(self) -> Rung:
        """A station in every worker, and what holds submissions there."""
        try:
            for name in self._client.run_on_scheduler(station.left_behind, PREFIX):
                self._client.unregister_worker_plugin(name)
            self._client.register_plugin(station.Station(self._orders), name=self._name)
            told = [json.loads(said) for said in self._client.run(station.told, self._name).values()]
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
            same = f"its scheduler and its workers need the installation that is here, {ROOT}"
            raise ClusterError(f"the cluster at {self._address} could not be made ready ({why}); {same}") from error
        _refuse(next((one["refusal"] for one in told if one["refusal"]), ""))
        rungs = sorted({one["rung"] for one in told})
        if len(rungs) > 1:
            _refuse(_unequal(*rungs))
        return Rung(rungs[0], told[0]["says"])

    # ------------------------------------------------------------------ what the command line asks for

    @property
    def says(self) -> Iterator[str]:
        """For whoever started the run."""
        threads = self._client.nthreads()
        workers = f"{len(threads)} worker{'s' if len(threads) != 1 else ''}, {sum(threads.values())} at once"
        yield f"cluster: {self._address}, {workers}; dashboard: {self._client.dashboard_link}"

    @property
    def torch(self) -> str:
        return self.memory.torch

    @property
    def warnings(self) -> tuple[str, ...]:
        return (*self._said, *self._grader.warnings)

    def grade(self, submissions: Sequence[Submission]) -> Iterator[Report]:
        """A report for each submission, in their order."""
        waiting: dict[int, Report] = {}
        due = 0
        try:
            for number, report in self._as_they_come(submissions):
                waiting[number] = report
                while due in waiting:
                    yield waiting.pop(due)
                    due += 1
        except OSError:  # Dask has tried again for a while
            raise self._lost() from None

    def _lost(self) -> ClusterError:
        return ClusterError(f"the connection to {self._address} was lost; {GOES_ON}")

    # ------------------------------------------------------------------ there and back

    def _as_they_come(self, submissions: Sequence[Submission]) -> Iterator[tuple[int, Report]]:
        coming = deque(enumerate(submissions))
        while coming or self._flying or self._accused:
            room = self._most() - len(self._flying)
            if room >= len(self._flying):
                yield from self._looked_at([coming.popleft() for _ in range(min(room, len(coming)))])
            if self._flying:
                yield from self._arrived()
            elif self._accused and not coming:
                self._send([self._accused.popleft()])

    def _most(self) -> int:
        """On their way at once. Workers come and go."""
        if time.monotonic() > self._looked + LOOK_SECONDS:
            self._threads, self._looked = sum(self._client.nthreads().values()), time.monotonic()
        return LEAST + AHEAD * self._threads

    def _looked_at(self, some: Sequence[Numbered]) -> Iterator[tuple[int, Report]]:
        """What is known, or can be judged from runs that are; the rest is sent."""
        unknown = []
        for number, submission in some:
            try:
                yield number, self._grader.grade_one(submission)
            except NotHere:
                unknown.append((number, submission))
        self._send(unknown)

    def _send(self, some: Sequence[Numbered]) -> None:
        keys = [f"grade-{self._client.id}-{self._sent + i}" for i in range(len(some))]  # no name on any dashboard
        self._sent += len(some)
        parcels = [parcel.of_submission(submission) for _, submission in some]
        futures = self._client.map(station.grade, parcels, station=self._name, key=keys, pure=False)
        for key, one, future in zip(keys, some, futures, strict=True):
            self._flying[key] = (*one, future)
            future.add_done_callback(self._landed.put)

    def _arrived(self) -> Iterator[tuple[int, Report]]:
        """At least one, and all that are there by then; those whose worker died too often are put aside."""
        landed = [self._first()]
        with suppress(queue.Empty):
            while True:
                landed.append(self._landed.get_nowait())
        gathered = self._client.gather([one for one in landed if one.status == "finished"], errors="skip")
        there = [one for one in landed if one.status == "finished"]  # a worker may have died since, with what it had
        found = dict(zip(there, gathered, strict=True))
        for future in landed:
            number, submission, _ = self._flying.pop(str(future.key))
            if future in found:
                yield number, self._kept(submission, found[future])
            else:
                yield from self._failed(number, submission, future)

    def _first(self) -> Future[Any]:
        alone = 0.0
        while True:
            try:
                return self._landed.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                alone = 0.0 if self._client.nthreads() else alone + LOOK_SECONDS
            if alone > WORKER_SECONDS:
                raise ClusterError(f"{self._address} has lost all its workers; {GOES_ON}")

    def _failed(self, number: int, submission: Submission, future: Future[Any]) -> Iterator[tuple[int, Report]]:
        if future.status != "error":
            raise self._lost()
        error = future.exception()
        exercises = self._exercises.values()
        if not isinstance(error, KilledWorker):
            yield number, reports.our_fault(submission, exercises, error)
        elif number not in self._tried:
            self._tried.add(number)
            self._accused.append((number, submission))
        else:  # not kept, for it may have been the machines
            ended = SandboxError("each worker that had it was lost")
            yield number, self.memory.decided(reports.ended_its_lane(submission, exercises, ended))

    def _kept(self, submission: Submission, given: bytes) -> Report:
        """What came back of a submission; it and its runs are in the store from now on."""
        told, tapes = parcel.unpacked(given)
        _refuse(told["refusal"])
        if told["rung"] != self.rung.name:
            _refuse(_unequal(self.rung.name, told["rung"]))
        self._said.update(dict.fromkeys(told["warnings"]))
        if told["torch"] != self.memory.torch:
            self.memory.torch = told["torch"]
        for (key, facts), tape in zip(told["runs"], tapes, strict=True):
            self.memory.keep_run(bytes.fromhex(key), facts, tape)
        return self.memory.keep(self._reader.report(told["report"], submission))


def _unequal(one: str, other: str) -> str:
    return f"some workers hold submissions by {one} and some by {other}, which may show them other things; use one kind"


def _refuse(sentence: str) -> None:
    if sentence:
        raise ClusterError(sentence)
