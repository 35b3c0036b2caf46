"""What the observer sees, in the real child; and that a student's run does not notice it."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest

from autograder.evidence import Fault, error_kind
from autograder.model import Outcome, SourceFile, Submission, Unit


@pytest.fixture
def observe(grader):
    """Run a script as written; what was seen."""

    def observe_script(source):
        unit = Unit("hw.py", "script", "", "import torch\n" + textwrap.dedent(source))
        return grader.observe(Submission("ada", "hw.py", (SourceFile("hw.py", "", (unit,)),)))

    return observe_script


def test_a_pass_carries_its_leaf_before_and_after(observe):
    """Values, gradients, operations, and where it ran."""
    seen = observe(
        "x = torch.tensor([1., 2.], requires_grad=True)\n(x ** 2).sum().backward()\n(3 * x).sum().backward()"
    )
    first, second = seen.passes
    assert first.leaves[0].before is None
    np.testing.assert_array_equal(first.leaves[0].after, [2, 4])
    np.testing.assert_array_equal(second.leaves[0].before, [2, 4])
    np.testing.assert_array_equal(second.leaves[0].after, [5, 7])
    assert (first.ops, second.ops) == ({"Sum": 1, "Pow": 1}, {"Sum": 1, "Mul": 1})
    assert first.where == "hw.py, line 3"


def test_the_line_is_the_students_also_inside_a_function(observe):
    """Everything that runs from main() is not on main()'s line."""
    seen = observe("def main():\n    x = torch.ones(2, requires_grad=True)\n    x.sum().backward()\nmain()\n")
    assert [p.where for p in seen.passes] == ["hw.py, line 4"]


@pytest.mark.parametrize(
    ("code", "repeats", "rebuilt"),
    [
        ("y = x @ x; y.backward(retain_graph=True); y.backward()", 1, 0),
        ("y = x * x; y.sum().backward(retain_graph=True); y.sum().backward()", 1, 0),
        ("y = x * x; y.sum().backward(retain_graph=True); y.backward(torch.ones(3))", 1, 0),
        ("y = x * x; y[0].backward(retain_graph=True); y[1].backward()", 0, 0),
        ("y = x * x; y.sum().backward(retain_graph=True); y.mean().backward()", 0, 0),
        ("y = x * x; [y.backward(e, retain_graph=True) for e in torch.eye(3)]", 0, 0),
        ("(x @ x).backward(); (x @ x).backward()", 0, 1),
        ("g, = torch.autograd.grad((x ** 3).sum(), x, create_graph=True); g.sum().backward()", 0, 0),
        ("u = x * x; (u * 2).sum().backward(retain_graph=True); (u * 3).sum().backward()", 0, 0),
        ("(x @ x).backward(); x.grad = None; (3 * x).sum().backward()", 0, 0),
    ],
)
def test_the_same_graph_is_known_from_another(observe, code, repeats, rebuilt):
    """Same nodes, root and weights: a repeat. Equal on new nodes: rebuilt. Rows, other outputs: neither."""
    seen = observe(f"x = torch.tensor([1., 2., 3.], requires_grad=True)\n{code}")
    assert sum(p.repeat_of >= 0 for p in seen.passes) == repeats
    assert sum(p.rebuilt_of >= 0 for p in seen.passes) == rebuilt


def test_the_reference_is_the_jacobian_of_the_students_own_graph(observe):
    """From the graph itself, whichever row the student takes first."""
    seen = observe(
        "x = torch.tensor([2., 3.], requires_grad=True)\n"
        "y = torch.stack([x[0] * x[1], x[0] ** 2, x[1]])\ny[1].backward()"
    )
    (only,) = seen.passes
    np.testing.assert_allclose(only.leaves[0].jacobian, [[3, 2], [4, 0], [0, 1]])
    np.testing.assert_array_equal(only.seed, [0, 1, 0])


@pytest.mark.parametrize(
    "check",
    [
        "x.grad is None",
        "u.grad is None",
        "calls == []",
        "torch.equal(torch.rand(3), torch.Generator().manual_seed(5) and expected)",
        "y.grad_fn is node",
    ],
)
def test_working_out_a_reference_changes_nothing(observe, check):
    """Gradients, retained gradients, hooks and random numbers are as if nobody had looked."""
    seen = observe(
        f"""
        torch.manual_seed(5); expected = torch.rand(3); torch.manual_seed(5)
        calls = []
        x = torch.tensor([1., 2.], requires_grad=True)
        u = x * 2
        u.retain_grad()
        if "calls" in {check!r}: u.register_hook(calls.append)
        y = u ** 2
        node = y.grad_fn
        try:
            y.backward()  # raises, after the observer has looked
        except RuntimeError:
            pass
        verdict = torch.tensor([1. if ({check}) else 0.])
        """
    )
    (verdict,) = [value.array for value in seen.values if value.name == "verdict"]
    assert verdict.tolist() == [1.0]


def test_a_batched_pass_is_looked_at_without_a_trace(observe):
    """Hooks run as often as in the student's own pass, and no more."""
    seen = observe(
        """
        x = torch.tensor([1., 2.], requires_grad=True); u = x * 2; calls = []
        u.register_hook(lambda g: calls.append(1.0))
        torch.autograd.grad(u ** 2, x, torch.eye(2), is_grads_batched=True)
        count = torch.tensor([float(len(calls))])
        """
    )
    assert [value.array.tolist() for value in seen.values if value.name == "count"] == [[1.0]]


def test_after_looking_the_same_pass_still_runs(observe):
    """The graph is kept by us and freed by the student's own pass, as it would have been."""
    seen = observe("x = torch.ones(2, requires_grad=True); y = (x * x).sum(); y.backward(); y.backward()")
    assert [error_kind(p.error) for p in seen.passes] == ["", "second_time"]
    np.testing.assert_array_equal(seen.passes[1].leaves[0].after, [2, 2])


@pytest.mark.parametrize(
    ("code", "names", "reference"),
    [
        ("torch.autograd.functional.jacobian(f, x)", ["functional.jacobian"], [[2, 1, 0], [0, 0, 1]]),
        ("torch.func.jacrev(f)(x)", ["jacrev"], [[2, 1, 0], [0, 0, 1]]),
        ("torch.func.jvp(f, (x,), (x,))", ["jvp"], [[2, 1, 0], [0, 0, 1]]),
        ("torch.func.vmap(torch.func.grad(torch.sin))(x)", ["vmap", "grad"], None),
    ],
)
def test_transforms_are_seen_once_with_their_reference(observe, code, names, reference):
    """The outermost counts; what it calls is only named."""
    seen = observe(f"f = lambda t: torch.stack([t[0] * t[1], t[2]])\nx = torch.tensor([1., 2., 3.])\n{code}")
    (call,) = seen.derivatives
    assert call.names[: len(names)] == names
    if reference:
        np.testing.assert_allclose(call.reference, reference)


def test_curves_come_from_any_figure_once(observe):
    """Shown, saved, cleared or none of it; lines and points; and again only when their data change."""
    seen = observe(
        """
        import matplotlib.pyplot as plt
        plt.plot([1, 2, 3, 4]); plt.savefig("a.png"); plt.show()
        fig, (a, b) = plt.subplots(2)
        a.scatter([1, 2, 3], [4, 5, 6])
        (line,) = b.plot([0, 1], [0, 1])
        line.set_ydata([5, 5])
        for i in range(4): b.plot(i, i * i, "k.")
        """
    )
    drawn = [curve.y.tolist() for curve in seen.curves if curve.y.size > 1]
    assert drawn[:2] == [[1, 2, 3, 4], [4, 5, 6]]
    assert [5.0, 5.0] in drawn
    assert [0.0, 1.0, 4.0, 9.0] in drawn


TICKS = """
import matplotlib.pyplot as plt
fig, (a, b) = plt.subplots(1, 2, sharey=True)
a.plot([0, 1], [1, 2]); a.grid(True); a.tick_params(labelsize=17, length=3); a.xaxis.tick_top(); b.minorticks_on()
fig.tight_layout(); fig.canvas.draw_idle()
(first, *rest) = a.xaxis.get_major_ticks()
told = [a.xaxis.get_ticks_position(), a.yaxis.get_ticks_position(), b.yaxis.get_ticks_position()]
told += [first.label1.get_fontsize(), first.gridline.get_visible(), len(rest), len(b.yaxis.get_minor_ticks())]
told += [len(a.xaxis.majorTicks), [t.get_text() for t in a.get_xticklabels()], a.get_xticks().tolist()]
print(told)
"""


def test_ticks_are_there_when_they_are_asked_for(observe):
    """They are not made before, since nothing is drawn; whoever looks finds what matplotlib would have made."""
    seen = observe(TICKS)
    code = f"import matplotlib\nmatplotlib.use('agg')\n{TICKS}"
    alone = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    (told,) = [text.text for text in seen.texts if text.kind_of == "output"]
    assert told == alone.stdout


def test_code_that_did_not_run_is_quoted_with_its_line(observe):
    """Comments, strings that stand alone, blocks that are switched off: wherever statements stand."""
    seen = observe(
        """
        # before
        def f():
            'a docstring'
            if 0:
                y.backward()
            try:
                pass
            except ValueError:
                'in a handler'
        class A:
            while False:
                x = 1
        match 1:
            case 1:
                'in a case'
        """
    )
    told = [(text.kind_of, text.text.strip().split()[0], text.line) for text in seen.texts]
    assert told == [
        ("comment", "before", 3),
        ("string", "a", 5),
        ("dead", "if", 6),
        ("dead", "while", 13),
        ("string", "in", 17),
        ("string", "in", 11),
        ("dead", "def", 4),
    ]


def test_a_traceback_of_ipythons_own_changes_nothing(grader):
    """What formats it hangs more onto the nodes of the code that ran, their parents among it."""
    cell = "%%capture\nimport torch\nx = torch.ones(2, requires_grad=True)\ny = x @ x\ny.backward()\ny.backward()"
    unit = Unit("hw.ipynb", "code", "cell 1", cell)
    seen = grader.observe(Submission("ada", "hw.ipynb", (SourceFile("hw.ipynb", "", (unit,)),)))
    assert (seen.outcome, len(seen.passes)) == (Outcome.FINISHED, 2)


def test_values_that_appear_are_seen_and_functions_once(observe):
    """Tensors, arrays, lists of them, None; what is printed; never a module or a text."""
    seen = observe(
        "import numpy as np\na = torch.ones(2)\nb = np.eye(2)\nc = [a, a]\n"
        "d = a.sum().item()\ne = None\nf = 'x'\nprint(b)"
    )
    named = {value.name: value for value in seen.values}
    assert set(named) >= {"a", "b", "c", "e", ""}
    assert "f" not in named
    assert named["c"].array.shape == (2, 2)
    assert named["e"].none
    assert named[""].shown


@pytest.mark.parametrize(
    "odd",
    [
        "deep = []\nfor _ in range(100_000): deep = [deep]",
        "loop = [1.]; loop.append(loop)",
        "class Bad(torch.Tensor):\n    @classmethod\n    def __torch_function__(cls, *a, **k): raise ValueError\n"
        "bad = torch.ones(2).as_subclass(Bad)",
        "sparse = torch.eye(3).to_sparse(); half = torch.ones(2).half(); odd = torch.ones(2, dtype=torch.complex64)",
        "empty = torch.zeros(0); scalar = torch.tensor(1.); big = torch.zeros(3_000_000)",
        "import os\nif os.fork() == 0: os._exit(0)",
    ],
)
def test_odd_values_are_no_fault_of_ours(observe, odd):
    """Whatever a value does when it is looked at, the run goes on and what comes after it is seen."""
    seen = observe(f"{odd}\nafter = torch.tensor([7.])")
    assert [value.array.tolist() for value in seen.values if value.name == "after"] == [[7.0]]
    assert not seen.log.all(Fault)


@pytest.mark.parametrize(
    ("code", "of"),
    [
        ("g, = grad(y, x, create_graph=True); g.sum().backward()", [-1, 0]),
        ("y.backward(create_graph=True); x.grad[0].backward()", [-1, 0]),
        (
            "y.backward(create_graph=True); (h,) = grad(x.grad.sum(), x, create_graph=True); h.sum().backward()",
            [-1, 0, 1],
        ),
        ("g, = grad(y, x, create_graph=True); (x * x).sum().backward()", [-1, -1]),
        ("y.backward(retain_graph=True); y.backward()", [-1, -1]),
    ],
)
def test_a_pass_says_whose_gradient_it_differentiates(observe, code, of):
    """The nearest earlier pass whose result stands in the graph; −1 for a first derivative."""
    seen = observe(
        f"x = torch.tensor([1., 2.], requires_grad=True); y = (x ** 4).sum()\ngrad = torch.autograd.grad\n{code}"
    )
    assert [p.of for p in seen.passes] == of


def test_inner_tensors_that_kept_their_gradient_are_seen(observe):
    """Before and after, and only those that are on the way of the pass."""
    seen = observe(
        "x = torch.tensor([1., 2.], requires_grad=True); t = x * 3; u = x * 5; t.retain_grad(); u.retain_grad()\n"
        "t.sum().backward(retain_graph=True); (2 * t).sum().backward()"
    )
    first, second = seen.passes
    assert [(leaf.before, leaf.after.tolist(), leaf.is_leaf) for leaf in first.retained] == [(None, [1, 1], False)]
    assert [(leaf.before.tolist(), leaf.after.tolist()) for leaf in second.retained] == [([1, 1], [3, 3])]


@pytest.mark.parametrize(
    ("call", "depth", "reference"),
    [
        ("torch.autograd.functional.jacobian(f, x)", 1, [[2, 12]]),
        ("torch.autograd.functional.jacobian(lambda t: t * t, x, vectorize=True)", 1, [[2, 0], [0, 4]]),
        ("torch.autograd.functional.hessian(f, x)", 2, [[2, 0], [0, 12]]),
        ("torch.func.hessian(f)(x)", 2, [[2, 0], [0, 12]]),
        ("torch.func.jacfwd(torch.func.grad(f))(x)", 2, [[2, 0], [0, 12]]),
        ("torch.func.grad(f)(x)", 1, [[2, 12]]),
    ],
)
def test_a_transform_says_how_often_it_differentiates(observe, call, depth, reference):
    """And has the reference of what it differentiated last: of a Hessian, the gradient."""
    seen = observe(f"f = lambda t: t[0] ** 2 + t[1] ** 3\nx = torch.tensor([1., 2.])\n{call}")
    (derivative,) = seen.derivatives
    assert derivative.depth == depth
    np.testing.assert_allclose(derivative.reference, reference)


def test_the_weights_of_a_pull_back_are_seen(observe):
    """Of func and functional alike."""
    seen = observe(
        "f = lambda t: t * t\nx, v = torch.tensor([1., 2.]), torch.tensor([3., 5.])\n"
        "torch.func.vjp(f, x)[1](v)\ntorch.autograd.functional.vjp(f, x, v)"
    )
    assert [call.direction.tolist() for call in seen.derivatives] == [[3, 5], [3, 5]]
