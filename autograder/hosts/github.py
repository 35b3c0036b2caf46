"""In a step of GitHub's: the repository that is checked out; an output a criterion, and a summary for the student."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from autograder.hosts import one
from autograder.report import feedback
from autograder.report.lms import github

BOX = one.Box(patience=1.5, memory_mib=2048)


def main(argv: Sequence[str] | None = None) -> int:
    """Grade the checkout that is named; 1 when the grader failed."""
    (checkout,) = map(Path, sys.argv[1:] if argv is None else argv)
    return one.attempt(lambda: _graded(checkout), lambda why: _summary(f"{one.told(one.OURS)}\n{why}"))


def _graded(checkout: Path) -> None:
    report = one.grade_assigned(checkout, BOX).report
    results = github.results(report)
    _append("GITHUB_OUTPUT", "".join(f"{name}={result}\n" for name, result in results.items()))
    _summary(feedback.text(report))


def _summary(text: str) -> None:
    """In the log, and on the page of the run."""
    print(text)
    _append("GITHUB_STEP_SUMMARY", one.verbatim(text))


def _append(variable: str, text: str) -> None:
    if file := os.environ.get(variable):
        with open(file, "a", encoding="utf-8", errors="replace") as out:
            out.write(text)


if __name__ == "__main__":
    sys.exit(main())
