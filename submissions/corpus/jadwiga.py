import numpy as np
import torch
from scipy.optimize import minimize


def banana(p):
    return (1 - p[0]) ** 2 + 2 * (p[1] - p[0] ** 2) ** 2


def banana_grad(p):
    t = torch.as_tensor(p, dtype=torch.float64).clone().requires_grad_(True)
    banana(t).backward()
    return t.grad.numpy()


def banana_hess(p):
    return torch.autograd.functional.hessian(banana, torch.as_tensor(p, dtype=torch.float64)).numpy()


wynik = minimize(banana, np.array([-1.0, 2.5]), method="Newton-CG", jac=banana_grad, hess=banana_hess)
print(wynik.x, wynik.nit)
