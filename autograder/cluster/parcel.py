"""What travels: a submission as JSON, and what was found as JSON with the tapes of the runs behind it.

Who handed it in stays at home: of a submission goes what decides its report, which is its files.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from autograder import phrase
from autograder.model import SourceFile, Submission, Unit


def of_submission(submission: Submission) -> bytes:
    """The files as they were read, without name, path and ids of the student."""
    files = [
        [f.name, f.sha256, [[u.file, u.kind, u.label, u.text] for u in f.units], f.trouble] for f in submission.files
    ]
    remarks = list(map(phrase.document, submission.remarks))
    return json.dumps({"files": files, "remarks": remarks, "declined": submission.declined}).encode()


def submission(parcel: bytes) -> Submission:
    """The other way round, nameless."""
    told = json.loads(parcel)
    files = tuple(
        SourceFile(name, sha256, tuple(Unit(*unit) for unit in units), trouble)
        for name, sha256, units, trouble in told["files"]
    )
    return Submission("", "", files, tuple(map(phrase.parsed, told["remarks"])), told["declined"])


def packed(told: Mapping[str, Any], tapes: Sequence[bytes] = ()) -> bytes:
    """A line of JSON, and the tapes one after the other."""
    line = json.dumps({**told, "lengths": list(map(len, tapes))}).encode()
    return b"".join([line, b"\n", *tapes])


def unpacked(parcel: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """The other way round."""
    line, _, rest = parcel.partition(b"\n")
    told: dict[str, Any] = json.loads(line)
    tapes, start = [], 0
    for length in told.pop("lengths"):
        tapes.append(rest[start : start + length])
        start += length
    return told, tapes
