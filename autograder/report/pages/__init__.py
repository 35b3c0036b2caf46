"""Reports → HTML: a class report and a page for each student, each one file that needs no network.

What students wrote reaches a page only as a value in an autoescaping template, and every page has a Content-Security-
Policy that runs nothing but our own script, known by its digest. docs/results.md says where the pages are.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from autograder.model import Report, Run, Skipped

INDEX = "index.html"
STUDENTS = "students"
MADE_BY = '<meta name="generator" content="autograd-grader">'  # by which our own pages are known


@dataclass(frozen=True, slots=True)
class Page:
    """One that can be drawn."""

    path: str  # below the report's folder
    draw: Callable[[], str]
    report: Report | None = None  # whose it is; the class report is nobody's


def of(run: Run, reports: Sequence[Report], skipped: Sequence[Skipped]) -> Iterator[Page]:
    """Every page; drawn one by one, so that a class need not be held."""
    from autograder.report.pages import names

    links = [f"{STUDENTS}/{file}" for file in names.of(reports)]
    for report, link in zip(reports, links, strict=True):
        yield Page(link, partial(_student, run, report), report)
    yield Page(INDEX, partial(_class, run, reports, skipped, links))


def render(
    run: Run, reports: Sequence[Report], skipped: Sequence[Skipped], only: Collection[str] | None = None
) -> Iterator[tuple[str, str]]:
    """(path below the report's folder, text) of every page.

    `only`: of students, the pages of submissions with these origins.
    """
    for page in of(run, reports, skipped):
        if only is None or page.report is None or page.report.submission.origin in only:
            yield page.path, page.draw()


def _student(run: Run, report: Report) -> str:
    from autograder.report.pages import engine, student  # Jinja takes time to import

    return engine.page("student.html", student.view(run, report))


def _class(run: Run, reports: Sequence[Report], skipped: Sequence[Skipped], links: Sequence[str]) -> str:
    from autograder.report.pages import classroom, engine

    return engine.page("index.html", classroom.view(run, reports, skipped, links), script="table.js")
