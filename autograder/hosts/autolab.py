"""In Autolab's job: what was handed in; out on stdout, which students see, feedback and a last line of scores."""

import sys
from collections.abc import Sequence
from pathlib import Path

from autograder.hosts import one
from autograder.report.lms import lines

BOX = one.Box(patience=2.0, memory_mib=1024)


def main(argv: Sequence[str] | None = None) -> int:
    """Grade what lies in the folder that is named; 1 when the grader failed."""
    (folder,) = map(Path, sys.argv[1:] if argv is None else argv)

    def failed(why: str) -> None:
        _say(lines.autolab_sentence(f"{one.told(one.OURS)} {why}"))

    return one.attempt(lambda: _say(_graded(folder)), failed)


def _say(content: bytes) -> None:
    sys.stdout.buffer.write(content)
    sys.stdout.flush()


def _graded(folder: Path) -> bytes:
    graded = one.grade_assigned(folder, BOX)
    return lines.autolab(graded.run, graded.report)


if __name__ == "__main__":
    sys.exit(main())
