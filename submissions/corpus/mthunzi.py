import torch
import matplotlib.pyplot as plt

print "plotting the sine"

x = torch.linspace(-3, 3, 40, requires_grad=True)
y = torch.sin(x)
y.sum().backward()
plt.plot(x.detach().numpy(), y.detach().numpy(), label=“sin”)
plt.plot(x.detach().numpy(), x.grad.numpy(), label=“cos?”)
plt.legend()
plt.show()
