"""The graph of log(x²)·sin x + 1/x: nodes, both sweeps and autograd's total, known by their values."""

import textwrap

import pytest

from tests.conftest import told

NODES = "a = x**2\nb = M.log(a)\nc = M.sin(x)\nd = b*c\ne = 1/x\nf = d + e\n"
FORWARD = "da = 2*x\ndb = da/a\ndc = M.cos(x)\ndd = db*c + b*dc\nde = -1/x**2\ndf = dd + de\n"
REVERSE = (
    "f_ = 1.0\nd_ = f_; e_ = f_\nb_ = d_*c; c_ = d_*b\na_ = b_/a\nx_ = a_*2*x + c_*M.cos(x) - e_/x**2\nprint(x_)\n"
)
AUTOGRAD = "t = torch.as_tensor(x).clone().requires_grad_()\ny = torch.log(t**2)*torch.sin(t) + 1/t\ny.sum().backward()\nprint(t.grad)\n"
PARTS = NODES + FORWARD + REVERSE + AUTOGRAD
START = "import math, numpy as np, torch\n"
PASSED = {"graph": "passed", "forward": "passed", "reverse": "passed", "agreement": "passed"}


def written(x="x = 2.0", module="math", **changes):
    """The answer in full, with lines exchanged: line_before=after is given as pairs in `changes`."""
    source = PARTS.replace("M.", f"{module}.")
    for before, after in changes.get("lines", []):
        assert before in source
        source = source.replace(before, after)
    return f"{START}{x}\n{source}"


RIGHT = {
    "math": written(),
    "numpy, a grid": written("x = np.linspace(0.5, 3, 7)", "np"),
    "torch, a number": written("x = torch.tensor(1.7)", "torch"),
    "torch, random points": written("x = torch.rand(5) + 0.5", "torch"),
    "negative points": written("x = np.array([-2.5, -0.7, 1.9])", "np"),
    "compared with ==": written() + "print(t.grad == df)\n",
    "in one function": (
        f"{START}def sweep(x):\n"
        + textwrap.indent(PARTS.replace("M.", "math.").replace(AUTOGRAD, ""), "    ")
        + "    return f, df, x_\nprint(sweep(2.0))\nx = 2.0\n"
        + AUTOGRAD
    ),
    "dictionaries": (
        f"{START}x = 1.3\nv = dict(a=x**2)\nv['b'] = math.log(v['a']); v['c'] = math.sin(x); v['d'] = v['b']*v['c']; v['e'] = 1/x\n"
        "v['f'] = v['d'] + v['e']\ng = dict(a=2*x); g['b'] = g['a']/v['a']; g['c'] = math.cos(x); g['e'] = -1/x**2\n"
        "g['d'] = g['b']*v['c'] + v['b']*g['c']; g['f'] = g['d'] + g['e']\nr = dict(f=1.0, d=1.0, e=1.0)\n"
        "r['b'] = v['c']; r['c'] = v['b']; r['a'] = r['b']/v['a']; r['x'] = r['a']*2*x + r['c']*math.cos(x) - r['e']/x**2\n"
        + AUTOGRAD
    ),
    "objects": (
        f"{START}class Node:\n    def __init__(self, value, slope): self.value, self.slope, self.grad = value, slope, 0.0\n"
        "x = Node(2.5, 1.0); a = Node(x.value**2, 2*x.value); b = Node(math.log(a.value), a.slope/a.value)\n"
        "c = Node(math.sin(x.value), math.cos(x.value)); d = Node(b.value*c.value, b.slope*c.value + b.value*c.slope)\n"
        "e = Node(1/x.value, -1/x.value**2); f = Node(d.value + e.value, d.slope + e.slope)\n"
        "f.grad = d.grad = e.grad = 1.0; b.grad = c.value; c.grad = b.value; a.grad = b.grad/a.value\n"
        "x.grad = a.grad*2*x.value + c.grad*math.cos(x.value) - 1/x.value**2\n"
        + AUTOGRAD.replace("(x)", "(x.value)")
    ),
    "retained": (
        f"{START}x = torch.tensor(2.2, requires_grad=True)\n{NODES.replace('M.', 'torch.')}for n in (a, b, c, d, e): n.retain_grad()\n"
        f"f.backward()\nprint(a.grad, b.grad, c.grad, x.grad)\nx = x.item()\na = x**2; b = math.log(a); c = math.sin(x)\n"
        + FORWARD.replace("M.", "math.")
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", RIGHT)
def test_every_way_to_walk_the_graph(grade, way):
    """Numbers, arrays, tensors; variables, dictionaries, objects and functions."""
    assert told(grade(RIGHT[way])) == {"log_sin_graph": PASSED}


SLOPES = {
    "plus_sign": [("de = -1/x**2", "de = 1/x**2")],
    "inner_missing": [("da = 2*x", "da = 1")],
    "log_halved": [("da = 2*x", "da = x")],
    "product_of_derivatives": [("db*c + b*dc", "db*dc")],
    "cos_sign": [("dc = M.cos", "dc = -M.cos".replace("M", "math"))],
    "doubled": [("df = dd + de", "df = 2*(dd + de)"), (REVERSE.replace("M.", "math."), "")],
    "path_missing": [("df = dd + de\n", ""), (REVERSE.replace("M.", "math."), "")],
    "no_forward": [(FORWARD.replace("M.", "math."), "")],
}


@pytest.mark.parametrize("reason", SLOPES)
def test_each_mistake_on_the_way_forward(grade, reason):
    """The graph itself stays right."""
    lines = [(before.replace("M.", "math."), after) for before, after in SLOPES[reason]]
    result = told(grade(written(lines=lines)))["log_sin_graph"]
    assert (result["graph"], result["forward"]) == ("passed", reason)


@pytest.mark.parametrize(("reason", "base"), [("log10", "10"), ("log2", "2")])
def test_another_base_costs_the_graph_only(grade, reason, base):
    """Some read log as base 10: the sweeps are judged for that base, and the message says so."""
    lines = [
        ("math.log(a)", f"math.{reason}(a)"),
        ("da/a", f"da/a/math.log({base})"),
        ("b_/a", f"b_/a/math.log({base})"),
    ]
    result = told(grade(written(lines=lines)))["log_sin_graph"]
    assert result == {"graph": reason, "forward": "passed", "reverse": "passed", "agreement": "not_reached"}


def test_the_slope_of_another_base_is_named(grade):
    """log itself is natural, its derivative is not."""
    result = told(grade(written(lines=[("df = dd + de", "df = (db*c + b*dc)/math.log(10) + de")])))["log_sin_graph"]
    assert result["graph"] == "passed"


@pytest.mark.parametrize(
    ("reason", "nodes"),
    [
        ("log_squared", "a = math.log(x)\nb = a**2\nc = math.sin(x)\ne = 1/x\nf = b*c + e\n"),
        ("log_x", "b = math.log(x)\nc = math.sin(x)\ne = 1/x\nf = b*c + e\n"),
        ("degrees", "a = x**2\nb = math.log(a)\nc = math.sin(math.radians(x))\ne = 1/x\nf = b*c + e\n"),
        ("bracket", "a = x**2\nc = math.sin(x)\nb = math.log(a*c)\ne = 1/x\nf = b + e\n"),
    ],
)
def test_another_function_is_named(grade, reason, nodes):
    """And what follows from it is not told again."""
    result = told(grade(f"{START}x = 2.0\n{nodes}{AUTOGRAD}"))["log_sin_graph"]
    assert result == {"graph": reason, "forward": "not_reached", "reverse": "not_reached", "agreement": "not_reached"}


@pytest.mark.parametrize(
    ("criterion", "reason", "source"),
    [
        ("reverse", "overwritten", written(lines=[("df = dd + de\n", ""), ("x_ = a_*2*x + c_*math.cos(x) - e_/x**2", "x_ = a_*2*x; x_ = c_*math.cos(x); x_ = -e_/x**2")])),
        ("reverse", "no_reverse", written(lines=[(REVERSE.replace("M.", "math."), "")])),
        ("reverse", "inner_none", f"{START}x = torch.tensor(2.2, requires_grad=True)\n{NODES.replace('M.', 'torch.')}f.backward()\nprint(b.grad)\n"),
        ("graph", "one_line", f"{START}x = 2.0\nf = math.log(x**2)*math.sin(x) + 1/x\ndf = 2/x*math.sin(x) + math.log(x**2)*math.cos(x) - 1/x**2\n{AUTOGRAD}"),
        ("agreement", "by_hand_only", written(lines=[(AUTOGRAD, "")])),
        ("agreement", "autograd_only", f"{START}x = 2.0\n{AUTOGRAD}"),
        ("agreement", "at_zero", written("x = np.linspace(-1, 1, 5)", "np")),
        ("agreement", "twice", written(lines=[("y.sum().backward()\n", "y.sum().backward(retain_graph=True)\ny.sum().backward()\n")])),
    ],
)  # fmt: skip
def test_what_else_may_be_missing(grade, criterion, reason, source):
    """Sweeps that do not arrive, nodes that keep nothing, totals that stand alone."""
    assert told(grade(source))["log_sin_graph"][criterion] == reason


def test_numbers_that_were_typed_in_go_to_a_person(grade):
    """They do not follow when the numbers in the code are moved, and no function can be called."""
    source = (
        "x = 2.0\na = 4.0; b = 1.3862943611198906; c = 0.9092974268256817; d = 1.2605538945; e = 0.5; f = 1.7605538945\n"
        "da = 4.0; db = 1.0; dc = -0.4161468365471424; dd = 0.3323954; de = -0.25; df = 0.0823954\n"
    )
    result = told(grade(START + source + AUTOGRAD))["log_sin_graph"]
    assert (result["graph"], result["forward"], result["agreement"]) == ("needs_review", "needs_review", "needs_review")


@pytest.mark.parametrize(
    "source",
    [
        "x = torch.linspace(1., 3., 12, requires_grad=True)\ny = x.sin()\ny.sum().backward()\nz = 1/x.detach(); w = torch.log(x.detach())\n",
        "x = torch.arange(4.0, requires_grad=True)\ny = 2 * torch.dot(x, x)\ny.backward()\nprint(x.grad == 4 * x)\n",
        "x = np.arange(1, 4, 0.1)\na, b, c = np.log(x), np.sin(x), 1 / x\n",
        "p = torch.softmax(torch.arange(4.), 0)\nloss = -torch.log(p).sum()\n",
    ],
)
def test_other_logarithms_and_sines_are_no_attempt(grade, source):
    """Somebody else's nodes."""
    assert "log_sin_graph" not in told(grade(START + source))


def test_a_mistake_that_is_none_at_this_x_is_no_right_answer(grade):
    """At 1/2 the inner derivative is 1, so leaving it out changes nothing; the wrong sign of de stays one."""
    source = written("x = np.linspace(0.5, 3, 7)", "np", lines=[("de = -1/x**2", "de = 1/x**2")])
    assert told(grade(source))["log_sin_graph"]["forward"] != "passed"


@pytest.mark.parametrize("term", ["a_*3*x", "c_*math.sin(x)", "e_/x**3"])
def test_the_total_of_the_forward_sweep_is_not_that_of_the_reverse_one(grade, term):
    """Each sweep arrives with a total of its own; with only one, a person looks which it is."""
    before = {"a": "a_*2*x", "c": "c_*math.cos(x)", "e": "e_/x**2"}[term[0]]
    result = told(grade(written(lines=[(before, term)])))["log_sin_graph"]
    assert (result["forward"], result["reverse"]) == ("passed", "needs_review")
