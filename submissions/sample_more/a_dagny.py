import torch
from torch import func

"""Second derivative of a cube, without any tensor that requires grad."""
cube = lambda t: t ** 3 - 2 * t
print(func.grad(func.grad(cube))(torch.tensor(2.0)))
print(func.vmap(func.grad(func.grad(cube)))(torch.linspace(-1, 1, 5)))

"""Hessian of a quadratic form and a sine."""
A = torch.tensor([[2.0, 1.0], [0.0, 3.0]])
form = lambda t: t @ A @ t + torch.sin(t[0] * t[1])
print(func.hessian(form)(torch.tensor([0.5, -1.0])))

"""vjp: the weights go into the function that func.vjp returns."""
g = lambda t: torch.stack([3 * t[0] ** 2, t[0] ** 2 + 2 * t[1] ** 3, 10 * t[1]])
out, pull = func.vjp(g, torch.tensor([1.0, 2.0]))
print(pull(torch.tensor([1.0, 10.0, 100.0])))

"""A view keeps nothing; autograd.grad can be asked for it all the same."""
x = torch.tensor([[1.0], [2.0]], requires_grad=True)
t = x.mT
y = 2 * t @ x
y.backward(retain_graph=True)
print(t.grad)  # None, no leaf
print(torch.autograd.grad(y, [x, t]))

"""Adding up and clearing, by an optimizer."""
net = torch.nn.Linear(2, 1, bias=False)
ones = torch.ones(2)
net(ones).sum().backward()
(net(ones) ** 2).sum().backward()
print(net.weight.grad)
torch.optim.SGD(net.parameters(), lr=0.1).zero_grad()
(net(ones) ** 2).sum().backward()
print(net.weight.grad)

"""A factor computed where nothing is recorded."""
x = torch.tensor([1.0, -2.0, 3.0], requires_grad=True)
with torch.no_grad():
    u = x * x
(u * x).sum().backward()
print(x.grad)
y = x * x
x.grad.zero_()
y.sum().backward()
print(x.grad)

"""The chain rule for loss = (w*x - y)**2."""
print(func.grad(lambda w: (w * 2 - 2) ** 2)(torch.tensor(3.0)))
x = torch.ones(2, 2, requires_grad=True)
u = x + 2
z = 3 * u ** 2
out = z.mean()
print(torch.autograd.grad(out, [x, u, z]))
