# coding=utf-8
# 动手学深度学习 自动微分 课后题
import torch
import matplotlib.pyplot as plt

# 在运行反向传播函数之后，立即再次运行它，看看会发生什么
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = torch.sum(x ** 3)
y.backward(retain_graph=True)
print(x.grad)
y.backward()
print(x.grad)
# 保留计算图之后可以再次运行，梯度会累加，变成原来的两倍

# 使f(x)=sin(x)，绘制f(x)和df(x)/dx的图像，其中后者不使用f′(x)=cos(x)
x = torch.tensor(0.0, requires_grad=True)
xs = [i * 0.1 for i in range(63)]
fs, gs = [], []
for v in xs:
    x.data.fill_(v)
    y = torch.sin(x)
    y.backward()
    fs.append(y.item())
    gs.append(x.grad.item())

plt.plot(xs, fs, label='f(x)')
plt.plot(xs, gs, label='df(x)/dx')
plt.legend()
plt.show()

# 求向量值函数的雅可比矩阵
x = torch.tensor([1.0, -2.0], requires_grad=True)
y = torch.stack([x[0] * x[1], x[0] ** 2, 3 * x[1] - x[0]])
J = []
for i in range(3):
    y[i].backward(retain_graph=True)
    J.append(x.grad)
J = torch.stack(J)
print(J)
