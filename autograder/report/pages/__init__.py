"""Reports → HTML: a class report and a page for each student, each one file that needs no network.

What students wrote reaches a page only as a value in an autoescaping template, and every page has a Content-Security-
Policy that runs nothing but our own script, known by its digest. docs/results.md says where the pages are.
"""

from collections.abc import Collection, Iterator, Sequence

from autograder.model import Report, Run, Skipped

INDEX = "index.html"
STUDENTS = "students"
MADE_BY = '<meta name="generator" content="autograd-grader">'  # by which our own pages are known


def render(
    run: Run, reports: Sequence[Report], skipped: Sequence[Skipped], only: Collection[str] | None = None
) -> Iterator[tuple[str, str]]:
    """(path below the report's folder, text) of every page; made one by one, so that a class need not be held.

    `only`: of students, the pages of submissions with these origins.
    """
    from autograder.report.pages import classroom, engine, names, student  # Jinja takes time to import

    files = names.of(reports)
    for report, file in zip(reports, files, strict=True):
        if only is None or report.submission.origin in only:
            yield f"{STUDENTS}/{file}", engine.page("student.html", student.view(run, report))
    links = [f"{STUDENTS}/{file}" for file in files]
    yield INDEX, engine.page("index.html", classroom.view(run, reports, skipped, links), script="table.js")
