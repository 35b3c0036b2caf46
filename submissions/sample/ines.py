"""Ines: homework on automatic differentiation"""
import torch
import torch.autograd.forward_ad as fwAD
import matplotlib
import matplotlib.pyplot as plt


def show(xs, curves, names):
    for c, n in zip(curves, names):
        plt.plot(xs, c, label=n)
    plt.xlabel("x")
    plt.legend()
    plt.savefig("out.pdf")


# sine and its slope, with dual numbers instead of a backward pass
x = torch.linspace(0.0, 10.0, 200)
with fwAD.dual_level():
    z = torch.sin(fwAD.make_dual(x, torch.ones_like(x)))
    value, tangent = fwAD.unpack_dual(z)
show(x, (value, tangent), ("f(x) = sin(x)", "f’(x)"))


# Jacobian: one backward pass per component
def jacobian(fun, at):
    at = at.clone().detach().requires_grad_(True)
    out = fun(at)
    J = torch.zeros(out.numel(), at.numel())
    for k in range(out.numel()):
        at.grad = None
        out[k].backward(retain_graph=True)
        J[k] = at.grad
    return J


def polar(p):
    r, phi, h = p
    return torch.stack([r * torch.cos(phi), r * torch.sin(phi), h * r, h])


print(jacobian(polar, torch.tensor([2.0, 0.4, -1.0])))


# control flow, a is 1 x 3
def f(a):
    b = a * 2
    while b.norm() < 1000:
        b = b * 2
    return b if b.sum() > 0 else 100 * b


a = torch.tensor([[0.0, -3.0, 1.0]], requires_grad=True)
d = f(a)
d.sum().backward()
print(a.grad)
print(d / a)    # nan at the zero, elsewhere the same numbers

# backward again
q = torch.tensor([[1.0, 2.0]], requires_grad=True)
w = q.prod() ** 2
w.backward()
w.backward()
print("never printed? the second call stops the program: saved values are freed after the first")
