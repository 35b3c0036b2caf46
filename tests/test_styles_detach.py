"""Detached factors in every spelling; the book's demonstration and other cubes are no attempt."""

import pytest

from tests.conftest import told

START = "import torch, numpy as np\n"
X = "x = torch.tensor([1., -2., 3.], requires_grad=True)\n"
OWN = "x.grad = None; y.sum().backward(); print(x.grad)"
RIGHT = {
    "detach": f"{X}y = x * x; u = y.detach(); z = u * x; z.sum().backward(); print(x.grad)\n{OWN}",
    "in one line": f"{X}y = x ** 2; (y.detach() * x).backward(torch.ones(3)); print(x.grad)\n{OWN}",
    "no_grad": f"{X}with torch.no_grad(): u = x * x\n(u * x).sum().backward(); y = x * x; x.grad.zero_(); y.sum().backward()",
    "grad, float64": (
        f"{X.replace('], ', '], dtype=torch.float64, ')}y = x * x; print(torch.autograd.grad((y.data * x).sum(), x))\n"
        "print(torch.autograd.grad(y.sum(), x))"
    ),
    "another function": f"{X}y = torch.exp(x); u = y.detach(); z = u * x; z.sum().backward(); print(x.grad == u)\n{OWN}",
    "a single number": (
        "# detach\nx = torch.tensor(3., requires_grad=True); y = x * x; z = y.detach() * x; z.backward(); print(x.grad)\n"
        "x.grad.zero_(); y.backward(); print(x.grad)"
    ),
    "y first": f"{X}y = x * x; y.sum().backward(retain_graph=True); x.grad = None; z = y.detach() * x; z.sum().backward()",
}
WRONG = {
    "through_u": f"# detach y\n{X}y = x * x; u = y; z = u * x; z.sum().backward(); print(x.grad)",
    "through_u by clone": f"# detach y\n{X}y = x * x; u = y.clone(); z = u * x; z.sum().backward(); print(x.grad)",
    "through_u, thrown away": f"# detach y\n{X}y = x * x; y.detach(); z = y * x; z.sum().backward(); print(x.grad)",
    "other_factor": f"{X}y = x * x; z = y * x.detach(); z.sum().backward(); print(x.grad)",
    "left_over": f"{X}y = x * x; y.sum().backward(retain_graph=True); z = y.detach() * x; z.sum().backward(); print(x.grad)",
    "left_over by running twice": (
        f"# detach\n{X}for _ in range(2):\n    y = x * x; u = y.detach(); z = u * x; z.sum().backward()\nprint(x.grad)"
    ),
    "averaged": f"{X}y = x * x; z = (y.detach() * x).mean(); z.backward(); print(x.grad)",
    "cut_everywhere": f"# detach\n{X}y = x * x; z = (y * x).detach(); z.sum().backward()",
}
BOOK = (
    "x = torch.arange(4.0, requires_grad=True)\ny = x * x\nu = y.detach()\nz = u * x\nz.sum().backward()\nprint(x.grad == u)\n"
    "x.grad.zero_()\ny.sum().backward()\nprint(x.grad == 2 * x)"
)
ENGLISH = (
    "# ## Detaching Computation\n# Sometimes, we wish to move some calculations outside of the recorded computational graph. Thus u has no\n"
    "# ancestors in the graph and gradients do not flow through u to x. For example, taking the gradient of z = x * u will\n"
    "# yield the result u, (not 3 * x * x as you might have expected since z = x * x * x).\n"
)
CHINESE = (
    "# 有时，我们希望将某些计算移动到记录的计算图之外。这里可以分离y来返回一个新变量u，该变量与y具有相同的值，但丢弃计算图中如何计算y的任何信息。\n"
    "# 因此，下面的反向传播函数计算z=u*x关于x的偏导数，同时将u作为常数处理，而不是z=x*x*x关于x的偏导数。\n"
)
OTHER = {
    "the book's demonstration": BOOK,
    "with its prose": ENGLISH + BOOK,
    "with its Chinese prose": CHINESE + BOOK,
    "a cube": f"{X}(x ** 3).sum().backward(); print(x.grad)",
    "a line, where it meets the cube": "x = torch.tensor(2., requires_grad=True); (4 * x).backward(); print(x.grad)",
    "ones": "x = torch.ones(3, requires_grad=True); (x * x).sum().backward(); print(x.grad)",
    "a plot": f"{X}y = x ** 3; y.sum().backward(); print(y.detach(), x.grad)",
    "numbers only": "# u after detach\nprint(torch.tensor([1., 4., 9.]))",
}


@pytest.mark.parametrize("road", RIGHT)
def test_every_way_to_detach(grade, road):
    """detach, data, no_grad; any function, any numbers, whichever pass comes first."""
    result = told(grade(f"{START}{RIGHT[road]}\n"))["detach"]
    assert result == {"gradient": "passed", "own_graph": "passed", "explanation": "needs_review"}


@pytest.mark.parametrize("way", WRONG)
def test_every_mistake_has_its_name(grade, way):
    """Several causes of one result share a message that asks."""
    reason = way.split()[0].strip(",")
    assert told(grade(f"{START}{WRONG[way]}\n"))["detach"]["gradient"] == reason


def test_two_gradients_in_one_place(grade):
    """The second criterion tells it."""
    code = RIGHT["detach"].replace("x.grad = None; ", "")
    result = told(grade(f"{START}{code}\n"))["detach"]
    assert result == {"gradient": "passed", "own_graph": "both_added", "explanation": "needs_review"}


@pytest.mark.parametrize("other", OTHER)
def test_demonstrations_are_no_attempt(grade, other):
    """Whatever the edition."""
    assert "detach" not in told(grade(f"{START}{OTHER[other]}\n"))


def test_the_demonstration_with_a_question_of_ones_own_is_an_attempt(grade):
    """What would come out without detach is not in the book's cells."""
    question = (
        "# If I take u = y without detach I get three times as much, since the gradient flows through u as well.\n"
    )
    code = BOOK.replace("x.grad.zero_()\n", f"{question}x.grad.zero_()\n")
    assert told(grade(f"{START}{code}\n"))["detach"]["gradient"] == "passed"


def test_a_y_that_lost_a_part_of_its_own_graph(grade):
    """2x is known where y is x²: what the pass added is no reference then."""
    code = RIGHT["detach"].replace("y = x * x", "y = x * x.detach()")
    assert told(grade(f"{START}{code}\n"))["detach"]["own_graph"] == "values"


@pytest.mark.parametrize(
    "root", ["y.mean().backward()", "y.backward(torch.tensor([1., 1., 1.]))", "y.sum().backward()"]
)
def test_other_ways_to_pass_y_itself(grade, root):
    """A mean, weights."""
    code = RIGHT["detach"].replace("x.grad = None; y.sum().backward()", f"x.grad = None; {root}")
    assert told(grade(f"{START}{code}\n"))["detach"]["own_graph"] == "passed"
