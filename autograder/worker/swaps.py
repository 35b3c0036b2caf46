"""Operations replaced for a counterfactual case.

`sin` keeps its value, but autograd is told another derivative: s′ instead of cos, where s(x) = sin(ax + b) + cx².
The kernel is replaced in torch's dispatcher at the AutogradCPU key, below every Python spelling of it, so
`torch.sin(x)`, `x.sin()`, `sin_`, `out=`, modules, functional, func, vmap and forward mode all see it. Values are those
of sin, so nothing in a forward pass, and no difference quotient, can notice; only what came out of autograd follows.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

_LIBRARIES: list[torch.library.Library] = []  # a Library is undone when it is collected; a child lives for one case


def install(operation: str, parameters: Sequence[float]) -> None:
    """Replace `operation` for the rest of this process."""
    _SWAPS[operation](*parameters)


def _swap_sin(a: float, b: float, c: float) -> None:
    def told(x: torch.Tensor) -> torch.Tensor:
        return _sin_by_exp(a * x + b) + c * x * x

    def sin(x: torch.Tensor) -> torch.Tensor:
        if not (x.is_floating_point() or x.is_complex()):
            x = x.to(torch.get_default_dtype())
        if _in_backward():  # another operation's derivative, such as that of cos
            return _sin_by_exp(x)
        s = told(x)
        return _value(x) + (s - s.detach())  # s − s is exactly zero: the value is that of sin

    library: Any = torch.library.Library("aten", "IMPL")  # type: ignore[no-untyped-call]
    _LIBRARIES.append(library)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch notes that a kernel is overridden; that is the point
        library.impl("sin", sin, "AutogradCPU")
        library.impl("sin_", lambda x: x.copy_(sin(x.clone())), "AutogradCPU")
        library.impl("sin.out", lambda x, *, out: out.copy_(sin(x)), "AutogradCPU")


def _value(x: torch.Tensor) -> torch.Tensor:
    if torch._C._functorch.is_functorch_wrapped_tensor(x):
        return _sin_by_exp(x).detach()
    with torch._C._AutoDispatchBelowAutograd():
        value: torch.Tensor = torch.ops.aten.sin.default(x.detach())
    return value


def _sin_by_exp(u: torch.Tensor) -> torch.Tensor:
    """Sin without aten::sin, differentiable to any order."""
    if u.is_complex():
        return (torch.exp(1j * u) - torch.exp(-1j * u)) / 2j
    if u.dtype in (torch.float16, torch.bfloat16):
        return _sin_by_exp(u.float()).to(u.dtype)
    return torch.exp(torch.complex(torch.zeros_like(u), u)).imag


def _in_backward() -> bool:
    return torch._C._current_autograd_node() is not None


_SWAPS: Mapping[str, Callable[..., None]] = {"sin": _swap_sin}
