#!/usr/bin/env python
# coding: utf-8

# In[1]:

%matplotlib inline
import torch
import matplotlib.pyplot as plt

# In[2]:

x = torch.arange(4.0)
x.requires_grad_(True)
y = 2 * torch.sum(x ** 2)
y.backward()
x.grad
plt.plot(x.data, 4 * x.data, ':')

# In[3]:

# run backward a second time: does it work if the graph is kept?
x.grad.zero_()
y = 2 * torch.sum(x ** 2)
for _ in range(2):
    y.backward(retain_graph=True)
    print(x.grad)
# -> [0, 4, 8, 12] and then [0, 8, 16, 24], i.e. gradients accumulate

# In[4]:


def f(a):
    b = a * 2
    while torch.norm(b) < 1000:
        b = b * 2
    if torch.sum(b) > 0:
        c = b
    else:
        c = 100 * b
    return c


# control flow with a random matrix
%time torch.randn(500, 500).norm()
a = torch.randn(4, 5, requires_grad=True)
d = f(a)
d.backward(torch.ones_like(d))
assert torch.allclose(a.grad, (d / a).detach(), rtol=1e-3)
print("slope", a.grad[0, 0].item())

# In[5]:

# Let f(x)=sin(x). Plot the graph of f and of its derivative f′
x = torch.linspace(-3, 3, 50, requires_grad=True)
y = torch.sin(x)
d = []
for i in range(x.numel()):
    y[i].backward(retain_graph=True)
    d.append(x.grad[i].item())
    x.grad.zero_()
plt.plot(x.data, y.data)
plt.plot(x.data, d)

!ls *.png
