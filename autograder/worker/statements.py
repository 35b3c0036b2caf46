"""The statements of the piece that runs, and which of them made a variable what it is.

Read off the source, without a hook: a line is told where one statement can have done it, and none where several can.
"""

import ast
from collections.abc import Iterator

_FILLING = ("append", "extend", "insert")  # and whatever ends in an underscore, which is how torch names it
_BODIES = ("body", "orelse", "finalbody", "handlers", "cases")


class Statements:
    """Those that have ended, in their order, and the one on its way."""

    def __init__(self) -> None:
        self.ended: list[ast.stmt] = []
        self.running: ast.stmt | None = None
        self._lines: dict[ast.stmt, dict[str, set[int]]] = {}  # statement → name → where it is changed

    def begin(self, node: ast.stmt | None) -> None:
        """The next one; None at the end of a piece that came to its end."""
        if self.running is not None:
            self.ended.append(self.running)
        self.running = node

    @property
    def line(self) -> int:
        """Of the one on its way."""
        return self.running.lineno if self.running is not None else 0

    def that_made(self, name: str) -> int:
        """The line of the statement that last bound or changed a variable; 0 if that cannot be told."""
        if self.running is not None and hasattr(self.running, "body") and name in self._of(self.running):
            return 0  # it may have come as far as there, or not
        found = next((lines for node in reversed(self.ended) if (lines := self._of(node).get(name))), ())
        return next(iter(found)) if len(found) == 1 else 0

    def _of(self, node: ast.stmt) -> dict[str, set[int]]:
        if node not in self._lines:
            found = self._lines[node] = {}
            for name, line in _changes(node):
                found.setdefault(name, set()).add(line)
        return self._lines[node]


def _changes(node: ast.AST) -> Iterator[tuple[str, int]]:
    """(variable, line) for what a statement, or one within it, binds or changes; functions are for others to call."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name, node.lineno
        return
    yield from ((name, target.lineno) for target in _targets(node) for name in _names(target))
    for part in _BODIES:
        for inner in getattr(node, part, ()):
            yield from _changes(inner)


def _targets(node: ast.AST) -> list[ast.expr]:
    """What is assigned to; what fills itself, as in rows.append(…) or x.grad.zero_()."""
    match node:
        case ast.Assign(targets=targets):
            return targets
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
            return [target]
        case ast.For(target=target) | ast.AsyncFor(target=target):
            return [target]
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=changed, attr=method))):
            return [changed] if method in _FILLING or method.endswith("_") else []
    return []


def _names(target: ast.AST) -> Iterator[str]:
    """x of x, x[0], x.grad; both of x, y."""
    match target:
        case ast.Name(id=name):
            yield name
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            for part in parts:
                yield from _names(part)
        case ast.Attribute(value=whole) | ast.Subscript(value=whole) | ast.Starred(value=whole):
            yield from _names(whole)
