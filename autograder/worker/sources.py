"""What a unit's text says beside what it runs: comments, strings, code switched off; and which names it mentions."""

import ast
import io
import tokenize
from collections.abc import Iterator

from autograder.worker.units import Piece


def unexecuted(text: str) -> Iterator[tuple[str, str, int]]:
    """(kind, passage, line) for comments, strings that stand alone and `if 0:` blocks."""
    yield from (("comment", passage, line) for passage, line in _comments(text))
    try:
        tree = ast.parse(text)
    except Exception:  # noqa: BLE001  no Python, or pathological: its comments are all that can be had
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield "string", node.value.value, node.lineno
        elif isinstance(node, ast.If | ast.While) and isinstance(node.test, ast.Constant) and not node.test.value:
            yield "dead", ast.get_source_segment(text, node) or "", node.lineno


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


def names(piece: Piece) -> list[str] | None:
    """The names that a piece mentions at its top level, or None when they cannot be told: magics run their own."""
    if piece.error is not None:
        return []
    found = {node.id for top in piece.nodes for node in ast.walk(top) if isinstance(node, ast.Name)}
    if "get_ipython" in found:
        return None
    for top in piece.nodes:
        found |= {n.name for n in ast.walk(top) if isinstance(n, ast.FunctionDef)}
    return sorted(found | _aliases(piece))


def _aliases(piece: Piece) -> set[str]:
    imports = (node for top in piece.nodes for node in ast.walk(top) if isinstance(node, ast.ImportFrom | ast.Import))
    return {alias.asname or alias.name for node in imports for alias in node.names}


def mentioned(piece: Piece) -> set[str]:
    """Every name that a piece uses, at any depth."""
    nodes = [node for top in piece.nodes for node in ast.walk(top)]
    return {node.id for node in nodes if isinstance(node, ast.Name)}
