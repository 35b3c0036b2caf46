import torch

# detach(): z should count y as a constant
x = torch.tensor([1.0, 2.0, 4.0], requires_grad=True)
y = x * x
y.detach()
z = y * x
z.sum().backward()
print(x.grad)
