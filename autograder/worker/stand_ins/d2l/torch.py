"""Plotting helpers and the tensor names that the book re-exports. Figures are data here: nothing is displayed."""

import sys
import time

import torch
from matplotlib import pyplot as plt

d2l = sys.modules[__name__]

_FROM_TORCH = [
    "abs",
    "arange",
    "argmax",
    "cat",
    "concat",
    "cos",
    "cosh",
    "eye",
    "exp",
    "log",
    "matmul",
    "mean",
    "meshgrid",
    "normal",
    "ones",
    "ones_like",
    "rand",
    "randn",
    "reshape",
    "sigmoid",
    "sin",
    "sinh",
    "sqrt",
    "stack",
    "sum",
    "tan",
    "tanh",
    "tensor",
    "unsqueeze",
    "zeros",
    "zeros_like",
    "linspace",
]
globals().update({name: getattr(torch, name) for name in _FROM_TORCH})

float32, float64, int32, int64 = torch.float32, torch.float64, torch.int32, torch.int64


def numpy(x, *args, **kwargs):
    return x.detach().numpy(*args, **kwargs)


def size(x, *args, **kwargs):
    return x.numel(*args, **kwargs)


def to(x, *args, **kwargs):
    return x.to(*args, **kwargs)


def astype(x, *args, **kwargs):
    return x.type(*args, **kwargs)


def transpose(x, *args, **kwargs):
    return x.t(*args, **kwargs)


def reduce_sum(x, *args, **kwargs):
    return x.sum(*args, **kwargs)


def reduce_mean(x, *args, **kwargs):
    return x.mean(*args, **kwargs)


def try_gpu(i=0):
    return torch.device("cpu")


def use_svg_display():
    """The picture format does not matter here."""


def set_figsize(figsize=(3.5, 2.5)):
    plt.rcParams["figure.figsize"] = figsize


def set_axes(axes, xlabel, ylabel, xlim, ylim, xscale, yscale, legend):
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    axes.set_xscale(xscale)
    axes.set_yscale(yscale)
    axes.set_xlim(xlim)
    axes.set_ylim(ylim)
    if legend:
        axes.legend(legend)
    axes.grid()


def plot(
    X,
    Y=None,
    xlabel=None,
    ylabel=None,
    legend=(),
    xlim=None,
    ylim=None,
    xscale="linear",
    yscale="linear",
    fmts=("-", "m--", "g-.", "r:"),
    figsize=(3.5, 2.5),
    axes=None,
):
    """Draw the curves Y against X; each of the two may be one curve or a list of curves."""
    set_figsize(figsize)
    axes = axes if axes is not None else plt.gca()
    ys = _curves(X if Y is None else Y)
    xs = [[]] * len(ys) if Y is None else _curves(X)
    if axes.has_data():
        axes.cla()
    for i, y in enumerate(ys):
        x, fmt = xs[i % len(xs)], fmts[i % len(fmts)]
        axes.plot(x, y, fmt) if len(x) else axes.plot(y, fmt)
    set_axes(axes, xlabel, ylabel, xlim, ylim, xscale, yscale, legend)


def _curves(data):
    """[curve, …] from one curve or several."""
    if hasattr(data, "ndim"):
        return [data] if data.ndim == 1 else list(data)
    one = len(data) and not hasattr(data[0], "__len__")
    return [data] if one or (len(data) and getattr(data[0], "ndim", 1) == 0) else list(data)


class Timer:
    """A stop-watch that remembers its readings, in seconds."""

    def __init__(self):
        self.times = []
        self.start()

    def start(self):
        self.tik = time.time()

    def stop(self):
        self.times.append(time.time() - self.tik)
        return self.times[-1]

    def sum(self):
        return sum(self.times)


__all__ = [name for name in globals() if not name.startswith("_") and name not in ("torch", "d2l")]
