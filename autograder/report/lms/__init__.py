"""Grades as other systems take them. A new format is one function and one line here."""

from collections.abc import Mapping
from types import MappingProxyType

from autograder.report.lms import (
    canvas,
    classroom50,
    columns,
    github,
    gradescope,
    lines,
    moodle,
    moodle_gradebook,
    nbgrader,
    prairielearn,
    suites,
)
from autograder.report.lms.export import Export, Format, Options, of_one

_SHEET = "fills in the sheet given by --template"
_FORMATS = (
    Format("gradescope", "results.json of Gradescope and Codio", of_one(gradescope.render), alone=True),
    Format("prairielearn", "results.json of PrairieLearn's external grader", of_one(prairielearn.render), alone=True),
    Format("github-classroom", "the result of a step, in base64", of_one(github.render), alone=True),
    Format("classroom50", "result.json of Classroom 50's runner", classroom50.export, alone=True),
    Format(
        "autolab", "feedback, and a last line of JSON with a problem an exercise", of_one(lines.autolab), alone=True
    ),
    Format("coursera", "feedback.json of Coursera", of_one(lines.coursera), alone=True),
    Format("submitty", "validation_results.json of a custom validator", of_one(lines.submitty), alone=True),
    Format("junit", "JUnit XML: a suite a submission, a test a criterion", suites.junit),
    Format("ctrf", "the same as CTRF, a JSON report of tests", suites.ctrf),
    Format("moodle", f"Moodle's offline grading worksheet; {_SHEET}", moodle.worksheet, template=True),
    Format("moodle-feedback", "a zip of feedback files, a page a student, for Moodle", moodle.feedback_zip),
    Format("moodle-gradebook", "a CSV for Moodle's gradebook import, a row a student", moodle_gradebook.export),
    Format("canvas", f"Canvas's gradebook, one assignment; {_SHEET}", canvas.gradebook, template=True),
    Format("canvas-feedback", "a zip of pages under names that Canvas takes back", canvas.feedback_zip),
    Format("blackboard", f"a column of Blackboard's grade centre; {_SHEET}", columns.blackboard, template=True),
    Format("brightspace", f"a grade item of Brightspace; {_SHEET}", columns.brightspace, template=True),
    Format("nbgrader", "the CSV of `nbgrader export`", nbgrader.export),
)
EXPORTS: Mapping[str, Format] = MappingProxyType({format.name: format for format in _FORMATS})

__all__ = ["EXPORTS", "Export", "Format", "Options"]
