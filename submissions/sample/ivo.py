# Ivo K., answers to the exercises
import torch
import matplotlib.pyplot as plt

# sine
x = torch.linspace(0, 4, 40, requires_grad=True)
y = torch.sin(x)
dy = y.sum().backward()
print(“slope at the first point”, x.grad[0].item())
plt.plot(x.detach(), y.detach())
plt.plot(x.detach(), dy)
plt.legend(["f", "f'"])
plt.show()


# control flow
def f(a):
    b = a * 2
    while b.norm() < 1000:
        b = b * 2
    if b.sum() > 0:
        c = b
    else:
        c = 100 * b
    return c


# a is now a vector with random entries, one call for each
a = torch.randn(8, requires_grad=True)
d = torch.stack([f(ai) for ai in a])
d.sum().backward()
print(a.grad)
print(d / a)

# Jacobian matrix
x = torch.tensor([2.0, -1.0, 0.5], requires_grad=True)
y = torch.stack([x[0] * x[1] ** 2, x[2] - x[0]])
y.backward()
J = x.grad
print(J)
