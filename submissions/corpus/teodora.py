import torch
from torch.autograd import Variable
import matplotlib.pyplot as plt

x = Variable(torch.range(-3, 3, 0.1), requires_grad=True)
y = x.sin()
y.backward(torch.ones(x.size()))
plt.plot(x.data.numpy(), y.data.numpy(), "b-")
plt.plot(x.data.numpy(), x.grad.data.numpy(), "r-")
plt.show()
