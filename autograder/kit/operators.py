"""How right programs go wrong: each operator finds places in a syntax tree and what could stand there by mistake.

A place is replaced in the text itself, so that comments and line numbers stay what they were. Mistakes are those that
students make (a zero_ left out, a mean for a sum, a row too few), and those that a grader would overlook (a constant,
a sign, an operation).
"""

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

Found = Iterator[tuple[ast.AST, str]]  # a place, and the text to stand there
N = TypeVar("N", bound=ast.AST)

CLEARS = ("zero_", "zero_grad", "fill_")
KEEPS = ("retain_grad", "requires_grad_")
RUNS = ("backward",)
FLAGS = ("retain_graph", "create_graph", "requires_grad")
WEIGHTS = ("gradient", "grad_outputs")
TWINS = {"sum": "mean", "mean": "sum", "sin": "cos", "cos": "sin", "log": "log10", "vstack": "hstack"}
WHOLE = ("stack", "vstack", "cat", "jacobian", "hessian")  # calls that give a matrix
LOOKS = tuple(
    "figure subplots subplot set_figsize savefig xlabel ylabel title set_title suptitle legend grid show axhline "
    "axvline tight_layout manual_seed seed set_printoptions format".split()
)
STYLES = ("figsize", "label", "legend", "lw", "linewidth", "ms", "markersize", "alpha", "dpi", "fmts", "xlim", "ylim")
SIGNS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Mult: ast.Add,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
}
ORDER: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.Gt, ast.GtE: ast.Lt}


@dataclass(frozen=True, slots=True)
class Operator:
    """A way to go wrong, and how to find where one can."""

    name: str
    find: Callable[[ast.AST], Found]
    values_stay: bool = False  # only what autograd is told is another


def everywhere(tree: ast.AST) -> Iterator[tuple[Operator, ast.AST, str]]:
    """(operator, place, text) for all that can go wrong in a tree, in the order in which it is written."""
    for node in _walk(tree):
        for operator in OPERATORS:
            for place, text in operator.find(node):
                yield operator, place, text


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """In order, without what only decorates a figure."""
    yield node
    for child in ast.iter_child_nodes(node):
        styled = isinstance(child, ast.keyword) and child.arg in STYLES
        if not styled and _called(child) not in LOOKS:
            yield from _walk(child)


def _called(node: ast.AST) -> str:
    """The last name of what is called."""
    if isinstance(node, ast.Call):
        function = node.func
        return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return ""


def _changed(node: N, **fields: object) -> str:
    """The text of a node with other fields."""
    other = copy.copy(node)
    for name, value in fields.items():
        setattr(other, name, value)
    return ast.unparse(other)


# ---------------------------------------------------------------------------------- statements


def _statement_of(names: tuple[str, ...]) -> Callable[[ast.AST], Found]:
    def find(node: ast.AST) -> Found:
        if isinstance(node, ast.Expr) and _called(node.value) in names:
            yield node, "pass"

    return find


def _clearing(node: ast.AST) -> Found:
    """`x.grad = None`, and the calls that clear."""
    yield from _statement_of(CLEARS)(node)
    if isinstance(node, ast.Assign) and getattr(node.targets[0], "attr", "") == "grad":
        yield node, "pass"


def _no_longer_added(node: ast.AST) -> Found:
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub):
        yield node, _changed(node, op=ast.Sub() if isinstance(node.op, ast.Add) else ast.Add())


def _with_graph(node: ast.AST) -> Found:
    """What stood under no_grad is recorded."""
    if isinstance(node, ast.withitem) and _called(node.context_expr) in ("no_grad", "inference_mode"):
        yield node.context_expr, "torch.enable_grad()"


# ---------------------------------------------------------------------------------- calls


def _flag(node: ast.AST) -> Found:
    """One of torch's flags is left out."""
    if isinstance(node, ast.Call):
        for flag in node.keywords:
            if flag.arg in FLAGS:
                yield node, _changed(node, keywords=[other for other in node.keywords if other is not flag])


def _weights(node: ast.AST) -> Found:
    """Others than those that were given to a pass."""
    if not isinstance(node, ast.Call):
        return
    given = [keyword.value for keyword in node.keywords if keyword.arg in WEIGHTS]
    given += node.args[:1] if _called(node) in RUNS else []
    for value in given:
        yield value, f"2 * ({ast.unparse(value)})"


def _swapped_arguments(node: ast.AST) -> Found:
    if isinstance(node, ast.Call) and len(node.args) >= 2:
        first, second, *rest = node.args
        if ast.dump(first) != ast.dump(second) and not isinstance(first, ast.Starred):
            yield node, _changed(node, args=[second, first, *rest])


def _twin(node: ast.AST) -> Found:
    """sum for mean, sin for cos: of a method, of a function, and where the function itself is handed on."""
    if isinstance(node, ast.Attribute) and node.attr in TWINS:
        yield node, _changed(node, attr=TWINS[node.attr])
    if isinstance(node, ast.Name) and node.id in TWINS and isinstance(node.ctx, ast.Load):
        yield node, TWINS[node.id]


def _one_round_less(node: ast.AST) -> Found:
    if _called(node) == "range" and isinstance(node, ast.Call) and node.args:
        last = min(len(node.args), 2) - 1
        shorter = [*node.args[:last], _less(node.args[last]), *node.args[last + 1 :]]
        yield node, _changed(node, args=shorter)


def _less(node: ast.expr) -> ast.expr:
    return ast.BinOp(node, ast.Sub(), ast.Constant(1))


def _detached(node: ast.AST) -> Found:
    """A factor or summand leaves the graph; so does what a function is applied to.

    To autograd that makes another function of it: no run tells that a student did not mean it to be constant.
    """
    inner = [node.left, node.right] if isinstance(node, ast.BinOp) else []
    inner += node.args if isinstance(node, ast.Call) and _called(node) not in ("print", "range", "len") else []
    for value in inner:
        if isinstance(value, ast.Name):
            yield value, f"{value.id}.detach()"


def _still_attached(node: ast.AST) -> Found:
    """A detach, clone or retained copy is left out."""
    called = isinstance(node, ast.Call) and not node.args and _called(node) in ("detach", "clone")
    if called and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        yield node, ast.unparse(node.func.value)


# ---------------------------------------------------------------------------------- matrices and rows


def _transposed(node: ast.AST) -> Found:
    if isinstance(node, ast.Call) and (_called(node) in WHOLE or _called(node.func).startswith("jac")):
        yield node, f"{ast.unparse(node)}.T"
    if isinstance(node, ast.Attribute) and node.attr == "T" and isinstance(node.ctx, ast.Load):
        yield node, ast.unparse(node.value)
    if isinstance(node, ast.Call) and _called(node) == "t" and isinstance(node.func, ast.Attribute) and not node.args:
        yield node, ast.unparse(node.func.value)


def _other_row(node: ast.AST) -> Found:
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Name):
        yield node, _changed(node, slice=_less(node.slice))


# ---------------------------------------------------------------------------------- numbers


def _operation(node: ast.AST) -> Found:
    if isinstance(node, ast.BinOp) and type(node.op) in SIGNS:
        yield node, f"({_changed(node, op=SIGNS[type(node.op)]())})"


def _sign(node: ast.AST) -> Found:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node, f"({ast.unparse(node.operand)})"
    if isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Tuple | ast.List):
        yield node.value, f"-({ast.unparse(node.value)})"


def _constant(node: ast.AST) -> Found:
    """The next whole number, or half as much again."""
    match node:
        case ast.Constant(value=bool()):
            return
        case ast.Constant(value=int(whole)):
            yield node, repr(whole + 1)
        case ast.Constant(value=float(number)):
            yield node, repr(1.5 * number or 0.5)


def _condition(node: ast.AST) -> Found:
    if isinstance(node, ast.Compare) and type(node.ops[0]) in ORDER:
        yield node, _changed(node, ops=[ORDER[type(node.ops[0])](), *node.ops[1:]])


OPERATORS = (
    Operator("the gradient is not cleared", _clearing),
    Operator("no gradient is asked for", _statement_of(KEEPS), values_stay=True),
    Operator("a backward is left out", _statement_of(RUNS)),
    Operator("a sum goes the other way", _no_longer_added),
    Operator("no_grad is left out", _with_graph, values_stay=True),
    Operator("a flag is left out", _flag, values_stay=True),
    Operator("other weights", _weights),
    Operator("two arguments are exchanged", _swapped_arguments),
    Operator("another function", _twin),
    Operator("one round less", _one_round_less),
    Operator("something is detached", _detached),
    Operator("detach or clone is left out", _still_attached, values_stay=True),
    Operator("rows and columns are exchanged", _transposed),
    Operator("the row before", _other_row),
    Operator("another operation", _operation),
    Operator("another sign", _sign),
    Operator("another number", _constant),
    Operator("a condition is turned round", _condition),
)
