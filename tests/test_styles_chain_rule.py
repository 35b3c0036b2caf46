"""Two chains, at any numbers and in every spelling; other squares and training loops are no attempt."""

import pytest

from tests.conftest import told

START = "import torch, numpy as np\n"
W = "w = torch.tensor(3., requires_grad=True); x = torch.tensor(2.); y = torch.tensor(2.)\n"
LINE = {
    "tensors": f"{W}loss = (w * x - y) ** 2; loss.backward(); print(w.grad)",
    "other numbers, float64": (
        "w = torch.tensor(-1.5, dtype=torch.float64, requires_grad=True); x = torch.tensor(.7, dtype=torch.float64)\n"
        "y = torch.tensor(4., dtype=torch.float64); torch.autograd.grad((x * w - y).square(), w)"
    ),
    "everything asks for gradients": (
        "w, x, y = (torch.tensor([v], requires_grad=True) for v in (3., 2., 2.)); e = w * x - y; (e * e).backward()"
    ),
    "plain numbers, with words": "# chain rule\nw = torch.tensor(3.0, requires_grad=True); loss = (w * 2 - 2) ** 2; loss.backward(); print(w.grad)",
    "the other way round": f"{W}loss = torch.pow(y - w * x, 2); loss.backward(); print(w.grad.item())",
    "func": "# chain rule: (w*x-y)^2\nprint(torch.func.grad(lambda w: (w * 2 - 2) ** 2)(torch.tensor(3.)))",
    "vectors": (
        "w = torch.tensor([1., 2.], requires_grad=True); x = torch.tensor([3., 4.]); y = torch.tensor(5.)\n"
        "loss = (w @ x - y) ** 2; loss.backward(); print(w.grad)"
    ),
    "mse_loss": f"{W}loss = torch.nn.functional.mse_loss(w * x, y); loss.backward(); print(w.grad)",
}
X = "x = torch.ones(2, 2, requires_grad=True); u = x + 2; z = 3 * u ** 2; out = z.mean()\n"
MEAN = {
    "the tutorial's": f"{X}u.retain_grad(); z.retain_grad(); out.backward(); print(u.grad, z.grad, x.grad)",
    "products": (
        "x = torch.ones(2, 2, requires_grad=True); y = x + 2; z = y * y * 3; y.retain_grad(); z.mean().backward(); print(y.grad)"
    ),
    "grad of all steps": f"{X}print(torch.autograd.grad(out, [x, u, z]))",
    "other numbers": (
        "x = torch.tensor([.5, -1., 4.], requires_grad=True); y = x + 0.3; z = 7 * y * y; z.retain_grad(); z.mean().backward()"
    ),
}
HAND = (
    "class Square(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, w, x, y): ctx.save_for_backward(w, x, y); return (w * x - y) ** 2\n"
    "    @staticmethod\n    def backward(ctx, g):\n        w, x, y = ctx.saved_tensors\n        return g * FORMULA, None, None\n"
)
WRONG = {
    "left_over": f"{W}((w * x - y) ** 2).backward(); ((w * x - y) ** 2).backward(); w.grad.zero_(); w.sum().backward()\n((w * x - y) ** 2).backward()",
    "inner_forgotten": f"# chain rule by hand\n{W.replace(', requires_grad=True', '')}loss = (w * x - y) ** 2; g = 2 * (w * x - y); print(loss, g)",
    "by_hand": f"# chain rule by hand\n{W.replace(', requires_grad=True', '')}loss = (w * x - y) ** 2; g = 2 * x * (w * x - y); print(loss, g)",
}
OTHER = {
    "a training loop": (
        "w = torch.tensor(0., requires_grad=True)\nfor x, y in ((1., 2.), (2., 4.), (3., 6.)) * 4:\n"
        "    loss = (w * torch.tensor(x) - torch.tensor(y)) ** 2; loss.backward()\n"
        "    with torch.no_grad(): w -= .01 * w.grad; w.grad.zero_()"
    ),
    "a parabola": "x = torch.tensor(3., requires_grad=True); y = x ** 2; y.backward(); print(x.grad)",
    "the book's": "x = torch.arange(4., requires_grad=True); y = 2 * torch.dot(x, x); y.backward(); print(x.grad == 4 * x)",
    "a mean of squares": "x = torch.ones(2, 2, requires_grad=True); (x ** 2).mean().backward(); print(x.grad)",
    "another mean": "x = torch.tensor([1., 2.], requires_grad=True); ((x + 2) ** 2 + 3).mean().backward()",
    "numbers only": "print(16.0, 4.5)",
}


@pytest.mark.parametrize("way", LINE)
def test_every_way_to_the_square_of_a_line(grade, way):
    """Tensors, numbers in the code, losses of torch's."""
    assert told(grade(f"{START}{LINE[way]}\n"))["chain_rule"]["line"] == "passed"


@pytest.mark.parametrize("way", MEAN)
def test_every_way_to_the_mean(grade, way):
    """With the gradients of the inner steps."""
    result = told(grade(f"{START}{MEAN[way]}\n"))["chain_rule"]
    assert result == {"line": "not_attempted", "mean": "passed", "inner": "passed"}


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        ("2 * (w * x - y)", "inner_forgotten"),
        ("x", "outer_forgotten"),
        ("x * (w * x - y)", "half"),
        ("-2 * x * (w * x - y)", "other_sign"),
    ],
)
def test_a_backward_of_ones_own_is_judged_by_its_numbers(grade, formula, reason):
    """What a hand-written rule leaves in w.grad."""
    code = (
        HAND.replace("FORMULA", formula) + W.replace("2.)", "5.)", 1) + "# chain rule\nSquare.apply(w, x, y).backward()"
    )
    assert told(grade(f"{START}{code}\n"))["chain_rule"]["line"] == reason


@pytest.mark.parametrize("reason", WRONG)
def test_every_mistake_on_the_line_has_its_name(grade, reason):
    """By a pass or by hand."""
    result = told(grade(f"{START}{WRONG[reason]}\n"))["chain_rule"]
    assert result["line"] == ("passed" if reason == "left_over" else reason)


@pytest.mark.parametrize(
    ("end", "reason"), [("(out / 4).backward()", "averaged_twice"), ("z.sum().backward()", "summed")]
)
def test_every_mistake_in_the_mean_has_its_name(grade, end, reason):
    """Nine eighths and eighteen."""
    assert told(grade(f"{START}{X}{end}\n"))["chain_rule"]["mean"] == reason


def test_an_inner_gradient_that_was_not_kept(grade):
    """None was shown."""
    result = told(grade(f"{START}{X}out.backward(); print(x.grad); print(u.grad)\n"))["chain_rule"]
    assert result == {"line": "not_attempted", "mean": "passed", "inner": "not_retained"}


@pytest.mark.parametrize("other", OTHER)
def test_other_squares_are_no_attempt(grade, other):
    """Nor are numbers that nothing made."""
    assert "chain_rule" not in told(grade(f"{START}{OTHER[other]}\n"))
