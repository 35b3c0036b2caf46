"""What bundles are made of: our code, exercises, what has to be installed, and the scripts that hosts start."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from autograder import languages
from autograder.model import Exercise
from autograder.report.files import Refused

ROOT = Path(__file__).resolve().parents[2]
ASSIGNMENT = "assignment.yaml"  # beside our code
TORCH = "torch~=2.13.0"  # within what pyproject.toml allows
PYTHON = "3.12"  # where a host lets us choose
_CODE = (
    "autograder/**/*.py",
    "autograder/**/*.yaml",
    "autograder/hosts/*.sh",
    "graders/*.py",
    "autograder/report/pages/templates/*",
)
_ALONE = ("grade.py", "LICENSE")
_NOT_THERE = {"__pycache__", "files", "desk", "kit"}  # nobody reviews or writes exercises inside a host's box


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person asks of a bundle."""

    exercises: tuple[Exercise, ...]
    torch_index: str = ""  # the address of an index with CPU builds of torch; without it the usual one is asked
    image: str = ""  # of a container, by the name under which it will be found
    assignment: bytes = b""  # its YAML, if the exercises are those of one

    @property
    def points(self) -> float:
        return sum(exercise.max_points for exercise in self.exercises)


def is_script(content: bytes) -> bool:
    return content.startswith(b"#!")


def code(wanted: Wanted) -> dict[str, bytes]:
    """All of ours that runs in a box."""
    found = {path for pattern in _CODE for path in ROOT.glob(pattern) if path.is_file()}
    ours = {path for path in found if not _NOT_THERE & {*path.relative_to(ROOT).parts}}
    paths = ours | {ROOT / name for name in _ALONE}
    read = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in paths if path.is_file()}
    return {name: _aloud(content, wanted) if name.endswith(".sh") else content for name, content in read.items()}


def _aloud(script: bytes, wanted: Wanted) -> bytes:
    """What a script says to students, in the language that the assignment asks for."""
    language = languages.asked_for(wanted.assignment.decode(errors="replace"))
    said = re.compile(r'(?<=say ")[^"$]+')
    return said.sub(lambda found: languages.aloud(found[0], language), script.decode()).encode()


def exercises(wanted: Wanted) -> dict[str, bytes]:
    """The exercises; of an assignment that file too, and translations, since it may ask for another language."""
    patterns = ("{}.yaml", "*/{}.yaml") if wanted.assignment else ("{}.yaml",)
    names = [pattern.format(exercise.name) for exercise in wanted.exercises for pattern in patterns]
    paths = [path for name in names for path in (ROOT / "exercises").glob(name)]
    found = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in paths}
    return {**found, ASSIGNMENT: wanted.assignment} if wanted.assignment else found


def exercise_file(exercise: Exercise) -> bytes:
    return (ROOT / "exercises" / f"{exercise.name}.yaml").read_bytes()


def script(name: str, wanted: Wanted, **words: str) -> bytes:
    """A file of ours with @WORDS@ filled in. Raises Refused for an index that is no address."""
    text = (Path(__file__).parent / "files" / name).read_text(encoding="utf-8")
    filled = {"TORCH_INDEX": _index(wanted.torch_index), "TORCH": TORCH, "PYTHON": PYTHON, **words}
    for word, value in filled.items():
        text = text.replace(f"@{word}@", value)
    # A carriage return behind #!/usr/bin/env bash is the commonest way for an autograder not to start.
    return _aloud(text.replace("\r\n", "\n").encode(), wanted)


def _index(address: str) -> str:
    if address and not re.fullmatch(r"https?://[\w.:/%~+-]+", address):
        raise Refused(f"--torch-index: expected a web address, got {address!r}")
    return f"--index-url '{address}'" if address else ""


def requirements() -> bytes:
    """What we need, as pyproject.toml says. There is no notebook server among it."""
    with open(ROOT / "pyproject.toml", "rb") as file:
        lines = tomllib.load(file)["project"]["dependencies"]
    return "".join(f"{line}\n" for line in lines).encode()


def below(folder: str, files: dict[str, bytes]) -> dict[str, bytes]:
    return {f"{folder}/{name}": content for name, content in files.items()}
