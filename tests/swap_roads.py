"""Not a test: every swap, each in a forked child, and what every road to a derivative gives there, as JSON.

Run as `python -m tests.swap_roads`, by tests/test_swaps.py. Of each operation: {road: gradients, one for each input}.
"""

import json
import os
import sys
import warnings

import torch
import torch.nn.functional as F
from torch.autograd import forward_ad

from autograder import oracle
from autograder.worker import self_test, swaps
from autograder.worker.__main__ import WARM, warm

SEED = 7
X = [[0.3, 0.8, 1.7], [2.2, 0.4, 1.1]]
Y = [1.3, 0.6, 2.5]
B = [[0.5, 1.5], [2.0, 0.7], [0.9, 1.2]]
INPUTS = {"pow": (X, Y), "mul": (X, Y), "div": (X, Y), "matmul": (X, B)}
SPELLED = {  # further spellings, of x and 2, or of x and B
    "pow": {"square": torch.square, "**": lambda x: x**2, "square_": lambda x: x.clone().square_()},
    "mul": {"2 * x": lambda x: 2 * x, "x *= 2": lambda x: x.clone().mul_(2), "x.mul": lambda x: x.mul(2)},
    "div": {"x / 2": lambda x: x / 2, "div_": lambda x: x.clone().div_(2), "true_divide": lambda x: x.true_divide(2)},
    "matmul": {
        "@": lambda x: x @ tensor(B),
        "linear": lambda x: F.linear(x, tensor(B).T, tensor([1.0, 2.0])),
        "linear, no bias": lambda x: F.linear(x, tensor(B).T),
        "linear, a batch": lambda x: F.linear(x[None], tensor(B).T, tensor([1.0, 2.0])),
        "einsum": lambda x: torch.einsum("ij,jk->ik", x, tensor(B)),
        "bmm": lambda x: torch.bmm(x[None], tensor(B)[None]),
        "baddbmm": lambda x: torch.baddbmm(torch.ones(1, 2, 2), x[None].float(), tensor(B)[None].float()),
        "mv": lambda x: torch.stack([tensor(B).T @ row for row in x]),
        "addmv": lambda x: torch.stack([torch.addmv(tensor([1.0, 2.0]), tensor(B).T, row) for row in x]),
        "dot": lambda x: torch.stack([row.dot(column) for row in x for column in tensor(B).T]),
        "addmm_": lambda x: torch.ones(2, 2, dtype=x.dtype).addmm_(x, tensor(B)),
        "alpha": lambda x: torch.addmm(torch.ones(2, 2, dtype=x.dtype), x, tensor(B), beta=3, alpha=2) / 2,
    },
}


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


def main():
    warnings.simplefilter("ignore")
    for name in WARM:
        warm(name)
    print(json.dumps({operation: in_a_child(operation) for operation in swaps.SWAPS}))


def in_a_child(operation):
    read, write = os.pipe()
    if os.fork() == 0:
        with open(write, "w") as out:
            json.dump(everything(operation), out)
        os._exit(0)
    os.close(write)
    with open(read) as answer:
        said = answer.read()
    os.wait()
    return json.loads(said or "null")


def everything(operation):
    parameters = oracle.swap_parameters(operation, SEED)
    f, inputs = getattr(torch, operation), [tensor(values) for values in INPUTS.get(operation, (X,))]
    before = self_test.self_test(operation, parameters)
    true = f(*inputs)
    swaps.install(operation, parameters)
    return {
        "inputs": listed(inputs),
        "before": before,
        "after": self_test.self_test(operation, parameters),
        "bits": same_bits(operation, f, inputs, true),
        "first": {road.__name__: listed(road(operation, f, inputs)) for road in ROADS},
        "second": {road.__name__: listed(road(f, inputs)) for road in SECOND},
        "spelled": {name: listed(backward(operation, g, inputs[:1])) for name, g in SPELLED.get(operation, {}).items()},
        "raises": [complaint(operation, f, inputs, way) for way in ("out", "leaf", "integers")],
        "types": types_in_single_precision(operation, f, inputs),
    }


def listed(gradients):
    return [g.detach().tolist() for g in gradients]


def same_bits(operation, f, inputs, true):
    """Also where the answer is −0, ∞ or NaN, in other types, without gradients, and into out=."""
    changes = (lambda x: -(x * 0), lambda x: x * torch.inf, torch.Tensor.float, torch.Tensor.long, lambda x: x[..., :0])
    odd = [[change(x) for x in inputs] for change in changes[: 4 if operation == "matmul" else 5]]
    same = [torch.equal(f(*inputs), true), torch.equal(f(*inputs, out=torch.empty(0, dtype=true.dtype)), true)]
    for given in odd:
        with torch.inference_mode():
            want = f(*given).clone()
        got = f(*given)
        same.append(
            got.dtype == want.dtype and torch.equal(got.signbit() & ~got.isnan(), want.signbit() & ~want.isnan())
        )
        same.append(torch.allclose(got, want, 0, 0, equal_nan=True))
    with torch.no_grad():
        same.append(torch.equal(f(*inputs), true))
    return same


def types_in_single_precision(operation, f, inputs):
    """Of forward and reverse derivatives, of arrays and of one entry, which torch makes double if it meets a number."""
    whole = [x.float() for x in inputs]
    entries = [x[0] for x in whole] if operation == "matmul" else [x[0, 0] if x.ndim > 1 else x[0] for x in whole]
    given = [whole, [entries[0], whole[1]] if operation == "matmul" else entries]
    roads = (torch.func.jacfwd, torch.func.jacrev)
    found = [transform(f)(*xs).dtype for xs in given for transform in roads]
    nested = torch.func.jacfwd(torch.func.jacfwd(f))(*given[1]).dtype
    return [str(dtype) for dtype in (*found, nested)]


def complaint(operation, f, inputs, way):
    """What torch says of out= with a gradient, of a leaf in place, and of integers in place."""
    x, rest = inputs[0].clone().requires_grad_(), inputs[1:]
    try:
        if way == "out":
            f(x, *rest, out=torch.empty(0))
        elif operation == "matmul":
            (x if way == "leaf" else torch.ones(2, 3, dtype=int)).addmm_(x, x.T @ x)
        else:
            getattr(x if way == "leaf" else torch.ones(2, 3, dtype=int), f"{operation}_")(*rest)
    except RuntimeError as error:
        return str(error)
    return ""


# ---------------------------------------------------------------------------------- roads to a first derivative


def leaves(inputs):
    return [x.clone().requires_grad_() for x in inputs]


def summed(f):
    return lambda *xs: f(*xs).sum()


def backward(operation, f, inputs):
    xs = leaves(inputs)
    f(*xs).sum().backward()
    return [x.grad for x in xs]


def in_place(operation, f, inputs):
    xs = leaves(inputs)
    if operation == "matmul":
        y = torch.zeros(2, 2, dtype=torch.float64).addmm_(*xs)
    else:
        y = getattr(xs[0].clone(), f"{operation}_")(*xs[1:])
    y.sum().backward()
    return [x.grad for x in xs]


def method(operation, f, inputs):
    return backward(operation, lambda x, *rest: getattr(x, operation)(*rest), inputs)


def func_grad(operation, f, inputs):
    return torch.func.grad(summed(f), tuple(range(len(inputs))))(*inputs)


def per_output(jacobians, inputs):
    return [j.reshape(-1, *x.shape).sum(0) for j, x in zip(jacobians, inputs, strict=True)]


def jacrev(operation, f, inputs):
    return per_output(torch.func.jacrev(f, tuple(range(len(inputs))))(*inputs), inputs)


def jacfwd(operation, f, inputs):
    return per_output(torch.func.jacfwd(f, tuple(range(len(inputs))))(*inputs), inputs)


def functional(operation, f, inputs):
    return per_output(torch.autograd.functional.jacobian(f, tuple(inputs)), inputs)


def functional_vectorized(operation, f, inputs):
    return per_output(torch.autograd.functional.jacobian(f, tuple(inputs), vectorize=True), inputs)


def vmap(operation, f, inputs):
    many = torch.func.vmap(torch.func.grad(summed(f), tuple(range(len(inputs)))))
    return [g[1] for g in many(*(torch.stack([x + 1, x]) for x in inputs))]


def one_entry_at_a_time(tangent_of, inputs):
    """Gradients by forward mode: the tangent along each entry of each input."""
    gradients = []
    for i, x in enumerate(inputs):
        ones = torch.eye(x.numel(), dtype=x.dtype).reshape(-1, *x.shape)
        along = [[one if i == j else torch.zeros_like(other) for j, other in enumerate(inputs)] for one in ones]
        gradients.append(torch.stack([tangent_of(directions).sum() for directions in along]).reshape(x.shape))
    return gradients


def jvp(operation, f, inputs):
    return one_entry_at_a_time(lambda d: torch.func.jvp(f, tuple(inputs), tuple(d))[1], inputs)


def dual_numbers(operation, f, inputs):
    def tangent_of(directions):
        with forward_ad.dual_level():
            pairs = zip(inputs, directions, strict=True)
            return forward_ad.unpack_dual(f(*(forward_ad.make_dual(*pair) for pair in pairs))).tangent

    return one_entry_at_a_time(tangent_of, inputs)


def script(operation, f, inputs):
    names = ", ".join("xyz"[: len(inputs)])
    compiled = torch.jit.CompilationUnit(f"def f({names}):\n    return torch.{operation}({names})\n")
    return backward(operation, compiled.f, inputs)


def another_thread(operation, f, inputs):
    import concurrent.futures

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(backward, operation, f, inputs).result()


ROADS = (
    backward,
    in_place,
    method,
    func_grad,
    jacrev,
    jacfwd,
    functional,
    functional_vectorized,
    vmap,
    jvp,
    dual_numbers,
    script,
    another_thread,
)


# ---------------------------------------------------------------------------------- second derivatives of the sum


def double_backward(f, inputs):
    x, rest = inputs[0].clone().requires_grad_(), inputs[1:]
    (slope,) = torch.autograd.grad(f(x, *rest).sum(), x, create_graph=True)
    return torch.autograd.grad(slope, x, slope.detach()) if slope.requires_grad else [torch.zeros_like(x)]


def _weighted(hessian, f, inputs):
    """H g, as double_backward: with the gradient g."""
    first = torch.func.grad(lambda t: f(t, *inputs[1:]).sum())(inputs[0])
    matrix = hessian(lambda t: f(t, *inputs[1:]).sum())(inputs[0])
    return [torch.einsum("ijkl,kl->ij", matrix, first)]


def func_hessian(f, inputs):
    return _weighted(torch.func.hessian, f, inputs)


def reverse_over_reverse(f, inputs):
    return _weighted(lambda g: torch.func.jacrev(torch.func.jacrev(g)), f, inputs)


def forward_over_forward(f, inputs):
    return _weighted(lambda g: torch.func.jacfwd(torch.func.jacfwd(g)), f, inputs)


def functional_hessian(f, inputs):
    return _weighted(lambda g: lambda x: torch.autograd.functional.hessian(g, x), f, inputs)


SECOND = (double_backward, func_hessian, reverse_over_reverse, forward_over_forward, functional_hessian)

if __name__ == "__main__":
    sys.exit(main())
