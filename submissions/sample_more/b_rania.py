# %% 牛顿共轭梯度法
import numpy as np, torch
from scipy import optimize
from scipy.optimize import minimize, fmin_ncg
def f(p): return (1 - p[0])**2 + 2*(p[1] - p[0]**2)**2
def g(p):
    x, y = p
    return np.array([[-2*(1-x) - 8*x*(y-x**2)], [4*(y-x**2)]])
r = minimize(f, [-1.2, 2.0], method='Newton-CG', jac=g); print(r.x)

# %% 依赖图
import math, numpy as np, torch
x = 2.0
a = x**2
b = math.log(a)
c = math.sin(math.radians(x))
e = 1/x
f = b*c + e
t = torch.as_tensor(x).clone().requires_grad_()
y = torch.log(t**2)*torch.sin(t) + 1/t
y.sum().backward()
print(t.grad)

# %% 极限
import math, numpy as np, torch
import matplotlib.pyplot as plt
def f(x):
    return 3 * x ** 2 - 4 * x
x = torch.tensor(1.0)
for i in range(1, 6):
    h = 10**-i
    print(h, ((f(x+h)-f(x))/h).item())
x = np.arange(0, 3, 0.1)
plt.plot(x, f(x))
plt.plot(x, 2*x - 3)
plt.show()

# %% 两层网络
import numpy as np
def nonlin(x, deriv=False):
    if deriv:
        return x*(1-x)
    return 1/(1+np.exp(-x))
X = np.array([[0,0,1],[0,1,1],[1,0,1],[1,1,1]])
y = np.array([[0],[1],[1],[0]])
np.random.seed(1)
syn0 = 2*np.random.random((3,4)) - 1
syn1 = 2*np.random.random((4,1)) - 1
for j in range(20):
    l0 = X
    l1 = nonlin(np.dot(l0,syn0))
    l2 = nonlin(np.dot(l1,syn1))
    l2_error = y - l2
    if j % 1000 == 0:
        print("Error:" + str(np.mean(np.abs(l2_error))))
    l2_delta = l2_error*nonlin(l2,deriv=True)
    l1_error = l2_delta.dot(syn1.T)
    l1_delta = l1_error * nonlin(l1,deriv=True)
    syn1 += l1.T.dot(l2_delta)
    syn0 += l0.T.dot(l1_delta)
