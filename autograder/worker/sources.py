"""What a unit's text says beside what it runs: comments, strings, code switched off; and which names it mentions."""

import ast
import functools
import io
import tokenize
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from autograder.worker.units import Piece

_BODIES = frozenset(("body", "orelse", "finalbody", "handlers", "cases"))


@functools.lru_cache(maxsize=256)  # a child that runs its units again asks again
def unexecuted(text: str) -> tuple[tuple[str, str, int], ...]:
    """(kind, passage, line) for comments, strings that stand alone and `if 0:` blocks."""
    comments = [("comment", passage, line) for passage, line in _comments(text)] if "#" in text else []
    try:
        tree = ast.parse(text)
    except Exception:  # noqa: BLE001  no Python, or pathological: its comments are all that can be had
        return tuple(comments)
    return (*comments, *_switched_off(tree, text))


def _switched_off(tree: ast.Module, text: str) -> Iterator[tuple[str, str, int]]:
    for node in _statements(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield "string", node.value.value, node.lineno
        elif isinstance(node, ast.If | ast.While) and isinstance(node.test, ast.Constant) and not node.test.value:
            yield "dead", ast.get_source_segment(text, node) or "", node.lineno


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """All of them, breadth first; expressions, which are most of a tree, hold none."""
    waiting: deque[ast.AST] = deque([tree])
    while waiting:
        node = waiting.popleft()
        yield node
        for name in node._fields:
            if name in _BODIES:
                waiting.extend(part for part in _listed(getattr(node, name)) if not isinstance(part, ast.expr))


def _listed(value: object) -> list[ast.AST]:
    return value if isinstance(value, list) else []


def _comments(text: str) -> Iterator[tuple[str, int]]:
    """(block of comment lines without their marks, its last line)."""
    block: list[str] = []
    last = -1
    for line, comment in _comment_tokens(text):
        if block and line != last + 1:
            yield "\n".join(block), last
            block = []
        block.append(comment.lstrip("#").strip())
        last = line
    if block:
        yield "\n".join(block), last


def _comment_tokens(text: str) -> Iterator[tuple[int, str]]:
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string
    except (tokenize.TokenError, SyntaxError, ValueError):
        yield from _comment_lines(text)


def _comment_lines(text: str) -> Iterator[tuple[int, str]]:
    """Of text that is no Python: the lines that start as a comment."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith("#"):
            yield number, line.strip()


@dataclass(frozen=True, slots=True)
class Mentioned:
    """What a piece speaks of."""

    used: frozenset[str]  # every name that it uses, at any depth
    bound: tuple[str, ...] | None  # those under which it may leave something; None: magics run code of their own


def mentioned(piece: Piece) -> Mentioned:
    """Read off its tree, in one walk."""
    used, others = set(), set()
    for node in _walk(piece.nodes):
        match node:
            case ast.Name(id=name):
                used.add(name)
            case ast.FunctionDef(name=name):
                others.add(name)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                others |= {alias.asname or alias.name for alias in names}
    return Mentioned(frozenset(used), None if "get_ipython" in used else tuple(sorted(used | others)))


def _walk(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """As ast.walk, in any order and in half the time."""
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        yield node
        for name in node._fields:  # whoever prints a traceback hangs more onto a node: its parent, say
            value = getattr(node, name, None)
            if isinstance(value, ast.AST):
                waiting.append(value)
            elif isinstance(value, list):
                waiting += [part for part in value if isinstance(part, ast.AST)]
