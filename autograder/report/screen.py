"""The terminal: colours and width on stdout, a bar on stderr, and neither where nobody is looking.

rich is imported only when there is a terminal. It respects NO_COLOR by itself.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from autograder.model import Report, Run, Skipped
from autograder.report import tally, terminal, wording
from autograder.report.terminal import Line, Tone

if TYPE_CHECKING:  # it takes time to import
    from rich.console import Console
    from rich.table import Table

T = TypeVar("T")
MOST_MISTAKES = 5
NARROW = 64  # columns: below it, headers are short


def show(run: Run, reports: Sequence[Report], skipped: Sequence[Skipped], *, verbose: bool = False) -> None:
    """Each submission, then the class in two tables, and a sentence to end with."""
    console = _console()
    paint(console, terminal.lines(reports, skipped, verbose=verbose))
    if len(reports) > 1:
        console.print()
        console.print(_exercises(reports, narrow=console.width < NARROW))
        if mistakes := tally.mistakes(reports)[:MOST_MISTAKES]:
            console.print()
            console.print(_mistakes(mistakes))
    paint(console, [Line(""), Line(terminal.summary(run, reports, skipped))])


def _exercises(reports: Sequence[Report], *, narrow: bool) -> "Table":
    """How many attempted each, and what came of it."""
    from rich.table import Table
    from rich.text import Text

    headers = ("tried", "pass", "lost", "wait") if narrow else ("attempted", "passed", "lost points", "await review")
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("exercise", overflow="fold")
    for header in headers:
        table.add_column(header, justify="right", no_wrap=True)
    for tallied in tally.met(tally.exercises(reports)):
        counts = (tallied.attempted, tallied.passed, tallied.failed, tallied.waiting)
        table.add_row(Text(wording.one_line(tallied.exercise.name)), *map(str, counts))
    return table


def _mistakes(mistakes: Sequence[tally.Mistake]) -> "Table":
    """The most frequent ones, with how many made each."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("times", justify="right", no_wrap=True)
    table.add_column("most frequent mistakes", overflow="fold")
    for mistake in mistakes:
        table.add_row(str(len(mistake.made)), Text(f"{mistake.exercise.name}: {wording.one_line(mistake.sentence)}"))
    return table


def say(lines: Iterable[Line | str]) -> None:
    """Each line at once, in colour on a terminal."""
    console: Console | None = None
    for line in lines:
        if isinstance(line, str):
            print(wording.clean(line), flush=True)
        elif sys.stdout.isatty():
            console = console or _console()
            paint(console, [line])
        else:
            print(f"{' ' * line.indent}{wording.clean(line.text)}", flush=True)


def _console() -> "Console":
    from rich.console import Console

    return Console(file=sys.stdout, markup=False, emoji=False, highlight=False)


def paint(console: "Console", lines: Iterable[Line]) -> None:
    """Lines in colour, wrapped under their own beginning."""
    from rich.padding import Padding
    from rich.text import Text

    for line in lines:
        text = Text(line.text or " ", style=_style(line.tone))
        console.print(Padding(text, (0, 0, 0, line.indent), expand=False))


def _style(tone: Tone) -> str:
    match tone:
        case "good":
            return "green"
        case "lost":
            return "red"
        case "waits":
            return "yellow"
        case "ours":
            return "bold magenta"
        case "quiet":
            return "dim"
        case "plain":
            return ""


def watched(items: Iterator[T], total: int, doing: str = "grading") -> Iterator[T]:
    """The same items, with a bar on stderr while they come, if stderr is a terminal."""
    if not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, redirect_stdout=False) as bar:
        yield from bar.track(items, total=total)
