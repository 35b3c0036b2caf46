"""Reports of tests: JUnit XML and CTRF, a suite a submission and a test a criterion.

Neither knows partial credit, so the points are properties; what awaits review is skipped, and never failed.
"""

import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from autograder.model import Answer, Report, Run, Status, Verdict
from autograder.phrase import Language
from autograder.report import feedback, marks, wording
from autograder.report.lms.export import Export, Options, held, waiting, who
from autograder.report.lms.gradescope import dumped, seconds

_STATUS = {
    Status.PASSED: "passed",
    Status.NEEDS_REVIEW: "pending",
    Status.GRADER_ERROR: "other",
    Status.NOT_ATTEMPTED: "skipped",
}


def junit(run: Run, reports: Sequence[Report], options: Options) -> Export:
    out, back = held(reports, options)
    root = ET.Element("testsuites", name="autograd-grader", time=str(seconds(run)))
    for report in out:
        root.append(_suite(report))
    ET.indent(root)
    content = b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="utf-8") + b"\n"
    return Export(content, len(out), 0, tuple(back), tuple(waiting(out)))


def _suite(report: Report) -> ET.Element:
    cases = list(_cases(report))
    kinds = Counter(child.tag for case in cases for child in case if child.tag != "properties")
    counts = {"failures": kinds["failure"], "errors": kinds["error"], "skipped": kinds["skipped"]}
    suite = ET.Element("testsuite", name=_xml(who(report)), tests=str(len(cases)))
    suite.attrib.update({name: str(count) for name, count in counts.items()})
    points = {"score": marks.number(report), "max_score": report.max_score, "awaiting_review": report.awaiting_review}
    if report.late:
        points |= {"late_deduction": report.late.deduction}
    suite.append(_properties({name: "" if value is None else wording.points(value) for name, value in points.items()}))
    suite.extend(cases)
    return suite


def _cases(report: Report) -> Iterator[ET.Element]:
    if marks.number(report) is None:
        case = ET.Element("testcase", classname="submission", name="graded")
        ET.SubElement(case, "error", message=_xml(wording.one_line(marks.sentence(report))))
        yield case
        return
    for answer in report.answers:
        yield from (_case(answer, verdict, report.language) for verdict in answer.verdicts)


def _case(answer: Answer, verdict: Verdict, say: Language) -> ET.Element:
    title = _xml(feedback.title(verdict, say))
    case = ET.Element("testcase", classname=_xml(answer.exercise.name), name=title)
    points = {"points": wording.points(verdict.points), "max_points": wording.points(verdict.criterion.points)}
    case.append(_properties(points))
    kind = {Status.NEEDS_REVIEW: "skipped", Status.GRADER_ERROR: "error", Status.NOT_ATTEMPTED: "skipped"}
    if verdict.effective is not Status.PASSED:
        ET.SubElement(case, kind.get(verdict.effective, "failure"), message=_xml(feedback.verdict(verdict, say)))
    return case


def _properties(values: dict[str, str]) -> ET.Element:
    properties = ET.Element("properties")
    for name, value in values.items():
        ET.SubElement(properties, "property", name=name, value=value)
    return properties


def _xml(text: str) -> str:
    """Characters that XML cannot hold, not even escaped, are replaced."""
    return "".join(c if c >= " " and c not in "\ufffe\uffff" else "\ufffd" for c in wording.clean(text))


def ctrf(run: Run, reports: Sequence[Report], options: Options) -> Export:
    out, back = held(reports, options)
    tests = [test for report in out for test in _tests(report)]
    counts = Counter(str(test["status"]) for test in tests)
    kinds = ("passed", "failed", "pending", "skipped", "other")
    started, finished = (int(datetime.fromisoformat(t).timestamp() * 1000) for t in (run.started, run.finished))
    summary = {"tests": len(tests), **{k: counts[k] for k in kinds}, "start": started, "stop": finished}
    tool = {"name": "autograd-grader", "version": run.version}
    results = {"tool": tool, "summary": summary, "tests": tests}
    content = dumped({"reportFormat": "CTRF", "specVersion": "0.0.0", "results": results})
    return Export(content, len(out), 0, tuple(back), tuple(waiting(out)))


def _tests(report: Report) -> Iterator[dict[str, object]]:
    if marks.number(report) is None:
        yield {"name": f"{who(report)}: graded", "status": "other", "duration": 0, "message": marks.sentence(report)}
        return
    for answer in report.answers:
        yield from (_test(report, answer, verdict) for verdict in answer.verdicts)


def _test(report: Report, answer: Answer, verdict: Verdict) -> dict[str, object]:
    points = {"points": round(verdict.points, 9), "max_points": round(verdict.criterion.points, 9)}
    test = {
        "name": f"{answer.exercise.name}: {feedback.title(verdict, report.language)}",
        "status": _STATUS.get(verdict.effective, "failed"),
        "duration": 0,
        "suite": [who(report)],
        "extra": points,
    }
    return test | ({"message": said} if (said := feedback.verdict(verdict, report.language)) else {})
