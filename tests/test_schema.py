"""What editors are told of an exercise's YAML is what the loader accepts, and no more."""

import json

import jsonschema
import pytest
import yaml

from autograder import form, spec
from autograder.shapes import At
from tests.conftest import ROOT

EXERCISES = sorted((ROOT / "exercises").glob("*.yaml"))
VALIDATOR = jsonschema.Draft202012Validator(json.loads(form.schema()))


@pytest.fixture
def data():
    return yaml.safe_load((ROOT / "exercises" / "jacobian.yaml").read_text(encoding="utf-8"))


def test_the_schema_is_one_and_is_up_to_date():
    """After a change: python grade.py check --schema > exercises/schema.json"""
    VALIDATOR.check_schema(VALIDATOR.schema)
    assert (ROOT / "exercises" / "schema.json").read_text(encoding="utf-8") == form.schema()


@pytest.mark.parametrize("path", EXERCISES, ids=lambda path: path.stem)
def test_every_exercise_fits_it_and_names_it(path):
    """Editors find the schema by the first line."""
    text = path.read_text(encoding="utf-8")
    VALIDATOR.validate(yaml.safe_load(text))
    assert text.startswith("# yaml-language-server: $schema=schema.json\n")


BROKEN = {
    "unknown key": lambda d: d.update(titel="x"),
    "unknown key of a criterion": lambda d: d["criteria"]["matrix"].update(pionts=3),
    "unknown key of a case": lambda d: d["cases"]["fresh"].update(cotangent="scaled"),
    "unknown key of an argument": lambda d: d["cases"]["fresh"]["calls"]["tall"][1].update(shapes=[3]),
    "no title": lambda d: d.pop("title"),
    "no points": lambda d: d["criteria"]["matrix"].pop("points"),
    "no criterion": lambda d: d.update(criteria={}),
    "a list of criteria": lambda d: d.update(criteria=[]),
    "an empty title": lambda d: d.update(title=" "),
    "points as text": lambda d: d["criteria"]["matrix"].update(points="6"),
    "points as a flag": lambda d: d["criteria"]["matrix"].update(points=True),
    "negative points": lambda d: d["criteria"]["matrix"].update(points=-1),
    "a number for a text": lambda d: d["criteria"]["matrix"]["feedback"].update(transposed=3),
    "a text for a list": lambda d: d.update(mentions="jac"),
    "a text for a flag": lambda d: d["cases"]["fresh"].update(hidden="yes"),
    "no such operation": lambda d: d["cases"]["fresh"].update(swap="matmull"),
    "no such seed": lambda d: d["cases"]["fresh"].update(seed=7),
    "a case that is there by itself": lambda d: d["cases"].update(as_written={}),
    "a name that is kept": lambda d: d["criteria"].update(exhibit=d["criteria"]["matrix"]),
    "too little time": lambda d: d.update(limits={"seconds": 0}),
    "a call without arguments": lambda d: d["cases"]["fresh"]["calls"].update(tall=[]),
    "a call with many": lambda d: d["cases"]["fresh"]["calls"].update(tall=[{"uniform": [0, 1], "shape": []}] * 5),
    "a map of one size": lambda d: d["cases"]["fresh"]["calls"].update(tall=[{"map": [3]}]),
    "a shape of halves": lambda d: d["cases"]["fresh"]["calls"].update(tall=[{"uniform": [0, 1], "shape": [1.5]}]),
    "no shape": lambda d: d["cases"]["fresh"]["calls"].update(tall=[{"uniform": [0, 1]}]),
    "no such form": lambda d: d["cases"]["fresh"]["calls"]["tall"][1].update({"as": "lists"}),
    "two kinds of argument": lambda d: d["cases"]["fresh"]["calls"]["tall"][0].update(uniform=[0, 1]),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_the_loader_refuses_by_its_form_the_schema_refuses(name, data):
    """One description drives both; this holds that each part of it says the same twice."""
    form.EXERCISE.read(At("jacobian.yaml"), data)
    VALIDATOR.validate(data)
    BROKEN[name](data)
    with pytest.raises(spec.SpecError):
        form.EXERCISE.read(At("jacobian.yaml"), data)
    assert not VALIDATOR.is_valid(data)
