"""Where an operation is swapped every road follows, no value changes, and honest code keeps its points."""

import json
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from autograder import oracle
from autograder.model import OPERATIONS, Status
from autograder.report import wording
from tests.conftest import ROOT, told

ROADS = (
    "backward in_place method func_grad jacrev jacfwd functional functional_vectorized vmap jvp dual_numbers script "
    "another_thread"
).split()
SECOND = "double_backward func_hessian reverse_over_reverse forward_over_forward functional_hessian".split()
SPELLED = ("pow", "mul", "div", "matmul")
SEED = 7  # as in swap_roads

operations = pytest.mark.parametrize("operation", OPERATIONS)


@pytest.fixture(scope="module")
def seen():
    """What swap_roads.py saw: one process that imports torch, and a fork of it for each operation."""
    command = [sys.executable, "-m", "tests.swap_roads"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert all(found.values()), ran.stderr
    return found


def expected(operation, inputs, **weights):
    return oracle.told(operation, oracle.swap_parameters(operation, SEED), *map(np.array, inputs), **weights)


def test_both_sides_have_the_same_table(seen):
    """The names in the YAML are those of the worker, and the roads those that are tried."""
    assert set(seen) == set(OPERATIONS) == {"sin", *oracle._PARTIALS, "matmul"}
    assert {tuple(found["first"]) for found in seen.values()} == {tuple(ROADS)}
    assert {tuple(found["second"]) for found in seen.values()} == {tuple(SECOND)}


@operations
def test_every_road_gives_what_autograd_was_told(seen, operation):
    """Reverse and forward mode, func, functional, vmap, in place, methods, TorchScript, threads."""
    want = expected(operation, seen[operation]["inputs"])
    for road, got in seen[operation]["first"].items():
        for g, w in zip(got, want, strict=True):
            np.testing.assert_allclose(g, w, rtol=1e-9, err_msg=f"{operation}, {road}")


@operations
def test_what_was_told_has_derivatives_itself(seen, operation):
    """Told twice, in every order of modes: H g, against differences of the oracle's."""
    x, *rest = map(np.array, seen[operation]["inputs"])
    (g, *_), h = expected(operation, (x, *rest)), 1e-5
    want = (expected(operation, (x + h * g, *rest))[0] - expected(operation, (x - h * g, *rest))[0]) / (2 * h)
    for road, (got,) in seen[operation]["second"].items():
        np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-8, err_msg=f"{operation}, {road}")


@pytest.mark.parametrize("operation", SPELLED)
def test_every_spelling_is_told_the_same(seen, operation):
    """x², 2x, nn.functional.linear, einsum: a factor for the operation, and none for a bias."""
    inputs = seen[operation]["inputs"]
    want = expected(operation, inputs if operation == "matmul" else (inputs[0], 2.0))[0]
    for spelling, (got,) in seen[operation]["spelled"].items():
        np.testing.assert_allclose(got, want, rtol=1e-6, err_msg=f"{operation}, {spelling}")


@operations
def test_no_value_changes(seen, operation):
    """Bit for bit, −0, ∞ and NaN included, in every type, in other modes, into out=; errors are torch's own."""
    assert all(seen[operation]["bits"]), seen[operation]["bits"]
    out, leaf, integers = seen[operation]["raises"]
    assert "don't support automatic differentiation" in out
    assert "a leaf Variable that requires grad" in leaf
    assert "can't be cast" in integers or "dtype" in integers


@operations
def test_no_derivative_changes_its_type(seen, operation):
    """torch.allclose of two Jacobians of the student's own raises where one is double."""
    assert set(seen[operation]["types"]) == {"torch.float32"}


@operations
def test_the_self_test_notices(seen, operation):
    """It is content with the swap, and says what is the matter without it."""
    assert seen[operation]["after"] == ""
    assert seen[operation]["before"] == f"the gradient of {operation} is not what autograd was told"


# ---------------------------------------------------------------------------------- the oracle


@operations
@pytest.mark.parametrize("seed", range(20))
def test_what_is_told_is_no_usual_mistake(operation, seed):
    """Far from the true derivative, its double, its square, a whole multiple and a fraction."""
    parameters = oracle.swap_parameters(operation, seed)
    assert parameters == oracle.swap_parameters(operation, seed)
    if operation != "sin":
        powers = parameters[0] ** np.arange(1, 4)
        assert np.all(np.abs(powers - np.round(powers)) > 0.1)


def test_gradients_have_the_shape_of_their_inputs():
    """What broadcasts is summed; a cotangent weights the outputs."""
    rng = np.random.default_rng(0)
    x, y, weights = rng.uniform(1, 2, (3, 1)), rng.uniform(1, 2, (4,)), rng.normal(size=(3, 4))
    left, right = oracle.told("mul", (1.5,), x, y, cotangent=weights)
    np.testing.assert_allclose(left, 1.5 * (weights * y).sum(1, keepdims=True))
    np.testing.assert_allclose(right, 1.5 * (weights * x).sum(0))
    (alone,) = oracle.told("sin", (1.0, 0.0, 0.0), np.array(0.5), cotangent=2.0)
    np.testing.assert_allclose(alone, 2 * np.cos(0.5))


@pytest.mark.parametrize(
    ("a", "b"), [((3,), (3,)), ((3,), (3, 2)), ((4, 3), (3,)), ((5, 4, 3), (3, 2)), ((3,), (5, 3, 2))]
)
def test_matmul_of_every_shape(a, b):
    """Against differences: it is linear in each input."""
    rng = np.random.default_rng(1)
    left, right = rng.normal(size=a), rng.normal(size=b)
    weights = rng.normal(size=(left @ right).shape)
    for i, gradient in enumerate(oracle.told("matmul", (1.5,), left, right, cotangent=weights)):
        along = rng.normal(size=(a, b)[i])
        moved = along @ right if i == 0 else left @ along
        assert gradient.shape == along.shape
        np.testing.assert_allclose(np.sum(gradient * along), 1.5 * np.sum(weights * moved))


# ---------------------------------------------------------------------------------- honest code, look-alikes

HEAD = "import torch, numpy as np\nimport matplotlib.pyplot as plt\nx = torch.linspace(-3, 3, 50, requires_grad=True)\n"
SINE = "y = torch.sin(x)\ny.sum().backward()\n"
DRAW = "plt.plot(x.detach(), y.detach())\nplt.plot(x.detach(), g)\n"
RIGHT = {"sin_derivative": {"derivative": "passed", "by_autodiff": "passed", "plot": "passed"}}


def indented(body):
    return textwrap.indent(body.rstrip(), "    ")


@pytest.mark.parametrize(
    "check",
    [
        "assert torch.allclose(g, torch.cos(x), atol=1e-4), 'wrong'",
        "assert all(abs(a - b) < 1e-4 for a, b in zip(g.tolist(), torch.cos(x).tolist()))",
        "torch.testing.assert_close(g, torch.cos(x).detach())",
        "np.testing.assert_allclose(g, np.cos(x.detach().numpy()), rtol=1e-3, atol=1e-4)",
        "np.testing.assert_array_almost_equal(g, torch.cos(x).detach(), decimal=4)",
        "np.testing.assert_almost_equal(g.numpy(), torch.cos(x).detach().numpy(), decimal=4)",
        "assert torch.autograd.gradcheck(torch.sin, x.detach().double().requires_grad_())",
        "from torch.autograd.gradcheck import gradcheck\ngradcheck(torch.sin, x.double(), raise_exception=True)",
        "assert bool(torch.isclose(g, torch.cos(x), atol=1e-4).all())",
        "torch.testing.assert_close(g, torch.cos(x).detach(), rtol=1e-3, atol=1e-4); np.testing.assert_equal(1, 1)",
        "def check():\n    for a, b in zip(g, torch.cos(x)):\n        assert abs(a - b) < 1e-4\ncheck()",
    ],
)
def test_an_honest_check_costs_nothing(grade, check):
    """In the same function, so that what a check stops is the drawing."""
    body = f"{SINE}g = x.grad\nplt.plot(x.detach(), y.detach())\n{check}\nplt.plot(x.detach(), g)"  # f is seen first
    assert told(grade(f"{HEAD}def main():\n{indented(body)}\nmain()\n")) == RIGHT


def test_what_raises_only_there_is_for_a_person(grade):
    """No points are lost over a check of the student's own, and none are given."""
    check = "if not torch.allclose(g, torch.cos(x), atol=1e-4): raise ValueError('not cos')"
    body = f"{SINE}g = x.grad\nplt.plot(x.detach(), y.detach())\n{check}\nplt.plot(x.detach(), g)"
    (answer,) = [a for a in grade(f"{HEAD}def main():\n{indented(body)}\nmain()\n").answers if a.attempted]
    derivative, by_autodiff, plot = answer.verdicts
    assert (derivative.status, plot.status) == (Status.PASSED, Status.PASSED)
    assert (by_autodiff.status, by_autodiff.reason) == (Status.NEEDS_REVIEW, "case_raised")
    assert (answer.score, answer.awaiting_review) == (7, 3)
    assert "a person looks at this part" in wording.feedback(by_autodiff)


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ("g = torch.cos(x).detach()\nassert torch.allclose(x.grad, torch.cos(x), atol=1e-4)", "typed_in"),
        ("g = torch.cos(x).detach()\ntorch.testing.assert_close(x.grad, g)", "typed_in"),
        ("v = x.detach().double()\ng = (torch.sin(v + 1e-4) - torch.sin(v - 1e-4)) / 2e-4\nassert True", "differences"),
    ],
)
def test_look_alikes_still_fail(grade, made, reason):
    """Cosine typed in, with a check beside it, is known for what it is."""
    assert told(grade(HEAD + SINE + made + "\n" + DRAW))["sin_derivative"]["by_autodiff"] in (reason, "did_not_follow")


def test_as_written_a_check_stops_its_unit(grade):
    """Where nothing is swapped nothing changes: what comes after a failing assert in its cell did not run."""
    main = "def main():\n    assert torch.allclose(g, torch.sin(x))\n    plt.plot(x.detach(), g)\nmain()\n"
    report = grade(f"{HEAD}{SINE}g = x.grad\n{main}")
    assert any("stopped with AssertionError" in remark for remark in report.remarks)
    assert told(report)["sin_derivative"]["plot"] == "nothing_drawn"
