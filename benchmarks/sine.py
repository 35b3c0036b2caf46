"""One exercise in the forms that several graders demand: sin and its derivative, and ten students' answers.

The code of an answer is the same for every grader. What differs is around it: nbgrader wants its own metadata and the
tests as cells, otter-grader the tests as a file in a zip. Both can look only at names, so the exercise prescribes
three (x, slope, ax), and their tests are what a careful instructor writes: the values against cos, and the curves that
the axes hold. Points are 7 for the slope and 3 for the figure, as in exercises/sin_derivative.yaml.
"""

import textwrap
from dataclasses import dataclass

import nbformat
from nbformat import v4

NAME = "sin_derivative"
POINTS = {"slope_of_sine": 7, "both_curves": 3}
STATEMENT = (
    "Let f(x)=sin(x). Plot the graph of f and of its derivative f′. Do not exploit the fact that f′(x)=cos(x) but "
    "rather use automatic differentiation to get the result. Leave the points in `x`, the derivative in `slope` and "
    "the axes in `ax`."
)
IMPORTS = "import numpy as np\nimport torch\nfrom matplotlib import pyplot as plt"
FIGURE = """
fig, ax = plt.subplots()
ax.plot(x.detach().numpy(), torch.sin(x).detach().numpy(), label='f')
ax.plot(x.detach().numpy(), slope.detach().numpy(), label='slope')
ax.legend()
plt.show()
"""
LEAF = "x = torch.linspace(-3, 3, 100, requires_grad=True)\n"


@dataclass(frozen=True)
class Answer:
    """`cells` of code, and whether they deserve full marks."""

    right: bool
    cells: tuple[str, ...]


def _answer(right, source, figure=FIGURE, more=()):
    return Answer(right, (source.strip("\n") + figure.rstrip("\n"), *more))


ANSWERS = {
    "summed": _answer(True, LEAF + "torch.sin(x).sum().backward()\nslope = x.grad"),
    "averaged": _answer(False, LEAF + "torch.sin(x).mean().backward()\nslope = x.grad"),
    "typed_in": _answer(False, LEAF + "slope = torch.cos(x)"),
    "weights": _answer(True, LEAF + "y = torch.sin(x)\ny.backward(torch.ones_like(y))\nslope = x.grad"),
    "against_index": _answer(
        False,
        LEAF + "torch.sin(x).sum().backward()\nslope = x.grad",
        figure="\nfig, ax = plt.subplots()\nax.plot(torch.sin(x).detach().numpy())\nax.plot(slope.numpy())\nplt.show()",
    ),
    "grad": _answer(True, LEAF + "slope, = torch.autograd.grad(torch.sin(x).sum(), x)"),
    "differences": _answer(
        False,
        "x = torch.linspace(-3, 3, 100, dtype=torch.float64)\nh = 1e-4\n"
        "slope = (torch.sin(x + h) - torch.sin(x - h)) / (2 * h)",
    ),
    "transform": _answer(True, LEAF + "slope = torch.func.vmap(torch.func.grad(torch.sin))(x)"),
    "twice": _answer(
        False,
        LEAF + "y = torch.sin(x).sum()\ny.backward(retain_graph=True)\ny.backward()\nslope = x.grad",
    ),
    "exits": _answer(True, LEAF + "torch.sin(x).sum().backward()\nslope = x.grad", more=("exit()",)),
}

SLOPE_TEST = """
import numpy as np
assert len(x) >= 20
np.testing.assert_allclose(slope.detach().numpy(), np.cos(x.detach().numpy()), atol=1e-3)
"""
FIGURE_TEST = """
import numpy as np
at = x.detach().numpy()
drawn = [np.asarray(line.get_data()) for line in ax.get_lines()]
for curve in (np.sin(at), np.cos(at)):
    wanted = np.asarray([at, curve])
    assert any(found.shape == wanted.shape and np.allclose(found, wanted, atol=0.02) for found in drawn)
"""
TESTS = {"slope_of_sine": SLOPE_TEST.strip(), "both_curves": FIGURE_TEST.strip()}


def students(count):
    """{student: name of the answer}, all answers in turn."""
    names = list(ANSWERS)
    return {f"s{number:04}": names[number % len(names)] for number in range(count)}


def plain(student, answer):
    """The notebook as it is handed in; no two are equal."""
    return _notebook(v4.new_markdown_cell(STATEMENT), v4.new_code_cell(IMPORTS), *_answered(student, answer))


def for_nbgrader(student, answer):
    """The notebook as it comes back: the release's cells, the answer in its solution cell, the tests behind it."""
    first, *more = _answered(student, answer)
    first.metadata["nbgrader"] = _marks("answer", solution=True)
    return _notebook(
        v4.new_markdown_cell(STATEMENT),
        v4.new_code_cell(IMPORTS),
        first,
        *more,
        *(_test_cell(name) for name in TESTS),
    )


def nbgrader_source():
    """What the instructor of nbgrader writes, and releases with `nbgrader generate_assignment`."""
    solution = "### BEGIN SOLUTION\n" + ANSWERS["summed"].cells[0] + "\n### END SOLUTION"
    first = v4.new_code_cell(solution, metadata={"nbgrader": _marks("answer", solution=True)})
    cells = [v4.new_markdown_cell(STATEMENT), v4.new_code_cell(IMPORTS), first]
    return _notebook(*cells, *(_test_cell(name, hidden=True) for name in TESTS))


def otter_test(name):
    """A test file of otter-grader, based on exceptions."""
    return (
        "from otter.test_files import test_case\n\nOK_FORMAT = False\n"
        f"name = {name!r}\npoints = {POINTS[name]}\n\n"
        f"@test_case(hidden=True)\ndef test_{name}(x, slope, ax):\n{textwrap.indent(TESTS[name], '    ')}\n"
    )


def _answered(student, answer):
    first, *more = answer.cells
    return [v4.new_code_cell(source) for source in (f"# {student}\n{first}", *more)]


def _test_cell(name, hidden=False):
    source = f"### BEGIN HIDDEN TESTS\n{TESTS[name]}\n### END HIDDEN TESTS" if hidden else ""
    marks = _marks(name, grade=True, points=POINTS[name])
    return v4.new_code_cell(source, metadata={"nbgrader": marks})


def _marks(name, solution=False, grade=False, **points):
    """Metadata of nbgrader, its schema 3."""
    kind = {"schema_version": 3, "grade_id": name, "cell_type": "code", "task": False, **points}
    return {**kind, "solution": solution, "grade": grade, "locked": not solution}


def _notebook(*cells):
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made = v4.new_notebook(cells=list(cells), metadata={"kernelspec": kernel})
    nbformat.validate(made)
    return made
