import torch

# half of the second derivative is what Taylor needs
x = torch.tensor(2.0, requires_grad=True)
y = x ** 3
g, = torch.autograd.grad(y, x, create_graph=True)
print(torch.autograd.grad(g, x)[0] / 2)

# hessian, made symmetric
f = lambda t: t[0] ** 2 * t[1] + t[1] * t[2] ** 3
H = torch.autograd.functional.hessian(f, torch.tensor([1.0, 2.0, 3.0]))
H = H + H.T
print(H)

# inner steps of the mean, chain rule
x = torch.ones(2, 2, requires_grad=True)
u = x + 2
z = 3 * u ** 2
z.mean().backward()
print(x.grad)
print(u.grad)
