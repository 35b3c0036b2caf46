"""A question an exercise for PrairieLearn, with our code in serverFilesCourse, and the recipe of an image to grade in.

The image holds what has to be installed, and neither code nor answers of ours: images are mostly public, courses are
not. A question's own exercise lies in its tests/, where its points and texts can be changed for this course.
"""

import html
import json
import uuid
from collections.abc import Sequence

from autograder.bundle.contents import Wanted, below, code, exercise_file, requirements, script
from autograder.model import Exercise
from autograder.report.files import Refused

FOLDER = "autograd-grader"  # in serverFilesCourse
IMAGE = "YOUR-NAME/autograd-grader"
PATIENCE = 2.0  # times the seconds of a run, as hosts/prairielearn.py
START_SECONDS = 60
SPARE_SECONDS = 15  # to say something before the host stops us
MOST_SECONDS = 600  # that PrairieLearn allows
_RERUNS = 3  # of one submission, as observe.py


def files(wanted: Wanted) -> dict[str, bytes]:
    """Raises Refused for an assignment: PrairieLearn has assessments of its own."""
    if wanted.assignment:
        raise Refused(
            "--assignment: points stand in each question's tests/, and due dates in PrairieLearn's assessments"
        )
    grader = {**code(wanted), "run.sh": script("prairielearn/run.sh", wanted)}
    image = {"Dockerfile": script("prairielearn/Dockerfile", wanted), "requirements.txt": requirements()}
    questions: dict[str, bytes] = {}
    for exercise in wanted.exercises:
        questions |= below(f"questions/autograd/{exercise.name}", _question(exercise, wanted))
    return {**below(f"serverFilesCourse/{FOLDER}", grader), **below("image", image), **questions}


def _question(exercise: Exercise, wanted: Wanted) -> dict[str, bytes]:
    title = html.escape(exercise.title)
    return {
        "info.json": (json.dumps(_info(exercise, wanted), ensure_ascii=False, indent=4) + "\n").encode(),
        "question.html": script("prairielearn/question.html", wanted, TITLE=title, NAME=exercise.name),
        f"tests/{exercise.name}.yaml": exercise_file(exercise),
    }


def _info(exercise: Exercise, wanted: Wanted) -> dict[str, object]:
    seconds = timeout(exercise)
    return {
        # The same question in every bundle, so that a newer one takes its place.
        "uuid": str(uuid.uuid5(uuid.NAMESPACE_OID, f"autograd-grader/{exercise.name}")),
        "title": exercise.title,
        "topic": "Automatic differentiation",
        "tags": ["autograd"],
        "type": "v3",
        "gradingMethod": "External",
        "singleVariant": True,
        "partialCredit": True,
        "externalGradingOptions": {
            "enabled": True,
            "image": wanted.image or IMAGE,
            "entrypoint": f"/grade/serverFilesCourse/{FOLDER}/run.sh",
            "serverFilesCourse": [f"{FOLDER}/"],
            "timeout": seconds,
            "environment": {"AUTOGRAD_SECONDS": str(seconds - SPARE_SECONDS)},
        },
    }


def timeout(exercise: Exercise) -> int:
    """Seconds that the slowest submission may take, as far as the host allows."""
    runs = 1 + len(exercise.cases) + _RERUNS
    return min(MOST_SECONDS, round(START_SECONDS + exercise.limits.seconds * PATIENCE * runs) + SPARE_SECONDS)


def upload(wanted: Wanted) -> Sequence[str]:
    lines = [
        "build image/ and push it where PrairieLearn finds it",
        "copy questions/ and serverFilesCourse/ into the course, and sync",
    ]
    unnamed = f"put the image's name in place of {IMAGE} in each info.json (or make the bundle with --image NAME)"
    return lines if wanted.image else [lines[0], unnamed, lines[1]]
