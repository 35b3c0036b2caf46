"""The pages in a real browser, from file://: what can be clicked works, nothing of a student's runs, axe is content."""

import importlib.resources
import textwrap
from dataclasses import replace

import pytest

from autograder import intake
from autograder.languages import translations
from autograder.model import Outcome, Report, SourceFile, Submission, Unit
from autograder.report import files, pages
from tests import browser
from tests.conftest import ROOT
from tests.test_pages import hostile
from tests.test_report import RUN, answer, failed

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "there is a browser"),
]
NAME = "<img src=x onerror=alert(1)>"
FILE = "'><svg onload=alert(2)>.py"
SCRIPTS = """
    import torch
    import matplotlib.pyplot as plt
    x = torch.linspace(0, 6, 50, requires_grad=True)
    y = torch.sin(x)
    y.sum().backward()
    print("</pre></code><script>alert(3)</script>")
    # </script><script>alert(4)</script> because the graph is freed when backward runs a second time
    plt.plot(x.detach(), y.detach(), label="</title><script>alert(5)</script>")
    plt.plot(x.detach(), x.grad, label='" onmouseover="alert(6)')
    raise ValueError("<script>alert(7)</script>")
"""
WANTED = ("amara", "cai", "hye_jin", "xiomara", "nils_mx", "李雨桐")


@pytest.fixture(scope="module")
def driver():
    with browser.browser() as driver:
        yield driver


@pytest.fixture(scope="module")
def report(grader, tmp_path_factory):
    """The folder of a report on some of the sample class, and on a student who hands in script tags."""
    handed_in = tmp_path_factory.mktemp("class")
    (handed_in / NAME).mkdir()
    (handed_in / NAME / FILE).write_text(textwrap.dedent(SCRIPTS), encoding="utf-8")
    submissions = [*intake.find([handed_in])[0], *intake.find([ROOT / "submissions" / "sample"])[0]]
    reports = list(grader.grade([s for s in submissions if s.student in (*WANTED, NAME)]))
    folder = tmp_path_factory.mktemp("report")
    files.write_pages(folder, pages.render(RUN, [*reports, hostile()], ()))
    return folder


def all_pages(report):
    return [report / "index.html", *sorted((report / "students").glob("*.html"))]


def names(driver):
    """The students whose rows are seen, from top to bottom."""
    rows = driver.find_elements("css selector", "#table tbody tr")
    return [row.find_element("tag name", "th").text for row in rows if row.is_displayed()]


def choose(driver, value):
    driver.find_element("css selector", f"#show option[value='{value}']").click()


def test_the_table_sorts_by_keyboard_and_says_so(driver, report):
    """Points from the highest, then from the lowest; names as people sort them."""
    browser.show(driver, report / "index.html")
    headers = driver.find_elements("css selector", "#table thead th")
    total = next(header for header in headers if header.text == "total")
    key = "return [...document.querySelectorAll('#table td.total')].map(cell => Number(cell.dataset.value))"
    for order, direction in ((-1, "descending"), (1, "ascending")):
        total.find_element("tag name", "button").send_keys("\ue007")  # Enter
        assert total.get_attribute("aria-sort") == direction
        assert (found := driver.execute_script(key)) == sorted(found, key=lambda points: order * points)
    headers[0].find_element("tag name", "button").click()
    assert total.get_attribute("aria-sort") is None and headers[0].get_attribute("aria-sort") == "ascending"
    assert names(driver).index("amara") < names(driver).index("cai") < names(driver).index("李雨桐")


def test_the_table_filters(driver, report):
    """By what is typed and by state, and tells how many are left."""
    browser.show(driver, report / "index.html")
    driver.find_element("id", "find").send_keys("HYE")
    assert names(driver) == ["hye_jin"]
    assert driver.find_element("id", "shown").text == "1 of 8"
    driver.find_element("id", "find").clear()
    choose(driver, "ended")
    assert "nils_mx" in names(driver) and "amara" not in names(driver)


def test_a_mistake_opens_to_who_made_it_and_leads_there(driver, report):
    """From the count to the student to the criterion."""
    browser.show(driver, report / "index.html")
    mistake = next(d for d in driver.find_elements("tag name", "details") if "exchanged" in d.text)
    link = mistake.find_element("css selector", "a")
    assert not link.is_displayed()
    mistake.find_element("tag name", "summary").click()
    assert link.is_displayed() and link.text == "hye_jin"
    link.click()
    assert driver.title == "hye_jin: feedback" and driver.current_url.endswith("#jacobian")


def test_nothing_of_a_student_s_runs(driver, report):
    """No dialog, no element of theirs, nothing in the console; what they wrote is there to be read."""
    seen = ""
    for page in all_pages(report):
        browser.show(driver, page)
        theirs = "return document.querySelectorAll('img, [onload], [onerror], [onmouseover], main script').length"
        assert driver.execute_script(theirs) == 0
        assert driver.get_log("browser") == []
        seen += driver.execute_script("return document.body.textContent")
    for words in (NAME, FILE, "<script>alert(3)</script>", "<script>alert(5)</script>", "<script>alert(7)</script>"):
        assert words in seen


def test_a_script_that_got_in_would_not_run(driver, report):
    """The policy is the second wall: an inline script and a handler are refused."""
    browser.show(driver, report / "index.html")
    driver.execute_script("""
        const script = document.createElement("script");
        script.textContent = "document.title = 'taken'";
        document.body.append(script);
        document.body.insertAdjacentHTML("beforeend", "<img src=x onerror=\\"document.title = 'taken'\\">");
    """)
    assert driver.title == "Class report"
    assert any("Content Security Policy" in entry["message"] for entry in driver.get_log("browser"))


def test_no_network_is_needed(driver, report):
    """Nothing is asked for, and offline it is the same page."""
    driver.execute_cdp_cmd("Network.enable", {})
    offline = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
    driver.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
    for page in all_pages(report)[:3]:
        browser.show(driver, page)
        assert driver.execute_script("return performance.getEntriesByType('resource').length") == 0
        assert driver.find_element("tag name", "h1").is_displayed() and driver.get_log("browser") == []
    driver.execute_cdp_cmd("Network.disable", {})


@pytest.mark.parametrize("width", [360, 1100])
def test_nothing_sticks_out(driver, report, width):
    """On a phone only tables and code scroll sideways, and each by itself."""
    for page in all_pages(report):
        browser.show(driver, page, width=width)
        assert driver.execute_script("return document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious(driver, report, dark):
    """Contrast, names, landmarks, headings, tables."""
    axe = (importlib.resources.files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8")
    for page in (report / "index.html", *(report / "students" / f"{name}.html" for name in ("cai", "xiomara"))):
        browser.show(driver, page, dark=dark)
        driver.execute_script("document.querySelectorAll('details').forEach(details => details.open = true)")
        driver.execute_script(axe)
        found = driver.execute_async_script("axe.run().then(arguments[arguments.length - 1])")
        told = [(v["id"], v["impact"], [node["html"][:200] for node in v["nodes"][:3]]) for v in found["violations"]]
        assert not told


def test_the_judged_line_is_seen_at_once(driver, tmp_path):
    """Far down in a cell that scrolls by itself: without a script, without moving the page, and on paper."""
    unit = Unit("ada.ipynb", "code", "cell 3", "".join(f"line_{n} = 0\n" for n in range(1, 59)))
    submission = Submission("ada", "ada.ipynb", (SourceFile("ada.ipynb", "00", (unit,)),))
    told = answer(failed(where="ada.ipynb, cell 3", line=50))
    files.write_pages(tmp_path, pages.render(RUN, [Report(submission, Outcome.FINISHED, (told,))], ()))
    browser.show(driver, tmp_path / pages.STUDENTS / "ada.html")
    box, line = (driver.find_element("css selector", name).rect for name in ("pre", ".marked"))
    assert box["y"] < line["y"] and line["y"] + line["height"] < box["y"] + box["height"]
    assert driver.execute_script("return window.scrollY") == 0
    driver.find_element("css selector", ".where a").click()
    assert driver.current_url.endswith("#sin_derivative-1-l50")
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    number = driver.find_element("css selector", ".marked .ln")
    assert number.is_displayed() and number.text.split() == ["→", "50"]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_a_page_in_chinese(driver, grader, exercises, tmp_path):
    """The browser is told the language, so that it chooses the right signs, and axe is content with it."""
    (submission,), _ = intake.find([ROOT / "submissions" / "sample" / "hye_jin.ipynb"])
    (report,) = grader.grade([submission])
    chinese = translations.load("zh", exercises.values())
    files.write_pages(tmp_path, pages.render(RUN, [replace(report, language=chinese)], []))
    browser.show(driver, tmp_path / pages.STUDENTS / "hye_jin.html")
    assert driver.find_elements("css selector", "html:lang(zh)")
    assert "尚未通过" in driver.find_element("css selector", "main").text
    axe = (importlib.resources.files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8")
    driver.execute_script(axe)
    found = driver.execute_async_script("axe.run().then(arguments[arguments.length - 1])")
    assert [one["id"] for one in found["violations"] if one["impact"] in ("serious", "critical")] == []
