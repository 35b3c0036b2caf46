"""What people decided → results.json, gradebook.csv and pages, as the next grading would write them."""

import sqlite3
import threading
from pathlib import Path

from autograder import grading
from autograder.desk.state import Desk, Now
from autograder.grading import Graded
from autograder.report import files, pages
from autograder.store import StoreError

QUIET_SECONDS = 5.0  # without a decision, before results are written
FORMATS = (("json", files.RESULTS), ("csv", files.GRADEBOOK))


class Results:
    """Of one folder, written beside the desk's other work while it is open, and when it is left."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self.trouble = ""  # why the results are not up to date
        self._desk = desk
        self._folder = folder
        self._seen = -1  # the latest decision when it was last looked
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def finish(self) -> None:
        """All that is decided is in the results, or `trouble` says why not."""
        self._leaving.set()
        self._thread.join()
        self._try(thoroughly=True)

    def _watch(self) -> None:
        while not self._leaving.wait(QUIET_SECONDS):
            self._try()

    def _try(self, thoroughly: bool = False) -> None:
        try:
            latest = self._desk.store.latest_decision()
            if thoroughly or latest == self._seen:
                bring_up_to_date(self._desk, self._folder, thoroughly=thoroughly)
                self.trouble = ""
            self._seen = latest
        except (OSError, sqlite3.Error, StoreError) as error:
            self.trouble = f"the results in {self._folder} could not be written: {error}"


def bring_up_to_date(desk: Desk, folder: Path, *, thoroughly: bool = False) -> None:
    """Write what differs. `thoroughly`: look at the files themselves, since others may have written them."""
    while True:
        now, written = desk.now(), grading.written(desk.store)
        if written >= now.latest and not thoroughly:
            return
        graded = now.graded.decided(now.overrides)
        main = {folder / file: b"".join(graded.content(name)) for name, file in FORMATS}
        is_ours = written < now.latest
        is_other = thoroughly and any(_read(path) != content for path, content in main.items())
        if is_ours or is_other:
            files.write(main.items())
            _write_pages(desk, folder / files.PAGES, now, graded, None if is_other else written)
        thoroughly = grading.version(desk.store) != now.version  # a grading was made meanwhile, and is not to be lost
        if not thoroughly:
            grading.set_written(desk.store, now.latest)


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def _write_pages(desk: Desk, folder: Path, now: Now, graded: Graded, since: int | None) -> None:
    """The class report, and the pages of those on whom something was decided since; None: all."""
    if not grading.has_pages(desk.store):
        return
    decided = {one.ruling.subject[0] for one in now.decisions if since is None or one.number > since}
    only = decided if since is not None and (folder / pages.INDEX).is_file() else None
    made = pages.render(graded.run, graded.reports, graded.skipped, only=only)
    files.write_pages(folder, made, all_of_them=only is None)
