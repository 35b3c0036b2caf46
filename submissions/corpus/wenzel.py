import matplotlib.pyplot as plt
import torch

# Aufgabe 4: f(x) = sin(x) und f'
x = torch.arange(-5, 5, 0.05, requires_grad=True)
f = torch.sin(x)
f.sum().backward()
ableitung = -x.grad

fig, ax = plt.subplots()
ax.plot(x.detach().numpy(), f.detach().numpy(), label="f")
ax.plot(x.detach().numpy(), ableitung.numpy(), label="f'")
ax.legend()
fig.savefig("sinus.png")
