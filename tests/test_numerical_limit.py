"""The difference quotient: tables in every form are judged row by row, the book's own demo is nobody's answer."""

import pytest

from tests.conftest import told

START = "import math, numpy as np, torch\nimport matplotlib.pyplot as plt\ndef f(x):\n    return 3 * x ** 2 - 4 * x\n"
DRAWN = "x = np.arange(0, 3, 0.1)\nplt.plot(x, f(x))\nplt.plot(x, 2*x - 3)\nplt.show()\n"
DEMO = (
    "def numerical_lim(f, x, h):\n    return (f(x + h) - f(x)) / h\nh = 0.1\nfor i in range(5):\n"
    "    print(f'h={h:.5f}, numerical limit={numerical_lim(f, 1, h):.5f}')\n    h *= 0.1\n"
    "from d2l import torch as d2l\nx = np.arange(0, 3, 0.1)\n"
    "d2l.plot(x, [f(x), 2 * x - 3], 'x', 'f(x)', legend=['f(x)', 'Tangent line (x=1)'])\n"
)
DEMO_2 = "for h in 10.0**np.arange(-1, -6, -1):\n    print(f'h={h:.5f}, numerical limit={(f(1+h)-f(1))/h:.5f}')\n"
RIGHT = {
    "print": "h = 0.1\nwhile h > 5e-6:\n    print(h, (f(1+h)-f(1))/h)\n    h /= 10\n",
    "f-strings": "for i in range(1, 6):\n    h = 10**-i\n    print(f'{h}: {(f(1+h)-f(1))/h:.6f}')\n",
    "more of the demo": DEMO.replace("range(5)", "range(7)").replace(".5f", ".8f"),
    "lists": "hs = [0.1, 0.01, 0.001, 0.0001, 0.00001]\nq = [(f(1+h)-f(1))/h for h in hs]\n",
    "arrays": "hs = np.logspace(-1, -5, 5)\nq = (f(1+hs)-f(1))/hs\nprint(q)\n",
    "pairs": "rows = [(h, (f(1+h)-f(1))/h) for h in (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)]\nprint(rows)\n",
    "double tensors": "h = 10.0 ** -torch.arange(1., 6., dtype=torch.float64)\nq = (f(1+h)-f(1))/h\n",
    "a function": "def quotient(x, h): return (f(x+h)-f(x))/h\nfor h in np.logspace(-1, -5, 5): print('%.0e %.8f' % (h, quotient(1, h)))\n",
    "a dictionary": "d = {h: (f(1+h)-f(1))/h for h in (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)}\n",
    "negative h too": "for s in (1, -1):\n    for i in range(1, 6):\n        h = s * 10.0**-i\n        print(h, (f(1+h)-f(1))/h)\n",
    "drawn against h": "h = 0.5 ** np.arange(1., 16.) * 0.3\nplt.semilogx(h, (f(1+h)-f(1))/h, 'o-')\nplt.figure()\nhs = [.1, .01, .001, .0001]\nq = [(f(1+h)-f(1))/h for h in hs]\n",
}


@pytest.mark.parametrize("way", RIGHT)
def test_every_form_of_a_table(grade, way):
    """Printed with few digits or many, kept, or drawn."""
    result = told(grade(START + RIGHT[way] + DRAWN))
    assert result == {"numerical_limit": {"quotient": "passed", "limit": "passed", "tangent": "passed"}}


def test_another_point_works_as_well(grade):
    """The slope at 2 is 8, and the tangent touches there."""
    table = "for i in range(1, 6):\n    h = 10**-i\n    print(h, (f(2+h)-f(2))/h)\n"
    result = told(grade(f"{START}{table}x = np.linspace(0, 3, 50)\nplt.plot(x, f(x)); plt.plot(x, 8*(x-2)+4)\n"))
    assert result == {"numerical_limit": {"quotient": "passed", "limit": "passed", "tangent": "passed"}}


OTHER = """import math, numpy as np, torch
import matplotlib.pyplot as plt
# the difference quotient of another function
def g(x):
    return np.exp(-x) * x
h = 0.1
while h > 5e-6:
    print(h, QUOTIENT)
    h /= 10
x = np.linspace(-1, 3, 80)
plt.plot(x, g(x)); plt.plot(x, g(1.5) - 0.5*np.exp(-1.5)*(x - 1.5))
"""


@pytest.mark.parametrize(
    ("reason", "quotient"),
    [
        ("passed", "(g(1.5+h)-g(1.5))/h"),
        ("central", "(g(1.5+h)-g(1.5-h))/(2*h)"),
        ("backward", "(g(1.5)-g(1.5-h))/h"),
        ("half", "(g(1.5+h)-g(1.5))/(2*h)"),
        ("not_divided", "g(1.5+h)-g(1.5)"),
        ("another_function", "1 + h"),
    ],
)
def test_another_function_at_another_point(grade, reason, quotient):
    """It is known by its values at hidden points."""
    result = told(grade(OTHER.replace("QUOTIENT", quotient)))["numerical_limit"]
    assert (result["quotient"], result["tangent"]) == (reason, "passed")


@pytest.mark.parametrize(
    ("verdict", "x", "line"),
    [
        ("passed", "np.linspace(0, 3, 100)", "12*(x-2)+8"),
        ("passed", "np.linspace(0, 3, 12)", "12*(x-2)+8"),
        ("passed", "torch.linspace(0, 3, 5000)", "12*(x-2)+8"),
        ("passed", "np.linspace(-2, 2, 81)", "0*x"),
        ("passed", "np.linspace(0, 3, 100)", "12.06*(x-2)+8"),
        ("only_f", "np.linspace(0, 3, 100)", "13*(x-2)+8"),
        ("only_f", "torch.linspace(0, 3, 5000)", "11*(x-2)+8"),
        ("only_f", "np.linspace(0, 3, 100)", "12*(x-2)+8.3"),
    ],
)
def test_the_tangent_of_another_function(grade, verdict, x, line):
    """It meets the curve and runs along it there, at a point where the curve bends or does not."""
    table = "# the difference quotient\nfor i in range(1, 6):\n    h = 10**-i\n    print(h, (g(2+h)-g(2))/h)\n"
    source = f"{START}def g(x): return x**3\n{table}x = {x}\nplt.plot(x, g(x)); plt.plot(x, {line})\n"
    assert told(grade(source))["numerical_limit"]["tangent"] == verdict


def test_another_function_that_cannot_be_called_goes_to_a_person(grade):
    """It is written into the quotient."""
    source = OTHER.replace("QUOTIENT", "(math.log(3+h)-math.log(3))/h").replace(
        "def g(x):\n    return", "g = lambda x:"
    )
    assert told(grade(source.replace("g = lambda", "# ").replace("plt", "# plt")))["numerical_limit"] == {
        "quotient": "needs_review",
        "limit": "passed",
        "tangent": "nothing_drawn",
    }


def loop(quotient, times="range(1, 6)"):
    return f"for i in {times}:\n    h = 10**-i\n    print(h, {quotient})\n"


WRONG = {
    "central": loop("(f(1+h)-f(1-h))/(2*h)"),
    "not_divided": loop("f(1+h)-f(1)"),
    "half": loop("(f(1+h)-f(1))/(2*h)"),
    "double": loop("(f(1+h)-f(1-h))/h"),
    "backward": loop("(f(1)-f(1-h))/h"),
    "second_point": loop("(f(1+h)-f(h))/h"),
    "at_zero": loop("(f(0+h)-f(0))/h"),
    "same_h": "k = 0.1\n" + loop("(f(1+k)-f(1))/k"),
}


@pytest.mark.parametrize("reason", WRONG)
def test_each_mistake_in_the_quotient_is_named(grade, reason):
    """By its values, row by row."""
    assert told(grade(START + WRONG[reason] + DRAWN))["numerical_limit"]["quotient"] == reason


@pytest.mark.parametrize(
    ("reason", "table"),
    [
        ("h_fixed", "h = 0.1\nfor i in range(5):\n    print(h, (f(1+h)-f(1))/h)\n"),
        ("h_halved", "h = 0.1\nfor i in range(5):\n    print(h, (f(1+h)-f(1))/h)\n    h = h/2\n"),
        ("h_large", "for h in (0.3, 0.2, 0.1): print(h, (f(1+h)-f(1))/h)\n"),
        ("zeros", loop("(f(1+h)-f(1))/h", "range(1, 19, 2)")),
        ("float32_noise", "x = torch.tensor(1.0)\n" + loop("((f(x+h)-f(x))/h).item()")),
    ],
)
def test_what_hides_the_limit(grade, reason, table):
    """The quotient itself is right: noise of single precision is no mistake in it."""
    result = told(grade(START + table + DRAWN))["numerical_limit"]
    assert (result["quotient"], result["limit"]) == ("passed", reason)


@pytest.mark.parametrize(
    ("reason", "drawing"),
    [
        (
            "passed",
            "t = np.array([0., 3.])\nplt.plot(t, 2*(t-1)-1, 'r'); x = np.linspace(0, 2, 30); plt.plot(x, f(x))\n",
        ),
        ("through_origin", "x = np.linspace(0, 2, 30)\nplt.plot(x, f(x)); plt.plot(x, 2*x)\n"),
        ("other_slope", "x = np.linspace(0, 2, 30)\nplt.plot(x, f(x)); plt.plot(x, 3*(x-1)-1)\n"),
        ("other_slope", "x = np.linspace(0, 2, 30)\nplt.plot(x, f(x)); plt.plot(x, 2.3*(x-1)-1)\n"),
        ("passed", "x = np.linspace(0, 2, 30)\nplt.plot(x, f(x)); plt.plot(x, 2.03*(x-1)-1)\n"),
        ("at_zero", "x = np.linspace(-1, 2, 30)\nplt.plot(x, f(x)); plt.plot(x, -4*x)\n"),
        ("only_f", "x = np.linspace(0, 2, 30)\nplt.plot(x, f(x))\n"),
        ("only_line", "x = np.linspace(0, 2, 30)\nplt.plot(x, 2*x-3)\n"),
        ("nothing_drawn", ""),
    ],
)
def test_the_tangent(grade, reason, drawing):
    """It touches the curve where the table was made."""
    assert told(grade(START + RIGHT["print"] + drawing))["numerical_limit"]["tangent"] == reason


@pytest.mark.parametrize(
    "source",
    [
        DEMO,
        DEMO_2,
        "x = np.arange(0.1, 3, 0.1)\nplt.plot(x, x**3-1/x); plt.plot(x, 4*x-4)\n",
        "x = torch.arange(4.0, requires_grad=True)\ny = 2 * torch.dot(x, x)\ny.backward()\nprint(x.grad)\n",
        "for i in range(1, 6): print(i, i**2, 1/i)\n",
    ],
)
def test_demos_are_no_attempt(grade, source):
    """Unchanged cells of the book, its other exercise, other tables."""
    assert told(grade(START + source)) == {}


@pytest.mark.parametrize(
    "source",
    [
        "x = torch.tensor([0.9213, -0.0417, 0.3301, 0.0092, -0.7718, 0.1163], requires_grad=True)\n"
        "y = (x.abs() + 1).log().sum()\ny.backward(retain_graph=True)\nfirst = x.grad.clone()\ny.backward()\nratio = x.grad / first\n",
        "w = torch.tensor([0.313, 0.0222, 0.00107], requires_grad=True)\n(2 * w).sum().backward()\nslope = w.grad\n",
        "p = torch.tensor([3., 3., 3.], requires_grad=True)\np.mean().backward()\nthird = p.grad\n",
    ],
    ids=["twice the first", "a slope of 2", "thirds"],
)
def test_equal_numbers_beside_others_are_no_table(grade, source):
    """2, 2, 2 is what a quotient without error would be; beside numbers that nobody chose it is a coincidence."""
    assert "numerical_limit" not in told(grade("import torch\n" + source))


def test_what_memory_held_before_is_no_table(grade):
    """`torch.empty` gives whatever was there, often numbers too small to be told from zero."""
    found = "[[3e-41, 0.0], [3e-42, 2e-43], [5e-44, 1e-42], [1e-44, 4e-44]]"
    assert told(grade(f"import torch\njacobian = torch.tensor({found})\n")) == {}


def test_the_demo_answers_the_exercise_where_somebody_speaks_of_it(grade):
    """The assignment asks for just that."""
    result = told(grade(START + DEMO + "# The difference quotient tends to 2, which is the slope of the tangent.\n"))
    assert result == {"numerical_limit": {"quotient": "passed", "limit": "passed", "tangent": "passed"}}


def test_numbers_that_were_typed_in_go_to_a_person(grade):
    """Nothing moves when h does."""
    result = told(grade(START + "h = [0.1, 0.01, 0.001, 0.0001]\nq = [2.3, 2.03, 2.003, 2.0003]\n" + DRAWN))
    assert result["numerical_limit"]["quotient"] == "needs_review"
