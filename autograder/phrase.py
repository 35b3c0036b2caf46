"""Sentences that can be said in more than one language.

English is the language of the code, and the English sentence is the key of its translation. What is put together from
parts is a Phrase: a str, its English self, that remembers its template. So it can be compared, kept and cut like any
other text, and said in another language as long as nobody has made a plain str of it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

_CELL, _LINE = "{file}, cell {number}", "{file}, line {number}"
_PLACES = {  # as observer.py writes them
    _CELL: re.compile(r"(?P<file>.*), cell (?P<number>\d+)", re.DOTALL),
    _LINE: re.compile(r"(?P<file>.*), line (?P<number>\d+)", re.DOTALL),
    "a call of {function}()": re.compile(r"a call of (?P<function>.*)\(\)", re.DOTALL),
}


class Phrase(str):
    """An English sentence, its template and the parts that were filled in; a part may be a Phrase itself."""

    __slots__ = ("parts", "template")
    template: str
    parts: Mapping[str, str]

    def __new__(cls, template: str, /, **parts: object) -> Self:
        texts = {name: part if isinstance(part, str) else str(part) for name, part in parts.items()}
        made = super().__new__(cls, template.format(**texts))
        made.template, made.parts = template, texts
        return made


@dataclass(frozen=True)
class Language:
    """A way to say phrases; called with one, or with a template and its parts."""

    code: str  # as --language knows it
    tag: str  # BCP 47, for the pages
    words: Mapping[str, str] = field(default_factory=dict, repr=False)  # English → this language

    def __call__(self, text: str, /, **parts: object) -> str:
        """The text in this language; what has no translation, as what a student wrote, stays as it is."""
        template = text.template if isinstance(text, Phrase) else text
        parts = dict(text.parts) if isinstance(text, Phrase) else parts
        said = self.words.get(template, template)
        return said.format(**{name: self._part(part) for name, part in parts.items()}) if parts else said

    def _part(self, part: object) -> str:
        return self(part) if isinstance(part, str) else str(part)


ENGLISH = Language("en", "en")


def place(where: str, line: int = 0) -> str:
    """ "ada.ipynb, cell 7", as a phrase, with its line if one is known; anything else as it is."""
    found = ((template, match) for template, form in _PLACES.items() if (match := form.fullmatch(where)))
    template, match = next(found, ("", None))
    if match is None:
        return where
    if line and template == _CELL:
        return Phrase("{file}, cell {number}, line {line}", **match.groupdict(), line=line)
    return Phrase(template, **match.groupdict() | ({"number": str(line)} if line and template == _LINE else {}))


def together(texts: Sequence[str]) -> str:
    """All of them in one, as a phrase; nothing for none."""
    if len(texts) < 2:
        return texts[0] if texts else ""
    return Phrase("{first}; {rest}", first=texts[0], rest=together(texts[1:]))


def document(text: str) -> Any:
    """As plain data for JSON."""
    if not isinstance(text, Phrase):
        return text
    return {"says": text.template, "with": {name: document(part) for name, part in text.parts.items()}}


def parsed(data: Any) -> str:
    """What `document` wrote, read again."""
    if isinstance(data, str):
        return data
    return Phrase(data["says"], **{name: parsed(part) for name, part in data["with"].items()})
