"""The review desk in a real browser: by keyboard, by two at once, with hostile words; axe is content."""

import importlib.resources
import json
import shutil

import pytest

from autograder import intake
from tests import browser, desk
from tests.test_browser import NAME, SCRIPTS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "there is a browser"),
]
ANSWER = "# backward a second time raises, since the graph is freed after the first{}\n1\n"
ENDS = ["", "", "", *(f" (answer {n})" for n in range(8))]
OUTPUT = "<script>document.title = 'taken'</script>"
DOWN, ESCAPE = "\ue015", "\ue00c"


@pytest.fixture(scope="module")
def graded(grader, exercises, tmp_path_factory):
    """Eleven answers in words, three of them the same, and one notebook that is all script tags."""
    folder = tmp_path_factory.mktemp("desk")
    for number, end in enumerate(ENDS):
        (folder / "class" / f"student{number}").mkdir(parents=True)
        (folder / "class" / f"student{number}" / "hw.py").write_text(ANSWER.format(end))
    (folder / "class" / NAME).mkdir()
    (folder / "class" / NAME / "hw.ipynb").write_text(json.dumps(hostile()))
    return desk.folder_of(folder / "graded", list(grader.grade(intake.find([folder / "class"])[0])), exercises)


def hostile():
    """Code, words and a saved output that would run wherever they were not escaped."""
    words = f"The graph is freed when backward runs a second time.</blockquote>{OUTPUT}<img src=x onerror=alert(1)>"
    saved = [{"output_type": "stream", "name": "stdout", "text": [f"</samp>{OUTPUT}"]}]
    code = {"cell_type": "code", "source": SCRIPTS.replace("\n    ", "\n"), "outputs": saved, "execution_count": 1}
    cells = [code | {"metadata": {}}, {"cell_type": "markdown", "source": words, "metadata": {}}]
    return {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}


@pytest.fixture
def room(graded, tmp_path, exercises):
    with desk.Room(shutil.copytree(graded, tmp_path / "results"), exercises) as room:
        yield room


@pytest.fixture(scope="module")
def chromium():
    with browser.browser() as driver:
        yield driver


class Page:
    """A browser at the desk."""

    def __init__(self, driver, room):
        self.driver = driver
        self.base = f"http://127.0.0.1:{room.port}"
        driver.get(room.addresses[-1])
        self.until(lambda: self.path == "/")

    @property
    def path(self):
        return self.driver.execute_script("return location.pathname")

    @property
    def text(self):
        return self.driver.find_element("tag name", "body").text

    def open(self, path, **size):
        browser.visit(self.driver, self.base + path, **size)

    def press(self, key):
        """A key that decides or leads on: the next page is there afterwards."""
        old = self.driver.find_element("tag name", "html")
        self.type(key)
        self.until(lambda: old != self.driver.find_element("tag name", "html"))

    def type(self, keys):
        self.driver.switch_to.active_element.send_keys(keys)

    def until(self, true):
        from selenium.common.exceptions import WebDriverException
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.driver, 20, 0.02, [WebDriverException]).until(lambda _: true())


@pytest.fixture
def page(chromium, room):
    return Page(chromium, room)


def kept(room):
    return [(one.ruling.points, one.ruling.why) for one in room.store.decisions_after(0)]


def test_ten_answers_by_keyboard(page, room):
    """Points, a comment, a step back, the same answer elsewhere, undo; and no mouse."""
    page.open("/exercise/second_backward/next")
    for _ in range(6):
        page.press("4")
    assert [points for points, _ in kept(room)] == [4.0] * 6 and "Saved: 4." in page.text
    page.type("c")
    page.type("Which tensors are freed? 3 of them")
    page.type(ESCAPE)
    page.press("2")
    assert kept(room)[-1] == (2.0, "Which tensors are freed? 3 of them")
    page.press("u")
    assert "Undone" in page.text and kept(room)[-1] == (None, "")
    for key in ("f", "0", "1", "3"):
        page.press(key)
    assert [points for points, _ in kept(room)[-4:]] == [4.0, 0.0, 1.0, 3.0]
    was = page.path
    page.press("j")
    assert page.path != was
    page.press("k")
    assert page.path == was


def test_the_same_answer_is_settled_together(page, room):
    """Said with a key, undone with a key."""
    page.open("/exercise/second_backward/next")
    assert "The same for 2 more" in page.text
    page.type("s")
    page.press("3")
    assert [points for points, _ in kept(room)] == [3.0] * 3 and "Saved: 3 for 3 submissions" in page.text
    page.press("u")
    assert [points for points, _ in kept(room)[3:]] == [None] * 3


def test_keys_that_are_typed_or_switched_off_decide_nothing(page, room):
    """In a field they are text; Enter there gives no points; with a switch they do nothing anywhere."""
    page.open("/exercise/second_backward/next")
    page.driver.find_element("name", "other").send_keys("3\n")
    page.type(ESCAPE)
    next(b for b in page.driver.find_elements("tag name", "button") if b.text == "Keys off").click()
    page.until(lambda: "Keys on" in page.text)
    page.type("4fu")
    assert kept(room) == []


def test_two_browsers_do_not_lose_a_decision(page, room):
    """The second is told what the first one said, keeps what it typed, and may then decide."""
    with browser.browser() as driver:
        other = Page(driver, room)
        for one in (page, other):
            one.open("/exercise/second_backward/next")
        assert page.path == other.path
        page.press("4")
        other.type("c")
        other.type("mine")
        other.type(ESCAPE)
        other.press("1")
        assert "somebody else gave 4" in other.driver.find_element("css selector", "[role=alert]").text
        assert kept(room) == [(4.0, "")]
        assert other.driver.find_element("id", "comment").get_property("value") == "mine"
        other.press("1")
        assert kept(room) == [(4.0, ""), (1.0, "mine")]


def addresses(page):
    """One page of each kind, among them that of the hostile answer."""
    page.open("/submissions")
    people = [a.get_attribute("href") for a in page.driver.find_elements("css selector", ".contents a")]
    return [
        "/",
        "/exercise/second_backward",
        "/exercise/second_backward/next",
        "/submissions",
        people[0][len(page.base) :],
    ]


def the_hostile_one(room):
    """Its submission, and everything of it that awaits a person."""
    items = [item for item in room.desk.now().queue.items.values() if item.report.submission.student == NAME]
    return [
        f"/submission/{items[0].person}",
        *(f"/item/{item.key}" for item in items if item.waits or not item.criterion),
    ]


def test_nothing_of_a_student_s_runs(page, room):
    """With names shown: no element of theirs, nothing in the console; their words are there to be read."""
    next(b for b in page.driver.find_elements("tag name", "button") if b.text == "Show names").click()
    page.until(lambda: "Hide names" in page.text)
    page.driver.get_log("browser")
    seen = ""
    for path in (*the_hostile_one(room), "/submissions", "/exercise/second_backward"):
        page.open(path)
        theirs = "return document.querySelectorAll('img, [onload], [onerror], [onmouseover], main script').length"
        assert page.driver.execute_script(theirs) == 0
        assert "review" in page.driver.title and page.driver.get_log("browser") == []
        seen += page.driver.execute_script("return document.body.textContent")
    for words in (
        NAME,
        OUTPUT,
        f"</samp>{OUTPUT}",
        "<script>alert(3)</script>",
        "Saved in the notebook by the student",
    ):
        assert words in seen


def test_a_script_that_got_in_would_not_run(page):
    """The policy is the second wall."""
    page.driver.execute_script("""
        const script = document.createElement("script");
        script.textContent = "document.title = 'taken'";
        document.body.append(script);
        document.body.insertAdjacentHTML("beforeend", "<img src=x onerror=\\"document.title = 'taken'\\">");
    """)
    assert page.driver.title == "Review desk"
    assert any("Content Security Policy" in entry["message"] for entry in page.driver.get_log("browser"))


def test_no_network_is_needed(page):
    """Whatever a page asks for is asked of the desk."""
    for path in addresses(page):
        page.open(path)
        asked = page.driver.execute_script("return performance.getEntriesByType('resource').map(entry => entry.name)")
        assert sorted(asked) == [f"{page.base}/desk.js", f"{page.base}/style.css"]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious(page, room, dark):
    """Contrast, names, landmarks, headings, labels; on a phone nothing sticks out."""
    axe = (importlib.resources.files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8")
    for path in (*addresses(page), *the_hostile_one(room)[:2]):
        page.open(path, width=390 if dark else 1100, dark=dark)
        assert page.driver.execute_script("return document.documentElement.scrollWidth") <= (390 if dark else 1100)
        page.driver.execute_cdp_cmd("Page.setBypassCSP", {"enabled": True})
        page.driver.execute_script(axe)
        found = page.driver.execute_async_script("axe.run().then(arguments[arguments.length - 1])")
        told = [(v["id"], v["impact"], [node["html"][:200] for node in v["nodes"][:3]]) for v in found["violations"]]
        assert not told, path
