"""A .py file → its one unit of text."""

import io
import tokenize
from pathlib import PurePosixPath

from autograder.intake.contents import Unreadable
from autograder.intake.text import Text, decode
from autograder.model import Unit

# Printable ASCII, and what an escaping or shifting codec would make something else of. No backslash stands
# before a character that it does not escape: unicode_escape would warn.
_PROBE = bytes(set(range(0x20, 0x7F)) - {0x5C}) + rb" \x41 \u0041 +AEE- ~{VPND~} &#65;"


def read_script(name: str, data: bytes) -> tuple[tuple[Unit, ...], Text]:
    """The whole script as one unit, and the text with how it was read. Raises Unreadable."""
    if PurePosixPath(name).name == "__init__.py" and not data:
        return (), Text("")  # empty on purpose: it only makes a folder a package
    text = decode(data, declared_encoding(data))
    if _is_notebook(text.text):
        raise Unreadable("is not a script: it holds a notebook; rename it to .ipynb")
    return (Unit(name, "script", "", text.text),), text


def declared_encoding(data: bytes) -> str:
    """The encoding that a PEP 263 comment declares, empty when there is none that can be believed."""
    # Old Macintosh line ends would make one line of the file, and any "coding:" in it a declaration.
    lines = io.BytesIO(data[:10_000].replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
    try:
        encoding, _ = tokenize.detect_encoding(lines.readline)
    except SyntaxError:
        return ""
    return encoding if _extends_ascii(encoding) else ""


def _extends_ascii(encoding: str) -> bool:
    """utf-7, rot13, unicode_escape … would make other code of what every editor shows."""
    try:
        return _PROBE.decode(encoding) == _PROBE.decode("ascii")
    except (LookupError, ValueError):
        return False


def _is_notebook(text: str) -> bool:
    return text.lstrip().startswith("{") and '"nbformat"' in text and ('"cells"' in text or '"worksheets"' in text)
