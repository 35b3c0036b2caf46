"""Intake: files, folders and archives in, submissions as text out.

What a student handed in is read once, as bytes, and becomes text; nothing of it is run, followed or changed.
Whatever is found is accounted for: in a submission, or among the skipped with the reason.
"""

from autograder.intake.given import IntakeError
from autograder.intake.names import clean_name
from autograder.intake.submissions import Intake, Recognised, find, look, whole

__all__ = ["Intake", "IntakeError", "Recognised", "clean_name", "find", "look", "whole"]
