"""Right answers in many styles get full points, whatever the names; demos and other exercises are no attempt."""

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import told

SINE = {
    "sum": "x = torch.linspace(-6, 6, 80, requires_grad=True); y = x.sin(); y.sum().backward(); g = x.grad",
    "weights of ones": "x = torch.arange(0., 6, .1, requires_grad=True); y = torch.sin(x); y.backward(torch.ones_like(y)); g = x.grad",
    "autograd.grad": "x = torch.linspace(0, 6, 50, requires_grad=True); y = torch.sin(x); g, = torch.autograd.grad(y.sum(), x)",
    "grad_outputs": "x = torch.randn(40, requires_grad=True); y = torch.sin(x); g = torch.autograd.grad(y, x, torch.ones(40))[0]",
    "float64 from numpy": (
        "x = torch.tensor(np.linspace(-3, 3, 60), requires_grad=True); y = torch.sin(x); y.sum().backward(); g = x.grad"
    ),
    "one graph, one pass a point": (
        "x = torch.linspace(-3, 3, 30, requires_grad=True); y = torch.sin(x)\n"
        "for v in y: v.backward(retain_graph=True)\n"
        "g = x.grad"
    ),
    "fresh leaves": (
        "xs, ys, gs = [], [], []\n"
        "for v in np.linspace(-3, 3, 30):\n"
        "    t = torch.tensor(v, requires_grad=True); s = torch.sin(t); s.backward()\n"
        "    xs.append(v); ys.append(s.item()); gs.append(t.grad.item())\n"
        "x, y, g = (torch.tensor(v) for v in (xs, ys, gs))"
    ),
    "vmap of grad": "x = torch.linspace(-3, 3, 30); y = torch.sin(x); g = torch.func.vmap(torch.func.grad(torch.sin))(x)",
    "diagonal of a Jacobian": (
        "x = torch.linspace(-3, 3, 30); y = x.sin(); g = torch.autograd.functional.jacobian(torch.sin, x).diag()"
    ),
    "forward mode": (
        "x = torch.linspace(-3, 3, 30); y = x.sin()\n"
        "with torch.autograd.forward_ad.dual_level():\n"
        "    dual = torch.autograd.forward_ad.make_dual(x, torch.ones(30))\n"
        "    g = torch.autograd.forward_ad.unpack_dual(torch.sin(dual)).tangent"
    ),
    "func.jvp": "x = torch.linspace(-3, 3, 30); y, g = torch.func.jvp(torch.sin, (x,), (torch.ones(30),))",
    "retain_grad": (
        "t = torch.linspace(0, 1, 50, requires_grad=True); x = 6 * t; x.retain_grad(); y = x.sin(); y.sum().backward(); g = x.grad"
    ),
    "a module": (
        "class Wave(torch.nn.Module):\n    def forward(self, t): return torch.sin(t)\n"
        "x = torch.nn.Parameter(torch.linspace(-3, 3, 30)); y = Wave()(x); y.sum().backward(); g = x.grad"
    ),
}
DRAW = {
    "pyplot": "plt.plot(x.detach(), y.detach()); plt.plot(x.detach(), g)",
    "one call": "plt.plot(x.detach().numpy(), y.detach().numpy(), 'r', x.detach().numpy(), g.numpy(), 'b--'); plt.show()",
    "d2l": "from d2l import torch as d2l; d2l.plot(x.detach(), [y.detach(), g], 'x', legend=['f', 'g'])",
    "two axes": "fig, (a, b) = plt.subplots(2); a.plot(x.data, g.data); b.scatter(x.data, y.data); fig.savefig('f.png')",
    "with a check": "plt.plot(x.data, y.data); plt.plot(x.data, g.data); plt.plot(x.data, torch.cos(x.data), ':', label='cos')",
}
START = "import torch, numpy as np, matplotlib.pyplot as plt\n"


@pytest.mark.parametrize("road", SINE)
def test_every_road_to_the_derivative_of_sine(grade, road):
    """Backward, grad, transforms, forward mode; leaves and points of all kinds."""
    report = grade(f"{START}{SINE[road]}\n{DRAW['pyplot']}\n")
    assert told(report)["sin_derivative"] == {"derivative": "passed", "by_autodiff": "passed", "plot": "passed"}


@pytest.mark.parametrize("drawing", DRAW)
def test_every_way_to_draw(grade, drawing):
    """pyplot, axes, the book's plot; lines and points."""
    report = grade(f"{START}{SINE['sum']}\n{DRAW[drawing]}\n")
    assert told(report)["sin_derivative"] == {"derivative": "passed", "by_autodiff": "passed", "plot": "passed"}


NOT_DRAWN = {
    "the slopes with the other sign": ("plt.plot(x.data, y.data); plt.plot(x.data, -g)", "negative"),
    "the axes changed about": ("plt.plot(y.data, x.data); plt.plot(g, x.data)", "other_curves"),
    "f against the slopes": ("plt.plot(y.data, g)", "other_curves"),
    "nothing": ("plt.figure()", "nothing_drawn"),
}


@pytest.mark.parametrize("drawing", NOT_DRAWN)
def test_what_is_drawn_instead_is_told(grade, drawing):
    """And is not called nothing; the slopes themselves are right."""
    code, plot = NOT_DRAWN[drawing]
    verdicts = told(grade(f"{START}{SINE['sum']}\n{code}\n"))["sin_derivative"]
    assert verdicts == {"derivative": "passed", "by_autodiff": "passed", "plot": plot}


SECOND = {
    "uncaught": "u = torch.ones(3, requires_grad=True); v = (u * u).sum(); v.backward(); v.backward()",
    "caught": (
        "u = torch.ones(3, requires_grad=True); v = u @ u; v.backward()\ntry:\n    v.backward()\nexcept RuntimeError as e: print(e)"
    ),
    "retained": (
        "u = torch.ones(3, requires_grad=True); v = u.exp().sum(); v.backward(retain_graph=True); print(u.grad); v.backward()"
    ),
    "a vector with weights": (
        "u = torch.ones(3, requires_grad=True); v = u ** 3; w = torch.ones(3); v.backward(w, retain_graph=True); v.backward(w)"
    ),
    "a new sum on top": "u = torch.ones(3, requires_grad=True); v = u ** 2; v.sum().backward(); v.sum().backward()",
    "nothing saved": "u = torch.ones(3, requires_grad=True); v = u.sum(); v.backward(); v.backward(); print(u.grad)",
    "grad": "u = torch.ones(3, requires_grad=True); v = (u ** 2).sum(); torch.autograd.grad(v, u); torch.autograd.grad(v, u)",
    "in a loop": (
        "u = torch.ones(3, requires_grad=True); v = (u ** 2).sum()\nfor _ in range(2): v.backward(retain_graph=True)"
    ),
    "cleared between": (
        "u = torch.ones(3, requires_grad=True); v = (u ** 2).sum(); v.backward(retain_graph=True); u.grad.zero_(); v.backward()"
    ),
}


@pytest.mark.parametrize("way", SECOND)
def test_every_way_to_run_backward_twice(grade, way):
    """The error met, caught, avoided, or not raised at all; the words are for a person."""
    report = grade(f"{START}{SECOND[way]}\n")
    assert told(report) == {
        "second_backward": {"second_pass": "passed", "outcome": "passed", "explanation": "needs_review"}
    }


FIRST = "u = torch.ones(3, requires_grad=True); v = u @ u\nv.backward()\n"
COMMENTED = {
    "torch's sentence": "# v.backward()\n# RuntimeError: Trying to backward through the graph a second time (or directly access ...",
    "on its line": "# v.backward()  # RuntimeError",
    "in words": "# v.backward(retain_graph=True)\n# it fails, the graph has been freed",
    "below a word": "# run it again\nprint(u.grad)\n# v.backward()",
    "switched off": "if 0:\n    # RuntimeError\n    v.backward()",
}


@pytest.mark.parametrize("way", COMMENTED)
def test_a_second_backward_that_is_commented_out_is_for_a_person(grade, way):
    """As every answer that did not run."""
    report = grade(f"{START}{FIRST}{COMMENTED[way]}\n")
    assert set(told(report)["second_backward"].values()) == {"needs_review"}


def test_in_a_notebook_a_heading_says_that_it_is_the_second(grade):
    """And the explanation stands below."""
    texts = [("markdown", "## Exercise 2: run backward again"), ("code", f"{START}{FIRST}# v.backward()")]
    texts.append(("markdown", "It raises an error since the graph is freed."))
    cells = [{"cell_type": kind, "metadata": {}, "source": text} for kind, text in texts]
    notebook = {"cells": [c | ({"outputs": []} if c["cell_type"] == "code" else {}) for c in cells]}
    report = grade(hw_ipynb=json.dumps(notebook | {"metadata": {}, "nbformat": 4, "nbformat_minor": 4}))
    assert set(told(report)["second_backward"].values()) == {"needs_review"}


@pytest.mark.parametrize(
    "code",
    [
        "# v.backward()\nprint(u.grad)",
        "# w.backward()  # RuntimeError",
        "# (2 * v).backward()  # RuntimeError",
        "w = u * u\n# w.backward()  # RuntimeError: grad can be implicitly created only for scalar outputs\nw.sum().backward()",
        "w = u * u\n# w.backward()  # RuntimeError\nw.backward(torch.ones_like(w))",
    ],
)
def test_another_backward_that_is_commented_out_is_no_second_one(grade, code):
    """No word about it, or another call than the one that ran."""
    assert "second_backward" not in told(grade(f"{START}{FIRST}{code}\n"))


F = (
    "def f(a):\n    b = a * 2\n    while b.norm() < 1000:\n        b = b * 2\n"
    "    if b.sum() > 0: c = b\n    else: c = 100 * b\n    return c\n"
)
CONTROL = {
    "sum": "a = torch.randn(6, requires_grad=True); d = f(a); d.sum().backward()",
    "matrix, weights": "a = torch.randn(2, 3, requires_grad=True); d = f(a); d.backward(torch.ones_like(d))",
    "integer weights": "a = torch.randn(4, requires_grad=True); d = f(a); d.backward(torch.ones(4, dtype=torch.int64))",
    "float64": "a = torch.tensor(np.random.randn(5), requires_grad=True); d = f(a); d.sum().backward()",
    "grad": "a = torch.randn(3, 1, requires_grad=True); d = f(a); g = torch.autograd.grad(d.sum(), a)",
    "entry by entry": "a = torch.randn(4, requires_grad=True); d = f(a)\nfor e in d: e.backward(retain_graph=True)",
    "with zeros": "a = torch.tensor([0., 1., -3.], requires_grad=True); d = f(a); d.sum().backward(); print(d / a)",
    "recursion, in two functions": (
        "def double(b): return b if b.norm() >= 1000 else double(b * 2)\n"
        "def f(a):\n    b = double(a * 2); return torch.where(b.sum() > 0, b, 100 * b)\n"
        "a = torch.randn(6, requires_grad=True); d = f(a); d.sum().backward()"
    ),
    "a leaf in a list": (
        "p = [torch.randn(3, requires_grad=True), torch.ones(3)]; a = 2 * p[0]; d = f(a); d.sum().backward()"
    ),
    "a leaf in an object": (
        "class P: a = torch.randn(3, requires_grad=True)\na = 2 * P.a; d = f(a); d.sum().backward(); print(P.a.grad)"
    ),
    "a leaf in a function": (
        "def run():\n    leaf = torch.randn(3, requires_grad=True); a = 2 * leaf; f(a).sum().backward(); return a, leaf.grad\n"
        "a, g = run()"
    ),
    "large": "a = torch.tensor([900., -2000.], requires_grad=True); d = f(a); d.sum().backward()",
    "jacobian": "a = torch.randn(4); J = torch.autograd.functional.jacobian(f, a)",
    "a scalar first": (
        "a = torch.randn((), requires_grad=True); d = f(a); d.backward()\n"
        "a = torch.randn(7, requires_grad=True); d = f(a); d.sum().backward()"
    ),
}


@pytest.mark.parametrize("way", CONTROL)
def test_every_way_through_control_flow(grade, way):
    """Shapes, dtypes, roads; the ×100 branch and the ×1 branch both come up."""
    result = told(grade(f"{START}{F}{CONTROL[way]}\n"))
    assert result == {"control_flow": {"nonscalar": "passed", "gradient": "passed", "analysis": "needs_review"}}


NOT_K = {
    "nobody holds the leaf": (
        "a = torch.randn(3, requires_grad=True) * 2; f(a).sum().backward(); print(a.grad)",
        "not_a_leaf",
    ),
    "nor the leaf of another multiple": (
        "a = torch.randn(3, requires_grad=True) * 3; f(a).sum().backward(); print(a.grad)",
        "not_a_leaf",
    ),
    "d as weights": ("a = torch.randn(4, requires_grad=True); d = f(a); d.backward(d.detach())", "weighted_by_d"),
    "a as weights": ("a = torch.randn(4, requires_grad=True); d = f(a); d.backward(a.detach())", "weighted_by_a"),
    "a multiple of a": ("a = torch.randn(4, requires_grad=True); d = f(a); d.backward(3 * a.detach())", "values"),
    "one weight": (
        "a = torch.randn(3, requires_grad=True); f(a).backward(torch.tensor([0., 1., 0.]))",
        "only_one_entry",
    ),
    "a mean by weights": ("a = torch.randn(4, requires_grad=True); d = f(a); d.backward(torch.ones(4) / 4)", "over_n"),
    "weights of one's own, twice": (
        "a = torch.randn(2, requires_grad=True); d = f(a); w = torch.tensor([1., 3.])\n"
        "d.backward(w, retain_graph=True); d.backward(w)",
        "accumulated_twice",
    ),
}


@pytest.mark.parametrize("way", NOT_K)
def test_what_is_not_the_slope_of_f_is_refused(grade, way):
    """By its name, if it has one."""
    code, reason = NOT_K[way]
    assert told(grade(f"{START}{F}{code}\n"))["control_flow"]["gradient"] == reason


def test_a_comparison_with_weighted_slopes_is_an_analysis(grade):
    """The weights of the pass belong to the right answer."""
    code = "w = torch.tensor([[1., 2.], [3., -4.]]); a = torch.randn(2, 2, requires_grad=True); d = f(a); d.backward(w)"
    verdicts = told(grade(f"{START}{F}{code}\nprint(torch.allclose(a.grad, w * d / a))\n"))
    assert verdicts["control_flow"] == {"nonscalar": "passed", "gradient": "passed", "analysis": "passed"}


COMPARE = [
    "torch.allclose(a.grad, d / a)",
    "np.allclose(a.grad, (d / a).detach())",
    "torch.isclose(a.grad, d / a).all()",
]
EQUAL = [
    "a.grad == d / a",
    "a.grad.eq(d / a)",
    "bool((d / a == a.grad).all())",
    "torch.equal(a.grad, d / a)",
    "np.array_equal(a.grad, (d / a).detach())",
]
DOUBLED = "a = torch.tensor([.5, .25, -.125], requires_grad=True); d = f(a); d.sum().backward()"
ROUNDED = "a = torch.tensor([-.9, -.33, -.17], requires_grad=True); d = f(a); d.sum().backward()"


@pytest.mark.parametrize("comparison", [*COMPARE, *EQUAL])
def test_a_comparison_is_an_analysis(grade, comparison):
    """On either branch: whether exact equality survives the roundings is up to the random numbers."""
    for way in (DOUBLED, ROUNDED):
        verdicts = told(grade(f"{START}{F}{way}\nprint({comparison})\n"))
        assert verdicts["control_flow"]["analysis"] == "passed"


@pytest.mark.parametrize(
    "comparison", ["s.grad == e / s", "a.grad == 2 * d / a", "a > 0", "a == a", "a.grad == a.grad"]
)
def test_an_equality_of_anything_else_is_none(grade, comparison):
    """The book's own, of a scalar; one that is false; one that tells nothing of the slope."""
    scalar = "s = torch.tensor(.5, requires_grad=True); e = f(s); e.backward()"
    verdicts = told(grade(f"{START}{F}{scalar}\n{DOUBLED}\nprint({comparison})\n"))
    assert verdicts["control_flow"]["analysis"] == "needs_review"


MAP = "x = torch.tensor([1., 2., 3.], requires_grad=True); y = torch.stack([x[0] * x[1], x[2] ** 2 + x[0], x.prod(), x[1].exp()])\n"
JACOBIAN = {
    "rows into a tensor": "J = torch.zeros(4, 3)\nfor i in range(4):\n    J[i] = torch.autograd.grad(y[i], x, retain_graph=True)[0]",
    "one-hot weights": (
        "rows = []\nfor i in range(4):\n    e = torch.zeros(4); e[i] = 1; x.grad = None; y.backward(e, retain_graph=True)\n"
        "    rows.append(x.grad.clone())\nJ = torch.stack(rows)"
    ),
    "zeroed": (
        "J = []\nfor i in range(4):\n    y[i].backward(retain_graph=True); J.append(x.grad.numpy().copy()); x.grad.zero_()\n"
        "J = np.array(J)"
    ),
    "only printed": "for v in y:\n    v.backward(retain_graph=True); print(x.grad); x.grad = None",
    "masks": "J = [torch.autograd.grad((y * m).sum(), x, retain_graph=True)[0] for m in torch.eye(4)]",
    "batched": "J = torch.autograd.grad(y, x, torch.eye(4), is_grads_batched=True)[0]",
    "vmap over grad": "J = torch.func.vmap(lambda v: torch.autograd.grad(y, x, v, retain_graph=True)[0])(torch.eye(4))",
    "list of lists": "J = [torch.autograd.grad(v, x, retain_graph=True)[0].tolist() for v in y]",
}
G = "g = lambda t: torch.stack([t[0] * t[1], t[2] ** 2 + t[0], t.prod(), t[1].exp()])\n"
TRANSFORMS = {
    "functional": "J = torch.autograd.functional.jacobian(g, x)",
    "vectorized": "J = torch.autograd.functional.jacobian(g, x, vectorize=True)",
    "jacrev": "torch.func.jacrev(g)(x.detach())",
    "jacfwd": "print(torch.func.jacfwd(g)(x.detach()))",
    "vmap of vjp": "out, pull = torch.func.vjp(g, x.detach()); J, = torch.func.vmap(pull)(torch.eye(4))",
}
GENERAL = (
    "def jacobian(h, t):\n    t = t.detach().requires_grad_(); out = h(t)\n"
    "    return torch.stack([torch.autograd.grad(o, t, retain_graph=True)[0] for o in out])\nprint(jacobian(g, x))"
)


@pytest.mark.parametrize("way", [*JACOBIAN, *TRANSFORMS, "a function of a function"])
def test_every_way_to_a_jacobian(grade, way):
    """Rows, one-hot weights, transforms; kept, shown, or only printed."""
    code = JACOBIAN.get(way) or G + TRANSFORMS.get(way, GENERAL)
    assert told(grade(f"{START}{MAP}{code}\n")) == {"jacobian": {"matrix": "passed", "by_autodiff": "passed"}}


@pytest.mark.parametrize("after", ["", "d.sum().backward(); print(a.grad)", "d.backward(torch.ones_like(d))"])
def test_words_on_the_jacobian_of_control_flow_are_no_attempt_at_one(grade, after):
    """The error of d.backward() belongs to the other exercise, and so does what it is explained with."""
    words = "# d is a vector, so its derivative is a Jacobian, and backward wants a scalar"
    code = "a = torch.randn(2, 3, requires_grad=True); d = f(a)\ntry:\n    d.backward()\nexcept RuntimeError as e: print(e)\n"
    assert set(told(grade(f"{START}{F}{code}{words}\n{after}\n"))) == {"control_flow"}


@pytest.mark.parametrize(
    ("code", "matrix"),
    [
        (f"{MAP}y.backward()", "vector_backward"),
        ("x = torch.ones(3, requires_grad=True); y = x ** 2 * torch.arange(1., 4)\ny.backward()", "vector_backward"),
        (f"{F}a = torch.randn(3); J = torch.autograd.functional.jacobian(f, a)", "passed"),
    ],
)
def test_with_several_outputs_or_a_call_they_are_one(grade, code, matrix):
    """Whatever else is said."""
    verdicts = told(grade(f"{START}# the Jacobian of a vector, row by row\n{code}\n"))
    assert verdicts["jacobian"]["matrix"] == matrix


DEMOS = {
    "the book's": (
        "x = torch.arange(4.0, requires_grad=True); y = 2 * torch.dot(x, x); y.backward(); print(x.grad == 4 * x)\n"
        "x.grad.zero_(); y = x.sum(); y.backward(); print(x.grad)\nx.grad.zero_(); y = x * x; y.sum().backward(); print(x.grad)\n"
        "x.grad.zero_(); y = x * x; u = y.detach(); z = u * x; z.sum().backward(); print(x.grad == u)\n"
        f"x.grad.zero_(); y.sum().backward(); print(x.grad == 2 * x)\n{F}"
        "a = torch.randn(size=(), requires_grad=True); d = f(a); d.backward(); print(a.grad == d / a)"
    ),
    "a training loop": (
        "w = torch.zeros(3, requires_grad=True); X = torch.randn(20, 3); t = X @ torch.ones(3)\n"
        "for _ in range(30):\n    loss = ((X @ w - t) ** 2).mean(); loss.backward()\n"
        "    with torch.no_grad(): w -= 0.1 * w.grad; w.grad.zero_()"
    ),
    "a network": (
        "net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2))\n"
        "opt = torch.optim.SGD(net.parameters(), 0.1)\n"
        "for _ in range(5):\n    opt.zero_grad(); net(torch.randn(6, 4)).pow(2).sum().backward(); opt.step()"
    ),
    "another function with a sine": (
        "x = torch.linspace(1, 5, 50, requires_grad=True); y = torch.log(x ** 2 + 1) * torch.sin(x) + x; y.sum().backward()\n"
        "plt.plot(x.detach(), y.detach()); plt.plot(x.detach(), x.grad)"
    ),
    "a scaled vector": "x = torch.randn(5, requires_grad=True); y = 1024 * x; y.sum().backward()",
    "a plot of waves": "t = np.linspace(0, 6, 99); plt.plot(t, np.sin(t)); plt.plot(t, np.sin(2 * t)); plt.show()",
    "a plot of sigmoid": (
        "x = torch.arange(-8., 8, .1, requires_grad=True); y = torch.sigmoid(x); y.backward(torch.ones_like(x))\n"
        "plt.plot(x.detach(), y.detach()); plt.plot(x.detach(), x.grad)"
    ),
}


@pytest.mark.parametrize("demo", DEMOS)
def test_demos_and_other_exercises_are_no_attempt(grade, demo):
    """Nothing is attempted, nothing is given, nothing is held against anybody."""
    report = grade(f"{START}{DEMOS[demo]}\n")
    assert told(report) == {}
    assert report.score == 0


NAMES = st.lists(st.from_regex(r"[a-zA-Zα-ω_][a-z0-9]{0,6}", fullmatch=True), min_size=3, max_size=3, unique=True)
RESERVED = {
    "torch",
    "np",
    "plt",
    "u",
    "v",
    "e",
    "J",
    "i",
    "if",
    "in",
    "is",
    "as",
    "or",
    "def",
    "for",
    "not",
    "and",
    "try",
    "del",
    "print",
}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    NAMES.filter(lambda names: not RESERVED & set(names)),
    st.permutations(["SINE", "SECOND", "JACOBIAN"]),
    st.integers(5, 90),
)
def test_names_order_and_size_do_not_matter(grade, names, order, points):
    """The same three answers, with any names, in any order, on any number of points."""
    x, y, g = names
    renamed = {"x": x, "y": y, "g": g}
    parts = {
        "SINE": SINE["sum"].replace("80", str(points)) + "\n" + DRAW["pyplot"],
        "SECOND": SECOND["caught"],
        "JACOBIAN": MAP + JACOBIAN["list of lists"],
    }
    code = re.sub(
        r"(?<![\w.])(x|y|g)(?![\w=])|(?<![\w.(,])\b(x|y|g)\b(?= ?=)",
        lambda m: renamed[m[0]],
        "\n".join(parts[o] for o in order),
    )
    result = told(grade(f"{START}{code}\n"))
    assert set(result) == {"sin_derivative", "second_backward", "jacobian"}
    assert {status for verdicts in result.values() for status in verdicts.values()} == {"passed", "needs_review"}


HARD = {
    "functional.vjp": (
        "x = torch.linspace(-3, 3, 40); y, g = torch.autograd.functional.vjp(torch.sin, x, torch.ones(40))",
        "sin_derivative",
    ),
    "func.vjp": (
        "x = torch.linspace(-3, 3, 40); y, pull = torch.func.vjp(torch.sin, x); (g,) = pull(torch.ones(40))",
        "sin_derivative",
    ),
    "grad of one point at a time": (
        "x = torch.linspace(-3, 3, 40); y = x.sin(); g = torch.tensor([torch.func.grad(torch.sin)(v).item() for v in x])",
        "sin_derivative",
    ),
    "rescaled mean": (
        "x = torch.linspace(-3, 3, 40, requires_grad=True); y = x.sin(); y.mean().backward(); g = x.grad * 40",
        "sin_derivative",
    ),
    "points drawn one by one": (
        "x = torch.linspace(-3, 3, 20, requires_grad=True); y = x.sin(); y.sum().backward(); g = x.grad\n"
        "for i in range(20): plt.plot(x[i].item(), y[i].item(), 'b.'); plt.plot(x[i].item(), g[i].item(), 'r.')\n"
        "plt.figure()",
        "sin_derivative",
    ),
    "a thousand points, one pass each": (
        "x = torch.linspace(-3, 3, 1000, requires_grad=True); y = x.sin()\n"
        "for v in y: v.backward(retain_graph=True)\ng = x.grad",
        "sin_derivative",
    ),
}


@pytest.mark.parametrize("road", HARD)
def test_roads_that_were_misjudged_once(grade, road):
    """Each of these was refused by an earlier version."""
    code, exercise = HARD[road]
    assert set(told(grade(f"{START}{code}\n{DRAW['pyplot']}\n"))[exercise].values()) == {"passed"}


JACOBIANS = {
    "blocks of two inputs": (
        "def h(u, v): return torch.stack([u @ v, (u * v ** 2).sum()])\n"
        "torch.autograd.functional.jacobian(h, (torch.randn(3), torch.randn(3)))"
    ),
    "columns by jvp": "J = torch.stack([torch.func.jvp(g, (x.detach(),), (e,))[1] for e in torch.eye(3)], dim=1)",
    "a fresh leaf for each row": (
        "J = []\nfor i in range(4):\n    p = x.detach().clone().requires_grad_(); g(p)[i].backward(); J.append(p.grad)\n"
        "J = torch.stack(J)"
    ),
    "two scalar inputs": (
        "u, v = torch.tensor(2., requires_grad=True), torch.tensor(3., requires_grad=True)\n"
        "out = torch.stack([u * v, u + v ** 2, u ** 3]); J = np.zeros((3, 2))\n"
        "for i in range(3): J[i] = [t.item() for t in torch.autograd.grad(out[i], (u, v), retain_graph=True)]"
    ),
    "an elementwise function, rows into a matrix": (
        "y = x ** 2; J = torch.zeros(3, 3)\n"
        "for i in range(3): J[i] = torch.autograd.grad(y[i], x, retain_graph=True)[0]"
    ),
}


@pytest.mark.parametrize("way", JACOBIANS)
def test_jacobians_that_were_misjudged_once(grade, way):
    """Each of these was refused, or not seen, by an earlier version."""
    result = told(grade(f"{START}{G}x = torch.tensor([1., 2., 3.], requires_grad=True)\n{JACOBIANS[way]}\n"))
    assert result == {"jacobian": {"matrix": "passed", "by_autodiff": "passed"}}


REFUSED = {
    "typed in beside a pass": (
        "x = torch.tensor([1., 2.], requires_grad=True); y = torch.stack([x[0] * x[1], x[1] ** 2]); y.sum().backward()\n"
        "J = torch.tensor([[2., 1.], [0., 4.]])",
        {"jacobian": {"matrix": "needs_review", "by_autodiff": "no_pass"}},
    ),
    "right passes, wrong rows kept": (
        "x = torch.tensor([1., 2.], requires_grad=True); y = torch.stack([x[0] * x[1], x[1] ** 2]); J = torch.zeros(2, 2)\n"
        "for i in range(2):\n    x.grad = None; y[i].backward(retain_graph=True); J[i] = 3 * x.grad\nprint(J)",
        {"jacobian": {"matrix": "values", "by_autodiff": "passed"}},
    ),
    "central differences of sine": (
        "x = np.linspace(-3, 3, 99); h = 1e-5\nplt.plot(x, np.sin(x)); plt.plot(x, (np.sin(x + h) - np.sin(x - h)) / (2 * h))",
        {"sin_derivative": {"derivative": "differences", "by_autodiff": "differences", "plot": "passed"}},
    ),
    "cos drawn, backward for show": (
        "x = torch.linspace(-3, 3, 99, requires_grad=True); y = x.sin(); y.sum().backward()\n"
        "plt.plot(x.data, y.data); plt.plot(x.data, torch.cos(x.data))",
        {"sin_derivative": {"derivative": "passed", "by_autodiff": "typed_in", "plot": "passed"}},
    ),
    "a custom function with cos typed in": (
        "class Sine(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x): ctx.save_for_backward(x); return x.sin()\n"
        "    @staticmethod\n    def backward(ctx, g): return g * ctx.saved_tensors[0].cos()\n"
        "x = torch.linspace(-3, 3, 99, requires_grad=True); y = Sine.apply(x); y.sum().backward()\n"
        "plt.plot(x.data, y.data); plt.plot(x.data, x.grad)",
        {"sin_derivative": {"derivative": "needs_review", "by_autodiff": "did_not_follow", "plot": "passed"}},
    ),
}


@pytest.mark.parametrize("way", REFUSED)
def test_what_only_looks_right_is_refused(grade, way):
    """With its name."""
    code, expected = REFUSED[way]
    assert told(grade(f"{START}{code}\n")) == expected


@pytest.mark.parametrize(
    "code",
    [
        "x = torch.linspace(-3, 3, 100, requires_grad=True); y = x ** 3; y.sum().backward(); plt.plot(x.data, x.grad)",
        "x = torch.tensor([.5, 1., 1.], requires_grad=True); (1024 * x).sum().backward(); print(x.grad)",
        "x = torch.arange(4., requires_grad=True); torch.sin(x).sum().backward(); print(x.grad)",
        "x = torch.tensor(1., requires_grad=True)\nfor _ in range(20):\n    x.grad = None; torch.sin(x).backward(); x.data -= .1 * x.grad",
        "torch.autograd.gradcheck(torch.sin, torch.linspace(-3, 3, 20, dtype=torch.float64, requires_grad=True))",
        "t = np.linspace(0, 6, 99); plt.plot(t, np.sin(t)); plt.plot(t, np.cos(t)); plt.show()",
        "w = torch.zeros(2, requires_grad=True)\nfor _ in range(300):\n    l = ((torch.randn(20, 2) @ w) ** 2).sum(); l.backward(); w.grad.zero_()",
        "# backward computes gradients. The second time the loss is lower.\nx = torch.ones(2)",
    ],
)
def test_what_was_taken_for_an_attempt_once(grade, code):
    """Each of these was given or cost points in an earlier version."""
    assert told(grade(f"{START}{code}\n")) == {}
