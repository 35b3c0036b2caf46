# %% Newton-CG
import numpy as np, torch
from scipy import optimize
from scipy.optimize import minimize, fmin_ncg
def f(p): return (1 - p[0])**2 + 2*(p[1] - p[0]**2)**2
def g(p):
    t = torch.tensor(p, requires_grad=True)
    f(t).backward()
    return t.grad.numpy()
g(np.array([2, 2]))
r = minimize(f, [-1.2, 2.0], method='Newton-CG', jac=g); print(r.x)

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
f_ = 1.0
d_ = f_; e_ = f_
b_ = d_*c; c_ = d_*b
a_ = b_/a
x_ = a_*2*x; x_ = c_*math.cos(x); x_ = -e_/x**2
print(x_)
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
x = np.linspace(0, 2, 30)
plt.plot(x, f(x)); plt.plot(x, 3*(x-1)-1)
