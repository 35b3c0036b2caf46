"""An action and a workflow for GitHub Classroom; and the autograder.py of Classroom 50, which took its place."""

from collections.abc import Iterator, Sequence

from autograder.bundle.contents import Wanted, below, code, exercises, requirements, script
from autograder.report.lms import github

REPOSITORY = "YOUR-ORGANIZATION/autograd-grader"
UNFINISHED = "The grader did not come to its end. Push again; if it stays, tell your instructor. The 0 is no mark."
FOLDER = "autograd-grader"


def action(wanted: Wanted) -> dict[str, bytes]:
    """A repository with action.yml at its root; classroom.yml is for the starter repository of an assignment."""
    names = [name for exercise in wanted.exercises for name in github.names(exercise)]
    first = github.sentence(wanted.exercises, UNFINISHED)
    return {
        **_grader(wanted),
        "run.sh": script("github/run.sh", wanted),
        "unfinished.txt": "".join(f"{name}={result}\n" for name, result in first.items()).encode(),
        "action.yml": script("github/action.yml", wanted, OUTPUTS="\n".join(_outputs(names))),
        "classroom.yml": script(
            "github/classroom.yml",
            wanted,
            REPOSITORY=REPOSITORY,
            RESULTS="\n".join(
                f"          {name.upper()}_RESULTS: ${{{{ steps.autograd.outputs.{name} }}}}" for name in names
            ),
            RUNNERS=",".join(names),
        ),
    }


def _outputs(names: Sequence[str]) -> Iterator[str]:
    for name in names:
        yield f"  {name}:"
        yield "    description: one criterion, as GitHub Classroom's reporter takes it"
        yield f"    value: ${{{{ steps.grade.outputs.{name} }}}}"


def classroom50(wanted: Wanted) -> dict[str, bytes]:
    """What goes to CLASSROOM/autograders/ASSIGNMENT/ of the classroom's repository."""
    return {
        **below(FOLDER, _grader(wanted)),
        "autograder.py": script("classroom50/autograder.py", wanted),
        "runtime.json": script("classroom50/runtime.json", wanted),
    }


def _grader(wanted: Wanted) -> dict[str, bytes]:
    files = {"setup.sh": script("setup.sh", wanted), "requirements.txt": requirements()}
    return {**code(wanted), **exercises(wanted), **files}


def upload_action(wanted: Wanted) -> Sequence[str]:
    return (
        "push the folder as a repository that your organization may use actions from",
        f"put that repository's name in place of {REPOSITORY} in classroom.yml",
        "put classroom.yml into the starter repository of the assignment, as .github/workflows/classroom.yml",
    )


def upload_classroom50(wanted: Wanted) -> Sequence[str]:
    return (
        "put the files into CLASSROOM/autograders/ASSIGNMENT/ of the classroom50 repository",
        "give the assignment runtime.json (gh teacher assignment add … --runtime runtime.json)",
    )
