"""PrairieLearn, Autolab, GitHub Classroom and Classroom 50: what they are given, and run as they would run it."""

import base64
import json
import re
import subprocess
import tarfile
import warnings

import jsonschema
import pytest
import yaml

from autograder import bundle
from autograder.hosts import one
from tests.host_box import BROKEN, FORGE, GOOD, LOOP, ORDINARY, belongs_to, box, limits, put
from tests.test_bundle import wanted
from tests.test_lms import CLASSROOM50, PRAIRIELEARN, RUNNER, TOLD

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from check_jsonschema.schema_loader import BuiltinSchemaLoader

slow = pytest.mark.slow


def shown(done):
    return done.stdout + done.stderr


# -- PrairieLearn

# As in its schema of info.json, of which this is the part that is used here.
INFO = {
    "type": "object",
    "additionalProperties": False,
    "required": ["uuid", "type", "title", "topic"],
    "properties": {
        "uuid": {"pattern": "^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$"},
        "type": {"const": "v3"},
        **{key: {"type": "string"} for key in ("title", "topic")},
        "tags": {"type": "array", "items": {"type": "string"}},
        "gradingMethod": {"enum": ["Internal", "External", "Manual"]},
        **{key: {"type": "boolean"} for key in ("singleVariant", "partialCredit")},
        "externalGradingOptions": {
            "type": "object",
            "additionalProperties": False,
            "required": ["image", "entrypoint"],
            "properties": {
                "enabled": {"type": "boolean"},
                **{key: {"type": "string"} for key in ("image", "entrypoint")},
                "serverFilesCourse": {"type": "array", "items": {"type": "string"}},
                "timeout": {"type": "integer", "maximum": 600},
                "environment": {"type": "object", "additionalProperties": {"type": "string"}},
            },
        },
    },
}


@pytest.fixture(scope="module")
def course():
    return bundle.make("prairielearn", wanted(image="somebody/autograd:1"))


def test_a_question_fits_its_schema_and_names_what_is_there(course):
    folder = "questions/autograd/second_backward"
    info = json.loads(course[f"{folder}/info.json"])
    jsonschema.validate(info, INFO)
    options = info["externalGradingOptions"]
    assert options["image"] == "somebody/autograd:1"
    assert options["entrypoint"].replace("/grade/", "") in course
    assert any(name.startswith(f"serverFilesCourse/{options['serverFilesCourse'][0]}") for name in course)
    assert int(options["environment"]["AUTOGRAD_SECONDS"]) < options["timeout"]
    page = course[f"{folder}/question.html"].decode()
    assert "<pl-file-upload " in page and "<pl-external-grader-results>" in page and "@" not in page
    # Images are mostly public: there is no code of ours in it, and no answer.
    assert {name for name in course if name.startswith("image/")} == {"image/Dockerfile", "image/requirements.txt"}


def test_the_slowest_exercise_has_as_long_as_the_host_allows(exercises):
    for exercise in exercises.values():
        assert bundle.prairielearn.timeout(exercise) <= 600


@pytest.fixture
def grade(tmp_path, course):
    """As its grader host does; the results."""

    def run(files=course, ordinary=False, limited=False, tests=None, **handed_in):
        root = tmp_path / "grade"
        put(root, {name: text for name, text in files.items() if name.startswith("serverFilesCourse/")})
        question = "questions/autograd/second_backward/tests/"
        put(root / "tests", {n.removeprefix(question): t for n, t in files.items() if n.startswith(question)})
        put(root / "tests", tests or {})
        put(root, {"data/data.json": "{}"})
        (root / "student").mkdir()
        put(root / "student", {name.replace("__", "."): text for name, text in handed_in.items()})
        if ordinary:
            belongs_to(root, ORDINARY)
        entry = "/grade/serverFilesCourse/autograd-grader/run.sh"
        command = [*box({"/grade": root}, "--chdir", "/", ordinary=ordinary), entry]
        if limited:
            with limits(2000, 1) as (before, environment):
                done = subprocess.run([*before, *command], env=environment, capture_output=True, text=True, timeout=300)
        else:
            done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        content = (root / "results" / "results.json").read_bytes()
        assert len(content) <= 1_000_000
        results = json.loads(content)
        jsonschema.validate(results, PRAIRIELEARN)
        return results, shown(done)

    return run


@slow
@pytest.mark.parametrize("ordinary", [False, True], ids=["root", "ordinary"])
def test_prairielearn_grades(grade, ordinary):
    results, said = grade(hw__py=GOOD, ordinary=ordinary, limited=not ordinary)
    assert results["gradable"] and 0 < results["score"] <= 1, said
    assert sum(test["points"] for test in results["tests"]) == pytest.approx(10 * results["score"])
    assert said == ""


@slow
def test_prairielearn_uses_up_no_attempt_for_what_cannot_be_read(grade):
    results, said = grade(hw__ipynb=BROKEN)
    assert results["gradable"] is False and "no mark" in results["format_errors"][0], said


@slow
def test_prairielearn_with_a_hostile_submission(grade):
    results, said = grade(a__py=FORGE, b__py=GOOD)
    assert results["gradable"] and 0 < results["score"] <= 1, said
    assert "READ" not in json.dumps(results) + said


@slow
def test_prairielearn_takes_the_points_of_the_course(grade, course):
    text = course["questions/autograd/second_backward/tests/second_backward.yaml"].decode()
    changed = re.sub(r"points: \d+", "points: 7", text, count=1)
    assert changed != text
    results, said = grade(hw__py=GOOD, tests={"second_backward.yaml": changed})
    assert 7 in [test["max_points"] for test in results["tests"]], said


@slow
def test_prairielearn_says_so_when_we_fail(grade, course):
    broken = "serverFilesCourse/autograd-grader/autograder/run.py"
    results, said = grade({**course, broken: b"raise ImportError('broken')\n"}, hw__py=GOOD)
    assert results == {"gradable": False, "format_errors": [one.OURS]} and "broken" in said
    assert "Traceback" not in said


@slow
def test_prairielearn_is_stopped_with_a_sentence(grade, course):
    entry = "serverFilesCourse/autograd-grader/run.sh"
    hasty = course[entry].replace(b"seconds=${AUTOGRAD_SECONDS:-240}", b"seconds=1")
    assert hasty != course[entry]
    results, said = grade({**course, entry: hasty}, hw__py=LOOP)
    assert results["gradable"] is False and "was stopped" in results["format_errors"][0], said


# -- Autolab


@pytest.fixture
def make(tmp_path):
    """As Tango's autodriver does: an ordinary user's folder, `make`, its output; (lines, what its server reads)."""

    def run(files=None, root=False, **handed_in):
        made = files or bundle.make("autolab", wanted())
        folder = tmp_path / "autolab"
        put(folder, {"Makefile": made["autograde-Makefile"], "autograde.tar": made["autograde.tar"]})
        put(folder, {name.replace("__", "."): text for name, text in handed_in.items()})
        belongs_to(folder, ORDINARY)
        at = "/home/autograde/autolab"
        command = [*box({at: folder}, "--chdir", at, ordinary=not root), "/usr/bin/make"]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
        lines = done.stdout.rstrip().split("\n")
        return lines, json.loads(re.sub(r"([a-zA-Z0-9]+):", r'"\1":', lines[-1]))["scores"]

    return run


def test_the_tar_unpacks_to_one_folder(tmp_path):
    (tmp_path / "a.tar").write_bytes(bundle.make("autolab", wanted())["autograde.tar"])
    with tarfile.open(tmp_path / "a.tar") as archive:
        assert {name.partition("/")[0] for name in archive.getnames()} == {"autograd-grader"}


@slow
@pytest.mark.parametrize("root", [False, True], ids=["ordinary", "root"])
def test_autolab_grades(make, root):
    lines, scores = make(handin__py=GOOD, root=root)
    assert 0 < scores["second_backward"] <= 10, lines
    assert any("points" in line for line in lines)


@slow
def test_autolab_with_a_hostile_submission(make):
    lines, scores = make(handin__py=FORGE + GOOD)
    assert scores.get("second_backward", 0) <= 10 and not any("READ" in line for line in lines), lines


@slow
def test_autolab_keeps_the_scores_that_there_are_for_what_cannot_be_read(make):
    lines, scores = make(handin__ipynb=BROKEN)
    assert scores == {} and any("no mark" in line for line in lines), lines


@slow
def test_autolab_that_is_stopped_has_a_result_all_the_same(make):
    made = bundle.make("autolab", wanted())
    script = bundle.autolab.script("autolab/run.sh", wanted()).replace(b'. "$source', b"exit # ")
    lines, scores = make({**made, "autograde.tar": bundle.autolab.packed({"autograd-grader/run.sh": script})})
    assert scores == {} and "was stopped" in lines[-2]


# -- GitHub Classroom


@pytest.fixture(scope="module")
def repository():
    return bundle.make("github", wanted())


def loaded(text):
    """YAML 1.1 takes the key `on` for true."""
    document = yaml.safe_load(text)
    return {"on" if key is True else key: value for key, value in document.items()}


@pytest.mark.parametrize(("kind", "file"), [("github-actions", "action.yml"), ("github-workflows", "classroom.yml")])
def test_the_yaml_fits_githubs_schemas(repository, kind, file):
    schema = BuiltinSchemaLoader(f"vendor.{kind}").get_schema()
    validator = jsonschema.validators.validator_for(schema)(schema)
    document = loaded(repository[file])
    assert [error.message for error in validator.iter_errors(document)] == []
    assert list(validator.iter_errors({**document, "runs": 3, "jobs": 3}))


def test_the_workflow_is_as_classroom_wants_it(repository):
    workflow, action = loaded(repository["classroom.yml"]), loaded(repository["action.yml"])
    assert workflow["name"] == "Autograding Tests" and list(workflow["jobs"]) == ["run-autograding-tests"]
    *_, reporter = workflow["jobs"]["run-autograding-tests"]["steps"]
    runners = reporter["with"]["runners"].split(",")
    assert runners == list(action["outputs"]) and len(runners) == 3
    assert set(reporter["env"]) == {f"{runner.upper()}_RESULTS" for runner in runners}
    for runner in runners:
        assert reporter["env"][f"{runner.upper()}_RESULTS"] == f"${{{{ steps.autograd.outputs.{runner} }}}}"
        assert action["outputs"][runner]["value"] == f"${{{{ steps.grade.outputs.{runner} }}}}"


@pytest.fixture
def step(tmp_path, repository):
    """The step of the action; {runner: its result, as the reporter reads it}, and the summary."""

    def run(files=repository, **handed_in):
        put(tmp_path / "action", {**files, "setup.sh": files.get("setup.sh.test", b"#!/bin/bash\n")})
        put(tmp_path / "work", {name.replace("__", "."): text for name, text in handed_in.items()})
        put(tmp_path / "work", {".github/workflows/helper.py": "1/0", "README.md": "homework"})
        put(tmp_path / "out", {"output": "", "summary": ""})
        belongs_to(tmp_path / "out", ORDINARY)
        variables = {
            "GITHUB_WORKSPACE": "/checkout",
            "GITHUB_OUTPUT": "/out/output",
            "GITHUB_STEP_SUMMARY": "/out/summary",
        }
        words = [word for name, value in variables.items() for word in ("--setenv", name, value)]
        places = {"/action": tmp_path / "action", "/checkout": tmp_path / "work", "/out": tmp_path / "out"}
        command = [*box(places, *words, "--chdir", "/checkout", ordinary=True), "bash", "/action/run.sh"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, shown(done)
        outputs = dict(line.split("=", 1) for line in (tmp_path / "out" / "output").read_text().splitlines())
        found = {name: json.loads(base64.b64decode(value)) for name, value in outputs.items()}
        for result in found.values():
            jsonschema.validate(result, RUNNER)
        return found, (tmp_path / "out" / "summary").read_text(), shown(done)

    return run


def points(found):
    """The two numbers that the reporter shows: of its notice, and of its table."""
    notice = sum(test["score"] for result in found.values() for test in result["tests"])
    table = sum(
        result["max_score"] * sum(test["status"] == "pass" for test in result["tests"]) / len(result["tests"])
        for result in found.values()
    )
    return notice, table


@slow
def test_a_step_grades_and_both_numbers_of_the_reporter_agree(step):
    found, summary, said = step(hw__py=GOOD)
    notice, table = points(found)
    assert 0 < notice == table <= 10, said
    assert sum(result["max_score"] for result in found.values()) == 10
    assert "points" in summary


@slow
def test_a_step_with_a_hostile_submission(step):
    found, summary, said = step(a__py=FORGE, b__py=GOOD)
    notice, table = points(found)
    assert 0 < notice == table <= 10 and "READ" not in summary + said, said


@slow
def test_a_step_that_cannot_read_has_a_result_for_each_criterion(step):
    found, _summary, said = step(hw__ipynb=BROKEN)
    assert len(found) == 3 and points(found) == (0, 0), said
    assert all("no mark" in test["message"] for result in found.values() for test in result["tests"])


@slow
def test_a_step_that_cannot_install_has_a_result_too(step, repository):
    found, summary, said = step({**repository, "setup.sh.test": b"#!/bin/bash\nexit 1\n"}, hw__py=GOOD)
    assert len(found) == 3 and "could not be installed" in summary, said
    assert all(result["status"] == "error" for result in found.values())


# -- Classroom 50


@pytest.fixture
def autograder(tmp_path):
    def run(files=None, **handed_in):
        made = files or bundle.make("classroom50", wanted())
        put(tmp_path / "bundle", {**made, "autograd-grader/setup.sh": b"#!/bin/bash\n"})
        put(tmp_path / "work", {name.replace("__", "."): text for name, text in handed_in.items()})
        belongs_to(tmp_path / "work", ORDINARY)
        words = [word for name, value in TOLD.items() for word in ("--setenv", name, value)]
        places = {"/bundle": tmp_path / "bundle", "/checkout": tmp_path / "work"}
        command = [*box(places, *words, "--chdir", "/checkout", ordinary=True), "python3", "/bundle/autograder.py"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        file = tmp_path / "work" / "result.json"
        result = json.loads(file.read_text()) if file.exists() else None
        if result:
            jsonschema.validate(result, CLASSROOM50)
        return done.returncode, result, (tmp_path / "work" / "release-body.md").read_text(), shown(done)

    return run


@slow
def test_classroom50_grades(autograder):
    code, result, body, said = autograder(hw__py=GOOD)
    assert code == 0 and 0 < result["score"] <= result["max-score"] == 10, said
    assert result["score"] == sum(test["score"] for test in result["tests"])
    assert "points" in body


@slow
def test_classroom50_has_no_result_of_a_students_making_when_we_fail(autograder):
    made = bundle.make("classroom50", wanted())
    broken = {**made, "autograd-grader/autograder/run.py": b"raise ImportError('broken')\n"}
    code, result, body, said = autograder(broken, hw__py=GOOD, result__json='{"score": 1000}')
    assert code == 1 and result is None and "no fault of yours" in body, said
