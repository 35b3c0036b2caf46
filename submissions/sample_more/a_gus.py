import torch

# second derivative: first I need the first one
x = torch.tensor(2.0, requires_grad=True)
y = x ** 3 - 2 * x
g, = torch.autograd.grad(y, x)
h, = torch.autograd.grad(g, x)

# the Hessian matrix
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = x[0] ** 2 * x[1] + x[1] * x[2] ** 3
g, = torch.autograd.grad(y, x, create_graph=True)
rows = []
for v in g:
    if x.grad is not None:
        x.grad.zero_()
    v.backward(retain_graph=True)
    rows.append(x.grad)
print(torch.stack(rows))

# weights are 1, 10 and 100
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = torch.stack([3 * x[0] ** 2, x[0] ** 2 + 2 * x[1] ** 3, 10 * x[1]])
y.backward(torch.ones(3))
print(x.grad)

# retain_grad() for something that is no leaf
a = torch.arange(6.0, requires_grad=True)
x = a.reshape(2, 3)
(x ** 3).sum().backward()
x.retain_grad()
print(x.grad)

# do gradients accumulate?
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
(x ** 2).sum().backward()
print(x.grad)
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
(5 * x).sum().backward()
print(x.grad)

# detach
x = torch.tensor([1.0, -2.0, 3.0], requires_grad=True)
y = x * x
z = y * x.detach()
z.sum().backward()
print(x.grad)

# chain rule
x = torch.ones(2, 2, requires_grad=True)
y = x + 2
z = 3 * y ** 2
z.sum().backward()
print(x.grad)
