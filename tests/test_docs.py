"""What the documentation shows is what happens."""

import json
import re
import textwrap

import pytest

from autograder import cli, intake, ladder, spec
from autograder.report import terminal
from autograder.run import Grader
from tests.conftest import ROOT, SEED, told


@pytest.fixture
def documented(tmp_path, monkeypatch):
    """The exercise that docs/exercises.md writes, loaded from a folder of its own."""
    text = (ROOT / "docs" / "exercises.md").read_text(encoding="utf-8")
    (recipe,), (code,) = (re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL)[:1] for kind in ("yaml", "python"))
    (tmp_path / "gradient_of_mean.yaml").write_text(recipe, encoding="utf-8")
    (tmp_path / "graders").mkdir()
    (tmp_path / "graders" / "gradient_of_mean.py").write_text(code, encoding="utf-8")
    monkeypatch.setattr("graders.__path__", [str(tmp_path / "graders")])
    return spec.load(tmp_path / "gradient_of_mean.yaml")


@pytest.mark.parametrize(
    ("reduction", "reason"),
    [("z.mean()", "passed"), ("z.sum() / 4", "passed"), ("z.sum()", "summed"), ("(2 * x).mean()", None)],
)
def test_the_documented_exercise_works(documented, tmp_path, reduction, reason):
    """Right in two ways, wrong with its name, and somebody else's pass is no attempt."""
    answer = f"""
        import torch
        x = torch.tensor([1., 2., 3., 5.], requires_grad=True)
        z = (x + 2) ** 2 + 3
        ({reduction}).backward()
    """
    (tmp_path / "ada.py").write_text(textwrap.dedent(answer))
    submissions, _ = intake.find([tmp_path / "ada.py"])
    with Grader([documented], ladder.find(), seed=SEED, jobs=1) as grader:
        (report,) = grader.grade(submissions)
    expected = {"gradient_of_mean": {"gradient": reason, "explanation": "needs_review"}} if reason else {}
    assert told(report) == expected


def test_the_readme_shows_real_output_and_a_real_grader(grader):
    """Each line of the sample output, and the criterion, are what the repository gives."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```console\n(.*?)```", readme, re.DOTALL)
    submissions, _ = intake.find([ROOT / "submissions" / "sample"])
    wanted = [s for s in submissions if s.student in ("hye_jin", "jaya")]
    reports = list(grader.grade(wanted))
    real = [
        f"{' ' * line.indent}{line.text}"
        for r in reports
        for line in terminal.report_lines(r, terminal.columns_of(reports))
    ]
    squeezed = {" ".join(line.split()) for line in real}
    for line in shown.splitlines()[1:]:
        assert line == "…" or " ".join(line.split()) in squeezed
    (code,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    assert code.strip() in (ROOT / "docs" / "exercises.md").read_text(encoding="utf-8")


def test_the_page_on_trust_speaks_of_every_criterion(exercises):
    """With its points: what it rests on, and what it would take to have it for nothing."""
    page = (ROOT / "docs" / "trust.md").read_text(encoding="utf-8")
    rows = {f"{e.name}.{c.name}": c.points for e in exercises.values() for c in e.criteria}
    for name, points in rows.items():
        assert re.search(rf"^\| `{re.escape(name)}` \| {points:g} \|", page, re.MULTILINE), name


def test_the_page_on_security_speaks_of_every_step():
    """Of the lock, in its order."""
    page = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    source = (ROOT / "autograder" / "worker" / "lockdown.py").read_text(encoding="utf-8")
    (steps,) = re.findall(r"STEPS: .*? = \((.*?)\n\)", source, re.DOTALL)
    places = [page.find(f"| {step.strip().replace('_', ' ')} |") for step in steps.strip().rstrip(",").split(",")]
    assert places == sorted(places)
    assert -1 not in places


def test_the_documented_assignment_is_graded(tmp_path, capsys):
    """Its points, its lateness and its visibility, on the sample class."""
    page = (ROOT / "docs" / "assignments.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "week3.yaml").write_text(text, encoding="utf-8")
    words = [str(ROOT / "submissions" / "sample" / name) for name in ("amara.ipynb", "cai.py")]
    code = cli.main([*words, "--assignment", str(tmp_path / "week3.yaml"), "--output", str(tmp_path / "out")])
    told = capsys.readouterr()
    assert (code, "15 / 15" in told.out, "not known of any submission" in told.err) == (0, True, True)
    found = json.loads((tmp_path / "out" / "results.json").read_bytes())
    assert found["run"]["due"] == "2026-10-16T23:59:00+02:00"
    assert [exercise["max_score"] for exercise in found["reports"][0]["exercises"]] == [20, 10, 15]
    assert [report["language"] for report in found["reports"]] == ["en", "zh"]
