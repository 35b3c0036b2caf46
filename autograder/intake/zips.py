"""The bytes of a .zip → its members. Nothing is unpacked before it is read, and then no more than is asked for."""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial

from autograder.intake.contents import Unreadable
from autograder.intake.members import MAX_MEMBERS, Member, decoded, too_many
from autograder.phrase import Phrase

# zipfile checks little before it computes with what it found.
_DAMAGE = (
    *(zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, LookupError),
    *(OverflowError, struct.error, zlib.error),
)
_ENCRYPTED = 0x1
_UTF_8 = 0x800
# The others unpack a block as large as they like before zipfile can stop them.
_BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DIRECTORY_ENTRY = b"PK\x01\x02"


def members(data: bytes) -> Iterator[Member]:
    """All members, in the order of the directory. Raises Unreadable."""
    # Before zipfile makes an object of each. Archives within, if only stored, are counted along.
    if data.count(_DIRECTORY_ENTRY) > 4 * MAX_MEMBERS:
        raise Unreadable(too_many())
    try:
        file = zipfile.ZipFile(io.BytesIO(data))
    except _DAMAGE as error:
        raise Unreadable(_instead(data)) from error
    return (_member(file, info) for info in file.infolist())


def _instead(data: bytes) -> str:
    if data.startswith(b"PK\x03\x04"):
        return Phrase("is damaged or breaks off in the middle; hand in the whole file")
    return Phrase("is no zip archive; pack the files again")


def _member(file: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    path = _path(info)
    return Member(path, _kind(info, path), partial(_unpacked, file, info))


def _path(info: zipfile.ZipInfo) -> str:
    """Windows packs with backslashes, and most programs in an encoding that they do not tell."""
    name = info.orig_filename  # .filename ends at a NUL
    path = name if info.flag_bits & _UTF_8 else decoded(name.encode("cp437"), "cp437")
    return path.replace("\\", "/")


def _kind(info: zipfile.ZipInfo, path: str) -> str:
    kinds = {0: "file", stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "link"}
    kind = kinds.get(stat.S_IFMT(info.external_attr >> 16), "other")
    return "folder" if kind == "file" and path.endswith("/") else kind


def _unpacked(file: zipfile.ZipFile, info: zipfile.ZipInfo, count: int) -> bytes:
    if info.flag_bits & _ENCRYPTED:
        raise Unreadable("is encrypted; pack it again without a password")
    if info.compress_type not in _BOUNDED:
        raise Unreadable("is compressed in a way that is not read here; pack it again as an ordinary zip")
    try:
        with file.open(info) as member:
            return member.read(count)
    except _DAMAGE as error:
        raise Unreadable("is damaged in its archive; pack it again") from error
