"""What the observer saw in one case: records off the wire, parsed into known shapes or refused.

Everything here was said by a process that a student's code shares. It is evidence: numbers are judged, words quoted.
Each has its order, where it was (a sentence), and its line: that of the cell or script which is named there, from 1, or
0 if none is known; of a function that was called, the line that it begins at.
"""

import functools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from types import NoneType
from typing import Any

import numpy as np

from autograder import remarks
from autograder.text import cleaned
from autograder.wire import MAX_LINE, Malformed

Array = np.ndarray
MaybeArray = np.ndarray | None
Kinds = tuple[type, ...]
Check = Callable[[Any], bool]
MAX_TEXT = 20_000  # characters of one text
FEW_CHARACTERS = 100  # of a name or a place


@dataclass(frozen=True, slots=True)
class Leaf:
    """A tensor whose gradient a pass computed: values and gradients have the leaf's shape."""

    ident: int  # equal for the same tensor throughout one run
    x: MaybeArray
    dtype: str
    before: MaybeArray  # its .grad before the pass
    after: MaybeArray  # its .grad after the pass; of autograd.grad, the result
    is_leaf: bool
    jacobian: MaybeArray  # (outputs of the core, entries of x): the reference; None for large graphs


@dataclass(frozen=True, slots=True)
class Pass:
    """One run of the backward engine."""

    order: int
    where: str
    number: int
    call: str  # "backward" or "grad"
    within: str  # the transform that made it, or ""
    root: MaybeArray
    recorded: bool  # the root had a graph
    weights: MaybeArray
    ops: dict[str, int]  # operation → how often it stands in the graph
    inner: list[tuple[str, MaybeArray]]  # operation → what it was applied to, for the first few
    retain: bool
    create: bool
    repeat_of: int  # number of the earlier pass that did the same over the same nodes, or −1
    rebuilt_of: int  # number of an earlier equal pass over nodes that were built anew, or −1
    of: int  # number of the latest earlier pass whose gradient is differentiated here, or −1
    graph: int  # passes with the same number share a core
    seed: MaybeArray  # v, if the pass computes vᵀJ of its core
    leaves: list[Leaf]
    retained: list[Leaf]  # inner tensors on the way that were asked to keep their gradient
    error: str
    line: int = 0

    def applied_to(self, op: str) -> list[Array]:
        """What the operation `op` was applied to."""
        return [x for name, x in self.inner if name == op and x is not None]


@dataclass(frozen=True, slots=True)
class Derivative:
    """A call of a functional or func transform, of forward mode, or of a batched grad."""

    order: int
    where: str
    names: list[str]  # outermost first
    inputs: list[Array]
    result: MaybeArray
    parts: list[Array]  # the blocks, when the result is a tuple of several
    direction: MaybeArray
    reference: MaybeArray  # (outputs, entries of all inputs); NaN if the function does not use its argument
    recording: bool  # False under inference_mode
    depth: int  # how many times the innermost function was differentiated, one transform in another
    line: int = 0


@dataclass(frozen=True, slots=True)
class Curve:
    """A plotted line or scatter: x and y are float64 vectors of one length."""

    order: int
    where: str
    x: Array
    y: Array
    figure: int
    axes: int
    label: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Value:
    """A variable that appeared or changed, or (`shown`) something printed or displayed."""

    order: int
    where: str
    name: str
    shown: bool
    array: MaybeArray
    parts: list[Array]
    none: bool
    grad: MaybeArray
    requires_grad: bool
    is_leaf: bool
    line: int = 0


@dataclass(frozen=True, slots=True)
class Plain:
    """A plain number that appeared, changed or was shown; or a dictionary or object of named numbers and arrays."""

    order: int  # of the observation before it
    where: str
    name: str  # "" if it was shown
    keys: list[str]  # [""] of a number; "a.b" of b in a
    parts: list[Array]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Round:
    """What the variables held as a loop started anew, or a function returned; where seed or numbers are others."""

    order: int  # of the observation before it
    where: str
    loop: int  # number of the loop, or of the return, in this run
    count: int  # from 1
    keys: list[str]
    parts: list[Array]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Minimized:
    """SciPy's `minimize`, or one of its older kin, ended."""

    order: int  # of the observation before it
    where: str
    method: str
    start: MaybeArray
    x: MaybeArray
    with_gradient: bool
    success: bool
    line: int = 0


@dataclass(frozen=True, slots=True)
class Resampled:
    """Where samples are others: x and y, as they are now, and what y is made of beside noise."""

    order: int  # of the observation before it
    where: str
    x: Array
    y: Array
    terms: Array  # rows: 1 for cos or 0 for sin, frequency, amplitude
    line: int = 0


@dataclass(frozen=True, slots=True)
class Called:
    """What a student's function returned in a hidden case."""

    order: int
    where: str
    function: str
    call: str
    result: MaybeArray
    parts: list[Array]
    requires_grad: bool
    differentiated: bool  # a pass or a transform ran during the call
    handed: bool  # the function was handed to an optimizer as its gradient
    line: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """allclose, isclose or one of their kin ran; or == did, and every entry was equal but for a rounding."""

    order: int
    where: str
    left: MaybeArray
    right: MaybeArray
    line: int = 0


@dataclass(frozen=True, slots=True)
class Text:
    """Words: a comment, a string that stands alone, code that is switched off (dead), output."""

    order: int
    where: str
    kind_of: str
    text: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Error:
    """A unit that raised, or is no Python."""

    order: int
    where: str
    type: str
    message: str
    source: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Function:
    """A function that the submission defined."""

    order: int
    where: str
    name: str
    parameters: int
    line: int = 0


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that the student should know of how the run was made: its words are ours, and `part` is theirs."""

    order: int
    where: str
    name: str  # as in remarks.py
    part: str
    line: int = 0

    @property
    def text(self) -> str:
        """The sentence, as a phrase."""
        return remarks.sentence(self.name, self.part)


@dataclass(frozen=True, slots=True)
class Entered:
    """A piece of the code begins to run: of a run that was cut short, the last one is where it happened."""

    order: int
    where: str
    number: int  # of the piece, counted through the submission; of a function that is called, −1, −2, …
    line: int = 0


@dataclass(frozen=True, slots=True)
class Act:
    """Something that honest answers do not do, for the instructor to look at: worth no point, and costing none."""

    order: int
    where: str
    text: str
    replaced: bool  # a part of torch, NumPy or Python that our observer stands on is not what it was
    line: int = 0


@dataclass(frozen=True, slots=True)
class Proof:
    """What a child of ours found when it tried the sandbox out."""

    order: int
    where: str
    name: str
    failure: str  # a sentence, or nothing
    line: int = 0


@dataclass(frozen=True, slots=True)
class Fault:
    """An exception of our own observer."""

    order: int
    where: str
    text: str
    line: int = 0


Observation = (
    Pass
    | Derivative
    | Curve
    | Value
    | Plain
    | Round
    | Minimized
    | Resampled
    | Called
    | Comparison
    | Text
    | Function
    | Error
    | Remark
    | Entered
    | Act
    | Proof
    | Fault
)
KINDS: Mapping[str, type] = {
    "pass": Pass,
    "derivative": Derivative,
    "curve": Curve,
    "value": Value,
    "plain": Plain,
    "round": Round,
    "minimized": Minimized,
    "resampled": Resampled,
    "called": Called,
    "comparison": Comparison,
    "text": Text,
    "function": Function,
    "error": Error,
    "remark": Remark,
    "entered": Entered,
    "act": Act,
    "proof": Proof,
    "fault": Fault,
}


def parse(record: dict[str, Any]) -> Observation:
    """Record → observation; raises Malformed for what does not fit."""
    kind = record.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise Malformed("an observation of no known kind")
    observation: Observation = _build(KINDS[kind], record)
    if isinstance(observation, Plain | Round) and len(observation.keys) != len(observation.parts):
        raise Malformed(f"{kind}: as many keys as parts are needed")
    if isinstance(observation, Remark) and observation.name not in remarks.REMARKS:
        raise Malformed("a remark of no known name")
    return observation


def _build(shape: type, record: Any) -> Any:
    if not isinstance(record, dict):
        raise Malformed(f"{shape.__name__}: no record")
    values = []
    for name, kinds, check, taken in _plan(shape):
        value = record.get(name)
        if type(value) not in kinds or (check is not None and not check(value)):
            raise Malformed(f"{shape.__name__}.{name} is not what it should be")
        values.append(value if taken is None else taken(value))
    return shape(*values)


@functools.cache
def _plan(shape: type) -> list[tuple[str, Kinds, Check | None, Callable[[Any], Any] | None]]:
    """(field, its types, what else it has to be, what is made of it), in order."""
    found = []
    for field in fields(shape):
        kinds, check = _CHECKS[field.type]
        found.append((field.name, kinds, _OF_FIELDS.get(field.name, check), _TAKEN.get(field.type)))
    return found


def _is_a_line(value: int) -> bool:
    return 0 <= value <= MAX_LINE


def _is_a_matrix_if_any(value: MaybeArray) -> bool:
    return value is None or value.ndim == 2


def _words(value: str) -> str:
    """Words are cut and cleaned here, once; nothing behind this line has to."""
    return _short(value) if len(value) < FEW_CHARACTERS else cleaned(value, MAX_TEXT)


@functools.lru_cache(maxsize=4096)  # names and places, which come again and again
def _short(value: str) -> str:
    return cleaned(value, MAX_TEXT)


def _all(*kinds: type) -> Check:
    return lambda value: all(type(item) in kinds for item in value)


def _named_arrays(value: list[Any]) -> bool:
    return all(type(item) is list and list(map(type, item)) in _NAMED_ARRAY for item in value)


def _counts(value: dict[Any, Any]) -> bool:
    return all(type(count) is int for count in value.values())


_NAMED_ARRAY = ([str, np.ndarray], [str, NoneType])
_CHECKS: dict[Any, tuple[Kinds, Check | None]] = {
    str: ((str,), None),
    int: ((int,), None),
    bool: ((bool,), None),
    Array: ((np.ndarray,), None),
    MaybeArray: ((np.ndarray, NoneType), None),
    list[str]: ((list,), _all(str)),
    list[Array]: ((list,), _all(np.ndarray)),
    list[tuple[str, MaybeArray]]: ((list,), _named_arrays),
    list[Leaf]: ((list,), _all(dict)),
    dict[str, int]: ((dict,), _counts),
}
_OF_FIELDS: dict[str, Check] = {
    "line": _is_a_line,
    "jacobian": _is_a_matrix_if_any,
    "reference": _is_a_matrix_if_any,
}
_TAKEN: dict[Any, Callable[[Any], Any]] = {
    str: _words,
    list[str]: lambda value: [_words(item) for item in value],
    list[Leaf]: lambda value: [_build(Leaf, item) for item in value],
    list[tuple[str, MaybeArray]]: lambda value: [(_words(name), array) for name, array in value],
    dict[str, int]: lambda value: {_words(name): count for name, count in value.items()},
}


ERROR_KINDS: Mapping[str, str] = {
    "second_time": "second time",
    "scalar_outputs": "only for scalar outputs",
    "no_graph": "does not require grad",
    "real_numbers": "floating point",
    "weights_shape": "mismatch in shape",
    "still_in_graph": "can't call numpy",
    "one_element": "one element",
    "inplace": "inplace operation",
    "unused": "not have been used in the graph",
    "nothing_to_clear": "'nonetype' object has no attribute",
}


def not_here(errors: Iterable[Error]) -> list[Error]:
    """Errors that are nobody's, and cost something: input() had nobody to ask, or a module is missing.

    A name that they should have made was used later; or the rest of a cell stood behind input().
    """
    there = list(errors)
    unknown = [re.match(r"name '(\w+)' is not defined", error.message) for error in there if error.type == "NameError"]
    used = {match[1] for match in unknown if match}
    return [error for error in there if _is_nobodys(error) and (_ends_a_cell(error) or used & _names(error.source))]


def _is_nobodys(error: Error) -> bool:
    unanswered = error.type == "EOFError" and error.message.startswith(remarks.NOT_ALLOWED)
    return unanswered or error.type == "ModuleNotFoundError"


def _ends_a_cell(error: Error) -> bool:
    """An import that fails does not, and in a script every statement stands by itself."""
    return error.type == "EOFError" and ", cell " in error.where


def _names(source: str) -> set[str]:
    return set(re.findall(r"\w+", source))


def error_kind(message: str) -> str:
    """What torch complained about, in one word; "" for anything else and for no error."""
    lower = message.lower()
    return next((kind for kind, phrase in ERROR_KINDS.items() if phrase in lower), "")
