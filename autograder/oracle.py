"""Independent derivatives, in float64 NumPy, for what has no closed form in a grader; and the hidden inputs."""

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Array = np.ndarray


def swap_parameters(operation: str, seed: int) -> tuple[float, ...]:
    """Parameters of the derivative that autograd is told in a counterfactual case, drawn afresh for every run."""
    if operation != "sin":
        return ()
    a, b, c = _generator(seed, operation).uniform([1.3, 0.4, 0.1], [1.9, 1.2, 0.3])
    return float(a), float(b), float(c)


def scale(seed: int) -> float:
    """What every cotangent is multiplied by in a scaled case: none of the factors that mistakes leave."""
    return float(_generator(seed, "scale").uniform(1.23, 1.77))


def told_slope(x: Array, parameters: Sequence[float]) -> Array:
    """s′(x) = a cos(ax + b) + 2cx: what autograd is told instead of cos x. Same shape as x."""
    a, b, c = parameters
    return np.asarray(a * np.cos(a * np.asarray(x, float) + b) + 2 * c * np.asarray(x, float))


def draw(recipe: Mapping[str, Any], name: str, seed: int) -> Any:
    """A hidden input by recipe: {uniform: [low, high], shape: […]} → float32 array; {map: [m, n]} → two matrices."""
    generator = _generator(seed, name)
    if "map" in recipe:
        return {"map": [generator.normal(size=recipe["map"]).astype(np.float32) for _ in range(2)]}
    low, high = recipe["uniform"]
    return generator.uniform(low, high, recipe["shape"]).astype(np.float32)


def map_jacobian(weights: Sequence[Array], x: Array) -> Array:
    """Of x ↦ W₀x + sin(W₁x): W₀ + diag(cos(W₁x)) W₁, shape (m, n)."""
    first, second = (np.asarray(w, float) for w in weights)
    return np.asarray(first + np.cos(second @ np.asarray(x, float))[:, None] * second)


def _generator(seed: int, name: str) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(name.encode())])
