import numpy as np
import torch
import matplotlib
import matplotlib.pyplot as plt

# derivative of sine
N = 100
x = np.linspace(-2 * np.pi, 2 * np.pi, N)
y = np.sin(x)
dydx = np.gradient(y, x)

plt.figure()
plt.plot(x, dydx)
plt.xlabel('x')
plt.ylabel('d sin(x) / dx')
plt.grid()
plt.show()


# Jacobian of a function with vector input and vector output
def jacobian(f, x, eps=1e-3):
    y = f(x)
    J = torch.zeros(len(y), len(x))
    for j in range(len(x)):
        x_step = x.clone()
        x_step[j] += eps
        J[:, j] = (f(x_step) - y) / eps
    return J


def two_link_arm(q):
    return torch.stack([
        torch.cos(q[0]) + 0.7 * torch.cos(q[0] + q[1]),
        torch.sin(q[0]) + 0.7 * torch.sin(q[0] + q[1]),
        q[0] + q[1],
    ])


print(jacobian(two_link_arm, torch.tensor([0.3, 1.1])))

# backward, and backward again
w = torch.randn(8, requires_grad=True)
e = torch.exp(-w).sum()
e.backward()
e.backward()
# It stops here: "Trying to backward through the graph a second time". The values of exp are not kept.
