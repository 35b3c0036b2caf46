"""What a YAML file may look like, said once: shapes read data and refuse it, and tell editors by JSON Schema.

A shape reads plain data at a place and returns it, or raises SpecError with one sentence: where, what was found, what
was expected. Its schema refuses the same, as far as JSON can say it: JSON knows neither NaN nor keys that are no text.
"""

import difflib
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from reprlib import repr as shown  # a value in a message, which is to stay a sentence
from typing import Any, Protocol

Schema = dict[str, Any]


class SpecError(Exception):
    """A YAML file that cannot be used: where, what was found, what was expected."""


class At:
    """A place in a YAML file, for messages."""

    def __init__(self, path: str, is_file: bool = True) -> None:
        self.path = path
        self.is_file = is_file

    def __truediv__(self, key: object) -> "At":
        return At(f"{self.path}: {key}" if self.is_file else f"{self.path}.{key}", is_file=False)

    def error(self, message: str) -> SpecError:
        return SpecError(f"{self.path}: {message}" if self.is_file else f"{self.path} {message}")


class Shape(Protocol):
    """What a value may be."""

    def read(self, at: At, value: Any) -> Any:
        """The value as plain data; raises SpecError."""

    @property
    def schema(self) -> Schema:
        """The same, in JSON Schema."""


@dataclass(frozen=True)
class Text:
    """Words; or, as a `pattern`, a regular expression."""

    pattern: bool = False

    def read(self, at: At, value: Any) -> str:
        if not isinstance(value, str) or not value.strip():
            raise at.error(f"has to be a text, got {shown(value)}")
        if self.pattern:
            try:
                re.compile(value)
            except (re.error, OverflowError, RecursionError) as error:
                raise at.error(f"is no regular expression ({error}): {shown(value)}") from None
        return value

    @property
    def schema(self) -> Schema:
        return {"type": "string", "pattern": r"\S"} | ({"format": "regex"} if self.pattern else {})


@dataclass(frozen=True)
class Number:
    """A finite number, or a whole one."""

    least: float = -math.inf
    whole: bool = False

    def read(self, at: At, value: Any) -> float:
        kind = "a whole number" if self.whole else "a number"
        if isinstance(value, bool) or not isinstance(value, int if self.whole else int | float):
            hint = "; YAML wants 1.0e-6" if isinstance(value, str) and re.fullmatch(r"[\d.]+e-?\d+", value) else ""
            raise at.error(f"has to be {kind}, got {shown(value)}{hint}")
        if not self.least <= value or not math.isfinite(value):  # written so that NaN fails
            limit = "finite" if math.isinf(value) or math.isinf(self.least) else f"at least {self.least:g}"
            raise at.error(f"has to be {limit}, got {shown(value)}")
        return value

    @property
    def schema(self) -> Schema:
        kind = {"type": "integer" if self.whole else "number"}
        return kind | ({"minimum": self.least} if math.isfinite(self.least) else {})


@dataclass(frozen=True)
class Flag:
    """True or false."""

    def read(self, at: At, value: Any) -> bool:
        if not isinstance(value, bool):
            raise at.error(f"has to be true or false, got {shown(value)}")
        return value

    @property
    def schema(self) -> Schema:
        return {"type": "boolean"}


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]
    known: str = "known are"  # begins the list of them in a message

    def read(self, at: At, value: Any) -> str:
        if value in self.words:
            return str(value)
        there = f"the only choice is {self.words[0]!r}" if len(self.words) == 1 else None
        raise at.error(f"is {shown(value)}; {there or _suggestion(str(value), self.words, self.known)}")

    @property
    def schema(self) -> Schema:
        return {"enum": list(self.words)}


@dataclass(frozen=True)
class List:
    """A list of one kind of things, `called` so in messages."""

    of: Shape
    called: str
    least: int = 0
    most: int | None = None

    def read(self, at: At, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list) or not self.least <= len(value) <= (self.most or len(value)):
            raise at.error(f"has to be a list of {self.called}, got {shown(value)}")
        return tuple(self.of.read(at / i, item) for i, item in enumerate(value))

    @property
    def schema(self) -> Schema:
        lengths = {"minItems": self.least} if self.least else {}
        return {"type": "array", "items": self.of.schema, **lengths, **({"maxItems": self.most} if self.most else {})}


@dataclass(frozen=True)
class Table:
    """Names that the author chooses, each with a value of one shape; `never` says why a name cannot be chosen."""

    of: Shape
    called: str = ""  # one of the entries, in messages; then there has to be one
    never: Mapping[str, str] = field(default_factory=dict)

    def read(self, at: At, value: Any) -> dict[str, Any]:
        entries = _mapping(at, value)
        if self.called and not entries:
            raise at.error(f"lists no {self.called}; expected at least one")
        for name in entries:
            if name in self.never:
                raise (at / name).error(self.never[name])
        return {name: self.of.read(at / name, item) for name, item in entries.items()}

    @property
    def schema(self) -> Schema:
        never = {"propertyNames": {"not": {"enum": list(self.never)}}} if self.never else {}
        least = {"minProperties": 1} if self.called else {}
        return {"type": "object", "additionalProperties": self.of.schema, **never, **least}


@dataclass(frozen=True)
class Key:
    """A key of a record, and what an editor says of it."""

    of: Shape
    about: str
    required: bool = False


@dataclass(frozen=True)
class Record:
    """Known keys, each with a shape of its own. Keys that are left out are left out of what is read."""

    keys: Mapping[str, Key]

    def read(self, at: At, value: Any) -> dict[str, Any]:
        entries = _mapping(at, value, self.keys)
        for name, key in self.keys.items():
            if key.required and name not in entries:
                raise at.error(f"has no key '{name}'")
        return {name: self.keys[name].of.read(at / name, item) for name, item in entries.items()}

    @property
    def schema(self) -> Schema:
        required = [name for name, key in self.keys.items() if key.required]
        return {
            "type": "object",
            "properties": {name: {"description": key.about, **key.of.schema} for name, key in self.keys.items()},
            "additionalProperties": False,
            **({"required": required} if required else {}),
        }


@dataclass(frozen=True)
class Either:
    """Records that are told apart by one key each."""

    records: Mapping[str, Record]

    def read(self, at: At, value: Any) -> dict[str, Any]:
        entries = _mapping(at, value, [name for record in self.records.values() for name in record.keys])
        for key, record in self.records.items():
            if key in entries:
                return record.read(at, entries)
        raise at.error(f"has to have one of the keys {', '.join(map(repr, self.records))}")

    @property
    def schema(self) -> Schema:
        return {"anyOf": [record.schema for record in self.records.values()]}


@dataclass(frozen=True)
class NameOr:
    """The name of something else, or a thing itself."""

    other: Shape

    def read(self, at: At, value: Any) -> Any:
        return value if isinstance(value, str) else self.other.read(at, value)

    @property
    def schema(self) -> Schema:
        return {"anyOf": [{"type": "string"}, self.other.schema]}


def _mapping(at: At, value: Any, known: Iterable[str] | None = None) -> dict[str, Any]:
    """A mapping with text keys, all of them known."""
    if not isinstance(value, dict):
        raise at.error(f"has to be a mapping, got {shown(value)}")
    for key in value:
        if not isinstance(key, str):
            raise at.error(f"has the key {shown(key)}, which YAML does not read as text; put it in quotes")
        if known is not None and key not in known:
            raise at.error(f"has an unknown key '{key}'; {_suggestion(key, known, 'known are')}")
    return value


def _suggestion(word: str, known: Iterable[str], otherwise: str) -> str:
    names = list(dict.fromkeys(known))
    close = difflib.get_close_matches(word, names, 1)
    return f"did you mean '{close[0]}'?" if close else f"{otherwise} {', '.join(names)}"
