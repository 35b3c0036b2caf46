"""What code may set for the whole process in the libraries that students use, and how it was before a run."""

import warnings
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from matplotlib import RcParams, rcParams
from matplotlib import pyplot as plt

from autograder.worker.recorder import replace


class Style:
    """Which settings of matplotlib have been set: to put back all of them touches, and so copies, hundreds of pages."""

    def __init__(self) -> None:
        self.changed: set[Any] = set()

    def watch(self) -> None:
        """Once, in the fork server."""
        set_one: Any = RcParams.__setitem__
        remove_one: Any = RcParams.__delitem__

        def setitem(style: RcParams, name: str, value: Any) -> None:
            set_one(style, name, value)
            self.changed.add(name)

        def delitem(style: RcParams, name: str) -> None:
            remove_one(style, name)
            self.changed.add(name)

        def ior(style: RcParams, other: Any) -> RcParams:
            style.update(other)
            return style

        replace(RcParams, __setitem__=setitem, __delitem__=delitem, __ior__=ior)

    def restore(self, style: dict[Any, Any]) -> None:
        """As rc_context does: they were checked when they were set."""
        dict.update(rcParams, {name: style[name] for name in self.changed if name in style})
        self.changed.clear()


@dataclass(frozen=True)
class Settings:
    """Those that code really sets: `sharing` knows their setters, and trusts no other."""

    dtype: torch.dtype
    threads: int
    numbers: dict[str, Any]  # how NumPy prints
    errors: Any  # what NumPy does with divisions by zero
    filters: list[Any]  # of warnings
    style: dict[Any, Any]  # of matplotlib

    @classmethod
    def now(cls) -> Self:
        return cls(
            torch.get_default_dtype(),
            torch.get_num_threads(),
            dict(np.get_printoptions()),
            np.geterr(),
            list(warnings.filters),
            dict(rcParams),
        )

    def restore(self, style: Style) -> None:
        """Also what nobody changes before the first run: gradients are recorded, anomalies are not looked for."""
        torch.set_default_dtype(self.dtype)
        torch.set_grad_enabled(True)
        torch.autograd.set_detect_anomaly(False)
        if torch.are_deterministic_algorithms_enabled():
            torch.use_deterministic_algorithms(False)  # which imports torch's compiler, a second or more
        torch.set_printoptions(profile="default", sci_mode=None)  # type: ignore[no-untyped-call]
        if torch.get_num_threads() != self.threads:
            torch.set_num_threads(self.threads)
        np.set_printoptions(**self.numbers)
        np.seterr(**self.errors)
        warnings.filters[:] = self.filters  # type: ignore[index]
        plt.close("all")
        style.restore(self.style)
