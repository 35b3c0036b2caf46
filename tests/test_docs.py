"""What the documentation shows is what happens."""

import json
import re

from autograder import cli, intake
from autograder.report import terminal
from tests.conftest import ROOT


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
    assert code.strip() in (ROOT / "docs" / "writing-an-exercise.md").read_text(encoding="utf-8")


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
