import numpy as np
import torch
import matplotlib.pyplot as plt

# sine: one fresh leaf a point

def slope_at(fn, value):
    p = torch.tensor(float(value), requires_grad=True)
    fn(p).backward()
    return p.grad.item()


grid = np.linspace(-np.pi, np.pi, 61)
plt.plot(grid, [slope_at(torch.sin, g) for g in grid], label="f'")
plt.plot(grid, np.sin(grid), label="f")
plt.legend()
plt.savefig("sine.png")

# full Jacobian, a row for each output

x = torch.randn(3, dtype=torch.float64, requires_grad=True)
M = torch.randn(2, 3, dtype=torch.float64)
y = torch.sigmoid(M @ x) * x[0]

rows = []
for i in range(len(y)):
    e = torch.zeros_like(y)
    e[i] = 1
    row, = torch.autograd.grad(y, x, grad_outputs=e, retain_graph=True)
    rows.append(row)
print("Jacobian:")
print(torch.stack(rows))
