import torch

# leaf tensors and .grad
x = torch.ones(4, requires_grad=True)
m = x.view(2, 2)
loss = (m ** 3).sum()
loss.backward()
m.retain_grad()
print(m.grad, "None, since m is not a leaf")
print(x.grad)
