"""Names of files and students: how they are shown, and in which order."""

import re
import unicodedata
from pathlib import PurePath

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DIGITS = re.compile(r"([0-9]+)")

MAX_NAME_BYTES = 255  # of one name; no file system has longer ones
_KEPT = 20  # characters at the end of a name that is cut, its ending among them

NameKey = tuple[tuple[tuple[str | int, ...], ...], str]


def clean_name(name: str) -> str:
    r"""The name as it is safe to show: undecodable bytes as `\xXX`, control and bidi characters `\uXXXX`."""
    return "".join(_shown(character) for character in name)


def _shown(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # surrogateescape: how Python keeps a byte that it could not decode
        return f"\\x{code - 0xDC00:02x}"
    hidden = character in _BIDI or unicodedata.category(character) in _UNPRINTABLE
    return f"\\u{code:04x}" if hidden else character


def clean_path(path: PurePath) -> str:
    """The path as it is safe to show, and short enough to be made again: escapes make names longer."""
    return "/".join(_cut(clean_name(part)) for part in path.parts)


def _cut(name: str) -> str:
    if len(name.encode()) <= MAX_NAME_BYTES:
        return name
    start = name[:-_KEPT].encode()[: MAX_NAME_BYTES - 4 * _KEPT - len("…".encode())]
    return f"{start.decode(errors='ignore')}…{name[-_KEPT:]}"


def natural_key(path: PurePath) -> NameKey:
    """Sorts hw2 before hw10, and A beside a; the exact name decides between equals."""
    return tuple(_pieces(part) for part in path.parts), str(path)


def _pieces(part: str) -> tuple[str | int, ...]:
    """Text and numbers in turn, so that text is only ever compared with text."""
    pieces = _DIGITS.split(part.casefold())
    return tuple(int(piece) if i % 2 else piece for i, piece in enumerate(pieces))
