import numpy as np
import torch
import matplotlib.pyplot as plt

x = torch.linspace(-np.pi, np.pi, 80, requires_grad=True)
y = torch.sin(x)
y.sum().backward()

xs = x.detach().numpy()
plt.plot(xs, np.sin(xs), label="sin")
plt.plot(xs, np.cos(xs), label="d sin")
plt.legend()
plt.show()
