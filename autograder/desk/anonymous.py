"""Whose answer it is, unless names are shown: nobody's. What students wrote themselves is left as it is."""

from dataclasses import replace

from autograder.exhibits import Exhibit, Timeline
from autograder.intake.source import NOTEBOOK
from autograder.model import Submission
from autograder.report.pages.cells import Cell


def text(said: str, submission: Submission) -> str:
    """Words of ours without the student's name and the names of the files."""
    for number, file in enumerate(submission.files, 1):
        said = said.replace(file.name, _called(number, submission))
    for name in (submission.origin, submission.path, submission.student):
        said = said.replace(name, "this submission") if len(name) > 1 else said
    return said


def place(where: str, submission: Submission) -> str:
    """ "ada.ipynb, cell 5" without the name."""
    for number, file in enumerate(submission.files, 1):
        if where == file.name or where.startswith(f"{file.name}, "):
            return _called(number, submission) + where.removeprefix(file.name)
    return where


def cell(one: Cell, submission: Submission) -> Cell:
    return replace(one, where=place(one.where, submission))


def exhibit(one: Exhibit, submission: Submission) -> Exhibit:
    """Only a timeline says where something was."""
    if not isinstance(one, Timeline):
        return one
    return replace(one, steps=tuple(replace(step, where=place(step.where, submission)) for step in one.steps))


def _called(number: int, submission: Submission) -> str:
    if len(submission.files) > 1:
        return f"file {number}"
    return "notebook" if submission.files[0].name.lower().endswith(NOTEBOOK) else "script"
