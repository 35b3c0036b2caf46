"""Hessians by every road; Jacobians, products with a vector and typed-in matrices are something else."""

import pytest

from tests.conftest import told

START = "import torch, numpy as np\n"
F = "f = lambda t: t[0] ** 2 * t[1] + t[1] * t[2] ** 3\n"
AT = "torch.tensor([1., 2., 3.])"
Y = f"{F}x = {AT}.requires_grad_(); y = f(x)\n"
G = f"{Y}g, = torch.autograd.grad(y, x, create_graph=True)\n"
RIGHT = {
    "functional": f"{F}H = torch.autograd.functional.hessian(f, {AT})",
    "func": f"{F}print(torch.func.hessian(f)({AT}))",
    "jacfwd of jacrev": f"{F}print(torch.func.jacfwd(torch.func.jacrev(f))({AT}))",
    "jacrev of grad": f"{F}H = torch.func.jacrev(torch.func.grad(f))({AT})",
    "a Jacobian of a gradient": (
        f"{F}def df(t): return torch.autograd.grad(f(t), t, create_graph=True)[0]\n"
        f"print(torch.autograd.functional.jacobian(df, {AT}.requires_grad_()))"
    ),
    "rows": f"{G}H = torch.stack([torch.autograd.grad(v, x, retain_graph=True)[0] for v in g])",
    "rows by backward": (
        f"{Y}y.backward(create_graph=True); g = x.grad; rows = []\nfor i in range(3):\n"
        "    x.grad = None; g[i].backward(retain_graph=True); rows.append(x.grad)\nprint(torch.stack(rows))"
    ),
    "one-hot weights, NumPy": (
        f"{G}H = np.zeros((3, 3))\n"
        "for i, e in enumerate(torch.eye(3)): H[i] = torch.autograd.grad(g, x, e, retain_graph=True)[0]"
    ),
    "batched": f"{G}H = torch.autograd.grad(g, x, torch.eye(3), is_grads_batched=True)[0]",
    "vmap": f"{G}H = torch.func.vmap(lambda v: torch.autograd.grad(g, x, v, retain_graph=True)[0])(torch.eye(3))",
    "vhp": f"{F}H = torch.stack([torch.autograd.functional.vhp(f, {AT}, e)[1] for e in torch.eye(3)])",
    "hvp": f"{F}H = torch.stack([torch.autograd.functional.hvp(f, {AT}, e)[1] for e in torch.eye(3)])",
    "two numbers": (
        "a, b = (torch.tensor(v, requires_grad=True) for v in (1., 2.)); y = a ** 2 * b + b ** 3\n"
        "ga, gb = torch.autograd.grad(y, (a, b), create_graph=True)\n"
        "aa, ab = torch.autograd.grad(ga, (a, b), retain_graph=True); ba, bb = torch.autograd.grad(gb, (a, b))\n"
        "H = torch.tensor([[aa, ab], [ba, bb]])"
    ),
    "only printed": f"{G}for v in g: print(torch.autograd.grad(v, x, retain_graph=True))",
}
WRONG = {
    "rows_accumulated": f"{G}rows = []\nfor v in g: v.backward(retain_graph=True); rows.append(x.grad.clone())\nH = torch.stack(rows)",
    "all_rows_last": (
        f"{G}rows = []\nfor v in g:\n    if x.grad is not None: x.grad.zero_()\n"
        "    v.backward(retain_graph=True); rows.append(x.grad)\nH = torch.stack(rows)"
    ),
    "gradient_left_in": (
        f"{Y}y.backward(create_graph=True); g = x.grad.clone(); rows = []\n"
        "for v in g: v.backward(retain_graph=True); rows.append(x.grad.clone())\nH = torch.stack(rows)"
    ),
    "outer_product": f"# Hessian\n{Y}y.backward(); print(torch.outer(x.grad, x.grad))",
    "gradient_on_diagonal": f"# Hessian\n{Y}y.backward(); print(torch.diag(x.grad))",
    "row_sums": f"# Hessian\n{G}print(torch.autograd.grad(g.sum(), x))",
    "times_gradient": f"# Hessian\n{G}print(torch.autograd.grad(g, x, g))",
    "diagonal_only": f"{F}H = torch.autograd.functional.hessian(f, {AT}); H = torch.diag(H.diag())",
    "upper_only": f"{F}H = torch.autograd.functional.hessian(f, {AT}); H = H.triu()",
    "doubled": f"{F}H = torch.autograd.functional.hessian(f, {AT}); H = H + H.T",
    "halved": f"{F}H = torch.autograd.functional.hessian(f, {AT}); H = H / 2",
}
OTHER = {
    "a product with a vector": f"{G}print(torch.autograd.grad(g @ torch.randn(3), x))",
    "the Jacobian of a symmetric map": (
        "A = torch.tensor([[2., 1.], [1., 3.]]); x = torch.ones(2, requires_grad=True); y = A @ x\n"
        "J = torch.stack([torch.autograd.grad(v, x, retain_graph=True)[0] for v in y])"
    ),
    "a gradient": f"{Y}y.backward(); print(x.grad)",
    "second derivatives, entry by entry": (
        "x = torch.linspace(1, 2, 5, requires_grad=True); g, = torch.autograd.grad((x ** 3).sum(), x, create_graph=True)\n"
        "print(torch.autograd.grad(g.sum(), x))"
    ),
}


@pytest.mark.parametrize("road", RIGHT)
def test_every_road_to_a_hessian(grade, road):
    """Transforms, rows, columns; and it is no Jacobian of another exercise."""
    expected = {"matrix": "passed", "by_autodiff": "passed", "explanation": "needs_review"}
    assert told(grade(f"{START}{RIGHT[road]}\n")) == {"hessian": expected}


@pytest.mark.parametrize("reason", WRONG)
def test_every_mistake_has_its_name(grade, reason):
    """In the matrix; the passes that were right keep their points."""
    result = told(grade(f"{START}{WRONG[reason]}\n"))["hessian"]
    assert result["matrix"] == reason
    assert result["by_autodiff"] in ("passed", "no_second_pass")


def test_a_gradient_without_a_graph(grade):
    """Told once, in the criterion about passes."""
    code = (
        f"# Hessian\n{G.replace(', create_graph=True', '')}H = torch.stack([torch.autograd.grad(v, x)[0] for v in g])"
    )
    result = told(grade(f"{START}{code}\n"))["hessian"]
    assert result == {"matrix": "not_reached", "by_autodiff": "without_graph", "explanation": "needs_review"}


@pytest.mark.parametrize("other", OTHER)
def test_other_exercises_are_no_attempt(grade, other):
    """Neither a vector, nor somebody's Jacobian, nor f″ of many points."""
    assert "hessian" not in told(grade(f"{START}{OTHER[other]}\n"))


@pytest.mark.parametrize(
    "typed", ["", "g, = torch.autograd.grad(y, x, create_graph=True); torch.autograd.grad(g[0], x)\n"]
)
def test_a_typed_in_matrix_is_refused(grade, typed):
    """Right numbers that no pass delivered await review, and the passes are missing."""
    code = f"# Hessian\n{Y}{typed}y = f(x); y.backward()\nprint(torch.tensor([[4., 2., 0.], [2., 0., 27.], [0., 27., 36.]]))"
    result = told(grade(f"{START}{code}\n"))["hessian"]
    assert result == {"matrix": "needs_review", "by_autodiff": "no_second_pass", "explanation": "needs_review"}
