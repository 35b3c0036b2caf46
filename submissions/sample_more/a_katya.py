import torch

# the second derivative of x ** 3 at 2
x = torch.tensor(2.0, requires_grad=True)
y = x ** 3
g, = torch.autograd.grad(y, x, create_graph=True)
print(g)



# the Hessian
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = x[0] ** 2 * x[1] + x[1] * x[2] ** 3
g, = torch.autograd.grad(y, x, create_graph=True)
print(torch.autograd.grad(g.sum(), x))



# weights one after another: 1, 10, 100
a = torch.tensor(2.0, requires_grad=True)
b = a ** 3
b.backward(torch.tensor(1.0))
b.backward(torch.tensor(10.0))



# the chain rule with a backward of my own
class Squared(torch.autograd.Function):
    @staticmethod
    def forward(ctx, w, x, y):
        ctx.save_for_backward(w, x, y)
        return (w * x - y) ** 2

    @staticmethod
    def backward(ctx, g):
        w, x, y = ctx.saved_tensors
        return g * x, None, None


# chain rule
w = torch.tensor(3.0, requires_grad=True)
Squared.apply(w, torch.tensor(5.0), torch.tensor(2.0)).backward()
print(w.grad)
