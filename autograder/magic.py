"""%grade in a notebook: `%load_ext autograder`, then `%grade jacobian` or `%%grade jacobian`.

What is tried are the cells that were run in this session, each as it was run last, in the order in which they were
first run: that is what exists in every front end, saved or not. `%grade jacobian hw1.ipynb` tries a file instead. The
server stays warm until the kernel ends. A kernel knows no text cells, so words in them are found in a file only.
"""

import atexit
import hashlib
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from IPython.core.error import UsageError

from autograder import live, trying
from autograder.assignment import plan
from autograder.console import Failed
from autograder.intake import IntakeError, whole
from autograder.intake.framework import declined_framework, frameworks
from autograder.model import Exercise, SourceFile, Submission, Unit
from autograder.report import screen, trial
from autograder.report.files import Refused
from autograder.sandbox import SandboxError
from autograder.shapes import SpecError

HERE = "this notebook"


class Cells:
    """The code cells of a session, by the id that the front end gave them, where it does."""

    def __init__(self, earlier: Sequence[str]) -> None:
        self._cells: dict[str, tuple[int, str]] = {f"In {n}": (n, text) for n, text in enumerate(earlier, 1) if text}
        self.paused = False  # while a cell runs inside a cell

    def add(self, number: int, text: str, cell: str | None) -> None:
        """A cell that is run again keeps its place, and has its new text."""
        if text.strip() and not self.paused:
            self._cells[cell or f"In {number}"] = (number, text)

    def submission(self) -> Submission:
        units = tuple(Unit(HERE, "code", f"In [{number}]", text) for number, text in self._cells.values())
        digest = hashlib.sha256("\n".join(unit.text for unit in units).encode("utf-8", "replace")).hexdigest()
        files = (SourceFile(HERE, digest, units, frameworks=frameworks(units)),)
        return Submission("you", HERE, files, declined=declined_framework(files))


class Grading:
    """The magic, with a sandbox that is started when it is first needed."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self.cells = Cells(shell.history_manager.input_hist_raw[1 : shell.execution_count])
        self._trial: trying.Trial | None = None
        self._exercises: Mapping[str, Exercise] = {}

    def before_a_cell(self, info: Any) -> None:
        if info.store_history and not info.silent:
            self.cells.add(self._shell.execution_count, info.raw_cell, getattr(info, "cell_id", None))

    def grade(self, line: str, cell: str | None = None) -> None:
        """%grade [EXERCISE …] [FILE]: what looks right so far. As %%grade, the cell is run first."""
        if cell is not None:
            self._run(cell)
        words = shlex.split(line)
        files = [word for word in words if Path(word).suffix]
        names = [word for word in words if word not in files]
        try:
            plan.chosen(self._known(), names)
            submission = whole(Path(files[0])).submissions[0] if files else self.cells.submission()
            report, tried = self._warm().run(submission)
        except (Refused, Failed, IntakeError, SandboxError, SpecError) as error:
            raise UsageError(str(error).removeprefix("--exercise: ")) from None
        shown = tuple(trying.shown(tried, names))
        screen.say(trial.lines(report, shown))
        if not files and any(sight is trying.Sight.WORDS for one in shown for sight, _ in one.criteria):
            print("Text cells are not seen here; save the notebook and name its file to have them read.")

    def _known(self) -> Mapping[str, Exercise]:
        """Read once: a kernel keeps the graders that it has loaded, too."""
        if not self._exercises:
            self._exercises = {exercise.name: exercise for exercise in live.chosen(())}
        return self._exercises

    def _run(self, cell: str) -> None:
        self.cells.paused = True
        try:
            self._shell.run_cell(cell)
        finally:
            self.cells.paused = False

    def _warm(self) -> trying.Trial:
        """What is tried is what this kernel has run already, so it is no stranger's here."""
        if self._trial is None:
            self._trial = trying.Trial(list(self._known().values()), live.rung(allow_unsafe=True)).__enter__()
            atexit.register(self.close)
        return self._trial

    def close(self) -> None:
        trial_, self._trial = self._trial, None
        if trial_ is not None:
            atexit.unregister(self.close)
            trial_.__exit__(None, None, None)


def load(shell: Any) -> None:
    """Into an IPython shell: both magics, and an eye on the cells that are run."""
    grading = Grading(shell)
    shell.events.register("pre_run_cell", grading.before_a_cell)
    shell.register_magic_function(grading.grade, "line_cell", "grade")


def unload(shell: Any) -> None:
    grading = shell.magics_manager.magics["line"]["grade"].__self__
    shell.events.unregister("pre_run_cell", grading.before_a_cell)
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("grade", None)
    grading.close()
