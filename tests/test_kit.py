"""The kit for authors: a new exercise works at once, the page on it is true, and mutants find what samples do not."""

import re
import shutil
import subprocess
import sys
import textwrap
from collections import Counter
from dataclasses import replace

import pytest

from autograder import cli, intake, spec
from autograder.kit import accepted, check, least, mutants, new, operators, samples, trials
from autograder.kit.trials import Fate
from autograder.model import SourceFile, Submission, Tolerance, Unit
from autograder.report.files import Refused
from autograder.shapes import SpecError
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "writing-an-exercise.md"
MAIN = ("sin_derivative", "second_backward", "control_flow", "jacobian")


# ---------------------------------------------------------------------------------- the page, and new


@pytest.fixture
def copy(tmp_path):
    """What an author works in: the repository without its classes, tests and documentation."""
    for folder in ("autograder", "graders", "exercises"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "graders" / accepted.FILE.name).unlink()  # they are of those classes
    (tmp_path / "submissions").mkdir()
    shutil.copy(ROOT / "grade.py", tmp_path)
    return tmp_path


def _grade_py(folder, *words):
    done = subprocess.run(
        [sys.executable, "grade.py", *words], cwd=folder, capture_output=True, text=True, env={"PYTHONPATH": "."}
    )
    return done.returncode, done.stdout + done.stderr


def _blocks():
    """(language, text) of the page's walk, in order."""
    walk = PAGE.read_text(encoding="utf-8").partition("\n# What there is")[0]
    return re.findall(r"```(\w+)\n(.*?)```", walk, re.DOTALL)


def test_the_page_takes_an_author_through(copy):
    """Its files are written and its commands run, in order; each prints what the page shows, and the exit code fits."""
    for language, text in _blocks():
        if language == "console":
            _follow(copy, text)
        else:
            _write(copy, text)


def _write(folder, block):
    """As the first line says: the whole file, or in place of something, or below it, or at the end."""
    head, _, text = block.partition("\n")
    name, _, how = re.fullmatch(r"# ([\w/.]+)(, )?(.*)", head).groups()
    file = folder / name
    old = file.read_text(encoding="utf-8") if file.exists() else ""
    if place := re.fullmatch(r'(in place of|below) "(.*)"', how):
        line = next(line for line in old.splitlines(keepends=True) if line.lstrip().startswith(place[2]))
        text = old.replace(line, text if place[1] == "in place of" else line + text)
    elif how:
        assert how == "at the end"
        text = old + text
    file.write_text(text, encoding="utf-8")


def _follow(folder, block):
    for command, shown in re.findall(r"\$ python grade\.py (.*)\n((?:(?!\$ ).*\n)*)", block):
        code, printed = _grade_py(folder, *command.split())
        lines = "\n".join(" ".join(line.split()) for line in printed.splitlines())
        expected = [" ".join(line.split()) for line in shown.splitlines() if line != "…"]
        for line in expected:  # … within a line stands for what depends on the classes that are there
            assert re.search(f"^{re.escape(line).replace('…', '.+')}$", lines, re.MULTILINE), printed
        assert code == any(line.startswith("✗") for line in expected), printed


def test_two_new_exercises_do_not_take_each_other_for_attempts(copy):
    """Though both are the template."""
    for name in ("first_one", "second_one"):
        assert _grade_py(copy, "new", name)[0] == 0
    code, printed = _grade_py(copy, "check", "first_one", "second_one")
    assert (code, "4 samples come out as stated" in printed) == (0, True), printed


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Mean Of X", "'Mean Of X' is no name for a module; use letters, digits and _, such as mean_of_x"),
        ("2nd", "is no name for a module"),
        ("a/b", "such as a_b"),
        ("../evil", "such as evil"),
        ("_hidden", "such as hidden"),
        ("café", "is no name for a module"),
        ("", "is no name for a module"),
        ("lambda", "'lambda' is a word of Python's own"),
        ("match", "'match' is a word of Python's own"),
        ("x" * 41, "longer than 40 characters"),
        ("jacobian", "exercises/jacobian.yaml is there already, and nothing is overwritten"),
        ("sample", "submissions/sample.yaml is there already, and nothing is overwritten"),
    ],
)
def test_a_name_that_cannot_be_is_one_sentence(name, words, capsys):
    """And exit code 2; nothing is written."""
    before = sorted(ROOT.glob("*/*"))
    assert cli.main(["new", name]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert sorted(ROOT.glob("*/*")) == before


def test_nothing_is_overwritten(tmp_path):
    """Not even what an earlier attempt left halfway."""
    (tmp_path / "submissions" / "mean").mkdir(parents=True)
    with pytest.raises(Refused, match="submissions/mean is there already"):
        list(new.make("mean", tmp_path))
    assert not (tmp_path / "exercises").exists()


# ---------------------------------------------------------------------------------- check


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["check", "jacobain"], "unknown exercise 'jacobain'; did you mean 'jacobian'?"),
        (["check", "--at-most", "3"], "--at-most goes with --mutants"),
        (["check", "--verbose"], "--verbose goes with --mutants"),
    ],
)
def test_wrong_usage_is_one_sentence(words, sentence, capsys):
    assert cli.main(words) == 2
    assert sentence in capsys.readouterr().err


def test_the_schema_is_printed(capsys):
    assert cli.main(["check", "--schema"]) == 0
    assert capsys.readouterr().out == (ROOT / "exercises" / "schema.json").read_text(encoding="utf-8")


def test_a_mistake_in_a_spec_is_told_of_every_spec(copy):
    """And nothing is run; it is exit code 2, as where a class is graded."""
    for name in ("jacobian", "hessian"):
        path = copy / "exercises" / f"{name}.yaml"
        path.write_text(path.read_text(encoding="utf-8").replace("title:", "titel:", 1), encoding="utf-8")
    code, printed = _grade_py(copy, "check")
    assert code == 2
    assert len(re.findall(r"(?:jacobian|hessian)\.yaml: has an unknown key 'titel'", printed)) == 2


@pytest.mark.parametrize("words", [["check", "mine"], ["check", "--mutants", "mine"]])
def test_a_grader_that_raises_where_it_is_asked_for_attempts_is_one_sentence(copy, words):
    """With the line to look at, and no traceback."""
    assert _grade_py(copy, "new", "mine")[0] == 0
    grader = copy / "graders" / "mine.py"
    text = re.sub(
        r"(def attempted.*\n(?: +\"\"\".*\n)?)", r"\1    return {}['x']\n", grader.read_text(encoding="utf-8")
    )
    grader.write_text(text, encoding="utf-8")
    line = text.split("\n").index("    return {}['x']") + 1
    code, printed = _grade_py(copy, *words)
    said = f"mine: the grader raises an exception in 'attempted': KeyError: 'x' (graders/mine.py, line {line})"
    assert (code, printed.splitlines()[-1]) == (1, f"grade.py check: {said}"), printed
    assert "Traceback" not in printed


@pytest.fixture
def sample(tmp_path, exercises):
    """A sample of one script, with what is stated of it."""

    def of(source, **expected):
        (tmp_path / "ada.py").write_text(textwrap.dedent(source), encoding="utf-8")
        (submission,), _ = intake.find([tmp_path / "ada.py"])
        return samples.Sample("mine", submission, "finished", expected)

    return of


TWICE = """
    import torch
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = (x ** 3).sum()
    y.backward(retain_graph=True)
    y.backward()
"""
SAID = {"second_pass": "passed", "outcome": "passed", "explanation": "needs_review"}


@pytest.mark.parametrize(
    ("expected", "sentence"),
    [
        ({}, "second_backward is not stated, and was found to be attempted"),
        ({"second_backward": SAID, "jacobian": {}}, "jacobian is stated, and nothing was found to be an attempt at it"),
        (
            {"second_backward": SAID | {"outcome": "other_error"}},
            "outcome is stated to be other_error, and came out as",
        ),
    ],
)
def test_what_does_not_come_out_as_stated_is_told(grader, exercises, sample, expected, sentence):
    """In either direction."""
    tried = check.try_out(grader, sample(TWICE, **expected), list(exercises.values()))
    (said,) = check.differences(tried, exercises)
    assert sentence in said


def test_what_no_sample_shows_is_told(grader, exercises, sample):
    """A text that nobody earns, a criterion that nobody passes, a case that nobody looks at."""
    exercise = exercises["second_backward"]
    idle = replace(exercise, cases=(*exercise.cases, replace(exercise.cases[0], name="idle")))
    rebuilt = """
        # backward a second time, on a graph that I built anew
        import torch
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        (x ** 3).sum().backward()
        (x ** 3).sum().backward()
    """
    tried = check.try_out(grader, sample(rebuilt), [exercise])
    faults = " | ".join(check.shown(idle, [tried]).faults)
    assert "no sample earns the feedback 'other_error'" in faults
    assert "no sample passes 'second_pass'" in faults
    assert "no criterion looks at the case 'idle'" in faults
    assert "no sample attempts it" in check.shown(exercise, []).faults[0]


# ---------------------------------------------------------------------------------- mutants


def _instead(source):
    submission = Submission("ada", "ada.py", (_file(source),))
    return {(m.operator.name, m.instead.strip()) for m in mutants.of(submission)}


def _file(source, kind="script"):
    return SourceFile("ada.py", "", (Unit("ada.py", kind, "", textwrap.dedent(source)),))


@pytest.mark.parametrize(
    ("source", "operator", "instead"),
    [
        ("x.grad.zero_()", "the gradient is not cleared", "pass"),
        ("x.grad = None", "the gradient is not cleared", "pass"),
        ("h.retain_grad()", "no gradient is asked for", "pass"),
        ("y.backward()", "a backward is left out", "pass"),
        ("y.backward(retain_graph=True)", "a flag is left out", "y.backward()"),
        ("g = grad(y, x, create_graph=True)", "a flag is left out", "g = grad(y, x)"),
        ("y.backward(v)", "other weights", "y.backward(2 * (v))"),
        ("grad(y, x, grad_outputs=v)", "other weights", "grad(y, x, grad_outputs=2 * (v))"),
        ("y = x.sum()", "another function", "y = x.mean()"),
        ("y = torch.sin(x)", "another function", "y = torch.cos(x)"),
        ("g = grad(y, x)", "two arguments are exchanged", "g = grad(x, y)"),
        ("J = torch.stack(rows)", "rows and columns are exchanged", "J = torch.stack(rows).T"),
        ("J = jacrev(f)(x)", "rows and columns are exchanged", "J = jacrev(f)(x).T"),
        ("for i in range(1, n): pass", "one round less", "for i in range(1, n - 1): pass"),
        ("r = J[i]", "the row before", "r = J[i - 1]"),
        ("z = u * x", "something is detached", "z = u * x.detach()"),
        ("u = y.detach()", "detach or clone is left out", "u = y"),
        ("with torch.no_grad(): u = y", "no_grad is left out", "with torch.enable_grad(): u = y"),
        ("z = u * x", "another operation", "z = (u + x)"),
        ("z = -x", "another sign", "z = (x)"),
        ("a = 2", "another number", "a = 3"),
        ("a = 0.0", "another number", "a = 0.5"),
        ("w += d", "a sum goes the other way", "w -= d"),
        ("while a < b: pass", "a condition is turned round", "while a > b: pass"),
    ],
)
def test_every_way_to_go_wrong(source, operator, instead):
    """One place changed, the rest as it was written."""
    assert (operator, instead) in _instead(source)


def test_every_operator_is_tried_above():
    """A new one needs an example."""
    marks = test_every_way_to_go_wrong.pytestmark[0].args[1]
    assert {operator for _, operator, _ in marks} == {operator.name for operator in operators.OPERATORS}


def test_comments_magics_and_characters_stay(tmp_path):
    """What stands around a place is what the student wrote, also where bytes are not characters."""
    source = "%matplotlib inline\ns = '梯度'; y = x.sum()  # Σ 和\n!pip list\n"
    (mutant,) = [m for m in mutants.of(Submission("a", "a", (_file(source, "code"),))) if "mean" in m.instead]
    assert mutant.submission.files[0].units[0].text == source.replace("sum", "mean")
    assert list(mutants.of(Submission("a", "a", (_file("y = = 3"),)))) == []


def test_a_sample_is_reduced_to_what_its_answer_is_made_of():
    """Comments stay, and so do line numbers."""
    source = "import torch\n# words\na = 1\nb = [\n    2,\n]\nc = 3\n"
    part = least.least(Submission("a", "a", (_file(source),)), lambda s: "c = 3" in s.files[0].units[0].text)
    assert part.files[0].units[0].text == "\n# words\n\n\n\n\nc = 3"


def _original(grader, exercise, source):
    sample = samples.Sample("mine", Submission("ada", "ada.py", (_file(source),)), "finished", {})
    return trials.original(grader, exercise, sample)


def test_mutants_of_a_right_answer_are_refused_or_excused(grader, exercises):
    """Each by what its run shows: other points, or nothing that is judged."""
    source = """
        import torch, matplotlib.pyplot as plt
        x = torch.linspace(-3, 3, 30, requires_grad=True)
        y = torch.sin(x)
        y.sum().backward()
        plt.plot(x.detach(), y.detach(), x.detach(), x.grad)
    """
    original = _original(grader, exercises["sin_derivative"], source)
    found = [trials.trial(grader, original, mutant) for mutant in trials.drawn(original)]
    by_fate = {fate: {t.mutant.instead.strip() for t in found if t.fate is fate} for fate in Fate}
    assert by_fate[Fate.SURVIVED] == by_fate[Fate.BROKE] == by_fate[Fate.OTHER_FUNCTION] == set()
    assert {"pass", "y = torch.cos(x)", "y.mean().backward()"} <= by_fate[Fate.REFUSED]
    assert "x = torch.linspace(-4, 3, 30, requires_grad=True)" in by_fate[Fate.ELSEWHERE]


@pytest.mark.parametrize(("rtol", "fate"), [(3e-5, Fate.REFUSED), (50.0, Fate.SURVIVED)])
def test_a_grader_that_does_not_look_closely_has_survivors(grader, exercises, rtol, fate):
    """The same question, other numbers, full points."""
    source = """
        import torch
        w = torch.tensor(3.0, requires_grad=True)
        x = torch.tensor(2.0)
        y = torch.tensor(2.0)
        (5 * w).backward()
        w.grad.zero_()
        loss = (w * x - y) ** 2
        loss.backward()
        print(w.grad)
    """
    exercise = exercises["chain_rule"]
    original = _original(grader, exercise, source)
    assert "(5 * w).backward()" in original.submission.files[0].units[0].text  # or there is nothing to clear
    (dropped,) = (m for m in trials.drawn(original) if m.operator.name == "the gradient is not cleared")
    loose = replace(exercise, criteria=tuple(replace(c, tolerance=Tolerance(rtol)) for c in exercise.criteria))
    assert trials.trial(grader, replace(original, exercise=loose), dropped).fate is fate


def test_mutants_are_drawn_evenly():
    """First, last and between; never more than there are."""
    submission = Submission("ada", "ada.py", (_file("a = 1\n" * 20),))
    original = trials.Original(None, "", submission, None)
    assert [m.where for m in trials.drawn(original, 4)] == [f"ada.py, line {n}" for n in (1, 6, 11, 16)]
    assert len(trials.drawn(original, 99)) == len(trials.drawn(original)) == 20


@pytest.mark.parametrize("name", MAIN)
def test_mutants_of_the_main_exercises_are_refused(grader, exercises, name):
    """A share of them, always the same; `grade.py check --mutants` takes all."""
    right = [one for one in samples.load_all(exercises) if one.group == "sample" and one.is_right(name)][:3]
    originals = grader.map(lambda one: trials.original(grader, exercises[name], one), right)
    pairs = [(original, mutant) for original in originals for mutant in trials.drawn(original, 8)]
    found = list(grader.map(lambda pair: trials.trial(grader, *pair), pairs))
    assert [t for t in found if t.fate in (Fate.SURVIVED, Fate.BROKE)] == []
    assert Counter(t.fate for t in found)[Fate.REFUSED] >= 5


def test_what_is_accepted_is_there(exercises, tmp_path):
    """And a name that is not, is one sentence."""
    known = samples.load_all(exercises)
    assert accepted.load(exercises, known)
    file = tmp_path / "accepted_mutants.yaml"
    file.write_text("- {exercise: jacobain, sample: sample/amara.ipynb, was: a, is: b, why: c}")
    with pytest.raises(SpecError, match="did you mean 'jacobian'"):
        accepted.load(exercises, known, file)
    file.write_text("- {exercise: jacobian}")
    with pytest.raises(SpecError, match="has no key 'sample'"):
        accepted.load(exercises, known, file)


def test_every_spec_that_ships_is_checked():
    """`check` goes by the same list as grading."""
    assert [path.stem for path in spec.paths()] == list(spec.load_all())
