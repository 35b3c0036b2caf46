"""What leaves for an LMS: golden files, the hosts' own rules, and classes that go round without a loss or a swap."""

import base64
import io
import json
import math
import os
import re
import tempfile
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import replace
from pathlib import Path

import jsonschema
import junitparser
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder import cli, exhibits, sheet
from autograder.intake import look, roster
from autograder.model import NAMESAKES, Criterion, Outcome, Override, Report, SourceFile, Status, Submission, Verdict
from autograder.report.files import Refused
from autograder.report.lms import EXPORTS, Options
from tests import lms_class
from tests.test_report import PLOT, RUN, WORDS, answer, failed, passed, waiting

GOLDEN = Path(__file__).parent / "golden"
ACT = "looks for the grader in memory"


def one(student, path, *answers, ids=(), outcome=Outcome.FINISHED, remarks=(), **more):
    submission = Submission(student, path, remarks=remarks, ids=dict(ids), **more)
    return Report(submission, outcome, answers, (), (ACT,))


ADA = one(
    *("Ada Lovelace", "Ada Lovelace_4", answer(passed(), failed(PLOT, where="cell 4"), waiting())),
    answer(Verdict(PLOT, Status.NOT_ATTEMPTED), name="jacobian", attempted=False),
    ids={
        "moodle": "4",
        "canvas": "1234",
        "canvas_file": "lovelaceada_1234_987",
        "username": "ada",
        "student_id": "0042",
        "assignment": "ps1",
    },
    remarks=("cell 2: curly quotes were read as straight ones", f"{NAMESAKES}: Ada Lovelace_9"),
)
BO = one(
    *("Bo <Ek> & Co", "bo_5", answer(passed(), passed(PLOT), passed(WORDS))),
    answer(passed(PLOT), name="jacobian"),
    ids={"moodle": "5", "canvas": "1235", "canvas_file": "ekbo_LATE_1235_988", "username": "bo", "student_id": "7"},
)
CY = one(
    *("Cy", "cy_6", answer(Verdict(PLOT, Status.NOT_ATTEMPTED), attempted=False)),
    ids={"moodle": "6", "canvas": "1236", "username": "cy"},
    outcome=Outcome.UNREADABLE,
    files=(SourceFile("hw.ipynb", "", trouble="breaks off in the middle"),),
)
DI = one("Di", "di", answer(passed(), Verdict(PLOT, Status.GRADER_ERROR, detail="KeyError: 'x'")), ids={"moodle": "7"})
CLASS = (ADA, BO, CY, DI)

SHEETS = {
    "moodle": (
        "\ufeff"
        + lms_class.MOODLE_HEADER
        + '\n"Participant 4","Ada Lovelace",ada@u.example,"Submitted for grading -  - ",,12.00,Yes,"Sat, 2:13 AM",-,\n'
        + '"Participant 5","Bo <Ek> & Co",bo@u.example,Done,12.00,12.00,Yes,"Sat, 2:13 AM",-,"Well done, ""Bo""."\n'
        + '"Participant 6",Cy,cy@u.example,Submitted,,12.00,Yes,"Sat",-,\r\n'
        + '"Participant 8","Nobody Here",no@u.example,"No submission",,12.00,Yes,-,-,\n'
    ).encode(),
    "canvas": (
        b"Student,ID,SIS User ID,SIS Login ID,Section,HW1 (4711),HW2 (4712),Current Score\r\n"
        b"    Points Possible,,,,,12,9,(read only)\r\n"
        b'"Lovelace, Ada",1234,0042,ada,AG101,,,80\r\n'
        b'"Ek, Bo",1235,7,bo,AG101,3,,80\r\n'
        b'"Cy",1236,8,cy,AG101,9,,80\r\n'
    ),
    "blackboard": (
        '"Last Name"\t"First Name"\t"Username"\t"Student ID"\t"HW1 [Total Pts: 12 Score] |123"\r\n'
        '"Lovelace"\t"Ada"\t"ada"\t"0042"\t""\r\n"Ek"\t"Bo"\t"bo"\t"7"\t"12"\r\n"Y"\t"Cy"\t"cy"\t"8"\t""\r\n'
    ).encode("utf-16"),
    "brightspace": (
        b"OrgDefinedId,Username,Last Name,First Name,HW1 Points Grade <Numeric MaxPoints:12>,End-of-Line Indicator\r\n"
        b"#0042,#ada,Lovelace,Ada,,#\r\n#7,#bo,Ek,Bo,1,#\r\n"
    ),
}
TOLD = {  # by the runner of Classroom 50
    "CLASSROOM": "cs-principles",
    "ASSIGNMENT": "hw1",
    "ASSIGNMENT_TYPE": "individual",
    "OWNER": "ada",
    "SUBMISSION_TAG": "submit/2026-06-01T14-32-05Z-a1b2c3d",
    "COMMIT_URL": "https://git.example/c",
    "RELEASE_URL": "https://git.example/r",
}
COLUMN = {"canvas": {"grade": "HW1 (4711)"}}


def options(name, **more):
    template = sheet.read(SHEETS[name]) if name in SHEETS else None
    return Options(template, f"{name}.csv", columns=COLUMN.get(name, {}), environment=TOLD, **more)


def made(name, *reports, **more):
    return EXPORTS[name].make(RUN, reports, options(name, **more))


def shown(content):
    """Bytes as text that can be compared and read: an archive as its files."""
    if not content.startswith(b"PK"):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return "".join(f"=== {name}\n{archive.read(name).decode()}" for name in archive.namelist()).encode()


# -- golden files


def golden(file, content):
    path = GOLDEN / file
    if os.environ.get("WRITE_GOLDEN"):
        path.write_bytes(content)
    assert content == path.read_bytes()


@pytest.mark.parametrize("name", EXPORTS)
def test_golden(name):
    """Written with WRITE_GOLDEN=1, and read by a person before they are committed."""
    if EXPORTS[name].alone:
        for who, report in (("ada", ADA), ("cy", CY), ("di", DI)):
            golden(f"{name}.{who}", shown(made(name, report).content))
    else:
        golden(f"{name}.class", shown(made(name, *CLASS).content))


@pytest.mark.parametrize("name", EXPORTS)
def test_what_is_for_the_instructor_goes_nowhere(name):
    reports = CLASS[:1] if EXPORTS[name].alone else CLASS
    content = made(name, *reports).content
    texts = [shown(content), base64.b64decode(content) if name == "github-classroom" else b""]
    for text in texts:
        assert ACT.encode() not in text and NAMESAKES.encode() not in text and b"KeyError" not in text


@pytest.mark.parametrize("name", EXPORTS)
def test_where_our_code_failed_is_not_for_students(name):
    told = ("The grader failed here; no points were taken. (TypeError: x (judge, line 3))",)
    failed_on = replace(ADA, outcome=Outcome.GRADER_ERROR, remarks=told)
    text = shown(made(name, failed_on).content)
    assert b"TypeError" not in text + (base64.b64decode(text) if name == "github-classroom" else b"")


@pytest.mark.parametrize("name", EXPORTS)
def test_what_awaits_review_is_said_or_held_back(name):
    reports = (ADA,) if EXPORTS[name].alone else (ADA, BO)
    assert any("go out before review, 2 points" in note for note in made(name, *reports).notes)
    if EXPORTS[name].alone:
        with pytest.raises(Refused, match="awaits review"):
            made(name, *reports, hold_reviews=True)
    else:
        held = made(name, *reports, hold_reviews=True)
        assert any("held back" in who for who in held.unmatched)
        assert b"2 of 12 points await" not in shown(held.content)


@pytest.mark.parametrize("name", [name for name, format in EXPORTS.items() if format.alone])
def test_a_format_for_one_takes_one(name):
    with pytest.raises(Refused, match="for one submission, and there are 4"):
        made(name, *CLASS)


@pytest.mark.parametrize("name", EXPORTS)
def test_a_mark_by_a_person_is_what_goes_out(name):
    decided = replace(ADA, answers=tuple(replace(a, override=Override(1.5, "seen", "2026")) for a in ADA.answers))
    text = shown(made(name, decided).content)
    text = base64.b64decode(text) if name == "github-classroom" else text
    utf = text.decode("utf-16") if text.startswith((b"\xff\xfe", b"\xfe\xff")) else text.decode()
    if "feedback" in name or name in ("junit", "ctrf", "submitty", "coursera", "github-classroom"):
        return
    assert re.search(r"\b(3|0\.25|1\.5)\b", utf)


# -- the hosts' own rules

VISIBILITY = {"enum": ["visible", "hidden", "after_due_date", "after_published"]}
KIND = {"enum": ["text", "html", "simple_format", "md", "ansi"]}
GRADESCOPE = {
    "type": "object",
    "required": ["score"],
    "additionalProperties": False,
    "properties": {
        "score": {"type": "number"},
        "execution_time": {"type": "integer"},
        "output": {"type": "string"},
        **dict.fromkeys(("output_format", "test_output_format", "test_name_format"), KIND),
        **dict.fromkeys(("visibility", "stdout_visibility"), VISIBILITY),
        "extra_data": {"type": "object"},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    **{key: {"type": "number"} for key in ("score", "max_score")},
                    "status": {"enum": ["passed", "failed"]},
                    **{key: {"type": "string"} for key in ("name", "number", "output")},
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "visibility": VISIBILITY,
                },
            },
        },
    },
}
PRAIRIELEARN = {
    "type": "object",
    "required": ["gradable"],
    "properties": {
        "gradable": {"type": "boolean"},
        "score": {"type": "number", "minimum": 0, "maximum": 1},
        "format_errors": {"type": ["string", "array"]},
        "tests": {"type": "array", "items": {"type": "object", "required": ["name", "points", "max_points"]}},
        "images": {
            "type": "array",
            "items": {
                "required": ["label", "url"],
                "properties": {"url": {"pattern": "^data:image/svg\\+xml;base64,[A-Za-z0-9+/=]+$"}},
            },
        },
    },
    "if": {"properties": {"gradable": {"const": True}}},
    "then": {"required": ["score"]},
}
RUNNER = {  # the result of a step, as GitHub Classroom's reporter reads it
    "type": "object",
    "required": ["version", "status", "max_score", "tests"],
    "additionalProperties": False,
    "properties": {
        "version": {"const": 1},
        "status": {"enum": ["pass", "fail", "error"]},
        "max_score": {"type": "number"},
        "tests": {
            "type": "array",
            "minItems": 1,
            "items": {
                "required": ["name", "status", "score"],
                "properties": {"status": {"enum": ["pass", "fail", "error"]}, "score": {"type": "number"}},
            },
        },
    },
}
MOMENT = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$"}
POINTS = {"type": "integer", "minimum": 0}
CLASSROOM50 = {
    "type": "object",
    "additionalProperties": False,
    "required": "schema classroom assignment assignment_type owner submission commit release review datetime score "
    "max-score tests".split(),
    "properties": {
        "schema": {"const": "classroom50/result/v1"},
        **{
            key: {"type": "string", "minLength": 1}
            for key in ("classroom", "assignment", "owner", "commit", "release", "review")
        },
        "assignment_type": {"enum": ["individual", "group"]},
        "submission": {"type": "string", "pattern": "^submit/"},
        **dict.fromkeys(("datetime", "graded_at"), MOMENT),
        **dict.fromkeys(("score", "max-score"), POINTS),
        "tests": {
            "items": {
                "required": ["test-name", "passed", "score", "max-score"],
                "properties": {
                    "test-name": {"type": "string", "minLength": 1},
                    "passed": {"type": "boolean"},
                    **dict.fromkeys(("score", "max-score"), POINTS),
                },
            }
        },
    },
}
CTRF = {
    "type": "object",
    "required": ["reportFormat", "specVersion", "results"],
    "properties": {
        "results": {
            "type": "object",
            "required": ["tool", "summary", "tests"],
            "additionalProperties": False,
            "properties": {
                "tool": {"type": "object", "required": ["name"]},
                "summary": {
                    "required": ["tests", "passed", "failed", "pending", "skipped", "other", "start", "stop"],
                    "additionalProperties": {"type": "integer"},
                },
                "tests": {
                    "items": {
                        "required": ["name", "status", "duration"],
                        "properties": {"status": {"enum": ["passed", "failed", "pending", "skipped", "other"]}},
                    }
                },
            },
        }
    },
}


@pytest.mark.parametrize("report", CLASS, ids=lambda r: r.submission.student)
@pytest.mark.parametrize(("name", "schema"), [("gradescope", GRADESCOPE), ("prairielearn", PRAIRIELEARN)])
def test_results_of_one_fit_their_schema(name, schema, report):
    jsonschema.validate(json.loads(made(name, report).content), schema)


def test_gradescope_leaves_what_waits_without_a_score():
    document = json.loads(made("gradescope", ADA).content)
    (waits,) = [test for test in document["tests"] if "score" not in test]
    assert "status" not in waits and "in words" in waits["output"]
    assert document["score"] == sum(test.get("score", 0) for test in document["tests"]) == 4
    assert "leaderboard" not in document
    assert "2 of 12 points await a person" in document["output"]
    assert all(test["visibility"] == "visible" for test in document["tests"])


def test_prairielearn_takes_no_attempt_for_what_cannot_be_read():
    assert json.loads(made("prairielearn", CY).content)["gradable"] is False
    assert json.loads(made("prairielearn", DI).content)["gradable"] is False
    huge = one("x", "x", *(answer(failed(feedback="x" * 400), name=f"e{i}") for i in range(4000)))
    with pytest.raises(Refused, match="larger than"):
        made("prairielearn", huge)


CURVE = exhibits.curves(
    [exhibits.line("slope", np.arange(9.0), np.arange(9.0), label="</style><script>alert(1)</script>")]
)
MATRIX = exhibits.matrices(np.eye(3), np.ones((3, 3)))
GRADIENT = exhibits.bars(np.arange(4.0), np.ones(4))


def test_prairielearn_has_pictures_that_run_nothing():
    seen = replace(ADA, exhibits={"sin_derivative": (CURVE, GRADIENT), "jacobian": (MATRIX,)})
    document = json.loads(made("prairielearn", seen).content)
    jsonschema.validate(document, PRAIRIELEARN)
    assert len(document["images"]) == 3
    for image in document["images"]:
        root = ET.fromstring(base64.b64decode(image["url"].partition(",")[2]))  # noqa: S314 — our own
        tags = {element.tag.partition("}")[2] for element in root.iter()}
        assert root.tag.endswith("svg") and tags <= {
            "svg",
            "style",
            "rect",
            "path",
            "g",
            "text",
            "tspan",
            "line",
            "circle",
        }
    assert "f′" in document["images"][0]["label"] and "\n" not in document["images"][0]["label"]


def test_prairielearn_leaves_pictures_out_that_do_not_fit():
    large = replace(ADA, exhibits={"jacobian": (MATRIX,) * 400})
    content = made("prairielearn", large).content
    assert len(content) <= 1_000_000 and "images" not in json.loads(content)


def test_ctrf_fits_its_schema_and_adds_up():
    document = json.loads(made("ctrf", *CLASS).content)
    jsonschema.validate(document, CTRF)
    summary = document["results"]["summary"]
    assert summary["tests"] == sum(summary[k] for k in ("passed", "failed", "pending", "skipped", "other"))


def test_junit_adds_up_and_skips_what_waits():
    root = ET.fromstring(made("junit", *CLASS).content)  # noqa: S314 — our own
    for suite in root:
        cases = suite.findall("testcase")
        assert int(suite.get("tests")) == len(cases)
        for kind, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.get(kind)) == sum(case.find(tag) is not None for case in cases)


def test_junit_is_read_by_those_who_read_it():
    suites = list(junitparser.JUnitXml.fromstring(made("junit", *CLASS).content))
    assert [suite.name for suite in suites][:2] == ["Ada Lovelace [Ada Lovelace_4]", "Bo <Ek> & Co [bo_5]"]
    ada = {case.name: case for case in suites[0]}
    assert ada["Why, in words"].is_skipped and ada["A backward pass gives f′ at every x"].is_passed
    assert {prop.name: prop.value for prop in suites[0].properties()}["score"] == "4"


@given(st.text(st.characters(), max_size=20))
def test_junit_is_xml_whatever_a_student_wrote(words):
    report = one(words, words, answer(failed(feedback="", detail=words, where=words)))
    ET.fromstring(made("junit", report).content)  # noqa: S314 — our own


@given(st.text(st.characters(), max_size=40))
def test_autolab_can_parse_the_last_line_after_its_rewriting(words):
    report = one(words, words, answer(passed(), failed(PLOT, feedback=words), name="a:b"))
    *_, last = made("autolab", report).content.decode().rstrip("\n").split("\n")
    rewritten = re.sub(r"([A-Za-z0-9]+):", r'"\1":', last)
    assert json.loads(rewritten) == {"scores": {"ab": 4.0}}


def test_github_never_has_no_test():
    for report in (*CLASS, one("x", "x")):
        document = json.loads(base64.b64decode(made("github-classroom", report).content))
        assert document["version"] == 1 and document["tests"]
        assert document["status"] in ("pass", "fail", "error")


@pytest.mark.parametrize("report", CLASS, ids=lambda r: r.submission.student)
def test_classroom50_fits_its_schema_and_adds_up(report):
    document = json.loads(made("classroom50", report).content)
    jsonschema.validate(document, CLASSROOM50)
    assert document["score"] == sum(test["score"] for test in document["tests"]) <= document["max-score"]
    assert document["max-score"] == sum(test["max-score"] for test in document["tests"])
    assert document["review"] == TOLD["COMMIT_URL"]


def test_classroom50_rounds_nothing():
    half = replace(ADA, answers=(answer(passed(Criterion("a", "a", 2.5)), failed(Criterion("b", "b" * 200, 0.25))),))
    document = json.loads(made("classroom50", half).content)
    assert (document["score"], document["max-score"]) == (10, 11)
    assert all(len(test["test-name"].encode()) <= 100 for test in document["tests"])


def test_classroom50_is_written_where_its_runner_starts_us_only():
    with pytest.raises(Refused, match="CLASSROOM is not set"):
        EXPORTS["classroom50"].make(RUN, (ADA,), Options())


def test_moodles_gradebook_has_one_id_for_everybody():
    """It imports all rows or none, so nobody is in it who could not be found."""
    emailed = replace(BO, submission=replace(BO.submission, ids={"email": "bo@u.example"}))
    export = made("moodle-gradebook", ADA, emailed, CY)
    (row,) = lms_class.rows_of(export.content)
    assert (row["ID number"], row["Autograd"]) == ("0042", "4") and "2 of 12 points await" in row["Autograd feedback"]
    assert [who.split(":")[1].strip() for who in export.unmatched] == [
        "no mark, so no row",
        "no ID number is known; give --roster",
    ]
    assert "the maximum of Autograd in Moodle has to be 12: of a grade above it nothing is imported" in export.notes
    team = replace(BO, submission=replace(BO.submission, ids={"email": "a@u.example; b@u.example"}))
    assert len(lms_class.rows_of(made("moodle-gradebook", team).content)) == 2
    twice = made("moodle-gradebook", ADA, replace(ADA, submission=replace(ADA.submission, path="again")))
    assert twice.written == 1 and "is the same (0042)" in twice.unmatched[0]


@pytest.mark.parametrize("report", CLASS, ids=lambda r: r.submission.student)
def test_coursera_and_submitty_have_a_fraction_and_a_text(report):
    coursera = json.loads(made("coursera", report).content)
    assert type(coursera["fractionalScore"]) is float and 0 <= coursera["fractionalScore"] <= 1
    assert coursera["feedback"]
    submitty = json.loads(made("submitty", report).content)
    assert submitty["message"] if submitty["status"] == "fail" else 0 <= submitty["data"]["score"] <= 1


# -- sheets


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@given(
    st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=5),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_a_sheet_reads_as_csv_does_and_comes_back_byte_for_byte(rows, separator, end, encoding):
    quoted = [["a", "b"], *rows]
    lines = [separator.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in quoted]
    data = (end.join(lines) + end).encode(encoding)
    found = sheet.read(data)
    assert [[cell.value for cell in row] for row in found.rows] == [r for r in quoted if any(c.strip() for c in r)]
    assert found.filled({}) == data
    changed = sheet.read(found.filled({found.rows[0][1]: f'x{separator}"y"'}))
    assert changed.rows[0][1].value == f'x{separator}"y"'
    assert [[c.value for c in row] for row in changed.body] == [[c.value for c in row] for row in found.body]


@given(st.binary(max_size=200))
def test_any_bytes_are_a_sheet_or_a_sentence(data):
    try:
        assert sheet.read(data).filled({}) == data
    except sheet.SheetError as error:
        assert "expected" in str(error) or "export it again" in str(error)


def test_moodle_keeps_every_other_byte_and_the_teachers_words():
    export = made("moodle", *CLASS)
    before, after = SHEETS["moodle"].decode().splitlines(True), export.content.decode().splitlines(True)
    assert (export.written, export.unchanged) == (1, 1)
    assert after[0] == before[0] and after[4:] == before[4:]
    assert after[2] == before[2]
    assert 'Well done, ""Bo""' in after[2]
    assert after[1].startswith(
        '"Participant 4","Ada Lovelace",ada@u.example,"Submitted for grading -  - ",4,12.00,Yes,'
    )
    assert "Di [di]: the sheet has no participant 7" in export.unmatched or any("Di" in w for w in export.unmatched)
    assert any("Nobody Here" in note for note in export.notes)
    again = EXPORTS["moodle"].make(RUN, CLASS, Options(sheet.read(export.content), "m.csv"))
    assert (again.written, again.unchanged, again.content) == (0, 2, export.content)


def test_moodle_would_drop_a_grade_above_its_maximum():
    template = sheet.read(SHEETS["moodle"].replace(b"12.00", b"3.00"))
    with pytest.raises(
        Refused, match=r"Ada Lovelace .* has 4 points, and the sheet's maximum is 3; set the maximum to 12"
    ):
        EXPORTS["moodle"].make(RUN, (ADA,), Options(template, "m.csv"))


def test_moodle_numbers_of_another_assignment_are_noticed():
    export = made("moodle", replace(ADA, submission=replace(ADA.submission, ids={"moodle": "5"})))
    assert export.written == 0
    assert "is it of another assignment?" in export.unmatched[0]


def test_moodle_in_another_language_and_with_commas():
    header = "ID;Nombre;Calificación;Máximo;Comentarios"
    template = sheet.read(f"{header}\nParticipante 4;Ada Lovelace;;12,00;\nParticipante 5;Bo;3,5;12,00;\n".encode())
    with pytest.raises(Refused, match="known for grade; its headers are ID, Nombre"):
        EXPORTS["moodle"].make(RUN, (ADA,), Options(template, "m.csv"))
    columns = {"grade": "Calificación", "maximum": "Máximo", "feedback": "Comentarios", "name": "Nombre"}
    half = replace(ADA, answers=(answer(passed(Criterion("a", "a", 4.5))),))
    content = EXPORTS["moodle"].make(RUN, (half,), Options(template, "m.csv", columns=columns)).content.decode()
    assert ";4,5;12,00;" in content


def test_moodle_teams_are_found_by_name_and_everybody_gets_the_grade():
    header = lms_class.MOODLE_HEADER.replace("Status,", "Status,Group,")
    rows = [
        f'"Participant {n}","P{n}",p@u,Submitted,"{group}",,10.00,Yes,x,-,'
        for n, group in ((1, "Team 1_αβ"), (2, "Team 1_αβ"), (3, "Default group"), (4, "Team/2"))
    ]
    template = sheet.read("\n".join((header, *rows, "")).encode())
    team = one("Team 1 αβ", "Team 1 αβ_4", answer(passed()), ids={"moodle": "4"})
    default = one("Default group", "Default group", answer(passed(PLOT)), ids={"group": "Default group"})
    export = EXPORTS["moodle"].make(RUN, (team, default), Options(template, "m.csv"))
    grades = [row["Grade"] for row in lms_class.rows_of(export.content)]
    assert grades == ["4", "4", "3", ""]


def test_canvas_writes_only_rows_that_change_and_no_points_possible():
    export = made("canvas", *CLASS)
    assert export.content.decode().split("\r\n") == [
        "Student,ID,SIS User ID,SIS Login ID,Section,HW1 (4711)",
        '"Lovelace, Ada",1234,0042,ada,AG101,4',
        '"Ek, Bo",1235,7,bo,AG101,12',
        "",
    ]
    assert any("3 in the sheet is replaced by 12" in note for note in export.notes)
    assert any(who.startswith("Cy") for who in export.unmatched)


def test_canvas_asks_which_assignment():
    with pytest.raises(Refused, match=r"there are: HW1 \(4711\); HW2 \(4712\)"):
        EXPORTS["canvas"].make(RUN, CLASS, Options(sheet.read(SHEETS["canvas"]), "c.csv"))


def test_canvas_finds_the_student_in_the_name_of_the_feedback():
    for name in zipfile.ZipFile(io.BytesIO(made("canvas-feedback", *CLASS).content)).namelist():
        user, attachment = [token for token in name.split("_") if token.isdigit()][:2]
        assert (user, attachment) in (("1234", "987"), ("1235", "988"))


def test_ids_that_disagree_name_nobody():
    torn = replace(ADA, submission=replace(ADA.submission, ids={"username": "ada", "student_id": "7"}))
    export = made("brightspace", torn)
    assert export.written == 0 and "different rows" in export.unmatched[0]


def test_a_name_decides_only_where_it_is_alone():
    plain = replace(ADA, submission=Submission("Ada Lovelace", "ada.ipynb"))
    assert made("brightspace", plain).written == 1
    twice = (plain, replace(plain, submission=Submission("Lovelace, Ada", "b.ipynb")))
    assert made("brightspace", *twice).written == 0


# -- there and back again

NAMES = st.lists(
    st.tuples(st.sampled_from(lms_class.FIRST), st.sampled_from(lms_class.LAST)).map(" ".join),
    min_size=200,
    max_size=200,
)
POINTS = st.lists(
    st.sampled_from([None, 0, 10, 0.1, 7.25]) | st.integers(0, 100).map(lambda n: n / 10), min_size=200, max_size=200
)


def graded(content):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "class.zip"
        file.write_bytes(content)
        found = look([file])
    return found, [lms_class.graded(submission) for submission in found.submissions]


ROUND = settings(max_examples=8, deadline=None)


@ROUND
@given(NAMES, POINTS, st.booleans())
def test_moodle_there_and_back(names, points, folders):
    """Equal names, accents, right to left, missing students: every number gets its own points, and nobody else's."""
    class_of = lms_class.people(points, names)
    there = [student for student in class_of if student.points is not None]
    if not there:
        return
    found, reports = graded(lms_class.moodle_zip(class_of, folders))
    assert found.recognised[0].layout == "Moodle" and len(reports) == len(there)
    before = lms_class.moodle_sheet(class_of)
    export = EXPORTS["moodle"].make(RUN, reports, Options(sheet.read(before), "m.csv"))
    assert not export.unmatched and export.written == len(there)
    for student, row in zip(class_of, lms_class.rows_of(export.content), strict=True):
        assert row["Identifier"] == f"Participant {student.number}"
        assert row["Full name"] == student.name
        got = float(row["Grade"]) if row["Grade"] else None
        assert got == student.points or math.isclose(got, student.points)
        assert (f"_{student.number}." in row["Feedback comments"]) == (got is not None)
    back = EXPORTS["moodle"].make(RUN, reports, Options(sheet.read(export.content), "m.csv"))
    assert (back.written, back.unchanged, back.content) == (0, len(there), export.content)
    pages = EXPORTS["moodle-feedback"].make(RUN, reports, Options())
    with zipfile.ZipFile(io.BytesIO(pages.content)) as archive:
        numbers = {
            re.fullmatch(r"[^_/.~][^_/]*_(\d+)_assignfeedback_file/feedback\.html", n)[1] for n in archive.namelist()
        }
    assert numbers == {str(student.number) for student in there}


@ROUND
@given(POINTS)
def test_moodle_marked_blindly_there_and_back(points):
    """Nobody has a name, in the download or in the sheet."""
    class_of = lms_class.people(points, [f"Participant {7 + 3 * i}" for i in range(200)])
    there = {student.number: student for student in class_of if student.points is not None}
    if not there:
        return
    files = {f"Participant_{s.number}_assignsubmission_file/hw1.py": f"points = {s.points}\n" for s in there.values()}
    _, reports = graded(lms_class.packed(files))
    header = lms_class.MOODLE_HEADER.replace('"Full name","Email address",', "")
    rows = [f'"Participant {s.number}",Submitted,,10.00,Yes,x,-,' for s in class_of]
    export = EXPORTS["moodle"].make(RUN, reports, Options(sheet.read("\n".join((header, *rows, "")).encode()), "m.csv"))
    assert not export.unmatched and export.written == len(there)
    for student, row in zip(class_of, lms_class.rows_of(export.content), strict=True):
        assert (float(row["Grade"]) if row["Grade"] else None) == student.points


@ROUND
@given(NAMES, POINTS)
def test_moodles_gradebook_there_and_back_by_a_roster(names, points):
    """The download knows no id that the import takes; a roster joins names, and namesakes are told, not guessed."""
    class_of = lms_class.people(points, names)
    there = [student for student in class_of if student.points is not None]
    if not there:
        return
    known = [f"{student.name},S{student.number:04}" for student in class_of]
    found, _ = graded(lms_class.moodle_zip(class_of))
    joined = roster.joined(found.submissions, ("\n".join(("Full name,ID number", *known)) + "\n").encode())
    reports = [lms_class.graded(submission) for submission in joined.submissions]
    export = EXPORTS["moodle-gradebook"].make(RUN, reports, Options(columns={"grade": "HW1"}))
    owner = {f"S{student.number:04}": student for student in there}
    for row in lms_class.rows_of(export.content):
        assert float(row["HW1"]) == pytest.approx(owner[row["ID number"]].points)
    assert export.written + len(export.unmatched) == len(there)


@ROUND
@given(POINTS)
def test_moodle_teams_there_and_back(points):
    """Fifty teams of four, whose numbers are also those of participants, and a default group without a number."""
    teams = {f"Team {i}_αβ": p for i, p in enumerate(points[:49])} | {"Default group": points[49]}
    numbers = {name: 1 + i for i, name in enumerate(reversed(teams))}
    files = {
        f"{lms_class.moodle_name(name)}{f'_{numbers[name]}' * (name != 'Default group')}"
        "_assignsubmission_file/hw.py": f"points = {p}\n"
        for name, p in teams.items()
        if p is not None
    }
    if not files:
        return
    _, reports = graded(lms_class.packed(files))
    members = [(1 + i, name) for i, name in enumerate(name for name in teams for _ in range(4))]
    rows = [f'"Participant {n}","P {n}",p{n}@u,Submitted,"{team}",,10.00,Yes,x,-,' for n, team in members]
    header = lms_class.MOODLE_HEADER.replace("Status,", "Status,Group,")
    export = EXPORTS["moodle"].make(RUN, reports, Options(sheet.read("\n".join((header, *rows, "")).encode()), "m.csv"))
    assert not export.unmatched
    for (_, team), row in zip(members, lms_class.rows_of(export.content), strict=True):
        assert (float(row["Grade"]) if row["Grade"] else None) == teams[team]


@ROUND
@given(NAMES, POINTS)
def test_canvas_there_and_back(names, points):
    class_of = lms_class.people(points, names)
    there = {student.number: student for student in class_of if student.points is not None}
    if not there:
        return
    found, reports = graded(lms_class.canvas_zip(class_of))
    assert found.recognised[0].layout == "Canvas" and len(reports) == len(there)
    late = {int(r.submission.ids["canvas"]) for r in reports if any("late" in note for note in r.submission.remarks)}
    assert late == {number for number, student in there.items() if student.late}
    template = sheet.read(lms_class.canvas_sheet(class_of))
    export = EXPORTS["canvas"].make(
        RUN, reports, Options(template, "c.csv", columns={"grade": "HW1 backward pass (4711)"})
    )
    assert not export.unmatched
    rows = {int(row["ID"]): row for row in lms_class.rows_of(export.content)}
    assert rows.keys() == there.keys()
    for number, row in rows.items():
        assert float(row["HW1 backward pass (4711)"]) == pytest.approx(there[number].points)
        assert row["Student"] == lms_class.sortable(there[number].name)
        assert row["SIS User ID"] == f"S{number:04}"


# -- as they are asked for

NEED_AN_ID = {"moodle-feedback", "moodle-gradebook", "canvas-feedback"}
ASKED = [name for name, format in EXPORTS.items() if not format.template]


@pytest.mark.slow
@pytest.mark.parametrize("hold", [False, True], ids=["dry", "held"])
def test_every_format_says_what_it_would_do_and_does_it_only_then(tmp_path, monkeypatch, capsys, hold):
    """One submission with an answer in words, in all formats at once: dry, held back, and written."""
    monkeypatch.chdir(tmp_path)
    for name, value in TOLD.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "ada.py").write_text(
        "import torch\nx = torch.ones(3, requires_grad=True)\ny = x @ x\n"
        "y.backward(retain_graph=True)\ny.backward()\nprint(x.grad)  # twice, since it is added up\n"
    )
    words = ["ada.py", "--exercise", "second_backward", *(f"--to={name}={name}.out" for name in ASKED)]
    code = cli.main([*words, "--hold-reviews" if hold else "--dry-run"])
    told = capsys.readouterr().err
    if hold:
        alone = sum(EXPORTS[name].alone for name in ASKED)
        assert code == 1 and told.count("awaits review, and --hold-reviews was given; nothing was written") == alone
        assert told.count("held back, awaits review") == len(ASKED) - alone
    else:
        assert code == 1 and not list(tmp_path.glob("*.out"))
        for name in ASKED:
            assert re.search(rf"^{name}: [01] would be written, 0 unchanged, [01] not matched$", told, re.MULTILINE), (
                name
            )
    assert cli.main(words) == 1
    told = capsys.readouterr().err
    assert all(f"--to {name}={name}.out was not written: nobody could be put into it" in told for name in NEED_AN_ID)
    assert {file.stem for file in tmp_path.glob("*.out")} == set(ASKED) - NEED_AN_ID
