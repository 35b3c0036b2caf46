"""YAML that means what it says: what YAML would take in silence, or trip over, is one sentence."""

from pathlib import Path
from reprlib import repr as shown
from typing import Any

import yaml

from autograder.shapes import SpecError

_MAX_DIGITS = 18
# What is missed only on a later line, where something else stands: people look for it where it begins.
_BEGUN = ("while scanning a simple key", "while scanning a quoted scalar")


def read(path: Path, called: str = "") -> Any:
    """The plain data of a file, by whatever name it is called in messages. Raises SpecError."""
    name = called or path.name
    return parsed(text_of(path, name), name)


def text_of(path: Path, name: str) -> str:
    """What is written in a file. Raises SpecError."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"{name}: cannot be read: {error}") from None


def parsed(text: str, name: str) -> Any:
    """As `read`, of a text."""
    try:
        return yaml.load(text, _Loader)  # noqa: S506  a SafeLoader
    except yaml.YAMLError as error:
        raise SpecError(f"{name}: is not YAML: {_trouble(error)}") from None
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


def _trouble(error: yaml.YAMLError) -> str:
    begun = getattr(error, "context", None) in _BEGUN
    mark = getattr(error, "context_mark" if begun else "problem_mark", None)
    problem = getattr(error, "problem", None) or " ".join(str(error).split())
    return f"line {mark.line + 1}: {problem}" if mark else problem
