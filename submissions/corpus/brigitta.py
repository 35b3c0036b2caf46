import numpy as np
import matplotlib.pyplot as plt


def g(x):
    return np.exp(-x)


# difference quotient of exp(-x) at 0.5
h = 0.1
while h > 1e-6:
    print(h, (g(0.5 + h) - g(0.5)) / (2 * h))
    h /= 10

x = np.linspace(-1, 2, 60)
plt.plot(x, g(x))
plt.plot(x, g(0.5) - g(0.5) * (x - 0.5))
plt.show()
