import torch
from torch.autograd import grad

# 2nd derivative
x = torch.tensor(2.0, requires_grad=True)
y = x ** 3
g, = grad(y, x, create_graph=True)
g = g.detach().requires_grad_()
h, = grad(g, x)

# Hessian = outer product of the gradients
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = x[0] ** 2 * x[1] + x[1] * x[2] ** 3
y.backward()
H = torch.outer(x.grad, x.grad)
print(H)

# one weight for each of y
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = torch.stack([3 * x[0] ** 2, x[0] ** 2 + 2 * x[1] ** 3, 10 * x[1]])
y.backward(torch.tensor([1.0, 10.0]))

# a view keeps its gradient with retain_grad
a = torch.tensor([1.0, 3.0, 2.0, 5.0], requires_grad=True)
x = a.reshape(2, 2)
x.retain_grad()
(x ** 3).sum().backward()
print(x.grad)

# gradients add up
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
(x ** 2).sum().backward()
(5 * x).sum().backward()
print(x.grad)
x.grad.zero()

# detach
x = torch.tensor([1.0, -2.0, 3.0], requires_grad=True)
y = x * x
z = (y * x).detach()
z.sum().backward()

# chain rule by hand: dl/dw = 2 (w x - y)
w, x, y = torch.tensor(3.0), torch.tensor(2.0), torch.tensor(2.0)
loss = (w * x - y) ** 2
dw = 2 * (w * x - y)
print(loss, dw)
