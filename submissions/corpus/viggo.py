# gradients of two functions are added up in p.grad
import torch

p = torch.tensor([1.0, -2.0, 0.5], requires_grad=True)
torch.sum(p**2).backward()
print("p**2:", p.grad)
torch.sum(7 * p).backward()
print("and 7p added:", p.grad)

p.grad.zero_()
q = 7 * p.detach()
q.sum().backward()
print("7p alone:", p.grad)
