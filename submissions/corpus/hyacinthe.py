import numpy as np
import matplotlib.pyplot as plt


def f(x):
    return 3 * x ** 2 - 4 * x


# difference quotient at x = 1
hs = [0.1, 0.01, 0.001, 0.0001, 0.00001]
for h in hs:
    print(h, (f(1 + h) - f(1 - h)) / (2 * h))

x = np.arange(0, 2, 0.05)
plt.plot(x, f(x))
plt.plot(x, 2 * x - 3)
plt.show()
