"""The sample classes: what a manifest states is exactly what comes out, and no feedback text goes untested."""

from pathlib import Path

import pytest
import yaml

from autograder import intake
from autograder.model import Outcome
from tests.conftest import ROOT, told

CLASSES = ("sample", "sample_more")
MANIFESTS = {
    name: yaml.safe_load((ROOT / "submissions" / f"{name}.yaml").read_text(encoding="utf-8")) for name in CLASSES
}
STUDENTS = [(name, path) for name in CLASSES for path in sorted(MANIFESTS[name])]


@pytest.fixture(scope="module")
def reports(grader):
    """Of both classes, by class and path."""
    found = {}
    for name in CLASSES:
        submissions, skipped = intake.find([ROOT / "submissions" / name])
        assert not skipped
        found |= {(name, report.submission.path): report for report in grader.grade(submissions)}
    return found


@pytest.mark.parametrize("name", CLASSES)
def test_every_student_is_in_the_manifest(name):
    """No sample without its exact verdict."""
    assert {path.name for path in (ROOT / "submissions" / name).iterdir()} == set(MANIFESTS[name])


@pytest.mark.parametrize(("name", "path"), STUDENTS, ids=[path for _, path in STUDENTS])
def test_each_student_gets_what_the_manifest_says(name, path, reports):
    """Criterion by criterion: passed, the reason of a failure, or awaiting review."""
    expected, report = dict(MANIFESTS[name][path] or {}), reports[name, path]
    assert report.outcome.value == expected.pop("outcome", Outcome.FINISHED.value), report.remarks
    assert told(report) == expected


def test_every_feedback_text_has_a_sample_that_earns_it(exercises):
    """No student reads a sentence that we have never seen printed."""
    earned = {
        (e, reason)
        for manifest in MANIFESTS.values()
        for student in manifest.values()
        for e, c in student.items()
        if e != "outcome"
        for reason in c.values()
    }
    written = {(e.name, reason) for e in exercises.values() for c in e.criteria for reason in c.feedback}
    assert written - earned == set()


@pytest.mark.parametrize("name", CLASSES)
def test_nothing_in_a_sample_class_is_changed(name, reports):
    """Grading leaves the folder as it was: no cache, no figure, no log."""
    found = {p.suffix for p in Path(ROOT / "submissions" / name).rglob("*") if p.is_file()}
    assert found == {".py", ".ipynb"}
