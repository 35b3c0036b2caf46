"""Numbers that are no arrays: plain floats, dictionaries and objects of named numbers; and what loops leave.

A **round** is what the variables hold as a loop starts anew, or as a function returns. In a case that watches them the
first rounds of each are recorded, wherever it stands: two of a loop in a row show one step. Later ones are not looked
at; in a hidden call they are counted anew.
"""

import ast
import builtins
import itertools
from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import numpy as np

from autograder.worker.arrays import Array, as_array
from autograder.worker.recorder import Recorder, guarded, replace

MAX_ROUNDS = 4  # of each loop
MAX_NAMED = 64  # numbers of one dictionary, object or round
MAX_SIZE = 100_000  # entries of an array in one of them
MAX_DEPTH = 3
_WANTED, _LOOK = "__is_a_first_round__", "__look_at_round__"


def number_of(value: Any) -> Array | None:
    """A single real number as an array without axes; None for anything else."""
    is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return np.array(float(value)) if is_number and not isinstance(value, complex | np.complexfloating) else None


def named_in(value: Any) -> dict[str, Array]:
    """The numbers and arrays of a dictionary, or of an object of a class of the student's, by key or attribute."""
    inside = _inside(value)
    found = dict(zip(range(MAX_NAMED), _walk(inside, "", 0), strict=False)) if inside else {}
    return dict(found.values())


def _inside(value: Any) -> Mapping[Any, Any] | None:
    if isinstance(value, dict):
        return value
    own = type(value).__module__ == "__main__" and hasattr(value, "__dict__")
    return vars(value) if own and not isinstance(value, type) else None


def _walk(mapping: Mapping[Any, Any], prefix: str, depth: int) -> Iterator[tuple[str, Array]]:
    for key, value in list(mapping.items())[:MAX_NAMED]:
        name = f"{prefix}{str(key)[:50]}"
        array = number_of(value)
        array = as_array(value) if array is None else array
        if array is not None and array.size <= MAX_SIZE:
            yield name, array
        elif (inner := _inside(value)) and depth < MAX_DEPTH:
            yield from _walk(inner, f"{name}.", depth + 1)


def mark_of_named(value: Any) -> Hashable:
    """Something that changes when a number or one of the named numbers does; None for what is neither."""
    number = number_of(value)
    if number is not None:
        return float(number)
    return tuple((key, array.shape, array.tobytes()) for key, array in named_in(value).items()) or None


class Rounds:
    """The first rounds of each loop, and returns of each function."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.forget()

    def forget(self) -> None:
        """Nothing of an earlier run is left."""
        self.seen: dict[int, int] = {}
        self.numbers = itertools.count(1)  # of loops and returns, since two cells have a line 3 each
        for name in (_WANTED, _LOOK):
            vars(builtins).pop(name, None)

    def watch(self) -> None:
        replace(builtins, **{_WANTED: self._is_wanted, _LOOK: self._look})

    def _is_wanted(self, loop: int) -> bool:
        count = self.seen.get(loop, 0)
        if count < MAX_ROUNDS:
            self.seen[loop] = count + 1
        return count < MAX_ROUNDS

    @guarded
    def _look(self, loop: int, variables: Mapping[str, Any]) -> None:
        plain = {name: value for name, value in variables.items() if not name.startswith("_")}
        found = {name: as_array(value) for name, value in plain.items() if not isinstance(value, int)}
        named = {name: array for name, array in found.items() if array is not None and array.size <= MAX_SIZE}
        for name, value in plain.items():
            named |= {f"{name}.{key}": array for key, array in named_in(value).items()}
        keys = list(named)[-MAX_NAMED:]
        self.recorder.send("round", loop=loop, count=self.seen[loop], keys=keys, parts=[named[key] for key in keys])


class Watched(ast.NodeTransformer):
    """Each loop looks at its variables as a round starts, each function as it returns."""

    def __init__(self, numbers: Iterator[int]) -> None:
        self.numbers = numbers

    def visit_Return(self, node: ast.Return) -> list[ast.stmt]:
        return [self._look(node), node]

    def visit_For(self, node: ast.For) -> ast.AST:
        return self._look_first(node)

    def visit_While(self, node: ast.While) -> ast.AST:
        return self._look_first(node)

    def _look_first(self, node: ast.For | ast.While) -> ast.AST:
        self.generic_visit(node)
        node.body.insert(0, self._look(node))
        return node

    def _look(self, node: ast.stmt) -> ast.stmt:
        number = next(self.numbers)
        look = ast.parse(f"if {_WANTED}({number}): {_LOOK}({number}, locals())").body[0]
        for part in ast.walk(look):
            ast.copy_location(part, node)
        return look
