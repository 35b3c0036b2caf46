# %% Newton-CG
import numpy as np, torch
from scipy import optimize
from scipy.optimize import minimize, fmin_ncg
def f(p): return (1 - p[0])**2 + 2*(p[1] - p[0]**2)**2
def g(p):
    x, y = p
    return np.array([-2*(1-x) - 8*x*(y-x**2), 4*(y-x**2)])
minimize(f, [2., 2.], jac=g, method='BFGS')  # newton-cg takes longer

# %% The dependency graph
import math, numpy as np, torch
x = 2.0
a = x**2
b = math.log(a)
c = math.sin(x)
d = b*c
e = 1/x
f = d + e
da = 2*x
db = da/a
dc = math.cos(x)
dd = db*c + b*dc
de = -1/x**2
df = dd + de
t = torch.as_tensor(x).clone().requires_grad_()
y = torch.log(t**2)*torch.sin(t) + 1/t
y.sum().backward()
print(t.grad)

# %% Limits
import math, numpy as np, torch
import matplotlib.pyplot as plt
def f(x):
    return 3 * x ** 2 - 4 * x
h = 0.1
while h > 5e-6:
    print(h, (f(1+h)-f(1))/h)
    h /= 10
x = np.linspace(-1, 2, 30)
plt.plot(x, f(x)); plt.plot(x, -4*x)
