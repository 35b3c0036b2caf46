"""Inside PrairieLearn's external grader, /grade: student/ and tests/*.yaml in, results/results.json out.

Nothing is printed but why we failed, since a course may show students what a grader prints.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from autograder.hosts import one
from autograder.report import files
from autograder.report.lms import prairielearn

BOX = one.Box(patience=2.0, memory_mib=1024)  # of 2 GiB


def main(argv: Sequence[str] | None = None) -> int:
    """Grade what lies under the root that is named, /grade; 1 when the grader failed."""
    (root,) = map(Path, sys.argv[1:] if argv is None else argv)
    results = root / "results" / files.RESULTS

    def failed(why: str) -> None:
        print(why)
        one.write(results, prairielearn.sentence(one.told(one.OURS)))

    return one.attempt(lambda: one.write(results, _graded(root)), failed)


def _graded(root: Path) -> bytes:
    """The exercises are those in the question's own tests/, as this course has changed them."""
    from autograder import spec

    exercises = spec.load_all(root / "tests")
    graded = one.grade(root / "student", exercises.values(), BOX)
    return prairielearn.render(graded.run, graded.report)


if __name__ == "__main__":
    sys.exit(main())
