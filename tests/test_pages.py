"""The class report and the students' pages, as text: what is in them, what is not, and that none of it can act."""

import base64
import hashlib
import re
from contextlib import closing
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder import cli, exhibits, grading
from autograder.assignment import plan
from autograder.exhibits import bars, curves, line, matrices
from autograder.model import Outcome, Override, Report, Skipped, SourceFile, Status, Submission, Unit, Verdict
from autograder.report import files, pages, tally
from autograder.report.pages import names, pictures
from autograder.store import Store
from tests.test_exhibits import a_pass, every_kind, timeline
from tests.test_report import DERIVATIVE, PLOT, RUN, answer, failed, passed, waiting

EVIL = """</title></style></script><script>alert(1)</script><img src=x onerror="alert(2)">'"&"""
VOID = {"meta", "input", "br", "img", "link"}


class Page(HTMLParser):
    """Tags as a browser would nest them; fails where they do not close."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.text = [], [], ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data if self.open and self.open[-1] not in ("style", "script") else ""

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def report(*answers, student="ada", text="x = 1\ny = 2\n", outcome=Outcome.FINISHED, **more):
    units = (Unit(f"{student}.py", "script", "", text),)
    submission = Submission(student, f"{student}.py", (SourceFile(f"{student}.py", "00", units),))
    return Report(submission, outcome, answers, **more)


def rendered(*reports, skipped=()):
    """Path → page, each parsed, which fails where it is broken."""
    return {name: Page(text) for name, text in pages.render(RUN, reports, skipped)}


def raw(*reports, skipped=()):
    return dict(pages.render(RUN, reports, skipped))


def of_student(*reports):
    return rendered(*reports)["students/ada.html"]


def hostile():
    x = np.linspace(0, 1, 5)
    cell = Unit(f"{EVIL}.ipynb", "code", "cell 3", f"print('{EVIL}')")
    submission = Submission(EVIL, EVIL, (SourceFile(f"{EVIL}.ipynb", "00", (cell,)),), (EVIL,), EVIL)
    told = answer(failed(detail=EVIL, feedback=EVIL, where=f"{EVIL}.ipynb, cell 3"), waiting(detail=EVIL), passed(PLOT))
    shown = (curves([line("slope", x, x, EVIL)]), timeline([a_pass(EVIL, where=EVIL)]))
    return Report(submission, Outcome.TIMED_OUT, (told,), (EVIL,), (EVIL,), {"sin_derivative": shown}, 9.0)


# -- safety


def test_what_students_wrote_is_text_everywhere():
    """Names, code, remarks, labels, errors, places, files that were skipped: never a tag, never an attribute."""
    made = raw(hostile(), skipped=[Skipped(EVIL, EVIL)])
    for text in made.values():
        page = Page(text)
        assert "<img" not in text and "alert(2)" in page.text
        assert len(page.all("script")) == text.count("<script") == ("index" in text[:2000] or "Class report" in text)
        assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]


@pytest.mark.parametrize("name", ["index.html", "students/ada.html"])
def test_the_policy_names_what_may_run(name):
    """Our style and our script by their digests, and nothing else: no network, no inline attribute."""
    text = raw(report(answer(failed()), exhibits={"sin_derivative": every_kind()}))[name]
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    policy = policy.replace("&#39;", "'")
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy and "http" not in policy
    for kind in ("style", "script"):
        for inside in re.findall(rf"<{kind}>(.*?)</{kind}>", text, re.DOTALL):
            digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
            assert f"{kind}-src 'sha256-{digest}'" in policy
    assert "style=" not in text and "://" not in text.replace("https://", "")
    assert not re.search(r'(src|href)="(?!#|students/)', text)


def test_directions_and_controls_do_not_reach_a_page():
    """A name that would turn the line round, and code that hides a line."""
    student = report(
        answer(failed(where="ada.py, line 1")), text="x = 1 # \u202e} \u2066if admin\x1b[2J\n", remarks=("\u202eabc",)
    )
    for text in raw(student).values():
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x1b]", text)


def test_a_page_for_a_student_has_nothing_for_the_instructor():
    """No acts, no seed, no digest, no link to others, and nothing of our own errors."""
    ours = Verdict(PLOT, Status.GRADER_ERROR, "grader_error", detail="KeyError: 'secret'")
    one = report(answer(passed(), ours), acts=("read /etc/passwd",), remarks=("fine",))
    text = raw(one, report(answer(failed()), student="grace"))["students/ada.html"]
    assert "passwd" not in text and "secret" not in text and "grace" not in text
    assert "eed" not in Page(text).text.replace("feedback", "") and "index.html" not in text


def test_our_own_failure_is_told_without_its_words():
    """What failed in us is for the instructor."""
    broken = report(answer(passed()), outcome=Outcome.GRADER_ERROR, remarks=("The grader failed here (secret)",))
    assert "secret" not in of_student(broken).text
    assert "no fault of the submission" in of_student(broken).text


# -- the student's page


def test_the_judged_line_is_marked_with_lines_around_it():
    """Line 20 of 40, from 12 to 28; numbers as in the file."""
    text = "".join(f"line_{n} = 0\n" for n in range(1, 41))
    page = raw(report(answer(failed(where="ada.py, line 20")), text=text))["students/ada.html"]
    assert re.findall(r"<mark>(.*?)</mark>", page) == ["line_20 = 0"]
    assert re.findall(r"line_(\d+)", page)[::16] == ["12", "28"]
    assert "lines 12–28" in page


def test_windows_of_a_script_that_overlap_are_one():
    """Two lines that were judged stand in one piece, both marked, and both are linked to it."""
    text = "".join(f"line_{n} = 0\n" for n in range(1, 41))
    told = answer(failed(where="ada.py, line 20"), passed(PLOT)), answer(failed(where="ada.py, line 3"), name="other")
    near = answer(failed(where="ada.py, line 20"), failed(PLOT, where="ada.py, line 23"))
    page = raw(report(near, told[1], text=text))["students/ada.html"]
    assert re.findall(r"<mark>(\w+)", page) == ["line_20", "line_23", "line_3"]
    assert re.findall(r'href="#(sin_derivative-1\S*)"', page) == ["sin_derivative-1-l20", "sin_derivative-1-l23"]
    assert [page.count(f'id="sin_derivative-1-l{n}"') for n in (20, 23)] == [1, 1]


def test_a_long_cell_is_cut_and_a_place_that_is_nowhere_is_not_shown():
    """60 lines of a cell; "a call of jacobian()" has no cell."""
    unit = Unit("ada.ipynb", "code", "cell 3", "x = 1\n" * 1000 + "y" * 10_000)
    submission = Submission("ada", "ada.ipynb", (SourceFile("ada.ipynb", "00", (unit,)),))
    told = answer(failed(where="ada.ipynb, cell 3"), failed(PLOT, where="a call of jacobian()"))
    page = raw(Report(submission, Outcome.FINISHED, (told,)))["students/ada.html"]
    assert page.count('class="line"') == 60 and "941 more lines in your file" in page
    assert len(page) < 30_000


def test_every_picture_has_words():
    """A title and a description, whose ids are in the page."""
    page = of_student(report(answer(failed()), exhibits={"sin_derivative": every_kind()}))
    pictures = [attributes for attributes in page.all("svg") if attributes.get("role") == "img"]
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(pictures) == len(every_kind()) and len(ids) == len(set(ids))
    assert all(set(picture["aria-labelledby"].split()) <= set(ids) for picture in pictures)
    assert all("aria-hidden" in a for a in page.all("svg") if a not in pictures)


def test_pictures_say_what_they_show():
    """Which entries differ, in numbers."""
    shown = (
        matrices(np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([[1.0, 2.0], [3.0, 4.0]])),
        matrices(np.eye(3), np.ones((2, 3))),
        bars(np.array([4.0, 2.0]), np.array([2.0, 2.0])),
        timeline([a_pass(after=np.array([2.0, 4.0]), retain=True), a_pass("RuntimeError: freed")]),
    )
    text = " ".join(of_student(report(answer(failed()), exhibits={"sin_derivative": shown})).text.split())
    assert "1 of 4 entries differ, outlined in yours: (1, 1)" in text
    assert "Yours is 3 × 3, the expected one is 2 × 3." in text
    assert "1 of 2 entries differ: entry 0 is 4, not 2." in text
    assert "1. backward(retain_graph=True): left the gradient [2, 4]" in text and "stopped: RuntimeError: freed" in text


def test_a_timeline_has_room_for_the_cell():
    """However long the file's name is."""
    shown = (timeline([a_pass(where="01_Exercise sheet 2.5 (final) (1).ipynb, cell 12")]),)
    text = of_student(report(answer(failed()), exhibits={"sin_derivative": shown})).text
    assert "01_Exerci…(1).ipynb, cell 12" in " ".join(text.split())


@pytest.mark.parametrize("value", [0.0, 1e30, -1e-300, 5.0, np.nan])
def test_no_numbers_break_a_picture(value):
    """Constant, huge, tiny, none at all."""
    array = np.full((3, 3), value)
    shown = (curves([line("slope", array, array)]), bars(array, array), matrices(array, array), bars(array[:0], array))
    text = raw(report(answer(failed()), exhibits={"sin_derivative": shown}))["students/ada.html"]
    drawn = re.findall(r'(?:x|y|d|at|width|height)\d?="([^"]*)"', text)
    assert drawn and not [number for number in drawn if "nan" in number or "inf" in number]


NUMBERS = st.one_of(st.none(), st.floats(-1e30, 1e30))


@given(st.lists(st.tuples(st.floats(-1e30, 1e30), NUMBERS), min_size=1, max_size=9), st.lists(NUMBERS, min_size=1))
def test_any_numbers_can_be_drawn(points, values):
    """No exhibit is lost to its numbers, and every position is a number."""
    x, y = zip(*points, strict=True)
    found = (
        exhibits.Curves(True, (exhibits.Line("slope", "", x, y), exhibits.Line("expected", "", x, y))),
        exhibits.Bars(tuple(values), tuple(values), len(values)),
        exhibits.Matrices((tuple(values),), (tuple(values),), (1, len(values)), (1, len(values))),
        exhibits.Timeline((exhibits.Step("", "grad", True, "", tuple(values), 99),), 1),
        exhibits.Fit((exhibits.Line("samples", "", x, y), exhibits.Line("fitted", "", x, y)), values[0], values[-1]),
        exhibits.Arrows((exhibits.Field("field", (tuple(values),), (tuple(values),)),), values[0], values[-1]),
    )
    for exhibit in found:
        assert pictures.drawn(exhibit) == pictures.of(exhibit)
        assert not re.search(r"=nan|=inf|=-inf|nan |inf ", repr(pictures.of(exhibit)))


def test_a_person_s_decision_is_shown():
    """With why, and in the score."""
    one = answer(failed())
    decided = type(one)(one.exercise, True, one.verdicts, Override(3.5, "the template was wrong", "2026-03-02"))
    text = " ".join(of_student(report(decided)).text.split())
    assert "3.5 of 4 points" in text and "the template was wrong" in text


def test_a_submission_that_nobody_judged_has_no_score():
    """Declined: no zero that looks like a mark."""
    text = of_student(report(answer(passed(), attempted=False), outcome=Outcome.UNREADABLE)).text
    assert "points" not in text.split("Graded on")[0] and "Unreadable" in text


# -- the class report


def test_the_class_report_counts():
    """Attempted, passed, lost, waiting; criteria below their exercise."""
    reports = [report(answer(passed(), waiting())), report(answer(failed(), waiting()), student="grace")]
    (tallied,) = tally.exercises(reports)
    assert (tallied.attempted, tallied.passed, tallied.failed, tallied.waiting) == (2, 0, 1, 2)
    assert [(c.passed, c.failed, c.waiting, c.absent) for c in tallied.criteria] == [(1, 1, 0, 0), (0, 0, 2, 0)]


def test_exercises_that_nobody_attempted_are_one_sentence():
    """No row, no column and no part of the axis of scores; but if nobody attempted anything, all are there."""
    missing = answer(Verdict(PLOT, Status.NOT_ATTEMPTED), name="jacobian", attempted=False)
    page = rendered(report(answer(passed(), failed(PLOT)), missing))["index.html"]
    assert "Nobody attempted: About jacobian." in " ".join(page.text.split())
    assert len(page.all("tbody")) == 2 and "to 7 points: 0" in " ".join(page.text.split())
    assert "Nobody attempted" not in rendered(report(missing))["index.html"].text


def test_the_mistake_that_most_made_comes_first():
    """Each with those who made it, once each, however many criteria it cost."""
    twice = answer(failed(), failed(PLOT))
    reports = [
        report(answer(failed(reason="rare", feedback="Rare.")), student="a"),
        report(twice, student="b"),
        report(twice, student="c"),
    ]
    first, second = tally.mistakes(reports)
    assert (first.reason, [made.report.submission.student for made in first.made]) == ("over_n", ["b", "c"])
    assert first.criteria == (DERIVATIVE.title, PLOT.title) and len(second.made) == 1
    page = rendered(*reports)["index.html"]
    assert len(page.all("details")) == 2


def test_the_class_report_names_what_needs_a_person():
    """Acts, runs that did not finish, skipped files, and what repeats the run."""
    reports = [
        report(answer(passed()), acts=("line 3: searches memory",)),
        report(
            answer(passed()), student="bo", outcome=Outcome.TIMED_OUT, remarks=("The run was cut short, in cell 2",)
        ),
    ]
    text = " ".join(rendered(*reports, skipped=[Skipped("a.doc", "no notebook")])["index.html"].text.split())
    for words in ("line 3: searches memory", "cut short, in cell 2", "a.doc: no notebook", f"Seed{RUN.seed}", "2.6.0"):
        assert words in text


def test_a_class_of_nobody_has_a_report():
    """No division by nothing."""
    assert rendered()["index.html"]
    assert rendered(report(outcome=Outcome.DECLINED))["index.html"]


def test_headings_and_landmarks_are_in_order():
    """One h1, no level left out, one main, tables whose headers know what they head."""
    for page in rendered(report(answer(failed()), acts=("a",))).values():
        levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
        assert levels.count(1) == 1 == len(page.all("main"))
        assert all(b <= a + 1 for a, b in pairwise(levels))
        assert all(header.get("scope") in ("row", "col") for header in page.all("th"))
        assert len(page.all("table")) == len(page.all("caption"))


# -- files


def test_names_of_pages_are_safe_unique_and_stable():
    """Letters of any script stay; what is changed or shared gets a digest; nothing leaves the folder."""
    students = ["ada", "李雨桐", "Ada B", "../../etc", "CON", "x" * 500, "grace", "Grace", "<b>", "", "e\u0301"]
    reports = [Report(Submission(s, f"{i}.py"), Outcome.FINISHED, ()) for i, s in enumerate(students)]
    found = names.of(reports)
    assert found[:2] == ["ada.html", "李雨桐.html"] and found == names.of(reports)
    assert len({name.casefold() for name in found}) == len(students)
    assert all(re.fullmatch(r"[\w-]+\.html", name) and len(name.encode()) < 220 for name in found)
    twins = [Report(Submission("ada", "hw.py"), Outcome.FINISHED, ())] * 3
    assert len(set(names.of(twins))) == 3


def write(folder, *reports):
    files.write_pages(folder, pages.render(RUN, reports, ()))


def test_pages_of_students_who_are_gone_are_removed_and_no_others(tmp_path):
    """A file that somebody put there stays."""
    write(tmp_path, report(), report(student="grace"))
    (tmp_path / "students/notes.html").write_text("mine")
    write(tmp_path, report())
    assert sorted(path.name for path in tmp_path.rglob("*.html")) == ["ada.html", "index.html", "notes.html"]


def test_a_full_disk_leaves_older_pages(tmp_path, full_disk):
    """All of them, whole, and no temporary file."""
    write(tmp_path, report(), report(student="grace"))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    full_disk("index")
    with pytest.raises(OSError, match="No space"):
        write(tmp_path, report(answer(failed())))
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_the_command_line_says_so(tmp_path, full_disk):
    """The results are there; the pages are as they were."""
    target = files.Target("html", tmp_path / "report", "--output", tmp_path, is_folder=True)
    graded = grading.Graded(RUN, (report(),), (), plan.again("", "", {}))

    with closing(Store(tmp_path)) as store:
        full_disk("html")
        (sentence,) = cli._save_all_pages([target], graded, store)
    assert "could not be written, and are as they were before" in sentence and "No space" in sentence


def test_somebody_else_s_index_is_not_written_over(tmp_path):
    """A folder that is a web site already."""
    (tmp_path / "index.html").write_text("<h1>My home page</h1>")
    with pytest.raises(files.Refused, match="not of our making"):
        files.make_ready(files.targets(tmp_path / "results", [("html", str(tmp_path))]))


def test_html_can_be_asked_for_elsewhere_or_not_at_all(tmp_path):
    """--to html=DIR, --no-html."""
    found = files.targets(tmp_path, [("html", str(tmp_path / "site"))], pages=False)
    assert [(t.format, t.path.name) for t in found] == [
        ("json", "results.json"),
        ("csv", "gradebook.csv"),
        ("html", "site"),
    ]


def test_a_page_is_small():
    """With every picture at its largest."""
    x = np.linspace(0, 1, 9999)
    shown = (
        curves([line("slope", x, np.sin(x * n), "label" * 99) for n in range(9)]),
        matrices(np.random.default_rng(1).normal(size=(99, 99)), np.ones((99, 99))),
        bars(x, x),
        timeline([a_pass(EVIL * 9)] * 99),
    )
    exercises = [answer(failed(where="ada.py, line 30"), name=f"e{i}") for i in range(4)]
    text = "x = '" + "y" * 500 + "'\n"
    one = report(*exercises, text=text * 100, exhibits={a.exercise.name: shown[:2] for a in exercises})
    assert len(raw(one)["students/ada.html"].encode()) < 300_000
