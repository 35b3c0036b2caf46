import torch

# Tarea: matriz jacobiana completa de una función vectorial


def g(v):
    return torch.stack([v[0] * v[1], torch.sin(v[1]) + v[2] ** 2])


p = torch.tensor([1.0, 2.0, -0.5], requires_grad=True)
salida = g(p)
filas = []
for i in range(salida.numel()):
    p.grad = None
    e = torch.zeros_like(salida)
    e[i] = 1.0
    salida.backward(e, retain_graph=True)
    filas.append(p.grad.clone())
J = torch.stack(filas)
print(J)
comprobacion = torch.autograd.functional.jacobian(g, p.detach())
print(torch.allclose(J, comprobacion))
