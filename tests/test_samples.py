"""The sample class: what its manifest states is exactly what comes out, and no feedback text goes untested."""

from pathlib import Path

import pytest
import yaml

from autograder import intake
from autograder.model import Outcome
from tests.conftest import ROOT, told

FOLDER = ROOT / "submissions" / "sample"
MANIFEST = yaml.safe_load((ROOT / "submissions" / "sample.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def reports(grader):
    submissions, skipped = intake.find([FOLDER])
    assert not skipped
    return {report.submission.path: report for report in grader.grade(submissions)}


def test_every_student_is_in_the_manifest():
    """No sample without its exact verdict."""
    assert {path.name for path in FOLDER.iterdir()} == set(MANIFEST)


@pytest.mark.parametrize("path", sorted(MANIFEST))
def test_each_student_gets_what_the_manifest_says(path, reports):
    """Criterion by criterion: passed, the reason of a failure, or awaiting review."""
    expected, report = dict(MANIFEST[path] or {}), reports[path]
    assert report.outcome.value == expected.pop("outcome", Outcome.FINISHED.value), report.remarks
    assert told(report) == expected


def test_every_feedback_text_has_a_sample_that_earns_it(exercises):
    """No student reads a sentence that we have never seen printed."""
    earned = {
        (e, reason)
        for student in MANIFEST.values()
        for e, c in student.items()
        if e != "outcome"
        for reason in c.values()
    }
    written = {(e.name, reason) for e in exercises.values() for c in e.criteria for reason in c.feedback}
    assert written - earned == set()


def test_nothing_in_the_sample_class_is_changed(reports):
    """Grading leaves the folder as it was: no cache, no figure, no log."""
    assert {p.suffix for p in Path(FOLDER).rglob("*") if p.is_file()} == {".py", ".ipynb"}
