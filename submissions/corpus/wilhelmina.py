import torch

# accumulation of gradients
w = torch.tensor([2.0, 0.5], requires_grad=True)
a = (w ** 3).sum()
a.backward()
print(w.grad)
b = (4 * w).sum()
b.backward()
print(w.grad, "has been added up")
w.grad.zero()
c = (4 * w).sum()
c.backward()
print(w.grad)
