"""The bytes of a .tar or .tar.gz → its members.

Only the parser for one header is tarfile's. Going from header to header is done here, because tarfile trusts what
they say: a chain of extended headers is a recursion, and a long one a regular expression in quadratic time.
"""

import gzip
import io
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from autograder.intake.contents import Allowance, Unreadable
from autograder.intake.members import Member, decoded
from autograder.phrase import Phrase

_BLOCK = tarfile.BLOCKSIZE
_GZIP = b"\x1f\x8b"
_MAX_HEADER_BYTES = 1 << 16  # of the records in one extended header
_RECORDS = (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE)
_WITHOUT_DATA = (
    *(tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.DIRTYPE),
    *(tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE),
)
_PASSED_OVER = (tarfile.XGLTYPE, tarfile.GNUTYPE_LONGLINK)
_KINDS = {
    **dict.fromkeys((tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE), "file"),
    **dict.fromkeys((tarfile.LNKTYPE, tarfile.SYMTYPE), "link"),
    tarfile.DIRTYPE: "folder",
}
_BREAKS_OFF = Phrase("breaks off in the middle; hand in the whole file")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A header, and where what it announces lies."""

    header: tarfile.TarInfo
    start: int
    records: dict[bytes, bytes]  # of the extended headers before it

    @property
    def size(self) -> int:
        return _number(self.records[b"size"]) if b"size" in self.records else self.header.size

    @property
    def end(self) -> int:
        return self.start + (0 if self.header.type in _WITHOUT_DATA else self.size)


def members(data: bytes, allowance: Allowance, most: int) -> Iterator[Member]:
    """All members, in order, of a tar of at most so many bytes. Raises Unreadable, also after some."""
    raw = allowance.read(partial(_gunzipped, data), most) if data.startswith(_GZIP) else data
    return (_member(raw, piece) for piece in _pieces(raw))


def _gunzipped(data: bytes, count: int) -> bytes:
    try:
        with gzip.open(io.BytesIO(data)) as file:
            return file.read(count)
    except EOFError as error:
        raise Unreadable(_BREAKS_OFF) from error
    except (OSError, zlib.error) as error:
        raise Unreadable("is damaged; pack the files again") from error


def _pieces(raw: bytes) -> Iterator[_Piece]:
    """Each member's header, with what extended headers say of it."""
    at, records = 0, dict[bytes, bytes]()
    while header := _header(raw, at):
        piece = _Piece(header, at + _BLOCK, records)
        if not piece.start <= piece.end <= len(raw):
            raise Unreadable(_BREAKS_OFF)
        if (further := _further(piece, raw)) is None:
            yield piece
        records = {**records, **further} if further is not None else {}
        at = -(-piece.end // _BLOCK) * _BLOCK


def _header(raw: bytes, at: int) -> tarfile.TarInfo | None:
    try:
        return tarfile.TarInfo.frombuf(raw[at : at + _BLOCK], "utf-8", "surrogateescape")
    except (tarfile.EOFHeaderError, tarfile.EmptyHeaderError):  # type: ignore[attr-defined]  # typeshed lacks them
        return None
    except tarfile.HeaderError as error:
        raise Unreadable(
            "is damaged; pack the files again" if at else "is no tar archive; pack the files again"
        ) from error


def _further(piece: _Piece, raw: bytes) -> dict[bytes, bytes] | None:
    """What a header says of the next one; None of a member's own."""
    kind = piece.header.type
    if kind == tarfile.GNUTYPE_SPARSE:
        raise Unreadable("holds a file with holes; pack it again without --sparse")
    if kind in _PASSED_OVER:
        return {}
    if kind not in (*_RECORDS, tarfile.GNUTYPE_LONGNAME):
        return None
    if piece.size > _MAX_HEADER_BYTES:
        raise Unreadable("is damaged: a header in it is longer than any name; pack the files again")
    body = raw[piece.start : piece.end]
    return _records(body) if kind in _RECORDS else {b"path": body.rstrip(b"\0")}


def _records(body: bytes) -> dict[bytes, bytes]:
    """`length key=value\\n`, again and again."""
    found: dict[bytes, bytes] = {}
    while body.strip(b"\0"):
        length, _, _ = body.partition(b" ")
        record, body = body[: _number(length)], body[_number(length) :]
        key, _, value = record[len(length) + 1 : -1].partition(b"=")
        found[key] = value
        if not record:
            raise Unreadable("is damaged; pack the files again")
    return found


def _number(digits: bytes) -> int:
    if not digits.isdigit() or len(digits) > 19:
        raise Unreadable("is damaged; pack the files again")
    return int(digits)


def _member(raw: bytes, piece: _Piece) -> Member:
    name = piece.records.get(b"path") or piece.header.name.encode("utf-8", "surrogateescape")
    path = decoded(name, "utf-8").replace("\\", "/")
    return Member(path, _kind(piece, path), lambda count: raw[piece.start : min(piece.end, piece.start + count)])


def _kind(piece: _Piece, path: str) -> str:
    """A sparse file is no regular one here: what is stored are pieces of it."""
    sparse = any(key.startswith(b"GNU.sparse.") for key in piece.records)
    kind = "other" if sparse else _KINDS.get(piece.header.type, "other")
    return "folder" if kind == "file" and path.endswith("/") else kind
