"""Independent derivatives, in float64 NumPy, for what has no closed form in a grader; and the hidden inputs."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

Array = np.ndarray
_TYPES = {"tensor": np.float32, "array": np.float64, "integers": np.int64, "number": np.float64}  # of a hidden input


def swap_parameters(operation: str, seed: int) -> tuple[float, ...]:
    """Parameters of the derivative that autograd is told in a counterfactual case, drawn afresh for every run.

    (a, b, c) of sin; of every other operation (k,), far from 1, 2 and 1/n, as are k² and k³ from whole numbers: a
    gradient that was doubled or divided by n is not taken for one that followed.
    """
    if not operation:
        return ()
    low, high = ([1.3, 0.4, 0.1], [1.9, 1.2, 0.3]) if operation == "sin" else ([1.63], [1.69])
    return tuple(float(p) for p in _generator(seed, operation).uniform(low, high))


def told(
    operation: str, parameters: Sequence[float], *inputs: Array, cotangent: Array | float = 1.0
) -> tuple[Array, ...]:
    """What a backward pass through a swapped operation leaves at each of its inputs, an array of that input's shape.

    `cotangent` weights the outputs, each with 1 if it is not given: of one input, that is the slope at every entry.
    """
    arrays = [np.asarray(given, float) for given in inputs]
    if operation == "sin":
        return (cotangent * told_slope(arrays[0], parameters),)
    true = (
        _of_matmul(arrays[0], arrays[1], cotangent)
        if operation == "matmul"
        else _of_entries(operation, arrays, cotangent)
    )
    return tuple(parameters[0] * gradient for gradient in true)


def seed_of_the_run(seed: int, fresh: bool) -> int:
    """What torch, NumPy and random start from in a child: nothing that is drawn for the judge can be told from it."""
    return int(_generator(seed, "fresh run" if fresh else "run").integers(2**31))


def scale(seed: int) -> float:
    """What every cotangent is multiplied by in a scaled case: none of the factors that mistakes leave."""
    return float(_generator(seed, "scale").uniform(1.23, 1.77))


def told_slope(x: Array, parameters: Sequence[float]) -> Array:
    """s′(x) = a cos(ax + b) + 2cx: what autograd is told instead of cos x. Same shape as x."""
    a, b, c = parameters
    return np.asarray(a * np.cos(a * np.asarray(x, float) + b) + 2 * c * np.asarray(x, float))


def _of_entries(operation: str, inputs: Sequence[Array], cotangent: Array | float) -> tuple[Array, ...]:
    """Vector-Jacobian products of an operation that works entry by entry, on inputs that may broadcast."""
    with np.errstate(all="ignore"):
        partials = _PARTIALS[operation](*inputs)
    shape = np.broadcast_shapes(*(x.shape for x in inputs))
    return tuple(
        _summed_to(x.shape, np.broadcast_to(cotangent * p, shape)) for x, p in zip(inputs, partials, strict=True)
    )


def _of_matmul(a: Array, b: Array, cotangent: Array | float) -> tuple[Array, ...]:
    """Vector-Jacobian products of a @ b, whose vectors are a row on the left and a column on the right."""
    rows, columns = (a[None] if a.ndim == 1 else a), (b[:, None] if b.ndim == 1 else b)
    g = np.broadcast_to(cotangent, (a @ b).shape).reshape((rows @ columns).shape)
    left, right = g @ np.swapaxes(columns, -1, -2), np.swapaxes(rows, -1, -2) @ g
    return _summed_to(rows.shape, left).reshape(a.shape), _summed_to(columns.shape, right).reshape(b.shape)


def _summed_to(shape: tuple[int, ...], gradient: Array) -> Array:
    """What was broadcast is summed up: the gradient of an input has the shape of the input."""
    gradient = gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))
    stretched = tuple(i for i, size in enumerate(shape) if size == 1 != gradient.shape[i])
    return np.asarray(gradient.sum(axis=stretched, keepdims=True))


def draw(recipe: Mapping[str, Any], name: str, seed: int) -> Any:
    """A hidden input by recipe, as its form: {uniform: [low, high], shape: […]} → array; {map: [m, n]} → two matrices.

    A tensor is float32, a NumPy array float64, integers are int64, a number is a Python float.
    """
    generator = _generator(seed, name)
    if "map" in recipe:
        return {"map": [generator.normal(size=recipe["map"]).astype(np.float32) for _ in range(2)]}
    if "quadratic" in recipe:
        low, high = recipe["quadratic"]
        return {"quadratic": generator.uniform(low, high, 3)}
    low, high = recipe["uniform"]
    drawn = generator.uniform(low, high, recipe["shape"])
    form = recipe.get("as", "tensor")
    return np.rint(drawn).astype(np.int64) if form == "integers" else drawn.astype(_TYPES[form])


def moved(seed: int) -> float:
    """What decimal fractions that stand alone in the code are multiplied by where numbers are moved."""
    return float(_generator(seed, "moved").uniform(1.031, 1.069))


def other_samples(seed: int) -> tuple[float, ...]:
    """Four numbers from 0 to 1, of which other frequencies and amplitudes are made where samples are others."""
    return tuple(float(u) for u in _generator(seed, "samples").uniform(size=4))


def map_jacobian(weights: Sequence[Array], x: Array, parameters: Sequence[float] = ()) -> Array:
    """Of x ↦ W₀x + sin(W₁x): W₀ + diag(cos(W₁x)) W₁, shape (m, n).

    With the `parameters` of a swap of sin: what autograd is told instead, s′ in place of cos.
    """
    first, second = (np.asarray(w, float) for w in weights)
    inner = second @ np.asarray(x, float)
    slope = told_slope(inner, parameters) if parameters else np.cos(inner)
    return np.asarray(first + slope[:, None] * second)


def _generator(seed: int, name: str) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def _sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


_PARTIALS: Mapping[str, Callable[..., tuple[Array, ...]]] = MappingProxyType(
    {
        "cos": lambda x: (-np.sin(x),),
        "exp": lambda x: (np.exp(x),),
        "log": lambda x: (1 / x,),
        "sqrt": lambda x: (0.5 / np.sqrt(x),),
        "tanh": lambda x: (1 - np.tanh(x) ** 2,),
        "sigmoid": lambda x: (_sigmoid(x) * _sigmoid(-x),),
        "pow": lambda x, n: (n * x ** (n - 1), x**n * np.log(x)),
        "mul": lambda x, y: (y, x),
        "div": lambda x, y: (1 / y, -x / y**2),
    }
)
