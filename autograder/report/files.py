"""Where results are written: known to be possible before grading, and whole or not at all after it."""

import os
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.report import FOLDERS, pages

RESULTS, GRADEBOOK, PAGES = "results.json", "gradebook.csv", "report"  # in the output folder


class Refused(Exception):
    """A sentence: why a file will not be written there."""


@dataclass(frozen=True, slots=True)
class Target:
    """A file that will be written, or a folder of pages."""

    format: str
    path: Path  # absolute, links followed, so that a link to a file is kept
    said: str  # the option it comes from, as a person would type it
    inside: Path  # what must not lie under a PATH: the file, or the folder given by --output
    is_folder: bool = False


def targets(output: Path, further: Iterable[tuple[str, str]], pages: bool = True) -> tuple[Target, ...]:
    """What the output folder holds, and one for each further (format, file or folder); each may be named once."""
    found = [target for target in _of_folder(output) if pages or not target.is_folder]
    for name, file in further:
        said, path = f"--to {name}={file}", Path(file).resolve()
        if path in (target.path for target in found):
            raise Refused(f"{said}: this file is written already; choose another")
        found.append(Target(name, path, said, path, name in FOLDERS))
    return tuple(found)


def _of_folder(output: Path) -> Iterator[Target]:
    folder = output.resolve()
    for name, file in (("json", RESULTS), ("csv", GRADEBOOK)):
        yield Target(name, (folder / file).resolve(), f"--output {output}", folder)
    yield Target("html", (folder / PAGES).resolve(), f"--output {output}", folder, is_folder=True)


def refuse_inside(found: Iterable[Target], paths: Sequence[Path]) -> None:
    """Results among the submissions would be taken for submissions the next time."""
    for target in found:
        for path in paths:
            if any(path.resolve() in (place, *place.parents) for place in (target.inside, target.path)):
                sentence = f"{target.said} would write into {path}, and nothing under a PATH is ever changed"
                raise Refused(f"{sentence}; choose a place outside it")


def make_ready(found: Iterable[Target]) -> None:
    """Make the folders, and find out now, not after an hour of grading, what cannot be written."""
    for target in found:
        try:
            _make_ready(target)
        except OSError as error:
            why = error.strerror or str(error)
            raise Refused(f"{target.said}: cannot write into {target.path.parent} ({why})") from error


def _make_ready(target: Target) -> None:
    if target.is_folder:
        _make_folder_ready(target)
    elif target.path.exists() and not target.path.is_file():
        raise Refused(f"{target.said}: {target.path} is there and is no regular file; choose another")
    target.path.parent.mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryFile(dir=target.path.parent).close()


def _make_folder_ready(target: Target) -> None:
    """Nothing in it that we would write over was written by somebody else."""
    index, students = target.path / pages.INDEX, target.path / pages.STUDENTS
    target.path.parent.mkdir(parents=True, exist_ok=True)
    if target.path.exists() and not target.path.is_dir():
        raise Refused(f"{target.said}: {target.path} is there and is no folder; choose another")
    if index.exists() and not _is_ours(index):
        raise Refused(f"{target.said}: {index} is there and is not of our making; choose another folder")
    near = next(folder for folder in (students, target.path, target.path.parent) if folder.is_dir())
    tempfile.TemporaryFile(dir=near).close()


def _is_ours(page: Path) -> bool:
    """A page says in its first lines who made it."""
    if not page.is_file():
        return False
    with page.open("rb") as file:
        return pages.MADE_BY.encode() in file.read(1000)


def write_pages(
    folder: Path, made: Iterable[tuple[str, str]], *, all_of_them: bool = True, standing: Collection[Path] = ()
) -> None:
    """All pages or none, as `write`; then, if they are all, pages of ours that are not among them are removed.

    `standing`: pages that are there already, once all are made.
    """
    written = set()

    def contents() -> Iterator[tuple[Path, bytes]]:
        for name, text in made:
            written.add(folder / name)
            yield folder / name, text.encode("utf-8", errors="replace")

    (folder / pages.STUDENTS).mkdir(parents=True, exist_ok=True)
    write(contents())
    for page in (folder / pages.STUDENTS).glob("*.html") if all_of_them else ():
        if page not in written and page not in standing and _is_ours(page):
            page.unlink()


def write(contents: Iterable[tuple[Path, bytes | Iterable[bytes]]]) -> None:
    """No reader ever sees half a file, and when the disk is full all older files stay as they were.

    What is large comes in pieces.
    """
    beside: dict[Path, Path] = {}
    try:
        for path, content in contents:
            beside[path] = path.with_name(f".{path.name}.{os.getpid()}.tmp")
            with beside[path].open("wb") as file:
                file.writelines([content] if isinstance(content, bytes) else content)
        for path, temporary in beside.items():
            temporary.replace(path)
    finally:
        for temporary in beside.values():
            temporary.unlink(missing_ok=True)
