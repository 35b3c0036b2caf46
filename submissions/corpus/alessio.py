#!/usr/bin/env python3
"""Homework 1, autograd. Alessio B."""
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import torch


def exercise_2():
    # calling backward twice in a row fails, since the buffers of the graph are freed by the first call
    t = torch.tensor([0.5, 1.5], requires_grad=True)
    out = (t ** 3).sum()
    out.backward()
    try:
        out.backward()
    except RuntimeError as err:
        print("second call:", err)


def exercise_4(points=300):
    grid = np.linspace(-6, 6, points)
    xs = torch.tensor(grid, requires_grad=True)
    values = torch.sin(xs)
    (slope,) = torch.autograd.grad(values.sum(), xs)
    fig, ax = plt.subplots(figsize=(6, 4))
    ax.plot(grid, values.detach(), color="tab:blue", label="$f(x)$")
    ax.plot(grid, slope, color="tab:red", label="$f'(x)$")
    ax.set_xlabel("x")
    ax.legend()
    fig.savefig("sine.png", dpi=120)


if __name__ == "__main__":
    exercise_2()
    exercise_4()
