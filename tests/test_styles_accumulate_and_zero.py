"""Sums of two gradients at one leaf, and ways to clear it; the book's demonstration and loops are no attempt."""

import pytest

from tests.conftest import told

START = "import torch, numpy as np\n"
X = "x = torch.tensor([1., 2., 3.], requires_grad=True)\n"
TWO = f"{X}y = (x ** 2).sum(); y.backward(); print(x.grad); z = (5 * x).sum(); z.backward(); print(x.grad)\n"
AGAIN = "z = (5 * x).sum(); z.backward(); print(x.grad)"
RIGHT = {
    "zero_": f"{TWO}x.grad.zero_(); {AGAIN}",
    "None": f"{TWO}x.grad = None; {AGAIN}",
    "zeros": f"{TWO}x.grad = torch.zeros_like(x); {AGAIN}",
    "zero_grad of an optimizer": f"{TWO}torch.optim.SGD([x], lr=.1).zero_grad(); {AGAIN}",
    "zero_grad, zeros": f"{TWO}torch.optim.SGD([x], lr=.1).zero_grad(set_to_none=False); {AGAIN}",
    "a number, float64": (
        "t = torch.tensor(2., dtype=torch.float64, requires_grad=True); (t ** 3).backward(); t.sin().backward(); print(t.grad)\n"
        "t.grad.data.zero_(); t.sin().backward(); print(t.grad)"
    ),
    "zeros are shown": f"{TWO}# the second gradient was added to the first\nx.grad.zero_(); print(x.grad)",
    "on the book's numbers, with words": (
        "x = torch.arange(4.0, requires_grad=True); y = 2 * torch.dot(x, x); y.backward()\n"
        "# without zero_ the ones are added to 4x: gradients accumulate here\n"
        "y = x.sum(); y.backward(); print(x.grad)\nx.grad.zero_(); y = x.sum(); y.backward(); print(x.grad)"
    ),
    "a module": (
        "net = torch.nn.Linear(2, 1, bias=False); t = torch.ones(2); net(t).sum().backward(); (net(t) ** 2).sum().backward()\n"
        "net.zero_grad(); (net(t) ** 2).sum().backward(); print(net.weight.grad)"
    ),
}
WORDS = "# gradients accumulate\n"
WRONG = {
    "adds": {
        "fresh_leaf": f"{X}(x ** 2).sum().backward()\nx = torch.tensor([1., 2., 3.], requires_grad=True)\n{WORDS}(5 * x).sum().backward()",
        "always_cleared": f"{X}(x ** 2).sum().backward(); print(x.grad); x.grad.zero_()\n{WORDS}(5 * x).sum().backward(); print(x.grad)",
    },
    "cleared": {
        "never_cleared": f"{WORDS}{TWO}",
        "no_graph": f"{WORDS}{TWO}x.grad.zero_()\n(5 * x.detach()).sum().backward()\nprint(x.grad)",
        "no_such_method": f"{WORDS}{TWO}x.grad.zero()\n(5 * x).sum().backward()",
    },
}
BOOK = (
    "x = torch.arange(4.0, requires_grad=True)\ny = 2 * torch.dot(x, x)\ny.backward()\nprint(x.grad == 4 * x)\n"
    "x.grad.zero_()  # Reset the gradient\ny = x.sum()\ny.backward()\nprint(x.grad)\n"
    "x.grad.zero_()\ny = x * x\ny.sum().backward()\nprint(x.grad)"
)
ENGLISH = (
    "# Note that PyTorch does not automatically reset the gradient buffer when we record a new gradient. Instead, the new\n"
    "# gradient is added to the already-stored gradient.\n"
)
CHINESE = "# 在默认情况下，PyTorch会累积梯度，我们需要清除之前的值\n"
OTHER = {
    "the book's demonstration": BOOK,
    "with its prose": BOOK.replace("x.grad.zero_()  #", f"{ENGLISH}x.grad.zero_()  #"),
    "with its Chinese comment": BOOK.replace("x.grad.zero_()  #", f"{CHINESE}x.grad.zero_()  #"),
    "a training loop": (
        "w = torch.zeros(3, requires_grad=True)\n# zero the gradient, else it accumulates\nfor _ in range(9):\n"
        "    ((torch.randn(9, 3) @ w - 1) ** 2).mean().backward()\n    with torch.no_grad(): w -= .1 * w.grad; w.grad.zero_()"
    ),
    "the same function twice": f"{X}y = (x ** 2).sum(); y.backward(retain_graph=True); y.backward(); print(x.grad)",
    "rows of a Jacobian": (
        f"{X}y = torch.stack([x[0] * x[1], x[2] ** 2])\n# clear, or rows add up\nfor v in y:\n    x.grad = None; v.backward(retain_graph=True)"
    ),
    "two roads on one leaf, nothing said": f"{X}x.sin().sum().backward(); x.cos().sum().backward(); print(x.grad)",
}


@pytest.mark.parametrize("way", RIGHT)
def test_every_way_to_clear(grade, way):
    """In place, by None, by an optimizer or a module."""
    result = told(grade(f"{START}{RIGHT[way]}\n"))["accumulate_and_zero"]
    assert result == {"adds": "passed", "cleared": "passed", "explanation": "needs_review"}


@pytest.mark.parametrize(("criterion", "reason"), [(c, r) for c, reasons in WRONG.items() for r in reasons])
def test_every_mistake_has_its_name(grade, criterion, reason):
    """Each in its criterion."""
    result = told(grade(f"{START}{WRONG[criterion][reason]}\n"))["accumulate_and_zero"]
    assert result[criterion] == reason


@pytest.mark.parametrize("other", OTHER)
def test_demonstrations_are_no_attempt(grade, other):
    """Whatever the edition, and whatever else clears a gradient."""
    assert "accumulate_and_zero" not in told(grade(f"{START}{OTHER[other]}\n"))
