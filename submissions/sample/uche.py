# Uche - autograd homework
import torch, matplotlib.pyplot as plt

# warm up: y = 2 x.x
x = torch.arange(4.0, requires_grad=True)
y = 2 * torch.dot(x, x)
y.backward()
print(x.grad)

# 1) backward a second time
y = 2 * torch.dot(x, x)
y.backward(retain_graph=True)
y.backward()
print(x.grad)   # goes through since I retained the graph; 3 passes so far, so 3 * 4x

# 2) control flow, a is a vector
def f(a):
    b = a * 2
    while b.norm() < 1000:
        b = b * 2
    if b.sum() > 0:
        c = b
    else:
        c = 100 * b
    return c

a = torch.randn(6, requires_grad=True)
d = f(a)
d.backward(a)
print('a.grad', a.grad)

# 3) sin and its derivative
x = torch.arange(0.0, 6.0, 0.1)
x.requires_grad_()
y = torch.sin(x)
y.backward(x)
plt.plot(x.detach(), y.detach(), 'b-')
plt.plot(x.detach(), x.grad, 'r-')
plt.title('sin and derivative')
plt.show()

# 4) Jacobian
A = torch.tensor([[1., 2., 3.], [0., -1., 1.]])
x = torch.tensor([.1, .5, -.4])

def g(v):
    return torch.exp(A @ x)

print('jacobian')
print(torch.autograd.functional.jacobian(g, x))
