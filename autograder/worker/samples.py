"""Samples that are others: as they are assigned, others are put in their place, once in a run.

Every assignment is looked at, in functions as well, and what a loop has filled when it ends. With `samples: sinusoids`
that is a list or vector which is, over some x beside it, a sum of three sines and cosines of whole frequencies, and
noise: amplitudes and frequencies become others, within the range of the old ones; the noise stays. With
`samples: field` it is an array on a grid, no coordinates: a wave is put on top of its first component. What was worked
out from the samples follows; what they were made from, and what was typed in, does not.
"""

import ast
import builtins
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from autograder.worker.arrays import Array, as_array
from autograder.worker.recorder import Recorder, guarded, replace

FEWEST, MOST = 12, 2000  # samples
MOST_LOOKS = 300  # at values that may be samples
HIGHEST = 60  # frequency, in periods per unit of x
TERMS = 3
NOISE = 0.3  # of the size of the samples
_OTHER, _REFILL = "__other_samples__", "__refill_with_others__"


class Samples:
    """Puts other samples in place, once in a run."""

    def __init__(self, recorder: Recorder, kind: str, drawn: Sequence[float]) -> None:
        self.recorder = recorder
        self.kind = kind
        self.drawn = drawn
        self.looks = MOST_LOOKS  # none are left when other samples are in place

    def watch(self) -> None:
        replace(builtins, **{_OTHER: self._other, _REFILL: self._refill})

    def _other(self, value: Any, outer: Mapping[str, Any], inner: Mapping[str, Any]) -> Any:
        if self.looks <= 0:
            return value
        if isinstance(value, tuple) and 2 <= len(value) <= 4:  # x, y = sample(100)
            beside = {str(i): part for i, part in enumerate(value)}
            return tuple(self._put(part, {**outer, **inner, **beside}) for part in value)
        return self._put(value, {**outer, **inner})

    def _refill(self, value: Any, outer: Mapping[str, Any], inner: Mapping[str, Any]) -> None:
        """What a loop has filled, in its own place."""
        if isinstance(value, list | np.ndarray | torch.Tensor):
            changed = self._put(value, {**outer, **inner})
            if changed is not value:
                value[:] = changed

    def _put(self, value: Any, beside: Mapping[str, Any]) -> Any:
        changed = self._changed(value, beside)
        return value if changed is None else changed

    @guarded
    def _changed(self, value: Any, beside: Mapping[str, Any]) -> Any:
        if self.looks <= 0:
            return None
        return self._another_field(value) if self.kind == "field" else self._other_sinusoids(value, beside)

    def _another_field(self, value: Any) -> Any:
        plane = _plane(value)
        if plane is None:
            return None
        self.looks = 0
        return _like(value, plane + _ripple(plane, self.drawn))

    def _other_sinusoids(self, value: Any, beside: Mapping[str, Any]) -> Any:
        y = _series(value)
        if y is None:
            return None
        for x in _beside(y, beside):
            self.looks -= 1
            was = terms_of(x, y)
            if was is not None:
                self.looks = 0
                terms = _others(was, self.drawn)
                new = y - evaluated(was, x) + evaluated(terms, x)
                self.recorder.send("resampled", x=x, y=new, terms=terms)
                return _like(value, new)
        return None


class Resampled(ast.NodeTransformer):
    """Every value that is assigned goes through our hands."""

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self.generic_visit(node)
        call = ast.parse(f"{_OTHER}(0, globals(), locals())", mode="eval").body
        assert isinstance(call, ast.Call)  # noqa: S101
        call.args[0] = node.value
        for part in ast.walk(call):
            if not hasattr(part, "lineno"):
                ast.copy_location(part, node)
        node.value = call
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        """Lists that a loop has filled: looked at when it has ended."""
        self.generic_visit(node)
        filled = {name for part in ast.walk(node) for name in _filled_by(part)}
        if not filled:
            return node
        looks = ast.parse("".join(f"{_REFILL}({name}, globals(), locals())\n" for name in sorted(filled)))
        both = ast.If(ast.Constant(True), [node, *looks.body], [])
        for part in ast.walk(both):
            if not hasattr(part, "lineno"):
                ast.copy_location(part, node)
        return both


def _filled_by(part: ast.AST) -> Iterator[str]:
    """name.append(…), name[…] = …"""
    targets = [part.func] if isinstance(part, ast.Call) else part.targets if isinstance(part, ast.Assign) else []
    for target in targets:
        filling = isinstance(target, ast.Subscript) or (isinstance(target, ast.Attribute) and target.attr == "append")
        if filling and isinstance(target.value, ast.Name):  # type: ignore[attr-defined]
            yield target.value.id  # type: ignore[attr-defined]


def _series(value: Any) -> Array | None:
    """One number after another, as float64; None for anything else."""
    if not isinstance(value, np.ndarray | torch.Tensor | list | tuple):
        return None
    if isinstance(value, torch.Tensor) and value.requires_grad:
        return None
    array = as_array(value)
    if array is None or array.dtype.kind not in "iuf" or not FEWEST <= array.size <= MOST:
        return None
    alone = array.size == max(array.shape) and np.all(np.isfinite(array)) and np.ptp(array) > 0
    return np.ravel(array).astype(float) if alone else None


def _plane(value: Any) -> Array | None:
    """A component of a field on a grid, or both; no coordinates, which change along one axis only."""
    if not isinstance(value, np.ndarray | torch.Tensor) or (isinstance(value, torch.Tensor) and value.requires_grad):
        return None
    array = as_array(value)
    if array is None or array.dtype.kind != "f" or not np.all(np.isfinite(array)):
        return None
    first = array
    if array.ndim == 3 and 2 in (array.shape[0], array.shape[-1]):
        first = array[0] if array.shape[0] == 2 else array[..., 0]
    moving = first.ndim == 2 and min(first.shape) >= 5 and all(np.any(np.diff(first, axis=i)) for i in (0, 1))
    return array.astype(float) if moving else None


def _ripple(plane: Array, drawn: Sequence[float]) -> Array:
    """A periodic wave along both axes, in the first component."""
    first = plane[..., 0] if plane.ndim == 3 and plane.shape[0] != 2 else plane[0] if plane.ndim == 3 else plane
    i, j = (2 * np.pi * np.arange(n) / n for n in first.shape)
    wave = np.std(first) * (0.5 + drawn[1]) * np.sin(i[:, None] + 6 * drawn[2]) * np.cos(j + 6 * drawn[3])
    ripple = np.zeros_like(plane)
    (ripple[..., 0] if plane.ndim == 3 and plane.shape[0] != 2 else ripple[0] if plane.ndim == 3 else ripple)[:] = wave
    return ripple


def _beside(y: Array, values: Mapping[str, Any]) -> Iterator[Array]:
    """What may be x: of as many entries, over a third of a period at least."""
    for name, value in list(values.items()):
        x = None if name.startswith("_") else _series(value)
        if x is not None and x.size == y.size and _is_spread(x) and not np.array_equal(x, y):
            yield x


def _is_spread(x: Array) -> bool:
    """Without large gaps, in which anything could be."""
    return bool(np.ptp(x) > 0.3 and np.max(np.diff(np.sort(x))) < 0.2 * np.ptp(x))


def terms_of(x: Array, y: Array) -> Array | None:
    """Rows (1 for cos or 0 for sin, frequency, amplitude), the three that explain y best; None if they do not."""
    steps = np.diff(np.sort(x))
    highest = min(HIGHEST, int(0.5 / np.mean(steps) - 1e-6))
    kinds = [(cos, k) for k in range(1, highest + 1) for cos in (0, 1)]
    if len(kinds) < TERMS:
        return None
    columns = np.stack([_wave(cos, k, x) for cos, k in kinds], axis=1)
    chosen: list[int] = []
    left, amplitudes = y, np.zeros(0)
    for _ in range(TERMS):
        chosen.append(int(np.argmax(np.abs(columns.T @ left) / np.linalg.norm(columns, axis=0))))
        amplitudes = np.linalg.lstsq(columns[:, chosen], y, rcond=None)[0]
        left = y - columns[:, chosen] @ amplitudes
    whole = np.linalg.norm(left) <= NOISE * np.linalg.norm(y) and len(set(chosen)) == TERMS
    clear = np.min(np.abs(amplitudes)) >= 0.05 * np.max(np.abs(amplitudes))
    return np.array([[*kinds[i], a] for i, a in zip(chosen, amplitudes, strict=True)]) if whole and clear else None


def evaluated(terms: Array, x: Array) -> Array:
    return np.asarray(sum(a * _wave(cos, k, x) for cos, k, a in terms))


def _wave(cos: float, frequency: float, x: Array) -> Array:
    return np.asarray((np.cos if cos else np.sin)(2 * np.pi * frequency * x))


def _others(terms: Array, drawn: Sequence[float]) -> Array:
    """Every frequency is another one of the range; every amplitude keeps its sign, and whether it is whole."""
    low, size = terms[:, 1].min(), int(np.ptp(terms[:, 1])) + 1
    shift = 1 + int(drawn[0] * (size - 1)) if size > 1 else 0
    found = terms.copy()
    found[:, 1] = low + (terms[:, 1] - low + shift) % size
    for term, part in zip(found, drawn[1:], strict=True):
        a = term[2]
        whole = abs(a - round(a)) < 0.02
        term[2] = round(a) + np.sign(a) * (-1 if abs(a) >= 2.5 else 1) if whole else a * (0.75 + 0.2 * part)
    return found


def _like(value: Any, new: Array) -> Any:
    """In the form of what they replace."""
    if isinstance(value, torch.Tensor):
        return torch.as_tensor(new.reshape(value.shape)).to(value.dtype if value.is_floating_point() else torch.float64)
    if isinstance(value, np.ndarray):
        return new.reshape(value.shape).astype(value.dtype if value.dtype.kind == "f" else float)
    return type(value)(new.tolist())
