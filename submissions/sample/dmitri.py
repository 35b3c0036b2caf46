# %% [markdown]
# # Autograd exercises
# Dmitri, group 4

# %%
import numpy as np
import torch
import matplotlib.pyplot as plt

# %% [markdown]
# Let f(x)=sin(x). Plot the graph of f and of its derivative f′

# %%
x = torch.from_numpy(np.linspace(0, 4 * np.pi, 500)).requires_grad_()
y = torch.sin(x)
dy, = torch.autograd.grad(y.sum(), x)
print(dy.dtype)

# %%
x = x.detach().numpy()
y = y.detach().numpy()
fig, axes = plt.subplots(3, 1, sharex=True, figsize=(6, 7))
axes[0].plot(x, y)
axes[0].set_ylabel("sin")
axes[1].plot(x, dy, color="tab:orange")
axes[1].set_ylabel("derivative")
axes[2].plot(x, y, x, dy)
axes[2].set_xlabel("x")
plt.show()

# %% [markdown]
# After running backward once, run it again right away and see what happens. Why?

# %%
x = torch.arange(4.0, requires_grad=True)
y = x.sum()
y.backward()
print(x.grad)
y.backward()
print(x.grad)
# No error here! A sum does not need to remember x for its derivative, so nothing was freed;
# the second pass is simply added and the ones become twos.

# %% [markdown]
# Extract the full Jacobian of a vector-valued function by automatic differentiation

# %%
from torch.func import jacrev, jacfwd


def f(x):
    return torch.stack([x[0] * x[1], torch.sin(x[2]), x[0] ** 2 - x[2], x[1] / x[2]])


x = torch.rand(3) + 0.5
J = jacrev(f)(x)
print(J)
print(torch.allclose(J, jacfwd(f)(x)))
