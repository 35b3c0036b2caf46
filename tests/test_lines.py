"""The line of the cell or script in which something happened: real submissions, and what students do to mislead it."""

import json
import re
import textwrap

import pytest

from autograder import places
from autograder.kept import Reader, document
from autograder.model import SourceFile, Submission, Unit
from autograder.places import Spot
from autograder.report import pages
from autograder.report.pages import cells
from tests.test_report import RUN
from tests.test_running import notebook

SLOPE = """
    %matplotlib inline
    import torch
    import matplotlib.pyplot as plt

    x = torch.linspace(0, 6, 50, requires_grad=True)
    y = torch.sin(x)
    y.mean().backward()
    plt.plot(x.detach(), y.detach())
    plt.plot(
        x.detach(),
        x.grad,
    )
"""
F = """
    import torch
    def f(a):
        b = a * 2
        while b.norm() < 1000:
            b = b * 2
        return b if b.sum() > 0 else 100 * b
    def slope_of(a):
        d = f(a)
        d.sum().backward()
        return a.grad
"""
JACOBIAN = """
    import torch
    x = torch.tensor([1., 2., 3.], requires_grad=True)
    y = torch.stack([x[0] * x[1], x[1] ** 2, x[2] + x[0]])
    J = torch.zeros(3, 3)
    for i in range(3):
        x.grad = None
        y[i].backward(retain_graph=True)
        J[:, i] = x.grad
    print(J)
"""


@pytest.fixture
def judged(grade):
    """(exercise, criterion) → (where, line, the text of that line), of a notebook of these cells or of a script."""

    def judged_lines(*sources, script=False):
        sources = [textwrap.dedent(source).removeprefix("\n") for source in sources]
        report = grade(hw_py=sources[0]) if script else grade(hw_ipynb=notebook(*sources))
        return {
            (answer.exercise.name, verdict.criterion.name): (verdict.where, verdict.line, text(report, verdict))
            for answer in report.answers
            if answer.attempted
            for verdict in answer.verdicts
        }

    return judged_lines


def text(report, verdict):
    spot = places.find(report.submission, verdict.where, verdict.line)
    return places.lines_of(spot.unit)[spot.line - 1].strip() if spot and spot.line else ""


# ---------------------------------------------------------------------------------- which line


def test_the_pass_and_the_curve_of_a_figure(judged):
    """Below a magic; of a call over several lines, the first; a figure is looked at when the cell is over."""
    found = judged(SLOPE)
    assert found["sin_derivative", "derivative"] == ("hw.ipynb, cell 1", 7, "y.mean().backward()")
    assert found["sin_derivative", "plot"] == ("hw.ipynb, cell 1", 9, "plt.plot(")


def test_the_second_of_two_passes(judged):
    """The one that is judged, though it raised."""
    cell = "import torch\nx = torch.arange(4., requires_grad=True)\ny = 2 * x @ x\ny.backward()\ny.backward()"
    assert judged(cell)["second_backward", "second_pass"] == ("hw.ipynb, cell 1", 5, "y.backward()")


def test_a_function_of_another_cell_is_where_it_is_called(judged):
    """The cell that ran is shown, so it is a line of that one."""
    found = judged(F, "# a vector\na = torch.randn(4, requires_grad=True)\n\nslope_of(a)")
    assert found["control_flow", "gradient"] == ("hw.ipynb, cell 2", 4, "slope_of(a)")


def test_a_function_of_the_same_cell_is_where_it_happened(judged):
    """The line that a reader has to look at, not the call."""
    found = judged(textwrap.dedent(F) + "a = torch.randn(4, requires_grad=True)\nslope_of(a)")
    assert found["control_flow", "gradient"] == ("hw.ipynb, cell 1", 9, "d.sum().backward()")


@pytest.mark.parametrize(
    ("made", "filled"),
    [
        ("torch.zeros(3, 3)", "J[:, i] = x.grad"),
        ("torch.zeros(3, 3)", "J[:, i].copy_(x.grad)"),
        ("[]", "J.append(x.grad)"),
    ],
)
def test_a_matrix_is_where_it_was_filled(judged, made, filled):
    """In the loop, not where it was made or printed."""
    source = JACOBIAN.replace("torch.zeros(3, 3)", made).replace("J[:, i] = x.grad", filled)
    assert judged(source)["jacobian", "matrix"][1:] == (8, filled)


def test_a_transform_is_where_it_was_called(judged):
    cell = "import torch\nx = torch.arange(3.)\ng = lambda x: x[0] * x\n\nJ = torch.func.jacrev(g)(x)"
    assert judged(cell)["jacobian", "matrix"][1:] == (5, "J = torch.func.jacrev(g)(x)")


def test_a_script_has_the_line_within_its_statement(judged):
    """Everything that main() does is on lines of its own, curves as well."""
    body = textwrap.indent(textwrap.dedent(SLOPE).replace("%matplotlib inline\n", ""), "    ")
    found = judged(f"def main():\n{body}\n\nmain()", script=True)
    assert found["sin_derivative", "derivative"] == ("hw.py, line 8", 8, "y.mean().backward()")
    assert found["sin_derivative", "plot"][1:] == (10, "plt.plot(")


def test_a_function_that_is_only_defined_is_where_it_stands(judged):
    """It ran in a hidden case; the page shows what was called."""
    cell = """
        import torch

        @torch.enable_grad()
        def jacobian(f, x):
            x = x.detach().requires_grad_()
            return torch.stack([torch.autograd.grad(row, x, retain_graph=True)[0] for row in f(x)], dim=1)
    """
    plain = textwrap.dedent(cell).replace("@torch.enable_grad()\n", "# of anything\n")
    assert judged("'nothing'", plain)["jacobian", "matrix"] == ("a call of jacobian()", 4, "def jacobian(f, x):")


def test_words_are_where_they_stand(judged):
    """A comment; code that never ran, in whatever cell."""
    comment = "y.backward()  # fails, because the graph is freed after the first backward pass"
    cell = f"import torch\nx = torch.arange(4., requires_grad=True)\ny = 2 * x @ x\ny.backward()\n\n{comment}"
    assert judged(cell)["second_backward", "explanation"] == ("hw.ipynb, cell 1", 6, comment)
    dead = "# never called\ndef twice():\n    y = 2 * x @ x\n    y.backward()\n    y.backward()  # graph is freed"
    first, last = "import torch\nx = torch.arange(4., requires_grad=True)", "# the end\nprint('bye')"
    found = judged(first, dead, last)["second_backward", "second_pass"]
    assert found == ("hw.ipynb, cell 2", 2, "def twice():")


@pytest.mark.parametrize(
    ("above", "line"),
    [
        ("%%time", 4),
        ("\n\n\n%%time", 6),
        ("%matplotlib inline", 4),
        ("!pip install torch", 4),
        ("# my answer\n# in two lines", 5),
        ("print(“curly”)", 4),
        ("%config InlineBackend.figure_format = 'svg'\n\n%load_ext autoreload", 6),
        ("import torch as torch\\\n", 5),
        ("!pip install torch \\\n    numpy", 0),  # IPython makes one line of it
        ("%%capture", 0),  # a cell magic has the cell, and tells nobody which line it runs
    ],
)
def test_lines_are_those_that_the_student_wrote(judged, above, line):
    """Whatever IPython makes of what stands above; and none where that cannot be told."""
    cell = f"{above}\nx = torch.arange(4., requires_grad=True)\ny = 2 * x @ x\ny.backward(); y.backward()"
    found = judged("import torch", cell)["second_backward", "second_pass"]
    assert found == ("hw.ipynb, cell 2", line, "y.backward(); y.backward()" if line else "")


def test_a_cell_under_the_time_magic_is_a_cell_like_any_other(judged):
    """Its variables are seen one by one, and its last expression is shown."""
    found = judged("import torch", f"%%time{textwrap.dedent(JACOBIAN).replace('print(J)', 'J')}")
    assert found["jacobian", "matrix"][1:] == (9, "J[:, i] = x.grad")


def test_what_several_lines_may_have_done_is_none_of_them(grader):
    """No line is better than a wrong one."""
    source = "import torch\nJ = 1\nif J:\n    J = torch.ones(2)\nelse:\n    J = torch.zeros(2)\nfor K in J:\n    pass\n"
    unit = Unit("hw.ipynb", "code", "cell 1", f"{source}def g():\n    pass\ng = torch.eye(2)\n1 / 0\ng = torch.eye(3)")
    seen = grader.observe(Submission("ada", "hw.ipynb", (SourceFile("hw.ipynb", "", (unit,)),)))
    assert {v.name: v.line for v in seen.values} == {"J": 0, "K": 7, "g": 11}
    assert [error.line for error in seen.errors] == [12]


def test_what_is_shown_has_the_line_that_shows_it(grader):
    """A print, also in a function of another cell; the end of a cell, where its expression begins."""
    sources = "import torch\ndef show(x):\n    print(x)", "\nshow(torch.ones(2))\n(\n  torch.zeros(2)\n)"
    units = [Unit("hw.ipynb", "code", f"cell {i}", text) for i, text in enumerate(sources, 1)]
    seen = grader.observe(Submission("ada", "hw.ipynb", (SourceFile("hw.ipynb", "", tuple(units)),)))
    assert [(v.where[-6:], v.line) for v in seen.values if v.shown] == [("cell 2", 2), ("cell 2", 3)]


def test_output_is_of_the_line_that_printed_most_of_it(grader):
    """A head and a table; two prints of which neither is more."""
    table = "print('h, q')\nfor h in (1, 2, 3):\n    print(h, 2 * h)"
    units = [Unit("hw.ipynb", "code", f"cell {i}", text) for i, text in enumerate([table, "print(1)\nprint(2)"], 1)]
    seen = grader.observe(Submission("ada", "hw.ipynb", (SourceFile("hw.ipynb", "", tuple(units)),)))
    assert [text.line for text in seen.texts if text.kind_of == "output"] == [3, 0]


def test_what_is_no_python_has_its_line(grader):
    """Below a magic in a cell; of the second broken piece of a script."""
    broken = "x = 1\nprint 'a'\ny = 2\nprint 'b'"
    cell = Unit("a.ipynb", "code", "cell 1", "%matplotlib inline\n\n" + broken)
    script = Unit("b.py", "script", "", broken)
    files = (SourceFile("a.ipynb", "", (cell,)), SourceFile("b.py", "", (script,)))
    seen = grader.observe(Submission("ada", "a.ipynb", files))
    assert [(error.where, error.line) for error in seen.errors] == [
        ("a.ipynb, cell 1", 4),
        ("b.py, line 2", 2),
        ("b.py, line 4", 4),
    ]


def test_the_source_of_a_function_is_that_of_its_own_cell(judged):
    """For a student's inspect.getsource too, whatever cell came later."""
    check = "import inspect\nassert 'a.grad' in inspect.getsource(slope_of)\n"
    found = judged(F, "1\n2\n3", f"{check}a = torch.randn(4, requires_grad=True)\nslope_of(a)")
    assert found["control_flow", "gradient"][1:] == (4, "slope_of(a)")


# ---------------------------------------------------------------------------------- what students make up


LIES = [
    "exec(compile('\\n' * 998 + 'y.backward()', 'hw.ipynb, cell 2', 'exec'))",  # beyond the cell
    "exec(compile('\\n' + 'y.backward()', 'hw.ipynb, cell 2', 'exec'))",  # another line of it
    "exec(compile('\\n' * 2 + 'y.backward()', 'hw.ipynb, cell 1', 'exec'))",  # another cell
    "exec(compile('y.backward()', 'hw.ipynb, cell 2', 'exec').replace(co_firstlineno=2**31 - 1))",
    "exec(compile('y.backward()', '', 'exec'))",
    "(lambda: y.backward()).__code__.replace(co_filename='x' * 10**6); y.backward()",
]


@pytest.mark.parametrize("lie", LIES)
def test_who_lies_about_frames_marks_at_worst_a_line_of_the_same_cell(judged, lie):
    """Nothing is lost, nothing of ours fails, and another cell is never pointed at."""
    cell = f"x = torch.arange(4., requires_grad=True)\ny = 2 * x @ x\ny.backward(retain_graph=True)\n{lie}"
    where, line, _ = judged("import torch", cell)["second_backward", "second_pass"]
    assert where == "hw.ipynb, cell 2" and line in range(5)


def test_a_function_that_lies_about_where_it_stands_is_nowhere(judged):
    """Called in a hidden case, with the name of another cell, and a line that is no definition."""
    cell = """
        import torch
        def jacobian(f, x):
            return torch.autograd.functional.jacobian(f, x)
        jacobian.__code__ = jacobian.__code__.replace(co_filename='hw.ipynb, cell 1', co_firstlineno=4)
    """
    assert judged("'nothing'", cell)["jacobian", "matrix"][1:] == (0, "")


# ---------------------------------------------------------------------------------- places


def handed_in(*units):
    return Submission("ada", "ada", (SourceFile("ada", "00", units),))


CELL = Unit("ada.ipynb", "code", "cell 3", "a\nb\n\n")
SCRIPT = Unit("hw.py", "script", "", "import torch\n@cached\ndef f(x):\n    return x\n")


@pytest.mark.parametrize(
    ("where", "line", "found"),
    [
        ("ada.ipynb, cell 3", 0, (CELL, 0)),
        ("ada.ipynb, cell 3", 3, (CELL, 3)),
        ("ada.ipynb, cell 3", 4, (CELL, 0)),
        ("ada.ipynb, cell 3", -1, (CELL, 0)),
        ("ada.ipynb, cell 4", 1, None),
        ("hw.py, line 2", 0, (SCRIPT, 2)),
        ("hw.py, line 2", 3, (SCRIPT, 3)),
        ("hw.py, line 2", 9, (SCRIPT, 2)),
        ("hw.py, line 99", 0, (SCRIPT, 0)),
        (f"hw.py, line {'9' * 5000}", 0, None),
        ("hw.py, line ٣", 0, (SCRIPT, 3)),
        ("a call of f()", 2, (SCRIPT, 3)),
        ("a call of f()", 3, (SCRIPT, 3)),
        ("a call of f()", 1, None),
        ("a call of f()", 0, None),
        ("a call of g()", 3, None),
        ("a call of .*()", 3, None),
        ("", 1, None),
    ],
)
def test_a_place_is_found_in_what_was_handed_in(where, line, found):
    """With a line that is there, or with none."""
    assert places.find(handed_in(CELL, SCRIPT), where, line) == (Spot(*found) if found else None)


def test_a_function_that_may_be_one_of_two_is_none():
    """Two cells that begin alike."""
    twice = [Unit("ada.ipynb", "code", f"cell {i}", "def f(x):\n    return x") for i in (1, 2)]
    assert places.find(handed_in(*twice), "a call of f()", 1) is None
    assert places.find(handed_in(twice[0]), "a call of f()", 1) == Spot(twice[0], 1)


def test_a_long_cell_is_shown_around_each_line():
    """Windows that touch are one, if that is no longer than a cell may be."""
    unit = Unit("ada.ipynb", "code", "cell 3", "\n".join(f"line_{n}" for n in range(1, 201)))
    where = "ada.ipynb, cell 3"
    shown = cells.at(handed_in(unit), [(where, 150), (where, 5), (where, 14), (where, 0)])
    assert [cell.title for cell in shown] == [f"{where}, lines 1–22", f"{where}, lines 142–158"]
    assert [line.number for cell in shown for line in cell.lines if line.marked] == [5, 14, 150]
    many = cells.at(handed_in(unit), [(where, n) for n in range(10, 100, 10)])
    assert [line.number for cell in many for line in cell.lines if line.marked] == list(range(10, 100, 10))
    assert max(len(cell.lines) for cell in many) <= cells.MOST_LINES


# ---------------------------------------------------------------------------------- what is shown and kept


def test_the_student_s_page_marks_it_and_says_so(grade):
    """An arrow and words beside the colour; the criterion leads to the line."""
    report = grade(hw_ipynb=notebook(textwrap.dedent(SLOPE).strip()))
    page = dict(pages.render(RUN, [report], ()))["students/student.html"]
    assert re.findall(r"→ +(\d+)</span><span class=\"unseen\">judged line: </span><mark>(.*?)</mark>", page) == [
        ("7", "y.mean().backward()"),
        ("9", "plt.plot("),
    ]
    assert '<a href="#sin_derivative-1-l7"><bdi>hw.ipynb, cell 1, line 7</bdi></a>' in page
    assert page.count('id="sin_derivative-1-l7"') == 1


def test_a_line_is_kept_and_one_of_an_earlier_release_is_none(grade, exercises):
    """What was kept without lines is read, as it was shown then."""
    report = grade(hw_ipynb=notebook(textwrap.dedent(SLOPE).strip()))
    kept, reader = document(report), Reader(exercises.values())
    assert reader.report(json.dumps(kept), report.submission).answers == report.answers
    for answer in kept["answers"].values():
        for verdict in answer["verdicts"].values():
            del verdict["line"]
    again = reader.report(json.dumps(kept), report.submission)
    assert {verdict.line for answer in again.answers for verdict in answer.verdicts} == {0}
