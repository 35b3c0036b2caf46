"""The sample classes: what their manifests state is exactly what comes out, and no feedback text goes untested."""

from pathlib import Path

import pytest
import yaml

from autograder import intake
from autograder.model import Outcome
from tests.conftest import ROOT, told

CLASSES = ("sample", "sample_more", "corpus")
FIRST = {"control_flow", "jacobian", "second_backward", "sin_derivative"}  # the only exercises of the first class
FOLDERS = {name: ROOT / "submissions" / name for name in CLASSES}
MANIFESTS = {
    name: yaml.safe_load(folder.with_suffix(".yaml").read_text(encoding="utf-8")) for name, folder in FOLDERS.items()
}
STUDENTS = [(name, path) for name in CLASSES for path in sorted(MANIFESTS[name])]


@pytest.fixture(scope="module")
def reports(grader):
    found = {}
    for name, folder in FOLDERS.items():
        submissions, skipped = intake.find([folder])
        assert not skipped
        found |= {(name, report.submission.path): report for report in grader.grade(submissions)}
    return found


@pytest.mark.parametrize("name", CLASSES)
def test_every_student_is_in_the_manifest(name):
    """No sample without its exact verdict."""
    assert {path.name for path in FOLDERS[name].iterdir()} == set(MANIFESTS[name])


@pytest.mark.parametrize(("name", "path"), STUDENTS)
def test_each_student_gets_what_the_manifest_says(name, path, reports):
    """Criterion by criterion: passed, the reason of a failure, or awaiting review."""
    expected, report = dict(MANIFESTS[name][path] or {}), reports[name, path]
    assert report.outcome.value == expected.pop("outcome", Outcome.FINISHED.value), report.remarks
    assert told(report) == expected


def test_the_first_class_attempts_the_first_exercises_only(reports):
    """Its demos and answers are nobody's attempt at an exercise that came later."""
    attempted = {e for (name, _), report in reports.items() if name == "sample" for e in told(report)}
    assert attempted == FIRST


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
def test_nothing_in_the_sample_class_is_changed(name, reports):
    """Grading leaves the folder as it was: no cache, no figure, no log."""
    assert {p.suffix for p in Path(FOLDERS[name]).rglob("*") if p.is_file()} == {".py", ".ipynb"}
