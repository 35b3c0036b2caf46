"""What autograd did, what was plotted, which values appeared: without one name.

Theory of operation. Before anything is forked the observer puts itself behind `torch.autograd.backward` (and so behind
`Tensor.backward`), `torch.autograd.grad`, the functional and func transforms, forward mode, matplotlib and print.
After each piece it looks at what changed in the namespace. Every observation is one record on the wire, sent when it
is made, so that what came before a crash is not lost. The child's words are evidence, not verdicts: nothing here
compares with an expected value.

* A **pass** is one run of the backward engine. Before it runs, the graph behind its roots is walked (nodes, leaves,
  operations); afterwards each leaf's gradient is read again. Nodes of earlier passes are kept, so that a pass over the
  same graph is known from one over a graph that was built again. `repeat_of` says that the same roots, with the same
  weights, were sent through the same nodes before, also when a new sum sits on top; `rebuilt_of` that an equal
  computation was, on new nodes. Jacobian rows, per-point loops and second derivatives differ in root or weights.
* The **reference** is the Jacobian of the graph's first output that is no single number (the core) with respect to
  each leaf. It is worked out by one-hot passes of our own, once for each graph, when a pass over it is first seen:
  the graph is kept and nothing of the student's changes. `seed` is the vector v of the pass, seen from the core, so
  that the pass computes vᵀJ. Both only for small graphs.
* A **derivative** is a call of a functional or func transform, of `is_grads_batched`, or of `unpack_dual`; nested
  ones (`vmap(grad(f))`) count as one, the outermost. Its reference is that of the plain function at the same point.

While the observer works it is `busy`, and sees nothing of its own doing. An exception of its own is sent as a fault,
for our side; the student's run goes on.
"""

import builtins
import contextlib
import functools
import inspect
import io
import sys
import types
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any

import numpy as np
import torch
from matplotlib import pyplot as plt
from torch.autograd.gradcheck import GradcheckError

from autograder import wire
from autograder.worker import sources
from autograder.worker.arrays import as_array, is_wrapped, mark_of, parts_of
from autograder.worker.figures import Figures
from autograder.worker.optimizers import Optimizers
from autograder.worker.passes import Passes
from autograder.worker.plain import Rounds, mark_of_named, named_in, number_of
from autograder.worker.recorder import Recorder, guarded, replace, said, sound
from autograder.worker.refusals import explanation
from autograder.worker.samples import Samples
from autograder.worker.statements import Statements
from autograder.worker.transforms import Transforms
from autograder.worker.units import Piece, UnitRecord, name_of

MAX_TEXT = 20_000  # characters of output of one piece
MAX_VALUES = 2000  # that are shown or appear
ROUNDING = 1e-5  # of single precision, relative, in what == compares
_MISSING = object()


class Observer:
    def __init__(self) -> None:
        self.recorder = Recorder()
        self.figures = Figures(self.recorder)
        self.transforms = Transforms(self.recorder)
        self.passes = Passes(self.recorder, self.transforms, self._values_before_a_pass)
        self.rounds = Rounds(self.recorder)
        self.optimizers = Optimizers(self.recorder)
        self.spoken_of: dict[tuple[str, int], sources.Mentioned] = {}  # text → of its piece, which every run has
        self.forget()

    def forget(self) -> None:
        """Nothing of an earlier run is left."""
        for part in (self.recorder, self.figures, self.transforms, self.passes, self.rounds, self.optimizers):
            part.forget()
        self.file = ""
        self.units: dict[str, UnitRecord] = {}  # by what they are compiled as
        self.number = 0  # of the piece that runs
        self.statements = Statements()
        self.namespace: dict[str, Any] = {}
        self.functions: list[types.FunctionType] = []
        self.mentioned: set[str] = set()
        self.output = io.StringIO()
        self.printed: Counter[int] = Counter()  # line → how often it has printed in this piece
        self.known: dict[str, Hashable] = {}  # name → mark of the value that was last seen under it
        self.shown_count = 0
        self.looked = False  # at the values that were there before the first pass of this piece
        self.plain_count = 0
        self.watches_rounds = False
        self.moved = 1.0  # factor of decimal fractions that stand alone
        self.samples: Samples | None = None  # where they are others
        self.forgiving = False  # checks of the student's do not stop a unit

    def install(self) -> None:
        """Get behind everything that is watched: once, in the fork server, for all its children."""
        self._watch_print()
        self._watch_comparisons()
        self.figures.watch()
        self.transforms.watch()
        self.passes.watch()
        self._let_checks_pass()

    def begin(self, writer: wire.Writer, forgiving: bool) -> None:
        """In a child, once a run: from here on it speaks. `forgiving`: an operation is swapped, honest checks fail."""
        self.forget()
        self.recorder.begin(writer)
        sys.stdout, sys.stderr = self.output, io.StringIO()  # what is warned about is nobody's words
        self.forgiving = forgiving

    def remark(self, name: str, part: str = "") -> None:
        self.recorder.remark(name, part)

    def raised(self, error: BaseException, source: str, line: int | None = None) -> None:
        """A unit raised; or it is no Python at all."""
        where = line or getattr(error, "lineno", None)
        message = said(error)
        if refused := explanation(error):
            self.remark(refused)
        told = {"type": type(error).__name__, "message": message[:2000], "source": source[:2000]}
        self.recorder.send("error", line=sound(where), **told)

    # ------------------------------------------------------------------ pieces

    def enter_file(self, file: str, namespace: dict[str, Any]) -> None:
        self.file, self.namespace, self.known = file, namespace, {}

    def enter(self, piece: Piece, number: int) -> None:
        self.number = number
        self.recorder.where = f"{self.file}, {piece.label}" if piece.label else self.file
        self.recorder.file, self.recorder.is_script = self.file, not piece.shows_last
        compiled = self.file if self.recorder.is_script else self.recorder.where
        self.recorder.unit = compiled if piece.is_as_written else ""
        self.statements = Statements()
        self.recorder.send("entered", number=number)
        self.recorder.let_go()
        self.looked = False
        if piece.remark:
            self.remark(piece.remark)

    def read(self, unit: UnitRecord) -> None:
        """The words of a unit: those of a script stand between its statements."""
        self.units[name_of(unit)] = unit
        for kind, text, line in sources.unexecuted(unit["text"]):
            self.recorder.where = self._place(name_of(unit), line)
            self.recorder.send("text", kind_of=kind, text=text[:2000], line=line)

    def _place(self, name: str, line: int) -> str:
        """A line of a unit, as a person finds it: the cell, or the line of a script."""
        return name if self.units[name]["label"] else f"{name}, line {line}"

    def leave(self, piece: Piece) -> None:
        spoken_of = self._mentioned(piece)
        self.mentioned |= spoken_of.used
        self._values(spoken_of.bound)
        self.figures.harvest()
        if piece.shows_last:
            plt.close("all")  # as the inline back end does after a cell
        self._flush_output()

    def _mentioned(self, piece: Piece) -> sources.Mentioned:
        """A piece of which only definitions are left is another one."""
        key = (piece.text, len(piece.nodes))
        if key not in self.spoken_of:
            self.spoken_of[key] = sources.mentioned(piece)
        return self.spoken_of[key]

    def finish(self) -> None:
        self.statements = Statements()
        self._values(None)
        self._uncalled()
        self.figures.harvest()
        self._flush_output()

    @guarded
    def _uncalled(self) -> None:
        """Functions that nothing mentions: found, not executed."""
        for function in self.functions:
            if function.__name__ not in self.mentioned and function.__code__.co_filename in self.units:
                with contextlib.suppress(OSError, TypeError):
                    source, line = inspect.getsource(function), sound(function.__code__.co_firstlineno)
                    self.recorder.where = self._place(function.__code__.co_filename, line)
                    self.recorder.send("text", kind_of="dead", text=source[:2000], line=line)

    def _flush_output(self) -> None:
        text = self.output.getvalue()
        if text:
            self.recorder.send("text", kind_of="output", text=text[:MAX_TEXT], line=self._line_of_output())
            self.output.seek(0)
            self.output.truncate()

    def _line_of_output(self) -> int:
        """The one that has printed more often than all others together, as that of a table's rows."""
        ((line, count), *_) = self.printed.most_common(1) or [(0, 0)]
        whole, self.printed = self.printed.total(), Counter()
        return line if 2 * count > whole else 0

    # ------------------------------------------------------------------ values

    @guarded
    def _values(self, names: Iterable[str] | None) -> None:
        """What appeared or changed; `names` limits the look to what a piece mentions."""
        wanted = None if names is None else set(names)
        names_seen = [n for n in self.namespace if isinstance(n, str) and (wanted is None or n in wanted)]
        for name in names_seen:  # in order of appearance
            value = self.namespace.get(name, _MISSING)
            if value is _MISSING or name.startswith("__"):
                continue
            with contextlib.suppress(Exception):  # an object of the student's may raise whatever it is asked
                self._look_at(name, value)

    def _look_at(self, name: str, value: Any) -> None:
        if isinstance(value, types.FunctionType) and value.__globals__ is self.namespace:
            self._function(value)
        mark = mark_of(value)
        if mark is not None and self.known.get(name) != mark:
            self.known[name] = mark
            self._value(name, value)
        elif mark is None:
            self._plain(name, value)

    def _plain(self, name: str, value: Any) -> None:
        """A plain number, or a dictionary or object of named ones."""
        mark = mark_of_named(value)
        if mark is not None and (not name or self.known.get(name) != mark) and self.plain_count < MAX_VALUES:
            self.known[name] = mark
            self.plain_count += 1
            number = number_of(value)
            named = named_in(value) if number is None else {"": number}
            line = self._line(name)
            self.recorder.send("plain", name=name[:100], keys=list(named), parts=list(named.values()), line=line)

    def _function(self, function: types.FunctionType) -> None:
        if not any(function is other for other in self.functions):
            self.functions.append(function)
            self.recorder.send("function", name=function.__name__[:100], parameters=function.__code__.co_argcount)

    def _value(self, name: str, value: Any, shown: bool = False) -> None:
        self.shown_count += 1
        if self.shown_count > MAX_VALUES:
            return
        fields: dict[str, Any] = {
            "array": as_array(value),
            "none": value is None,
            "grad": None,
            "requires_grad": False,
            "is_leaf": True,
        }
        if isinstance(value, torch.Tensor) and not is_wrapped(value):
            fields.update(requires_grad=value.requires_grad, is_leaf=value.is_leaf)
            if (value.is_leaf or value.retains_grad) and value.grad is not None:
                fields["grad"] = as_array(value.grad)
        fields |= {"name": name[:100], "shown": shown, "line": self._line(name)}
        self.recorder.send("value", parts=parts_of(value), **fields)

    def _line(self, name: str) -> int:
        """Of the statement that made a variable what it is; of a value without a name, where it is shown."""
        if not self.recorder.unit:
            return 0
        if name:
            return self.statements.that_made(name)
        return self.recorder.line_of(sys._getframe()) or self.statements.line

    @guarded
    def shown(self, value: Any, as_result: bool = False) -> None:
        """Printed, displayed, or the last expression of a cell."""
        if as_result:
            with contextlib.suppress(Exception):  # a __repr__ of the student's
                self.output.write(repr(value)[:2000] + "\n")
                self.printed[self._line("")] += 1
        with contextlib.suppress(Exception):  # as above
            if mark_of(value) is not None:
                self._value("", value, shown=True)
            else:
                self._plain("", value)

    def _values_before_a_pass(self) -> None:
        """What is there before the first pass of a piece is seen before it: a matrix in it is no result of the pass."""
        if not self.looked:
            self.looked = True
            self.recorder.busy = False
            self._values([n for n, v in list(self.namespace.items()) if isinstance(v, torch.Tensor | np.ndarray)])
            self.recorder.busy = True

    def _watch_print(self) -> None:
        real = builtins.print

        def watched_print(*values: Any, **options: Any) -> None:
            for value in values[:20]:
                self.shown(value)
            if self.output.tell() < MAX_TEXT:
                self._note_print()
                real(*values, **options)

        replace(builtins, print=watched_print)

    @guarded
    def _note_print(self) -> None:
        self.printed[self.recorder.line_of(sys._getframe())] += 1

    def _watch_comparisons(self) -> None:
        places: list[tuple[Any, str]] = [(torch, "allclose"), (torch, "isclose"), (np, "allclose"), (np, "isclose")]
        places += [(torch.Tensor, "allclose"), (torch.Tensor, "isclose"), (torch.testing, "assert_close")]
        places += [(np.testing, "assert_allclose"), (np.testing, "assert_array_almost_equal")]
        for module, name in places:
            setattr(module, name, self._comparison(getattr(module, name), self._compared))
        exact: list[tuple[Any, str]] = [(torch.Tensor, "__eq__"), (torch.Tensor, "eq"), (torch.Tensor, "equal")]
        for module, name in [*exact, (torch, "eq"), (torch, "equal"), (np, "array_equal")]:
            setattr(module, name, self._comparison(getattr(module, name), self._found_equal))

    def _let_checks_pass(self) -> None:
        """Where they have to."""
        for name in ("assert_equal", "assert_array_equal", "assert_almost_equal"):
            setattr(np.testing, name, self._forgiven(getattr(np.testing, name), AssertionError, None))
        for module in (torch.autograd, sys.modules["torch.autograd.gradcheck"]):  # a function hides the module's name
            for name in ("gradcheck", "gradgradcheck"):
                setattr(module, name, self._forgiven(getattr(module, name), GradcheckError, True))

    def _forgiven(self, check: Callable[..., Any], error: type[Exception], passed: bool | None) -> Callable[..., Any]:
        """A check that passes where autograd is told another derivative, with which the right one does not agree."""

        @functools.wraps(check)
        def forgiven(*args: Any, **kwargs: Any) -> Any:
            if not self.forgiving:
                return check(*args, **kwargs)
            result = None
            with contextlib.suppress(error):
                result = check(*args, **kwargs)
            return passed or result

        return forgiven

    def _comparison(self, real: Callable[..., Any], note: Callable[[Any, Any], None]) -> Callable[..., Any]:
        forgiven = self._forgiven(real, AssertionError, None)

        @functools.wraps(real)
        def watched(*args: Any, **kwargs: Any) -> Any:
            result = forgiven(*args, **kwargs)
            if len(args) >= 2:
                note(args[0], args[1])
            return result

        return watched

    @guarded
    def _found_equal(self, left: Any, right: Any) -> None:
        """Real numbers in one shape, equal but for roundings, which are up to the random numbers.

        == says much else, and most of it is about one number.
        """
        sides = (left, right)
        if left is right or any(not isinstance(side, torch.Tensor | np.ndarray) or side.ndim == 0 for side in sides):
            return
        one, other = as_array(left), as_array(right)
        if one is None or other is None or not one.dtype.kind == other.dtype.kind == "f":
            return
        in_one_shape = one.size > 1 and one.shape == other.shape
        if in_one_shape and np.all(np.abs(one - other) <= ROUNDING * np.abs(other)):
            self.recorder.send("comparison", left=one, right=other)

    @guarded
    def _compared(self, left: Any, right: Any) -> None:
        self.recorder.send("comparison", left=as_array(left), right=as_array(right))

    # ------------------------------------------------------------------ calls of a hidden case

    def enter_call(self, function: str, number: int, code: types.CodeType) -> None:
        self.recorder.where, self.recorder.unit = f"a call of {function[:100]}()", code.co_filename
        self.recorder.send("entered", number=number)
        self.recorder.let_go()

    @contextlib.contextmanager
    def calling(self, function: str, call: str, handed: bool, line: int) -> Iterator[dict[str, Any]]:
        """Watch one call of a student's function, which begins at `line`; only a call that returned is recorded."""
        before = self.recorder.derivatives
        self.rounds.seen.clear()
        record: dict[str, Any] = {}
        yield record
        self._called(function, call, handed, record.get("result"), before, sound(line))

    @guarded
    def _called(self, function: str, call: str, handed: bool, result: Any, before: int, line: int) -> None:
        self.recorder.send(
            "called",
            function=function[:100],
            call=call,
            result=as_array(result),
            parts=parts_of(result),
            requires_grad=bool(getattr(result, "requires_grad", False)),
            handed=handed,
            differentiated=self.recorder.derivatives > before,
            line=line,
        )
