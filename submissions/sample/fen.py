# -*- coding: gbk -*-
# 自动微分作业  冯芬
import numpy as np
import torch
from d2l import torch as d2l
import matplotlib.pyplot as plt

# 第一部分：正弦函数，绘制 sin(x) 和它的导数（用自动微分求导数）
x = np.arange(-np.pi, np.pi, 0.05)
v = torch.tensor(x, requires_grad=True)
t = torch.sin(v)
t.backward(torch.ones(len(x), dtype=torch.float64))
plt.figure(figsize=(6, 4))
plt.plot(x, t.detach().numpy(), label='sin(x)')
plt.plot(x, v.grad.numpy(), label='cos(x)')
plt.legend()
plt.show()

# 第二部分：立即再次运行反向传播函数
x = torch.ones(3, requires_grad=True)
y = (x * x * x).sum()
y.backward()
print('第一次', x.grad)
try:
    y.backward()
except RuntimeError as err:
    print('第二次出错:', str(err)[:60])
# 原因：默认不保留计算图，第一次之后中间变量被释放了


# 第三部分：控制流，变量 a 改为随机矩阵
def f(a):
    b = a * 2
    while b.norm() < 1000:
        b = b * 2
    if b.sum() > 0:
        c = b
    else:
        c = 100 * b
    return c


a = torch.randn((2, 3), requires_grad=True)
d = f(a)
# d 不再是标量，不能直接 d.backward()，先求和
d.sum().backward()
print(a.grad)
print(a.grad == d / a)
