"""A YAML file that a person wrote: read with every mistake in it told as one sentence with its place.

Exercises, their translations and assignments are such files. Keys are known, each stands once, values have their types.
"""

import difflib
import math
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from reprlib import repr as shown  # the value in a message, which is to stay a sentence
from typing import Any

import yaml

_MAX_DIGITS = 18


class SpecError(Exception):
    """A file that cannot be used: where, what was found, what was expected."""


def read(path: Path, called: str = "") -> tuple["At", Any]:
    """What a file holds, and the place that messages about it start from. Raises SpecError."""
    name = called or path.name
    try:
        return At(name), yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506  a SafeLoader
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"{name}: cannot be read: {error}") from None
    except yaml.YAMLError as error:
        raise SpecError(f"{name}: is not YAML: {_yaml_trouble(error)}") from None
    except RecursionError:
        raise SpecError(f"{name}: is nested too deeply; five levels are enough") from None


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Refuses a key that stands twice, of which YAML would take the last in silence, and says where a value is none."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        if isinstance(node, yaml.MappingNode):  # `!!set [a]` comes here as well
            _refuse_twice(node)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            value = super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError):
            # 2020-13-45, 0x_, `!!bool x`: each type of YAML trusts its own regular expression, or a tag, too far.
            problem = f"{shown(node.value)} is no value of its kind; if it is a text, put it in quotes"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark) from None
        if isinstance(value, int) and abs(value) >= 10**_MAX_DIGITS:
            problem = f"a whole number of more than {_MAX_DIGITS} digits"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
        return value


def _refuse_twice(node: yaml.MappingNode) -> None:
    keys = [key.value for key, _ in node.value]
    for key, child in node.value:
        if keys.count(key.value) > 1:
            problem = f"the key {shown(key.value)} stands twice"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=child.start_mark)


def _yaml_trouble(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or " ".join(str(error).split())
    return f"line {mark.line + 1}: {problem}" if mark else problem


class At:
    """A place in a YAML file, for messages."""

    def __init__(self, path: str, is_file: bool = True) -> None:
        self.path = path
        self.is_file = is_file

    def __truediv__(self, key: object) -> "At":
        return At(f"{self.path}: {key}" if self.is_file else f"{self.path}.{key}", is_file=False)

    def error(self, message: str) -> SpecError:
        return SpecError(f"{self.path}: {message}" if self.is_file else f"{self.path} {message}")

    def mapping(self, value: Any, keys: Iterable[str] | None = None, required: Iterable[str] = ()) -> dict[str, Any]:
        """A mapping with text keys, all of them known and all required ones there."""
        if not isinstance(value, dict):
            raise self.error(f"has to be a mapping, got {shown(value)}")
        for key in value:
            self._known(key, keys)
        for key in required:
            if key not in value:
                raise self.error(f"has no key '{key}'")
        return value

    def _known(self, key: Any, keys: Iterable[str] | None) -> None:
        if not isinstance(key, str):
            raise self.error(f"has the key {shown(key)}, which YAML does not read as text; put it in quotes")
        if keys is not None and key not in keys:
            close = difflib.get_close_matches(key, list(keys), 1)
            hint = f"did you mean '{close[0]}'?" if close else f"known are {', '.join(keys)}"
            raise self.error(f"has an unknown key '{key}'; {hint}")

    def number(self, value: Any, least: float = 0.0) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            hint = "; YAML wants 1.0e-6" if isinstance(value, str) and re.fullmatch(r"[\d.]+e-?\d+", value) else ""
            raise self.error(f"has to be a number, got {shown(value)}{hint}")
        if not least <= value < math.inf:
            limit = "finite" if value == math.inf else f"at least {least:g}"
            raise self.error(f"has to be {limit}, got {shown(value)}")
        return float(value)

    def text(self, value: Any) -> str:
        if not isinstance(value, str) or not value.strip():
            raise self.error(f"has to be a text, got {shown(value)}")
        return value

    def flag(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise self.error(f"has to be true or false, got {shown(value)}")
        return value

    def texts(self, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise self.error(f"has to be a list of texts, got {shown(value)}")
        return tuple((self / i).text(item) for i, item in enumerate(value))

    def choice(self, value: Any, known: Collection[str]) -> str:
        """One of these words."""
        if not isinstance(value, str) or value not in known:
            close = difflib.get_close_matches(str(value), known, 1)
            hint = f"did you mean '{close[0]}'?" if close else f"known are {', '.join(known)}"
            raise self.error(f"is {shown(value)}; {hint}")
        return value

    def patterns(self, value: Any) -> tuple[str, ...]:
        for i, pattern in enumerate(self.texts(value)):
            try:
                re.compile(pattern)
            except (re.error, OverflowError, RecursionError) as error:
                raise (self / i).error(f"is no regular expression ({error}): {shown(pattern)}") from None
        return self.texts(value)
