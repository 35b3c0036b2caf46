"""What autograd did, what was plotted, which values appeared: without one name.

Theory of operation. Before the first unit the observer puts itself behind `torch.autograd.backward` (and so behind
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
import traceback
import types
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import numpy as np
import torch
from matplotlib import figure as mpl_figure
from matplotlib import pyplot as plt
from matplotlib import text as mpl_text
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from torch.autograd.graph import GradientEdge, Node

from autograder import wire
from autograder.worker import sources
from autograder.worker.units import Piece, UnitRecord

Array = np.ndarray
MaybeArray = np.ndarray | None
References = Mapping[int, Array]  # id of a leaf → the Jacobian with respect to it
P = ParamSpec("P")
R = TypeVar("R")

MAX_NODES = 4000  # of a graph that is walked
MAX_PASSES = 20_000  # that are recorded
MAX_KEPT = 3000  # passes whose nodes are remembered
MAX_CORE = 64  # outputs, and inputs, of a graph whose Jacobian is worked out
MAX_ELEMENTS = 1_000_000  # of one array
MAX_TEXT = 20_000  # characters of output of one piece
MAX_VALUES = 2000  # that are shown or appear
PASS_THROUGH = {
    "Sum",
    "Mean",
    "Select",
    "Squeeze",
    "Unsqueeze",
    "View",
    "UnsafeView",
    "ReshapeAlias",
    "Alias",
    "Clone",
    "Unbind",
}


def guarded(method: Callable[Concatenate["Observer", P], R]) -> Callable[Concatenate["Observer", P], R | None]:
    """Our own mistakes are ours: they are reported, and never raised into a student's run."""

    @functools.wraps(method)
    def call(self: "Observer", /, *args: P.args, **kwargs: P.kwargs) -> R | None:
        if self.busy:
            return None
        self.busy = True
        try:
            return method(self, *args, **kwargs)
        except (MemoryError, TimeoutError):
            return None  # the student's memory, the student's time
        except Exception:  # noqa: BLE001  see above
            self.send("fault", text=traceback.format_exc()[-2000:])
            return None
        finally:
            self.busy = False

    return call


@dataclass
class _Watched:
    """A pass on its way: seen before it runs, sent after it."""

    call: str
    leaves: list[torch.Tensor]
    inner: list[Node]
    roots: list[torch.Tensor]
    summary: "_Summary"
    fields: dict[str, Any] = field(default_factory=dict)  # of the record
    results: Any = None  # of autograd.grad


@dataclass
class _Inside:
    """What the outermost transform told us on the way."""

    recording: bool
    names: list[str] = field(default_factory=list)  # of the transforms and passes, outermost first
    reference: MaybeArray = None
    pointed: bool = False  # a transform of a function is known: that function and the point
    function: Any = None
    point: Any = None


class Observer:
    def __init__(self, writer: wire.Writer) -> None:
        self.writer = writer
        self.busy = False
        self.order = 0
        self.where = ""
        self.file = ""
        self.namespace: dict[str, Any] = {}
        self.functions: list[types.FunctionType] = []
        self.mentioned: set[str] = set()
        self.output = io.StringIO()
        self.retained: list[torch.Tensor] = []  # that were asked to keep their gradient
        self.hooked = False  # a hook of the student's would run in passes of ours as well
        self.remarks: set[str] = set()
        self.known: dict[str, Hashable] = {}  # name → mark of the value that was last seen under it
        self.shown_count = 0
        self.passes: list[_Summary] = []  # of each pass that is remembered
        self.pass_count = 0
        self.owner: dict[Node, int] = {}  # node → index of the last pass over it
        self.cores: dict[Node, tuple[int, References]] = {}  # core node → (number, references)
        self.idents: dict[int, torch.Tensor] = {}  # leaves, kept so that an id is never used twice
        self.nesting: list[str] = []  # transforms that are running, outermost first
        self.inside: _Inside | None = None
        self.figures: list[mpl_figure.Figure] = []
        self.drawn: dict[Artist, tuple[bytes, bytes]] = {}  # artist → mark of the data that was last sent

    # ------------------------------------------------------------------ records

    def send(self, kind: str, **fields: Any) -> None:
        self.order += 1
        self.writer.send({"kind": kind, "order": self.order, "where": self.where, **fields})

    def remark(self, text: str) -> None:
        if text not in self.remarks and len(self.remarks) < 50:
            self.remarks.add(text)
            self.send("remark", text=text)

    def raised(self, error: BaseException, source: str, line: int | None = None) -> None:
        """A unit raised; or it is no Python at all."""
        where = line or getattr(error, "lineno", None)
        message = _said(error)
        self.send("error", type=type(error).__name__, message=message[:2000], source=source[:2000], line=where or 0)

    # ------------------------------------------------------------------ pieces

    def enter_file(self, file: str, namespace: dict[str, Any]) -> None:
        self.file, self.namespace, self.known = file, namespace, {}

    def enter(self, piece: Piece) -> None:
        self.where = f"{self.file}, {piece.label}" if piece.label else self.file
        if piece.remark:
            self.remark(piece.remark)

    def read(self, unit: UnitRecord) -> None:
        """The words of a unit: those of a script stand between its statements."""
        for kind, text, line in sources.unexecuted(unit["text"]):
            self.where = f"{self.file}, {unit['label'] or f'line {line}'}"
            self.send("text", kind_of=kind, text=text[:2000])

    def leave(self, piece: Piece) -> None:
        self.mentioned |= sources.mentioned(piece)
        self._values(sources.names(piece))
        self.harvest()
        if piece.shows_last:
            plt.close("all")  # as the inline back end does after a cell
        self._flush_output()

    def finish(self) -> None:
        self._values(None)
        self._uncalled()
        self.harvest()
        self._flush_output()

    @guarded
    def _uncalled(self) -> None:
        """Functions that nothing mentions: found, not executed."""
        for function in self.functions:
            if function.__name__ not in self.mentioned:
                with contextlib.suppress(OSError, TypeError):
                    self.send("text", kind_of="dead", text=inspect.getsource(function)[:2000])

    def _flush_output(self) -> None:
        text = self.output.getvalue()
        if text:
            self.send("text", kind_of="output", text=text[:MAX_TEXT])
            self.output.seek(0)
            self.output.truncate()

    # ------------------------------------------------------------------ values

    @guarded
    def _values(self, names: Iterable[str] | None) -> None:
        """What appeared or changed; `names` limits the look to what a piece mentions."""
        wanted = None if names is None else set(names)
        for name in [n for n in self.namespace if wanted is None or n in wanted]:  # in order of appearance
            value = self.namespace.get(name, _MISSING)
            if value is _MISSING or name.startswith("__"):
                continue
            if isinstance(value, types.FunctionType) and value.__globals__ is self.namespace:
                self._function(value)
            mark = _mark(value)
            if mark is not None and self.known.get(name) != mark:
                self.known[name] = mark
                self._value(name, value)

    def _function(self, function: types.FunctionType) -> None:
        if not any(function is other for other in self.functions):
            self.functions.append(function)
            self.send("function", name=function.__name__[:100], parameters=function.__code__.co_argcount)

    def _value(self, name: str, value: Any, shown: bool = False) -> None:
        self.shown_count += 1
        if self.shown_count > MAX_VALUES:
            return
        fields = {
            "array": as_array(value),
            "none": value is None,
            "grad": None,
            "requires_grad": False,
            "is_leaf": True,
        }
        if isinstance(value, torch.Tensor) and not _is_wrapped(value):
            fields.update(requires_grad=value.requires_grad, is_leaf=value.is_leaf)
            if (value.is_leaf or value.retains_grad) and value.grad is not None:
                fields["grad"] = as_array(value.grad)
        self.send("value", name=name[:100], shown=shown, parts=_parts(value), **fields)

    @guarded
    def shown(self, value: Any, as_result: bool = False) -> None:
        """Printed, displayed, or the last expression of a cell."""
        if as_result:
            with contextlib.suppress(Exception):  # a __repr__ of the student's
                self.output.write(repr(value)[:2000] + "\n")
        if _mark(value) is not None:
            self._value("", value, shown=True)

    # ------------------------------------------------------------------ installation

    def install(self) -> None:
        sys.stdout, sys.stderr = self.output, io.StringIO()  # what is warned about is nobody's words
        self._watch_hooks()
        self._watch_print()
        self._watch_passes()
        self._watch_functional()
        self._watch_func()
        self._watch_forward_mode()
        self._watch_comparisons()
        self._watch_figures()

    def _watch_print(self) -> None:
        real = builtins.print

        def watched_print(*values: Any, **options: Any) -> None:
            for value in values[:20]:
                self.shown(value)
            if self.output.tell() < MAX_TEXT:
                real(*values, **options)

        _replace(builtins, print=watched_print)

    def _watch_passes(self) -> None:
        backward, grad = torch.autograd.backward, torch.autograd.grad
        self.engine: Callable[..., Any] = grad

        @functools.wraps(backward)
        def watched_backward(
            tensors: Any,
            grad_tensors: Any = None,
            retain_graph: Any = None,
            create_graph: Any = False,
            grad_variables: Any = None,
            inputs: Any = None,
        ) -> None:
            options: dict[str, Any] = {"retain_graph": retain_graph, "create_graph": create_graph, "inputs": inputs}
            weights = grad_tensors if grad_tensors is not None else grad_variables
            watched = self._before("backward", tensors, weights, inputs, retain_graph, create_graph)
            with self._through(watched):
                return backward(tensors, weights, **options)

        @functools.wraps(grad)
        def watched_grad(
            outputs: Any,
            inputs: Any,
            grad_outputs: Any = None,
            retain_graph: Any = None,
            create_graph: Any = False,
            *rest: Any,
            **options: Any,
        ) -> Any:
            if options.get("is_grads_batched") or any(rest[1:]):
                return batched(outputs, inputs, grad_outputs, retain_graph, create_graph, *rest, **options)
            watched = self._before("grad", outputs, grad_outputs, inputs, retain_graph, create_graph)
            with self._through(watched):
                result = grad(outputs, inputs, grad_outputs, retain_graph, create_graph, *rest, **options)
                if watched is not None:
                    watched.results = result
            return result

        def batched(outputs: Any, inputs: Any, *args: Any, **options: Any) -> Any:
            with self._derivative("batched_grad") as call:
                self._look_inside_before("grad", _listed(outputs), inputs)
                result = grad(outputs, inputs, *args, **options)
                call.update(function=None, inputs=inputs, result=result[0] if len(result) == 1 else result)
            return result

        _replace(torch.autograd, backward=watched_backward, grad=watched_grad)

    def _watch_hooks(self) -> None:
        """Passes of our own would fill retained gradients and run hooks: the first are put back, the second avoided."""
        retain = torch.Tensor.retain_grad

        @functools.wraps(retain)
        def watched_retain(tensor: torch.Tensor) -> None:
            retain(tensor)
            self.retained.append(tensor)

        _replace(torch.Tensor, retain_grad=watched_retain)
        for name in ("register_hook", "register_post_accumulate_grad_hook"):
            _replace(torch.Tensor, **{name: self._hooking(getattr(torch.Tensor, name))})

    def _hooking(self, real: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(real)
        def watched(*args: Any, **kwargs: Any) -> Any:
            self.hooked = True
            return real(*args, **kwargs)

        return watched

    def _watch_functional(self) -> None:
        for name in ("jacobian", "hessian", "vjp", "jvp", "vhp", "hvp"):
            real = getattr(torch.autograd.functional, name)
            setattr(torch.autograd.functional, name, self._functional(name, real))

    def _functional(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(real)
        def watched(func: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
            with self._derivative(f"functional.{name}") as call:
                result = real(func, inputs, *args, **kwargs)
                call.update(function=func, inputs=inputs, result=result)
            return result

        return watched

    def _watch_func(self) -> None:
        import torch._functorch.apis

        for name in ("jacrev", "jacfwd", "grad", "grad_and_value", "hessian", "vmap"):
            watched = self._transform(name, getattr(torch.func, name))
            setattr(torch.func, name, watched)
            if name == "vmap":
                _replace(torch, vmap=watched)
        self._watch_vjp()
        _replace(torch.func, jvp=self._jvp(torch.func.jvp))

    def _transform(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(real)
        def watched(func: Any, *args: Any, **kwargs: Any) -> Any:
            transformed = real(func, *args, **kwargs)

            def call_it(*inputs: Any, **named: Any) -> Any:
                with self._derivative(name) as call:
                    result = transformed(*inputs, **named)
                    call.update(function=func, inputs=inputs if len(inputs) != 1 else inputs[0], result=result)
                return result

            return functools.wraps(func)(call_it) if hasattr(func, "__name__") else call_it

        return watched

    def _watch_vjp(self) -> None:
        real = torch.func.vjp

        @functools.wraps(real)
        def watched(func: Any, *primals: Any, **kwargs: Any) -> Any:
            outputs, pull, *rest = real(func, *primals, **kwargs)

            def watched_pull(*cotangents: Any, **named: Any) -> Any:
                with self._derivative("vjp") as call:
                    result = pull(*cotangents, **named)
                    call.update(function=func, inputs=primals if len(primals) != 1 else primals[0], result=result)
                return result

            return (outputs, watched_pull, *rest)

        _replace(torch.func, vjp=watched)

    def _jvp(self, real: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(real)
        def watched(func: Any, primals: Any, tangents: Any, **kwargs: Any) -> Any:
            with self._derivative("jvp") as call:
                result = real(func, primals, tangents, **kwargs)
                inputs = primals if len(primals) != 1 else primals[0]
                call.update(function=func, inputs=inputs, result=result[1], direction=tangents[0])
            return result

        return watched

    def _watch_forward_mode(self) -> None:
        module = torch.autograd.forward_ad
        make: Callable[..., Any] = module.make_dual
        unpack: Callable[..., Any] = module.unpack_dual
        last: dict[str, Any] = {}

        @functools.wraps(make)
        def watched_make(tensor: Any, tangent: Any, **kwargs: Any) -> Any:
            last.update(inputs=tensor, direction=tangent)
            return make(tensor, tangent, **kwargs)

        @functools.wraps(unpack)
        def watched_unpack(tensor: Any, **kwargs: Any) -> Any:
            result = unpack(tensor, **kwargs)
            if result.tangent is not None and not self.nesting:
                with self._derivative("forward_ad") as call:
                    call.update(function=None, result=result.tangent, **last)
            return result

        _replace(module, make_dual=watched_make, unpack_dual=watched_unpack)

    def _watch_comparisons(self) -> None:
        places: list[tuple[Any, str]] = [(torch, "allclose"), (torch, "isclose"), (np, "allclose"), (np, "isclose")]
        places += [(torch.Tensor, "allclose"), (torch.Tensor, "isclose"), (torch.testing, "assert_close")]
        places += [(np.testing, "assert_allclose"), (np.testing, "assert_array_almost_equal")]
        for module, name in places:
            setattr(module, name, self._comparison(getattr(module, name)))

    def _comparison(self, real: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(real)
        def watched(*args: Any, **kwargs: Any) -> Any:
            result = real(*args, **kwargs)
            if len(args) >= 2:
                self._compared(args[0], args[1])
            return result

        return watched

    @guarded
    def _compared(self, left: Any, right: Any) -> None:
        self.send("comparison", left=as_array(left), right=as_array(right))

    def _watch_figures(self) -> None:
        init: Callable[..., None] = mpl_figure.Figure.__init__

        @functools.wraps(init)
        def watched_init(fig: mpl_figure.Figure, *args: Any, **kwargs: Any) -> None:
            init(fig, *args, **kwargs)
            self.figures.append(fig)

        def watched_show(*_: Any, **__: Any) -> None:
            self.harvest()
            plt.close("all")  # a window that was shown and closed: the next plot starts a new figure

        def watched_savefig(fig: mpl_figure.Figure, target: Any, *_: Any, **__: Any) -> None:
            self.harvest()
            with contextlib.suppress(TypeError, OSError):  # rendering costs more than all the rest, and is not judged
                _placeholder(target)

        _replace(mpl_figure.Figure, __init__=watched_init, savefig=watched_savefig)
        _replace(mpl_figure.Figure, show=lambda fig, *_, **__: self.harvest())
        _replace(mpl_text.Text, get_usetex=lambda _: False)  # no LaTeX here
        _replace(plt, show=watched_show)
        for name in ("close", "clf", "cla"):
            setattr(plt, name, self._harvest_first(getattr(plt, name)))
        _replace(plt, switch_backend=lambda *_: None)
        _replace(sys.modules["matplotlib"], use=lambda *_, **__: None)

    def _harvest_first(self, real: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(real)
        def watched(*args: Any, **kwargs: Any) -> Any:
            self.harvest()
            return real(*args, **kwargs)

        return watched

    # ------------------------------------------------------------------ figures

    @guarded
    def harvest(self) -> None:
        """Every curve and scatter whose data are new."""
        for number, fig in enumerate(self.figures):
            for place, axes in enumerate(fig.axes):
                for artist, x, y in _curves(axes):
                    mark = (x.tobytes(), y.tobytes())
                    if self.drawn.get(artist) != mark:
                        self.drawn[artist] = mark
                        label = str(artist.get_label())[:100]
                        self.send("curve", x=x, y=y, figure=number, axes=place, label=label)

    # ------------------------------------------------------------------ passes

    @guarded
    def _before(self, call: str, roots: Any, weights: Any, inputs: Any, retain: Any, create: Any) -> _Watched | None:
        self.pass_count += 1
        roots, weights = _listed(roots), _listed(weights)
        if self.nesting and self.inside is not None:
            self._look_inside(self.inside, call, roots, inputs)
        tensors = [r for r in roots if isinstance(r, torch.Tensor)]
        if not tensors or any(_is_wrapped(t) for t in [*tensors, *weights] if isinstance(t, torch.Tensor)):
            return None
        if self.pass_count > MAX_PASSES:
            return None
        self._flush_known()
        nodes, leaves = _walk(tensors)
        asked = [t for t in _listed(inputs) if isinstance(t, torch.Tensor)]
        leaves = asked or leaves
        inner = [node for node in nodes if not hasattr(node, "variable")]
        watched = _Watched(call, leaves, inner, tensors, _Summary(inner, tensors, weights, leaves))
        watched.fields = self._pass_fields(watched, weights, retain, create)
        return watched

    def _pass_fields(self, watched: _Watched, weights: list[Any], retain: Any, create: Any) -> dict[str, Any]:
        roots, inner, leaves = watched.roots, watched.inner, watched.leaves
        repeat, rebuilt = self._same_graph(watched.summary)
        graph, seed, references = self._reference_of(roots[0], weights, leaves)
        return {
            "call": watched.call,
            "within": self.nesting[0] if self.nesting else "",
            "root": as_array(roots[0]),
            "recorded": any(root.grad_fn is not None or root.requires_grad for root in roots),
            "weights": as_array(weights[0]) if weights and weights[0] is not None else None,
            "ops": dict(Counter(_op(node) for node in inner)),
            "inner": [[_op(node), as_array(saved)] for node, saved in _saved_selves(inner)],
            "retain": bool(retain),
            "create": bool(create),
            "repeat_of": repeat,
            "rebuilt_of": rebuilt,
            "graph": graph,
            "seed": seed,
            "leaves": [self._leaf(leaf, watched.call, references) for leaf in leaves[:8]],
        }

    def _leaf(self, leaf: torch.Tensor, call: str, references: References) -> dict[str, Any]:
        self.idents.setdefault(id(leaf), leaf)
        before = leaf.grad if call == "backward" and leaf.is_leaf else None
        return {
            "ident": id(leaf),
            "x": as_array(leaf),
            "dtype": str(leaf.dtype).removeprefix("torch."),
            "before": as_array(before) if before is not None else None,
            "after": None,
            "is_leaf": leaf.is_leaf,
            "jacobian": references.get(id(leaf)),
        }

    @contextlib.contextmanager
    def _through(self, watched: _Watched | None) -> Iterator[None]:
        """Run a pass; record what it left, or what it raised."""
        try:
            yield
        except BaseException as error:
            self._after(watched, _said(error)[:1000] or type(error).__name__)
            raise
        self._after(watched, "")

    @guarded
    def _after(self, watched: _Watched | None, error: str) -> None:
        if watched is None:
            return
        results = _listed(watched.results) if watched.call == "grad" and not error else None
        for i, (leaf, fields) in enumerate(zip(watched.leaves, watched.fields["leaves"], strict=False)):
            after = results[i] if results and i < len(results) else None
            if results is None:
                after = leaf.grad if leaf.is_leaf or leaf.retains_grad else None
            fields["after"] = as_array(after) if after is not None else None
        if len(self.passes) < MAX_KEPT:
            self.passes.append(watched.summary)
            if not error:
                self.owner.update(dict.fromkeys(watched.summary.nodes, len(self.passes) - 1))
        self.send("pass", error=error, number=len(self.passes) - 1, **watched.fields)

    def _same_graph(self, summary: "_Summary") -> tuple[int, int]:
        """(repeat_of, rebuilt_of): numbers of earlier passes, or −1."""
        shared = {self.owner[node] for node in summary.nodes if node in self.owner}
        for number in sorted(shared, reverse=True):
            if self.passes[number].repeats(summary):
                return number, -1
        if not shared:
            for number in range(len(self.passes) - 1, max(-1, len(self.passes) - 50), -1):
                if self.passes[number].rebuilt_as(summary):
                    return -1, number
        return -1, -1

    def _flush_known(self) -> None:
        """Values that are there before a pass are seen before it: a matrix in them is no result of it."""
        self.busy = False
        self._values([n for n, v in list(self.namespace.items()) if isinstance(v, torch.Tensor | np.ndarray)][:200])
        self.busy = True

    # ------------------------------------------------------------------ references

    def _reference_of(
        self, root: torch.Tensor, weights: list[Any], leaves: list[torch.Tensor]
    ) -> tuple[int, MaybeArray, References]:
        """(number of the graph, v of the pass as seen from its core, {leaf id: Jacobian of the core})."""
        core = _core(root)
        if core is None or self.nesting or self.hooked:
            return -1, None, {}
        kept = [(tensor, tensor.grad) for tensor in self.retained]
        if core.node not in self.cores:
            with _recording():
                self.cores[core.node] = (len(self.cores), self._rows(core, leaves))
        number, references = self.cores[core.node]
        seed = self._seed_of(root, weights, core) if references else None
        for tensor, grad in kept:
            tensor.grad = grad
        return number, seed, references

    def _rows(self, core: GradientEdge, leaves: list[torch.Tensor]) -> References:
        shape, dtype = _output_of(core)
        count = int(np.prod(shape))
        small = [leaf for leaf in leaves if 1 <= leaf.numel() <= MAX_CORE and leaf.requires_grad]
        if not 2 <= count <= MAX_CORE or not small or sum(leaf.numel() for leaf in small) < 2:
            return {}
        columns: dict[int, list[Array]] = {id(leaf): [] for leaf in small}
        try:
            for i in range(count):
                one_hot = torch.zeros(count, dtype=dtype)
                one_hot[i] = 1
                options = {"retain_graph": True, "allow_unused": True}
                grads = self.engine([core], small, [one_hot.reshape(shape)], **options)
                for leaf, grad in zip(small, grads, strict=True):
                    columns[id(leaf)].append(_row(grad, leaf))
        except RuntimeError:  # the graph is gone already, or it cannot be differentiated: then there is no reference
            return {}
        return {ident: np.stack(rows) for ident, rows in columns.items()}

    def _seed_of(self, root: torch.Tensor, weights: list[Any], core: GradientEdge) -> MaybeArray:
        if root.grad_fn is core.node:
            given = weights[0] if weights else None
            return as_array(given) if given is not None else None
        try:
            start = [weights[0]] if weights and weights[0] is not None else None
            with _recording():
                (seed,) = self.engine([root], [core], start, retain_graph=True)
            return as_array(seed)
        except RuntimeError:
            return None

    # ------------------------------------------------------------------ derivative calls

    @contextlib.contextmanager
    def _derivative(self, name: str) -> Iterator[dict[str, Any]]:
        """Collect a call; when it was the outermost one, record it."""
        if self.busy:
            yield {}
            return
        outermost = not self.nesting
        if outermost or self.inside is None:
            self.inside = _Inside(recording=not torch.is_inference_mode_enabled())
        inside = self.inside
        inside.names.append(name)
        self.nesting.append(name)
        call: dict[str, Any] = {}
        try:
            yield call
        finally:
            self.nesting.pop()
            if call and name in ("vjp", "grad", "jacrev", "jacfwd") and not inside.pointed:
                inside.pointed, inside.function, inside.point = True, call.get("function"), call.get("inputs")
            if outermost:
                self._record_derivative(call)

    @guarded
    def _record_derivative(self, call: dict[str, Any]) -> None:
        inside, self.inside = self.inside, None
        if not call or inside is None:
            return  # it raised: the unit's error says so
        reference = self._reference_by_function(call, inside)
        reference = inside.reference if reference is None else reference
        inputs = [as_array(t) for t in _listed(call.get("inputs"))[:4] if isinstance(t, torch.Tensor)]
        self.send(
            "derivative",
            names=inside.names[:20],
            inputs=inputs,
            result=as_array(call["result"]),
            parts=_parts(call["result"]),
            direction=as_array(call.get("direction")),
            reference=reference,
            recording=inside.recording,
        )

    def _reference_by_function(self, call: dict[str, Any], inside: _Inside) -> MaybeArray:
        """The Jacobian of the plain function at the same point, by one-hot passes."""
        function, inputs = call.get("function"), call.get("inputs")
        if inside.names[0] == "vmap":
            function, inputs = inside.function, inside.point
        inputs = [t for t in _listed(inputs) if isinstance(t, torch.Tensor)]
        if function is None or not inputs or any(_is_wrapped(t) or t.numel() > MAX_CORE for t in inputs):
            return None
        with _recording(), torch.random.fork_rng(devices=[]), contextlib.redirect_stdout(io.StringIO()):
            try:
                leaves = [t.detach().clone().requires_grad_() for t in inputs]
                output = function(*leaves)
                return self._stacked(output, leaves)
            except Exception:  # noqa: BLE001  the function is the student's
                return None

    def _stacked(self, output: Any, leaves: list[torch.Tensor]) -> MaybeArray:
        if not isinstance(output, torch.Tensor) or not 1 <= output.numel() <= MAX_CORE:
            return None
        if output.grad_fn is None:
            return np.zeros((output.numel(), sum(leaf.numel() for leaf in leaves)))
        rows = []
        for entry in output.reshape(-1):
            grads = self.engine([entry], leaves, retain_graph=True, allow_unused=True)
            rows.append(np.concatenate([_row(g, leaf) for g, leaf in zip(grads, leaves, strict=True)]))
        return np.stack(rows)

    @guarded
    def _look_inside_before(self, call: str, roots: list[Any], inputs: Any) -> None:
        if self.inside is not None:
            self._look_inside(self.inside, call, roots, inputs)

    def _look_inside(self, inside: _Inside, call: str, roots: list[Any], inputs: Any) -> None:
        """A pass in a transform, such as vmap over v ↦ grad(y, x, v): the reference is that of its root and leaf."""
        inside.names.append(call)
        leaves = [t for t in _listed(inputs) if isinstance(t, torch.Tensor)]
        if inside.reference is None and roots and leaves and not any(map(_is_wrapped, (roots[0], leaves[0]))):
            with _recording(), contextlib.suppress(RuntimeError):
                inside.reference = self._stacked(roots[0], leaves[:1])

    # ------------------------------------------------------------------ calls of a hidden case

    @contextlib.contextmanager
    def calling(self, function: str, call: str) -> Iterator[dict[str, Any]]:
        """Watch one call of a student's function; only a call that returned is recorded."""
        before = (self.pass_count, self.order)
        record: dict[str, Any] = {}
        yield record
        self._called(function, call, record.get("result"), before)

    @guarded
    def _called(self, function: str, call: str, result: Any, before: tuple[int, int]) -> None:
        self.send(
            "called",
            function=function[:100],
            call=call,
            result=as_array(result),
            parts=_parts(result),
            requires_grad=bool(getattr(result, "requires_grad", False)),
            differentiated=self.pass_count > before[0] or self.order > before[1],
        )


_MISSING = object()


def _replace(owner: object, **attributes: Any) -> None:
    """Put our own behind the names of somebody else's module or class."""
    for name, value in attributes.items():
        setattr(owner, name, value)


class _Summary:
    """What is remembered of a pass, to know it again."""

    def __init__(
        self, inner: list[Node], roots: list[torch.Tensor], weights: list[Any], leaves: list[torch.Tensor]
    ) -> None:
        self.nodes = frozenset(inner)
        self.roots = [as_array(root) for root in roots]
        self.weights = [as_array(weight) for weight in weights if weight is not None]
        self.ops = Counter(_op(node) for node in inner)
        self.settings = {node: _settings(node) for node in inner[:20]}
        self.leaves = {id(leaf) for leaf in leaves}

    def repeats(self, other: "_Summary") -> bool:
        """The same roots with the same weights over the same nodes; what is new on top may be a sum of its own."""
        mine, theirs = self.nodes - other.nodes, other.nodes - self.nodes
        on_top = sorted(map(_op, mine)) == sorted(map(_op, theirs)) and set(map(_op, theirs)) <= PASS_THROUGH
        settings = _among(self.settings, mine) == _among(other.settings, theirs)
        return on_top and settings and self.same_start(other)

    def rebuilt_as(self, other: "_Summary") -> bool:
        return self.ops == other.ops and self.leaves == other.leaves and self.same_start(other)

    def same_start(self, other: "_Summary") -> bool:
        return _all_equal(self.roots, other.roots) and _all_equal(self.weights, other.weights)


def _all_equal(mine: Sequence[MaybeArray], theirs: Sequence[MaybeArray]) -> bool:
    pairs = zip(mine, theirs, strict=False)
    return len(mine) == len(theirs) and all(a is not None and b is not None and np.array_equal(a, b) for a, b in pairs)


def _among(settings: Mapping[Node, object], nodes: frozenset[Node]) -> list[str]:
    return sorted(str(value) for node, value in settings.items() if node in nodes)


def _settings(node: Node) -> list[tuple[str, object]]:
    """The plain numbers that a node saved, such as the index of a select."""
    names = [name for name in dir(node) if name.startswith("_saved_")]
    values = ((name, _saved(node, name)) for name in names)
    return [(name, value) for name, value in values if isinstance(value, int | float | tuple | str)]


def _saved(node: Node, name: str) -> Any:
    """What a node kept for its backward; None if it keeps no such thing, or a pass has freed it."""
    try:
        return getattr(node, name, None)
    except RuntimeError:
        return None


def _op(node: Node) -> str:
    """SinBackward0 → Sin."""
    return node.name().partition("Backward")[0].rpartition("::")[2]


def _walk(roots: list[torch.Tensor]) -> tuple[list[Node], list[torch.Tensor]]:
    """(nodes, leaves) of the graph behind `roots`, breadth first."""
    seen: dict[Node, None] = {}
    queue = [root.grad_fn for root in roots if root.grad_fn is not None]
    leaves = [root for root in roots if root.grad_fn is None and root.requires_grad]
    while queue and len(seen) < MAX_NODES:
        node = queue.pop(0)
        if node in seen:
            continue
        seen[node] = None
        if hasattr(node, "variable"):
            leaves.append(node.variable)
        queue += [following for following, _ in node.next_functions if following is not None]
    return list(seen), leaves


def _saved_selves(inner: list[Node]) -> list[tuple[Node, torch.Tensor]]:
    """(node, x) for the first nodes that kept what they were applied to: sin's x, log's x."""
    found: list[tuple[Node, torch.Tensor]] = []
    for node in inner[:200]:
        kept = _saved(node, "_saved_self") if len(found) < 4 else None
        if isinstance(kept, torch.Tensor):
            found.append((node, kept))
    return found


def _core(root: torch.Tensor) -> GradientEdge | None:
    """The edge of the graph's first output that is no single number; None without one."""
    if root.grad_fn is None:
        return None
    edge = GradientEdge(root.grad_fn, root.output_nr)
    while _size_of(edge) == 1 or _is_mask(edge.node):
        following = [(node, number) for node, number in edge.node.next_functions if node is not None]
        through = _op(edge.node) in PASS_THROUGH or _is_mask(edge.node)
        if len(following) != 1 or not through or hasattr(following[0][0], "variable"):
            return None
        edge = GradientEdge(*following[0])
    return edge


def _is_mask(node: Node) -> bool:
    """A product with constants of which one is not zero: it selects an output."""
    if _op(node) != "Mul" or sum(pair[0] is not None for pair in node.next_functions) != 1:
        return False
    kept = [_saved(node, name) for name in ("_saved_self", "_saved_other")]
    return any(isinstance(t, torch.Tensor) and t.numel() > 1 and int(torch.count_nonzero(t)) == 1 for t in kept)


def _output_of(edge: GradientEdge) -> tuple[tuple[int, ...], torch.dtype]:
    metadata = edge.node._input_metadata[edge.output_nr]
    return tuple(metadata.shape), metadata.dtype


def _size_of(edge: GradientEdge) -> int:
    return int(np.prod(_output_of(edge)[0]))


def _row(grad: torch.Tensor | None, leaf: torch.Tensor) -> Array:
    return np.zeros(leaf.numel()) if grad is None else cast(Array, as_array(grad)).reshape(-1)  # no leaf here is large


@contextlib.contextmanager
def _recording() -> Iterator[None]:
    with torch.inference_mode(False), torch.enable_grad():
        yield


def _is_wrapped(tensor: torch.Tensor) -> bool:
    return torch._C._functorch.is_functorch_wrapped_tensor(tensor)


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, tuple | list) else [value]


def as_array(value: Any) -> MaybeArray:
    """A copy as plain numbers: tensors, arrays, nested lists of them. None for anything else, or if it is too large."""
    if isinstance(value, torch.Tensor):
        return _tensor_as_array(value)
    if isinstance(value, np.ndarray):
        return np.array(value) if value.dtype.kind in "biufc" and value.size <= MAX_ELEMENTS else None
    if isinstance(value, float | np.floating) and not isinstance(value, bool):
        return np.array(value)
    if isinstance(value, list | tuple) and 0 < len(value) <= 10_000:
        return _stack(value)
    return None


def _tensor_as_array(tensor: torch.Tensor) -> MaybeArray:
    if (
        _is_wrapped(tensor)
        or tensor.layout is not torch.strided
        or tensor.is_quantized
        or tensor.numel() > MAX_ELEMENTS
    ):
        return None
    plain = tensor.detach().resolve_conj().resolve_neg()
    plain = plain.float() if plain.dtype is torch.bfloat16 else plain
    return np.array(plain.cpu().numpy())


def _stack(values: Sequence[Any]) -> MaybeArray:
    parts = [float(v) if isinstance(v, int) and not isinstance(v, bool) else v for v in values]
    arrays = [array for array in map(as_array, parts) if array is not None]
    if len(arrays) < len(parts) or len({array.shape for array in arrays}) != 1:
        return None
    return np.stack(arrays)


def _parts(value: Any) -> list[Array]:
    """The blocks of a tuple or list whose parts differ in shape: a Jacobian with respect to several inputs."""
    if isinstance(value, tuple | list) and 1 < len(value) <= 16 and as_array(value) is None:
        arrays = [array for array in map(as_array, value) if array is not None]
        if len(arrays) == len(value):
            return arrays
    return []


def _mark(value: Any) -> Hashable:
    """Something that changes when the value does; None for what is not observed."""
    if value is None:
        return "none"
    if isinstance(value, torch.Tensor):
        grad = value.grad if value.is_leaf or value.retains_grad else None
        try:
            return id(value), value._version, id(grad), None if grad is None else grad._version
        except RuntimeError:  # inference tensors do not count versions
            return id(value)
    if isinstance(value, np.ndarray):
        return id(value), hash(value.tobytes()) if value.nbytes <= 1 << 20 and value.dtype.kind in "biufc" else 0
    if isinstance(value, list | tuple) and value:
        return _mark_of_list(value)
    return None


def _mark_of_list(values: Sequence[Any]) -> Hashable:
    first = values[0]
    if not isinstance(first, torch.Tensor | np.ndarray | list | tuple | float | int | np.number):
        return None
    array = as_array(values)
    return id(values), len(values), None if array is None else hash(array.tobytes())


def _curves(axes: Axes) -> Iterator[tuple[Artist, Array, Array]]:
    """(artist, x, y) of each line and scatter of some axes, as float64."""
    for line in list(axes.lines)[:200]:
        yield from _curve(line, line.get_xdata(orig=False), line.get_ydata(orig=False))
    for points in list(axes.collections)[:50]:
        offsets = np.asarray(points.get_offsets())
        if type(points).__name__ == "PathCollection" and offsets.ndim == 2:
            yield from _curve(points, offsets[:, 0], offsets[:, 1])


def _curve(artist: Artist, x: Any, y: Any) -> Iterator[tuple[Artist, Array, Array]]:
    x, y = np.array(x, float).reshape(-1), np.array(y, float).reshape(-1)
    if x.shape == y.shape and 1 <= x.size <= MAX_ELEMENTS:
        yield artist, x, y


def _placeholder(target: Any) -> None:
    """A picture of one pixel, for code that looks at its own file afterwards."""
    if hasattr(target, "write"):
        target.write(_PIXEL)
    else:
        with open(target, "wb") as file:
            file.write(_PIXEL)


_PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8ffff3f0005fe02fea735819f0000000049454e44ae426082"
)


def _said(error: BaseException) -> str:
    try:
        return str(error)
    except BaseException:  # noqa: BLE001  a __str__ of the student's
        return ""
