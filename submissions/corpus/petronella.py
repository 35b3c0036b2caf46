import torch

# backward on a vector takes a weight for every output: it computes v^T J
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = torch.stack([3 * x[0] ** 2, x[0] ** 2 + 2 * x[1] ** 3, 10 * x[1]])
y.backward(gradient=torch.tensor([1.0, 10.0, 100.0]))
print(x.grad)  # [26, 1240]: weights add the rows of the Jacobian up

z = torch.tensor([0.2, 0.4, 0.6], dtype=torch.float64, requires_grad=True)
w = torch.tanh(z) * z
w.backward(torch.tensor([0.5, 2.5, -1.0], dtype=torch.float64))
print(z.grad)
