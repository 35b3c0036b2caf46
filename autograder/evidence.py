"""What the observer saw in one case: records off the wire, parsed into known shapes or refused.

Everything here was said by a process that a student's code shares. It is evidence: numbers are judged, words quoted.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
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
    reference: MaybeArray  # (outputs, entries of all inputs); NaN if the function does not use its argument
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
class Entered:
    """A unit begins to run: of a run that was cut short, the last one is where it happened."""

    order: int
    where: str


@dataclass(frozen=True, slots=True)
class Fault:
    """An exception of our own observer."""

    order: int
    where: str
    text: str


Observation = (
    Pass | Derivative | Curve | Value | Called | Comparison | Text | Function | Error | Remark | Entered | Fault
)
BESIDE = 2  # cells or lines
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
    "entered": Entered,
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
    if name.endswith((".jacobian", ".reference")) and value is not None and value.ndim != 2:
        raise Malformed(f"{name} is no matrix")
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
    code: tuple[Passage, ...] = ()
    mentions: tuple[str, ...] = ()
    statement: tuple[str, ...] = ()

    @cached_property
    def _sorted(self) -> dict[type, list[Any]]:
        found: dict[type, list[Any]] = {}
        for item in self.observations:
            found.setdefault(type(item), []).append(item)
        return found

    def _all(self, shape: type) -> list[Any]:
        return self._sorted.get(shape, [])

    @cached_property
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
        return (p.order, leaf.ident) not in self._added_to or self.is_used(leaf.after)

    @cached_property
    def _added_to(self) -> set[tuple[int, int]]:
        """(order of a pass, leaf) whose gradient the next pass over the leaf started from."""
        last: dict[int, tuple[int, MaybeArray]] = {}
        found = set()
        for p in self.passes:
            for leaf in p.leaves if not p.error else ():
                order, after = last.get(leaf.ident, (0, None))
                if (
                    leaf.before is not None
                    and after is not None
                    and np.any(after)
                    and np.array_equal(leaf.before, after)
                ):
                    found.add((order, leaf.ident))
                last[leaf.ident] = (p.order, leaf.after)
        return found

    def is_used(self, gradient: MaybeArray) -> bool:
        """It was drawn, shown, or kept in a variable: as numbers, whatever the shape."""
        return gradient is not None and _numbers(gradient) in self._kept

    @cached_property
    def _kept(self) -> set[bytes]:
        arrays = [*(curve.y for curve in self.curves), *(value.array for value in self.values)]
        return {_numbers(array) for array in arrays if array is not None and array.dtype.kind in "biuf"}

    @cached_property
    def inputs_seen(self) -> set[bytes]:
        """The leaves of all passes, as numbers."""
        leaves = (leaf.x for p in self.passes for leaf in p.leaves)
        return {_numbers(x) for x in leaves if x is not None and x.dtype.kind in "biuf"}

    def is_input(self, array: Array) -> bool:
        """These numbers are those of a leaf."""
        return _numbers(array) in self.inputs_seen

    def words(
        self, pattern: str = "", kinds: Iterable[str] = WRITTEN, near: "Observation | None" = None
    ) -> list[Passage]:
        """Passages that speak of the exercise (or match `pattern`), headings and the exercise's own text taken out.

        What a person wrote right beside `near` counts whatever it mentions. The nearest comes first, and what follows
        before what precedes: people explain what they have just done.
        """
        own = (_without(self.statement, passage) for passage in self._passages(kinds))
        wanted = re.compile(pattern or "|".join(self.mentions), re.IGNORECASE)
        away = {passage: _distance(passage.where, near.where) if near else np.inf for passage in own}
        beside = {passage for passage in away if passage.kind != "output" and away[passage] <= BESIDE}
        said = [p for p in away if _says_something(p.text) and (p in beside or wanted.search(p.text))]
        return sorted(said, key=lambda passage: away[passage])

    def mentions_it(self, pattern: str, in_code: bool = True) -> bool:
        """Whether anything written matches, headings (and code) included: a hint to look, worth nothing by itself."""
        texts = [passage.text for passage in (*self._passages(), *(self.code if in_code else ()))]
        return any(re.search(pattern, text, re.IGNORECASE) for text in texts)

    def said_near(self, pattern: str, near: "Observation", within: float = 6) -> bool:
        """Whether words that match stand within so many lines or cells of an observation; output counts as well."""
        said = (p for p in self._passages((*WRITTEN, "output")) if re.search(pattern, p.text, re.IGNORECASE))
        return any(_distance(passage.where, near.where) <= within for passage in said)

    def _passages(self, kinds: Iterable[str] = WRITTEN) -> list[Passage]:
        spoken = [Passage(text.where, text.text, text.kind_of) for text in self.texts]
        return [passage for passage in (*self.markdown, *spoken) if passage.kind in kinds]


def _numbers(array: Array) -> bytes:
    return np.asarray(array, float).tobytes()


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
    """The passage without headings, and without sentences that only repeat an exercise's text, in whatever edition."""
    known = [_words(sentence) for sentence in statement]
    lines = [line for line in passage.text.split("\n") if not re.match(r"\s*#+ ", line)]
    pieces = re.split(_SENTENCE_ENDS, "\n".join(lines))
    pairs = zip(pieces[::2], [*pieces[1::2], ""], strict=True)  # a sentence and the gap after it
    left = "".join(sentence + gap for sentence, gap in pairs if not _repeats(_words(sentence), known))
    return Passage(passage.where, left.strip(), passage.kind)


_SENTENCE_ENDS = r"((?<=[.?!])\s+|(?<=[。？！])\s*|\n\s*(?=[-*\d\n]))"


def _repeats(words: list[str], known: list[list[str]]) -> bool:
    """Nothing at all, a few words of the exercise's, or mostly runs of words that stand in it."""
    if len(words) < 3:
        return not words or any(set(words) <= set(sentence) for sentence in known)
    runs = _runs(words)
    return any(len(runs & _runs(sentence)) >= 0.6 * len(runs) for sentence in known)


def _words(text: str) -> list[str]:
    """Words, or single Chinese characters, without numbers, punctuation and marks."""
    return re.findall(r"[\u2e80-\uffff]|\w+", re.sub(r"[`$*_\\\d]|\uff0c|\u3002|\uff1f|\u3001", "", text.lower()))


def _runs(words: list[str]) -> set[str]:
    """Three words in a row; of Chinese characters two."""
    size = 2 if any(word > "\u2e80" for word in words) else 3
    return {" ".join(words[i : i + size]) for i in range(len(words) - size + 1)}


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
