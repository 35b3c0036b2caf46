"""One file of a submission: a notebook or a script by its extension, or the trouble with it."""

import hashlib
from collections.abc import Callable
from functools import partial

from autograder.intake.contents import Unreadable
from autograder.intake.framework import frameworks
from autograder.intake.notebook import read_notebook
from autograder.intake.script import read_script
from autograder.intake.text import Text
from autograder.model import SourceFile, Unit
from autograder.phrase import Phrase

Reader = Callable[[str, bytes], tuple[tuple[Unit, ...], Text]]
Understood = tuple[SourceFile, str]
"""A file as it was read, and a remark or nothing."""
Remember = Callable[[str, str, Callable[[], Understood]], Understood]
"""(name, digest of its bytes, what reads it) → the same as that gives, which may be known already."""

NOTEBOOK, SCRIPT = ".ipynb", ".py"


def anew(name: str, digest: str, read: Callable[[], Understood]) -> Understood:
    """Without a memory."""
    return read()


def read_source(name: str, read: Callable[[], bytes], remember: Remember = anew) -> Understood:
    """The file called `name` in its submission. Raises nothing."""
    try:
        data = read()
    except Unreadable as error:
        return SourceFile(name, sha256="", trouble=error.reason), ""
    digest = hashlib.sha256(data).hexdigest()
    return remember(name, digest, partial(_understood, name, digest, data))


def _understood(name: str, digest: str, data: bytes) -> Understood:
    reader: Reader = read_notebook if name.lower().endswith(NOTEBOOK) else read_script
    try:
        units, text = reader(name, data)
    except Unreadable as error:
        return SourceFile(name, digest, trouble=error.reason), ""
    return SourceFile(name, digest, units, frameworks=frameworks(units)), _guess(name, text)


def _guess(name: str, text: Text) -> str:
    return Phrase("{file} was read as {encoding}", file=name, encoding=text.guessed) if text.guessed else ""
