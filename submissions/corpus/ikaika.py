import torch
from torch.func import grad, vmap, jacfwd
import matplotlib.pyplot as plt

t = torch.linspace(-4, 4, 101)
dsin = vmap(grad(torch.sin))(t)
fig, ax = plt.subplots()
ax.plot(t, torch.sin(t))
ax.plot(t, dsin)
plt.show()


def polar(p):
    r, phi = p[0], p[1]
    return torch.stack((r * torch.cos(phi), r * torch.sin(phi)))


print(jacfwd(polar)(torch.tensor([2.0, 0.7])))
