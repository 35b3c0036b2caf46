"""What the documentation shows is what happens."""

import re

from autograder import intake
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
