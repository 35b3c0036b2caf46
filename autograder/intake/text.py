"""Bytes → text, in whatever encoding a student's editor wrote."""

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass

from autograder.intake.contents import Unreadable

_MARKS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = re.compile(r"[\x01-\x07\x0e-\x19\x1c-\x1f\x7f]")  # not: whitespace, backspace, escape, Ctrl-Z
_MAX_CONTROL = 0.02  # compressed data has about 0.1
_HIGH_BYTES = re.compile(rb"[\x80-\xff]+")


@dataclass(frozen=True, slots=True)
class Text:
    """A file as text with newlines as `\\n`; `guessed` is the encoding when nothing but the bytes told it."""

    text: str
    guessed: str = ""


def decode(data: bytes, declared: str = "") -> Text:
    """The text in `data`: by its byte order mark, else as `declared`, else UTF-8, else by a guess.

    Raises Unreadable when it is empty or no text.
    """
    mark = _marked(data)
    certain = (mark,) if mark else (declared or "utf-8", "utf-8")
    text, encoding = _first(data, (*certain, *(() if mark else _guesses(data))))
    _refuse(text)
    return Text(_tidy(text), guessed="" if encoding in certain else encoding)


def _marked(data: bytes) -> str:
    return next((encoding for mark, encoding in _MARKS if data.startswith(mark)), "")


def _guesses(data: bytes) -> tuple[str, ...]:
    """Chinese or Western; latin-1 takes everything that is left."""
    western = ("windows-1252", "latin-1")
    return ("gb18030", *western) if in_pairs(data) else western


def in_pairs(data: bytes) -> bool:
    """Chinese bytes come in pairs, Western accents alone."""
    runs = [len(run) for run in _HIGH_BYTES.findall(data)]
    return 2 * sum(length > 1 for length in runs) >= len(runs)


def _first(data: bytes, encodings: Iterable[str]) -> tuple[str, str]:
    for encoding in encodings:
        try:
            return data.decode(encoding), encoding
        except (UnicodeError, LookupError):
            continue
    raise Unreadable("is not text")


def _refuse(text: str) -> None:
    if not text.strip("\ufeff \t\r\n\f\v"):
        raise Unreadable("is empty")
    if "\0" in text or len(_CONTROL.findall(text)) > _MAX_CONTROL * len(text):
        raise Unreadable("is not text")


def _tidy(text: str) -> str:
    return printable(newlines(text.lstrip("\ufeff")))


def newlines(text: str) -> str:
    """Windows' and old Macintosh's line ends as `\\n`."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def printable(text: str) -> str:
    """Half a surrogate pair becomes `?`; no report could be written with it."""
    return text.encode("utf-8", "replace").decode("utf-8")
