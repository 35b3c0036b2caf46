"""All of one case, as a grader reads it: the evidence, and the words around it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from autograder.evidence import (
    Array,
    Called,
    Comparison,
    Curve,
    Derivative,
    Error,
    Function,
    Leaf,
    MaybeArray,
    Minimized,
    Observation,
    Pass,
    Plain,
    Resampled,
    Round,
    Text,
    Value,
    not_here,
)
from autograder.model import Case, Outcome
from autograder.words import WRITTEN, Passage, distance, says_something, without

MANY = 3000  # passes that a grader looks at: a judge takes time as well
BESIDE = {"cell": 2, "line": 6}  # so many of them


class Log:
    """What one run left, sorted by kind: the same for every exercise that looks at the run."""

    def __init__(self, observations: Iterable[Observation] = ()) -> None:
        self._sorted: dict[type, list[Any]] = {}
        for item in observations:
            self._sorted.setdefault(type(item), []).append(item)
        self.found: dict[Any, Any] = {}  # what was found in it so far: see `judge.once_a_run`

    def all(self, shape: type) -> list[Any]:
        return self._sorted.get(shape, [])

    @cached_property
    def passes(self) -> list[Pass]:
        """Passes that the student's own code made, in order; of very many the first and the last."""
        own = [item for item in self.all(Pass) if not item.within]
        return own if len(own) <= MANY else [*own[: 2 * MANY // 3], *own[-MANY // 3 :]]

    @cached_property
    def lacks(self) -> bool:
        """Whether it stopped for want of what is not here, such as a module."""
        return bool(not_here(self.all(Error)))

    @cached_property
    def added_to(self) -> set[tuple[int, int]]:
        """(order of a pass, leaf) whose gradient the next pass over the leaf started from."""
        last: dict[int, tuple[int, MaybeArray]] = {}
        found = set()
        for p in self.passes:
            for leaf in p.leaves if not p.error else ():
                order, after = last.get(leaf.ident, (0, None))
                if leaf.before is not None and after is not None and after.any() and np.array_equal(leaf.before, after):
                    found.add((order, leaf.ident))
                last[leaf.ident] = (p.order, leaf.after)
        return found

    @cached_property
    def kept(self) -> set[bytes]:
        """What was drawn, shown or kept in a variable, as numbers."""
        arrays = [*(curve.y for curve in self.all(Curve)), *(value.array for value in self.all(Value))]
        return {_numbers(array) for array in arrays if array is not None and array.dtype.kind in "biuf"}

    @cached_property
    def inputs(self) -> set[bytes]:
        """The leaves of all passes, as numbers."""
        leaves = (leaf.x for p in self.passes for leaf in p.leaves)
        return {_numbers(x) for x in leaves if x is not None and x.dtype.kind in "biuf"}


@dataclass(frozen=True)
class Seen:
    """All of one case, as a grader reads it."""

    case: Case
    outcome: Outcome
    log: Log = field(default_factory=Log)  # what does not depend on the exercise
    called: tuple[Called, ...] = ()  # the exercise's own hidden calls
    note: str = ""  # what ended the run, in words
    left_out: bool = False  # a piece that had ended an earlier run was not run
    parameters: tuple[float, ...] = ()  # of the swapped operation
    scale: float = 1.0  # of every cotangent
    moved: float = 1.0  # factor of decimal fractions that stand alone in the code
    inputs: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)  # of each call
    markdown: tuple[Passage, ...] = ()
    code: tuple[Passage, ...] = ()
    mentions: tuple[str, ...] = ()
    statement: tuple[str, ...] = ()

    @cached_property
    def found(self) -> dict[Any, Any]:
        """What graders have found in it so far: see `judge.once`."""
        return {}

    def _all(self, shape: type) -> list[Any]:
        return self.log.all(shape)

    @property
    def passes(self) -> list[Pass]:
        """Passes that the student's own code made, in order; of very many the first and the last."""
        return self.log.passes

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
    def plain(self) -> list[Plain]:
        return self._all(Plain)

    @property
    def rounds(self) -> list[Round]:
        return self._all(Round)

    @property
    def minimized(self) -> list[Minimized]:
        return self._all(Minimized)

    @property
    def resampled(self) -> list[Resampled]:
        return self._all(Resampled)

    @property
    def comparisons(self) -> list[Comparison]:
        return self._all(Comparison)

    @property
    def errors(self) -> list[Error]:
        return self._all(Error)

    @property
    def lacks(self) -> bool:
        """Whether it stopped for want of what is not here, such as a module."""
        return self.log.lacks

    def lacks_here(self) -> bool:
        """Whether code that stopped speaks of this exercise, in a run that lacked something."""
        if not self.lacks:
            return False
        wanted = re.compile("|".join(self.mentions), re.IGNORECASE)
        stopped = [error.where for error in self.errors]
        code = (p for p in self.code if any(f"{where},".startswith(f"{p.where},") for where in stopped))
        return any(wanted.search(passage.text) for passage in code)

    @property
    def texts(self) -> list[Text]:
        return self._all(Text)

    @property
    def functions(self) -> list[Function]:
        return self._all(Function)

    def still_counts(self, p: Pass, leaf: Leaf) -> bool:
        """Whether a gradient is the last word: no later pass added to it, or it was kept, shown or drawn before."""
        return (p.order, leaf.ident) not in self.log.added_to or self.is_used(leaf.after)

    def is_used(self, gradient: MaybeArray) -> bool:
        """It was drawn, shown, or kept in a variable: as numbers, whatever the shape."""
        return gradient is not None and _numbers(gradient) in self.log.kept

    def is_input(self, array: Array) -> bool:
        """These numbers are those of a leaf."""
        return _numbers(array) in self.log.inputs

    def words(
        self, pattern: str = "", kinds: Iterable[str] = WRITTEN, near: "Observation | None" = None
    ) -> list[Passage]:
        """Passages that speak of the exercise (or match `pattern`), headings and the exercise's own text taken out.

        What a person wrote right beside `near` counts whatever it mentions. The nearest comes first, and what follows
        before what precedes: people explain what they have just done.
        """
        own = (without(self.statement, passage) for passage in self.passages(kinds))
        wanted = re.compile(pattern or "|".join(self.mentions), re.IGNORECASE)
        away = {passage: distance(passage.where, near.where) if near else np.inf for passage in own}
        beside = {passage for passage in away if passage.kind != "output" and away[passage] <= _beside(passage)}
        said = [p for p in away if says_something(p.text) and (p in beside or wanted.search(p.text))]
        return sorted(said, key=lambda passage: away[passage])

    def mentions_it(self, pattern: str, in_code: bool = True) -> bool:
        """Whether anything written matches, headings (and code) included: a hint to look, worth nothing by itself."""
        wanted = re.compile(pattern, re.IGNORECASE)
        return any(wanted.search(passage.text) for passage in (*self.passages(), *(self.code if in_code else ())))

    def said_near(self, pattern: str, near: "Observation", within: float = 6) -> bool:
        """Whether words that match stand within so many lines or cells of an observation; output counts as well."""
        said = (p for p in self.passages((*WRITTEN, "output")) if re.search(pattern, p.text, re.IGNORECASE))
        return any(distance(passage.where, near.where) <= within for passage in said)

    def own_words_near(self, pattern: str, near: "Observation") -> bool:
        """Whether words of the student's own match, a little before an observation, or right after it.

        The exercise's own text and output do not count. A heading does, for what stands under it.
        """
        own = ((passage, above, below) for passage, above, below in self._own_words if above)
        return any(
            re.search(pattern, _around(passage, above, below, near), re.IGNORECASE) for passage, above, below in own
        )

    @cached_property
    def _own_words(self) -> list[tuple[Passage, str, str]]:
        """Each passage; of it what counts for what stands below it, and, without headings, for what stands above."""
        shorter = (without(self.statement, passage).text for passage in self.passages())
        longer = (without(self.statement, passage, short=True).text for passage in self.passages())
        return list(zip(self.passages(), longer, shorter, strict=True))

    def are_beside(self, one: "Observation", other: "Observation") -> bool:
        """In cells or lines that a reader sees together."""
        return distance(one.where, other.where) <= (8 if ", line " in one.where else 2)

    def written_numbers(self, near: "Observation", within: float = 2) -> list[float]:
        """Plain numbers that stand in the code, in order, without a sign: of a notebook, only in the cells around."""
        code = [p.text for p in self.code if ", cell " not in p.where or distance(p.where, near.where) <= within]
        return [float(number) for text in code for number in re.findall(_NUMBER, text)]

    def printed_numbers(self) -> list[tuple[Text, list[float]]]:
        """Numbers with their signs within the words that a piece printed."""
        printed = (text for text in self.texts if text.kind_of == "output")
        return [(text, [float(number) for number in re.findall(_SIGNED, text.text)]) for text in printed]

    def passages(self, kinds: Iterable[str] = WRITTEN) -> list[Passage]:
        """All words of these kinds, as they stand."""
        return [passage for passage in self._passages if passage.kind in kinds]

    @cached_property
    def _passages(self) -> list[Passage]:
        spoken = (Passage(text.where, text.text, text.kind_of, text.line) for text in self.texts)
        return [*self.markdown, *spoken]


_AROUND = {"cell": (2, 2), "line": (8, 4)}  # so many before, so many after
_NUMBER = r"(?<![\w.])\d+(?:\.\d*)?(?!\w)"
_SIGNED = r"(?<![\w.])[-+]?\d+(?:\.\d*)?(?:e[-+]?\d+)?"


def _around(passage: Passage, above: str, below: str, near: "Observation") -> str:
    """What of a passage counts for an observation: nothing if it is too far away."""
    since, until = distance(near.where, passage.where), distance(passage.where, near.where)  # the later is nearer
    before, after = _AROUND["line" if ", line " in passage.where else "cell"]
    if until < since:
        return below if until <= after else ""
    return above if since <= before else ""


def _beside(passage: Passage) -> int:
    return BESIDE["line" if ", line " in passage.where else "cell"]


def _numbers(array: Array) -> bytes:
    """The same for the same numbers of any type."""
    return np.asarray(array, complex if array.dtype.kind == "c" else float).tobytes()
