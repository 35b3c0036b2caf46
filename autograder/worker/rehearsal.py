"""A homework of our own, run and watched in the fork server before anything is forked.

Code that runs for the first times in a process is slow: Python specialises each instruction when it meets it, and
writes that into the function, onto a page that every child shares until then and has to copy. So the server plays a
typical homework, as often as Python waits for, and each child finds that done: in torch, in matplotlib and in
the observer. Nothing else of it is left (see `tests/test_rehearsal.py`).
"""

import linecache
import sys
from typing import Any

import torch

from autograder.worker import child, units
from autograder.worker.acts import Acts
from autograder.worker.observer import Observer
from autograder.worker.settings import Settings

FILE = "rehearsal.ipynb"
DRAWN = 3  # figures, in this homework
FIGURES = 8  # that a server keeps ready: as many as most submissions need, in all of their runs
NOTEBOOK = """\
%matplotlib inline
import torch
import numpy as np
import matplotlib.pyplot as plt
from d2l import torch as d2l

# %%
# the book's own example
x = torch.arange(4.0, requires_grad=True)
y = 2 * torch.dot(x, x)
y.backward()
x.grad

# %%
x.grad == 4 * x

# %%
x.grad.zero_()
y = (x * x).sum()
y.backward(retain_graph=True)
y.backward()
print(x.grad)

# %%
try:
    y.backward()
except RuntimeError as error:
    print("a second time:", error)

# %%
y.backward()

# %%
def f(a):
    b = a * 2
    while b.norm() < 1000:
        b = b * 2
    if b.sum() > 0:
        c = b
    else:
        c = 100 * b
    return c

a = torch.randn(size=(3,), requires_grad=True)
d = f(a)
d.sum().backward()
print(torch.allclose(a.grad, d / a))

# %%
x = torch.linspace(-2 * np.pi, 2 * np.pi, 100, requires_grad=True)
y = torch.sin(x)
y.sum().backward()
plt.figure(figsize=(8, 4))
plt.plot(x.detach().numpy(), y.detach().numpy(), label="f(x) = sin(x)")
plt.plot(x.detach().numpy(), x.grad.numpy(), "--", label="f'(x)")
plt.axhline(0, color="gray")
plt.xlabel("x")
plt.ylabel("y")
plt.title("sin and its derivative")
plt.legend()
plt.grid(True)
plt.show()

# %%
slopes = []
fig, ax = plt.subplots()
for point in torch.linspace(0, 1, 3):
    t = point.clone().requires_grad_()
    (slope,) = torch.autograd.grad(torch.sin(t), t)
    ax.scatter(t.item(), slope.item())
    slopes.append(slope.item())
ax.set_xlabel("x")
ax.legend(["slope"], loc="best")
d2l.plot(x.detach(), [y.detach(), x.grad], "x", "f(x)", legend=["f", "f'"])

# %%
def g(v):
    return torch.stack([v[0] * v[1], v[1] ** 2, torch.exp(v[0])])

v = torch.tensor([1.0, 2.0], requires_grad=True)
w = g(v)
jacobian = torch.zeros(3, 2)
for i in range(3):
    v.grad = None
    w[i].backward(retain_graph=True)
    jacobian[i] = v.grad
print(jacobian)
torch.autograd.functional.jacobian(g, v)
"""


class _Nowhere:
    """A stream whose far end asks for nothing: the socket and the reader of a job that nobody gave."""

    deadline = 0.0

    def sendall(self, data: bytes) -> None: ...

    def setblocking(self, flag: bool) -> None: ...

    def receive(self) -> dict[str, Any]:
        return {"calls": []}


def play(observer: Observer, settings: Settings, times: int) -> None:
    """Every third time as a hidden case would, every second with figures that are ready.

    Not where the first backward pass starts a thread for some device.
    """
    if torch.accelerator.is_available():
        return
    before = sys.stdout, sys.stderr, sys.argv[:], sys.modules["__main__"]
    for number in range(times):
        job = _job(observer, settings, hidden=number % 3 == 2)
        observer.figures.prepare(DRAWN if number % 2 else 0)
        child.begin(job)
        child.run(job)
        child.forget(job)
    sys.stdout, sys.stderr, sys.argv[:], sys.modules["__main__"] = before
    observer.figures.prepare(FIGURES if times else 0)
    for name in [name for name in linecache.cache if name.startswith(FILE)]:
        del linecache.cache[name]


def _job(observer: Observer, settings: Settings, *, hidden: bool) -> child.Job:
    cells = enumerate(NOTEBOOK.split("# %%\n"), 1)
    record = {
        "units": [{"file": FILE, "kind": "code", "label": f"cell {number}", "text": text} for number, text in cells],
        "seed": 0,
        "fresh": hidden,
        "swap": ["sin", [1.5, 0.3, 0.2]] if hidden else None,
        "scale": 2.0 if hidden else 1.0,
        "moved": 1.1 if hidden else 1.0,
        "samples": None,
        "rounds": False,
        "all_or_nothing": False,
        "skip": [],
        "key": bytes(32).hex(),
    }
    nowhere: Any = _Nowhere()
    acts = Acts(observer.recorder, ())
    shell = units.quiet_shell()
    return child.Job(record, nowhere, nowhere, observer, acts, shell, settings, units.Pieces(shell), sys.path[:])
