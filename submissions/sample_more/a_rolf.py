import torch

# Hessian without create_graph
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = x[0] ** 2 * x[1] + x[1] * x[2] ** 3
g, = torch.autograd.grad(y, x)
H = torch.stack([torch.autograd.grad(v, x)[0] for v in g])

# second derivative, not run since it takes long:
# g, = torch.autograd.grad(y, x, create_graph=True)
# h, = torch.autograd.grad(g.sum(), x)
