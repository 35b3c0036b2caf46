"""Archives as no honest program makes them."""

import gzip
import io
import struct
import tarfile
import warnings
import zipfile

ENCRYPTED, UTF_8 = 0x1, 0x800


def zipped(
    *members: tuple[str, bytes], mode: int = 0, flags: int = 0, compression: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """A .zip of (path, content), in this order, also of paths that it had before."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a path is there twice
        for path, content in members:
            info = zipfile.ZipInfo("x")
            info.filename, info.external_attr, info.compress_type = path, mode << 16, compression
            file.writestr(info, content)
    return with_flags(buffer.getvalue(), flags)


def with_flags(data: bytes, flags: int) -> bytes:
    """The .zip with more general-purpose flags set, in each header and each directory entry."""
    return patched(patched(data, b"PK\x03\x04", 6, flags), b"PK\x01\x02", 8, flags)


def patched(data: bytes, signature: bytes, offset: int, bits: int) -> bytes:
    """The data with bits set in the 16-bit number that stands so far behind each signature."""
    changed, at = bytearray(data), data.find(signature)
    while at >= 0:
        (old,) = struct.unpack_from("<H", changed, at + offset)
        struct.pack_into("<H", changed, at + offset, old | bits)
        at = data.find(signature, at + 1)
    return bytes(changed)


def with_sizes(data: bytes, size: int) -> bytes:
    """The .zip whose directory and headers say that each member unpacks to `size` bytes."""
    changed = bytearray(data)
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.find(signature)
        while at >= 0:
            struct.pack_into("<I", changed, at + offset, size)
            at = data.find(signature, at + 1)
    return bytes(changed)


def renamed(data: bytes, old: bytes, new: bytes) -> bytes:
    """An archive in which a path became another of the same length, as bytes of any kind."""
    assert len(old) == len(new) and old in data
    return data.replace(old, new)


def overlapping(count: int) -> bytes:
    """A .zip with one member, which its directory lists `count` times."""
    data = zipped(("a.py", b"x = 1\n" * 10_000))
    start, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    entry = data[start:end]
    said = min(count, 65535)
    record = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, said, said, len(entry) * count, start, 0)
    return data[:start] + entry * count + record


def with_zip64(data: bytes, directory_bytes: int) -> bytes:
    """A .zip with a 64-bit end that claims a directory of so many bytes."""
    end = data.index(b"PK\x05\x06")
    large = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, directory_bytes, 0)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, end, 1)
    return data[:end] + large + locator + data[end:]


def nested(depth: int, innermost: bytes, name: str = "again.zip") -> bytes:
    """A .zip in a .zip in a .zip …: `depth` of them around the innermost data."""
    for _ in range(depth):
        innermost = zipped((name, innermost))
    return innermost


def tarred(*members: tuple[str, bytes], form: int = tarfile.PAX_FORMAT, **fields: object) -> bytes:
    """A .tar of (path, content); fields of tarfile.TarInfo hold for all members."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form, encoding="utf-8", errors="surrogateescape") as file:
        for path, content in members:
            info = tarfile.TarInfo(path)
            info.size = len(content)
            for name, value in fields.items():
                setattr(info, name, value)
            file.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def header(path: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    """One header of a .tar, of 512 bytes."""
    info = tarfile.TarInfo(path)
    info.size, info.type = size, kind
    return info.tobuf(tarfile.GNU_FORMAT)


def blocks(content: bytes) -> bytes:
    return content + bytes(-len(content) % 512)


def extended(records: bytes, times: int = 1) -> bytes:
    """An extended header of a .tar that says `records` of the next member; or a chain of them."""
    return (header("pax", len(records), tarfile.XHDTYPE) + blocks(records)) * times


def one_tar(before: bytes, path: str = "hw.py", content: bytes = b"x = 1\n", size: int | None = None) -> bytes:
    """A .tar with one member behind `before`."""
    return before + header(path, len(content) if size is None else size) + blocks(content) + bytes(1024)


def gzipped(data: bytes) -> bytes:
    return gzip.compress(data, 6, mtime=0)


def zeros_gzipped(megabytes: int) -> bytes:
    """A .tar.gz with one script of so many million bytes."""
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0, compresslevel=1) as file:
        file.write(header("bomb.py", megabytes * 1_000_000))
        for _ in range(megabytes):
            file.write(bytes(1_000_000))
    return buffer.getvalue()


def frame(header: bytes, body: bytes = b"") -> bytes:
    """A frame of the wire."""
    return struct.pack("<II", len(header), len(body)) + header + body
