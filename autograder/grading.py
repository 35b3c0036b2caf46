"""A grading as a whole: what results are written from, kept so that they can be written again without the submissions.

What people decide afterwards is added when it is read. So the review desk needs the output folder and nothing else: no
submissions, no sandbox, no PyTorch.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from autograder import fingerprint, kept
from autograder.decisions import Subject
from autograder.model import Exercise, Override, Report, Run, Skipped, SourceFile, Submission, Unit
from autograder.report import FORMATS, terminal
from autograder.store import Store, StoreError

_GRADING, _VERSION, _WRITTEN = "grading", "grading_version", "written"  # settings


@dataclass(frozen=True, slots=True)
class Graded:
    """All that a renderer needs."""

    run: Run
    reports: tuple[Report, ...]
    skipped: tuple[Skipped, ...]

    def rendered(self, name: str, *, verbose: bool = False) -> str:
        if name == "text":
            return terminal.render(self.run, self.reports, self.skipped, verbose=verbose)
        return FORMATS[name](self.run, self.reports, self.skipped)

    def decided(self, overrides: Mapping[Subject, Override]) -> "Graded":
        """With what people decided."""
        return replace(self, reports=tuple(kept.decided(report, overrides) for report in self.reports))


def keep(store: Store, graded: Graded, exercises: Sequence[Exercise], *, pages: bool, decisions: int) -> None:
    """As the latest grading; `pages`: a class report was asked for; `decisions`: the latest that is surely in it."""
    documents: dict[bytes, bytes] = {}
    parts = ((_submission(report.submission), kept.document(report)) for report in graded.reports)
    members = [[_added(documents, part) for part in both] for both in parts]
    whole = {
        "run": asdict(graded.run),
        "skipped": [asdict(file) for file in graded.skipped],
        "exercises": {exercise.name: fingerprint.of_exercise(exercise) for exercise in exercises},
        "pages": pages,
        "members": members,
    }
    settings = {_GRADING: json.dumps(whole), _VERSION: secrets.token_hex(8), _WRITTEN: str(decisions)}
    store.keep_grading(documents, settings)


def _added(documents: dict[bytes, bytes], document: Mapping[str, Any]) -> str:
    """Its digest."""
    body = json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")
    digest = hashlib.blake2b(body, digest_size=20).digest()
    documents[digest] = body
    return digest.hex()


def version(store: Store) -> str:
    """Changes with every grading; empty before the first."""
    return store.get(_VERSION)


def read(store: Store, known: Mapping[str, Exercise]) -> Graded:
    """The latest grading, as the grader left it. Raises StoreError where there is none, or exercises have changed."""
    said, bodies = store.grading(_GRADING)
    if not said:
        raise StoreError("no grading is kept here that this release can read; grade again, nothing is run for that")
    whole = json.loads(said)
    for name, digest in whole["exercises"].items():
        if name not in known or fingerprint.of_exercise(known[name]) != digest:
            raise StoreError(f"the exercise {name} has changed since; grade again, nothing is run for that")
    members = ([json.loads(bodies[bytes.fromhex(digest)]) for digest in both] for both in whole["members"])
    reports = tuple(kept.report_of(found, _read(submission), known) for submission, found in members)
    return Graded(Run(**whole["run"]), reports, tuple(Skipped(**file) for file in whole["skipped"]))


def has_pages(store: Store) -> bool:
    return bool(json.loads(store.get(_GRADING))["pages"])


def written(store: Store) -> int:
    """The number of the latest decision that is surely in the results."""
    return int(store.get(_WRITTEN) or 0)


def set_written(store: Store, decision: int) -> None:
    store.set(_WRITTEN, str(decision))


def _submission(given: Submission) -> dict[str, Any]:
    files = [[file.name, file.sha256, [_unit(unit) for unit in file.units], file.trouble] for file in given.files]
    return {
        "student": given.student,
        "path": given.path,
        "files": files,
        "remarks": given.remarks,
        "declined": given.declined,
        "origin": given.origin,
        "ids": dict(given.ids),
    }


def _unit(unit: Unit) -> list[str]:
    return [unit.file, unit.kind, unit.label, unit.text, unit.saved]


def _read(given: Mapping[str, Any]) -> Submission:
    files = tuple(
        SourceFile(name, digest, tuple(Unit(*unit) for unit in units), trouble)
        for name, digest, units, trouble in given["files"]
    )
    return Submission(**{**given, "files": files, "remarks": tuple(given["remarks"])})
