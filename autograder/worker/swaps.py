"""Operations replaced for a counterfactual case.

Theory of operation. A swapped operation keeps its value, but autograd is told another derivative: of sin, s′ instead of
cos, where s(x) = sin(ax + b) + cx²; of every other operation, its own derivative k times. Nothing in a forward pass and
no difference quotient can notice; only what came out of autograd follows. One factor, and no curve, because then 2/x is
told the same as (1/x) · 2: what is told does not depend on how a student spells the operation.

The kernel is replaced in torch's dispatcher at the AutogradCPU key, below every Python spelling, so that functions,
methods, operators, modules, functional, func, vmap, forward mode and TorchScript all see it. Torch registers its own
autograd kernel for all backends alike, so the original is still there under the key AutogradOther; from there it goes
on to the CPU as always. That is how the replacement computes with the true operation.

The replacement of f at x returns y − (s − s), where y = f(x) is detached, s is what autograd is told of, and the first
s is detached as well. The bracket is exactly +0, so that y is kept bit for bit, −0 included. What the replacement does
itself it does `inside`: there the operation is the true one, also at the outer levels of a nested transform, which are
told of s and must not be told of f on top. It is the true one in a backward pass as well, where it belongs to the
derivative of another operation.

Variants with out= are as they were, because autograd refuses them. What does not reach these kernels does not follow:
fused and foreach kernels (addcmul, lerp, prod, softmax, attention, convolution, _foreach_…), sparse tensors, and what
checkpointing computes again in a backward pass. In forward mode nothing tells the derivative formula of another
operation from the student's own call: its value is right, and a derivative of it (of cos, in jacrev(jacfwd(sin))) is
the one that was told.
"""

import contextlib
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

import torch

Kernel = Callable[..., torch.Tensor]
Keys = Any  # torch._C.DispatchKeySet, which has no types

_OTHER = torch._C.DispatchKeySet(torch._C.DispatchKey.AutogradOther)
_LIBRARIES: list[Any] = []  # that are installed: a torch.library.Library is undone when it is collected


class Inside(threading.local):
    """Whether this thread is in a replacement, where the operation is the true one."""

    now = False

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        self.now = True
        try:
            yield
        finally:
            self.now = False


@dataclass(frozen=True)
class Swap:
    """A row of the table. The names are those of aten's overloads, which all spellings of the operation end in."""

    names: str
    in_place: str = ""
    added: str = ""  # overloads that add the product of their second and third arguments to the first
    told: Callable[..., Kernel] = lambda factor: partial(_scaled, factor)  # parameters → (original, y, *arguments) → s


def install(operation: str, parameters: Sequence[float]) -> None:
    """Replace `operation` until `restore` is called."""
    swap, inside, library = SWAPS[operation], Inside(), _library()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch notes that a kernel is overridden; that is the point
        for name in swap.names.split():
            _impl(library, name, _replacement(_overload(name), swap.told(*parameters), inside))
        for name in swap.added.split():
            told = partial(_scaled_product, parameters[0])
            _impl(library, name, _replacement(_overload(name), told, inside))
        for name in swap.in_place.split():
            _impl(library, name, _in_place(_overload(name)))


def restore() -> None:
    """Every operation is what it was."""
    while _LIBRARIES:
        _LIBRARIES.pop()._destroy()


def _library() -> Any:
    library = torch.library.Library("aten", "IMPL")  # type: ignore[no-untyped-call]
    _LIBRARIES.append(library)
    return library


def _impl(library: Any, name: str, kernel: Kernel) -> None:
    library.impl(name, kernel, "AutogradCPU", with_keyset=True)


def _overload(name: str) -> Any:
    packet, _, overload = name.partition(".")
    return getattr(getattr(torch.ops.aten, packet), overload or "default")


def _replacement(overload: Any, told: Kernel, inside: Inside) -> Kernel:
    def replacement(keys: Keys, *args: Any, **kwargs: Any) -> torch.Tensor:
        original = partial(_original, overload, keys)
        if inside.now or _in_backward():
            return original(*args, **kwargs)
        with inside.entered():
            y = original(*args, **kwargs)
            return _told_of(y, told(original, y, *args, **kwargs)) if _has_derivative(y) else y

    return replacement


def _original(overload: Any, keys: Keys, *args: Any, **kwargs: Any) -> torch.Tensor:
    """Torch's own autograd kernel, and all that comes below it."""
    declared, arguments = _as_declared(overload, args)
    y: torch.Tensor = declared.redispatch((keys & torch._C._after_autograd_keyset) | _OTHER, *arguments, **kwargs)
    return y


def _as_declared(overload: Any, args: Sequence[Any]) -> tuple[Any, Sequence[Any]]:
    """The 2 of x * 2 was a tensor that remembers it is a number, and reaches us as the number: once more for torch."""
    if all(isinstance(x, torch.Tensor) for x in args):
        return overload, args
    wanted = [str(argument.type) for argument in overload._schema.arguments]
    numbers = [i for i, x in enumerate(args) if wanted[i] == "Tensor" and isinstance(x, bool | int | float | complex)]
    if numbers == [1]:
        before, _, after = overload._overloadname.rpartition("Tensor")
        return getattr(overload.overloadpacket, f"{before}Scalar{after}"), args
    kind = torch.result_type(*args[:2]) if numbers else None
    return overload, [torch.scalar_tensor(x, dtype=kind) if i in numbers else x for i, x in enumerate(args)]


def _told_of(y: torch.Tensor, s: torch.Tensor) -> torch.Tensor:
    """The value of y with the derivatives of s."""
    s = s if s.is_complex() else s.nan_to_num()  # ∞ − ∞ would spoil the value; log 0 has no derivative to tell
    return y.detach() - (s.detach() - s)


def _has_derivative(y: torch.Tensor) -> bool:
    return y.layout is torch.strided and (y.is_floating_point() or y.is_complex())


def _in_place(overload: Any) -> Kernel:
    """Out of place on a copy, and back: the copy keeps the old value for the backward pass."""
    out_of_place = getattr(torch.ops.aten, overload._schema.name.removeprefix("aten::").removesuffix("_"))

    def replacement(keys: Keys, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        y = out_of_place(x.clone(), *args, **kwargs)
        if y.shape != x.shape or not torch.can_cast(y.dtype, x.dtype):
            return _original(overload, keys, x, *args, **kwargs)  # raises what torch raises
        return x.copy_(y)

    return replacement


def _in_backward() -> bool:
    return torch._C._current_autograd_node() is not None


def _scaled(factor: float, original: Kernel, y: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
    return _times(factor, y)


def _scaled_product(
    factor: float,
    original: Kernel,
    y: torch.Tensor,
    added: torch.Tensor,
    left: torch.Tensor,
    right: torch.Tensor,
    *,
    beta: float = 1,
    alpha: float = 1,
) -> torch.Tensor:
    """The product factor times, what it is added to once: a bias has no part in the swap."""
    return y + _times((factor - 1) * alpha, left @ right)


def _shifted_sine(a: float, b: float, c: float, original: Kernel, y: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    inner = _times(a, x) + torch.scalar_tensor(b, dtype=y.dtype)
    return original(inner) + _times(c, x * x)


def _times(factor: float, x: torch.Tensor) -> torch.Tensor:
    """In the type of x: forward mode of torch makes the derivative of a single number double if it meets a float."""
    return x * torch.scalar_tensor(factor, dtype=x.dtype if x.is_floating_point() or x.is_complex() else None)


SWAPS: Mapping[str, Swap] = MappingProxyType(
    {
        "sin": Swap("sin", "sin_", told=lambda a, b, c: partial(_shifted_sine, a, b, c)),
        "cos": Swap("cos", "cos_"),
        "exp": Swap("exp", "exp_"),
        "log": Swap("log", "log_"),
        "sqrt": Swap("sqrt", "sqrt_"),
        "tanh": Swap("tanh", "tanh_"),
        "sigmoid": Swap("sigmoid", "sigmoid_"),
        "pow": Swap("pow.Tensor_Scalar pow.Tensor_Tensor pow.Scalar", "pow_.Scalar pow_.Tensor"),
        "mul": Swap("mul.Tensor mul.Scalar", "mul_.Tensor mul_.Scalar"),
        "div": Swap(
            "div.Tensor div.Scalar div.Tensor_mode div.Scalar_mode reciprocal",  # 1 / x is a reciprocal
            "div_.Tensor div_.Scalar div_.Tensor_mode div_.Scalar_mode reciprocal_",
        ),
        "matmul": Swap("mm mv dot vdot bmm", added="addmm addmv baddbmm", in_place="addmm_ addmv_ baddbmm_"),
    }
)
