"""A YAML typo is one clear sentence: where, what was found, what was expected."""

import re
import shutil

import pytest
import yaml

from autograder import spec, strict_yaml
from tests.conftest import ROOT


@pytest.fixture
def broken(tmp_path):
    """Load an exercise after `change` edited its data; the SpecError's sentence."""

    def load(change, name="jacobian"):
        path = tmp_path / f"{name}.yaml"
        data = yaml.safe_load((ROOT / "exercises" / f"{name}.yaml").read_text(encoding="utf-8"))
        change(data)
        path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
        with pytest.raises(spec.SpecError) as caught:
            spec.load(path)
        return str(caught.value)

    return load


def test_every_exercise_loads_and_is_worth_ten_points(exercises):
    """Whatever is in the folder is usable, and exercises weigh the same."""
    assert {"control_flow", "jacobian", "second_backward", "sin_derivative"} <= set(exercises)
    assert {e.max_points for e in exercises.values()} == {10}


@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("title: a\nlanguage auto\nlate:\n  cap: 1\n", 2),  # a colon is left out, which the next line shows
        ("title: a\nlanguage: 'auto\nlate:\n  cap: 1\n", 2),  # a quote is left open, which the end shows
        ("title: a\nlate: [1, 2\ncap: 3\n", 3),
    ],
)
def test_what_is_not_yaml_is_told_with_the_line_where_it_begins(text, line, loader, monkeypatch):
    """Whichever of the two loaders is there."""
    monkeypatch.setattr(strict_yaml, "_Loader", getattr(yaml, loader))
    with pytest.raises(spec.SpecError, match=f"a.yaml: is not YAML: line {line}: "):
        strict_yaml.parsed(text, "a.yaml")


def test_an_unknown_key_comes_with_a_suggestion(broken):
    """The classic typo."""
    said = broken(lambda d: d["criteria"]["matrix"].update(pionts=d["criteria"]["matrix"].pop("points")))
    assert said == "jacobian.yaml: criteria.matrix has an unknown key 'pionts'; did you mean 'points'?"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d["criteria"]["matrix"].update(points="6"), "criteria.matrix.points has to be a number, got '6'"),
        (lambda d: d["criteria"]["matrix"].update(points=True), "has to be a number, got True"),
        (lambda d: d["criteria"]["matrix"].update(points=-1), "has to be at least 0"),
        (lambda d: d["criteria"]["matrix"]["tolerance"].update(rtol="1e-6"), "YAML wants 1.0e-6"),
        (lambda d: d["criteria"]["matrix"]["tolerance"].update(rtol=float("nan")), "has to be at least 0"),
        (lambda d: d["criteria"]["matrix"]["feedback"].update({True: "x"}), "does not read as text"),
        (lambda d: d["criteria"]["matrix"]["feedback"].update(transposed=3), "transposed has to be a text, got 3"),
        (lambda d: d["criteria"].update(matrx=d["criteria"].pop("matrix")), "has no function `matrx`"),
        (lambda d: d["criteria"].pop("matrix"), "has a function `matrix`, which is no criterion"),
        (lambda d: d.pop("title"), "has no key 'title'"),
        (lambda d: d.update(criteria={}), "lists no criterion"),
        (lambda d: d.update(criteria=[]), "criteria has to be a mapping"),
        (lambda d: d["cases"].pop("fresh"), "looks at a case `fresh`, which its YAML does not have"),
        (lambda d: d["cases"]["fresh"].update(swap="matmull"), "is 'matmull'; did you mean 'matmul'?"),
        (lambda d: d["cases"]["fresh"].update(swap="fft"), "operations that can be swapped: sin, cos, exp, "),
        (lambda d: d["cases"]["fresh"].update(swap=3), "operations that can be swapped: sin, cos, exp, "),
        (lambda d: d["cases"]["fresh"].update(seed=7), "the only choice is 'fresh'"),
        (lambda d: d["cases"]["fresh"]["calls"].update(tall=[]), "a list of one to 4 arguments"),
        (lambda d: d["cases"]["fresh"]["calls"].update(tall=[{"map": [3]}]), "a list of 2 numbers"),
        (lambda d: d["cases"]["fresh"]["calls"].update(tall=[{"quadratic": [3]}]), "a list of 2 numbers"),
        (lambda d: d["cases"]["fresh"]["calls"].update(again="nobody"), "which is no call before it"),
        (lambda d: d["cases"]["fresh"]["calls"]["tall"][1].update({"as": "lists"}), "known are tensor, array, "),
        (lambda d: d["cases"]["fresh"].update(numbers="fixed"), "the only choice is 'moved'"),
        (lambda d: d["cases"]["fresh"].update(samples="many"), "known are sinusoids, field"),
        (lambda d: d.update(limits={"seconds": 0}), "has to be at least 0.1"),
        (lambda d: d.update(limits={"memory_mib": float("inf")}), "limits.memory_mib has to be finite, got inf"),
        (lambda d: d["criteria"]["matrix"].update(points=float("inf")), "points has to be finite, got inf"),
        (lambda d: d["criteria"]["matrix"].update(points=10**400), "a whole number of more than 18 digits"),
        (lambda d: d.update(mentions=["a{4294967296}"]), "is no regular expression"),
        (lambda d: d.update(mentions=["(" * 3000 + ")" * 3000]), "is no regular expression"),
        (lambda d: d.update(mentions="jac"), "has to be a list of texts"),
        (lambda d: d.update(mentions=["("]), "is no regular expression"),
    ],
)
def test_each_mistake_is_one_sentence(broken, change, words):
    """Where it stands and what was expected, without a traceback."""
    said = broken(change)
    assert words in said
    assert re.match(r"(jacobian\.yaml|graders/jacobian\.py)", said)
    assert "\n" not in said


def test_what_is_no_yaml_says_so(tmp_path):
    """A tab, a missing bracket, another encoding."""
    path = tmp_path / "jacobian.yaml"
    for junk in (b"title: [", b"\ttitle: x", b"\xff\xfe\x00title"):
        path.write_bytes(junk)
        with pytest.raises(spec.SpecError, match=r"jacobian\.yaml"):
            spec.load(path)


@pytest.mark.parametrize(
    "value",
    [
        *("2020-13-45", "0x_", "0b_", "!!int x", '!!int ""', "!!float x", "!!bool x", "!!timestamp x", "!!set [a]"),
        *("9" * 5000, "0x" + "f" * 5000, "[" * 5000, "{a: " * 3000, "!!python/object:os.system x", "&a [*a]"),
    ],
    ids=lambda value: value[:20],
)
def test_what_looks_like_a_value_and_is_none_says_so(tmp_path, value):
    """A tag or a literal that promises what it is not is the file's mistake, not a traceback."""
    path = tmp_path / "jacobian.yaml"
    path.write_text(f"criteria: {{}}\ntitle: {value}\n", encoding="utf-8")
    with pytest.raises(spec.SpecError, match=r"^jacobian\.yaml: ") as caught:
        spec.load(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_an_exercise_without_a_grader_says_so(tmp_path):
    """The module is found by the name of the file."""
    shutil.copy(ROOT / "exercises" / "jacobian.yaml", tmp_path / "nobody.yaml")
    with pytest.raises(spec.SpecError, match=r"graders/nobody\.py: not found"):
        spec.load(tmp_path / "nobody.yaml")


def test_an_empty_folder_says_so(tmp_path):
    """No exercise at all."""
    with pytest.raises(spec.SpecError, match="no exercise found"):
        spec.load_all(tmp_path)


def test_feedback_keeps_the_rules_of_style(exercises):
    """At most 40 words and three sentences, no blame, no 'simply'."""
    for exercise in exercises.values():
        for criterion in exercise.criteria:
            for reason, text in criterion.feedback.items():
                assert len(text.split()) <= 40, (exercise.name, reason)
                assert len(re.findall(r"[.?!](?:\s|$)", text)) <= 4, (exercise.name, reason)
                assert not re.search(r"\b(simply|just|wrong|bad|stupid|obvious)\b", text, re.I), (exercise.name, reason)
