"""Classes as Moodle and Canvas pack them, with the truth beside: who has how many points.

Names are made by the rules of their code.
"""

import csv
import io
import re
import zipfile
from dataclasses import dataclass, field

from autograder.model import Answer, Criterion, Exercise, Outcome, Report, Status, Verdict

MOST = 10
FIRST = ("Ann", "Zoë", "李", "שרה", "محمد", "Ødegård", "Jean-Luc", "D'Arcy", "Nguyễn", "van_der", "Björk", "Ólafur")
LAST = ("Lee", "O'Brien-Smith", "小龙", "לוי", "علي", "Berg", "Müller", "Šimić", "y Gasset", "X Æ A-12")
MOODLE_HEADER = (
    'Identifier,"Full name","Email address",Status,Grade,"Maximum grade","Grade can be changed",'
    '"Last modified (submission)","Last modified (grade)","Feedback comments"'
)


@dataclass
class Student:
    number: int
    name: str
    points: float | None  # None: handed in nothing
    late: bool = False
    files: list[str] = field(default_factory=list)


def people(draw_points, names):
    return [
        Student(7 + 3 * i, name, points, late=i % 7 == 0, files=["hw1.py", "hw1 (1).py"][: 1 + (i % 5 == 0)])
        for i, (name, points) in enumerate(zip(names, draw_points, strict=True))
    ]


def packed(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


# -- Moodle


def moodle_name(name):
    """As its downloader cleans a name."""
    return re.sub(r"[\\/:*?\"<>|&'`]", "", name.replace("_", " "))


def moodle_zip(class_of, folders=True):
    between = "/" if folders else "_"
    return packed(
        {
            f"{moodle_name(s.name)}_{s.number}_assignsubmission_file{between}{file}": f"points = {s.points}\n"
            for s in class_of
            if s.points is not None
            for file in s.files
        }
    )


def moodle_sheet(class_of, most=MOST):
    rows = [
        f'"Participant {s.number}","{s.name}",s{s.number}@u.example,"Submitted for grading -  - ",,{most}.00,Yes,'
        f'"Saturday, 21 November 2026, 2:13 AM",-,'
        for s in class_of
    ]
    return ("\ufeff" + "\n".join((MOODLE_HEADER, *rows)) + "\n").encode()


# -- Canvas


def canvas_name(name):
    """lower-cased "Last, First" without what is no word character."""
    return re.sub(r"\W", "", sortable(name).lower())


def sortable(name):
    first, _, last = name.partition(" ")
    return f"{last}, {first}" if last else first


def canvas_zip(class_of):
    return packed(
        {
            f"{canvas_name(s.name)}_{'LATE_' * s.late}{s.number}_{1000 + 10 * s.number + i}_{file}": (
                f"points = {s.points}\n"
            )
            for s in class_of
            if s.points is not None
            for i, file in enumerate(s.files)
        }
    )


def canvas_sheet(class_of, most=MOST):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Other (1)", "HW1 backward pass (4711)"]
    writer.writerow([*header, "Current Score"])
    writer.writerow(["    Points Possible", "", "", "", "", 5, most, "(read only)"])
    for s in class_of:
        writer.writerow([sortable(s.name), s.number, f"S{s.number:04}", f"login{s.number}", "AG101", 3, "", 50])
    return out.getvalue().encode()


# -- grades without a sandbox


def graded(submission):
    """A report with the points that stand in the student's own file."""
    texts = [unit.text for file in submission.files for unit in file.units]
    (points,) = {float(text.partition("=")[2]) for text in texts}
    got, lost = Criterion("got", "What was had", points), Criterion("lost", "What was not", MOST - points)
    verdicts = (Verdict(got, Status.PASSED), Verdict(lost, Status.FAILED, "values", f"Look again, {submission.path}."))
    answer = Answer(Exercise("hw1", "Homework", (got, lost)), True, verdicts)
    return Report(submission, Outcome.FINISHED, (answer,))


def rows_of(content):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
