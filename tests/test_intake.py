"""Intake against real files: every rule of layout, skipping, decoding and notebooks, and arbitrary bytes."""

import hashlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.intake import IntakeError, clean_name, find
from autograder.model import SourceFile, Submission

NOT_WANTED = "not a notebook (.ipynb) or a script (.py)"
OTHER_ARCHIVE = "an archive of another kind than .zip, .tar.gz, .tgz, .tar; unpack it first"


def put(path: Path, content: str | bytes = "x = 1\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def cell(source: object, kind: str = "code", **more: object) -> dict[str, object]:
    return {"cell_type": kind, "metadata": {}, "source": source, "outputs": [], **more}


def notebook(*cells: object, **more: object) -> str:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells), **more})


def only(path: Path) -> Submission:
    (submission,), _ = find([path])
    return submission


def read(path: Path, content: str | bytes) -> SourceFile:
    (file,) = only(put(path, content)).files
    return file


def texts(file: SourceFile) -> list[str]:
    assert not file.trouble
    return [unit.text for unit in file.units]


def skipped(*paths: Path) -> dict[str, str]:
    return {entry.path: entry.why for entry in find(paths)[1]}


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another user can reach; the one that root's pytest makes is shut."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)  # noqa: S103 — it holds only what a test puts there
        yield Path(name)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Not as root, to whom every file is readable."""
    root = os.geteuid() == 0
    os.seteuid(65534 if root else os.geteuid())
    try:
        yield
    finally:
        os.seteuid(os.getuid())


# --- which files belong to whom


def test_one_file(tmp_path: Path) -> None:
    submission = only(put(tmp_path / "ada.py", "x = 1\n"))
    assert (submission.student, submission.path) == ("ada", "ada.py")
    (file,) = submission.files
    assert file.sha256 == hashlib.sha256(b"x = 1\n").hexdigest()
    (unit,) = file.units
    assert (unit.file, unit.kind, unit.label, unit.text) == ("ada.py", "script", "", "x = 1\n")


def test_folder_of_files_and_of_student_folders(tmp_path: Path) -> None:
    put(tmp_path / "ada.ipynb", notebook(cell("1")))
    put(tmp_path / "bob" / "hw10.py")
    put(tmp_path / "bob" / "hw2.py")
    put(tmp_path / "bob" / "deep" / "er" / "hw1.IPYNB", notebook(cell("2")))
    (ada, bob), other = find([tmp_path])
    assert (ada.student, ada.path, bob.student, bob.path) == ("ada", "ada.ipynb", "bob", "bob")
    assert [file.name for file in bob.files] == ["deep/er/hw1.IPYNB", "hw2.py", "hw10.py"]
    assert {unit.file for file in bob.files for unit in file.units} == {file.name for file in bob.files}
    assert other == ()


def test_students_are_sorted_as_people_count(tmp_path: Path) -> None:
    for name in ("s10.py", "s9.PY", "S1.py"):
        put(tmp_path / name)
    assert [submission.student for submission in find([tmp_path])[0]] == ["S1", "s9", "s10"]


def test_several_paths_keep_their_order(tmp_path: Path) -> None:
    b, a = put(tmp_path / "b.py"), put(tmp_path / "folder" / "a.py").parent
    assert [submission.path for submission in find([b, a])[0]] == ["b.py", "a.py"]


def test_the_same_file_counts_once(tmp_path: Path) -> None:
    ada = put(tmp_path / "ada.py")
    put(tmp_path / "notes.txt")
    link = tmp_path.parent / f"{tmp_path.name}-link"
    link.symlink_to(tmp_path)
    found, other = find([ada, tmp_path, tmp_path / "." / "ada.py", link, link / "ada.py"])
    assert [submission.path for submission in found] == ["ada.py"]
    assert found[0].remarks == ()
    assert len(other) == 1


def test_a_student_folder_given_twice_counts_once(tmp_path: Path) -> None:
    put(tmp_path / "ada" / "hw.py")
    (tmp_path / "bob").mkdir()
    found, _ = find([tmp_path, tmp_path / "ada", tmp_path])
    assert [submission.student for submission in found] == ["ada", "bob"]


def test_namesakes_are_kept_and_told_of_each_other(tmp_path: Path) -> None:
    put(tmp_path / "ada.ipynb", notebook(cell("1")))
    put(tmp_path / "ada.py")
    first, second = find([tmp_path])[0]
    assert "ada.py" in first.remarks[0] and "ada.ipynb" in second.remarks[0]


def test_namesakes_in_two_folders_name_the_folder(tmp_path: Path) -> None:
    one, two = put(tmp_path / "one" / "ada.py").parent, put(tmp_path / "two" / "ada.py").parent
    first, second = find([one, two])[0]
    assert f"ada.py in {two}" in first.remarks[0]
    assert f"ada.py in {one}" in second.remarks[0]


def test_a_student_folder_without_code_is_a_row(tmp_path: Path) -> None:
    put(tmp_path / "ada.py")
    put(tmp_path / "bob" / "answer.pdf")
    (tmp_path / "cy").mkdir()
    (_, bob, cy), other = find([tmp_path])
    assert (bob.student, bob.files, cy.files) == ("bob", (), ())
    assert "no notebook (.ipynb) and no script (.py)" in bob.remarks[0]
    assert "empty" in cy.remarks[0]
    assert [(entry.path, entry.why) for entry in other] == [("bob/answer.pdf", NOT_WANTED)]


def test_paths_are_relative_from_any_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "class" / "ada" / "hw.py")
    monkeypatch.chdir(tmp_path / "class")
    assert only(Path(".")).path == "ada"
    assert only(Path("../class")).path == "ada"
    assert only(Path("ada/hw.py")).path == "hw.py"


def test_nothing_is_written(tmp_path: Path) -> None:
    put(tmp_path / "ada" / "hw.py")
    put(tmp_path / "bob.ipynb", notebook(cell("1")))
    before = {path: path.lstat().st_mtime_ns for path in [tmp_path, *tmp_path.rglob("*")]}
    find([tmp_path])
    assert {path: path.lstat().st_mtime_ns for path in [tmp_path, *tmp_path.rglob("*")]} == before


# --- what is skipped, and why


def test_skipped_files(tmp_path: Path) -> None:
    put(tmp_path / "ada.py")
    for name in ("notes.txt", "noext", "a.7Z", "b.tar.xz", ".DS_Store", "._ada.py", "ada.py~"):
        put(tmp_path / name)
    assert skipped(tmp_path) == {
        "notes.txt": NOT_WANTED,
        "noext": NOT_WANTED,
        "ada.py~": NOT_WANTED,
        "a.7Z": OTHER_ARCHIVE,
        "b.tar.xz": OTHER_ARCHIVE,
        ".DS_Store": "a hidden file",
        "._ada.py": "a hidden file",
    }


def test_a_skipped_folder_is_one_entry(tmp_path: Path) -> None:
    put(tmp_path / "ada" / "hw.py")
    for folder in (".ipynb_checkpoints", "__pycache__", "__MACOSX"):
        for name in ("one.py", "two.ipynb"):
            put(tmp_path / folder / name)
            put(tmp_path / "ada" / folder / name)
    assert set(skipped(tmp_path)) == {
        f"{where}{folder}" for where in ("", "ada/") for folder in (".ipynb_checkpoints", "__pycache__", "__MACOSX")
    }
    assert [file.name for file in only(tmp_path).files] == ["hw.py"]


def test_a_virtual_environment_is_no_homework(tmp_path: Path) -> None:
    put(tmp_path / "ada" / "hw.py")
    put(tmp_path / "ada" / "venv" / "pyvenv.cfg")
    put(tmp_path / "ada" / "venv" / "lib" / "six.py")
    assert skipped(tmp_path) == {"ada/venv": "a virtual environment"}


def test_links_are_not_followed(tmp_path: Path) -> None:
    put(tmp_path / "class" / "ada.py")
    secret = put(tmp_path / "secret" / "key.py").parent
    (tmp_path / "class" / "bob.py").symlink_to(secret / "key.py")
    (tmp_path / "class" / "cy").symlink_to(secret)
    (tmp_path / "class" / "zero.py").symlink_to("/dev/zero")
    (tmp_path / "class" / "loop.py").symlink_to("loop.py")
    reasons = skipped(tmp_path / "class")
    assert reasons == dict.fromkeys(("bob.py", "cy", "zero.py", "loop.py"), "a link; links are not followed")
    assert only(tmp_path / "class").student == "ada"


def test_what_is_no_regular_file_is_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "ada" / "hw.py")
    os.mkfifo(tmp_path / "bob.py")
    os.mkfifo(tmp_path / "ada" / "pipe.ipynb")
    monkeypatch.chdir(tmp_path)  # a socket's path has to be short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("cy.py")
        reasons = skipped(tmp_path)
    assert reasons == dict.fromkeys(("bob.py", "ada/pipe.ipynb", "cy.py"), "no regular file")


def test_a_folder_named_like_a_notebook_is_a_student(tmp_path: Path) -> None:
    put(tmp_path / "hw.ipynb" / "hw.py")
    assert only(tmp_path).student == "hw.ipynb"


def test_very_deep_folders(tmp_path: Path) -> None:
    put(tmp_path / "bob.py")
    deep = tmp_path / "ada"
    deep.mkdir()
    for _ in range(1500):
        deep /= "d"
        deep.mkdir()
    put(deep / "hw.py")
    assert find([tmp_path])[0][0].files[0].name == "d/" * 1500 + "hw.py"
    (deep / "hw.py").unlink()
    os.removedirs(deep)  # pytest's own cleaning recurses


# --- where there is nothing to grade


def message(*paths: Path) -> str:
    with pytest.raises(IntakeError) as caught:
        find(paths)
    text = str(caught.value)
    assert text.endswith(".") and "\n" not in text
    return text


def test_unknown_path(tmp_path: Path) -> None:
    put(tmp_path / "submissions" / "ada.py")
    text = message(tmp_path / "submision")
    assert "no file or folder" in text and "did you mean" in text and "submissions'" in text
    assert "no file or folder" in message(tmp_path / "nowhere" / "at" / "all")
    assert "cannot be opened" in message(tmp_path / "submissions" / "ada.py" / "x.py")
    assert "cannot be opened" in message(Path("a\0b"))


def test_a_looping_path(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    assert "cannot be opened" in message(tmp_path / "loop")


def test_empty_folder(tmp_path: Path) -> None:
    assert "is empty; expected" in message(tmp_path)


def test_nothing_gradable(tmp_path: Path) -> None:
    put(tmp_path / "class.rar")
    assert f"class.rar ({OTHER_ARCHIVE})" in message(tmp_path)
    (tmp_path / "class.rar").unlink()
    (tmp_path / "ada").mkdir()
    assert "empty folders only" in message(tmp_path)


def test_a_given_file_of_another_kind(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    assert "no regular file" in message(tmp_path / "pipe.py")
    assert NOT_WANTED in message(put(tmp_path / "notes.txt"))
    assert "unpack" in message(put(tmp_path / "class.rar"))
    assert "is no zip archive; pack the files again." in message(put(tmp_path / "class.zip"))
    assert "No path" in message()


def test_one_bad_path_among_good_ones(tmp_path: Path) -> None:
    assert "nowhere" in message(put(tmp_path / "ada.py"), tmp_path / "nowhere")


def test_a_hidden_file_can_be_named(tmp_path: Path) -> None:
    assert only(put(tmp_path / ".ada.py")).student == ".ada"


# --- files that cannot be read


def test_unreadable_file(open_folder: Path) -> None:
    put(open_folder / "ada.py").chmod(0)
    put(open_folder / "bob.py")
    with as_nobody():
        ada, bob = find([open_folder])[0]
    assert ada.files[0] == SourceFile("ada.py", "", trouble="cannot be opened: Permission denied")
    assert bob.files[0].trouble == ""


def test_unreadable_folder(open_folder: Path) -> None:
    put(open_folder / "class" / "ada" / "hw.py").parent.chmod(0)
    put(open_folder / "class" / "bob" / "hw.py").parent.chmod(0o444)
    put(open_folder / "class" / "cy.py")
    put(open_folder / "shut" / "ada.py").parent.chmod(0)
    with as_nobody():
        (ada, bob, _), other = find([open_folder / "class"])
        assert "cannot be opened: Permission denied" in message(open_folder / "shut")
    assert ada.remarks == ("The folder ada cannot be opened: Permission denied",)
    assert (bob.student, bob.files) == ("bob", ())
    reasons = {entry.path: entry.why for entry in other}
    assert reasons == dict.fromkeys(("ada", "bob/hw.py"), "cannot be opened: Permission denied")


@pytest.mark.parametrize("content", [b"", b" \n\t\r\n", b"\xef\xbb\xbf", b"\xff\xfe", b"\xff\xfe\n\0"])
@pytest.mark.parametrize("name", ["ada.py", "ada.ipynb"])
def test_empty_file(tmp_path: Path, name: str, content: bytes) -> None:
    file = read(tmp_path / name, content)
    assert (file.trouble, file.sha256) == ("is empty", hashlib.sha256(content).hexdigest())


def test_an_empty_init_is_listed(tmp_path: Path) -> None:
    put(tmp_path / "ada" / "__init__.py", b"")
    put(tmp_path / "ada" / "hw.py")
    assert [(file.name, file.trouble) for file in only(tmp_path).files] == [
        ("__init__.py", ""),
        ("hw.py", ""),
    ]


@pytest.mark.parametrize("name", ["ada.py", "ada.ipynb"])
def test_too_large(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with path.open("wb") as file:
        file.truncate(50_000_001)  # a hole: takes no room
    assert only(path).files[0].trouble == "is larger than 50 MB"


BINARY = [
    b"a = 1\0\n",
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    bytes(range(256)),
    b"\xff\xfe\xff",
    bytes(range(1, 256)),
    b"PK\x03\x04" * 9,
]


@pytest.mark.parametrize("content", BINARY)
@pytest.mark.parametrize("name", ["ada.py", "ada.ipynb"])
def test_binary(tmp_path: Path, name: str, content: bytes) -> None:
    assert read(tmp_path / name, content).trouble == "is not text"


# --- scripts


CODE = "# été\nx = 'é'\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_byte_order_marks_and_newlines(tmp_path: Path, encoding: str, newline: str) -> None:
    content = CODE.replace("\n", newline).encode(encoding)
    assert texts(read(tmp_path / "ada.py", content)) == [CODE]
    assert only(tmp_path / "ada.py").remarks == ()


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "gbk", "gb18030", "big5", "shift_jis", "koi8-r"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_declared_encodings(tmp_path: Path, encoding: str, newline: str) -> None:
    word = {"latin-1": "été", "cp1252": "été", "koi8-r": "синус"}.get(encoding, "求正弦")
    code = f"# -*- coding: {encoding} -*-\nx = '{word}'\n"
    assert texts(read(tmp_path / "ada.py", code.replace("\n", newline).encode(encoding))) == [code]
    assert only(tmp_path / "ada.py").remarks == ()


@pytest.mark.parametrize("declared", ["utf-7", "rot13", "unicode_escape", "utf-16", "no-such", "hex", "cp037", "idna"])
def test_declarations_that_lie_are_ignored(tmp_path: Path, declared: str) -> None:
    code = f"# coding: {declared}\nx = '+AEE-' + '\\x41' + 'é'\n"
    assert texts(read(tmp_path / "ada.py", code)) == [code]


def test_a_declaration_counts_in_the_first_two_lines_only(tmp_path: Path) -> None:
    code = "a = 1\rb = 2\r# coding: latin-1\rx = 'é'\r"
    assert texts(read(tmp_path / "ada.py", code)) == [code.replace("\r", "\n")]


@pytest.mark.parametrize(
    ("text", "encoding", "told"),
    [
        ("# 求正弦函数的导数\nx = 1\n", "gbk", "gb18030"),
        ("# la dérivée du sinus, c'est évident\nx = 1\n", "latin-1", "windows-1252"),
        ("# école\nx = 1  # à côté\n", "cp1252", "windows-1252"),
        ("# “quoted”, a trap of cp1252\nx = 1\n", "cp1252", "windows-1252"),
        ("# é\x81\nx = 1  # ç a\n", "latin-1", "latin-1"),
        ("# coding: utf-8\n# 求正弦函数的导数\n", "gbk", "gb18030"),
    ],
)
def test_undeclared_encodings_are_guessed_and_told(tmp_path: Path, text: str, encoding: str, told: str) -> None:
    submission = only(put(tmp_path / "ada.py", text.encode(encoding)))
    assert texts(submission.files[0]) == [text]
    assert submission.remarks == (f"ada.py was read as {told}",)


def test_a_script_that_is_a_notebook(tmp_path: Path) -> None:
    trouble = read(tmp_path / "ada.py", notebook(cell("1"))).trouble
    assert trouble == "is not a script: it holds a notebook; rename it to .ipynb"


def test_a_script_need_not_parse(tmp_path: Path) -> None:
    assert texts(read(tmp_path / "ada.py", "x = “1”\nthis is prose\n")) == ["x = “1”\nthis is prose\n"]


# --- notebooks


def test_a_unit_a_cell(tmp_path: Path) -> None:
    content = notebook(cell("a = 1"), cell("# Title", "markdown"), cell("raw", "raw"), 7, cell("", "code"))
    units = read(tmp_path / "ada.ipynb", content).units
    assert [(unit.kind, unit.label, unit.text) for unit in units] == [
        ("code", "cell 1", "a = 1"),
        ("markdown", "cell 2", "# Title"),
        ("code", "cell 5", ""),
    ]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (["a\n", "b"], "a\nb"),
        ("a\r\nb\rc", "a\nb\nc"),
        (None, ""),
        (42, ""),
        ({"a": 1}, ""),
        ([], ""),
        ([["a"]], ""),
        (["a\n", None, 3, {"x": []}, "b"], "a\nb"),
        ("x = '\ud800'", "x = '?'"),
        ("x = '\U0001f600'", "x = '\U0001f600'"),
    ],
)
def test_odd_sources(tmp_path: Path, source: object, text: str) -> None:
    assert texts(read(tmp_path / "ada.ipynb", notebook(cell(source)))) == [text]
    version3 = {"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "input": source}]}]}
    assert texts(read(tmp_path / "bob.ipynb", json.dumps(version3))) == [text]


@pytest.mark.parametrize("minor", [0, 1, 2, 3, 4, 5, 6, None, "x"])
def test_minor_formats(tmp_path: Path, minor: object) -> None:
    assert texts(read(tmp_path / "ada.ipynb", notebook(cell("a"), nbformat_minor=minor))) == ["a"]


def test_format_3(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    first = [
        {"cell_type": "heading", "level": 2, "source": ["Title"]},
        {"cell_type": "code", "input": ["a = 1\n", "b = 2"], "language": "python", "outputs": [{"png": "x"}]},
        {"cell_type": "raw", "source": "raw"},
    ]
    second = [
        {"cell_type": "html", "source": "<b>x</b>"},
        {"cell_type": "code", "input": "c", "collapsed": 7},
    ]
    book = {"nbformat": 3, "metadata": {"name": ""}, "worksheets": [{"cells": first}, {"cells": second}]}
    units = read(tmp_path / "ada.ipynb", json.dumps(book)).units
    assert [(unit.kind, unit.label, unit.text) for unit in units] == [
        ("markdown", "cell 1", "## Title"),
        ("code", "cell 2", "a = 1\nb = 2"),
        ("markdown", "cell 4", "<b>x</b>"),
        ("code", "cell 5", "c"),
    ]
    assert capfd.readouterr() == ("", "")  # nbformat logs what its schema does not like


@pytest.mark.parametrize(
    "book",
    [
        {"nbformat": 4, "cells": [{"cell_type": "code", "source": "a"}]},
        {"nbformat": 4, "metadata": None, "cells": [{"cell_type": "code", "source": "a", "metadata": 7}]},
        {"nbformat": "4", "metadata": [], "cells": [{"source": "a", "outputs": None}]},
        {"cells": [cell("a")]},
        {"nbformat": 4, "cells": [cell("a", id=None, execution_count="x", surprise={"a": [1]})]},
        {"nbformat": 4, "cells": [{**cell("a"), "outputs": {"data": 3}}], "extra": True},
        {"nbformat": 4, "worksheets": [{"cells": [cell("a")]}]},
        {"worksheets": [3, {"cells": None}, {"cells": [{"cell_type": "code", "input": "a"}]}]},
        {"nbformat": 3, "cells": [cell("a")]},
        {
            "nbformat": 4,
            "cells": [cell("a", attachments=3)],
            "metadata": {"kernelspec": "x", "language_info": 3},
        },
    ],
)
def test_what_the_schema_refuses_is_read(tmp_path: Path, book: object) -> None:
    assert texts(read(tmp_path / "ada.ipynb", json.dumps(book))) == ["a"]


@pytest.mark.parametrize("odd", ["NaN", "-Infinity", "9" * 1_000_000, "-" + "9" * 5000, "[" * 300 + "]" * 300])
def test_odd_values_in_json(tmp_path: Path, odd: str) -> None:
    content = notebook(cell("a"), metadata={"a": "ODD"}).replace('"ODD"', odd)
    assert texts(read(tmp_path / "ada.ipynb", content)) == ["a"]


def test_the_last_of_duplicate_keys_counts(tmp_path: Path) -> None:
    content = '{"cells": [], "cells": [{"cell_type": "code", "source": "a", "source": "b"}], "nbformat": 4}'
    assert texts(read(tmp_path / "ada.ipynb", content)) == ["b"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "gbk"])
def test_a_notebook_in_another_encoding(tmp_path: Path, encoding: str) -> None:
    content = notebook(cell("# 求导")).encode().decode("unicode_escape").encode(encoding)
    submission = only(put(tmp_path / "ada.ipynb", content))
    assert texts(submission.files[0]) == ["# 求导"]
    assert submission.remarks == (("ada.ipynb was read as gb18030",) if encoding == "gbk" else ())


GOOD = notebook(cell("a = 1\nb = 2"), cell("x", "markdown"))
TROUBLES = [
    (GOOD[: len(GOOD) // 2], "is not a notebook: it breaks off in the middle, at line 1, column "),
    (
        '{\n "cells": [\n',
        "is not a notebook: it breaks off in the middle, at line 3, column 1; hand in the whole file",
    ),
    (
        '{"cells": [1 2]}',
        "is not a notebook: its JSON goes wrong at line 1, column 14 (Expecting ',' delimiter)",
    ),
    (GOOD + "}", "is not a notebook: its JSON goes wrong at line 1, column "),
    ("[1, 2]", "is not a notebook: it holds a JSON list instead of an object with cells"),
    ("null", "is not a notebook: it holds a JSON null instead of an object with cells"),
    ("{}", "is not a notebook: it is a JSON object without a list of cells"),
    ('{"nbformat": 4, "cells": {}}', "is not a notebook: it is a JSON object without a list of cells"),
    ("import torch\nx = 1\n", "is not a notebook: it holds a Python script; rename it to .py"),
    ("# %%\nprint(1)\n", "is not a notebook: it holds a Python script; rename it to .py"),
    ("y=2\n", "is not a notebook: it holds a Python script; rename it to .py"),
    ("<!DOCTYPE html><html>", "is not a notebook: it holds a web page; download the notebook itself"),
    ("<<<<<<< HEAD\n{}\n", "is not a notebook: it holds the marks of a merge conflict"),
    ("Dear teacher,\nsee you.", "is not a notebook: it holds text, not JSON"),
    ("[" * 1_000_000, "is not a notebook: its JSON is nested too deeply"),
    ('{"a":' * 100_000 + "1" + "}" * 100_000, "is not a notebook: its JSON is nested too deeply"),
    (notebook(nbformat=2), "is a notebook of format 2, not 3 or 4; open it in Jupyter and save it again"),
    (notebook(nbformat=5), "is a notebook of format 5, not 3 or 4; open it in Jupyter and save it again"),
    (
        notebook(nbformat=[4]),
        "is a notebook of format unknown, not 3 or 4; open it in Jupyter and save it again",
    ),
    (notebook(*[cell("a")] * 2001), "has 2001 cells, more than 2000"),
]


@pytest.mark.parametrize(("content", "trouble"), TROUBLES, ids=[trouble[:60] for _, trouble in TROUBLES])
def test_what_is_no_notebook(tmp_path: Path, content: str, trouble: str) -> None:
    file = read(tmp_path / "ada.ipynb", content)
    assert file.trouble.startswith(trouble) and "\n" not in file.trouble
    assert file.units == () and file.sha256


def test_every_cut_of_a_notebook_is_told(tmp_path: Path) -> None:
    book = json.dumps(json.loads(GOOD), indent=1)
    for end in range(1, len(book)):
        assert read(tmp_path / "ada.ipynb", book[:end]).trouble.startswith("is not a notebook: ")


@pytest.mark.parametrize(
    ("metadata", "trouble"),
    [
        ({"kernelspec": {"name": "ir", "language": "R", "display_name": "R"}}, "is written in R"),
        ({"language_info": {"name": "R"}}, "is written in R"),
        ({"kernelspec": {"name": "ir"}}, "is written in R"),
        ({"kernelspec": {"name": "julia-1.9"}, "language_info": {"name": "julia"}}, "is written in Julia"),
        ({"kernelspec": {"name": "python3", "language": "python"}}, ""),
        ({"kernelspec": {"name": "conda-env-d2l-py", "display_name": "d2l"}}, ""),
        ({"kernelspec": {"name": "julia-1.9", "language": "python"}}, ""),
        ({"kernelspec": {"name": "sagemath", "language": "sage"}}, ""),
        ({"kernelspec": {"name": 3, "language": None}}, ""),
        ({"kernelspec": {"name": "rise-python-course"}}, ""),
    ],
)
def test_kernels(tmp_path: Path, metadata: object, trouble: str) -> None:
    assert read(tmp_path / "ada.ipynb", notebook(cell("a"), metadata=metadata)).trouble == trouble


def test_importing_intake_is_light() -> None:
    code = "import sys, autograder.intake; sys.exit('nbformat' in sys.modules or 'torch' in sys.modules)"
    root = Path(__file__).parents[1]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


# --- other frameworks


@pytest.mark.parametrize(
    ("code", "declined"),
    [
        ("from mxnet import autograd, np", "MXNet"),
        ("import numpy as np, mxnet as mx", "MXNet"),
        ("import os; import mxnet.ndarray", "MXNet"),
        ("from d2l import mxnet as d2l", "MXNet"),
        ("import d2lzh as d2l", "MXNet"),
        ("from d2l import tensorflow as d2l\nimport tensorflow as tf", "TensorFlow"),
        ("import tensorflow as tf", "TensorFlow"),
        ("from tensorflow.keras import layers", "TensorFlow"),
        ("if True:\n    import jax.numpy as jnp", "JAX"),
        ("from jax import (\n    grad,\n)", "JAX"),
        ("from d2l import (jax as d2l)", "JAX"),
        ("import paddle", "PaddlePaddle"),
        ("import mindspore as ms", "MindSpore"),
        ("import jax\nimport tensorflow", "JAX"),
        ("import tensorflow\nimport jax", "TensorFlow"),
        ("import mxnet\n# import torch", "MXNet"),
        ("import mxnet\nimport torch", ""),
        ("import mxnet\nfrom torch import nn", ""),
        ("import mxnet\nimport torch.nn as nn", ""),
        ("import mxnet\nfrom d2l import torch as d2l", ""),
        ("import mxnet\nfrom d2l.torch import plot", ""),
        ("from d2l import *", ""),
        ("import torch", ""),
        ("import numpy as np", ""),
        ("# import mxnet", ""),
        ("print('import mxnet')", ""),
        ("import mxnetish", ""),
        ("from .mxnet import x", ""),
        ("import \nfrom d2l import (\n", ""),
    ],
)
def test_frameworks(tmp_path: Path, code: str, declined: str) -> None:
    assert only(put(tmp_path / "ada.py", f"x = 1\n{code}\n")).declined == declined
    assert only(put(tmp_path / "bob.ipynb", notebook(cell("x = 1"), cell(code)))).declined == declined


def test_words_decline_nothing(tmp_path: Path) -> None:
    assert only(put(tmp_path / "ada.ipynb", notebook(cell("import mxnet", "markdown")))).declined == ""


def test_torch_in_another_file_of_the_submission(tmp_path: Path) -> None:
    put(tmp_path / "ada" / "hw1.py", "import mxnet")
    put(tmp_path / "ada" / "hw2.py", "import torch")
    assert only(tmp_path).declined == ""


# --- names


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("ada", "ada"),
        ("José 王 👩‍🔬", "José 王 👩‍🔬"),
        ("a\nb", "a\\u000ab"),
        ("\x1b[31m", "\\u001b[31m"),
        ("x\u202egnp", "x\\u202egnp"),
        ("a\udcffb", "a\\xffb"),
        ("\ud800", "\\ud800"),
        ("=cmd|x", "=cmd|x"),
    ],
)
def test_clean_name(name: str, shown: str) -> None:
    assert clean_name(name) == shown


@given(st.text(st.characters(codec=None)))
def test_clean_names_can_be_written(name: str) -> None:
    assert clean_name(name).encode().decode() == clean_name(clean_name(name))


def test_odd_names_on_disk(tmp_path: Path) -> None:
    put(tmp_path / "a\nb" / "c\x1b.py")
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.py"))).write_text("x = 1")
    put(tmp_path / ("n" * 240 + ".ipynb"), notebook(cell("a")))
    put(tmp_path / "-rf; 100%.py")
    found, _ = find([tmp_path])
    assert {submission.student for submission in found} == {
        "a\\u000ab",
        "\\xff\\xfe",
        "n" * 240,
        "-rf; 100%",
    }
    assert not any(file.trouble for submission in found for file in submission.files)
    assert "c\\u001b.py" in {file.name for submission in found for file in submission.files}


# --- anything at all


ANYTHING = st.one_of(
    st.binary(max_size=300),
    st.text(max_size=100).map(lambda text: text.encode("utf-8", "replace")),
    st.builds(
        lambda mark, rest: mark + rest,
        st.sampled_from([b"\xff\xfe", b"\xfe\xff", b"# coding: "]),
        st.binary(),
    ),
    st.builds(lambda at, x: GOOD.encode()[:at] + x + GOOD.encode()[at:], st.integers(0, len(GOOD)), st.binary()),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = [
    "cells",
    "worksheets",
    "nbformat",
    "nbformat_minor",
    "metadata",
    "cell_type",
    "source",
    "input",
    "level",
]
KINDS = st.sampled_from(["code", "markdown", "heading", "html", "raw"])
CELL = st.fixed_dictionaries(
    {}, optional={"cell_type": KINDS | JSON, "source": JSON, "input": JSON, "level": JSON, "outputs": JSON}
)
CELLS = JSON | st.lists(CELL | JSON, max_size=4)
BOOK = st.fixed_dictionaries(
    {"nbformat": st.sampled_from([3, 4]) | JSON},
    optional={
        "cells": CELLS,
        "worksheets": JSON | st.lists(st.fixed_dictionaries({"cells": CELLS})),
        "metadata": JSON | st.fixed_dictionaries({"kernelspec": JSON, "language_info": JSON}),
        "nbformat_minor": JSON,
    },
)


def accounted_for(name: str, content: bytes) -> SourceFile:
    with tempfile.TemporaryDirectory() as folder:
        put(Path(folder) / name, content)
        (submission,), other = find([Path(folder)])
    (file,) = submission.files
    assert file.sha256 == hashlib.sha256(content).hexdigest()
    assert other == ()
    assert file.trouble or file.units or name.endswith(".ipynb")
    for text in (file.trouble, *submission.remarks, *(unit.text for unit in file.units)):
        text.encode()
    assert not any("\r" in unit.text for unit in file.units)
    return file


@settings(max_examples=300, deadline=None)
@given(ANYTHING, st.sampled_from(["ada.py", "ada.ipynb"]))
def test_any_bytes_are_accounted_for(content: bytes, name: str) -> None:
    accounted_for(name, content)


@settings(max_examples=300, deadline=None)
@given(BOOK)
def test_any_json_is_accounted_for(book: object) -> None:
    accounted_for("ada.ipynb", json.dumps(book).encode())


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["code", "markdown", "raw"]), st.text())))
def test_sources_arrive_as_they_are(cells: list[tuple[str, str]]) -> None:
    file = accounted_for("ada.ipynb", notebook(*(cell(text, kind) for kind, text in cells)).encode())
    expected = [
        (f"cell {number}", kind, text.replace("\r\n", "\n").replace("\r", "\n"))
        for number, (kind, text) in enumerate(cells, start=1)
        if kind != "raw"
    ]
    assert [(unit.label, unit.kind, unit.text) for unit in file.units] == expected
