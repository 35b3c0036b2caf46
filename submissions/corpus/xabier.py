import torch


def f(a):
    b = a * 2
    while b.norm() < 1000:
        b = b * 2
    if b.sum() > 0:
        c = b
    else:
        c = 100 * b
    return c


a = torch.randn(5, requires_grad=True) * 3
d = f(a)
d.sum().backward()
print(a.grad)
