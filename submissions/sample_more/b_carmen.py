# %% Newton-CG
import numpy as np, torch
from scipy import optimize
from scipy.optimize import minimize, fmin_ncg
def f(p): return (1 - p[0])**2 + 2*(p[1] - p[0]**2)**2
t = torch.zeros(2, dtype=torch.float64, requires_grad=True)
def g(p):
    t.data = torch.tensor(p)
    t.grad = None
    f(t).backward()
    return t.grad.numpy().copy()
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
df = dd + de
f_ = 1.0
d_ = f_; e_ = f_
b_ = d_*c; c_ = d_*b
a_ = b_/a
x_ = a_*2*x + c_*math.cos(x) - e_/x**2
print(x_)
t = torch.as_tensor(x).clone().requires_grad_()
y = torch.log(t**2)*torch.sin(t) + 1/t
y.sum().backward()
print(t.grad)
print(t.grad == df)

# %% Limits
import math, numpy as np, torch
import matplotlib.pyplot as plt
def f(x):
    return 3 * x ** 2 - 4 * x
h = 10.0 ** -torch.arange(1., 6., dtype=torch.float64)
q = (f(1+h)-f(1))/h
x = np.arange(0, 3, 0.1)
plt.plot(x, f(x))
plt.plot(x, 2*x - 3)
plt.show()

# %% Two layers by hand
import numpy as np
sig = lambda z: 1/(1+np.exp(-z))
X = np.array([[0,0],[0,1],[1,0],[1,1]]); Y = np.array([[0.],[1],[1],[0]])
def train(X, Y, n, lr):
    rng = np.random.default_rng(0)
    p = {'W1': rng.normal(size=(2, 5)), 'b1': np.zeros(5), 'W2': rng.normal(size=(5, 1)), 'b2': np.zeros(1)}
    for _ in range(n):
        a = sig(X @ p['W1'] + p['b1']); o = sig(a @ p['W2'] + p['b2'])
        d2 = (o - Y) * o * (1 - o)
        d1 = d2 @ p['W2'].T * a * (1 - a)
        p['W2'] = p['W2'] - lr * a.T @ d2; p['b2'] = p['b2'] - lr * d2.sum(0)
        p['W1'] = p['W1'] - lr * X.T @ d1; p['b1'] = p['b1'] - lr * d1.sum(0)
    return p, o
p, o = train(X, Y, 5000, 2.0)
