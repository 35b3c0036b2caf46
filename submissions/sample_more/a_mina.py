import torch

# second derivative with backward alone
x = torch.tensor(2.0, requires_grad=True)
y = x ** 3
y.backward(create_graph=True)
x.grad.backward()
print(x.grad)

# Hessian, only the diagonal is interesting
f = lambda t: t[0] ** 2 * t[1] + t[1] * t[2] ** 3
H = torch.autograd.functional.hessian(f, torch.tensor([1.0, 2.0, 3.0]))
H = torch.diag(H.diag())
print(H)


class Squared(torch.autograd.Function):
    @staticmethod
    def forward(ctx, w, x, y):
        ctx.save_for_backward(w, x, y)
        return (w * x - y) ** 2

    @staticmethod
    def backward(ctx, g):
        w, x, y = ctx.saved_tensors
        return 2 * g * x * (y - w * x), None, None


# chain rule
w = torch.tensor(3.0, requires_grad=True)
Squared.apply(w, torch.tensor(5.0), torch.tensor(2.0)).backward()
print(w.grad)
