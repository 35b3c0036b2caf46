# Homework, autograd. Everything in one script.
import numpy as np
import torch
from torch import autograd

# 1. f''(x) of tanh(x) * x on a grid
grid = torch.tensor(np.linspace(-2, 2, 9), requires_grad=True)
f = torch.tanh(grid) * grid
slope = autograd.grad(f.sum(), grid, create_graph=True)[0]
bend = autograd.grad(slope.sum(), grid)[0]
print(bend)

# 2. Hessian, row by row
v = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
value = v[0] ** 2 * v[1] + torch.sin(v[2]) * v[1]
first, = autograd.grad(value, v, create_graph=True)
rows = np.zeros((3, 3))
for i in range(3):
    rows[i] = autograd.grad(first[i], v, retain_graph=True)[0]
print(rows)
# three rows, three more passes; for a million parameters that would be a million passes

# 3. vector-Jacobian product with weights 1, 10, 100 (integers)
p = torch.tensor([1.0, 2.0], requires_grad=True)
m = torch.zeros(3)
m[0] = 3 * p[0] ** 2
m[1] = p[0] ** 2 + 2 * p[1] ** 3
m[2] = 10 * p[1]
m.backward(gradient=torch.tensor([1, 10, 100]))
print(p.grad)
# the weights say how much each output counts

# 4. column and row: is the transpose a leaf?
col = torch.tensor([[1.0], [2.0], [3.0]], requires_grad=True)
row = col.T
(row @ col).backward()
print(row.grad, "because it is not a leaf")
col.grad = None
row = col.T
row.retain_grad()
(row @ col).backward()
print(row.grad)
print(col.grad)

# 5. two functions of one leaf: the gradients add up
t = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
(t ** 3).backward()
print(t.grad)
t.sin().backward()
print(t.grad)
t.grad = None
t.sin().backward()
print(t.grad)
# it is a buffer, and backward never overwrites it

# 6. detach, with exp
q = torch.tensor([0.5, 1.0, 2.0], requires_grad=True)
e = torch.exp(q)
c = e.detach()
(c * q).sum().backward()
print(q.grad, c)
q.grad = None
e.sum().backward()
print(q.grad)
# c is a constant now

# 7. chain rule
w = torch.tensor(-1.5, dtype=torch.float64, requires_grad=True)
x = torch.tensor(0.7, dtype=torch.float64)
y = torch.tensor(4.0, dtype=torch.float64)
print(autograd.grad((x * w - y).square(), w))
x = torch.tensor([0.5, -1.0, 4.0], requires_grad=True)
s = x + 0.3
out = (7 * s * s).mean()
print(autograd.grad(out, [x, s]))
