"""What an LMS packs, by the names that its own code or its users' programs show; plain folders stay plain."""

import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.intake import IntakeError, find, look
from autograder.intake.layouts import KINDS, NAMES
from autograder.intake.roster import joined
from tests.test_intake import cell, notebook, put

NB = notebook(cell("x = 1"))
LIST = """
submission_11:
  :submitters:
  - :name: Ann Lee
    :sid: '0042'
    :email: ann@u.example
  :created_at: 2026-11-20 10:00:00 Z
submission_12:
  :submitters:
  - :name: Ann Lee
    :sid:
    :email: lee@u.example
  - :name: Bo Ek
    :sid: '0007'
    :email: bo@u.example
  :results:
    :output: 'a: b'
"""
TEXT = "Name: Ada Lovelace (ada_l)\nAssignment: HW_1\nComments:\nName: Eve (eve)\n"

# layout → paths, and what comes out: name, key, files, ids
LAYOUTS = {
    "moodle": (
        {
            "Ann Lee_1_assignsubmission_file/hw1.ipynb": NB,
            "Ann Lee_1_assignsubmission_file/sub/helper.py": "x = 1",
            "Ann Lee_1_assignsubmission_onlinetext/onlinetext.html": "<p>why</p>",
            "Ann Lee_4_assignsubmission_file_/hw1.ipynb": NB,
            "Zoë OBrien-Smith_7_assignsubmission_file_hw1 (1).ipynb": NB,
            "שרה לוי_8_assignsubmission_file_my_hw_2.py": "x = 1",
            "Default group_assignsubmission_file/hw.ipynb": NB,
            "Cy_9_assignsubmission_file_only.pdf": "%PDF",
        },
        [
            ("Ann Lee", "Ann Lee_1", ["hw1.ipynb", "sub/helper.py"], {"moodle": "1"}),
            ("Ann Lee", "Ann Lee_4", ["hw1.ipynb"], {"moodle": "4"}),
            ("Cy", "Cy_9", [], {"moodle": "9"}),
            ("Default group", "Default group", ["hw.ipynb"], {"group": "Default group"}),
            ("Zoë OBrien-Smith", "Zoë OBrien-Smith_7", ["hw1 (1).ipynb"], {"moodle": "7"}),
            ("שרה לוי", "שרה לוי_8", ["my_hw_2.py"], {"moodle": "8"}),
        ],
    ),
    "canvas": (
        {
            "lovelaceada_1234_987_hw1.ipynb": NB,
            "lovelaceada_1234_988_helper-2.py": "x = 1",
            "lovelaceada_1234_text.html": "<p>why</p>",
            "obriensmithzoë_LATE_555_666_hw1-1.ipynb": NB,
            "李小龙_777_888_作业 1.ipynb": NB,
            "李小龙_778_889_作业 1.ipynb": NB,
            "anon_aB3xZ_555_hw.ipynb": NB,
            "LATE_anon_qq_556_hw.ipynb": NB,
        },
        [
            ("anon_aB3xZ", "anon_aB3xZ", ["hw.ipynb"], {"canvas_anonymous": "aB3xZ"}),
            ("anon_qq", "anon_qq", ["hw.ipynb"], {"canvas_anonymous": "qq"}),
            (
                "lovelaceada",
                "lovelaceada_1234",
                ["helper.py", "hw1.ipynb"],
                {"canvas": "1234", "canvas_file": "lovelaceada_1234_988"},
            ),
            (
                "obriensmithzoë",
                "obriensmithzoë_555",
                ["hw1-1.ipynb"],
                {"canvas": "555", "canvas_file": "obriensmithzoë_LATE_555_666"},
            ),
            ("李小龙", "李小龙_777", ["作业 1.ipynb"], {"canvas": "777", "canvas_file": "李小龙_777_888"}),
            ("李小龙", "李小龙_778", ["作业 1.ipynb"], {"canvas": "778", "canvas_file": "李小龙_778_889"}),
        ],
    ),
    "gradescope": (
        {
            "submission_metadata.yml": LIST,
            "submission_11/hw.py": "x = 1",
            "submission_12/hw.py": "x = 1",
            "__MACOSX/submission_11/._hw.py": "x",
        },
        [
            (
                "Ann Lee",
                "submission_11",
                ["hw.py"],
                {"gradescope": "11", "email": "ann@u.example", "student_id": "0042"},
            ),
            (
                "Ann Lee, Bo Ek",
                "submission_12",
                ["hw.py"],
                {"gradescope": "12", "email": "lee@u.example; bo@u.example", "student_id": "0007"},
            ),
        ],
    ),
    "blackboard": (
        {
            "HW_1_ada_l_attempt_2026-11-19-10-00-00.txt": TEXT,
            "HW_1_ada_l_attempt_2026-11-19-10-00-00_old.ipynb": NB,
            "HW_1_ada_l_attempt_2026-11-20-10-00-00.txt": TEXT,
            "HW_1_ada_l_attempt_2026-11-20-10-00-00_new one.ipynb": NB,
            "HW_1_0042_poging_2026-11-20-10-00-00_hw.py": "x = 1",
        },
        [
            ("0042", "HW_1_0042", ["hw.py"], {"username": "0042"}),
            ("Ada Lovelace", "HW_1_ada_l", ["new one.ipynb"], {"username": "ada_l"}),
        ],
    ),
    "brightspace": (
        {
            "13394-80551 - Eric Gillotti - Mar 29, 2018 1205 PM - hw.ipynb": NB,
            "13394-80551 - Eric Gillotti - Mar 29, 2018 905 AM - old.ipynb": NB,
            "13395-80551 - Eric Gillotti - Mar 29, 2018 1205 PM/hw.ipynb": NB,
            "index.html": "<html>",
        },
        [
            ("Eric Gillotti", "13394 Eric Gillotti", ["hw.ipynb"], {"brightspace": "13394"}),
            ("Eric Gillotti", "13395 Eric Gillotti", ["hw.ipynb"], {"brightspace": "13395"}),
        ],
    ),
    "nbgrader": (
        {
            "source/ps1/p.ipynb": NB,
            "gradebook.db": b"",
            "submitted/ada/ps1/p.ipynb": NB,
            "submitted/ada/ps1/timestamp.txt": "2026-11-20 10:00:00 UTC",
            "submitted/bo/ps1/p.ipynb": NB,
            "submitted/bo/ps2/p.ipynb": NB,
        },
        [
            ("ada", "ada/ps1", ["p.ipynb"], {"student_id": "ada", "assignment": "ps1"}),
            ("bo", "bo/ps1", ["p.ipynb"], {"student_id": "bo", "assignment": "ps1"}),
            ("bo", "bo/ps2", ["p.ipynb"], {"student_id": "bo", "assignment": "ps2"}),
        ],
    ),
    "classroom": (
        {
            "hw-1-ada/.git/HEAD": "ref",
            "hw-1-ada/hw.ipynb": NB,
            "hw-1-bo-ek/.git/HEAD": "ref",
            "hw-1-bo-ek/hw.ipynb": NB,
        },
        [
            ("ada", "hw-1-ada", ["hw.ipynb"], {"github": "ada"}),
            ("bo-ek", "hw-1-bo-ek", ["hw.ipynb"], {"github": "bo-ek"}),
        ],
    ),
}


def laid_out(folder: Path, paths: dict) -> Path:
    for path, content in paths.items():
        put(folder / path, content)
    return folder


def packed(folder: Path, paths: dict) -> Path:
    file = folder / "class.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for path, content in paths.items():
            archive.writestr(path, content)
    return file


def told(found):
    return [(s.student, s.path, [f.name for f in s.files], dict(s.ids)) for s in found.submissions]


@pytest.mark.parametrize("lay", [laid_out, packed])
@pytest.mark.parametrize("name", LAYOUTS)
def test_each_layout_is_recognised(name, lay, tmp_path):
    paths, students = LAYOUTS[name]
    found = look([lay(tmp_path, paths)])
    assert told(found) == students
    (recognised,) = found.recognised
    assert (recognised.layout, recognised.students) == (KINDS[name].title, len(students))
    assert bool(recognised.doubt) == (name == "classroom")


@pytest.mark.parametrize("name", LAYOUTS)
def test_nothing_is_lost(name, tmp_path):
    """Every file is in a submission or among the skipped, and any layout that is forced has all of them, too."""
    folder = laid_out(tmp_path, LAYOUTS[name][0])
    code = sum(Path(path).suffix in (".ipynb", ".py") for path in LAYOUTS[name][0])
    for forced in NAMES:
        try:
            found = look([folder], forced)
        except IntakeError:
            continue
        read = sum(len(submission.files) for submission in found.submissions)
        assert (
            read + sum(1 for s in found.skipped if "attempt" in s.why or "own" in s.why or "program" in s.why) >= code
        )


def test_a_layout_that_is_told_and_not_there_is_refused(tmp_path):
    with pytest.raises(IntakeError, match="named as Moodle names it"):
        look([put(tmp_path / "ada.py").parent], "moodle")


def test_plain_can_be_told(tmp_path):
    found = look([laid_out(tmp_path, LAYOUTS["moodle"][0])], "plain")
    assert found.submissions[0].student == "Ann Lee_1_assignsubmission_file"
    assert found.recognised[0].layout == "plain"


def test_one_other_submission_makes_it_plain_and_that_is_told(tmp_path):
    paths = dict(LAYOUTS["canvas"][0])
    found = look([laid_out(tmp_path, {**paths, "solution.ipynb": NB})])
    assert found.recognised[0].layout == "plain"
    assert "solution.ipynb; say --layout canvas" in found.recognised[0].doubt
    forced = look([tmp_path], "canvas")
    assert "solution" in [s.student for s in forced.submissions]
    assert len(forced.submissions) == 7


def test_numbers_alone_are_in_doubt(tmp_path):
    found = look([laid_out(tmp_path, {"lee_1_2_hw.py": "x = 1", "bo_3_4_hw.py": "x = 1"})])
    assert found.recognised[0].layout == "Canvas"
    assert found.recognised[0].doubt.endswith("say --layout plain if it is not")


def test_earlier_attempts_are_told(tmp_path):
    found = look([laid_out(tmp_path, LAYOUTS["blackboard"][0])])
    ada = found.submissions[1]
    assert ada.remarks == (
        "2 attempts were handed in; the latest (2026-11-20-10-00-00) counts, not 2026-11-19-10-00-00",
    )
    why = {skipped.path: skipped.why for skipped in found.skipped}
    assert why["HW_1_ada_l_attempt_2026-11-19-10-00-00_old.ipynb"].startswith("an earlier attempt")


def test_what_is_no_code_still_has_a_row_and_says_why(tmp_path):
    found = look([laid_out(tmp_path, LAYOUTS["moodle"][0])])
    (cy,) = [s for s in found.submissions if s.student == "Cy"]
    assert "only.pdf was passed over: not a notebook (.ipynb) or a script (.py)" in cy.remarks[0]
    assert "online text" in found.submissions[0].remarks[0]


def test_blind_moodle_tells_participants_apart(tmp_path):
    paths = {f"Teilnehmer/in_{n}_assignsubmission_file_h.py".replace("/", " "): "x = 1" for n in (3, 5, 12)}
    assert [s.student for s in look([laid_out(tmp_path, paths)]).submissions] == [
        f"Teilnehmer in {n}" for n in (3, 5, 12)
    ]


def test_late_is_a_remark(tmp_path):
    late = [s.student for s in find([laid_out(tmp_path, LAYOUTS["canvas"][0])])[0] if "late" in " ".join(s.remarks)]
    assert late == ["anon_qq", "obriensmithzoë"]


def test_a_list_that_cannot_be_read_is_no_gradescope(tmp_path):
    paths = {"submission_metadata.yml": "a: [", "submission_1/hw.py": "x = 1"}
    assert look([laid_out(tmp_path, paths)]).recognised[0].layout == "plain"


WORDS = st.sampled_from(["hw", "hw1", "ada", "lee", "Ann Lee", "7", "1234", "LATE", "anon", "attempt", "text", "1-2"])
PLAIN = st.lists(WORDS | st.text("ab1é -", min_size=1, max_size=4), min_size=1, max_size=3).map("_".join)
NAMES_OF = PLAIN.filter(lambda name: name.strip() and not name.startswith((".", "-")) and len(name.split("_")) < 4)


@settings(max_examples=150, deadline=None)
@given(st.lists(NAMES_OF, min_size=1, max_size=6, unique_by=lambda name: name.casefold()), st.sampled_from("fds"))
def test_plain_folders_are_never_mistaken(names, how):
    """Files, folders or both, with numbers, hyphens and the words that layouts are known by."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for i, name in enumerate(names):
            flat = how == "f" or (how == "s" and i % 2)
            put(folder / (f"{name}.py" if flat else f"{name}/hw/x.py"))
        found = look([folder])
        assert found.recognised[0].layout == "plain"
        assert {s.student for s in found.submissions} == set(names)


ROSTER = """Name;Student ID;E-mail;Username;GitHub
"Lovelace, Ada";0042;ada@u.example;ada_l;
Ann Lee;1;ann@u.example;al;
Ann Lee;2;lee@u.example;al2;
Cy Zed;3;cy@u.example;cz;
"""


def test_a_roster_joins_by_ids_and_by_names_that_are_alone(tmp_path):
    submissions, _ = find([laid_out(tmp_path, LAYOUTS["blackboard"][0])])
    known = joined(submissions, ROSTER.encode())
    assert known.submissions[1].ids["email"] == "ada@u.example"
    assert known.unknown == ("HW_1_0042",)
    assert known.missing == ("Ann Lee", "Ann Lee", "Cy Zed")


def test_an_id_on_a_roster_is_canvas_only_in_a_gradebook_of_canvas(tmp_path):
    submissions, _ = find([laid_out(tmp_path, LAYOUTS["canvas"][0])])
    assert "canvas_anonymous" in submissions[0].ids
    plain = joined(submissions, b"Name,ID,Email\nEve,1234,eve@u.example\n")
    assert all("email" not in one.ids for one in plain.submissions)
    canvas = joined(submissions, b"Student,ID,SIS Login ID,Section\n'Lovelace, Ada',1234,ada,A\n".replace(b"'", b'"'))
    assert [one.ids.get("username") for one in canvas.submissions] == [None, None, "ada", None, None, None]


def test_a_roster_guesses_nothing_about_equal_names(tmp_path):
    submissions, _ = find([laid_out(tmp_path, LAYOUTS["moodle"][0])])
    known = joined(submissions, ROSTER.encode("utf-16"))
    assert [dict(s.ids) for s in known.submissions[:2]] == [{"moodle": "1"}, {"moodle": "4"}]


PART = st.sampled_from(["a", "Ann Lee", "7", "12", "LATE", "anon", "é", "x-1", "_", ".."])
SHAPES = (
    *("{}_{}_assignsubmission_file/{}.py", "{}_assignsubmission_file_{}.py", "{}_{}_{}_h.py", "LATE_anon_{}_{}_h.py"),
    *("{}_{}_attempt_2026-11-20-10-00-0{}_h.py", "{}_{}_attempt_2026-11-20-10-00-00.py", "submission_{}/{}.py"),
    *("{}-{} - {} - Mar 29, 2018 905 PM - h.py", "7-8 - {} - Mar 29, 2018 905 PM/{}.py", "submitted/{}/{}/h.py"),
    *("hw-{}/.git/HEAD.py", "hw-{}/h.py", "{}/{}.py", "{}.py", "source/{}.py"),
)
PATHS = st.tuples(st.sampled_from(SHAPES), PART, PART, PART).map(lambda drawn: drawn[0].format(*drawn[1:]))


@settings(max_examples=300, deadline=None)
@given(st.lists(PATHS, min_size=1, max_size=8, unique=True), st.sampled_from(["", "", *NAMES]))
def test_whatever_the_names_every_file_is_in_a_submission_or_told(paths, layout):
    with tempfile.TemporaryDirectory() as temporary:
        try:
            found = look([packed(Path(temporary), {path: f"x = {i}" for i, path in enumerate(paths)})], layout)
        except IntakeError:
            return
    read = sorted(unit.text for one in found.submissions for file in one.files for unit in file.units)
    assert len(read) == len(set(read))
    told_of = [skipped.path for skipped in found.skipped]
    for i, path in enumerate(paths):
        assert f"x = {i}" in read or any(path.endswith(p) or p in path for p in told_of), (path, told_of)
    names = [(one.path, file.name) for one in found.submissions for file in one.files]
    assert len(names) == len(set(names))
