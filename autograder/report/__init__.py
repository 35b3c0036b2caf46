"""Reports → text, one pure function a file. A new format is one module and one line here."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from autograder.model import Report, Run, Skipped
from autograder.report import gradebook_csv, pages, results_json, terminal

Renderer = Callable[[Run, Sequence[Report], Sequence[Skipped]], str]

FORMATS: Mapping[str, Renderer] = MappingProxyType(
    {
        "text": terminal.render,
        "json": results_json.render,
        "csv": gradebook_csv.render,
    }
)

# What is a folder of pages rather than one text.
FOLDERS: Mapping[str, Callable[[Run, Sequence[Report], Sequence[Skipped]], Iterator[pages.Page]]] = MappingProxyType(
    {"html": pages.of}
)


def encoded(name: str, text: str) -> bytes:
    """The bytes of a file in this format. Spreadsheets take a CSV for UTF-8 only if it starts with a mark."""
    return text.encode("utf-8-sig" if name == "csv" else "utf-8", errors="backslashreplace")
