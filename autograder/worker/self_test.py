"""Whether a swap works on the torch that is installed.

Overriding a kernel of torch's own is public, and seldom done: a release may change what it means. Where a swap does not
work, honest gradients would not follow, and every honest student would lose points. So it is tried out, in a child
that is forked for nothing else, on gradients that are known in closed form. Transforms are tried where the server has
loaded what they need: it has, unless it serves a few submissions that mention none.
"""

import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import torch

POINTS = (0.3, 0.8, 1.7)
STEP = 1e-5  # of a difference quotient in float64
Function = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Example:
    """A function, entry by entry, in which the operation occurs once on every path, and its slope."""

    function: Function
    slope: Callable[[float], float]


def self_test(operation: str, parameters: Sequence[float]) -> str:
    """What does not hold in this process, where `swaps.install(operation, parameters)` was called; "" if it works.

    Never raises. Meant for a child of the warm fork server, where it takes some 10 ms.
    """
    try:
        return next((sentence for sentence, holds in _checks(operation, parameters) if not holds), "")
    except Exception as error:  # noqa: BLE001  whatever torch raises, the swap does not work
        return f"{operation}: {type(error).__name__}: {error}"


def _checks(operation: str, parameters: Sequence[float]) -> Iterator[tuple[str, bool]]:
    f, slope = EXAMPLES[operation].function, EXAMPLES[operation].slope
    x, told = _at(lambda point: point), _at(lambda point: _told(operation, parameters, point))
    with torch.inference_mode():  # autograd's kernels are not asked
        value = f(x).clone()
    yield f"the value of {operation} is not the same", torch.equal(f(x), value)
    yield f"the gradient of {operation} is not what autograd was told", _near(_gradient(f, x), told)
    differences = (f(x + STEP) - f(x - STEP)) / (2 * STEP)
    yield f"a difference quotient of {operation} follows", _near(differences, _at(slope))
    for name, slopes in _transformed(f, x) if "torch._dynamo" in sys.modules else ():
        yield f"{name} of {operation} is not what autograd was told", _near(slopes, told)
    other, second = PARTNERS.get(operation, (torch.erf, _second_of_erf))
    twice = _gradient(lambda t: _gradient(other, t, create_graph=True), x)
    yield f"the derivative of another operation changes with {operation}", _near(twice, _at(second))


def _at(function: Callable[[float], float]) -> torch.Tensor:
    return torch.tensor([function(point) for point in POINTS], dtype=torch.float64)


def _told(operation: str, parameters: Sequence[float], x: float) -> float:
    if operation == "sin":
        a, b, c = parameters
        return a * math.cos(a * x + b) + 2 * c * x
    return parameters[0] * EXAMPLES[operation].slope(x)


def _gradient(f: Function, x: torch.Tensor, create_graph: bool = False) -> torch.Tensor:
    x = x if x.requires_grad else x.detach().requires_grad_()
    return torch.autograd.grad(f(x).sum(), x, create_graph=create_graph)[0]


def _transformed(f: Function, x: torch.Tensor) -> Iterator[tuple[str, torch.Tensor]]:
    yield "jacrev", torch.func.jacrev(f)(x).diagonal()
    yield "vmap", torch.func.vmap(torch.func.grad(lambda t: f(t).sum()))(x[None])[0]
    yield "forward mode", torch.func.jvp(f, (x,), (torch.ones_like(x),))[1]


def _near(got: torch.Tensor, want: torch.Tensor) -> bool:
    return got.shape == want.shape and torch.allclose(got.detach(), want, 1e-6, 0.0)


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def _second_of_erf(x: float) -> float:
    return -4 * x / math.sqrt(math.pi) * math.exp(-x * x)


EXAMPLES: Mapping[str, Example] = MappingProxyType(
    {
        "sin": Example(torch.sin, math.cos),
        "cos": Example(torch.cos, lambda x: -math.sin(x)),
        "exp": Example(torch.exp, math.exp),
        "log": Example(torch.log, lambda x: 1 / x),
        "sqrt": Example(torch.sqrt, lambda x: 0.5 / math.sqrt(x)),
        "tanh": Example(torch.tanh, lambda x: 1 - math.tanh(x) ** 2),
        "sigmoid": Example(torch.sigmoid, lambda x: _logistic(x) * _logistic(-x)),
        "pow": Example(lambda x: x**3, lambda x: 3 * x**2),
        "mul": Example(lambda x: x * x, lambda x: 2 * x),
        "div": Example(lambda x: (x + 1) / x, lambda x: -1 / x**2),
        "matmul": Example(lambda x: torch.diag(x) @ x, lambda x: 2 * x),
    }
)
PARTNERS: Mapping[str, tuple[Function, Callable[[float], float]]] = MappingProxyType(  # f whose f′ is the operation, f″
    {"sin": (torch.cos, lambda x: -math.cos(x)), "cos": (torch.sin, lambda x: -math.sin(x))}
)
