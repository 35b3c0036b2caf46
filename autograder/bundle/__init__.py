"""autograder.zip for Gradescope: our code without tests and samples, and two scripts. Equal code makes equal bytes."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder import languages
from autograder.report.files import Refused
from autograder.report.lms.export import zipped

ROOT = Path(__file__).resolve().parents[2]
EXERCISES = ROOT / "exercises"
ASSIGNMENT = "assignment.yaml"  # at the root of the zip
SCRIPTS = ("setup.sh", "run_autograder")
TORCH = "torch~=2.13.0"  # within what pyproject.toml allows
_CODE = (
    "autograder/**/*.py",
    "autograder/languages/*.yaml",
    "graders/*.py",
    "autograder/bundle/*",
    "autograder/report/pages/templates/*",
)
_ALONE = ("grade.py", "LICENSE")


@dataclass(frozen=True, slots=True)
class Bundle:
    """The archive, and what is in it."""

    content: bytes
    files: int


def gradescope(exercises: Sequence[str], index: str = "", assignment: Path | None = None) -> Bundle:
    """Both scripts at the root, our code beside them, these exercises, and what they are worth there. Raises Refused.

    `index` is the address of an index with CPU builds of torch; without it the usual one is asked.
    """
    told = {ASSIGNMENT: assignment.read_bytes()} if assignment else {}
    scripts = _scripts(index, languages.asked_in(assignment))
    files = dict(sorted({**_code(), **_exercises(exercises, bool(assignment)), **scripts, **told}.items()))
    return Bundle(zipped(files, executable=SCRIPTS), len(files))


def _code() -> dict[str, bytes]:
    found = {path for pattern in _CODE for path in ROOT.glob(pattern) if path.is_file()}
    paths = {path for path in found if "__pycache__" not in path.parts} | {ROOT / name for name in _ALONE}
    return {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in paths if path.is_file()}


def _exercises(names: Sequence[str], translated: bool) -> dict[str, bytes]:
    """An assignment may ask for another language."""
    patterns = ("{}.yaml", "*/{}.yaml") if translated else ("{}.yaml",)
    found = (path for name in names for pattern in patterns for path in EXERCISES.glob(pattern.format(name)))
    return {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in found}


def _scripts(index: str, language: str) -> dict[str, bytes]:
    if index and not re.fullmatch(r"https?://[\w.:/%~+-]+", index):
        raise Refused(f"--torch-index: expected a web address, got {index!r}")
    texts = {name: (Path(__file__).parent / name).read_text(encoding="utf-8") for name in SCRIPTS}
    option = f"--index-url '{index}'" if index else ""
    texts["setup.sh"] = texts["setup.sh"].replace("@TORCH_INDEX@", option).replace("@TORCH@", TORCH)
    said = re.compile(r'(?<=say ")[^"]+')
    texts["run_autograder"] = said.sub(lambda found: languages.aloud(found[0], language), texts["run_autograder"])
    texts["requirements.txt"] = "".join(f"{line}\n" for line in _requirements())
    # A carriage return behind #!/usr/bin/env bash is the commonest way for an autograder not to start.
    return {name: text.replace("\r\n", "\n").encode() for name, text in texts.items()}


def _requirements() -> list[str]:
    """What we need, as pyproject.toml says. There is no notebook server among it."""
    with open(ROOT / "pyproject.toml", "rb") as file:
        return [str(line) for line in tomllib.load(file)["project"]["dependencies"]]
