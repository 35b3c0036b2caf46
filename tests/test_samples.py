"""The samples: what their manifests state is exactly what comes out, and no feedback text goes untested.

`grade.py check` tells authors the same, by the same functions.
"""

from collections import defaultdict
from pathlib import Path

import pytest

from autograder import spec
from autograder.evidence import Error
from autograder.kit import check, samples
from autograder.shapes import SpecError
from tests.conftest import ROOT

FIRST = {"control_flow", "jacobian", "second_backward", "sin_derivative"}  # the only exercises of the first class
SAMPLES = samples.load_all(spec.load_all())


class Raised:
    """Stands around every run: what each submission raised as written, and in hidden cases."""

    def __init__(self, run):
        self._run = run
        self.as_written, self.hidden = defaultdict(set), defaultdict(set)

    def __call__(self, job, case, calls):
        ending = self._run(job, case, calls)
        found = self.as_written if case.conditions == spec.AS_WRITTEN.conditions else self.hidden
        errors = (item for item in ending.observations if isinstance(item, Error))
        found[repr(job["units"])] |= {(error.where, error.type) for error in errors}
        return ending


@pytest.fixture(scope="module")
def raised(grader):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grader, "_run", around := Raised(grader._run))
        yield around


@pytest.fixture(scope="module")
def tried(grader, exercises, raised):
    found = grader.map(lambda sample: check.try_out(grader, sample, list(exercises.values())), SAMPLES)
    return {one.sample.path: one for one in found}


@pytest.mark.parametrize("path", [sample.path for sample in SAMPLES])
def test_each_student_gets_what_the_manifest_says(path, tried, exercises):
    """Criterion by criterion: passed, the reason of a failure, or awaiting review."""
    assert list(check.differences(tried[path], exercises)) == []


@pytest.mark.parametrize("name", spec.load_all())
def test_the_samples_show_all_of_an_exercise(name, tried, exercises):
    """No student reads a sentence that we have never seen printed, and every criterion is decided by some case."""
    shown = check.shown(exercises[name], list(tried.values()))
    assert shown.faults == ()
    assert shown.right
    assert shown.wrong


def test_the_first_class_attempts_the_first_exercises_only(tried):
    """Its demos and answers are nobody's attempt at an exercise that came later."""
    attempted = {e for one in tried.values() if one.sample.group == "sample" for e in one.told}
    assert attempted == FIRST


def test_no_sample_raises_in_a_hidden_case_only(tried, raised):
    """It would lose what follows in its cell, through no fault of its own."""
    assert len(raised.hidden) > len(SAMPLES) / 2
    for units, errors in raised.hidden.items():
        assert errors <= raised.as_written[units], units


def test_nothing_in_a_class_is_changed(tried):
    """Running leaves the folders as they were: no cache, no figure, no log."""
    groups = {sample.group for sample in SAMPLES}
    files = (p for group in groups for p in Path(ROOT / "submissions" / group).rglob("*") if p.is_file())
    assert {p.suffix for p in files} == {".py", ".ipynb"}


def test_a_hidden_case_decides_where_numbers_cannot(tried, exercises):
    """Typed-in slopes have the right values: only the case in which sin has another slope tells."""
    (slope,) = (
        c for c in check.shown(exercises["sin_derivative"], list(tried.values())).cases if c.name == "sin_slope"
    )
    assert slope.decides


@pytest.fixture
def manifest(tmp_path, exercises):
    """Load a class of one right answer after its manifest was written anew; the sentence that refuses it."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "ada.py").write_text("print(1)\n")

    def load(text):
        (tmp_path / "mine.yaml").write_text(text)
        with pytest.raises(SpecError) as caught:
            samples.load_all(exercises, tmp_path)
        return str(caught.value)

    return load


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{}", "mine.yaml does not state what must come out for mine/ada.py"),
        ("[ada.py]", "has to map each file of mine/ to what must come out for it"),
        ("ada.py: {}\nbo.py: {}", "mine.yaml: bo.py is not in mine"),
        ("ada.py: {}\nada.py: {}", "the key 'ada.py' stands twice"),
        ("ada.py: [jacobian]", "mine.yaml: ada.py has to be a mapping of exercises"),
        ("ada.py: {jacobain: {matrix: passed}}", "unknown exercise 'jacobain'; did you mean 'jacobian'?"),
        ("ada.py: {jacobian: passed}", "ada.py.jacobian has to be a mapping such as {matrix: passed}"),
        ("ada.py: {jacobian: {matrix: passed}}", "ada.py.jacobian lacks the criterion 'by_autodiff'"),
        (
            "ada.py: {jacobian: {matrix: passed, by_autodiff: passed, matrx: passed}}",
            "unknown criterion 'matrx'; did you mean 'matrix'?",
        ),
        ("ada.py: {outcome: finishd}", "unknown outcome 'finishd'; did you mean 'finished'?"),
        ("ada.py: {jacobian: {matrix: transpsed, by_autodiff: passed}}", "did you mean 'transposed'?"),
        ("ada.py: {", "mine.yaml: is not YAML: line "),
    ],
)
def test_a_manifest_that_cannot_be_is_one_sentence(manifest, text, words):
    """Where it stands, and what was expected."""
    said = manifest(text)
    assert words in said
    assert "\n" not in said
