"""One file of a submission: a notebook or a script by its extension, or the trouble with it."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from autograder.intake.contents import Unreadable, read_bytes
from autograder.intake.notebook import read_notebook
from autograder.intake.script import read_script
from autograder.intake.text import Text
from autograder.model import SourceFile, Unit

Reader = Callable[[str, bytes], tuple[tuple[Unit, ...], Text]]

NOTEBOOK, SCRIPT = ".ipynb", ".py"


def read_source(name: str, path: Path) -> tuple[SourceFile, str]:
    """The file at `path`, called `name` in its submission, and a remark or nothing. Raises nothing."""
    try:
        data = read_bytes(path)
    except Unreadable as error:
        return SourceFile(name, sha256="", trouble=str(error)), ""
    return _understood(name, data, read_notebook if path.suffix.lower() == NOTEBOOK else read_script)


def _understood(name: str, data: bytes, reader: Reader) -> tuple[SourceFile, str]:
    digest = hashlib.sha256(data).hexdigest()
    try:
        units, text = reader(name, data)
    except Unreadable as error:
        return SourceFile(name, digest, trouble=str(error)), ""
    return SourceFile(name, digest, units), f"{name} was read as {text.guessed}" if text.guessed else ""
