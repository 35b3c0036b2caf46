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
y.sum().backward(retain_graph=True)
y.sum().backward()
print(t.grad)
