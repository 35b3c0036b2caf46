"""Reading autograd's graph: nodes, leaves, operations, and when two passes are the same one."""

import contextlib
import functools
import math
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, cast

import numpy as np
import torch
from torch.autograd.graph import GradientEdge, Node

from autograder.worker.arrays import Array, MaybeArray, as_array

MAX_NODES = 4000  # of a graph that is walked
MAX_CORE = 64  # outputs, and inputs, of what a Jacobian is worked out of
PASS_THROUGH = frozenset("Sum Mean Select Squeeze Unsqueeze View UnsafeView ReshapeAlias Alias Clone Unbind".split())


class Summary:
    """What is remembered of a pass, to know it again."""

    def __init__(
        self, inner: list[Node], roots: list[torch.Tensor], weights: list[Any], leaves: list[torch.Tensor]
    ) -> None:
        self.nodes = frozenset(inner)
        self.roots = [as_array(root) for root in roots]
        self.weights = [_weights(root, weight) for root, weight in zip_longest(roots, weights[: len(roots)])]
        self.start: tuple[int, MaybeArray] = (-1, None)  # number of the core, and v as seen from it
        self.ops = dict(Counter(map(op, inner)))  # a Counter compares in Python, and each pass with many others
        self.first = inner[:20]
        self.leaves = {id(leaf) for leaf in leaves}

    @functools.cached_property
    def settings(self) -> dict[Node, list[tuple[str, object]]]:
        """Of the first nodes, asked for where passes resemble one another: plain numbers outlive a pass."""
        return {node: _settings(node) for node in self.first}

    def repeats(self, other: "Summary") -> bool:
        """The same roots with the same weights over the same nodes; what is new on top may be a sum of its own."""
        if self.same_seed(other):
            return True
        mine, theirs = self.nodes - other.nodes, other.nodes - self.nodes
        on_top = sorted(map(op, mine)) == sorted(map(op, theirs)) and set(map(op, theirs)) <= PASS_THROUGH
        settings = _among(self.settings, mine) == _among(other.settings, theirs)
        return on_top and settings and self.same_start(other)

    def same_seed(self, other: "Summary") -> bool:
        """vᵀJ of the same core with the same v, however it was said: a sum, weights of ones."""
        (core, mine), (other_core, theirs) = self.start, other.start
        return core == other_core >= 0 and mine is not None and theirs is not None and np.array_equal(mine, theirs)

    @functools.cached_property
    def likeness(self) -> Hashable:
        """Where it is another, `rebuilt_as` is False: to find the one pass among many that this may be, anew."""
        return frozenset(self.ops.items()), frozenset(self.leaves), *map(_bits, [*self.roots, *self.weights])

    def rebuilt_as(self, other: "Summary") -> bool:
        return self.ops == other.ops and self.leaves == other.leaves and self.same_start(other)

    def same_start(self, other: "Summary") -> bool:
        return _all_equal(self.roots, other.roots) and _all_equal(self.weights, other.weights)


def scaled(root: Any, weight: Any, scale: float) -> tuple[Any, Any]:
    """(root, weight) of a pass whose cotangents are `scale` times as large.

    A root that needs weights and got none goes on to its own error.
    """
    if isinstance(weight, torch.Tensor):
        return root, weight * scale if weight.is_floating_point() else weight.to(torch.get_default_dtype()) * scale
    is_number = isinstance(root, torch.Tensor) and root.numel() == 1 and root.is_floating_point()
    if weight is not None or not is_number or not root.requires_grad:
        return root, weight
    with recording():  # a weight would say the same, and have torch import SymPy; a product may be what is swapped
        return torch.add(root, root, alpha=scale - 1), None


def pull_back(outputs: Sequence[GradientEdge], inputs: Sequence[Any], weights: Sequence[torch.Tensor]) -> Any:
    """vᵀJ of a graph that is kept, None for inputs that it does not lead to: the engine under torch.autograd.grad.

    Asked directly, because `grad` imports SymPy, half a second, when it is given weights. Raises RuntimeError.
    """
    engine = torch.autograd.Variable._execution_engine
    options = {"allow_unreachable": True, "accumulate_grad": False}
    return engine.run_backward(tuple(outputs), tuple(weights), True, False, tuple(inputs), **options)


def _weights(root: torch.Tensor, weight: Any) -> MaybeArray:
    """No weights are weights of ones."""
    return np.ones(tuple(root.shape)) if weight is None else as_array(weight)


def _all_equal(mine: Sequence[MaybeArray], theirs: Sequence[MaybeArray]) -> bool:
    pairs = zip(mine, theirs, strict=False)
    return len(mine) == len(theirs) and all(a is not None and b is not None and np.array_equal(a, b) for a, b in pairs)


def _bits(array: MaybeArray) -> Hashable:
    """The same for equal numbers, of whatever type; −0 is 0."""
    if array is None:
        return None
    if array.size == 1:
        return array.shape, array.item()
    wide = array.astype(np.complex128 if array.dtype.kind == "c" else np.float64) + 0.0
    return array.shape, hash(wide.tobytes())


def _among(settings: Mapping[Node, object], nodes: frozenset[Node]) -> list[str]:
    return sorted(str(value) for node, value in settings.items() if node in nodes)


def _settings(node: Node) -> list[tuple[str, object]]:
    """The plain numbers that a node saved, such as the index of a select."""
    values = ((name, _saved(node, name)) for name in _names_of_saved(type(node)))
    return [(name, value) for name, value in values if isinstance(value, int | float | tuple | str)]


@functools.cache
def _names_of_saved(kind: type[Node]) -> list[str]:
    """Those that are no tensors: a tensor has a raw form as well, and taking it out of its node costs time."""
    names = frozenset(dir(kind))
    return [name for name in sorted(names) if name.startswith("_saved_") and f"_raw{name}" not in names]


def _saved(node: Node, name: str) -> Any:
    """What a node kept for its backward; None if it keeps no such thing, or a pass has freed it."""
    try:
        return getattr(node, name, None)
    except RuntimeError:
        return None


def op(node: Node) -> str:
    """SinBackward0 → Sin."""
    return node.name().partition("Backward")[0].rpartition("::")[2]


def walk(roots: list[torch.Tensor]) -> tuple[list[Node], list[torch.Tensor]]:
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


def saved_selves(inner: list[Node]) -> list[tuple[Node, torch.Tensor]]:
    """(node, x) for the first nodes that kept what they were applied to: sin's x, log's x."""
    found: list[tuple[Node, torch.Tensor]] = []
    for node in inner[:200]:
        kept = _saved(node, "_saved_self") if len(found) < 4 else None
        if isinstance(kept, torch.Tensor):
            found.append((node, kept))
    return found


def core_of(root: torch.Tensor) -> GradientEdge | None:
    """The edge of the graph's first output that is no single number; None without one."""
    if root.grad_fn is None:
        return None
    edge = GradientEdge(root.grad_fn, root.output_nr)
    while _size_of(edge) == 1 or _is_mask(edge.node):
        following = [(node, number) for node, number in edge.node.next_functions if node is not None]
        through = op(edge.node) in PASS_THROUGH or _is_mask(edge.node)
        if len(following) != 1 or not through or hasattr(following[0][0], "variable"):
            return None
        edge = GradientEdge(*following[0])
    return edge


def is_sum_of_all(root: torch.Tensor, core: GradientEdge) -> bool:
    """Nothing but sums and means stand between the core and the root."""
    node = root.grad_fn
    while node is not None and node is not core.node:
        if op(node) not in ("Sum", "Mean"):
            return False
        node = next((following for following, _ in node.next_functions if following is not None), None)
    return root.grad_fn is not core.node


def _is_mask(node: Node) -> bool:
    """A product with constants of which one is not zero: it selects an output."""
    if op(node) != "Mul" or sum(pair[0] is not None for pair in node.next_functions) != 1:
        return False
    kept = [_saved(node, name) for name in ("_saved_self", "_saved_other")]
    return any(isinstance(t, torch.Tensor) and t.numel() > 1 and int(torch.count_nonzero(t)) == 1 for t in kept)


def output_of(edge: GradientEdge) -> tuple[tuple[int, ...], torch.dtype]:
    metadata = edge.node._input_metadata[edge.output_nr]
    return tuple(metadata.shape), metadata.dtype


def _size_of(edge: GradientEdge) -> int:
    return math.prod(output_of(edge)[0])


def row_of(grad: torch.Tensor | None, leaf: torch.Tensor) -> Array:
    return np.zeros(leaf.numel()) if grad is None else cast(Array, as_array(grad)).reshape(-1)  # no leaf here is large


@contextlib.contextmanager
def undisturbed(retained: Sequence[torch.Tensor]) -> Iterator[None]:
    """Passes of ours over a student's graph: recorded, and gradients that tensors retained are put back afterwards."""
    kept = [(tensor, tensor.grad) for tensor in retained]
    try:
        with recording():
            yield
    finally:
        for tensor, grad in kept:
            tensor.grad = grad


def recording() -> contextlib.AbstractContextManager[object]:
    """Autograd records, as it mostly does anyway."""
    if torch.is_grad_enabled() and not torch.is_inference_mode_enabled():
        return contextlib.nullcontext()
    return _recording()


@contextlib.contextmanager
def _recording() -> Iterator[None]:
    with torch.inference_mode(False), torch.enable_grad():
        yield
