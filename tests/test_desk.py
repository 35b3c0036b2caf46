"""The review desk, asked over its port: who may come in, what is decided, and what becomes of the results."""

import json
import re
import shutil
import socket
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace

import pytest

from autograder import grading, intake
from autograder.assignment import plan
from autograder.desk import one
from autograder.desk.results import bring_up_to_date
from autograder.desk.state import Desk
from autograder.store import Store
from tests import desk
from tests.conftest import ROOT, SEED

WORDS = "# backward a second time raises, since the graph is freed after the first\n1\n"
CLASS = {
    "ada": WORDS,
    "bo": WORDS.replace("a second time", "twice") + "# and the buffers with it\n",
    "cy": WORDS,
    "di": WORDS,
    "ed": "import torch\nx = torch.ones(3, requires_grad=True)\n(x * 2).sum().backward()\n",
}


@pytest.fixture(scope="module")
def graded(grader, exercises, tmp_path_factory):
    """A folder of results that is never reviewed itself."""
    handed_in = tmp_path_factory.mktemp("desk") / "class"
    handed_in.mkdir()
    for name, text in CLASS.items():
        (handed_in / f"{name}.py").write_text(text)
    reports = list(grader.grade(intake.find([handed_in])[0]))
    return desk.folder_of(handed_in.parent / "graded", reports, exercises)


@pytest.fixture
def results(graded, tmp_path):
    return shutil.copytree(graded, tmp_path / "results")


@pytest.fixture
def room(results, exercises):
    with desk.Room(results, exercises) as room:
        yield room


@pytest.fixture
def visitor(room):
    return room.come_in()


def first(visitor, exercise="second_backward"):
    """The address of the first item that waits, and its page."""
    page = visitor.page(f"/exercise/{exercise}/next")
    return visitor.path, page


def names(results, student):
    """{exercise.criterion: object of results.json} of a student."""
    document = json.loads((results / "results.json").read_text())
    (report,) = [report for report in document["reports"] if report["student"] == student]
    return {f"{e['exercise']}.{c['name']}": c for e in report["exercises"] for c in e["criteria"]}


# ---------------------------------------------------------------------------------- who may come in


def test_only_a_browser_that_came_with_the_address_sees_anything(room):
    """Not one without a cookie, nor with a wrong token, nor with one that was used; each is told what to do."""
    stranger, (address,) = room.visitor(), room.addresses
    for path in (
        "/",
        "/submissions",
        "/item/0000",
        "/nothing",
        "/?token=wrong",
        "/?token=",
        f"/submissions{address[-40:]}",
    ):
        answer = stranger.ask(path)
        assert answer.status == 403 and "terminal" in answer.text
    visitor = room.come_in()
    assert visitor.ask("/").status == 200
    assert stranger.ask(address).status == 403 and not stranger.cookie
    assert visitor.ask(address).status == 200  # it is in already
    assert len(room.addresses) == 2 and stranger.ask(room.addresses[1]).status == 200
    assert stranger.ask("/").status == 200


def test_the_cookie_is_for_the_desk_s_own_pages_only(room):
    """No script reads it, and no other site's link brings it along."""
    said = room.visitor().ask(room.addresses[0]).headers["set-cookie"].lower()
    assert said.startswith(f"desk_{room.port}=") and "domain" not in said
    assert "httponly" in said and "samesite=strict" in said and "path=/" in said


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{}", "127.0.0.1", "127.0.0.1:1", "", "[::1]:{}"])
def test_another_name_for_this_machine_is_refused(room, visitor, host):
    """A page whose name was made to point here is told nothing, even in a browser that is in."""
    for path in ("/", "/style.css", "/nothing"):
        answer = visitor.ask(path, headers={"Host": host.format(room.port)})
        assert answer.status == 400 and "by another name" in answer.text
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert visitor.ask("/style.css", headers={"Host": f"localhost:{room.port}"}).status == 200


def test_a_form_of_another_page_decides_nothing(visitor, room):
    """Without our word, with a wrong one, from elsewhere, or not as a form."""
    path, page = first(visitor)
    form = desk.Forms(page).found[path] | {"points": "1"}
    as_json = {"body": json.dumps(form), "headers": {"Content-Type": "application/json"}}
    forged = [
        {"form": {}},
        {"form": {"points": "1"}},
        {"form": form | {"word": "guess"}},
        {"form": form, "headers": {"Origin": "http://evil.example"}},
        {"form": form, "headers": {"Origin": "null"}},
        {"form": form | {"comment": "x" * 70_000}},
        {"method": "POST", **as_json},
        {"method": "PUT", **as_json},
        {"method": "DELETE", "headers": {"Origin": "http://evil.example"}},
    ]
    for request in forged:
        assert visitor.ask(path, **request).status == 403
    assert room.store.latest_decision() == 0
    assert visitor.ask(path, form, headers={"Origin": f"http://127.0.0.1:{room.port}"}).status == 303


def test_every_answer_says_that_nothing_may_run(visitor):
    """What is not there as well."""
    for path in ("/", "/submissions", "/style.css", "/desk.js", "/nothing", "/item/../../etc/passwd"):
        headers = visitor.ask(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff" and headers["cache-control"] == "no-store"


# ---------------------------------------------------------------------------------- what is decided


def test_points_and_a_comment_reach_the_results_and_the_student(room, visitor, results):
    """At once in the store, and in every file when the desk is left."""
    path, page = first(visitor)
    assert "since the graph is freed" in page
    comment = f"Which tensors are freed? {'Read on. ' * 100}The end."
    status, page = visitor.decide(path, points="1.5", comment=comment)
    assert status == 303 and "Saved: 1.5" in page and visitor.path != path
    assert room.store.latest_decision() == 1
    room.leave()
    students = [name for name in CLASS if names(results, name)["second_backward.second_pass"]["override"]]
    assert len(students) == 1
    told = names(results, students[0])["second_backward.second_pass"]
    assert (told["points"], told["override"]["why"], told["status"]) == (1.5, comment, "needs_review")
    assert comment in (results / "report" / "students" / f"{students[0]}.html").read_text()
    rows = (results / "gradebook.csv").read_text().splitlines()
    assert ",1.5," in next(row for row in rows if row.startswith(students[0]))


def test_the_same_answer_is_settled_together_and_undone_together(visitor, room):
    """In the same words only, and only when that was said."""
    path, page = first(visitor)
    more = int(re.search(r"The same for (\d+) more", page)[1])
    assert more == 2  # ada, cy and di; not bo
    _, page = visitor.decide(path, points="2", alike="yes", comment="ok")
    assert "Saved: 2 for 3 submissions" in page
    kept = room.store.decisions_after(0)
    assert {(one.ruling.points, one.batch) for one in kept} == {(2.0, 1)}
    assert {one.ruling.subject[2] for one in kept} == {"second_pass"}
    _, page = visitor.send("/undo", page)
    assert "Undone for 3 submissions" in page and visitor.path.startswith(path)
    assert {one.ruling.points for one in room.store.decisions_after(3)} == {None}


def test_at_the_end_of_an_exercise_one_is_back_at_the_list(visitor):
    """So that a key does not give points for something else."""
    page = visitor.page("/exercise/second_backward/next")
    while visitor.path.startswith("/item/"):
        _, page = visitor.decide(visitor.path, page, points="1", alike="yes")
    assert "Nothing of that exercise awaits you any more" in page and "All is settled" in page
    visitor.page("/exercise/second_backward/next")
    assert visitor.path == "/"


def test_undo_goes_back_step_by_step(visitor):
    """To what was decided before, then to nothing; then there is nothing of one's own to undo."""
    path, _ = first(visitor)
    visitor.decide(path, points="1", comment="first")
    visitor.decide(path, points="2", comment="second")
    _, page = visitor.send("/undo", visitor.page("/"))
    assert "decided by a person: 1 of 4" in page and "first</textarea>" in page
    _, page = visitor.send("/undo", page)
    assert "decided by a person" not in page
    assert "/undo" not in desk.Forms(visitor.page("/")).found


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, "Give points from 0 to 4."),
        ({"points": "5"}, "Give points from 0 to 4, not"),
        ({"points": "-1"}, "not"),
        ({"points": "nan"}, "not"),
        ({"points": "1e999"}, "not"),
        ({"points": "other", "other": "a lot"}, "not"),
        ({"points": "other", "other": ""}, "Give points"),
    ],
)
def test_what_decides_nothing_is_a_sentence_and_keeps_the_comment(visitor, room, fields, says):
    path, _ = first(visitor)
    status, page = visitor.decide(path, comment="typed <b>already</b>", **fields)
    assert status == 422 and says in page
    assert "typed &lt;b&gt;already&lt;/b&gt;</textarea>" in page
    assert room.store.latest_decision() == 0


def test_a_comma_is_a_point(visitor):
    path, _ = first(visitor)
    assert "Saved: 1.25" in visitor.decide(path, points="other", other=" 1,25 ")[1]


def test_a_verdict_of_the_grader_s_is_changed_with_a_reason_only(room, visitor, results):
    """Of a criterion, and of an exercise as a whole, which comes before its criteria; and taken back."""
    people = room.desk.now().queue.people
    ada = next(person for person, report in people.items() if report.submission.student == "ada")
    page = visitor.page(f"/submission/{ada}")
    path = re.search(r'/item/\w+(?=">The exercise as a whole)', page)[0]
    assert visitor.decide(path, points="7")[0] == 422
    _, page = visitor.decide(path, points="7", comment="shown in class")
    assert "decided by a person: 7 of 10" in page
    part = re.search(r"/item/\w+", page.split("The rest of this exercise")[1])[0]
    assert "The whole exercise was set to 7" in visitor.page(part)
    _, page = visitor.decide(path, points="back")
    assert "Taken back" in page and "decided by a person" not in page
    room.leave()
    assert '"why": "shown in class"' not in (results / "results.json").read_text()


def test_names_are_shown_only_when_asked_for(visitor):
    """Neither in words of ours nor in addresses; the switch is this browser's."""
    path, page = first(visitor)
    everything = page + visitor.page("/submissions") + visitor.page("/exercise/second_backward")
    everything += visitor.page(re.search(r"/submission/\w+", page)[0])
    assert not re.findall(r"\b(ada|bo|cy|di|ed)(\.py)?\b", everything)
    assert "script, line" in page
    visitor.send("/switch", page, what="names")
    assert re.search(r"\b(ada|bo|cy|di)\.py, line", visitor.page(path))
    assert "<bdi>ada</bdi>" in visitor.page("/submissions")


def test_what_is_not_there_is_said(visitor):
    for path in ("/item/0123456789abcdef", "/submission/x", "/exercise/nothing", "/nowhere"):
        assert visitor.ask(path).status == 404


def test_an_answer_that_has_changed_since_is_shown_again(room, visitor, results, exercises):
    """Its points count until somebody decides again; other answers stay settled."""
    path, page = first(visitor)
    _, page = visitor.decide(path, page, points="3", alike="yes", comment="well put")
    left = [item.key for item in room.desk.now().left("second_backward")]
    known = room.desk.now().graded
    changed = [with_other_words(report) if report.submission.student == "ada" else report for report in known.reports]
    desk.folder_of(results, changed, exercises)
    now = room.desk.now()
    (again,) = [item for item in now.left("second_backward") if item.key not in left]
    page = visitor.page(f"/item/{again.key}")
    assert "Another answer has been handed in" in page and "decided by a person: 3 of 4" in page
    visitor.decide(f"/item/{again.key}", page, points="1")
    assert again.key not in [item.key for item in room.desk.now().left("second_backward")]


def with_other_words(report):
    def answer(one):
        told = {v.criterion.name: v for v in one.verdicts}
        if other := told.get("second_pass"):
            told["second_pass"] = replace(other, detail=f"{other.detail} Or so.")
        return replace(one, verdicts=tuple(told.values()))

    return replace(report, answers=tuple(map(answer, report.answers)), digest="")


# ---------------------------------------------------------------------------------- two at once


def points(room):
    return [one.ruling.points for one in room.store.decisions_after(0)]


def test_a_decision_on_what_was_decided_meanwhile_is_refused_with_what_the_other_said(room, visitor):
    """Two browsers, one item: nothing is lost, and the second may still decide, knowing."""
    other, (path, page) = room.come_in(), first(visitor)
    assert other.decide(path, points="3", comment="good <enough>")[0] == 303
    status, page = visitor.decide(path, page, points="1", comment="mine")
    assert status == 409 and "gave 3 (“good &lt;enough&gt;”)" in page and "mine</textarea>" in page
    assert points(room) == [3.0]
    assert visitor.decide(path, page, points="1", comment="mine")[0] == 303
    assert points(room) == [3.0, 1.0]


def test_a_batch_does_not_run_over_what_was_decided_meanwhile(room, visitor):
    """What the other one settled of the same answers is left as it is."""
    other, (path, page) = room.come_in(), first(visitor)
    later = re.search(r'id="later" href="(/item/\w+)"', page)[1]  # the same answer
    other.decide(later, points="0")
    assert visitor.decide(path, page, points="4", alike="yes")[0] == 303
    assert points(room) == [0.0, 4.0, 4.0]


def test_a_whole_exercise_that_was_set_meanwhile_is_told(room, visitor):
    """From the command line, say."""
    path, page = first(visitor)
    item = room.desk.now().queue.items[path.removeprefix("/item/")]
    room.store.override(item.subject[0], item.exercise, 9.0, "all of it")
    status, page = visitor.decide(path, page, points="1")
    assert status == 409 and "gave 9 (“all of it”) for the whole exercise" in page


def test_undo_does_not_take_back_what_somebody_else_decided_since(room, visitor):
    other, (path, _) = room.come_in(), first(visitor)
    _, mine = visitor.decide(path, points="1")
    other.decide(path, points="2", comment="theirs")
    status, page = visitor.send("/undo", mine)
    assert status == 409 and "gave 2 (“theirs”)" in page
    assert points(room) == [1.0, 2.0]


def test_two_desks_on_one_folder_see_each_other(results):
    """Two processes: what one keeps, the other shows; and whoever is left last, the results have both."""
    with desk.opened(results) as one_desk, desk.opened(results) as second:
        visitor, other = one_desk.come_in(), second.come_in()
        path, page = first(visitor)
        other.decide(path, points="2", comment="there")
        assert visitor.decide(path, page, points="1")[0] == 409
        page = first(visitor)[1]
        visitor.decide(visitor.path, page, points="4")
        code, said = one_desk.leave()
        assert code == 0 and "are up to date" in said
        assert second.leave()[0] == 0
    document = (results / "results.json").read_text()
    assert '"why": "there"' in document and document.count('"override": {') == 2


# ---------------------------------------------------------------------------------- results


def as_graded_again(results):
    """Every file, without when the grading was made."""
    times = re.compile(rb'"(started|finished)": "[^"]*"|<dd>[\d.]+ s</dd>|<dd>[^<]* UTC</dd>')
    return {
        path.relative_to(results): times.sub(b"", path.read_bytes())
        for path in results.rglob("*")
        if path.suffix in (".json", ".csv", ".html")
    }


def test_killing_it_loses_nothing_and_results_are_those_of_grading_again(tmp_path):
    """The real command from end to end: what the desk writes is what grade.py then writes, byte for byte."""
    (tmp_path / "class").mkdir()
    for name, text in CLASS.items():
        (tmp_path / "class" / f"{name}.py").write_text(text)
    grade = [sys.executable, str(ROOT / "grade.py"), str(tmp_path / "class"), "--output", str(tmp_path / "results")]
    ran = {"capture_output": True, "text": True, "timeout": 300, "check": False}
    assert subprocess.run([*grade, "--seed", str(SEED), "--quiet"], **ran).returncode == 0
    before = as_graded_again(tmp_path / "results")
    with desk.opened(tmp_path / "results") as killed:
        visitor = killed.come_in()
        path, _ = first(visitor)
        visitor.decide(path, points="2", alike="yes", comment="well put")
        killed.process.kill()
    with desk.opened(tmp_path / "results") as again:
        assert again.leave()[0] == 0
    after = as_graded_again(tmp_path / "results")
    assert before.keys() == after.keys()
    changed = {str(path) for path in after if after[path] != before[path]}
    pages = {f"report/students/{name}.html" for name in ("ada", "cy", "di")}
    assert changed == {"results.json", "gradebook.csv", "report/index.html", *pages}
    assert subprocess.run([*grade, "--quiet"], **ran).returncode == 0
    assert as_graded_again(tmp_path / "results") == after


def test_results_are_written_while_the_desk_is_open(room, visitor, results, monkeypatch):
    """A moment after the last decision, without anybody leaving."""
    monkeypatch.setattr("autograder.desk.results.QUIET_SECONDS", 0.2)
    room.results.start()
    path, _ = first(visitor)
    visitor.decide(path, points="2", comment="well put")
    deadline = time.monotonic() + 60
    while "well put" not in (results / "results.json").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    room.results.finish()


def test_a_grading_made_meanwhile_is_not_written_over(results, exercises):
    """The desk goes on with the new one."""
    with closing(Store(results)) as store:
        open_desk = Desk(store, exercises)
        known = open_desk.now().graded
        newer = desk.folder_of(results, known.reports[:2], exercises)
        item = next(iter(open_desk.now().queue.items.values()))
        store.override(item.subject[0], item.exercise, 1.0, "kept")
        bring_up_to_date(open_desk, newer)
    document = json.loads((results / "results.json").read_text())
    assert len(document["reports"]) == 2
    assert any(e["override"] for report in document["reports"] for e in report["exercises"])


def test_results_that_cannot_be_written_are_told_and_nothing_is_lost(results):
    """On the pages, in the terminal, by the exit code; and the next desk makes up for it."""
    (results / "results.json").rename(results / "elsewhere.json")
    (results / "results.json").mkdir()
    with desk.opened(results) as opened:
        visitor = opened.come_in()
        visitor.decide(first(visitor)[0], points="2", comment="well put")
        code, said = opened.leave()
    assert code == 1 and "could not be written" in said and "Traceback" not in said
    (results / "results.json").rmdir()
    with desk.opened(results) as opened:
        assert opened.leave()[0] == 0
    assert "well put" in (results / "results.json").read_text()


def test_pictures_of_what_was_seen_stand_beside_an_answer(grader, exercises, tmp_path):
    reports = list(grader.grade(intake.find([ROOT / "submissions" / "sample"])[0][:3]))
    drawn = {(one.submission.origin, name) for one in reports for name in one.exhibits}
    with desk.Room(desk.folder_of(tmp_path / "results", reports, exercises), exercises) as room:
        visitor, items = room.come_in(), room.desk.now().queue.items.values()
        pages = [visitor.page(f"/item/{one.key}") for one in items if one.verdict and one.subject[:2] in drawn]
    assert any('<svg class="picture"' in page for page in pages)
    assert all("<form" in page for page in pages)


def test_a_grading_with_other_exercises_is_told_at_a_desk_that_is_open(room, visitor, results, exercises):
    """It shows nothing wrong and writes nothing wrong; opened again, it goes on."""
    before = (results / "results.json").read_bytes()
    criteria = tuple(replace(one, points=2 * one.points) for one in exercises["jacobian"].criteria)
    doubled = {**exercises, "jacobian": replace(exercises["jacobian"], criteria=criteria)}
    graded = replace(room.desk.now().graded, plan=plan.again("", "", doubled))
    grading.keep(room.store, graded, pages=True, decisions=0)
    answer = visitor.ask("/")
    assert answer.status == 503 and "Open the desk again: the exercise jacobian has changed" in answer.text
    room.results.start()
    room.results.finish()
    assert "jacobian has changed" in room.results.trouble
    assert (results / "results.json").read_bytes() == before
    assert Desk(room.store, doubled).now().queue.items


# ---------------------------------------------------------------------------------- the command


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nowhere"], "nowhere holds no grades"),
        (["--port", "99999"], "expected a port from 0 to 65535"),
        (["--port", "x"], "expected a port"),
        ([], "results holds no grades"),
    ],
)
def test_mistakes_are_one_sentence(words, says, tmp_path):
    done = review(*words, cwd=tmp_path)
    assert done.returncode == 2 and says in done.stderr and "Traceback" not in done.stderr


def review(*words, cwd):
    command = [sys.executable, str(ROOT / "grade.py"), "review", *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


def test_a_port_that_is_taken_is_one_sentence(results):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        done = review(str(results), "--port", str(taken.getsockname()[1]), cwd=results)
    assert done.returncode == 2 and "in use" in done.stderr and "Traceback" not in done.stderr


def test_a_folder_of_an_earlier_release_and_exercises_that_changed_are_sentences(results, tmp_path):
    with closing(Store(results)) as store:
        store.set("latest_grading", store.get("latest_grading").replace('"jacobian": "', '"jacobian": "0'))
    assert "the exercise jacobian has changed since" in review(str(results), cwd=tmp_path).stderr
    (tmp_path / "old").mkdir()
    Store(tmp_path / "old").close()
    assert "grade again" in review(str(tmp_path / "old"), cwd=tmp_path).stderr


def test_a_missing_package_is_one_sentence(results):
    """With the words that install it."""
    code = "import sys; sys.modules['uvicorn'] = None; from autograder import cli; sys.exit(cli.main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "review", str(results)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr == "grade.py: the review desk needs the package uvicorn: pip install -e '.[review]'\n"


@pytest.mark.parametrize(
    ("most", "shown"),
    [
        (2, [0, 0.5, 1, 1.5, 2]),
        (4, [0, 1, 2, 3, 4]),
        (2.5, [0, 1, 2, 2.5]),
        (100, [*range(0, 101, 10)]),
        (0.5, [0, 0.5]),
    ],
)
def test_points_to_click_on(most, shown):
    assert one.choices(most) == shown
