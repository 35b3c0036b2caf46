import torch
import matplotlib.pyplot as plt

x = torch.linspace(-3, 3, 61, dtype=torch.float64, requires_grad=True)
y = torch.sin(x)
h = 1e-6
dy = (torch.sin(x + h) - torch.sin(x - h)) / (2 * h)
plt.plot(x.detach(), y.detach(), label="sin(x)")
plt.plot(x.detach(), dy.detach(), label="automatic derivative")
plt.legend()
plt.show()
