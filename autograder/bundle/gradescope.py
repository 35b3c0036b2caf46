"""autograder.zip for Gradescope, and for Codio, which takes the same: two scripts at the root, our code beside them."""

from collections.abc import Sequence

from autograder.bundle.contents import Wanted, code, exercises, requirements, script
from autograder.report import wording


def files(wanted: Wanted) -> dict[str, bytes]:
    scripts = {
        "setup.sh": script("setup.sh", wanted),
        "run_autograder": script("gradescope/run_autograder", wanted),
        "requirements.txt": requirements(),
    }
    return {**code(wanted), **exercises(wanted), **scripts}


def upload(wanted: Wanted) -> Sequence[str]:
    points = wording.points(wanted.points)
    return (f"upload it under Configure Autograder, and set the assignment's Autograder Points to {points}",)
