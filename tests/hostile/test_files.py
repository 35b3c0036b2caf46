"""Odd files, names and archives: each is read, or its trouble is told in one sentence, and nothing else happens.

A row says what it is, what lies in the folder, and all that the report has to say. Beside it lies `zoe.py`, which no
neighbour may touch. An expected text is the beginning of the real one, except that `read: ` and `skipped: ` are told
apart exactly.
"""

import gzip
import json
import os
import random
import stat
import tarfile
import unicodedata
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import pytest

from autograder.intake import IntakeError, find
from autograder.intake.archive import opened
from autograder.intake.contents import MAX_FILE_BYTES, Allowance, Unreadable
from autograder.intake.entries import Entry
from autograder.model import Skipped, SourceFile, Submission
from tests.hostile import pack
from tests.hostile.pack import tarred, zipped

GOOD = b"x = 1\n"
NOISE = random.Random(7).randbytes(5000)  # noqa: S311  what does not compress
READ = "read: x = 1"
READ_OR_DAMAGED = ""  # newer releases of Python refuse members that overlap
TAR_DAMAGED, BREAKS_OFF = "is damaged", "breaks off in the middle; hand in the whole file"
NO_ZIP, ZIP_DAMAGED = "is no zip archive; pack the files again", "is damaged or breaks off in the middle"
IN_ARCHIVE = "is damaged in its archive; pack it again"
LEADS_OUT, ABSOLUTE = "skipped: a path that leads out of its archive", "skipped: an absolute path; a member"
LINK, NO_FILE = "skipped: a link; links are not followed", "skipped: no regular file"
TWICE, TOO_DEEP = "skipped: in its archive twice; the later one is taken", "skipped: more than 30 folders deep"
NOT_WANTED = "skipped: not a notebook (.ipynb) or a script (.py)"
OTHER_ARCHIVE = "skipped: an archive of another kind than .zip, .tar.gz, .tgz, .tar; unpack it first"
NOTHING_IN = "is empty: nothing was handed in"
EMPTY_HANDED = "holds no notebook (.ipynb) and no script (.py); 1 other entry was skipped"
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"

Says = Mapping[str, str | tuple[str, ...]]  # path → all that is said of it
Content = bytes | Callable[[Path], object]


@dataclass(frozen=True)
class Row:
    """An odd thing in a folder, and everything that has to be said of it."""

    what: str
    name: str
    content: Content
    says: Says

    def put(self, folder: Path) -> None:
        path = folder / self.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.content) if isinstance(self.content, bytes) else self.content(path)


def file(what: str, name: str, content: Content, told: str, shown: str = "") -> Row:
    """A file at the top of the folder."""
    return Row(what, name, content, {shown or name: told})


def ada(what: str, content: Content, says: Says | str, name: str = "ada.zip") -> Row:
    """An archive that Ada uploaded; told by the members' paths, or as one trouble of the archive."""
    told = {name: says} if isinstance(says, str) else {f"{name}/{path}".rstrip("/"): x for path, x in says.items()}
    return Row(what, name, content, told)


def later(make: Callable[[], bytes]) -> Callable[[Path], object]:
    """What is too large to be made before its test is run."""
    return lambda path: path.write_bytes(make())


def tar(what: str, content: Content, says: Says | str) -> Row:
    return ada(what, content, says, "ada.tar.gz")


def book(*sources: object, **top: object) -> bytes:
    cells = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": source} for source in sources]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells, **top}).encode()


def hole(size: int) -> Callable[[Path], object]:
    """A file of so many bytes that takes no room."""
    return lambda path: (path.touch(), os.truncate(path, size))


def linked(to: str) -> Callable[[Path], object]:
    return lambda path: path.symlink_to(to)


def hard_link(path: Path) -> None:
    elsewhere = path.parent.parent / "elsewhere.py"
    elsewhere.write_bytes(GOOD)
    path.hardlink_to(elsewhere)


def many(*files: tuple[str, bytes]) -> Callable[[Path], object]:
    """Several files beside the path, which itself is not made."""

    def put(path: Path) -> None:
        for name, content in files:
            (path.parent / name).parent.mkdir(exist_ok=True)
            (path.parent / name).write_bytes(content)

    return put


EMPTY_BOOK = json.dumps({"nbformat": 4, "metadata": {}, "cells": []}).encode()
MANY_CELLS = b'{"nbformat": 4, "cells": [' + b",".join([b'{"cell_type":"code","source":""}'] * 500_000) + b"]}"
PICTURE = {"output_type": "display_data", "data": {"text/html": "<script>alert(1)</script>", "image/png": "A" * 10**6}}
OUTPUTS = json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": "x = 1", "outputs": [PICTURE]}]})
VERSION_3 = json.dumps({"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "input": "x = 1"}]}]})

FILES = [
    file("an empty script", "ada.py", b"", "is empty"),
    file("an empty notebook file", "ada.ipynb", b"", "is empty"),
    file("a notebook without cells", "ada.ipynb", EMPTY_BOOK, "has no cells"),
    file("a byte order mark", "ada.py", b"\xef\xbb\xbfx = 1\n", READ),
    file("a notebook with a byte order mark", "ada.ipynb", b"\xef\xbb\xbf" + book("x = 1"), READ),
    file("Windows' line ends", "ada.py", b"x = 1\r\ny = 2\r\n", "read: x = 1\ny = 2\n"),
    file("old Macintosh's line ends", "ada.py", b"x = 1\ry = 2\r", "read: x = 1\ny = 2\n"),
    file("UTF-16", "ada.py", "x = 1\n".encode("utf-16"), READ),
    file("Latin-1", "ada.py", 'x = "café"\n'.encode("latin-1"), 'read: x = "café"'),
    file("declared as UTF-7", "ada.py", b'# coding: utf-7\nx = "+AGE-"\n', 'read: # coding: utf-7\nx = "+AGE-"'),
    file("declared as rot13", "ada.py", b"# coding: rot13\nx = 1\n", "read: # coding: rot13\nx = 1"),
    file("declared as escapes", "ada.py", b"# coding: unicode_escape\nx='\\x41'\n", "read: # coding: unicode_escape\nx='\\x41'"),
    file("a NUL in a script", "ada.py", b"x = 1\0\n", "is not text"),
    file("bytes of all kinds", "ada.py", bytes(range(1, 256)) * 10, "is not text"),
    file("more than 50 MB", "ada.py", hole(50_000_001), "is larger than 50 MB"),
    file("a hole of a terabyte", "ada.ipynb", hole(1 << 40), "is larger than 50 MB"),
    file("a script called .ipynb", "ada.ipynb", GOOD, "is not a notebook: it holds a Python script"),
    file("a JSON list", "ada.ipynb", b"[1, 2]", "is not a notebook: it holds a JSON list"),
    file("a million brackets", "ada.ipynb", b"[" * 10**6, "is not a notebook: its JSON is nested too deeply"),
    file("a number of a million digits", "ada.ipynb", book("x = 1", odd=7).replace(b"7", b"7" * 10**6), READ),
    file("NaN", "ada.ipynb", book("x = 1", odd=float("nan")), READ),
    file("a key twice", "ada.ipynb", b'{"cells": 1, ' + book("x = 1")[1:], READ),
    file("half a million cells", "ada.ipynb", MANY_CELLS, "has 500000 cells, more than 2000"),
    file("nbformat 3", "ada.ipynb", VERSION_3.encode(), READ),
    file("sources that are no text", "ada.ipynb", book(None, 5, {"a": 1}, ["x = 1", 3, None]), READ),
    file("half a surrogate pair", "ada.ipynb", book("x = '\ud800'"), "read: x = '?'"),
    file("outputs with a script and megabytes", "ada.ipynb", OUTPUTS.encode(), READ),
    file("a web page", "ada.ipynb", b"<!DOCTYPE html>", "is not a notebook: it holds a web page"),
    file("a zip called .ipynb", "ada.ipynb", zipped(("hw.py", GOOD)), "is not text"),
    file("a notebook called .zip", "ada.zip", book("x = 1"), NO_ZIP),
    file("a link to a system's file", "ada.py", linked("/etc/passwd"), LINK),
    file("a link to the solution beside it", "ada.py", linked("zoe.py"), LINK),
    file("a link to an endless device", "ada.py", linked("/dev/zero"), LINK),
    file("a link called .zip", "ada.zip", linked("zoe.py"), LINK),
    file("a second name of a file elsewhere", "ada.py", hard_link, READ),
    file("a FIFO", "ada.py", os.mkfifo, NO_FILE),
    file("a FIFO called .zip", "ada.zip", os.mkfifo, NO_FILE),
    Row("a folder called .ipynb", "ada.ipynb/hw.py", GOOD, {"ada.ipynb/hw.py": READ}),
    Row("a folder called .zip", "ada.zip/hw.py", GOOD, {"ada.zip/hw.py": READ}),
    Row("an empty folder", "ada", Path.mkdir, {"ada": "The folder ada is empty: nothing was handed in"}),
    file("a newline in the name", "a\nb.py", GOOD, READ, "a\\u000ab.py"),
    file("an escape in the name", "a\x1b[31m.py", GOOD, READ, "a\\u001b[31m.py"),
    file("a name that turns round", "\u202eyp.txt.py", GOOD, READ, "\\u202eyp.txt.py"),
    file("bytes in the name that are no UTF-8", "a\udcff\udcfe.py", GOOD, READ, "a\\xff\\xfe.py"),
    file("a formula", "=cmd|calc.py", GOOD, READ),
    file("an option", "-rf.py", GOOD, READ),
    file("HTML", "<b onmouseover=alert(1)>.py", GOOD, READ),
    file("a command", "; rm -rf $HOME.py", GOOD, READ),
    file("as long as names can be", "n" * 252 + ".py", GOOD, READ),
    Row("names that differ in case", "x", many(("A.py", GOOD), ("a.py", GOOD)), {"A.py": READ, "a.py": READ}),
    Row("two with equal bytes", "x", many(("a.py", GOOD), ("b.py", GOOD)), {"a.py": READ, "b.py": READ}),
    file("named like an exercise", "jacobian.yaml.py", GOOD, READ),
    file("named like a grader", "sin_derivative.py", GOOD, READ),
    file("named like a package", "torch.py", GOOD, READ),
    file("an exercise of their own", "jacobian.yaml", b"title: mine", NOT_WANTED),
    file("another kind of archive", "ada.rar", b"Rar!", OTHER_ARCHIVE),
    file("a packed single file", "ada.py.gz", pack.gzipped(GOOD), OTHER_ARCHIVE),
]  # fmt: skip

ZIPS = [
    ada("a notebook, a script and a folder", zipped(("a.ipynb", book("x = 1")), ("p/q/b.py", GOOD)), {"a.ipynb": READ, "p/q/b.py": READ}),
    ada("in capitals", zipped(("HW.PY", GOOD)), {"HW.PY": READ}, "ada.ZIP"),
    ada("only stored", zipped(("a.py", GOOD), compression=zipfile.ZIP_STORED), {"a.py": READ}),
    ada("behind another program, as self-extracting ones are", b"MZ" * 500 + zipped(("a.py", GOOD)), {"a.py": READ}),
    ada("a path that leads out", zipped(("../../evil.py", GOOD), ("a.py", GOOD)), {"../../evil.py": LEADS_OUT, "a.py": READ}),
    ada("nothing but a path that leads out", zipped(("../evil.py", GOOD)), {"": EMPTY_HANDED, "../evil.py": LEADS_OUT}),
    ada("out in the middle", zipped(("a/../../evil.py", GOOD)), {"": EMPTY_HANDED, "a/../../evil.py": LEADS_OUT}),
    ada("out with backslashes", zipped(("..\\..\\evil.py", GOOD)), {"": EMPTY_HANDED, "../../evil.py": LEADS_OUT}),
    ada("an absolute path", zipped(("/var/evil.py", GOOD)), {"": EMPTY_HANDED, "var/evil.py": ABSOLUTE}),
    ada("a drive", zipped(("C:\\evil.py", GOOD)), {"": EMPTY_HANDED, "C:/evil.py": ABSOLUTE}),
    ada("a drive without a root", zipped(("c:evil.py", GOOD)), {"": EMPTY_HANDED, "c:evil.py": ABSOLUTE}),
    ada("another computer", zipped(("\\\\host\\share\\evil.py", GOOD)), {"": EMPTY_HANDED, "host/share/evil.py": ABSOLUTE}),
    ada("packed by Windows", zipped(("part1\\", b""), ("part1\\hw.py", GOOD)), {"part1/hw.py": READ}),
    ada("a link", zipped(("a.py", b"/etc/passwd"), mode=stat.S_IFLNK | 0o777), {"": EMPTY_HANDED, "a.py": LINK}),
    ada("a device", zipped(("a.py", b""), mode=stat.S_IFCHR | 0o666), {"": EMPTY_HANDED, "a.py": NO_FILE}),
    ada("a FIFO", zipped(("a.py", b""), mode=stat.S_IFIFO | 0o666), {"": EMPTY_HANDED, "a.py": NO_FILE}),
    ada("a bomb", later(lambda: zipped(("a.py", bytes(200 << 20)))), {"a.py": "is larger than 50 MB"}),
    ada("100,000 members", later(lambda: zipped(*((f"{i}.py", GOOD) for i in range(100_000)))), "has more than 50000 members"),
    ada("300,000 names of one member", later(lambda: pack.overlapping(300_000)), "has more than 50000 members"),
    ada("two names of one member", pack.overlapping(2), {"a.py": (READ_OR_DAMAGED, TWICE)}),
    ada("an archive inside", zipped(("hw.zip", zipped(("p/b.py", GOOD)))), {"hw.zip/p/b.py": READ}),
    ada("a tar inside", zipped(("hw.tgz", pack.gzipped(tarred(("p/b.py", GOOD))))), {"hw.tgz/p/b.py": READ}),
    ada("archives without end", pack.nested(50, GOOD), {
        "": EMPTY_HANDED, "again.zip/again.zip": "skipped: an archive inside two others; unpack the outer ones first",
    }),
    ada("a broken archive inside", zipped(("hw.zip", b"PK"), ("a.py", GOOD)), {"hw.zip": NO_ZIP, "a.py": READ}),
    ada("garbage", b"PK\x03\x04garbage", ZIP_DAMAGED),
    ada("no archive at all", b"Dear teacher", NO_ZIP),
    ada("a tar called .zip", tarred(("a.py", GOOD)), NO_ZIP),
    ada("of no bytes", b"", "is empty"),
    ada("more than 200 MB", hole(200_000_001), "is larger than 200 MB"),
    ada("without members", zipped(), {"": NOTHING_IN}),
    ada("cut in the middle", zipped(("a.py", NOISE))[:1000], ZIP_DAMAGED),
    ada("cut at the end", zipped(("a.py", GOOD))[:-1], ZIP_DAMAGED),
    ada("encrypted", zipped(("a.py", GOOD), flags=pack.ENCRYPTED), {"a.py": "is encrypted; pack it again without a password"}),
    ada("LZMA", zipped(("a.py", GOOD), compression=zipfile.ZIP_LZMA), {"a.py": "is compressed in a way that is not read here"}),
    ada("bzip2", zipped(("a.py", GOOD), compression=zipfile.ZIP_BZIP2), {"a.py": "is compressed in a way that is not read here"}),
    ada("less than it says, but what was packed", pack.with_sizes(zipped(("a.py", GOOD)), 5_000_000), {"a.py": READ}),
    ada("more than it says", later(lambda: pack.with_sizes(zipped(("a.py", bytes(200 << 20))), 9)), {"a.py": IN_ARCHIVE}),
    ada("another content than was packed", zipped(("a.py", GOOD), compression=zipfile.ZIP_STORED).replace(GOOD, b"x = 2\n"), {"a.py": IN_ARCHIVE}),
    ada("a directory of an exabyte", pack.with_zip64(zipped(("a.py", GOOD)), 1 << 60), ZIP_DAMAGED),
    ada("a name twice", zipped(("a.py", b"old = 1"), ("./a.py", GOOD)), {"a.py": (READ, TWICE)}),
    ada("names that differ in case", zipped(("A.py", GOOD), ("a.py", GOOD)), {"A.py": READ, "a.py": READ}),
    ada("a file and a folder of one name", zipped(("a.py", GOOD), ("a.py/b.py", GOOD)), {
        "a.py": "skipped: a folder in its archive too", "a.py/b.py": READ,
    }),
    ada("100 folders deep", zipped(("d/" * 100 + "a.py", GOOD)), {"": EMPTY_HANDED, "d/" * 100 + "…": TOO_DEEP}),
    ada("a name of 300 letters", zipped(("n" * 300 + ".py", GOOD)), {"": EMPTY_HANDED, "n" * 200 + "…": "skipped: a name that is longer"}),
    ada("a number of 5000 digits", zipped(("9" * 5000 + ".py", GOOD)), {"": EMPTY_HANDED, "9" * 200 + "…": "skipped: a name that is longer"}),
    ada("a NUL in a name", pack.renamed(zipped(("a_b.py", GOOD)), b"a_b", b"a\0b"), {"": EMPTY_HANDED, "a\\u0000b.py": "skipped: a name with a NUL in it"}),
    ada("a file without a name", zipped(("./", b"x")), {"": NOTHING_IN}),
    ada("an escape and a newline in a name", zipped(("a\x1b[2J\n.py", GOOD)), {"a\\u001b[2J\\u000a.py": READ}),
    ada("a name that turns round", zipped(("\u202eyp.py", GOOD)), {"\\u202eyp.py": READ}),
    ada("a name in UTF-8 that does not say so", pack.renamed(zipped(("____.py", GOOD)), b"____", "éü".encode()), {"éü.py": READ}),
    ada("a Chinese name as Windows packs it", pack.renamed(zipped(("____.py", GOOD)), b"____", "作业".encode("gbk")), {"作业.py": READ}),
    ada("a German name as Windows packs it", pack.renamed(zipped(("J_rg.py", GOOD)), b"J_rg", "Jörg".encode("cp437")), {"Jörg.py": READ}),
    ada("a name that is not the UTF-8 that it says", pack.renamed(zipped(("\u00e9.py", GOOD)), "é".encode(), b"\xff\xff"), ZIP_DAMAGED),
    ada("what Macs and Windows add", zipped(("__MACOSX/._a.py", GOOD), (".DS_Store", b""), ("a.py", GOOD)), {
        "__MACOSX": "skipped: a folder that a program left behind", ".DS_Store": "skipped: a hidden file", "a.py": READ,
    }),
    ada("a virtual environment", zipped(("v/pyvenv.cfg", b""), ("v/lib/six.py", GOOD), ("a.py", GOOD)), {"v": "skipped: a virtual environment", "a.py": READ}),
    ada("a PDF only", zipped(("a.pdf", b"%PDF")), {"": EMPTY_HANDED, "a.pdf": NOT_WANTED}),
    ada("a broken notebook", zipped(("a.ipynb", b"{")), {"a.ipynb": "is not a notebook: it breaks off"}),
    Row("in a student's folder", "ada/hw.zip", zipped(("part1/hw1.ipynb", book("x = 1"))), {"ada/hw.zip/part1/hw1.ipynb": READ}),
    Row("the same student three times", "x", many(("ada.zip", zipped(("hw.py", GOOD))), ("ada.py", GOOD), ("ada/hw.py", GOOD)), {
        "ada.zip/hw.py": READ, "ada.py": READ, "ada/hw.py": READ,
    }),
]  # fmt: skip

TARS = [
    tar("a script in a folder", pack.gzipped(tarred(("p/b.py", GOOD))), {"p/b.py": READ}),
    ada("not compressed", tarred(("b.py", GOOD)), {"b.py": READ}, "ada.tar"),
    ada("called .tgz", pack.gzipped(tarred(("b.py", GOOD))), {"b.py": READ}, "ada.tgz"),
    ada("compressed all the same", pack.gzipped(tarred(("b.py", GOOD))), {"b.py": READ}, "ada.tar"),
    tar("with ./ before each path", tarred(("./", b""), ("./b.py", GOOD)), {"b.py": READ}),
    tar("old GNU format, long name", tarred(("d" * 120 + "/b.py", GOOD), form=tarfile.GNU_FORMAT), {"d" * 120 + "/b.py": READ}),
    tar("PAX format, long name", tarred(("é" * 120 + "/b.py", GOOD)), {"é" * 120 + "/b.py": READ}),
    tar("USTAR format, long name", tarred(("d" * 99 + "/b.py", GOOD), form=tarfile.USTAR_FORMAT), {"d" * 99 + "/b.py": READ}),
    tar("without blocks at the end", tarred(("b.py", GOOD))[:1024], {"b.py": READ}),
    tar("garbage behind the end", tarred(("b.py", GOOD)) + b"garbage" * 99, {"b.py": READ}),
    tar("a path that leads out", tarred(("../evil.py", GOOD), ("b.py", GOOD)), {"../evil.py": LEADS_OUT, "b.py": READ}),
    tar("an absolute path", tarred(("/var/evil.py", GOOD), ("b.py", GOOD)), {"var/evil.py": ABSOLUTE, "b.py": READ}),
    tar("a symbolic link", tarred(("b.py", b""), type=tarfile.SYMTYPE, linkname="/etc/passwd"), {"": EMPTY_HANDED, "b.py": LINK}),
    tar("a hard link", tarred(("b.py", b""), type=tarfile.LNKTYPE, linkname="../../zoe.py"), {"": EMPTY_HANDED, "b.py": LINK}),
    tar("a device", tarred(("b.py", b""), type=tarfile.CHRTYPE), {"": EMPTY_HANDED, "b.py": NO_FILE}),
    tar("a FIFO", tarred(("b.py", b""), type=tarfile.FIFOTYPE), {"": EMPTY_HANDED, "b.py": NO_FILE}),
    tar("a kind that nobody knows", tarred(("b.py", b""), type=b"Z"), {"": EMPTY_HANDED, "b.py": NO_FILE}),
    tar("a file with holes, GNU", tarred(("b.py", b""), type=tarfile.GNUTYPE_SPARSE), "holds a file with holes; pack it again without --sparse"),
    tar("a file with holes, PAX", pack.one_tar(pack.extended(b"22 GNU.sparse.major=1\n")), {"": EMPTY_HANDED, "hw.py": NO_FILE}),
    tar("a bomb", later(lambda: pack.zeros_gzipped(250)), "is larger than 200 MB"),
    tar("a script of 60 MB", later(lambda: pack.gzipped(tarred(("b.py", bytes(60_000_000))))), {"b.py": "is larger than 50 MB"}),
    tar("cut in the gzip", pack.gzipped(tarred(("b.py", NOISE)))[:3000], BREAKS_OFF),
    tar("cut in the tar", pack.gzipped(tarred(("b.py", bytes(5000)))[:3000]), BREAKS_OFF),
    tar("cut in a header", pack.gzipped(tarred(("b.py", GOOD))[:300]), "is no tar archive"),
    tar("a wrong checksum of the gzip", pack.gzipped(tarred(("b.py", GOOD)))[:-8] + b"12345678", TAR_DAMAGED),
    tar("a wrong checksum of a header", tarred(("b.py", GOOD)).replace(b"b.py", b"c.py"), "is no tar archive"),
    tar("a wrong header behind a right one", tarred(("b.py", GOOD), ("c.py", GOOD)).replace(b"c.py", b"d.py"), TAR_DAMAGED),
    tar("no archive at all", b"Dear teacher", "is no tar archive"),
    tar("a zip called .tar.gz", zipped(("b.py", GOOD)), "is no tar archive"),
    tar("gzip of something else", pack.gzipped(b"Dear teacher"), "is no tar archive"),
    tar("of no bytes", b"", "is empty"),
    tar("without members", tarred(), {"": NOTHING_IN}),
    tar("a size of an exabyte", pack.one_tar(b"", size=1 << 60), BREAKS_OFF),
    tar("a size below zero", pack.one_tar(b"", size=-4096), BREAKS_OFF),
    tar("a PAX size of an exabyte", pack.one_tar(pack.extended(b"28 size=1152921504606846976\n")), BREAKS_OFF),
    tar("a PAX size of a thousand digits", pack.one_tar(pack.extended(b"1010 size=" + b"9" * 999 + b"\n")), TAR_DAMAGED),
    tar("a PAX size that is no number", pack.one_tar(pack.extended(b"13 size=some\n")), TAR_DAMAGED),
    tar("a PAX path that leads out", pack.one_tar(pack.extended(b"19 path=../evil.py\n")), {"": EMPTY_HANDED, "../evil.py": LEADS_OUT}),
    tar("a PAX record that ends before it starts", pack.one_tar(pack.extended(b"0 path=a.py\n")), TAR_DAMAGED),
    tar("a megabyte of digits for a regular expression", later(lambda: pack.one_tar(pack.extended(b"9" * 10**6))), "is damaged: a header in it is longer"),
    tar("a chain of 5000 extended headers", pack.one_tar(pack.extended(b"13 comment=x\n", 5000)), {"hw.py": READ}),
    tar("a header for everybody", pack.one_tar(pack.header("g", 13, tarfile.XGLTYPE) + pack.blocks(b"13 path=x.py\n")), {"hw.py": READ}),
    tar("a path that a PAX header gives", pack.one_tar(pack.extended(b"13 path=x.py\n")), {"x.py": READ}),
    tar("a name twice", tarred(("b.py", b"old = 1"), ("./b.py", GOOD)), {"b.py": (READ, TWICE)}),
    tar("names that differ in case", tarred(("B.py", GOOD), ("b.py", GOOD)), {"B.py": READ, "b.py": READ}),
    tar("a name that is no UTF-8", tarred(("b\udcff.py", GOOD), form=tarfile.GNU_FORMAT), {"b\\xff.py": READ}),
    tar("a Chinese name in its old encoding", tarred(("作业.py".encode("gbk").decode("utf-8", "surrogateescape"), GOOD), form=tarfile.GNU_FORMAT), {"作业.py": READ}),
    tar("100,000 members", later(lambda: pack.gzipped(pack.header("a.py", 0) * 100_000)), "has more than 50000 members"),
]  # fmt: skip


def told(found: tuple[tuple[Submission, ...], tuple[Skipped, ...]]) -> list[tuple[str, str]]:
    """All that intake says, by the path of what it says it of."""
    submissions, skipped = found
    said = [(entry.path, f"skipped: {entry.why}") for entry in skipped]
    for submission in submissions:
        said += [(submission.path, remark) for remark in submission.remarks if not submission.files]
        said += [_told_of_a_file(submission.path, file) for file in submission.files]
    return said


def _told_of_a_file(path: str, file: SourceFile) -> tuple[str, str]:
    text = "".join(unit.text for unit in file.units)[:100]
    return path if file.name == path else f"{path}/{file.name}", file.trouble or f"read: {text}"


def expected(row: Row) -> list[tuple[str, str]]:
    pairs = [(path, told if isinstance(told, tuple) else (told,)) for path, told in row.says.items()]
    return [(path, one) for path, several in pairs for one in several]


def snapshot(folder: Path) -> dict[Path, tuple[int, int, int]]:
    return {p: (s.st_mtime_ns, s.st_size, s.st_mode) for p in folder.rglob("*") for s in [p.lstat()]}


ROWS = [*FILES, *ZIPS, *TARS]


@pytest.mark.parametrize(
    "row", ROWS, ids=lambda row: f"{row.name.encode('ascii', 'replace').decode()[:20]!r}: {row.what}"
)
def test_it_is_read_or_its_trouble_is_told(row: Row, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b" / "class"
    folder.mkdir(parents=True)
    row.put(folder)
    (folder / "zoe.py").write_bytes(GOOD)
    before = snapshot(tmp_path)
    found = find([folder])
    assert snapshot(tmp_path) == before  # nothing was unpacked, nothing changed
    said = told(found)
    said.remove(("zoe.py", "read: x = 1\n"))
    wanted = sorted(expected(row))
    assert [path for path, _ in sorted(said)] == [path for path, _ in wanted]
    for (_, sentence), (_, words) in zip(sorted(said), wanted, strict=True):
        assert sentence.startswith(words) or (words in (EMPTY_HANDED, NOTHING_IN) and sentence.endswith(words))
    everything_is_printable(found)


def everything_is_printable(found: tuple[tuple[Submission, ...], tuple[Skipped, ...]]) -> None:
    submissions, skipped = found
    for submission in submissions:
        printable(submission.student, submission.path, *submission.remarks)
        printable(*(text for file in submission.files for text in (file.name, file.trouble)))
    printable(*(text for entry in skipped for text in (entry.path, entry.why)))


def printable(*texts: str) -> None:
    """One line that can be written anywhere."""
    for text in texts:
        text.encode()
        assert not set(text) & set(BIDI)
        assert not {unicodedata.category(letter) for letter in text} & {"Cc", "Cs", "Zl", "Zp"}


def test_the_rows_are_many_and_distinct() -> None:
    assert len({(row.name, row.what) for row in ROWS}) == len(ROWS) > 100


@pytest.mark.parametrize("letter", ["\n", "\udcff", "\u202e"])
def test_a_name_that_escapes_make_long_can_still_be_a_file(letter: str, tmp_path: Path) -> None:
    """A script is laid out on a disk for its run, under the name that is shown."""
    length = 240 // len(os.fsencode(letter))
    for name in (f"{letter * length}.py", f"ada/{letter * length}/hw.py"):
        Row("", name, GOOD, {}).put(tmp_path)
    for submission in find([tmp_path])[0]:
        (file,) = submission.files
        assert (file.trouble, file.name[-3:]) == ("", ".py")
        assert all(len(part.encode()) <= 255 for part in file.name.split("/"))
        assert {unit.file for unit in file.units} == {file.name}


# --- an archive as the path itself


CLASS = {
    "files and folders": (("ada.py", GOOD), ("bob/hw.py", GOOD)),
    "wrapped in a folder": (("week3/ada.py", GOOD), ("week3/bob/hw.py", GOOD), ("__MACOSX/._week3", b"")),
    "uploads": (("ada.zip", zipped(("hw.py", GOOD))), ("bob.tar.gz", pack.gzipped(tarred(("hw.py", GOOD))))),
    "one broken upload": (("ada.zip", b"PK"), ("bob.py", GOOD)),
    "one that leads out": (("../cy.py", GOOD), ("ada.py", GOOD), ("bob/a.py", GOOD)),
}


@pytest.mark.parametrize("members", CLASS.values(), ids=CLASS)
@pytest.mark.parametrize("name", ["class.zip", "class.tar", "class.tgz"])
def test_a_class_in_one_archive(members: tuple[tuple[str, bytes], ...], name: str, tmp_path: Path) -> None:
    """It is graded as the folder would be that it holds."""
    pack_it = {"class.zip": zipped, "class.tar": tarred, "class.tgz": lambda *m: pack.gzipped(tarred(*m))}[name]
    (tmp_path / name).write_bytes(pack_it(*members))
    found = find([tmp_path / name])
    assert [submission.student for submission in found[0]] == ["ada", "bob"]
    everything_is_printable(found)


def test_a_wrapped_class_shows_where_its_files_lie(tmp_path: Path) -> None:
    (tmp_path / "class.zip").write_bytes(zipped(("week3/ada.zip", zipped(("p/hw.py", GOOD))), ("week3/bob.py", GOOD)))
    assert sorted(told(find([tmp_path / "class.zip"]))) == [
        ("week3/ada.zip/p/hw.py", "read: x = 1\n"),
        ("week3/bob.py/bob.py", "read: x = 1\n"),
    ]


def test_deeper_than_an_upload_is_refused(tmp_path: Path) -> None:
    inner = zipped(("more.zip", zipped(("hw.py", GOOD))), ("hw.py", GOOD))
    (tmp_path / "class.zip").write_bytes(zipped(("ada.zip", inner)))
    assert dict(told(find([tmp_path / "class.zip"]))) == {
        "ada.zip/hw.py": "read: x = 1\n",
        "ada.zip/more.zip": "skipped: an archive inside two others; unpack the outer ones first",
    }


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The archive {} is empty; name another path."),
        (b"PK", "The archive {} is no zip archive; pack the files again."),
        (zipped(), "The archive {} is empty; expected a notebook"),
        (zipped(("a.pdf", b"")), "The archive {} has nothing to grade: found a.pdf (not a notebook"),
        (zipped(("a/", b"")), "The archive {} is empty; expected a notebook"),
        (zipped(("../a.py", b"")), "The archive {} has nothing to grade: found ../a.py (a path that leads out"),
    ],
)
def test_an_archive_with_nothing_to_grade(content: bytes, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "class.zip"
    path.write_bytes(content)
    with pytest.raises(IntakeError) as caught:
        find([path])
    assert str(caught.value).startswith(sentence.format(f"'{path}'"))
    assert str(caught.value).endswith(".")
    printable(str(caught.value))


def test_an_archive_given_twice_counts_once(tmp_path: Path) -> None:
    (tmp_path / "ada.zip").write_bytes(zipped(("hw.py", GOOD), ("a.pdf", b"")))
    submissions, skipped = find([tmp_path, tmp_path / "ada.zip", tmp_path])
    assert [submission.path for submission in submissions] == ["ada.zip"]
    assert [entry.path for entry in skipped] == ["ada.zip/a.pdf"]


def test_the_same_student_twice_is_two_rows_that_know_of_each_other(tmp_path: Path) -> None:
    (tmp_path / "ada.zip").write_bytes(zipped(("hw.py", GOOD)))
    (tmp_path / "ada.py").write_bytes(GOOD)
    first, second = find([tmp_path])[0]
    assert (first.student, second.student) == ("ada", "ada")
    assert "ada.zip" in first.remarks[0]
    assert "ada.py" in second.remarks[0]


# --- how much is read


def test_one_bomb_takes_no_more_than_its_own_allowance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes after the last byte is told to be unread, and the next student has an allowance of their own."""
    monkeypatch.setattr("autograder.intake.work.Allowance", lambda: Allowance(10_000))
    for name in ("ada.zip", "bob.zip"):
        (tmp_path / name).write_bytes(zipped(*((f"{i}.py", b"#" * 3_000) for i in range(5))))
    said = dict(told(find([tmp_path])))
    for name in ("ada.zip", "bob.zip"):
        assert [said[f"{name}/{i}.py"][:9] for i in range(5)] == ["read: ###"] * 3 + ["was not u"] * 2


@pytest.mark.parametrize("name", ["bomb.zip", "bomb.tar.gz"])
def test_a_bomb_ends_after_the_cap_and_one_byte(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = zipped(("a.py", bytes(30_000_000))) if name.endswith("zip") else pack.zeros_gzipped(30)
    counted = Counted()
    monkeypatch.setattr("zipfile.ZipExtFile", counted.reader(zipfile.ZipExtFile))
    monkeypatch.setattr("gzip.GzipFile", counted.reader(gzip.GzipFile))
    allowance = Allowance(1_000_000)
    with pytest.raises(Unreadable, match=r"larger than|not unpacked"):
        for entry in opened(Entry(PurePath("/class", name), "archive", read=lambda count: data[:count]), allowance):
            allowance.read(entry.read, 50_000_000)
    assert counted.total == 1_000_001 - (len(data) if name.endswith("gz") or name.endswith("zip") else 0)


class Counted:
    """Counts what readers hand out."""

    def __init__(self) -> None:
        self.total = 0

    def reader(self, kind: type) -> type:
        def read(reader: Any, count: int = -1) -> bytes:
            data: bytes = kind.read(reader, count)  # type: ignore[attr-defined]
            self.total += len(data)
            return data

        return type(kind.__name__, (kind,), {"read": read})


def test_no_more_than_the_cap_is_asked_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of a file of a terabyte, and whatever its size was when it was listed."""
    asked: list[int] = []
    real = os.read

    def read(descriptor: int, count: int) -> bytes:
        data = real(descriptor, count)
        asked.append(len(data))
        return data

    hole(1 << 40)(tmp_path / "ada.py")
    monkeypatch.setattr(os, "read", read)
    assert find([tmp_path / "ada.py"])[0][0].files[0].trouble == "is larger than 50 MB"
    assert sum(asked) == MAX_FILE_BYTES + 1


# --- what depends on who is asking


def test_a_device_is_never_opened(tmp_path: Path) -> None:
    try:
        os.mknod(tmp_path / "ada.py", stat.S_IFCHR | 0o666, os.makedev(1, 5))  # as /dev/zero
    except PermissionError:
        pytest.skip("only root can make a device")
    (tmp_path / "zoe.py").write_bytes(GOOD)
    assert dict(told(find([tmp_path])))["ada.py"] == NO_FILE


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("name", ["ada/hw.py", "ada.zip"])
def test_what_may_not_be_read_is_told(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(zipped(("hw.py", GOOD)))
    (tmp_path / "zoe.py").write_bytes(GOOD)
    shut = path if path.parent == tmp_path else path.parent
    shut.chmod(0)
    try:
        said = told(find([tmp_path]))
    finally:
        shut.chmod(0o700)
    assert any("cannot be opened: Permission denied" in sentence for _, sentence in said)
