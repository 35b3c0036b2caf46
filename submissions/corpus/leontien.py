import numpy as np
from scipy.optimize import minimize

f = lambda z: (1 - z[0]) ** 2 + 2 * (z[1] - z[0] ** 2) ** 2


def grad_f(z):
    g = np.zeros(2)
    g[0] = -2 * (1 - z[0]) + 4 * (z[1] - z[0] ** 2)
    g[1] = 4 * (z[1] - z[0] ** 2)
    return g


sol = minimize(f, x0=[2.0, -1.0], method="Newton-CG", jac=grad_f)
print(sol.message, sol.x)
