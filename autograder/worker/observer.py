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

import numpy as np
import torch
from matplotlib import figure as mpl_figure
from matplotlib import pyplot as plt
from matplotlib import text as mpl_text

from autograder.worker import sources

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


def guarded(method):
    """Our own mistakes are ours: they are reported, and never raised into a student's run."""

    @functools.wraps(method)
    def call(self, *args, **kwargs):
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


class Observer:
    def __init__(self, writer):
        self.writer = writer
        self.busy = False
        self.order = 0
        self.where = ""
        self.file = ""
        self.namespace = {}
        self.functions = []
        self.mentioned = set()
        self.output = io.StringIO()
        self.remarks = set()
        self.known = {}  # name → mark of the value that was last seen under it
        self.shown_count = 0
        self.passes = []  # (nodes, summary) of each pass that is remembered
        self.pass_count = 0
        self.owner = {}  # node → index of the last pass over it
        self.cores = {}  # core node → (number, {leaf id: reference})
        self.idents = {}  # leaves, kept so that an id is never used twice
        self.nesting = []  # transforms that are running, outermost first
        self.inside = None  # what the outermost transform told us on the way
        self.figures = []
        self.drawn = {}  # artist → mark of the data that was last sent

    # ------------------------------------------------------------------ records

    def send(self, kind, **fields):
        self.order += 1
        self.writer.send({"kind": kind, "order": self.order, "where": self.where, **fields})

    def remark(self, text):
        if text not in self.remarks and len(self.remarks) < 50:
            self.remarks.add(text)
            self.send("remark", text=text)

    def raised(self, error, source, line=None):
        """A unit raised; or it is no Python at all."""
        where = line or getattr(error, "lineno", None)
        message = _said(error)
        self.send("error", type=type(error).__name__, message=message[:2000], source=source[:2000], line=where or 0)

    # ------------------------------------------------------------------ pieces

    def enter_file(self, file, namespace):
        self.file, self.namespace, self.known = file, namespace, {}

    def enter(self, piece):
        self.where = f"{self.file}, {piece.label}" if piece.label else self.file
        if piece.remark:
            self.remark(piece.remark)

    def read(self, unit):
        """The words of a unit: those of a script stand between its statements."""
        for kind, text, line in sources.unexecuted(unit["text"]):
            self.where = f"{self.file}, {unit['label'] or f'line {line}'}"
            self.send("text", kind_of=kind, text=text[:2000])

    def leave(self, piece):
        self.mentioned |= sources.mentioned(piece)
        self._values(sources.names(piece))
        self.harvest()
        if piece.shows_last:
            plt.close("all")  # as the inline back end does after a cell
        self._flush_output()

    def finish(self):
        self._values(None)
        self._uncalled()
        self.harvest()
        self._flush_output()

    @guarded
    def _uncalled(self):
        """Functions that nothing mentions: found, not executed."""
        for function in self.functions:
            if function.__name__ not in self.mentioned:
                with contextlib.suppress(OSError, TypeError):
                    self.send("text", kind_of="dead", text=inspect.getsource(function)[:2000])

    def _flush_output(self):
        text = self.output.getvalue()
        if text:
            self.send("text", kind_of="output", text=text[:MAX_TEXT])
            self.output.seek(0)
            self.output.truncate()

    # ------------------------------------------------------------------ values

    @guarded
    def _values(self, names):
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

    def _function(self, function):
        if not any(function is other for other in self.functions):
            self.functions.append(function)
            self.send("function", name=function.__name__[:100], parameters=function.__code__.co_argcount)

    def _value(self, name, value, shown=False):
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
    def shown(self, value, as_result=False):
        """Printed, displayed, or the last expression of a cell."""
        if as_result:
            with contextlib.suppress(Exception):  # a __repr__ of the student's
                self.output.write(repr(value)[:2000] + "\n")
        if _mark(value) is not None:
            self._value("", value, shown=True)

    # ------------------------------------------------------------------ installation

    def install(self):
        sys.stdout = sys.stderr = self.output
        self._watch_print()
        self._watch_passes()
        self._watch_functional()
        self._watch_func()
        self._watch_forward_mode()
        self._watch_comparisons()
        self._watch_figures()

    def _watch_print(self):
        real = builtins.print

        def watched_print(*values, **options):
            for value in values[:20]:
                self.shown(value)
            if self.output.tell() < MAX_TEXT:
                real(*values, **options)

        builtins.print = watched_print

    def _watch_passes(self):
        backward, grad = torch.autograd.backward, torch.autograd.grad
        self.engine = grad

        @functools.wraps(backward)
        def watched_backward(
            tensors,
            grad_tensors=None,
            retain_graph=None,
            create_graph=False,
            grad_variables=None,
            inputs=None,
        ):
            options = {"retain_graph": retain_graph, "create_graph": create_graph, "inputs": inputs}
            weights = grad_tensors if grad_tensors is not None else grad_variables
            watched = self._before("backward", tensors, weights, inputs, retain_graph, create_graph)
            with self._through(watched):
                return backward(tensors, weights, **options)

        @functools.wraps(grad)
        def watched_grad(outputs, inputs, grad_outputs=None, retain_graph=None, create_graph=False, *rest, **options):
            if options.get("is_grads_batched") or any(rest[1:]):
                return batched(outputs, inputs, grad_outputs, retain_graph, create_graph, *rest, **options)
            watched = self._before("grad", outputs, grad_outputs, inputs, retain_graph, create_graph)
            with self._through(watched):
                result = grad(outputs, inputs, grad_outputs, retain_graph, create_graph, *rest, **options)
                if watched is not None:
                    watched["results"] = result
            return result

        def batched(outputs, inputs, *args, **options):
            with self._derivative("batched_grad") as call:
                self._look_inside_before("grad", _listed(outputs), inputs)
                result = grad(outputs, inputs, *args, **options)
                call.update(function=None, inputs=inputs, result=result[0] if len(result) == 1 else result)
            return result

        torch.autograd.backward, torch.autograd.grad = watched_backward, watched_grad

    def _watch_functional(self):
        for name in ("jacobian", "hessian", "vjp", "jvp", "vhp", "hvp"):
            real = getattr(torch.autograd.functional, name)
            setattr(torch.autograd.functional, name, self._functional(name, real))

    def _functional(self, name, real):
        @functools.wraps(real)
        def watched(func, inputs, *args, **kwargs):
            with self._derivative(f"functional.{name}") as call:
                result = real(func, inputs, *args, **kwargs)
                call.update(function=func, inputs=inputs, result=result)
            return result

        return watched

    def _watch_func(self):
        import torch._functorch.apis

        for name in ("jacrev", "jacfwd", "grad", "grad_and_value", "hessian", "vmap"):
            watched = self._transform(name, getattr(torch.func, name))
            setattr(torch.func, name, watched)
            if name == "vmap":
                torch.vmap = watched
        self._watch_vjp()
        torch.func.jvp = self._jvp(torch.func.jvp)

    def _transform(self, name, real):
        @functools.wraps(real)
        def watched(func, *args, **kwargs):
            transformed = real(func, *args, **kwargs)

            def call_it(*inputs, **named):
                with self._derivative(name) as call:
                    result = transformed(*inputs, **named)
                    call.update(function=func, inputs=inputs if len(inputs) != 1 else inputs[0], result=result)
                return result

            return functools.wraps(func)(call_it) if hasattr(func, "__name__") else call_it

        return watched

    def _watch_vjp(self):
        real = torch.func.vjp

        @functools.wraps(real)
        def watched(func, *primals, **kwargs):
            outputs, pull, *rest = real(func, *primals, **kwargs)

            def watched_pull(*cotangents, **named):
                with self._derivative("vjp") as call:
                    result = pull(*cotangents, **named)
                    call.update(function=func, inputs=primals if len(primals) != 1 else primals[0], result=result)
                return result

            return (outputs, watched_pull, *rest)

        torch.func.vjp = watched

    def _jvp(self, real):
        @functools.wraps(real)
        def watched(func, primals, tangents, **kwargs):
            with self._derivative("jvp") as call:
                result = real(func, primals, tangents, **kwargs)
                inputs = primals if len(primals) != 1 else primals[0]
                call.update(function=func, inputs=inputs, result=result[1], direction=tangents[0])
            return result

        return watched

    def _watch_forward_mode(self):
        module = torch.autograd.forward_ad
        make, unpack = module.make_dual, module.unpack_dual
        last = {}

        @functools.wraps(make)
        def watched_make(tensor, tangent, **kwargs):
            last.update(inputs=tensor, direction=tangent)
            return make(tensor, tangent, **kwargs)

        @functools.wraps(unpack)
        def watched_unpack(tensor, **kwargs):
            result = unpack(tensor, **kwargs)
            if result.tangent is not None and not self.nesting:
                with self._derivative("forward_ad") as call:
                    call.update(function=None, result=result.tangent, **last)
            return result

        module.make_dual, module.unpack_dual = watched_make, watched_unpack

    def _watch_comparisons(self):
        places = [(torch, "allclose"), (torch, "isclose"), (np, "allclose"), (np, "isclose")]
        places += [(torch.Tensor, "allclose"), (torch.Tensor, "isclose"), (torch.testing, "assert_close")]
        places += [(np.testing, "assert_allclose"), (np.testing, "assert_array_almost_equal")]
        for module, name in places:
            setattr(module, name, self._comparison(getattr(module, name)))

    def _comparison(self, real):
        @functools.wraps(real)
        def watched(*args, **kwargs):
            result = real(*args, **kwargs)
            if len(args) >= 2:
                self._compared(args[0], args[1])
            return result

        return watched

    @guarded
    def _compared(self, left, right):
        self.send("comparison", left=as_array(left), right=as_array(right))

    def _watch_figures(self):
        init, show = mpl_figure.Figure.__init__, plt.show

        @functools.wraps(init)
        def watched_init(fig, *args, **kwargs):
            init(fig, *args, **kwargs)
            self.figures.append(fig)

        def watched_show(*_, **__):
            self.harvest()
            plt.close("all")  # a window that was shown and closed: the next plot starts a new figure

        def watched_savefig(fig, target, *_, **__):
            self.harvest()
            with contextlib.suppress(TypeError, OSError):  # rendering costs more than all the rest, and is not judged
                _placeholder(target)

        mpl_figure.Figure.__init__ = watched_init
        mpl_figure.Figure.savefig = watched_savefig
        mpl_figure.Figure.show = lambda fig, *_, **__: self.harvest()
        mpl_text.Text.get_usetex = lambda _: False  # no LaTeX here
        plt.show = watched_show
        for name in ("close", "clf", "cla"):
            setattr(plt, name, self._harvest_first(getattr(plt, name)))
        plt.switch_backend = lambda *_: None
        sys.modules["matplotlib"].use = lambda *_, **__: None

    def _harvest_first(self, real):
        @functools.wraps(real)
        def watched(*args, **kwargs):
            self.harvest()
            return real(*args, **kwargs)

        return watched

    # ------------------------------------------------------------------ figures

    @guarded
    def harvest(self):
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
    def _before(self, call, roots, weights, inputs, retain, create):
        self.pass_count += 1
        roots, weights = _listed(roots), _listed(weights)
        if self.nesting and self.inside is not None:
            self._look_inside(call, roots, inputs)
        tensors = [r for r in roots if isinstance(r, torch.Tensor)]
        if not tensors or any(_is_wrapped(t) for t in [*tensors, *weights] if isinstance(t, torch.Tensor)):
            return None
        if self.pass_count > MAX_PASSES:
            return None
        self._flush_known()
        nodes, leaves = _walk(tensors)
        asked = [t for t in _listed(inputs) if isinstance(t, torch.Tensor)]
        watched = {"call": call, "leaves": asked or leaves, "nodes": nodes, "roots": tensors, "results": None}
        watched["fields"] = self._pass_fields(watched, weights, retain, create)
        return watched

    def _pass_fields(self, watched, weights, retain, create):
        roots, nodes, leaves = watched["roots"], watched["nodes"], watched["leaves"]
        inner = [node for node in nodes if not hasattr(node, "variable")]
        summary = _Summary(inner, roots, weights, leaves)
        repeat, rebuilt = self._same_graph(summary)
        graph, seed, references = self._reference_of(roots[0], weights, leaves)
        watched["summary"] = summary
        return {
            "call": watched["call"],
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
            "leaves": [self._leaf(leaf, watched["call"], references) for leaf in leaves[:8]],
        }

    def _leaf(self, leaf, call, references):
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
    def _through(self, watched):
        """Run a pass; record what it left, or what it raised."""
        try:
            yield
        except BaseException as error:
            self._after(watched, _said(error)[:1000] or type(error).__name__)
            raise
        self._after(watched, "")

    @guarded
    def _after(self, watched, error):
        if watched is None:
            return
        results = _listed(watched["results"]) if watched["call"] == "grad" and not error else None
        for i, (leaf, fields) in enumerate(zip(watched["leaves"], watched["fields"]["leaves"], strict=False)):
            after = results[i] if results and i < len(results) else None
            if results is None:
                after = leaf.grad if leaf.is_leaf or leaf.retains_grad else None
            fields["after"] = as_array(after) if after is not None else None
        if len(self.passes) < MAX_KEPT:
            self.passes.append(watched["summary"])
            if not error:
                self.owner.update(dict.fromkeys(watched["summary"].nodes, len(self.passes) - 1))
        self.send("pass", error=error, number=len(self.passes) - 1, **watched["fields"])

    def _same_graph(self, summary):
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

    def _flush_known(self):
        """Values that are there before a pass are seen before it: a matrix in them is no result of it."""
        self.busy = False
        self._values([n for n, v in list(self.namespace.items()) if isinstance(v, torch.Tensor | np.ndarray)][:200])
        self.busy = True

    # ------------------------------------------------------------------ references

    def _reference_of(self, root, weights, leaves):
        """(number of the graph, v of the pass as seen from its core, {leaf id: Jacobian of the core})."""
        core = _core(root)
        if core is None or self.nesting:
            return -1, None, {}
        key = core.node
        if key not in self.cores:
            with _recording():
                self.cores[key] = (len(self.cores), self._rows(core, leaves))
        number, references = self.cores[key]
        seed = self._seed_of(root, weights, core) if references else None
        return number, seed, references

    def _rows(self, core, leaves):
        shape, dtype = _output_of(core)
        count = int(np.prod(shape))
        small = [leaf for leaf in leaves if 1 <= leaf.numel() <= MAX_CORE and leaf.requires_grad]
        if not 2 <= count <= MAX_CORE or not small or sum(leaf.numel() for leaf in small) < 2:
            return {}
        columns = {id(leaf): [] for leaf in small}
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

    def _seed_of(self, root, weights, core):
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
    def _derivative(self, name):
        """Collect a call; when it was the outermost one, record it."""
        if self.busy:
            yield {}
            return
        outermost = not self.nesting
        if outermost:
            self.inside = {"names": [], "reference": None, "recording": not torch.is_inference_mode_enabled()}
        self.inside["names"].append(name)
        self.nesting.append(name)
        call = {}
        try:
            yield call
        finally:
            self.nesting.pop()
            if call and name in ("vjp", "grad", "jacrev", "jacfwd") and "function" not in self.inside:
                self.inside.update(function=call.get("function"), point=call.get("inputs"))
            if outermost:
                self._record_derivative(call)

    @guarded
    def _record_derivative(self, call):
        inside, self.inside = self.inside, None
        if not call:
            return  # it raised: the unit's error says so
        reference = self._reference_by_function(call, inside)
        reference = inside["reference"] if reference is None else reference
        inputs = [as_array(t) for t in _listed(call.get("inputs"))[:4] if isinstance(t, torch.Tensor)]
        self.send(
            "derivative",
            names=inside["names"][:20],
            inputs=inputs,
            result=as_array(call["result"]),
            parts=_parts(call["result"]),
            direction=as_array(call.get("direction")),
            reference=reference,
            recording=inside["recording"],
        )

    def _reference_by_function(self, call, inside):
        """The Jacobian of the plain function at the same point, by one-hot passes."""
        function, inputs = call.get("function"), call.get("inputs")
        if inside["names"][0] == "vmap":
            function, inputs = inside.get("function"), inside.get("point")
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

    def _stacked(self, output, leaves):
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
    def _look_inside_before(self, call, roots, inputs):
        self._look_inside(call, roots, inputs)

    def _look_inside(self, call, roots, inputs):
        """A pass inside a transform, such as vmap over v ↦ grad(y, x, v): the reference is that of its root and leaf."""
        self.inside["names"].append(call)
        leaves = [t for t in _listed(inputs) if isinstance(t, torch.Tensor)]
        if self.inside["reference"] is None and roots and leaves and not any(map(_is_wrapped, (roots[0], leaves[0]))):
            with _recording(), contextlib.suppress(RuntimeError):
                self.inside["reference"] = self._stacked(roots[0], leaves[:1])

    # ------------------------------------------------------------------ calls of a hidden case

    @contextlib.contextmanager
    def calling(self, function, call):
        """Watch one call of a student's function; only a call that returned is recorded."""
        before, record = (self.pass_count, self.order), {}
        yield record
        self._called(function, call, record.get("result"), before)

    @guarded
    def _called(self, function, call, result, before):
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


class _Summary:
    """What is remembered of a pass, to know it again."""

    def __init__(self, inner, roots, weights, leaves):
        self.nodes = frozenset(inner)
        self.roots = [as_array(root) for root in roots]
        self.weights = [as_array(weight) for weight in weights if weight is not None]
        self.ops = Counter(_op(node) for node in inner)
        self.settings = {node: _settings(node) for node in inner[:20]}
        self.leaves = {id(leaf) for leaf in leaves}

    def repeats(self, other):
        """The same roots with the same weights over the same nodes; what is new on top may be a sum of its own."""
        mine, theirs = self.nodes - other.nodes, other.nodes - self.nodes
        on_top = sorted(map(_op, mine)) == sorted(map(_op, theirs)) and set(map(_op, theirs)) <= PASS_THROUGH
        settings = _among(self.settings, mine) == _among(other.settings, theirs)
        return on_top and settings and self.same_start(other)

    def rebuilt_as(self, other):
        return self.ops == other.ops and self.leaves == other.leaves and self.same_start(other)

    def same_start(self, other):
        return _all_equal(self.roots, other.roots) and _all_equal(self.weights, other.weights)


def _all_equal(mine, theirs):
    pairs = zip(mine, theirs, strict=False)
    return len(mine) == len(theirs) and all(a is not None and b is not None and np.array_equal(a, b) for a, b in pairs)


def _among(settings, nodes):
    return sorted(str(value) for node, value in settings.items() if node in nodes)


def _settings(node):
    """The plain numbers that a node saved, such as the index of a select."""
    names = [name for name in dir(node) if name.startswith("_saved_")]
    values = ((name, _saved(node, name)) for name in names)
    return [(name, value) for name, value in values if isinstance(value, int | float | tuple | str)]


def _saved(node, name):
    """What a node kept for its backward; None if it keeps no such thing, or a pass has freed it."""
    try:
        return getattr(node, name, None)
    except RuntimeError:
        return None


def _op(node):
    """SinBackward0 → Sin."""
    return node.name().partition("Backward")[0].rpartition("::")[2]


def _walk(roots):
    """(nodes, leaves) of the graph behind `roots`, breadth first."""
    seen, leaves, queue = {}, [], [root.grad_fn for root in roots if root.grad_fn is not None]
    leaves += [root for root in roots if root.grad_fn is None and root.requires_grad]
    while queue and len(seen) < MAX_NODES:
        node = queue.pop(0)
        if node in seen:
            continue
        seen[node] = None
        if hasattr(node, "variable"):
            leaves.append(node.variable)
        queue += [following for following, _ in node.next_functions if following is not None]
    return list(seen), leaves


def _saved_selves(inner):
    """(node, x) for the first nodes that kept what they were applied to: sin's x, log's x."""
    found = []
    for node in inner[:200]:
        kept = _saved(node, "_saved_self") if len(found) < 4 else None
        if isinstance(kept, torch.Tensor):
            found.append((node, kept))
    return found


def _core(root):
    """The edge of the graph's first output that is no single number; None without one."""
    if root.grad_fn is None:
        return None
    edge = torch.autograd.graph.GradientEdge(root.grad_fn, root.output_nr)
    while _size_of(edge) == 1 or _is_mask(edge.node):
        following = [pair for pair in edge.node.next_functions if pair[0] is not None]
        through = _op(edge.node) in PASS_THROUGH or _is_mask(edge.node)
        if len(following) != 1 or not through or hasattr(following[0][0], "variable"):
            return None
        edge = torch.autograd.graph.GradientEdge(*following[0])
    return edge


def _is_mask(node):
    """A product with constants of which one is not zero: it selects an output."""
    if _op(node) != "Mul" or sum(pair[0] is not None for pair in node.next_functions) != 1:
        return False
    kept = [_saved(node, name) for name in ("_saved_self", "_saved_other")]
    return any(isinstance(t, torch.Tensor) and t.numel() > 1 and int(torch.count_nonzero(t)) == 1 for t in kept)


def _output_of(edge):
    metadata = edge.node._input_metadata[edge.output_nr]
    return tuple(metadata.shape), metadata.dtype


def _size_of(edge):
    return int(np.prod(_output_of(edge)[0]))


def _row(grad, leaf):
    return np.zeros(leaf.numel()) if grad is None else as_array(grad).reshape(-1)


@contextlib.contextmanager
def _recording():
    with torch.inference_mode(False), torch.enable_grad():
        yield


def _is_wrapped(tensor):
    return torch._C._functorch.is_functorch_wrapped_tensor(tensor)


def _listed(value):
    if value is None:
        return []
    return list(value) if isinstance(value, tuple | list) else [value]


def as_array(value):
    """A copy as plain numbers: tensors, arrays, nested lists of them. None for anything else, and for what is too large."""
    if isinstance(value, torch.Tensor):
        return _tensor_as_array(value)
    if isinstance(value, np.ndarray):
        return np.array(value) if value.dtype.kind in "biufc" and value.size <= MAX_ELEMENTS else None
    if isinstance(value, float | np.floating) and not isinstance(value, bool):
        return np.array(value)
    if isinstance(value, list | tuple) and 0 < len(value) <= 10_000:
        return _stack(value)
    return None


def _tensor_as_array(tensor):
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


def _stack(values):
    parts = [float(v) if isinstance(v, int) and not isinstance(v, bool) else v for v in values]
    arrays = [as_array(part) for part in parts]
    if any(array is None for array in arrays) or len({array.shape for array in arrays}) != 1:
        return None
    return np.stack(arrays)


def _parts(value):
    """The blocks of a tuple or list whose parts differ in shape: a Jacobian with respect to several inputs."""
    if isinstance(value, tuple | list) and 1 < len(value) <= 16 and as_array(value) is None:
        arrays = [as_array(part) for part in value]
        if all(array is not None for array in arrays):
            return arrays
    return []


def _mark(value):
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


def _mark_of_list(values):
    first = values[0]
    if not isinstance(first, torch.Tensor | np.ndarray | list | tuple | float | int | np.number):
        return None
    array = as_array(values)
    return id(values), len(values), None if array is None else hash(array.tobytes())


def _curves(axes):
    """(artist, x, y) of each line and scatter of some axes, as float64."""
    for line in list(axes.lines)[:200]:
        yield from _curve(line, line.get_xdata(orig=False), line.get_ydata(orig=False))
    for points in list(axes.collections)[:50]:
        offsets = np.asarray(points.get_offsets())
        if type(points).__name__ == "PathCollection" and offsets.ndim == 2:
            yield from _curve(points, offsets[:, 0], offsets[:, 1])


def _curve(artist, x, y):
    x, y = np.array(x, float).reshape(-1), np.array(y, float).reshape(-1)
    if x.shape == y.shape and 1 <= x.size <= MAX_ELEMENTS:
        yield artist, x, y


def _placeholder(target):
    """A picture of one pixel, for code that looks at its own file afterwards."""
    if hasattr(target, "write"):
        target.write(_PIXEL)
    else:
        with open(target, "wb") as file:
            file.write(_PIXEL)


_PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8ffff3f0005fe02fea735819f0000000049454e44ae426082"
)


def _said(error):
    try:
        return str(error)
    except BaseException:  # noqa: BLE001  a __str__ of the student's
        return ""
