"""An assignment: what it says is what happens, and what is wrong in it is one sentence."""

import base64
import json
import os
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from autograder import cli, intake, spec
from autograder.assignment import form, lateness, points, reading
from autograder.assignment.lateness import Policy
from autograder.model import HIDDEN, Answer, Criterion, Outcome, Override, Report, Status, Submission, Verdict
from autograder.phrase import ENGLISH
from autograder.report import feedback, gradebook_csv, marks, pages
from autograder.report.lms import EXPORTS, Options
from tests.conftest import ROOT
from tests.test_lms import TOLD
from tests.test_report import RUN

SCHEMA = ROOT / "docs" / "assignment.schema.json"
GOOD = """
title: Week 3
due: 2026-10-16T23:59+02:00
late: {per_day: 10%}
exercises:
  jacobian: 20
"""


@pytest.fixture
def load(tmp_path, exercises):
    def loaded(text):
        file = tmp_path / "a.yaml"
        file.write_text(text, encoding="utf-8")
        return reading.load(file, exercises)

    return loaded


def of(assignment):
    return {e.name: {c.name: (c.points, c.visibility) for c in e.criteria} for e in assignment.exercises}


# -- the file


def test_what_it_says(load):
    found = load(GOOD)
    assert of(found) == {"jacobian": {"matrix": (12.0, "visible"), "by_autodiff": (8.0, "visible")}}
    assert (found.title, found.due.isoformat(), found.policy) == (
        "Week 3",
        "2026-10-16T23:59:00+02:00",
        Policy(per_day=Fraction(1, 10)),
    )


def test_exercises_stand_in_its_order_and_keep_their_points_if_nothing_is_said(load):
    found = load("exercises: {jacobian: , detach: {}, hessian: 7.5}")
    assert [(e.name, e.max_points) for e in found.exercises] == [("jacobian", 10), ("detach", 10), ("hessian", 7.5)]


def test_the_nearest_word_on_visibility_counts(load):
    found = load("""
        due: 2026-10-16
        zone: Asia/Shanghai
        visibility: after_published
        hidden_cases: after_due_date
        exercises:
          detach:
          jacobian: {visibility: visible, criteria: {matrix: hidden}}
    """)
    seen = {name: {c: v for c, (_, v) in criteria.items()} for name, criteria in of(found).items()}
    assert seen == {
        "detach": {"gradient": "after_due_date", "own_graph": "after_due_date", "explanation": "after_published"},
        "jacobian": {"matrix": "hidden", "by_autodiff": "visible"},
    }


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("due: 2026-10-16T23:59+02:00", "2026-10-16T23:59:00+02:00"),
        ("due: 2026-10-16 23:59:30 +08:00", "2026-10-16T23:59:30+08:00"),
        ('due: "2026-10-16T21:59Z"', "2026-10-16T21:59:00+00:00"),
        ("due: 2026-10-16\nzone: Asia/Shanghai", "2026-10-16T23:59:59+08:00"),
        ("due: 2026-10-16 18:00\nzone: Europe/Berlin", "2026-10-16T18:00:00+02:00"),
        ("due: 2026-12-16T18:00:00\nzone: Europe/Berlin", "2026-12-16T18:00:00+01:00"),
        ("due: 2026-10-25 02:30\nzone: Europe/Berlin", "2026-10-25T02:30:00+01:00"),  # comes twice: the later one
    ],
)
def test_a_due_date_is_a_moment(load, text, moment):
    assert load(f"{text}\nexercises: {{jacobian: 1}}").due.isoformat() == moment


REFUSED = {
    "": "a.yaml: has to be a mapping, got None",
    "exercises: {jacobian: [": "a.yaml: is not YAML: line",
    "title: Week 3": "a.yaml: has no key 'exercises'",
    "exercises: {}": "a.yaml: exercises names no exercise; expected at least one, such as 'jacobian: 10'",
    "exercises: {jacobean: 3}": "a.yaml: exercises has an unknown key 'jacobean'; did you mean 'jacobian'?",
    "exercises: [jacobian]": "a.yaml: exercises has to be a mapping, got ['jacobian']",
    "exercises: {jacobian: ten}": "a.yaml: exercises.jacobian.points has to be a number, got 'ten'",
    "exercises: {jacobian: -3}": "a.yaml: exercises.jacobian.points has to be at least 0.01, got -3",
    "exercises: {jacobian: 0}": "a.yaml: exercises.jacobian.points has to be at least 0.01, got 0",
    "exercises: {jacobian: .inf}": "a.yaml: exercises.jacobian.points has to be finite, got inf",
    "exercises: {jacobian: 3.125}": "a.yaml: exercises.jacobian.points has to have at most two decimals, got 3.125",
    "exercises: {jacobian: {pionts: 3}}": "exercises.jacobian has an unknown key 'pionts'; did you mean 'points'?",
    "exercises: {jacobian: {criteria: {matrx: hidden}}}": "jacobian.criteria has an unknown key 'matrx'; did you mean",
    "exercises: {jacobian: {criteria: {matrix: hiden}}}": "criteria.matrix is 'hiden'; did you mean 'hidden'?",
    "exercises: {jacobian: 3, jacobian: 4}": "the key 'jacobian' stands twice",
    "exercices: {jacobian: 3}": "a.yaml: has an unknown key 'exercices'; did you mean 'exercises'?",
    "visibility: seen\nexercises: {jacobian: 3}": "a.yaml: visibility is 'seen'; known are visible, hidden,",
    "language: cn\nexercises: {jacobian: 3}": "a.yaml: language is 'cn'; known are en, zh, auto",
    "language: no\nexercises: {jacobian: 3}": "a.yaml: language is False; known are en, zh, auto",
    "due: friday\nexercises: {jacobian: 3}": "a.yaml: due has to be a time such as 2026-10-16T23:59+02:00, or a day",
    "due: 2026-10-16 23:59\nexercises: {jacobian: 3}": "a.yaml: due has no time zone; write an offset behind the time",
    "due: 2026-13-16\nexercises: {jacobian: 3}": "is no value of its kind; if it is a text, put it in quotes",
    "due: 2026-03-29 02:30\nzone: Europe/Berlin\nexercises: {jacobian: 3}": "the clocks of Europe/Berlin leave out",
    "due: 2026-10-16\nzone: Europe/Berln\nexercises: {jacobian: 3}": "zone is 'Europe/Berln'; did you mean 'Europe/B",
    "zone: Europe/Berlin\nexercises: {jacobian: 3}": "a.yaml: zone needs a due date; add the key 'due'",
    "late: {cap: 50%}\nexercises: {jacobian: 3}": "a.yaml: late needs a due date; add the key 'due'",
    "visibility: after_due_date\nexercises: {jacobian: 3}": "shows parts of jacobian after_due_date, and has no",
    f"{GOOD.replace('per_day: 10%', '')}": "late has to have either 'cap' (as in cap: 50%) or 'per_day'",
    f"{GOOD.replace('10%', '10%, cap: 50%')}": "late has to have either 'cap' (as in cap: 50%) or 'per_day'",
    f"{GOOD.replace('10%', '0.1')}": "late.per_day has to be a share from 0% to 100%, as in 10%, got 0.1",
    f"{GOOD.replace('10%', '110%')}": "late.per_day has to be a share from 0% to 100%, as in 10%, got '110%'",
    f"{GOOD.replace('per_day: 10%', 'cap: 50%, at_most: 10%')}": "late.at_most bounds what 'per_day' adds up to",
    f"{GOOD.replace('10%', '10%, grace: 15')}": "late.grace has to be a time such as 15 minutes, 2 hours",
    f"{GOOD.replace('10%', '10%, gracce: 1 day')}": "late has an unknown key 'gracce'; did you mean 'grace'?",
    f"title: ''\n{GOOD.replace('title: Week 3', '')}": "a.yaml: title has to be a text, got ''",
}


@pytest.mark.parametrize("text", REFUSED)
def test_a_mistake_is_one_sentence(load, text):
    with pytest.raises(spec.SpecError) as refused:
        load(text)
    said = str(refused.value)
    assert REFUSED[text] in said
    assert "\n" not in said


def test_the_schema_is_up_to_date_and_says_the_same(exercises, load):
    """After a change: WRITE_GOLDEN=1 python -m pytest tests/test_assignment.py"""
    text = form.schema(reading.names(exercises))
    if os.environ.get("WRITE_GOLDEN"):
        SCHEMA.write_text(text, encoding="utf-8")
    assert SCHEMA.read_text(encoding="utf-8") == text
    validator = jsonschema.Draft202012Validator(json.loads(text))
    validator.check_schema(validator.schema)
    quoted = GOOD.replace("2026-10-16T23:59+02:00", '"2026-10-16T23:59+02:00"')
    assert validator.is_valid(yaml.safe_load(quoted))
    for spoilt in ("jacobean: 3", "jacobian: {pionts: 3}", "jacobian: -3", "jacobian: {criteria: {matrix: hiden}}"):
        assert not validator.is_valid(yaml.safe_load(f"exercises: {{{spoilt}}}"))


# -- points

SHARES = st.lists(st.integers(0, 4000).map(lambda n: n / 100), min_size=1, max_size=8).filter(any)
TOTALS = st.integers(1, 100_000).map(lambda n: n / 100)


@given(SHARES, TOTALS)
def test_scaled_points_add_up_exactly_and_keep_their_proportion(before, total):
    after = points.scaled(before, total)
    exact = [points.exact(one) for one in after]
    assert sum(exact) == points.exact(total)
    whole = sum(map(points.exact, before))
    for one, other in zip(before, exact, strict=True):
        assert abs(other - points.exact(one) * points.exact(total) / whole) < Fraction(1, 100)
        assert other >= 0
    assert all(other == 0 for one, other in zip(before, exact, strict=True) if one == 0)


@given(SHARES)
def test_points_that_have_the_sum_already_stay(before):
    assert points.scaled(before, float(sum(map(points.exact, before)))) == before


@pytest.mark.parametrize(
    ("before", "total", "after"),
    [
        ([1, 1, 1], 10, [3.34, 3.33, 3.33]),
        ([6, 4], 15, [9, 6]),
        ([6, 4], 0.01, [0.01, 0]),
        ([0.1, 0.2], 0.3, [0.1, 0.2]),
        ([3, 0], 7, [7, 0]),
    ],
)
def test_what_is_left_over_goes_to_the_largest_remainder(before, total, after):
    assert points.scaled(before, total) == after


# -- lateness

DUE = datetime(2026, 10, 16, 22, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TEN, HALF = Fraction(1, 10), Fraction(1, 2)


@pytest.mark.parametrize(
    ("policy", "late", "earned", "lost"),
    [
        (Policy(per_day=TEN), timedelta(), 30, 0),
        (Policy(per_day=TEN), timedelta(seconds=1), 30, 4),
        (Policy(per_day=TEN), DAY, 30, 4),
        (Policy(per_day=TEN), DAY + timedelta(seconds=1), 30, 8),
        (Policy(per_day=TEN), 30 * DAY, 30, 30),  # never below zero
        (Policy(per_day=TEN, at_most=HALF), 30 * DAY, 30, 20),
        (Policy(per_day=TEN, at_most=HALF), 30 * DAY, 10, 10),
        (Policy(per_day=TEN, grace=HOUR), HOUR, 30, 0),
        (Policy(per_day=TEN, grace=HOUR), HOUR + timedelta(seconds=1), 30, 4),
        (Policy(cap=HALF), HOUR, 30, 10),
        (Policy(cap=HALF), 30 * DAY, 20, 0),
        (Policy(cap=Fraction(0)), HOUR, 30, 30),
        (Policy(cap=HALF, grace=DAY), DAY, 30, 0),
        (Policy(), 30 * DAY, 30, 0),
        (Policy(per_day=Fraction(1, 3)), HOUR, 30, Fraction(1333, 100)),  # in the student's favour
    ],
)
def test_what_being_late_costs(policy, late, earned, lost):
    """Of 40 points that could be had."""
    assert policy.deduction(late, Fraction(earned), Fraction(40)) == lost


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-20T10:00:00.000000-08:00", "2026-11-20T10:00:00-08:00"),
        ("2022-11-29 02:04:11.000000000 Z", "2022-11-29T02:04:11+00:00"),
        ("2022-11-29 02:04:11 UTC", "2022-11-29T02:04:11+00:00"),
        ("2022-11-29 02:04:11 +0100", "2022-11-29T02:04:11+01:00"),
        ("2018-03-29 21:05", "2018-03-29T21:05:00+00:00"),  # in the zone of the assignment
        ("yesterday", None),
        ("", None),
    ],
)
def test_times_are_read_as_an_lms_writes_them(text, moment):
    found = lateness.moment(text, UTC)
    assert (found and found.isoformat()) == moment


def reported(exercises, handed_in, override=None):
    """12 of 20 points in jacobian, 8 of 10 in detach."""
    made = []
    for name, worth, passed in (("jacobian", 20, ("matrix",)), ("detach", 10, ("gradient", "own_graph"))):
        exercise = points.worth(exercises[name], worth)
        states = [Status.PASSED if c.name in passed else Status.FAILED for c in exercise.criteria]
        verdicts = tuple(map(Verdict, exercise.criteria, states))
        made.append(Answer(exercise, True, verdicts, override if name == "jacobian" else None))
    return Report(Submission("ada", "ada.py", handed_in=handed_in), Outcome.FINISHED, tuple(made))


@pytest.fixture
def late(exercises, load):
    """A report of somebody who was two days and an hour late: 10 % a day."""
    assignment = load("due: 2026-10-16T22:00Z\nlate: {per_day: 10%}\nexercises: {jacobian: 20, detach: }")

    def finished(handed_in="2026-10-18T23:00:00+00:00", override=None):
        return assignment.finished(reported(exercises, handed_in, override), DUE + 10 * DAY)

    return finished


def test_what_is_deducted_stands_beside_what_was_earned(late):
    report = late()
    assert (report.earned, report.late.deduction, report.score) == (20, 9, 11)
    why = "Handed in 2 d 1 h after the due date: 9 of 20 points are deducted (30% of 30)."
    assert report.late.why == why
    assert marks.number(report) == 11
    assert [*feedback.lines(report)][:2] == ["Graded automatically: 11 of 30 points", why]
    header, row = gradebook_csv.render(RUN, [report], []).splitlines()
    assert header.split(",")[2:8] == ["jacobian", "detach", "earned", "late_deduction", "total", "maximum"]
    assert row.split(",")[2:8] == ["12", "8", "20", "9", "11", "30"]
    page = next(text for name, text in pages.render(RUN, [report], []) if name != pages.INDEX)
    assert why in page
    assert "<strong>11</strong> of 30 points" in page


def test_a_person_s_points_are_final(late):
    """Nothing is taken off them, and they do not count among what could be had."""
    report = late(override=Override(18, "we agreed", "2026-10-20T00:00:00+00:00"))
    assert (report.earned, report.late.deduction, report.score) == (26, 3, 23)
    assert "3 of 8 points are deducted (30% of 10)" in report.late.why


def test_so_are_those_for_a_criterion(exercises, load):
    """Hosts that add up parts are told the same sum."""
    assignment = load("due: 2026-10-16T22:00Z\nlate: {per_day: 10%}\nexercises: {jacobian: 20, detach: }")
    before = reported(exercises, "2026-10-18T23:00:00+00:00")
    first, *others = before.answers[0].verdicts
    decided = replace(first, override=Override(first.criterion.points, "we agreed", "2026-10-20T00:00:00+00:00"))
    answers = (replace(before.answers[0], verdicts=(decided, *others)), *before.answers[1:])
    report = assignment.finished(replace(before, answers=answers), DUE + 10 * DAY)
    open_to_it = 30 - first.criterion.points
    assert report.late.deduction == pytest.approx(0.3 * open_to_it)
    assert marks.kept_of(report, decided) == first.criterion.points
    assert sum(marks.kept(report, answer) for answer in report.answers) == pytest.approx(report.score)


def test_what_a_person_decided_is_withheld_as_well():
    """Until its student may see the criterion."""
    criterion = Criterion("matrix", "The matrix", 4, visibility=HIDDEN)
    found = Verdict(criterion, Status.FAILED, override=Override(3, "well argued", "2026-10-20T00:00:00+00:00"))
    assert feedback.verdict(found, ENGLISH) == "A person gave 3 of 4: well argued"
    assert feedback.verdict(replace(found, withheld=True), ENGLISH) == "not shown"


def test_an_unknown_time_costs_nothing_and_is_said(late):
    report = late(handed_in="")
    assert (report.late.deduction, report.score) == (0, 20)
    assert "not known when this was handed in" in feedback.text(report)


def test_in_time_costs_nothing_and_is_no_word(late):
    report = late(handed_in="2026-10-16T22:00:00+00:00")
    assert (report.late.deduction, report.late.why, report.score) == (0, "", 20)


@pytest.mark.parametrize("name", [name for name, made in EXPORTS.items() if made.alone])
def test_every_host_is_told_the_points_that_count(late, name):
    """Those that add up themselves get each part in proportion."""
    content = EXPORTS[name].make(RUN, [late()], Options(environment=TOLD)).content.decode()
    if name == "github-classroom":
        content = base64.b64decode(content).decode()
        assert sum(test["score"] for test in json.loads(content)["tests"]) == pytest.approx(11)
    elif name == "autolab":
        assert sum(json.loads(content.splitlines()[-1])["scores"].values()) == pytest.approx(11)
    elif name == "classroom50":
        told = json.loads(content)
        assert told["score"] / told["max-score"] == pytest.approx(11 / 30, abs=1e-3)
    elif name == "gradescope":
        assert json.loads(content)["score"] == 11
    else:
        assert f"{11 / 30:.6f}".rstrip("0") in content
    assert "Handed in 2 d 1 h after the due date" in content


def test_nbgrader_has_a_column_for_it(late):
    header, row = EXPORTS["nbgrader"].make(RUN, [late()], Options()).content.decode().splitlines()
    found = dict(zip(header.split(","), row.split(","), strict=True))
    assert {k: found[k] for k in ("raw_score", "late_submission_penalty", "score", "max_score")} == {
        "raw_score": "20",
        "late_submission_penalty": "9",
        "score": "11",
        "max_score": "30",
    }


# -- what students may not see


def withheld(exercises, load, visibility, now):
    text = f"due: 2026-10-16T22:00Z\nexercises: {{jacobian: {{criteria: {{by_autodiff: {visibility}}}}}, detach: }}"
    found = load(text)
    report = reported({e.name: e for e in found.exercises}, "")
    secret = replace(report.answers[0].verdicts[1], feedback="A SECRET", where="ada.py, line 3")
    answer = replace(report.answers[0], verdicts=(report.answers[0].verdicts[0], secret))
    return found.finished(replace(report, answers=(answer, report.answers[1])), now)


@pytest.mark.parametrize(
    ("visibility", "now", "shown"),
    [
        ("hidden", DUE + DAY, False),
        ("after_due_date", DUE - HOUR, False),
        ("after_due_date", DUE + HOUR, True),
        ("after_published", DUE - HOUR, True),
        ("visible", DUE - HOUR, True),
    ],
)
def test_what_is_hidden_is_on_no_page_and_in_no_feedback(exercises, load, visibility, now, shown):
    report = withheld(exercises, load, visibility, now)
    page = next(text for name, text in pages.render(RUN, [report], []) if name != pages.INDEX)
    for text in (page, feedback.text(report), feedback.page(report).decode()):
        assert ("A SECRET" in text) is shown
        assert ("not shown" in text) is not shown
    told = json.loads(EXPORTS["gradescope"].make(RUN, [report], Options()).content)["tests"]
    assert [test["visibility"] for test in told[:2]] == ["visible", visibility]
    assert "A SECRET" in told[1]["output"]  # the host knows what time it is, and hides it


# -- on the command line

ANSWER = """
import torch
x = torch.tensor([1., 2.])
J = torch.autograd.functional.jacobian(lambda x: torch.stack([x[0] * x[1], x.sum(), x[0] ** 2]), x)
print(J)
"""


def run(capsys, *words):
    code = cli.main(list(map(str, words)))
    told = capsys.readouterr()
    return code, told.out, told.err


def test_a_download_with_times_is_graded_by_an_assignment(tmp_path, capsys):
    """Gradescope tells when, so one is in time and the other is not; new points run nothing again."""
    week = tmp_path / "week"
    for number in (1, 2):
        (week / f"submission_{number}").mkdir(parents=True)
        (week / f"submission_{number}" / "hw.py").write_text(ANSWER)
    people = {f"submission_{n}": ("Ada" if n == 1 else "Bo", f"2026-10-{16 + n} 12:00:00.000000000 Z") for n in (1, 2)}
    listed = {n: {":submitters": [{":name": who}], ":created_at": at} for n, (who, at) in people.items()}
    (week / "submission_metadata.yml").write_text(yaml.safe_dump(listed))
    file = tmp_path / "a.yaml"
    file.write_text(
        "title: Week 3\ndue: 2026-10-17 20:00\nzone: Asia/Shanghai\nlate: {cap: 50%}\nexercises: {jacobian: 15}"
    )
    common = (week, "--output", tmp_path / "out", "--assignment", file)
    code, out, _ = run(capsys, *common)
    assert code == 0
    found = json.loads((tmp_path / "out" / "results.json").read_bytes())
    assert (found["run"]["title"], found["run"]["due"]) == ("Week 3", "2026-10-17T20:00:00+08:00")
    ada, bo = found["reports"]
    assert ada["late"] == {
        "handed_in": "2026-10-17T12:00:00+00:00",
        "due": "2026-10-17T20:00:00+08:00",
        "seconds": 0.0,
        "earned": 15.0,
        "deduction": 0.0,
        "why": "",
    }
    assert (bo["late"]["seconds"], bo["late"]["earned"], bo["late"]["deduction"], bo["score"]) == (86400, 15, 7.5, 7.5)
    assert "late: Handed in 1 d after the due date, so at most 50% of 15 points count" in out
    file.write_text("exercises: {jacobian: 30, detach: }")
    code, out, _ = run(capsys, *common, "--verbose")
    assert code == 0
    assert re.search(r"jacobian\s+30 / 30", out)
    assert "late" not in out


def test_whose_time_is_not_known_is_said_once(tmp_path, capsys):
    (tmp_path / "ada.py").write_text(ANSWER)
    (tmp_path / "a.yaml").write_text(GOOD)
    code, out, err = run(capsys, tmp_path / "ada.py", "--output", tmp_path / "out", "--assignment", tmp_path / "a.yaml")
    assert code == 0
    assert "when it was handed in is not known of any submission, so nothing is deducted" in err
    assert "late:" not in out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--assignment", "no.yaml"), "no.yaml: cannot be read: "),
        (("--assignment", "a.yaml", "--exercise", "jacobian"), "--exercise and --assignment: the assignment names"),
        (("--assignment", "bad.yaml"), "bad.yaml: exercises has an unknown key 'jacobean'; did you mean 'jacobian'?"),
    ],
)
def test_wrong_usage(tmp_path, monkeypatch, capsys, words, sentence):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").write_text(GOOD)
    (tmp_path / "bad.yaml").write_text("exercises: {jacobean: 3}")
    (tmp_path / "ada.py").write_text(ANSWER)
    code, _, err = run(capsys, "ada.py", *words)
    assert code == 2
    assert sentence in err
    assert "Traceback" not in err


def test_intake_knows_when(tmp_path):
    """Blackboard and Brightspace write local times into names."""
    for name in ("HW 1_ada_attempt_2026-11-20-10-00-00_hw.py", "HW 1_ada_attempt_2026-11-19-10-00-00_hw.py"):
        (tmp_path / name).write_text("x = 1")
    (one,) = intake.look([tmp_path], "blackboard").submissions
    assert one.handed_in == "2026-11-20T10:00:00"
    (two,) = intake.look([_brightspace(tmp_path / "b")], "brightspace").submissions
    assert two.handed_in == "2018-03-29 12:05"


def test_nbgrader_s_exchange_notes_when(tmp_path):
    folder = tmp_path / "submitted" / "ada" / "ps1"
    folder.mkdir(parents=True)
    (folder / "hw.py").write_text("x = 1")
    (folder / "timestamp.txt").write_text("2026-11-20 10:00:00 UTC\n")
    (one,) = intake.look([tmp_path / "submitted"], "nbgrader").submissions
    assert lateness.moment(one.handed_in, None) == datetime(2026, 11, 20, 10, tzinfo=UTC)


def _brightspace(folder):
    folder.mkdir()
    (folder / "13394-80551 - Eric Gillotti - Mar 29, 2018 1205 PM - hw.py").write_text("x = 1")
    return folder
