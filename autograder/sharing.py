"""Whether all runs of a submission may be made in one process.

A second run in the same process takes half of the time (see `worker/child.py`), and finds what the first one has
left. So only plain code gets it: code that keeps to the libraries of the field and to what they are for, whose changes
of their settings we know and put back, and that has no way to our own modules in its process. It is known by its
syntax, and by which modules are not installed; reports are the same either way. Whatever is not known to be plain has a
process for each run.
"""

import ast
import contextlib
import functools
import importlib.util
import re
import threading
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

_MODULES = frozenset(
    "torch numpy scipy matplotlib pylab mpl_toolkits d2l IPython.display math cmath random time typing types copy "
    "collections itertools functools operator dataclasses statistics fractions decimal warnings abc enum pprint "
    "__future__".split()
)
_NOT_FOR_US = frozenset(  # builtins that reach anything, or leave something
    "exec eval compile open input globals locals vars setattr getattr delattr exit quit breakpoint get_ipython "
    "sys".split()
)
_NOT_OF_MODULES = frozenset(  # attributes that lead out of the field, run what a string says, or leave something behind
    "sys os gc modules builtins inspect ctypes threading multiprocessing subprocess importlib io pathlib logging "
    "linecache library ops jit hub distributed package onnx fx compile benchmark cpp_extension ctypeslib f2py "
    "distutils animation pickle loads Unpickler attrgetter methodcaller get_type_hints ForwardRef runstring measure "
    "rundocs get_ipython load save savez savez_compressed savetxt tofile dump fromfile memmap DataFile "
    "enter_dual_level open DataSource profiler to_filehandle open_file_cm json_dump".split()
)
_PUT_BACK = frozenset(  # settings of a library that `worker/settings.py` knows
    "set_default_dtype set_grad_enabled set_detect_anomaly set_printoptions set_num_threads seterr set_figsize "
    "set_axes use_deterministic_algorithms set_matplotlib_formats use_svg_display use enable_grad".split()
)
_SETTERS = re.compile(r"(?:set|use|register|enable|disable)(?:_|\Z)")
_MAGICS = re.compile(  # that do nothing here, or nothing but run what follows; IPython evaluates {x} and $x in a line
    r"^([ \t]*)(?:!.*|%(?:matplotlib|config|load_ext|pip|conda)\b[^{$\n]*$|%%time\b[^{$\n]*$|%time\b)", re.M
)
_PYLAB = re.compile(r"^([ \t]*)%pylab\b[^{$\n]*$", re.M)
_STARRED = frozenset(("pylab", "math"))  # modules of which all may be imported
_MAY_BE_MENDED = re.compile(r"[%!?“”„‟‘’‚]|>>>|In \[|\A\s")  # what IPython reads otherwise, and quotes from a forum
CURLY = str.maketrans("“”„‟‘’‚", '""""\'\'\'')  # are straightened for the run, as `worker/units.py` does
_IPYTHON = re.compile(r"^[ \t]*[%,;/]|=[ \t]*%|[!?]|>>>|In \[|\A\s", re.M)  # may be a magic, or a prompt
_BUILT_IN = frozenset("dict list set object type".split())
_OWN = frozenset("__init__ __call__ __name__ __repr__ __str__".split())  # a class of the student's may have these
_PARSING = threading.Lock()  # Python 3.11 counts the depth of a tree for all threads at once, and may say SystemError
_LOOKED_AT = (
    *(ast.Import, ast.ImportFrom, ast.Name, ast.Attribute, ast.MatchClass, ast.Subscript),
    *(ast.Await, ast.AsyncFor, ast.AsyncWith, ast.AsyncFunctionDef),
)
_IMPORTS = re.compile(r"^[ \t]*(?:from|import)[ \t]+([A-Za-z_]\w*)", re.M)
_ABOVE = re.compile(r"(?:\.\.?/?)+")  # folders that the sandbox hides
_STAND_INS = frozenset(("google",))  # are there in a child, and not here


def may_share_a_process(units: Sequence[Mapping[str, Any]]) -> bool:
    """Whether all of these units of code are plain."""
    try:
        trees = list(map(_parsed, units))
        nodes = [node for tree in trees if tree is not None for node in _nodes(tree)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    missing = missing_modules(units)
    imported: Container[str] = {name for node in nodes for name in _imported(node)}
    if "*" in imported:
        imported = _AllBut({name for tree in trees if tree is not None for name in _bound(tree)})
    return all(_is_plain(node, imported, missing) for node in nodes)


class _AllBut:
    """What `import *` brings may have any name but those of the student's own."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = names

    def __contains__(self, name: object) -> bool:
        return name not in self._names


def _bound(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name


def missing_modules(units: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """Modules that these units import, and that are not here: as long as that stays so, importing one only fails."""
    own = {PurePath(unit["file"]).stem for unit in units}
    wanted = {name for unit in units for name in _IMPORTS.findall(unit["text"])}
    return frozenset(name for name in wanted - own - _STAND_INS if not _is_installed(name))


@functools.lru_cache(maxsize=1024)
def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return True


def _nodes(tree: ast.Module) -> Iterator[ast.AST]:
    """All that has to be looked at: not what the book's notebooks begin with."""
    waiting: list[ast.AST] = [statement for statement in tree.body if not _looks_for_d2l(statement)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, _LOOKED_AT):
            yield node
        for name in node._fields:
            part = getattr(node, name, None)
            if isinstance(part, ast.AST):
                waiting.append(part)
            elif isinstance(part, list):
                waiting += [item for item in part if isinstance(item, ast.AST)]


def _looks_for_d2l(node: ast.stmt) -> bool:
    """import sys; sys.path.append("..")"""
    match node:
        case ast.Import(names=[ast.alias(name="sys", asname=None)]):
            return True
        case ast.Expr(
            ast.Call(
                func=ast.Attribute(value=ast.Attribute(value=ast.Name("sys"), attr="path"), attr="append" | "insert"),
                args=[*before, ast.Constant(str(path))],
                keywords=[],
            )
        ):
            return bool(_ABOVE.fullmatch(path)) and all(isinstance(one, ast.Constant) for one in before)
    return False


def _parsed(unit: Mapping[str, Any]) -> ast.Module | None:
    """As Python; else with a statement where a magic stands, which is no Python anywhere but between statements.

    Else with straight quotes, where nothing could be IPython's. None for a cell that is nothing of the kind, and so is
    not run; of a script what stands around a mistake is.
    """
    text: str = unit["text"]
    straight = text if _IPYTHON.search(text) else text.translate(CURLY)
    starred = _PYLAB.sub(r"\1from pylab import *;", text)
    for candidate in (text, _MAGICS.sub(r"\1pass;", starred), straight):
        with contextlib.suppress(SyntaxError), _PARSING:
            return ast.parse(candidate)
    if unit["kind"] == "script" or _MAY_BE_MENDED.search(text):
        raise SyntaxError("it is not known what of it is run")
    return None


def _imported(node: ast.AST) -> Iterator[str]:
    """Names under which something of a library's is known."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from ((alias.asname or alias.name).partition(".")[0] for alias in node.names)


def _is_plain(node: ast.AST, imported: Container[str], missing: frozenset[str]) -> bool:
    match node:
        case ast.Import(names=names):
            return all(_is_of_the_field(alias.name) or _top(alias.name) in missing for alias in names)
        case ast.ImportFrom(module=module, names=names, level=level):
            return not level and all(_may_come(f"{module}", alias.name, missing) for alias in names)
        case ast.Name(id=name):
            is_theirs = name in imported and isinstance(node.ctx, ast.Load)
            known = name not in _NOT_FOR_US and (not name.startswith("__") or name in _OWN)
            return known and (not is_theirs or (_is_open(name) and not _sets(name)))
        case ast.Attribute(attr=attr, ctx=context):
            is_theirs = _root(node) in imported
            return _is_open(attr) and not _is_unbound(node) and (not is_theirs or _is_used_as_meant(attr, context))
        case ast.MatchClass(kwd_attrs=attributes):
            return all(map(_is_open, attributes))
        case ast.Subscript(ctx=ast.Store() | ast.Del(), value=value):
            return _root(value) not in imported or (isinstance(value, ast.Attribute) and value.attr == "rcParams")
        case ast.Await() | ast.AsyncFor() | ast.AsyncWith() | ast.AsyncFunctionDef():
            return False
    return True


def _is_used_as_meant(attr: str, context: ast.expr_context) -> bool:
    """An attribute of something imported is read, is no evaluator of strings, and sets nothing that is not put back."""
    return isinstance(context, ast.Load) and attr not in _NOT_FOR_US and not _sets(attr)


def _sets(name: str) -> bool:
    return bool(_SETTERS.match(name)) and name not in _PUT_BACK


def _is_unbound(node: ast.Attribute) -> bool:
    """dict.update, list.append: methods that pass by those of a class that is made of one, such as rcParams."""
    return isinstance(node.value, ast.Name) and node.value.id in _BUILT_IN and node.attr != "fromkeys"


def _is_of_the_field(module: str) -> bool:
    parts = module.split(".")
    known = any(".".join(parts[:count]) in _MODULES for count in (1, 2))
    return known and all(map(_is_open, parts[1:]))


def _top(module: str) -> str:
    return module.partition(".")[0]


def _may_come(module: str, name: str, missing: frozenset[str]) -> bool:
    """`from module import name`; a module may be a part of what it comes from."""
    if _top(module) in missing:
        return True
    known = _is_of_the_field(module) or _is_of_the_field(f"{module}.{name}")
    if name == "*":
        return module in _STARRED
    return known and _is_open(name) and name not in _NOT_FOR_US and not _sets(name)


def _is_open(name: str) -> bool:
    """Not private, not "*", and not on the list."""
    return name in _OWN or not (name.startswith(("_", "*")) or name in _NOT_OF_MODULES)


def _root(node: ast.AST) -> str:
    """The name that a chain of attributes and indices starts from; nothing where it starts from a value."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
