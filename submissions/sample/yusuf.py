import torch
from matplotlib import pyplot as plt


def f(a):
    b = a * 2
    while b.norm() < 1000:
        b = b * 2
    if b.sum() > 0:
        c = b
    else:
        c = 100 * b
    return c


# In the control flow example, change a to a random vector or matrix. The result f(a) is no longer a scalar.
a = torch.randn(3, 4)
d = f(a)
print(d.shape)
d.sum().backward()

# After running backward once, run it again right away and see what happens. Why?
"""
x = torch.arange(4.0, requires_grad=True)
y = torch.dot(x, x)
y.backward()
y.backward()

RuntimeError, the graph is only good for one pass since its buffers are freed
"""

# Let f(x)=sin(x). Plot the graph of f and of its derivative f′
x = torch.linspace(-4, 4, 100)
y = torch.sin(x)
y.sum().backward()
plt.plot(x, y, label="sin x")
plt.plot(x, x.grad.detach(), label="sin' x")
plt.legend()
plt.show()


# Extract the full Jacobian of a vector-valued function by automatic differentiation
def fun(t):
    return torch.stack((t[0] * t[1], t[1] * t[2], t[2] * t[3]))


point = torch.tensor([1.0, 2.0, 3.0, 4.0])
with torch.inference_mode():
    jacobian = torch.autograd.functional.jacobian(fun, point)
print(jacobian)
