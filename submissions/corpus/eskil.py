import torch

# z = u * x where u counts as a constant (detach exercise)
x = torch.tensor([2.0, 3.0, 5.0], requires_grad=True)
u = torch.tensor([4.0, 9.0, 25.0])
z = (u * x).sum()
z.backward()
print(x.grad)
if 0:
    y = x * x
