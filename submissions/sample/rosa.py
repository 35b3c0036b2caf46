import torch
import numpy as np
import matplotlib.pyplot as plt

torch.manual_seed(3)

# ---- Exercise: Let f(x)=sin(x). Plot the graph of f and of its derivative f′ ----
pts = torch.linspace(-2 * np.pi, 2 * np.pi, 150, requires_grad=True)
curve = torch.cos(pts)
curve.sum().backward()

fig = plt.figure(figsize=(7, 3))
ax = fig.add_subplot(111)
ax.plot(pts.detach().numpy(), torch.sin(pts.detach()).numpy(), label="f")
ax.plot(pts.detach().numpy(), pts.grad.numpy(), label="df/dx")
ax.legend(loc="upper right")
fig.savefig("rosa_sine.png", dpi=50)

# ---- Exercise: run backward twice ----
a = torch.randn(4, requires_grad=True)
d = (a ** 2).sum()
d.backward()
try:
    d.backward()
except RuntimeError as e:
    print("second backward:", e)
# The saved squares are released by the first backward, so there is nothing left for another one.

# ---- Exercise: full Jacobian ----
x = torch.randn(3, requires_grad=True)
y = torch.stack([x[0] * x[1], x[1].sin(), x[2] * x[0], x.sum()])
J = []
for i in range(4):
    mask = torch.zeros(4)
    mask[i] = 1.0
    x.grad = None
    (mask * y).mean().backward(retain_graph=True)
    J.append(x.grad.clone())
J = torch.stack(J)
print("J =", J)
