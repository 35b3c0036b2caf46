"""One file of a submission: a notebook or a script by its extension, or the trouble with it."""

import hashlib
from collections.abc import Callable

from autograder.intake.contents import Unreadable
from autograder.intake.notebook import read_notebook
from autograder.intake.script import read_script
from autograder.intake.text import Text
from autograder.model import SourceFile, Unit
from autograder.phrase import Phrase

Reader = Callable[[str, bytes], tuple[tuple[Unit, ...], Text]]

NOTEBOOK, SCRIPT = ".ipynb", ".py"


def read_source(name: str, read: Callable[[], bytes]) -> tuple[SourceFile, str]:
    """The file called `name` in its submission, and a remark or nothing. Raises nothing."""
    try:
        data = read()
    except Unreadable as error:
        return SourceFile(name, sha256="", trouble=error.reason), ""
    return _understood(name, data, read_notebook if name.lower().endswith(NOTEBOOK) else read_script)


def _understood(name: str, data: bytes, reader: Reader) -> tuple[SourceFile, str]:
    digest = hashlib.sha256(data).hexdigest()
    try:
        units, text = reader(name, data)
    except Unreadable as error:
        return SourceFile(name, digest, trouble=error.reason), ""
    return SourceFile(name, digest, units), _guess(name, text)


def _guess(name: str, text: Text) -> str:
    return Phrase("{file} was read as {encoding}", file=name, encoding=text.guessed) if text.guessed else ""
