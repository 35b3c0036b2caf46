"""Bundles for autograders' hosts: our code without tests and samples, and what the host wants beside it.

A new host is a function that makes its files, and a line in HOSTS. Equal code makes equal bytes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from autograder.bundle import autolab, github, gradescope, prairielearn
from autograder.bundle.contents import Wanted, is_script
from autograder.report import files
from autograder.report.files import Refused
from autograder.report.lms.export import zipped

Files = Mapping[str, bytes]

__all__ = ["HOSTS", "Wanted", "archive", "make", "write"]


@dataclass(frozen=True, slots=True)
class Host:
    """Who runs us once a submission, and how to get there."""

    files: Callable[[Wanted], Files]
    upload: Callable[[Wanted], Sequence[str]]  # what is left to do, a line each
    output: str  # where the bundle goes, if nobody says


HOSTS: Mapping[str, Host] = MappingProxyType(
    {
        "gradescope": Host(gradescope.files, gradescope.upload, "autograder.zip"),
        "prairielearn": Host(prairielearn.files, prairielearn.upload, "prairielearn"),
        "autolab": Host(autolab.files, autolab.upload, "autolab"),
        "github": Host(github.action, github.upload_action, "github"),
        "classroom50": Host(github.classroom50, github.upload_classroom50, "classroom50"),
    }
)


def make(host: str, wanted: Wanted) -> Files:
    """The files of a bundle, by name. Raises Refused."""
    return dict(sorted(HOSTS[host].files(wanted).items()))


def archive(made: Files) -> bytes:
    """As one zip; scripts can be executed once they are unpacked."""
    return zipped(made, executable=[name for name, content in made.items() if is_script(content)])


def write(made: Files, output: Path) -> None:
    """Into a zip, if it is named so, else into a folder that holds nothing yet. Raises Refused."""
    try:
        if output.suffix.lower() == ".zip":
            files.write([(output, archive(made))])
        else:
            _write_folder(made, output)
    except OSError as error:
        raise Refused(f"{output} cannot be written: {error.strerror or error}") from None


def _write_folder(made: Files, folder: Path) -> None:
    """What somebody changed in an earlier bundle is never written over."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused(f"{folder} is there and not empty; name a new folder with -o, and copy from it what you want")
    for name, content in made.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o755 if is_script(content) else 0o644)
