import torch
import matplotlib.pyplot as plt

x = torch.linspace(0, 12, 90, requires_grad=True)
y = torch.sin(x)
g = torch.autograd.grad(y, x, grad_outputs=torch.ones_like(y))[0]
for curve in (y.detach(), g):
    plt.plot(x.detach(), curve)
plt.savefig("out.pdf")
exit()
