"""The terminal: colours and width on stdout, a bar on stderr, and neither where nobody is looking.

rich is imported only when there is a terminal. It respects NO_COLOR by itself.
"""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from autograder.report.terminal import Line, Tone

T = TypeVar("T")


def paint(lines: Iterable[Line]) -> None:
    """Lines in colour on stdout, wrapped under their own beginning."""
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(file=sys.stdout, markup=False, emoji=False, highlight=False)
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


def watched(items: Iterator[T], total: int) -> Iterator[T]:
    """The same items, with a bar on stderr while they come, if stderr is a terminal."""
    if not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("grading"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, redirect_stdout=False) as bar:
        yield from bar.track(items, total=total)
