"""Weights for the outputs of a vector, in every spelling; sums, rows and other people's mistakes are something else."""

import pytest

from tests.conftest import told

START = "import torch, numpy as np\n"
Y = (
    "x = torch.tensor([1., 2.], requires_grad=True)\n"
    "y = torch.stack([3 * x[0] ** 2, x[0] ** 2 + 2 * x[1] ** 3, 10 * x[1]])\n"
)
G = "g = lambda t: torch.stack([3 * t[0] ** 2, t[0] ** 2 + 2 * t[1] ** 3, 10 * t[1]])\n"
RIGHT = {
    "float weights": f"{Y}y.backward(torch.tensor([1., 10., 100.])); print(x.grad)",
    "integers": f"{Y}y.backward(gradient=torch.tensor([1, 10, 100])); print(x.grad)",
    "filled in place": (
        "x = torch.tensor([1., 2.], requires_grad=True); m = torch.zeros(3)\n"
        "m[0] = 3 * x[0] ** 2; m[1] = x[0] ** 2 + 2 * x[1] ** 3; m[2] = 10 * x[1]\nm.backward(torch.tensor([1., 10., 100.]))"
    ),
    "grad_outputs": f"{Y}print(torch.autograd.grad(y, x, grad_outputs=torch.tensor([.5, -2., 7.])))",
    "a matrix": (
        "a = torch.randn(2, 3, requires_grad=True); b = a ** 2 @ torch.randn(3, 2); b.backward(torch.tensor([[1., 2.], [3., 4.]]))"
    ),
    "entry by entry, float64": (
        "t = torch.tensor(np.linspace(1, 2, 4), requires_grad=True); t.exp().backward(torch.tensor([1., .1, .01, .001]).double())"
    ),
    "functional.vjp": f"{G}torch.autograd.functional.vjp(g, torch.tensor([1., 2.]), torch.tensor([1., 10., 100.]))",
    "func.vjp": f"{G}out, pull = torch.func.vjp(g, torch.tensor([1., 2.])); print(pull(torch.tensor([1., 10., 100.])))",
    "one weight after another": (
        "a = torch.tensor(2., requires_grad=True); b = a ** 3\n"
        "for w in (1., 10., 100., 1000.): b.backward(torch.tensor(w), retain_graph=True); print(a.grad)"
    ),
    "weights that add up": (
        f"{Y}y.backward(torch.tensor([1., 10., 100.]), retain_graph=True); y.backward(torch.tensor([2., 0., 1.])); print(x.grad)"
    ),
}
WRONG = {
    "left_over": f"{Y}x.sum().backward(); y.backward(torch.tensor([1., 10., 100.])); print(x.grad)",
    "all_ones": f"# the weights are 1, 10, 100\n{Y}y.backward(torch.ones(3)); print(x.grad)",
    "wrong_side": (
        "# vector-Jacobian product with weights 1 and 10\nh = lambda t: torch.stack([t[0] * t[1], t[1] ** 3])\n"
        "print(torch.func.jvp(h, (torch.tensor([1., 2.]),), (torch.tensor([1., 10.]),))[1])"
    ),
    "weights_shape": f"{Y}y.backward(torch.tensor([1., 10.]))",
    "vector_backward": f"# now with weights 1, 10, 100\n{Y}y.backward()",
    "freed_graph": f"{Y}y.backward(torch.tensor([1., 10., 100.])); y.backward(torch.tensor([2., 0., 1.]))",
}
OTHER = {
    "ones": "x = torch.arange(4., requires_grad=True); y = x * x; y.backward(gradient=torch.ones(len(y))); print(x.grad)",
    "the book's prose": (
        "# Invoking `backward` on a non-scalar elicits an error unless we tell PyTorch how to reduce the object to a scalar.\n"
        "# More formally, we need to provide some vector v such that `backward` will compute v⊤∂x y rather than ∂x y.\n"
        "x = torch.arange(4., requires_grad=True); y = x * x; y.backward(gradient=torch.ones(len(y))); print(x.grad)"
    ),
    "rows of a Jacobian": f"{Y}J = []\nfor e in torch.eye(3):\n    x.grad = None; y.backward(e, retain_graph=True); J.append(x.grad)",
    "rows by mixed weights": f"{Y}J = torch.stack([torch.autograd.grad(y, x, w, retain_graph=True)[0] for w in torch.ones(3, 3).triu()])",
    "weights borrowed from y": "x = torch.linspace(-3, 3, 40, requires_grad=True); y = x.sin(); y.backward(y)",
    "weights borrowed from x": "x = torch.linspace(-3, 3, 40, requires_grad=True); y = x.sin(); y.backward(x)",
    "a product with the Hessian": (
        "x = torch.randn(3, requires_grad=True); g, = torch.autograd.grad((x ** 3).sum(), x, create_graph=True)\n"
        "torch.autograd.grad(g, x, torch.tensor([1., 2., 3.]))"
    ),
    "a loss with weights": (
        "w = torch.ones(3, requires_grad=True)\nfor _ in range(3):\n    l = ((torch.randn(9, 3) @ w) ** 2).mean(); l.backward(); w.grad.zero_()"
    ),
}


@pytest.mark.parametrize("road", RIGHT)
def test_every_way_to_weight_outputs(grade, road):
    """Floats, integers, matrices, pull-backs; at once or one after another."""
    assert told(grade(f"{START}{RIGHT[road]}\n"))["gradient_weights"] == {
        "weighted": "passed",
        "meaning": "needs_review",
    }


@pytest.mark.parametrize("reason", WRONG)
def test_every_mistake_has_its_name(grade, reason):
    """Where another try was right, that one counts."""
    result = told(grade(f"{START}{WRONG[reason]}\n"))["gradient_weights"]
    assert result["weighted"] == ("passed" if reason == "freed_graph" else reason)


@pytest.mark.parametrize("other", OTHER)
def test_other_weights_are_no_attempt(grade, other):
    """Ones, one-hot rows, and weights that were borrowed."""
    assert "gradient_weights" not in told(grade(f"{START}{OTHER[other]}\n"))


def test_weights_outside_of_backward_are_a_persons(grade):
    """vᵀJ all the same, but which of the numbers were the outputs cannot be told."""
    code = f"# weights 1, 10, 100\n{Y}(torch.tensor([1., 10., 100.]) * y).sum().backward(); print(x.grad)"
    assert told(grade(f"{START}{code}\n"))["gradient_weights"]["weighted"] == "needs_review"


def test_numbers_typed_in_are_no_attempt(grade):
    """Nothing was given any weight."""
    assert told(grade(f"{START}# gradient weights 1, 10, 100\nprint(torch.tensor([26., 1240.]))\n")) == {}
