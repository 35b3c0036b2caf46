"""File names of students' pages: safe on every file system, unique, and the same again the next time."""

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Sequence

from autograder.model import Report

_LONGEST = 48  # characters
_RESERVED = frozenset(
    "con prn aux nul".split() + [f"{port}{n}" for port in ("com", "lpt") for n in range(10)]
)  # by Windows


def of(reports: Sequence[Report]) -> list[str]:
    """A name for each report: the student's, with letters and digits of any script; a digest where that is not enough.

    A name that has to be changed, or that two share, gets a digest of the submission's path.
    """
    plain = [_plain(report.submission.student) for report in reports]
    shared = Counter(name.casefold() for name in plain)
    names, taken = [], Counter[str]()
    for name, report in zip(plain, reports, strict=True):
        alone = shared[name.casefold()] == 1 and name == report.submission.student
        whole = name if alone else f"{name}-{_digest(report)}"
        taken[whole.casefold()] += 1
        again = taken[whole.casefold()]
        names.append(f"{whole}.html" if again == 1 else f"{whole}-{again}.html")
    return names


def _plain(student: str) -> str:
    composed = unicodedata.normalize("NFC", student)
    kept = "".join(c if c.isalnum() or c in "-_" else "-" for c in composed)[:_LONGEST].strip("-_")
    return "student" if not kept or kept.casefold() in _RESERVED else kept


def _digest(report: Report) -> str:
    said = f"{report.submission.origin}\0{report.submission.path}\0{report.submission.student}"
    return hashlib.sha256(said.encode("utf-8", errors="surrogatepass")).hexdigest()[:8]
