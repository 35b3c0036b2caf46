"""A sheet: a CSV file of somebody else's, of which some cells are filled and every other byte is kept.

No CSV writer gives back what it read: quotes, line ends and marks differ, and an LMS compares. So a cell remembers
where in the text it stands, and what is filled in replaces exactly that.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SEPARATORS = ",;\t"
_WORD = re.compile(r"[^\W_]+")


class SheetError(Exception):
    """A sheet that cannot be used; a sentence that reads well after its name."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell says, and where in the text it stands, with its quotes."""

    value: str
    start: int
    end: int


Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The text of a CSV file and its cells; the first row is the header."""

    text: str
    mark: bytes
    encoding: str
    separator: str
    rows: tuple[Row, ...]

    @property
    def header(self) -> tuple[str, ...]:
        return tuple(cell.value.strip() for cell in self.rows[0])

    @property
    def body(self) -> tuple[Row, ...]:
        return self.rows[1:]

    def column(self, *names: str) -> int | None:
        """The place of the first of these names in the header, in any case."""
        found = [name.casefold() for name in self.header]
        return next((found.index(name.casefold()) for name in names if name.casefold() in found), None)

    def filled(self, changes: Mapping[Cell, str]) -> bytes:
        """The file with these cells changed, and every other byte as it was."""
        pieces, at = [], 0
        for cell in sorted(changes, key=lambda cell: cell.start):
            pieces += [self.text[at : cell.start], self._raw(cell, changes)]
            at = cell.end
        text = "".join((*pieces, self.text[at:]))
        try:
            return self.mark + text.encode(self.encoding)
        except UnicodeEncodeError as error:
            what = error.object[error.start : error.end]
            raise SheetError(f"is in {self.encoding}, which cannot hold {what!r}; export it as UTF-8") from None

    def selected(self, rows: Iterable[Row], columns: Sequence[int], changes: Mapping[Cell, str]) -> bytes:
        """These columns of these rows, as they stand there, with these cells changed."""
        lines = []
        for row in rows:
            cells = (row[column] for column in columns if column < len(row))
            lines.append(self.separator.join(self._raw(cell, changes) for cell in cells))
        end = "\r\n" if "\r\n" in self.text else "\n"
        return self.mark + "".join(line + end for line in lines).encode(self.encoding, "replace")

    def _raw(self, cell: Cell, changes: Mapping[Cell, str]) -> str:
        """The cell as it is to stand there, in quotes where it has been or has to be."""
        old, new = self.text[cell.start : cell.end], changes.get(cell)
        if new is None:
            return old
        has_to = any(character in new for character in f'"{self.separator}\r\n')
        return '"' + new.replace('"', '""') + '"' if has_to or old.startswith('"') else new


def read(data: bytes) -> Sheet:
    """The sheet in these bytes. Raises SheetError."""
    mark, text, encoding = _decoded(data)
    first = text.split("\n", 1)[0]
    separator = max(_SEPARATORS, key=first.count)
    rows = tuple(row for row in _rows(text, separator) if any(cell.value.strip() for cell in row))
    if not rows or len(rows[0]) < 2:
        raise SheetError("is no table; expected a CSV file with a header")
    return Sheet(text, mark, encoding, separator, rows)


def _decoded(data: bytes) -> tuple[bytes, str, str]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return mark, _strictly(data[len(mark) :], encoding), encoding
    try:
        return b"", data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return b"", _strictly(data, "windows-1252"), "windows-1252"


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise SheetError("is not text; expected a CSV file") from None


def _rows(text: str, separator: str) -> Iterator[Row]:
    row: list[Cell] = []
    at = 0
    while at < len(text):
        end = _end(text, at, separator)
        row.append(Cell(_value(text[at:end]), at, end))
        ended = end == len(text) or text[end] != separator
        at = end + (2 if text.startswith("\r\n", end) else 1)
        if ended:
            yield tuple(row)
            row = []
        elif at == len(text):
            row.append(Cell("", at, at))
    if row:
        yield tuple(row)


def _end(text: str, at: int, separator: str) -> int:
    """Where the cell that starts at `at` ends; a separator or a line break within quotes belongs to it."""
    quoted = text.startswith('"', at)
    while quoted:
        close = text.find('"', at + 1)
        if close < 0:
            raise SheetError("breaks off inside a quoted cell; export it again")
        at = close + 1
        quoted = text.startswith('"', at)  # two are one quote in the cell
    breaks = [found for sign in f"{separator}\r\n" if (found := text.find(sign, at)) >= 0]
    return min(breaks, default=len(text))


def _value(raw: str) -> str:
    return raw[1:].removesuffix('"').replace('""', '"') if raw.startswith('"') else raw


def same_person(name: str) -> frozenset[str]:
    """The ways in which sheets and downloads write a name; two names can be one person's where these meet.

    "Lovelace, Ada", "Ada Lovelace" and Canvas's "lovelaceada" meet. Whether anybody else meets them as well is for the
    caller to look at: names are no keys.
    """
    last, comma, first = name.partition(",")
    words = [*_words(first), *_words(last)] if comma else _words(name)
    turned = [*_words(last), *_words(first)] if comma else words[-1:] + words[:-1]
    return frozenset({" ".join(sorted(words)), "".join(words), "".join(turned)} - {""})


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", text).replace("'", "").replace("’", "")
    return _WORD.findall(plain.casefold())


def unique(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    """key → row, of the keys that only one row has."""
    rows: dict[str, set[int]] = {}
    for key, row in pairs:
        rows.setdefault(key, set()).add(row)
    return {key: next(iter(found)) for key, found in rows.items() if key and len(found) == 1}


def value(row: Sequence[Cell], column: int | None) -> str:
    """What a row says in a column; nothing where it has none."""
    return row[column].value.strip() if column is not None and column < len(row) else ""
