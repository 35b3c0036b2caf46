import math
import torch
import matplotlib.pyplot as plt

# 正弦：绘制 f(x)=sin(x) 和它的导数
t = torch.linspace(0, 6, 50, requires_grad=True)
wave = math.sin(t)
wave.sum().backward()
plt.plot(t.detach(), wave.detach(), t.detach(), t.grad)
plt.show()


# 控制流，a 是随机向量
def f(a):
    b = a * 2
    while b.norm() < 1000:
        b.data = b.data * 2
    if b.sum() > 0:
        c = b
    else:
        c = 100 * b
    return c


a = torch.rand(5, requires_grad=True)
d = f(a)
d.sum().backward()
print(a.grad)

if 0:
    # 立即再次运行 backward
    d.sum().backward()      # 报错，图已经被释放


# 雅可比矩阵
def jac(fn, x):
    x = x.detach().requires_grad_()
    out = fn(x)
    rows = []
    for i in reversed(range(len(out))):
        v = torch.zeros_like(out)
        v[i] = 1
        rows.append(torch.autograd.grad(out, x, v, retain_graph=True)[0])
    return torch.stack(rows)


print(jac(lambda x: torch.stack([x[0] + x[1] ** 2, x[0] * x[1], torch.exp(x[0])]), torch.tensor([0.5, 2.0])))
