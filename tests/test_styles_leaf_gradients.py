"""Gradients of reshaped and transposed tensors, kept or missed; other inner tensors are something else."""

import pytest

from tests.conftest import told

START = "import torch, numpy as np\n"
A = "a = torch.arange(6., requires_grad=True)\n"
NONE = "x = a.reshape(2, 3); y = (x ** 2).sum(); y.backward(); print(x.grad)  # None: x is no leaf\na.grad = None\n"
RIGHT = {
    "reshape": f"{A}{NONE}x = a.reshape(2, 3); x.retain_grad(); (x ** 3).sum().backward(); print(x.grad, a.grad)",
    "view, float64": (
        "a = torch.tensor([.5, 1., 2., 4.], dtype=torch.float64, requires_grad=True); v = a.view(2, 2); v.exp().sum().backward()\n"
        "print(v.grad)  # not a leaf\na.grad = None; v = a.view(2, 2); v.retain_grad(); v.exp().sum().backward(); print(v.grad); print(a.grad)"
    ),
    "a column and its transpose": (
        "x = torch.tensor([[1.], [2.], [3.]], requires_grad=True); t = x.T; y = t @ x; y.backward()\nprint(t.grad)  # no leaf\n"
        "x.grad = None; t = x.T; t.retain_grad(); y = t @ x; y.backward(); print(t.grad, x.grad)"
    ),
    "a transposed matrix": (
        "m = torch.tensor([[1., 2., 3.], [4., 5., 6.]], requires_grad=True); t = m.t(); (t ** 2).sum().backward()\n"
        "print(t.grad)  # it is not a leaf\nm.grad.zero_(); t = m.t(); t.retain_grad(); (t ** 2).sum().backward(); print(t.grad); print(m.grad)"
    ),
    "grad with both": (
        "x = torch.tensor([[1.], [2.]], requires_grad=True); t = x.mT; y = 2 * t @ x\ny.backward(retain_graph=True); print(t.grad) # leaf?\n"
        "print(torch.autograd.grad(y, [x, t]))"
    ),
}
WRONG = {
    "none_kept": {
        "made_a_leaf": "a = torch.arange(6.)\nx = a.reshape(2, 3).requires_grad_()  # is it a leaf?\n(x ** 2).sum().backward(); print(x.grad)"
    },
    "retained": {
        "asked_too_late": f"{A}{NONE}x = a.reshape(2, 3); (x ** 3).sum().backward(); x.retain_grad(); print(x.grad)  # use retain_grad()",
        "not_asked": f"{A}{NONE}",
    },
    "beside": {
        "one_side": f"{A}x = a.reshape(2, 3); x.retain_grad(); (x ** 3).sum().backward(); print(x.grad)",
        "left_over": f"{A}a.sum().backward(); x = a.reshape(2, 3); x.retain_grad(); (x ** 3).sum().backward(); print(x.grad, a.grad)",
    },
}
OTHER = {
    "the book's": "x = torch.arange(4.0, requires_grad=True); print(x.grad); y = 2 * torch.dot(x, x); y.backward(); print(x.grad == 4 * x)",
    "a product": "a = torch.randn(4, requires_grad=True) * 3; (a ** 2).sum().backward(); print(a.grad)  # a is no leaf",
    "an inner step": "x = torch.ones(2, 2, requires_grad=True); y = x + 2; y.retain_grad(); (3 * y * y).mean().backward(); print(y.grad)",
    "a reshape on the way": "x = torch.linspace(-3, 3, 40, requires_grad=True); x.reshape(4, 10).sin().sum().backward(); print(x.grad)",
    "numbers only": "# leaf\nprint(torch.tensor([2., 4.]))",
}


@pytest.mark.parametrize("way", RIGHT)
def test_every_way_to_an_inner_gradient(grade, way):
    """Missed first, then kept or asked for, and x beside it."""
    result = told(grade(f"{START}{RIGHT[way]}\n"))["leaf_gradients"]
    assert result == {"none_kept": "passed", "retained": "passed", "beside": "passed"}


@pytest.mark.parametrize(("criterion", "reason"), [(c, r) for c, reasons in WRONG.items() for r in reasons])
def test_every_mistake_has_its_name(grade, criterion, reason):
    """Each in its criterion."""
    assert told(grade(f"{START}{WRONG[criterion][reason]}\n"))["leaf_gradients"][criterion] == reason


@pytest.mark.parametrize("other", OTHER)
def test_other_inner_tensors_are_no_attempt(grade, other):
    """Products, inner steps, and a reshape that nobody asks about."""
    assert "leaf_gradients" not in told(grade(f"{START}{OTHER[other]}\n"))
