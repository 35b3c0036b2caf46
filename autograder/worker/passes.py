"""Behind the backward engine: every pass, what it was given and what it left.

The **reference** of a graph is the Jacobian of its first output that is no single number (the core) with respect to
each leaf. It is worked out by one-hot passes of our own, once for each graph, when a pass over it is first seen: the
graph is kept and nothing of the student's changes. `seed` is the vector v of the pass, seen from the core, so that the
pass computes vᵀJ. Both only for small graphs.
"""

import contextlib
import functools
import math
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

import numpy as np
import torch
from torch.autograd.graph import GradientEdge, Node

from autograder.worker.arrays import Array, MaybeArray, as_array, is_wrapped, listed
from autograder.worker.graphs import (
    MAX_CORE,
    Summary,
    core_of,
    is_sum_of_all,
    op,
    output_of,
    pull_back,
    row_of,
    saved_selves,
    scaled,
    undisturbed,
    walk,
)
from autograder.worker.recorder import Recorder, guarded, replace, said
from autograder.worker.transforms import Transforms

MAX_PASSES = 20_000  # that are recorded
MAX_KEPT = 3000  # passes whose nodes are remembered
NEAR = 50  # passes back, at which an equal one over other nodes is still the same once more
MAX_LEAVES = 8  # of a pass
MAX_SUMMED = 8  # graphs whose only pass so far is over a sum or mean: a training loop makes thousands
MAX_REFERENCES = 200  # graphs in all

References = Mapping[int, Array]  # id of a leaf → the Jacobian with respect to it


@dataclass
class _Watched:
    """A pass on its way: seen before it runs, sent after it."""

    call: str
    leaves: list[torch.Tensor]
    inner: list[Node]
    roots: list[torch.Tensor]
    summary: "Summary"
    fields: dict[str, Any] = field(default_factory=dict)  # of the record
    results: Any = None  # of autograd.grad
    kept: list[torch.Tensor] = field(default_factory=list)  # inner tensors that were asked to keep their gradient


class Passes:
    """The passes of one run. `before_each` is told before a pass is recorded."""

    def __init__(self, recorder: Recorder, transforms: Transforms, before_each: Callable[[], None]) -> None:
        self.recorder = recorder
        self.transforms = transforms
        self.before_each = before_each
        self.forget()

    def forget(self) -> None:
        """Nothing of an earlier run is left."""
        self.count = 0
        self.passes: list[Summary] = []  # of each pass that is remembered
        self.alike: dict[Hashable, int] = {}  # likeness → index of the last such pass
        self.owner: dict[Node, int] = {}  # node → index of the last pass over it
        self.cores: dict[Node, tuple[int, References]] = {}  # core node → (number, references)
        self.made: dict[Node, int] = {}  # where a gradient that has a graph ends → number of the pass that made it
        self.idents: dict[int, torch.Tensor] = {}  # leaves, kept so that an id is never used twice
        self.summed = 0

    def watch(self) -> None:
        """Get behind the engine, and behind what would notice passes of ours."""
        self._watch_hooks()
        self._watch_engine()

    def _watch_engine(self) -> None:
        backward, grad = self._backward(torch.autograd.backward), self._grad(torch.autograd.grad)
        replace(torch.autograd, backward=backward, grad=grad)

    def _backward(self, real: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(real)
        def watched_backward(
            tensors: Any,
            grad_tensors: Any = None,
            retain_graph: Any = None,
            create_graph: Any = False,
            grad_variables: Any = None,
            inputs: Any = None,
        ) -> None:
            weights = grad_tensors if grad_tensors is not None else grad_variables
            watched = self._before("backward", tensors, weights, inputs, retain_graph, create_graph)
            tensors, weights, retain_graph = self._started_from(tensors, weights, retain_graph)
            with self._through(watched):
                real(tensors, weights, retain_graph=retain_graph, create_graph=create_graph, inputs=inputs)

        return watched_backward

    def _grad(self, real: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(real)
        def watched_grad(
            outputs: Any,
            inputs: Any,
            grad_outputs: Any = None,
            retain_graph: Any = None,
            create_graph: Any = False,
            *rest: Any,
            **options: Any,
        ) -> Any:
            batched = options.get("is_grads_batched") or any(rest[1:])
            watched = None
            if not batched:
                watched = self._before("grad", outputs, grad_outputs, inputs, retain_graph, create_graph)
            outputs, grad_outputs, retain_graph = self._started_from(outputs, grad_outputs, retain_graph)
            call = functools.partial(real, outputs, inputs, grad_outputs, retain_graph, create_graph, *rest, **options)
            if batched:
                return self._batched(call, outputs, inputs)
            with self._through(watched):
                result = call()
                if watched is not None:
                    watched.results = result
            return result

        return watched_grad

    def _started_from(self, roots: Any, weights: Any, retain: Any) -> tuple[Any, Any, Any]:
        """(roots, weights, retain_graph) of a pass: in a scaled case cotangents are multiplied, and graphs are kept."""
        if self.recorder.busy or self.transforms.scale == 1.0:
            return roots, weights, retain
        given = zip_longest(listed(roots), listed(weights))
        pairs = [scaled(root, weight, self.transforms.scale) for root, weight in given]
        return tuple(root for root, _ in pairs), tuple(weight for _, weight in pairs), True

    def _batched(self, call: Callable[[], Any], outputs: Any, inputs: Any) -> Any:
        """All rows at once: a transform rather than a pass."""
        with self.transforms.derivative("batched_grad") as seen:
            self.transforms.look_inside_before("grad", listed(outputs), inputs)
            self._of_a_gradient([root for root in listed(outputs) if isinstance(root, torch.Tensor)])
            result = call()
            seen.update(function=None, inputs=inputs, result=result[0] if len(result) == 1 else result)
        return result

    @guarded
    def _of_a_gradient(self, roots: list[torch.Tensor]) -> None:
        self._goes_through(roots)

    def _goes_through(self, roots: list[torch.Tensor]) -> None:
        if not any(is_wrapped(root) for root in roots):
            self.transforms.went_through(2 if any(node in self.made for node in walk(roots)[0]) else 1)

    def _watch_hooks(self) -> None:
        """Passes of our own would fill retained gradients and run hooks: the first are put back, the second avoided."""
        retain = torch.Tensor.retain_grad

        @functools.wraps(retain)
        def watched_retain(tensor: torch.Tensor) -> None:
            retain(tensor)
            self.transforms.retained.append(tensor)

        replace(torch.Tensor, retain_grad=watched_retain)
        for name in ("register_hook", "register_post_accumulate_grad_hook"):
            replace(torch.Tensor, **{name: self._hooking(getattr(torch.Tensor, name))})

    def _hooking(self, real: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(real)
        def watched(*args: Any, **kwargs: Any) -> Any:
            self.transforms.hooked = True
            return real(*args, **kwargs)

        return watched

    @guarded
    def _before(self, call: str, roots: Any, weights: Any, inputs: Any, retain: Any, create: Any) -> _Watched | None:
        self.recorder.derivatives += 1
        self.recorder.locate()
        self.count += 1
        roots, weights = listed(roots), listed(weights)
        if self.recorder.nesting:
            self.transforms.look_inside(call, roots, inputs)
        tensors = [r for r in roots if isinstance(r, torch.Tensor)]
        if self.recorder.nesting:
            self._goes_through(tensors)
        if not tensors or any(is_wrapped(t) for t in [*tensors, *weights] if isinstance(t, torch.Tensor)):
            return None
        if self.count > MAX_PASSES:
            return None
        self.before_each()
        nodes, leaves = walk(tensors)
        asked = [t for t in listed(inputs) if isinstance(t, torch.Tensor)]
        leaves = asked or leaves
        inner = [node for node in nodes if not hasattr(node, "variable")]
        watched = _Watched(call, leaves, inner, tensors, Summary(inner, tensors, weights, leaves))
        if self.transforms.retained and not asked:
            watched.kept = self._retained_in(set(inner))
        watched.fields = self._pass_fields(watched, weights, retain, create)
        return watched

    def _pass_fields(self, watched: _Watched, weights: list[Any], retain: Any, create: Any) -> dict[str, Any]:
        roots, inner, leaves = watched.roots, watched.inner, watched.leaves
        graph, seed, references = self._reference_of(roots[0], weights, leaves)
        watched.summary.start = (graph, seed)
        repeat, rebuilt = self._same_graph(watched.summary)
        return {
            "call": watched.call,
            "within": self.recorder.nesting[0] if self.recorder.nesting else "",
            "root": watched.summary.roots[0],
            "recorded": any(root.grad_fn is not None or root.requires_grad for root in roots),
            "weights": as_array(weights[0]) if weights and weights[0] is not None else None,
            "ops": watched.summary.ops,
            "inner": [[op(node), as_array(saved)] for node, saved in saved_selves(inner)],
            "retain": bool(retain),
            "create": bool(create),
            "repeat_of": repeat,
            "rebuilt_of": rebuilt,
            "of": next((self.made[node] for node in inner if node in self.made), -1),
            "graph": graph,
            "seed": seed,
            "leaves": [self._leaf(leaf, watched.call, references) for leaf in leaves[:MAX_LEAVES]],
            "retained": [self._leaf(inner, watched.call, {}) for inner in watched.kept],
        }

    def _retained_in(self, nodes: set[Node]) -> list[torch.Tensor]:
        return [tensor for tensor in self.transforms.retained if tensor.grad_fn in nodes][:MAX_LEAVES]

    def _leaf(self, leaf: torch.Tensor, call: str, references: References) -> dict[str, Any]:
        self.idents.setdefault(id(leaf), leaf)
        before = leaf.grad if call == "backward" and (leaf.is_leaf or leaf.retains_grad) else None
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
            self._after(watched, said(error)[:1000] or type(error).__name__)
            raise
        self._after(watched, "")

    @guarded
    def _after(self, watched: _Watched | None, error: str) -> None:
        if watched is None:
            return
        results = listed(watched.results) if watched.call == "grad" and not error else None
        left = [_gradient(leaf) for leaf in watched.leaves] if results is None else results
        for after, fields in zip(left, watched.fields["leaves"], strict=False):
            fields["after"] = as_array(after) if after is not None else None
        for inner, fields in zip(watched.kept, watched.fields["retained"], strict=True):
            fields["after"] = as_array(inner.grad) if inner.grad is not None else None
        if len(self.passes) < MAX_KEPT:
            self.passes.append(watched.summary)
            self.alike[watched.summary.likeness] = len(self.passes) - 1
            if not error:
                self.owner.update(dict.fromkeys(watched.summary.nodes, len(self.passes) - 1))
                ends = [g.grad_fn for g in left if isinstance(g, torch.Tensor) and g.grad_fn is not None]
                self.made.update(dict.fromkeys(ends, len(self.passes) - 1))
        self.recorder.send("pass", error=error, number=len(self.passes) - 1, **watched.fields)

    def _same_graph(self, summary: "Summary") -> tuple[int, int]:
        """(repeat_of, rebuilt_of): numbers of earlier passes, or −1."""
        shared = {self.owner[node] for node in summary.nodes if node in self.owner}
        for number in sorted(shared, reverse=True):
            if self.passes[number].repeats(summary):
                return number, -1
        number = self.alike.get(summary.likeness, -1) if not shared else -1
        is_near = number > max(-1, len(self.passes) - NEAR)
        return -1, number if is_near and self.passes[number].rebuilt_as(summary) else -1

    def _reference_of(
        self, root: torch.Tensor, weights: list[Any], leaves: list[torch.Tensor]
    ) -> tuple[int, MaybeArray, References]:
        """(number of the graph, v of the pass as seen from its core, {leaf id: Jacobian of the core})."""
        core = core_of(root)
        if core is None or self.recorder.nesting or self.transforms.hooked or not self._is_worth_it(root, core):
            return -1, None, {}
        with undisturbed(self.transforms.retained):
            if core.node not in self.cores:
                self.cores[core.node] = (len(self.cores), self._rows(core, leaves))
            number, references = self.cores[core.node]
            seed = self._seed_of(root, weights, core) if references else None
        return number, seed, references

    def _is_worth_it(self, root: torch.Tensor, core: GradientEdge) -> bool:
        """A sum over all outputs is no row; only the first few of those are looked at."""
        if core.node in self.cores:
            return True
        if is_sum_of_all(root, core):
            self.summed += 1
        return self.summed <= MAX_SUMMED and len(self.cores) < MAX_REFERENCES

    def _rows(self, core: GradientEdge, leaves: list[torch.Tensor]) -> References:
        shape, dtype = output_of(core)
        count = math.prod(shape)
        small = [leaf for leaf in leaves if 1 <= leaf.numel() <= MAX_CORE and leaf.requires_grad]
        if not 2 <= count <= MAX_CORE or not small or sum(leaf.numel() for leaf in small) < 2:
            return {}
        columns: dict[int, list[Array]] = {id(leaf): [] for leaf in small}
        try:
            for one_hot in torch.eye(count, dtype=dtype).reshape(count, *shape).unbind():
                grads = pull_back([core], small, [one_hot])
                for leaf, grad in zip(small, grads, strict=True):
                    columns[id(leaf)].append(row_of(grad, leaf))
        except RuntimeError:  # the graph is gone already, or it cannot be differentiated: then there is no reference
            return {}
        return {ident: np.stack(rows) for ident, rows in columns.items()}

    def _seed_of(self, root: torch.Tensor, weights: list[Any], core: GradientEdge) -> MaybeArray:
        if root.grad_fn is None or root.grad_fn is core.node:
            given = weights[0] if weights else None
            return as_array(given) if given is not None else np.ones(tuple(root.shape))
        try:
            start = weights[0] if weights and weights[0] is not None else torch.ones_like(root)
            (seed,) = pull_back([GradientEdge(root.grad_fn, root.output_nr)], [core], [start])
            return as_array(seed) if seed is not None else None
        except RuntimeError:
            return None


def _gradient(leaf: torch.Tensor) -> torch.Tensor | None:
    return leaf.grad if leaf.is_leaf or leaf.retains_grad else None
