import torch
from torch.func import jacfwd, jacrev


def rosen(v):
    return (1 - v[0]) ** 2 + 100 * (v[1] - v[0] ** 2) ** 2


v = torch.tensor([-1.2, 1.0])
H = jacfwd(jacrev(rosen))(v)
print(H)
x = v.clone().requires_grad_()
g = torch.autograd.grad(rosen(x), x, create_graph=True)[0]
rows = [torch.autograd.grad(gi, x, retain_graph=True)[0] for gi in g]
print(torch.stack(rows))
# n rows, one sweep each: this is why second derivatives cost n times a gradient
