import matplotlib.pyplot as plt
import torch

# Exercise 4
t = torch.linspace(-3, 3, 90, requires_grad=True)
wave = torch.sin(t)
wave.sum().backward()

plt.plot(wave.detach(), t.detach(), label="sin")
plt.plot(t.grad, t.detach(), label="derivative of sin")
plt.legend()
plt.show()
