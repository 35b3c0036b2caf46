import torch

# detach: treat u as a constant
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
u = torch.tensor([1.0, 4.0, 9.0])
z = u * x
z.sum().backward()
print(x.grad)
