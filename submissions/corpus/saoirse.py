import torch

# weights [1, 10] for the gradient argument
x = torch.tensor([1., 2.], requires_grad=True)
y = torch.stack([3 * x[0] ** 2, x[0] ** 2 + 2 * x[1] ** 3, 10 * x[1]])
try:
    y.backward(gradient=torch.tensor([1., 10.]))
except RuntimeError as e:
    print("why?", e)
