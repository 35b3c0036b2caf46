from __future__ import print_function
import torch
from torch.autograd import Variable

# second backward: what happens if we call it again?
a = Variable(torch.Tensor([2, 3, 5]), requires_grad=True)
b = 4 * a.pow(2).sum()
b.backward(retain_graph=True)
print(a.grad)
b.backward()
print(a.grad)
print("twice as much, a.grad is a running total. retain_graph=True stops torch from freeing the graph")

# f(x) = sin(x) and f'(x) without using cos
x = Variable(torch.range(0, 3, 0.1), requires_grad=True)
f = x.sin()
f.sum().backward()
for triple in zip(x.data.tolist(), f.data.tolist(), x.grad.tolist()):
    print("x=%.1f  f(x)=%.4f  f'(x)=%.4f" % triple)
