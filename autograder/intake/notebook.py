"""A .ipynb file → a unit a cell.

Only what is graded passes: types and sources of cells. Outputs, attachments and metadata are dropped before
nbformat sees them, so nothing odd in them (a NaN, a nest, megabytes of pictures, a schema that another tool
broke) can keep a notebook from being read. Of outputs some text is kept beside, for a person.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from autograder.intake import saved
from autograder.intake.contents import Unreadable
from autograder.intake.text import Text, decode, newlines, printable
from autograder.model import Unit
from autograder.phrase import Phrase

MAX_CELLS = 2000
_TYPES = ("code", "markdown", "heading", "html")  # the last two: nbformat 3; nbformat makes markdown of them
_SCRIPT = re.compile(r"^(?:import |from \w[\w.]* import |def |class |for |if |print\(|#|%|\"\"\"|\w+ *=)", re.M)
_LANGUAGES = {
    **{"r": "R", "ir": "R", "julia": "Julia", "matlab": "MATLAB", "octave": "Octave", "scala": "Scala"},
    **{"javascript": "JavaScript", "typescript": "TypeScript", "c++": "C++", "java": "Java", "ruby": "Ruby"},
    **{
        "c#": "C#",
        "f#": "F#",
        "haskell": "Haskell",
        "rust": "Rust",
        "go": "Go",
        "bash": "Bash",
        "sql": "SQL",
    },
}

Json = Mapping[str, Any]


def read_notebook(name: str, data: bytes) -> tuple[tuple[Unit, ...], Text]:
    """A unit for each code and markdown cell, and the text with how it was read. Raises Unreadable."""
    text = decode(data)
    content = _parsed(text.text)
    major = _major(content)
    _refuse_language(content)
    cells = _cells(content)
    if not cells:
        raise Unreadable("has no cells")
    return _units(name, _upgraded(major, cells), map(saved.output, cells)), text


def _parsed(text: str) -> Json:
    try:
        content = json.loads(text, parse_int=_number)
    except json.JSONDecodeError as error:
        raise Unreadable(Phrase("is not a notebook: {why}", why=_instead(text) or _broken(text, error))) from error
    except RecursionError as error:
        raise Unreadable("is not a notebook: its JSON is nested too deeply") from error
    if not isinstance(content, dict):
        template = "is not a notebook: it holds a JSON {kind} instead of an object with cells"
        raise Unreadable(Phrase(template, kind=_kind(content)))
    return content


def _number(digits: str) -> int | float:
    """Python refuses to make an integer of more than 4300 digits; nothing that is graded needs one."""
    return int(digits) if len(digits) < 20 else float(digits)


def _instead(text: str) -> str:
    """What the file holds, when that can be told, and is not even the beginning of JSON."""
    start = text.lstrip()
    if start.startswith(("{", "[")):
        return ""
    if start.startswith("<<<<<<<"):
        return Phrase("it holds the marks of a merge conflict")
    if start.startswith("<"):
        return Phrase("it holds a web page; download the notebook itself")
    if _SCRIPT.search(text):
        return Phrase("it holds a Python script; rename it to .py")
    return Phrase("it holds text, not JSON")


def _broken(text: str, error: json.JSONDecodeError) -> str:
    where = Phrase("at line {line}, column {column}", line=error.lineno, column=error.colno)
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        return Phrase("it breaks off in the middle, {where}; hand in the whole file", where=where)
    return Phrase("its JSON goes wrong {where} ({why})", where=where, why=error.msg)


def _kind(content: object) -> str:
    names = {list: Phrase("list"), str: Phrase("string"), bool: Phrase("truth value"), type(None): Phrase("null")}
    return names.get(type(content), Phrase("number"))


def _major(content: Json) -> int:
    """The notebook's format, 3 or 4; a lost number is made up for by how the cells are kept."""
    major = content.get("nbformat", 3 if "worksheets" in content else 4)
    if isinstance(major, str) and major.isdecimal():
        major = _number(major)
    if major in (3, 4):
        return int(major)
    shown = major if isinstance(major, int) else Phrase("unknown")
    template = "is a notebook of format {format}, not 3 or 4; open it in Jupyter and save it again"
    raise Unreadable(Phrase(template, format=shown))


def _refuse_language(content: Json) -> None:
    """Kernels have any name, and metadata gets lost: only a language that is clearly another is refused."""
    names = _language_names(_mapping(content.get("metadata")))
    if any("python" in name or "sage" in name for name in names):
        return
    for name in names:
        if language := _LANGUAGES.get(re.split(r"[-_ ]", name)[0]):
            raise Unreadable(Phrase("is written in {language}", language=language))


def _language_names(metadata: Json) -> list[str]:
    kernel, language = _mapping(metadata.get("kernelspec")), _mapping(metadata.get("language_info"))
    names = (language.get("name"), kernel.get("language"), kernel.get("name"))
    return [name.strip().lower() for name in names if isinstance(name, str)]


def _mapping(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _cells(content: Json) -> list[Json]:
    """All cells in order, of all worksheets (nbformat 3). What is no cell stays, empty: it is counted."""
    sheets = [content, *map(_mapping, _sequence(content.get("worksheets")))]
    found = [sheet["cells"] for sheet in sheets if isinstance(sheet.get("cells"), list)]
    if not found:
        raise Unreadable("is not a notebook: it is a JSON object without a list of cells")
    cells = [_mapping(cell) for cells in found for cell in cells]
    if len(cells) > MAX_CELLS:
        raise Unreadable(Phrase("has {count} cells, more than {most}", count=len(cells), most=MAX_CELLS))
    return cells


def _sequence(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else []


def _upgraded(major: int, cells: Sequence[Json]) -> list[Json]:
    """The cells as nbformat 4 has them."""
    import nbformat  # here, because it takes long and a folder of scripts does not need it

    bare: dict[str, Any] = {"nbformat": major, "nbformat_minor": 0, "metadata": {}}
    kept = [(_bare_3 if major == 3 else _bare_4)(cell) for cell in cells]
    bare |= {"worksheets": [{"cells": kept, "metadata": {}}]} if major == 3 else {"cells": kept}
    book = nbformat.versions[major].to_notebook_json(bare, minor=0)
    return list(nbformat.convert(book, 4)["cells"])  # type: ignore[no-untyped-call]  # it ships without types


def _bare_4(cell: Json) -> dict[str, Any]:
    bare = {"cell_type": _type(cell), "metadata": {}, "source": _source(cell)}
    return bare | {"outputs": [], "execution_count": None} if bare["cell_type"] == "code" else bare


def _bare_3(cell: Json) -> dict[str, Any]:
    bare: dict[str, Any] = {"cell_type": _type(cell), "metadata": {}}
    if bare["cell_type"] == "code":
        return bare | {"input": _source(cell), "outputs": [], "language": "python"}
    bare["source"] = _source(cell)
    return bare | {"level": _level(cell)} if bare["cell_type"] == "heading" else bare


def _level(cell: Json) -> int:
    level = cell.get("level")
    return level if isinstance(level, int) and 1 <= level <= 6 else 1


def _type(cell: Json) -> str:
    """The cell's type; with outputs it is code, whatever was lost; what nobody knows is raw."""
    kind = cell.get("cell_type")
    if kind in _TYPES:
        return str(kind)
    return "code" if kind is None and ("outputs" in cell or "input" in cell) else "raw"


def _source(cell: Json) -> str | list[str]:
    """Text or its lines, which nbformat joins; a number, null or object in their place counts as nothing."""
    source = cell.get("source", cell.get("input"))
    if isinstance(source, list):
        return [line for line in source if isinstance(line, str)]
    return source if isinstance(source, str) else ""


def _units(name: str, cells: Sequence[Json], outputs: Iterable[str]) -> tuple[Unit, ...]:
    return tuple(
        Unit(name, cell["cell_type"], f"cell {number}", printable(newlines(cell["source"])), shown)
        for number, (cell, shown) in enumerate(zip(cells, outputs, strict=True), start=1)
        if cell["cell_type"] in ("code", "markdown")
    )
