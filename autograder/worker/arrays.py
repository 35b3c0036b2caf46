"""Students' values as plain numbers: what crosses the wire, and how a change is noticed."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import torch

Array = np.ndarray
MaybeArray = np.ndarray | None

MAX_ELEMENTS = 1_000_000  # of one array
MAX_LENGTH = 10_000  # of a list
MAX_DEPTH = 4  # of lists in lists


def as_array(value: Any, depth: int = 0) -> MaybeArray:
    """A copy as plain numbers: tensors, arrays, nested lists of them. None for anything else, or if it is too large."""
    if isinstance(value, torch.Tensor):
        return _tensor_as_array(value)
    if isinstance(value, np.ndarray):
        return np.array(value) if value.dtype.kind in "biufc" and value.size <= MAX_ELEMENTS else None
    if isinstance(value, float | np.floating) and not isinstance(value, bool):
        return np.array(value)
    if isinstance(value, list | tuple) and 0 < len(value) <= MAX_LENGTH and depth < MAX_DEPTH:
        return _stack(value, depth + 1)
    return None


def _tensor_as_array(tensor: torch.Tensor) -> MaybeArray:
    if is_wrapped(tensor) or tensor.layout is not torch.strided or tensor.is_quantized or tensor.numel() > MAX_ELEMENTS:
        return None
    plain = tensor.detach().float() if tensor.dtype is torch.bfloat16 else tensor
    return np.array(plain.numpy(force=True))


def _stack(values: Sequence[Any], depth: int) -> MaybeArray:
    parts = [float(v) if isinstance(v, int) and not isinstance(v, bool) else v for v in values]
    arrays = [array for array in (as_array(part, depth) for part in parts) if array is not None]
    if len(arrays) < len(parts) or len({array.shape for array in arrays}) != 1:
        return None
    return np.stack(arrays)


def parts_of(value: Any, also_equal: bool = False) -> list[Array]:
    """The blocks of a tuple or list whose parts differ in shape: a Jacobian with respect to several inputs."""
    if isinstance(value, tuple | list) and 1 < len(value) <= 16 and (also_equal or as_array(value) is None):
        arrays = [array for array in map(as_array, value) if array is not None]
        if len(arrays) == len(value):
            return arrays
    return []


def mark_of(value: Any) -> Hashable:
    """Something that changes when the value does; None for what is not observed."""
    if value is None:
        return "none"
    if isinstance(value, torch.Tensor):
        grad = value.grad if value.is_leaf or value.retains_grad else None
        try:
            return id(value), value._version, id(grad), None if grad is None else grad._version
        except RuntimeError:  # inference tensors do not count versions
            return id(value)
    if isinstance(value, np.ndarray):
        return id(value), hash(value.tobytes()) if value.nbytes <= 1 << 20 and value.dtype.kind in "biufc" else 0
    if isinstance(value, list | tuple) and value:
        return _mark_of_list(value)
    return None


def _mark_of_list(values: Sequence[Any]) -> Hashable:
    first = values[0]
    if not isinstance(first, torch.Tensor | np.ndarray | list | tuple | float | int | np.number):
        return None
    array = as_array(values)
    return id(values), len(values), None if array is None else hash(array.tobytes())


def is_wrapped(tensor: torch.Tensor) -> bool:
    return torch._C._functorch.is_functorch_wrapped_tensor(tensor)


def listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, tuple | list) else [value]
