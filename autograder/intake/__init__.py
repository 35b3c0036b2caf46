"""Intake: files and folders in, submissions as text out.

What a student handed in is read once, as bytes, and becomes text; nothing of it is run, followed or changed.
Whatever is found is accounted for: in a submission, or among the skipped with the reason.
"""

from autograder.intake.folders import IntakeError, find
from autograder.intake.names import clean_name

__all__ = ["IntakeError", "clean_name", "find"]
