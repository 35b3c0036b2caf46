"""Where results are written: known to be possible before grading, and whole or not at all after it."""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

RESULTS, GRADEBOOK = "results.json", "gradebook.csv"  # in the output folder


class Refused(Exception):
    """A sentence: why a file will not be written there."""


@dataclass(frozen=True, slots=True)
class Target:
    """A file that will be written."""

    format: str
    path: Path  # absolute, links followed, so that a link to a file is kept
    said: str  # the option it comes from, as a person would type it
    inside: Path  # what must not lie under a PATH: the file, or the folder given by --output


def targets(output: Path, further: Iterable[tuple[str, str]]) -> tuple[Target, ...]:
    """The two files of the output folder, and one for each further (format, file); each may be named once."""
    found = list(_of_folder(output))
    for name, file in further:
        said, path = f"--to {name}={file}", Path(file).resolve()
        if path in (target.path for target in found):
            raise Refused(f"{said}: this file is written already; choose another")
        found.append(Target(name, path, said, path))
    return tuple(found)


def _of_folder(output: Path) -> Iterator[Target]:
    folder = output.resolve()
    for name, file in (("json", RESULTS), ("csv", GRADEBOOK)):
        yield Target(name, (folder / file).resolve(), f"--output {output}", folder)


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
    if target.path.exists() and not target.path.is_file():
        raise Refused(f"{target.said}: {target.path} is there and is no regular file; choose another")
    target.path.parent.mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryFile(dir=target.path.parent).close()


def write(contents: Mapping[Path, bytes]) -> None:
    """No reader ever sees half a file, and when the disk is full all older files stay as they were."""
    beside = {path: path.with_name(f".{path.name}.{os.getpid()}.tmp") for path in contents}
    try:
        for path, content in contents.items():
            beside[path].write_bytes(content)
        for path, temporary in beside.items():
            temporary.replace(path)
    finally:
        for temporary in beside.values():
            temporary.unlink(missing_ok=True)
