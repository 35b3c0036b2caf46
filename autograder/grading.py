"""A grading as a whole: what results are written from, kept so that they can be written again without the submissions.

What people decide afterwards is added when it is read. So the review desk needs the output folder and nothing else: no
submissions, no sandbox, no PyTorch.
"""

import json
import secrets
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from autograder import fingerprint, kept, phrase
from autograder.assignment.plan import Plan, again
from autograder.decisions import Subject
from autograder.model import Exercise, Override, Report, Run, Skipped, SourceFile, Submission
from autograder.packed import Units
from autograder.report import FORMATS, encoded, results_json, terminal
from autograder.shapes import SpecError
from autograder.store import Store, StoreError, digest

_GRADING, _VERSION, _WRITTEN = "latest_grading", "grading_version", "written"  # settings

Document = tuple[bytes, Callable[[], bytes]]  # a digest, and the body that is compressed under it


@dataclass(frozen=True, slots=True)
class Graded:
    """All that a renderer needs."""

    run: Run
    reports: tuple[Report, ...]
    skipped: tuple[Skipped, ...]
    plan: Plan = field(compare=False)  # what was asked for

    def rendered(self, name: str, *, verbose: bool = False) -> str:
        if name == "text":
            return terminal.render(self.run, self.reports, self.skipped, verbose=verbose)
        return FORMATS[name](self.run, self.reports, self.skipped)

    def content(self, name: str) -> Iterable[bytes]:
        """As a file of this format, in pieces."""
        if name == "json":
            made = results_json.pieces(self.run, self.reports, self.skipped)
            return (encoded(name, piece) for piece in made)
        return (encoded(name, self.rendered(name)),)

    def decided(self, overrides: Mapping[Subject, Override]) -> "Graded":
        """With what people decided, and what being late costs then, for students to read."""
        reports = (kept.decided(report, overrides) for report in self.reports)
        return replace(self, reports=tuple(map(self.plan.finished, reports)))


def keep(store: Store, graded: Graded, *, pages: bool, decisions: int) -> None:
    """As the latest grading; `pages`: a class report was asked for; `decisions`: the latest that is surely in it."""
    members: list[list[str]] = []  # the digests of a submission and of what was found, of each

    def documents() -> Iterator[Document]:
        for report in graded.reports:
            units = [_units(file) for file in report.submission.files]
            both = _document(_submission(report.submission, units)), _found(report)
            members.append([digest.hex() for digest, _ in both])
            yield from (*units, *both)

    def settings() -> dict[str, str]:
        whole = {
            "run": asdict(graded.run),
            "skipped": [[file.path, file.why] for file in graded.skipped],
            "assignment": graded.plan.file,
            "exercises": {exercise.name: fingerprint.of_exercise(exercise) for exercise in graded.plan.exercises},
            "pages": pages,
            "members": members,
        }
        return {_GRADING: json.dumps(whole), _VERSION: secrets.token_hex(8), _WRITTEN: str(decisions)}

    store.keep_grading(documents(), settings)


def _units(file: SourceFile) -> Document:
    packed = Units.of(file.units).packed
    return digest(packed), lambda: packed


def _found(report: Report) -> Document:
    """Known by its digest, if it was kept before, so that it need not be written again."""
    digest = report.digest or kept.digest_of(kept.written(report))
    return bytes.fromhex(digest), lambda: _compressed(kept.written(report))


def _document(document: Mapping[str, Any]) -> Document:
    told = json.dumps(document)
    return bytes.fromhex(kept.digest_of(told)), lambda: _compressed(told)


def _compressed(told: str) -> bytes:
    return zlib.compress(told.encode("utf-8", "surrogatepass"), level=1)


def version(store: Store) -> str:
    """Changes with every grading; empty before the first."""
    return store.get(_VERSION)


def read(store: Store, known: Mapping[str, Exercise]) -> Graded:
    """The latest grading, as the grader left it and in English, with nothing deducted or withheld.

    `known`: exercises as they are without an assignment. Raises StoreError where there is no grading, or where what
    was asked for is another by now.
    """
    said, bodies = store.grading(_GRADING)
    if not said:
        raise StoreError("no grading is kept here that this release can read; grade again, nothing is run for that")
    whole = json.loads(said)
    asked = _planned(whole, known)
    reader = kept.Reader(asked.exercises)

    def document(digest: str) -> str:
        return zlib.decompress(bodies[bytes.fromhex(digest)]).decode("utf-8", "surrogatepass")

    both = ((_read(json.loads(document(one)), bodies), document(found)) for one, found in whole["members"])
    reports = tuple(reader.report(found, submission) for submission, found in both)
    return Graded(Run(**whole["run"]), reports, tuple(Skipped(*file) for file in whole["skipped"]), asked)


def _planned(whole: Mapping[str, Any], known: Mapping[str, Exercise]) -> Plan:
    """What was asked for, with exercises that are as they were then."""
    chosen = {name: known[name] for name in whole["exercises"] if name in known}
    try:
        asked = again(whole["assignment"], whole["run"]["language"], chosen)
    except SpecError as error:
        raise StoreError(f"{error}; grade again, nothing is run for that") from None
    now = {exercise.name: fingerprint.of_exercise(exercise) for exercise in asked.exercises}
    for name, then in whole["exercises"].items():
        if now.get(name) != then:
            raise StoreError(f"the exercise {name} has changed since; grade again, nothing is run for that")
    return asked


def has_pages(store: Store) -> bool:
    return bool(json.loads(store.get(_GRADING))["pages"])


def written(store: Store) -> int:
    """The number of the latest decision that is surely in the results."""
    return int(store.get(_WRITTEN) or 0)


def set_written(store: Store, decision: int) -> None:
    store.set(_WRITTEN, str(decision))


def _submission(given: Submission, units: Iterable[Document]) -> dict[str, Any]:
    return {
        "student": given.student,
        "path": given.path,
        "files": [_file(file, digest) for file, (digest, _) in zip(given.files, units, strict=True)],
        "remarks": list(map(phrase.document, given.remarks)),
        "declined": given.declined,
        "origin": given.origin,
        "handed_in": given.handed_in,
        "ids": dict(given.ids),
    }


def _file(file: SourceFile, units: bytes) -> list[Any]:
    return [file.name, file.sha256, [len(file.units), units.hex()], phrase.document(file.trouble)]


def _read(given: Mapping[str, Any], bodies: Mapping[bytes, bytes]) -> Submission:
    files = tuple(
        SourceFile(name, digest, Units(size, bodies[bytes.fromhex(units)]), phrase.parsed(trouble))
        for name, digest, (size, units), trouble in given["files"]
    )
    return Submission(**{**given, "files": files, "remarks": tuple(map(phrase.parsed, given["remarks"]))})
