import torch

# zweite Ableitung von exp(2x)
x = torch.tensor([0.0, 0.3, 1.0], requires_grad=True)
y = torch.exp(2 * x).sum()
y.backward(create_graph=True)
erste = x.grad
x.grad = None
erste.sum().backward()
print("f'  =", erste.detach())
print("f'' =", x.grad)
