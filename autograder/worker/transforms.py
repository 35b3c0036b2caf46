"""Behind the functional and func transforms, forward mode and batched passes.

Nested transforms (`vmap(grad(f))`) count as one derivative, the outermost. Its reference is the Jacobian of the plain
function at the same point, by one-hot passes.
"""

import contextlib
import functools
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch.utils._pytree import tree_map

from autograder.worker.arrays import MaybeArray, as_array, is_wrapped, listed, parts_of
from autograder.worker.graphs import MAX_CORE, recording, row_of, undisturbed
from autograder.worker.recorder import Recorder, guarded, replace


@dataclass
class _Inside:
    """What the outermost transform told us on the way."""

    recording: bool
    names: list[str] = field(default_factory=list)  # of the transforms and passes, outermost first
    depth: int = 0
    reference: MaybeArray = None
    pointed: bool = False  # a transform of a function is known: that function and the point
    function: Any = None
    point: Any = None


class Transforms:
    """The derivatives of one run that are no plain passes."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.engine: Callable[..., Any] = torch.autograd.grad  # as it is before anybody stands behind it
        self.forget()

    def forget(self) -> None:
        """Nothing of an earlier run is left."""
        self.inside: _Inside | None = None
        self.retained: list[torch.Tensor] = []  # tensors that were asked to keep their gradient
        self.hooked = False  # a hook of the student's would run in passes of ours as well
        self.scale = 1.0  # of every cotangent, and of every tangent that forward mode brings

    def watch(self) -> None:
        """Get behind all of them."""
        self._watch_functional()
        self._watch_func()
        self._watch_forward_mode()
        self._watch_checks()

    def _watch_functional(self) -> None:
        for name in ("jacobian", "hessian", "vjp", "jvp", "vhp", "hvp"):
            real = getattr(torch.autograd.functional, name)
            setattr(torch.autograd.functional, name, self._functional(name, real))

    def _functional(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(real)
        def watched(func: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
            with self.derivative(f"functional.{name}") as call:
                result = real(func, inputs, *args, **kwargs)
                derivative = result if name in ("jacobian", "hessian") else result[1]  # the others give the value first
                v = args[0] if args and name in ("vjp", "jvp", "vhp", "hvp") else kwargs.get("v")
                call.update(function=func, inputs=inputs, result=derivative, direction=v)
            return result

        return watched

    def _watch_func(self) -> None:
        for name in ("jacrev", "jacfwd", "grad", "grad_and_value", "hessian", "vmap"):
            watched = self._transform(name, getattr(torch.func, name))
            setattr(torch.func, name, watched)
            if name == "vmap":
                replace(torch, vmap=watched)
        self._watch_vjp()
        replace(torch.func, jvp=self._jvp(torch.func.jvp))

    def _transform(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(real)
        def watched(func: Any, *args: Any, **kwargs: Any) -> Any:
            transformed = real(func, *args, **kwargs)

            def call_it(*inputs: Any, **named: Any) -> Any:
                with self.derivative(name) as call:
                    result = transformed(*inputs, **named)
                    result = (
                        self._scaled(result) if name in ("jacfwd", "hessian") else result
                    )  # a Hessian is one inside
                    derivative = result[0] if name == "grad_and_value" else result
                    call.update(function=func, inputs=_only(inputs), result=derivative)
                return result

            return functools.wraps(func)(call_it) if hasattr(func, "__name__") else call_it

        return watched

    def _watch_vjp(self) -> None:
        real = torch.func.vjp

        @functools.wraps(real)
        def watched(func: Any, *primals: Any, **kwargs: Any) -> Any:
            outputs, pull, *rest = real(func, *primals, **kwargs)

            def watched_pull(*cotangents: Any, **named: Any) -> Any:
                with self.derivative("vjp") as call:
                    result = pull(*cotangents, **named)
                    call.update(function=func, inputs=_only(primals), result=_only(result), direction=_only(cotangents))
                return result

            return (outputs, watched_pull, *rest)

        replace(torch.func, vjp=watched)

    def _jvp(self, real: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(real)
        def watched(func: Any, primals: Any, tangents: Any, **kwargs: Any) -> Any:
            with self.derivative("jvp") as call:
                value, tangent, *rest = real(func, primals, tangents, **kwargs)
                tangent = self._scaled(tangent)
                call.update(function=func, inputs=_only(primals), result=tangent, direction=tangents[0])
            return (value, tangent, *rest)

        return watched

    def _scaled(self, result: Any) -> Any:
        if self.scale == 1.0:
            return result
        return tree_map(lambda leaf: leaf * self.scale if isinstance(leaf, torch.Tensor) else leaf, result)

    def _watch_checks(self) -> None:
        """gradcheck runs hundreds of passes that are nobody's answer."""
        for name in ("gradcheck", "gradgradcheck"):
            replace(torch.autograd, **{name: self._checked(getattr(torch.autograd, name))})

    def _checked(self, real: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(real)
        def watched(*args: Any, **kwargs: Any) -> Any:
            with self.derivative("gradcheck"):
                return real(*args, **kwargs)

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
            if result.tangent is not None and not self.recorder.nesting:
                result = result._replace(tangent=self._scaled(result.tangent))
                with self.derivative("forward_ad") as call:
                    call.update(function=None, result=result.tangent, **last)
            return result

        replace(module, make_dual=watched_make, unpack_dual=watched_unpack)

    @contextlib.contextmanager
    def derivative(self, name: str) -> Iterator[dict[str, Any]]:
        """Collect a call; when it was the outermost one, record it."""
        if self.recorder.busy:
            yield {}
            return
        outermost = not self.recorder.nesting
        if outermost or self.inside is None:
            self.inside = _Inside(recording=not torch.is_inference_mode_enabled())
        inside = self.inside
        inside.names.append(name)
        self.recorder.derivatives += 1
        self.recorder.nesting.append(name)
        inside.depth = max(inside.depth, sum(_TIMES.get(nested, 1) for nested in self.recorder.nesting))
        call: dict[str, Any] = {}
        try:
            yield call
        finally:
            self.recorder.nesting.pop()
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
        inputs = [as_array(t) for t in listed(call.get("inputs"))[:4] if isinstance(t, torch.Tensor)]
        self.recorder.send(
            "derivative",
            names=inside.names[:20],
            inputs=inputs,
            result=as_array(call["result"]),
            parts=parts_of(call["result"], also_equal=True),
            direction=as_array(call.get("direction")),
            reference=reference,
            recording=inside.recording,
            depth=inside.depth,
        )

    def _reference_by_function(self, call: dict[str, Any], inside: _Inside) -> MaybeArray:
        """The Jacobian of the plain function at the same point, by one-hot passes; of a Hessian, the gradient's."""
        function, inputs = call.get("function"), call.get("inputs")
        if inside.names[0] == "vmap":
            function, inputs = inside.function, inside.point
        inputs = [t for t in listed(inputs) if isinstance(t, torch.Tensor)]
        if function is None or not inputs or any(is_wrapped(t) or t.numel() > MAX_CORE for t in inputs):
            return None
        with recording(), torch.random.fork_rng(devices=[]), contextlib.redirect_stdout(io.StringIO()):
            try:
                leaves = [t.detach().clone().requires_grad_() for t in inputs]
                output = function(*leaves)
                if inside.names[0] in _OF_A_GRADIENT:
                    output = torch.cat([g.reshape(-1) for g in self.engine([output], leaves, create_graph=True)])
                return self._stacked(output, leaves)
            except Exception:  # noqa: BLE001  the function is the student's
                return None

    def _stacked(self, output: Any, leaves: list[torch.Tensor]) -> MaybeArray:
        """The Jacobian; NaN throughout if the output does not depend on the leaves at all."""
        if not isinstance(output, torch.Tensor) or not 1 <= output.numel() <= MAX_CORE:
            return None
        if output.grad_fn is None:
            return np.full((output.numel(), sum(leaf.numel() for leaf in leaves)), np.nan)
        rows, used = [], False
        for entry in output.reshape(-1):
            grads = self.engine([entry], leaves, retain_graph=True, allow_unused=True)
            used = used or any(grad is not None for grad in grads)
            rows.append(np.concatenate([row_of(g, leaf) for g, leaf in zip(grads, leaves, strict=True)]))
        return np.stack(rows) if used else np.full_like(rows, np.nan)

    def went_through(self, times: int) -> None:
        """A pass in a transform differentiated so many times."""
        if self.inside is not None:
            self.inside.depth = max(self.inside.depth, times)

    @guarded
    def look_inside_before(self, call: str, roots: list[Any], inputs: Any) -> None:
        """As `look_inside`, for a call that is about to free its graph."""
        self.look_inside(call, roots, inputs)

    def look_inside(self, call: str, roots: list[Any], inputs: Any) -> None:
        """A pass in a transform, such as vmap over v ↦ grad(y, x, v): the reference is that of its root and leaf."""
        if self.inside is None:
            return
        self.inside.names.append(call)
        leaves = [t for t in listed(inputs) if isinstance(t, torch.Tensor)]
        plain = roots and leaves and not any(map(is_wrapped, (roots[0], leaves[0])))
        if self.inside.reference is None and plain and not self.hooked:
            with undisturbed(self.retained), contextlib.suppress(RuntimeError):
                self.inside.reference = self._stacked(roots[0], leaves[:1])


_OF_A_GRADIENT = ("hessian", "functional.hessian", "functional.vhp", "functional.hvp")
_TIMES = {  # how often a transform differentiates, if not once; what passes inside it do is counted by themselves
    "vmap": 0,
    "batched_grad": 0,
    "gradcheck": 0,
    "functional.hessian": 0,
    "hessian": 2,
    "functional.vhp": 2,
    "functional.hvp": 2,
}


def _only(values: Any) -> Any:
    """The one of a tuple of one."""
    return values[0] if isinstance(values, tuple) and len(values) == 1 else values
