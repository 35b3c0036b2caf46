"""Newton-CG: whatever is handed to SciPy as the gradient is called at hidden points; the named mistakes are named."""

import pytest

from tests.conftest import told

START = (
    "import numpy as np, torch\nfrom scipy import optimize\nfrom scipy.optimize import minimize, fmin_ncg\n"
    "def f(p): return (1 - p[0])**2 + 2*(p[1] - p[0]**2)**2\n"
)
RUN = "r = minimize(f, [-1.2, 2.0], method='Newton-CG', jac=g); print(r.x)\n"
RIGHT = {
    "by hand": "def g(p):\n    x, y = p\n    return np.array([-2*(1-x) - 8*x*(y-x**2), 4*(y-x**2)])\n" + RUN,
    "a list": "def g(p):\n    x, y = p\n    return [2*(x-1) + 8*x*(x*x-y), 4*(y-x*x)]\n" + RUN,
    "inline": (
        "optimize.minimize(f, np.array([2, 2]), (), 'newton-cg',\n"
        "    lambda p: np.array([-2*(1-p[0]) - 8*p[0]*(p[1]-p[0]**2), 4*(p[1]-p[0]**2)]))\n"
    ),
    "torch backward": (
        "def g(p):\n    t = torch.tensor(p, dtype=torch.float64, requires_grad=True)\n    f(t).backward()\n"
        "    return t.grad.numpy()\n" + RUN
    ),
    "one leaf, cleared": (
        "t = torch.zeros(2, dtype=torch.float64, requires_grad=True)\ndef g(p):\n    t.data = torch.tensor(p)\n"
        "    t.grad = None\n    f(t).backward()\n    return t.grad.numpy().copy()\n" + RUN
    ),
    "func.grad": "def g(p): return torch.func.grad(f)(torch.tensor(p)).numpy()\n" + RUN,
    "fmin_ncg, a buffer": (
        "def g(p):\n    der = np.zeros_like(p)\n    der[0] = -2*(1-p[0]) - 8*p[0]*(p[1]-p[0]**2)\n"
        "    der[1] = 4*(p[1]-p[0]**2)\n    return der\nfmin_ncg(f, [2., 2.], g)\n"
    ),
    "of two arguments": (
        "def g(x, y): return [-2*(1-x) - 8*x*(y-x**2), 4*(y-x**2)]\n"
        "minimize(f, [2, 2], method='Newton-CG', jac=lambda p: g(*p))\n"
    ),
    "value and gradient": (
        "def fg(p): return f(p), np.array([-2*(1-p[0]) - 8*p[0]*(p[1]-p[0]**2), 4*(p[1]-p[0]**2)])\n"
        "minimize(fg, [2., 2.], method='Newton-CG', jac=True)\n"
    ),
    "a method": (
        "class P:\n    def slope(self, p): return np.array([-2*(1-p[0]) - 8*p[0]*(p[1]-p[0]**2), 4*(p[1]-p[0]**2)])\n"
        "minimize(f, [2., 2.], method='Newton-CG', jac=P().slope)\n"
    ),
    "with a Hessian": (
        "def g(p):\n    x, y = p\n    return np.array([-2*(1-x) - 8*x*(y-x**2), 4*(y-x**2)])\n"
        "def h(p):\n    x, y = p\n    return np.array([[2 - 8*y + 24*x*x, -8*x], [-8*x, 4]])\n"
        "minimize(f, [2., 2.], method='Newton-CG', jac=g, hess=h)\n"
    ),
}


@pytest.mark.parametrize("way", RIGHT)
def test_every_way_to_write_the_callback(grade, way):
    """By hand or by autograd, named or not, alone or after f in a pair."""
    expected = {"callback": "passed", "form": "passed", "optimizer": "passed"}
    assert told(grade(START + RIGHT[way])) == {"newton_cg": expected}


def by_hand(first, second):
    return f"def g(p):\n    x, y = p\n    return np.array([{first}, {second}])\n{RUN}"


FIRST, SECOND = "-2*(1-x) - 8*x*(y-x**2)", "4*(y-x**2)"
WRONG = {
    "uphill": by_hand(f"-({FIRST})", f"-({SECOND})"),
    "inner_factor": by_hand("-2*(1-x) - 4*x*(y-x**2)", SECOND),
    "inner_missing": by_hand("-2*(1-x) + 4*(y-x**2)", SECOND),
    "inner_sign": by_hand("2*(1-x) - 8*x*(y-x**2)", SECOND),
    "one_summand": by_hand("-8*x*(y-x**2)", SECOND),
    "last_zero": by_hand(FIRST, "0.0"),
    "second_derivatives": by_hand("2 - 8*y + 24*x**2", "4.0"),
    "another_function": by_hand("-2*(1-x) - 400*x*(y-x**2)", "200*(y-x**2)"),
    "accumulated": (
        "t = torch.zeros(2, dtype=torch.float64, requires_grad=True)\ndef g(p):\n    t.data = torch.tensor(p)\n"
        "    f(t).backward()\n    return t.grad.numpy().copy()\n" + RUN
    ),
    "stale": (
        "t = torch.tensor([2., 2.], dtype=torch.float64, requires_grad=True)\n"
        "def g(p): return torch.autograd.grad(f(t), t)[0].numpy()\n" + RUN
    ),
    "scalar_buffer": (
        f"def g(p):\n    x, y = p\n    d = np.zeros_like(x)\n    d[0] = {FIRST}\n    d[1] = {SECOND}\n    return d\n{RUN}"
    ),
}


@pytest.mark.parametrize("reason", WRONG)
def test_each_mistake_in_the_callback_is_named(grade, reason):
    """And the optimizer's result, which follows from it, is not told a second time."""
    result = told(grade(START + WRONG[reason]))["newton_cg"]
    assert (result["callback"], result["optimizer"]) == (reason, "not_reached")


FORM = {
    "in_graph": (
        "def g(p):\n    t = torch.tensor(p, requires_grad=True)\n"
        "    return torch.autograd.grad(f(t), t, create_graph=True)[0]\n" + RUN
    ),
    "column": f"def g(p):\n    x, y = p\n    return np.array([[{FIRST}], [{SECOND}]])\n{RUN}",
    "single_precision": (
        "def g(p):\n    t = torch.tensor(p, dtype=torch.float32, requires_grad=True)\n    f(t).backward()\n"
        "    return t.grad.numpy().astype(np.float64)\n" + RUN
    ),
    "integer_start": (
        "def g(p):\n    t = torch.tensor(p, requires_grad=True)\n    f(t).backward()\n    return t.grad.numpy()\n"
        "g(np.array([2, 2]))\n" + RUN
    ),
}


@pytest.mark.parametrize("reason", FORM)
def test_right_values_in_another_form(grade, reason):
    """The values pass, and what keeps an optimizer from using them is named."""
    result = told(grade(START + FORM[reason]))["newton_cg"]
    assert (result["callback"], result["form"]) == ("passed", reason)


@pytest.mark.parametrize(
    ("reason", "run"),
    [
        ("another_method", "minimize(f, [2., 2.], jac=g, method='BFGS')  # newton-cg takes longer"),
        ("another_method", "minimize(f, [2., 2.], method='BFGS')  # Newton-CG wants a Jacobian"),
        ("not_run", "# Newton-CG: from scipy.optimize import fmin_ncg"),
        ("elsewhere", "minimize(lambda p: 5*(1 - p[0])**2 + p[1]**2, [2., 2.], method='Newton-CG', jac=g, options={'maxiter': 1})"),
    ],
)  # fmt: skip
def test_what_the_optimizer_did(grade, reason, run):
    """A demonstration, judged once the callback is right."""
    result = told(grade(START + by_hand(FIRST, SECOND).replace(RUN, run + "\n")))["newton_cg"]
    assert result == {"callback": "passed", "form": "passed", "optimizer": reason}


@pytest.mark.parametrize(
    "source",
    [
        "minimize(f, [2., 2.])\n",
        "def g(p): return np.array([-2*(1-p[0]), 4*p[1]])\nminimize(f, [2., 2.], jac=g, method='BFGS')\n",
        "def newton(x, n):\n    for _ in range(n): x = x - (x**2 - 2) / (2*x)\n    return x\nprint(newton(1.5, 5))\n",
    ],
)
def test_other_optimizers_are_no_attempt(grade, source):
    """Newton's method for a root, other methods of minimize."""
    assert "newton_cg" not in told(grade(START.replace(", fmin_ncg", "") + source))


def test_a_right_function_beside_the_one_handed_over_does_not_count(grade):
    """The optimizer was given another one."""
    beside = by_hand(FIRST, SECOND).replace("def g", "def true").replace(RUN, "")
    result = told(grade(START + beside + WRONG["uphill"]))
    assert result["newton_cg"]["callback"] == "uphill"


@pytest.mark.parametrize(
    ("objective", "optimizer"),
    [
        ("(1 - p[0])**2 + 3*(p[1] - p[0]**2)**2", "needs_review"),
        ("2 + (1 - p[0])**2 + 2*(p[1] - p[0]**2)**2", "passed"),
    ],
)
def test_another_function_with_the_same_minimum(grade, objective, optimizer):
    """The callback is right, and what was minimised is not f: a person looks. A constant moves no minimum."""
    source = START.replace("(1 - p[0])**2 + 2*(p[1] - p[0]**2)**2", objective) + by_hand(FIRST, SECOND)
    assert told(grade(source))["newton_cg"] == {"callback": "passed", "form": "passed", "optimizer": optimizer}


def test_a_name_that_stands_for_two_functions_tells_nothing(grade):
    """Another exercise's f, further down, is not what was minimised."""
    source = (
        START + by_hand(FIRST, SECOND) + "def f(x): return 3 * (x[0] if hasattr(x, '__len__') else x)\nprint(f(2))\n"
    )
    assert told(grade(source))["newton_cg"]["optimizer"] == "passed"
