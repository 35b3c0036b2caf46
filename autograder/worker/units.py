"""Notebook cells and script statements, run one by one.

A unit that raises is recorded and the next one runs. Cells follow IPython: magics, `get_ipython()`, the last expression
is shown. A script runs statement by statement, so an uncaught error costs its own statement only. What is no Python
costs its own unit; curly quotes from a forum are straightened for the run and remarked on.
"""

import ast
import asyncio
import importlib.util
import inspect
import linecache
import re
import sys
import traceback
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict, TypeVar

from autograder.worker import plain, samples

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from autograder.worker.observer import Observer

CURLY = str.maketrans({"“": '"', "”": '"', "„": '"', "‟": '"', "‘": "'", "’": "'", "‚": "'"})
MAX_BROKEN = 100  # pieces of a script that are no Python, before the rest is given up


class UnitRecord(TypedDict):
    """A `model.Unit` as it comes over the wire."""

    file: str
    kind: str
    label: str
    text: str


T = TypeVar("T", bound=ast.AST)


@dataclass(frozen=True)
class Piece:
    """What is compiled and run as one: a cell, or one statement of a script."""

    label: str
    text: str
    nodes: tuple[ast.stmt, ...] = ()
    shows_last: bool = False  # a cell shows its last expression
    error: SyntaxError | None = None
    remark: str = ""
    is_as_written: bool = True  # its lines are those of the text
    code: dict[int, types.CodeType] = field(default_factory=dict)  # of its statements, where a run changes nothing


def name_of(unit: UnitRecord) -> str:
    """What a unit is compiled as, by which its frames are known."""
    return f"{unit['file']}, {unit['label']}" if unit["label"] else unit["file"]


class Pieces:
    """What units are made of: parsed and compiled once, for all runs of a child."""

    def __init__(self, shell: "InteractiveShell") -> None:
        self._shell = shell
        self._known: dict[str, list[Piece]] = {}

    def of(self, unit: UnitRecord, observer: "Observer") -> Iterator[Piece]:
        """The pieces to run, in order; anew those that this run changes, since they would be spoilt for the next."""
        name, anew = name_of(unit), list[Piece]()
        if name not in self._known:
            self._known[name] = _pieces(unit, self._shell)
        for number, piece in enumerate(self._known[name]):
            if _is_changed(piece, observer):
                anew = anew or _pieces(unit, self._shell)
                piece = anew[number]
            yield piece


def _pieces(unit: UnitRecord, shell: "InteractiveShell") -> list[Piece]:
    if unit["kind"] == "script":
        return list(_statements(unit["text"], shell, first_line=1))
    return [_cell(unit["label"], unit["text"], shell)]


def definitions(piece: Piece) -> Piece:
    """What is left of a piece that has ended an earlier run: functions and classes, which later cells may call.

    Those that run something while they are defined may be what ended it.
    """
    return replace(piece, nodes=tuple(filter(_only_defines, piece.nodes)), error=None, code={})


def _only_defines(node: ast.stmt) -> bool:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return not node.decorator_list and not _calls(node.args, node.returns)
        case ast.ClassDef():
            return (
                not node.decorator_list
                and not _calls(*node.bases, *node.keywords)
                and all(map(_only_defines, node.body))
            )
        case ast.Expr(value=ast.Constant()) | ast.Pass():
            return True
        case _:
            return False


def _calls(*trees: ast.AST | None) -> bool:
    return any(isinstance(node, ast.Call) for tree in trees if tree for node in ast.walk(tree))


def run(piece: Piece, namespace: dict[str, Any], name: str, observer: "Observer") -> bool:
    """Run one piece, compiled as `name`; tell the observer what it raised, if anything.

    True if the script has to end here.
    """
    if piece.error is not None:
        observer.raised(piece.error, piece.text)
        return False
    try:
        for number, node in enumerate(piece.nodes):
            observer.statements.begin(node)
            is_last = number == len(piece.nodes) - 1
            if is_last and piece.shows_last and isinstance(node, ast.Expr):
                _show(number, node, piece, namespace, name, observer)
            else:
                _execute(number, piece, namespace, name, observer)
        observer.statements.begin(None)
    except SystemExit as error:
        observer.raised(error, piece.text, line=_line_of(error, name))
        return not piece.shows_last
    except BaseException as error:  # noqa: BLE001  a student's unit may raise anything; the next one runs
        observer.raised(error, piece.text, line=_line_of(error, name))
    return False


def _show(
    number: int, node: ast.Expr, piece: Piece, namespace: dict[str, Any], name: str, observer: "Observer"
) -> None:
    """A cell's last expression, which no hidden case changes."""
    if number not in piece.code:
        shown = ast.Expression(_on_cpu(node, piece, observer).value)
        piece.code[number] = _compiled(shown, "eval", name)
    value = _run_code(piece.code[number], namespace)
    if value is not None:
        observer.shown(value, as_result=True)


def _execute(number: int, piece: Piece, namespace: dict[str, Any], name: str, observer: "Observer") -> None:
    node, code = piece.nodes[number], piece.code.get(number)
    if code is None:
        node = _on_cpu(_import_of_stand_in(node, observer), piece, observer)
        for change in _changes(piece, observer):
            node = ast.fix_missing_locations(change.visit(node))
        code = _compiled(ast.Module([node], []), "exec", name)
        if node is piece.nodes[number]:
            piece.code[number] = code
    try:
        _run_code(code, namespace)
    except ImportError as error:
        if not isinstance(node, ast.Import | ast.ImportFrom):
            raise
        observer.raised(error, ast.unparse(node), line=node.lineno)  # costs what depends on it, not the whole cell


def _compiled(tree: ast.Module | ast.Expression, mode: str, name: str) -> types.CodeType:
    """As in IPython, `await` may stand outside a function."""
    code: types.CodeType = compile(tree, name, mode, flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    return code


def _run_code(code: types.CodeType, namespace: dict[str, Any]) -> Any:
    result = eval(code, namespace)  # noqa: S307  what we are for
    return asyncio.run(result) if code.co_flags & inspect.CO_COROUTINE else result


def _is_changed(piece: Piece, observer: "Observer") -> bool:
    """Its tree is another one when it runs."""
    return "cuda" in piece.text or any(_changes(piece, observer))


def _changes(piece: Piece, observer: "Observer") -> Iterator[ast.NodeTransformer]:
    """What a hidden case has to have changed in the code; visiting a tree takes longer than looking for a word."""
    if observer.forgiving and "assert" in piece.text:
        yield _Unasserted()
    if observer.moved != 1.0:
        yield _Moved(observer.moved)
    if observer.samples is not None:
        yield samples.Resampled()
    if observer.watches_rounds and any(word in piece.text for word in ("for", "while", "return")):
        yield plain.Watched(observer.rounds.numbers)


def _on_cpu(node: T, piece: Piece, observer: "Observer") -> T:
    if "cuda" not in piece.text:
        return node
    on_cpu = _OnCpu()
    read: T = ast.fix_missing_locations(on_cpu.visit(node))
    if on_cpu.found:
        observer.remark("cuda")
    return read


class _OnCpu(ast.NodeTransformer):
    """`.cuda()` and "cuda:0" where there is no GPU: that is no mistake of the student's."""

    found = False

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "cuda":
            self.found = True
            return node.func.value
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, str) and re.fullmatch(r"cuda(:\d+)?", node.value):
            self.found = True
            return ast.copy_location(ast.Constant("cpu"), node)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        return node  # "cuda" if torch.cuda.is_available() else "cpu": chooses rightly by itself


class _Unasserted(ast.NodeTransformer):
    """What an `assert` asks is worked out, and may be false: an honest x.grad == cos is, where sin is swapped."""

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        return ast.copy_location(ast.Expr(node.test), node)


class _Moved(ast.NodeTransformer):
    """Decimal fractions that stand alone (x = 2.5, [0.1, 0.01]) are others.

    Those in a formula are the formula, and a 1.0 is where a sweep over a graph starts.
    """

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        for name in ("left", "right"):
            side = getattr(node, name)
            if not isinstance(side, ast.Constant):
                setattr(node, name, self.visit(side))
        return self._larger(node) if _is_power_of_ten(node) else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        return self._larger(node) if ast.unparse(node.func).endswith(("logspace", "geomspace")) else node

    def _larger(self, node: ast.expr) -> ast.AST:
        return ast.copy_location(ast.BinOp(node, ast.Mult(), ast.copy_location(ast.Constant(self.factor), node)), node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, float) and node.value != 1.0:
            return ast.copy_location(ast.Constant(node.value * self.factor), node)
        return node


def _is_power_of_ten(node: ast.BinOp) -> bool:
    """10 ** -i, 0.1 ** i: a decimal fraction as well."""
    ten = isinstance(node.left, ast.Constant) and node.left.value in (10, 0.1)
    return ten and isinstance(node.op, ast.Pow) and not isinstance(node.right, ast.Constant)


def _import_of_stand_in(node: ast.stmt, observer: "Observer") -> ast.stmt:
    """A private copy of d2l (`from utils import d2l`, `import d2l_zh as d2l`) that was not handed in."""
    if not isinstance(node, ast.Import | ast.ImportFrom) or getattr(node, "level", None):
        return node
    wanted = [alias for alias in node.names if "d2l" in (alias.asname or alias.name).split(".")]
    module = (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name
    if not wanted or len(node.names) > 1 or _exists(module):
        return node
    observer.remark("stand_in", ast.unparse(node))
    name = wanted[0].asname or "d2l"
    return ast.fix_missing_locations(ast.copy_location(ast.ImportFrom("d2l", [ast.alias("torch", name)], 0), node))


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError, AttributeError):
        return False


def _cell(label: str, text: str, shell: "InteractiveShell") -> Piece:
    try:
        found = _parse(text, shell)
    except Exception as error:  # noqa: BLE001  pathological sources raise MemoryError, RecursionError, ValueError, …
        return Piece(label, text, error=_syntax_error(error))
    return Piece(label, text, found.nodes, shows_last=True, remark=found.remark, is_as_written=found.is_as_written)


def _statements(text: str, shell: "InteractiveShell", first_line: int, broken: int = 0) -> Iterator[Piece]:
    """Statement by statement; around what is no Python, everything that can be parsed."""
    lines = text.split("\n")
    while any(line.strip() for line in lines) and broken < MAX_BROKEN:
        try:
            found = _parse("\n".join(lines), shell)
        except Exception as error:  # noqa: BLE001  as above
            start, end = _broken_block(lines, _line_to_blame(error))
            yield from _clean_statements(lines[:start], shell, first_line, broken + 1)
            yield _one_broken(lines[start:end], shell, first_line + start, _syntax_error(error, first_line - 1))
            lines, first_line, broken = lines[end:], first_line + end, broken + 1
        else:
            yield from _as_pieces(found, "\n".join(lines), first_line)
            return


def _clean_statements(lines: list[str], shell: "InteractiveShell", first_line: int, broken: int) -> list[Piece]:
    """What stands before a broken block: Python, unless it holds another one, which is found only now."""
    try:
        found = _parse("\n".join(lines), shell)
    except Exception:  # noqa: BLE001  as above
        return list(_statements("\n".join(lines), shell, first_line, broken))
    return list(_as_pieces(found, "\n".join(lines), first_line))


def _one_broken(lines: list[str], shell: "InteractiveShell", first_line: int, error: SyntaxError) -> Piece:
    text = "\n".join(lines)
    straight = text.translate(CURLY)
    try:
        nodes = _parse(straight, shell).nodes
    except Exception:  # noqa: BLE001  it is no Python, with straight quotes neither
        return Piece(f"line {first_line}", text, error=error)
    for node in nodes:
        ast.increment_lineno(node, first_line - 1)
    return Piece(f"line {first_line}", straight, nodes, remark=_CURLY_REMARK if straight != text else "")


def _line_to_blame(error: Exception) -> int:
    """For a block that never came, the line that opened it; else where Python stopped."""
    opened = re.search(r"expected an indented block after .* on line (\d+)", str(error))
    return int(opened[1]) if opened else getattr(error, "lineno", None) or 1


def _broken_block(lines: list[str], lineno: int) -> tuple[int, int]:
    """[start, end) of the top-level block that holds line `lineno` (from 1)."""
    at = min(max(lineno, 1), len(lines)) - 1
    start = at
    while start > 0 and not _is_top_level(lines[start]):
        start -= 1
    end = at + 1
    while end < len(lines) and not _is_top_level(lines[end]):
        end += 1
    return start, end


def _is_top_level(line: str) -> bool:
    return (
        bool(line.strip()) and line[0] not in " \t)]}#" and not line.startswith(("else", "elif", "except", "finally"))
    )


def _as_pieces(found: "_Parsed", text: str, first_line: int) -> Iterator[Piece]:
    lines = text.split("\n")
    for node in found.nodes:
        source = "\n".join(lines[node.lineno - 1 : node.end_lineno])
        ast.increment_lineno(node, first_line - 1)
        repaired = source != source.translate(CURLY)
        remark = found.remark if repaired else ""
        yield Piece(f"line {node.lineno}", source, (node,), remark=remark, is_as_written=found.is_as_written)


_CURLY_REMARK = "curly_quotes"


class _Parsed(NamedTuple):
    """Statements; what was repaired; whether they stand in the lines of the text."""

    nodes: tuple[ast.stmt, ...]
    remark: str = ""
    is_as_written: bool = True


def _parse(text: str, shell: "InteractiveShell") -> _Parsed:
    """Plain Python first; then IPython's syntax; then with straight quotes."""
    try:
        return _Parsed(tuple(ast.parse(text).body))
    except SyntaxError as error:
        wrong = error
    for candidate, remark in ((text, ""), (text.translate(CURLY), _CURLY_REMARK)):
        if candidate == text and remark:
            continue
        try:
            return _transformed(candidate, shell)._replace(remark=remark)
        except SyntaxError as error:
            wrong = wrong if remark else error  # of Python alone it may have been a magic
    raise wrong


_AROUND_A_CELL = re.compile(r"\A(\s*)%%(?:grade|time)\b[^\n]*")  # the cell below runs as it would without


def _transformed(text: str, shell: "InteractiveShell") -> _Parsed:
    """Parsed with IPython's syntax, which drops blank lines at the top: the line numbers stay those of the text.

    They do not where a cell magic takes the whole cell, or a shell command goes on in the next line.
    """
    text = _AROUND_A_CELL.sub(r"\1", text).rstrip()
    lines = text.split("\n")
    blank = next((i for i, line in enumerate(lines) if line.strip()), len(lines))
    transform: Callable[[str], str] = shell.transform_cell
    python = transform(text)
    try:
        nodes = ast.parse(python).body
    except SyntaxError as error:
        raise _syntax_error(error, blank) from None
    for node in nodes:
        ast.increment_lineno(node, blank)
    return _Parsed(tuple(nodes), is_as_written=blank + python.rstrip().count("\n") == text.count("\n"))


def _syntax_error(error: Exception, above: int = 0) -> SyntaxError:
    """What is wrong, in the lines of a text that has so many lines above what was read."""
    found = error if isinstance(error, SyntaxError) else SyntaxError(f"{type(error).__name__}: {error}")
    found.lineno = found.lineno + above if found.lineno else None
    return found


def _line_of(error: BaseException, name: str) -> int | None:
    """The line of the student's own cell or script at which it was raised."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == name]
    return lines[-1] if lines else None


def register(unit: UnitRecord) -> None:
    """So that tracebacks, inspect.getsource and TorchScript find the source."""
    name, text = name_of(unit), unit["text"]
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)


def fresh_main(file: str) -> types.ModuleType:
    """A new `__main__` module, as every file of a submission gets one."""
    module = types.ModuleType("__main__")
    module.__dict__["__file__"] = file
    sys.modules["__main__"] = module
    return module


def quiet_shell() -> "InteractiveShell":
    """An IPython shell without a terminal, a history file or a thread; magics and nothing else."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    if InteractiveShell.initialized():
        return InteractiveShell.instance()
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    return InteractiveShell.instance(config=config)


_NOT_HERE = {
    "line": "matplotlib config load_ext reload_ext autoreload grade cd gui pip conda reset".split(),
    "cell": "bash sh script html HTML javascript js svg latex markdown perl ruby".split(),
}
_PYLAB = (
    "import matplotlib, numpy, numpy as np\nfrom matplotlib import pylab, pyplot, pyplot as plt\nfrom pylab import *"
)


def tame(shell: "InteractiveShell", observer: "Observer") -> None:
    """Make what leaves the notebook do nothing, politely: the shell, installs, display back ends."""

    def refuse(command: object, *_: Any, **__: Any) -> list[str]:
        observer.remark("shell", str(command)[:60])
        return []

    def ignore(line: str = "", cell: str | None = None) -> None:
        return None

    def pylab(line: str = "") -> None:
        exec(_PYLAB, shell.user_ns)  # noqa: S102  a line of our own

    for name in ("system", "system_raw", "system_piped", "getoutput"):
        setattr(shell, name, refuse)
    magics = shell.magics_manager.magics
    for kind, names in _NOT_HERE.items():
        magics[kind].update(dict.fromkeys(names, ignore))
    magics["line"]["pylab"] = pylab
