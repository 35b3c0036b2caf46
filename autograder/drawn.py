"""Pages that need not be drawn, since they stand there as they would be drawn again.

A page is a function of what was found, of what people decided, of the run's title and day, and of our own code and
data. A digest of all that is kept beside a digest of the page that came of it. A page whose file has that digest is
left as it is: one that was deleted, cut short or edited by hand is drawn again, wherever it lies.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from autograder import fingerprint
from autograder.model import Exercise, Report, Run
from autograder.report.pages import Page
from autograder.store import Store, digest, key_of


class Drawn:
    """What is known of the pages of a grading."""

    def __init__(self, store: Store, run: Run, exercises: Iterable[Exercise]) -> None:
        self._store, self._known = store, store.pages()
        self._run = (fingerprint.of_showing(exercises), run.title, run.finished[:10], run.version, run.language)
        self._noted: dict[bytes, bytes] = {}
        self.standing: set[Path] = set()  # pages that were met and are as they would be drawn

    def missing(self, folder: Path, pages: Iterable[Page]) -> Iterator[tuple[str, str]]:
        """(path below the folder, text) of those that do not stand there yet."""
        for page in pages:
            key = self._key(page.report) if page.report and page.report.digest else None
            path = folder / page.path
            if key and key in self._known and self._known[key] == _digest_of(path):
                self._noted[key] = self._known[key]
                self.standing.add(path)
                continue
            text = page.draw()
            if key:
                self._noted[key] = digest(text.encode("utf-8", errors="replace"))
            yield page.path, text

    def keep(self) -> None:
        """What was met, once it is written, and nothing else any more."""
        if self._noted != self._known:
            self._store.keep_pages(self._noted.items())

    def _key(self, report: Report) -> bytes:
        one, verdicts = report.submission, [verdict for answer in report.answers for verdict in answer.verdicts]
        files = [(file.name, file.sha256, file.trouble) for file in one.files]
        overrides = [*(answer.override for answer in report.answers), *(verdict.override for verdict in verdicts)]
        decided = [(number, repr(override)) for number, override in enumerate(overrides) if override]
        withheld = [number for number, verdict in enumerate(verdicts) if verdict.withheld]
        submission = (one.student, one.path, files, one.remarks, one.declined)
        shown = (decided, withheld, repr(report.late), report.language.code)
        return key_of(self._run, report.digest, submission, *shown)


def _digest_of(path: Path) -> bytes:
    try:
        return digest(path.read_bytes())
    except OSError:
        return b""
