"""The outputs that a notebook was saved with, as text for a person who reads the answer.

They are the student's word: anybody can write into a file what a cell is said to have printed. Nothing is judged by
them, so whatever is odd in them is passed over, and pictures are only told of.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from autograder.intake.text import newlines, printable
from autograder.text import cleaned

MOST_CHARACTERS = 2000  # of a cell
MOST_OUTPUTS = 50
_PICTURES = ("image/png", "image/jpeg", "image/svg+xml", "png", "jpeg", "svg")


def output(cell: Mapping[str, Any]) -> str:
    """What the cell is said to have shown; empty when there is nothing."""
    outputs = cell.get("outputs")
    if not isinstance(outputs, list):
        return ""
    shown = (text for one in outputs[:MOST_OUTPUTS] if isinstance(one, dict) for text in _texts(one))
    whole = "\n".join(part.strip("\n") for part in shown if part.strip())
    return cleaned(printable(newlines(whole[: 2 * MOST_CHARACTERS])), MOST_CHARACTERS)


def _texts(one: Mapping[str, Any]) -> Iterator[str]:
    if "ename" in one:
        yield f"{_text(one.get('ename'))}: {_text(one.get('evalue'))}"
        return
    data = one.get("data") if isinstance(one.get("data"), dict) else one
    assert isinstance(data, Mapping)  # noqa: S101  one is a mapping as well
    if any(kind in data for kind in _PICTURES):
        yield "[a picture]"
    else:
        yield _text(data.get("text/plain", data.get("text")))


def _text(value: object) -> str:
    """A text or its lines."""
    if isinstance(value, list):
        return "".join(line for line in value if isinstance(line, str))
    return value if isinstance(value, str) else ""
