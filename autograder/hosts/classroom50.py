"""For Classroom 50's runner: the checkout in; result.json and release-body.md, which the student reads, in it.

When we fail there is no result.json, and the exit code makes the runner say so: that is no mark.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from autograder.hosts import one
from autograder.report import feedback
from autograder.report.lms import classroom50

BOX = one.Box(patience=1.5, memory_mib=2048)


def main(argv: Sequence[str] | None = None) -> int:
    """Grade the checkout that is named; 1 when the grader failed."""
    (checkout,) = map(Path, sys.argv[1:] if argv is None else argv)
    return one.attempt(lambda: _graded(checkout), lambda why: _body(checkout, f"{one.told(one.OURS)}\n{why}"))


def _graded(checkout: Path) -> None:
    graded = one.grade_assigned(checkout, BOX)
    one.write(checkout / "result.json", classroom50.render(graded.run, graded.report, os.environ))
    _body(checkout, feedback.text(graded.report))


def _body(checkout: Path, text: str) -> None:
    print(text)
    one.write(checkout / "release-body.md", one.verbatim(text).encode("utf-8", "replace"))


if __name__ == "__main__":
    sys.exit(main())
