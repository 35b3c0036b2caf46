"""What decides a result beside the submission: our own code, the exercises, the releases that submissions run on."""

import hashlib
import platform
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from autograder import __version__
from autograder.model import Exercise

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "autograder"
NO_JUDGES = {  # what reports are shown with, or made beside them
    *("worker", "report", "bundle", "hosts", "desk", "kit", "cluster"),
    *("languages", "assignment"),  # what an assignment does to points is in what its exercises say
}
RELEASES = ("torch", "numpy", "matplotlib", "ipython", "scipy", "pandas")


def of_running() -> str:
    """Of what a run shows: everything that works beside a student's code, draws its inputs and reads what it sent."""
    read = [PACKAGE / name for name in ("wire.py", "evidence.py", "remarks.py", "text.py", "oracle.py", "observe.py")]
    return _digest([*PACKAGE.glob("worker/**/*.py"), *read], [platform.python_version(), *_releases()])


def of_judging(exercises: Iterable[Exercise]) -> str:
    """Of what verdicts are made with: the trusted side, the graders, and all that these exercises say."""
    own = [path for path in PACKAGE.glob("**/*.py") if not NO_JUDGES & set(path.relative_to(PACKAGE).parts)]
    return _digest([*own, *(ROOT / "graders").glob("*.py")], map(repr, exercises))


def of_reading() -> str:
    """Of what makes text of files."""
    read = [PACKAGE / name for name in ("model.py", "packed.py", "phrase.py", "text.py")]
    releases = [platform.python_version(), f"nbformat {_release('nbformat')}"]
    return _digest([*PACKAGE.glob("intake/*.py"), *read], releases)


def of_showing(exercises: Iterable[Exercise]) -> str:
    """Of what reports are shown with: all that is ours, and all that these exercises say, in every language."""
    ours = [path for path in PACKAGE.rglob("*") if path.suffix in (".py", ".yaml", ".html", ".css", ".js")]
    releases = [platform.python_version(), *(f"{name} {_release(name)}" for name in ("jinja2", "markupsafe"))]
    return _digest([*ours, *(ROOT / "exercises").rglob("*.yaml")], [*releases, *map(repr, exercises)])


def of_exercise(exercise: Exercise) -> str:
    """Of all that its YAML says."""
    return hashlib.blake2b(repr(exercise).encode(), digest_size=16).hexdigest()


def facts(exercises: Iterable[Exercise]) -> dict[str, str]:
    """All of it, for two machines that have to agree; what a person can mend comes first."""
    releases = {"Python": platform.python_version(), **{name: _release(name) for name in RELEASES}}
    travels = PACKAGE.glob("cluster/*.py")
    code = {"code that runs": of_running(), "code that judges": of_judging(exercises)}
    return {"autograd-grader": __version__, **releases, **code, "code for clusters": _digest(travels, ())}


def _releases() -> list[str]:
    return [f"{name} {_release(name)}" for name in RELEASES]


def _release(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "missing"


def _digest(files: Iterable[Path], words: Iterable[str]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(files):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    for word in words:
        digest.update(word.encode() + b"\0")
    return digest.hexdigest()
