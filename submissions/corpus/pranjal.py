import torch
import matplotlib.pyplot as plt


def plot_sin_and_derivative():
    x = torch.linspace(-5, 5, 100, requires_grad=True)
    y = torch.sin(x)
    y.sum().backward()
    plt.plot(x.detach(), y.detach())
    plt.plot(x.detach(), x.grad)
    plt.show()
