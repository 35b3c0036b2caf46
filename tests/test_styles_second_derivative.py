"""Second derivatives by every road; first ones, penalties and typed-in numbers are something else."""

import pytest

from tests.conftest import told

START = "import torch, numpy as np\n"
CUBE = "x = torch.tensor(2., requires_grad=True); y = x ** 3 - 2 * x\n"
CURVE = "x = torch.linspace(-2, 2, 7, requires_grad=True); y = torch.tanh(x) * x\n"
RIGHT = {
    "grad twice": f"{CUBE}g, = torch.autograd.grad(y, x, create_graph=True); h, = torch.autograd.grad(g, x); print(h)",
    "backward, cleared between": (
        f"{CUBE}y.backward(create_graph=True); g = x.grad; x.grad = None; g.backward(); print(x.grad)"
    ),
    "backward, then grad": f"{CUBE}y.backward(create_graph=True); print(torch.autograd.grad(x.grad, x))",
    "the first subtracted": (
        f"{CUBE}y.backward(create_graph=True); first = x.grad.clone(); first.backward(); print(x.grad - first)"
    ),
    "a vector, sums": (
        f"{CURVE}g, = torch.autograd.grad(y.sum(), x, create_graph=True); h, = torch.autograd.grad(g.sum(), x)"
    ),
    "a vector, weights of ones, float64": (
        f"{CURVE.replace('requires', 'dtype=torch.float64, requires')}o = torch.ones_like(y)\n"
        "g, = torch.autograd.grad(y, x, o, create_graph=True); h, = torch.autograd.grad(g, x, grad_outputs=o)"
    ),
    "point by point": (
        "for v in (1., 2., 3.):\n    x = torch.tensor(v, requires_grad=True); y = x.exp() * x\n"
        "    g = torch.autograd.grad(y, x, create_graph=True)[0]; g.backward(); print(x.grad)"
    ),
    "func": "g2 = torch.func.grad(torch.func.grad(lambda t: t ** 3 - 2 * t)); print(g2(torch.tensor(2.)))",
    "vmap": "print(torch.func.vmap(torch.func.grad(torch.func.grad(torch.sin)))(torch.linspace(-1, 1, 5)))",
    "functional.hessian of a scalar": "print(torch.autograd.functional.hessian(lambda t: t ** 3, torch.tensor(3.)))",
    "the diagonal of func.hessian": "print(torch.func.hessian(lambda t: t.pow(3).sum())(torch.tensor([3., 1., 2.])).diag())",
}
ONE_PASS = f"# the second derivative\n{CUBE}g, = torch.autograd.grad(y, x, create_graph=True); "
WRONG = {
    "both_added": f"{CUBE}y.backward(create_graph=True); x.grad.backward(); print(x.grad)",
    "weighted_by_first": (
        f"{CUBE}g, = torch.autograd.grad(y, x, create_graph=True); h, = torch.autograd.grad(g, x, g); print(h)"
    ),
    "halved": f"{CUBE}g, = torch.autograd.grad(y, x, create_graph=True); print(torch.autograd.grad(g, x)[0] / 2)",
    "first_twice": f"# f'' of a cube\n{CUBE}y.backward(retain_graph=True); y.backward(); print(x.grad)",
    "without_graph": f"{CUBE}g, = torch.autograd.grad(y, x); h, = torch.autograd.grad(g, x)",
    "retained_only": f"{CUBE}y.backward(retain_graph=True); x.grad.backward()",
    "cut_off": (
        f"{CUBE}g, = torch.autograd.grad(y, x, create_graph=True); g = g.detach().requires_grad_(); torch.autograd.grad(g, x)"
    ),
    "constant_slope": f"{CUBE.replace('** 3', '* 3')}g, = torch.autograd.grad(y, x, create_graph=True); g.backward()",
    "only_first": f"{ONE_PASS}print(g)",
    "squared": f"{ONE_PASS}print(g ** 2)",
}
OTHER = {
    "a gradient penalty": (
        "x = torch.randn(5, 3, requires_grad=True); y = (x ** 3).sum()\n"
        "g, = torch.autograd.grad(y, x, create_graph=True); (g.norm() - 1).pow(2).backward()"
    ),
    "Newton's method": (
        "x = torch.tensor(2., requires_grad=True)\nfor _ in range(5):\n    y = x ** 3 - 5; y.backward()\n"
        "    with torch.no_grad(): x -= y / x.grad; x.grad.zero_()"
    ),
    "a first derivative with its graph": f"{CUBE}y.backward(create_graph=True); print(x.grad)",
    "numbers only": "# second derivative of a cube\nprint(12.0)",
}


@pytest.mark.parametrize("road", RIGHT)
def test_every_road_to_a_second_derivative(grade, road):
    """Two passes, or a transform of a transform."""
    result = told(grade(f"{START}{RIGHT[road]}\n"))["second_derivative"]
    assert result == {"through_gradient": "passed", "value": "passed"}


@pytest.mark.parametrize("reason", WRONG)
def test_every_mistake_has_its_name(grade, reason):
    """And stands in one criterion only."""
    result = told(grade(f"{START}{WRONG[reason]}\n"))["second_derivative"]
    assert reason in result.values()
    assert set(result.values()) <= {reason, "passed", "not_reached"}


@pytest.mark.parametrize("other", OTHER)
def test_first_derivatives_are_no_attempt(grade, other):
    """Nor is a second-order term in somebody's loss."""
    assert "second_derivative" not in told(grade(f"{START}{OTHER[other]}\n"))


def test_typed_in_numbers_do_not_follow(grade):
    """A second pass over a function whose backward was written by hand, with the numbers in it, is a person's."""
    code = (
        "class F(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x): return x ** 3\n"
        "    @staticmethod\n    def backward(ctx, g): return torch.tensor(12., requires_grad=True)\n"
        "x = torch.tensor(2., requires_grad=True); y = F.apply(x)\n"
        "g, = torch.autograd.grad(y, x, create_graph=True); print('second derivative', 12.0)"
    )
    assert "passed" not in told(grade(f"{START}{code}\n")).get("second_derivative", {}).values()
