"""What is already known: runs, reports and people's decisions, in one SQLite file of the output folder.

Nothing is graded twice and nothing is lost. A run is kept under everything that decides what it shows (the code of the
submission, the case, the seed, our worker's code, the releases of Python and torch); a report under everything that
decides its verdicts. Each is committed as soon as it is there, so that a run that was killed goes on where it stopped.
When only points, texts, tolerances or a grader change, verdicts are made again from the runs that were kept.

A run is kept as what the child sent, compressed: it is read again by the code that read it first.
"""

import hashlib
import json
import os
import secrets
import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder import clock, phrase
from autograder.decisions import Decision, Overtaken, Ruling, concerns
from autograder.model import Outcome

if TYPE_CHECKING:  # they import what takes time
    from autograder.talk import Calls, Ending

FILE = "grades.sqlite3"
SCHEMA = 2
MOST_BYTES_OF_A_RUN = 1 << 24  # as it was sent; a larger one is run again when it is needed
PATIENCE_SECONDS = 60  # with another invocation that writes to the same folder

_TABLES = """
create table if not exists settings (name text primary key, value text not null);
create table if not exists runs (key blob primary key, facts text not null, tape blob not null);
create table if not exists reports (
    number integer primary key, path text not null, student text not null, key blob not null, at text not null,
    document text not null
);
create index if not exists reports_of_a_path on reports (path, number);
create index if not exists reports_of_a_key on reports (key, number);
create table if not exists documents (digest blob primary key, body blob not null);
create table if not exists pages (key blob primary key, digest blob not null);
create table if not exists sources (key blob primary key, facts text not null, units blob not null);
create table if not exists decisions (
    number integer primary key, path text not null, exercise text not null, criterion text not null, points real,
    why text not null, answer text not null, at text not null, by text not null, batch integer not null, undoes integer
);
create index if not exists decisions_on_a_path on decisions (path, number);
"""
_FROM_1 = (  # which had decisions on whole exercises only
    "insert into decisions (path, exercise, criterion, points, why, answer, at, by, batch) "
    "select path, exercise, '', points, why, '', at, '', number from overrides order by number",
    "drop table overrides",
    "update settings set value = '2' where name = 'schema'",
)


def is_in(folder: Path) -> bool:
    """Whether anything was ever kept in an output folder."""
    return (folder / FILE).exists()


def is_older(folder: Path, paths: Iterable[Path]) -> bool:
    """Whether a file in these paths has changed since something was last kept in an output folder. Dates may lie."""
    last = os.stat(folder / FILE).st_mtime
    return any(os.stat(file).st_mtime > last for path in paths for file in _files(path))


def _files(path: Path) -> Iterator[str]:
    """All that are in a folder; a file by itself."""
    if path.is_dir():
        yield from (os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names)
    else:
        yield str(path)


class StoreError(Exception):
    """The file cannot be used: which one, what was found, what to do."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A report as it is kept: a JSON document, and when it was made."""

    path: str
    student: str
    at: str
    document: Mapping[str, Any]


class Store:
    """One file; may be used by many threads, and by several invocations at once."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._lock = threading.Lock()
        with ExitStack() as opened:
            try:
                self._db = sqlite3.connect(self.path, timeout=PATIENCE_SECONDS, check_same_thread=False)
                opened.callback(self._db.close)
                self._db.execute("pragma journal_mode = wal")
                self._db.execute("pragma synchronous = normal")
                self._db.executescript(_TABLES)
            except sqlite3.Error as error:
                wrong = f"{self.path} cannot be used ({error}); move it away to grade everything anew"
                raise StoreError(wrong) from None
            self._check_schema()
            opened.pop_all()

    def _check_schema(self) -> None:
        found = self.setting("schema", str(SCHEMA))
        if found == "1":
            self._upgrade()
        elif found != str(SCHEMA):
            made = f"{self.path} was made by another release (format {found}, this one reads {SCHEMA})"
            raise StoreError(f"{made}; use that release, or another --output")

    def _upgrade(self) -> None:
        with self._writing() as db:
            db.execute("begin immediate")
            if db.execute("select value from settings where name = 'schema'").fetchone() == ("1",):
                for statement in _FROM_1:
                    db.execute(statement)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, whole or not at all."""
        with self._lock, self._db:
            yield self._db

    def _one(self, query: str, *values: object) -> Any:
        with self._lock:
            return self._db.execute(query, values).fetchone()

    def _all(self, query: str, *values: object) -> list[Any]:
        with self._lock:
            return self._db.execute(query, values).fetchall()

    # ------------------------------------------------------------------ settings

    def setting(self, name: str, value: str) -> str:
        """What was set first under this name, which is `value` if nothing was."""
        with self._writing() as db:
            db.execute("insert or ignore into settings values (?, ?)", (name, value))
        return self.get(name)

    def seed(self, given: int | None) -> int:
        """The one that is given; else the last one here, so that nothing has to be run again; else a new one."""
        if given is not None:
            self.set("seed", str(given))
        return int(self.setting("seed", str(secrets.randbelow(2**31))))

    def get(self, name: str) -> str:
        """What is set under this name; empty if nothing is."""
        row = self._one("select value from settings where name = ?", name)
        return str(row[0]) if row else ""

    def set(self, name: str, value: str) -> None:
        with self._writing() as db:
            db.execute("insert or replace into settings values (?, ?)", (name, value))

    # ------------------------------------------------------------------ runs

    def run(self, key: bytes, calls: "Callable[[], Calls]") -> "Ending | None":
        """A run that was kept; `calls` is asked as it was then, since its inputs are drawn from the seed."""
        row = self._one("select facts, tape from runs where key = ?", key)
        if row is None:
            return None
        from autograder.evidence import Entered
        from autograder.talk import Ending, replayed

        facts, observations = json.loads(row[0]), replayed(zlib.decompress(row[1]), calls)
        entered = (item for item in observations if isinstance(item, Entered))
        blamed = next((item for item in entered if item.order == facts["blamed"]), None)
        return Ending(Outcome(facts["outcome"]), observations, phrase.parsed(facts["note"]), facts["seconds"], blamed)

    def keep_run(self, key: bytes, facts: str, tape: bytes) -> None:
        """What `packed` made of a run."""
        with self._writing() as db:
            db.execute("insert or replace into runs values (?, ?, ?)", (key, facts, tape))

    # ------------------------------------------------------------------ reports

    def report(self, key: bytes, path: str, student: str) -> str | None:
        """The document that is kept under this key, as JSON; from now on it is the latest of this path."""
        row = self._one("select document, path, number from reports where key = ? order by number desc limit 1", key)
        if row is None:
            return None
        latest = self._one("select number from reports where path = ? order by number desc limit 1", path)
        if row[1] != path or latest[0] != row[2]:
            self.keep_report(key, path, student, row[0])
        return str(row[0])

    def keep_report(self, key: bytes, path: str, student: str, document: str) -> None:
        """`document`: what was found, as JSON."""
        with self._writing() as db:
            values = (path, student, key, clock.now(), document)
            db.execute("insert into reports (path, student, key, at, document) values (?, ?, ?, ?, ?)", values)

    def history(self, path: str) -> list[Kept]:
        """Every report of a path, oldest first."""
        rows = self._all("select path, student, at, document from reports where path = ? order by number", path)
        return [Kept(row[0], row[1], row[2], json.loads(row[3])) for row in rows]

    def students(self) -> dict[str, str]:
        """Path → student, of all that were ever graded here."""
        return dict(self._all("select path, student from reports order by number"))

    # ------------------------------------------------------------------ the latest grading

    def keep_grading(
        self, documents: Iterable[tuple[bytes, Callable[[], bytes]]], settings: Callable[[], Mapping[str, str]]
    ) -> None:
        """(digest, body) of each, and no others any more; then the settings that say what they are.

        They are taken one by one, so that a large class need not be held, and made only if they are not there already.
        """
        with self._writing() as db:
            db.execute("begin immediate")
            old = {row[0] for row in db.execute("select digest from documents")}
            kept = set[bytes]()
            for digest, body in documents:
                if digest not in old and digest not in kept:
                    db.execute("insert into documents values (?, ?)", (digest, body()))
                kept.add(digest)
            db.executemany("delete from documents where digest = ?", [(digest,) for digest in old - kept])
            db.executemany("insert or replace into settings values (?, ?)", settings().items())

    def grading(self, name: str) -> tuple[str, dict[bytes, bytes]]:
        """A setting, and the documents that were kept with it."""
        with self._writing() as db:
            db.execute("begin")
            said = db.execute("select value from settings where name = ?", (name,)).fetchone()
            return said[0] if said else "", dict(db.execute("select digest, body from documents"))

    # ------------------------------------------------------------------ pages, and what files hold

    def pages(self) -> dict[bytes, bytes]:
        """Digest of all that a page was made of → digest of the page."""
        return dict(self._all("select key, digest from pages"))

    def keep_pages(self, pages: Iterable[tuple[bytes, bytes]]) -> None:
        """These, and no others any more."""
        with self._writing() as db:
            db.execute("begin immediate")
            db.execute("delete from pages")
            db.executemany("insert into pages values (?, ?)", pages)

    def source(self, key: bytes) -> tuple[str, bytes] | None:
        """How a file was read that is kept under this key: facts as JSON, and its units."""
        row = self._one("select facts, units from sources where key = ?", key)
        return (row[0], row[1]) if row else None

    def keep_sources(self, sources: Iterable[tuple[bytes, str, bytes]]) -> None:
        """(key, facts, units) of each."""
        with self._writing() as db:
            db.execute("begin immediate")
            db.executemany("insert or replace into sources values (?, ?, ?)", sources)

    # ------------------------------------------------------------------ people's decisions

    def decide(self, rulings: Sequence[Ruling], *, known: int, by: str = "", undoes: int | None = None) -> int:
        """Keep all of these as one batch, and return its number.

        `known` is the number of the latest decision that whoever decides has seen. Raises Overtaken, and keeps
        nothing, if somebody has decided on one of the subjects since.
        """
        at = clock.now()
        with self._writing() as db:
            db.execute("pragma synchronous = full")  # a person's work outlives a power cut
            db.execute("begin immediate")
            since = [_decision(row) for row in db.execute(f"{_DECISIONS} where number > ? order by number", (known,))]
            for decision in since:
                if any(concerns(decision, ruling.subject) for ruling in rulings):
                    raise Overtaken(decision)
            batch = self._latest() + 1
            rows = [(*one.subject, one.points, one.why, one.answer, at, by, batch, undoes) for one in rulings]
            db.executemany("insert into decisions values (null, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        return batch

    def _latest(self) -> int:
        return int(self._db.execute("select coalesce(max(number), 0) from decisions").fetchone()[0])

    def latest_decision(self) -> int:
        """Its number; 0 when nobody has decided on anything."""
        with self._lock:
            return self._latest()

    def override(self, path: str, exercise: str, points: float | None, why: str) -> None:
        """A person's points for one exercise of a submission; None takes an earlier decision back."""
        self.decide([Ruling((path, exercise, ""), points, why)], known=self.latest_decision())

    def decisions_on(self, path: str) -> list[Decision]:
        """All that people decided on a submission, oldest first."""
        return list(map(_decision, self._all(f"{_DECISIONS} where path = ? order by number", path)))

    def decisions_after(self, number: int) -> list[Decision]:
        """All that people decided on any submission since then, oldest first."""
        return list(map(_decision, self._all(f"{_DECISIONS} where number > ? order by number", number)))


_DECISIONS = "select * from decisions"


def _decision(row: Sequence[Any]) -> Decision:
    number, path, exercise, criterion, points, why, answer, *rest = row
    return Decision(number, Ruling((path, exercise, criterion), points, why, answer), *rest)


def digest(data: bytes) -> bytes:
    """By which what is kept is known."""
    return hashlib.blake2b(data, digest_size=20).digest()


def key_of(*parts: object) -> bytes:
    """One key for all of these, which JSON can write."""
    return digest(json.dumps(parts, sort_keys=True, default=str).encode())


def packed(ending: "Ending") -> tuple[str, bytes] | None:
    """A run as it is kept: facts as JSON, and its tape; None if that is too long."""
    if len(ending.tape) > MOST_BYTES_OF_A_RUN:
        return None
    facts = {
        "outcome": ending.outcome.value,
        "note": phrase.document(ending.note),
        "seconds": round(ending.seconds, 3),
        "blamed": ending.blamed.order if ending.blamed else None,
    }
    return json.dumps(facts), zlib.compress(ending.tape, 1)


def without_tape(ending: "Ending") -> "Ending":
    """What was kept need not be held as well."""
    return replace(ending, tape=b"")
