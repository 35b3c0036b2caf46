"""What the observer saw in one case: records off the wire, parsed into known shapes or refused.

Everything here was said by a process that a student's code shares. It is evidence: numbers are judged, words quoted.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from autograder.model import Case, Outcome
from autograder.wire import Malformed

Array = np.ndarray
MaybeArray = np.ndarray | None


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
    graph: int  # passes with the same number share a core
    seed: MaybeArray  # v, if the pass computes vᵀJ of its core
    leaves: list[Leaf]
    error: str

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
    reference: MaybeArray  # (outputs, entries of all inputs)
    recording: bool  # False under inference_mode


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


@dataclass(frozen=True, slots=True)
class Comparison:
    """allclose, isclose or one of their kin ran."""

    order: int
    where: str
    left: MaybeArray
    right: MaybeArray


@dataclass(frozen=True, slots=True)
class Text:
    """Words: a comment, a string that stands alone, code that is switched off (dead), output."""

    order: int
    where: str
    kind_of: str
    text: str


@dataclass(frozen=True, slots=True)
class Error:
    """A unit that raised, or is no Python."""

    order: int
    where: str
    type: str
    message: str
    source: str
    line: int


@dataclass(frozen=True, slots=True)
class Function:
    """A function that the submission defined."""

    order: int
    where: str
    name: str
    parameters: int


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that the student should know of how the run was made."""

    order: int
    where: str
    text: str


@dataclass(frozen=True, slots=True)
class Fault:
    """An exception of our own observer."""

    order: int
    where: str
    text: str


Observation = Pass | Derivative | Curve | Value | Called | Comparison | Text | Function | Error | Remark | Fault
WRITTEN = ("markdown", "comment", "string", "dead")  # kinds of words that a person wrote, as opposed to output
KINDS: Mapping[str, type] = {
    "pass": Pass,
    "derivative": Derivative,
    "curve": Curve,
    "value": Value,
    "called": Called,
    "comparison": Comparison,
    "text": Text,
    "function": Function,
    "error": Error,
    "remark": Remark,
    "fault": Fault,
}


def parse(record: dict[str, Any]) -> Observation:
    """Record → observation; raises Malformed for what does not fit."""
    kind = record.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise Malformed("an observation of no known kind")
    observation: Observation = _build(KINDS[kind], record)
    return observation


def _build(shape: type, record: Any) -> Any:
    if not isinstance(record, dict):
        raise Malformed(f"{shape.__name__}: no record")
    return shape(**{f.name: _fits(f.type, record.get(f.name), f"{shape.__name__}.{f.name}") for f in fields(shape)})


def _fits(wanted: Any, value: Any, name: str) -> Any:
    check = _CHECKS.get(wanted)
    if check is None or not check(value):
        raise Malformed(f"{name} is not what it should be")
    if wanted == list[Leaf]:
        return [_build(Leaf, item) for item in value]
    return [tuple(pair) for pair in value] if wanted == list[tuple[str, MaybeArray]] else value


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray)


def _maybe_array(value: Any) -> bool:
    return value is None or _is_array(value)


def _named_array(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and _maybe_array(value[1])


def _counts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(k, str) and type(v) is int for k, v in value.items())


def _list_of(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(check(item) for item in value)


_CHECKS: dict[Any, Callable[[Any], bool]] = {
    str: lambda value: isinstance(value, str),
    int: lambda value: type(value) is int,
    bool: lambda value: type(value) is bool,
    Array: _is_array,
    MaybeArray: _maybe_array,
    list[str]: _list_of(lambda item: isinstance(item, str)),
    list[Array]: _list_of(_is_array),
    list[tuple[str, MaybeArray]]: _list_of(_named_array),
    list[Leaf]: _list_of(lambda item: isinstance(item, dict)),
    dict[str, int]: _counts,
}


@dataclass(frozen=True, slots=True)
class Passage:
    """Words of a student's, and where they stand."""

    where: str
    text: str
    kind: str = "markdown"  # or a Text's kind


@dataclass(frozen=True)
class Seen:
    """All of one case, as a grader reads it."""

    case: Case
    outcome: Outcome
    observations: tuple[Observation, ...] = ()
    note: str = ""  # what ended the run, in words
    parameters: tuple[float, ...] = ()  # of the swapped operation
    inputs: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)  # of each call
    markdown: tuple[Passage, ...] = ()
    mentions: tuple[str, ...] = ()
    statement: tuple[str, ...] = ()

    def _all(self, shape: type) -> list[Any]:
        return [item for item in self.observations if isinstance(item, shape)]

    @property
    def passes(self) -> list[Pass]:
        """Passes that the student's own code made, in order."""
        return [item for item in self._all(Pass) if not item.within]

    @property
    def derivatives(self) -> list[Derivative]:
        return self._all(Derivative)

    @property
    def curves(self) -> list[Curve]:
        return self._all(Curve)

    @property
    def values(self) -> list[Value]:
        return self._all(Value)

    @property
    def called(self) -> list[Called]:
        return self._all(Called)

    @property
    def comparisons(self) -> list[Comparison]:
        return self._all(Comparison)

    @property
    def errors(self) -> list[Error]:
        return self._all(Error)

    @property
    def texts(self) -> list[Text]:
        return self._all(Text)

    @property
    def functions(self) -> list[Function]:
        return self._all(Function)

    def still_counts(self, p: Pass, leaf: Leaf) -> bool:
        """Whether a gradient is the last word: no later pass added to it, or it was kept, shown or drawn before."""
        return not self._added_to(p, leaf) or self._is_used(leaf.after)

    def _added_to(self, p: Pass, leaf: Leaf) -> bool:
        later = (q for q in self.passes if q.order > p.order and not q.error)
        next_one = next((other for q in later for other in q.leaves if other.ident == leaf.ident), None)
        before = next_one.before if next_one else None
        return before is not None and bool(np.any(before)) and np.array_equal(before, leaf.after)  # type: ignore[arg-type]

    def _is_used(self, gradient: MaybeArray) -> bool:
        if gradient is None:
            return False
        kept = [
            *(curve.y for curve in self.curves),
            *(value.array for value in self.values if value.array is not None),
        ]
        same_size = (array for array in kept if array.size == gradient.size)
        return any(np.array_equal(np.ravel(array), np.ravel(gradient)) for array in same_size)

    def words(
        self, pattern: str = "", kinds: Iterable[str] = WRITTEN, near: "Observation | None" = None
    ) -> list[Passage]:
        """Passages that speak of the exercise (or match `pattern`), headings and the exercise's own text taken out.

        Those next to `near` come first, and of those the ones after it: people explain what they have just done.
        """
        own = (_without(self.statement, passage) for passage in self._passages(kinds))
        wanted = re.compile(pattern or "|".join(self.mentions), re.IGNORECASE)
        found = [passage for passage in own if _says_something(passage.text) and wanted.search(passage.text)]
        return sorted(found, key=lambda passage: _distance(passage.where, near.where)) if near else found

    def mentions_it(self, pattern: str) -> bool:
        """Whether any words, headings and code included, match: a hint to look, worth nothing by itself."""
        texts = [
            *(passage.text for passage in self._passages()),
            *(value.name for value in self.values),
            *(function.name for function in self.functions),
        ]
        return any(re.search(pattern, text, re.IGNORECASE) for text in texts)

    def _passages(self, kinds: Iterable[str] = WRITTEN) -> list[Passage]:
        spoken = [Passage(text.where, text.text, text.kind_of) for text in self.texts]
        return [passage for passage in (*self.markdown, *spoken) if passage.kind in kinds]


def _distance(place: str, other: str) -> float:
    """How far "ada.ipynb, cell 7" is from "ada.ipynb, cell 5"; what comes before counts as a little farther."""
    (file, number), (other_file, other_number) = _numbered(place), _numbered(other)
    if file != other_file:
        return np.inf
    return number - other_number if number >= other_number else (other_number - number) * 1.5 + 0.5


def _numbered(place: str) -> tuple[str, int]:
    match = re.fullmatch(r"(.*), (?:cell|line) (\d+)", place, re.DOTALL)
    return (match[1], int(match[2])) if match else (place, 0)


def _without(statement: Iterable[str], passage: Passage) -> Passage:
    """The passage without lines that only repeat the exercise's text."""
    known = [_letters(sentence) for sentence in statement]
    lines = [
        line for line in passage.text.split("\n") if not _repeats(_letters(line), known) and not line.startswith("#")
    ]
    return Passage(passage.where, "\n".join(lines).strip(), passage.kind)


def _repeats(line: str, known: list[str]) -> bool:
    return any(
        (line in sentence and 2 * len(line) > len(sentence)) or (sentence in line and len(line) < 1.5 * len(sentence))
        for sentence in known
    )


def _says_something(text: str) -> bool:
    """More than a heading: a few words, a few Chinese characters, or code."""
    return (
        len(re.findall(r"\w+", text)) >= 5
        or sum(character > "\u2e80" for character in text) >= 8
        or ".backward(" in text
    )


def _letters(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())


ERROR_KINDS: Mapping[str, str] = {
    "second_time": "second time",
    "scalar_outputs": "only for scalar outputs",
    "no_graph": "does not require grad",
    "real_numbers": "floating point",
    "weights_shape": "mismatch in shape",
    "still_in_graph": "can't call numpy",
    "one_element": "one element",
    "inplace": "inplace operation",
    "nothing_to_clear": "'nonetype' object has no attribute",
}


def error_kind(message: str) -> str:
    """What torch complained about, in one word; "" for anything else and for no error."""
    lower = message.lower()
    return next((kind for kind, phrase in ERROR_KINDS.items() if phrase in lower), "")
